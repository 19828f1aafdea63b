"""Filings in SQL. Those that stand are kept on the person's row too, where a settlement reads them without a statement more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import insert, select, update

from claims.adapters.tables.registry import FILING, INSURED_PERSON
from claims.application.filings.ports import StoredFiling
from claims.domain.filing import Filing
from shared.db.database import opened
from shared.transactions import Tx

_standing: Final = TypeAdapter(list[Filing])


class SqlFilings:
    """Implements ``Filings``."""

    async def of_person(self, tx: Tx, person_id: str, *, lock: bool = False) -> Sequence[StoredFiling]:
        """See ``Filings``."""
        if lock:
            c = INSURED_PERSON.c
            await opened(tx).first(select(c.person_id).where(c.person_id == person_id).with_for_update())
        rows = await opened(tx).all(
            select(FILING).where(FILING.c.person_id == person_id).order_by(FILING.c.filed_at, FILING.c.filing_id)
        )
        return [_stored(row) for row in rows]

    async def add(self, tx: Tx, filing: StoredFiling) -> None:
        """See ``Filings``."""
        f = filing.filing
        await opened(tx).execute(
            insert(FILING).values(
                filing_id=f.filing_id,
                person_id=filing.person_id,
                kind=f.kind,
                code=f.code,
                begins_on=f.begins_on,
                ends_on=f.ends_on,
                scheme=filing.scheme,
                filed_by=filing.filed_by,
                state=filing.state,
                filed_at=filing.filed_at,
                details=dict(filing.details),
            )
        )
        await self._show(tx, filing.person_id)

    async def cancel(self, tx: Tx, person_id: str, filing_id: str, at: datetime) -> None:
        """See ``Filings``."""
        await opened(tx).execute(
            update(FILING).where(FILING.c.filing_id == filing_id).values(state="cancelled", cancelled_at=at)
        )
        await self._show(tx, person_id)

    async def _show(self, tx: Tx, person_id: str) -> None:
        standing = [s.filing for s in await self.of_person(tx, person_id) if s.state == "valid"]
        await opened(tx).execute(
            update(INSURED_PERSON)
            .where(INSURED_PERSON.c.person_id == person_id)
            .values(filings=_standing.dump_python(standing, mode="json"))
        )


def _stored(row: Any) -> StoredFiling:
    return StoredFiling(
        filing=Filing(filing_id=row.filing_id, kind=row.kind, code=row.code, begins_on=row.begins_on, ends_on=row.ends_on),
        person_id=row.person_id,
        scheme=row.scheme,
        filed_by=row.filed_by,
        state=row.state,
        filed_at=row.filed_at,
        details=row.details,
    )
