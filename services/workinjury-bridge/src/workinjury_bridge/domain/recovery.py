"""What somebody owes a fund and how it is got back (追偿; 社会保险法 41, 42, 63; 先行支付办法 12-14; 经办条例 46; reference B0.6).

One aggregate for every debt: an advance for an uninsured employer (B7) or a third party (B6), the share of an employer that filed
late, what a person has to give back (B3), the same bill paid by two funds (B10). Per debtor and book:
advanced = recovered + moved to expense + written off + moved to another debtor + open (B15.9).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.ledger import Book
from shared.money import share
from workinjury_bridge.domain import party
from workinjury_bridge.domain.limitation import Interruption
from workinjury_bridge.domain.refusals import beyond_debt, out_of_turn, time_barred, wrong_state


class Cause(StrEnum):
    """Why somebody owes."""

    UNINSURED = "uninsured"
    LATE_FILING = "late-filing"
    THIRD_PARTY = "third-party"
    SELF_PAID = "self-paid"
    """The account or a third party has paid what the person has to bear."""
    REVOKED = "revoked"
    REVERSED = "reversed"
    """The hospital took a settlement back whose allowance was paid."""
    DOUBLE_PAYMENT = "double-payment"


class RecoveryState(StrEnum):
    """B0.6."""

    OPEN = "open"
    DEMANDED = "demanded"
    PARTIAL = "partial"
    RECOVERED = "recovered"
    AGREEMENT = "agreement"
    """Instalments or a guarantee are agreed."""
    ENFORCED = "enforced"
    """A transfer order (划拨) or a court's execution is out."""
    WRITTEN_OFF = "written-off"
    EXPENSED = "expensed"
    """Nothing of it can be claimed: the fund bears it."""
    MOVED = "moved"
    """Another debtor owes it."""
    REVERSED = "reversed"
    """What it rested on was revoked; its journals are taken back."""


CLOSED = frozenset(
    {
        RecoveryState.RECOVERED,
        RecoveryState.WRITTEN_OFF,
        RecoveryState.EXPENSED,
        RecoveryState.MOVED,
        RecoveryState.REVERSED,
    }
)
_CLAIMABLE = (RecoveryState.DEMANDED, RecoveryState.PARTIAL, RecoveryState.AGREEMENT, RecoveryState.ENFORCED)


