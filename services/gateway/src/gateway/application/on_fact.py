"""React to a fact of any service: a line on the person's timeline, and news for the matter it concerns."""

from __future__ import annotations

from datetime import datetime

from gateway.application.ports import Matters, Timeline
from gateway.application.record_matter import RecordMatter
from gateway.domain import facts, timeline
from gateway.domain.matter import apply
from shared.transactions import Tx


class OnFact:
    """Runs in the consumer's transaction. The same fact twice, or facts in another order, leave the same behind."""

    def __init__(self, *, lines: Timeline, matters: Matters, record: RecordMatter) -> None:
        self._lines = lines
        self._matters = matters
        self._record = record

    async def __call__(self, tx: Tx, event_id: str, event: object, at: datetime) -> None:
        """``at``: when the producer wrote the event."""
        entry = timeline.entry(event, at)
        if entry is not None:
            await self._lines.add(tx, event_id, entry)
        news = facts.read(event, at)
        if news is None:
            return
        matter_id = news.matter_id
        if matter_id is None and news.case_id is not None:
            matter_id = await self._matters.id_by_case(tx, news.case_id)
        before = await self._matters.find(tx, matter_id, for_update=True) if matter_id is not None else None
        if before is not None:
            await self._record.changed(tx, before, apply(before, news.fact), "系统")
