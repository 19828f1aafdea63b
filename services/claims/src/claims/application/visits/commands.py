"""Commands on persons, sessions, visits and fee lines as the HIS dialect states them; money in fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from claims.application.header import HisHeader
from claims.domain.visit import Diagnosis, FeeLine

EVERYTHING = "0000"
"""Batch or line number that means every unsettled line of the visit (2205, 2302)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """9001."""

    header: HisHeader
    operator_no: str
    mac: str
    ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyPerson:
    """1101: who is this, and what cover has the person as of ``as_of`` (None: now)."""

    header: HisHeader
    credential_type: str
    """mdtrt_cert_type: 01 e-credential, 02 ID card, 03 social-security card."""
    credential_no: str
    card_sn: str = ""
    as_of: datetime | None = None
    cert_type: str = ""
    certno: str = ""
    person_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVisit:
    """2201 (outpatient registration) and 2401 (admission): both return a visit id."""

    header: HisHeader
    inpatient: bool
    person_id: str
    scheme: str
    begun_at: datetime
    hospital_no: str
    """ipt_otp_no / ipt_no: the hospital's own number."""
    credential_type: str
    credential_no: str = ""
    med_type: str = ""
    """Stated by 2401; by 2203 for outpatients."""
    disease_code: str = ""
    disease_name: str = ""
    condition: str = ""
    """main_cond_dscr and adm_diag_dscr: what the hospital says of the cause."""
    trauma_flag: str = ""
    """TRUM_FLAG of exp_content."""
    diagnoses: tuple[Diagnosis, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    """The remaining fields of the interface by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVisit:
    """2203, 2203A (visit and diagnoses) and 2403 (admission data): replaces the visit data, merges the diagnoses."""

    header: HisHeader
    inpatient: bool
    person_id: str
    visit_id: str
    med_type: str
    begun_at: datetime
    ended_at: datetime | None = None
    """2403: corrects the end of a stay that is discharged; without a discharge it means nothing."""
    hospital_no: str = ""
    disease_code: str = ""
    disease_name: str = ""
    condition: str = ""
    trauma_flag: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """2402."""

    header: HisHeader
    person_id: str
    visit_id: str
    scheme: str
    ended_at: datetime
    way: str
    """dscg_way: 1 ordered, 2 transfer, 5 death, ..."""
    disease_code: str = ""
    disease_name: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDischarge:
    """2405: the patient stays on."""

    header: HisHeader
    person_id: str
    visit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelVisit:
    """2202 (registration) and 2404 (admission): unsettled lines go with it."""

    header: HisHeader
    inpatient: bool
    person_id: str
    visit_id: str
    hospital_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFees:
    """2204 and 2301: all lines belong to one visit."""

    header: HisHeader
    inpatient: bool
    person_id: str
    visit_id: str
    lines: tuple[FeeLine, ...]
    details: tuple[Mapping[str, str], ...]
    """Per line, the remaining fields of the interface by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelFees:
    """2205 (by batch) and 2302 (by line): remove unsettled lines; nothing to remove is success."""

    header: HisHeader
    inpatient: bool
    person_id: str
    visit_id: str
    numbers: tuple[str, ...]
    """Batch numbers (2205) or line numbers (2302); ``EVERYTHING`` removes every unsettled line."""
