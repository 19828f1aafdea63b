"""One-off items: what is asked for, what is due, and what only the employer owes (社会保险法 38, 39; 工伤保险条例 30–41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workinjury_bridge.domain.benefits.appraisal import newest
from workinjury_bridge.domain.benefits.calculation import NOTHING, Calculation, percent_of
from workinjury_bridge.domain.benefits.kinds import MONTHLY, NAMES, ONCE, BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance
from workinjury_bridge.domain.benefits.monthly import CaseFile
from workinjury_bridge.domain.benefits.months import month_of
from workinjury_bridge.domain.benefits.refusals import (
    missing_fact,
    not_entitled_after_death,
    not_for_grade,
    not_recognised,
    nothing_due,
    person_is_gone,
)
from workinjury_bridge.domain.benefits.rules import BenefitBook, Payer
from workinjury_bridge.domain.policy import Sourced

_EMPLOYER_PAYS = Sourced(source="社会保险法", article="39")
_STAY = Sourced(source="工伤保险条例", article="30")
_ESTATE = Sourced(source="社会保险经办条例", article="46")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRequest:
    """What is asked for. Which facts are needed depends on the kind; amounts in fen."""

    kind: BenefitKind
    on: date
    """Day that decides which terms and figures count: end of the contract, journey, purchase; death counts by itself."""
    reference: str = ""
    """Receipt, journey or conclusion number, so that nothing is paid twice."""
    materials: tuple[str, ...] = ()
    """Ids of the documents at hand."""
    confirmation_no: str | None = None
    """Travel: certificate of the institution and consent of the agency; device: confirmation of the committee (条例 32)."""
    transport_fen: int = 0
    lodging_fen: int = 0
    nights: int = 0
    board_days: int = 0
    device_code: str | None = None
    price_fen: int = 0
    fee_fen: int = 0
    total_fen: int = 0
    """Of a bill paid by the person."""
    cost_fen: int = 0
    """Of a stay out of the area: what the fund bears of the bill, or the meals allowance of its days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What else of the person counts: paid in advance while missing, owed to the fund after death."""

    advanced_fen: int = 0
    debt_fen: int = 0


def reference_of(request: ItemRequest, file: CaseFile) -> str:
    """What makes an item the same item again. Refuses an item without its reference."""
    if request.kind in ONCE:
        missing = file.loss is not None and not file.loss.dead
        return "in-advance" if missing and request.kind is BenefitKind.ONE_OFF_DEATH else ""
    if not request.reference:
        raise missing_fact("reference", f"{NAMES[request.kind]}须填写票据或结论编号")
    return request.reference


def calculate(request: ItemRequest, file: CaseFile, book: BenefitBook, standing: Standing) -> Calculation:
    """What the fund owes for the item. Refuses what is not recognised, not appraised, not proven, or comes to nothing."""
    if request.kind is BenefitKind.ESTATE_WRITE_OFF:
        return _write_off(file, standing)
    if file.case.effective is None:
        raise not_recognised()
    if not request.materials:
        raise missing_fact("materials", "缺少申报材料")
    calculation = _CALCULATE[request.kind](request, file, book, standing)
    if not calculation.amount_fen:
        raise nothing_due()
    return calculation


def _one_off_disability(request: ItemRequest, file: CaseFile, book: BenefitBook, _: Standing) -> Calculation:
    _expect_present(file)
    grade = _newest_grade(file)
    if grade is None:
        raise not_for_grade(NAMES[request.kind], None)
    terms, wage = book.on(request.on).grade(grade), file.own_wage_fen
    return NOTHING.then("本人工资", wage, terms).then(
        f"{grade}级{terms.one_off_months}个月", wage * terms.one_off_months, terms
    )


def _contract_end(request: ItemRequest, file: CaseFile, book: BenefitBook, _: Standing) -> Calculation:
    _expect_present(file)
    grade = _newest_grade(file)
    terms = book.on(request.on).grade(grade) if grade else None
    if terms is None or terms.contract_end_medical_months is None:
        raise not_for_grade(NAMES[request.kind], grade)
    figures = book.figures_on(request.on)
    months = terms.contract_end_medical_months
    return NOTHING.then("全省月平均工资", figures.provincial_wage, figures).then(
        f"{grade}级{months}个月", figures.provincial_wage * months, terms
    )


def _travel(request: ItemRequest, _: CaseFile, book: BenefitBook, __: Standing) -> Calculation:
    if not request.confirmation_no:
        raise missing_fact("confirmation_no", "统筹地区以外就医须有医疗机构证明并经经办机构同意")
    terms = book.on(request.on).travel
    nights = request.nights * terms.lodging_per_night
    lodging, board = min(request.lodging_fen, nights), request.board_days * terms.board_per_day
    return (
        NOTHING.then("交通费（实际票据）", request.transport_fen, terms)
        .then(f"住宿费（{request.nights}晚，限额内）", lodging, terms)
        .then(f"伙食费（{request.board_days}天）", board, terms)
        .then("合计", request.transport_fen + lodging + board, terms)
    )


def _stay_meals(request: ItemRequest, _: CaseFile, __: BenefitBook, ___: Standing) -> Calculation:
    return NOTHING.then(f"住院伙食补助费（{request.board_days}天）", request.cost_fen, _STAY)


def _device(request: ItemRequest, _: CaseFile, book: BenefitBook, __: Standing) -> Calculation:
    if not request.confirmation_no:
        raise missing_fact("confirmation_no", "配置辅助器具须经劳动能力鉴定委员会确认")
    device = next((d for d in book.on(request.on).devices if d.code == request.device_code), None)
    if device is None:
        raise missing_fact("device_code", "辅助器具不在价格标准目录内")
    return (
        NOTHING.then(f"{device.name}实际价格", request.price_fen, device)
        .then("价格标准", device.price, device)
        .then("基金支付", min(request.price_fen, device.price), device)
    )


def _appraisal_fee(request: ItemRequest, _: CaseFile, book: BenefitBook, __: Standing) -> Calculation:
    terms = book.on(request.on).appraisal_fee
    return NOTHING.then("鉴定费票据", request.fee_fen, terms).then("限额内", min(request.fee_fen, terms.at_most), terms)


def _funeral(request: ItemRequest, file: CaseFile, book: BenefitBook, _: Standing) -> Calculation:
    died_on = _opened_on(request.kind, file, book)
    terms, figures = book.on(died_on).death, book.figures_on(died_on)
    return NOTHING.then("统筹地区月平均工资", figures.area_wage, figures).then(
        f"{terms.funeral_months}个月", figures.area_wage * terms.funeral_months, terms
    )


def _one_off_death(request: ItemRequest, file: CaseFile, book: BenefitBook, standing: Standing) -> Calculation:
    died_on = _opened_on(request.kind, file, book)
    rules, income = book.on(died_on), book.income_for(died_on)
    whole = income.amount * rules.death.income_times
    calculation = NOTHING.then("上一年度全国城镇居民人均可支配收入", income.amount, income).then(
        f"{rules.death.income_times}倍", whole, rules.death
    )
    if file.loss is not None and file.loss.circumstance is Circumstance.MISSING:
        percent = rules.missing.hardship_percent
        return calculation.then(f"生活困难，预支{percent}%", percent_of(whole, percent), rules.missing)
    if standing.advanced_fen:
        calculation = calculation.then("扣除下落不明期间已预支", max(0, whole - standing.advanced_fen), rules.missing)
    return calculation


def _write_off(file: CaseFile, standing: Standing) -> Calculation:
    if file.loss is None or not file.loss.stands or not file.loss.dead:
        raise missing_fact("kind", "仅死亡人员的欠款可以申请核销")
    if not standing.debt_fen:
        raise nothing_due()
    return NOTHING.then("死亡人员欠基金款", standing.debt_fen, _ESTATE)


_CALCULATE = {
    BenefitKind.ONE_OFF_DISABILITY: _one_off_disability,
    BenefitKind.CONTRACT_END_MEDICAL: _contract_end,
    BenefitKind.STAY_MEALS: _stay_meals,
    BenefitKind.TRAVEL: _travel,
    BenefitKind.DEVICE: _device,
    BenefitKind.APPRAISAL_FEE: _appraisal_fee,
    BenefitKind.FUNERAL: _funeral,
    BenefitKind.ONE_OFF_DEATH: _one_off_death,
}
if set(_CALCULATE) | MONTHLY | {BenefitKind.ESTATE_WRITE_OFF} != set(BenefitKind):
    raise AssertionError("a kind of benefit without its calculation")


def _newest_grade(file: CaseFile) -> int | None:
    found = newest(file.appraisals)
    return None if found is None else found.conclusion.grade


def _expect_present(file: CaseFile) -> None:
    if file.loss is not None and file.loss.stands:
        raise person_is_gone()


def _opened_on(kind: BenefitKind, file: CaseFile, book: BenefitBook) -> date:
    """Day of the death that opens ``kind``. Refuses when it does not."""
    loss = file.loss
    if loss is None or not loss.stands or not opened_by_death(kind, file, book):
        raise not_entitled_after_death(NAMES[kind])
    return loss.occurred_on


def opened_by_death(kind: BenefitKind, file: CaseFile, book: BenefitBook) -> bool:
    """Whether the death (or absence) of the injured person opens a death benefit."""
    loss = file.loss
    if loss is None or not loss.stands:
        return False
    grade = file.grade(month_of(loss.occurred_on))
    payer: Payer | None = book.on(loss.occurred_on).grade(grade).monthly_payer if grade else None
    return loss.opens(kind, payer)


def owed_by_employer(file: CaseFile, book: BenefitBook, on: date) -> list[dict[str, Any]]:
    """What the employer owes the person, for information; none of it ever enters a book of the fund (社会保险法 39)."""
    found: list[dict[str, Any]] = []
    if file.wage is None:
        return found
    first = NOTHING.then("停工留薪期内原工资（按月，原工资福利待遇不变）", file.wage.average_fen, _EMPLOYER_PAYS)
    found.append({"name": "停工留薪期工资", "amount_fen": first.amount_fen, "calculation": first.plain()})
    grade = _newest_grade(file)
    if grade is None:
        return found
    terms, figures = book.on(on).grade(grade), book.figures_on(on)
    if terms.monthly_payer is Payer.EMPLOYER and terms.monthly_percent is not None:
        wage = file.own_wage_fen
        monthly = percent_of(wage, terms.monthly_percent)
        steps = NOTHING.then("本人工资", wage, terms).then(
            f"{grade}级按{terms.monthly_percent}%（难以安排工作）", monthly, terms
        )
        if monthly < figures.minimum_wage:
            steps = steps.then("低于当地最低工资标准，由用人单位补足", figures.minimum_wage, terms)
        found.append({"name": "伤残津贴（5–6级，按月）", "amount_fen": steps.amount_fen, "calculation": steps.plain()})
    if terms.contract_end_employment_months is not None:
        months = terms.contract_end_employment_months
        steps = NOTHING.then("全省月平均工资", figures.provincial_wage, figures).then(
            f"{grade}级{months}个月（解除劳动关系时）", figures.provincial_wage * months, terms
        )
        found.append({"name": "一次性伤残就业补助金", "amount_fen": steps.amount_fen, "calculation": steps.plain()})
    return found
