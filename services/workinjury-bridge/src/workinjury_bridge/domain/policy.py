"""The dated choices that the bridge reads from its rule book (policy/*.yaml; reference B0.2, B0.3, B1, B4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from shared.rules import Fen, Origin, in_force, in_order
from workinjury_bridge.domain.refusals import no_policy

_NOWHERE: Final = Origin("", 0)


class Circumstance(StrEnum):
    """How a service outside the work-injury catalogue came about; it decides who bears it (B0.3)."""

    EMERGENCY = "emergency"
    CONSENTED = "consented"
    UNCONSENTED = "unconsented"
    UNSTATED = "unstated"
    """The medical bill of a converted stay does not say whether consent was asked."""


class Bearer(StrEnum):
    """Who bears what the work-injury fund does not."""

    PERSON = "person"
    HOSPITAL = "hospital"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A rule names the document it comes from."""

    source: str
    """Title of the document, or ``synthetic`` for the demo county."""
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meals(Sourced):
    """Inpatient meals allowance (住院伙食补助费)."""

    per_day: Fen
    direct_paid_after_days: int
    """A directly settled stay may still be reversed at the counter; its allowance is paid this many days later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearers(Sourced):
    """Bearer of costs outside the catalogue or above a cap, per circumstance (目录外费用承担)."""

    emergency: Bearer
    consented: Bearer
    unconsented: Bearer
    unstated: Bearer

    def of(self, circumstance: Circumstance) -> Bearer:
        """Who bears it."""
        return {
            Circumstance.EMERGENCY: self.emergency,
            Circumstance.CONSENTED: self.consented,
            Circumstance.UNCONSENTED: self.unconsented,
            Circumstance.UNSTATED: self.unstated,
        }[circumstance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays(Sourced):
    """Which settled stays are proposed for conversion."""

    within_days: int
    """A stay that begins later than this after the accident is a recurrence to be confirmed first (B9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits(Sourced):
    """Limits for agreeing on a mixed stay (B5), working days."""

    review_within: int
    opinion_within: int


class LateFilingRule(StrEnum):
    """Who bears the cost before the application was accepted when nobody filed in time (条例 art. 17 para. 4)."""

    EMPLOYER = "employer"
    """The employer, for lines dated before the acceptance."""
    FUND = "fund"
    """The fund, from the first day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFiling(Sourced):
    """The switch ``late_filing_rule``."""

    rule: LateFilingRule
    within_days: int
    """Calendar days after the accident in which any applicant may file."""


class Uncleared(StrEnum):
    """How a conversion moves the money of a book that has not paid the hospital yet (B0.5)."""

    TRANSFER = "transfer"
    """Between the funds all the same."""
    NET = "net"
    """Same-month net: the work-injury fund takes the debt to the hospital over."""


class TransfersWhen(StrEnum):
    """When the work-injury fund and a medical fund pay each other what a conversion makes them owe (B1, B13)."""

    AT_ONCE = "at-once"
    """One transfer per conversion and book, as soon as both have booked."""
    MONTH_END = "month-end"
    """With the month's clearing: one voucher per pair of funds, in the order of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingRules(Sourced):
    """Month-end clearing (月末清算), and what a month that is not paid out means for a conversion."""

    uncleared: Uncleared
    transfers: TransfersWhen
    pay_by_day: int
    """Day of the next month until which a clearing is paid."""
    reconcile_within: int
    """Working days after which an unconfirmed transfer is looked at."""
    return_within: int
    """Working days after which a transfer that the other book has not reserved is returned."""
    escalate_within: int
    """Working days that each one who is asked for money has before the next one is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advances(Sourced):
    """Limits of an advance payment (先行支付), working days."""

    notice_within: int
    employer_pays_within: int
    decide_within: int
    """For a third party's injury, from the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries(Sourced):
    """Limits of a recovery (追偿)."""

    demand_within: int
    """Working days from the finding to the demand."""
    employer_repays_within: int
    """Calendar days from the demand."""
    others_repay_within: int
    remind_every: int
    """Calendar days between reminders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audits(Sourced):
    """Deductions after audit (B12)."""

    object_within: int
    """Working days in which the hospital may object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Sourced):
    """Graded review of what is risky (社会保险经办条例 37; B0.6)."""

    third_level_from: Fen
    """From this amount on a third person must agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises(Sourced):
    """What the bureau promises itself, working days; who is late stands on a worklist (B13)."""

    match_within: int
    """From the first half of a pair to both halves; later than that somebody looks for the cause."""
    refund_within: int
    """From the decision to the refund of what was paid in cash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers(Sourced):
    """Bills claimed with their papers (手工报销)."""

    decide_within: int
    """Working days from the claim to its decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation(Sourced):
    """How long a claim against a third party can be brought (诉讼时效; B6)."""

    years: int
    """From when injury and obligor are known, and again from every interruption."""
    longest_years: int
    """From the injury, while nobody knows the obligor."""
    alarm_days: int
    """So many days before it ends it is on the worklist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfArea(Sourced):
    """Treatment out of the pooling area (B8)."""

    services: tuple[Literal["inpatient", "rehabilitation", "device"], ...]
    """What is settled at the place of treatment; anything else is claimed by hand."""
    third_party: Literal["exclude", "include"]
    """Whether injuries that a third party is liable for are left out of the direct settlement."""
    register_within: int
    """Working days in which the agency decides on a registration."""
    referral_months: int
    """A referral is valid this long."""
    admit_within: int
    """Calendar days from the consent to a referral in which admission must follow."""
    check_within: int
    """Working days for checking the monthly data."""
    object_by_day: int
    """Day of the month before which objections are raised."""
    pay_by_day: int
    """Day of the month after the quarter by which the province is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrences(Sourced):
    """Confirmation of a recurrence (B9)."""

    decide_within: int
    """Calendar days from the application."""
    extend_by: int
    """Calendar days that the committee may add, once."""
    object_within: int
    """Calendar days in which either side may ask the province's committee."""
    covers_months: int
    """How long treatment is covered from its first day when the committee names no last day."""
    direct: Literal["confirmed", "recognised"]
    """Direct settlement of a stay that begins after ``stays.within_days``: only when a recurrence is confirmed, or as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePolicy:
    """The rules in force from one day to another, both included."""

    effective_from: date
    meals: Meals
    outside_catalogue: Bearers
    stays: Stays
    splits: Splits
    late_filing: LateFiling
    clearing: ClearingRules
    advances: Advances
    recoveries: Recoveries
    limitation: Limitation
    papers: Papers
    audits: Audits
    approval: Approval
    promises: Promises
    out_of_area: OutOfArea
    recurrences: Recurrences
    effective_to: date | None = None
    origin: Origin = _NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBook:
    """One rule book of the bridge: its name and its versions, without gap or overlap."""

    code: str
    versions: tuple[BridgePolicy, ...]

    def __post_init__(self) -> None:
        in_order(self.versions)

    def on(self, day: date) -> BridgePolicy:
        """The version of a day. Refuses a day without one."""
        found = in_force(self.versions, day)
        if found is None:
            raise no_policy(day)
        return found
