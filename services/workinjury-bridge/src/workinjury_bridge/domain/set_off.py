"""A debt to a medical fund is met from what the work-injury fund owes the same person later (reference B10).

It crosses two books, so it needs the person's written consent or an order with its number (民法典 568; 社会保险经办条例 46), and two
people of the office: nothing is set off by itself, and never more than was allowed, is owed, or is payable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.ledger import Book
from workinjury_bridge.domain import party
from workinjury_bridge.domain.recovery import Recovery
from workinjury_bridge.domain.refusals import beyond_debt, no_other_fund, out_of_turn, same_hand, wrong_state


class SetOffGround(StrEnum):
    """What allows it."""

    CONSENT = "consent"
    """The person has agreed in writing."""
    ORDER = "order"
    """An order that the person can contest."""


class SetOffState(StrEnum):
    """From proposal to the last fen."""

    PROPOSED = "proposed"
    STANDING = "standing"
    """Every payment to the person meets the debt first."""
    SPENT = "spent"
    """Everything that was allowed is set off."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOff:
    """What of one debt may be set off, and what was."""

    set_off_id: str
    recovery_id: str
    case_id: str
    person_id: str
    book: Book
    """The medical fund that is owed."""
    ground: SetOffGround
    document_no: str
    documented_on: date
    most_fen: int
    maker: str
    checker: str | None = None
    state: SetOffState = SetOffState.PROPOSED
    applied_fen: int = 0
    note: str | None = None
    """Why it was withdrawn."""

    @property
    def left_fen(self) -> int:
        """What may still be set off."""
        return self.most_fen - self.applied_fen if self.state is SetOffState.STANDING else 0

    def meets(self, debt: Recovery, payable_fen: int) -> int:
        """What of a payment meets the debt: never more than is allowed, owed, or payable."""
        return 0 if debt.closed else min(self.left_fen, debt.open_fen, payable_fen)

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be decided or set off."""
        return self.state in (SetOffState.SPENT, SetOffState.WITHDRAWN)

    def approved(self, actor: str) -> SetOff:
        """The second person agrees. Refuses the first one."""
        self._expect("approve", SetOffState.PROPOSED)
        if actor == self.maker:
            raise same_hand()
        return replace(self, state=SetOffState.STANDING, checker=actor)

    def withdrawn(self, note: str) -> SetOff:
        """Nothing more is set off: consent or order are gone."""
        self._expect("withdraw", SetOffState.PROPOSED, SetOffState.STANDING)
        return replace(self, state=SetOffState.WITHDRAWN, note=note)

    def applied(self, amount_fen: int) -> SetOff:
        """A payment has met so much of the debt."""
        after = replace(self, applied_fen=self.applied_fen + amount_fen)
        return after if after.left_fen else replace(after, state=SetOffState.SPENT)

    def undone(self, amount_fen: int, cause: str) -> SetOff:
        """The medical book has refused it: nothing more is set off before two people have looked."""
        return replace(self, applied_fen=self.applied_fen - amount_fen, state=SetOffState.WITHDRAWN, note=cause)

    def _expect(self, wanted: str, *states: SetOffState) -> None:
        if self.state not in states:
            raise wrong_state("set-off", wanted, self.state, "抵扣")


def expect_set_off(debt: Recovery, amount_fen: int) -> None:
    """Refuses a debt to this fund (met by itself), another debtor than the person, a closed debt, and more than is open."""
    if debt.book is Book.WI or debt.debtor != party.person(debt.person_id):
        raise no_other_fund()
    if debt.closed:
        raise out_of_turn("recovery", "set off", debt.state, "该笔追偿已结束")
    if not 0 < amount_fen <= debt.open_fen:
        raise beyond_debt(debt.open_fen)
