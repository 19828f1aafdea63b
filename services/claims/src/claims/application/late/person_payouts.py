"""What paying a person needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from claims.domain.person_payout import BookDue, PersonPayout
from shared.transactions import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDues:
    """What the books owe one person."""

    person_id: str
    dues: tuple[BookDue, ...]
    """By book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCorrection:
    """A correction in a person's favour or not, that went into what the books owe him; by book, in fen."""

    settlement_id: str
    sequence: int
    reason: str
    reason_text: str
    booked_on: date
    by_book: tuple[BookDue, ...]
    """Below 0: less is owed, or the person owes (1125)."""


class PersonPayouts(Protocol):
    """Keeps payments, and reads what is owed."""

    async def owed(self, tx: Tx, after: str, limit: int) -> Sequence[PersonDues]:
        """Persons whom some book owes, by id."""
        ...

    async def owed_to(self, tx: Tx, person_id: str) -> tuple[BookDue, ...]:
        """What each book owes him, by book; nothing for one that owes nothing."""
        ...

    async def corrections(self, tx: Tx, person_id: str) -> Sequence[DueCorrection]:
        """His corrections against himself that moved money, newest first."""
        ...

    async def lock_person(self, tx: Tx, person_id: str) -> None:
        """Against other payments to him."""
        ...

    async def undecided(self, tx: Tx, person_id: str) -> bool:
        """Whether settlements of his are still to be decided again."""
        ...

    async def add(self, tx: Tx, payout: PersonPayout) -> bool:
        """Put a proposal down; False when another waits."""
        ...

    async def lock(self, tx: Tx, payout_id: str) -> PersonPayout:
        """One, locked. Refuses an unknown one."""
        ...

    async def find(self, tx: Tx, payout_id: str) -> PersonPayout:
        """One, not locked. Refuses an unknown one."""
        ...

    async def decide(self, tx: Tx, payout: PersonPayout) -> None:
        """Write state and checker back."""
        ...

    async def listed(self, tx: Tx, state: str, after: str, limit: int) -> Sequence[PersonPayout]:
        """Those in a state, oldest first."""
        ...


def shown(payout: PersonPayout) -> dict[str, Any]:
    """A payment for an answer, with the voucher of each book once it is paid."""
    paid = payout.state == "paid"
    return asdict(payout) | {
        "dues": [asdict(d) | ({"voucher_no": f"{payout.payout_id}-{d.book}"} if paid else {}) for d in payout.dues],
        "amount_fen": sum(d.amount_fen for d in payout.dues),
    }
