"""Audits and package prices before a conversion (B12, B0.5), back-payment (B7), limitation and two debtors (B6): to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.claims import FundPayment, SettlementCorrected
from shared.contracts.workinjury_bridge import RecoveryChanged
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen, rate
from tests.factories.workinjury_bridge.examples import sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import INJURED, NINE_DAYS, Office, bill, key, line
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.recovery.remind import LIMITATION_DEADLINE
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.limitation import Interruption, years_after
from workinjury_bridge.domain.recovery import Recovery, RecoveryState
from workinjury_bridge.domain.terms import CaseFacts, StayFacts

AUDITED = replace(
    bill(NINE_DAYS, [line("A", "9000"), line("B", "2000")], "2245", pool="8755"), overpaid_fen=fen("150"), audited_lines=("A",)
)
"""F11's bill, 12 000, pool 9 605 and cash 2 395, after 1 000 of line A was found wrong: d = 850, and 150 of cash too much."""


def before_audit() -> Office:
    return Office(bill(NINE_DAYS, [line("A", "10000"), line("B", "2000")], "2395", pool="9605"))


def audit(office: Office) -> None:
    """The medical funds' audit of claims."""
    office.bridge.claims.settlements["S1"].bill = AUDITED


CORRECTED = SettlementCorrected(
    settlement_id="S1",
    sequence=1,
    visit_id="V1",
    person_id="P1",
    institution_code="H37082600001",
    institution_name="县人民医院",
    scheme="310",
    benefit_year=2026,
    corrected_at=datetime(2026, 4, 1, tzinfo=UTC),
    reason="line",
    reason_text="超标准收费",
    trigger_id="S1",
    counterparty="institution",
    payments=[FundPayment(book="EMP", account="5001.01", fund_pay_type="", amount_fen=-fen("850"))],
    account_fen=0,
    cash_fen=-fen("150"),
    total_fen=-fen("1000"),
)
CONVERTED_AS_AUDITED = (
    "conversion",
    (
        {"5001.11": fen("11000"), "5001.13": fen("270"), "1122(H:H37082600001)": fen("150")},
        {"2202(EMP)": fen("8755"), "2203(P:P1)": fen("2665")},
    ),
)
"""E without the gross deduction, the effective cost to the fund, the person in full, the rest from the hospital (B0.5)."""


async def test_an_audit_before_the_conversion_makes_the_hospital_owe_what_it_took_from_the_person() -> None:
    office = before_audit()
    audit(office)
    await office.recognise()
    await office.approve()
    assert office.wi()[0] == CONVERTED_AS_AUDITED
    await office.revoke()
    assert [balance(office.bridge.state, a) for a in ("5001.11", "5001.13", "1122", "2202")] == [0, 0, 0, 0]


async def test_an_audit_between_the_check_and_the_approval_is_told_and_looked_at_again() -> None:
    office = before_audit()
    await office.recognise()
    await office.bridge.review.check(key(), office.conversion.conversion_id, "maker", None)
    audit(office)
    await office.bridge.hear(CORRECTED)
    assert (office.conversion.state, office.conversion.maker, office.conversion.figures) == (
        ConversionState.PROPOSED,
        None,
        None,
    )
    await office.approve()
    assert office.wi()[0] == CONVERTED_AS_AUDITED


async def test_a_correction_told_again_or_late_computes_nothing_anew_and_the_next_one_does() -> None:
    office = before_audit()
    await office.recognise()
    second = replace(CORRECTED, sequence=2)
    await office.bridge.hear(second)
    await office.bridge.go_on()
    seen, told = office.conversion, len(office.bridge.store.events)
    assert seen.figures is not None
    for again in (second, CORRECTED):
        await office.bridge.hear(again)
    assert (office.conversion, len(office.bridge.store.events)) == (seen, told)
    await office.bridge.hear(replace(CORRECTED, sequence=3))
    assert (office.conversion.state, office.conversion.figures) == (ConversionState.PROPOSED, None)


