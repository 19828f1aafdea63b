"""What a revocation, a set-off and a mistaken double bill move between the real books of both services (B3, B10)."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

from claims.application.funds.replenish_fund import Replenishment
from shared.clock import FixedClock
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.claims_desk import read
from tests.factories.his_messages import INSTITUTION
from tests.integration.workinjury_bridge.two_services import BILL, F1, PAPERS, Two, injured, two

__all__ = ["two"]
SHARE = fen("9605")
"""Of F11's bill, what the medical fund has paid."""
POOL, E, MEALS = fen("11985"), fen("15700"), fen("360")
REVOCATION = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}


async def journals(two: Two, book: str, **where: Any) -> list[tuple[str, dict[str, int]]]:
    """Every journal of a book as kind and lines, debit above 0."""
    rows: list[tuple[str, dict[str, int]]] = []
    if book == "WI":
        entries = (await two.client.get("/v1/ledger/journals", book=book, **where))["items"]
        for entry in entries:
            lines = {f"{x['account']}({x['dim']})": x["debit_fen"] - x["credit_fen"] for x in entry["lines"]}
            rows.append((entry["kind"], lines))
        return rows
    async with two.desk.claims.db.transaction() as tx:
        for entry in await two.desk.claims.ledger.entries(tx, book=book, **where):
            rows.append((entry.kind, {f"{x.account}({x.dim})": x.debit_fen - x.credit_fen for x in entry.lines}))
    return rows


async def settled_directly(two: Two, person: str, **more: Any) -> tuple[str, str]:
    """F1's stay, paid by the work-injury fund: case and settlement."""
    desk, case_id = two.desk, await injured(two, person)
    visit = await desk.stay(person, F1, scheme="310", recer_sys_code="GSXT")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", **more)
    info = (await desk.call("2304", asked, msgid="G1", recer_sys_code="GSXT"))["setlinfo"]
    await two.flush()
    return case_id, info["setl_id"]


async def visit_of(two: Two) -> str:
    """The one stay of the hospital."""
    pool = await two.desk.claims.db.pool()
    return str(await pool.fetchval("SELECT visit_id FROM settlement WHERE work_injury_key IS NOT NULL"))


async def revert(two: Two) -> list[str | None]:
    """What the worker's job does."""
    return [await two.house.bridge.revert_direct.run(key) for key in await two.house.bridge.revert_direct.due()]


async def cleared(two: Two, payer: str) -> dict[str, Any]:
    """The month's clearing of a fund, by two."""
    body = {"payer": payer, "month": "2026-11", "actor": "lijing"}
    run = await two.client.post("/v1/interfund-clearings", body)
    path = f"/v1/interfund-clearings/{run['clearing_id']}"
    await two.client.post(f"{path}/approve", {"actor": "zhaoming"})
    await two.house.bridge.month_end.advance.run(run["clearing_id"])
    found: dict[str, Any] = await two.client.get(path)
    return found


def month_end(two: Two) -> None:
    clock = two.house.bridge.month_end.advance.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime.fromisoformat("2026-11-30T10:00:00+08:00"))


