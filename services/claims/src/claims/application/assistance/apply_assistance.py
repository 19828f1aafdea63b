"""Apply for assistance (受理): which class, whose household, with the line, look-back and notice of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.ports import Applications
from claims.application.registry.find_person import FindPerson
from claims.domain.assistance import Application, class_name
from claims.domain.assistance_policy import AssistancePolicies
from claims.domain.burden.lines import BurdenLines
from claims.domain.late_facts import months_after
from claims.domain.person import CLASS_NAMES, InsuredPerson, cover_status
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.errors import conflict, invalid
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """What the applicant states. ``household``: person ids; the applicant need not be named."""

    person_id: str
    household: Sequence[str]
    class_code: str
    statement: str


class ApplyAssistance:
    """Refuses an unknown or uninsured person, a place without an income per head, a class that is not open to application or held already, and a second application
    while one is not closed."""

    def __init__(
        self,
        once: Once,
        applications: Applications,
        find_person: FindPerson,
        policies: AssistancePolicies,
        lines: BurdenLines,
        calendar: WorkCalendar,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._applications = applications
        self._find_person = find_person
        self._policies = policies
        self._lines = lines
        self._calendar = calendar
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: Apply, maker: str, key: OnceKey) -> dict[str, Any]:
        """The application."""
        household = sorted({command.person_id, *command.household})
        people = {person_id: await self._find_person.by_id(person_id) for person_id in household}

        async def work(tx: Tx) -> dict[str, Any]:
            today = self._clock.today()
            person = people[command.person_id]
            region = _region(person, today)
            policy = self._policies.on(region, today)
            wanted = None if policy is None else policy.open_class(command.class_code)
            if policy is None or wanted is None:
                raise invalid(
                    "claims.assistance.class-not-open",
                    f"{CLASS_NAMES.get(command.class_code, command.class_code)}不属于依申请救助的对象类别",
                    field="class_code",
                )
            lines = self._lines.on(region, today.year)
            if lines is None:
                raise conflict(
                    "claims.assistance.no-income",
                    f"统筹区{region}没有公布人均可支配收入，不能确定救助标准线",
                    field="person_id",
                )
            look_back_from = months_after(today, -policy.look_back_months)
            _refuse_held(person, command.class_code, look_back_from)
            application = Application(
                application_id=self._ids.new(),
                person_id=command.person_id,
                household=tuple(household),
                class_code=command.class_code,
                statement=command.statement,
                applied_on=today,
                look_back_from=look_back_from,
                line_fen=wanted.line_fen(lines.income_per_head),
                notice_days=policy.notice_working_days,
                maker=maker,
            )
            if not await self._applications.add(tx, application):
                raise conflict("claims.assistance.open", "该人员有尚未办结的医疗救助申请", field="person_id")
            return shown(application, self._calendar)

        return (await self._once.run(key, work))[0]


def _region(person: InsuredPerson, today: date) -> str:
    covers = [c for c in person.medical_covers_on(today) if cover_status(c, today) == "active"]
    if not covers:
        raise conflict("claims.assistance.not-insured", "该人员当前无有效的基本医疗保险参保", field="person_id")
    return covers[0].region


def _refuse_held(person: InsuredPerson, class_code: str, since: date) -> None:
    for held in person.classes:
        if held.code == class_code and (held.ends_on is None or held.ends_on >= since):
            raise conflict(
                "claims.assistance.class-held",
                f"该人员自{held.begins_on}起已认定为{class_name(class_code)}，无需申请",
                field="class_code",
            )
