"""A stay settled with the work-injury fund directly, recognised beforehand (reference B4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.bill import WorkInjuryVersion


class DirectState(StrEnum):
    """A final answer reserves; the fact of the settlement posts; a reversal takes back."""

    RESERVED = "reserved"
    VOIDED = "voided"
    """Never confirmed within the time limit. A late confirmation still posts: the hospital has settled."""
    POSTED = "posted"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectSettlement:
    """One direct settlement under the key that claims chose."""

    key: str
    case_id: str
    decision_id: str
    decision_no: str
    decision_version: int
    person_id: str
    visit_id: str
    institution_code: str
    begun_on: date
    ended_on: date
    version: WorkInjuryVersion
    state: DirectState = DirectState.RESERVED
    settlement_id: str | None = None
    """The settlement in claims, known when it is confirmed."""
    meals_fen: int = 0
    """Allowance due since it was confirmed; 0 for outpatients."""
    meals_paid: bool = False

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the fact that claims has settled would post it: reserved, or voided too early."""
        return self.state in (DirectState.RESERVED, DirectState.VOIDED)

    def posted(self, settlement_id: str, meals_fen: int) -> DirectSettlement:
        """Claims has settled with this key."""
        return replace(self, state=DirectState.POSTED, settlement_id=settlement_id, meals_fen=meals_fen)

    def voided(self) -> DirectSettlement:
        """The time limit passed without a settlement."""
        return replace(self, state=DirectState.VOIDED)

    def reserved_again(self) -> DirectSettlement:
        """Claims asks once more under the same key after the reservation lapsed."""
        return replace(self, state=DirectState.RESERVED)

    def with_meals_paid(self) -> DirectSettlement:
        """The allowance went to the person."""
        return replace(self, meals_paid=True)

    def reversed(self) -> DirectSettlement:
        """Claims has reversed the settlement."""
        return replace(self, state=DirectState.REVERSED)
