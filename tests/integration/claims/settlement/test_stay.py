"""A stay from admission to books, with the published example F1's medical version (BRIDGE-DEMO-2026)."""

from __future__ import annotations

from decimal import Decimal

from tests.factories.claims_desk import ClaimsDesk, read
from tests.factories.his_messages import INSTITUTION

F1 = [("A1", "9200.00"), ("B1", "6000.00"), ("C1", "800.00")]


async def test_f1_settles_to_the_published_figures_and_balanced_books(desk: ClaimsDesk) -> None:
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    trial = (await desk.call("2303", asked))["setlinfo"]
    output = await desk.call("2304", asked, msgid="SETTLE-F1")
    info = output["setlinfo"]
    assert info["medfee_sumamt"] == Decimal("16000.00")
    assert info["fulamt_ownpay_amt"] == Decimal("800.00")
    assert info["preselfpay_amt"] == Decimal("600.00")
    assert info["inscp_scp_amt"] == Decimal("14600.00")
    assert info["act_pay_dedc"] == Decimal("500.00")
    assert info["hifp_pay"] == Decimal("11985.00")
    assert info["pool_prop_selfpay"] == Decimal("0.8500")
    assert info["psn_part_amt"] == Decimal("4015.00")
    assert info["acct_pay"] == Decimal("1000.00")
    assert info["psn_cash_pay"] == Decimal("3015.00")
    assert info["balc"] == Decimal("0.00")
    assert info["medins_setl_id"] == "SETTLE-F1"
    assert info["psn_name"] == "张三"
    assert "setl_id" not in trial
    same = {"hifp_pay", "psn_part_amt", "acct_pay", "psn_cash_pay", "balc", "act_pay_dedc", "inscp_scp_amt"}
    assert {k: trial[k] for k in same} == {k: info[k] for k in same}
    assert {(r["fund_pay_type"], r["fund_payamt"]) for r in output["setldetail"]} == {
        ("310100", Decimal("11985.00")),
        ("310200", Decimal("1000.00")),
    }
    assert await desk.balances("EMP") == {
        ("2201", f"H:{INSTITUTION}"): -1_298_500,
        ("5001.01", ""): 1_198_500,
        ("5001.02", ""): 100_000,
    }
    assert await desk.count("outbox", "type = 'claims.claim-settled.v1'") == 1
    assert await desk.count("account", "balance_fen = 0") == 1
    assert (await desk.year(person))["stays"] == 1


async def test_a_settlement_is_explained_by_the_records_it_left(desk: ClaimsDesk) -> None:
    """Read back from what was stored: neither the book nor the kernel is asked again."""
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    output = await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310", account="1"))
    settlement_id = output["setlinfo"]["setl_id"]
    shown = await desk.claims.describe_settlement(settlement_id)
    assert [step["zh"] for step in shown["explanation"]] == [
        "医疗费总额16,000.00 = 全自费800.00 + 先行自付600.00 + 政策范围内14,600.00。",
        "统筹基金（二级医疗机构）：计入14,600.00，扣除起付线500.00（本年度第1次住院）；14,100.00×85% = 11,985.00；"
        "未超过本年度封顶线余额150,000.00，支付11,985.00。",
        "个人负担16,000.00 − 11,985.00 = 4,015.00，个人账户支付1,000.00，现金支付3,015.00。",
    ]
    assert shown["explanation"][1]["arithmetic"][1] == "14,100.00×85% = 11,985.00"
    assert shown["explanation"][1]["article"] == "B0.2"
    code = shown["check_code"]
    assert len(code) == 19
    await desk.call("2305", {"data": {"setl_id": settlement_id, "mdtrt_id": visit, "psn_no": person}})
    assert (await desk.claims.describe_settlement(settlement_id))["check_code"] != code


