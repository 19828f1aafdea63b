"""Recurrence of an old injury (B9): confirmation and its windows, what is converted on it, and what it does not open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from shared.codes import Code, CodeSystem
from shared.contracts.workinjury_bridge import RecognitionDecided, RecurrenceChanged
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, WI_CARE, WI_INSURANCE, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge
from tests.factories.workinjury_bridge.office import refused
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.recurrence.confirm_recurrence import Conclusion, RecurrenceRequest
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.recognition import Outcome

_keys = count()
DIAGNOSIS = Code(CodeSystem.CHS_DIAGNOSIS, "T92.601")


def key() -> OnceKey:
    return OnceKey("test", f"r{next(_keys)}", "digest")


@pytest.fixture
async def bridge() -> MemoryBridge:
    """With an injury of P1 of 2019, recognised, and the stay of F1 in March 2026, paid by the medical fund."""
    bridge = MemoryBridge()
    accident = Accident(person_id="P1", accident_on=date(2019, 5, 6), body_parts=("hand", "wrist"), description="press")
    case_id = (await bridge.open_case.run(key(), accident))["case_id"]
    new = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2019, 7, 1), decided_by="office")
    await bridge.decide.run(key(), case_id, new)
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    bridge.clock.set(datetime(2026, 4, 1, 2, tzinfo=UTC))
    return bridge


def case_of(bridge: MemoryBridge) -> str:
    return next(iter(bridge.state.cases))


def request(bridge: MemoryBridge, **changes: Any) -> RecurrenceRequest:
    asked = RecurrenceRequest(
        case_id=case_of(bridge),
        applied_on=date(2026, 3, 20),
        treated_from=date(2026, 3, 2),
        diagnosis=DIAGNOSIS,
        diagnosis_name="手部陈旧性损伤",
        body_parts=("hand",),
        materials=("D1",),
    )
    return replace(asked, **changes)


async def applied(bridge: MemoryBridge) -> str:
    return str((await bridge.recur.apply(key(), request(bridge), "clerk"))["recurrence_id"])


def conclusion(confirmed: bool = True, **changes: Any) -> Conclusion:
    made = Conclusion(decision_no="F1", confirmed=confirmed, decided_on=date(2026, 4, 1), decided_by="市劳动能力鉴定委员会")
    return replace(made, **changes)


async def converted(bridge: MemoryBridge, conversion_id: str) -> None:
    await bridge.go_on()
    await bridge.review.check(key(), conversion_id, "maker", None)
    await bridge.review.approve(key(), conversion_id, "checker", None)
    await bridge.go_on()


async def test_a_late_stay_is_converted_only_on_a_confirmation(bridge: MemoryBridge) -> None:
    assert bridge.state.conversions == {}
    answer = await bridge.recur.apply(key(), request(bridge), "clerk")
    assert (answer["state"], answer["due_on"], answer["conversions"]) == ("confirming", "2026-05-19", [])
    assert answer["bearers"][0] == {
        "item": "医疗费",
        "payer": "基本医疗保险基金与个人按医保规定先行支付（或医疗机构挂账），确认后由工伤保险基金归还",
    }
    confirmed = await bridge.recur.conclude(key(), answer["recurrence_id"], conclusion(), "clerk")
    assert (confirmed["state"], confirmed["decision_version"], confirmed["treated_until"]) == ("confirmed", 2, "2027-03-02")
    assert {b["payer"] for b in confirmed["bearers"]} == {"工伤保险基金", "用人单位"}
    (conversion_id,) = confirmed["conversions"]
    await converted(bridge, conversion_id)
    conversion = bridge.state.conversions[conversion_id]
    assert (conversion.state, conversion.decision_version, conversion.case_id) == (
        ConversionState.SETTLED,
        2,
        case_of(bridge),
    )
    assert [sides(entry) for entry in bridge.state.entries.values()] == [
        ({"5001.11": fen("15700"), "5001.13": fen("360")}, {"2202(EMP)": fen("12985"), "2203(P:P1)": fen("3075")}),
        ({"2202(EMP)": fen("12985")}, {"1003": fen("12985")}),
        ({"2203(P:P1)": fen("3075")}, {"1003": fen("3075")}),
    ]
    assert [bridge.claims.balance(Book.EMP, a) for a in ("5001.01", "5001.02", "1121", "1003")] == [0, 0, 0, 0]
    assert await bridge.check.run() == {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}
    decided = [e for e in bridge.store.events if isinstance(e, RecognitionDecided)]
    assert [(e.decision_version, e.recurrence_id) for e in decided] == [(1, None), (2, answer["recurrence_id"])]
    assert {e.accident_on for e in decided} == {date(2019, 5, 6)}
    assert bridge.state.deadlines == {}


async def test_refused_leaves_the_medical_settlement_alone(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    answer = await bridge.recur.conclude(key(), recurrence_id, conclusion(confirmed=False), "clerk")
    assert (answer["state"], answer["conversions"], answer["treated_until"]) == ("refused", [], None)
    assert (bridge.state.conversions, bridge.state.entries) == ({}, {})
    case = bridge.state.cases[case_of(bridge)]
    assert case.effective is not None
    assert case.effective.version == 1


async def test_the_province_refuses_what_the_city_confirmed(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    (conversion_id,) = (await bridge.recur.conclude(key(), recurrence_id, conclusion(), "clerk"))["conversions"]
    await converted(bridge, conversion_id)
    objected = await bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 1), "clerk")
    assert (objected["state"], objected["due_on"]) == ("objected", "2026-05-31")
    assert bridge.state.conversions[conversion_id].state is ConversionState.SETTLED
    assert await bridge.check.run() == {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}
    final = conclusion(confirmed=False, decision_no="F2", decided_by="省劳动能力鉴定委员会")
    answer = await bridge.recur.conclude(key(), recurrence_id, final, "clerk")
    assert (answer["state"], answer["decision_version"], answer["conversions"]) == ("refused", 3, [conversion_id])
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.REVERTED
    assert bridge.claims.balance(Book.EMP, "5001.01") == fen("11985")
    assert (
        await refused(bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 1), "clerk"), bridge)
        == "recurrence.wrong-state"
    )
    assert (await bridge.check.run())["breaches"] == []


async def test_the_province_confirms_what_the_city_refused(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    await bridge.recur.conclude(key(), recurrence_id, conclusion(confirmed=False), "clerk")
    await bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 1), "clerk")
    answer = await bridge.recur.conclude(key(), recurrence_id, conclusion(decision_no="F2"), "clerk")
    assert (answer["state"], answer["decision_version"], len(answer["conversions"])) == ("confirmed", 3, 1)


@pytest.mark.parametrize(
    ("until", "state"), [(date(2026, 3, 2), ConversionState.SETTLED), (date(2026, 3, 1), ConversionState.REVERTED)]
)
async def test_the_province_confirms_another_window(bridge: MemoryBridge, until: date, state: ConversionState) -> None:
    asked = request(bridge, treated_from=date(2026, 3, 1))
    recurrence_id = str((await bridge.recur.apply(key(), asked, "clerk"))["recurrence_id"])
    (conversion_id,) = (await bridge.recur.conclude(key(), recurrence_id, conclusion(), "clerk"))["conversions"]
    await converted(bridge, conversion_id)
    await bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 1), "clerk")
    await bridge.recur.conclude(key(), recurrence_id, conclusion(decision_no="F2", treated_until=until), "clerk")
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is state
    assert (await bridge.check.run())["breaches"] == []


async def test_the_recognition_falls_and_the_confirmation_with_it(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    (conversion_id,) = (await bridge.recur.conclude(key(), recurrence_id, conclusion(), "clerk"))["conversions"]
    await converted(bridge, conversion_id)
    answer = await bridge.revoke.run(key(), case_of(bridge), "X1", date(2026, 4, 1), "court", "clerk")
    assert (answer["decision_version"], answer["conversions"]) == (2, [conversion_id])
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.REVERTED
    again = bridge.recur.apply(key(), request(bridge), "clerk")
    assert await refused(again, bridge) == "case.wrong-state"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body_parts": ("hand", "knee")}, "body_parts"),
        ({"body_parts": ()}, "body_parts"),
        ({"treated_from": date(2019, 5, 6)}, "treated_from"),
        ({"materials": ()}, "materials"),
        ({"diagnosis": Code(CodeSystem.CHS_CARE, "41")}, "diagnosis"),
    ],
)
async def test_another_injury_is_no_recurrence(bridge: MemoryBridge, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        await bridge.recur.apply(key(), request(bridge, **changes), "clerk")
    assert (caught.value.code, caught.value.field) == ("workinjury-bridge.facts.invalid", field)
    assert bridge.state.recurrences == {}


async def test_limits_of_the_committee(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    assert await refused(bridge.recur.apply(key(), request(bridge), "clerk"), bridge) == "case.wrong-state"
    assert (await bridge.recur.extend(key(), recurrence_id, "clerk"))["due_on"] == "2026-06-18"
    assert await refused(bridge.recur.extend(key(), recurrence_id, "clerk"), bridge) == "recurrence.wrong-state"
    async with bridge.store.transaction() as tx:
        await bridge.recur.overdue(tx, recurrence_id)
    changed = [e for e in bridge.store.events if isinstance(e, RecurrenceChanged)]
    assert [(e.state, e.overdue) for e in changed] == [("confirming", False), ("confirming", False), ("confirming", True)]
    early = conclusion(decided_on=date(2026, 3, 19))
    assert await refused(bridge.recur.conclude(key(), recurrence_id, early, "clerk"), bridge) == "facts.invalid"
    short = conclusion(treated_until=date(2026, 3, 1))
    assert await refused(bridge.recur.conclude(key(), recurrence_id, short, "clerk"), bridge) == "facts.invalid"
    future = conclusion(decided_on=date(2026, 4, 2))
    assert await refused(bridge.recur.conclude(key(), recurrence_id, future, "clerk"), bridge) == "day.in-the-future"


async def test_objections_come_within_fifteen_days(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    await bridge.recur.conclude(key(), recurrence_id, conclusion(confirmed=False), "clerk")
    bridge.clock.set(datetime(2026, 4, 17, 2, tzinfo=UTC))
    assert (
        await refused(bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 17), "clerk"), bridge)
        == "recurrence.objection-late"
    )
    assert (await bridge.recur.object_to(key(), recurrence_id, date(2026, 4, 16), "clerk"))["state"] == "objected"


async def test_withdrawn_while_it_is_examined(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    assert (await bridge.recur.withdraw(key(), recurrence_id, "clerk"))["state"] == "withdrawn"
    assert bridge.state.deadlines == {}
    assert await refused(bridge.recur.conclude(key(), recurrence_id, conclusion(), "clerk"), bridge) == "recurrence.wrong-state"
    assert (await bridge.recur.apply(key(), request(bridge), "clerk"))["state"] == "confirming"


async def test_a_stay_outside_the_confirmed_window_is_not_proposed(bridge: MemoryBridge) -> None:
    recurrence_id = await applied(bridge)
    await bridge.recur.conclude(key(), recurrence_id, conclusion(treated_until=date(2026, 5, 31)), "clerk")
    later = replace(SETTLED, settlement_id="S2", visit_id="V2", begun_on=date(2026, 6, 1), ended_on=date(2026, 6, 3))
    await bridge.hear(later)
    assert [c.settlement_id for c in bridge.state.conversions.values()] == ["S1"]


DIRECT = DirectBill(
    key="W1",
    visit_id="V9",
    person_id="P1",
    insurance=WI_INSURANCE,
    care=WI_CARE,
    institution_code="H2",
    begun_on=date(2026, 3, 10),
    ended_on=date(2026, 3, 20),
    lines=(BillLine(line_id="1", amount_fen=fen("1000"), in_catalogue=True),),
)


async def test_direct_settlement_when_confirmed_first(bridge: MemoryBridge) -> None:
    assert await refused(bridge.settle.final(DIRECT), bridge) == "settlement.not-entitled"
    eligible = await bridge.judge.run("P1", DIRECT.begun_on)
    assert (eligible["entitled"], eligible["reason_code"]) == (False, "recurrence-unconfirmed")
    await bridge.recur.conclude(key(), await applied(bridge), conclusion(), "clerk")
    assert (await bridge.settle.final(DIRECT))["decision_no"] == "F1"
    assert bridge.state.directs["W1"].decision_version == 2
    assert (await bridge.judge.run("P1", DIRECT.begun_on))["entitled"] is True
    after = replace(DIRECT, key="W2", begun_on=date(2027, 3, 3), ended_on=date(2027, 3, 5))
    assert await refused(bridge.settle.final(after), bridge) == "settlement.not-entitled"
