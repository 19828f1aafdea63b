"""Open an injury case: an accident was reported and recognition applied for (工伤认定申请)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import InjuryCaseOpened
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.refusals import in_the_future


@dataclass(frozen=True, slots=True, kw_only=True)
class Accident:
    """What was reported."""

    person_id: str
    accident_on: date
    body_parts: tuple[str, ...]
    description: str
    employer_id: str | None = None
    matter_id: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class OpenInjuryCase:
    """Refuses an accident in the future."""

    once: Once
    cases: Cases
    clock: Clock
    ids: IdFactory

    async def run(self, key: OnceKey, accident: Accident) -> dict[str, Any]:
        """The new case's id."""
        if accident.accident_on > self.clock.today():
            raise in_the_future("accident_on", "事故日期")

        async def work(tx: Tx) -> dict[str, Any]:
            now = self.clock.now()
            case = InjuryCase(
                case_id=self.ids.new(),
                person_id=accident.person_id,
                accident_on=accident.accident_on,
                body_parts=accident.body_parts,
                description=accident.description,
                employer_id=accident.employer_id,
                matter_id=accident.matter_id,
                region=accident.region,
            )
            await self.cases.add(tx, case, now)
            tx.emit(
                InjuryCaseOpened(
                    case_id=case.case_id,
                    person_id=case.person_id,
                    employer_id=case.employer_id,
                    accident_on=case.accident_on,
                    opened_at=now,
                    matter_id=case.matter_id,
                )
            )
            return {"case_id": case.case_id}

        return (await self.once.run(key, work))[0]
