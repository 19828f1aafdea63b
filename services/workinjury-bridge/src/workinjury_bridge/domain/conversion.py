"""Conversion of a settled stay from the medical funds to the work-injury fund: figures and states (reference B0.5, B0.6, B1, B3).

``Conversion`` is immutable; every step returns the next value or refuses. ``next_step`` reads what a stored conversion
needs next, so that a process killed anywhere is resumed by looking at what is stored and at nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.contracts.claims import FundPayment
from shared.ledger import Book
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.meals import meals_fen
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.refusals import figures_do_not_close, mixed_stay, nothing_to_convert, out_of_turn, same_hand
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicalBill:
    """The medical version v1 of a stay as claims states it: who paid what, and every line."""

    begun_on: date
    ended_on: date
    total_fen: int
    cash_fen: int
    payments: tuple[FundPayment, ...]
    """p_f(v1) per book and account."""
    lines: tuple[BillLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a conversion moves, in fen."""

    total_fen: int
    work_injury_fen: int
    """E."""
    person_fen: int
    """X_p."""
    hospital_fen: int
    """X_h."""
    cash_fen: int
    """Cash of the person in v1."""
    meals_fen: int
    owed: tuple[FundPayment, ...]
    """t_f per book and account."""

    @property
    def refund_fen(self) -> int:
        """To the payer of the cash; negative when the person owes (B0.5)."""
        return self.cash_fen - self.person_fen

    @property
    def owed_fen(self) -> int:
        """Sum of t_f."""
        return sum(p.amount_fen for p in self.owed)

    @property
    def payable_fen(self) -> int:
        """To be paid to the person, before any debt is set off: refund, unless negative, and meals."""
        return max(0, self.refund_fen) + self.meals_fen

    def owed_by_book(self) -> dict[Book, int]:
        """t_f per book, pool and account together, in the order of the bill."""
        sums: dict[Book, int] = {}
        for payment in self.owed:
            sums[Book(payment.book)] = sums.get(Book(payment.book), 0) + payment.amount_fen
        return {book: amount for book, amount in sums.items() if amount > 0}


def convert(bill: MedicalBill, policy: BridgePolicy, *, inpatient: bool) -> Figures:
    """The figures of a conversion in which every line treats the injury (v2 is empty, so t_f = p_f(v1)).

    Refuses a mixed stay (B5) and a bill that does not close: E + X_h = sum of t_f + refund must hold to the fen.
    """
    version = assess(bill.lines, policy)
    if version.unrelated_fen:
        raise mixed_stay()
    figures = Figures(
        total_fen=bill.total_fen,
        work_injury_fen=version.work_injury_fen,
        person_fen=version.person_fen,
        hospital_fen=version.hospital_fen,
        cash_fen=bill.cash_fen,
        meals_fen=meals_fen(bill.begun_on, bill.ended_on, policy.meals.per_day) if inpatient else 0,
        owed=bill.payments,
    )
    if not (figures.work_injury_fen or figures.hospital_fen or figures.owed_fen or figures.meals_fen):
        raise nothing_to_convert()
    closes = figures.work_injury_fen + figures.hospital_fen == figures.owed_fen + figures.refund_fen
    if not closes or version.total_fen != bill.total_fen:
        raise figures_do_not_close(figures.work_injury_fen, figures.hospital_fen, figures.owed_fen, figures.refund_fen)
    return figures


