"""Transfers, personal accounts, clearings of institutions (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.settlement import ACCOUNT, ACCOUNT_MOVEMENT, INSTITUTION_CLEARING, TRANSFER
from claims.application.funds.clear_institution import Clearing
from claims.application.funds.credit_account import Credit
from claims.application.funds.move_transfer import Transfer
from claims.domain.refusals import account_closed
from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book
from shared.ledger.books import DUE_FROM_INSTITUTION, DUE_TO_INSTITUTION
from shared.transactions import Tx


class SqlTransfers:
    """Implements ``Transfers``."""

    async def lock(self, tx: Tx, transfer_ids: Sequence[str]) -> Mapping[str, tuple[Transfer, str]]:
        """See ``Transfers``."""
        these = any_of(TRANSFER.c.transfer_id, transfer_ids)
        rows = await opened(tx).all(select(TRANSFER).where(these).order_by(TRANSFER.c.transfer_id).with_for_update())
        return {row.transfer_id: (_transfer(row), row.state) for row in rows}

    async def add(self, tx: Tx, transfers: Sequence[Transfer]) -> None:
        """See ``Transfers``."""
        rows = [asdict(each) | {"state": "reserved", "recorded_at": opened(tx).clock.now()} for each in transfers]
        if rows:
            await opened(tx).execute(upsert(TRANSFER).on_conflict_do_nothing(), sorted(rows, key=itemgetter("transfer_id")))

    async def set_state(self, tx: Tx, transfer_ids: Sequence[str], state: str) -> None:
        """See ``Transfers``."""
        these = any_of(TRANSFER.c.transfer_id, transfer_ids)
        await opened(tx).execute(update(TRANSFER).where(these).values(state=state))


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(
        transfer_id=row.transfer_id,
        voucher_no=row.voucher_no,
        book=Book(row.book),
        counter_book=Book(row.counter_book),
        direction=row.direction,
        amount_fen=row.amount_fen,
        case_id=row.case_id,
        settlement_id=row.settlement_id,
        conversion_id=row.conversion_id,
        clearing_id=row.clearing_id,
        maker=row.maker,
        checker=row.checker,
    )


class SqlAccounts:
    """Implements ``Accounts``."""

    async def credit(self, tx: Tx, credits: Sequence[Credit]) -> int:
        """See ``Accounts``."""
        if not credits:
            return 0
        by_person: dict[str, list[Credit]] = {}
        for item in credits:
            by_person.setdefault(item.person_id, []).append(item)
        people = sorted(by_person)
        await opened(tx).execute(
            upsert(ACCOUNT).values([{"person_id": p, "balance_fen": 0} for p in people]).on_conflict_do_nothing()
        )
        locked = await opened(tx).all(
            select(ACCOUNT).where(ACCOUNT.c.person_id.in_(people)).order_by(ACCOUNT.c.person_id).with_for_update()
        )
        if any(row.closed_at is not None for row in locked):
            raise account_closed()
        balances = {row.person_id: row.balance_fen for row in locked}
        movement = ACCOUNT_MOVEMENT.c
        known = {
            (row.person_id, row.reference)
            for row in await opened(tx).all(
                select(movement.person_id, movement.reference).where(
                    movement.reason == "credit",
                    movement.person_id.in_(people),
                    movement.reference.in_({c.reference for c in credits}),
                )
            )
        }
        rows = []
        for person_id in people:
            for item in by_person[person_id]:
                if (person_id, item.reference) in known:
                    continue
                known.add((person_id, item.reference))
                balances[person_id] += item.amount_fen
                rows.append(
                    {
                        "movement_id": opened(tx).ids.new(),
                        "person_id": person_id,
                        "amount_fen": item.amount_fen,
                        "balance_fen": balances[person_id],
                        "reason": "credit",
                        "reference": item.reference,
                        "recorded_at": opened(tx).clock.now(),
                    }
                )
        if rows:
            await opened(tx).execute(ACCOUNT_MOVEMENT.insert(), rows)
            changed = sorted({str(row["person_id"]) for row in rows})
            statement = upsert(ACCOUNT).values([{"person_id": p, "balance_fen": balances[p]} for p in changed])
            await opened(tx).execute(
                statement.on_conflict_do_update(
                    index_elements=["person_id"], set_={"balance_fen": statement.excluded.balance_fen}
                )
            )
        return len(rows)


_INSTITUTION_LOCK = 0x1C1
_OWED = """
SELECT coalesce(sum(l.credit_fen - l.debit_fen) FILTER (WHERE l.account = :payable
           AND (j.kind = 'clearing' OR coalesce(s.booked_on, l.booked_on) < :until)), 0) AS owed,
       coalesce(sum(l.debit_fen - l.credit_fen) FILTER (WHERE l.account = :receivable), 0) AS owing
