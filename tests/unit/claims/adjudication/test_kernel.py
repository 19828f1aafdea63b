"""Single rules of the kernel, each with figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import (
    BOOK_SUFFIX,
    Circumstances,
    ClaimFacts,
    Decision,
    Payment,
    RuleBooks,
    RuleSet,
    Split,
    YearState,
    adjudicate,
    explain,
    read,
    record_of,
    records,
)
from shared.ledger import Book
from shared.rules import rule_texts

BOOKS = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX))
RESIDENTS = BOOKS.on("990101", "390", date(2026, 6, 1))
EMPLOYEES = BOOKS.on("990101", "310", date(2026, 6, 1))
STAY = Circumstances("inpatient", 2, "active")


def facts(split: Split, circumstances: Circumstances = STAY, *, account_fen: int = 0) -> ClaimFacts:
    return ClaimFacts(split=split, circumstances=circumstances, account_fen=account_fen)


def f10() -> Decision:
    """F10 of the work-injury reference: the third stay, 20,000 left under the ceiling."""
    split = Split(6_800_000, 0, 0, 180_000, 6_620_000)
    return adjudicate(
        EMPLOYEES,
        facts(split, account_fen=86_647),
        YearState.of({"stays": 2, "pool.paid": 13_000_000, "pool.deductible": 80_000}),
    )


def test_payments_carry_what_a_voucher_needs() -> None:
    assert f10().payments == (
        Payment("pool", "统筹基金", Book.EMP, "5001.01", "310100", "hifp_pay", 2_000_000),
        Payment("large", "大额医疗费用补助", Book.LARGE, "5001.01", "330100", "hifob_pay", 3_813_353),
        Payment("account", "个人账户", Book.EMP, "5001.02", "310200", "acct_pay", 86_647),
    )


def test_the_year_after_and_taken_back() -> None:
    decision = f10()
    assert decision.contribution == YearState.of(
        {
            "stays": 1,
            "pool.base": 6_620_000,
            "pool.deductible": 30_000,
            "pool.cost": 6_590_000,
            "pool.paid": 2_000_000,
            "large.base": 4_237_059,
            "large.cost": 4_237_059,
            "large.paid": 3_813_353,
        }
    )
    assert decision.after.used("pool", "paid") == 15_000_000
    assert decision.after.stays == 3
    assert decision.after.minus(decision.contribution) == decision.before


def test_totals() -> None:
    decision = f10()
    assert (decision.deductible_fen, decision.funds_fen, decision.person_fen) == (30_000, 5_813_353, 986_647)
    assert (decision.account_fen, decision.cash_fen, decision.pool_rate) == (86_647, 900_000, 850_000)


def test_the_explanation_reads_the_result() -> None:
    steps = explain(f10())
    assert [(step.rule_id, step.output_fen) for step in steps] == [
        ("990100/310/BRIDGE-DEMO-2026/bill", 6_620_000),
        ("990100/310/BRIDGE-DEMO-2026/pool/level_2", 2_000_000),
        ("990100/310/BRIDGE-DEMO-2026/large/all", 3_813_353),
        ("990100/310/BRIDGE-DEMO-2026/person", 900_000),
    ]
    assert [step.zh for step in steps] == [
        "医疗费总额68,000.00 = 先行自付1,800.00 + 政策范围内66,200.00。",
        "统筹基金（二级医疗机构）：计入66,200.00，扣除起付线300.00（本年度第3次住院）；65,900.00×85% = 56,015.00；"
        "本年度封顶线余额20,000.00，支付20,000.00。",
        "大额医疗费用补助（统筹封顶线以上）：超过封顶线部分42,370.59；42,370.59×90% = 38,133.53；支付38,133.53。",
        "个人负担68,000.00 − 58,133.53 = 9,866.47，个人账户支付866.47，现金支付9,000.00。",
    ]
    assert (steps[1].source, steps[1].article) == ("BRIDGE-DEMO-2026", "B0.2")
    assert steps[1].inputs == {
        "base_fen": 6_620_000,
        "deductible_fen": 30_000,
        "uncapped_fen": 5_601_500,
        "room_fen": 2_000_000,
        "capped": 1,
        "by_year": 1,
        "turn": 3,
        "terms": "二级医疗机构",
        "band_1_fen": 6_590_000,
        "band_1_rate": 850_000,
    }


def test_a_stored_record_reads_as_the_decision_did() -> None:
    """What is kept with a settlement says the same years later, without book and kernel."""
    decision = f10()
    kept = json.loads(json.dumps([asdict(record) for record in records(decision)], ensure_ascii=False))
    assert [read(record_of(stored)) for stored in kept] == explain(decision)
    assert read(record_of(kept[1])).lines == (
        "计入66,200.00，扣除起付线300.00（本年度第3次住院）",
        "65,900.00×85% = 56,015.00",
        "本年度封顶线余额20,000.00，支付20,000.00",
    )


def test_an_explanation_names_the_source_of_the_terms_before_that_of_the_layer() -> None:
    decision = adjudicate(EMPLOYEES, facts(Split(100_000, 0, 0, 0, 100_000), STAY._replace(level=1)), YearState())
    assert explain(decision)[1].source == "synthetic (demo county)"


def test_an_explanation_says_what_changed_the_rate_and_what_the_year_had() -> None:
    away = Circumstances("inpatient", 3, "resident", place="out_of_province", referred=False)
    first = adjudicate(RESIDENTS, facts(Split(5_000_000, 0, 0, 0, 5_000_000), away), YearState())
    second = adjudicate(RESIDENTS, facts(Split(1_000_000, 0, 0, 0, 1_000_000), away), first.after)
    assert [step.zh for step in explain(second)] == [
        "医疗费总额10,000.00 = 政策范围内10,000.00。",
        "统筹基金（三级医疗机构，省外未转诊非急诊）：计入10,000.00，扣除起付线500.00（本年度第2次住院）；9,500.00×40% = 3,800.00；"
        "未超过本年度封顶线余额130,400.00，支付3,800.00。",
        "大病保险（普通参保人员）：计入6,200.00（本年度此前已累计30,400.00）；6,200.00×65% = 4,030.00；"
        "未超过本年度封顶线余额488,940.00，支付4,030.00。",
        "个人负担10,000.00 − 7,830.00 = 2,170.00，现金支付2,170.00。",
    ]


def test_retired_employees_have_five_points_more() -> None:
    decision = adjudicate(EMPLOYEES, facts(Split(150_000, 0, 0, 0, 150_000), STAY._replace(status="retired")), YearState())
    assert (decision.funds_fen, decision.pool_rate) == (90_000, 900_000)


@pytest.mark.parametrize(
    ("charged", "deductible"),
    [(0, 50_000), (20_000, 30_000), (50_000, 0), (60_000, 0)],
)
def test_a_stay_in_parts_has_one_deductible_and_counts_once(charged: int, deductible: int) -> None:
    first = YearState.of({"stays": 1, "pool.deductible": charged})
    part = replace(facts(Split(1_000_000, 0, 0, 0, 1_000_000)), continues_stay=True, stay_deductible_fen=charged)
    decision = adjudicate(EMPLOYEES, part, first)
    assert decision.deductible_fen == deductible
    assert decision.after.stays == 1


def test_a_deductible_is_never_more_than_the_cost_in_scope() -> None:
    decision = adjudicate(EMPLOYEES, facts(Split(30_000, 0, 0, 0, 30_000)), YearState())
    assert (decision.deductible_fen, decision.funds_fen, decision.pool_rate, decision.person_fen) == (30_000, 0, 0, 30_000)


def test_a_claim_of_nothing() -> None:
    decision = adjudicate(EMPLOYEES, facts(Split(0, 0, 0, 0, 0), account_fen=100), YearState())
    assert (decision.payments, decision.person_fen, decision.after) == ((), 0, YearState.of({"stays": 1}))


def test_outpatient_visits_share_a_yearly_deductible_and_cap_and_count_as_no_stay() -> None:
    visit = Circumstances("outpatient", 1, "resident")
    state, paid = YearState(), []
    for in_scope in (3_000, 4_000, 300_000, 10_000):
        decision = adjudicate(RESIDENTS, facts(Split(in_scope, 0, 0, 0, in_scope), visit), state)
        state = decision.after
        paid.append((decision.deductible_fen, decision.funds_fen))
    assert paid == [(3_000, 0), (2_000, 1_200), (0, 148_800), (0, 0)]
    assert state.stays == 0


@pytest.mark.parametrize(
    ("rules", "account", "want"),
    [
        # P1: pre-selfpay and in-scope self-pay, 1,000.00 + 500.00 + 25 % of 9,500.00; not the 2,000.00 self-funded
        (RESIDENTS, 10_000_000, 387_500),
        (RESIDENTS, 100, 100),
        # employees: the whole share
        (EMPLOYEES, 10_000_000, 492_500),
    ],
)
def test_what_the_account_may_pay(rules: RuleSet, account: int, want: int) -> None:
    split = Split(1_300_000, 200_000, 0, 100_000, 1_000_000)
    decision = adjudicate(rules, facts(split, account_fen=account), YearState())
    assert decision.account_fen == want
    assert decision.person_fen == decision.account_fen + decision.cash_fen


def test_half_a_fen_goes_up() -> None:
    """0.30 x 85 % = 0.255 above the deductible of 500.00."""
    decision = adjudicate(EMPLOYEES, facts(Split(50_030, 0, 0, 0, 50_030)), YearState())
    assert decision.funds_fen == 26


def test_a_counter_that_never_counted_is_zero() -> None:
    assert (YearState().used("pool", "paid"), YearState().stays) == (0, 0)


def test_states_drop_their_zeros() -> None:
    assert YearState.of({"stays": 0, "pool.paid": 5}) == YearState({"pool.paid": 5})
    assert YearState.of({"pool.paid": 5}).minus(YearState.of({"pool.paid": 5})) == YearState()
    assert YearState().minus(YearState.of({"pool.paid": 5})).used("pool", "paid") == -5
