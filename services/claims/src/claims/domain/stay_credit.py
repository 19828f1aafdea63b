"""A stay on credit (挂账): the bill of a suspected work injury waits for the recognition (B0.6 ``CREDITED``, B1, B2).

Hospital and person wait; nobody pays. OPEN --recognised--> settled with the work-injury fund; OPEN --denied, or the limit--> settled
under the medical rules of the discharge date; the hospital ends it by settling (2304) or by taking the discharge back (2405, 2404).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from claims.domain.refusals import nothing_to_settle, visit_cancelled, visit_not_discharged, visit_of_wrong_kind
from claims.domain.visit import Batches, Visit
from shared.errors import Refusal, conflict, not_found
from shared.rules import Origin, in_force, in_order

CreditState = Literal["open", "settled", "withdrawn"]
Ending = Literal["recognised", "advance-only", "denied", "limit", "hospital", "stayed-on", "cancelled", "withdrawn"]
"""What ended it: the first four by the agency, ``hospital`` its own 2304; 2405, 2404, and a clerk end it without a settlement."""
StandsAt = Literal["recognised", "advance-only", "denied", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRules:
    """The rules in force from one day to another, both included."""

    effective_from: date
    effective_to: date | None = None
    limit_days: int
    """Calendar days from the discharge."""
    source: str
    article: str = ""
    origin: Origin

    def __post_init__(self) -> None:
        if self.limit_days < 1:
            raise ValueError("limit_days is at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StayCreditRules:
    """The file ``stay-credits.yaml``."""

    format: Literal["onewindow-stay-credits/1"]
    versions: tuple[CreditRules, ...]

    def __post_init__(self) -> None:
        in_order(self.versions)

    def until(self, ended_on: date) -> date:
        """The last day of credit for a stay that ended on a day. Refuses a day without rules."""
        rules = in_force(self.versions, ended_on)
        if rules is None:
            raise conflict("claims.stay-credit.no-rules", f"没有{ended_on}适用的挂账期限规定", field="visit_id")
        return ended_on + timedelta(days=rules.limit_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class InjuryStanding:
    """What the bridge says of the injury that a stay may belong to."""

    stands: StandsAt
    decided_on: date | None = None
    """None while it is undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """How the agency settles a stay on credit."""

    credit_id: str
    ended_by: Ending
    rules_on: date
    """The discharge."""
    booked_on: date
    """Of a medical settlement: the day of the denial, or the day on which the limit is over."""

    @property
    def direct(self) -> bool:
        """With the work-injury fund."""
        return self.ended_by == "recognised"

    def expect(self, credit_id: str | None) -> None:
        """Refuse when the stay, under its lock, is not on this credit any more."""
        if credit_id != self.credit_id:
            raise over()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCredit:
    """A credit that a settlement ends."""

    credit_id: str
    ended_by: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class StayCredit:
    """The credit of one stay."""

    credit_id: str
    visit_id: str
    person_id: str
    institution_code: str
    opened_by: str
    until: date
    """The last day of credit."""
    state: CreditState = "open"
    ended_by: Ending | None = None
    settlement_id: str | None = None
    withdrawn_by: str | None = None
    """The clerk who withdrew it."""

    def settling(self, standing: InjuryStanding, ended_on: date, today: date) -> Settling | None:
        """What is to be done now; None while the credit runs on. A decision goes before the limit."""
        ended_by: Ending
        if standing.stands != "undecided":
            ended_by = standing.stands
        elif today > self.until:
            ended_by = "limit"
        else:
            return None
        booked_on = today if standing.decided_on is None else min(max(standing.decided_on, ended_on), today)
        return Settling(credit_id=self.credit_id, ended_by=ended_by, rules_on=ended_on, booked_on=booked_on)

    def withdrawn(self, ended_by: Ending, actor: str | None = None) -> StayCredit:
        """Ended without a settlement. Refuses one that is over."""
        if self.state != "open":
            raise over()
        return replace(self, state="withdrawn", ended_by=ended_by, withdrawn_by=actor)


ENDINGS: Final[Mapping[Ending, str]] = {
    "recognised": "已认定工伤，由工伤保险基金结算",
    "advance-only": "已认定工伤但须先行支付，先按医保结算",
    "denied": "不予认定工伤，按医保结算",
    "limit": "挂账期满未认定，按医保结算",
    "hospital": "医疗机构已自行结算",
    "stayed-on": "出院已撤销",
    "cancelled": "入院登记已撤销",
    "withdrawn": "经办人撤销挂账",
}
"""In the words of the office."""


def creditable(visit: Visit, batches: Batches, until: date, today: date) -> None:
    """Refuses a visit that may not wait for a recognition: no stay, not over, no suspicion, nothing to settle, past the limit."""
    if not visit.inpatient:
        raise visit_of_wrong_kind(inpatient=False)
    if visit.state == "cancelled":
        raise visit_cancelled()
    if visit.state != "discharged":
        raise visit_not_discharged()
    if not (visit.injury_suspect or visit.work_injury):
        raise conflict(
            "claims.stay-credit.not-suspected",
            "该次住院没有工伤线索（外伤诊断、外伤类别或工作原因说明），不能挂账等待工伤认定",
            "no suspicion of a work injury",
            field="visit_id",
        )
    if not any(b.settlement_id is None and b.line_count for b in batches.all):
        raise nothing_to_settle(settled=batches.any_settled)
    if today > until:
        raise conflict(
            "claims.stay-credit.past-limit",
            f"挂账期限{until}已过，请按医保结算",
            "the limit is over",
            field="visit_id",
            until=until.isoformat(),
        )


def unknown() -> Refusal:
    """No such credit."""
    return not_found("claims.stay-credit.unknown", "挂账记录不存在", "no such credit", field="credit_id")


def over() -> Refusal:
    """The credit was ended meanwhile, by whomever."""
    return conflict("claims.stay-credit.over", "该次住院的挂账已经结束", "the credit is over", field="credit_id")
