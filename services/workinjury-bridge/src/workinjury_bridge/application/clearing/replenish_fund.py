"""Money comes into the work-injury fund's payment account, and what waited for it goes on (B13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import FundReplenished
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.clearing.ports import Clearings, Dues
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.clearing import ClearingState, Remedy
from workinjury_bridge.domain.facts import clearing_changed
from workinjury_bridge.domain.journals import Hands, Stamp, replenishment_entry
from workinjury_bridge.domain.refusals import same_fund_hand

_SOURCES = {
    Remedy.FISCAL_ACCOUNT: "财政专户拨款",
    Remedy.RESERVE: "动用储备金",
    Remedy.ADJUSTMENT_FUND: "省级调剂金",
    Remedy.GOVERNMENT_ADVANCE: "政府垫付",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replenishment:
    """What came in, from whom; two persons answer for it."""

    amount_fen: int
    source: Remedy
    reference: str
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class ReplenishFund:
    """Whatever its source, the money reaches the payment account through the fiscal account: Dr 1003 / Cr 1004."""

    once: Once
    clearings: Clearings
    dues: Dues
    ledger: Ledger
    clock: Clock
    ids: IdFactory

    async def run(self, key: OnceKey, command: Replenishment) -> dict[str, Any]:
        """Runs of the fund that were short go on. Refuses one person alone."""
        if command.maker == command.checker:
            raise same_fund_hand()

        async def work(tx: Tx) -> dict[str, Any]:
            await self.clearings.lock(tx, Book.WI)
            today, now = self.clock.today(), self.clock.now()
            voucher_no = await self.ledger.next_voucher(tx, today)
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=voucher_no)
            memo = f"{_SOURCES[command.source]}：{command.reference}"
            hands = Hands(maker=command.maker, checker=command.checker)
            await self.ledger.append(tx, [replenishment_entry(command.amount_fen, stamp, hands, memo)])
            tx.emit(
                FundReplenished(
                    replenishment_id=stamp.entry_id,
                    book=Book.WI.value,
                    amount_fen=command.amount_fen,
                    source=command.source.value,
                    reference=command.reference,
                    replenished_at=now,
                )
            )
            resumed = []
            for clearing in await self.clearings.unfinished(tx, Book.WI):
                if clearing.state is ClearingState.PARTIAL and clearing.short_fen:
                    after = clearing.resumed()
                    await self.clearings.save(tx, after, now)
                    left = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing.clearing_id))
                    tx.emit(clearing_changed(after, left, now))
                    resumed.append(clearing.clearing_id)
            return {"replenishment_id": stamp.entry_id, "voucher_no": voucher_no, "resumed": resumed}

        return (await self.once.run(key, work))[0]
