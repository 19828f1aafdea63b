"""When a claim against a third party lapses, and what makes the time begin anew (诉讼时效; 民法典 188, 195; reference B6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain import party
from workinjury_bridge.domain.policy import Limitation


class Interruption(StrEnum):
    """民法典 art. 195: the time begins anew from the interruption, or from the end of the proceedings."""

    DEMAND = "demand"
    ACKNOWLEDGED = "acknowledged"
    """The debtor agreed to pay, or paid a part. Also after the time it can plead the limitation no more (art. 192)."""
    SUIT = "suit"
    """A lawsuit or arbitration was opened: no time runs."""
    SUIT_ENDED = "suit-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """One interruption with its proof."""

    interruption_id: str
    recovery_id: str
    kind: Interruption
    on: date
    reference: str
    """Receipt of the demand, letter of the debtor, number of the suit."""
    actor: str


def years_after(day: date, years: int) -> date:
    """The same day so many years later; the last of February for a leap day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def lapses_on(debtor: str, accident_on: date, limit: Limitation) -> date | None:
    """When the claim against a third party lapses (民法典 188); the other debtors owe by administrative order."""
    if not party.is_third_party(debtor):
        return None
    return years_after(accident_on, limit.longest_years if debtor == party.UNKNOWN_THIRD_PARTY else limit.years)
