"""Attach a document to a decision, and list what is attached."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Documents, Owners, Store
from gateway.domain.document import SUBJECTS, Document
from shared.auth import Principal
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx

_BRIDGE: Final = "workinjury-bridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is attached."""

    name: str
    reference_no: str
    digest: str
    size_bytes: int
    material: str


class RecordDocument:
    """Refusal ``gateway.document.attached`` for the same paper at the same decision."""

    def __init__(
        self,
        *,
        store: Store,
        once: Once,
        owners: Owners,
        check_region: CheckRegion,
        documents: Documents,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._store = store
        self._once = once
        self._owners = owners
        self._check_region = check_region
        self._documents = documents
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, caller: Principal, subject_kind: str, subject_id: str, paper: Paper, key: OnceKey
    ) -> dict[str, Any]:
        """The document's id. Scope ``documents:attach`` in the region of what was decided."""
        thing = await self._thing(caller, "documents:attach", subject_kind, subject_id)

        async def work(tx: Tx) -> dict[str, Any]:
            document = Document(
                document_id=self._ids.new(),
                subject_kind=subject_kind,
                subject_id=subject_id,
                person_id=thing["person_id"],
                region=thing.get("region"),
                **asdict(paper),
                attached_by=caller.subject,
                attached_by_name=caller.name,
                attached_at=self._clock.now(),
            )
            await self._documents.add(tx, document)
            return {"document_id": document.document_id}

        return (await self._once.run(key, work))[0]

    async def of(self, caller: Principal, subject_kind: str, subject_id: str) -> list[dict[str, Any]]:
        """What is attached, the oldest first. Scope ``injury-cases:read``."""
        await self._thing(caller, "injury-cases:read", subject_kind, subject_id)
        async with self._store.reading() as tx:
            return [asdict(document) for document in await self._documents.of(tx, subject_kind, subject_id)]

    async def _thing(self, caller: Principal, scope: str, subject_kind: str, subject_id: str) -> Any:
        caller.require(scope)
        thing = await self._owners.get(_BRIDGE, SUBJECTS[subject_kind].format(subject=subject_id))
        return await self._check_region(caller, scope, thing)
