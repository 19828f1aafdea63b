"""A stay settled with the work-injury fund directly, recognised beforehand (reference B4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.codes import Code
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.refusals import key_reused
from workinjury_bridge.domain.split import KeptLine


class DirectState(StrEnum):
    """A final answer reserves; the fact of the settlement posts; a reversal takes back."""

    RESERVED = "reserved"
    VOIDED = "voided"
    """Never confirmed within the time limit. A late confirmation still posts: the hospital has settled."""
    POSTED = "posted"
    REVERTING = "reverting"
    """The recognition was finally revoked: the medical funds are asked whether they settle the stay (B3)."""
    REVOKED = "revoked"
    """The medical funds owe their share of what the fund has paid, the person the rest (B3)."""
    REVERSED = "reversed"
    """Taken back. The hospital may settle again with the same message, and so under the same key."""


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
    care: Code | None = None
    """Category of treatment; None for what was settled before categories were asked for."""
    state: DirectState = DirectState.RESERVED
    settlement_id: str | None = None
    """The settlement in claims that posted it."""
    meals_fen: int = 0
    """Allowance due since it was confirmed; 0 for outpatients."""
    meals_paid: bool = False
    invoice_no: str | None = None
    """Of the settlement in claims."""
    keep_lines: tuple[KeptLine, ...] = ()
    """What of the bill is no work injury: settled with the medical funds in the same act of claims (B5)."""
    medical_settlement_id: str | None = None
    """The settlement in claims that has settled it."""
    taken_over_by: str | None = None
    """The medical settlement in whose hands the stay is since the revocation."""
    medical_fen: int = 0
    """What the medical funds owe for it."""
    not_taken_over: str | None = None
    """Why the medical funds have not settled it, so that the person owes everything."""

    @property
    def withdrawn(self) -> bool:
        """Whether the recognition that it rested on was finally revoked."""
        return self.state in (DirectState.REVERTING, DirectState.REVOKED)

    @property
    def stands(self) -> bool:
        """Whether it is reserved or posted: the key is taken."""
        return self.state in (DirectState.RESERVED, DirectState.POSTED)

    def posted(self, settlement_id: str, meals_fen: int, invoice_no: str | None = None) -> DirectSettlement:
        """Claims has settled with this key. Refuses while another settlement stands under it."""
        if self.state is DirectState.POSTED or self.withdrawn:
            raise key_reused(self.key)
        return replace(
            self,
            state=DirectState.POSTED,
            settlement_id=settlement_id,
            meals_fen=meals_fen,
            meals_paid=False,
            invoice_no=invoice_no,
        )

    def beside(self, medical_settlement_id: str | None) -> DirectSettlement:
        """Which medical settlement stands beside it; None when it was reversed."""
        return replace(self, medical_settlement_id=medical_settlement_id)

    def voided(self) -> DirectSettlement:
        """The time limit passed without a settlement."""
        return replace(self, state=DirectState.VOIDED)

    def with_meals_paid(self) -> DirectSettlement:
        """The allowance went to the person."""
        return replace(self, meals_paid=True)

    def without_meals(self) -> DirectSettlement:
        """The allowance was let out for payment, but waited for money and never went."""
        return replace(self, meals_paid=False)

    def reverting(self) -> DirectSettlement:
        """The recognition that it rested on was finally revoked."""
        return replace(self, state=DirectState.REVERTING)

    def taken_over(self, taken_over_by: str, medical_fen: int) -> DirectSettlement:
        """The medical funds have settled the stay and owe ``medical_fen`` of it."""
        return replace(self, state=DirectState.REVOKED, taken_over_by=taken_over_by, medical_fen=medical_fen)

    def owed_whole(self, cause: str | None) -> DirectSettlement:
        """The person owes everything, and why the medical funds pay nothing."""
        return replace(self, state=DirectState.REVOKED, not_taken_over=cause)

    def reversed(self) -> DirectSettlement:
        """Claims has reversed the settlement."""
        return replace(self, state=DirectState.REVERSED)
