"""Settlement answers for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from claims.application.settlement.answer import FundRow, SettlementAnswer

SETTLED = SettlementAnswer(
    visit_id="V1",
    settlement_id="S1",
    medins_setl_id="M1",
    settled_at=datetime(2026, 3, 5, 0, 7, 1, 345_678, tzinfo=UTC),
    person_id="P1",
    person_name="张三",
    cert_type="01",
    certno="420502197404100014",
    sex="1",
    born_on=date(1974, 4, 10),
    scheme="310",
    person_category="11",
    civil_servant=False,
    med_type="21",
    begun_on=date(2026, 3, 1),
    ended_on=date(2026, 3, 5),
    total_fen=2_344_246,
    self_funded_fen=253_397,
    over_limit_fen=139_689,
    pre_selfpay_fen=70_344,
    in_scope_fen=1_880_816,
    deductible_fen=50_000,
    pool_fen=1_800_000,
    pool_rate=850_000,
    large_amount_fen=78_539,
    account_fen=17_004,
    cash_fen=398_202,
    hospital_fen=50_501,
    balance_fen=1_000,
    funds=(
        FundRow(fund_pay_type="310100", name="职工统筹", amount_fen=1_800_000, in_scope_fen=1_880_816, limit_fen=9_999_999),
        FundRow(fund_pay_type="330100", name="大额", amount_fen=78_539),
        FundRow(fund_pay_type="310200", name="个人账户", amount_fen=17_004),
        FundRow(fund_pay_type="999996", name="医院垫付", amount_fen=50_501),
    ),
)
"""The captured stay of chs-interface 6.2: 23442.46 = 18785.39 + 4152.06 + 505.01."""
