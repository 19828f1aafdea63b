"""2502, 2504, 2506: a filing is withdrawn. What was settled under it keeps its amounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claims.application.filings.ports import Filings, StoredFiling
from claims.application.header import HisHeader
from claims.application.his_messages import AnswerOnce, Effect
from claims.application.visits.answers import Done
from claims.domain.filing import FilingKind
from claims.domain.institution import Institution
from shared.clock import Clock
from shared.errors import conflict, not_found
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelFiling:
    """Which filing; ``kind`` None: whatever it is."""

    person_id: str
    filing_id: str
    kind: FilingKind | None = None
    header: HisHeader | None = None


class CancelFilings:
    """Refuses a serial that the person does not have, one of another kind, one filed by another institution, and a second time."""

    def __init__(self, answers: AnswerOnce, once: Once, filings: Filings, clock: Clock) -> None:
        self._answers = answers
        self._once = once
        self._filings = filings
        self._clock = clock

    async def __call__(self, command: CancelFiling, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """By message."""
        if command.header is None:
            raise ValueError("a message has a header")

        async def work(tx: Tx) -> Effect:
            await self._cancel(tx, command, institution.code)
            return Effect(answer=render(Done()), person_id=command.person_id, subject_id=command.filing_id)

        return await self._answers.run(command.header, institution, work)

    async def at_counter(self, command: CancelFiling, key: OnceKey) -> dict[str, Any]:
        """By a clerk, whoever filed it."""

        async def work(tx: Tx) -> dict[str, Any]:
            await self._cancel(tx, command, None)
            return {"filing_id": command.filing_id, "state": "cancelled"}

        return (await self._once.run(key, work))[0]

    async def _cancel(self, tx: Tx, command: CancelFiling, institution_code: str | None) -> None:
        present = await self._filings.of_person(tx, command.person_id, lock=True)
        found = next((stored for stored in present if stored.filing.filing_id == command.filing_id), None)
        if found is None or not _means(found, command, institution_code):
            raise not_found(
                "claims.filing.unknown", "待遇申报明细流水号(trt_dcla_detl_sn)不存在或不属于本机构", field="trt_dcla_detl_sn"
            )
        if found.state != "valid":
            raise conflict("claims.filing.cancelled", "该备案已撤销", field="trt_dcla_detl_sn")
        await self._filings.cancel(tx, command.person_id, command.filing_id, self._clock.now())


def _means(found: StoredFiling, command: CancelFiling, institution_code: str | None) -> bool:
    return command.kind in (None, found.filing.kind) and institution_code in (None, found.filed_by)
