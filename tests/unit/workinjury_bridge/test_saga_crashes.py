"""Death between any two lines of the saga: before and after every commit here, before and after every effect in claims.

The whole story of F1 and F9 is told once without a fault; then once for each point at which the process can die, told again
from the beginning with the same keys, as callers do. Every telling must end in the same books, states and events.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from shared.ledger import Book
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.recognition import Outcome

DAY = date(2026, 4, 20)


class Death(BaseException):
    """The process is gone; no handler of ours may catch it."""


class Reaper:
    """Kills at the n-th point that it is shown."""

    def __init__(self, strike: int) -> None:
        self.strike = strike
        self.seen = 0

    def __call__(self, when: str, key: str) -> None:
        self.seen += 1
        if self.seen == self.strike:
            raise Death(f"{when} {key}")


async def tell(bridge: MemoryBridge) -> None:
    """Accident, settlement, recognition, conversion, final revocation; every caller repeats itself with the same key."""
    accident = Accident(person_id="P1", accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
    case_id = (await bridge.open_case.run(OnceKey("t", "open", "d"), accident))["case_id"]
    await bridge.hear(SETTLED)
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
    await bridge.decide.run(OnceKey("t", "decide", "d"), case_id, granted)
    await bridge.go_on()
    (conversion,) = bridge.state.conversions.values()
    await bridge.review.check(OnceKey("t", "check", "d"), conversion.conversion_id, "maker", None)
    await bridge.review.approve(OnceKey("t", "approve", "d"), conversion.conversion_id, "checker", None)
    await bridge.go_on()
    await bridge.revoke.run(OnceKey("t", "revoke", "d"), case_id, "J1", DAY, "court")
    await bridge.go_on()


def outcome(bridge: MemoryBridge) -> object:
    """What must be the same however often somebody died, without the ids."""
    return (
        [(e.kind, sides(e)) for e in bridge.state.entries.values()],
        [replace(c, conversion_id="", case_id="", decision_id="") for c in bridge.state.conversions.values()],
        [replace(t, transfer_id="", conversion_id="", voucher_no="") for t in bridge.state.transfers.values()],
        [(p.kind, p.amount_fen) for p in bridge.state.payments.values()],
        Counter((type(e).__name__, getattr(e, "state", "")) for e in bridge.store.events),
        [(e.book, sides(e)) for e in bridge.claims.entries],
        bridge.state.hindrances,
    )


async def undisturbed() -> tuple[object, int]:
    bridge = MemoryBridge()
    bridge.claims.settle(SETTLED, F1_BILL)
    counter = Reaper(0)
    bridge.store.around = bridge.claims.around = counter
    await tell(bridge)
    (conversion,) = bridge.state.conversions.values()
    assert conversion.state is ConversionState.REVERTED
    assert bridge.claims.balance(Book.EMP, "1003") == -F1_BILL.payments[0].amount_fen - F1_BILL.payments[1].amount_fen
    return outcome(bridge), counter.seen


async def test_death_at_any_point_changes_nothing() -> None:
    expected, points = await undisturbed()
    assert points > 60
    for strike in range(1, points + 1):
        bridge = MemoryBridge()
        bridge.claims.settle(SETTLED, F1_BILL)
        bridge.store.around = bridge.claims.around = Reaper(strike)
        with pytest.raises(Death):
            await tell(bridge)
        await tell(bridge)
        assert outcome(bridge) == expected, f"died at point {strike} of {points}"
        assert (await bridge.check.run())["breaches"] == []


@pytest.mark.parametrize("seed", range(20))
async def test_dying_again_and_again_changes_nothing(seed: int) -> None:
    expected, _ = await undisturbed()
    dice = random.Random(seed)

    def plague(when: str, key: str) -> None:
        if dice.random() < 0.05:
            raise Death(f"{when} {key}")

    bridge = MemoryBridge()
    bridge.claims.settle(SETTLED, F1_BILL)
    bridge.store.around = bridge.claims.around = plague
    deaths = 0
    while True:
        try:
            await tell(bridge)
            break
        except Death:
            deaths += 1
    assert deaths < 1000
    assert outcome(bridge) == expected
