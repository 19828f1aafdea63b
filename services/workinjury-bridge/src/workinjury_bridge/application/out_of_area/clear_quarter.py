"""Pay a province for a quarter, and lay money out in advance (B8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.out_of_area.ports import QuarterClearings, RemoteStays
from workinjury_bridge.application.out_of_area.track_stay import CLEARING_DEADLINE
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.facts import clearing_completed, clearing_overdue, remote_stay_changed
from workinjury_bridge.domain.journals import Hands, Stamp
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing, expect_bill, quarter_name, quarter_of
from workinjury_bridge.domain.out_of_area.journals import clearing_entry, prefund_entry
from workinjury_bridge.domain.out_of_area.refusals import beyond_prefund, quarter_cleared, stay_invalid
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, province_of
from workinjury_bridge.domain.refusals import same_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The national bill of a quarter, and who answers for paying it."""

    province: str
    quarter: date
    bill_no: str
    bill_fen: int
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class ClearQuarter:
    """The prefund is never consumed by a clearing."""

    once: Once
    stays: RemoteStays
    clearings: QuarterClearings
    ledger: Ledger
    clock: Clock
    ids: IdFactory

    async def pay(self, key: OnceKey, bill: Bill) -> dict[str, Any]:
        """Dr 2205 / Cr 1003. Refuses a bill that is not what the book owes, stays not audited, a quarter that has not ended, one paid."""
        if bill.quarter != quarter_of(bill.quarter) or bill.province != province_of(bill.province):
            raise stay_invalid("quarter", "清算期应为季度首日，地区应为省级行政区划代码")

        async def work(tx: Tx) -> dict[str, Any]:
            await self.clearings.lock(tx, bill.province, bill.quarter)
            if await self.clearings.of(tx, bill.province, bill.quarter) is not None:
                raise quarter_cleared(quarter_name(bill.quarter))
            stays = await self.stays.of_quarter(tx, bill.province, bill.quarter)
            today, now = self.clock.today(), self.clock.now()
            expect_bill(stays, bill.bill_fen, bill.quarter, today)
            clearing = QuarterClearing(
                clearing_id=self.ids.new(),
                province=bill.province,
                quarter=bill.quarter,
                bill_no=bill.bill_no,
                amount_fen=bill.bill_fen,
                cleared_on=today,
                maker=bill.maker,
                checker=bill.checker,
            )
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(tx, [clearing_entry(clearing, stamp)])
            await self.clearings.add(tx, clearing, now)
            for stay in stays:
                after = stay.cleared(clearing.clearing_id)
                await self.stays.save(tx, after, now)
                tx.emit(remote_stay_changed(after, now))
            tx.cancel(CLEARING_DEADLINE, f"{bill.province}:{bill.quarter}")
            tx.emit(clearing_completed(clearing, len(stays), now))
            return {
                "clearing_id": clearing.clearing_id,
                "province": clearing.province,
                "quarter": clearing.quarter.isoformat(),
                "amount_fen": clearing.amount_fen,
                "stays": len(stays),
                "voucher_no": stamp.voucher_no,
            }

        return (await self.once.run(key, work))[0]

    async def prefund(self, key: OnceKey, province: str, amount_fen: int, hands: Hands, *, back: bool) -> dict[str, Any]:
        """Dr 1131 / Cr 1003, or ``back``. Refuses one hand alone, and taking back more than the province holds."""
        if hands.checker in (None, hands.maker):
            raise same_hand()
        if province != province_of(province):
            raise stay_invalid("province", "地区应为省级行政区划代码")

        async def work(tx: Tx) -> dict[str, Any]:
            await self.clearings.lock(tx, province, date.min)
            held = await self.clearings.prefunded_fen(tx, province)
            if back and amount_fen > held:
                raise beyond_prefund(held)
            today = self.clock.today()
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(tx, [prefund_entry(province, amount_fen, stamp, hands, back=back)])
            return {
                "province": province,
                "held_fen": held + (-amount_fen if back else amount_fen),
                "voucher_no": stamp.voucher_no,
            }

        return (await self.once.run(key, work))[0]

    async def overdue(self, tx: Tx, subject: str) -> None:
        """The day of payment has passed for ``province:quarter``: say so."""
        province, _, day = subject.partition(":")
        quarter = date.fromisoformat(day)
        waiting = [s for s in await self.stays.of_quarter(tx, province, quarter) if s.state is not RemoteState.CLEARED]
        if waiting:
            tx.emit(clearing_overdue(province, quarter, sum(s.payable_fen for s in waiting), len(waiting), self.clock.now()))
