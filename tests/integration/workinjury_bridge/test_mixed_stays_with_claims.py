"""F5 with the real claims: a stay of which a part treats the injury, recognised before the discharge."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from claims.adapters.settlement_groups import AsyncpgGroupTx
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.his_messages import INSTITUTION, fee_line
from tests.integration.workinjury_bridge.two_services import Two, injured, two

__all__ = ["two"]  # a fixture

F5_BEFORE = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]
GSXT: dict[str, Any] = {"recer_sys_code": "GSXT"}


class MixedStay:
    """F5 of a person whose injury was recognised before the discharge: admitted and charged under the work-injury rule set."""

    def __init__(self, two: Two, person: str, case_id: str, visit: str, lines: list[str]) -> None:
        self.two = two
        self.desk, self.client = two.desk, two.client
        self.person, self.case_id, self.visit, self.lines = person, case_id, visit, lines
        self.asked = two.desk.stay_input(visit, person, "20000.00", scheme="310")

    @property
    def split(self) -> dict[str, Any]:
        """Direct injury, diabetes, and what both share, in proportion to direct cost: 11/15."""
        belongs = ["own-disease", "own-disease", "shared"]
        flags = [{"line_id": line, "belongs": b} for line, b in zip(self.lines[2:], belongs, strict=True)]
        return {"visit_id": self.visit, "actor": "hospital", "lines": flags}

    async def agree(self) -> None:
        """The hospital's split, agreed by the reviewer."""
        await self.client.post(f"/v1/injury-cases/{self.case_id}/stay-splits", self.split)
        await self.client.post(f"/v1/stay-splits/{self.visit}/agree", {"actor": "reviewer"})

    async def settle(self, msgid: str = "G5") -> dict[str, Any]:
        """2304, told to the bridge."""
        info: dict[str, Any] = (await self.desk.call("2304", self.asked, msgid=msgid, **GSXT))["setlinfo"]
        await self.two.flush()
        return info

    async def reverse(self, settlement_id: str) -> dict[str, Any]:
        """2305, told to the bridge."""
        reversal = {"data": {"mdtrt_id": self.visit, "psn_no": self.person, "setl_id": settlement_id}}
        info: dict[str, Any] = (await self.desk.call("2305", reversal, **GSXT))["setlinfo"]
        await self.two.flush()
        return info

    async def versions(self, settlement_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The work-injury settlement and the medical one beside it, as claims shows them."""
        ours = await self.desk.claims.describe_settlement(settlement_id)
        return ours, await self.desk.claims.describe_settlement(ours["beside"])


@pytest.fixture
async def mixed(two: Two) -> MixedStay:
    desk = two.desk
    person = await desk.person(scheme="310", category="11", account_fen=fen("100"))
    case_id = await injured(two, person)
    visit = await desk.stay(person, F5_BEFORE, scheme="310", **GSXT)
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    return MixedStay(two, person, case_id, visit, [row[0] for row in rows])


F5_WI = {"5001.11()": fen("14666.67"), "5001.13()": fen("360"), f"2201(H:{INSTITUTION})": -fen("14666.67")}
F5_AMOUNTS = {
    "medfee_sumamt": Decimal("20000.00"),
    "oth_pay": Decimal("14666.67"),
    "hifp_pay": Decimal("3938.33"),
    "act_pay_dedc": Decimal("500.00"),
    "fund_pay_sumamt": Decimal("18605.00"),
    "psn_cash_pay": Decimal("1395.00"),
    "inscp_scp_amt": Decimal("19800.00"),
    "preselfpay_amt": Decimal("200.00"),
}


async def test_f5_recognised_before_discharge_each_fund_owes_the_hospital_its_own_part(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    trial = await desk.call("2303", mixed.asked, **GSXT)
    assert {name: trial["setlinfo"][name] for name in F5_AMOUNTS} == F5_AMOUNTS
    assert (await desk.count("settlement"), await two.wi(), await desk.year(mixed.person)) == (0, {}, {})
    # a HIS may repeat what the trial said; another figure is refused
    repeated = {name: str(F5_AMOUNTS[name]) for name in ("inscp_scp_amt", "preselfpay_amt")}
    mixed.asked["data"] |= repeated | {"inscp_scp_amt": "19800.01"}
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("符合政策范围金额(inscp_scp_amt)19,800.01与")
    assert (await desk.count("settlement"), await two.wi()) == (0, {})
    mixed.asked["data"] |= repeated
    first = await desk.raw("2304", mixed.asked, msgid="G5", **GSXT)
    assert await desk.raw("2304", mixed.asked, msgid="G5", **GSXT) == first
    await two.flush()
    info = await mixed.settle()
    assert {name: info[name] for name in F5_AMOUNTS} == F5_AMOUNTS
    query = {"data": {"psn_no": mixed.person, "setl_id": info["setl_id"], "mdtrt_id": mixed.visit}}
    queried = await desk.call("5203", query)
    names = F5_AMOUNTS.keys() - {"psn_cash_pay"}
    assert {name: queried["setlinfo"][name] for name in names} == {name: F5_AMOUNTS[name] for name in names}
    assert queried["setlinfo"]["cash_payamt"] == Decimal("1395.00")
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in queried["setldetail"]] == [
        ("410100", Decimal("14666.67")),
        ("310100", Decimal("3938.33")),
    ]

    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await desk.balances("EMP") == {
        ("5001.01", ""): fen("3938.33"),
        ("2201", f"H:{INSTITUTION}"): -fen("3938.33"),
    }
    year = await desk.year(mixed.person)
    assert (year["stays"], year["pool.paid"]) == (1, fen("3938.33"))
    ours, medical = await mixed.versions(info["setl_id"])
    assert (ours["total_fen"], medical["total_fen"]) == (fen("14666.67"), fen("5333.33"))
    assert (medical["in_scope_fen"], medical["cash_fen"], medical["deductible_fen"]) == (fen("5133.33"), fen("1395"), 50_000)
    assert (ours["visit_id"], medical["beside"]) == (medical["visit_id"], ours["settlement_id"])
    # B15.7: every line in exactly one version, or its two shares add up to it
    amounts = [{line["line_id"]: line["amount_fen"] for line in version["lines"]} for version in (ours, medical)]
    direct = {mixed.lines[0]: fen("7000"), mixed.lines[1]: fen("4000"), mixed.lines[4]: fen("3666.67")}
    assert amounts == [direct, {mixed.lines[2]: fen("2000"), mixed.lines[3]: fen("2000"), mixed.lines[4]: fen("1333.33")}]
    assert (await desk.claims.replay(medical["settlement_id"]))["identical"]
    assert (await two.client.get("/v1/conversions", case_id=mixed.case_id))["items"] == []
    assert (await two.client.get("/v1/double-bills"))["items"] == []
    await two.sound()


async def test_a_mixed_stay_is_reversed_as_a_whole_and_settled_again(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    mixed.asked = desk.stay_input(mixed.visit, mixed.person, "20000.00", scheme="310", account="1")
    for _ in range(2):
        info = await mixed.settle()
        assert (info["acct_pay"], info["psn_cash_pay"], info["balc"]) == (
            Decimal("100.00"),
            Decimal("1295.00"),
            Decimal("0.00"),
        )
        ours, medical = await mixed.versions(info["setl_id"])
        before = await desk.balances("EMP")
        own = {"data": {"mdtrt_id": mixed.visit, "psn_no": mixed.person, "setl_id": medical["settlement_id"]}}
        assert (await desk.refused("2305", own, **GSXT)).startswith("该结算是混合住院的非工伤部分")
        assert (await desk.balances("EMP"), await two.wi()) == (before, F5_WI | {f"2203(P:{mixed.person})": -fen("360")})
        back = await mixed.reverse(info["setl_id"])
        assert {name: back[name] for name in F5_AMOUNTS} == {
            name: -amount for name, amount in (F5_AMOUNTS | {"psn_cash_pay": Decimal("1295.00")}).items()
        }
        query = {"data": {"psn_no": mixed.person, "setl_id": back["setl_id"], "mdtrt_id": mixed.visit}}
        assert (await desk.call("5203", query))["setlinfo"]["medfee_sumamt"] == Decimal("-20000.00")
        again = {"data": {"mdtrt_id": mixed.visit, "psn_no": mixed.person, "setl_id": info["setl_id"]}}
        assert (await desk.refused("2305", again, **GSXT)).startswith("该结算已撤销")
        states = [(await desk.claims.describe_settlement(s["settlement_id"]))["state"] for s in (ours, medical)]
        assert states == ["reversed", "reversed"]
        assert (await two.wi(), await desk.balances("EMP"), await desk.year(mixed.person)) == ({}, {}, {})
        assert await desk.count("account", "balance_fen = 10000") == 1
        await two.sound()
    await desk.call("2601", {"data": {"psn_no": mixed.person, "omsgid": "G5", "oinfno": "2304"}})
    assert (await desk.refused("2304", mixed.asked, msgid="G5", **GSXT)).startswith("该报文已被冲正(2601)")


async def test_a_recalled_message_takes_both_versions_back(two: Two, mixed: MixedStay) -> None:
    await mixed.agree()
    await mixed.settle()
    await two.desk.call("2601", {"data": {"psn_no": mixed.person, "omsgid": "G5", "oinfno": "2304"}})
    await two.flush()
    assert (await two.wi(), await two.desk.balances("EMP"), await two.desk.year(mixed.person)) == ({}, {}, {})
    assert await two.desk.count("settlement", "state = 'valid'") == 0


async def test_what_is_outside_the_catalogue_in_an_emergency_the_person_bears_and_not_the_hospital(two: Two) -> None:
    desk = two.desk
    person = await desk.person(scheme="310", category="11")
    await injured(two, person)
    visit = await desk.stay(person, [("A1", "7000.00"), ("C1", "100.00")], scheme="310", discharged=False, **GSXT)
    urgent = fee_line(
        "X1", visit=visit, person=person, med_list_codg="C1", det_item_fee_sumamt="300.00", cnt=1, pric="300.00",
        fee_ocur_time="2026-03-02 09:00:00", med_type="21", er_flag="1",
    )  # fmt: skip
    await desk.call("2301", {"feedetail": [urgent]}, **GSXT)
    await desk.discharge(visit, person, scheme="310", **GSXT)
    asked = desk.stay_input(visit, person, "7400.00", scheme="310")
    info = (await desk.call("2304", asked, **GSXT))["setlinfo"]
    amounts = [info[name] for name in ("oth_pay", "psn_part_amt", "hosp_part_amt")]
    assert amounts == [Decimal("7000.00"), Decimal("300.00"), Decimal("100.00")]
    await two.flush()
    await two.sound()


async def test_what_only_the_hospital_flags_stays_with_the_medical_fund(two: Two) -> None:
    desk = two.desk
    person = await desk.person(scheme="310", category="11")
    await injured(two, person)
    visit = await desk.stay(person, [("A1", "7000.00")], scheme="310", discharged=False, **GSXT)
    own = fee_line(
        "X1", visit=visit, person=person, med_list_codg="A1", det_item_fee_sumamt="2000.00", cnt=1, pric="2000.00",
        fee_ocur_time="2026-03-03 09:00:00", med_type="21", bkm109=1,
    )  # fmt: skip
    await desk.call("2301", {"feedetail": [own]}, **GSXT)
    await desk.discharge(visit, person, scheme="310", **GSXT)
    asked = desk.stay_input(visit, person, "9000.00", scheme="310")
    info = (await desk.call("2304", asked, **GSXT))["setlinfo"]
    amounts = [info[name] for name in ("oth_pay", "hifp_pay", "psn_cash_pay")]
    assert amounts == [Decimal("7000.00"), Decimal("1275.00"), Decimal("725.00")]
    await two.flush()
    await two.sound()


async def test_an_open_split_and_a_bill_without_injury_are_refused_and_nothing_changes(two: Two, mixed: MixedStay) -> None:
    desk, client, path = two.desk, two.client, f"/v1/stay-splits/{mixed.visit}"
    propose = f"/v1/injury-cases/{mixed.case_id}/stay-splits"
    await client.post(propose, mixed.split)
    for infno in ("2303", "2304"):
        assert await desk.refused(infno, mixed.asked, **GSXT) == "费用拆分尚未确认，请先办结费用拆分"
    same = await client.try_post(f"{path}/agree", {"actor": "hospital"})
    assert same.json()["code"] == "workinjury-bridge.split.same-hand"
    await client.post(f"{path}/dispute", {"actor": "reviewer", "note": "全部与工伤无关"})
    nothing = [{"line_id": line, "belongs": "own-disease"} for line in mixed.lines]
    await client.post(f"{path}/opinion", {"actor": "expert", "lines": nothing})
    read = await client.get(path)
    assert (read["split"], read["decided_by"], len(read["lines"])) == ("decided", "expert", 5)
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("本次费用全部为非工伤项目")
    await client.post(propose, mixed.split | {"lines": [{"line_id": "X9", "belongs": "own-disease"}]})
    await client.post(f"{path}/agree", {"actor": "reviewer"})
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("拆分明细不在本次费用中")
    assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})
    await mixed.agree()
    await mixed.settle()
    settled = await client.try_post(propose, mixed.split)
    assert settled.json()["code"] == "workinjury-bridge.split.wrong-state"
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}


async def test_who_has_no_medical_cover_is_refused_whole(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    await (await desk.claims.db.pool()).execute("UPDATE insured_person SET coverages = '[]'")
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("该人员在2026-03-02没有险种310的有效参保")
    await two.flush()
    assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})


async def test_two_settlements_of_a_mixed_stay_in_one_instant(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    sent = [desk.raw("2304", mixed.asked, msgid=msgid, **GSXT) for msgid in ("G5", "G5", "G6")]
    first, same, other = await asyncio.gather(*sent)
    assert first == same
    assert (b'"infcode":"0"' in first) is not (b'"infcode":"0"' in other)
    await two.flush()
    assert await desk.count("settlement", "state = 'valid'") == 2
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await two.books("5001.01", "2201") == [fen("3938.33"), -fen("3938.33")]
    await two.sound()


async def test_claims_dies_while_it_writes_a_mixed_stay(two: Two, mixed: MixedStay, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = two.desk
    await mixed.agree()
    for step in (AsyncpgGroupTx.lock_years, AsyncpgGroupTx._write_accounts):
        with monkeypatch.context() as dying:

            async def die(*_: Any, **__: Any) -> None:
                raise RuntimeError("power cut")

            dying.setattr(AsyncpgGroupTx, step.__name__, die)
            assert b'"infcode":"-1"' in await desk.raw("2304", mixed.asked, msgid="G5", **GSXT)
        await two.flush()
        assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})
    await mixed.settle()
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await two.books("5001.01") == [fen("3938.33")]
    await two.sound()


async def test_a_revocation_asks_back_only_what_the_work_injury_fund_paid(two: Two, mixed: MixedStay) -> None:
    desk, client = two.desk, two.client
    await mixed.agree()
    info = await mixed.settle()
    before = await desk.balances("EMP")
    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{mixed.case_id}/revocations", revocation)
    revert = two.house.bridge.revert_direct
    assert [await revert.run(key) for key in await revert.due()] == [None]
    await two.flush()
    debt = {f"1125(P:{mixed.person})": fen("14666.67"), f"2201(H:{INSTITUTION})": -fen("14666.67")}
    assert (await two.wi(), await desk.balances("EMP")) == (debt, before)
    await two.sound()
    await mixed.reverse(info["setl_id"])
    assert (await two.wi(), await desk.balances("EMP"), await desk.year(mixed.person)) == ({}, {}, {})
    await two.sound()


async def test_each_line_is_audited_in_the_version_that_bears_it(two: Two, mixed: MixedStay) -> None:
    desk, client = two.desk, two.client
    await mixed.agree()
    ours, medical = await mixed.versions((await mixed.settle())["setl_id"])
    injury, own, shared = mixed.lines[0], mixed.lines[2], mixed.lines[4]

    finding = {
        "settlement_id": ours["settlement_id"],
        "line_id": injury,
        "amount_fen": fen("1000"),
        "reason": "超标准收费",
        "maker": "lijing",
        "checker": "zhaoming",
    }
    for line in (own, shared):
        refused = await client.try_post("/v1/audit-deductions", finding | {"line_id": line})
        assert refused.json()["code"] == "workinjury-bridge.deduction.line-not-ours"
    await client.post("/v1/audit-deductions", finding)
    assert (await two.wi())["5001.11()"] == fen("13666.67")

    async def propose(settlement_id: str, line: str, name: str) -> dict[str, Any]:
        audit = {"line_id": line, "charge_class": None, "amount_fen": fen("1000"), "quantity": None, "price": "1000"}
        body = {"reason": "超标准收费", "lines": [audit]}
        return await desk.claims.propose_late_fact.correction(settlement_id, body, "auditor", OnceKey("t", name, "d"))

    before = await desk.balances("EMP")
    refusals = (
        (ours, own, "claims.settlement.not-valid"),
        (medical, injury, "claims.line.unknown"),
        (medical, shared, "claims.line.shared"),
    )
    for version, line, code in refusals:
        with pytest.raises(Refusal) as caught:
            await propose(version["settlement_id"], line, code)
        assert caught.value.code == code
    assert await desk.balances("EMP") == before
    case = await propose(medical["settlement_id"], own, "own")
    await desk.claims.approve_late_fact.approve(case["late_fact_id"], "chief", OnceKey("t", "approve", "d"))
    # 1 000 less in scope: 85 % of it is asked back from the hospital
    assert await two.books("5001.01", "1122", "2201") == [fen("3088.33"), fen("850"), -fen("3938.33")]
    await two.flush()
    await two.sound()
    with pytest.raises(Refusal) as caught:
        await desk.claims.take_claim_back.trial(medical["settlement_id"], ())
    assert caught.value.code == "claims.settlement.not-valid"
