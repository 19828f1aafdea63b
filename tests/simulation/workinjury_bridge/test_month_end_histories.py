"""The random histories of a county whose funds pay each other at the month's end: clearings proposed, approved and paid at any
time, money short and coming in drops, months passing, with claims away and the process dying; what each fund owes the
other is what its book says after every step, and in the end every fund has what it is due.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from shared.ledger import Book
from tests.factories.workinjury_bridge.examples import MONTH_END
from tests.factories.workinjury_bridge.memory import balance
from tests.simulation.workinjury_bridge.test_random_histories import PERSONS, PICK, County
from workinjury_bridge.application.clearing.replenish_fund import Replenishment
from workinjury_bridge.domain.clearing import ClearingState, Remedy
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.transfer import TransferState

PAYERS = (Book.WI, Book.EMP, Book.LARGE, Book.MAF)
PLENTY = 10**11


class MonthEndCounty(County):
    """One bridge, one claims, two persons, and an accountant."""

    policies = MONTH_END

    @initialize(seed=st.integers(0, 2**32), level=st.sampled_from([0.0, 0.1, 0.3]))
    def begin(self, seed: int, level: float) -> None:
        super().begin(seed, level)
        for day in range(3):
            self.convert("P1", day, 5_000_000 + day, [4, 1, 3, 2, 5])

    @rule(
        person=st.sampled_from(PERSONS),
        day=st.integers(0, 60),
        amount=st.integers(1, 10**7),
        weights=st.lists(st.integers(0, 9), min_size=5, max_size=5),
    )
    def convert(self, person: str, day: int, amount: int, weights: list[int]) -> None:
        """A stay that is settled and converted at once."""
        lines: list[tuple[int, bool, bool | None]] = [(amount, True, None)]
        self.settle(person, day, 5, inpatient=True, amounts=lines, weights=weights, heard=True)
        self.approve_everything()
        self.run(self.bridge.go_on())

    @rule(payer=st.sampled_from((Book.WI, *PAYERS)))
    def month_ends(self, payer: Book) -> None:
        """The month passes and its clearing is approved by the second person, if no earlier one is on its way."""
        month = f"{self.bridge.clock.today():%Y-%m}"
        while f"{self.bridge.clock.today():%Y-%m}" == month:
            self.bridge.clock.advance(timedelta(days=1))
        decide = self.bridge.month_end.decide
        self.maybe(lambda key: decide.propose(key, payer, month, "a"))
        waiting = [c for c in self.bridge.state.clearings.values() if c.payer is payer and c.state is ClearingState.OPEN]
        for run in sorted(waiting, key=lambda c: c.month):
            actor = "b" if run.maker == "a" else "a"
            self.maybe(partial(decide.approve, clearing_id=run.clearing_id, actor=actor))

    @rule(days=st.integers(1, 20))
    def days_pass(self, days: int) -> None:
        self.bridge.clock.advance(timedelta(days=days))
        self.run(self.bridge.benefits.pay_pensions())
        self.run(self.bridge.month_end.pay_waiting.run())

    @rule(payer=st.sampled_from(PAYERS), back=st.integers(0, 2), actor=st.sampled_from("ab"))
    def propose(self, payer: Book, back: int, actor: str) -> None:
        day = self.bridge.clock.today()
        for _ in range(back):
            day = day.replace(day=1) - timedelta(days=1)
        self.maybe(lambda key: self.bridge.month_end.decide.propose(key, payer, f"{day:%Y-%m}", actor))

    @rule(pick=PICK, act=st.sampled_from(["approve", "approve", "resume"]), actor=st.sampled_from("ab"))
    def decide_clearing(self, pick: int, act: str, actor: str) -> None:
        ids = sorted(self.bridge.state.clearings)
        if not ids:
            return
        which, decide = ids[pick % len(ids)], self.bridge.month_end.decide
        if act == "approve":
            self.maybe(lambda key: decide.approve(key, which, actor))
        else:
            self.maybe(lambda key: decide.resume(key, which))

    @rule(payer=st.sampled_from(PAYERS), amount=st.integers(1, 4_000_000))
    def money_comes(self, payer: Book, amount: int) -> None:
        if payer is not Book.WI:
            self.bridge.claims.replenish(payer, amount)
            return
        command = Replenishment(amount_fen=amount, source=Remedy.RESERVE, reference="B", maker="a", checker="b")
        self.maybe(lambda key: self.bridge.month_end.replenish.run(key, command))

    @rule(pick=PICK, steps=st.integers(1, 40))
    def clear(self, pick: int, steps: int) -> None:
        bridge = self.bridge
        due = self.run(bridge.month_end.advance.due())
        if not due:
            return
        with self.in_trouble():
            for _ in range(steps):
                if not self.run(bridge.month_end.advance.step(due[pick % len(due)])):
                    break

    @invariant()
    def what_is_due_is_what_the_book_says(self) -> None:
        state = self.bridge.state
        for book in PAYERS[1:]:
            posted = [c for c in state.conversions.values() if c.state is ConversionState.POSTED and c.figures]
            waiting = sum(c.figures.owed_by_book().get(book, 0) for c in posted if c.figures and book not in c.netted)
            ours = sum(d.open_fen for d in state.dues.values() if d.payee is book)
            unbooked = [m for m in state.movements.values() if m.set_off_id is not None and not m.booked]
            crossing = sum(m.amount_fen for m in unbooked if state.recoveries[m.recovery_id].book is book)
            assert -balance(state, "2202", book) == ours + waiting + crossing
            assert balance(state, "1121", book) == sum(d.open_fen for d in state.dues.values() if d.payer is book)

    @invariant()
    def no_payment_overdraws_the_account(self) -> None:
        """B13, P1: whatever else has moved, a payment to a person or an employer leaves the account in credit."""
        left = 0
        for entry in self.bridge.state.entries.values():
            left += sum(line.debit_fen - line.credit_fen for line in entry.lines if line.account == "1003")
            assert entry.kind != "payment" or left >= 0

    @invariant()
    def a_voucher_is_in_two_books_or_in_none(self) -> None:
        """B15.3."""
        state = self.bridge.state
        for transfer in state.clearing_transfers.values():
            here = [e for e in state.entries.values() if e.voucher_no == transfer.voucher_no]
            assert len(here) == int(transfer.state in (TransferState.COMMITTED, TransferState.CONFIRMED))
            there = self.bridge.claims.transfers.get(transfer.transfer_id, ("unknown", {}))[0]
            if transfer.state is TransferState.CONFIRMED:
                assert there == "posted"
            if transfer.state is TransferState.VOIDED:
                assert there in ("unknown", "voided")

    def come_to_rest(self) -> None:
        """Money comes, and months are cleared until nobody owes anything."""
        bridge, decide = self.bridge, self.bridge.month_end.decide
        bridge.claims.refuse_reserve = 0
        for payer in PAYERS[1:]:
            bridge.claims.replenish(payer, PLENTY)
        command = Replenishment(amount_fen=PLENTY, source=Remedy.FISCAL_ACCOUNT, reference="B", maker="a", checker="b")
        self.run(bridge.month_end.replenish.run(self.key(), command))
        for _ in range(8):
            for _ in range(3):
                self.run(bridge.go_on())
            for run in sorted(bridge.state.clearings.values(), key=lambda c: c.month):
                if run.state is ClearingState.OPEN:
                    self.run(decide.approve(self.key(), run.clearing_id, "b" if run.maker == "a" else "a"))
                elif run.state is ClearingState.PARTIAL:
                    self.run(decide.resume(self.key(), run.clearing_id))
                self.run(bridge.go_on())
            month = f"{bridge.clock.today():%Y-%m}"
            while f"{bridge.clock.today():%Y-%m}" == month:
                bridge.clock.advance(timedelta(days=1))
            # what was given out before a revocation waits for the run that takes it back
            self.run(bridge.benefits.pay_pensions())
            for payer in PAYERS:
                if (payer, month) not in {(c.payer, c.month) for c in bridge.state.clearings.values()}:
                    found = self.run(decide.propose(self.key(), payer, month, "a"))
                    self.run(decide.approve(self.key(), found["clearing_id"], "b"))
                    self.run(bridge.go_on())
        for due in bridge.state.dues.values():
            assert due.settled
        assert {c.state for c in bridge.state.clearings.values()} <= {ClearingState.CLOSED}
        super().come_to_rest()
        assert bridge.state.waiting == {}
        assert all(shortage.ended_on is not None for shortage in bridge.state.shortages.values())


TestMonthEndCounty = MonthEndCounty.TestCase
TestMonthEndCounty.settings = settings(max_examples=25, stateful_step_count=60)
