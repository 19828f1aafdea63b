"""Propose the month-end clearing of a fund, approve it, take it up again after money was short (B13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.clearing.ports import Clearings, Dues
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.domain.clearing import Clearing, ClearingState, cut_off_of, first_of_next
from workinjury_bridge.domain.facts import clearing_changed
from workinjury_bridge.domain.refusals import already_cleared, before_cut_off, earlier_clearing, unknown


@dataclass(frozen=True, slots=True)
class DecideClearing:
    """One proposes, another approves; the money moves in ``AdvanceClearing``."""

    once: Once
    clearings: Clearings
    dues: Dues
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def propose(self, key: OnceKey, payer: Book, month: str, actor: str) -> dict[str, Any]:
        """Refuses before the cut-off (last working day) and a month that has a run."""
        cut_off = cut_off_of(month, self.calendar)
        today = self.clock.today()
        if today < cut_off:
            raise before_cut_off(cut_off)
        last = first_of_next(month).replace(day=self.policies.on(today).clearing.pay_by_day)
        clearing = Clearing(
            clearing_id=self.ids.new(),
            payer=payer,
            month=month,
            cut_off=cut_off,
            pay_by=self.calendar.on_or_after(last).on,
            maker=actor,
        )

        async def work(tx: Tx) -> dict[str, Any]:
            await self.clearings.lock(tx, payer)
            if not await self.clearings.add(tx, clearing, self.clock.now()):
                raise already_cleared(payer.value, month)
            tx.emit(clearing_changed(clearing, 0, self.clock.now()))
            return _answer(clearing)

        return (await self.once.run(key, work))[0]

    async def approve(self, key: OnceKey, clearing_id: str, actor: str) -> dict[str, Any]:
        """Freezes what is booked by the cut-off, and what an earlier run has left over, which is closed with that.

        Refuses the proposer, and while an earlier month is not frozen or its money is on its way.
        """

        async def work(tx: Tx) -> dict[str, Any]:
            clearing = (await self._locked(tx, clearing_id)).frozen(actor)
            earlier = [c for c in await self.clearings.unfinished(tx, clearing.payer) if c.month < clearing.month]
            for before in earlier:
                if before.state is not ClearingState.PARTIAL:
                    raise earlier_clearing(before.month, before.state)
            now = self.clock.now()
            for before in earlier:
                left = sum(due.open_fen for due in await self.dues.of_clearing(tx, before.clearing_id))
                after = before.carried(left)
                await self.clearings.save(tx, after, now)
                tx.emit(clearing_changed(after, 0, now))
            await self.dues.freeze(tx, clearing, [before.clearing_id for before in earlier])
            await self.clearings.save(tx, clearing, now)
            frozen = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing_id))
            tx.emit(clearing_changed(clearing, frozen, now))
            return _answer(clearing)

        return (await self.once.run(key, work))[0]

    async def resume(self, key: OnceKey, clearing_id: str) -> dict[str, Any]:
        """Another round for what is left, after money came or what held a transfer is put right. Refuses other states."""

        async def work(tx: Tx) -> dict[str, Any]:
            clearing = (await self._locked(tx, clearing_id)).resumed()
            now = self.clock.now()
            await self.clearings.save(tx, clearing, now)
            left = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing_id))
            tx.emit(clearing_changed(clearing, left, now))
            return _answer(clearing)

        return (await self.once.run(key, work))[0]

    async def _locked(self, tx: Tx, clearing_id: str) -> Clearing:
        found = await self.clearings.locked(tx, clearing_id)
        if found is None:
            raise unknown("clearing", "清算")
        return found


def _answer(clearing: Clearing) -> dict[str, Any]:
    return {
        "clearing_id": clearing.clearing_id,
        "payer": clearing.payer.value,
        "month": clearing.month,
        "state": clearing.state.value,
        "cut_off": clearing.cut_off.isoformat(),
        "pay_by": clearing.pay_by.isoformat(),
    }
