"""One settlement, before and after the kernel: what may be settled, under which rules, and what follows for books and answer.

Pure. The order of the checks is the order in which a cashier can put things right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from claims.domain.adjudication import Circumstances, Decision, Payment, RuleSet, Split, add_up
from claims.domain.adjudication.plan import Plan
from claims.domain.adjudication.split import PARTS
from claims.domain.care_codes import national_category
from claims.domain.claim_circumstances import Patient, circumstances_of
from claims.domain.filing import Filing
from claims.domain.institution import Institution
from claims.domain.person import MEDICAL_SCHEMES, WORK_INJURY
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
from shared.errors import Refusal, conflict, invalid
from shared.ids import IdFactory
from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import DUE_TO_INSTITUTION, DUE_TO_PERSON
from shared.money import format_yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A charge batch and the sums of its lines."""

    batch_id: str
    batch_no: str
    settlement_id: str | None
    """The settlement that has its lines, also one that the medical funds took over since; None while they are unsettled."""
    split: Split
    sessions: Decimal = Decimal(0)
    """Units of treatments that count by session (治疗次数)."""
    first_on: date | None = None
    """This and the next: first and last day of its charges; None: not kept."""
    last_on: date | None = None

    @property
    def settled(self) -> bool:
        """Whether a valid settlement has its lines."""
        return self.settlement_id is not None


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
    credit_id: str | None = None
    """The credit that the stay is on (挂账); a settlement ends it."""
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
    """Of a part that a year's end cuts off: the last day of that year."""
    benefit_year: int
    sessions: int = 1
    episode: Mapping[str, int] = field(default_factory=dict)
    """Stays at other facilities that this one follows by transfer, and the deductible each was charged."""
    defers_deductible: bool = False
    """The part before a year's end, where the one after it is charged the deductible and counted as the stay."""


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
    if wanted.scheme != visit.scheme and visit.scheme != WORK_INJURY:
        raise invalid("claims.visit.other-scheme", f"险种类型(insutype)与登记的险种{visit.scheme}不一致", field="insutype")
    if visit.inpatient and not wanted.interim and visit.state != "discharged":
        raise visit_not_discharged()
    return visit


def under_medical_rules(visit: VisitToSettle) -> VisitToSettle:
    """A stay that was opened for the work-injury fund and that the medical funds settle: of its own scheme, else of the medical one
    that covers its first day, in the ordinary category."""
    schemes = [s for s in dict.fromkeys((visit.scheme, *MEDICAL_SCHEMES)) if s in MEDICAL_SCHEMES]
    covered = [s for s in schemes if coverage_on(visit.coverages, s, visit.begun_on)]
    return replace(
        visit,
        scheme=(covered or schemes)[0],
        med_type=national_category(visit.med_type, inpatient=visit.inpatient),
        work_injury=False,
    )


def choose_batches(visit: VisitToSettle, wanted: Wanted, tolerance_fen: int) -> tuple[tuple[Batch, ...], Split]:
    """The unsettled charge batches that are meant, and their sum.

    Without an unsettled batch of the stated number all unsettled ones are meant if their total agrees (chs-interface, 2206).
    Refuses when nothing is left to settle, or totals or stated parts differ.
    """
    unsettled = tuple(b for b in visit.batches if not b.settled and b.split.total_fen)
    if not unsettled:
        settled = [b.settlement_id for b in visit.batches if b.settlement_id is not None]
        raise nothing_to_settle(settled=bool(settled), settlement_id=max(settled, default=None))
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
    check_stated(wanted.stated, total[1:PARTS])
    return chosen, total


def check_stated(stated: Sequence[int | None], computed: Sequence[int]) -> None:
    """Refuse figures of a pre-settlement that a HIS repeats and that are others now."""
    names = (
        "全自费金额(fulamt_ownpay_amt)",
        "超限价金额(overlmt_selfpay)",
        "先行自付金额(preselfpay_amt)",
        "符合政策范围金额(inscp_scp_amt)",
    )
    for said, now, name in zip(stated, computed, names, strict=True):
        if said and said != now:
            raise invalid(
                "claims.settlement.split-differs",
                f"{name}{format_yuan(said)}与中心计算的{format_yuan(now)}不一致，请重新预结算",
                field=name[name.index("(") + 1 : -1],
            )


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
    begun_on = visit.begun_on
    ended_on = (visit.ended_on or today) if visit.inpatient else begun_on
    cover = coverage_on(visit.coverages, visit.scheme, visit.begun_on)
    if cover is None:
        raise conflict(
            "claims.coverage.none", f"该人员在{visit.begun_on}没有险种{visit.scheme}的有效参保，不享受待遇", field="psn_no"
        )
    part = None
    if visit.inpatient:
        part = part_of_year(batches, begun_on, ended_on, books.on(cover.region, visit.scheme, _last_charge(batches, ended_on)))
        if part is not None:
            begun_on, ended_on = part
    rules, day = rules_on(books, cover.region, visit.scheme, begun_on=begun_on, ended_on=ended_on, settled_on=today)
    if visit.inpatient and part is None:
        check_length(visit, wanted, rules, ended_on)
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
    check_tier(rules, circumstances)
    return Basis(
        batches=batches,
        split=split,
        coverage=cover,
        circumstances=circumstances,
        rules=rules,
        ended_on=ended_on,
        benefit_year=rules.benefit_year(day),
        sessions=sessions_of(batches, rules, circumstances),
        defers_deductible=(
            part is not None
            and wanted.interim
            and not visit.continues_stay
            and ended_on < (visit.ended_on or today)
            and rules.version.stays.split_deductible_in == "second"
        ),
    )


