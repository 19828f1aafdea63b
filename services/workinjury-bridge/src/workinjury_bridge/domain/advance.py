"""The application for an advance payment (先行支付申请; 社会保险法 41, 42; 先行支付办法 4-8; reference B6, B7).

Uninsured employer: written demand within 3 working days, the employer has 5 working days, then the fund advances. Third party: a
decision within 5 working days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain import party
from workinjury_bridge.domain.refusals import out_of_turn, same_hand, too_early, wrong_state


class AdvanceState(StrEnum):
    """Where the application stands."""

    APPLIED = "applied"
    NOTICED = "noticed"
    """The demand was served on the employer, whose days run."""
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"
    """The employer paid in time: nothing to advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """One application on one injury case."""

    advance_id: str
    case_id: str
    person_id: str
    debtor: str
    applied_on: date
    due_on: date
    """By when the next step is due: the notice, the employer's payment, the decision."""
    state: AdvanceState = AdvanceState.APPLIED
    served_on: date | None = None
    maker: str | None = None
    checker: str | None = None
    note: str | None = None

    @property
    def open(self) -> bool:
        """Whether a step is left."""
        return self.state in (AdvanceState.APPLIED, AdvanceState.NOTICED)

    def served(self, on: date, employer_until: date, actor: str) -> Advance:
        """The demand was served on the employer. Refuses where no employer is the debtor."""
        self._expect("serve", AdvanceState.APPLIED)
        if not party.is_employer(self.debtor):
            raise out_of_turn("advance", "serve", self.state, "第三人责任的先行支付无需催告用人单位")
        return replace(self, state=AdvanceState.NOTICED, served_on=on, due_on=employer_until, maker=actor)

    def approved(self, on: date, actor: str, note: str | None) -> Advance:
        """The fund advances. Refuses while the employer's days run, and the hand that served or took the application."""
        self._expect("approve", AdvanceState.NOTICED if party.is_employer(self.debtor) else AdvanceState.APPLIED)
        if party.is_employer(self.debtor) and on <= self.due_on:
            raise too_early(self.due_on)
        if actor == self.maker:
            raise same_hand()
        return replace(self, state=AdvanceState.APPROVED, checker=actor, note=note)

    def rejected(self, actor: str, note: str | None) -> Advance:
        """The conditions are not met."""
        self._expect("reject", AdvanceState.APPLIED, AdvanceState.NOTICED)
        return replace(self, state=AdvanceState.REJECTED, checker=actor if actor != self.maker else None, note=note)

    def paid(self, note: str | None) -> Advance:
        """The employer has paid everything itself."""
        self._expect("close", AdvanceState.NOTICED)
        return replace(self, state=AdvanceState.PAID, note=note)

    def _expect(self, wanted: str, *states: AdvanceState) -> None:
        if self.state not in states:
            raise wrong_state("advance", wanted, self.state, "先行支付申请")
