"""Documents of partners: a partner sees its own, the office those of its regions."""

from __future__ import annotations

from dataclasses import replace

from gateway.application.ports import DocumentFilter, PartnerDocuments, Store
from gateway.domain.partner_document import PartnerDocument, document_unknown
from gateway.domain.partners import Partners
from shared.auth import Principal


class ListDocuments:
    """Scope ``partner-documents:read``."""

    def __init__(self, *, store: Store, documents: PartnerDocuments, partners: Partners) -> None:
        self._store = store
        self._documents = documents
        self._partners = partners

    async def __call__(self, caller: Principal, which: DocumentFilter, limit: int, after: str | None) -> list[PartnerDocument]:
        """Newest first."""
        caller.require("partner-documents:read")
        if caller.subject in self._partners.partners:
            which = replace(which, partner=caller.subject)
        async with self._store.reading() as tx:
            return await self._documents.page(tx, which, limit, after)

    async def one(self, caller: Principal, document_id: str) -> PartnerDocument:
        """Refusal ``gateway.partner-document.id-unknown``, also to a partner that asks for another's."""
        caller.require("partner-documents:read")
        async with self._store.reading() as tx:
            document = await self._documents.get(tx, document_id)
        if caller.subject in self._partners.partners and document.partner != caller.subject:
            raise document_unknown()
        caller.require("partner-documents:read", document.region)
        return document