async def test_an_audit_that_overtakes_the_take_back_sends_the_conversion_back_to_be_approved_again() -> None:
    office = before_audit()
    await office.recognise()
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.review.check(key(), conversion_id, "maker", None)
    await bridge.review.approve(key(), conversion_id, "checker", None)
    assert await bridge.advance.step(conversion_id)
    assert office.conversion.begun
    audit(office)
    told = len(bridge.claims.entries)
    await bridge.go_on()
    conversion = office.conversion
    assert (conversion.state, conversion.begun, conversion.maker) == (ConversionState.PROPOSED, False, None)
    assert conversion.figures is not None
    assert conversion.figures.work_injury_fen == fen("11000")
    assert conversion.note == "claims.conversion.changed: 结算金额在转换复核后发生变化，请重新核算并复核"
    assert (bridge.state.entries, len(bridge.claims.entries)) == ({}, told)
    # the fact of the correction arrives last, and only has the figures computed once more
    await bridge.hear(CORRECTED)
    await office.approve()
    assert office.wi()[0] == CONVERTED_AS_AUDITED


async def test_revoked_and_overtaken_at_once_ends_without_a_trace() -> None:
    office = before_audit()
    await office.recognise()
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.review.check(key(), conversion_id, "maker", None)
    await bridge.review.approve(key(), conversion_id, "checker", None)
    assert await bridge.advance.step(conversion_id)
    audit(office)
    await bridge.revoke.run(key(), office.case_id, "J1", INJURED, "court", "clerk")
    await bridge.go_on()
    assert (office.conversion.state, bridge.state.entries) == (ConversionState.FAILED, {})


def finding(line_id: str, amount: str) -> Finding:
    return Finding(
        settlement_id="S1", line_id=line_id, amount_fen=fen(amount), reason="超标准收费", maker="auditor", checker="chief"
    )


async def test_who_bears_a_line_is_whom_the_audit_goes_to_while_a_conversion_is_on_its_way() -> None:
    office = before_audit()
    audit(office)
    await office.recognise()
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.review.check(key(), conversion_id, "maker", None)

    async def refused(code: str, line_id: str = "B") -> None:
        before = bridge.state
        with pytest.raises(Refusal) as caught:
            await bridge.deduct.deduct(key(), finding(line_id, "100"))
        assert (caught.value.code, bridge.state) == (f"workinjury-bridge.deduction.{code}", before)

    await refused("not-borne")
    await bridge.review.approve(key(), conversion_id, "checker", None)
    assert await bridge.advance.step(conversion_id)
    await refused("being-converted")
    assert await bridge.advance.step(conversion_id)
    assert office.conversion.state.value == "posted"
    # line A was cut by the medical fund before: never twice
    await refused("line-deducted", "A")
    await bridge.deduct.deduct(key(), finding("B", "100"))
    assert office.wi()[-1] == ("deduction", ({"1122(H:H37082600001)": fen("100")}, {"5001.11": fen("100")}))
    await bridge.go_on()
    assert office.conversion.state is ConversionState.SETTLED
    await office.sound()


@pytest.mark.parametrize(
    ("cash", "pool", "debits", "credits", "left"),
    [
        # the hospital bore 2 000 beyond the package: the fund pays by line, so it gets them
        ("3000", "7000", {}, {"2201(H:H37082600001)": fen("2000")}, (-fen("2000"), fen("2000"))),
        # the package was dearer than the lines: the hospital gives back what it gained
        ("3500", "9000", {"1122(H:H37082600001)": fen("500")}, {}, (0, 0)),
    ],
)
async def test_a_package_price_binds_the_medical_funds_only(
    cash: str, pool: str, debits: dict[str, int], credits: dict[str, int], left: tuple[int, int]
) -> None:
    package = bill(NINE_DAYS, [line("A", "10000"), line("B", "2000")], cash, pool=pool)
    package = replace(package, hospital_fen=package.total_fen - fen(cash) - fen(pool))
    office = Office(package)
    await office.recognise()
    await office.approve()
    assert office.wi()[0] == (
        "conversion",
        (
            {"5001.11": fen("12000"), "5001.13": fen("270"), **debits},
            {"2202(EMP)": fen(pool), **credits, "2203(P:P1)": fen(cash) + fen("270")},
        ),
    )
    await office.revoke()
    # what the hospital was to get stays due until the clearing, which meets it with what it has to give back
    assert (balance(office.bridge.state, "2201"), balance(office.bridge.state, "1122")) == left
    assert balance(office.bridge.state, "5001.11") == 0


