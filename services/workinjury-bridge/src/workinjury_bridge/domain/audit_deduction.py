"""A deduction after audit of what the work-injury fund bears (监督管理条例; 经办条例 art. 37; reference B12).

The hospital owes the fund what a violating line cost it, Dr 1122(H) / Cr 5001.11, once; the person is never charged. What the fund had
only advanced comes out of its debtor's debt instead (``audit_share``). The hospital may object within its days; a withdrawn deduction is
taken back by a contra journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.refusals import objection_too_late, same_hand, wrong_state


class DeductionState(StrEnum):
    """B12."""

    DEDUCTED = "deducted"
    OBJECTED = "objected"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDeduction:
    """What one line of one settlement is cut by."""

    deduction_id: str
    case_id: str
    person_id: str
    settlement_id: str
    conversion_id: str | None
    """None for a direct settlement."""
    institution_code: str
    decision_version: int
    line_id: str
    amount_fen: int
    reason: str
    object_until: date
    maker: str
    checker: str
    entry_id: str
    """The journal of the deduction."""
    charged_on: date | None = None
    """Day of the line, stated where a back-payment took effect within the stay (B7)."""
    state: DeductionState = DeductionState.DEDUCTED
    note: str | None = None
    objected_by: str | None = None
    """Who recorded the hospital's objection."""
    decided_by: str | None = None
    """Who confirmed or withdrew it; None too when the settlement itself was taken back."""

    def __post_init__(self) -> None:
        if self.maker == self.checker:
            raise same_hand()

    @property
    def stands(self) -> bool:
        """Whether the hospital owes it."""
        return self.state is not DeductionState.WITHDRAWN

    def objected(self, on: date, note: str | None, actor: str) -> AuditDeduction:
        """The hospital objects. Refuses after its days."""
        self._expect("object to", DeductionState.DEDUCTED)
        if on > self.object_until:
            raise objection_too_late(self.object_until)
        return replace(self, state=DeductionState.OBJECTED, note=note, objected_by=actor)

    def confirmed(self, note: str | None, actor: str) -> AuditDeduction:
        """The objection is turned down, or none came."""
        self._expect("confirm", DeductionState.DEDUCTED, DeductionState.OBJECTED)
        return replace(self, state=DeductionState.CONFIRMED, note=note, decided_by=actor)

    def withdrawn(self, note: str | None, actor: str) -> AuditDeduction:
        """The objection is right. Refuses a confirmed one."""
        self._expect("withdraw", DeductionState.DEDUCTED, DeductionState.OBJECTED)
        return replace(self.given_up(note), decided_by=actor)

    def given_up(self, note: str | None) -> AuditDeduction:
        """The settlement itself is taken back: nothing is left to be cut."""
        return replace(self, state=DeductionState.WITHDRAWN, note=note)

    def _expect(self, wanted: str, *states: DeductionState) -> None:
        if self.state not in states:
            raise wrong_state("deduction", wanted, self.state, "扣款")
