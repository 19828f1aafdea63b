"""Somebody owes a fund from now on; the worker or a person demands it in time (B0.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.recovery.track_debt import TrackDebt
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

    track: TrackDebt
    policies: Policies
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, grounds: Grounds, book: Book, debtor: str, cause: Cause, amount_fen: int) -> None:
        """The debt with the day by which its demand goes out, and when it lapses."""
        accident_on, limit = grounds.accident_on, self.policies.on(self.clock.today()).limitation
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
            limitation_on=None if accident_on is None else lapses_on(debtor, accident_on, limit),
        )
        await self.track.run(tx, debt)