async def test_a_bill_that_does_not_close_is_still_refused() -> None:
    office = Office(bill(NINE_DAYS, [line("A", "10000"), line("B", "2000")], "3000", pool="7000"))
    await office.recognise()
    assert office.conversion.state is ConversionState.FAILED
    assert str(office.conversion.cause).startswith("workinjury-bridge.conversion.figures-do-not-close")


TWENTY_DAYS = (date(2026, 3, 2), date(2026, 3, 22))


def f7_crossing() -> Office:
    """F7, with the day of every charge."""
    early, late = date(2026, 3, 3), date(2026, 3, 15)
    lines: list[BillLine] = [
        line("A", "20000", charged_on=early),
        line("B", "9000", charged_on=late),
        line("C1", "400", charged_on=late),
        line("C2", "600", in_catalogue=False, consent=True, charged_on=late),
    ]
    return Office(bill(TWENTY_DAYS, lines, "10680", res="19320"))


async def advanced(bridge: MemoryBridge, case_id: str) -> None:
    """Applied for, the employer served, its days over, approved."""
    applied = await bridge.advances.apply(key(), case_id, date(2026, 4, 30), "clerk")
    await bridge.advances.serve(key(), applied["advance_id"], date(2026, 5, 8), "clerk")
    await bridge.advances.approve(key(), applied["advance_id"], "chief", None)


async def test_back_payment_moves_what_newly_arises_to_the_fund_by_the_day_of_the_charge() -> None:
    office = f7_crossing()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    bridge = office.bridge
    paid = await bridge.back_payment.run(key(), office.case_id, date(2026, 3, 12), "BJ-1", "clerk")
    assert paid["conversions"] == [office.conversion.conversion_id]
    await advanced(bridge, office.case_id)
    await office.approve()
    # E = 20 000 before + 9 400 after; t_WI = 19 320 x 9 400 / 29 400; the person's excess is advanced for the old part only
    assert office.wi()[0] == (
        "conversion",
        (
            {"5001.11": fen("9400"), "5001.13": fen("300"), "1123(E:E1)": fen("7157.14")},
            {"2202(RES)": fen("6177.14"), "2203(P:P1)": fen("10680")},
        ),
    )
    assert sides(office.funds()[0]) == (
        {"1121(WI)": fen("6177.14"), "1123(E:E1)": fen("13142.86")},
        {"5001.01": fen("19320")},
    )
    assert office.debt(Book.WI, "E:E1").open_fen == fen("7157.14")
    assert office.debt(Book.RES, "E:E1").open_fen == fen("13142.86")
    await office.revoke()
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "1123")] == [0, 0, 0]
    assert office.bridge.claims.balance(Book.RES, "5001.01") == fen("19320")


@pytest.mark.parametrize(
    ("effective_on", "debits"),
    [
        (date(2026, 3, 2), {"5001.11": fen("29400"), "5001.13": fen("600")}),
        (date(2026, 3, 23), {"1123(E:E1)": fen("10680")}),
    ],
)
async def test_a_stay_on_one_side_of_the_back_payment(effective_on: date, debits: dict[str, int]) -> None:
    office = f7_crossing()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    await office.bridge.back_payment.run(key(), office.case_id, effective_on, "BJ-1", "clerk")
    await advanced(office.bridge, office.case_id)
    await office.approve()
    assert office.wi()[0][1][0] == debits


async def test_old_debts_stay_the_employers_and_a_stay_that_is_approved_is_not_reached() -> None:
    office = f7_crossing()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    bridge = office.bridge
    await advanced(bridge, office.case_id)
    await office.approve()
    before = bridge.state
    for day, code in (
        (date(2026, 3, 22), "workinjury-bridge.case.already-converted"),
        (date(2026, 3, 1), "workinjury-bridge.facts.invalid"),
        (date(2026, 11, 23), "workinjury-bridge.day.in-the-future"),
    ):
        with pytest.raises(Refusal) as caught:
            await bridge.back_payment.run(key(), office.case_id, day, "BJ-1", "clerk")
        assert (caught.value.code, bridge.state) == (code, before)
    await bridge.back_payment.run(key(), office.case_id, date(2026, 3, 23), "BJ-1", "clerk")
    assert bridge.state.recoveries == before.recoveries
    assert bridge.state.cases[office.case_id].facts.insured_from == date(2026, 3, 23)
    # the fund pays a later stay by itself, directly too
    assert (await bridge.judge.run("P1", date(2026, 3, 22)))["reason_code"] == "advance-only"
    assert (await bridge.judge.run("P1", date(2026, 3, 23)))["entitled"]
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.back_payment.run(key(), office.case_id, date(2026, 3, 24), "BJ-2", "clerk")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.case.back-paid", before)


