"""One settlement, before and after the kernel: what may be settled, under which rules, and what follows for books and answer.

Pure. The order of the checks is the order in which a cashier can put things right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from claims.domain.adjudication import Circumstances, Decision, Payment, RuleSet, Split, add_up
from claims.domain.adjudication.split import PARTS
from claims.domain.claim_circumstances import Patient, circumstances_of
from claims.domain.filing import Filing
from claims.domain.institution import Institution
from claims.domain.refusals import (
    nothing_to_settle,
    visit_cancelled,
    visit_not_discharged,
    visit_of_other_person,
    visit_of_wrong_kind,
    visit_unknown,
)
from claims.domain.rule_books.in_force import RulesByDay
from shared.contracts.claims import FundPayment
from shared.contracts.enrollment import CoveragePeriod, IdentityClass
from shared.errors import conflict, invalid
from shared.ids import IdFactory
from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import DUE_TO_INSTITUTION, DUE_TO_PERSON
from shared.money import format_yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A charge batch and the sums of its lines."""

    batch_id: str
    batch_no: str
    settled: bool
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the person is, in clear: only inside a process, never in a table or log."""

    name: str
    cert_type: str
    certno: str
    naty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitToSettle:
    """A visit with all that a settlement needs to know of it."""

    visit_id: str
    person_id: str
    institution_code: str
    inpatient: bool
    scheme: str
    med_type: str
    state: str
    begun_on: date
    ended_on: date | None
    work_injury: bool
    injury_suspect: bool
    disease_code: str
    disease_name: str
    identity: Identity
    sex: str
    born_on: date
    coverages: tuple[CoveragePeriod, ...]
    classes: tuple[IdentityClass, ...]
    filings: tuple[Filing, ...]
    batches: tuple[Batch, ...]
    stay_deductible_fen: int = 0
    """Deductible that earlier valid settlements of this stay were charged."""
    continues_stay: bool = False
    """An earlier part of this stay is settled."""
    person_version: int = 0
    """Of the person's statement that cover and classes are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a settlement message asks for, as far as the checks look at it."""

    institution_code: str
    person_id: str
    inpatient: bool
    scheme: str
    batch_no: str | None
    total_fen: int
    interim: bool
    stated: tuple[int | None, int | None, int | None, int | None]
    """self-funded, over-limit, pre-selfpay, in-scope as the HIS repeats them; None: not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is settled, under which rules: the result of the checks, ready for the kernel."""

    batches: tuple[Batch, ...]
    split: Split
    coverage: CoveragePeriod
    circumstances: Circumstances
    rules: RuleSet
    ended_on: date
    benefit_year: int


def check_visit(visit: VisitToSettle | None, wanted: Wanted) -> VisitToSettle:
    """The visit, if this institution may settle it for this person now. Refuses otherwise, naming the field."""
    if visit is None or visit.institution_code != wanted.institution_code:
        raise visit_unknown()
    if visit.person_id != wanted.person_id:
        raise visit_of_other_person()
    if visit.inpatient != wanted.inpatient:
        raise visit_of_wrong_kind(inpatient=visit.inpatient)
    if visit.state == "cancelled":
        raise visit_cancelled()
    if wanted.scheme != visit.scheme:
        raise invalid("claims.visit.other-scheme", f"险种类型(insutype)与登记的险种{visit.scheme}不一致", field="insutype")
    if visit.inpatient and not wanted.interim and visit.state != "discharged":
        raise visit_not_discharged()
    return visit


def choose_batches(visit: VisitToSettle, wanted: Wanted, tolerance_fen: int) -> tuple[tuple[Batch, ...], Split]:
    """The unsettled charge batches that are meant, and their sum.

    Without an unsettled batch of the stated number all unsettled ones are meant if their total agrees (chs-interface, 2206).
    Refuses when nothing is left to settle, or totals or stated parts differ.
    """
    unsettled = tuple(b for b in visit.batches if not b.settled and b.split.total_fen)
    if not unsettled:
        raise nothing_to_settle(settled=any(b.settled for b in visit.batches))
    chosen = tuple(b for b in unsettled if wanted.batch_no is None or b.batch_no == wanted.batch_no)
    by_number = bool(chosen)
    chosen = chosen or unsettled
    total = add_up(b.split for b in chosen)
    if abs(total.total_fen - wanted.total_fen) > tolerance_fen:
        if not by_number:
            raise invalid(
                "claims.settlement.batch-unknown",
                f"收费批次号(chrg_bchno){wanted.batch_no}没有未结算的费用明细",
                field="chrg_bchno",
            )
        raise invalid(
            "claims.settlement.total-differs",
            f"医疗费总额(medfee_sumamt){format_yuan(wanted.total_fen)}与已上传明细合计{format_yuan(total.total_fen)}不一致",
            field="medfee_sumamt",
            stated_fen=wanted.total_fen,
            lines_fen=total.total_fen,
        )  # fmt: skip
    names = (
        "全自费金额(fulamt_ownpay_amt)",
        "超限价金额(overlmt_selfpay)",
        "先行自付金额(preselfpay_amt)",
        "符合政策范围金额(inscp_scp_amt)",
    )
    for stated, computed, name in zip(wanted.stated, total[1:PARTS], names, strict=True):
        if stated and stated != computed:
            raise invalid(
                "claims.settlement.split-differs",
                f"{name}{format_yuan(stated)}与中心计算的{format_yuan(computed)}不一致，请重新预结算",
                field=name[name.index("(") + 1 : -1],
            )
    return chosen, total


