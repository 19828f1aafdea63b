"""React to a fact of any service: a line on the person's timeline, and news for the matter it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.application.ports import Matters, Timeline
from gateway.application.record_matter import RecordMatter
from gateway.domain import facts, timeline
from gateway.domain.matter import apply
from shared.transactions import Tx


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it came. ``at``: when the producer wrote it."""

    event_id: str
    event: object
    at: datetime


class OnFact:
    """Runs in the consumer's transaction. The same fact twice, or facts in another order, leave the same behind."""

    def __init__(self, *, lines: Timeline, matters: Matters, record: RecordMatter) -> None:
        self._lines = lines
        self._matters = matters
        self._record = record

    async def __call__(self, tx: Tx, told: Sequence[Told]) -> None:
        """Take note of them all, in order."""
        entries = {fact.event_id: entry for fact in told if (entry := timeline.entry(fact.event, fact.at)) is not None}
        if entries:
            await self._lines.add(tx, entries)
        news = [read for fact in told if (read := facts.read(fact.event, fact.at)) is not None]
        linked: set[str] | None = None
        for n, each in enumerate(news):
            if each.matter_id is None and linked is None:
                linked = await self._matters.open_cases(tx, {later.case_id for later in news[n:] if later.case_id is not None})
            # nearly no case of other services has a matter here; one that changes may have been linked to a case just now
            concerned = each.matter_id is not None or each.case_id in (linked or ())
            if concerned and await self._tell_matter(tx, each):
                linked = None

    async def _tell_matter(self, tx: Tx, news: facts.News) -> bool:
        matter_id = news.matter_id
        if matter_id is None and news.case_id is not None:
            matter_id = await self._matters.id_by_case(tx, news.case_id)
        before = await self._matters.find(tx, matter_id, for_update=True) if matter_id is not None else None
        if before is None:
            return False
        await self._record.changed(tx, before, apply(before, news.fact), "系统")
        return True