async def test_a_revoked_direct_stay_goes_to_the_medical_fund_and_back_again(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id, settlement_id = await settled_directly(two, person)
    assert await two.books("5001.01", "2202") == [0, 0]
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    assert (await client.get("/v1/invariants"))["inter_fund"] == "in-flight"
    # two workers at once
    await asyncio.gather(revert(two), revert(two))
    assert await journals(two, "EMP") == [("settlement", {"5001.01()": POOL, "2202(WI)": -POOL})]
    assert (await journals(two, "WI"))[-1] == (
        "recovery",
        {"1121(EMP)": POOL, f"1125(P:{person})": E - POOL, "5001.11()": -E},
    )
    assert await two.wi() == {f"2201(H:{INSTITUTION})": -E, "1121(EMP)": POOL, f"1125(P:{person})": E - POOL}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["settlement_id"], debt["cause"], debt["open_fen"]) == (settlement_id, "revoked", E - POOL)
    assert (await desk.year(person))["stays"] == 1
    await two.flush()
    await two.sound()
    assert await desk.count("settlement", "state = 'taken-over' AND work_injury_key IS NOT NULL") == 1
    assert await desk.count("settlement", f"state = 'valid' AND infno = 'TAKE-OVER' AND total_fen = {E}") == 1
    assert await desk.count("settlement", f"cash_fen = {E - POOL} AND fund_fen = {POOL} AND infno = 'TAKE-OVER'") == 1
    reversal = {"data": {"mdtrt_id": await visit_of(two), "psn_no": person, "setl_id": settlement_id}}
    refused = await desk.refused("2305", reversal, recer_sys_code="GSXT")
    assert refused == "工伤认定已撤销，该结算已转由医保基金按医保规定结算，不能办理"

    month_end(two)
    filled = Replenishment(book=Book.EMP, amount_fen=POOL, reference="B2", maker="lijing", checker="zhaoming")
    await desk.claims.replenish_fund(OnceKey("t", "fill", "d"), filled)
    run = await cleared(two, "EMP")
    (voucher,) = run["transfers"]
    assert (run["state"], voucher["direction"], voucher["amount_fen"]) == ("closed", "back", POOL)
    assert [(c["case_id"], c["conversion_id"], c["amount_fen"]) for c in voucher["cases"]] == [(case_id, None, POOL)]
    assert voucher["cases"][0]["origin"].startswith("direct:")
    (item,) = run["queue"]
    assert (item["priority"], item["party"], item["amount_fen"], item["paid_fen"], item["open_fen"]) == (3, "WI", POOL, POOL, 0)
    assert (item["case_id"], item["conversion_id"], item["origin"]) == (case_id, None, voucher["cases"][0]["origin"])
    assert await two.books("2202", "1003") == [0, 0]
    await two.sound()

    granted = {"decision_no": "N3", "outcome": "granted", "decided_on": "2026-03-20", "decided_by": "office"}
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", granted)
    converted = await two.approve(await two.proposed(case_id))
    assert (converted["owed_fen"], converted["refund_fen"], converted["work_injury_fen"]) == (POOL, E - POOL, E)
    assert await two.books("5001.01", "1121", "2202", "1003") == [0, 0, 0, POOL]
    assert await two.wi() == {
        "5001.11()": E,
        "5001.13()": MEALS,
        f"2201(H:{INSTITUTION})": -E,
        "1003()": -MEALS,
    }
    await two.sound()


async def test_without_cover_on_the_day_the_person_owes_everything_and_is_told_why(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11", begins_on=date(2026, 3, 15))
    case_id, settlement_id = await settled_directly(two, person)
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    assert await revert(two) == [None]
    assert await journals(two, "EMP") == []
    assert await two.wi() == {f"2201(H:{INSTITUTION})": -E, f"1125(P:{person})": E}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["settlement_id"], debt["open_fen"]) == (settlement_id, E)
    (direct,) = (await client.get(f"/v1/injury-cases/{case_id}/file"))["direct_settlements"]
    assert direct["not_taken_over"] == "claims.coverage.none: 该人员在2026-03-02没有险种310的有效参保，不享受待遇"
    assert await desk.count("settlement", "state = 'valid' AND work_injury_key IS NOT NULL") == 1
    await two.sound()


async def test_a_hospital_that_reverses_at_the_same_time_is_first_or_refused(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id, settlement_id = await settled_directly(two, person)
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    reversal = {"data": {"mdtrt_id": await visit_of(two), "psn_no": person, "setl_id": settlement_id}}

    async def reverse() -> bool:
        answer = read(await desk.raw("2305", reversal, recer_sys_code="GSXT"))
        return str(answer["infcode"]) == "0"

    reversed_, _ = await asyncio.gather(reverse(), revert(two))
    await two.flush()
    await revert(two)
    taken = await desk.count("settlement", "state = 'valid' AND infno = 'TAKE-OVER'")
    assert taken == (0 if reversed_ else 1)
    expected = {} if reversed_ else {f"2201(H:{INSTITUTION})": -E, "1121(EMP)": POOL, f"1125(P:{person})": E - POOL}
    assert await two.wi() == expected
    await two.sound()


async def paid_twice(two: Two) -> tuple[str, str, str]:
    """F11: the medical fund has paid the hospital, the work-injury fund the person; person, case and what the person owes."""
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", PAPERS)
    await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    visit = await desk.stay(person, BILL, scheme="310")
    await desk.call("2304", desk.stay_input(visit, person, "12000.00", scheme="310"))
    await two.flush()
    (clue,) = (await client.get("/v1/double-bills", state="raised"))["items"]
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    await client.post(f"{path}/confirm", {"maker": "lijing", "checker": "zhaoming"})
    assert await two.house.bridge.double_bills.charge(clue["double_bill_id"]) is None
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["book"], debt["open_fen"]) == ("EMP", SHARE)
    return person, case_id, debt["recovery_id"]


async def tell(two: Two) -> list[str | None]:
    """What the worker's job tells the medical books."""
    book = two.house.bridge.book_movements
    return [await book.run(movement_id) for movement_id in await book.due()]


