"""Facts that the gateway publishes: what happens to matters at the one window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.envelope import event


@event("gateway.matter-accepted.v1", topic="gateway.matter.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class MatterAccepted:
    """A matter or bundle was accepted and got its receipt number (受理)."""

    matter_id: str
    receipt_no: str
    person_id: str
    matter_code: str
    matter_name: str
    accepted_at: datetime
    due_on: date


@event("gateway.matter-task-changed.v1", topic="gateway.matter.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class MatterTaskChanged:
    """One task of a matter changed its state: waiting, running, done, refused."""

    matter_id: str
    person_id: str
    task_code: str
    task_name: str
    state: str
    changed_at: datetime


@event("gateway.matter-closed.v1", topic="gateway.matter.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class MatterClosed:
    """Every task has its result; the matter closed by itself (办结)."""

    matter_id: str
    receipt_no: str
    person_id: str
    outcome: str
    """``done``, ``partial`` (some task was refused) or ``withdrawn``."""
    closed_at: datetime


@event("gateway.partner-document-decided.v1", topic="gateway.partner.v1", key="case_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDocumentDecided:
    """A document that a partner sent was accepted or returned (来文受理、退回)."""

    document_id: str
    partner: str
    document: str
    document_no: str
    case_id: str
    state: str
    """``accepted`` or ``returned``."""
    reason: str
    decided_at: datetime
