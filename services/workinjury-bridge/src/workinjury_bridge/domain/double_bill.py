"""The same bill at both funds (reference B10; 社会保险法 art. 88; 医疗保障基金使用监督管理条例 art. 41).

A bill of the work-injury fund is compared with every settlement of the medical funds that stands for the same person. What is found
is a clue for two people: the same bill, whose medical settlement then falls away, or another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.refusals import same_hand, wrong_state


@dataclass(frozen=True, slots=True, kw_only=True)
class BillMark:
    """What tells a bill."""

    institution_code: str | None
    invoice_no: str | None
    begun_on: date
    ended_on: date
    total_fen: int | None
    """None when nobody said."""
    visit_id: str | None = None


class Match(StrEnum):
    """How alike two bills are."""

    SAME = "same"
    """One invoice, or one institution, days and amount: not paid before somebody has looked."""
    OVERLAP = "overlap"
    """Days overlap at one institution: one line may be in both, so nothing is paid before somebody has looked at the lines."""
    NEAR = "near"
    """Days overlap and the amount is one, at another institution or one that nobody said: somebody looks, nothing waits."""

    @property
    def blocks(self) -> bool:
        """Whether a bill that is not paid yet waits for somebody."""
        return self is not Match.NEAR


def match_of(one: BillMark, other: BillMark) -> Match | None:
    """None for two bills, also for two parts of one visit, which the institution itself has divided."""
    if one.visit_id is not None and one.visit_id == other.visit_id:
        return None
    place = one.institution_code is not None and one.institution_code == other.institution_code
    days = (one.begun_on, one.ended_on) == (other.begun_on, other.ended_on)
    amount = one.total_fen is not None and one.total_fen == other.total_fen
    if place and ((days and amount) or (one.invoice_no and one.invoice_no == other.invoice_no)):
        return Match.SAME
    overlap = one.begun_on <= other.ended_on and other.begun_on <= one.ended_on
    if overlap and place:
        return Match.OVERLAP
    return Match.NEAR if overlap and amount else None


class DoubleBillState(StrEnum):
    """A clue, and what became of it."""

    RAISED = "raised"
    CONFIRMED = "confirmed"
    """Two people say that it is one bill: claims is being told."""
    CHARGED = "charged"
    """The medical settlement has fallen away, and who got the money twice owes it."""
    UNDOING = "undoing"
    """The charge-back was wrong, two people say: claims is being told."""
    UNDONE = "undone"
    """The medical settlement stands again; what was paid in is owed to the person."""
    CLEARED = "cleared"
    """Another bill, or nothing was paid twice any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleBill:
    """One medical settlement beside one bill of the work-injury fund."""

    double_bill_id: str
    case_id: str
    person_id: str
    settlement_id: str
    """Of the medical funds."""
    against: str
    """``paper:``, ``direct:``, ``stay:`` (elsewhere) or ``conversion:`` and the id of the work-injury fund's bill."""
    decision_version: int
    match: Match
    due_on: date
    """By when somebody has to have looked, and a demand to be out."""
    state: DoubleBillState = DoubleBillState.RAISED
    maker: str | None = None
    checker: str | None = None
    note: str | None = None
    undo_maker: str | None = None
    undo_checker: str | None = None
    undo_note: str | None = None
    """Which objection was right, or what is new; or why claims has refused."""

    @property
    def paid_to_person(self) -> bool:
        """Whether the work-injury fund has paid the person, not the hospital."""
        return self.against.startswith("paper:")

    def confirmed(self, maker: str, checker: str, note: str | None) -> DoubleBill:
        """Two people say that it is one bill. Refuses one person twice."""
        self._expect("confirm", DoubleBillState.RAISED)
        if maker == checker:
            raise same_hand()
        return replace(self, state=DoubleBillState.CONFIRMED, maker=maker, checker=checker, note=note)

    def cleared(self, actor: str | None, note: str | None) -> DoubleBill:
        """Another bill after all; or claims says that the settlement does not stand any more."""
        self._expect("clear", DoubleBillState.RAISED, DoubleBillState.CONFIRMED)
        return replace(self, state=DoubleBillState.CLEARED, maker=actor or self.maker, checker=self.checker, note=note)

    def charged(self) -> DoubleBill:
        """Claims has done it."""
        self._expect("charge", DoubleBillState.CONFIRMED)
        return replace(self, state=DoubleBillState.CHARGED)

    def undoing(self, maker: str, checker: str, note: str) -> DoubleBill:
        """Two people say that the charge-back was wrong. Refuses one person twice."""
        self._expect("undo", DoubleBillState.CHARGED)
        if maker == checker:
            raise same_hand()
        return replace(self, state=DoubleBillState.UNDOING, undo_maker=maker, undo_checker=checker, undo_note=note)

    def undone(self) -> DoubleBill:
        """Claims has undone it."""
        self._expect("undo", DoubleBillState.UNDOING)
        return replace(self, state=DoubleBillState.UNDONE)

    def kept(self, note: str) -> DoubleBill:
        """Claims has refused for good: it stays charged."""
        self._expect("keep", DoubleBillState.UNDOING)
        return replace(self, state=DoubleBillState.CHARGED, undo_note=note)

    def _expect(self, wanted: str, *states: DoubleBillState) -> None:
        if self.state not in states:
            raise wrong_state("double-bill", wanted, self.state, "重复报销线索")