async def test_a_resend_gets_the_same_bytes_and_nothing_happens_twice(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "3000.00")])
    asked = desk.stay_input(visit, person, "3000.00")
    first = await desk.raw("2304", asked, msgid="ONCE")
    before = await desk.year(person)
    assert await desk.raw("2304", asked, msgid="ONCE") == first
    assert await desk.count("settlement") == 1
    assert await desk.count("journal") == 1
    assert await desk.count("outbox", "type = 'claims.claim-settled.v1'") == 1
    assert await desk.year(person) == before


async def test_a_msgid_with_other_input_is_refused_and_changes_nothing(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "3000.00")])
    await desk.call("2304", desk.stay_input(visit, person, "3000.00"), msgid="ONCE")
    text = await desk.refused("2304", desk.stay_input(visit, person, "3000.00", invono="7"), msgid="ONCE")
    assert text == "报文ID(msgid)已用于内容不同的交易，请更换报文ID"
    assert await desk.count("settlement") == 1


async def test_the_second_stay_of_the_year_has_the_lower_deductible(desk: ClaimsDesk) -> None:
    person = await desk.person()
    paid = []
    for _ in range(2):
        visit = await desk.stay(person, [("A1", "2000.00")])
        info = (await desk.call("2304", desk.stay_input(visit, person, "2000.00")))["setlinfo"]
        paid.append((info["act_pay_dedc"], info["hifp_pay"]))
    # P1, level 2: 500 then 250, 75 %.
    assert paid == [(Decimal("500.00"), Decimal("1125.00")), (Decimal("250.00"), Decimal("1312.50"))]


async def test_reversal_restores_everything_and_frees_the_lines(desk: ClaimsDesk) -> None:
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    settled = (await desk.call("2304", asked, msgid="S1"))["setlinfo"]
    on = {"mdtrt_id": visit, "psn_no": person}
    reversed_ = (await desk.call("2305", {"data": {**on, "setl_id": settled["setl_id"]}}, msgid="R1"))["setlinfo"]
    money = [k for k, v in settled.items() if isinstance(v, Decimal) and k not in ("age", "balc", "pool_prop_selfpay")]
    assert len(money) == 20
    assert {k: settled[k] + reversed_[k] for k in money} == dict.fromkeys(money, Decimal("0.00"))
    assert reversed_["setl_id"] != settled["setl_id"]
    assert reversed_["medins_setl_id"] == "R1"
    assert reversed_["balc"] == Decimal("1000.00")
    assert await desk.balances("EMP") == {}
    assert await desk.year(person) == {}
    assert await desk.count("account", "balance_fen = 100000") == 1
    # The effect of S1 no longer stands: the same message settles anew, to the same figures.
    again = (await desk.call("2304", asked, msgid="S1"))["setlinfo"]
    assert (again["hifp_pay"], again["psn_cash_pay"]) == (settled["hifp_pay"], settled["psn_cash_pay"])
    assert again["setl_id"] != settled["setl_id"]
    query = {"data": {**on, "setl_id": settled["setl_id"]}}
    assert (await desk.call("5203", query))["setlinfo"]["refd_setl_flag"] == "1"


async def test_a_second_reversal_is_refused(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "3000.00")])
    settled = (await desk.call("2304", desk.stay_input(visit, person, "3000.00")))["setlinfo"]
    reversal = {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settled["setl_id"]}}
    await desk.call("2305", reversal)
    assert await desk.refused("2305", reversal) == "该结算已撤销，不能办理"
    assert await desk.count("journal") == 2
    assert await desk.count("settlement") == 2


