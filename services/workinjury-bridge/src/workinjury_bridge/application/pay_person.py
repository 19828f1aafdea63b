"""Pay a person or an employer what the work-injury book owes, less what the same party owes the same book (B0.5, B15.11), and less what
it owes a medical fund where consent or an order allows that (B10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.contracts.workinjury_bridge import BenefitPaid
from shared.ids import IdFactory
from shared.ledger import Book, Entry
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.application.ports import Ledger, Payment, Recoveries, SetOffs
from workinjury_bridge.application.recovery.track_debt import TrackDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.benefits.loss import Loss, expect_payable, rerouted
from workinjury_bridge.domain.journals import Concern, Hands, Stamp, fund_set_off_entry, payment_entry, set_off_entry
from workinjury_bridge.domain.recovery import Movement, MovementKind, Recovery
from workinjury_bridge.domain.set_off import SetOff


@dataclass(frozen=True, slots=True)
class PayPerson:
    """Inside the caller's transaction, under the person's lock; the payable (2203, 2204) is already booked."""

    ledger: Ledger
    recoveries: Recoveries
    track_debt: TrackDebt
    losses: Losses
    set_offs: SetOffs
    cash: CheckCash
    clock: Clock
    ids: IdFactory

    async def run(
        self,
        tx: Tx,
        concern: Concern,
        items: Sequence[tuple[str, int]],
        *,
        matter_id: str | None = None,
        benefit_id: str | None = None,
        month: date | None = None,
        repays: str | None = None,
        against_debt: bool = True,
        to: str | None = None,
    ) -> None:
        """Pay one; see ``run_all`` and ``Payout``."""
        payout = Payout(
            concern=concern,
            items=items,
            matter_id=matter_id,
            benefit_id=benefit_id,
            month=month,
            repays=repays,
            against_debt=against_debt,
            to=to,
        )
        await self.run_all(tx, [payout])

    async def run_all(self, tx: Tx, payouts: Sequence[Payout]) -> None:
        """Pay them, or let them wait for money where the payment account is watched (``CheckCash``); nothing of them is half done.

        Refuses what nobody may have now: somebody dead or missing is never paid, only heirs who have proven it (B15.12).
        """
        payouts = [payout for payout in payouts if payout.due_fen]
        losses = await self.expect_payable(tx, payouts)
        if payouts and await self.cash.let_out(tx, payouts):
            await self.pay_out(tx, payouts, losses)

    async def expect_payable(self, tx: Tx, payouts: Sequence[Payout]) -> Mapping[str, Loss]:
        """Who of them is dead or missing. Refuses while heirs have not proven their right."""
        losses = await self.losses.among(tx, {payout.concern.person_id for payout in payouts}) if payouts else {}
        for payout in payouts:
            if not payout.to_debtor:
                expect_payable(losses.get(payout.concern.person_id))
        return losses

    async def pay_out(self, tx: Tx, payouts: Sequence[Payout], losses: Mapping[str, Loss]) -> None:
        """Pay them now, one journal each for set-off and payment; whether there is money, and who is gone (``expect_payable``), is
        asked already.

        Every item is told, also one that a debt has eaten up: the person has had it, and a matter may wait for it.
        """
        met = await self._set_off(tx, [payout for payout in payouts if payout.against_debt])
        crossing = {payout.concern.person_id for payout in payouts if payout.against_debt and not payout.to_debtor}
        others = _ForOtherFunds(await self.set_offs.standing(tx, crossing) if crossing else ())
        vouchers = iter(await self.ledger.next_vouchers(tx, self.clock.today(), 2 * len(payouts)))
        entries: list[Entry] = []
        payments: list[Payment] = []
        for payout in payouts:
            loss = losses.get(payout.concern.person_id)
            concern = rerouted(payout.concern, loss)
            own = payout.to in (None, party.person(concern.person_id))
            who = concern.payable_dim if own else payout.to or ""
            set_off = next(met) if payout.against_debt else 0
            if set_off:
                entries.append(set_off_entry(concern, who, payout.debtor, set_off, self._stamp(next(vouchers))))
            left = payout.due_fen - set_off
            if payout.against_debt and who == party.person(concern.person_id):
                crossed = await self._meet_others(tx, others, concern, left)
                entries += crossed
                left -= sum(line.debit_fen for entry in crossed for line in entry.lines)
            voucher_no = ""
            if left:
                voucher_no = next(vouchers)
                entries.append(payment_entry(concern, who, left, self._stamp(voucher_no)))
            for kind, amount in payout.items:
                if not amount:
                    continue
                payment = self._payment(payout, concern, who, kind, min(amount, left), voucher_no)
                left -= payment.amount_fen
                if payment.amount_fen:
                    payments.append(payment)
                to_heirs = loss is not None and loss.stands and not payout.to_debtor
                tx.emit(_paid(payment, payout, amount - payment.amount_fen, to_heirs=to_heirs))
        await self.ledger.append(tx, entries)
        await self.ledger.add_payments(tx, payments)

    async def payee_of(self, tx: Tx, concern: Concern) -> Concern:
        """The concern whose payables go to the heirs when its person is gone; for whoever books what is paid here later."""
        return (await self.payees_of(tx, [concern]))[0]

    async def payees_of(self, tx: Tx, concerns: Sequence[Concern]) -> list[Concern]:
        """The same for many."""
        losses = await self.losses.among(tx, {concern.person_id for concern in concerns})
        return [rerouted(concern, losses.get(concern.person_id)) for concern in concerns]

    async def write_off(self, tx: Tx, person_id: str, amount_fen: int) -> None:
        """What a dead person owed is given up and booked (B14): its debts say so, oldest first."""
        left = amount_fen
        for debt in await self.recoveries.open_of(tx, Book.WI, {party.person(person_id)}):
            given_up = min(left, debt.open_fen)
            if given_up:
                await self.track_debt.run(tx, debt.given_up(given_up))
                left -= given_up

    async def _set_off(self, tx: Tx, payouts: Sequence[Payout]) -> Iterator[int]:
        """What each of these meets of the debts to this book, oldest first: the person's, also those of benefits; an employer's
        about the same person, whose lock is held."""
        debts: dict[str, list[Recovery]] = {}
        for debt in await self.recoveries.open_of(tx, Book.WI, {payout.debtor for payout in payouts}):
            debts.setdefault(debt.debtor, []).append(debt)
        owed = dict(await self.ledger.person_debts(tx, {payout.concern.person_id for payout in payouts}))
        amounts: list[int] = []
        for payout in payouts:
            person_id, due, met = payout.concern.person_id, payout.due_fen, 0
            for n, debt in enumerate(debts.get(payout.debtor, [])):
                amount = min(debt.open_fen, due - met)
                if amount and debt.person_id == person_id:
                    debts[payout.debtor][n] = await self.track_debt.run(tx, debt.received(amount))
                    met += amount
            if not payout.to_debtor:
                met = min(due, owed.get(person_id, 0))
                owed[person_id] = owed.get(person_id, 0) - met
            amounts.append(met)
        return iter(amounts)

    async def _meet_others(self, tx: Tx, others: _ForOtherFunds, concern: Concern, payable_fen: int) -> list[Entry]:
        """What of a payment meets the person's debts to medical funds, as far as somebody has allowed it (B10).

        Booked here; the medical book is told by the worker, which brings about the debt between the funds.
        """
        entries: list[Entry] = []
        now, today = self.clock.now(), self.clock.today()
        for allowed in others.of(concern.person_id):
            debt = await self.recoveries.get(tx, allowed.recovery_id)
            amount = 0 if debt is None else allowed.meets(debt, payable_fen)
            if debt is None or not amount:
                continue
            payable_fen -= amount
            stamp = self._stamp(await self.ledger.next_voucher(tx, today))
            hands = Hands(maker=allowed.maker, checker=allowed.checker)
            entries.append(fund_set_off_entry(concern, debt.debtor, debt.book, amount, stamp, hands))
            movement = Movement(
                movement_id=self.ids.new(),
                recovery_id=debt.recovery_id,
                kind=MovementKind.SET_OFF,
                amount_fen=amount,
                interest_fen=0,
                reference=allowed.document_no,
                maker=allowed.maker,
                checker=allowed.checker,
                booked=False,
                set_off_id=allowed.set_off_id,
                voucher_no=stamp.voucher_no,
            )
            await self.recoveries.add_movement(tx, movement, now)
            await self.track_debt.run(tx, debt.received(amount))
            used = allowed.applied(amount)
            others.put(used)
            await self.set_offs.save(tx, used, now)
        return entries

    def _payment(self, payout: Payout, concern: Concern, who: str, kind: str, amount_fen: int, voucher_no: str) -> Payment:
        return Payment(
            payment_id=self.ids.new(),
            case_id=concern.case_id,
            person_id=concern.person_id,
            settlement_id=concern.settlement_id,
            conversion_id=concern.conversion_id,
            kind=kind,
            amount_fen=amount_fen,
            voucher_no=voucher_no,
            paid_at=self.clock.now(),
            payee=who,
            benefit_id=payout.benefit_id,
            month=payout.month,
            repays=payout.repays,
        )

    def _stamp(self, voucher_no: str) -> Stamp:
        return Stamp(entry_id=self.ids.new(), booked_on=self.clock.today(), voucher_no=voucher_no)


class _ForOtherFunds:
    """What may be set off, as the payments of one transaction use it up."""

    def __init__(self, standing: Sequence[SetOff]) -> None:
        self._known = {allowed.set_off_id: allowed for allowed in standing}

    def of(self, person_id: str) -> list[SetOff]:
        return [allowed for allowed in self._known.values() if allowed.person_id == person_id]

    def put(self, allowed: SetOff) -> None:
        self._known[allowed.set_off_id] = allowed


def _paid(payment: Payment, payout: Payout, set_off_fen: int, *, to_heirs: bool) -> BenefitPaid:
    return BenefitPaid(
        payment_id=payment.payment_id,
        case_id=payment.case_id,
        person_id=payment.person_id,
        kind=payment.kind,
        amount_fen=payment.amount_fen,
        set_off_fen=set_off_fen,
        paid_at=payment.paid_at,
        conversion_id=payment.conversion_id,
        matter_id=payout.matter_id,
        benefit_id=payout.benefit_id,
        month=payout.month,
        to_heirs=to_heirs,
        paid_to=payment.payee,
    )
