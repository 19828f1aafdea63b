"""Fee lines on a real database: their split and sums, serials, returns, removal, batches and generations."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.claims_desk import ClaimsDesk, read
from tests.factories.his_messages import Json, fee_line

CATALOGUE = (
    "code,name,charge_class,pre_selfpay_rate,price_limit_1,price_limit_2,price_limit_3,limited_use,fee_category,"
    "in_work_injury_catalogue,valid_from,valid_to\n"
    "X1,限制用药,B,0.2,,,,1,09,1,2024-01-01,\n"
    "X2,床位费,A,,30,50,80,0,01,0,2024-01-01,\n"
    "X3,停用项目,A,,,,,0,03,0,2024-01-01,2025-12-31\n"
    "X4,调级项目,C,,,,,0,03,0,2024-01-01,\n"
    "X4,调级项目,A,,,,,0,03,0,2026-03-10,\n"
    "X5,三分之一,B,0.3333,,,,0,03,0,2024-01-01,\n"
)
SPLIT = ("det_item_fee_sumamt", "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")


async def visit_of(desk: ClaimsDesk, *, inpatient: bool = False) -> tuple[str, str]:
    await desk.claims.import_catalogue(CATALOGUE.encode(), None)
    person = await desk.person()
    return person, await (desk.stay(person, [("A1", "0.01")], discharged=False) if inpatient else desk.registration(person, []))


def lines(person: str, visit: str, *rows: tuple[str, str, str, str, str], **more: Any) -> Json:
    """Rows of (serial, item, amount, quantity, price)."""
    return {
        "feedetail": [
            fee_line(n, person=person, visit=visit, med_list_codg=i, det_item_fee_sumamt=a, cnt=c, pric=p, **more)
            for n, i, a, c, p in rows
        ]
    }


async def sums(desk: ClaimsDesk, visit: str) -> list[tuple[Any, ...]]:
    """Per batch: number, generation, lines, and the five sums; checked against the lines themselves."""
    pool = await desk.claims.db.pool()
    rows = await pool.fetch(
        "SELECT batch_no, generation, line_count, total_fen, self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen"
        " FROM fee_batch WHERE visit_id = $1 ORDER BY batch_no, generation",
        visit,
    )
    counted = await pool.fetch(
        "SELECT b.batch_no, b.generation, count(*), sum(amount_fen)::bigint, sum(l.self_funded_fen)::bigint,"
        " sum(l.over_limit_fen)::bigint, sum(l.pre_selfpay_fen)::bigint, sum(l.in_scope_fen)::bigint"
        " FROM fee_line l JOIN fee_batch b USING (batch_id) WHERE l.visit_id = $1 GROUP BY 1, 2 ORDER BY 1, 2",
        visit,
    )
    assert [tuple(row) for row in rows] == [tuple(row) for row in counted]
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("item", "amount", "count", "price", "more", "expected", "said"),
    [
        ("A1", "10.00", "1", "10", {}, ("10.00", "0", "0", "0", "10.00"), ("01", "0", "999999")),
        ("B1", "10.00", "1", "10", {}, ("10.00", "0", "0", "1.00", "9.00"), ("02", "0.1", "999999")),
        ("C1", "10.00", "1", "10", {}, ("10.00", "10.00", "0", "0", "0"), ("03", "1", "999999")),
        ("NOWHERE", "10.00", "1", "10", {}, ("10.00", "10.00", "0", "0", "0"), ("03", "1", "999999")),
        ("X1", "10.00", "1", "10", {"hosp_appr_flag": "1"}, ("10.00", "0", "0", "2.00", "8.00"), ("02", "0.2", "999999")),
        ("X1", "10.00", "1", "10", {"hosp_appr_flag": "0"}, ("10.00", "10.00", "0", "0", "0"), ("02", "1", "999999")),
        ("X1", "10.00", "1", "10", {"hosp_appr_flag": "2"}, ("10.00", "10.00", "0", "0", "0"), ("02", "1", "999999")),
        ("A1", "10.00", "1", "10", {"hosp_appr_flag": "2"}, ("10.00", "10.00", "0", "0", "0"), ("01", "1", "999999")),
        ("X2", "180.00", "3", "60", {}, ("180.00", "0", "30.00", "0", "150.00"), ("01", "0", "50")),
        ("X3", "10.00", "1", "10", {}, ("10.00", "10.00", "0", "0", "0"), ("03", "1", "999999")),
        ("X4", "10.00", "1", "10", {}, ("10.00", "10.00", "0", "0", "0"), ("03", "1", "999999")),
        ("X4", "10.00", "1", "10", {"fee_ocur_time": "2026-03-10"}, ("10.00", "0", "0", "0", "10.00"), ("01", "0", "999999")),
        ("A1", "0.00", "1", "0", {}, ("0", "0", "0", "0", "0"), ("01", "0", "999999")),
    ],
)
async def test_the_split_of_a_line(
    desk: ClaimsDesk,
    item: str,
    amount: str,
    count: str,
    price: str,
    more: dict[str, str],
    expected: tuple[str, ...],
    said: tuple[str, ...],
) -> None:
    person, visit = await visit_of(desk)
    output = await desk.call("2204", lines(person, visit, ("yp570", item, amount, count, price), **more))
    (row,) = output["result"]
    assert tuple(row[name] for name in SPLIT) == tuple(Decimal(e) for e in expected)
    assert (row["feedetl_sn"], row["memo"], row["chrgitm_lv"]) == ("yp570", "", said[0])
    assert (row["selfpay_prop"], row["pric_uplmt_amt"]) == (Decimal(said[1]), Decimal(said[2]))
    fen = tuple(int(Decimal(e) * 100) for e in expected)
    assert await sums(desk, visit) == [("B1", 1, 1, *fen)]


async def test_what_the_lines_keep(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    await desk.call("2204", lines(person, visit, ("1", "X1", "4.00", "0.3333", "12.000001"), hosp_appr_flag="1"), msgid="UP1")
    (row,) = await (await desk.claims.db.pool()).fetch("SELECT * FROM fee_line")
    assert (row["item_name"], row["charge_class"], row["fee_category"]) == ("限制用药", "B", "09")
    assert (row["quantity"], row["price"], row["pre_selfpay_rate"]) == (Decimal("0.3333"), Decimal("12.000001"), 200_000)
    assert (row["in_work_injury_catalogue"], row["price_limit"], row["msgid"]) == (True, None, "UP1")
    assert '"bilg_dr_name": "李医生"' in row["details"]
    assert '"hosp_appr_flag": "1"' in row["details"]


@pytest.mark.parametrize(
    ("amount", "count", "price", "text"),
    [
        ("10.04", "1", "10", None),
        ("10.05", "1", "10", None),
        ("10.06", "1", "10", "相差超过5分"),
        ("10.00", "3", "3.333333", None),
        ("10.00", "-1", "10", "正负不符"),
        ("-10.00", "1", "10", "正负不符"),
        ("10.00", "0", "10", "正负不符"),
        ("10.00", "1", "-10", "正负不符"),
    ],
)
async def test_the_amount_sent_rules_within_a_tolerance(
    desk: ClaimsDesk, amount: str, count: str, price: str, text: str | None
) -> None:
    person, visit = await visit_of(desk)
    message = lines(person, visit, ("good", "A1", "1.00", "1", "1"), ("1", "A1", amount, count, price))
    if text is None:
        assert [r["det_item_fee_sumamt"] for r in (await desk.call("2204", message))["result"]][1] == Decimal(amount)
    else:
        assert text in await desk.refused("2204", message)
        assert await sums(desk, visit) == []


async def test_a_serial_is_used_once_in_a_visit(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    await desk.call("2204", lines(person, visit, ("1", "A1", "1.00", "1", "1")))
    before = await sums(desk, visit)
    again = lines(person, visit, ("2", "A1", "1.00", "1", "1"), ("1", "A1", "1.00", "1", "1"))
    assert await desk.refused("2204", again) == "费用明细流水号(feedetl_sn)1已上传"
    twice = lines(person, visit, ("3", "A1", "1.00", "1", "1"), ("3", "A1", "1.00", "1", "1"))
    assert await desk.refused("2204", twice) == "费用明细流水号(feedetl_sn)3重复"
    assert await sums(desk, visit) == before
    other = await desk.registration(person, [])
    await desk.call("2204", lines(person, other, ("1", "A1", "1.00", "1", "1")))


async def test_one_call_may_hold_several_batches(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    message = lines(person, visit, ("1", "A1", "1.00", "1", "1"), ("2", "A1", "2.00", "1", "2"), ("3", "A1", "4.00", "1", "4"))
    message["feedetail"][1]["chrg_bchno"] = "B2"
    output = await desk.call("2204", message)
    assert [r["feedetl_sn"] for r in output["result"]] == ["1", "2", "3"]
    assert [row[:4] for row in await sums(desk, visit)] == [("B1", 1, 2, 500), ("B2", 1, 1, 200)]


async def test_a_batch_number_used_again_after_settlement_is_a_new_batch(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    await desk.call("2204", lines(person, visit, ("1", "A1", "1.00", "1", "1")))
    await desk.call("2207", desk.visit_input(visit, person, "1.00"))
    await desk.call("2204", lines(person, visit, ("2", "A1", "2.00", "1", "2")))
    assert [row[:4] for row in await sums(desk, visit)] == [("B1", 1, 1, 100), ("B1", 2, 1, 200)]
    await desk.call("2205", {"data": {"mdtrt_id": visit, "psn_no": person, "chrg_bchno": "B1"}})
    assert [row[:4] for row in await sums(desk, visit)] == [("B1", 1, 1, 100)]


async def test_a_batch_of_a_hundred_lines_after_another(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk, inpatient=True)
    batches = [lines(person, visit, *((f"{b}-{n}", "B1", "1.05", "1", "1.05") for n in range(100))) for b in range(5)]
    answers = await asyncio.gather(*(desk.raw("2301", batch) for batch in batches))
    assert [read(answer)["infcode"] for answer in answers] == ["0"] * 5
    assert [len(read(answer)["output"]["result"]) for answer in answers] == [100] * 5
    assert [row[:5] for row in await sums(desk, visit)] == [("", 1, 501, 52_501, 0)]


async def test_returns_take_what_their_original_was_split_into(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk, inpatient=True)
    await desk.call("2301", lines(person, visit, ("r1", "X5", "1.00", "4", "0.25")))
    taken = []
    for n, amount, count in (("r2", "-0.25", "-1"), ("r3", "-0.50", "-2"), ("r4", "-0.25", "-1")):
        message = lines(person, visit, (n, "X5", amount, count, "0.25"), init_feedetl_sn="r1")
        (row,) = (await desk.call("2301", message))["result"]
        assert row["feedetl_sn"] == n
        taken.append([row[name] for name in SPLIT])
        assert row["det_item_fee_sumamt"] == sum(row[name] for name in SPLIT[1:])
        assert all(row[name] <= 0 for name in SPLIT)
    assert [sum(part) for part in zip(*taken, strict=True)] == [Decimal(x) for x in ("-1.00", "0", "0", "-0.33", "-0.67")]
    assert await sums(desk, visit) == [("", 1, 5, 1, 0, 0, 0, 1)]


@pytest.mark.parametrize(
    ("row", "original", "text"),
    [
        (("2", "A1", "-3.00", "-3", "1"), "1", "超过原明细1的余额"),
        (("2", "A1", "-1.00", "-3", "0.3333"), "1", "超过原明细1的余额"),
        (("2", "A1", "-1.00", "-1", "1"), "none", "原费用流水号(init_feedetl_sn)none不存在"),
        (("2", "B1", "-1.00", "-1", "1"), "1", "医疗目录编码(med_list_codg)与原明细不同"),
        (("2", "A1", "-1.00", "-1", "1"), "", "缺少原费用流水号(init_feedetl_sn)"),
        (("2", "A1", "1.00", "1", "1"), "1", "应为负数"),
    ],
)
async def test_impossible_returns(desk: ClaimsDesk, row: tuple[str, str, str, str, str], original: str, text: str) -> None:
    person, visit = await visit_of(desk, inpatient=True)
    await desk.call("2301", lines(person, visit, ("1", "A1", "2.00", "2", "1")))
    before = await sums(desk, visit)
    assert text in await desk.refused("2301", lines(person, visit, row, init_feedetl_sn=original))
    assert await sums(desk, visit) == before


async def test_two_returns_at_once_never_exceed_the_original(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk, inpatient=True)
    await desk.call("2301", lines(person, visit, ("1", "A1", "2.00", "2", "1")))
    back = [lines(person, visit, (n, "A1", "-2.00", "-2", "1"), init_feedetl_sn="1") for n in ("r2", "r3", "r4")]
    answers = await asyncio.gather(*(desk.raw("2301", message) for message in back))
    assert sorted(read(answer)["infcode"] for answer in answers) == ["-1", "-1", "0"]
    assert (await sums(desk, visit))[0][:4] == ("", 1, 3, 1)


def cancel(person: str, visit: str, **number: str) -> Json:
    return {"data": {"mdtrt_id": visit, "psn_no": person, **number}}


@pytest.mark.parametrize("inpatient", [False, True])
async def test_removing_nothing_is_success(desk: ClaimsDesk, inpatient: bool) -> None:
    await desk.claims.import_catalogue(CATALOGUE.encode(), None)
    person = await desk.person()
    if inpatient:
        visit = await desk.stay(person, [("A1", "1.00")], discharged=False)
        for number in ("0000", "0000", "none"):
            assert await desk.call("2302", cancel(person, visit, feedetl_sn=number)) == {}
    else:
        visit = await desk.registration(person, [])
        for number in ("0000", "none"):
            assert await desk.call("2205", cancel(person, visit, chrg_bchno=number)) == {}
    assert await sums(desk, visit) == []


async def test_removing_by_batch_by_line_and_everything(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    message = lines(person, visit, ("1", "A1", "1.00", "1", "1"), ("2", "A1", "2.00", "1", "2"))
    message["feedetail"][1]["chrg_bchno"] = "B2"
    await desk.call("2204", message)
    await desk.call("2205", cancel(person, visit, chrg_bchno="B2"))
    assert [row[:4] for row in await sums(desk, visit)] == [("B1", 1, 1, 100)]
    await desk.call("2205", cancel(person, visit, chrg_bchno="0000"))
    assert await sums(desk, visit) == []
    person, stay = await visit_of(desk, inpatient=True)
    await desk.call("2301", lines(person, stay, ("a", "A1", "1.00", "1", "1"), ("b", "A1", "2.00", "1", "2")))
    await desk.call("2302", {"data": [cancel(person, stay, feedetl_sn=n)["data"] for n in ("a", "b")]})
    assert [row[:4] for row in await sums(desk, stay)] == [("", 1, 1, 1)]


async def test_settled_lines_stay(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk)
    await desk.call("2204", lines(person, visit, ("1", "A1", "1.00", "1", "1")))
    settled = await desk.call("2207", desk.visit_input(visit, person, "1.00"))
    await desk.call("2204", lines(person, visit, ("2", "A1", "2.00", "1", "2"), chrg_bchno="B2"))
    assert await desk.refused("2205", cancel(person, visit, chrg_bchno="B1")) == "收费批次号(chrg_bchno)B1已结算，不能撤销"
    await desk.call("2205", cancel(person, visit, chrg_bchno="0000"))
    assert [row[:4] for row in await sums(desk, visit)] == [("B1", 1, 1, 100)]
    await desk.call("2208", {"data": {"setl_id": settled["setlinfo"]["setl_id"], "mdtrt_id": visit, "psn_no": person}})
    await desk.call("2205", cancel(person, visit, chrg_bchno="0000"))
    assert await sums(desk, visit) == []


async def test_a_line_does_not_go_while_its_return_stays(desk: ClaimsDesk) -> None:
    person, visit = await visit_of(desk, inpatient=True)
    await desk.call("2301", lines(person, visit, ("1", "A1", "2.00", "2", "1")))
    await desk.call("2301", lines(person, visit, ("2", "A1", "-1.00", "-1", "1"), init_feedetl_sn="1"))
    before = await sums(desk, visit)
    assert (
        await desk.refused("2302", cancel(person, visit, feedetl_sn="1"))
        == "费用明细流水号(feedetl_sn)1已有退费明细2，请一并撤销"
    )
    assert await sums(desk, visit) == before
    await desk.call("2302", {"data": [cancel(person, visit, feedetl_sn=n)["data"] for n in ("1", "2")]})
    assert [row[:4] for row in await sums(desk, visit)] == [("", 1, 1, 1)]
