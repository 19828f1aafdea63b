"""The monthly run (按月发放): every entitlement is booked and paid up to the month, arrears and overpayments included.

One transaction per entitlement: read the facts, book the differences to what is booked already, pay, and note the month as
dealt with. What is left to do is read from the tables alone, so a run may die between any two lines, be taken up by another
process, or run twice at once. One that does not succeed is put off with its cause and hinders no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.ledger import Entry
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Entitlements, Losses, Posting, Postings
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.journals import about_entitlement, benefit_entry, overpaid_entry
from workinjury_bridge.domain.benefits.kinds import NAMES
from workinjury_bridge.domain.benefits.loss import rerouted
from workinjury_bridge.domain.benefits.monthly import Difference, differences, expect_decided
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.journals import Concern, Stamp


@dataclass(frozen=True, slots=True)
class RunPensions:
    """Safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    collect: CollectCaseFile
    entitlements: Entitlements
    postings: Postings
    losses: Losses
    ledger: Ledger
    pay: PayPerson
    book: BenefitBook
    clock: Clock
    ids: IdFactory

    def month(self) -> date:
        """The month that is to be paid now: from the day of the rule book on the present one, before it the last."""
        today = self.clock.today()
        return month_of(today) if today.day >= self.book.on(today).run.day else months_later(month_of(today), -1)

    async def due(self, limit: int = 50) -> Sequence[str]:
        """A batch of entitlements that the run has not dealt with."""
        async with self.work.transaction() as tx:
            return await self.entitlements.due(tx, self.month(), self.clock.now(), limit)

    async def run(self, entitlement_id: str) -> str | None:
        """Deal with one entitlement. Returns what hindered it, which is also stored with the time of the next try."""
        try:
            async with self.work.transaction() as tx:
                await self._run(tx, entitlement_id, self.month())
        except Exception as failed:  # whatever went wrong, it is tried again later and the cause is on the worklist
            hindrance = failed.zh if isinstance(failed, Refusal) else f"{type(failed).__name__}: {failed}"
            async with self.work.transaction() as tx:
                await self.entitlements.put_off(tx, entitlement_id, self.clock.now(), hindrance)
            return hindrance
        return None

    async def _run(self, tx: Tx, entitlement_id: str, month: date) -> None:
        entitlement = await self.entitlements.locked(tx, entitlement_id)
        if entitlement is None or not await self.entitlements.is_due(tx, entitlement_id, month):
            return
        file = await self.collect.run(tx, entitlement.case_id)
        expect_decided(entitlement, file)
        found = differences(entitlement, month, file, self.book, await self.postings.of(tx, entitlement_id))
        loss = await self.losses.of(tx, entitlement.person_id)
        waits = loss is not None and loss.stands and not loss.heirs_proof
        concern = rerouted(about_entitlement(entitlement, file.case), loss)
        entries, postings = [], []
        for difference in found:
            entry = await self._entry(tx, entitlement, difference, concern)
            entries.append(entry)
            postings.append(
                Posting(
                    posting_id=self.ids.new(),
                    entitlement_id=entitlement_id,
                    person_id=entitlement.person_id,
                    month=difference.month,
                    run_month=month,
                    amount_fen=difference.amount_fen,
                    reason=difference.reason,
                    calculation=difference.calculation,
                    entry_id=entry.entry_id,
                    paid=not waits or difference.amount_fen < 0,
                )
            )
        await self.ledger.append(tx, entries)
        await self.postings.add(tx, postings, self.clock.now())
        owed = sum(d.amount_fen for d in found if d.amount_fen > 0)
        if owed and not waits:
            await self.pay.run(tx, concern, ((entitlement.kind.value, owed),), benefit_id=entitlement_id, month=month)
        await self.entitlements.save_run(tx, entitlement.run(month, paid=bool(owed)), self.clock.now())

    async def _entry(self, tx: Tx, entitlement: Entitlement, difference: Difference, concern: Concern) -> Entry:
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        memo = f"{NAMES[entitlement.kind]} {difference.month:%Y-%m}"
        if difference.amount_fen < 0:
            return overpaid_entry(
                concern, entitlement.kind, -difference.amount_fen, stamp, memo=f"{memo} 多发追回：{difference.reason}"
            )
        arrears = f" 补发：{difference.reason}" if difference.reason else ""
        return benefit_entry(concern, entitlement.kind, difference.amount_fen, stamp, memo=memo + arrears)
