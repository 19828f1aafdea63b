"""A final revocation asks back what was settled directly (B4) and elsewhere (B8), to the fen and once (B3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.claims import FundPayment
from shared.contracts.workinjury_bridge import DirectSettlementRevoked, RecoveryChanged
from shared.errors import Refusal, unavailable
from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import MONTH_END, POLICIES, sides
from tests.factories.workinjury_bridge.fake_claims import away
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.unit.workinjury_bridge.test_direct_settlement import BILL, bridge, confirmed, key, pay_meals, recognised, reversal
from tests.unit.workinjury_bridge.test_out_of_area import admission, received, registered, settled, today
from tests.unit.workinjury_bridge.test_out_of_area import bill as quarter_bill
from tests.unit.workinjury_bridge.test_out_of_area import bridge as treated_elsewhere
from tests.unit.workinjury_bridge.test_out_of_area import key as next_key
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE
from workinjury_bridge.domain.bill import BillLine, assess, paid_lines
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.split import KeptLine

__all__ = ["bridge", "treated_elsewhere"]
E, MEALS, CUT = fen("21900"), fen("450"), fen("420")
POOL, LARGE = fen("12000"), fen("3000")
SHARES = (
    FundPayment(book="EMP", account="5001.01", fund_pay_type="310100", amount_fen=POOL),
    FundPayment(book="LARGE", account="5001.01", fund_pay_type="330100", amount_fen=LARGE),
)
NO_COVER_ZH = "该人员没有有效参保，不享受待遇"
NO_COVER = f"claims.coverage.none: {NO_COVER_ZH}"


async def posted(bridge: MemoryBridge, *, paid: bool = True) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    if paid:
        await pay_meals(bridge)


async def revoke(bridge: MemoryBridge, on: date = date(2026, 6, 1)) -> None:
    (case_id,) = bridge.state.cases
    await bridge.revoke.run(key("revoke"), case_id, "J1", on, "court", "clerk")
    await bridge.go_on()


async def cut(bridge: MemoryBridge) -> str:
    finding = Finding(settlement_id="S9", line_id="1", amount_fen=CUT, reason="unbundled", maker="m", checker="c")
    return str((await bridge.deduct.deduct(key("deduct"), finding))["deduction_id"])


def booked_since(bridge: MemoryBridge, count: int) -> list[Any]:
    return [(entry.kind, sides(entry)) for entry in list(bridge.state.entries.values())[count:]]


def debts(bridge: MemoryBridge) -> list[tuple[str, int, int]]:
    return [(d.settlement_id, d.advanced_fen, d.open_fen) for d in bridge.state.recoveries.values()]


async def breaches(bridge: MemoryBridge) -> list[Any]:
    return list((await bridge.check.run())["breaches"])


async def test_a_settlement_whose_allowance_is_paid_is_owed_whole(bridge: MemoryBridge) -> None:
    await posted(bridge)
    await revoke(bridge)
    expected = ("recovery", ({"1125(P:P1)": E + MEALS}, {"5001.11": E, "5001.13": MEALS}))
    assert booked_since(bridge, 3) == [expected]
    assert balance(bridge.state, "2201", "H:H2") == -E
    (debt,) = bridge.state.recoveries.values()
    assert (debt.cause, debt.debtor, debt.settlement_id, debt.open_fen) == (Cause.REVOKED, "P:P1", "S9", E + MEALS)
    assert (debt.due_on, (RECOVERY_DEADLINE, debt.recovery_id) in bridge.state.deadlines) == (date(2026, 11, 27), True)
    assert [e.recovery_id for e in bridge.store.events if isinstance(e, RecoveryChanged)] == [debt.recovery_id]
    direct = bridge.state.directs["W1"]
    assert (direct.state, direct.not_taken_over) == (DirectState.REVOKED, NO_COVER)
    (told,) = [e for e in bridge.store.events if isinstance(e, DirectSettlementRevoked)]
    assert (told.medical_settlement_id, told.medical_fen, told.person_fen, told.not_taken_over) == (
        None,
        0,
        E + MEALS,
        NO_COVER_ZH,
    )
    assert await breaches(bridge) == []
    before = bridge.state.snapshot()
    await revoke(bridge)
    await bridge.hear(confirmed())
    await pay_meals(bridge)
    assert vars(bridge.state) == vars(before)


async def test_an_allowance_not_paid_yet_is_no_longer_payable(bridge: MemoryBridge) -> None:
    await posted(bridge, paid=False)
    await revoke(bridge)
    assert booked_since(bridge, 2) == [
        ("contra", ({"2203(P:P1)": MEALS}, {"5001.13": MEALS})),
        ("recovery", ({"1125(P:P1)": E}, {"5001.11": E})),
    ]
    await pay_meals(bridge)
    assert (debts(bridge), bridge.state.payments) == ([("S9", E, E)], {})
    assert await breaches(bridge) == []


async def test_an_allowance_that_waits_for_money_is_no_longer_payable() -> None:
    bridge = await recognised(MemoryBridge(policies=MONTH_END))
    await posted(bridge)
    assert (len(bridge.state.waiting), bridge.state.directs["W1"].meals_paid) == (1, True)
    await revoke(bridge)
    assert booked_since(bridge, 2) == [
        ("contra", ({"2203(P:P1)": MEALS}, {"5001.13": MEALS})),
        ("recovery", ({"1125(P:P1)": E}, {"5001.11": E})),
    ]
    assert (debts(bridge), bridge.state.payments, bridge.state.waiting) == ([("S9", E, E)], {}, {})
    assert await breaches(bridge) == []


async def test_what_an_audit_has_cut_the_person_is_never_asked_for(bridge: MemoryBridge) -> None:
    await posted(bridge)
    deduction_id = await cut(bridge)
    await revoke(bridge)
    assert debts(bridge) == [("S9", E - CUT + MEALS, E - CUT + MEALS)]
    assert balance(bridge.state, "1122", "H:H2") == CUT
    assert await breaches(bridge) == []
    count = len(bridge.state.entries)
    await bridge.deduct.withdraw(key("withdraw"), deduction_id, "right", "clerk")
    assert booked_since(bridge, count) == [
        ("contra", ({"5001.11": CUT}, {"1122(H:H2)": CUT})),
        ("recovery", ({"1125(P:P1)": CUT}, {"5001.11": CUT})),
    ]
    assert debts(bridge)[1] == ("S9", CUT, CUT)
    assert await breaches(bridge) == []


async def test_a_hospital_that_settles_after_the_revocation_is_paid_and_the_person_asked(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await revoke(bridge)
    assert (bridge.state.entries, bridge.state.directs["W1"].state) == ({}, DirectState.RESERVED)
    await bridge.hear(confirmed())
    await bridge.go_on()
    assert [kind for kind, _ in booked_since(bridge, 0)] == ["settlement", "benefit", "contra", "recovery"]
    assert debts(bridge) == [("S9", E, E)]
    assert await breaches(bridge) == []


async def test_a_key_that_was_revoked_settles_nothing_more(bridge: MemoryBridge) -> None:
    await posted(bridge)
    await revoke(bridge)
    before = bridge.state.snapshot()
    for act in (bridge.settle.final(BILL), bridge.hear(confirmed(settlement_id="S10"))):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == "workinjury-bridge.settlement.key-reused"
    assert vars(bridge.state) == vars(before)


@pytest.mark.parametrize("with_cut", [False, True])
async def test_a_hospital_that_takes_it_back_afterwards_owes_it_itself(bridge: MemoryBridge, with_cut: bool) -> None:
    await posted(bridge)
    if with_cut:
        await cut(bridge)
    await revoke(bridge)
    asked = E - CUT if with_cut else E
    await bridge.hear(reversal())
    await bridge.hear(reversal())
    assert debts(bridge) == [("S9", asked + MEALS, MEALS)]
    assert [balance(bridge.state, a) for a in ("2201", "1122", "1125", "5001.11", "5001.13")] == [0, 0, MEALS, 0, 0]
    assert bridge.state.directs["W1"].state is DirectState.REVERSED
    assert await breaches(bridge) == []


async def test_what_the_person_has_paid_on_it_comes_back(bridge: MemoryBridge) -> None:
    await posted(bridge)
    await revoke(bridge)
    (recovery_id,) = bridge.state.recoveries
    await bridge.debts.demand(key("demand"), recovery_id, "clerk")
    await bridge.debts.receive(key("receive"), recovery_id, E + MEALS, 0, "B1", "clerk")
    count = len(bridge.state.entries)
    await bridge.hear(reversal())
    assert booked_since(bridge, count) == [
        ("reversal", ({"2201(H:H2)": E}, {"2203(P:P1)": E})),
        ("payment", ({"2203(P:P1)": E}, {"1003": E})),
    ]
    assert bridge.state.recoveries[recovery_id].state is RecoveryState.RECOVERED
    assert await breaches(bridge) == []


async def test_a_stay_elsewhere_that_is_audited_is_owed_and_still_cleared(treated_elsewhere: MemoryBridge) -> None:
    bridge = treated_elsewhere
    stay_id = await received(bridge)
    await bridge.track.object_to(next_key(), stay_id, "x", "clerk")
    await bridge.track.adjust(next_key(), stay_id, CUT)
    await bridge.track.audit(next_key(), stay_id, "clerk")
    count = len(bridge.state.entries)
    await revoke(bridge)
    assert booked_since(bridge, count) == [("stay-recovery", ({"1125(P:P1)": E - CUT}, {"5001.11": E - CUT}))]
    assert debts(bridge) == [(stay_id, E - CUT, E - CUT)]
    await bridge.clear.pay(next_key(), replace(quarter_bill(), bill_fen=E - CUT))
    assert (balance(bridge.state, "2205"), balance(bridge.state, "1003")) == (0, CUT - E)
    assert await breaches(bridge) == []
    before = bridge.state.snapshot()
    await revoke(bridge)
    assert vars(bridge.state) == vars(before)


async def test_a_stay_elsewhere_whose_data_are_not_audited_is_owed_from_the_audit_on(treated_elsewhere: MemoryBridge) -> None:
    bridge = treated_elsewhere
    stay_id = await settled(bridge)
    await revoke(bridge)
    assert (bridge.state.entries, debts(bridge)) == ({}, [])
    today(bridge, date(2026, 7, 20))
    await bridge.track.receive(next_key(), stay_id, date(2026, 6, 30), E)
    await bridge.track.object_to(next_key(), stay_id, "x", "clerk")
    await bridge.track.adjust(next_key(), stay_id, CUT)
    assert await breaches(bridge) == []
    await bridge.track.audit(next_key(), stay_id, "clerk")
    assert booked_since(bridge, 2) == [("stay-recovery", ({"1125(P:P1)": E - CUT}, {"5001.11": E - CUT}))]
    assert debts(bridge) == [(stay_id, E - CUT, E - CUT)]
    assert await breaches(bridge) == []


async def test_devices_are_owed_on_their_own_account(treated_elsewhere: MemoryBridge) -> None:
    bridge = treated_elsewhere
    stay_id = await settled(bridge, service="device")
    today(bridge, date(2026, 7, 20))
    await bridge.track.receive(next_key(), stay_id, date(2026, 6, 30), E)
    await bridge.track.audit(next_key(), stay_id, "clerk")
    await revoke(bridge)
    assert booked_since(bridge, 1) == [("stay-recovery", ({"1125(P:P1)": E}, {"5001.15": E}))]
    assert await breaches(bridge) == []


async def test_who_is_still_in_hospital_settles_otherwise(treated_elsewhere: MemoryBridge) -> None:
    bridge = treated_elsewhere
    registration_id = await registered(bridge)
    today(bridge, date(2026, 6, 12))
    stay_id = (await bridge.track.admit(next_key(), admission(registration_id)))["stay_id"]
    await revoke(bridge)
    assert (bridge.state.remote_stays[stay_id].state, bridge.state.entries) == (RemoteState.CANCELLED, {})


async def test_the_check_finds_what_was_not_asked_back(bridge: MemoryBridge) -> None:
    await posted(bridge)
    before = dict(bridge.state.entries)
    await revoke(bridge)
    bridge.state.entries = before
    bridge.state.recoveries = {}
    found = {(b["rule"], b["subject_id"]) for b in await breaches(bridge)}
    assert found == {("5", "W1"), ("9", "W1")}
    bridge.state.directs["W1"] = replace(bridge.state.directs["W1"], state=DirectState.POSTED)
    assert {(b["rule"], b["subject_id"]) for b in await breaches(bridge)} == {("14", "W1")}


def covered(bridge: MemoryBridge, *payments: FundPayment) -> None:
    """The person has medical cover, under which these would be paid of the stay."""
    bridge.claims.directs["S9"] = (BILL.lines, payments or SHARES)


def owed_by(bridge: MemoryBridge) -> list[tuple[str | None, str, Book, Book, int, int]]:
    return [(d.case_id, d.origin or "", d.payer, d.payee, d.amount_fen, d.confirmed_fen) for d in bridge.state.dues.values()]


@pytest.mark.parametrize("paid", [True, False])
async def test_the_medical_funds_take_a_stay_over_and_the_person_owes_the_rest(bridge: MemoryBridge, paid: bool) -> None:
    covered(bridge)
    await posted(bridge, paid=paid)
    count = len(bridge.state.entries)
    await revoke(bridge)
    rest = E + (MEALS if paid else 0) - POOL - LARGE
    expected = {"1121(EMP)": POOL, "1121(LARGE)": LARGE, "1125(P:P1)": rest}
    costs = {"5001.11": E} | ({"5001.13": MEALS} if paid else {})
    assert booked_since(bridge, count)[-1] == ("recovery", (expected, costs))
    # line 3 the hospital bears: nobody has paid it, so no fund settles it
    paid_of = (KeptLine(line_id="1", amount_fen=fen("14900")), KeptLine(line_id="2", amount_fen=fen("8000")))
    assert bridge.claims.asked == [(E, paid_of)]
    assert debts(bridge) == [("S9", rest, rest)]
    (case_id,) = bridge.state.cases
    assert owed_by(bridge) == [
        (case_id, "direct:W1", Book.EMP, Book.WI, POOL, 0),
        (case_id, "direct:W1", Book.LARGE, Book.WI, LARGE, 0),
    ]
    direct = bridge.state.directs["W1"]
    assert (direct.state, direct.taken_over_by, direct.medical_fen) == (DirectState.REVOKED, "MS9", POOL + LARGE)
    (told,) = [e for e in bridge.store.events if isinstance(e, DirectSettlementRevoked)]
    assert (told.medical_settlement_id, told.medical_fen, told.person_fen, told.not_taken_over) == (
        "MS9",
        POOL + LARGE,
        rest,
        None,
    )
    assert (await bridge.check.run())["inter_fund"] == "equal"
    assert await breaches(bridge) == []
    before = bridge.state.snapshot()
    await revoke(bridge)
    await bridge.hear(confirmed())
    await pay_meals(bridge)
    assert vars(bridge.state) == vars(before)


async def test_what_an_audit_has_cut_no_medical_fund_pays_either(bridge: MemoryBridge) -> None:
    covered(bridge)
    await posted(bridge)
    deduction_id = await cut(bridge)
    await revoke(bridge)
    paid_of = (KeptLine(line_id="1", amount_fen=fen("14900") - CUT), KeptLine(line_id="2", amount_fen=fen("8000")))
    assert bridge.claims.asked == [(E - CUT, paid_of)]
    rest = E - CUT + MEALS - POOL - LARGE
    assert debts(bridge) == [("S9", rest, rest)]
    assert await breaches(bridge) == []
    await bridge.deduct.withdraw(key("withdraw"), deduction_id, "right", "clerk")
    assert debts(bridge)[1] == ("S9", CUT, CUT)
    assert await breaches(bridge) == []


async def test_what_exceeds_the_work_injury_payment_claims_owes_the_person(bridge: MemoryBridge) -> None:
    covered(bridge, FundPayment(book="EMP", account="5001.01", fund_pay_type="310100", amount_fen=E + 7))
    await posted(bridge, paid=False)
    await revoke(bridge)
    assert booked_since(bridge, 2)[-1] == ("recovery", ({"1121(EMP)": E}, {"5001.11": E}))
    assert (debts(bridge), bridge.claims.balance(Book.EMP, "2203")) == ([], -7)
    assert await breaches(bridge) == []


async def test_claims_away_or_dying_around_the_take_over_makes_it_happen_once(bridge: MemoryBridge) -> None:
    covered(bridge)
    await posted(bridge)
    before = bridge.state.snapshot()
    for when in ("before", "after"):

        def lost(now: str, of: str, when: str = when) -> None:
            if (now, of) == (when, "take-over:S9"):
                raise unavailable("claims.away", "系统繁忙")

        bridge.claims.around = lost
        await revoke(bridge)
        assert bridge.state.directs["W1"].state is DirectState.REVERTING
        assert await bridge.revert_direct.run("W1") == "claims.away: 系统繁忙"
        assert (bridge.state.entries, bridge.state.recoveries, bridge.state.dues) == (before.entries, {}, {})
        assert (await bridge.check.run())["inter_fund"] == "in-flight"
        assert await breaches(bridge) == []
    bridge.claims.around = lambda when, key: None
    assert [await bridge.revert_direct.run("W1") for _ in range(2)] == [None, None]
    assert (len(bridge.state.entries), len(debts(bridge)), len(bridge.claims.asked)) == (len(before.entries) + 1, 1, 1)
    assert (await bridge.check.run())["inter_fund"] == "equal"


async def test_nothing_is_withdrawn_of_an_audit_while_claims_is_asked(bridge: MemoryBridge) -> None:
    covered(bridge)
    await posted(bridge)
    deduction_id = await cut(bridge)
    bridge.claims.around = away
    await revoke(bridge)
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as caught:
        await bridge.deduct.withdraw(key("withdraw"), deduction_id, "right", "clerk")
    assert caught.value.code == "workinjury-bridge.deduction.being-converted"
    assert vars(bridge.state) == vars(before)


@pytest.mark.parametrize("paid", [True, False])
async def test_a_hospital_that_takes_it_back_before_claims_answers_ends_it(bridge: MemoryBridge, paid: bool) -> None:
    covered(bridge)
    await posted(bridge, paid=paid)
    bridge.claims.around = away
    await revoke(bridge)
    await bridge.hear(reversal())
    bridge.claims.around = lambda when, key: None
    await bridge.go_on()
    owed = MEALS if paid else 0
    assert [balance(bridge.state, a) for a in ("2201", "2203", "1125", "5001.11", "5001.13")] == [0, 0, owed, 0, 0]
    assert (bridge.state.directs["W1"].state, bridge.claims.asked) == (DirectState.REVERSED, [])
    assert await breaches(bridge) == []


async def test_lines_that_are_not_the_settled_bill_are_left_to_a_person(bridge: MemoryBridge) -> None:
    bridge.claims.directs["S9"] = (BILL.lines[:2], SHARES)
    await posted(bridge)
    await revoke(bridge)
    assert (debts(bridge), bridge.claims.asked) == ([("S9", E + MEALS, E + MEALS)], [])
    cause = "workinjury-bridge.settlement.bill-differs: 医保结算系统中的费用明细与工伤直接结算时的不一致，请与医疗机构核对"
    assert bridge.state.directs["W1"].not_taken_over == cause


async def test_a_stay_that_was_cut_whole_is_not_asked_about(bridge: MemoryBridge) -> None:
    covered(bridge)
    await posted(bridge, paid=False)
    finding = Finding(settlement_id="S9", line_id="1", amount_fen=E, reason="fraud", maker="m", checker="c")
    await bridge.deduct.deduct(key("deduct"), finding)
    await revoke(bridge)
    direct = bridge.state.directs["W1"]
    assert (direct.state, bridge.claims.asked, debts(bridge)) == (DirectState.REVOKED, [], [])
    assert direct.not_taken_over == "workinjury-bridge.settlement.nothing-paid: 工伤保险基金没有实际支付该次费用"
    assert await breaches(bridge) == []


@given(
    lines=st.lists(
        st.builds(
            BillLine,
            line_id=st.just(""),
            amount_fen=st.integers(0, 10**6),
            in_catalogue=st.booleans(),
            cap_fen=st.none() | st.integers(0, 10**6),
            consent=st.none() | st.booleans(),
            emergency=st.booleans(),
        ),
        max_size=8,
    ),
)
def test_what_was_paid_of_a_bill_is_what_fund_and_person_bear(lines: list[BillLine]) -> None:
    numbered = [replace(line, line_id=str(n)) for n, line in enumerate(lines)]
    policy = POLICIES.on(date(2026, 5, 16))
    version = assess(numbered, policy)
    paid = paid_lines(numbered, policy, {})
    assert sum(amount for _, amount in paid) == version.work_injury_fen + version.person_fen
    assert all(amount <= numbered[int(line_id)].amount_fen for line_id, amount in paid)
