"""What the worklists need from the outside. ``regions``: beginnings of division codes, one of which must fit; a case without a
region concerns nobody in particular and fits always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

Regions = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """How many refunds were paid on a day under decisions of a day."""

    decided_on: date
    paid_on: date
    refunds: int


class Worklists(Protocol):
    """Read-only snapshots, as JSON; each reads an index of what is open, never whole tables."""

    async def case_file(self, case_id: str) -> dict[str, Any] | None:
        """Everything that hangs on one case beside its conversions: applications, debts, deductions, payments, transfers, deadlines."""
        ...

    async def recoveries(
        self, regions: Regions, opened: tuple[date | None, date | None], after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Open debts, the oldest first. ``opened``: opened on or after, and on or before."""
        ...

    async def recovery_ages(self, regions: Regions, limits: Sequence[date]) -> list[dict[str, Any]]:
        """Number and sum of open debts per age; ``limits``: the first day of each age but the oldest, descending."""
        ...

    async def open_sums(self, regions: Regions) -> list[dict[str, Any]]:
        """Number and sum of open debts per book and kind of debtor."""
        ...

    async def advances(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Applications for an advance that wait for a step, the oldest first."""
        ...

    async def deductions(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Deductions that are not final, the oldest first."""
        ...

    async def splits(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Conversions whose split waits for agreement or an opinion, with the day by which, the oldest first."""
        ...

    async def stay_splits(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Splits of stays not settled yet that wait for agreement or an opinion, with the day by which, by visit."""
        ...

    async def open_pairs(
        self, regions: Regions, before: date, after: tuple[date, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        """Pairs whose first half is from before a day and whose other half is missing, the oldest first."""
        ...

    async def returned(self, regions: Regions, since: date, until: date) -> list[dict[str, Any]]:
        """Money confirmed per month, medical book and direction, days in China."""
        ...

    async def refunded(self, regions: Regions, since: date, until: date) -> list[Refunded]:
        """Refunds of cash paid between two days."""
        ...
