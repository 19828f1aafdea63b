"""What the use cases on stays on credit need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from claims.domain.institution import Institution
from claims.domain.stay_credit import CreditState, InjuryStanding, StayCredit
from shared.transactions import Tx


@dataclass(frozen=True, slots=True)
class Seen:
    """A credit as a worker has found it."""

    credit: StayCredit
    wakes: int
    """How often something has happened to it: who puts it off says which count he saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFilter:
    """Which credits a list shows."""

    state: CreditState | None = None
    institution_code: str | None = None
    person_id: str | None = None
    regions: Sequence[str] = ("",)
    """Beginnings of the division codes of the persons' cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCredit:
    """A credit with its stay; amounts in fen."""

    credit: StayCredit
    institution_name: str
    hospital_no: str
    begun_on: date
    ended_on: date | None
    region: str
    total_fen: int
    """Of the lines: of those that are unsettled while it is open."""
    opened_at: datetime
    ended_at: datetime | None
    hindrance: str | None


class StayCredits(Protocol):
    """The credits."""

    async def add(self, tx: Tx, credit: StayCredit, at: datetime) -> None:
        """Insert one, due at once: it is then asked what was decided meanwhile."""
        ...

    async def find(self, tx: Tx, credit_id: str) -> Seen | None:
        """One, not locked."""
        ...

    async def end(self, tx: Tx, credit: StayCredit, at: datetime) -> None:
        """Write down how one ended without a settlement."""
        ...

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """Open ones that somebody has to look at now, the longest waiting first."""
        ...

    async def wake(self, tx: Tx, person_ids: Collection[str], now: datetime) -> None:
        """Something was decided of these persons: their open ones are due."""
        ...

    async def rest(self, tx: Tx, seen: Seen, until: datetime) -> None:
        """Nothing to do before; without effect when it was woken since it was seen."""
        ...

    async def put_off(self, tx: Tx, seen: Seen, now: datetime, hindrance: str) -> None:
        """Tried in vain: again after 1, 2, 4 ... seconds, at most an hour, at once when it was woken since it was seen."""
        ...

    async def listed(self, tx: Tx, wanted: CreditFilter, after: tuple[str, str] | None, limit: int) -> Sequence[ListedCredit]:
        """By their last day and id, after one."""
        ...

    async def one(self, tx: Tx, credit_id: str) -> ListedCredit | None:
        """One of them."""
        ...


class Recognitions(Protocol):
    """The work-injury bridge."""

    async def standing(self, person_id: str, begun_on: date) -> InjuryStanding:
        """What is decided of the injury that a stay which began on a day may belong to."""
        ...


class Directory(Protocol):
    """Institutions by code."""

    async def __call__(self, code: str) -> Institution | None:
        """None when there is none."""
        ...
