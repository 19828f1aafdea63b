"""The tables of the law (工伤保险条例 34–41, 64) and worked example F13, to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refusal
from shared.money import fen
from shared.rules import Fen, Rate
from tests.factories.workinjury_bridge.benefits_memory import BOOK
from workinjury_bridge.domain.benefits.appraisal import Appraisal, AppraisalKind, Conclusion, NursingGrade, appraise
from workinjury_bridge.domain.benefits.calculation import percent_of
from workinjury_bridge.domain.benefits.entitlement import (
    Break,
    BreakReason,
    Entitlement,
    EntitlementState,
    Pension,
    Relation,
)
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Loss, Source
from workinjury_bridge.domain.benefits.monthly import Booked, CaseFile, dependants, differences, due
from workinjury_bridge.domain.benefits.one_off import ItemRequest, Standing, calculate, owed_by_employer
from workinjury_bridge.domain.benefits.rules import Adjustment, Payer
from workinjury_bridge.domain.benefits.wage import own_wage
from workinjury_bridge.domain.meals import meals_fen
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome

GRANTED = Decision(
    decision_id="D1", decision_no="N1", version=1, outcome=Outcome.GRANTED, decided_on=date(2026, 2, 1), decided_by="office"
)
CASE = InjuryCase(
    case_id="C1",
    person_id="P1",
    accident_on=date(2026, 1, 5),
    body_parts=("leg",),
    description="press",
    decisions=(GRANTED,),
)
RULES = BOOK.on(date(2026, 3, 1))
FIGURES = BOOK.figures_on(date(2026, 3, 1))
MARCH = date(2026, 3, 1)


def wage_of(yuan: str) -> CaseFile:
    wage = own_wage("C1", [fen(yuan)] * 12, RULES.own_wage, FIGURES.area_wage, FIGURES)
    return CaseFile(case=CASE, wage=wage)


def appraised(file: CaseFile, grade: int | None, nursing: NursingGrade | None = None) -> CaseFile:
    said = Conclusion(
        conclusion_no="J1",
        kind=AppraisalKind.INITIAL,
        concluded_on=date(2026, 2, 10),
        decided_by="city",
        grade=grade,
        nursing=nursing,
    )
    return replace(file, appraisals=(appraise("A1", "C1", said, (), CASE.accident_on, 12),))


def monthly(kind: BenefitKind, entitlement_id: str = "E1", **changes: object) -> Entitlement:
    standing = Entitlement(
        entitlement_id=entitlement_id,
        case_id="C1",
        person_id="P1",
        kind=kind,
        begins=MARCH,
        maker="a",
        checker="b",
        state=EntitlementState.GRANTED,
        certified_on=MARCH,
    )
    return replace(standing, **changes)  # type: ignore[arg-type]  # fields by name


def family(*members: tuple[Relation, bool]) -> tuple[Entitlement, ...]:
    return tuple(
        monthly(BenefitKind.DEPENDANT, f"E{n}", person_id=f"D{n}", relation=relation, lone=lone)
        for n, (relation, lone) in enumerate(members, 1)
    )


def died(file: CaseFile, circumstance: Circumstance = Circumstance.INJURY, on: date = date(2026, 2, 20)) -> CaseFile:
    loss = Loss(
        person_id="P1",
        case_id="C1",
        circumstance=circumstance,
        occurred_on=on,
        source=Source.FAMILY,
        reported_on=on,
        reported_by="a",
        notice_due_on=on,
        notified_on=on,
    )
    return replace(file, loss=loss)


def ask(kind: BenefitKind, **facts: object) -> ItemRequest:
    asked = ItemRequest(kind=kind, on=date(2026, 3, 2), materials=("M1",))
    return replace(asked, **facts)  # type: ignore[arg-type]  # fields by name


def amount(kind: BenefitKind, file: CaseFile, **facts: object) -> int:
    return calculate(ask(kind, **facts), file, BOOK, Standing()).amount_fen


def refusal(kind: BenefitKind, file: CaseFile, **facts: object) -> str:
    with pytest.raises(Refusal) as refused:
        amount(kind, file, **facts)
    return refused.value.code


@pytest.mark.parametrize(
    ("wages", "expected"),
    [(["7200"] * 12, "7200"), (["1000"] * 12, "3900"), (["30000"] * 12, "19500"), (["5000", "5000.01"], "5000.01")],
)
def test_own_wage_lies_within_sixty_and_three_hundred_percent(wages: list[str], expected: str) -> None:
    found = own_wage("C1", [fen(w) for w in wages], RULES.own_wage, FIGURES.area_wage, FIGURES)
    assert found.own_wage_fen == fen(expected)


@pytest.mark.parametrize("wages", [[], [1] * 13, [-1], [0, 0]])
def test_wages_that_are_none(wages: list[int]) -> None:
    with pytest.raises(Refusal) as refused:
        own_wage("C1", wages, RULES.own_wage, FIGURES.area_wage, FIGURES)
    assert refused.value.code == "workinjury-bridge.wage.invalid"


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=12), st.integers(10**4, 10**7))
def test_own_wage_is_always_in_bounds(wages: list[int], area: int) -> None:
    found = own_wage("C1", wages, RULES.own_wage, area, FIGURES).own_wage_fen
    assert percent_of(area, 60) <= found <= percent_of(area, 300)


MONTHS = {1: 27, 2: 25, 3: 23, 4: 21, 5: 18, 6: 16, 7: 13, 8: 11, 9: 9, 10: 7}
PERCENT = {1: 90, 2: 85, 3: 80, 4: 75, 5: 70, 6: 60}


@pytest.mark.parametrize("grade", range(1, 11))
def test_grades_of_the_law(grade: int) -> None:
    terms = RULES.grade(grade)
    assert (terms.one_off_months, terms.monthly_percent) == (MONTHS[grade], PERCENT.get(grade))
    payer = None if grade > 6 else Payer.FUND if grade < 5 else Payer.EMPLOYER
    assert terms.monthly_payer is payer
    file = appraised(wage_of("7200"), grade)
    assert amount(BenefitKind.ONE_OFF_DISABILITY, file) == fen("7200") * MONTHS[grade]
    allowance = due(monthly(BenefitKind.DISABILITY_ALLOWANCE), MARCH, file, BOOK).amount_fen
    assert allowance == (fen("72") * PERCENT[grade] if grade < 5 else 0)


@pytest.mark.parametrize(("grade", "months"), [(5, 30), (6, 25), (7, 10), (8, 7), (9, 4), (10, 2)])
def test_end_of_contract(grade: int, months: int) -> None:
    file = appraised(wage_of("7200"), grade)
    assert amount(BenefitKind.CONTRACT_END_MEDICAL, file) == fen("7900") * months
    employer = {owed["name"]: owed["amount_fen"] for owed in owed_by_employer(file, BOOK, MARCH)}
    assert employer["一次性伤残就业补助金"] == fen("7900") * months
    assert employer.get("伤残津贴（5–6级，按月）") == {5: fen("5040"), 6: fen("4320")}.get(grade)
    assert employer["停工留薪期工资"] == fen("7200")


def test_grades_1_to_4_get_nothing_at_the_end_of_a_contract() -> None:
    assert refusal(BenefitKind.CONTRACT_END_MEDICAL, appraised(wage_of("7200"), 4)) == "workinjury-bridge.benefit.not-for-grade"


def test_the_allowance_is_topped_up_to_the_minimum_wage() -> None:
    low = replace(BOOK, figures=(replace(FIGURES, minimum_wage=Fen(fen("3200")), effective_from=date(2020, 1, 1)),))
    found = due(monthly(BenefitKind.DISABILITY_ALLOWANCE), MARCH, appraised(wage_of("3900"), 4), low)
    assert [step.amount_fen for step in found.steps] == [fen("3900"), fen("2925"), fen("3200")]


@pytest.mark.parametrize(
    ("grade", "expected"), [(NursingGrade.FULL, "3250"), (NursingGrade.LARGE, "2600"), (NursingGrade.PARTIAL, "1950")]
)
def test_nursing(grade: NursingGrade, expected: str) -> None:
    file = appraised(wage_of("7200"), 2, grade)
    found = due(monthly(BenefitKind.NURSING), MARCH, file, BOOK)
    assert (found.amount_fen, found.steps[-1].article) == (fen(expected), "34")


def test_at_pension_age_the_fund_tops_up_what_the_pension_falls_short() -> None:
    file = appraised(wage_of("7200"), 2, NursingGrade.FULL)
    pensions = (
        Pension(since=date(2026, 5, 1), monthly_fen=fen("5000")),
        Pension(since=date(2026, 6, 1), monthly_fen=fen("6200")),
    )
    allowance = monthly(BenefitKind.DISABILITY_ALLOWANCE, pensions=pensions)
    found = [due(allowance, date(2026, m, 1), file, BOOK).amount_fen for m in (4, 5, 6)]
    assert found == [fen("6120"), fen("1120"), 0]
    assert due(monthly(BenefitKind.NURSING), date(2026, 6, 1), file, BOOK).amount_fen == fen("3250")


def test_f13_dependants_are_cut_to_own_wage_with_largest_remainders() -> None:
    kin = [(relation, False) for relation in (Relation.SPOUSE, Relation.CHILD, Relation.CHILD, Relation.PARENT)]
    file = replace(died(wage_of("7200")), entitlements=family(*kin))
    found = [c.amount_fen for c in dependants(MARCH, file, BOOK).values()]
    assert found == [fen("2215.38"), fen("1661.54"), fen("1661.54"), fen("1661.54")]
    assert sum(found) == fen("7200")


def test_f13_funeral_and_one_off_death_benefit() -> None:
    file = died(wage_of("7200"))
    assert amount(BenefitKind.FUNERAL, file) == fen("39000")
    assert amount(BenefitKind.ONE_OFF_DEATH, file) == fen("1130040")


def test_meals_of_f7_and_f13() -> None:
    assert meals_fen(date(2026, 4, 1), date(2026, 4, 21), fen("30")) == fen("600")
    assert meals_fen(date(2026, 3, 2), date(2026, 3, 11), fen("30")) == fen("270")


def test_lone_elderly_and_orphans_get_ten_points_more() -> None:
    file = replace(died(wage_of("7200")), entitlements=family((Relation.SPOUSE, True), (Relation.CHILD, True)))
    assert [c.amount_fen for c in dependants(MARCH, file, BOOK).values()] == [fen("3600"), fen("2880")]


@given(
    st.lists(st.tuples(st.sampled_from(list(Relation)), st.booleans()), min_size=1, max_size=9),
    st.integers(100, 10**7),
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(0, 100_000)), max_size=3),
)
def test_dependants_never_get_more_than_own_wage(
    members: list[tuple[Relation, bool]], wage: int, raises: list[tuple[int, int]]
) -> None:
    file = replace(died(wage_of("7200")), entitlements=family(*members))
    assert file.wage is not None
    step = replace(file.wage.calculation.steps[-1], amount_fen=wage)
    file = replace(file, wage=replace(file.wage, calculation=replace(file.wage.calculation, steps=(step,))))
    rules = tuple(
        Adjustment(
            from_month=MARCH,
            kind=BenefitKind.DEPENDANT,
            begun_before=date(2027, 1, 1),
            rate=Rate(r),
            fixed=Fen(f),
            source="test",
        )
        for r, f in raises
    )
    found = dependants(MARCH, file, replace(BOOK, adjustments=rules))
    basic = sum(percent_of(wage, (40 if r is Relation.SPOUSE else 30) + 10 * lone) for r, lone in members)
    assert sum(c.amount_fen for c in found.values()) <= wage
    if basic >= wage:
        assert sum(c.amount_fen for c in found.values()) == wage


@pytest.mark.parametrize(
    ("circumstance", "grade", "opened"),
    [
        (Circumstance.INJURY, None, {"funeral", "dependant", "one-off-death"}),
        (Circumstance.AFTER_TIME_OFF, 4, {"funeral", "dependant"}),
        (Circumstance.AFTER_TIME_OFF, 5, set()),
        (Circumstance.UNRELATED, 1, set()),
        (Circumstance.MISSING, None, {"dependant", "one-off-death"}),
    ],
)
def test_what_a_death_opens(circumstance: Circumstance, grade: int | None, opened: set[str]) -> None:
    loss = died(wage_of("7200"), circumstance).loss
    assert loss is not None
    payer = RULES.grade(grade).monthly_payer if grade else None
    kinds = (BenefitKind.FUNERAL, BenefitKind.DEPENDANT, BenefitKind.ONE_OFF_DEATH)
    assert {k.value for k in kinds if loss.opens(k, payer)} == opened


def test_missing_half_in_advance_and_the_rest_when_declared_dead() -> None:
    missing = died(wage_of("7200"), Circumstance.MISSING)
    assert amount(BenefitKind.ONE_OFF_DEATH, missing) == fen("565020")
    rest = calculate(ask(BenefitKind.ONE_OFF_DEATH), died(wage_of("7200")), BOOK, Standing(advanced_fen=fen("565020")))
    assert rest.amount_fen == fen("565020")
    assert missing.loss is not None
    assert missing.loss.dependants_from(RULES.missing) == date(2026, 5, 1)


def test_a_year_whose_national_income_is_not_published_is_not_guessed() -> None:
    assert (
        refusal(BenefitKind.ONE_OFF_DEATH, died(wage_of("7200"), on=date(2027, 1, 2))) == "workinjury-bridge.benefit.no-rules"
    )


def test_travel_device_and_fee_within_their_limits() -> None:
    file = wage_of("7200")
    travel = {"transport_fen": fen("431.50"), "lodging_fen": fen("700"), "nights": 4, "board_days": 5, "confirmation_no": "T1"}
    assert amount(BenefitKind.TRAVEL, file, **travel) == fen("431.50") + fen("600") + fen("250")
    device = {"device_code": "LEG-BK-1", "confirmation_no": "K1"}
    assert amount(BenefitKind.DEVICE, file, price_fen=fen("13500"), **device) == fen("12000")
    assert amount(BenefitKind.DEVICE, file, price_fen=fen("11000"), **device) == fen("11000")
    assert amount(BenefitKind.APPRAISAL_FEE, file, fee_fen=fen("400")) == fen("350")
    assert refusal(BenefitKind.DEVICE, file, device_code="LEG-BK-1") == "workinjury-bridge.benefit.fact-missing"
    assert refusal(BenefitKind.DEVICE, file, device_code="X", confirmation_no="K1") == "workinjury-bridge.benefit.fact-missing"
    assert refusal(BenefitKind.TRAVEL, file, transport_fen=1) == "workinjury-bridge.benefit.fact-missing"
    assert refusal(BenefitKind.APPRAISAL_FEE, file) == "workinjury-bridge.benefit.nothing-due"
    assert refusal(BenefitKind.APPRAISAL_FEE, file, fee_fen=1, materials=()) == "workinjury-bridge.benefit.fact-missing"


def test_nothing_without_recognition_appraisal_or_wage() -> None:
    unrecognised = replace(wage_of("7200"), case=replace(CASE, decisions=()))
    assert refusal(BenefitKind.APPRAISAL_FEE, unrecognised, fee_fen=1) == "workinjury-bridge.benefit.not-recognised"
    assert refusal(BenefitKind.ONE_OFF_DISABILITY, wage_of("7200")) == "workinjury-bridge.benefit.not-for-grade"
    unpaid = replace(appraised(wage_of("7200"), 3), wage=None)
    assert refusal(BenefitKind.ONE_OFF_DISABILITY, unpaid) == "workinjury-bridge.benefit.wage-unknown"
    assert refusal(BenefitKind.FUNERAL, wage_of("7200")) == "workinjury-bridge.benefit.not-after-death"
    assert (
        refusal(BenefitKind.ONE_OFF_DISABILITY, died(appraised(wage_of("7200"), 3))) == "workinjury-bridge.benefit.person-gone"
    )
    revoked = replace(GRANTED, version=2, outcome=Outcome.REVOKED)
    file = appraised(replace(wage_of("7200"), case=replace(CASE, decisions=(GRANTED, revoked))), 3)
    assert due(monthly(BenefitKind.DISABILITY_ALLOWANCE), MARCH, file, BOOK).amount_fen == 0


def chain() -> tuple[Appraisal, ...]:
    found: tuple[Appraisal, ...] = ()
    for number, (kind, day, grade) in enumerate(
        [
            (AppraisalKind.INITIAL, date(2025, 2, 10), 4),
            (AppraisalKind.REAPPRAISAL, date(2025, 6, 1), 3),
            (AppraisalKind.RECHECK, date(2026, 6, 1), 5),
        ]
    ):
        said = Conclusion(conclusion_no=f"J{number}", kind=kind, concluded_on=day, decided_by="x", grade=grade)
        found = (*found, appraise(f"A{number}", "C1", said, found, date(2025, 1, 1), 12))
    return found


def test_a_reappraisal_counts_from_the_beginning_and_a_recheck_from_its_own_month() -> None:
    assert [a.counts_from for a in chain()] == [date(2025, 3, 1), date(2025, 3, 1), date(2026, 7, 1)]
    file = replace(wage_of("7200"), appraisals=chain())
    allowance = monthly(BenefitKind.DISABILITY_ALLOWANCE, begins=date(2025, 3, 1))
    figures = [
        due(allowance, m, file, replace(BOOK, adjustments=())).amount_fen
        for m in (date(2025, 3, 1), date(2026, 6, 1), date(2026, 7, 1))
    ]
    assert figures == [fen("5760"), fen("5760"), 0]  # grade 5 is the employer's


@pytest.mark.parametrize(
    ("kind", "day", "grade", "code"),
    [
        (AppraisalKind.INITIAL, date(2026, 8, 1), 3, "appraisal.wrong"),
        (AppraisalKind.RECHECK, date(2026, 5, 31), 3, "appraisal.wrong"),
        (AppraisalKind.RECHECK, date(2027, 5, 31), 3, "appraisal.too-early"),
        (AppraisalKind.RECHECK, date(2027, 6, 1), 11, "appraisal.wrong"),
    ],
)
def test_conclusions_that_cannot_be(kind: AppraisalKind, day: date, grade: int, code: str) -> None:
    said = Conclusion(conclusion_no="J9", kind=kind, concluded_on=day, decided_by="x", grade=grade)
    with pytest.raises(Refusal) as refused:
        appraise("A9", "C1", said, chain(), date(2025, 1, 1), 12)
    assert refused.value.code == f"workinjury-bridge.{code}"


def test_adjustments_apply_to_what_began_before_them_rate_first_then_sum() -> None:
    file = replace(wage_of("7200"), appraisals=chain()[:1])
    old = monthly(BenefitKind.DISABILITY_ALLOWANCE, begins=date(2025, 3, 1))
    assert due(old, date(2025, 12, 1), file, BOOK).amount_fen == fen("5400")
    assert due(old, date(2026, 1, 1), file, BOOK).amount_fen == fen("5568")  # 5400 x 1.02 + 60
    new = replace(old, begins=date(2026, 1, 1))
    assert due(new, date(2026, 1, 1), file, BOOK).amount_fen == fen("5400")


def test_interruptions_refused_treatment_is_lost_a_late_certificate_is_made_good() -> None:
    file = appraised(wage_of("7200"), 4)
    april, june = date(2026, 4, 1), date(2026, 6, 1)
    for reason, lost in ((BreakReason.REFUSES_TREATMENT, 2), (BreakReason.NO_CERTIFICATE, 0)):
        open_, closed = Break(reason=reason, since=april), Break(reason=reason, since=april, until=june)
        while_it_lasts = monthly(BenefitKind.DISABILITY_ALLOWANCE, breaks=(open_,))
        afterwards = replace(while_it_lasts, breaks=(closed,))
        assert len(differences(while_it_lasts, date(2026, 7, 1), file, BOOK, {})) == 1
        assert len(differences(afterwards, date(2026, 7, 1), file, BOOK, {})) == 5 - lost


def test_a_fact_told_late_gives_arrears_with_its_reason_and_nothing_when_booked() -> None:
    file = appraised(wage_of("7200"), 4)
    allowance = monthly(BenefitKind.DISABILITY_ALLOWANCE)
    may = date(2026, 5, 1)
    first = differences(allowance, may, file, BOOK, {})
    assert [(d.month.month, d.amount_fen, d.reason) for d in first] == [
        (3, fen("5400"), "首次核定"),
        (4, fen("5400"), "首次核定"),
        (5, fen("5400"), ""),
    ]
    booked = {d.month: Booked(amount_fen=d.amount_fen, calculation=d.calculation) for d in first}
    assert differences(allowance, may, file, BOOK, booked) == []
    better = differences(allowance, may, appraised(wage_of("7200"), 2), BOOK, booked)
    assert [(d.month.month, d.amount_fen, d.reason) for d in better] == [(m, fen("720"), "2级按85%计算") for m in (3, 4, 5)]
    stopped = replace(allowance, state=EntitlementState.STOPPED, ended=MARCH)
    assert [(d.month.month, d.amount_fen) for d in differences(stopped, may, file, BOOK, booked)] == [
        (4, -fen("5400")),
        (5, -fen("5400")),
    ]