async def test_two_later_benefits_at_once_meet_the_debt_exactly(two: Two) -> None:
    client = two.client
    person, case_id, recovery_id = await paid_twice(two)
    consent = {"ground": "consent", "document_no": "T1", "documented_on": "2026-11-20", "amount_fen": SHARE, "actor": "lijing"}
    found = await client.post(f"/v1/recoveries/{recovery_id}/set-offs", consent)
    path = f"/v1/set-offs/{found['set_off_id']}"
    alone = await client.try_post(f"{path}/approve", {"actor": "lijing"})
    assert (alone.status_code, (await client.get(path))["state"]) == (409, "proposed")
    twice = await client.try_post(f"/v1/recoveries/{recovery_id}/set-offs", consent)
    assert twice.json()["code"] == "workinjury-bridge.set-off.exists"
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    claims = []
    for number in (1, 2):
        day = f"2026-03-1{number}"
        later = PAPERS | {"invoice_no": f"FP00{number + 1}", "begun_on": day, "ended_on": day, "inpatient": False}
        later |= {"lines": [{"line_id": "1", "amount_fen": fen("6000"), "in_wi_catalogue": True}]}
        claims.append((await client.post(f"/v1/injury-cases/{case_id}/paper-claims", later))["paper_claim_id"])
    paid_before = (await two.wi())["1003()"]
    await asyncio.gather(*(client.post(f"/v1/paper-claims/{c}/approve", {"actor": "zhaoming"}) for c in claims))
    await asyncio.gather(tell(two), tell(two))
    met = [lines for kind, lines in await journals(two, "WI") if kind == "fund-set-off"]
    assert met == [
        {f"2203(P:{person})": fen("6000"), "2202(EMP)": -fen("6000")},
        {f"2203(P:{person})": SHARE - fen("6000"), "2202(EMP)": -(SHARE - fen("6000"))},
    ]
    theirs = [lines for kind, lines in await journals(two, "EMP") if kind == "fund-set-off"]
    assert sorted(x["1121(WI)"] for x in theirs) == sorted([fen("6000"), SHARE - fen("6000")])
    assert await two.books("1125", "1121", "5001.01") == [0, SHARE, 0]
    assert (await two.wi())["1003()"] == paid_before - (fen("12000") - SHARE)
    debt = await client.get(f"/v1/recoveries/{recovery_id}")
    assert (debt["state"], debt["open_fen"], [s["state"] for s in debt["set_offs"]]) == ("recovered", 0, ["spent"])
    assert sum(m["amount_fen"] for m in debt["movements"]) == SHARE
    assert (await two.house.events()).count("workinjury-bridge.set-off-applied.v1") == 2
    await two.sound()

    month_end(two)
    # the payment account is in the red by what persons got before: filled up to what the voucher needs
    short = SHARE - (await two.wi())["1003()"]
    money = {"amount_fen": short, "source": "fiscal-account", "reference": "B1", "maker": "lijing", "checker": "zhao"}
    await client.post("/v1/fund-replenishments", money)
    run = await cleared(two, "WI")
    assert run["state"] == "closed", run
    assert [(v["book"], v["direction"], v["amount_fen"]) for v in run["transfers"]] == [("EMP", "out", SHARE)]
    assert await two.books("1121", "1003") == [0, SHARE]
    await two.sound()


async def test_a_worker_that_dies_after_claims_has_booked_the_set_off_books_it_once(two: Two) -> None:
    client = two.client
    _, case_id, recovery_id = await paid_twice(two)
    order = {"ground": "order", "document_no": "D1", "documented_on": "2026-11-20", "amount_fen": fen("500"), "actor": "lijing"}
    found = await client.post(f"/v1/recoveries/{recovery_id}/set-offs", order)
    await client.post(f"/v1/set-offs/{found['set_off_id']}/approve", {"actor": "zhaoming"})
    later = PAPERS | {"invoice_no": "FP9", "begun_on": "2026-03-11", "ended_on": "2026-03-11", "inpatient": False}
    later |= {"lines": [{"line_id": "1", "amount_fen": fen("6000"), "in_wi_catalogue": True}]}
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", later)
    await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    book = two.house.bridge.book_movements
    (movement_id,) = await book.due()
    async with two.house.bridge.db.transaction() as tx:
        movement = await book.recoveries.movement(tx, movement_id)
        debt = await book.recoveries.get(tx, recovery_id)
    assert movement is not None
    assert debt is not None
    await two.house.bridge.claims.move_debt(debt, movement)  # and here it dies
    assert (await client.get("/v1/invariants"))["inter_fund"] == "in-flight"
    assert await tell(two) == [None]
    assert await two.books("1121", "1125") == [fen("500"), SHARE - fen("500")]
    await two.sound()


