"""The month-end clearing on fakes: its ports in the same memory as the bridge's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from shared.calendar import load_calendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from tests.factories.workinjury_bridge.fake_claims import FakeClaims
from workinjury_bridge.application.benefits.ports import Entitlements
from workinjury_bridge.application.clearing.advance_clearing import AdvanceClearing
from workinjury_bridge.application.clearing.decide_clearing import DecideClearing
from workinjury_bridge.application.clearing.list_worklist import ListWorklist
from workinjury_bridge.application.clearing.pay_waiting import PayWaiting
from workinjury_bridge.application.clearing.ports import WaitingPayout
from workinjury_bridge.application.clearing.replenish_fund import ReplenishFund
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.domain.clearing import (
    Clearing,
    ClearingState,
    ClearingTransfer,
    InstitutionDue,
    InterfundDue,
    PaymentShortage,
    Plan,
    Purse,
    oldest_open,
)
from workinjury_bridge.domain.policy import PolicyBook
from workinjury_bridge.domain.transfer import Direction, TransferState

if TYPE_CHECKING:
    from tests.factories.workinjury_bridge.memory import MemoryCases, MemoryLedger, MemoryStore, State


def of(tx: Tx) -> State:
    """The state behind the protocol."""
    state: State = tx.state  # type: ignore[attr-defined]  # a MemoryTx
    return state


class MemoryClearings:
    async def lock(self, tx: Tx, payer: Book) -> None:
        """Transactions here never overlap."""

    async def add(self, tx: Tx, clearing: Clearing, at: datetime) -> bool:
        if any((c.payer, c.month) == (clearing.payer, clearing.month) for c in of(tx).clearings.values()):
            return False
        of(tx).clearings[clearing.clearing_id] = clearing
        return True

    async def get(self, tx: Tx, clearing_id: str) -> Clearing | None:
        return of(tx).clearings.get(clearing_id)

    locked = get

    async def save(self, tx: Tx, clearing: Clearing, at: datetime) -> None:
        of(tx).clearings[clearing.clearing_id] = clearing
        of(tx).hindrances.pop(clearing.clearing_id, None)

    async def keep_queue(self, tx: Tx, clearing_id: str, round_: Plan) -> None:
        kept = of(tx).clearing_queues.setdefault(clearing_id, {})
        kept.update({due.institution_code: (due, True) for due in round_.institutions})
        kept.update({due.institution_code: (due, False) for due in round_.waiting})

    async def unfinished(self, tx: Tx, payer: Book | None = None) -> Sequence[Clearing]:
        mine = [c for c in of(tx).clearings.values() if c.state is not ClearingState.CLOSED and payer in (None, c.payer)]
        return sorted(mine, key=lambda c: (c.month, c.payer))

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        going = (ClearingState.FROZEN, ClearingState.PAID)
        return [c.clearing_id for c in of(tx).clearings.values() if c.state in going][:limit]

    async def put_off(self, tx: Tx, clearing_id: str, now: datetime, hindrance: str) -> None:
        of(tx).hindrances[clearing_id] = hindrance

    async def hindrance(self, tx: Tx, clearing_id: str) -> str | None:
        return of(tx).hindrances.get(clearing_id)

    async def add_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        assert transfer.transfer_id not in of(tx).clearing_transfers
        assert sum(amount for _, amount in transfer.parts) == transfer.amount_fen
        of(tx).clearing_transfers[transfer.transfer_id] = transfer
        of(tx).instructed[transfer.transfer_id] = at

    async def save_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        of(tx).clearing_transfers[transfer.transfer_id] = transfer

    async def transfers(self, tx: Tx, clearing_id: str) -> Sequence[ClearingTransfer]:
        mine = [t for t in of(tx).clearing_transfers.values() if t.clearing_id == clearing_id]
        return sorted(mine, key=lambda t: t.transfer_id)

    async def open_transfers(self, tx: Tx) -> Sequence[tuple[ClearingTransfer, datetime]]:
        return [(t, of(tx).instructed[t.transfer_id]) for t in of(tx).clearing_transfers.values() if t.open]


class MemoryDues:
    async def add(self, tx: Tx, dues: Sequence[InterfundDue]) -> None:
        for due in dues:
            of(tx).dues[due.due_id] = due

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[InterfundDue]:
        return [d for d in of(tx).dues.values() if d.conversion_id == conversion_id]

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[InterfundDue]:
        return [d for d in of(tx).dues.values() if d.conversion_id in conversion_ids]

    async def of_clearing(self, tx: Tx, clearing_id: str) -> Sequence[InterfundDue]:
        return [d for d in of(tx).dues.values() if d.clearing_id == clearing_id]

    async def freeze(self, tx: Tx, clearing: Clearing, carried_from: Sequence[str]) -> None:
        for due in list(of(tx).dues.values()):
            belongs = due.payer is clearing.payer and due.due_on <= clearing.cut_off and due.open_fen
            if belongs and due.clearing_id in (None, *carried_from):
                of(tx).dues[due.due_id] = replace(due, clearing_id=clearing.clearing_id)

    async def pay(self, tx: Tx, transfer: ClearingTransfer) -> None:
        for due_id, amount in transfer.parts:
            due = of(tx).dues[due_id]
            assert amount <= due.open_fen
            of(tx).dues[due_id] = replace(due, paid_fen=due.paid_fen + amount)

    async def confirm(self, tx: Tx, transfer: ClearingTransfer, now: datetime) -> None:
        for due_id, amount in transfer.parts:
            due = of(tx).dues[due_id]
            assert due.confirmed_fen + amount <= due.paid_fen
            of(tx).dues[due_id] = replace(due, confirmed_fen=due.confirmed_fen + amount)

    async def open_sums(self, tx: Tx) -> Sequence[tuple[Book, Book, int]]:
        sums: dict[tuple[Book, Book], int] = {}
        for due in of(tx).dues.values():
            if due.open_fen:
                sums[(due.payer, due.payee)] = sums.get((due.payer, due.payee), 0) + due.open_fen
        return [(payer, payee, fen) for (payer, payee), fen in sorted(sums.items())]

    async def unfrozen(self, tx: Tx, limit: int) -> Sequence[tuple[Book, date]]:
        waiting = [d for d in of(tx).dues.values() if d.open_fen and d.clearing_id is None]
        return [(p, min(d.due_on for d in waiting if d.payer is p)) for p in sorted({d.payer for d in waiting})][:limit]


class MemoryPurse:
    async def cash_fen(self, tx: Tx) -> int:
        from tests.factories.workinjury_bridge.memory import balance

        promised = (TransferState.INSTRUCTED, TransferState.RESERVED)
        out = [t for t in of(tx).clearing_transfers.values() if t.direction is Direction.OUT and t.state in promised]
        return balance(of(tx), "1003") - sum(t.amount_fen for t in out)

    async def purse(self, tx: Tx, cut_off: date) -> Purse:
        lines = [(entry.booked_on, line) for entry in of(tx).entries.values() for line in entry.lines]
        persons: dict[tuple[str, str], int] = {}
        for _, line in lines:
            if line.account in ("2203", "2204"):
                key = (line.account, line.dim)
                persons[key] = persons.get(key, 0) + line.credit_fen - line.debit_fen
        institutions = []
        for dim in sorted({line.dim for _, line in lines if line.account == "2201"}):
            mine = [(day, line) for day, line in lines if (line.account, line.dim) == ("2201", dim)]
            credits = [(day, line.credit_fen) for day, line in mine if line.credit_fen and day <= cut_off]
            owing = sum(x.debit_fen - x.credit_fen for _, x in lines if (x.account, x.dim) == ("1122", dim))
            found = oldest_open(credits, sum(line.debit_fen for _, line in mine))
            if found is not None:
                since, owed = found
                offset = min(owed, max(0, owing))
                institutions.append(InstitutionDue(institution_code=dim[2:], owed_fen=owed, offset_fen=offset, since=since))
        return Purse(
            bank_fen=await self.cash_fen(tx),
            set_aside_fen=sum(max(0, amount) for amount in persons.values()),
            institutions=tuple(institutions),
        )


class MemoryWaitingPayouts:
    async def add(self, tx: Tx, waiting: WaitingPayout) -> None:
        of(tx).waiting[waiting.payout_id] = waiting

    async def oldest(self, tx: Tx, limit: int, after: WaitingPayout | None = None) -> Sequence[WaitingPayout]:
        queue = sorted(of(tx).waiting.values(), key=_place)
        return [w for w in queue if after is None or _place(w) > _place(after)][:limit]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[WaitingPayout]:
        return [w for w in await self.oldest(tx, 10_000) if w.payout.concern.case_id == case_id]

    async def remove(self, tx: Tx, payout_id: str) -> bool:
        return of(tx).waiting.pop(payout_id, None) is not None

    async def hold(self, tx: Tx, payout_id: str, *, held: bool) -> bool:
        known = of(tx).waiting.get(payout_id)
        if known is not None:
            of(tx).waiting[payout_id] = replace(known, held=held)
        return known is not None

    async def total(self, tx: Tx) -> tuple[int, int]:
        mine = [w for w in of(tx).waiting.values() if not w.held]
        return len(mine), sum(w.payout.due_fen for w in mine)

    async def shortage(self, tx: Tx, shortage_id: str | None = None) -> PaymentShortage | None:
        if shortage_id is not None:
            return of(tx).shortages.get(shortage_id)
        return next((s for s in of(tx).shortages.values() if s.ended_on is None), None)

    async def save_shortage(self, tx: Tx, shortage: PaymentShortage) -> None:
        of(tx).shortages[shortage.shortage_id] = shortage
        assert sum(s.ended_on is None for s in of(tx).shortages.values()) <= 1


def _place(waiting: WaitingPayout) -> tuple[datetime, str]:
    return waiting.since, waiting.payout_id


class MemoryMonthEnd:
    """Every use case of the month-end clearing, wired to memory."""

    def __init__(
        self,
        store: MemoryStore,
        cases: MemoryCases,
        dues: MemoryDues,
        runs: MemoryClearings,
        entitlements: Entitlements,
        pay: PayPerson,
        ledger: MemoryLedger,
        claims: FakeClaims,
        policies: PolicyBook,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        calendar = load_calendar()
        self.escalate, waiting = pay.cash.escalate, pay.cash.waiting
        self.pay_waiting = PayWaiting(store, cases, entitlements, waiting, pay.cash, pay, clock)
        self.worklist = ListWorklist(store, runs, dues, waiting, MemoryPurse(), policies, calendar, clock)
        self.decide = DecideClearing(store, runs, dues, policies, calendar, clock, ids)
        self.replenish = ReplenishFund(store, runs, dues, ledger, clock, ids)
        self.advance = AdvanceClearing(
            store, runs, dues, MemoryPurse(), ledger, claims, policies, self.escalate, calendar, clock, ids
        )
