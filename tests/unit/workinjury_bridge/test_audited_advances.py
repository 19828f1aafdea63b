"""An audit cuts a line of a stay that the fund has only advanced (B12 with B6, B7): who is relieved, who gets money back, and that the
books end as if the line had never been charged. To the fen, on fakes."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from shared.ledger import Book
from shared.money import fen, rate
from tests.factories.workinjury_bridge.examples import sides
from tests.factories.workinjury_bridge.memory import balance
from tests.factories.workinjury_bridge.office import NINE_DAYS, Office, bill, key, line, refused
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.domain.recovery import Recovery, RecoveryState
from workinjury_bridge.domain.terms import CaseFacts, StayFacts

TWENTY_DAYS = (date(2026, 3, 2), date(2026, 3, 22))
H = "1122(H:H37082600001)"
DRIVER = "1124(T:DRIVER)"


async def driver() -> Office:
    """F6: E 58,000, the driver had given the person 10,000, so 48,000 are advanced."""
    lines = [line("A", "38000"), line("B", "20000"), line("C", "2000", in_catalogue=False, emergency=True)]
    office = Office(bill(NINE_DAYS, lines, "12825", pool="47175"))
    await office.recognise(facts=CaseFacts(third_party="T:DRIVER"))
    await office.bridge.state_facts.of_stay(
        key(), office.conversion.conversion_id, StayFacts(prepaid_fen=fen("10000")), "clerk"
    )
    applied = await office.bridge.advances.apply(key(), office.case_id, date(2026, 11, 20), "clerk")
    await office.bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    return office


async def employer(*, back_paid: date | None = None, late: date = date(2026, 3, 12), third: str | None = None) -> Office:
    """F7: E 29,400, of which 10,080 and the meals of 600 are advanced for the employer."""
    lines = [
        line("A", "20000", charged_on=date(2026, 3, 5)),
        line("B", "9000", charged_on=late),
        line("C", "400", charged_on=late),
        line("D", "600", in_catalogue=False, consent=True, charged_on=late),
    ]
    office = Office(bill(TWENTY_DAYS, lines, "10680", res="19320"))
    await office.recognise(facts=CaseFacts(employer_insured=False, third_party=third))
    if back_paid is not None:
        await office.bridge.back_payment.run(key(), office.case_id, back_paid, "BJ-1", "clerk")
    applied = await office.bridge.advances.apply(key(), office.case_id, date(2026, 4, 30), "clerk")
    await office.bridge.advances.serve(key(), applied["advance_id"], date(2026, 5, 8), "clerk")
    await office.bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    return office


async def cut(office: Office, amount: str, line_id: str = "A", charged_on: date | None = None) -> str:
    finding = Finding(
        settlement_id=office.conversion.settlement_id,
        line_id=line_id,
        amount_fen=fen(amount),
        reason="R04",
        maker="maker",
        checker="checker",
        charged_on=charged_on,
    )
    return str((await office.bridge.deduct.deduct(key(), finding))["deduction_id"])


async def withdraw(office: Office, deduction_id: str) -> None:
    await office.bridge.deduct.withdraw(key(), deduction_id, None, "judge")


def wi(office: Office, since: int) -> list[tuple[dict[str, int], dict[str, int]]]:
    return [sides(entry) for entry in list(office.bridge.state.entries.values())[since:]]


def of(office: Office, debtor: str) -> Recovery:
    return office.debt(Book.WI, debtor)


async def paid_by(office: Office, debtor: str, amount: str) -> None:
    await office.bridge.debts.receive(key(), of(office, debtor).recovery_id, fen(amount), 0, "B1", "clerk")


async def test_before_the_liability_is_fixed_the_claim_on_the_third_party_falls() -> None:
    office = await driver()
    before = len(office.bridge.state.entries)
    await cut(office, "1000")
    assert wi(office, before) == [({H: fen("1000")}, {DRIVER: fen("1000")})]
    assert (of(office, "T:DRIVER").open_fen, of(office, "T:DRIVER").moved_fen) == (fen("47000"), fen("1000"))
    await office.sound()
    # 70 % of 57,000 less 10,000: 29,900; the fund bears 47,000 - 29,900
    fixed = await office.bridge.debts.fix_liability(key(), of(office, "T:DRIVER").recovery_id, rate("0.70"), None, "clerk")
    assert (fixed["open_fen"], fixed["expensed_fen"]) == (fen("29900"), fen("17100"))
    assert balance(office.bridge.state, "5001.11") == fen("17100")
    await office.sound()


async def test_with_the_liability_fixed_the_fund_and_the_third_party_are_relieved_by_their_shares() -> None:
    office = await driver()
    await office.bridge.debts.fix_liability(key(), of(office, "T:DRIVER").recovery_id, rate("0.70"), None, "clerk")
    before = len(office.bridge.state.entries)
    which = await cut(office, "1000")
    assert wi(office, before) == [({H: fen("1000")}, {"5001.11": fen("300"), DRIVER: fen("700")})]
    assert (of(office, "T:DRIVER").open_fen, of(office, "T:DRIVER").expensed_fen) == (fen("29900"), fen("17100"))
    await office.sound()
    await withdraw(office, which)
    assert wi(office, before)[1] == ({"5001.11": fen("300"), DRIVER: fen("700")}, {H: fen("1000")})
    assert (of(office, "T:DRIVER").open_fen, of(office, "T:DRIVER").moved_fen) == (fen("30600"), 0)
    assert balance(office.bridge.state, "5001.11") == fen("17400")
    await office.sound()


async def test_a_third_party_that_has_paid_everything_gets_its_share_back() -> None:
    office = await driver()
    await office.bridge.debts.fix_liability(key(), of(office, "T:DRIVER").recovery_id, rate("0.70"), None, "clerk")
    await office.bridge.debts.demand(key(), of(office, "T:DRIVER").recovery_id, "clerk")
    await paid_by(office, "T:DRIVER", "30600")
    before = len(office.bridge.state.entries)
    which = await cut(office, "1000")
    assert wi(office, before) == [
        ({H: fen("1000")}, {"5001.11": fen("300"), "2203(T:DRIVER)": fen("700")}),
        ({"2203(T:DRIVER)": fen("700")}, {"1003": fen("700")}),
    ]
    assert (of(office, "T:DRIVER").recovered_fen, of(office, "T:DRIVER").state) == (fen("29900"), RecoveryState.RECOVERED)
    await office.sound()
    # the objection is right: the driver owes it again, and it is demanded again
    await withdraw(office, which)
    debt = of(office, "T:DRIVER")
    assert (debt.open_fen, debt.state, debt.due_on) == (fen("700"), RecoveryState.OPEN, date(2026, 11, 27))
    assert ("recovery-overdue", debt.recovery_id) in office.bridge.state.deadlines
    await office.sound()


async def test_cut_before_and_withdrawn_after_the_liability_is_fixed() -> None:
    office = await driver()
    which = await cut(office, "1000")
    await office.bridge.debts.fix_liability(key(), of(office, "T:DRIVER").recovery_id, rate("0.70"), None, "clerk")
    await withdraw(office, which)
    # as if never cut: 30,600 claimed, 17,400 borne
    assert (of(office, "T:DRIVER").open_fen, of(office, "T:DRIVER").expensed_fen) == (fen("30600"), fen("17400"))
    assert (balance(office.bridge.state, "5001.11"), balance(office.bridge.state, "1122")) == (fen("17400"), 0)
    await office.sound()


async def test_an_employers_debt_falls_and_what_it_has_paid_is_given_back() -> None:
    office = await employer()
    before = len(office.bridge.state.entries)
    await cut(office, "420")
    assert wi(office, before) == [({H: fen("420")}, {"1123(E:E1)": fen("420")})]
    await paid_by(office, "E:E1", "10000")
    before = len(office.bridge.state.entries)
    which = await cut(office, "500", "B")
    assert wi(office, before) == [
        ({H: fen("500")}, {"1123(E:E1)": fen("260"), "2204(E:E1)": fen("240")}),
        ({"2204(E:E1)": fen("240")}, {"1003": fen("240")}),
    ]
    assert (of(office, "E:E1").open_fen, of(office, "E:E1").recovered_fen) == (0, fen("9760"))
    assert balance(office.bridge.state, "5001.11") == 0
    await office.sound()
    await withdraw(office, which)
    assert wi(office, before)[2] == ({"1123(E:E1)": fen("500")}, {H: fen("500")})
    assert of(office, "E:E1").open_fen == fen("500")
    await office.sound()


async def test_what_was_written_off_comes_in_from_the_hospital() -> None:
    office = await employer()
    await office.bridge.debts.demand(key(), of(office, "E:E1").recovery_id, "clerk")
    await office.bridge.debts.write_off(key(), of(office, "E:E1").recovery_id, "D1", "clerk", "chief")
    before = len(office.bridge.state.entries)
    await cut(office, "420")
    assert wi(office, before) == [({H: fen("420")}, {"5001.30": fen("420")})]
    await office.sound()


async def test_the_day_of_the_line_decides_after_a_back_payment() -> None:
    office = await employer(back_paid=date(2026, 3, 12))
    assert await refused(cut(office, "100"), office.bridge) == "deduction.line-day-needed"
    before = len(office.bridge.state.entries)
    old = await cut(office, "100", "A", date(2026, 3, 5))
    new = await cut(office, "200", "B", date(2026, 3, 12))
    assert wi(office, before) == [
        ({H: fen("100")}, {"1123(E:E1)": fen("100")}),
        ({H: fen("200")}, {"5001.11": fen("200")}),
    ]
    await office.sound()
    await withdraw(office, new)
    await withdraw(office, old)
    assert wi(office, before)[2:] == [
        ({"5001.11": fen("200")}, {H: fen("200")}),
        ({"1123(E:E1)": fen("100")}, {H: fen("100")}),
    ]
    assert balance(office.bridge.state, "1122") == 0
    await office.sound()


async def test_once_for_a_line_and_never_more_than_was_advanced() -> None:
    office = await employer()
    await cut(office, "420")
    assert await refused(cut(office, "1"), office.bridge) == "deduction.line-deducted"
    assert await refused(cut(office, "9660.01", "B"), office.bridge) == "deduction.beyond-cost"
    await cut(office, "9660", "B")
    await office.sound()


@pytest.mark.parametrize("received", ["0", "600", "10680"])
async def test_revoked_after_a_cut_everybody_stands_where_he_would_without_it(received: str) -> None:
    office = await employer()
    if received != "0":
        await paid_by(office, "E:E1", received)
    await cut(office, "420")
    await office.revoke()
    state = office.bridge.state
    assert [balance(state, a) for a in ("1122", "1123", "2203", "2204", "5001.11", "5001.13", "5001.30")] == [0] * 7
    assert balance(state, "1125", "P:P1") == fen("10680")
    # what the employer had paid in went back to it, all of it
    assert balance(state, "1003") == -fen("10680")


async def test_the_order_of_acts_does_not_matter() -> None:
    ends = set()
    for order in permutations(("cut", "liable", "receive", "withdraw", "other")):
        if order.index("withdraw") < order.index("cut"):
            continue
        office = await driver()
        which = ""
        for act in order:
            if act == "cut":
                which = await cut(office, "1000")
            elif act == "other":
                await cut(office, "333.33", "B")
            elif act == "withdraw":
                await withdraw(office, which)
            elif act == "receive":
                await paid_by(office, "T:DRIVER", "5000")
            else:
                debt = of(office, "T:DRIVER")
                await office.bridge.debts.fix_liability(key(), debt.recovery_id, rate("0.70"), None, "clerk")
            await office.sound()
        state = office.bridge.state
        debt = of(office, "T:DRIVER")
        ends.add((debt.open_fen, debt.expensed_fen, *(balance(state, a) for a in ("5001.11", "1124", "1122", "1003"))))
    assert len(ends) == 1


async def test_beside_an_uninsured_employer_each_is_relieved_of_what_it_owes() -> None:
    office = await employer(third="T:DRIVER")
    debt = of(office, "T:DRIVER")
    assert (debt.advanced_fen, of(office, "E:E1").advanced_fen) == (fen("10080"), fen("600"))
    await office.bridge.debts.fix_liability(key(), debt.recovery_id, rate("0.20"), None, "clerk")
    # 20 % of 29,400 = 5,880; the employer owes the other 4,200
    assert balance(office.bridge.state, "1123", "E:E1") == fen("4800")
    before = len(office.bridge.state.entries)
    which = await cut(office, "1000")
    assert wi(office, before) == [({H: fen("1000")}, {"1123(E:E1)": fen("800"), DRIVER: fen("200")})]
    await office.sound()
    await withdraw(office, which)
    assert wi(office, before)[1] == ({"1123(E:E1)": fen("800"), DRIVER: fen("200")}, {H: fen("1000")})
    await office.sound()
    await cut(office, "1000")
    await office.revoke()
    assert [balance(office.bridge.state, a) for a in ("1122", "1123", "1124", "2203", "5001.11")] == [0] * 5
