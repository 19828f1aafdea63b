"""Applications for medical assistance, and what the books owe a person (SQLAlchemy Core)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables import LEDGER
from claims.adapters.tables.assistance import ASSISTANCE_APPLICATION
from claims.adapters.tables.corrections import REDECISION, SETTLEMENT_CORRECTION
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import SETTLEMENT
from claims.application.assistance.ports import Wanted
from claims.domain.assistance import Application, BookBalance, application_unknown
from shared.db.database import opened
from shared.ledger.books import DUE_TO_PERSON
from shared.transactions import Tx

_body: Final = TypeAdapter(Application)
_AT_ONCE: Final = 20


class SqlApplications:
    """Implements ``Applications``."""

    async def add(self, tx: Tx, application: Application) -> bool:
        """See ``Applications``."""
        added = await opened(tx).execute(
            upsert(ASSISTANCE_APPLICATION)
            .values(
                application_id=application.application_id,
                person_id=application.person_id,
                class_code=application.class_code,
                applied_on=application.applied_on,
                recorded_at=opened(tx).clock.now(),
                **_changing(tx, application),
            )
            .on_conflict_do_nothing()
            .returning(ASSISTANCE_APPLICATION.c.application_id)
        )
        return added.first() is not None

    async def lock(self, tx: Tx, application_id: str) -> Application:
        """See ``Applications``."""
        return _application(await opened(tx).first(_one(application_id).with_for_update()))

    async def find(self, tx: Tx, application_id: str) -> Application:
        """See ``Applications``."""
        return _application(await opened(tx).first(_one(application_id)))

    async def store(self, tx: Tx, application: Application, *, next_try_at: datetime | None = None) -> None:
        """See ``Applications``."""
        await opened(tx).execute(
            update(ASSISTANCE_APPLICATION)
            .where(ASSISTANCE_APPLICATION.c.application_id == application.application_id)
            .values(next_try_at=next_try_at, **_changing(tx, application))
        )

    async def listed(self, tx: Tx, wanted: Wanted) -> Sequence[Application]:
        """See ``Applications``."""
        c = ASSISTANCE_APPLICATION.c
        statement = select(c.body).where(c.application_id > wanted.after).order_by(c.application_id).limit(wanted.limit)
        if wanted.state is not None:
            statement = statement.where(c.state == wanted.state)
        if wanted.person_id is not None:
            statement = statement.where(c.person_id == wanted.person_id)
        return [_application(row) for row in await opened(tx).all(statement)]

    async def to_grant(self, tx: Tx, now: datetime) -> Sequence[str]:
        """See ``Applications``."""
        c = ASSISTANCE_APPLICATION.c
        rows = await opened(tx).all(
            select(c.application_id)
            .where(c.state == "approved", or_(c.next_try_at.is_(None), c.next_try_at <= now))
            .order_by(c.next_try_at.nulls_first(), c.application_id)
            .limit(_AT_ONCE)
        )
        return [row.application_id for row in rows]


class SqlDues:
    """Implements ``Dues``."""

    async def lock_person(self, tx: Tx, person_id: str) -> int:
        """See ``Dues``."""
        c = INSURED_PERSON.c
        version = await opened(tx).scalar(select(c.version).where(c.person_id == person_id).with_for_update())
        return int(version or 0)

    async def undecided(self, tx: Tx, person_id: str) -> bool:
        """See ``Dues``."""
        c = REDECISION.c
        left = select(c.redecision_id).where(c.person_id == person_id, c.finished_at.is_(None)).limit(1)
        return await opened(tx).first(left) is not None

    async def balances(self, tx: Tx, person_id: str, since: datetime) -> Sequence[BookBalance]:
        """See ``Dues``."""
        granted = await self._granted(tx, person_id, since)
        line = LEDGER.line.c
        rows = await opened(tx).all(
            select(line.book, func.sum(line.credit_fen - line.debit_fen).label("fen"))
            .where(line.book.in_(sorted(granted)), line.account == DUE_TO_PERSON, line.dim == f"P:{person_id}")
            .group_by(line.book)
        )
        owed = {row.book: int(row.fen) for row in rows}
        return [BookBalance(book=book, owed_fen=owed.get(book, 0), granted_fen=fen) for book, fen in sorted(granted.items())]

    async def _granted(self, tx: Tx, person_id: str, since: datetime) -> Counter[str]:
        """What corrections for classes have put on 2203, by book: each correction is one journal a book."""
        c, s = SETTLEMENT_CORRECTION.c, SETTLEMENT.c
        rows = await opened(tx).all(
            select(c.difference)
            .join(SETTLEMENT, s.settlement_id == c.settlement_id)
            .where(s.person_id == person_id, c.reason == "class", c.counterparty == "person", c.recorded_at >= since)
        )
        granted: Counter[str] = Counter()
        for row in rows:
            net: Counter[str] = Counter()
            for paid in row.difference["payments"]:
                net[paid["book"]] += paid["amount_fen"]
            granted += net
        return granted


def _one(application_id: str) -> Any:
    c = ASSISTANCE_APPLICATION.c
    return select(c.body).where(c.application_id == application_id)


def _application(row: Row[Any] | None) -> Application:
    if row is None:
        raise application_unknown()
    return _body.validate_python(row.body)


def _changing(tx: Tx, application: Application) -> dict[str, Any]:
    approved = application.decided_at is not None and application.state != "rejected"
    return {
        "state": application.state,
        "reviewer": application.review.reviewer if application.review else None,
        "approver": application.decider if approved else None,
        "body": _body.dump_python(application, mode="json"),
        "changed_at": opened(tx).clock.now(),
    }
