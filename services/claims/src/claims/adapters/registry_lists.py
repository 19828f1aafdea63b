"""Queries over institutions, catalogue and visits (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from claims.adapters.registry import SqlCatalogue, institution_of
from claims.adapters.tables.registry import CATALOGUE_ITEM, INSTITUTION
from claims.adapters.tables.visits import FEE_BATCH, FEE_LINE, VISIT
from claims.application.visits.list_visits import ListedVisit
from claims.application.visits.show_visit import ListedLine
from claims.domain.institution import Institution
from shared.clock import local
from shared.db.database import opened
from shared.transactions import Tx


class SqlRegistryLists(SqlCatalogue):
    """Implements ``RegistryLists``."""

    async def institutions(self, tx: Tx, after: str, limit: int) -> Sequence[Institution]:
        """See ``RegistryLists``."""
        statement = select(INSTITUTION).where(INSTITUTION.c.code > after).order_by(INSTITUTION.c.code).limit(limit)
        return [institution_of(row) for row in await opened(tx).all(statement)]

    async def item_codes(self, tx: Tx, after: str, limit: int) -> Sequence[str]:
        """See ``RegistryLists``."""
        code = CATALOGUE_ITEM.c.code
        rows = await opened(tx).all(select(code).where(code > after).distinct().order_by(code).limit(limit))
        return [row.code for row in rows]


class SqlVisitLists:
    """Implements ``VisitLists`` and ``VisitDetails``."""

    async def of_person(self, tx: Tx, person_id: str, before: str, limit: int) -> Sequence[ListedVisit]:
        """See ``VisitLists``."""
        v = VISIT.c
        statement = _listed().where(v.person_id == person_id).order_by(v.visit_id.desc()).limit(limit)
        if before:
            statement = statement.where(v.visit_id < before)
        return [_visit(row) for row in await opened(tx).all(statement)]

    async def one(self, tx: Tx, visit_id: str) -> ListedVisit | None:
        """See ``VisitDetails``."""
        row = await opened(tx).first(_listed().where(VISIT.c.visit_id == visit_id))
        return None if row is None else _visit(row)

    async def unsettled(self, tx: Tx, visit_id: str) -> Sequence[ListedLine]:
        """See ``VisitDetails``."""
        c, b = FEE_LINE.c, FEE_BATCH.c
        rows = await opened(tx).all(
            select(c.line_no, c.returns_line_no, c.item_code, c.item_name, c.charge_class, c.occurred_at, c.amount_fen)
            .join(FEE_BATCH, b.batch_id == c.batch_id)
            .where(b.visit_id == visit_id, b.settlement_id.is_(None), b.total_fen != 0)
            .order_by(c.occurred_at, c.line_no)
        )
        return [
            ListedLine(
                line_id=row.line_no,
                returns_line_id=row.returns_line_no or None,
                item_code=row.item_code,
                item_name=row.item_name,
                charge_class=row.charge_class,
                occurred_on=local(row.occurred_at).date(),
                amount_fen=row.amount_fen,
            )
            for row in rows
        ]


def _listed() -> Select[Any]:
    v, b = VISIT.c, FEE_BATCH.c
    amounts = (
        select(
            cast(func.coalesce(func.sum(b.total_fen), 0), BigInteger).label("total_fen"),
            cast(func.coalesce(func.sum(b.total_fen).filter(b.settlement_id.is_not(None)), 0), BigInteger).label("settled_fen"),
        )
        .where(b.visit_id == v.visit_id)
        .lateral()
    )
    return (
        select(VISIT, INSTITUTION.c.name.label("institution_name"), amounts)
        .join(INSTITUTION, INSTITUTION.c.code == v.institution_code)
        .join(amounts, amounts.c.total_fen.is_not(None))
    )


def _visit(row: Any) -> ListedVisit:
    return ListedVisit(**{name: row._mapping[name] for name in ListedVisit.__slots__})
