"""Medical assistance by application (依申请救助): review, public notice, approval, grant, payment.

Known classes get assistance in the settlement itself. Somebody else applies for a class; what his household has borne in the
look-back is measured against the line, the finding is shown to the public for some working days, another person approves, the
class is granted from the first day of the look-back, and what the settlements of that time then come to is paid to him
(医疗救助: 依申请救助 of 国办发〔2021〕42号, art. 7).

Every step is a method that returns the application as it is afterwards, or refuses with a ``Refusal`` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from claims.domain.person import CLASS_NAMES
from claims.domain.redecision import Standing
from shared.calendar import Due, WorkCalendar
from shared.contracts.claims import FundPayment
from shared.errors import Refusal, conflict, not_found
from shared.ids import IdFactory
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import BANK, DUE_TO_PERSON

State = Literal[
    "applied", "reviewed", "on_notice", "objected", "notice_over", "approved", "granted", "paid", "rejected", "withdrawn"
]

STATES: Final[dict[State, str]] = {
    "applied": "已受理",
    "reviewed": "已初审",
    "on_notice": "公示中",
    "objected": "有异议",
    "notice_over": "公示期满",
    "approved": "已批准",
    "granted": "已认定",
    "paid": "已支付",
    "rejected": "不予救助",
    "withdrawn": "已撤回",
}
_UNDECIDED: Final[tuple[State, ...]] = ("applied", "reviewed", "on_notice", "objected", "notice_over")
CLOSED: Final[tuple[State, ...]] = ("paid", "rejected", "withdrawn")
"""States in which the same person may apply again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A settlement of the household in the look-back, and what of its in-scope cost no fund has paid, in fen."""

    person_id: str
    settlement_id: str
    counts_on: date
    burden_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the reviewer saw (初审)."""

    reviewer: str
    reviewed_on: date
    counted: tuple[Counted, ...]
    expected: tuple[FundPayment, ...]
    """A trial: what the funds would pay more if the class were granted now; nothing is booked for it."""
    note: str = ""

    @property
    def burden_fen(self) -> int:
        """The household's burden."""
        return sum(each.burden_fen for each in self.counted)

    @property
    def expected_fen(self) -> int:
        """The trial's sum over all books."""
        return sum(each.amount_fen for each in self.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What somebody had against it during the notice (异议)."""

    text: str
    recorded_by: str
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What one book paid, in fen."""

    book: str
    voucher_no: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application of one person for one class. Money in fen; line, look-back and notice are those of its day."""

    application_id: str
    person_id: str
    household: tuple[str, ...]
    """Person ids, the applicant's too."""
    class_code: str
    statement: str
    applied_on: date
    look_back_from: date
    line_fen: int
    notice_days: int
    """Working days."""
    maker: str
    state: State = "applied"
    review: Review | None = None
    published_on: date | None = None
    objections: tuple[Objection, ...] = ()
    decider: str | None = None
    """Who approved or rejected."""
    decided_at: datetime | None = None
    reason: str = ""
    """Why it was rejected or withdrawn."""
    tries: int = 0
    """How often granting the class has failed."""
    hindrance: str = ""
    """What enrollment said the last time it failed."""
    person_version: int = 0
    """The version of the person in enrollment that holds the class."""
    payer: str | None = None
    paid_on: date | None = None
    vouchers: tuple[Voucher, ...] = ()

    def reviewed(self, review: Review) -> Application:
        """The finding of the reviewer; a new one replaces it until the notice begins, and after an objection."""
        self._need("初审", "applied", "reviewed", "objected")
        return replace(self, state="reviewed", review=review, published_on=None)

    def published(self, today: date) -> Application:
        """The public notice begins. Refuses a burden below the line."""
        self._need("公示", "reviewed")
        assert self.review is not None
        if self.review.burden_fen < self.line_fen:
            raise conflict(
                "claims.assistance.below-line",
                "家庭政策范围内个人负担未达到救助标准线，不能公示",
                field="application_id",
                burden_fen=self.review.burden_fen,
                line_fen=self.line_fen,
            )
        return replace(self, state="on_notice", published_on=today)

    def notice_ends(self, calendar: WorkCalendar) -> Due | None:
        """The last day of the notice as the calendar is known now; None without a notice."""
        return None if self.published_on is None else calendar.add_working_days(self.published_on, self.notice_days)

    def objected(self, objection: Objection) -> Application:
        """Back to the reviewer; the notice counts no more, a new one runs its full days."""
        self._need("登记异议", "on_notice", "notice_over")
        return replace(self, state="objected", objections=(*self.objections, objection), published_on=None)

    def notice_closed(self, calendar: WorkCalendar, today: date) -> Application:
        """The notice has run its days without objection. Refuses before that."""
        self._need("结束公示", "on_notice")
        self._need_full_notice(calendar, today)
        return replace(self, state="notice_over")

    def approved(self, approver: str, calendar: WorkCalendar, now: datetime, today: date) -> Application:
        """The decision (复核). Refuses the reviewer and whoever applied for the person, and before the notice has ended."""
        self._need("复核", "on_notice", "notice_over")
        assert self.review is not None
        if approver in (self.review.reviewer, self.maker):
            raise conflict("claims.assistance.same-person", "经办、初审人员不能复核同一申请", field="approver")
        self._need_full_notice(calendar, today)
        return replace(self, state="approved", decider=approver, decided_at=now)

    def rejected(self, decider: str, reason: str, now: datetime) -> Application:
        """The decision not to grant it, with its reason."""
        self._need("退回", *_UNDECIDED)
        return replace(self, state="rejected", decider=decider, reason=reason, decided_at=now)

    def withdrawn(self, reason: str) -> Application:
        """The applicant takes it back, as long as nothing is decided."""
        self._need("撤回", *_UNDECIDED)
        return replace(self, state="withdrawn", reason=reason)

    def hindered(self, hindrance: str) -> Application:
        """Granting the class failed once more."""
        self._need("认定", "approved")
        return replace(self, tries=self.tries + 1, hindrance=hindrance)

    def granted(self, person_version: int) -> Application:
        """Enrollment holds the class from the first day of the look-back on."""
        self._need("认定", "approved")
        return replace(self, state="granted", person_version=person_version, hindrance="")

    def payable_by(self, payer: str) -> None:
        """Refuse before the class is granted, and a payer who approved it."""
        self._need("支付", "granted")
        if payer == self.decider:
            raise conflict("claims.assistance.same-person", "复核人员不能办理同一申请的支付", field="payer")

    def paid(self, payer: str, vouchers: tuple[Voucher, ...], today: date) -> Application:
        """The person has been paid. Refuses like ``payable_by``."""
        self.payable_by(payer)
        return replace(self, state="paid", payer=payer, paid_on=today, vouchers=vouchers)

    def _need(self, act: str, *states: State) -> None:
        if self.state not in states:
            raise conflict(
                "claims.assistance.state",
                f"该救助申请{STATES[self.state]}，不能{act}",
                field="application_id",
                state=self.state,
            )

    def _need_full_notice(self, calendar: WorkCalendar, today: date) -> None:
        due = self.notice_ends(calendar)
        assert due is not None
        if today <= due.on:
            raise conflict(
                "claims.assistance.on-notice",
                f"公示期至{due.on}，期满后方可办理",
                field="application_id",
                ends_on=due.on.isoformat(),
            )


def application_unknown() -> Refusal:
    """There is no such application."""
    return not_found("claims.assistance.unknown", "没有该医疗救助申请", field="application_id")


def class_name(code: str) -> str:
    """A class in the words of the office."""
    return CLASS_NAMES[code]


def burden_fen(standing: Standing) -> int:
    """What of the in-scope cost neither funds nor hospital bear (政策范围内个人负担), whether paid from the account or in cash.

    Of a stay that the work-injury fund has taken in part: at most what is left of the bill.
    """
    outcome = standing.outcome
    borne = sum(p.amount_fen for p in outcome.payments if p.layer not in ("account", "family"))
    return max(min(standing.facts.split.in_scope_fen, outcome.total_fen) - borne - outcome.hospital_fen, 0)


def counted(person_id: str, standing: Iterable[Standing], first: date, last: date) -> list[Counted]:
    """The settlements whose day lies from ``first`` to ``last``, in order."""
    return [
        Counted(person_id=person_id, settlement_id=each.settlement_id, counts_on=each.counts_on, burden_fen=burden_fen(each))
        for each in standing
        if first <= each.counts_on <= last
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookBalance:
    """What one book owes the person (2203), and what the class has added to that, in fen."""

    book: str
    owed_fen: int
    granted_fen: int


def vouchers_of(application: Application, balances: Iterable[BookBalance]) -> tuple[Voucher, ...]:
    """What each book pays: what the class brought and is still owed.

    The person's debts stay: they are kept and recovered by settlement (reference B7), and nothing nets between funds.
    """
    due = ((each.book, min(each.granted_fen, each.owed_fen)) for each in balances)
    return tuple(
        Voucher(book=book, voucher_no=f"{application.application_id}-{book}", amount_fen=fen) for book, fen in due if fen > 0
    )


def payment_of(application: Application, voucher: Voucher, booked_on: date, *, maker: str, ids: IdFactory) -> Entry:
    """One book's voucher: Dr 2203(P) / Cr 1003."""
    return Entry(
        entry_id=ids.new(),
        book=Book(voucher.book),
        booked_on=booked_on,
        kind="payment",
        lines=(
            debit(DUE_TO_PERSON, voucher.amount_fen, f"P:{application.person_id}"),
            credit(BANK, voucher.amount_fen),
        ),
        memo=f"依申请医疗救助支付（{class_name(application.class_code)}）",
        person_id=application.person_id,
        voucher_no=voucher.voucher_no,
        maker=maker,
        checker=application.decider,
    )
