"""Cash benefits on fakes: F13, pensions through months, late facts, death at any moment, returned payments, revocation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.workinjury_bridge import BenefitGranted, BenefitPaid, BenefitResumed, BenefitStopped, PersonLost
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import refused
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.entitlement import BreakReason, Relation
from workinjury_bridge.domain.benefits.item import ItemState
from workinjury_bridge.domain.benefits.kinds import ACCOUNTS, BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.recognition import Outcome

_keys = count()
KIN = (("D1", Relation.SPOUSE), ("D2", Relation.CHILD), ("D3", Relation.CHILD), ("D4", Relation.PARENT))


def key() -> OnceKey:
    return OnceKey("test", str(next(_keys)), "digest")


@pytest.fixture
def bridge() -> MemoryBridge:
    return MemoryBridge()


def on(bridge: MemoryBridge, day: date) -> None:
    bridge.clock.set(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))


async def recognised(bridge: MemoryBridge, accident_on: date = date(2026, 1, 5)) -> str:
    accident = Accident(person_id="P1", accident_on=accident_on, body_parts=("leg",), description="press")
    case_id: str = (await bridge.open_case.run(key(), accident))["case_id"]
    await bridge.decide.run(
        key(), case_id, NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=accident_on, decided_by="x")
    )
    await bridge.benefits.record_wage.run(key(), case_id, [fen("7200")] * 12, "clerk")
    return case_id


async def appraise(bridge: MemoryBridge, case_id: str, grade: int, day: date = date(2026, 2, 10), **changes: Any) -> None:
    said = Conclusion(
        conclusion_no=f"J{day}",
        kind=AppraisalKind.INITIAL,
        concluded_on=day,
        decided_by="city",
        grade=grade,
        nursing=NursingGrade.LARGE,
    )
    await bridge.benefits.record_appraisal.run(key(), case_id, replace(said, **changes), "clerk")


async def grant(
    bridge: MemoryBridge, case_id: str, kind: BenefitKind, person_id: str | None = None, relation: Relation | None = None
) -> str:
    asked = PensionRequest(kind=kind, materials=("M1",), person_id=person_id, relation=relation)
    answer = await bridge.benefits.propose_pension.run(key(), case_id, asked, "maker")
    await bridge.benefits.change.approve(key(), answer["entitlement_id"], "checker")
    return str(answer["entitlement_id"])


async def item(bridge: MemoryBridge, case_id: str, kind: BenefitKind, *signers: str, **facts: Any) -> str:
    asked = ItemRequest(kind=kind, on=bridge.clock.today(), materials=("M1",), **facts)
    answer = await bridge.benefits.propose.run(key(), case_id, asked, "maker")
    for signer in signers:
        await bridge.benefits.approve.approve(key(), answer["benefit_id"], signer)
    return str(answer["benefit_id"])


async def pensioner(bridge: MemoryBridge) -> tuple[str, str]:
    """Case and disability allowance of 5,400 a month, grade 4, first month March 2026, paid through October."""
    case_id = await recognised(bridge)
    await appraise(bridge, case_id, 4)
    on(bridge, date(2026, 10, 12))
    entitlement_id = await grant(bridge, case_id, BenefitKind.DISABILITY_ALLOWANCE)
    assert await bridge.benefits.pay_pensions() == {}
    return case_id, entitlement_id


async def lose(
    bridge: MemoryBridge,
    case_id: str,
    day: date,
    circumstance: Circumstance = Circumstance.AFTER_TIME_OFF,
    person_id: str | None = None,
) -> dict[str, Any]:
    report = LossReport(circumstance=circumstance, occurred_on=day, source=Source.FAMILY, person_id=person_id)
    return await bridge.benefits.report_loss.report(key(), case_id, report, "clerk")


def paid(bridge: MemoryBridge, kind: str) -> list[int]:
    return [p.amount_fen for p in bridge.state.payments.values() if p.kind == kind]


def books(bridge: MemoryBridge) -> None:
    """Every expense is paid, payable, or met from a debt: nothing else moves money to persons."""
    expense = sum(balance(bridge.state, account) for account in ACCOUNTS.values())
    assert expense == -balance(bridge.state, "1003") - balance(bridge.state, "2203") - balance(bridge.state, "1125")
    for dim in {x.dim for e in bridge.state.entries.values() for x in e.lines if x.account in ("2203", "1125")}:
        assert balance(bridge.state, "2203", dim) <= 0
        assert balance(bridge.state, "1125", dim) >= 0


async def test_f13_death_in_the_stay(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge, date(2026, 3, 1))
    fact = replace(SETTLED, settlement_id="S1")
    lines = (
        BillLine(line_id="A", amount_fen=fen("60000"), in_catalogue=True),
        BillLine(line_id="B", amount_fen=fen("25000"), in_catalogue=True),
    )
    payments = (replace(F1_BILL.payments[0], amount_fen=fen("69700")),)
    bill = replace(
        F1_BILL,
        begun_on=date(2026, 3, 2),
        ended_on=date(2026, 3, 11),
        total_fen=fen("85000"),
        cash_fen=fen("15300"),
        payments=payments,
        lines=lines,
    )
    await bridge.hear(bridge.claims.settle(fact, bill))
    await lose(bridge, case_id, date(2026, 3, 11), Circumstance.INJURY)
    await bridge.go_on()
    (conversion,) = bridge.state.conversions.values()
    await bridge.review.check(key(), conversion.conversion_id, "maker", None)
    await bridge.review.approve(key(), conversion.conversion_id, "checker", None)
    await bridge.go_on()
    heirs = "2203(HEIRS:P1)"
    entries = [sides(e) for e in bridge.state.entries.values()]
    assert entries == [
        ({"5001.11": fen("85000"), "5001.13": fen("270")}, {"2202(EMP)": fen("69700"), heirs: fen("15570")}),
        ({"2202(EMP)": fen("69700")}, {"1003": fen("69700")}),
    ]
    assert "继承" in bridge.state.hindrances[conversion.conversion_id]
    await item(bridge, case_id, BenefitKind.FUNERAL, "checker")
    death = await item(bridge, case_id, BenefitKind.ONE_OFF_DEATH, "checker")
    assert bridge.state.items[death].state is ItemState.CHECKED
    await bridge.benefits.approve.approve(key(), death, "director")
    pensions = [await grant(bridge, case_id, BenefitKind.DEPENDANT, person, relation) for person, relation in KIN]
    assert [sides(e) for e in list(bridge.state.entries.values())[2:]] == [
        ({"5001.20": fen("39000")}, {heirs: fen("39000")}),
        ({"5001.22": fen("1130040")}, {heirs: fen("1130040")}),
    ]
    assert bridge.state.payments == {}
    on(bridge, date(2026, 11, 22))
    assert await bridge.benefits.pay_pensions() == {}
    monthly = [[p.amount_fen for p in bridge.state.postings.values() if p.entitlement_id == e] for e in pensions]
    assert [amounts[0] for amounts in monthly] == [fen("2215.38"), fen("1661.54"), fen("1661.54"), fen("1661.54")]
    assert {sum(month) for month in zip(*monthly, strict=True)} == {fen("7200")}
    assert [len(amounts) for amounts in monthly] == [8] * 4  # April to November
    assert {p.payee for p in bridge.state.payments.values()} == {f"DEP:{person}" for person, _ in KIN}
    answer = await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert answer["paid_fen"] == fen("1169040")
    await bridge.advance.run(conversion.conversion_id)
    assert balance(bridge.state, "2203") == 0
    assert {p.payee for p in bridge.state.payments.values() if p.person_id == "P1"} == {"HEIRS:P1"}
    assert paid(bridge, "refund") + paid(bridge, "meals") + paid(bridge, "funeral") + paid(bridge, "one-off-death") == [
        fen("15300"),
        fen("270"),
        fen("39000"),
        fen("1130040"),
    ]
    assert (await bridge.check.run())["breaches"] == []


async def test_a_pension_through_the_months(bridge: MemoryBridge) -> None:
    _, entitlement_id = await pensioner(bridge)
    assert paid(bridge, "disability-allowance") == [8 * fen("5400")]
    assert await bridge.benefits.pay_pensions() == {}
    on(bridge, date(2026, 11, 9))
    assert await bridge.benefits.run.due() == []
    on(bridge, date(2026, 11, 10))
    for _ in range(2):
        await bridge.benefits.run.run(entitlement_id)
        await bridge.benefits.pay_pensions()
    assert paid(bridge, "disability-allowance") == [8 * fen("5400"), fen("5400")]
    last = list(bridge.state.entries.values())[-2:]
    assert [sides(e) for e in last] == [
        ({"5001.17": fen("5400")}, {"2203(P:P1)": fen("5400")}),
        ({"2203(P:P1)": fen("5400")}, {"1003": fen("5400")}),
    ]
    assert {(e.maker, e.checker) for e in last} == {("maker", "checker")}
    told = [e for e in bridge.store.events if isinstance(e, BenefitPaid | BenefitGranted)]
    assert [(type(e).__name__, e.amount_fen) for e in told] == [
        ("BenefitGranted", fen("5400")),
        ("BenefitPaid", 8 * fen("5400")),
        ("BenefitPaid", fen("5400")),
    ]
    books(bridge)


async def test_death_told_late_takes_later_months_back_and_pays_nothing_more(bridge: MemoryBridge) -> None:
    case_id, entitlement_id = await pensioner(bridge)
    answer = await lose(bridge, case_id, date(2026, 7, 30))
    assert answer["notice_due_on"] == "2026-08-27"
    on(bridge, date(2026, 11, 12))
    await bridge.benefits.pay_pensions()
    assert balance(bridge.state, "1125", "P:P1") == 3 * fen("5400")  # August to October
    assert balance(bridge.state, "5001.17") == 5 * fen("5400")
    (stopped,) = [e for e in bridge.store.events if isinstance(e, BenefitStopped)]
    assert (stopped.reason, stopped.final, stopped.last_month) == ("death", True, date(2026, 7, 1))
    assert [e.circumstance for e in bridge.store.events if isinstance(e, PersonLost)] == ["after-time-off"]
    written = await item(bridge, case_id, BenefitKind.ESTATE_WRITE_OFF, "checker", reference="W1")
    assert bridge.state.items[written].state is ItemState.PAID
    assert sides(list(bridge.state.entries.values())[-1]) == ({"5001.30": 3 * fen("5400")}, {"1125(P:P1)": 3 * fen("5400")})
    assert len(paid(bridge, "disability-allowance")) == 1
    assert (
        await refused(bridge.benefits.change.resume(key(), entitlement_id, date(2026, 12, 1), "clerk"), bridge)
        == "entitlement.wrong-state"
    )
    books(bridge)


async def test_the_month_of_death_goes_to_the_heirs_less_debts_and_funeral_benefit_whole(bridge: MemoryBridge) -> None:
    case_id, _ = await pensioner(bridge)
    on(bridge, date(2026, 11, 5))
    await lose(bridge, case_id, date(2026, 11, 3))
    on(bridge, date(2026, 11, 12))
    await bridge.benefits.pay_pensions()
    await item(bridge, case_id, BenefitKind.FUNERAL, "checker")
    assert await refused(item(bridge, case_id, BenefitKind.ONE_OFF_DEATH), bridge) == "benefit.not-after-death"
    assert await refused(item(bridge, case_id, BenefitKind.FUNERAL), bridge) == "benefit.granted-already"
    assert balance(bridge.state, "2203", "HEIRS:P1") == -fen("5400") - fen("39000")
    assert balance(bridge.state, "2203", "P:P1") == 0
    assert await refused(bridge.benefits.confirm_succession.run(key(), "P1", (), "clerk"), bridge) == "benefit.fact-missing"
    await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert (paid(bridge, "disability-allowance")[1:], paid(bridge, "funeral")) == ([fen("5400")], [fen("39000")])
    assert [e.to_heirs for e in bridge.store.events if isinstance(e, BenefitPaid)] == [False, True, True]
    books(bridge)


async def test_a_worse_grade_from_a_reappraisal_pays_arrears(bridge: MemoryBridge) -> None:
    case_id, entitlement_id = await pensioner(bridge)
    await appraise(bridge, case_id, 2, date(2026, 10, 1), kind=AppraisalKind.REAPPRAISAL)
    await bridge.benefits.pay_pensions()
    assert paid(bridge, "disability-allowance") == [8 * fen("5400"), 8 * fen("720")]
    reasons = [p.reason for p in bridge.state.postings.values() if p.entitlement_id == entitlement_id][8:]
    assert set(reasons) == {"2级按85%计算"}
    described = (await bridge.benefits.describe.run(case_id))["entitlements"][0]
    assert (described["amount_fen"], described["calculation"][-1]["article"]) == (fen("6120"), "35")


async def test_suspended_resumed_and_replaced_by_an_old_age_pension(bridge: MemoryBridge) -> None:
    _, entitlement_id = await pensioner(bridge)
    change = bridge.benefits.change
    await change.suspend(key(), entitlement_id, BreakReason.REFUSES_TREATMENT, date(2026, 11, 1), "clerk")
    on(bridge, date(2026, 12, 15))
    await bridge.benefits.pay_pensions()
    assert len(paid(bridge, "disability-allowance")) == 1
    on(bridge, date(2027, 1, 15))
    await change.resume(key(), entitlement_id, date(2027, 1, 1), "clerk")
    await change.report_pension(key(), entitlement_id, date(2027, 2, 1), fen("4000"), "clerk")
    await bridge.benefits.pay_pensions()
    on(bridge, date(2027, 2, 15))
    await bridge.benefits.pay_pensions()
    assert paid(bridge, "disability-allowance")[1:] == [fen("5400"), fen("1400")]
    assert [type(e).__name__ for e in bridge.store.events if isinstance(e, BenefitStopped | BenefitResumed)] == [
        "BenefitStopped",
        "BenefitResumed",
    ]


async def test_missing_pensions_begin_in_the_fourth_month_and_return_takes_them_back(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge)
    await lose(bridge, case_id, date(2026, 6, 20), Circumstance.MISSING)
    await grant(bridge, case_id, BenefitKind.DEPENDANT, "D1", Relation.SPOUSE)
    half = await item(bridge, case_id, BenefitKind.ONE_OFF_DEATH, "checker", "director")
    assert bridge.state.items[half].amount_fen == fen("565020")
    await bridge.benefits.pay_pensions()
    assert paid(bridge, "dependant") == [3 * fen("2880")]  # September to November
    await bridge.benefits.report_loss.undo(key(), case_id, None, date(2026, 10, 3), "clerk")
    await bridge.benefits.pay_pensions()
    assert balance(bridge.state, "1125", "P:D1") == fen("2880")
    assert balance(bridge.state, "2203", "P:P1") == -fen("565020")
    on(bridge, date(2026, 12, 12))
    await bridge.benefits.pay_pensions()
    assert len(paid(bridge, "dependant")) == 1
    books(bridge)


async def test_signatures(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge)
    await appraise(bridge, case_id, 1)
    item_id = await item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY)
    proposed = bridge.state.items[item_id]
    approve = bridge.benefits.approve.approve
    assert await refused(approve(key(), proposed.item_id, "maker"), bridge) == "benefit.same-hand"
    await approve(key(), proposed.item_id, "checker")  # 194,400 is below the threshold
    assert paid(bridge, "one-off-disability") == [fen("194400")]
    assert await refused(approve(key(), proposed.item_id, "director"), bridge) == "benefit.wrong-state"
    entitlement = PensionRequest(kind=BenefitKind.NURSING, materials=("M1",))
    answer = await bridge.benefits.propose_pension.run(key(), case_id, entitlement, "maker")
    assert (
        await refused(bridge.benefits.change.approve(key(), answer["entitlement_id"], "maker"), bridge) == "benefit.same-hand"
    )
    again = bridge.benefits.propose_pension.run(key(), case_id, entitlement, "maker")
    assert await refused(again, bridge) == "benefit.granted-already"


async def test_what_the_employer_owes_never_enters_the_fund(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge)
    await appraise(bridge, case_id, 5)
    asked = PensionRequest(kind=BenefitKind.DISABILITY_ALLOWANCE, materials=("M1",))
    assert await refused(bridge.benefits.propose_pension.run(key(), case_id, asked, "maker"), bridge) == "benefit.employer-owes"
    owed = (await bridge.benefits.describe.run(case_id))["owed_by_employer"]
    assert [(o["name"], o["amount_fen"]) for o in owed] == [
        ("停工留薪期工资", fen("7200")),
        ("伤残津贴（5–6级，按月）", fen("5040")),
        ("一次性伤残就业补助金", fen("237000")),
    ]
    assert bridge.state.entries == {}


async def test_a_payment_comes_back_and_goes_out_again(bridge: MemoryBridge) -> None:
    case_id, _ = await pensioner(bridge)
    (payment,) = bridge.state.payments.values()
    back = bridge.benefits.return_payment
    assert await refused(back.repay(key(), payment.payment_id, "clerk"), bridge) == "payment.not-returned"
    await back.run(key(), payment.payment_id, "账户已注销", "clerk")
    assert balance(bridge.state, "2203", "P:P1") == -8 * fen("5400")
    assert await refused(back.run(key(), payment.payment_id, "again", "clerk"), bridge) == "payment.returned-already"
    await back.repay(key(), payment.payment_id, "clerk")
    assert await refused(back.repay(key(), payment.payment_id, "clerk"), bridge) == "payment.not-returned"
    assert (balance(bridge.state, "2203"), balance(bridge.state, "1003")) == (0, -8 * fen("5400"))
    second = list(bridge.state.payments.values())[-1]
    assert second.repays == payment.payment_id
    await back.run(key(), second.payment_id, "账户已注销", "clerk")
    await lose(bridge, case_id, date(2026, 10, 11))
    assert balance(bridge.state, "2203", "HEIRS:P1") == -8 * fen("5400")
    assert await refused(back.repay(key(), second.payment_id, "clerk"), bridge) == "payment.heirs-unproven"
    books(bridge)


async def test_final_revocation_takes_everything_back(bridge: MemoryBridge) -> None:
    case_id, _ = await pensioner(bridge)
    await item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY, "checker")
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 10, 12), "court", "clerk")
    await bridge.benefits.pay_pensions()
    assert balance(bridge.state, "1125", "P:P1") == 21 * fen("7200") + 8 * fen("5400")
    assert sum(balance(bridge.state, account) for account in ACCOUNTS.values()) == 0
    books(bridge)


async def test_a_revoked_death_leaves_the_heirs_owing_its_benefits(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge, date(2026, 3, 1))
    await lose(bridge, case_id, date(2026, 3, 11), Circumstance.INJURY)
    await item(bridge, case_id, BenefitKind.FUNERAL, "checker")
    await item(bridge, case_id, BenefitKind.ONE_OFF_DEATH, "checker", "director")
    assert (await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk"))["paid_fen"] == fen("1169040")
    before = len(bridge.state.entries)
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 10, 12), "court", "clerk")
    await bridge.go_on()
    heirs = "1125(HEIRS:P1)"
    assert [sides(e) for e in list(bridge.state.entries.values())[before:]] == [
        ({heirs: fen("39000")}, {"5001.20": fen("39000")}),
        ({heirs: fen("1130040")}, {"5001.22": fen("1130040")}),
    ]
    assert balance(bridge.state, "1125", "HEIRS:P1") == -balance(bridge.state, "1003") == fen("1169040")
    assert [balance(bridge.state, account) for account in ("5001.20", "5001.22", "2203")] == [0, 0, 0]
    assert (await bridge.check.run())["breaches"] == []
    books(bridge)


async def test_loss_reports_that_contradict(bridge: MemoryBridge) -> None:
    case_id, _ = await pensioner(bridge)
    assert await refused(lose(bridge, case_id, date(2026, 10, 13)), bridge) == "day.in-the-future"
    assert await refused(lose(bridge, case_id, date(2026, 10, 1), person_id="X"), bridge) == "loss.stranger"
    first = await lose(bridge, case_id, date(2026, 10, 1))
    events = len(bridge.store.events)
    assert await lose(bridge, case_id, date(2026, 10, 1)) == first
    assert len(bridge.store.events) == events
    assert await refused(lose(bridge, case_id, date(2026, 10, 2)), bridge) == "loss.contradicts"
    assert (
        await refused(bridge.benefits.report_loss.undo(key(), case_id, None, date(2026, 10, 5), "clerk"), bridge)
        == "loss.contradicts"
    )
    assert await refused(item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY), bridge) == "benefit.person-gone"


async def test_a_hindered_pension_hinders_no_other(bridge: MemoryBridge) -> None:
    case_id, entitlement_id = await pensioner(bridge)
    nursing = await grant(bridge, case_id, BenefitKind.NURSING)
    bridge.state.wages.clear()
    on(bridge, date(2026, 11, 12))
    assert list(await bridge.benefits.pay_pensions()) == [entitlement_id]
    assert bridge.state.hindrances == {entitlement_id: "尚未核定本人工资（事故前12个月平均缴费工资），请先登记"}
    assert sum(p.amount_fen for p in bridge.state.postings.values() if p.entitlement_id == nursing) == 9 * fen("2600")


async def test_dependants_are_first_paid_when_the_whole_family_is_decided(bridge: MemoryBridge) -> None:
    case_id = await recognised(bridge)
    await lose(bridge, case_id, date(2026, 10, 3), Circumstance.INJURY)
    proposed = []
    for person, relation in KIN:
        asked = PensionRequest(kind=BenefitKind.DEPENDANT, materials=("M1",), person_id=person, relation=relation)
        proposed.append((await bridge.benefits.propose_pension.run(key(), case_id, asked, "maker"))["entitlement_id"])
    *most, last = proposed
    for entitlement_id in most:
        await bridge.benefits.change.approve(key(), entitlement_id, "checker")
        hindered = await bridge.benefits.pay_pensions()
        assert set(hindered.values()) == {"同案尚有供养亲属待核定，核定后一并首次发放"}
    assert bridge.state.postings == {}
    await bridge.benefits.change.approve(key(), last, "checker")
    assert await bridge.benefits.pay_pensions() == {}
    assert paid(bridge, "dependant") == [fen("2215.38"), fen("1661.54"), fen("1661.54"), fen("1661.54")]
    assert balance(bridge.state, "1125") == 0
    books(bridge)


class Death(BaseException):
    """The process is gone."""


async def story(bridge: MemoryBridge, keys: list[OnceKey]) -> None:
    """Grant, pay, die, prove; every caller repeats itself with the same key."""
    given = iter(keys)
    on(bridge, date(2026, 10, 12))
    accident = Accident(person_id="P1", accident_on=date(2026, 1, 5), body_parts=("leg",), description="press")
    case = (await bridge.open_case.run(next(given), accident))["case_id"]
    decision = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2026, 1, 9), decided_by="x")
    await bridge.decide.run(next(given), case, decision)
    benefits = bridge.benefits
    await benefits.record_wage.run(next(given), case, [fen("7200")] * 12, "clerk")
    said = Conclusion(conclusion_no="J", kind=AppraisalKind.INITIAL, concluded_on=date(2026, 2, 10), decided_by="c", grade=3)
    await benefits.record_appraisal.run(next(given), case, said, "clerk")
    asked = PensionRequest(kind=BenefitKind.DISABILITY_ALLOWANCE, materials=("M",))
    pension = (await benefits.propose_pension.run(next(given), case, asked, "maker"))["entitlement_id"]
    await benefits.change.approve(next(given), pension, "checker")
    await benefits.pay_pensions()
    report = LossReport(circumstance=Circumstance.AFTER_TIME_OFF, occurred_on=date(2026, 9, 1), source=Source.DATA_MATCH)
    await benefits.report_loss.report(next(given), case, report, "clerk")
    await benefits.pay_pensions()
    wanted = ItemRequest(kind=BenefitKind.FUNERAL, on=date(2026, 10, 12), materials=("M",))
    funeral = (await benefits.propose.run(next(given), case, wanted, "maker"))["benefit_id"]
    await benefits.approve.approve(next(given), funeral, "checker")
    await benefits.confirm_succession.run(next(given), "P1", ("K",), "clerk")


async def test_death_of_the_process_at_any_point_changes_nothing() -> None:
    def fresh() -> tuple[MemoryBridge, list[OnceKey]]:
        return MemoryBridge(), [OnceKey("t", str(n), "d") for n in range(12)]

    def outcome(bridge: MemoryBridge) -> object:
        return (
            [(e.kind, sides(e)) for e in bridge.state.entries.values()],
            [(p.kind, p.payee, p.amount_fen) for p in bridge.state.payments.values()],
            sorted(type(e).__name__ for e in bridge.store.events),
        )

    bridge, keys = fresh()
    points = 0

    def count_points(when: str, _: str) -> None:
        nonlocal points
        points += 1

    bridge.store.around = count_points
    await story(bridge, keys)
    books(bridge)
    expected = outcome(bridge)
    assert points > 30
    for strike in range(1, points + 1):
        bridge, keys = fresh()
        seen = count(1)

        def kill(when: str, _: str, seen: Any = seen, strike: int = strike) -> None:
            if next(seen) == strike:
                raise Death

        bridge.store.around = kill
        with pytest.raises(Death):
            await story(bridge, keys)
        await story(bridge, keys)
        assert outcome(bridge) == expected, f"died at point {strike} of {points}"


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "month",
                "run",
                "suspend",
                "resume",
                "certificate",
                "pension",
                "reappraise",
                "return",
                "repay",
                "die",
                "prove",
                "item",
            ]
        ),
        st.integers(1, 10),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(ACTS)
async def test_whatever_happens_the_books_hold_and_nobody_dead_is_paid(acts: list[tuple[str, int]]) -> None:
    bridge = MemoryBridge()
    case_id, entitlement_id = await pensioner(bridge)
    died_at: int | None = None
    for act, number in acts:
        today = bridge.clock.today()
        payments = list(bridge.state.payments)
        deeds: dict[str, Any] = {
            "month": lambda t=today: bridge.benefits.pay_pensions(),
            "run": lambda: bridge.benefits.run.run(entitlement_id),
            "suspend": lambda n=number: bridge.benefits.change.suspend(
                key(), entitlement_id, list(BreakReason)[n % 4], date(2026, n, 1), "clerk"
            ),
            "resume": lambda n=number: bridge.benefits.change.resume(key(), entitlement_id, date(2026, n, 1), "clerk"),
            "certificate": lambda t=today: bridge.benefits.change.certify(key(), entitlement_id, t, "clerk"),
            "pension": lambda n=number: bridge.benefits.change.report_pension(
                key(), entitlement_id, date(2026, n, 1), n * 70_000, "clerk"
            ),
            "reappraise": lambda n=number, t=today: appraise(bridge, case_id, n, t, kind=AppraisalKind.REAPPRAISAL),
            "return": lambda n=number, p=payments: bridge.benefits.return_payment.run(key(), p[n % len(p)], "x", "clerk"),
            "repay": lambda n=number, p=payments: bridge.benefits.return_payment.repay(key(), p[n % len(p)], "clerk"),
            "die": lambda n=number: lose(bridge, case_id, date(2026, min(n, 10), 1)),
            "prove": lambda: bridge.benefits.confirm_succession.run(key(), "P1", ("K",), "clerk"),
            "item": lambda: item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY, "checker"),
        }
        if act == "month":
            on(bridge, date(today.year + today.month // 12, today.month % 12 + 1, 12))
        try:
            await deeds[act]()
        except Refusal:
            assert act not in ("month", "run")
        if act == "die" and died_at is None and "P1" in bridge.state.losses:
            died_at = len(bridge.state.payments)
        books(bridge)
        for month in {p.month for p in bridge.state.postings.values()}:
            booked = sum(p.amount_fen for p in bridge.state.postings.values() if p.month == month)
            assert 0 <= booked <= fen("7200")
    await bridge.benefits.pay_pensions()
    before = bridge.state
    await bridge.benefits.run.run(entitlement_id)
    await bridge.benefits.pay_pensions()
    assert bridge.state.entries == before.entries
    if died_at is not None:
        assert {p.payee for p in list(bridge.state.payments.values())[died_at:]} <= {"HEIRS:P1"}
        loss = bridge.state.losses["P1"]
        after = [p for p in bridge.state.postings.values() if p.month > loss.last_month]
        assert sum(p.amount_fen for p in after) == 0
    assert bridge.state.hindrances == {}
