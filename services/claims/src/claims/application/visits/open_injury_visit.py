"""2201 of the Jiangsu interface: a visit or a stay for a recognised injury, under its own list of categories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.registry.find_by_number import FindByNumber
from claims.application.visits.answers import VisitOpened
from claims.application.visits.commands import OpenVisit
from claims.application.visits.identify_injured import Injuries
from claims.application.visits.open_visit import OpenVisits
from claims.domain.care_codes import CareCategories
from claims.domain.institution import Institution
from claims.domain.person import WORK_INJURY
from shared.clock import local
from shared.codes import Code, CodeSystem
from shared.errors import invalid

QUALIFICATION = "qualification_id"


class OpenInjuryVisit:
    """Refuses a category of another list, an unknown number, and a qualification that is none of the person on that day."""

    def __init__(self, numbers: FindByNumber, injuries: Injuries, categories: CareCategories, open_visit: OpenVisits) -> None:
        self._numbers = numbers
        self._injuries = injuries
        self._categories = categories
        self._open_visit = open_visit

    async def __call__(self, command: OpenVisit, institution: Institution, render: Callable[[VisitOpened], bytes]) -> bytes:
        """Open it; the category is kept with its list."""
        begun_on = local(command.begun_at).date()
        category = self._categories.on(command.med_type, begun_on)
        number = command.person_id
        person_id = await self._numbers.person_of(number)
        found, reason = await self._injuries.entitling(person_id, institution.code, begun_on.isoformat())
        if command.details.get(QUALIFICATION) not in found:
            raise invalid(
                "claims.visit.qualification",
                f"工伤医疗费资格审核信息ID(qualification_id)无效：{reason or '不是该人员当日有效的工伤资格'}",
                "the qualification is none of the person on that day",
                field=QUALIFICATION,
            )
        opened = replace(
            command,
            person_id=person_id,
            inpatient=category.inpatient,
            scheme=WORK_INJURY,
            med_type=str(Code(CodeSystem.JIANGSU_CARE, category.code)),
        )
        return await self._open_visit(opened, institution, lambda visit: render(replace(visit, person_id=number)))
