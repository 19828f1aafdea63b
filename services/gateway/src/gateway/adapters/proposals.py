"""Proposals and documents in PostgreSQL."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.adapters.tables import decision_document, proposal
from gateway.domain.document import Document
from gateway.domain.proposal import Proposal, ProposalState
from shared.errors import conflict, not_found


class SqlProposals:
    """Implements ``ports.Proposals``."""

    async def add(self, tx: Any, new: Proposal) -> None:
        """See the port."""
        values = {**asdict(new), "state": new.state.value}
        added = await tx.first(upsert(proposal).values(values).on_conflict_do_nothing().returning(proposal.c.proposal_id))
        if added is None:
            raise conflict("gateway.proposal.pending", "同一事项已有一件在等待复核", "another proposal is open")

    async def get(self, tx: Any, proposal_id: str) -> Proposal:
        """See the port."""
        return _proposal(await tx.first(select(proposal).where(proposal.c.proposal_id == proposal_id)))

    async def locked(self, tx: Any, proposal_id: str) -> Proposal:
        """See the port."""
        return _proposal(await tx.first(select(proposal).where(proposal.c.proposal_id == proposal_id).with_for_update()))

    async def save(self, tx: Any, changed: Proposal) -> None:
        """See the port."""
        values = {"state": changed.state.value, "checker": changed.checker, "decided_at": changed.decided_at}
        await tx.execute(update(proposal).where(proposal.c.proposal_id == changed.proposal_id).values(values))

    async def page(self, tx: Any, state: str | None, subject_id: str | None, limit: int, after: str | None) -> list[Proposal]:
        """See the port."""
        query = select(proposal).order_by(proposal.c.proposal_id).limit(limit)
        for column, value in ((proposal.c.state, state), (proposal.c.subject_id, subject_id)):
            if value is not None:
                query = query.where(column == value)
        if after is not None:
            query = query.where(proposal.c.proposal_id > after)
        return [_proposal(row) for row in await tx.all(query)]


class SqlDocuments:
    """Implements ``ports.Documents``."""

    async def add(self, tx: Any, document: Document) -> None:
        """See the port."""
        table = decision_document
        added = await tx.first(upsert(table).values(asdict(document)).on_conflict_do_nothing().returning(table.c.document_id))
        if added is None:
            raise conflict(
                "gateway.document.attached", "同一份材料已经附在此件上", "the same digest is attached", field="digest"
            )

    async def of(self, tx: Any, subject_kind: str, subject_id: str) -> list[Document]:
        """See the port."""
        c = decision_document.c
        query = select(decision_document).where(c.subject_kind == subject_kind, c.subject_id == subject_id)
        return [Document(**row._mapping) for row in await tx.all(query.order_by(c.document_id).limit(200))]


def _proposal(row: Row[Any] | None) -> Proposal:
    if row is None:
        raise not_found("gateway.proposal.unknown", "没有这件待复核事项", "no such proposal", field="proposal_id")
    return Proposal(**{**row._mapping, "state": ProposalState(row.state)})