def rules_on(
    books: RulesByDay, region: str, scheme: str, *, begun_on: date, ended_on: date, settled_on: date
) -> tuple[RuleSet, date]:
    """The rules that decide a claim, and the day that chose them. Refuses where no rules are in force."""
    rules = books.on(region, scheme, ended_on)
    day = rules.day(begun_on=begun_on, discharged_on=ended_on, settled_on=settled_on)
    return (rules if day == ended_on else books.on(region, scheme, day)), day


def part_of_year(batches: Iterable[Batch], begun_on: date, ended_on: date, rules: RuleSet) -> tuple[date, date] | None:
    """First and last day of the part of a stay that is settled, where the rules split stays at the end of a benefit year
    (跨年度分割结算); None for a stay within one year or under other rules.

    Refuses charges of two years together, and charges whose days are not known.
    """
    if rules.version.stays.year_end != "split" or rules.benefit_year(begun_on) == rules.benefit_year(ended_on):
        return None
    days = [(b.first_on, b.last_on) for b in batches]
    firsts, lasts = [first for first, _ in days if first], [last for _, last in days if last]
    if len(firsts) < len(days) or len(lasts) < len(days):
        raise conflict(
            "claims.stay.days-unknown", "该次住院的费用明细没有发生日期，不能按年度分割结算，请重新上传", field="mdtrt_id"
        )
    year = rules.benefit_year(max(lasts))
    if rules.benefit_year(min(firsts)) != year:
        until = rules.first_day(rules.benefit_year(min(firsts)) + 1) - timedelta(days=1)
        raise conflict(
            "claims.stay.year-end",
            f"该次住院跨待遇年度，须先将{until}及以前的费用单独办理中途结算(mid_setl_flag=1)："
            "以后发生的明细已上传的，请先撤销(2302)，结算后再上传",
            field="mid_setl_flag",
            until=until.isoformat(),
        )
    return max(begun_on, rules.first_day(year)), min(ended_on, rules.first_day(year + 1) - timedelta(days=1))


def _last_charge(batches: Iterable[Batch], ended_on: date) -> date:
    return min(max((b.last_on for b in batches if b.last_on), default=ended_on), ended_on)


def check_length(visit: VisitToSettle, wanted: Wanted, rules: RuleSet, ended_on: date) -> None:
    """Refuse a stay that the rules want settled in parts, after so many days."""
    longest = rules.version.stays.longest_days
    if wanted.interim or visit.continues_stay or longest is None or (ended_on - visit.begun_on).days <= longest:
        return
    raise conflict("claims.stay.too-long", f"该次住院超过{longest}天，须先办理中途结算(mid_setl_flag=1)", field="mid_setl_flag")


def check_tier(rules: RuleSet, circumstances: Circumstances) -> None:
    """Refuse a person whose cover names no tier of the scheme, where that makes a difference to the claim."""
    if not rules.tiers or circumstances.tier in rules.tiers:
        return
    plans = {tier: _plan(rules, circumstances._replace(tier=tier)) for tier in (*rules.tiers, circumstances.tier)}
    if any(plan != plans[circumstances.tier] for plan in plans.values()):
        stated = f"登记的档次{circumstances.tier}待遇规则没有规定" if circumstances.tier else "没有登记缴费档次"
        raise conflict("claims.coverage.tier-unknown", f"该人员的参保关系{stated}，不能确定待遇", field="psn_no")


def _plan(rules: RuleSet, circumstances: Circumstances) -> Plan | None:
    try:
        return rules.plan(circumstances)
    except Refusal:
        return None


def sessions_of(batches: Iterable[Batch], rules: RuleSet, circumstances: Circumstances) -> int:
    """Treatments in the claim, where an amount counts for each; else 1. Refuses a claim without one, or with part of one."""
    if not any(
        step.by_session or any(limit.by_session for limit in (*step.paid_limits, *step.cost_limits))
        for step in rules.plan(circumstances).steps
    ):
        return 1
    sessions = sum((b.sessions for b in batches), Decimal(0))
    if sessions < 1 or sessions != sessions.to_integral_value():
        raise conflict(
            "claims.sessions.unknown",
            f"该费用按治疗次数结算，按次项目（如血液透析）的数量(cnt)合计为{sessions.normalize():f}，应为大于0的整数",
            field="cnt",
        )
    return int(sessions)


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
