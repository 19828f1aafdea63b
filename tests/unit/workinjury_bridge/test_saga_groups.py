"""Many conversions in one step: each is answered for itself, one that is hindered hinders no other, and death spares nobody twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from shared.errors import Refusal, conflict, unavailable
from shared.ledger import Book
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.recognition import Outcome

DAY = date(2026, 4, 20)
PERSONS = ("P1", "P2", "P3")


class Death(BaseException):
    """The process is gone."""


async def recognised(bridge: MemoryBridge) -> dict[str, str]:
    """Cases of three persons with a settled stay each, decided in one request; case by person."""
    cases = {}
    for person in PERSONS:
        accident = Accident(person_id=person, accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
        cases[person] = (await bridge.open_case.run(OnceKey("t", f"open {person}", "d"), accident))["case_id"]
        await bridge.hear(replace(SETTLED, settlement_id=f"S{person}", person_id=person))
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
    answer = await bridge.decide.together(OnceKey("t", "decide", "d"), [(case_id, granted) for case_id in cases.values()])
    assert [len(item["conversions"]) for item in answer["items"]] == [1, 1, 1]
    return cases


async def tell(bridge: MemoryBridge) -> None:
    """Three stays converted together; every caller repeats itself with the same key."""
    await recognised(bridge)
    await bridge.go_on()
    ids = sorted(bridge.state.conversions)
    await bridge.review.together(OnceKey("t", "check", "d"), "check", ids, "maker", None)
    await bridge.review.together(OnceKey("t", "approve", "d"), "approve", ids, "checker", None)
    await bridge.go_on()


def county() -> MemoryBridge:
    bridge = MemoryBridge()
    for person in PERSONS:
        bridge.claims.settle(replace(SETTLED, settlement_id=f"S{person}", person_id=person), F1_BILL)
    return bridge


def outcome(bridge: MemoryBridge) -> Any:
    return (
        Counter((e.kind, e.person_id, str(sides(e))) for e in bridge.state.entries.values()),
        Counter((c.person_id, c.state, c.paid) for c in bridge.state.conversions.values()),
        Counter((x.book, x.state, x.amount_fen) for x in bridge.state.transfers.values()),
        Counter((p.person_id, p.kind, p.amount_fen) for p in bridge.state.payments.values()),
        Counter((type(e).__name__, getattr(e, "state", "")) for e in bridge.store.events),
        Counter((e.book, str(sides(e))) for e in bridge.claims.entries),
    )


async def test_death_at_any_point_of_a_group_changes_nothing() -> None:
    points = count()
    undisturbed = county()

    def pass_by(_when: str, _key: str) -> None:
        next(points)

    undisturbed.store.around = undisturbed.claims.around = pass_by
    await tell(undisturbed)
    expected, seen = outcome(undisturbed), next(points)
    assert {c.state for c in undisturbed.state.conversions.values()} == {ConversionState.SETTLED}
    assert seen > 40
    for strike in range(seen):
        bridge, passed = county(), count()

        def reaper(when: str, key: str, passed: Any = passed, strike: int = strike) -> None:
            if next(passed) == strike:
                raise Death(f"{when} {key}")

        bridge.store.around = bridge.claims.around = reaper
        with pytest.raises(Death):
            await tell(bridge)
        await tell(bridge)
        assert outcome(bridge) == expected, f"died at point {strike} of {seen}"
        found = await bridge.check.run()
        assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])


async def test_what_claims_refuses_for_one_hinders_no_other() -> None:
    bridge = county()

    def audited(when: str, key: str) -> None:
        second = sorted(bridge.state.conversions)[1:2]
        if when == "before" and key == f"take-back:{second and second[0]}":
            raise conflict("claims.settlement.in-audit", "结算正在稽核，不能收回")

    bridge.claims.around = audited
    await tell(bridge)
    by_person = {c.person_id: (c.state, c.cause) for c in bridge.state.conversions.values()}
    assert by_person == {
        "P1": (ConversionState.SETTLED, None),
        "P2": (ConversionState.FAILED, "claims.settlement.in-audit: 结算正在稽核，不能收回"),
        "P3": (ConversionState.SETTLED, None),
    }
    assert {e.person_id for e in bridge.state.entries.values()} == {"P1", "P3"}
    assert balance(bridge.state, "2202", Book.EMP) == 0


async def test_a_lost_answer_is_asked_for_again_and_the_cause_is_on_the_worklist() -> None:
    bridge = county()
    lost = count()

    def away(when: str, key: str) -> None:
        if when == "after" and key.startswith("take-back") and next(lost) == 1:
            raise unavailable("claims.away", "系统繁忙，请稍后重试")

    bridge.claims.around = away
    await tell(bridge)
    # the second answer of the group was lost: two are taken back in claims, none is booked here
    assert {c.state for c in bridge.state.conversions.values()} == {ConversionState.APPROVED}
    assert set(bridge.state.hindrances.values()) == {"系统繁忙，请稍后重试"}
    assert bridge.state.entries == {}
    await bridge.go_on()
    assert {c.state for c in bridge.state.conversions.values()} == {ConversionState.SETTLED}
    assert bridge.state.hindrances == {}
    assert (await bridge.check.run())["inter_fund"] == "equal"


async def test_reviews_of_many_are_answered_each_for_itself() -> None:
    bridge = county()
    await recognised(bridge)
    await bridge.go_on()
    first, second, third = sorted(bridge.state.conversions)
    await bridge.review.check(OnceKey("t", "one", "d"), first, "maker", None)
    before = bridge.state.conversions[first]
    answer = await bridge.review.together(OnceKey("t", "c", "d"), "check", [first, second, third, "unknown"], "maker", None)
    assert [item.get("state") or item["problem"]["code"] for item in answer["items"]] == [
        "workinjury-bridge.conversion.wrong-state",
        "checked",
        "checked",
        "workinjury-bridge.conversion.unknown",
    ]
    assert bridge.state.conversions[first] == before
    answer = await bridge.review.together(OnceKey("t", "a", "d"), "approve", [first, second], "maker", None)
    assert {item["problem"]["status"] for item in answer["items"]} == {409}
    assert {bridge.state.conversions[each].state for each in (first, second)} == {ConversionState.CHECKED}


async def test_decisions_of_many_are_answered_each_for_itself() -> None:
    bridge = county()
    cases = await recognised(bridge)
    before = bridge.state
    granted = NewDecision(decision_no="N2", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
    tomorrow = replace(granted, decided_on=date(2027, 1, 1))
    repeated = replace(granted, decision_no="N1")
    asked = [(cases["P1"], granted), ("unknown", granted), (cases["P2"], tomorrow), (cases["P3"], repeated)]
    answer = await bridge.decide.together(OnceKey("t", "again", "d"), asked)
    assert ["problem" in item for item in answer["items"]] == [True, True, True, False]
    assert answer["items"][3]["conversions"] == []
    assert (bridge.state.cases, bridge.state.conversions) == (before.cases, before.conversions)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.decide.run(OnceKey("t", "single", "d"), cases["P1"], granted)
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.case.wrong-state", before)
