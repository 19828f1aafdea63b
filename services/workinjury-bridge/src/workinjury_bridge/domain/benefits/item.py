"""A one-off item on its way: PROPOSED by one person, CHECKED by a second, above a threshold APPROVED by a third, then posted.

PROPOSED --second person--> POSTED (or, from the threshold on, CHECKED --third person--> POSTED) --paid--> PAID; before posting
it may be DISMISSED, after it WITHDRAWN when the recognition is finally revoked (社会保险经办条例 37: graded review).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from workinjury_bridge.domain.benefits.calculation import Calculation
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.benefits.refusals import same_hands
from workinjury_bridge.domain.refusals import wrong_state


class ItemState(StrEnum):
    """See the module."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    POSTED = "posted"
    """Booked and payable; the payee cannot be paid yet."""
    PAID = "paid"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    """Booked, and taken back because the recognition was finally revoked."""


STANDS = frozenset({ItemState.POSTED, ItemState.PAID})
"""Booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One one-off benefit of one injury."""

    item_id: str
    case_id: str
    person_id: str
    request: ItemRequest
    reference: str
    """What makes it the same item again; "" for what is given once."""
    calculation: Calculation
    maker: str
    state: ItemState = ItemState.PROPOSED
    checker: str | None = None
    approver: str | None = None
    """The third person, for large amounts."""
    note: str | None = None
    debtor: str | None = None
    """Once booked: the uninsured employer that owes it to the fund (B7); None: the fund bears it."""

    @property
    def kind(self) -> BenefitKind:
        """Of benefit."""
        return self.request.kind

    @property
    def amount_fen(self) -> int:
        """What is granted."""
        return self.calculation.amount_fen

    def signed(self, actor: str, third_level_from: int) -> Item:
        """The next signature; POSTED with the last one needed. Refuses a person who has signed already."""
        self._expect("approve", ItemState.PROPOSED, ItemState.CHECKED)
        if actor in (self.maker, self.checker):
            raise same_hands()
        if self.state is ItemState.CHECKED:
            return replace(self, state=ItemState.POSTED, approver=actor)
        enough = self.amount_fen < third_level_from
        return replace(self, state=ItemState.POSTED if enough else ItemState.CHECKED, checker=actor)

    def dismissed(self, note: str | None) -> Item:
        """Not granted; it may be proposed again."""
        self._expect("dismiss", ItemState.PROPOSED, ItemState.CHECKED)
        return replace(self, state=ItemState.DISMISSED, note=note)

    def paid(self) -> Item:
        """The payee has it."""
        self._expect("pay", ItemState.POSTED)
        return replace(self, state=ItemState.PAID)

    def borne(self) -> Item:
        """The fund bears what it had advanced."""
        self._expect("bear", *STANDS)
        return replace(self, debtor=None)

    def withdrawn(self) -> Item:
        """The recognition was finally revoked."""
        self._expect("withdraw", *STANDS)
        return replace(self, state=ItemState.WITHDRAWN)

    def _expect(self, wanted: str, *states: ItemState) -> None:
        if self.state not in states:
            raise wrong_state("benefit", wanted, self.state, "该项待遇")