FROM journal_line l
JOIN journal j ON j.entry_id = l.entry_id
LEFT JOIN journal s ON s.settlement_id = j.settlement_id AND s.book = j.book AND s.kind = 'settlement'
WHERE l.book = :book AND l.account IN (:payable, :receivable) AND l.dim = :dim
"""
"""What is still owed for what was settled by the end of the month: a reversal counts with the settlement that it takes back."""


class SqlClearings:
    """Implements ``Clearings``."""

    async def lock(self, tx: Tx, institution_code: str) -> None:
        """See ``Clearings``."""
        await opened(tx).execute(
            text("SELECT pg_advisory_xact_lock(:space, hashtext(:code))"),
            {"space": _INSTITUTION_LOCK, "code": institution_code},
        )

    async def cleared(self, tx: Tx, institution_code: str, month: str) -> set[str]:
        """See ``Clearings``."""
        clearing = INSTITUTION_CLEARING.c
        rows = await opened(tx).all(
            select(clearing.book).where(clearing.institution_code == institution_code, clearing.month == month)
        )
        return {row.book for row in rows}

    async def lock_all(self, tx: Tx, institution_codes: Collection[str]) -> None:
        """See ``Clearings``."""
        await opened(tx).execute(
            text(
                "SELECT pg_advisory_xact_lock(:space, h)"
                " FROM (SELECT DISTINCT hashtext(c) AS h FROM unnest(CAST(:codes AS text[])) c ORDER BY 1) q"
            ),
            {"space": _INSTITUTION_LOCK, "codes": list(institution_codes)},
        )

    async def all_cleared(self, tx: Tx, institution_codes: Collection[str]) -> Mapping[tuple[str, str], set[str]]:
        """See ``Clearings``."""
        clearing = INSTITUTION_CLEARING.c
        rows = await opened(tx).all(
            select(clearing.institution_code, clearing.month, clearing.book).where(
                any_of(clearing.institution_code, institution_codes)
            )
        )
        cleared: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            cleared.setdefault((row.institution_code, row.month), set()).add(row.book)
        return cleared

    async def owed(self, tx: Tx, book: Book, institution_code: str, month: str) -> tuple[int, int]:
        """See ``Clearings``."""
        year, number = map(int, month.split("-"))
        values = {
            "payable": DUE_TO_INSTITUTION,
            "receivable": DUE_FROM_INSTITUTION,
            "until": date(year + number // 12, number % 12 + 1, 1),
            "book": book.value,
            "dim": f"H:{institution_code}",
        }
        row = await opened(tx).first(text(_OWED).bindparams(**values))
        return (0, 0) if row is None else (int(row.owed), int(row.owing))

    async def add(self, tx: Tx, clearing: Clearing) -> None:
        """See ``Clearings``."""
        await opened(tx).execute(
            INSTITUTION_CLEARING.insert().values(
                book=clearing.book.value,
                institution_code=clearing.institution_code,
                month=clearing.month,
                paid_fen=clearing.paid_fen,
                offset_fen=clearing.offset_fen,
                voucher_no=clearing.voucher_no,
                cleared_at=opened(tx).clock.now(),
            )
        )
