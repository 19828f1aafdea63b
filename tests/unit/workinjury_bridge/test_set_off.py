"""A debt to a medical fund is met from a later benefit of the work-injury fund, by consent or order and two people (B10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from shared.clock import CHINA
from shared.contracts.workinjury_bridge import BenefitPaid, SetOffApplied
from shared.errors import Refusal, conflict
from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import sides
from tests.factories.workinjury_bridge.fake_claims import away
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import key, line
from tests.unit.workinjury_bridge.test_double_bills import F11, FACT, PAPERS, clue, office, paid_on_paper
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.recovery.decide_set_off import SetOffRequest
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE
from workinjury_bridge.domain.double_bill import DoubleBillState
from workinjury_bridge.domain.paper_claim import Papers
from workinjury_bridge.domain.recognition import Act, Outcome
from workinjury_bridge.domain.recovery import Cause, Recovery, RecoveryState
from workinjury_bridge.domain.set_off import SetOff, SetOffGround, SetOffState

DEBT = fen("9605")
CONSENT = SetOffRequest(
    ground=SetOffGround.CONSENT,
    document_no="同意书1号",
    documented_on=date(2026, 11, 20),
    most_fen=fen("5000"),
    maker="lijing",
)


def later(number: int, amount: str = "3000") -> Papers:
    """Another bill of the same injury."""
    day = date(2026, 4, number)
    return replace(PAPERS, invoice_no=f"FP1{number:02d}", begun_on=day, ended_on=day, lines=(line("1", amount),))


async def indebted() -> tuple[MemoryBridge, str, str]:
    """F11: the person owes the employees' fund 9 605; case and debt."""
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    await bridge.double_bills.confirm(key(), clue(bridge).double_bill_id, "lijing", "zhaoming", None)
    await bridge.go_on()
    (recovery_id,) = bridge.state.recoveries
    assert bridge.state.recoveries[recovery_id].open_fen == DEBT
    return bridge, case_id, recovery_id


async def allowed(bridge: MemoryBridge, recovery_id: str, asked: SetOffRequest = CONSENT) -> str:
    found = await bridge.decide_set_off.propose(key(), recovery_id, asked)
    await bridge.decide_set_off.approve(key(), found["set_off_id"], "zhaoming")
    return str(found["set_off_id"])


def since(bridge: MemoryBridge, count: int) -> list[Any]:
    return [(entry.kind, sides(entry)) for entry in list(bridge.state.entries.values())[count:]]


def only(bridge: MemoryBridge) -> SetOff:
    (found,) = bridge.state.set_offs.values()
    return found


def withdrawals(bridge: MemoryBridge) -> list[tuple[str, str, str | None]]:
    acts = bridge.state.case_acts.values()
    return [(a.case_id, a.actor, a.subject_id) for a in acts if a.act is Act.SET_OFF_WITHDRAWN]


async def sound(bridge: MemoryBridge) -> None:
    found = await bridge.check.run()
    assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])


