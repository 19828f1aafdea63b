"""One payment to a person or another party, as whoever owes it says it; paid at once, or when there is money (B0.5, B13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workinjury_bridge.domain import party
from workinjury_bridge.domain.journals import Concern


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What one party gets about one matter: items (kind, fen); a debt is met from the last of them first."""

    concern: Concern
    items: Sequence[tuple[str, int]]
    matter_id: str | None = None
    benefit_id: str | None = None
    month: date | None = None
    repays: str | None = None
    against_debt: bool = True
    """False for what is the payee's in its own right, not the person's."""
    to: str | None = None
    """A party other than the person: heirs, an employer, a third party."""

    @property
    def due_fen(self) -> int:
        """All items together."""
        return sum(amount for _, amount in self.items)

    @property
    def to_debtor(self) -> bool:
        """Whether an employer or a third party is paid, who are met with debts of their own."""
        return self.to is not None and party.is_other(self.to)

    @property
    def debtor(self) -> str:
        """Whose debt may be met from it."""
        return self.to if self.to is not None and self.to_debtor else party.person(self.concern.person_id)
