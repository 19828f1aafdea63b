"""Queries over institutions, catalogue and visits (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, select

from claims.adapters.registry import SqlCatalogue, institution_of
from claims.adapters.tables.registry import CATALOGUE_ITEM, INSTITUTION
from claims.adapters.tables.visits import FEE_BATCH, VISIT
from claims.application.visits.list_visits import ListedVisit
from claims.domain.institution import Institution
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
    """Implements ``VisitLists``."""

    async def of_person(self, tx: Tx, person_id: str, before: str, limit: int) -> Sequence[ListedVisit]:
        """See ``VisitLists``."""
        v, b = VISIT.c, FEE_BATCH.c
        amounts = (
            select(
                cast(func.coalesce(func.sum(b.total_fen), 0), BigInteger).label("total_fen"),
                cast(func.coalesce(func.sum(b.total_fen).filter(b.settlement_id.is_not(None)), 0), BigInteger).label(
                    "settled_fen"
                ),
            )
            .where(b.visit_id == v.visit_id)
            .lateral()
        )
        statement = (
            select(VISIT, INSTITUTION.c.name.label("institution_name"), amounts)
            .join(INSTITUTION, INSTITUTION.c.code == v.institution_code)
            .join(amounts, amounts.c.total_fen.is_not(None))
            .where(v.person_id == person_id)
            .order_by(v.visit_id.desc())
            .limit(limit)
        )
        if before:
            statement = statement.where(v.visit_id < before)
        rows = [dict(row._mapping) for row in await opened(tx).all(statement)]
        return [ListedVisit(**{name: row[name] for name in ListedVisit.__slots__}) for row in rows]
