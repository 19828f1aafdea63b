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
from workinjury_bridge.domain.benefits.journals import about_entitlement, month_entry
from workinjury_bridge.domain.benefits.loss import awaits_heirs, rerouted
from workinjury_bridge.domain.benefits.monthly import differences, expect_decided
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.journals import Stamp


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
        postings, entries, reliefs = [], [], []
        advanced: dict[str, int] = {}
        today = self.clock.today()
        vouchers = await self.ledger.next_vouchers(tx, today, len(found))
        for difference, voucher_no in zip(found, vouchers, strict=True):
            known, amount = booked.get(difference.month), difference.amount_fen
            debtor = known.debtor if known is not None else debtor_of(file.case, entitlement.kind, difference.month)
            relief = None
            if debtor is not None and amount < 0:
                relief = await self.advance.relieve(tx, entitlement_id, -amount)
                reliefs.append(relief)
            elif debtor is not None:
                advanced[debtor] = advanced.get(debtor, 0) + amount
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=voucher_no)
            entries.append(month_entry(concern, entitlement.kind, difference, stamp, debtor, relief))
            postings.append(
                Posting(
                    posting_id=self.ids.new(),
                    entitlement_id=entitlement_id,
                    person_id=entitlement.person_id,
                    month=difference.month,
                    run_month=month,
                    amount_fen=amount,
                    reason=difference.reason,
                    calculation=difference.calculation,
                    entry_id=stamp.entry_id,
                    paid=not waits or amount < 0,
                    debtor=debtor,
                )
            )
        for debtor, amount in advanced.items():
            await self.advance.expect_approved(tx, file.case, entitlement.kind)
            await self.advance.owe(tx, file.case, entitlement_id, debtor, amount)
        await self.ledger.append(tx, entries)
        for relief in reliefs:
            await self.advance.give_back(tx, file.case, entitlement_id, relief)
        await self.postings.add(tx, postings, self.clock.now())
        owed = sum(d.amount_fen for d in found if d.amount_fen > 0)
        if owed and not waits:
            await self.pay.run(tx, concern, ((entitlement.kind.value, owed),), benefit_id=entitlement_id, month=month)
        await self.entitlements.save_run(tx, entitlement.run(month, paid=bool(owed)), self.clock.now())
