"""Cash benefits of a worker whose employer was not insured: advanced, owed by the employer, recovered, the fund's after a
back-payment (B7; 社会保险法 41; 先行支付办法 6-8, 13; 条例 62; 人社部发〔2016〕29号 item 3). Journals to the fen, on fakes."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.entitlement import Relation
from workinjury_bridge.domain.benefits.item import ItemState
from workinjury_bridge.domain.benefits.kinds import BenefitKind, EmployerItem, expect_fund_item
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.party import UNKNOWN_THIRD_PARTY
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Recovery, RecoveryState
from workinjury_bridge.domain.terms import CaseFacts

ACCIDENT = date(2026, 1, 5)
MONTHLY = fen("5400")
"""75 % of 7,200, grade 4."""
_keys = count()

Sides = tuple[dict[str, int], dict[str, int]]


def key() -> OnceKey:
    return OnceKey("advance", str(next(_keys)), "digest")


class Office:
    """One worker of an employer that was not insured, and everybody who acts on the case."""

    def __init__(self) -> None:
        self.bridge = MemoryBridge()
        self.case_id = ""

    def on(self, day: date) -> None:
        self.bridge.clock.set(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))

    async def begin(self, grade: int = 4, **facts: Any) -> None:
        bridge = self.bridge
        self.on(date(2026, 2, 12))
        report = Accident(person_id="P1", accident_on=ACCIDENT, body_parts=("leg",), description="press", employer_id="E1")
        self.case_id = (await bridge.open_case.run(key(), report))["case_id"]
        stated = CaseFacts(**{"employer_insured": False, **facts})
        await bridge.state_facts.of_case(key(), self.case_id, stated, "clerk")
        granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=ACCIDENT, decided_by="x")
        await bridge.decide.run(key(), self.case_id, granted)
        await bridge.benefits.record_wage.run(key(), self.case_id, [fen("7200")] * 12, "clerk")
        said = Conclusion(
            conclusion_no="J1",
            kind=AppraisalKind.INITIAL,
            concluded_on=date(2026, 2, 10),
            decided_by="city",
            grade=grade,
            nursing=NursingGrade.LARGE,
        )
        await bridge.benefits.record_appraisal.run(key(), self.case_id, said, "clerk")

    async def approve_advance(self) -> None:
        """Noticed in 3 working days, the employer pays nothing in its 5, then approved by another."""
        advances = self.bridge.advances
        applied = await advances.apply(key(), self.case_id, date(2026, 2, 10), "clerk")
        assert applied["due_on"] == "2026-02-13"
        served = await advances.serve(key(), applied["advance_id"], date(2026, 2, 12), "clerk")
        self.on(date.fromisoformat(served["due_on"]))
        code, _ = await refused(advances.approve(key(), applied["advance_id"], "chief", None), self.bridge)
        assert code == "advance.too-early"
        self.on(date(2026, 3, 12))
        await advances.approve(key(), applied["advance_id"], "chief", None)

    def ask(self, kind: BenefitKind, **facts: Any) -> Awaitable[dict[str, Any]]:
        request = ItemRequest(kind=kind, on=facts.pop("on", self.bridge.clock.today()), materials=("M1",), **facts)
        return self.bridge.benefits.propose.run(key(), self.case_id, request, "maker")

    async def item(self, kind: BenefitKind, *more: str, **facts: Any) -> str:
        item_id: str = (await self.ask(kind, **facts))["benefit_id"]
        for actor in ("checker", *more):
            await self.bridge.benefits.approve.approve(key(), item_id, actor)
        return item_id

    def ask_pension(self, kind: BenefitKind, kin: str | None = None) -> Awaitable[dict[str, Any]]:
        asked = PensionRequest(kind=kind, materials=("M1",), person_id=kin, relation=Relation.SPOUSE if kin else None)
        return self.bridge.benefits.propose_pension.run(key(), self.case_id, asked, "maker")

    async def pension(self, kind: BenefitKind = BenefitKind.DISABILITY_ALLOWANCE, kin: str | None = None) -> str:
        granted: str = (await self.ask_pension(kind, kin))["entitlement_id"]
        await self.bridge.benefits.change.approve(key(), granted, "checker")
        return granted

    async def month(self, day: date) -> None:
        self.on(day)
        assert await self.bridge.benefits.pay_pensions() == {}

    async def back_pay(self, effective_on: date) -> list[str]:
        answer = await self.bridge.back_payment.run(key(), self.case_id, effective_on, "proof", "clerk")
        moved: list[str] = answer["benefits"]
        return moved

    def wi(self, since: int = 0) -> list[Sides]:
        return [sides(entry) for entry in list(self.bridge.state.entries.values())[since:]]

    @property
    def booked(self) -> int:
        return len(self.bridge.state.entries)

    def debts(self, debtor: str = "E:E1") -> list[Recovery]:
        return [debt for debt in self.bridge.state.recoveries.values() if debt.debtor == debtor]

    async def sound(self) -> None:
        assert (await self.bridge.check.run())["breaches"] == []


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.begin()
    await office.approve_advance()
    return office


async def refused(act: Awaitable[Any], bridge: MemoryBridge) -> tuple[str, str]:
    """Code and text of a refusal that changed nothing."""
    before = bridge.state
    with pytest.raises(Refusal) as found:
        await act
    assert bridge.state is before
    return found.value.code.removeprefix("workinjury-bridge."), found.value.zh


async def test_nothing_is_proposed_before_the_advance_is_approved() -> None:
    office = Office()
    await office.begin()
    bridge = office.bridge
    code, text = await refused(office.ask(BenefitKind.ONE_OFF_DISABILITY), bridge)
    assert (code, "一次性伤残补助金须先申请先行支付" in text) == ("benefit.not-advanced", True)
    code, text = await refused(office.ask_pension(BenefitKind.DISABILITY_ALLOWANCE), bridge)
    assert (code, "伤残津贴须先申请先行支付" in text) == ("benefit.not-advanced", True)
    await office.approve_advance()
    assert (await office.ask(BenefitKind.ONE_OFF_DISABILITY))["state"] == "proposed"


async def test_an_advance_against_a_third_party_opens_nothing_of_the_employers() -> None:
    office = Office()
    await office.begin(third_party=UNKNOWN_THIRD_PARTY, employer_insured=True)
    advances = office.bridge.advances
    applied = await advances.apply(key(), office.case_id, date(2026, 2, 10), "clerk")
    assert applied["debtor"] == UNKNOWN_THIRD_PARTY
    await advances.approve(key(), applied["advance_id"], "chief", None)
    stated = CaseFacts(third_party=UNKNOWN_THIRD_PARTY, employer_insured=False)
    await office.bridge.state_facts.of_case(key(), office.case_id, stated, "clerk")
    code, _ = await refused(office.ask(BenefitKind.ONE_OFF_DISABILITY), office.bridge)
    assert code == "benefit.not-advanced"


async def test_what_only_the_employer_owes_is_refused_by_its_name(office: Office) -> None:
    said = {}
    for kind in EmployerItem:
        with pytest.raises(Refusal) as found:
            expect_fund_item(kind)
        assert (found.value.code, found.value.field) == ("workinjury-bridge.benefit.employer-owes", "kind")
        said[kind] = found.value.zh
    assert said == {
        EmployerItem.TREATMENT_WAGES: "停工留薪期工资由用人单位支付，基金不予列支，也不先行支付",
        EmployerItem.TREATMENT_NURSING: "停工留薪期护理费由用人单位支付，基金不予列支，也不先行支付",
        EmployerItem.CONTRACT_END_EMPLOYMENT: "一次性伤残就业补助金由用人单位支付，基金不予列支，也不先行支付",
    }
    other = Office()
    await other.begin(grade=5)
    await other.approve_advance()
    code, text = await refused(other.ask_pension(BenefitKind.DISABILITY_ALLOWANCE), other.bridge)
    assert (code, text) == ("benefit.employer-owes", "5级伤残津贴由用人单位支付，基金不予列支，也不先行支付")


async def test_a_one_off_benefit_is_advanced_demanded_and_repaid(office: Office) -> None:
    item_id = await office.item(BenefitKind.ONE_OFF_DISABILITY)
    amount = 21 * fen("7200")
    assert office.wi() == [
        ({"1123(E:E1)": amount}, {"2203(P:P1)": amount}),
        ({"2203(P:P1)": amount}, {"1003": amount}),
    ]
    (debt,) = office.debts()
    assert (debt.settlement_id, debt.advanced_fen, debt.open_fen, debt.state) == (item_id, amount, amount, RecoveryState.OPEN)
    assert (office.bridge.state.items[item_id].state, office.bridge.state.items[item_id].debtor) == (ItemState.PAID, "E:E1")
    demanded = await office.bridge.debts.demand(key(), debt.recovery_id, "clerk")
    assert demanded["due_on"] == "2026-03-22"  # 10 days
    await office.bridge.debts.receive(key(), debt.recovery_id, fen("50000"), fen("30"), "B1", "clerk")
    assert office.wi()[-1] == ({"1003": fen("50030")}, {"1123(E:E1)": fen("50000"), "4007": fen("30")})
    assert balance(office.bridge.state, "5001.16") == 0
    assert office.debts()[0].open_fen == amount - fen("50000")
    await office.sound()


async def test_every_fund_item_is_advanced(office: Office) -> None:
    day = date(2026, 3, 12)
    await office.item(BenefitKind.APPRAISAL_FEE, reference="F1", fee_fen=fen("300"), on=day)
    await office.item(BenefitKind.TRAVEL, reference="T1", transport_fen=fen("120"), confirmation_no="C1", on=day)
    await office.month(day)
    nursing = await office.pension(BenefitKind.NURSING)
    await office.month(day)
    assert office.wi() == [
        ({"1123(E:E1)": fen("300")}, {"2203(P:P1)": fen("300")}),
        ({"2203(P:P1)": fen("300")}, {"1003": fen("300")}),
        ({"1123(E:E1)": fen("120")}, {"2203(P:P1)": fen("120")}),
        ({"2203(P:P1)": fen("120")}, {"1003": fen("120")}),
        ({"1123(E:E1)": fen("2600")}, {"2203(P:P1)": fen("2600")}),
        ({"2203(P:P1)": fen("2600")}, {"1003": fen("2600")}),
    ]
    report = LossReport(circumstance=Circumstance.INJURY, occurred_on=day, source=Source.FAMILY)
    await office.bridge.benefits.report_loss.report(key(), office.case_id, report, "clerk")
    before = office.booked
    await office.item(BenefitKind.FUNERAL)
    await office.item(BenefitKind.ONE_OFF_DEATH, "director")
    await office.pension(BenefitKind.DEPENDANT, "D1")
    await office.month(date(2026, 4, 12))
    heirs, kin = "2203(HEIRS:P1)", "2203(DEP:D1)"
    assert office.wi(before) == [
        ({"1123(E:E1)": fen("39000")}, {heirs: fen("39000")}),
        ({"1123(E:E1)": fen("1130040")}, {heirs: fen("1130040")}),
        ({"1123(E:E1)": fen("2880")}, {kin: fen("2880")}),
        ({kin: fen("2880")}, {"1003": fen("2880")}),
    ]
    await office.bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert {debt.person_id for debt in office.debts()} == {"P1"}
    assert sum(debt.open_fen for debt in office.debts()) == balance(office.bridge.state, "1123", "E:E1")
    assert nursing in {debt.settlement_id for debt in office.debts()}
    assert sum(balance(office.bridge.state, f"5001.{n}") for n in range(13, 24)) == 0
    await office.sound()


async def test_each_monthly_run_adds_to_the_debt(office: Office) -> None:
    granted = await office.pension()
    await office.month(date(2026, 4, 12))
    (first,) = office.debts()
    assert (first.settlement_id, first.advanced_fen) == (granted, 2 * MONTHLY)
    await office.month(date(2026, 5, 12))
    assert [(d.recovery_id, d.advanced_fen) for d in office.debts()] == [(first.recovery_id, 3 * MONTHLY)]
    # a demand is for the sum it names: what comes later is a debt of its own
    await office.bridge.debts.demand(key(), first.recovery_id, "clerk")
    await office.month(date(2026, 6, 12))
    await office.month(date(2026, 7, 12))
    assert [(d.advanced_fen, d.state) for d in office.debts()] == [
        (3 * MONTHLY, RecoveryState.DEMANDED),
        (2 * MONTHLY, RecoveryState.OPEN),
    ]
    assert await office.bridge.benefits.pay_pensions() == {}
    assert balance(office.bridge.state, "1123", "E:E1") == 5 * MONTHLY
    await office.sound()


async def test_what_is_due_no_more_the_person_owes_and_not_the_employer(office: Office) -> None:
    granted = await office.pension()
    await office.month(date(2026, 5, 12))
    (debt,) = office.debts()
    await office.bridge.debts.demand(key(), debt.recovery_id, "clerk")
    await office.bridge.debts.receive(key(), debt.recovery_id, 2 * MONTHLY, 0, "B1", "clerk")
    before = office.booked
    # told late: the last month due was March; of April and May the employer has paid a part
    await office.bridge.benefits.change.stop(key(), granted, date(2026, 3, 1), "clerk")
    assert await office.bridge.benefits.pay_pensions() == {}
    assert office.wi(before) == [
        ({"1125(P:P1)": MONTHLY}, {"1123(E:E1)": MONTHLY}),
        ({"1125(P:P1)": MONTHLY}, {"2204(E:E1)": MONTHLY}),
        ({"2204(E:E1)": MONTHLY}, {"1003": MONTHLY}),
    ]
    (after,) = office.debts()
    assert (after.recovered_fen, after.moved_fen, after.open_fen, after.state) == (
        MONTHLY,
        2 * MONTHLY,
        0,
        RecoveryState.RECOVERED,
    )
    await office.sound()


async def test_after_a_back_payment_what_arises_is_the_funds_and_the_lump_sums_are_not(office: Office) -> None:
    lump = await office.item(BenefitKind.ONE_OFF_DISABILITY)
    granted = await office.pension()
    await office.month(date(2026, 7, 12))  # March to July advanced
    before = office.booked
    # effective 20 May: May began before it and stays the employer's, June and July are the fund's
    assert await office.back_pay(date(2026, 5, 20)) == [granted]
    assert office.wi(before) == [({"5001.17": 2 * MONTHLY}, {"1123(E:E1)": 2 * MONTHLY})]
    pension_debt = next(d for d in office.debts() if d.settlement_id == granted)
    assert (pension_debt.expensed_fen, pension_debt.open_fen) == (2 * MONTHLY, 3 * MONTHLY)
    state = office.bridge.state
    assert state.items[lump].debtor == "E:E1"
    assert {p.month: p.debtor for p in state.postings.values()} == {
        date(2026, 3, 1): "E:E1",
        date(2026, 4, 1): "E:E1",
        date(2026, 5, 1): "E:E1",
        date(2026, 6, 1): None,
        date(2026, 7, 1): None,
    }
    before = office.booked
    await office.month(date(2026, 8, 12))
    assert office.wi(before)[0] == ({"5001.17": MONTHLY}, {"2203(P:P1)": MONTHLY})
    # a second time says the same and books nothing
    before = office.booked
    assert await office.back_pay(date(2026, 5, 20)) == []
    assert office.booked == before
    await office.sound()


async def test_what_the_employer_had_paid_for_the_funds_months_is_set_off_then_paid_back(office: Office) -> None:
    granted = await office.pension()
    await office.month(date(2026, 7, 12))  # five months
    (debt,) = office.debts()
    await office.bridge.debts.demand(key(), debt.recovery_id, "clerk")
    await office.bridge.debts.receive(key(), debt.recovery_id, 4 * MONTHLY, 0, "B1", "clerk")
    before = office.booked
    assert await office.back_pay(date(2026, 5, 1)) == [granted]  # May, June, July
    assert office.wi(before) == [
        ({"5001.17": 3 * MONTHLY}, {"1123(E:E1)": MONTHLY, "2204(E:E1)": 2 * MONTHLY}),
        ({"2204(E:E1)": 2 * MONTHLY}, {"1003": 2 * MONTHLY}),
    ]
    (after,) = office.debts()
    assert (after.recovered_fen, after.expensed_fen, after.open_fen) == (2 * MONTHLY, 3 * MONTHLY, 0)
    await office.sound()


async def test_what_the_bank_returns_of_the_employers_money_is_the_employers(office: Office) -> None:
    await office.pension()
    await office.month(date(2026, 5, 12))
    await office.bridge.debts.demand(key(), office.debts()[0].recovery_id, "clerk")
    await office.bridge.debts.receive(key(), office.debts()[0].recovery_id, 3 * MONTHLY, 0, "B1", "clerk")
    await office.back_pay(date(2026, 5, 1))
    (payment,) = [p for p in office.bridge.state.payments.values() if p.payee == "E:E1"]
    assert (payment.kind, payment.amount_fen) == ("returned-advance", MONTHLY)
    before = office.booked
    await office.bridge.benefits.return_payment.run(key(), payment.payment_id, "账户已注销", "clerk")
    await office.bridge.benefits.return_payment.repay(key(), payment.payment_id, "clerk")
    assert office.wi(before) == [
        ({"1003": MONTHLY}, {"2204(E:E1)": MONTHLY}),
        ({"2204(E:E1)": MONTHLY}, {"1003": MONTHLY}),
    ]
    await office.sound()


async def test_what_was_given_up_comes_out_of_the_write_off(office: Office) -> None:
    await office.pension()
    await office.month(date(2026, 7, 12))
    (debt,) = office.debts()
    await office.bridge.debts.demand(key(), debt.recovery_id, "clerk")
    await office.bridge.debts.write_off(key(), debt.recovery_id, "D1", "clerk", "chief")
    before = office.booked
    await office.back_pay(date(2026, 6, 1))
    assert office.wi(before) == [({"5001.17": 2 * MONTHLY}, {"5001.30": 2 * MONTHLY})]
    await office.sound()


async def test_a_contract_that_ends_after_the_back_payment_is_the_funds() -> None:
    office = Office()
    await office.begin(grade=7)
    await office.approve_advance()
    await office.back_pay(date(2026, 3, 1))
    item_id = await office.item(BenefitKind.CONTRACT_END_MEDICAL)
    assert office.bridge.state.items[item_id].debtor is None
    lump = await office.item(BenefitKind.ONE_OFF_DISABILITY)
    assert office.bridge.state.items[lump].debtor == "E:E1"
    amount = office.bridge.state.items[item_id].amount_fen
    assert office.wi()[0] == ({"5001.19": amount}, {"2203(P:P1)": amount})
    await office.sound()


async def test_finally_revoked_the_person_owes_and_the_employer_gets_its_money(office: Office) -> None:
    item_id = await office.item(BenefitKind.ONE_OFF_DISABILITY)
    granted = await office.pension()
    await office.month(date(2026, 3, 12))
    lump = office.debts()[0]
    amount = 21 * fen("7200")
    await office.bridge.debts.demand(key(), lump.recovery_id, "clerk")
    await office.bridge.debts.receive(key(), lump.recovery_id, fen("1000"), 0, "B1", "clerk")
    before = office.booked
    await office.bridge.revoke.run(key(), office.case_id, "J1", date(2026, 3, 12), "court", "clerk")
    assert await office.bridge.benefits.pay_pensions() == {}
    # the employer still owed a month of the pension, which the run takes back after: that is set off first
    assert office.wi(before) == [
        ({"1125(P:P1)": amount}, {"1123(E:E1)": amount - fen("1000"), "2204(E:E1)": fen("1000")}),
        ({"2204(E:E1)": fen("1000")}, {"1123(E:E1)": fen("1000")}),
        ({"1125(P:P1)": MONTHLY}, {"1123(E:E1)": MONTHLY - fen("1000"), "2204(E:E1)": fen("1000")}),
        ({"2204(E:E1)": fen("1000")}, {"1003": fen("1000")}),
    ]
    assert office.bridge.state.items[item_id].state is ItemState.WITHDRAWN
    assert balance(office.bridge.state, "1123") == balance(office.bridge.state, "2204") == 0
    assert balance(office.bridge.state, "1125", "P:P1") == amount + MONTHLY
    assert granted in {debt.settlement_id for debt in office.debts()}
    await office.sound()


async def test_the_person_hands_over_what_the_employer_has_paid_directly(office: Office) -> None:
    await office.item(BenefitKind.ONE_OFF_DISABILITY)
    (debt,) = office.debts()
    await office.bridge.debts.demand(key(), debt.recovery_id, "clerk")
    await office.bridge.debts.change_debtor(key(), debt.recovery_id, fen("9000"), "clerk")
    assert office.wi()[-1] == ({"1125(P:P1)": fen("9000")}, {"1123(E:E1)": fen("9000")})
    assert office.debts("P:P1")[0].book is Book.WI
    await office.sound()


async def test_whether_the_employer_was_insured_is_not_changed_behind_benefits(office: Office) -> None:
    await office.item(BenefitKind.ONE_OFF_DISABILITY)
    stated = replace(office.bridge.state.cases[office.case_id].facts, employer_insured=True)
    act = office.bridge.state_facts.of_case(key(), office.case_id, stated, "clerk")
    assert (await refused(act, office.bridge))[0] == "case.benefits-booked"


async def test_a_month_of_an_employer_found_uninsured_waits_for_the_advance() -> None:
    office = Office()
    await office.begin(employer_insured=True)
    granted = await office.pension()
    await office.bridge.state_facts.of_case(key(), office.case_id, CaseFacts(employer_insured=False), "clerk")
    office.on(date(2026, 3, 12))
    hindered = await office.bridge.benefits.pay_pensions()
    assert list(hindered) == [granted]
    assert hindered[granted].startswith("用人单位未依法参保，伤残津贴须先申请先行支付")
    assert (office.bridge.state.entries, office.bridge.state.postings) == ({}, {})
