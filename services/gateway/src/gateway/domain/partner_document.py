"""A document that a partner sent (合作单位来文): received, then accepted or returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.errors import Refusal, conflict, not_found


class DocumentState(StrEnum):
    """``accepting``: the command is on its way to the owner, and is sent again until it answers."""

    RECEIVED = "received"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDocument:
    """What was sent stays as it was; only what became of it changes."""

    document_id: str
    partner: str
    document: str
    document_no: str
    digest: str | None
    """SM3 of the paper itself, hexadecimal, when the partner keeps one."""
    about_id: str
    case_id: str
    region: str
    fields: Mapping[str, Any]
    received_at: datetime
    state: DocumentState = DocumentState.RECEIVED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""
    """Why it was returned, or what hinders its acceptance."""

    def same_as(self, other: PartnerDocument) -> bool:
        """Whether the partner states the same thing again."""
        mine, its = ((d.about_id, d.digest, dict(d.fields)) for d in (self, other))
        return mine == its


def document_unknown() -> Refusal:
    """There is none of that id, or it is another partner's."""
    return not_found("gateway.partner-document.id-unknown", "没有该来文", "no such document")


def begin_acceptance(document: PartnerDocument, by: str, at: datetime) -> PartnerDocument:
    """The command may go out. Who began stays its actor when another goes on."""
    if document.state is DocumentState.ACCEPTING:
        return document
    _open(document)
    return replace(document, state=DocumentState.ACCEPTING, decided_by=by, decided_at=at, reason="")


def finish_acceptance(document: PartnerDocument) -> PartnerDocument:
    """The owner has done it."""
    return replace(document, state=DocumentState.ACCEPTED)


def hinder(document: PartnerDocument, reason: str) -> PartnerDocument:
    """The owner refused: the document waits again, with the cause."""
    return replace(document, state=DocumentState.RECEIVED, decided_by=None, decided_at=None, reason=reason)


def give_back(document: PartnerDocument, by: str, at: datetime, reason: str) -> PartnerDocument:
    """Return it to the partner."""
    _open(document)
    return replace(document, state=DocumentState.RETURNED, decided_by=by, decided_at=at, reason=reason)


def _open(document: PartnerDocument) -> None:
    if document.state is not DocumentState.RECEIVED:
        names = {"accepting": "正在受理", "accepted": "已受理", "returned": "已退回"}
        raise conflict(
            "gateway.partner-document.decided",
            f"来文{names[document.state]}，不能再次处理",
            f"the document is {document.state}",
        )
