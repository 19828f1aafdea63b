"""A bill that the injured person has paid in cash and claims from the work-injury fund with its papers (工伤医疗费手工报销).

工伤保险条例 art. 30; 社会保险经办条例 art. 22 (20 working days); reference B1, B8, B10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion, assess
from workinjury_bridge.domain.double_bill import BillMark
from workinjury_bridge.domain.meals import meals_fen
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.refusals import mixed_stay, papers_invalid, same_hand, wrong_state


class PaperState(StrEnum):
    """Proposed by one person, paid by a second."""

    PROPOSED = "proposed"
    PAID = "paid"
    REJECTED = "rejected"
    REVOKED = "revoked"
    """The recognition was revoked: what was paid is owed back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The bill as the papers state it."""

    institution_code: str
    institution_name: str
    invoice_no: str
    inpatient: bool
    begun_on: date
    ended_on: date
    lines: tuple[BillLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperClaim:
    """One claim; X_h and X_p stay with the person, who settles them with the hospital."""

    paper_claim_id: str
    case_id: str
    person_id: str
    decision_id: str
    decision_version: int
    institution_code: str
    institution_name: str
    invoice_no: str
    inpatient: bool
    begun_on: date
    ended_on: date
    version: WorkInjuryVersion
    meals_fen: int
    maker: str
    due_on: date
    """By when it is decided."""
    state: PaperState = PaperState.PROPOSED
    checker: str | None = None
    note: str | None = None

    @property
    def mark(self) -> BillMark:
        """What tells the bill."""
        return BillMark(
            institution_code=self.institution_code,
            invoice_no=self.invoice_no,
            begun_on=self.begun_on,
            ended_on=self.ended_on,
            total_fen=self.version.total_fen,
        )

    @property
    def stands(self) -> bool:
        """Whether it is paid or may be."""
        return self.state in (PaperState.PROPOSED, PaperState.PAID)

    def paid(self, actor: str) -> PaperClaim:
        """A second person agrees. Refuses the first."""
        self._expect("pay", PaperState.PROPOSED)
        if actor == self.maker:
            raise same_hand()
        return replace(self, state=PaperState.PAID, checker=actor)

    def rejected(self, actor: str | None, note: str | None) -> PaperClaim:
        """Nothing is paid; the invoice is free again."""
        self._expect("reject", PaperState.PROPOSED)
        return replace(self, state=PaperState.REJECTED, checker=actor if actor != self.maker else None, note=note)

    def revoked(self) -> PaperClaim:
        """The recognition was finally revoked."""
        self._expect("revoke", PaperState.PAID)
        return replace(self, state=PaperState.REVOKED)

    def _expect(self, wanted: str, state: PaperState) -> None:
        if self.state is not state:
            raise wrong_state("paper-claim", wanted, self.state, "手工报销")


def adjudicate(papers: Papers, policy: BridgePolicy, today: date, fund_pays_from: date | None) -> tuple[WorkInjuryVersion, int]:
    """The work-injury version of the papers, and the allowance. ``fund_pays_from``: before it the employer bears the cost (条例 17).

    Refuses days that cannot be, lines of an own disease, a line on another day than the stay's, and what the employer bears.
    """
    if not papers.begun_on <= papers.ended_on <= today:
        raise papers_invalid("ended_on", "就诊起止日期有误：结束不得早于开始，也不得晚于今天")
    if not all(line.related for line in papers.lines):
        raise mixed_stay()
    _expect_days(papers.lines, papers)
    if fund_pays_from is not None and papers.begun_on < fund_pays_from:
        raise papers_invalid("begun_on", f"{fund_pays_from}以前的费用由用人单位承担，请按医保结算后办理转换")
    version = assess(papers.lines, policy)
    if not version.work_injury_fen:
        raise papers_invalid("lines", "没有可由工伤保险基金支付的费用")
    days_paid = meals_fen(papers.begun_on, papers.ended_on, policy.meals.per_day) if papers.inpatient else 0
    return version, days_paid


def _expect_days(lines: Sequence[BillLine], papers: Papers) -> None:
    for line in lines:
        if line.charged_on is not None and not papers.begun_on <= line.charged_on <= papers.ended_on:
            raise papers_invalid("lines", f"费用明细{line.line_id}的日期不在就诊期间")
