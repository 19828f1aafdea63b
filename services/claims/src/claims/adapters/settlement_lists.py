"""Queries over settlements (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select, tuple_

from claims.adapters.tables.registry import INSTITUTION, INSURED_PERSON
from claims.adapters.tables.settlement import ACCOUNT, PERSON_YEAR, SETTLEMENT
from claims.application.settlement.list_settlements import ListedSettlement
from claims.application.settlement.ports import YearKey
from claims.domain.adjudication import YearState
from claims.domain.person import InsuredPerson
from shared.contracts.enrollment import CoveragePeriod, IdentityClass
from shared.db.database import opened
from shared.transactions import Tx

_coverages = TypeAdapter(tuple[CoveragePeriod, ...])
_classes = TypeAdapter(tuple[IdentityClass, ...])


class SqlSettlementLists:
    """Implements ``SettlementLists``."""

    async def of_person(self, tx: Tx, person_id: str, before: tuple[str, str] | None, limit: int) -> Sequence[ListedSettlement]:
        """See ``SettlementLists``."""
        s = SETTLEMENT.c
        statement = (
            select(
                SETTLEMENT,
                func.coalesce(INSTITUTION.c.name, s.answer["institution_name"].as_string()).label("institution_name"),
                func.coalesce(s.answer["invoice_no"].as_string(), "").label("invoice_no"),
            )
            .outerjoin(INSTITUTION, INSTITUTION.c.code == s.institution_code)
            .where(s.person_id == person_id)
            .order_by(s.settled_at.desc(), s.settlement_id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(
                tuple_(s.settled_at, s.settlement_id) < tuple_(datetime.fromisoformat(before[0]), before[1])
            )
        names = ListedSettlement.__slots__
        return [ListedSettlement(**{name: row._mapping[name] for name in names}) for row in await opened(tx).all(statement)]

    async def years(self, tx: Tx, person_id: str, benefit_year: int) -> dict[YearKey, YearState]:
        """See ``SettlementLists``."""
        y = PERSON_YEAR.c
        rows = await opened(tx).all(select(PERSON_YEAR).where(y.person_id == person_id, y.benefit_year == benefit_year))
        return {YearKey(row.person_id, row.scheme, row.benefit_year): YearState.of(row.state) for row in rows}

    async def balance(self, tx: Tx, person_id: str) -> int | None:
        """See ``SettlementLists``."""
        balance: int | None = await opened(tx).scalar(select(ACCOUNT.c.balance_fen).where(ACCOUNT.c.person_id == person_id))
        return balance

    async def person(self, tx: Tx, person_id: str) -> InsuredPerson | None:
        """See ``SettlementLists``."""
        row = await opened(tx).first(select(INSURED_PERSON).where(INSURED_PERSON.c.person_id == person_id))
        if row is None:
            return None
        return InsuredPerson(
            person_id=row.person_id,
            version=row.version,
            sealed=row.sealed,
            certno_index=row.certno_index,
            sex=row.sex,
            born_on=row.born_on,
            coverages=_coverages.validate_python(row.coverages),
            classes=_classes.validate_python(row.classes),
        )
