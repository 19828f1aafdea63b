"""Payments to persons, and what the books owe them (SQLAlchemy Core)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables import LEDGER
from claims.adapters.tables.corrections import PERSON_PAYOUT, REDECISION, SETTLEMENT_CORRECTION
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import SETTLEMENT
from claims.application.late.person_payouts import DueCorrection, PersonDues
from claims.domain.person_payout import BookDue, PersonPayout, payout_unknown
from shared.db.database import opened
from shared.ledger.books import DUE_TO_PERSON
from shared.transactions import Tx

_PERSON = "P:"


class SqlPersonPayouts:
    """Implements ``PersonPayouts``."""

    async def owed(self, tx: Tx, after: str, limit: int) -> Sequence[PersonDues]:
        """See ``PersonPayouts``."""
        due = _owed().where(LEDGER.line.c.dim.startswith(_PERSON, autoescape=True), LEDGER.line.c.dim > _PERSON + after)
        books = due.subquery()
        persons = select(books.c.dim).distinct().order_by(books.c.dim).limit(limit).subquery()
        rows = await opened(tx).all(
            select(books).join(persons, persons.c.dim == books.c.dim).order_by(books.c.dim, books.c.book)
        )
        found: dict[str, list[BookDue]] = {}
        for row in rows:
            found.setdefault(row.dim.removeprefix(_PERSON), []).append(BookDue(book=row.book, amount_fen=int(row.fen)))
        return [PersonDues(person_id=person, dues=tuple(dues)) for person, dues in found.items()]

    async def owed_to(self, tx: Tx, person_id: str) -> tuple[BookDue, ...]:
        """See ``PersonPayouts``."""
        line = LEDGER.line.c
        rows = await opened(tx).all(_owed().where(line.dim == f"{_PERSON}{person_id}").order_by(line.book))
        return tuple(BookDue(book=row.book, amount_fen=int(row.fen)) for row in rows)

    async def corrections(self, tx: Tx, person_id: str) -> Sequence[DueCorrection]:
        """See ``PersonPayouts``."""
        c, s = SETTLEMENT_CORRECTION.c, SETTLEMENT.c
        rows = await opened(tx).all(
            select(c.settlement_id, c.sequence, c.reason, c.reason_text, c.booked_on, c.difference)
            .join(SETTLEMENT, s.settlement_id == c.settlement_id)
            .where(s.person_id == person_id, c.counterparty == "person")
            .order_by(c.recorded_at.desc(), c.settlement_id, c.sequence)
        )
        found = []
        for row in rows:
            net: Counter[str] = Counter()
            for paid in row.difference["payments"]:
                net[paid["book"]] += paid["amount_fen"]
            by_book = tuple(BookDue(book=book, amount_fen=fen) for book, fen in sorted(net.items()) if fen)
            if by_book:
                found.append(
                    DueCorrection(
                        settlement_id=row.settlement_id,
                        sequence=row.sequence,
                        reason=row.reason,
                        reason_text=row.reason_text,
                        booked_on=row.booked_on,
                        by_book=by_book,
                    )
                )
        return found

    async def lock_person(self, tx: Tx, person_id: str) -> None:
        """See ``PersonPayouts``. The row that payments of assistance lock too."""
        c = INSURED_PERSON.c
        await opened(tx).execute(select(c.version).where(c.person_id == person_id).with_for_update())

    async def undecided(self, tx: Tx, person_id: str) -> bool:
        """See ``PersonPayouts``."""
        c = REDECISION.c
        left = select(c.redecision_id).where(c.person_id == person_id, c.finished_at.is_(None)).limit(1)
        return await opened(tx).first(left) is not None

    async def add(self, tx: Tx, payout: PersonPayout) -> bool:
        """See ``PersonPayouts``."""
        added = await opened(tx).execute(
            upsert(PERSON_PAYOUT)
            .values(
                payout_id=payout.payout_id,
                person_id=payout.person_id,
                state=payout.state,
                dues={due.book: due.amount_fen for due in payout.dues},
                maker=payout.maker,
                proposed_at=opened(tx).clock.now(),
            )
            .on_conflict_do_nothing()
            .returning(PERSON_PAYOUT.c.payout_id)
        )
        return added.first() is not None

    async def lock(self, tx: Tx, payout_id: str) -> PersonPayout:
        """See ``PersonPayouts``."""
        return _payout(await opened(tx).first(_one(payout_id).with_for_update()))

    async def find(self, tx: Tx, payout_id: str) -> PersonPayout:
        """See ``PersonPayouts``."""
        return _payout(await opened(tx).first(_one(payout_id)))

    async def decide(self, tx: Tx, payout: PersonPayout) -> None:
        """See ``PersonPayouts``."""
        await opened(tx).execute(
            update(PERSON_PAYOUT)
            .where(PERSON_PAYOUT.c.payout_id == payout.payout_id)
            .values(state=payout.state, checker=payout.checker, decided_at=opened(tx).clock.now())
        )

    async def listed(self, tx: Tx, state: str, after: str, limit: int) -> Sequence[PersonPayout]:
        """See ``PersonPayouts``."""
        c = PERSON_PAYOUT.c
        rows = await opened(tx).all(
            select(PERSON_PAYOUT).where(c.state == state, c.payout_id > after).order_by(c.payout_id).limit(limit)
        )
        return [_payout(row) for row in rows]


def _owed() -> Select[Any]:
    """Book, dim and fen of what is owed."""
    line = LEDGER.line.c
    owed = func.sum(line.credit_fen - line.debit_fen)
    return (
        select(line.book, line.dim, owed.label("fen"))
        .where(line.account == DUE_TO_PERSON)
        .group_by(line.book, line.dim)
        .having(owed > 0)
    )


def _one(payout_id: str) -> Select[Any]:
    return select(PERSON_PAYOUT).where(PERSON_PAYOUT.c.payout_id == payout_id)


def _payout(row: Row[Any] | None) -> PersonPayout:
    if row is None:
        raise payout_unknown()
    return PersonPayout(
        payout_id=row.payout_id,
        person_id=row.person_id,
        dues=tuple(BookDue(book=book, amount_fen=fen) for book, fen in sorted(row.dues.items())),
        state=row.state,
        maker=row.maker,
        checker=row.checker,
    )
