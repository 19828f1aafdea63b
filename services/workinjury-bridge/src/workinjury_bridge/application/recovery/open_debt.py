"""Somebody owes a fund from now on; the worker or a person demands it in time (B0.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.ports import Policies, Recoveries
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE, end_of, watch_limitation
from workinjury_bridge.domain.facts import recovery_changed
from workinjury_bridge.domain.limitation import lapses_on
from workinjury_bridge.domain.recovery import Cause, Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a debt is about. ``settlement_id``: the settlement, stay or claim that was paid."""

    case_id: str
    person_id: str
    settlement_id: str
    decision_version: int
    conversion_id: str | None = None
    accident_on: date | None = None
    """From when the claim against a third party lapses; None: no time is watched."""


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """In the transaction of what makes it owed; the caller's state keeps it from happening twice."""

    recoveries: Recoveries
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, grounds: Grounds, book: Book, debtor: str, cause: Cause, amount_fen: int) -> None:
        """The debt with the day by which its demand goes out, and when it lapses."""
        now, today = self.clock.now(), self.clock.today()
        policy = self.policies.on(today)
        due_on = self.calendar.add_working_days(today, policy.recoveries.demand_within).on
        accident_on = grounds.accident_on
        debt = Recovery(
            recovery_id=self.ids.new(),
            case_id=grounds.case_id,
            person_id=grounds.person_id,
            settlement_id=grounds.settlement_id,
            conversion_id=grounds.conversion_id,
            decision_version=grounds.decision_version,
            book=book,
            debtor=debtor,
            cause=cause,
            advanced_fen=amount_fen,
            due_on=due_on,
            limitation_on=None if accident_on is None else lapses_on(debtor, accident_on, policy.limitation),
        )
        await self.recoveries.save(tx, debt, now)
        tx.schedule(RECOVERY_DEADLINE, debt.recovery_id, end_of(due_on))
        if debt.limitation_on is not None:
            watch_limitation(tx, debt, policy.limitation)
        tx.emit(recovery_changed(debt, now))
