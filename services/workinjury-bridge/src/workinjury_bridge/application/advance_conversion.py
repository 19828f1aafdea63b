"""The saga of a conversion: one step after the other until a person must act or nothing is left (reference B0.5, B1, B3).

A step is at most one call to claims followed by one transaction here. What to do next is read from what is stored, never
from memory; so the process may die between any two lines, run twice at once, or be handed to another machine. A call whose
answer was lost is repeated with the same key. Order: take back in claims, book here, reserve both sides of each transfer,
post both sides, pay the person. A final revocation turns the same way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.errors import Kind, Refusal, unavailable
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.audit.apply_deduction import DeductAfterAudit
from workinjury_bridge.application.clearing.ports import Clearings, Dues, OurPurse
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import (
    Cases,
    ClaimsGateway,
    Conversions,
    Ledger,
    Policies,
    Recoveries,
    Stays,
    Transfers,
)
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE, end_of, watch_limitation
from workinjury_bridge.domain import party
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.conversion import Conversion, Step, all_settled, next_step, same_payments
from workinjury_bridge.domain.facts import conversion_changed, recovery_changed, transfer_confirmed
from workinjury_bridge.domain.figures import Figures, convert, lines_to_keep
from workinjury_bridge.domain.journals import (
    Stamp,
    about_conversion,
    conversion_entry,
    reversion_entry,
    transfer_entry,
)
from workinjury_bridge.domain.limitation import years_after
from workinjury_bridge.domain.policy import Limitation, TransfersWhen, Uncleared
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.recovery import Cause, Recovery
from workinjury_bridge.domain.refusals import claims_disagrees, short_of_cash
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

OURS = frozenset({Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.UNAUTHENTICATED, Kind.FORBIDDEN})
"""Refusals that say nothing about the settlement: the step is tried again, the conversion does not fail."""
_LOOK_AGAIN = timedelta(days=1)
"""A clearing wakes what waits for it; this is for what nobody foresaw."""

BILL_CHANGED = "claims.conversion.changed"
"""Claims did nothing: since the approval an audit or a late fact has changed what would be taken back."""


@dataclass(frozen=True, slots=True)
class AdvanceConversion:
    """Drives conversions; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    cases: Cases
    stays: Stays
    conversions: Conversions
    transfers: Transfers
    recoveries: Recoveries
    ledger: Ledger
    claims: ClaimsGateway
    policies: Policies
    pay: PayPerson
    deduct: DeductAfterAudit
    propose: ProposeConversions
    dues: Dues
    clearings: Clearings
    purse: OurPurse
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Conversions that can go on now."""
        async with self.work.transaction() as tx:
            return await self.conversions.due(tx, self.clock.now(), limit)

    async def run(self, conversion_id: str) -> str | None:
        """Go on as far as possible. Returns what hindered it, which is also stored with the time of the next try."""
        try:
            while await self.step(conversion_id):
                pass
        except Exception as failed:  # whatever went wrong, the step is tried again later and the cause is on the worklist
            hindrance = failed.zh if isinstance(failed, Refusal) else f"{type(failed).__name__}: {failed}"
            async with self.work.transaction() as tx:
                await self.conversions.put_off(tx, conversion_id, self.clock.now(), hindrance)
            return f"{type(failed).__name__}: {failed}"
        return None

    async def step(self, conversion_id: str) -> bool:
        """Take the next step; False when there is none. Raises what claims or the database raise."""
        async with self.work.transaction() as tx:
            conversion = await self.conversions.get(tx, conversion_id)
            transfers = await self.transfers.of_conversion(tx, conversion_id)
            dues = await self.dues.of_conversion(tx, conversion_id)
        step = next_step(conversion, transfers, dues) if conversion is not None else None
        if conversion is None or step is None:
            return False
        match step:
            case Step.ASSESS:
                await self._assess(conversion)
            case Step.BEGIN:
                await self._change(conversion, conversion.begin())
            case Step.TAKE_BACK:
                await self._take_back(conversion)
            case Step.INSTRUCT:
                await self._start_transfers(conversion)
            case Step.TRANSFER:
                await self._transfer(conversion, next(t for t in transfers if t.open))
            case Step.PAY:
                await self._pay(conversion)
            case Step.WAIT:
                return not await self._rest(conversion)
            case Step.RESTORE:
                await self._restore(conversion)
            case Step.CLOSE:
                await self._close(conversion)
        return True

    async def _assess(self, conversion: Conversion) -> None:
        async with self.work.transaction() as tx:
            stay = await self.stays.get(tx, conversion.settlement_id)
            case = await self.cases.get(tx, conversion.case_id)
        if case is None:
            raise AssertionError("a conversion belongs to a case")
        try:
            bill = await self.claims.read_bill(conversion.settlement_id)
            policy = self.policies.on(bill.ended_on)
            terms = case.terms(conversion.facts, conversion.split, policy)
            keep = lines_to_keep(bill, terms)
            kept = await self.claims.decide_kept(conversion.settlement_id, keep) if keep else None
            inpatient = stay is not None and stay.inpatient
            after = conversion.assessed(convert(bill, policy, inpatient=inpatient, terms=terms, kept=kept))
        except Refusal as refused:
            if refused.kind in OURS:
                raise
            after = conversion.withdrawn(f"{refused.code}: {refused.zh}")
        async with self.work.transaction() as tx:
            now = await self.cases.locked(tx, conversion.case_id)
            if not await self._unchanged(tx, conversion) or now is None or now.facts != case.facts:
                return
            await self._save(tx, after)

    async def _take_back(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        try:
            net = self.policies.on(self.clock.today()).clearing.uncleared is Uncleared.NET
            taken = await self.claims.take_back(conversion, net=net)
        except Refusal as refused:
            if refused.kind in OURS:
                raise
            cause = f"{refused.code}: {refused.zh}"
            changed = refused.code == BILL_CHANGED
            after = conversion.restarted(cause) if changed else conversion.withdrawn(cause)
            await self._change(conversion, after, tell=True)
            return
        cash = (taken.cash_fen, taken.kept_cash_fen)
        if not same_payments(taken.owed, figures.owed) or cash != (figures.cash_fen, figures.kept_cash_fen):
            raise claims_disagrees(conversion.conversion_id)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            if figures.concern_the_fund:
                about = await self.pay.payee_of(tx, about_conversion(conversion))
                entry = conversion_entry(about, figures, await self._stamp(tx), taken.netted)
                await self.ledger.append(tx, [entry])
            case = await self.cases.get(tx, conversion.case_id)
            await self._open_debts(tx, conversion, _debts_of(conversion, figures), case)
            await self._save(tx, conversion.posted(taken.netted))

    async def _start_transfers(self, conversion: Conversion) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            await self._instruct_all(tx, conversion, Direction.OUT)
            await self._save(tx, conversion.transferring())

    async def _transfer(self, conversion: Conversion, transfer: Transfer) -> None:
        match transfer.state:
            case TransferState.INSTRUCTED:
                try:
                    await self.claims.reserve(conversion, transfer)
                    after = transfer.reserved()
                except Refusal as refused:
                    if refused.kind in OURS:
                        raise
                    after = transfer.voiding(f"{refused.code}: {refused.zh}")
                await self._change_transfer(conversion, transfer, after)
            case TransferState.RESERVED:
                await self._commit(conversion, transfer)
            case TransferState.COMMITTED:
                await self.claims.post(transfer)
                await self._change_transfer(conversion, transfer, transfer.confirmed())
            case _:
                await self.claims.void(transfer)
                await self._replace(conversion, transfer)

    async def _commit(self, conversion: Conversion, transfer: Transfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, transfer):
                return
            stamp = Stamp(entry_id=self.ids.new(), booked_on=self.clock.today(), voucher_no=transfer.voucher_no)
            await self.ledger.append(tx, [transfer_entry(about_conversion(conversion), transfer, stamp)])
            await self.transfers.save(tx, transfer.committed(), self.clock.now())

    async def _replace(self, conversion: Conversion, transfer: Transfer) -> None:
        """Both sides hold nothing any more: a successor under a new voucher number, taken up after a pause."""
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, transfer):
                return
            await self.transfers.save(tx, transfer.voided(), self.clock.now())
            await self._instruct(tx, transfer.conversion_id, transfer.book, transfer.direction, transfer.amount_fen)
        raise unavailable(
            "workinjury-bridge.transfer.refused", f"基金间调拨被拒绝：{transfer.cause}", f"transfer refused: {transfer.cause}"
        )

    async def _pay(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            if conversion.revoked:
                await self._save(tx, conversion.reverting())
                return
            dues = await self.dues.of_conversion(tx, conversion.conversion_id)
            if not conversion.paid:
                await self._expect_cash(tx, figures.payable_fen)
                for who in dict.fromkeys(who for _, who, _ in figures.payables):
                    items = [(kind, amount) for kind, to, amount in figures.payables if to == who]
                    await self.pay.run(tx, about_conversion(conversion), items, matter_id=conversion.matter_id, to=who)
            if all_settled(dues, Direction.OUT):
                await self._save(tx, conversion.settled())
            else:
                await self.conversions.save(tx, conversion.person_paid(), self.clock.now())

    async def _expect_cash(self, tx: Tx, amount_fen: int) -> None:
        """Where the funds clear at the month's end the payment account is watched: persons come first, but not out of nothing (B13)."""
        if not self._at_month_end() or not amount_fen:
            return
        await self.clearings.lock(tx, Book.WI)
        cash = await self.purse.cash_fen(tx)
        if cash < amount_fen:
            raise short_of_cash(amount_fen, cash)

    async def _rest(self, conversion: Conversion) -> bool:
        """Nothing to do before the month's clearing; True when that still holds while nobody can change it."""
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return False
            now = self.clock.now()
            # the row is held first: a clearing that confirms meanwhile wakes it afterwards
            await self.conversions.rest(tx, conversion.conversion_id, now + _LOOK_AGAIN)
            dues = await self.dues.of_conversion(tx, conversion.conversion_id)
            transfers = await self.transfers.of_conversion(tx, conversion.conversion_id)
            if next_step(conversion, transfers, dues) is Step.WAIT:
                return True
            await self.conversions.rest(tx, conversion.conversion_id, now)
            return False

    async def _restore(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        async with self.work.transaction() as tx:
            if await self.recoveries.unbooked(tx, 1, conversion_id=conversion.conversion_id):
                raise unavailable(
                    "workinjury-bridge.recovery.unbooked",
                    "追偿回款尚未在医保基金账套入账，稍后再恢复",
                    "receipts are not booked yet",
                )
        owed = await self.claims.restore(conversion)
        if not same_payments(owed, figures.owed):
            raise claims_disagrees(conversion.conversion_id)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            about = await self.pay.payee_of(tx, about_conversion(conversion))
            debts = await self.recoveries.of_conversion(tx, conversion.conversion_id)
            ours = [debt for debt in debts if debt.book is Book.WI]
            if figures.concern_the_fund:
                entries = await self.ledger.of_settlement(tx, conversion.settlement_id)
                mine = [e for e in entries if e.conversion_id == conversion.conversion_id]
                original = next(e for e in mine if e.kind == "conversion").entry_id
                stamp, paid = await self._stamp(tx), conversion.paid
                entry = reversion_entry(about, figures, stamp, paid=paid, reverses=original, debts=ours)
                await self.ledger.append(tx, [entry])
            await self.deduct.give_up(tx, conversion.settlement_id, "recognition revoked")
            for debt in debts:
                await self.recoveries.save(tx, debt.reversed(), self.clock.now())
                tx.emit(recovery_changed(debt.reversed(), self.clock.now()))
            if conversion.paid:
                paid_to: dict[str, int] = {}
                for _, who, amount in figures.payables:
                    paid_to[who] = paid_to.get(who, 0) + amount
                back = [(Book.WI, who, Cause.REVOKED, amount) for who, amount in paid_to.items()]
                await self._open_debts(tx, conversion, back)
            for debt in ours:
                # what came in for a debt that is no more belongs to whom it came from; a third party's money is the person's
                to = party.person(conversion.person_id) if party.is_third_party(debt.debtor) else debt.debtor
                kind = f"returned-{debt.recovery_id}"
                await self.pay.run(tx, about, [(kind, debt.recovered_fen)], matter_id=conversion.matter_id, to=to)
            await self._instruct_all(tx, conversion, Direction.BACK)
            await self.conversions.save(tx, conversion.medically_restored(), self.clock.now())

    async def _close(self, conversion: Conversion) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            await self._save(tx, conversion.reverted())
            await self.propose.run(tx, conversion.person_id)

    async def _change(self, before: Conversion, after: Conversion, *, tell: bool = False) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, before):
                return
            await self.conversions.save(tx, after, self.clock.now())
            if tell:
                tx.emit(conversion_changed(after, self.clock.now()))

    async def _change_transfer(self, conversion: Conversion, before: Transfer, after: Transfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, before):
                return
            now = self.clock.now()
            await self.transfers.save(tx, after, now)
            if after.state is TransferState.CONFIRMED:
                tx.emit(transfer_confirmed(conversion, after, now))

    async def _unchanged(self, tx: Tx, conversion: Conversion, transfer: Transfer | None = None) -> bool:
        """Whether nobody was faster: under the person's lock, what is stored is still what this step started from."""
        if await self.conversions.locked(tx, conversion.conversion_id) != conversion:
            return False
        return transfer is None or transfer in await self.transfers.of_conversion(tx, conversion.conversion_id)

    async def _save(self, tx: Tx, conversion: Conversion) -> None:
        now = self.clock.now()
        await self.conversions.save(tx, conversion, now)
        tx.emit(conversion_changed(conversion, now))

    async def _instruct_all(self, tx: Tx, conversion: Conversion, direction: Direction) -> None:
        """One transfer per book, each under a voucher number of its own; none to a book whose debt was taken over."""
        for book, amount in _figures(conversion).owed_by_book().items():
            if direction is Direction.OUT and book in conversion.netted:
                continue
            if self._at_month_end():
                await self.dues.add(tx, self._due(conversion, book, direction, amount))
                continue
            await self._instruct(tx, conversion.conversion_id, book, direction, amount)

    async def _instruct(self, tx: Tx, conversion_id: str, book: Book, direction: Direction, amount_fen: int) -> None:
        transfer = Transfer(
            transfer_id=self.ids.new(),
            conversion_id=conversion_id,
            voucher_no=await self.ledger.next_voucher(tx, self.clock.today()),
            book=book,
            direction=direction,
            amount_fen=amount_fen,
        )
        await self.transfers.add(tx, transfer, self.clock.now())

    def _due(self, conversion: Conversion, book: Book, direction: Direction, amount_fen: int) -> InterfundDue:
        out = direction is Direction.OUT
        return InterfundDue(
            due_id=self.ids.new(),
            payer=Book.WI if out else book,
            payee=book if out else Book.WI,
            conversion_id=conversion.conversion_id,
            amount_fen=amount_fen,
            due_on=self.clock.today(),
        )

    def _at_month_end(self) -> bool:
        return self.policies.on(self.clock.today()).clearing.transfers is TransfersWhen.MONTH_END

    async def _open_debts(
        self,
        tx: Tx,
        conversion: Conversion,
        debts: Sequence[tuple[Book, str, Cause, int]],
        case: InjuryCase | None = None,
    ) -> None:
        """What somebody owes from now on; the worker or a person demands it (B0.6)."""
        policy = self.policies.on(self.clock.today())
        due_on = self.calendar.add_working_days(self.clock.today(), policy.recoveries.demand_within).on
        for book, debtor, cause, amount in debts:
            debt = Recovery(
                recovery_id=self.ids.new(),
                case_id=conversion.case_id,
                person_id=conversion.person_id,
                settlement_id=conversion.settlement_id,
                conversion_id=conversion.conversion_id,
                decision_version=conversion.decision_version,
                book=book,
                debtor=debtor,
                cause=cause,
                advanced_fen=amount,
                due_on=due_on,
                limitation_on=None if case is None else _lapses_on(debtor, case.accident_on, policy.limitation),
            )
            await self.recoveries.save(tx, debt, self.clock.now())
            tx.schedule(RECOVERY_DEADLINE, debt.recovery_id, end_of(due_on))
            if debt.limitation_on is not None:
                watch_limitation(tx, debt, policy.limitation)
            tx.emit(recovery_changed(debt, self.clock.now()))

    async def _stamp(self, tx: Tx) -> Stamp:
        today = self.clock.today()
        return Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))


