"""What the use cases on filings need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from claims.domain.filing import Filing
from shared.transactions import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFiling:
    """A filing with who made it and whether it stands."""

    filing: Filing
    person_id: str
    scheme: str
    filed_by: str
    """Institution code, or the subject of the person at the counter."""
    state: str
    """``valid`` or ``cancelled``."""
    filed_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    """Remaining fields of the message by their names."""


class Filings(Protocol):
    """The filings of persons. Whoever changes them holds the person's lock, taken by ``of_person``."""

    async def of_person(self, tx: Tx, person_id: str, *, lock: bool = False) -> Sequence[StoredFiling]:
        """Every filing of a person, oldest first; with ``lock`` nobody else changes them until the transaction ends."""
        ...

    async def add(self, tx: Tx, filing: StoredFiling) -> None:
        """A new one; settlements see it from the commit on."""
        ...

    async def cancel(self, tx: Tx, person_id: str, filing_id: str, at: datetime) -> None:
        """It does not stand any more."""
        ...