async def test_recall_undoes_once_and_refuses_the_message_when_it_comes_late(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "3000.00")])
    asked = desk.stay_input(visit, person, "3000.00")
    await desk.call("2304", asked, msgid="LOST")
    recall = {"data": {"psn_no": person, "omsgid": "LOST", "oinfno": "2304"}}
    assert await desk.call("2601", recall) == {}
    assert await desk.call("2601", recall) == {}
    assert await desk.count("settlement", "state = 'reversal'") == 1
    assert await desk.balances("RES") == {}
    assert await desk.refused("2304", asked, msgid="LOST") == "该报文已被冲正(2601)，不能再执行，请用新的报文ID"
    never = {"data": {"psn_no": person, "omsgid": "NEVER-CAME", "oinfno": "2304"}}
    assert await desk.call("2601", never) == {}
    assert await desk.refused("2304", asked, msgid="NEVER-CAME") == "该报文已被冲正(2601)，不能再执行，请用新的报文ID"
    assert await desk.count("settlement", "state = 'valid'") == 0
    assert (await desk.call("2304", asked, msgid="NEW"))["setlinfo"]["hifp_pay"] == Decimal("1875.00")


async def test_interim_settlement_counts_the_stay_once_and_the_deductible_once(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "1000.00")], discharged=False)
    part = (await desk.call("2304", desk.stay_input(visit, person, "1000.00", mid_setl_flag="1")))["setlinfo"]
    await desk.fees(visit, person, [("A1", "2000.00")], inpatient=True)
    await desk.discharge(visit, person)
    rest = (await desk.call("2304", desk.stay_input(visit, person, "2000.00")))["setlinfo"]
    assert (part["act_pay_dedc"], part["hifp_pay"]) == (Decimal("500.00"), Decimal("375.00"))
    assert (rest["act_pay_dedc"], rest["hifp_pay"]) == (Decimal("0.00"), Decimal("1500.00"))
    assert (await desk.year(person))["stays"] == 1


async def test_refusals_name_the_rule_and_leave_nothing(desk: ClaimsDesk) -> None:
    person, other = await desk.person(1), await desk.person(2)
    visit = await desk.stay(person, [("A1", "3000.00")], discharged=False)
    asked = desk.stay_input(visit, person, "3000.00")
    assert await desk.refused("2304", asked) == "尚未办理出院(2402)，只能中途结算(mid_setl_flag=1)"
    await desk.discharge(visit, person)
    refused = {
        "2304 total": await desk.refused("2304", desk.stay_input(visit, person, "2999.99")),
        "2304 person": await desk.refused("2304", desk.stay_input(visit, other, "3000.00")),
        "2304 scheme": await desk.refused("2304", desk.stay_input(visit, person, "3000.00", scheme="310")),
        "2304 split": await desk.refused("2304", desk.stay_input(visit, person, "3000.00", inscp_scp_amt="2999.00")),
        "2207 kind": await desk.refused("2207", desk.visit_input(visit, person, "3000.00")),
    }
    assert refused == {
        "2304 total": "医疗费总额(medfee_sumamt)2,999.99与已上传明细合计3,000.00不一致",
        "2304 person": "人员编号(psn_no)与就诊登记(mdtrt_id)的人员不一致",
        "2304 scheme": "险种类型(insutype)与登记的险种390不一致",
        "2304 split": "符合政策范围金额(inscp_scp_amt)2,999.00与中心计算的3,000.00不一致，请重新预结算",
        "2207 kind": "就诊ID(mdtrt_id)对应住院就诊，不能办理门诊交易",
    }
    settled = (await desk.call("2304", asked))["setlinfo"]["setl_id"]
    said = f"费用已结算，没有未结算的费用明细；结算ID(setl_id)为{settled}，可用5203查询"
    assert await desk.refused("2304", asked) == said
    for table in ("settlement", "journal", "outbox WHERE type = 'claims.claim-settled.v1'"):
        assert int(await (await desk.claims.db.pool()).fetchval(f"SELECT count(*) FROM {table}")) == 1


async def test_no_identity_lies_in_clear_in_any_table(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "3000.00")])
    answer = read(await desk.raw("2304", desk.stay_input(visit, person, "3000.00")))
    pool = await desk.claims.db.pool()
    tables = [r[0] for r in await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    dump = "".join([str(await pool.fetchval(f"SELECT string_agg(t::text, '') FROM {t} t")) for t in tables])
    assert answer["output"]["setlinfo"]["certno"] not in dump
    assert "张三" not in dump
    assert person in dump
