"""A settlement message as a use case sees it: who asks, what makes a resend the same message, and what was answered to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from claims.application.settlement.commands import Settle, SettlementRequest
from claims.application.settlement.ports import MessageKey, Render
from claims.domain.institution import Institution
from claims.domain.refusals import message_recalled, msgid_reused
from claims.domain.settlement import VisitToSettle, Wanted
from claims.domain.stay_credit import EndedCredit, Settling
from shared.contracts.claims import ClaimSettled, StayCreditChanged
from shared.errors import Refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """One message of a group, with its institution and the writer of its dialect."""

    command: Settle
    institution: Institution
    render: Render
    credit: Settling | None = None
    """The agency settles a stay on credit for the institution; None: the institution asks itself."""

    @property
    def message(self) -> MessageKey:
        """What makes a resend the same message."""
        header = self.command.header
        variant = header.input_digest if self.institution.switches.msgid_reused else ""
        return MessageKey(header.institution_code, header.infno, header.msgid, variant)


def wanted_of(command: SettlementRequest) -> Wanted:
    """What the checks look at."""
    stated = command.stated
    return Wanted(
        institution_code=command.header.institution_code,
        person_id=command.person_id,
        inpatient=command.inpatient,
        scheme=command.scheme,
        batch_no=command.batch_no,
        total_fen=command.total_fen,
        interim=command.interim,
        stated=(stated.self_funded_fen, stated.over_limit_fen, stated.pre_selfpay_fen, stated.in_scope_fen),
    )


def ended_credit(asked: Asked, visit: VisitToSettle) -> EndedCredit | None:
    """The credit that settling the visit ends, and by whom; None where it is on none."""
    if visit.credit_id is None:
        return None
    return EndedCredit(credit_id=visit.credit_id, ended_by="hospital" if asked.credit is None else asked.credit.ended_by)


def facts_of_settling(settled: ClaimSettled, ended: EndedCredit | None) -> tuple[ClaimSettled | StayCreditChanged, ...]:
    """What a settlement publishes."""
    if ended is None:
        return (settled,)
    credit = StayCreditChanged(
        credit_id=ended.credit_id,
        visit_id=settled.visit_id,
        person_id=settled.person_id,
        institution_code=settled.institution_code,
        state="settled",
        changed_at=settled.settled_at,
        ended_by=ended.ended_by,
        settlement_id=settled.settlement_id,
    )
    return settled, credit


def replay(asked: Asked, stored: Mapping[MessageKey, tuple[str, bytes]]) -> bytes | Refusal | None:
    """The stored answer of a message sent again; a refusal when its msgid was used with other input."""
    found = stored.get(asked.message)
    if found is None:
        return None
    digest, rendered = found
    if digest == asked.command.header.input_digest:
        return rendered
    return msgid_reused()


def refuse_recalled(asked: Asked, recalled: set[MessageKey]) -> Refusal | None:
    """The refusal of a message that a 2601 has named; None for any other."""
    return message_recalled() if asked.message in recalled else None
