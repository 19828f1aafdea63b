"""2203, 2203A visit data and diagnoses; 2403 change of admission data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.his_messages import AnswerOnce, Effect
from claims.application.visits.answers import Done
from claims.application.visits.commands import ChangeVisit
from claims.application.visits.ports import Fees, Visits
from claims.domain.institution import Institution
from claims.domain.refusals import visit_ends_before_it_begins
from claims.domain.visit import Visit, injury_suspected
from shared.transactions import Tx


class ChangeVisits:
    """Replaces the visit's data; merges its diagnoses."""

    def __init__(self, answers: AnswerOnce, visits: Visits, fees: Fees) -> None:
        self._answers = answers
        self._visits = visits
        self._fees = fees

    async def __call__(self, command: ChangeVisit, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """Change the visit; what ``Visit.change`` refuses is refused."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            visit.must_be(inpatient=command.inpatient)
            visit.change(await self._fees.batches(tx, visit.visit_id), med_type=command.med_type)
            ended_at = (command.ended_at or visit.ended_at) if visit.state == "discharged" else None
            if ended_at is not None and command.begun_at > ended_at:
                raise visit_ends_before_it_begins("begntime")
            suspected = injury_suspected(
                command.med_type,
                command.diagnoses,
                (command.details.get("dscg_maindiag_code", ""), command.disease_code),
                command.condition,
                command.trauma_flag,
            )
            changed = replace(
                visit,
                med_type=command.med_type,
                begun_at=command.begun_at,
                ended_at=ended_at,
                hospital_no=command.hospital_no or visit.hospital_no,
                disease_code=command.disease_code,
                disease_name=command.disease_name,
                # A suspicion is not withdrawn by a later message that is silent about the cause.
                injury_suspect=visit.injury_suspect or suspected,
                details={**visit.details, **command.details},
            )
            await self._visits.change(tx, changed)
            await self._visits.merge_diagnoses(tx, visit.visit_id, command.diagnoses)
            return Effect(answer=render(Done()), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)