class ConversionState(StrEnum):
    """B0.6; REVERTING is on the way from SETTLED to REVERTED."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    APPROVED = "approved"
    POSTED = "posted"
    TRANSFERRING = "transferring"
    SETTLED = "settled"
    REVERTING = "reverting"
    REVERTED = "reverted"
    FAILED = "failed"


ENDED = frozenset({ConversionState.REVERTED, ConversionState.FAILED})
"""A settlement may have one conversion outside these states (B15.13)."""


WAITING = frozenset({ConversionState.PROPOSED, ConversionState.CHECKED, ConversionState.APPROVED})
"""Nothing is booked yet."""


class Step(StrEnum):
    """What the saga does next; each is one call to claims or one transaction here, and safe to repeat."""

    ASSESS = "assess"
    BEGIN = "begin"
    TAKE_BACK = "take-back"
    INSTRUCT = "instruct"
    TRANSFER = "transfer"
    PAY = "pay"
    RESTORE = "restore"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One settlement taken over under one decision version; the three together are its key (B0.5)."""

    conversion_id: str
    case_id: str
    person_id: str
    settlement_id: str
    visit_id: str
    institution_code: str
    decision_id: str
    decision_version: int
    matter_id: str | None = None
    state: ConversionState = ConversionState.PROPOSED
    figures: Figures | None = None
    """None until the bill was read from claims."""
    maker: str | None = None
    """Who checked."""
    checker: str | None = None
    """Who approved; never the maker."""
    note: str | None = None
    cause: str | None = None
    """Why it failed or was revoked."""
    begun: bool = False
    """Claims may have been asked to take the settlement back: from here the way leads only forward."""
    revoked: bool = False
    """The decision was finally revoked: nothing more is paid to the person, what moved is moved back."""
    restored: bool = False
    """The medical version stands again, the transfers back are on their way."""
    paid: bool = False
    """The person got refund and meals, in cash or set off against a debt."""

    def assessed(self, figures: Figures) -> Conversion:
        """The bill was read and closes."""
        self._expect("assess", ConversionState.PROPOSED)
        return replace(self, figures=figures, cause=None)

    def checked(self, actor: str, note: str | None) -> Conversion:
        """The first person (经办) found stay and figures right. Refuses before the figures are known."""
        self._expect("check", ConversionState.PROPOSED)
        if self.figures is None:
            raise out_of_turn("conversion", "check", "unassessed", "转换金额尚未核算，请稍后再办")
        return replace(self, state=ConversionState.CHECKED, maker=actor, note=note)

    def approved(self, actor: str, note: str | None) -> Conversion:
        """The second person (复核) agrees. Refuses the first one."""
        self._expect("approve", ConversionState.CHECKED)
        if actor == self.maker:
            raise same_hand()
        return replace(self, state=ConversionState.APPROVED, checker=actor, note=note)

    def sent_back(self, actor: str, note: str | None) -> Conversion:
        """CHECKED goes back to be looked at again; a proposal that does not belong to the injury is dismissed."""
        self._expect("send back", ConversionState.PROPOSED, ConversionState.CHECKED)
        if self.state is ConversionState.PROPOSED:
            return replace(self, state=ConversionState.FAILED, cause=f"dismissed by {actor}", note=note)
        return replace(self, state=ConversionState.PROPOSED, maker=None, note=note)

    def begin(self) -> Conversion:
        """From now on claims may know."""
        self._expect("begin", ConversionState.APPROVED)
        return replace(self, begun=True)

    def posted(self) -> Conversion:
        """Taken back in claims and booked here."""
        self._expect("post", ConversionState.APPROVED)
        return replace(self, state=ConversionState.POSTED, cause=None)

    def transferring(self) -> Conversion:
        """One transfer per book is instructed."""
        self._expect("transfer", ConversionState.POSTED)
        return replace(self, state=ConversionState.TRANSFERRING)

    def settled(self) -> Conversion:
        """Every fund and the person have their money."""
        self._expect("settle", ConversionState.TRANSFERRING)
        return replace(self, state=ConversionState.SETTLED, paid=True, cause=None)

    def withdrawn(self, cause: str) -> Conversion:
        """Given up before claims was asked, or after claims refused: nothing to undo anywhere."""
        self._expect("withdraw", *WAITING)
        return replace(self, state=ConversionState.FAILED, cause=cause)

    def revoke(self, cause: str) -> Conversion:
        """The decision is finally revoked (B3).

        Not yet begun: withdrawn. Settled: reverting. On its way: it goes on until every fund has its money, does not pay
        the person, and then reverts, so that the first transfer and the one back are two vouchers in either book.
        """
        if self.state in ENDED or self.revoked:
            return self
        if self.state in WAITING and not self.begun:
            return self.withdrawn(cause)
        if self.state is ConversionState.SETTLED:
            return replace(self, revoked=True, state=ConversionState.REVERTING, cause=cause)
        return replace(self, revoked=True, cause=cause)

    def reverting(self) -> Conversion:
        """Revoked on its way, the funds have their money: turn round without paying the person."""
        self._expect("revert", ConversionState.TRANSFERRING)
        return replace(self, state=ConversionState.REVERTING)

    def medically_restored(self) -> Conversion:
        """Claims has restored the medical version and the contra journal is booked here."""
        self._expect("restore", ConversionState.REVERTING)
        return replace(self, restored=True)

    def reverted(self) -> Conversion:
        """Every transfer back is confirmed."""
        self._expect("close", ConversionState.REVERTING)
        return replace(self, state=ConversionState.REVERTED)

    def _expect(self, wanted: str, *states: ConversionState) -> None:
        if self.state not in states:
            raise out_of_turn("conversion", wanted, self.state, f"转换业务当前状态为“{self.state}”，不能办理此操作")


def next_step(conversion: Conversion, transfers: Iterable[Transfer]) -> Step | None:
    """What to do next, None when a person has to act or nothing is left."""
    state = conversion.state
    if state is ConversionState.PROPOSED:
        return Step.ASSESS if conversion.figures is None else None
    if state is ConversionState.APPROVED:
        return Step.TAKE_BACK if conversion.begun else Step.BEGIN
    if state is ConversionState.POSTED:
        return Step.INSTRUCT
    if state is ConversionState.TRANSFERRING:
        return Step.PAY if all_confirmed(transfers, Direction.OUT) else Step.TRANSFER
    if state is ConversionState.REVERTING:
        if not conversion.restored:
            return Step.RESTORE
        return Step.CLOSE if all_confirmed(transfers, Direction.BACK) else Step.TRANSFER
    return None


def all_confirmed(transfers: Iterable[Transfer], direction: Direction) -> bool:
    """Whether every transfer of this direction that was not called off has reached both books."""
    return all(
        t.state is TransferState.CONFIRMED
        for t in transfers
        if t.direction is direction and t.state is not TransferState.VOIDED
    )


def same_payments(left: Sequence[FundPayment], right: Sequence[FundPayment]) -> bool:
    """Whether two statements name the same amounts per book and account, in any order."""
    return _sums(left) == _sums(right)


def _sums(payments: Sequence[FundPayment]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for payment in payments:
        key = (payment.book, payment.account)
        sums[key] = sums.get(key, 0) + payment.amount_fen
    return {key: amount for key, amount in sums.items() if amount}
