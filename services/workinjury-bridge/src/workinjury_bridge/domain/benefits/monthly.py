"""What is due for one month, as a pure function of facts and rules; and the difference to what was booked for it.

The monthly run books differences only. A month never booked gives its whole amount, a month booked with other facts (a new
grade, a figure published late, a death told late) gives what is to be paid in arrears or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.money import allocate, share
from workinjury_bridge.domain.benefits.appraisal import Appraisal, counting
from workinjury_bridge.domain.benefits.calculation import NOTHING, Calculation, percent_of, what_changed
from workinjury_bridge.domain.benefits.entitlement import ALIVE, Entitlement, EntitlementState, Relation
from workinjury_bridge.domain.benefits.kinds import NAMES, BenefitKind
from workinjury_bridge.domain.benefits.loss import Loss
from workinjury_bridge.domain.benefits.months import months_through
from workinjury_bridge.domain.benefits.refusals import family_undecided, wage_unknown
from workinjury_bridge.domain.benefits.rules import BenefitBook, Payer
from workinjury_bridge.domain.benefits.wage import OwnWage
from workinjury_bridge.domain.policy import Sourced
from workinjury_bridge.domain.recognition import InjuryCase

_STATE = Sourced(source="社会保险法", article="43")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything on file that decides the benefits of one injury."""

    case: InjuryCase
    wage: OwnWage | None = None
    appraisals: tuple[Appraisal, ...] = ()
    loss: Loss | None = None
    """Of the injured person."""
    entitlements: tuple[Entitlement, ...] = ()

    @property
    def own_wage_fen(self) -> int:
        """Refuses while it is not on file."""
        if self.wage is None:
            raise wage_unknown()
        return self.wage.own_wage_fen

    def grade(self, month: date) -> int | None:
        """Disability grade that counts in a month."""
        found = counting(self.appraisals, month)
        return None if found is None else found.conclusion.grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the book has for one month of an entitlement."""

    amount_fen: int
    """Sum of all that was booked for it."""
    calculation: Calculation
    """The newest."""
    debtor: str | None = None
    """The uninsured employer that owes it to the fund; None: the fund bears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is to be booked for one month."""

    month: date
    amount_fen: int
    """Positive: to be paid; negative: paid too much."""
    reason: str
    calculation: Calculation


def due(entitlement: Entitlement, month: date, file: CaseFile, book: BenefitBook) -> Calculation:
    """What the fund owes for ``month``. Refuses when own wage is needed and not on file, or figures are not published."""
    nothing = _why_nothing(entitlement, month, file)
    if nothing is not None:
        return NOTHING.then(nothing, 0, _STATE)
    match entitlement.kind:
        case BenefitKind.DISABILITY_ALLOWANCE:
            return _allowance(entitlement, month, file, book)
        case BenefitKind.NURSING:
            return _nursing(entitlement, month, file, book)
        case _:
            return dependants(month, file, book)[entitlement.entitlement_id]


def differences(
    entitlement: Entitlement, through: date, file: CaseFile, book: BenefitBook, booked: Mapping[date, Booked]
) -> list[Difference]:
    """What is to be booked now so that the book shows what is due for every month up to ``through``."""
    found = []
    months = sorted({*months_through(entitlement.begins, through), *booked})
    for month in months:
        known = booked.get(month)
        calculation = due(entitlement, month, file, book)
        amount = calculation.amount_fen - (known.amount_fen if known else 0)
        if not amount:
            continue
        changed = what_changed(known.calculation if known else None, calculation)
        regular = known is None and month == through
        found.append(Difference(month=month, amount_fen=amount, reason="" if regular else changed, calculation=calculation))
    return found


def expect_decided(entitlement: Entitlement, file: CaseFile) -> None:
    """Refuses a dependant's first payment while another of the same injury is not decided; who is paid already goes on."""
    family = (e for e in file.entitlements if e.kind is BenefitKind.DEPENDANT)
    first = entitlement.kind is BenefitKind.DEPENDANT and entitlement.run_through is None
    if first and any(e.state is EntitlementState.PROPOSED for e in family):
        raise family_undecided()


