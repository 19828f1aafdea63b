"""One thread through everything: window, hospital, books, events, timeline, conversion between funds, a matter that closes itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from devstack.mock_hospital import Item
from shared.clock import local
from tests.e2e.town import CLOCK, Json, Town

F1 = [
    Item(code="E2E-A", name="甲类项目", quantity=1, price=Decimal("9200.00")),
    Item(code="E2E-B", name="乙类项目", quantity=1, price=Decimal("6000.00")),
    Item(code="E2E-W", name="工伤用药", quantity=1, price=Decimal("500.00")),
    Item(code="E2E-N", name="自费项目", quantity=1, price=Decimal("300.00")),
]
"""The bill of the worked example F1: A 9 200, B 6 000, C 800, of which 500 are in the injury catalogue."""


def changed(after: dict[tuple[str, str], int], before: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """How balances moved, in fen; what did not move is left out."""
    moved = Counter(after)
    moved.subtract(before)
    return {where: amount for where, amount in moved.items() if amount}


def task(matter: Json, code: str) -> Json:
    """One task of a matter."""
    return next(dict(t) for t in matter["tasks"] if t["code"] == code)


async def test_from_the_window_to_the_hospital_to_the_timeline(town: Town) -> None:
    person_id, patient = await town.patient()
    hospital, window = town.hospitals[0], town.windows["wangfang"]
    before = await town.balances("EMP")
    settled = await hospital.outpatient_visit(
        patient, [Item(code="E2E-A", name="甲类项目", quantity=1, price=Decimal("1000.00"))]
    )
    assert (settled.faults, settled.total, settled.funds, settled.cash) == (
        [],
        Decimal(1000),
        Decimal("385.00"),
        Decimal("615.00"),
    )
    owed = f"H:{town.institutions[0].code}"
    assert changed(await town.balances("EMP"), before) == {("5001.01", ""): 38_500, ("2201", owed): -38_500}
    shown = await window.get(f"/v1/settlements/{settled.settlement_id}")
    assert (shown["person_id"], shown["total_fen"], shown["cash_fen"]) == (person_id, 100_000, 61_500)
    timeline = await window.until(
        f"/v1/persons/{person_id}/timeline",
        lambda t: any(i["links"].get("settlement_id") == settled.settlement_id for i in t["items"]),
        "the settlement on the timeline",
    )
    lines = {(item["kind"], item["amount_fen"]) for item in timeline["items"]}
    assert {("settlement", 100_000), ("coverage", 480_000)} <= lines
    assert sum(item["kind"] == "settlement" for item in timeline["items"]) == 1
    assert town.line.answered_differently == []


async def test_a_stay_goes_over_to_the_work_injury_fund(town: Town) -> None:
    """The worked example F1, to the fen, in the trial balances of both funds."""
    person_id, patient = await town.patient()
    await town.service("claims", f"/v1/accounts/{person_id}/credits", {"amount_fen": 100_000, "reference": f"F1 {person_id}"})
    emp, wi = await town.balances("EMP"), await town.balances("WI")
    settled = await town.hospitals[0].stay(patient, F1, days=12, injury=True)
    paid = (settled.total, settled.funds, settled.account, settled.cash)
    assert paid == (Decimal(16_000), Decimal(11_985), Decimal(1_000), Decimal(3_015))
    hospital = ("2201", f"H:{town.institutions[0].code}")
    assert changed(await town.balances("EMP"), emp) == {
        ("5001.01", ""): 1_198_500,
        ("5001.02", ""): 100_000,
        hospital: -1_298_500,
    }

    matter = await recognised(town, person_id)
    path, clerk, reviewer, approver = f"/v1/matters/{matter}", *(town.windows[n] for n in ("wangfang", "lijing", "zhaoming"))
    seen = await reviewer.until(path, lambda m: bool(task(m, "conversion")["parts"]), "the proposed conversion")
    conversion_id = task(seen, "conversion")["parts"][0]["part_id"]
    await reviewer.until(f"/v1/conversions/{conversion_id}", lambda c: c["work_injury_fen"] is not None, "its figures")
    await reviewer.act(matter, "conversion", "check", conversion_id=conversion_id)
    await approver.act(matter, "conversion", "approve", conversion_id=conversion_id)
    closed = await clerk.until(path, lambda m: m["state"] != "open", "the matter closing by itself")
    assert (closed["state"], {t["code"]: t["state"] for t in closed["tasks"]}) == (
        "done",
        {"recognition": "done", "benefit": "done", "conversion": "done"},
    )

    figures = await reviewer.get(f"/v1/conversions/{conversion_id}")
    assert {
        k: figures[k] for k in ("work_injury_fen", "person_fen", "hospital_fen", "owed_fen", "refund_fen", "meals_fen")
    } == {
        "work_injury_fen": 1_570_000,
        "person_fen": 30_000,
        "hospital_fen": 0,
        "owed_fen": 1_298_500,
        "refund_fen": 271_500,
        "meals_fen": 36_000,
    }
    # End: EMP bears nothing, WI 16 060.00; the transfer moved 12 985.00, the person got 3 075.00.
    assert changed(await town.balances("EMP"), emp) == {hospital: -1_298_500, ("1003", ""): 1_298_500}
    assert changed(await town.balances("WI"), wi) == {
        ("5001.11", ""): 1_570_000,
        ("5001.13", ""): 36_000,
        ("1003", ""): -1_298_500 - 307_500,
    }
    year = await clerk.get(f"/v1/persons/{person_id}/year", year=str(CLOCK.today().year))
    assert year["account_balance_fen"] == 100_000
    kinds = Counter(i["kind"] for i in (await clerk.get(f"/v1/persons/{person_id}/timeline", limit="100"))["items"])
    # The burden watch tells in its own time that the stay crossed a line, and that the conversion brought it back.
    assert {"coverage", "visit", "settlement", "injury", "conversion", "benefit", "matter"} == set(kinds) - {"burden"}


async def recognised(town: Town, person_id: str) -> str:
    """Report the injury at the window and recognise it; the id of the bundle."""
    today = local(CLOCK.now()).date()
    form = {"accident_on": (today - timedelta(days=13)).isoformat(), "body_parts": ["左小腿"], "description": "被砸伤"}
    papers = [{"code": code} for code in ("identity", "injury-application", "diagnosis")]
    matter = await town.windows["wangfang"].command(
        "/v1/matters",
        {"matter_code": "work-injury", "person_id": person_id, "form": form, "materials": papers, "defer": True},
    )
    matter_id = str(matter["matter_id"])
    reviewer = town.windows["lijing"]
    await reviewer.until(f"/v1/matters/{matter_id}", lambda m: "case_id" in m["references"], "the injury case")
    decision = {"decision_no": f"N{matter_id}", "outcome": "granted", "decided_on": today.isoformat()}
    await reviewer.act(matter_id, "recognition", "decide", **decision)
    return matter_id
