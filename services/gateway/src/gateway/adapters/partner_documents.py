"""Documents of partners in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.adapters.tables import partner_document as table
from gateway.application.ports import DocumentFilter
from gateway.domain.partner_document import DocumentState, PartnerDocument, document_unknown
from shared.db.arrays import any_of

_FATE: Final = ("state", "decided_by", "decided_at", "reason")


class SqlPartnerDocuments:
    """Implements ``ports.PartnerDocuments``."""

    async def add(self, tx: Any, document: PartnerDocument) -> PartnerDocument | None:
        """See the port."""
        added = await tx.execute(
            upsert(table)
            .values({**asdict(document), "state": document.state.value})
            .on_conflict_do_nothing(index_elements=["partner", "document", "document_no"])
            .returning(table.c.document_id)
        )
        if added.first() is not None:
            return None
        same_number = (
            table.c.partner == document.partner,
            table.c.document == document.document,
            table.c.document_no == document.document_no,
        )
        return _document(await tx.first(select(table).where(*same_number)))

    async def get(self, tx: Any, document_id: str, *, for_update: bool = False) -> PartnerDocument:
        """See the port."""
        query = select(table).where(table.c.document_id == document_id)
        row = await tx.first(query.with_for_update() if for_update else query)
        if row is None:
            raise document_unknown()
        return _document(row)

    async def save(self, tx: Any, document: PartnerDocument) -> None:
        """See the port."""
        changed = {name: value for name, value in asdict(document).items() if name in _FATE}
        await tx.execute(
            update(table).where(table.c.document_id == document.document_id).values({**changed, "state": document.state.value})
        )

    async def page(self, tx: Any, which: DocumentFilter, limit: int, after: str | None) -> list[PartnerDocument]:
        """See the port."""
        query = select(table).where(or_(*(table.c.region.startswith(prefix, autoescape=True) for prefix in which.regions)))
        for column, value in (
            (table.c.partner, which.partner),
            (table.c.state, which.state),
            (table.c.document, which.document),
        ):
            if value is not None:
                query = query.where(column == value)
        if after is not None:
            query = query.where(table.c.document_id < after)
        return [_document(row) for row in await tx.all(query.order_by(table.c.document_id.desc()).limit(limit))]

    async def undecided(self, tx: Any, automatic: Sequence[str], limit: int) -> list[str]:
        """See the port."""
        c = table.c
        by_itself = (c.state == DocumentState.RECEIVED.value) & (c.reason == "") & any_of(c.document, automatic)
        query = select(c.document_id).where(or_(c.state == DocumentState.ACCEPTING.value, by_itself))
        return [row.document_id for row in await tx.all(query.order_by(c.document_id).limit(limit))]

    async def about(self, tx: Any, case_ids: Collection[str]) -> set[tuple[str, str]]:
        """See the port."""
        query = select(table.c.partner, table.c.case_id).distinct().where(any_of(table.c.case_id, case_ids))
        return {(row.partner, row.case_id) for row in await tx.all(query)}


def _document(row: Row[Any]) -> PartnerDocument:
    return PartnerDocument(**{**row._mapping, "state": DocumentState(row.state)})