def dependants(month: date, file: CaseFile, book: BenefitBook) -> dict[str, Calculation]:
    """Dependants' pensions of one month, by entitlement (条例 39 para. 1 no. 2).

    40 % for the spouse, 30 % for each other, 10 points more for the lone; above own wage all are cut in proportion, the
    last fen going to the largest remainders, so that the sum is own wage exactly.
    """
    group = [e for e in file.entitlements if e.kind is BenefitKind.DEPENDANT and _counts(e, month)]
    if not group:
        return {}
    terms, wage = book.on(month).death, file.own_wage_fen
    percents = [
        (terms.spouse_percent if e.relation is Relation.SPOUSE else terms.relative_percent) + terms.lone_points * e.lone
        for e in group
    ]
    basic = [percent_of(wage, percent) for percent in percents]
    start = NOTHING.then("职工本人工资", wage, terms)
    found = {
        e.entitlement_id: start.then(f"按{percent}%计算", amount, terms)
        for e, percent, amount in zip(group, percents, basic, strict=True)
    }
    found = _cut(found, wage, terms)
    found = {e.entitlement_id: _adjusted(found[e.entitlement_id], e, month, file, book) for e in group}
    return _cut(found, wage, terms) if terms.ceiling == "paid" else found


def _cut(found: Mapping[str, Calculation], wage: int, terms: Sourced) -> dict[str, Calculation]:
    amounts = [calculation.amount_fen for calculation in found.values()]
    if sum(amounts) <= wage:
        return dict(found)
    label = f"{len(amounts)}名供养亲属合计超过本人工资，按比例核减"
    cut = allocate(wage, amounts)
    return {key: found[key].then(label, amount, terms) for key, amount in zip(found, cut, strict=True)}


def _allowance(entitlement: Entitlement, month: date, file: CaseFile, book: BenefitBook) -> Calculation:
    grade = file.grade(month)
    terms = book.on(month).grade(grade) if grade else None
    if terms is None or terms.monthly_payer is not Payer.FUND or terms.monthly_percent is None:
        return NOTHING.then(f"{grade or '未定'}级：基金不支付伤残津贴", 0, _STATE)
    wage, figures = file.own_wage_fen, book.figures_on(month)
    calculation = NOTHING.then("本人工资", wage, terms).then(
        f"{grade}级按{terms.monthly_percent}%计算", percent_of(wage, terms.monthly_percent), terms
    )
    calculation = _adjusted(calculation, entitlement, month, file, book)
    if calculation.amount_fen < figures.minimum_wage:
        calculation = calculation.then("低于当地最低工资标准，由基金补足", figures.minimum_wage, terms)
    pension = max((p for p in entitlement.pensions if p.since <= month), key=lambda p: p.since, default=None)
    if pension is None:
        return calculation
    old_age = Sourced(source="社会保险法", article="40")
    short = max(0, calculation.amount_fen - pension.monthly_fen)
    return calculation.then("基本养老金", pension.monthly_fen, old_age).then("停发伤残津贴，基金补足差额", short, old_age)


def _nursing(entitlement: Entitlement, month: date, file: CaseFile, book: BenefitBook) -> Calculation:
    found = counting(file.appraisals, month)
    grade = found.conclusion.nursing if found else None
    if grade is None:
        return NOTHING.then("未评定生活自理障碍等级", 0, _STATE)
    terms = book.on(month).nursing
    figures = book.figures_on(month if terms.follows_area_wage else entitlement.begins)
    percent = grade.percent(terms)
    calculation = NOTHING.then("统筹地区月平均工资", figures.area_wage, figures)
    calculation = calculation.then(f"按{percent}%计算", percent_of(figures.area_wage, percent), terms)
    return _adjusted(calculation, entitlement, month, file, book)


def _adjusted(
    calculation: Calculation, entitlement: Entitlement, month: date, file: CaseFile, book: BenefitBook
) -> Calculation:
    for rule in book.adjustments:
        if rule.kind is not entitlement.kind or not entitlement.begins < rule.begun_before or month < rule.from_month:
            continue
        if entitlement.kind is BenefitKind.DISABILITY_ALLOWANCE and file.grade(month) not in rule.grades:
            continue
        amount = calculation.amount_fen + share(calculation.amount_fen, rule.rate) + rule.fixed
        calculation = calculation.then(f"{rule.from_month:%Y年%m月}起调整", amount, rule)
    return calculation


def _why_nothing(entitlement: Entitlement, month: date, file: CaseFile) -> str | None:
    name = NAMES[entitlement.kind]
    if file.case.effective is None:
        return "没有生效的工伤认定"
    if entitlement.state in (EntitlementState.PROPOSED, EntitlementState.DISMISSED):
        return f"{name}未核定"
    if not entitlement.in_life(month):
        return f"{name}享受期限之外" + (f"（{entitlement.end_reason}）" if entitlement.end_reason else "")
    gap = next((b for b in entitlement.breaks if b.covers(month)), None)
    return None if gap is None else f"{name}暂停发放（{gap.reason}）"


def _counts(entitlement: Entitlement, month: date) -> bool:
    """Whether a dependant has a part of the sum in a month; one whose payment is only interrupted keeps it."""
    granted = entitlement.state in ALIVE or entitlement.state is EntitlementState.STOPPED
    return granted and entitlement.in_life(month)
