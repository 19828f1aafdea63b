"""A document that a decision rests on: its reference number and the digest of the paper, so that it can be proven later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

SUBJECTS: Final = {
    "case": "/v1/injury-cases/{subject}",
    "conversion": "/v1/conversions/{subject}",
    "recovery": "/v1/recoveries/{subject}",
    "advance": "/v1/advances/{subject}",
    "deduction": "/v1/audit-deductions/{subject}",
    "benefit": "/v1/benefits/{subject}",
    "entitlement": "/v1/entitlements/{subject}",
}
"""What a document can be attached to, and where the bridge shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper attached to one decision. Never changed or removed: a better one is attached beside it."""

    document_id: str
    subject_kind: str
    subject_id: str
    person_id: str
    region: str | None
    name: str
    reference_no: str
    """文号 or number of the certificate."""
    digest: str
    """SM3 of the file as it was read in, 64 hex digits (GB/T 32905)."""
    size_bytes: int
    material: str
    """Where the paper lies: the reference of the material, or a shelf mark."""
    attached_by: str
    attached_by_name: str
    attached_at: datetime
