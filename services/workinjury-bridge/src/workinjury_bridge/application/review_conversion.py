"""Check, approve or send back a proposed conversion: four eyes before any money moves, and a third pair for large amounts (B0.6, B15.16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Advances, Cases, Conversions, Policies
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.domain.advance import AdvanceState
from workinjury_bridge.domain.conversion import ENDED, Conversion
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ReviewConversion:
    """Each act refuses an unknown conversion and one in another state; approving refuses a person who has signed."""

    once: Once
    cases: Cases
    conversions: Conversions
    propose: ProposeConversions
    advances: Advances
    policies: Policies
    clock: Clock

    async def check(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """First pair of eyes."""
        return await self._act(key, conversion_id, lambda c, approved: c.checked(actor, note, advance_approved=approved))

    async def approve(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """The next pair of eyes; with the last one that is needed the conversion advances by itself."""
        return await self._act(key, conversion_id, lambda c, _: c.approved(actor, note, self._third_level_from()))

    async def send_back(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """What was signed goes back to be looked at again, proposed is dismissed and leaves the stay to another accident that it fits."""
        return await self._act(key, conversion_id, lambda c, _: c.sent_back(actor, note))

    async def together(
        self, key: OnceKey, act: Literal["check", "approve"], conversion_ids: Sequence[str], actor: str, note: str | None
    ) -> dict[str, Any]:
        """One act on many of the worklist; each is answered for itself, in order, a refusal as its problem."""

        async def work(tx: Tx) -> dict[str, Any]:
            seen = await self.conversions.many(tx, conversion_ids)
            await self.cases.lock_persons(tx, {conversion.person_id for conversion in seen})
            now = {conversion.conversion_id: conversion for conversion in await self.conversions.many(tx, conversion_ids)}
            answers: list[dict[str, Any]] = []
            moved: list[Conversion] = []
            for conversion_id in conversion_ids:
                try:
                    current = now.get(conversion_id)
                    if current is None:
                        raise unknown("conversion", "转换业务")
                    if act == "approve":
                        after = current.approved(actor, note, self._third_level_from())
                    else:
                        after = current.checked(actor, note, advance_approved=await self._advanced(tx, current))
                except Refusal as refused:
                    answers.append({"conversion_id": conversion_id, "problem": refused.as_problem()})
                    continue
                now[conversion_id] = after
                moved.append(after)
                answers.append(_answer(after))
            await self.conversions.move(tx, moved, self.clock.now())
            for conversion in moved:
                tx.emit(conversion_changed(conversion, self.clock.now()))
            return {"items": answers}

        return (await self.once.run(key, work))[0]

    def _third_level_from(self) -> int:
        return self.policies.on(self.clock.today()).approval.third_level_from

    async def _advanced(self, tx: Tx, conversion: Conversion) -> bool:
        """Whether an advance on its case is approved; asked only where the fund would advance."""
        if conversion.figures is None or conversion.figures.debtor is None:
            return False
        return any(a.state is AdvanceState.APPROVED for a in await self.advances.of_case(tx, conversion.case_id))

    async def _act(self, key: OnceKey, conversion_id: str, act: Callable[[Conversion, bool], Conversion]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            current = await self.conversions.locked(tx, conversion_id)
            if current is None:
                raise unknown("conversion", "转换业务")
            now = self.clock.now()
            after = act(current, await self._advanced(tx, current))
            await self.conversions.save(tx, after, now)
            tx.emit(conversion_changed(after, now))
            if after.state in ENDED:
                await self.propose.run(tx, [after.person_id])
            return _answer(after)

        return (await self.once.run(key, work))[0]


def _answer(conversion: Conversion) -> dict[str, Any]:
    return {
        "conversion_id": conversion.conversion_id,
        "state": conversion.state.value,
        "maker": conversion.maker,
        "checker": conversion.checker,
        "approver": conversion.approver,
        "note": conversion.note,
    }
