"""What the transactions on persons, visits and fee lines answer, before it is written in the words of the interface."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A transaction without output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """9001."""

    sign_no: str
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverStated:
    """One row of insuinfo (1101)."""

    balance_fen: int
    scheme: str
    person_category: str
    status: str
    """psn_insu_stas: 1 normal, 2 paused, 4 ended."""
    begins_on: date
    paused_on: date | None
    civil_servant: bool
    region: str
    employer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityStated:
    """One row of idetinfo (1101)."""

    identity_type: str
    memo: str
    begins_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonIdentified:
    """1101."""

    person_id: str
    cert_type: str
    certno: str
    name: str
    sex: str
    naty: str
    born_on: date
    as_of: date
    covers: tuple[CoverStated, ...]
    identities: tuple[IdentityStated, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InjuredIdentified:
    """1101 of the Jiangsu interface."""

    person: PersonIdentified
    number: int
    qualification_id: str
    """The injury that is paid for; empty when none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOpened:
    """2201 and 2401."""

    visit_id: str
    person_id: str
    hospital_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStated:
    """One row of result in 2204 and 2301 (chs-interface 5.B); amounts in fen."""

    line_no: str
    amount_fen: int
    quantity: Decimal
    price: Decimal
    cap: Decimal | None
    """Price cap applied in yuan; None = no cap."""
    selfpay_rate: int
    """Up-front own-pay ratio in millionths."""
    self_funded_fen: int
    over_limit_fen: int
    pre_selfpay_fen: int
    in_scope_fen: int
    charge_class: str
    """chrgitm_lv: 01 A, 02 B, 03 C."""
    fee_category: str
    """med_chrgitm_type."""
    limited_use: bool = False
    memo: str = ""
    """Empty on a good line; any other text means to some clients that the line failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesUploaded:
    """2204 and 2301."""

    lines: tuple[LineStated, ...]
