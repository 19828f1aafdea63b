"""Debts, and the money that moved on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book
from shared.ledger.books import DUE_FROM_EMPLOYER, DUE_FROM_PERSON, DUE_FROM_THIRD_PARTY
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.limitation import Interrupted
from workinjury_bridge.domain.recovery import CLOSED, Cause, Movement, MovementKind, Recovery, RecoveryState


class SqlRecoveries:
    """Implements ``Recoveries``."""

    async def save(self, tx: Tx, debt: Recovery, at: datetime) -> None:
        """See the port."""
        values = asdict(debt) | {"changed_at": at}
        statement = upsert(t.recovery).values(opened_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["recovery_id"], set_=values))

    async def get(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """See the port."""
        found = await self._where(tx, t.recovery.c.recovery_id == recovery_id)
        return found[0] if found else None

    async def locked(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """See the port."""
        debt = await self.get(tx, recovery_id)
        if debt is not None:
            await lock_person(tx, debt.person_id)
        return await self.get(tx, recovery_id)

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Recovery]:
        """See the port."""
        return await self._where(tx, t.recovery.c.conversion_id == conversion_id)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Recovery]:
        """See the port."""
        return await self._where(tx, t.recovery.c.settlement_id == settlement_id)

    async def open_of(self, tx: Tx, book: Book, debtors: Collection[str]) -> Sequence[Recovery]:
        """See the port."""
        c = t.recovery.c
        theirs = any_of(c.debtor, debtors)
        return await self._where(tx, (c.book == book.value) & theirs & c.state.notin_(CLOSED))

    async def add_movement(self, tx: Tx, movement: Movement, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.recovery_movement).values(recorded_at=at, **asdict(movement)))

    async def movement(self, tx: Tx, movement_id: str) -> Movement | None:
        """See the port."""
        row = await opened(tx).first(select(t.recovery_movement).where(t.recovery_movement.c.movement_id == movement_id))
        return None if row is None else _movement(row)

    async def unbooked(self, tx: Tx, limit: int) -> Sequence[Movement]:
        """See the port."""
        c = t.recovery_movement.c
        statement = select(t.recovery_movement).where(text(t.UNBOOKED_MOVEMENT)).order_by(c.movement_id).limit(limit)
        return [_movement(row) for row in await opened(tx).all(statement)]

    async def any_unbooked(self, tx: Tx, recovery_ids: Collection[str]) -> bool:
        """See the port."""
        c = t.recovery_movement.c
        statement = select(c.movement_id).where(any_of(c.recovery_id, recovery_ids), c.booked.is_(False)).limit(1)
        return await opened(tx).first(statement) is not None

    async def add_interruption(self, tx: Tx, interrupted: Interrupted, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.limitation_interruption).values(recorded_at=at, **asdict(interrupted)))

    async def mark_booked(self, tx: Tx, movement_id: str, *, voided: bool = False) -> None:
        """See the port."""
        await opened(tx).execute(
            update(t.recovery_movement)
            .where(t.recovery_movement.c.movement_id == movement_id)
            .values(booked=True, voided=voided)
        )

    async def disagreeing(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        """See the port."""
        line, c = t.LEDGER.line.c, t.recovery.c
        still = c.advanced_fen - c.recovered_fen - c.expensed_fen - c.written_off_fen - c.moved_fen
        debts = (
            select(c.debtor, func.sum(still).label("fen"))
            .where(c.book == Book.WI.value, c.state != RecoveryState.REVERSED.value)
            .group_by(c.debtor)
            .subquery()
        )
        booked = (
            select(line.dim.label("debtor"), func.sum(line.debit_fen - line.credit_fen).label("fen"))
            .where(
                line.book == Book.WI.value,
                line.account.in_((DUE_FROM_EMPLOYER, DUE_FROM_THIRD_PARTY, DUE_FROM_PERSON)),
            )
            .group_by(line.dim)
            .subquery()
        )
        ours, theirs = func.coalesce(debts.c.fen, 0), func.coalesce(booked.c.fen, 0)
        statement = (
            select(func.coalesce(debts.c.debtor, booked.c.debtor).label("debtor"), ours.label("ours"), theirs.label("theirs"))
            .select_from(debts.join(booked, debts.c.debtor == booked.c.debtor, full=True))
            .where((theirs < ours) | ((theirs > ours) & ~booked.c.debtor.regexp_match("^(P|DEP|HEIRS):")))
            .limit(MAX_ROWS)
        )
        return [(row.debtor, int(row.ours), int(row.theirs)) for row in await opened(tx).all(statement)]

    async def _where(self, tx: Tx, condition: Any) -> list[Recovery]:
        statement = select(t.recovery).where(condition).order_by(t.recovery.c.recovery_id).limit(MAX_ROWS)
        return [
            Recovery(
                recovery_id=row.recovery_id,
                case_id=row.case_id,
                person_id=row.person_id,
                settlement_id=row.settlement_id,
                conversion_id=row.conversion_id,
                decision_version=row.decision_version,
                book=Book(row.book),
                debtor=row.debtor,
                cause=Cause(row.cause),
                advanced_fen=row.advanced_fen,
                recovered_fen=row.recovered_fen,
                expensed_fen=row.expensed_fen,
                written_off_fen=row.written_off_fen,
                moved_fen=row.moved_fen,
                interest_fen=row.interest_fen,
                state=RecoveryState(row.state),
                due_on=row.due_on,
                liability=row.liability,
                limitation_on=row.limitation_on,
                in_court=row.in_court,
                reversed_from=None if row.reversed_from is None else RecoveryState(row.reversed_from),
            )
            for row in await opened(tx).all(statement)
        ]


def _movement(row: Row[Any]) -> Movement:
    return Movement(
        movement_id=row.movement_id,
        recovery_id=row.recovery_id,
        kind=MovementKind(row.kind),
        amount_fen=row.amount_fen,
        interest_fen=row.interest_fen,
        reference=row.reference,
        maker=row.maker,
        checker=row.checker,
        booked=row.booked,
        set_off_id=row.set_off_id,
        voucher_no=row.voucher_no,
        voided=row.voided,
    )