class MovementKind(StrEnum):
    """What can happen to the money of a debt."""

    RECEIPT = "receipt"
    WRITE_OFF = "write-off"
    SET_OFF = "set-off"
    """Met from what the work-injury fund owes the person (B10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that came in on a debt, or was given up."""

    movement_id: str
    recovery_id: str
    kind: MovementKind
    amount_fen: int
    interest_fen: int
    reference: str
    """Bank receipt, or the document that allows the write-off."""
    maker: str
    checker: str | None
    booked: bool
    """Whether the book has it; a medical book is told by the worker."""
    set_off_id: str | None = None
    """What allowed it."""
    voucher_no: str | None = None
    """Of the journal here that it rests on."""
    voided: bool = False
    """The medical book has refused it, and the journal here is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One debt of one debtor to one book."""

    recovery_id: str
    case_id: str
    person_id: str
    """Whose injury it is about; the debt is changed under this person's lock."""
    settlement_id: str
    conversion_id: str | None
    decision_version: int
    book: Book
    debtor: str
    """Party as the books name it."""
    cause: Cause
    advanced_fen: int
    recovered_fen: int = 0
    expensed_fen: int = 0
    written_off_fen: int = 0
    moved_fen: int = 0
    interest_fen: int = 0
    """Interest and costs received on top (4007)."""
    state: RecoveryState = RecoveryState.OPEN
    due_on: date | None = None
    """By when the debtor has to pay, or the demand has to go out."""
    liability: int | None = None
    """Share of the third party's fault in millionths, once it is fixed."""
    limitation_on: date | None = None
    """The last day on which the claim against a third party can be brought; None while a suit is pending, and for other debtors."""
    in_court: bool = False
    """Whether a suit against the third party is pending."""
    reversed_from: RecoveryState | None = None
    """Of a reversed debt: what it was, and is again when what it rested on stays."""

    @property
    def open_fen(self) -> int:
        """Still owed; nothing once it is reversed."""
        if self.state is RecoveryState.REVERSED:
            return 0
        return self.advanced_fen - self.recovered_fen - self.expensed_fen - self.written_off_fen - self.moved_fen

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in CLOSED

    def demanded(self, due_on: date) -> Recovery:
        """The written demand went out."""
        self._expect("demand", RecoveryState.OPEN, RecoveryState.PARTIAL)
        return replace(self, state=RecoveryState.DEMANDED, due_on=due_on)

    def received(self, amount_fen: int, interest_fen: int = 0) -> Recovery:
        """Money came in, or was set off. Refuses more than is open."""
        self._take("receive", amount_fen)
        after = replace(self, recovered_fen=self.recovered_fen + amount_fen, interest_fen=self.interest_fen + interest_fen)
        stays = (RecoveryState.AGREEMENT, RecoveryState.ENFORCED)
        return after._closing(RecoveryState.RECOVERED, self.state if self.state in stays else RecoveryState.PARTIAL)

    def unreceived(self, amount_fen: int) -> Recovery:
        """What was set off did not come about: owed as before, also when the debt was closed since, in whatever way."""
        after = replace(self, recovered_fen=self.recovered_fen - amount_fen)
        if not after.open_fen or not (self.closed or self.state is RecoveryState.PARTIAL):
            return after
        return replace(after, state=RecoveryState.PARTIAL if after.recovered_fen else RecoveryState.OPEN)

    def agreed(self, due_on: date) -> Recovery:
        """Instalments until a day."""
        self._expect("agree", RecoveryState.DEMANDED, RecoveryState.PARTIAL)
        return replace(self, state=RecoveryState.AGREEMENT, due_on=due_on)

    def enforced(self) -> Recovery:
        """A transfer order or an execution is out."""
        self._expect("enforce", RecoveryState.DEMANDED, RecoveryState.PARTIAL, RecoveryState.AGREEMENT)
        return replace(self, state=RecoveryState.ENFORCED)

    def written_off(self) -> Recovery:
        """The rest is given up with approval (5001.30)."""
        self._expect("write off", *_CLAIMABLE)
        return replace(self, written_off_fen=self.written_off_fen + self.open_fen, state=RecoveryState.WRITTEN_OFF, due_on=None)

    def given_up(self, amount_fen: int) -> Recovery:
        """A part is given up with approval: the debtor is dead and the estate does not reach (B14). Refuses more than is open."""
        self._take("give up", amount_fen)
        after = replace(self, written_off_fen=self.written_off_fen + amount_fen)
        return after._closing(RecoveryState.WRITTEN_OFF, self.state)

    def interrupted(self, kind: Interruption, on: date, until: date) -> Recovery:
        """The time limit begins anew and ends with ``until``, or stands still while a suit is pending (民法典 195).

        Refuses another debtor than a third party, a closed debt, a claim that has lapsed already, an end of a suit that never began.
        """
        if not party.is_third_party(self.debtor) or self.closed or (kind is Interruption.SUIT_ENDED and not self.in_court):
            raise out_of_turn("recovery", f"interrupt by {kind}", self.state, "该笔追偿不能办理时效中断")
        if kind is not Interruption.ACKNOWLEDGED and self.limitation_on is not None and on > self.limitation_on:
            raise time_barred(self.limitation_on)
        if kind is Interruption.SUIT:
            return replace(self, limitation_on=None, in_court=True)
        if self.in_court and kind is not Interruption.SUIT_ENDED:
            return self
        return replace(self, limitation_on=until, in_court=False)

    def liable(
        self,
        q: int,
        work_injury_fen: int,
        prepaid_fen: int,
        debtor: str,
        *,
        cut_fen: int = 0,
        expense_at_most_fen: int | None = None,
    ) -> Recovery:
        """The third party's share of fault is fixed: R = min(A, max(0, round(q x E - K))), the rest is expense (B6).

        ``cut_fen``: what audits have cut of the stay, which the hospital owes. ``expense_at_most_fen``: beside an uninsured employer, what of the rest is the fund's; the employer owes the others (先行支付办法
        5). Refuses a second time. An unknown third party may be named by it. What was received already beyond R stays received.
        """
        if self.liability is not None or not party.is_third_party(self.debtor) or self.closed:
            raise out_of_turn("recovery", "fix liability of", self.state, "该笔追偿不能再确定责任比例")
        recoverable = self.recoverable_fen(q, work_injury_fen, prepaid_fen, cut_fen)
        rest = min(self.advanced_fen - cut_fen - recoverable, self.open_fen)
        expense = rest if expense_at_most_fen is None else min(rest, expense_at_most_fen)
        after = replace(
            self,
            liability=q,
            debtor=debtor,
            expensed_fen=self.expensed_fen + expense,
            moved_fen=self.moved_fen + rest - expense,
        )
        moved = RecoveryState.MOVED if after.moved_fen else RecoveryState.EXPENSED
        settled = RecoveryState.RECOVERED if after.recovered_fen else moved
        return after._closing(settled, self.state)

    def moved(self, amount_fen: int) -> Recovery:
        """Another debtor owes a part: the person got money from the third party. Refuses more than is open."""
        self._take("move", amount_fen)
        return replace(self, moved_fen=self.moved_fen + amount_fen)._closing(RecoveryState.MOVED, self.state)

    def grown(self, amount_fen: int) -> Recovery:
        """More was advanced. Refuses a debt that was demanded: a demand is for the sum it names (先行支付办法 13)."""
        self._expect("grow", RecoveryState.OPEN)
        return replace(self, advanced_fen=self.advanced_fen + amount_fen)

    def relieved(self, amount_fen: int, *, given_up_fen: int = 0, paid_in_fen: int = 0, borne: bool = False) -> Recovery:
        """A part is not the debtor's: another owes it, or with ``borne`` the fund bears it.

        Taken from what is open, but for ``given_up_fen`` and ``paid_in_fen``.
        """
        after = replace(
            self,
            recovered_fen=self.recovered_fen - paid_in_fen,
            written_off_fen=self.written_off_fen - given_up_fen,
            expensed_fen=self.expensed_fen + amount_fen * borne,
            moved_fen=self.moved_fen + amount_fen * (not borne),
        )
        settled = RecoveryState.RECOVERED if after.recovered_fen else None
        given_up = RecoveryState.WRITTEN_OFF if after.written_off_fen else None
        return after._closing(settled or given_up or (RecoveryState.EXPENSED if borne else RecoveryState.MOVED), self.state)

    def owed_again(self, amount_fen: int, *, grown_fen: int) -> Recovery:
        """Nobody else owes it after all, and more was advanced than is on file; a closed debt is open again."""
        after = replace(self, moved_fen=self.moved_fen - amount_fen, advanced_fen=self.advanced_fen + grown_fen)
        return replace(after, state=RecoveryState.OPEN) if self.closed else after

    def recoverable_fen(self, q: int, work_injury_fen: int, prepaid_fen: int, cut_fen: int = 0) -> int:
        """R = min(A, max(0, round(q x E - K))), A and E less what audits have cut of the stay and the hospital owes (B6, B12)."""
        return min(self.advanced_fen - cut_fen, max(0, share(work_injury_fen - cut_fen, q) - prepaid_fen))

    def bearing(self, amount_fen: int) -> Recovery:
        """Of what the hospital owes, the fund had borne ``amount_fen`` (negative: bears it again); the rest of the debt stays."""
        return replace(self, expensed_fen=self.expensed_fen - amount_fen, moved_fen=self.moved_fen + amount_fen)

    def reversed(self) -> Recovery:
        """The recognition was revoked, or what it rested on was wrong."""
        return replace(self, state=RecoveryState.REVERSED, reversed_from=self.state)

    def reopened(self) -> Recovery:
        """What was to be undone stays: owed as before, in the state and by the day it had."""
        self._expect("reopen", RecoveryState.REVERSED)
        return replace(self, state=self.reversed_from or RecoveryState.OPEN, reversed_from=None)

    def _closing(self, closed: RecoveryState, otherwise: RecoveryState) -> Recovery:
        if self.open_fen:
            return replace(self, state=otherwise)
        return replace(self, state=closed, due_on=None)

    def _take(self, wanted: str, amount_fen: int) -> None:
        if self.closed:
            raise out_of_turn("recovery", wanted, self.state, "该笔追偿已结束")
        if not 0 < amount_fen <= self.open_fen:
            raise beyond_debt(self.open_fen)

    def _expect(self, wanted: str, *states: RecoveryState) -> None:
        if self.state not in states:
            raise wrong_state("recovery", wanted, self.state, "追偿")
