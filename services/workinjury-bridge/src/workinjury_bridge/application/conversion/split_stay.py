"""Divide a mixed stay: the hospital proposes, a reviewer agrees or disputes, an expert decides; silence has its limits (B5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx, UnitOfWork
from workinjury_bridge.application.conversion.watch_split import WatchSplit
from workinjury_bridge.application.ports import ClaimsGateway, Conversions
from workinjury_bridge.domain.conversion import REVIEWED, Conversion, ConversionState
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.refusals import out_of_turn, unknown
from workinjury_bridge.domain.split import Flags, Split, related_amounts

SPLIT_DEADLINE = "split-overdue"


@dataclass(frozen=True, slots=True)
class SplitStay:
    """While a split is open its conversion waits; once it is agreed or decided the figures are computed."""

    work: UnitOfWork
    once: Once
    conversions: Conversions
    claims: ClaimsGateway
    watch: WatchSplit
    clock: Clock

    async def propose(self, key: OnceKey, conversion_id: str, flags: Flags, actor: str) -> dict[str, Any]:
        """The hospital's flags. Refuses flags that do not fit the bill, and a conversion that is approved."""
        await self._fits(conversion_id, flags)

        def act(conversion: Conversion) -> Split:
            if conversion.split is not None and conversion.split.open:
                raise out_of_turn("split", "propose", conversion.split.state, "费用拆分正在审核，请先办结")
            return Split(flags=flags, proposed_by=actor)

        return await self._act(key, conversion_id, act)

    async def agree(self, key: OnceKey, conversion_id: str, actor: str) -> dict[str, Any]:
        """The reviewer agrees. Refuses the hand that proposed."""
        return await self._act(key, conversion_id, lambda c: _split(c).agreed(actor))

    async def dispute(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """The reviewer does not agree: an expert is asked."""
        return await self._act(key, conversion_id, lambda c: _split(c).disputed(actor, note))

    async def decide(self, key: OnceKey, conversion_id: str, flags: Flags, actor: str, note: str | None) -> dict[str, Any]:
        """The expert's opinion on a disputed split. Refuses flags that do not fit the bill, and who proposed or disputed it."""
        await self._fits(conversion_id, flags)
        return await self._act(key, conversion_id, lambda c: _split(c).decided(actor, flags, note))

    async def overdue(self, tx: Tx, conversion_id: str) -> None:
        """The reviewer's days have passed: an expert is asked. The expert's have: what is shared stays with the medical fund."""
        conversion = await self.conversions.locked(tx, conversion_id)
        if conversion is None or conversion.state is not ConversionState.PROPOSED or conversion.split is None:
            return
        if conversion.split.open:
            await self._store(tx, conversion, conversion.split.unanswered())

    async def _fits(self, conversion_id: str, flags: Flags) -> None:
        """Read the bill and try the flags on it; nothing is kept. Later than that only a repeated command can be meant."""
        async with self.work.transaction() as tx:
            conversion = await self.conversions.get(tx, conversion_id)
        if conversion is None:
            raise unknown("conversion", "转换业务")
        if conversion.state not in REVIEWED:
            return
        bill = await self.claims.read_bill(conversion.settlement_id)
        related_amounts(flags, [(line.line_id, line.amount_fen) for line in bill.lines])

    async def _act(self, key: OnceKey, conversion_id: str, act: Callable[[Conversion], Split]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            conversion = await self.conversions.locked(tx, conversion_id)
            if conversion is None:
                raise unknown("conversion", "转换业务")
            split = act(conversion)
            await self._store(tx, conversion, split)
            return {"conversion_id": conversion_id} | split.plain()

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, conversion: Conversion, split: Split) -> None:
        after, now = conversion.with_split(split), self.clock.now()
        await self.conversions.save(tx, after, now)
        tx.emit(conversion_changed(after, now))
        self.watch.run(tx, SPLIT_DEADLINE, conversion.conversion_id, split)


def _split(conversion: Conversion) -> Split:
    if conversion.split is None:
        raise out_of_turn("split", "decide", "none", "该转换业务没有费用拆分，请先提出拆分")
    return conversion.split