def f6(*, employer_insured: bool) -> tuple[Office, CaseFacts]:
    lines = [line("A", "38000"), line("B", "20000"), line("C", "2000", in_catalogue=False, emergency=True)]
    office = Office(bill(NINE_DAYS, lines, "12825", pool="47175"))
    return office, CaseFacts(employer_insured=employer_insured, third_party="T:DRIVER")


async def third_party_beside_an_uninsured_employer() -> Office:
    office, facts = f6(employer_insured=False)
    await office.recognise(facts=facts)
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.state_facts.of_stay(key(), conversion_id, StayFacts(prepaid_fen=fen("10000")), "clerk")
    await advanced(bridge, office.case_id)
    await office.approve()
    return office


async def test_third_party_beside_an_uninsured_employer_each_fen_has_one_debtor() -> None:
    office = await third_party_beside_an_uninsured_employer()
    bridge, debts = office.bridge, office.bridge.debts
    # the employer repays the medical fund; the fund advances the excess against the driver and the allowance against the employer
    assert office.wi()[0] == (
        "conversion",
        ({"1124(T:DRIVER)": fen("825"), "1123(E:E1)": fen("270")}, {"2203(P:P1)": fen("1095")}),
    )
    assert sides(office.funds()[0]) == ({"1123(E:E1)": fen("47175")}, {"5001.01": fen("47175")})
    driver = office.debt(Book.WI, "T:DRIVER")
    # 18 % of 58 000 less 10 000: the driver owes 440, the employer the other 385, the fund bears nothing
    fixed = await debts.fix_liability(key(), driver.recovery_id, rate("0.18"), None, "clerk")
    assert (fixed["open_fen"], fixed["expensed_fen"]) == (fen("440"), 0)
    assert office.wi()[-1] == ("recovery", ({"1123(E:E1)": fen("385")}, {"1124(T:DRIVER)": fen("385")}))
    await office.sound()
    # the driver does not pay: the employer owes it all
    await debts.charge_employer(key(), driver.recovery_id, fen("440"), "clerk")
    assert bridge.state.recoveries[driver.recovery_id].state is RecoveryState.MOVED
    assert balance(bridge.state, "1123", "E:E1") == fen("1095")
    # the employer has given the person 385 of it: the person hands that over, and nothing is owed twice
    moved = next(d for d in bridge.state.recoveries.values() if d.advanced_fen == fen("385"))
    await debts.change_debtor(key(), moved.recovery_id, fen("385"), "clerk")
    assert office.wi()[-1] == ("recovery", ({"1125(P:P1)": fen("385")}, {"1123(E:E1)": fen("385")}))
    open_fen = sum(d.open_fen for d in bridge.state.recoveries.values() if d.book is Book.WI)
    assert open_fen == fen("1095")
    await office.sound()
    await office.revoke()
    assert [balance(bridge.state, a) for a in ("1123", "1124", "5001.11", "5001.13")] == [0, 0, 0, 0]


async def test_an_insured_employer_is_not_charged_for_the_third_party() -> None:
    office, facts = f6(employer_insured=True)
    debt = await driver_owes(office, facts)
    before = office.bridge.state
    with pytest.raises(Refusal) as caught:
        await office.bridge.debts.charge_employer(key(), debt.recovery_id, fen("1"), "clerk")
    assert (caught.value.code, office.bridge.state) == ("workinjury-bridge.recovery.wrong-state", before)


async def driver_owes(office: Office, facts: CaseFacts) -> Recovery:
    await office.recognise(facts=facts)
    applied = await office.bridge.advances.apply(key(), office.case_id, date(2026, 11, 20), "clerk")
    await office.bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    return office.debt(Book.WI, facts.third_party or "")


async def alarm(bridge: MemoryBridge, recovery_id: str) -> list[bool]:
    """The timer goes off; whether each fact it told says that the claim lapses soon."""
    told = len(bridge.store.events)
    async with bridge.store.transaction() as tx:
        await bridge.remind.of_limitation(tx, recovery_id)
    return [e.limitation_near for e in bridge.store.events[told:] if isinstance(e, RecoveryChanged)]


