"""What the console works out by itself: bars, burden, proofs, month's balances, and that text never becomes markup."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.entrypoints.console.figures import AccountLine, burden, month_balance, open_between, proofs, waterfall
from gateway.entrypoints.console.markup import Html, el, join
from gateway.entrypoints.console.words import days_between, left, light, money

Json = dict[str, Any]


def settlement(**more: Any) -> Json:
    """A stay of 1,000.00: the pool pays 600.00, the account 100.00, cash is 300.00."""
    return {
        "settlement_id": "S",
        "state": "valid",
        "settled_at": "2026-03-14T11:25:00+08:00",
        "total_fen": 100_000,
        "self_funded_fen": 5_000,
        "over_limit_fen": 0,
        "pre_selfpay_fen": 2_000,
        "deductible_fen": 20_000,
        "fund_fen": 60_000,
        "account_fen": 10_000,
        "cash_fen": 30_000,
        "hospital_fen": 0,
        "payments": [
            {"layer": "pool", "name": "统筹基金", "book": "EMP", "account": "5001.01", "fund_pay_type": "310100", "amount_fen": 60_000},
            {"layer": "account", "name": "个人账户", "book": "EMP", "account": "5001.02", "fund_pay_type": "310200", "amount_fen": 10_000},
        ],
        **more,
    }  # fmt: skip


def test_a_waterfall_falls_from_the_total_to_the_cash() -> None:
    steps = [(step.name, step.amount_fen, step.left_fen, step.kind) for step in waterfall(settlement())]
    assert steps == [
        ("医疗费总额", 100_000, 0, "total"),
        ("统筹基金", 60_000, 40_000, "fund"),
        ("个人账户", 10_000, 30_000, "account"),
        ("个人现金", 30_000, 0, "cash"),
    ]


def test_an_account_and_a_hospital_without_a_payment_row_have_their_bars() -> None:
    steps = [(step.name, step.amount_fen) for step in waterfall(settlement(payments=[], hospital_fen=4_000))]
    assert steps == [("医疗费总额", 100_000), ("个人账户", 10_000), ("医院负担", 4_000), ("个人现金", 86_000)]


def test_the_burden_adds_up_to_account_and_cash() -> None:
    parts = burden(settlement())
    assert parts == [("目录外全自费", 5_000), ("乙类先行自付", 2_000), ("政策范围内自付（起付线 200.00 在内）", 33_000)]
    assert sum(amount for _, amount in parts) == 40_000


def conversion(**more: Any) -> Json:
    """The worked example F1."""
    return {
        "conversion_id": "C",
        "total_fen": 1_600_000,
        "work_injury_fen": 1_570_000,
        "person_fen": 30_000,
        "hospital_fen": 0,
        "cash_fen": 301_500,
        "refund_fen": 271_500,
        "owed_fen": 1_298_500,
        "owed": [{"amount_fen": 1_198_500}, {"amount_fen": 100_000}],
        "maker": "lijing",
        "checker": None,
        "transfers": [],
        **more,
    }


def journal(book: str, *lines: tuple[str, str, int, int], voucher: str | None = None) -> Json:
    """A journal of the conversion: account, dimension, debit, credit."""
    names = ("account", "dim", "debit_fen", "credit_fen")
    return {
        "conversion_id": "C",
        "book": book,
        "voucher_no": voucher,
        "lines": [dict(zip(names, line, strict=True)) for line in lines],
    }


def test_a_sound_conversion_proves_itself_but_for_the_second_pair_of_eyes() -> None:
    assert [proof.holds for proof in proofs(conversion(), None)] == [True, True, True, True, None]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"total_fen": 1_600_001}, [0]),
        ({"refund_fen": 271_499}, [1, 2]),
        ({"owed": [{"amount_fen": 1_198_500}]}, [3]),
        ({"checker": "lijing"}, [4]),
    ],
)
def test_each_wrong_figure_breaks_its_own_proof(change: Json, broken: list[int]) -> None:
    assert [i for i, proof in enumerate(proofs(conversion(**change), None)) if proof.holds is False] == broken


def test_books_that_disagree_are_found() -> None:
    medical = journal("EMP", ("1121", "WI", 1_298_500, 0), ("5001.01", "", 0, 1_298_500))
    injury = journal("WI", ("5001.11", "", 1_298_400, 0), ("2202", "EMP", 0, 1_298_400))
    assert open_between([medical, injury], medical=True) == {"EMP": 1_298_500}
    assert open_between([medical, injury], medical=False) == {"EMP": 1_298_400}
    named = {proof.name: proof.holds for proof in proofs(conversion(), [medical, injury])}
    assert named["两套账借方合计 = 贷方合计"] is True
    assert named["医保应收未收 = 工伤应付未付"] is False


def test_a_voucher_that_only_one_book_has_is_found() -> None:
    one_sided = [journal("WI", ("2202", "EMP", 100, 0), ("1003", "", 0, 100), voucher="V1")]
    moved = conversion(transfers=[{"state": "confirmed", "voucher_no": "V1"}])
    assert [p.holds for p in proofs(moved, one_sided) if p.name == "每笔划转两套账同一凭证号"] == [False]


def test_a_month_is_what_came_since_its_opening() -> None:
    before = [{"account": "2201", "name": "应付", "debit_fen": 0, "credit_fen": 500}]
    now = [
        {"account": "2201", "name": "应付", "debit_fen": 200, "credit_fen": 700},
        {"account": "1003", "name": "存款", "debit_fen": 0, "credit_fen": 200},
        {"account": "2201", "name": "应付", "debit_fen": 0, "credit_fen": 50},
    ]
    lines = month_balance(now, before)
    assert lines == [
        AccountLine(account="1003", name="存款", opening_fen=0, debit_fen=0, credit_fen=200),
        AccountLine(account="2201", name="应付", opening_fen=-500, debit_fen=200, credit_fen=250),
    ]
    assert [line.closing_fen for line in lines] == [-200, -550]


def test_text_is_escaped_and_markup_is_kept() -> None:
    assert (
        el("b", "<i>", Html("<u>x</u>"), cls='a"b', href_="?a=1&b=2")
        == '<b class="a&quot;b" href="?a=1&amp;b=2">&lt;i&gt;<u>x</u></b>'
    )
    assert join(["a", None, ["<"]], 3) == "a&lt;3"
    assert el("input", required=True, disabled=False, value=None) == "<input required>"
    with pytest.raises(TypeError, match="float is no content"):
        join(1.5)


def test_words_of_amounts_and_clocks() -> None:
    assert money(-123_456) == '<span class="neg">−1,234.56</span>'
    assert money(None) == '<span class="none">—</span>'
    assert left(2) == "还剩 2 个工作日"
    assert left(0) == "今天到期"
    assert left(-3, unit="calendar_days") == "已逾期 3 天"
    assert left(1, provisional=True) == "还剩 1 个工作日（节假日安排未公布，暂按估算）"
    assert light("red") == '<span class="light red"><i aria-hidden="true">■</i> 逾期</span>'
    assert days_between("2026-03-02", "2026-03-02") == 1
