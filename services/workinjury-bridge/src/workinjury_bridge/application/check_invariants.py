"""Check every conversion and every stay settled directly against its journals, and the inter-fund balances against the medical books (reference B15)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shared.errors import Refusal
from shared.ledger import Book
from shared.transactions import UnitOfWork
from workinjury_bridge.application.benefits.ports import BenefitChecks
from workinjury_bridge.application.clearing.ports import Clearings, Dues
from workinjury_bridge.application.out_of_area.ports import RemoteStays
from workinjury_bridge.application.ports import (
    Cases,
    ClaimsGateway,
    Conversions,
    Deductions,
    Directs,
    Ledger,
    Mutual,
    Recoveries,
    Transfers,
)
from workinjury_bridge.application.recurrence.ports import Recurrences
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.conversion import Step, next_step
from workinjury_bridge.domain.invariants import Breach, breaches_of, breaches_of_direct, breaches_of_stay
from workinjury_bridge.domain.recovery import MovementKind
from workinjury_bridge.domain.recurrence import decision_in_force

_PAGE = 200
_BETWEEN_THE_BOOKS = frozenset({Step.BEGIN, Step.TAKE_BACK, Step.INSTRUCT, Step.TRANSFER, Step.RESTORE})
"""Before these steps one side may have booked what the other has not; who only waits to be paid, heirs for instance, is no longer
between the books."""


@dataclass(frozen=True, slots=True)
class CheckInvariants:
    """Reads only; each conversion is seen in one transaction under its person's lock, so never half way."""

    work: UnitOfWork
    cases: Cases
    conversions: Conversions
    transfers: Transfers
    recoveries: Recoveries
    recurrences: Recurrences
    directs: Directs
    deductions: Deductions
    remote_stays: RemoteStays
    ledger: Ledger
    claims: ClaimsGateway
    dues: Dues
    clearings: Clearings
    benefits: BenefitChecks
    book: BenefitBook

    async def run(self) -> dict[str, Any]:
        """``{checked, in_flight, inter_fund, breaches}``; ``inter_fund`` is ``equal``, ``in-flight`` or ``unknown``."""
        breaches: list[Breach] = []
        checked = in_flight = 0
        last = ""
        while True:
            async with self.work.transaction() as tx:
                page = await self.conversions.after(tx, last, _PAGE)
            for seen in page:
                async with self.work.transaction() as tx:
                    conversion = await self.conversions.locked(tx, seen.conversion_id)
                    case = await self.cases.get(tx, seen.case_id)
                    if conversion is None or case is None:
                        continue
                    transfers = await self.transfers.of_conversion(tx, seen.conversion_id)
                    recurrences = await self.recurrences.of_person(tx, case.person_id)
                    debts = await self.recoveries.of_conversion(tx, seen.conversion_id)
                    dues = await self.dues.of_conversion(tx, seen.conversion_id)
                    about = await self.ledger.of_settlement(tx, seen.settlement_id)
                mine = [entry for entry in about if entry.conversion_id == conversion.conversion_id]
                effective = decision_in_force(case, recurrences, conversion.decision_id)
                breaches.extend(breaches_of(conversion, transfers, mine, effective, debts, dues))
                checked += 1
                in_flight += next_step(conversion, transfers, dues) in _BETWEEN_THE_BOOKS
            if len(page) < _PAGE:
                break
            last = page[-1].conversion_id
        async with self.work.transaction() as tx:
            for debtor, debts_fen, book_fen in await self.recoveries.disagreeing(tx):
                problem = f"debts say {debts_fen}, the book says {book_fen}"
                breaches.append(Breach(rule="9", subject_id=debtor, problem=problem))
        breaches.extend(await self.check_benefits())
        breaches.extend(await self.check_directs())
        breaches.extend(await self.check_remote_stays())
        async with self.work.transaction() as tx:
            in_flight += len(await self.directs.reverting(tx, _PAGE))
            in_flight += sum(m.kind is MovementKind.SET_OFF for m in await self.recoveries.unbooked(tx, _PAGE))
        inter_fund = "in-flight" if in_flight else await self._inter_fund(breaches)
        return {
            "checked": checked,
            "in_flight": in_flight,
            "inter_fund": inter_fund,
            "breaches": [asdict(breach) for breach in breaches],
        }

    async def check_directs(self) -> list[Breach]:
        """B15.5, 9 and 14 for direct settlements, each seen under its person's lock."""
        found: list[Breach] = []
        last = ""
        while True:
            async with self.work.transaction() as tx:
                page = await self.directs.after(tx, last, _PAGE)
            for seen in page:
                if seen.settlement_id is None:
                    continue
                async with self.work.transaction() as tx:
                    settlement = await self.directs.locked(tx, seen.key)
                    case = await self.cases.get(tx, seen.case_id)
                    if settlement is None or settlement.settlement_id is None or case is None:
                        continue
                    entries = await self.ledger.of_settlement(tx, settlement.settlement_id)
                    cuts = await self.deductions.of_settlement(tx, settlement.settlement_id)
                    debts = await self.recoveries.of_settlement(tx, settlement.settlement_id)
                cut = sum(deduction.amount_fen for deduction in cuts if deduction.stands)
                found += breaches_of_direct(settlement, entries, cut, case.effective, debts)
            if len(page) < _PAGE:
                return found
            last = page[-1].key

    async def check_remote_stays(self) -> list[Breach]:
        """B15.5 and 9 for stays elsewhere, each seen under its person's lock."""
        found: list[Breach] = []
        last = ""
        while True:
            async with self.work.transaction() as tx:
                page = await self.remote_stays.after(tx, last, _PAGE)
            for seen in page:
                async with self.work.transaction() as tx:
                    stay = await self.remote_stays.locked(tx, seen.stay_id)
                    entries = await self.ledger.of_settlement(tx, seen.stay_id)
                    debts = await self.recoveries.of_settlement(tx, seen.stay_id)
                if stay is not None:
                    found += breaches_of_stay(stay, entries, debts)
            if len(page) < _PAGE:
                return found
            last = page[-1].stay_id

    async def check_benefits(self) -> list[Breach]:
        """B15.5, 6, 9, 10 and 12 for the cash benefits: what was granted, what the book says, and who was paid."""
        async with self.work.transaction() as tx:
            misbooked = await self.benefits.misbooked(tx)
            misadvanced = await self.benefits.misadvanced(tx)
            gone = await self.benefits.paid_while_gone(tx)
            overdrawn = await self.benefits.overdrawn(tx)
            beyond = await self.benefits.dependants_beyond_wage(tx)
        found = [
            Breach(rule="5", subject_id=case_id, problem=f"granted {granted} on {account}, the book says {booked}")
            for case_id, account, granted, booked in misbooked
        ]
        found += [
            Breach(rule="9", subject_id=benefit_id, problem=f"{granted} granted in advance, its debts hold {held}")
            for benefit_id, granted, held in misadvanced
        ]
        found += [Breach(rule="12", subject_id=payment_id, problem="paid to somebody gone") for payment_id in gone]
        found += [
            Breach(rule="6", subject_id=party, problem=f"{fen} fen more than was payable, or owed") for party, fen in overdrawn
        ]
        # a later rise may go beyond own wage where the rule book holds the ceiling against the first amounts only
        found += [
            Breach(rule="10", subject_id=case_id, problem=f"dependants got {fen} for {month:%Y-%m}, own wage is {wage}")
            for case_id, month, fen, wage in beyond
            if self.book.on(month).death.ceiling == "paid" or not self.book.adjustments
        ]
        return found

    async def _inter_fund(self, breaches: list[Breach]) -> str:
        """B15.2: what each fund says of the other is the same, as long as nothing is on its way."""
        async with self.work.transaction() as tx:
            ours = await self.ledger.fund_balances(tx)
            if await self.clearings.open_transfers(tx):
                return "in-flight"
            cleared = {(payer, payee): fen for payer, payee, fen in await self.dues.open_sums(tx)}
        books = [book for book in Book if book is not Book.WI]
        try:
            theirs = await self.claims.owed_with_us(books)
        except Refusal:
            return "unknown"
        for book in books:
            we, they = ours.get(book, Mutual()), theirs.get(book, Mutual())
            if we != they:
                problem = f"we say {we.owed_to_us} and {we.owed_by_us}, {book} says {they.owed_to_us} and {they.owed_by_us}"
                breaches.append(Breach(rule="2", subject_id=book.value, problem=problem))
            due = Mutual(cleared.get((book, Book.WI), 0), cleared.get((Book.WI, book), 0))
            if due != we:
                problem = (
                    f"debts to clear say {due.owed_to_us} and {due.owed_by_us}, the book {we.owed_to_us} and {we.owed_by_us}"
                )
                breaches.append(Breach(rule="2", subject_id=book.value, problem=problem))
        return "equal"