def coverage_on(coverages: Iterable[CoveragePeriod], scheme: str, day: date) -> CoveragePeriod | None:
    """The active cover in a scheme on a day."""
    for cover in coverages:
        if (
            cover.scheme == scheme
            and cover.status == "active"
            and cover.begins_on <= day
            and (cover.ends_on is None or day <= cover.ends_on)
        ):
            return cover
    return None


def basis_of(visit: VisitToSettle, wanted: Wanted, institution: Institution, books: RulesByDay, today: date) -> Basis:
    """For a visit that passed ``check_visit``: what is settled and the rules that decide. Refuses with the first thing wrong."""
    batches, split = choose_batches(visit, wanted, institution.switches.total_tolerance_fen)
    ended_on = (visit.ended_on or today) if visit.inpatient else visit.begun_on
    cover = coverage_on(visit.coverages, visit.scheme, visit.begun_on)
    if cover is None:
        raise conflict(
            "claims.coverage.none", f"该人员在{visit.begun_on}没有险种{visit.scheme}的有效参保，不享受待遇", field="psn_no"
        )
    rules, day = rules_on(books, cover.region, visit.scheme, begun_on=visit.begun_on, ended_on=ended_on, settled_on=today)
    if visit.inpatient:
        check_stay(visit, wanted, rules, ended_on)
    circumstances = circumstances_of(
        Patient(
            inpatient=visit.inpatient,
            med_type=visit.med_type,
            disease_code=visit.disease_code,
            born_on=visit.born_on,
            begun_on=visit.begun_on,
            coverages=visit.coverages,
            classes=visit.classes,
            filings=visit.filings,
        ),
        cover,
        institution,
        rules,
        day,
    )
    return Basis(
        batches=batches,
        split=split,
        coverage=cover,
        circumstances=circumstances,
        rules=rules,
        ended_on=ended_on,
        benefit_year=rules.benefit_year(day),
    )


def rules_on(
    books: RulesByDay, region: str, scheme: str, *, begun_on: date, ended_on: date, settled_on: date
) -> tuple[RuleSet, date]:
    """The rules that decide a claim, and the day that chose them. Refuses where no rules are in force."""
    rules = books.on(region, scheme, ended_on)
    day = rules.day(begun_on=begun_on, discharged_on=ended_on, settled_on=settled_on)
    return (rules if day == ended_on else books.on(region, scheme, day)), day


def check_stay(visit: VisitToSettle, wanted: Wanted, rules: RuleSet, ended_on: date) -> None:
    """Refuse a stay that the rules want settled in parts: at the end of the benefit year, or after so many days."""
    stays = rules.version.stays
    if wanted.interim or visit.continues_stay:
        return
    if stays.year_end == "split" and rules.benefit_year(visit.begun_on) != rules.benefit_year(ended_on):
        raise conflict(
            "claims.stay.year-end",
            "该次住院跨待遇年度，须先将上一年度的费用办理中途结算(mid_setl_flag=1)",
            field="mid_setl_flag",
        )
    if stays.longest_days is not None and (ended_on - visit.begun_on).days > stays.longest_days:
        raise conflict(
            "claims.stay.too-long",
            f"该次住院超过{stays.longest_days}天，须先办理中途结算(mid_setl_flag=1)",
            field="mid_setl_flag",
        )


def journals(
    payments: Sequence[Payment],
    *,
    settlement_id: str,
    person_id: str,
    institution_code: str | None,
    booked_on: date,
    ids: IdFactory,
) -> list[Entry]:
    """One journal for each fund book that pays: expenditure against what is owed to the institution (B0.4), or, without one, to
    the person who has paid it (手工报销)."""
    owed = (DUE_TO_INSTITUTION, f"H:{institution_code}") if institution_code else (DUE_TO_PERSON, f"P:{person_id}")
    by_book: dict[Book, list[Payment]] = {}
    for payment in payments:
        by_book.setdefault(payment.book, []).append(payment)
    entries = []
    for book, paid in by_book.items():
        lines: list[Line] = [debit(p.account, p.amount_fen) for p in paid]
        lines.append(credit(owed[0], sum(p.amount_fen for p in paid), owed[1]))
        entries.append(
            Entry(
                entry_id=ids.new(),
                book=book,
                booked_on=booked_on,
                kind="settlement",
                lines=tuple(lines),
                memo="医疗费用结算" if institution_code else "医疗费用手工报销",
                person_id=person_id,
                settlement_id=settlement_id,
            )
        )
    return entries


def fund_payments(decision: Decision) -> list[FundPayment]:
    """The payments of a decision as the published language has them."""
    return [
        FundPayment(book=p.book.value, account=p.account, fund_pay_type=p.fund, amount_fen=p.amount_fen)
        for p in decision.payments
    ]