async def test_a_later_benefit_meets_the_debt_and_the_person_gets_the_rest() -> None:
    bridge, case_id, recovery_id = await indebted()
    await allowed(bridge, recovery_id)
    count, told = len(bridge.state.entries), len(bridge.claims.entries)
    await paid_on_paper(bridge, case_id, later(1, "7000"))
    assert since(bridge, count) == [
        ("paper-claim", ({"5001.11": fen("7000")}, {"2203(P:P1)": fen("7000")})),
        ("fund-set-off", ({"2203(P:P1)": fen("5000")}, {"2202(EMP)": fen("5000")})),
        ("payment", ({"2203(P:P1)": fen("2000")}, {"1003": fen("2000")})),
    ]
    entry = list(bridge.state.entries.values())[count + 1]
    assert (entry.maker, entry.checker) == ("lijing", "zhaoming")
    paid = [e for e in bridge.store.events if isinstance(e, BenefitPaid)][-1]
    assert (paid.amount_fen, paid.set_off_fen) == (fen("2000"), fen("5000"))
    assert (await bridge.check.run())["inter_fund"] == "in-flight"
    for _ in range(2):
        await bridge.go_on()
    assert [sides(e) for e in bridge.claims.entries[told:]] == [({"1121(WI)": fen("5000")}, {"1125(P:P1)": fen("5000")})]
    (due,) = bridge.state.dues.values()
    (movement,) = bridge.state.movements.values()
    expected = (Book.WI, Book.EMP, fen("5000"), case_id, f"set-off:{movement.movement_id}")
    assert (due.payer, due.payee, due.amount_fen, due.case_id, due.origin) == expected
    debt = bridge.state.recoveries[recovery_id]
    assert (debt.recovered_fen, debt.open_fen, debt.state) == (fen("5000"), DEBT - fen("5000"), RecoveryState.PARTIAL)
    assert (only(bridge).state, only(bridge).applied_fen) == (SetOffState.SPENT, fen("5000"))
    (applied,) = [e for e in bridge.store.events if isinstance(e, SetOffApplied)]
    assert (applied.amount_fen, applied.open_fen, applied.reference) == (fen("5000"), DEBT - fen("5000"), "同意书1号")
    await sound(bridge)


async def test_several_payments_never_meet_more_than_is_allowed_or_owed() -> None:
    bridge, case_id, recovery_id = await indebted()
    await allowed(bridge, recovery_id, replace(CONSENT, ground=SetOffGround.ORDER, most_fen=DEBT))
    await bridge.debts.demand(key(), recovery_id, "clerk")
    await bridge.debts.receive(key(), recovery_id, fen("1605"), 0, "B1", "clerk")
    for number in (1, 2, 3):
        await paid_on_paper(bridge, case_id, later(number))
        await bridge.go_on()
    met = [m.amount_fen for m in bridge.state.movements.values() if m.set_off_id]
    assert met == [fen("3000"), fen("3000"), fen("2000")]
    assert bridge.state.recoveries[recovery_id].state is RecoveryState.RECOVERED
    assert balance(bridge.state, "2202", "EMP") == -fen("8000")
    assert balance(bridge.state, "1003") == -fen("12000") - fen("1000")
    assert bridge.claims.balance(Book.EMP, "1125") == 0
    await sound(bridge)


async def test_what_is_owed_to_the_same_book_comes_first() -> None:
    bridge, case_id, recovery_id = await indebted()
    await allowed(bridge, recovery_id)
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 11, 20), "court", "clerk")
    again = NewDecision(decision_no="N2", outcome=Outcome.GRANTED, decided_on=date(2026, 11, 21), decided_by="office")
    await bridge.decide.run(key(), case_id, again)
    count = len(bridge.state.entries)
    await paid_on_paper(bridge, case_id, later(1, "13000"))
    assert since(bridge, count)[1:] == [
        ("set-off", ({"2203(P:P1)": fen("12000")}, {"1125(P:P1)": fen("12000")})),
        ("fund-set-off", ({"2203(P:P1)": fen("1000")}, {"2202(EMP)": fen("1000")})),
    ]
    await bridge.go_on()
    assert bridge.state.recoveries[recovery_id].open_fen == DEBT - fen("1000")
    await sound(bridge)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(CONSENT, most_fen=DEBT + 1), "workinjury-bridge.recovery.beyond-debt"),
        (replace(CONSENT, documented_on=date(2026, 11, 23)), "workinjury-bridge.day.in-the-future"),
    ],
)
async def test_more_than_is_owed_and_a_future_document_are_refused(asked: SetOffRequest, code: str) -> None:
    bridge, _, recovery_id = await indebted()
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as caught:
        await bridge.decide_set_off.propose(key(), recovery_id, asked)
    assert caught.value.code == code
    assert vars(bridge.state) == vars(before)


