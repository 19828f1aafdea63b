"""Death between any two lines of the saga: before and after every commit here, before and after every effect in claims.

The whole story of F1 and F9 is told once without a fault; then once for each point at which the process can die, told again
from the beginning with the same keys, as callers do. Every telling must end in the same books, states and events.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
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
from workinjury_bridge.domain.split import Belonging, Flags
from workinjury_bridge.domain.terms import CaseFacts

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
    await bridge.revoke.run(OnceKey("t", "revoke", "d"), case_id, "J1", DAY, "court", "clerk")
    await bridge.go_on()


async def tell_mixed(bridge: MemoryBridge) -> None:
    """F5 with an employer that filed late and paid the fund in part: split, conversion, receipt, final revocation."""
    accident = Accident(
        person_id="P1", accident_on=date(2026, 2, 1), body_parts=("hand",), description="press", employer_id="E1"
    )
    case_id = (await bridge.open_case.run(OnceKey("t", "open", "d"), accident))["case_id"]
    late = CaseFacts(filed_on=date(2026, 3, 10), accepted_on=date(2026, 3, 12))
    await bridge.state_facts.of_case(OnceKey("t", "facts", "d"), case_id, late, "clerk")
    await bridge.hear(SETTLED)
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
    await bridge.decide.run(OnceKey("t", "decide", "d"), case_id, granted)
    await bridge.go_on()
    (conversion,) = bridge.state.conversions.values()
    own = Flags(lines=(("C1", Belonging.OWN_DISEASE), ("B", Belonging.SHARED)))
    conversion_id = conversion.conversion_id
    await bridge.split.propose(OnceKey("t", "split", "d"), conversion_id, own, "hospital")
    await bridge.split.agree(OnceKey("t", "agree", "d"), conversion_id, "reviewer")
    await bridge.go_on()
    await bridge.review.check(OnceKey("t", "check", "d"), conversion_id, "maker", None)
    await bridge.review.approve(OnceKey("t", "approve", "d"), conversion_id, "checker", None)
    await bridge.go_on()
    (debt,) = [d for d in bridge.state.recoveries.values() if d.debtor == "E:E1"]
    await bridge.debts.receive(OnceKey("t", "receipt", "d"), debt.recovery_id, 100, 7, "B1", "clerk")
    await bridge.go_on()
    await bridge.revoke.run(OnceKey("t", "revoke", "d"), case_id, "J1", DAY, "court", "clerk")
    await bridge.go_on()


def outcome(bridge: MemoryBridge) -> object:
    """What must be the same however often somebody died, without the ids."""
    return (
        [(e.kind, sides(e)) for e in bridge.state.entries.values()],
        [replace(c, conversion_id="", case_id="", decision_id="") for c in bridge.state.conversions.values()],
        [replace(t, transfer_id="", conversion_id="", voucher_no="") for t in bridge.state.transfers.values()],
        [(p.kind, p.amount_fen) for p in bridge.state.payments.values()],
        [(d.book, d.debtor, d.cause, d.state, d.advanced_fen, d.recovered_fen) for d in bridge.state.recoveries.values()],
        [(m.kind, m.amount_fen, m.interest_fen, m.booked) for m in bridge.state.movements.values()],
        Counter((type(e).__name__, getattr(e, "state", "")) for e in bridge.store.events),
        [(e.book, sides(e)) for e in bridge.claims.entries],
        bridge.state.hindrances,
    )


Story = Callable[[MemoryBridge], Awaitable[None]]
STORIES: list[Story] = [tell, tell_mixed]


async def undisturbed(story: Story = tell) -> tuple[object, int]:
    bridge = MemoryBridge()
    bridge.claims.settle(SETTLED, F1_BILL)
    counter = Reaper(0)
    bridge.store.around = bridge.claims.around = counter
    await story(bridge)
    (conversion,) = bridge.state.conversions.values()
    assert conversion.state is ConversionState.REVERTED
    paid_in = sum(m.amount_fen + m.interest_fen for m in bridge.state.movements.values())
    assert bridge.claims.balance(Book.EMP, "1003") == paid_in - sum(p.amount_fen for p in F1_BILL.payments)
    return outcome(bridge), counter.seen


@pytest.mark.parametrize("story", STORIES)
async def test_death_at_any_point_changes_nothing(story: Story) -> None:
    expected, points = await undisturbed(story)
    assert points > 60
    for strike in range(1, points + 1):
        bridge = MemoryBridge()
        bridge.claims.settle(SETTLED, F1_BILL)
        bridge.store.around = bridge.claims.around = Reaper(strike)
        with pytest.raises(Death):
            await story(bridge)
        await story(bridge)
        assert outcome(bridge) == expected, f"died at point {strike} of {points}"
        assert (await bridge.check.run())["breaches"] == []


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("seed", range(20))
async def test_dying_again_and_again_changes_nothing(seed: int, story: Story) -> None:
    expected, _ = await undisturbed(story)
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
            await story(bridge)
            break
        except Death:
            deaths += 1
    assert deaths < 1000
    assert outcome(bridge) == expected
