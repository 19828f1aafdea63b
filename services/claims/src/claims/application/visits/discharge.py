"""2402: the patient leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.his_messages import AnswerOnce, Effect
from claims.application.visits.answers import Done
from claims.application.visits.commands import Discharge
from claims.application.visits.ports import Visits
from claims.domain.institution import Institution
from claims.domain.visit import Visit
from shared.transactions import Tx


class DischargePatient:
    """A stay that is open becomes discharged."""

    def __init__(self, answers: AnswerOnce, visits: Visits) -> None:
        self._answers = answers
        self._visits = visits

    async def __call__(self, command: Discharge, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """Discharge; what ``Visit.discharge`` refuses is refused."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            visit.must_be(inpatient=True)
            visit.discharge(command.ended_at)
            discharged = replace(
                visit,
                state="discharged",
                ended_at=command.ended_at,
                disease_code=command.disease_code or visit.disease_code,
                disease_name=command.disease_name or visit.disease_name,
                details={**visit.details, **command.details, "dscg_way": command.way},
            )
            await self._visits.change(tx, discharged)
            await self._visits.merge_diagnoses(tx, visit.visit_id, command.diagnoses)
            return Effect(answer=render(Done()), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)