async def test_nothing_is_met_before_the_second_person_agrees_or_after_a_withdrawal() -> None:
    bridge, case_id, recovery_id = await indebted()
    proposed = (await bridge.decide_set_off.propose(key(), recovery_id, CONSENT))["set_off_id"]
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as again:
        await bridge.decide_set_off.propose(key(), recovery_id, CONSENT)
    with pytest.raises(Refusal) as alone:
        await bridge.decide_set_off.approve(key(), proposed, "lijing")
    assert (again.value.code, alone.value.code) == (
        "workinjury-bridge.set-off.exists",
        "workinjury-bridge.conversion.same-hand",
    )
    assert vars(bridge.state) == vars(before)
    await paid_on_paper(bridge, case_id, later(1))
    await bridge.decide_set_off.approve(key(), proposed, "zhaoming")
    await bridge.decide_set_off.withdraw(key(), proposed, "本人撤回同意", "wangfang")
    assert withdrawals(bridge) == [(case_id, "wangfang", recovery_id)]
    await paid_on_paper(bridge, case_id, later(2))
    assert (balance(bridge.state, "2202"), bridge.state.recoveries[recovery_id].open_fen) == (0, DEBT)
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as over:
        await bridge.decide_set_off.withdraw(key(), proposed, "again", "wangfang")
    assert over.value.code == "workinjury-bridge.set-off.wrong-state"
    assert vars(bridge.state) == vars(before)
    assert await bridge.decide_set_off.propose(key(), recovery_id, CONSENT)
    await sound(bridge)


async def test_claims_away_or_its_answer_lost_makes_it_happen_once() -> None:
    bridge, case_id, recovery_id = await indebted()
    await allowed(bridge, recovery_id)
    await paid_on_paper(bridge, case_id, later(1))
    (movement_id,) = await bridge.book_movements.due()
    told = len(bridge.claims.entries)
    for when in ("before", "after"):

        def lost(now: str, of: str, when: str = when) -> None:
            if now == when:
                away(now, of)

        bridge.claims.around = lost
        assert await bridge.book_movements.run(movement_id) == "claims.away: 系统繁忙"
        assert bridge.state.dues == {}
    bridge.claims.around = lambda when, key: None
    for _ in range(2):
        assert await bridge.book_movements.run(movement_id) is None
    assert (len(bridge.claims.entries) - told, len(bridge.state.dues)) == (1, 1)
    await sound(bridge)


async def test_what_the_medical_book_refuses_is_taken_back_and_paid() -> None:
    bridge, case_id, recovery_id = await indebted()
    await allowed(bridge, recovery_id)
    await paid_on_paper(bridge, case_id, later(1))
    count = len(bridge.state.entries)

    def refuse(when: str, of: str) -> None:
        raise conflict("claims.debt.beyond", "金额超过该结算尚欠金额")

    bridge.claims.around = refuse
    (movement_id,) = await bridge.book_movements.due()
    for _ in range(2):
        assert await bridge.book_movements.run(movement_id) is None
    assert since(bridge, count) == [
        ("fund-set-off", ({"2202(EMP)": fen("3000")}, {"2203(P:P1)": fen("3000")})),
        ("payment", ({"2203(P:P1)": fen("3000")}, {"1003": fen("3000")})),
    ]
    debt = bridge.state.recoveries[recovery_id]
    assert (debt.state, debt.open_fen) == (RecoveryState.OPEN, DEBT)
    assert (only(bridge).state, only(bridge).applied_fen) == (SetOffState.WITHDRAWN, 0)
    assert only(bridge).note == "claims.debt.beyond: 金额超过该结算尚欠金额"
    (movement,) = bridge.state.movements.values()
    assert (movement.booked, movement.voided, bridge.state.dues) == (True, True, {})
    bridge.claims.around = lambda when, key: None
    await sound(bridge)


async def undone(bridge: MemoryBridge) -> None:
    await bridge.double_bills.undo(key(), clue(bridge).double_bill_id, "lijing", "zhaoming", "两张不同的发票")
    for _ in range(2):
        await bridge.go_on()


