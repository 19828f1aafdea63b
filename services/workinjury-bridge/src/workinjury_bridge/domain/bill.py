"""The work-injury version of a bill, line by line (reference B0.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workinjury_bridge.domain.policy import Bearer, BridgePolicy, Circumstance
from workinjury_bridge.domain.refusals import bad_line


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One charged line as the hospital or claims states it."""

    line_id: str
    amount_fen: int
    in_catalogue: bool
    """Payable by work-injury insurance: classes A and B, and items limited to work injury."""
    cap_fen: int | None = None
    """Most that the fund pays for this line; None without cap."""
    related: bool = True
    """Whether it treats the injury; other lines stay with the medical fund (B5)."""
    consent: bool | None = None
    """Signed consent to pay oneself; None when the bill does not say."""
    emergency: bool = False

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
    def total_fen(self) -> int:
        """T."""
        return self.work_injury_fen + self.person_fen + self.hospital_fen + self.unrelated_fen


def assess(lines: Iterable[BillLine], policy: BridgePolicy) -> WorkInjuryVersion:
    """Per related line e = min(a, cap) if in the catalogue else 0; x = a - e goes to its bearer; the rest is unrelated.

    Raises Refusal for a negative amount or cap.
    """
    work_injury = person = hospital = unrelated = 0
    for line in lines:
        if line.amount_fen < 0:
            raise bad_line(line.line_id, "金额不能为负", "negative amount")
        if line.cap_fen is not None and line.cap_fen < 0:
            raise bad_line(line.line_id, "限价不能为负", "negative cap")
        if not line.related:
            unrelated += line.amount_fen
            continue
        payable = 0
        if line.in_catalogue:
            payable = line.amount_fen if line.cap_fen is None else min(line.amount_fen, line.cap_fen)
        work_injury += payable
        if policy.outside_catalogue.of(line.circumstance) is Bearer.HOSPITAL:
            hospital += line.amount_fen - payable
        else:
            person += line.amount_fen - payable
    return WorkInjuryVersion(work_injury_fen=work_injury, person_fen=person, hospital_fen=hospital, unrelated_fen=unrelated)
