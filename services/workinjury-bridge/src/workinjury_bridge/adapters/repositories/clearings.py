"""Month-end clearings: runs, what is due between the funds, vouchers, and the fund's money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book
from shared.ledger.books import (
    BANK,
    DUE_FROM_INSTITUTION,
    DUE_TO_EMPLOYER,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
)
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters import tables_clearing as tc
from workinjury_bridge.domain.clearing import (
    Clearing,
    ClearingState,
    ClearingTransfer,
    InstitutionDue,
    InterfundDue,
    Plan,
    Purse,
    Remedy,
    oldest_open,
)
from workinjury_bridge.domain.transfer import Direction, TransferState

_PAYER_LOCK = 0x3C2
_MAX_ROWS = 100_000
"""More conversions than a county has in a month."""
_STUCK = ("instructed", "reserved", "committed", "voiding")


class SqlClearings:
    """Implements ``Clearings``."""

    async def lock(self, tx: Tx, payer: Book) -> None:
        """See the port."""
        await opened(tx).execute(
            text("SELECT pg_advisory_xact_lock(:space, hashtext(:payer))"), {"space": _PAYER_LOCK, "payer": payer.value}
        )

    async def add(self, tx: Tx, clearing: Clearing, at: datetime) -> bool:
        """See the port."""
        statement = (
            upsert(tc.clearing)
            .values(opened_at=at, changed_at=at, next_try_at=at, **asdict(clearing))
            .on_conflict_do_nothing()
            .returning(tc.clearing.c.clearing_id)
        )
        return (await opened(tx).execute(statement)).first() is not None

    async def get(self, tx: Tx, clearing_id: str) -> Clearing | None:
        """See the port."""
        row = await opened(tx).first(select(tc.clearing).where(tc.clearing.c.clearing_id == clearing_id))
        return None if row is None else _clearing(row)

    async def locked(self, tx: Tx, clearing_id: str) -> Clearing | None:
        """See the port."""
        found = await self.get(tx, clearing_id)
        if found is not None:
            await self.lock(tx, found.payer)
        return await self.get(tx, clearing_id)

    async def save(self, tx: Tx, clearing: Clearing, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            update(tc.clearing)
            .where(tc.clearing.c.clearing_id == clearing.clearing_id)
            .values(changed_at=at, next_try_at=at, tries=0, hindrance=None, **asdict(clearing))
        )

    async def keep_queue(self, tx: Tx, clearing_id: str, round_: Plan) -> None:
        """See the port."""
        rows = [
            {
                "clearing_id": clearing_id,
                "institution_code": due.institution_code,
                "since": due.since,
                "owed_fen": due.owed_fen,
                "offset_fen": due.offset_fen,
                "paid": paid,
            }
            for paid, dues in ((True, round_.institutions), (False, round_.waiting))
            for due in dues
        ]
        if rows:
            statement = upsert(tc.institution).values(rows)
            after = {c: statement.excluded[c] for c in ("since", "owed_fen", "offset_fen", "paid")}
            statement = statement.on_conflict_do_update(index_elements=["clearing_id", "institution_code"], set_=after)
            await opened(tx).execute(statement)

    async def unfinished(self, tx: Tx, payer: Book | None = None) -> Sequence[Clearing]:
        """See the port."""
        c = tc.clearing.c
        statement = select(tc.clearing).where(c.state != ClearingState.CLOSED.value).order_by(c.month, c.payer).limit(1000)
        if payer is not None:
            statement = statement.where(c.payer == payer.value)
        return [_clearing(row) for row in await opened(tx).all(statement)]

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """See the port."""
        c = tc.clearing.c
        statement = (
            select(c.clearing_id)
            .where(c.next_try_at <= now, c.state.in_(("frozen", "paid")))
            .order_by(c.next_try_at)
            .limit(limit)
        )
        return [row.clearing_id for row in await opened(tx).all(statement)]

    async def put_off(self, tx: Tx, clearing_id: str, now: datetime, hindrance: str) -> None:
        """See the port."""
        c = tc.clearing.c
        seconds = func.least(3600, func.power(2, func.least(c.tries, 12)))
        await opened(tx).execute(
            update(tc.clearing)
            .where(c.clearing_id == clearing_id)
            .values(
                hindrance=hindrance[:2000],
                tries=c.tries + 1,
                next_try_at=literal(now) + seconds * literal(timedelta(seconds=1)),
            )
        )

    async def hindrance(self, tx: Tx, clearing_id: str) -> str | None:
        """See the port."""
        found = await opened(tx).scalar(select(tc.clearing.c.hindrance).where(tc.clearing.c.clearing_id == clearing_id))
        return None if found is None else str(found)

    async def add_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        """See the port."""
        values = asdict(transfer)
        parts = values.pop("parts")
        await opened(tx).execute(insert(tc.transfer).values(instructed_at=at, changed_at=at, **values))
        rows = [{"transfer_id": transfer.transfer_id, "due_id": due_id, "amount_fen": n} for due_id, n in parts]
        await opened(tx).execute(insert(tc.part), rows)

    async def save_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            update(tc.transfer)
            .where(tc.transfer.c.transfer_id == transfer.transfer_id)
            .values(state=transfer.state, cause=transfer.cause, changed_at=at)
        )

    async def transfers(self, tx: Tx, clearing_id: str) -> Sequence[ClearingTransfer]:
        """See the port."""
        return [found for found, _ in await self._transfers(tx, tc.transfer.c.clearing_id == clearing_id)]

    async def open_transfers(self, tx: Tx) -> Sequence[tuple[ClearingTransfer, datetime]]:
        """See the port."""
        return await self._transfers(tx, tc.transfer.c.state.in_(_STUCK))

    async def _transfers(self, tx: Tx, condition: Any) -> list[tuple[ClearingTransfer, datetime]]:
        statement = select(tc.transfer).where(condition).order_by(tc.transfer.c.transfer_id).limit(1000)
        rows = await opened(tx).all(statement)
        parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
        mine = tc.part.c.transfer_id.in_([row.transfer_id for row in rows])
        for row in await opened(tx).all(select(tc.part).where(mine).order_by(tc.part.c.due_id).limit(_MAX_ROWS)):
            parts[row.transfer_id].append((row.due_id, row.amount_fen))
        return [
            (
                ClearingTransfer(
                    transfer_id=row.transfer_id,
                    clearing_id=row.clearing_id,
                    voucher_no=row.voucher_no,
                    book=Book(row.book),
                    direction=Direction(row.direction),
                    amount_fen=row.amount_fen,
                    state=TransferState(row.state),
                    cause=row.cause,
                    parts=tuple(parts[row.transfer_id]),
                ),
                row.instructed_at,
            )
            for row in rows
        ]


class SqlDues:
    """Implements ``Dues``."""

    async def add(self, tx: Tx, dues: Sequence[InterfundDue]) -> None:
        """See the port."""
        if dues:
            await opened(tx).execute(insert(tc.due), [asdict(due) for due in dues])

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[InterfundDue]:
        """See the port."""
        return await self._where(tx, tc.due.c.conversion_id == conversion_id)

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[InterfundDue]:
        """See the port."""
        return await self._where(tx, any_of(tc.due.c.conversion_id, conversion_ids))

    async def of_clearing(self, tx: Tx, clearing_id: str) -> Sequence[InterfundDue]:
        """See the port."""
        return await self._where(tx, tc.due.c.clearing_id == clearing_id)

    async def freeze(self, tx: Tx, clearing: Clearing, carried_from: Sequence[str]) -> None:
        """See the port."""
        c = tc.due.c
        await opened(tx).execute(
            update(tc.due)
            .where(
                c.payer == clearing.payer.value,
                c.due_on <= clearing.cut_off,
                c.paid_fen < c.amount_fen,
                or_(c.clearing_id.is_(None), c.clearing_id.in_(list(carried_from))),
            )
            .values(clearing_id=clearing.clearing_id)
        )

    async def pay(self, tx: Tx, transfer: ClearingTransfer) -> None:
        """See the port."""
        await self._raise(tx, transfer, "paid_fen")

    async def confirm(self, tx: Tx, transfer: ClearingTransfer, now: datetime) -> None:
        """See the port."""
        await self._raise(tx, transfer, "confirmed_fen")
        waiting = (
            select(tc.due.c.conversion_id)
            .join(tc.part, tc.part.c.due_id == tc.due.c.due_id)
            .where(tc.part.c.transfer_id == transfer.transfer_id)
        )
        await opened(tx).execute(update(t.conversion).where(t.conversion.c.conversion_id.in_(waiting)).values(next_try_at=now))

    async def _raise(self, tx: Tx, transfer: ClearingTransfer, column: str) -> None:
        await opened(tx).execute(
            update(tc.due)
            .where(tc.due.c.due_id == tc.part.c.due_id, tc.part.c.transfer_id == transfer.transfer_id)
            .values({column: tc.due.c[column] + tc.part.c.amount_fen})
        )

    async def open_sums(self, tx: Tx) -> Sequence[tuple[Book, Book, int]]:
        """See the port."""
        c = tc.due.c
        statement = (
            select(c.payer, c.payee, func.sum(c.amount_fen - c.paid_fen).label("fen"))
            .where(c.paid_fen < c.amount_fen)
            .group_by(c.payer, c.payee)
            .order_by(c.payer, c.payee)
        )
        return [(Book(row.payer), Book(row.payee), int(row.fen)) for row in await opened(tx).all(statement)]

    async def unfrozen(self, tx: Tx, limit: int) -> Sequence[tuple[Book, date]]:
        """See the port."""
        c = tc.due.c
        statement = (
            select(c.payer, func.min(c.due_on).label("since"))
            .where(c.paid_fen < c.amount_fen, c.clearing_id.is_(None))
            .group_by(c.payer)
            .order_by(c.payer)
            .limit(limit)
        )
        return [(Book(row.payer), row.since) for row in await opened(tx).all(statement)]

    async def _where(self, tx: Tx, condition: Any) -> list[InterfundDue]:
        c = tc.due.c
        names = [f.name for f in fields(InterfundDue)]
        statement = select(*(c[n] for n in names)).where(condition).order_by(c.due_id).limit(_MAX_ROWS)
        rows = await opened(tx).all(statement)
        return [InterfundDue(**{**row._mapping, "payer": Book(row.payer), "payee": Book(row.payee)}) for row in rows]


class SqlPurse:
    """Implements ``OurPurse``."""

    async def cash_fen(self, tx: Tx) -> int:
        """See the port."""
        line = t.LEDGER.line.c
        bank = await opened(tx).scalar(
            select(func.coalesce(func.sum(line.debit_fen - line.credit_fen), 0)).where(
                line.book == Book.WI.value, line.account == BANK
            )
        )
        promised = await opened(tx).scalar(
            select(func.coalesce(func.sum(tc.transfer.c.amount_fen), 0)).where(
                tc.transfer.c.direction == Direction.OUT.value, tc.transfer.c.state.in_(("instructed", "reserved"))
            )
        )
        return int(bank) - int(promised)

    async def purse(self, tx: Tx, cut_off: date) -> Purse:
        """See the port."""
        line = t.LEDGER.line.c
        payables = await opened(tx).all(
            select(func.sum(line.credit_fen - line.debit_fen).label("fen"))
            .where(line.book == Book.WI.value, line.account.in_((DUE_TO_PERSON, DUE_TO_EMPLOYER)))
            .group_by(line.account, line.dim)
        )
        by_day = await opened(tx).all(
            select(
                line.account,
                line.dim,
                line.booked_on,
                func.sum(line.debit_fen).label("debit"),
                func.sum(line.credit_fen).label("credit"),
            )
            .where(line.book == Book.WI.value, line.account.in_((DUE_TO_INSTITUTION, DUE_FROM_INSTITUTION)))
            .group_by(line.account, line.dim, line.booked_on)
        )
        credits: dict[str, list[tuple[date, int]]] = defaultdict(list)
        debits: dict[str, int] = defaultdict(int)
        owing: dict[str, int] = defaultdict(int)
        for row in by_day:
            if row.account == DUE_FROM_INSTITUTION:
                owing[row.dim] += int(row.debit) - int(row.credit)
                continue
            debits[row.dim] += int(row.debit)
            if row.credit and row.booked_on <= cut_off:
                credits[row.dim].append((row.booked_on, int(row.credit)))
        institutions = []
        for dim, booked in credits.items():
            found = oldest_open(booked, debits[dim])
            if found is not None:
                since, owed = found
                institutions.append(
                    InstitutionDue(
                        institution_code=dim.removeprefix("H:"),
                        owed_fen=owed,
                        offset_fen=min(owed, max(0, owing[dim])),
                        since=since,
                    )
                )
        return Purse(
            bank_fen=await self.cash_fen(tx),
            set_aside_fen=sum(max(0, int(row.fen)) for row in payables),
            institutions=tuple(sorted(institutions, key=lambda i: (i.since, i.institution_code))),
        )


def _clearing(row: Row[Any]) -> Clearing:
    return Clearing(
        clearing_id=row.clearing_id,
        payer=Book(row.payer),
        month=row.month,
        cut_off=row.cut_off,
        pay_by=row.pay_by,
        maker=row.maker,
        checker=row.checker,
        state=ClearingState(row.state),
        planned=row.planned,
        short_fen=row.short_fen,
        remedy=None if row.remedy is None else Remedy(row.remedy),
        cause=row.cause,
        carried_fen=row.carried_fen,
        asked_on=row.asked_on,
        asked_until=row.asked_until,
        set_aside_fen=row.set_aside_fen,
    )
