"""The work-injury version of a bill, line by line (reference B0.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from workinjury_bridge.domain.policy import Bearer, BridgePolicy, Circumstance
from workinjury_bridge.domain.refusals import returns_too_much


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One charged line as the hospital or claims states it."""

    line_id: str
    amount_fen: int
    """Negative for a return (退费), which mirrors the line that it returns."""
    in_catalogue: bool
    """Payable by work-injury insurance: classes A and B, and items limited to work injury."""
    cap_fen: int | None = None
    """Most that the fund pays for this line, whatever its sign; None without cap."""
    related: bool = True
    """Whether it treats the injury; other lines stay with the medical fund (B5)."""
    consent: bool | None = None
    """Signed consent to pay oneself; None when the bill does not say."""
    emergency: bool = False
    charged_on: date | None = None
    """The day of the charge; None when the bill does not say, which counts as the first day of the stay."""

    @property
    def circumstance(self) -> Circumstance:
        """Which row of the bearer table applies."""
        if self.emergency:
            return Circumstance.EMERGENCY
        if self.consent is None:
            return Circumstance.UNSTATED
        return Circumstance.CONSENTED if self.consent else Circumstance.UNCONSENTED


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInjuryVersion:
    """The sums of B0.3: T = E + X_p + X_h + N, in fen."""

    work_injury_fen: int
    """E, payable by the fund: no deductible, no co-payment, no ceiling (reference A4)."""
    person_fen: int
    """X_p."""
    hospital_fen: int
    """X_h."""
    unrelated_fen: int
    """N."""

    @property
    def related_fen(self) -> int:
        """E + X_p + X_h: what of the bill is settled as work injury."""
        return self.work_injury_fen + self.person_fen + self.hospital_fen

    @property
    def total_fen(self) -> int:
        """T."""
        return self.related_fen + self.unrelated_fen


def assess(lines: Iterable[BillLine], policy: BridgePolicy) -> WorkInjuryVersion:
    """Per related line e = min(a, cap) if in the catalogue else 0; x = a - e goes to its bearer; the rest is unrelated.

    A returned line counts with its sign, so that it takes back what it returns. Refuses a bill that returns more than it holds.
    """
    work_injury = person = hospital = unrelated = 0
    for line in lines:
        if not line.related:
            unrelated += line.amount_fen
            continue
        payable = _payable(line) if line.in_catalogue else 0
        work_injury += payable
        if policy.outside_catalogue.of(line.circumstance) is Bearer.HOSPITAL:
            hospital += line.amount_fen - payable
        else:
            person += line.amount_fen - payable
    if min(work_injury, person, hospital, unrelated) < 0:
        raise returns_too_much()
    return WorkInjuryVersion(work_injury_fen=work_injury, person_fen=person, hospital_fen=hospital, unrelated_fen=unrelated)


def paid_lines(lines: Iterable[BillLine], policy: BridgePolicy, cuts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """(line, fen) of what somebody has paid of a bill settled directly: without what the hospital bears, and without ``cuts``,
    what audits have cut by line. Lines of which nothing is left are left out."""
    paid = []
    for line in lines:
        amount = line.amount_fen - cuts.get(line.line_id, 0)
        if policy.outside_catalogue.of(line.circumstance) is Bearer.HOSPITAL:
            amount -= line.amount_fen - (_payable(line) if line.in_catalogue else 0)
        if amount:
            paid.append((line.line_id, amount))
    return tuple(paid)


def _payable(line: BillLine) -> int:
    """e: the amount up to the cap, with the sign of the amount."""
    if line.cap_fen is None:
        return line.amount_fen
    cap = abs(line.cap_fen)
    return max(-cap, min(line.amount_fen, cap))
