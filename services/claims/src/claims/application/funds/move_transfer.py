"""The medical side of a transfer between funds: reserved, then posted or void (B0.5). The bridge leads; every step is idempotent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from claims.application.settlement.ports import Journals
from shared.clock import Clock
from shared.errors import Refusal, conflict, invalid, not_found
from shared.ids import IdFactory
from shared.ledger import BOOK_NAMES, Book, Entry, credit, debit
from shared.ledger.books import BANK, DUE_FROM_FUND, DUE_TO_FUND
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One voucher, seen from one of its two books."""

    transfer_id: str
    voucher_no: str
    book: Book
    counter_book: Book
    direction: str
    """``in``: this book receives; ``out``: this book pays."""
    amount_fen: int
    case_id: str | None = None
    settlement_id: str | None = None
    conversion_id: str | None = None
    """Of the one conversion whose money moves."""
    clearing_id: str | None = None
    """Of the month-end clearing whose money moves, for many conversions (B13)."""
    maker: str
    checker: str | None

    def __post_init__(self) -> None:
        if self.direction not in ("in", "out"):
            raise invalid("claims.transfer.direction", "划转方向(direction)只能是in或out", field="direction")
        if self.amount_fen <= 0:
            raise invalid("claims.transfer.amount", "划转金额(amount_fen)应大于0", field="amount_fen")
        if self.book is Book.WI or self.counter_book is not Book.WI:
            raise invalid("claims.transfer.books", "划转应在医保基金账套与工伤保险基金账套之间", field="book")
        of_case = (self.case_id, self.settlement_id, self.conversion_id)
        if (None in of_case) if self.clearing_id is None else any(of_case):
            raise invalid("claims.transfer.subject", "划转应属于一笔转换业务或一次月末清算", field="clearing_id")


class Transfers(Protocol):
    """Stored transfers."""

    async def lock(self, tx: Tx, transfer_ids: Sequence[str]) -> Mapping[str, tuple[Transfer, str]]:
        """Those of these that there are, each with its state, locked."""
        ...

    async def add(self, tx: Tx, transfers: Sequence[Transfer]) -> None:
        """Store as reserved; leaves out one whose id or voucher number is already there."""
        ...

    async def set_state(self, tx: Tx, transfer_ids: Sequence[str], state: str) -> None:
        """``posted`` or ``void``."""
        ...


class MoveTransfer:
    """Reserve, post, void; many in one transaction, and one that is refused is refused alone."""

    def __init__(self, uow: UnitOfWork, transfers: Transfers, journals: Journals, clock: Clock, ids: IdFactory) -> None:
        self._uow = uow
        self._transfers = transfers
        self._journals = journals
        self._clock = clock
        self._ids = ids

    async def show(self, transfer_id: str) -> tuple[Transfer, str]:
        """A transfer and its state. Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            known = (await self._transfers.lock(tx, [transfer_id])).get(transfer_id)
        if known is None:
            raise _unknown()
        return known

    async def reserve(self, transfer: Transfer) -> str:
        """The state: ``reserved``, or what became of it. Refuses other data under a known id."""
        return _or_raise(await self.reserve_all([transfer]))

    async def reserve_all(self, transfers: Sequence[Transfer]) -> list[str | Refusal]:
        """The state of each, or why it is refused."""
        async with self._uow.transaction() as tx:
            await self._transfers.add(tx, transfers)
            known = await self._transfers.lock(tx, [transfer.transfer_id for transfer in transfers])
        return [_reserved(transfer, known.get(transfer.transfer_id)) for transfer in transfers]

    async def post(self, transfer_id: str) -> str:
        """Book it: money in against 1121, or out against 2202. Refuses a void or unknown one."""
        return _or_raise(await self.post_all([transfer_id]))

    async def post_all(self, transfer_ids: Sequence[str]) -> list[str | Refusal]:
        """``posted`` for each, or why it is refused. Refuses them all when a book's period is closed."""
        async with self._uow.transaction() as tx:
            known = await self._transfers.lock(tx, transfer_ids)
            due = [transfer for transfer, state in known.values() if state == "reserved"]
            await self._journals.append(tx, [self._entry(transfer) for transfer in due])
            await self._transfers.set_state(tx, [transfer.transfer_id for transfer in due], "posted")
        return [_posted(known.get(transfer_id)) for transfer_id in transfer_ids]

    async def void(self, transfer_id: str) -> str:
        """Give it up. Refuses a posted one."""
        async with self._uow.transaction() as tx:
            known = (await self._transfers.lock(tx, [transfer_id])).get(transfer_id)
            if known is None:
                raise _unknown()
            if known[1] == "posted":
                raise conflict("claims.transfer.posted", "该划转已入账，不能作废", field="transfer_id")
            await self._transfers.set_state(tx, [transfer_id], "void")
            return "void"

    def _entry(self, t: Transfer) -> Entry:
        other = t.counter_book.value
        inward = (debit(BANK, t.amount_fen), credit(DUE_FROM_FUND, t.amount_fen, other))
        outward = (debit(DUE_TO_FUND, t.amount_fen, other), credit(BANK, t.amount_fen))
        return Entry(
            entry_id=self._ids.new(),
            book=t.book,
            booked_on=self._clock.today(),
            kind="transfer",
            lines=inward if t.direction == "in" else outward,
            memo=f"基金间{'划转' if t.clearing_id is None else '月末清算'}（{BOOK_NAMES[t.counter_book]}）",
            settlement_id=t.settlement_id,
            case_id=t.case_id,
            conversion_id=t.conversion_id,
            voucher_no=t.voucher_no,
            maker=t.maker,
            checker=t.checker,
        )


def _reserved(transfer: Transfer, known: tuple[Transfer, str] | None) -> str | Refusal:
    if known is None or known[0] != transfer:
        return conflict("claims.transfer.differs", "该划转编号已用于内容不同的划转", field="transfer_id")
    return known[1]


def _posted(known: tuple[Transfer, str] | None) -> str | Refusal:
    if known is None:
        return _unknown()
    if known[1] == "void":
        return conflict("claims.transfer.void", "该划转已作废，不能入账", field="transfer_id")
    return "posted"


def _unknown() -> Refusal:
    return not_found("claims.transfer.unknown", "划转不存在", field="transfer_id")


def _or_raise(answers: Sequence[str | Refusal]) -> str:
    (answer,) = answers
    if isinstance(answer, Refusal):
        raise answer
    return answer
