"""An act that takes two people before its owner hears of it: one proposes, another decides (内部控制暂行办法; reference B15.16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from gateway.domain.books import book_owner
from shared.errors import Refusal, conflict, forbidden


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    DECIDING = "deciding"
    """Somebody has approved, the owner's answer is not known yet: only the same person may ask again."""
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be proposed: the scopes of both sides and where the command goes."""

    code: str
    name: str
    propose: str
    approve: str
    thing: str | None
    """Path of what it is about, at the service ``owner``; None: a fund's, which concerns no person and no region."""
    owner: str
    command: str
    """Path of the command at the bridge, or with ``by_book`` at whoever keeps the book that the body names."""
    by_book: bool = False

    def receiver(self, body: Mapping[str, Any]) -> str:
        """The service that takes the command."""
        return book_owner(str(body["book"])) if self.by_book else "workinjury-bridge"


KINDS: Final[Mapping[str, Kind]] = {
    kind.code: kind
    for kind in (
        Kind(
            code="write-off",
            name="追偿核销",
            propose="recoveries:write",
            approve="recoveries:approve",
            thing="/v1/recoveries/{subject}",
            owner="workinjury-bridge",
            command="/v1/recoveries/{subject}/write-off",
        ),
        Kind(
            code="deduction",
            name="审核扣款",
            propose="audits:propose",
            approve="audits:approve",
            thing="/v1/settlements/{subject}",
            owner="claims",
            command="/v1/audit-deductions",
        ),
        Kind(
            code="double-bill",
            name="确认重复报销",
            propose="recoveries:write",
            approve="recoveries:approve",
            thing="/v1/double-bills/{subject}",
            owner="workinjury-bridge",
            command="/v1/double-bills/{subject}/confirm",
        ),
        Kind(
            code="double-bill-undo",
            name="撤销重复支付追回",
            propose="recoveries:write",
            approve="recoveries:approve",
            thing="/v1/double-bills/{subject}",
            owner="workinjury-bridge",
            command="/v1/double-bills/{subject}/undo",
        ),
        Kind(
            code="replenishment",
            name="登记补足资金",
            propose="clearing:propose",
            approve="clearing:approve",
            thing=None,
            owner="workinjury-bridge",
            command="/v1/fund-replenishments",
        ),
        Kind(
            code="medical-replenishment",
            name="登记补足资金",
            propose="clearing:propose",
            approve="clearing:approve",
            thing=None,
            owner="claims",
            command="/v1/replenishments",
            by_book=True,
        ),
        Kind(
            code="period",
            name="结账",
            propose="ledger:propose",
            approve="ledger:close",
            thing=None,
            owner="workinjury-bridge",
            command="/v1/ledger/periods",
            by_book=True,
        ),
        Kind(
            code="remote-clearing",
            name="异地就医季度清算",
            propose="clearing:propose",
            approve="clearing:approve",
            thing=None,
            owner="workinjury-bridge",
            command="/v1/out-of-area/clearings",
        ),
        Kind(
            code="prefund",
            name="异地就医预付金",
            propose="clearing:propose",
            approve="clearing:approve",
            thing=None,
            owner="workinjury-bridge",
            command="/v1/out-of-area/prefunds",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposed act. ``body`` is the command as the owner takes it, without the two people."""

    proposal_id: str
    kind: str
    subject_id: str
    person_id: str
    """Empty where the act is a fund's."""
    region: str | None
    body: Mapping[str, Any]
    maker: str
    maker_name: str
    proposed_at: datetime
    state: ProposalState = ProposalState.OPEN
    checker: str | None = None
    decided_at: datetime | None = None

    def taken(self, actor: str) -> Proposal:
        """A second person approves. Refuses the maker, and anybody but the same person while the owner's answer is open."""
        self._expect(ProposalState.OPEN, ProposalState.DECIDING)
        if actor == self.maker:
            raise _same_hand()
        if self.state is ProposalState.DECIDING and actor != self.checker:
            raise conflict("gateway.proposal.being-decided", "此件正由他人复核，请稍后刷新", "another person is deciding")
        return replace(self, state=ProposalState.DECIDING, checker=actor)

    def reopened(self) -> Proposal:
        """The owner has refused: nothing happened."""
        return replace(self, state=ProposalState.OPEN, checker=None)

    def done(self, at: datetime) -> Proposal:
        """The owner has done it."""
        return replace(self, state=ProposalState.DONE, decided_at=at)

    def dropped(self, actor: str, at: datetime) -> Proposal:
        """Given up by its maker or turned down by a second person."""
        self._expect(ProposalState.OPEN)
        return replace(self, state=ProposalState.DROPPED, checker=actor if actor != self.maker else None, decided_at=at)

    def _expect(self, *states: ProposalState) -> None:
        if self.state not in states:
            raise conflict("gateway.proposal.out-of-turn", "此件已经办结，请刷新", f"the proposal is {self.state}")


def _same_hand() -> Refusal:
    return forbidden("gateway.proposal.same-hand", "提出与复核不能是同一人", "the maker may not decide")
