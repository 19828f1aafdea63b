"""2201 registration and 2401 admission: a new visit."""

from __future__ import annotations

from collections.abc import Callable

from claims.application.his_messages import AnswerOnce, Effect
from claims.application.registry.find_person import FindPerson
from claims.application.visits.answers import VisitOpened
from claims.application.visits.commands import OpenVisit
from claims.application.visits.ports import Visits
from claims.domain.care_codes import expect_national
from claims.domain.institution import Institution
from claims.domain.visit import Visit, injury_suspected
from shared.clock import Clock, local
from shared.contracts.claims import AdmissionRecorded
from shared.errors import invalid
from shared.ids import IdFactory
from shared.transactions import Tx


class OpenVisits:
    """Refuses an unknown person and one without cover in the scheme on the first day.

    Under the work-injury rule set cover is not looked at: entitlement follows from a recognition and is checked when the
    visit is settled.
    """

    def __init__(self, answers: AnswerOnce, find_person: FindPerson, visits: Visits, clock: Clock, ids: IdFactory) -> None:
        self._answers = answers
        self._find_person = find_person
        self._visits = visits
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: OpenVisit, institution: Institution, render: Callable[[VisitOpened], bytes]) -> bytes:
        """Open a visit; an admission is published, with its suspicion of a work injury."""
        header = command.header
        person = await self._find_person.by_id(command.person_id)
        work_injury = header.work_injury
        expect_national(command.scheme, command.med_type, work_injury=work_injury)
        begun_on = local(command.begun_at).date()
        cover = person.cover_on(command.scheme, begun_on)

        async def work(tx: Tx) -> Effect:
            if not work_injury and cover is None:
                raise invalid(
                    "claims.person.not-covered",
                    f"该人员{begun_on}没有险种类型(insutype){command.scheme}的有效参保",
                    "no cover in this scheme on the first day",
                    field="insutype",
                )
            visit = Visit(
                visit_id=self._ids.new(),
                person_id=person.person_id,
                institution_code=institution.code,
                inpatient=command.inpatient,
                scheme=command.scheme,
                med_type=command.med_type,
                hospital_no=command.hospital_no,
                begun_at=command.begun_at,
                # The cover rules, not what the message says of it: class B shares go by the insured place's book.
                insured_region=cover.region if cover else header.insured_region,
                work_injury=work_injury,
                injury_suspect=injury_suspected(
                    command.med_type,
                    command.diagnoses,
                    (command.details.get("dscg_maindiag_code", ""), command.disease_code),
                    command.condition,
                    command.trauma_flag,
                ),
                disease_code=command.disease_code,
                disease_name=command.disease_name,
                details=command.details,
            )
            await self._visits.add(tx, visit, self._clock.now())
            await self._visits.merge_diagnoses(tx, visit.visit_id, command.diagnoses)
            if visit.inpatient:
                tx.emit(_recorded(visit, institution))
            opened = VisitOpened(visit_id=visit.visit_id, person_id=person.person_id, hospital_no=visit.hospital_no)
            return Effect(answer=render(opened), person_id=visit.person_id, visit_id=visit.visit_id, subject_id=visit.visit_id)

        return await self._answers.run(header, institution, work)


def _recorded(visit: Visit, institution: Institution) -> AdmissionRecorded:
    return AdmissionRecorded(
        visit_id=visit.visit_id,
        person_id=visit.person_id,
        institution_code=institution.code,
        institution_name=institution.name,
        admitted_on=local(visit.begun_at).date(),
        med_type=visit.med_type,
        injury_suspect=visit.injury_suspect,
    )
