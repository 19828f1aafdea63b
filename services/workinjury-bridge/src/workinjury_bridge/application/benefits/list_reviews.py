"""List what somebody should look at: proofs of life and re-checks due, runs that are hindered, deaths without proven heirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from workinjury_bridge.application.benefits.ports import BenefitViews
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.rules import BenefitBook


@dataclass(frozen=True, slots=True)
class ListReviews:
    """A proof of life is due when the months of the rule book have passed since the last one."""

    views: BenefitViews
    book: BenefitBook
    clock: Clock

    async def run(self, limit: int) -> list[dict[str, Any]]:
        """The oldest first."""
        today = self.clock.today()
        certified_before = months_later(month_of(today), 1 - self.book.on(today).review.certificate_months)
        return await self.views.reviews(certified_before, today, limit)
