"""The monthly run (按月发放): every entitlement is booked and paid up to the month, arrears and overpayments included.

One transaction per entitlement: read the facts, book the differences to what is booked already, pay, and note the month as
dealt with. What is left to do is read from the tables alone, so a run may die between any two lines, be taken up by another
process, or run twice at once. One that does not succeed is put off with its cause and hinders no other. A month of an injury
whose employer was not insured is advanced, and the employer's debt grows by it (B7); without an approved advance it is put off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Entitlements, Losses, Posting, Postings
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.benefits.bearer import debtor_of
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.journals import about_entitlement, benefit_entry, overpaid_entry
from workinjury_bridge.domain.benefits.kinds import NAMES
from workinjury_bridge.domain.benefits.loss import awaits_heirs, rerouted
from workinjury_bridge.domain.benefits.monthly import Difference, differences, expect_decided
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.journals import Concern, Stamp
from workinjury_bridge.domain.recognition import InjuryCase


@dataclass(frozen=True, slots=True)
class RunPensions:
    """Safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    collect: CollectCaseFile
    entitlements: Entitlements
    postings: Postings
    losses: Losses
    advance: AdvanceBenefit
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
        booked = await self.postings.of(tx, entitlement_id)
        found = differences(entitlement, month, file, self.book, booked)
        loss = await self.losses.of(tx, entitlement.person_id)
        waits = awaits_heirs(loss)
        concern = rerouted(about_entitlement(entitlement, file.case), loss)
        postings = []
        for difference in found:
            known = booked.get(difference.month)
            debtor = known.debtor if known is not None else debtor_of(file.case, entitlement.kind, difference.month)
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
                    entry_id=await self._book(tx, entitlement, difference, concern, file.case, debtor),
                    paid=not waits or difference.amount_fen < 0,
                    debtor=debtor,
                )
            )
        await self.postings.add(tx, postings, self.clock.now())
        owed = sum(d.amount_fen for d in found if d.amount_fen > 0)
        if owed and not waits:
            await self.pay.run(tx, concern, ((entitlement.kind.value, owed),), benefit_id=entitlement_id, month=month)
        await self.entitlements.save_run(tx, entitlement.run(month, paid=bool(owed)), self.clock.now())

    async def _book(
        self, tx: Tx, entitlement: Entitlement, difference: Difference, concern: Concern, case: InjuryCase, debtor: str | None
    ) -> str:
        """Book one month's difference, and what an uninsured employer owes or no longer owes; the journal's id."""
        today, kind, amount = self.clock.today(), entitlement.kind, difference.amount_fen
        benefit_id = entitlement.entitlement_id
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        memo = f"{NAMES[kind]} {difference.month:%Y-%m}"
        if amount < 0:
            relief = None if debtor is None else await self.advance.relieve(tx, benefit_id, -amount)
            memo = f"{memo} 多发追回：{difference.reason}"
            await self.ledger.append(tx, [overpaid_entry(concern, kind, -amount, stamp, memo=memo, relief=relief)])
            if relief is not None:
                await self.advance.give_back(tx, case, benefit_id, relief)
            return stamp.entry_id
        memo += f" 补发：{difference.reason}" if difference.reason else ""
        if debtor is not None:
            await self.advance.expect_approved(tx, case, kind)
            await self.advance.owe(tx, case, benefit_id, debtor, amount)
            memo = f"先行支付{memo}"
        await self.ledger.append(tx, [benefit_entry(concern, kind, amount, stamp, debtor=debtor, memo=memo)])
        return stamp.entry_id
