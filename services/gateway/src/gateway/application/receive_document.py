"""Take in a document of a partner (合作单位来文): a court, the traffic police, an employer, a bank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.application.ports import Owners, PartnerDocuments, Store
from gateway.domain.partner_document import PartnerDocument
from gateway.domain.partners import Partners
from shared.auth import Principal
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """As the partner sent it."""

    document: str
    document_no: str
    about_id: str
    fields: Mapping[str, Any]
    digest: str | None = None


class ReceiveDocument:
    """The document's own number is the key: the same again is answered like the first, another content under it refused."""

    def __init__(
        self, *, store: Store, documents: PartnerDocuments, owners: Owners, partners: Partners, clock: Clock, ids: IdFactory
    ) -> None:
        self._store = store
        self._documents = documents
        self._owners = owners
        self._partners = partners
        self._clock = clock
        self._ids = ids

    async def __call__(self, caller: Principal, sent: Sent) -> PartnerDocument:
        """Scope ``partner-documents:send`` in the region of what it is about.

        Refusals of ``Partners`` and ``DocumentKind.read``; ``gateway.partner-document.number-used``; the owner's when
        what it is about does not exist.
        """
        caller.require("partner-documents:send")
        kind = self._partners.kind(self._partners.partner(caller.subject), sent.document)
        fields = kind.read(sent.fields)
        thing = await self._owners.get("workinjury-bridge", kind.path(sent.about_id))
        caller.require("partner-documents:send", thing["region"])
        document = PartnerDocument(
            document_id=self._ids.new(),
            partner=caller.subject,
            document=sent.document,
            document_no=sent.document_no,
            digest=sent.digest,
            about_id=sent.about_id,
            case_id=thing["case_id"],
            region=thing["region"],
            fields=fields,
            received_at=self._clock.now(),
        )
        async with self._store.transaction() as tx:
            before = await self._documents.add(tx, document)
        if before is None:
            return document
        if not before.same_as(document):
            raise conflict(
                "gateway.partner-document.number-used",
                f"文号“{sent.document_no}”已用于内容不同的来文",
                "the document number was used with other content",
                field="document_no",
            )
        return before
