"""Stays on credit in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, insert, literal, or_, select, tuple_, update

from claims.adapters.tables.registry import INSTITUTION
from claims.adapters.tables.stay_credits import STAY_CREDIT
from claims.adapters.tables.visits import FEE_BATCH, VISIT
from claims.application.stay_credits.ports import CreditFilter, ListedCredit, Seen
from claims.domain.stay_credit import StayCredit
from shared.db.arrays import any_of
from shared.db.database import opened
from shared.transactions import Tx

_C = STAY_CREDIT.c
_LONGEST_S = 3600


class SqlStayCredits:
    """Implements ``StayCredits``."""

    async def add(self, tx: Tx, credit: StayCredit, at: datetime) -> None:
        """See ``StayCredits``."""
        await opened(tx).execute(insert(STAY_CREDIT).values(**asdict(credit), opened_at=at, next_try_at=at))

    async def find(self, tx: Tx, credit_id: str) -> Seen | None:
        """See ``StayCredits``."""
        row = await opened(tx).first(select(STAY_CREDIT).where(_C.credit_id == credit_id))
        return None if row is None else Seen(_credit(row), row.wakes)

    async def end(self, tx: Tx, credit: StayCredit, at: datetime) -> None:
        """See ``StayCredits``."""
        ended = {
            "state": credit.state,
            "ended_by": credit.ended_by,
            "withdrawn_by": credit.withdrawn_by,
            "ended_at": at,
            "next_try_at": None,
            "hindrance": None,
        }
        await opened(tx).execute(update(STAY_CREDIT).where(_C.credit_id == credit.credit_id).values(ended))

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """See ``StayCredits``."""
        rows = await opened(tx).all(
            select(_C.credit_id)
            .where(_C.state == "open", _C.next_try_at <= now)
            .order_by(_C.next_try_at, _C.credit_id)
            .limit(limit)
        )
        return [row.credit_id for row in rows]

    async def wake(self, tx: Tx, person_ids: Collection[str], now: datetime) -> None:
        """See ``StayCredits``."""
        await opened(tx).execute(
            update(STAY_CREDIT)
            .where(any_of(_C.person_id, person_ids), _C.state == "open")
            .values(wakes=_C.wakes + 1, next_try_at=now)
        )

    async def rest(self, tx: Tx, seen: Seen, until: datetime) -> None:
        """See ``StayCredits``."""
        await opened(tx).execute(_as_seen(seen).values(next_try_at=until, tries=0, hindrance=None))

    async def put_off(self, tx: Tx, seen: Seen, now: datetime, hindrance: str) -> None:
        """See ``StayCredits``."""
        seconds = func.least(_LONGEST_S, func.power(2, func.least(_C.tries, 12)))
        next_try_at = literal(now) + seconds * literal(timedelta(seconds=1))
        await opened(tx).execute(_as_seen(seen).values(hindrance=hindrance[:2000], tries=_C.tries + 1, next_try_at=next_try_at))

    async def listed(self, tx: Tx, wanted: CreditFilter, after: tuple[str, str] | None, limit: int) -> Sequence[ListedCredit]:
        """See ``StayCredits``."""
        statement = _listed().where(or_(*(VISIT.c.insured_region.startswith(r, autoescape=True) for r in wanted.regions)))
        for column, value in (
            (_C.state, wanted.state),
            (_C.institution_code, wanted.institution_code),
            (_C.person_id, wanted.person_id),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if after is not None:
            statement = statement.where(tuple_(_C.until, _C.credit_id) > (date.fromisoformat(after[0]), after[1]))
        rows = await opened(tx).all(statement.order_by(_C.until, _C.credit_id).limit(limit))
        return [_shown(row) for row in rows]

    async def one(self, tx: Tx, credit_id: str) -> ListedCredit | None:
        """See ``StayCredits``."""
        row = await opened(tx).first(_listed().where(_C.credit_id == credit_id))
        return None if row is None else _shown(row)


def _as_seen(seen: Seen) -> Any:
    """An open credit that nothing has happened to since."""
    return update(STAY_CREDIT).where(_C.credit_id == seen.credit.credit_id, _C.state == "open", _C.wakes == seen.wakes)


def _listed() -> Any:
    b = FEE_BATCH.c
    mine: ColumnElement[bool] = b.settlement_id.is_not_distinct_from(_C.settlement_id)
    total = (
        select(cast(func.coalesce(func.sum(b.total_fen), 0), BigInteger))
        .where(b.visit_id == _C.visit_id, mine)
        .scalar_subquery()
    )
    return (
        select(
            STAY_CREDIT,
            VISIT.c.hospital_no,
            VISIT.c.begun_on,
            VISIT.c.ended_on,
            VISIT.c.insured_region,
            INSTITUTION.c.name.label("institution_name"),
            total.label("total_fen"),
        )
        .join(VISIT, VISIT.c.visit_id == _C.visit_id)
        .join(INSTITUTION, INSTITUTION.c.code == _C.institution_code)
    )


def _shown(row: Any) -> ListedCredit:
    return ListedCredit(
        credit=_credit(row),
        institution_name=row.institution_name,
        hospital_no=row.hospital_no,
        begun_on=row.begun_on,
        ended_on=row.ended_on,
        region=row.insured_region,
        total_fen=row.total_fen,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        hindrance=row.hindrance,
    )


def _credit(row: Any) -> StayCredit:
    return StayCredit(**{name: getattr(row, name) for name in StayCredit.__slots__})
