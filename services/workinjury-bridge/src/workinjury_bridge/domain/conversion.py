"""Conversion of a settled stay from the medical funds to the work-injury fund: its states (reference B0.5, B0.6, B1, B3, B5).

``Conversion`` is immutable; every step returns the next value or refuses. ``next_step`` reads what a stored conversion
needs next, so that a process killed anywhere is resumed by looking at what is stored and at nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.contracts.claims import FundPayment
from shared.ledger import Book
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.refusals import advance_needed, out_of_turn, same_hand, signed_already, split_open, wrong_state
from workinjury_bridge.domain.split import Split
from workinjury_bridge.domain.terms import NO_STAY_FACTS, StayFacts
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState


class ConversionState(StrEnum):
    """B0.6; REVERTING is on the way from SETTLED to REVERTED."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    ENDORSED = "endorsed"
    """Two people agree; the amount needs a third."""
    APPROVED = "approved"
    POSTED = "posted"
    TRANSFERRING = "transferring"
    SETTLED = "settled"
    REVERTING = "reverting"
    REVERTED = "reverted"
    FAILED = "failed"


ENDED = frozenset({ConversionState.REVERTED, ConversionState.FAILED})
"""A settlement may have one conversion outside these states (B15.13)."""


REVIEWED = (ConversionState.PROPOSED, ConversionState.CHECKED, ConversionState.ENDORSED)
"""Before the last signature: what its figures depend on may still change."""

WAITING = frozenset({*REVIEWED, ConversionState.APPROVED})
"""Nothing is booked yet."""


class Step(StrEnum):
    """What the saga does next; each is one call to claims or one transaction here, and safe to repeat."""

    ASSESS = "assess"
    BEGIN = "begin"
    TAKE_BACK = "take-back"
    INSTRUCT = "instruct"
    TRANSFER = "transfer"
    PAY = "pay"
    WAIT = "wait"
    """For the month's clearing."""
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
    """Who agreed; never the maker."""
    approver: str | None = None
    """The third person, for large amounts; neither of the two."""
    note: str | None = None
    cause: str | None = None
    """Why it failed or was revoked."""
    begun: bool = False
    """Claims may have been asked to take the settlement back: from here the way leads only forward."""
    revoked: bool = False
    """The decision was finally revoked: nothing more is paid to the person, what moved is moved back."""
    restored: bool = False
    """The medical version stands again, the transfers back are on their way."""
    facts: StayFacts = NO_STAY_FACTS
    split: Split | None = None
    """Proposed when an own disease is in the stay (B5)."""
    netted: tuple[str, ...] = ()
    """Books whose debt to the hospital was taken over: claims said so when it took the settlement back."""
    paid: bool = False
    """The person got refund and meals, in cash or set off against a debt."""

    def excludes(self, other: Conversion) -> bool:
        """Whether another proposal for the same settlement has no place beside this one (B15.13): it has the same key, or this
        one has not ended."""
        if other.settlement_id != self.settlement_id:
            return False
        same = (other.decision_id, other.decision_version) == (self.decision_id, self.decision_version)
        return same or self.state not in ENDED

    def assessed(self, figures: Figures) -> Conversion:
        """The bill was read and closes."""
        self._expect("assess", ConversionState.PROPOSED)
        return replace(self, figures=figures, cause=None)

    def restated(self) -> Conversion:
        """Something that the figures depend on has changed: they are computed again, and looked at again."""
        self._expect("restate", *REVIEWED)
        return replace(self._unsigned(), figures=None)

    def with_facts(self, facts: StayFacts) -> Conversion:
        """What is known of the stay beside its bill."""
        return replace(self.restated(), facts=facts)

    def with_split(self, split: Split) -> Conversion:
        """The next value of the split of a mixed stay."""
        return replace(self.restated(), split=split)

    def checked(self, actor: str, note: str | None, *, advance_approved: bool = False) -> Conversion:
        """The first person (经办) found stay and figures right.

        Refuses before the figures are known, while a split is open, and an advance that nobody has approved.
        """
        self._expect("check", ConversionState.PROPOSED)
        if self.split is not None and self.split.open:
            raise split_open()
        if self.figures is not None and self.figures.debtor is not None and not advance_approved:
            raise advance_needed()
        if self.figures is None:
            raise out_of_turn("conversion", "check", "unassessed", "转换金额尚未核算，请稍后再办")
        return replace(self, state=ConversionState.CHECKED, maker=actor, note=note)

    def approved(self, actor: str, note: str | None, third_level_from: int) -> Conversion:
        """The second person (复核) agrees, and from this cost of the treatment on (fen) a third (审批). Refuses who has signed already."""
        self._expect("approve", ConversionState.CHECKED, ConversionState.ENDORSED)
        if self.state is ConversionState.ENDORSED:
            if actor in (self.maker, self.checker):
                raise signed_already()
            return replace(self, state=ConversionState.APPROVED, approver=actor, note=note)
        if actor == self.maker:
            raise same_hand()
        large = self.figures is not None and self.figures.work_injury_fen >= third_level_from
        return replace(self, state=ConversionState.ENDORSED if large else ConversionState.APPROVED, checker=actor, note=note)

    def sent_back(self, actor: str, note: str | None) -> Conversion:
        """What was signed goes back to be looked at again; a proposal that does not belong to the injury is dismissed."""
        self._expect("send back", *REVIEWED)
        if self.state is ConversionState.PROPOSED:
            return replace(self, state=ConversionState.FAILED, cause=f"dismissed by {actor}", note=note)
        return replace(self._unsigned(), note=note)

    def begin(self) -> Conversion:
        """From now on claims may know."""
        self._expect("begin", ConversionState.APPROVED)
        return replace(self, begun=True)

    def restarted(self, cause: str) -> Conversion:
        """Claims has refused because the bill is not what was approved: nothing is taken back, everything is looked at again.

        Revoked meanwhile: given up.
        """
        self._expect("restart", ConversionState.APPROVED)
        if self.revoked:
            return self.withdrawn(cause)
        return replace(self._unsigned(), begun=False, figures=None, note=cause)

    def posted(self, netted: Sequence[str]) -> Conversion:
        """Taken back in claims and booked here."""
        self._expect("post", ConversionState.APPROVED)
        return replace(self, state=ConversionState.POSTED, netted=tuple(netted), cause=None)

    def transferring(self) -> Conversion:
        """One transfer per book is instructed."""
        self._expect("transfer", ConversionState.POSTED)
        return replace(self, state=ConversionState.TRANSFERRING)

    def person_paid(self) -> Conversion:
        """The person has the money; the funds settle with the month's clearing."""
        self._expect("pay", ConversionState.TRANSFERRING)
        return replace(self, paid=True, cause=None)

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

    def _unsigned(self) -> Conversion:
        return replace(self, state=ConversionState.PROPOSED, maker=None, checker=None, approver=None)

    def _expect(self, wanted: str, *states: ConversionState) -> None:
        if self.state not in states:
            raise wrong_state("conversion", wanted, self.state, "转换业务")