async def test_a_charge_back_that_was_wrong_is_undone_and_what_was_paid_in_is_owed_back() -> None:
    bridge, case_id, recovery_id = await indebted()
    await bridge.debts.demand(key(), recovery_id, "clerk")
    await bridge.debts.receive(key(), recovery_id, fen("1000"), 0, "B1", "clerk")
    await allowed(bridge, recovery_id)
    await paid_on_paper(bridge, case_id, later(1))
    await bridge.go_on()
    assert FACT.settlement_id in bridge.state.reversed
    await undone(bridge)
    assert sides(bridge.claims.entries[-1]) == (
        {"5001.01": DEBT},
        {"1125(P:P1)": DEBT - fen("4000"), "2203(P:P1)": fen("4000")},
    )
    debt = bridge.state.recoveries[recovery_id]
    assert (debt.state, debt.open_fen, debt.recovered_fen) == (RecoveryState.REVERSED, 0, fen("4000"))
    assert (only(bridge).state, only(bridge).applied_fen) == (SetOffState.WITHDRAWN, fen("3000"))
    assert withdrawals(bridge) == [(case_id, "lijing", recovery_id)]
    found = clue(bridge)
    assert (found.state, found.undo_maker, found.undo_checker) == (DoubleBillState.UNDONE, "lijing", "zhaoming")
    assert bridge.state.reversed == {}
    assert await bridge.find_double.compare_all() == 0
    # nothing more is taken from what the person gets
    await paid_on_paper(bridge, case_id, later(2))
    assert balance(bridge.state, "2202", "EMP") == -fen("3000")
    await sound(bridge)


async def test_undoing_needs_two_people_and_every_payment_in_the_book() -> None:
    bridge, _, recovery_id = await indebted()
    await bridge.debts.demand(key(), recovery_id, "clerk")
    await bridge.debts.receive(key(), recovery_id, fen("1000"), 0, "B1", "clerk")
    before = bridge.state.snapshot()
    double_bill_id = clue(bridge).double_bill_id
    for checker, code in (("lijing", "conversion.same-hand"), ("zhaoming", "recovery.unbooked")):
        with pytest.raises(Refusal) as caught:
            await bridge.double_bills.undo(key(), double_bill_id, "lijing", checker, "x")
        assert caught.value.code == f"workinjury-bridge.{code}"
    assert vars(bridge.state) == vars(before)
    await bridge.go_on()
    await undone(bridge)
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as caught:
        await bridge.double_bills.undo(key(), double_bill_id, "lijing", "zhaoming", "x")
    assert caught.value.code == "workinjury-bridge.double-bill.wrong-state"
    assert vars(bridge.state) == vars(before)


async def test_claims_away_while_it_is_undone_or_refusing_for_good() -> None:
    bridge, _, recovery_id = await indebted()
    double_bill_id = clue(bridge).double_bill_id
    told = len(bridge.claims.entries)
    bridge.claims.around = lambda when, of: away(when, of) if when == "after" else None
    await undone(bridge)
    assert (clue(bridge).state, len(bridge.claims.entries)) == (DoubleBillState.UNDOING, told + 1)
    before = bridge.state.snapshot()
    with pytest.raises(Refusal) as caught:
        await bridge.debts.demand(key(), recovery_id, "clerk")
    assert caught.value.code == "workinjury-bridge.recovery.wrong-state"
    assert vars(bridge.state) == vars(before)

    def refuse(when: str, of: str) -> None:
        raise conflict("claims.charge-back.not-charged", "该结算未因重复支付被追回")

    bridge.claims.around = refuse
    assert await bridge.double_bills.charge(double_bill_id) is None
    assert (clue(bridge).state, clue(bridge).undo_note) == (
        DoubleBillState.CHARGED,
        "claims.charge-back.not-charged: 该结算未因重复支付被追回",
    )
    assert (bridge.state.recoveries[recovery_id].state, bridge.state.recoveries[recovery_id].open_fen) == (
        RecoveryState.OPEN,
        DEBT,
    )


