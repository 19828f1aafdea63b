"""Settled stays of a person, as claims tells them, and which of them belong to an injury (reference B1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workinjury_bridge.domain.double_bill import BillMark
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.recognition import InjuryCase


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledStay:
    """One settlement of the medical funds, projected from the events of claims."""

    settlement_id: str
    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    inpatient: bool
    begun_on: date
    ended_on: date
    injury_suspect: bool
    invoice_no: str | None = None
    total_fen: int | None = None
    """Both None when they were told before there was a comparison."""
    reversed: bool = False
    """Undone by the hospital; nothing of it stands."""


def mark_of(stay: SettledStay) -> BillMark:
    """What tells the bill of a stay."""
    return BillMark(
        institution_code=stay.institution_code,
        invoice_no=stay.invoice_no,
        begun_on=stay.begun_on,
        ended_on=stay.ended_on,
        total_fen=stay.total_fen,
        visit_id=stay.visit_id,
    )


def belongs(stay: SettledStay, case: InjuryCase, policy: BridgePolicy) -> bool:
    """Whether the stay is to be proposed for conversion on the case.

    It must not be reversed; the person must be the injured one; it must begin on or after the day of the accident and
    within the policy's window; an outpatient visit only when an injury was stated. Two people then look at it.
    """
    return (
        not stay.reversed
        and stay.person_id == case.person_id
        and 0 <= (stay.begun_on - case.accident_on).days <= policy.stays.within_days
        and (stay.inpatient or stay.injury_suspect)
    )