def _debts_of(conversion: Conversion, figures: Figures) -> list[tuple[Book, str, Cause, int]]:
    """(book, debtor, cause, fen) that a conversion makes somebody owe."""
    debts: list[tuple[Book, str, Cause, int]] = []
    for who, amount in figures.advances.items():
        debts.append((Book.WI, who, Cause.UNINSURED if party.is_employer(who) else Cause.THIRD_PARTY, amount))
    if figures.fund_refund_fen < 0:
        debts.append((Book.WI, party.person(conversion.person_id), Cause.SELF_PAID, -figures.fund_refund_fen))
    if figures.employer is not None:
        cause = Cause.LATE_FILING if figures.employer_cost_fen else Cause.UNINSURED
        debts += [(book, figures.employer, cause, amount) for book, amount in figures.employer_owed_by_book().items()]
    return debts


def _lapses_on(debtor: str, accident_on: date, limit: Limitation) -> date | None:
    """When the claim against a third party lapses (民法典 188); the other debtors owe by administrative order."""
    if not party.is_third_party(debtor):
        return None
    return years_after(accident_on, limit.longest_years if debtor == party.UNKNOWN_THIRD_PARTY else limit.years)


def _figures(conversion: Conversion) -> Figures:
    if conversion.figures is None:
        raise AssertionError("a conversion is checked only when its figures are known")
    return conversion.figures
