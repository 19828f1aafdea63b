"""Accept a partner's document, which becomes a command to the owner; or return it with the reason."""

from __future__ import annotations

from gateway.application.ports import Owners, PartnerDocuments, Store
from gateway.domain import partner_document as rules
from gateway.domain.partner_document import DocumentState, PartnerDocument
from gateway.domain.partners import Partners
from shared.auth import Principal
from shared.clock import Clock
from shared.contracts.gateway import PartnerDocumentDecided
from shared.errors import Kind, Refusal
from shared.transactions import Tx

BATCH = 50


class DecideDocument:
    """The command goes out between two transactions under the document's own key, so that asking twice is harmless.

    Who dies in between leaves it ``accepting``; the job goes on with it.
    """

    def __init__(self, *, store: Store, documents: PartnerDocuments, owners: Owners, partners: Partners, clock: Clock) -> None:
        self._store = store
        self._documents = documents
        self._owners = owners
        self._partners = partners
        self._clock = clock

    async def accept(self, caller: Principal, document_id: str) -> PartnerDocument:
        """The scope of the kind of document, in its region. The owner's refusals come through, and the document waits again."""
        async with self._store.transaction() as tx:
            document = await self._documents.get(tx, document_id, for_update=True)
            caller.require(self._partners.documents[document.document].scope, document.region)
            begun = rules.begin_acceptance(document, caller.subject, self._clock.now())
            await self._documents.save(tx, begun)
        return await self._finish(begun)

    async def give_back(self, caller: Principal, document_id: str, reason: str) -> PartnerDocument:
        """Scope and region as for acceptance."""
        async with self._store.transaction() as tx:
            document = await self._documents.get(tx, document_id, for_update=True)
            caller.require(self._partners.documents[document.document].scope, document.region)
            returned = rules.give_back(document, caller.subject, self._clock.now(), reason)
            await self._decided(tx, returned)
        return returned

    async def sweep(self) -> None:
        """The job: documents that prove themselves, and those whose acceptance was cut off."""
        automatic = [code for code, kind in self._partners.documents.items() if kind.automatic]
        async with self._store.reading() as tx:
            found = await self._documents.undecided(tx, automatic, BATCH)
        for document_id in found:
            async with self._store.transaction() as tx:
                document = await self._documents.get(tx, document_id, for_update=True)
                if document.state not in (DocumentState.RECEIVED, DocumentState.ACCEPTING):
                    continue
                begun = rules.begin_acceptance(document, document.partner, self._clock.now())
                await self._documents.save(tx, begun)
            try:
                await self._finish(begun)
            except Refusal:
                continue  # it waits with the cause on it, or the owner is away and the next round asks again

    async def _finish(self, begun: PartnerDocument) -> PartnerDocument:
        kind = self._partners.documents[begun.document]
        body = {**begun.fields, **({"actor": begun.decided_by} if kind.signed else {})}
        path = f"{kind.path(begun.about_id)}/{kind.act}"
        try:
            await self._owners.command("workinjury-bridge", path, body, f"partner-document:{begun.document_id}")
        except Refusal as refusal:
            if refusal.kind is not Kind.UNAVAILABLE:
                async with self._store.transaction() as tx:
                    document = await self._documents.get(tx, begun.document_id, for_update=True)
                    if document.state is DocumentState.ACCEPTING:
                        await self._documents.save(tx, rules.hinder(document, f"{refusal.zh}（{refusal.code}）"))
            raise
        async with self._store.transaction() as tx:
            document = await self._documents.get(tx, begun.document_id, for_update=True)
            if document.state is DocumentState.ACCEPTING:
                document = rules.finish_acceptance(document)
                await self._decided(tx, document)
        return document

    async def _decided(self, tx: Tx, document: PartnerDocument) -> None:
        await self._documents.save(tx, document)
        tx.emit(
            PartnerDocumentDecided(
                document_id=document.document_id,
                partner=document.partner,
                document=document.document,
                document_no=document.document_no,
                case_id=document.case_id,
                state=document.state.value,
                reason=document.reason,
                decided_at=self._clock.now(),
            )
        )