async def test_the_claim_against_the_third_party_lapses_unless_it_is_interrupted() -> None:
    office, facts = f6(employer_insured=True)
    debt = await driver_owes(office, facts)
    bridge, debts, which = office.bridge, office.bridge.debts, (LIMITATION_DEADLINE, debt.recovery_id)
    assert debt.limitation_on == date(2029, 3, 1)
    assert bridge.state.deadlines[which] == datetime(2028, 9, 1, 16, tzinfo=UTC)
    assert await alarm(bridge, debt.recovery_id) == []
    bridge.clock.advance(datetime(2028, 9, 2, 2, tzinfo=UTC) - bridge.clock.now())
    assert await alarm(bridge, debt.recovery_id) == [True]
    assert bridge.state.deadlines[which] == datetime(2028, 10, 2, 16, tzinfo=UTC)
    # a demand, and the time begins anew
    demanded = await debts.demand(key(), debt.recovery_id, "clerk")
    assert demanded["limitation_on"] == "2031-09-02"
    assert bridge.state.deadlines[which] == datetime(2031, 3, 5, 16, tzinfo=UTC)
    # in court no time runs; it begins with the end of the suit
    suit = await debts.interrupt(key(), debt.recovery_id, Interruption.SUIT, date(2028, 9, 2), "(2028)鲁0826民初1号", "clerk")
    assert (suit["limitation_on"], which in bridge.state.deadlines) == (None, False)
    assert await alarm(bridge, debt.recovery_id) == []
    bridge.clock.advance(timedelta(days=100))
    ended = await debts.interrupt(key(), debt.recovery_id, Interruption.SUIT_ENDED, date(2028, 12, 1), "撤诉裁定", "clerk")
    assert ended["limitation_on"] == "2031-12-01"
    # lapsed: told once more, a demand is too late, only the debtor's word revives it
    bridge.clock.advance(datetime(2031, 12, 2, 2, tzinfo=UTC) - bridge.clock.now())
    del bridge.store.state.deadlines[which]
    assert await alarm(bridge, debt.recovery_id) == [True]
    assert which not in bridge.state.deadlines
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await debts.interrupt(key(), debt.recovery_id, Interruption.DEMAND, date(2031, 12, 2), "EMS1", "clerk")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.recovery.time-barred", before)
    word = await debts.interrupt(key(), debt.recovery_id, Interruption.ACKNOWLEDGED, date(2031, 12, 2), "还款承诺书", "clerk")
    assert word["limitation_on"] == "2034-12-02"
    assert [i.kind.value for i in bridge.state.interruptions.values()] == ["demand", "suit", "suit-ended", "acknowledged"]
    # paid in full: nothing is left to lapse
    await debts.receive(key(), debt.recovery_id, debt.open_fen, 0, "B1", "clerk")
    assert which not in bridge.state.deadlines


async def test_an_unknown_third_party_has_twenty_years_and_three_once_it_is_named() -> None:
    office, facts = f6(employer_insured=True)
    debt = await driver_owes(office, replace(facts, third_party="T:UNKNOWN"))
    assert debt.limitation_on == date(2046, 3, 1)
    fixed = await office.bridge.debts.fix_liability(key(), debt.recovery_id, rate("0.70"), "T:DRIVER", "clerk")
    assert fixed["limitation_on"] == "2029-11-22"


async def test_only_a_claim_against_a_third_party_can_be_interrupted() -> None:
    office = f7_crossing()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    await advanced(office.bridge, office.case_id)
    await office.approve()
    debt = office.debt(Book.WI, "E:E1")
    assert debt.limitation_on is None
    before = office.bridge.state
    for kind, on, code in (
        (Interruption.DEMAND, date(2026, 11, 20), "workinjury-bridge.recovery.wrong-state"),
        (Interruption.DEMAND, date(2026, 11, 23), "workinjury-bridge.day.in-the-future"),
    ):
        with pytest.raises(Refusal) as caught:
            await office.bridge.debts.interrupt(key(), debt.recovery_id, kind, on, "EMS1", "clerk")
        assert (caught.value.code, office.bridge.state) == (code, before)


def test_a_leap_day_ends_with_february() -> None:
    assert years_after(date(2028, 2, 29), 3) == date(2031, 2, 28)