async def test_a_debt_whose_undoing_claims_refuses_has_its_state_its_day_and_its_reminder_again() -> None:
    bridge, _, recovery_id = await indebted()
    await bridge.debts.demand(key(), recovery_id, "clerk")
    before, reminder = bridge.state.recoveries[recovery_id], (RECOVERY_DEADLINE, recovery_id)
    day = bridge.state.deadlines[reminder]
    assert (before.state, before.due_on) == (RecoveryState.DEMANDED, date(2026, 12, 22))

    def refuse(when: str, of: str) -> None:
        raise conflict("claims.charge-back.not-charged", "该结算未因重复支付被追回")

    bridge.claims.around = refuse
    await bridge.double_bills.undo(key(), clue(bridge).double_bill_id, "lijing", "zhaoming", "两张不同的发票")
    assert (bridge.state.recoveries[recovery_id].state, reminder in bridge.state.deadlines) == (RecoveryState.REVERSED, False)
    assert await bridge.double_bills.charge(clue(bridge).double_bill_id) is None
    assert (bridge.state.recoveries[recovery_id], bridge.state.deadlines[reminder]) == (before, day)


async def test_a_debt_met_in_full_is_watched_again_when_the_medical_book_refuses_it() -> None:
    bridge, case_id, recovery_id = await indebted()
    reminder = (RECOVERY_DEADLINE, recovery_id)
    await allowed(bridge, recovery_id, replace(CONSENT, most_fen=DEBT))
    await paid_on_paper(bridge, case_id, later(1, "12000"))
    met = bridge.state.recoveries[recovery_id]
    assert (met.state, met.due_on, reminder in bridge.state.deadlines) == (RecoveryState.RECOVERED, None, False)

    def refuse(when: str, of: str) -> None:
        raise conflict("claims.debt.beyond", "金额超过该结算尚欠金额")

    bridge.claims.around = refuse
    (movement_id,) = await bridge.book_movements.due()
    assert await bridge.book_movements.run(movement_id) is None
    debt = bridge.state.recoveries[recovery_id]
    assert (debt.state, debt.open_fen, debt.due_on) == (RecoveryState.OPEN, DEBT, date(2026, 11, 27))
    assert bridge.state.deadlines[reminder] == datetime(2026, 11, 28, tzinfo=CHINA)


def debt_of(**amounts: Any) -> Recovery:
    return Recovery(
        recovery_id="R1",
        case_id="C1",
        person_id="P1",
        settlement_id="S1",
        conversion_id=None,
        decision_version=1,
        book=Book.EMP,
        debtor="P:P1",
        cause=Cause.DOUBLE_PAYMENT,
        advanced_fen=100,
        **amounts,
    )


@pytest.mark.parametrize(
    ("debt", "state", "open_fen"),
    [
        (debt_of(recovered_fen=100, state=RecoveryState.RECOVERED), RecoveryState.PARTIAL, 40),
        (debt_of(recovered_fen=40, written_off_fen=60, state=RecoveryState.WRITTEN_OFF), RecoveryState.OPEN, 40),
        (debt_of(recovered_fen=50, written_off_fen=50, state=RecoveryState.WRITTEN_OFF), RecoveryState.PARTIAL, 40),
        (debt_of(recovered_fen=40, moved_fen=60, state=RecoveryState.MOVED), RecoveryState.OPEN, 40),
        (debt_of(recovered_fen=40, state=RecoveryState.PARTIAL), RecoveryState.OPEN, 100),
        (debt_of(recovered_fen=40, state=RecoveryState.ENFORCED), RecoveryState.ENFORCED, 100),
    ],
)
def test_what_did_not_come_in_is_owed_in_whatever_way_the_debt_was_closed(
    debt: Recovery, state: RecoveryState, open_fen: int
) -> None:
    after = debt.unreceived(40)
    assert (after.state, after.open_fen, after.closed) == (state, open_fen, False)


def test_a_reversed_debt_owes_nothing_and_comes_back_as_it_was() -> None:
    debt = debt_of(recovered_fen=40, state=RecoveryState.AGREEMENT, due_on=date(2026, 12, 1))
    gone = debt.reversed()
    assert (gone.open_fen, gone.closed, gone.unreceived(40).open_fen, gone.reopened()) == (0, True, 0, debt)