def next_step(conversion: Conversion, transfers: Iterable[Transfer], dues: Iterable[InterfundDue] = ()) -> Step | None:
    """What to do next, None when a person has to act or nothing is left. ``dues``: what the month's clearing has to settle."""
    state = conversion.state
    if state is ConversionState.PROPOSED:
        split_open = conversion.split is not None and conversion.split.open
        return Step.ASSESS if conversion.figures is None and not split_open else None
    if state is ConversionState.APPROVED:
        return Step.TAKE_BACK if conversion.begun else Step.BEGIN
    if state is ConversionState.POSTED:
        return Step.INSTRUCT
    if state is ConversionState.TRANSFERRING:
        if not all_confirmed(transfers, Direction.OUT):
            return Step.TRANSFER
        if all_settled(dues, Direction.OUT):
            return Step.PAY
        return Step.WAIT if conversion.paid or conversion.revoked else Step.PAY
    if state is ConversionState.REVERTING:
        if not conversion.restored:
            return Step.RESTORE
        if not all_confirmed(transfers, Direction.BACK):
            return Step.TRANSFER
        return Step.CLOSE if all_settled(dues, Direction.BACK) else Step.WAIT
    return None


def all_confirmed(transfers: Iterable[Transfer], direction: Direction) -> bool:
    """Whether every transfer of this direction that was not called off has reached both books."""
    return all(
        t.state is TransferState.CONFIRMED
        for t in transfers
        if t.direction is direction and t.state is not TransferState.VOIDED
    )


def all_settled(dues: Iterable[InterfundDue], direction: Direction) -> bool:
    """Whether the month's clearing has settled everything of this direction in both books."""
    return all(due.settled for due in dues if (due.payer is Book.WI) is (direction is Direction.OUT))


def same_payments(left: Sequence[FundPayment], right: Sequence[FundPayment]) -> bool:
    """Whether two statements name the same amounts per book and account, in any order."""
    return _sums(left) == _sums(right)


def _sums(payments: Sequence[FundPayment]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for payment in payments:
        key = (payment.book, payment.account)
        sums[key] = sums.get(key, 0) + payment.amount_fen
    return {key: amount for key, amount in sums.items() if amount}