async def test_a_wrong_charge_back_is_undone_and_the_person_gets_back_what_was_paid_in(two: Two) -> None:
    desk, client = two.desk, two.client
    person, _, recovery_id = await paid_twice(two)
    assert await desk.year(person) == {}
    receipt = {"amount_fen": fen("1000"), "reference": "B1", "actor": "lijing"}
    await client.post(f"/v1/recoveries/{recovery_id}/receipts", receipt)
    (clue,) = (await client.get("/v1/double-bills", state="charged"))["items"]
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    wrong = {"maker": "lijing", "checker": "zhaoming", "note": "经复核为两张不同的票据"}
    early = await client.try_post(f"{path}/undo", wrong)
    assert (early.status_code, early.json()["code"]) == (503, "workinjury-bridge.recovery.unbooked")
    assert await tell(two) == [None]
    before = await journals(two, "EMP")
    await client.post(f"{path}/undo", wrong)
    judge = two.house.bridge.double_bills
    # two workers at once
    await asyncio.gather(judge.charge(clue["double_bill_id"]), judge.charge(clue["double_bill_id"]))
    assert (await journals(two, "EMP"))[len(before) :] == [
        (
            "charge-back",
            {"5001.01()": SHARE, f"1125(P:{person})": -(SHARE - fen("1000")), f"2203(P:{person})": -fen("1000")},
        )
    ]
    assert await two.books("5001.01", "1125", "2203") == [SHARE, 0, -fen("1000")]
    found = await client.get(path)
    assert (found["state"], found["undo_maker"], found["undo_checker"]) == ("undone", "lijing", "zhaoming")
    debt = await client.get(f"/v1/recoveries/{recovery_id}")
    assert (debt["state"], debt["open_fen"]) == ("reversed", 0)
    assert await desk.count("settlement", "state = 'charged-back'") == 0
    year = await desk.year(person)
    assert (year["stays"], (await client.get("/v1/double-bills", state="raised"))["items"]) == (1, [])
    assert await two.house.bridge.find_double.compare_all() == 0
    owed = await desk.claims.list_person_payouts.owed_to(person)
    assert [(due["book"], due["amount_fen"]) for due in owed["dues"]] == [("EMP", fen("1000"))]
    await two.flush()
    await two.sound()
    again = await client.try_post(f"{path}/undo", wrong)
    assert again.status_code == 409


async def test_a_hospital_that_was_charged_gets_back_what_its_clearing_has_met(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    direct = await desk.stay(person, BILL, scheme="310", recer_sys_code="GSXT")
    await desk.call("2304", desk.stay_input(direct, person, "12000.00", scheme="310"), msgid="D1", recer_sys_code="GSXT")
    medical = await desk.stay(person, BILL, scheme="310")
    await desk.call("2304", desk.stay_input(medical, person, "12000.00", scheme="310"), msgid="M1")
    await two.flush()
    (clue,) = (await client.get("/v1/double-bills", state="raised"))["items"]
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    await client.post(f"{path}/confirm", {"maker": "lijing", "checker": "zhaoming"})
    judge = two.house.bridge.double_bills
    await judge.charge(clue["double_bill_id"])
    hospital = f"H:{INSTITUTION}"
    assert await journals(two, "EMP") == [
        ("settlement", {"5001.01()": SHARE, f"2201({hospital})": -SHARE}),
        ("charge-back", {f"1122({hospital})": SHARE, "5001.01()": -SHARE}),
    ]
    desk.clock.set(datetime.fromisoformat("2026-04-01T10:00:00+08:00"))
    met = await desk.claims.clear_institution(OnceKey("t", "clear", "d"), Book.EMP, INSTITUTION, "2026-03")
    assert (met["paid_fen"], met["offset_fen"]) == (0, SHARE)
    await client.post(f"{path}/undo", {"maker": "lijing", "checker": "zhaoming", "note": "新证据"})
    await judge.charge(clue["double_bill_id"])
    assert (await journals(two, "EMP"))[-1] == ("charge-back", {"5001.01()": SHARE, f"2201({hospital})": -SHARE})
    assert await two.books("5001.01", "1122", "2201") == [SHARE, 0, -SHARE]
    assert (await client.get("/v1/recoveries", case_id=case_id))["items"] == []
    await two.sound()
