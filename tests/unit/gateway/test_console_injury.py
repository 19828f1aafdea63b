"""Readings of a case for its page: stations, debts as the books have them, pairs of journals, deadlines."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.entrypoints.console.injury import Owing, next_step, owings, pairs_of, steps_of, terms_of, totals
from tests.browser import county
from tests.browser.injuries import Injuries

Json = dict[str, Any]
WI, EMP = "工伤保险基金", "职工基本医疗保险基金"


def settled() -> tuple[Json, Json, list[Json]]:
    """The case of F1 after its conversion: case, file, journals."""
    conversion = county.conversion() | {"state": "settled", "maker": "lijing", "checker": "zhaoming"}
    at = "2026-11-22T09:32:00+08:00"
    conversion["transfers"] = [
        {
            "voucher_no": "JZ2026112200001",
            "book": "EMP",
            "direction": "out",
            "amount_fen": 1_298_500,
            "state": "confirmed",
            "changed_at": at,
        }
    ]
    conversion["payments"] = [
        {"kind": kind, "voucher_no": "JZ2026112200002", "amount_fen": 1, "paid_at": at} for kind in ("refund", "meals")
    ]
    file = Injuries().file(county.CASE, conversion)
    return county.case() | {"conversions": [conversion]}, file, county.conversion_journals("lijing", "zhaoming")


def line(case: Json, file: Json, journals: list[Json]) -> list[tuple[str, str, str]]:
    return [(s.name, s.on, s.state) for s in steps_of(case, file, journals)]


def test_the_stations_of_a_settled_case_are_all_reached() -> None:
    assert line(*settled()) == [
        ("受伤", "2026-03-02", "done"),
        ("申请认定", "2026-11-09", "done"),
        ("认定为工伤", "2026-11-19", "done"),
        ("费用转换", "2026-11-20", "done"),
        ("复核入账", "2026-11-22", "done"),
        ("基金到账", "2026-11-22", "done"),
        ("退付个人", "2026-11-22", "done"),
    ]


def test_a_case_stands_at_the_first_station_not_reached() -> None:
    case = county.case()
    file = Injuries().file(county.CASE, county.conversion())
    assert line(case, file, [])[3:] == [
        ("费用转换", "2026-11-20", "done"),
        ("复核入账", "", "now"),
        ("基金到账", "", "todo"),
        ("退付个人", "", "todo"),
    ]
    assert line(case | {"decisions": [], "conversions": []}, file, [])[2:4] == [
        ("认定决定", "", "now"),
        ("费用转换", "", "todo"),
    ]
    denied = case["decisions"][0] | {"outcome": "denied", "version": 2}
    steps = steps_of(case | {"decisions": [case["decisions"][0], denied], "contested_on": "2026-11-20"}, file, [])
    assert [(s.name, s.state, s.note) for s in steps[2:]] == [
        ("不予认定", "no", "第 2 版"),
        ("复议或诉讼", "done", "待遇照付，终局后再定"),
    ]


def test_before_approval_the_debts_are_those_that_it_would_book() -> None:
    assert owings(county.case(), []) == [
        Owing(WI, EMP, 1_298_500, "归还已付的统筹和个人账户支出", booked=False),
        Owing(WI, "个人", 271_500, "退还个人垫付的现金", booked=False),
        Owing(WI, "个人", 36_000, "住院伙食补助", booked=False),
    ]


def test_a_debt_between_funds_stands_in_two_books_and_is_shown_once() -> None:
    case, _, journals = settled()
    assert owings(case, journals) == []
    before_transfer = [j for j in journals if j["kind"] == "conversion"]
    assert owings(case, before_transfer) == [
        Owing(WI, EMP, 1_298_500, "归还已付的统筹和个人账户支出"),
        Owing(WI, "个人", 307_500, "退还个人垫付和住院伙食补助"),
    ]
    one_half = [j for j in journals if not (j["kind"] == "transfer" and j["book"] == "EMP") and j["kind"] != "payment"]
    assert owings(case, one_half)[0] == Owing(WI, EMP, 1_298_500, "归还已付的统筹和个人账户支出")
    cut = Injuries().deduction_journal()
    assert owings(case, [*journals, cut]) == [Owing("医疗机构", WI, 42_000, "审核扣款或未经同意的目录外费用，医院月结时抵扣")]


def test_the_same_voucher_of_two_books_is_one_row() -> None:
    _, _, journals = settled()
    rows = pairs_of(journals)
    assert [(r.voucher_no, r.kind, len(r.left), len(r.right)) for r in rows] == [
        (None, "conversion", 1, 1),
        ("JZ2026112200001", "transfer", 1, 1),
        ("JZ2026112200002", "payment", 0, 1),
    ]
    assert totals([j for j in journals if j["book"] == "WI"]) == (3_212_000, 3_212_000)


def test_deadlines_the_nearest_first() -> None:
    injuries = Injuries()
    case, file, _ = settled()
    assert case["state"] == "recognised"
    debts = list(injuries.debts.values())
    terms = terms_of(file | {"advances": [injuries.advance], "recoveries": debts})
    assert [(t.what, t.until) for t in terms] == [
        ("追偿：用人单位应偿还", date(2026, 11, 16)),
        ("先行支付：用人单位支付期限", date(2026, 11, 19)),
        ("追偿：第三人（待查明）应催收", date(2026, 11, 24)),
        ("追偿：个人应偿还", date(2026, 12, 2)),
        ("审核扣款：医院提出异议的期限", date(2026, 12, 4)),
        ("追偿：第三人（待查明）的诉讼时效届满", date(2029, 3, 2)),
    ]
    assert [next_step(d) for d in debts] == ["再次催收或签分期协议", "确定第三人责任比例", "登记到账；逾期的申请划拨"]
    assert next_step(debts[0] | {"state": "recovered", "open_fen": 0}) == "—"
