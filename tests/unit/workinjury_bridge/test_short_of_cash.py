"""Payments to persons and employers that the payment account does not cover, outside a month-end run (B13, P1): whole items, none
overtakes another, nothing is half done, told once, paid when money comes. On fakes, in a county that clears at the month's end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from shared.contracts.workinjury_bridge import BenefitPaid, ShortageRaised
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import MONTH_END, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import line
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.application.clearing import pay_waiting
from workinjury_bridge.application.clearing.replenish_fund import Replenishment
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion
from workinjury_bridge.domain.benefits.item import ItemState
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.clearing import Remedy
from workinjury_bridge.domain.paper_claim import Papers, PaperState
from workinjury_bridge.domain.recognition import Outcome

MONTHLY = fen("5400")
LUMP = 21 * fen("7200")
_keys = count()


def key() -> OnceKey:
    return OnceKey("cash", str(next(_keys)), "digest")


@pytest.fixture
def bridge() -> MemoryBridge:
    bridge = MemoryBridge(policies=MONTH_END)
    bridge.clock.set(datetime(2026, 3, 12, 2, tzinfo=UTC))
    return bridge


async def worker(bridge: MemoryBridge, person: str) -> str:
    accident = Accident(person_id=person, accident_on=date(2026, 1, 5), body_parts=("leg",), description="press")
    case_id: str = (await bridge.open_case.run(key(), accident))["case_id"]
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2026, 1, 5), decided_by="x")
    await bridge.decide.run(key(), case_id, granted)
    await bridge.benefits.record_wage.run(key(), case_id, [fen("7200")] * 12, "clerk")
    said = Conclusion(conclusion_no="J", kind=AppraisalKind.INITIAL, concluded_on=date(2026, 2, 10), decided_by="c", grade=4)
    await bridge.benefits.record_appraisal.run(key(), case_id, said, "clerk")
    return case_id


async def pension(bridge: MemoryBridge, case_id: str) -> str:
    asked = PensionRequest(kind=BenefitKind.DISABILITY_ALLOWANCE, materials=("M1",))
    granted: str = (await bridge.benefits.propose_pension.run(key(), case_id, asked, "maker"))["entitlement_id"]
    await bridge.benefits.change.approve(key(), granted, "checker")
    return granted


async def item(bridge: MemoryBridge, case_id: str, kind: BenefitKind, **facts: Any) -> dict[str, Any]:
    asked = ItemRequest(kind=kind, on=bridge.clock.today(), materials=("M1",), **facts)
    proposed = await bridge.benefits.propose.run(key(), case_id, asked, "maker")
    return await bridge.benefits.approve.approve(key(), proposed["benefit_id"], "checker")


async def replenish(bridge: MemoryBridge, amount_fen: int) -> None:
    command = Replenishment(amount_fen=amount_fen, source=Remedy.RESERVE, reference="B", maker="a", checker="b")
    await bridge.month_end.replenish.run(key(), command)


def told(bridge: MemoryBridge) -> list[tuple[str, int]]:
    return [(e.remedy, e.short_fen) for e in bridge.store.events if isinstance(e, ShortageRaised)]


def paid(bridge: MemoryBridge) -> list[tuple[str, int]]:
    return [(p.kind, p.amount_fen) for p in bridge.state.payments.values()]


async def test_a_pension_is_booked_waits_and_goes_out_after_the_money_has_come(bridge: MemoryBridge) -> None:
    case_id = await worker(bridge, "P1")
    await pension(bridge, case_id)
    assert await bridge.benefits.pay_pensions() == {}
    assert [sides(e) for e in bridge.state.entries.values()] == [({"5001.17": MONTHLY}, {"2203(P:P1)": MONTHLY})]
    assert (paid(bridge), told(bridge)) == ([], [("fiscal-account", MONTHLY)])
    assert not [e for e in bridge.store.events if isinstance(e, BenefitPaid)]
    (shown,) = await bridge.month_end.worklist.run()
    assert (shown["kind"], shown["cause"], shown["fix"]) == (
        "payments",
        "工伤保险基金支出户余额0.00不足，1笔应付个人、用人单位款共5,400.00待付",
        "向财政专户申请拨款，到账后登记补足资金，系统按先后续付",
    )
    # a fen too little changes nothing
    await replenish(bridge, MONTHLY - 1)
    before = bridge.state
    assert await bridge.month_end.pay_waiting.run() == {}
    assert bridge.state == before
    await replenish(bridge, 1)
    assert await bridge.month_end.pay_waiting.run() == {}
    assert (paid(bridge), balance(bridge.state, "1003"), balance(bridge.state, "2203")) == (
        [("disability-allowance", MONTHLY)],
        0,
        0,
    )
    assert (bridge.state.waiting, await bridge.month_end.worklist.run()) == ({}, [])
    before = bridge.state
    await bridge.month_end.pay_waiting.run()
    assert bridge.state == before
    assert (await bridge.check.run())["breaches"] == []


async def test_the_first_that_does_not_fit_stops_the_queue_and_nobody_overtakes(bridge: MemoryBridge) -> None:
    await replenish(bridge, MONTHLY)
    first, second = await worker(bridge, "P1"), await worker(bridge, "P2")
    assert (await item(bridge, first, BenefitKind.ONE_OFF_DISABILITY))["awaits_money"] is True
    await item(bridge, second, BenefitKind.APPRAISAL_FEE, reference="R1", fee_fen=fen("300"))
    assert [i["awaits_money"] for i in (await bridge.benefits.describe.run(second))["items"]] == [True]
    assert (paid(bridge), len(told(bridge))) == ([], 1)
    await bridge.month_end.pay_waiting.run()
    assert paid(bridge) == []
    await replenish(bridge, LUMP - MONTHLY)
    await bridge.month_end.pay_waiting.run()
    assert paid(bridge) == [("one-off-disability", LUMP)]
    await replenish(bridge, fen("300"))
    await bridge.month_end.pay_waiting.run()
    assert paid(bridge)[1:] == [("appraisal-fee", fen("300"))]
    # the shortage is over: the next one is told anew
    await item(bridge, second, BenefitKind.ONE_OFF_DISABILITY)
    assert told(bridge) == [("fiscal-account", LUMP - MONTHLY), ("fiscal-account", LUMP)]
    assert (await bridge.check.run())["breaches"] == []


async def test_whoever_can_be_asked_is_asked_in_turn(bridge: MemoryBridge) -> None:
    await item(bridge, await worker(bridge, "P1"), BenefitKind.ONE_OFF_DISABILITY)
    (shortage,) = bridge.state.shortages
    assert bridge.state.deadlines["clearing-shortage", shortage] == datetime(2026, 3, 17, 16, tzinfo=UTC)
    for _ in range(4):
        async with bridge.store.transaction() as tx:
            await bridge.month_end.escalate.run(tx, shortage)
    asked = [remedy for remedy, _ in told(bridge)]
    assert asked == ["fiscal-account", "reserve", "adjustment-fund", "government-advance", "government-advance"]
    await replenish(bridge, LUMP)
    await bridge.month_end.pay_waiting.run()
    assert ("clearing-shortage", shortage) not in bridge.state.deadlines
    async with bridge.store.transaction() as tx:
        await bridge.month_end.escalate.run(tx, shortage)
    assert len(told(bridge)) == 5


async def test_somebody_who_dies_while_waiting_is_not_paid_and_stops_nobody(bridge: MemoryBridge) -> None:
    first, second = await worker(bridge, "P1"), await worker(bridge, "P2")
    await item(bridge, first, BenefitKind.ONE_OFF_DISABILITY)
    await item(bridge, second, BenefitKind.ONE_OFF_DISABILITY)
    report = LossReport(circumstance=Circumstance.UNRELATED, occurred_on=date(2026, 3, 12), source=Source.FAMILY)
    await bridge.benefits.report_loss.report(key(), first, report, "clerk")
    await replenish(bridge, 2 * LUMP)
    hindered = await bridge.month_end.pay_waiting.run()
    assert list(hindered.values()) == ["收款人已报告死亡或下落不明，须提交继承（近亲属）证明后支付"]
    assert [p.payee for p in bridge.state.payments.values()] == ["P:P2"]
    # who waits for heirs and not for money stands in nobody's way
    await item(bridge, second, BenefitKind.APPRAISAL_FEE, reference="R1", fee_fen=fen("300"))
    assert len(paid(bridge)) == 2
    await replenish(bridge, fen("300"))
    await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert await bridge.month_end.pay_waiting.run() == {}
    assert [p.payee for p in bridge.state.payments.values()] == ["P:P2", "P:P2", "HEIRS:P1"]
    assert balance(bridge.state, "2203") == balance(bridge.state, "1003") == 0
    assert (await bridge.check.run())["breaches"] == []


async def test_revoked_while_waiting_nothing_goes_out(bridge: MemoryBridge) -> None:
    case_id = await worker(bridge, "P1")
    await item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY)
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 3, 12), "court", "clerk")
    await replenish(bridge, LUMP)
    await bridge.month_end.pay_waiting.run()
    assert paid(bridge) == []
    assert [balance(bridge.state, a) for a in ("2203", "1125", "5001.16", "1003")] == [0, 0, 0, LUMP]
    assert (await bridge.check.run())["breaches"] == []


async def funeral_that_waits(bridge: MemoryBridge) -> str:
    case_id = await worker(bridge, "P1")
    report = LossReport(circumstance=Circumstance.INJURY, occurred_on=date(2026, 3, 11), source=Source.FAMILY)
    await bridge.benefits.report_loss.report(key(), case_id, report, "clerk")
    await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert (await item(bridge, case_id, BenefitKind.FUNERAL))["awaits_money"] is True
    return case_id


async def test_a_funeral_benefit_revoked_while_it_waits_is_payable_no_more_and_owed_by_nobody(bridge: MemoryBridge) -> None:
    case_id = await funeral_that_waits(bridge)
    ((_, funeral),) = [sides(e)[1].popitem() for e in bridge.state.entries.values()]
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 3, 12), "court", "clerk")
    assert [sides(e) for e in bridge.state.entries.values()][1:] == [({"2203(HEIRS:P1)": funeral}, {"5001.20": funeral})]
    assert (bridge.state.waiting, [i.state for i in bridge.state.items.values()]) == ({}, [ItemState.WITHDRAWN])
    await replenish(bridge, 2 * funeral)
    await bridge.month_end.pay_waiting.run()
    assert (paid(bridge), balance(bridge.state, "1003")) == ([], 2 * funeral)
    assert [balance(bridge.state, account) for account in ("2203", "1125", "5001.20")] == [0, 0, 0]
    # nobody waits for money any more: nobody is asked any further
    assert [s.ended_on for s in bridge.state.shortages.values()] == [date(2026, 3, 12)]
    assert (await bridge.check.run())["breaches"] == []


@pytest.mark.parametrize("again", [False, True], ids=["at the bank", "waits to be paid again"])
async def test_a_funeral_benefit_that_the_bank_sent_back_is_not_paid_again_after_a_revocation(
    bridge: MemoryBridge, again: bool
) -> None:
    case_id = await funeral_that_waits(bridge)
    ((_, funeral),) = [sides(e)[1].popitem() for e in bridge.state.entries.values()]
    await replenish(bridge, funeral)
    await bridge.month_end.pay_waiting.run()
    (payment_id,) = bridge.state.payments
    await bridge.benefits.return_payment.run(key(), payment_id, "账号有误", "clerk")
    if again:
        # the money that came back is gone by now
        await item(bridge, await worker(bridge, "P2"), BenefitKind.ONE_OFF_DISABILITY)
        await bridge.benefits.return_payment.repay(key(), payment_id, "clerk")
        assert len(bridge.state.waiting) == 2
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 3, 12), "court", "clerk")
    with pytest.raises(Refusal) as refused:
        await bridge.benefits.return_payment.repay(key(), payment_id, "clerk")
    assert refused.value.code == "workinjury-bridge.payment.not-returned"
    assert [balance(bridge.state, a, "HEIRS:P1") for a in ("2203", "1125")] == [0, 0]
    assert [w.payout.concern.person_id for w in bridge.state.waiting.values()] == ["P2"] * again
    assert (await bridge.check.run())["breaches"] == []


async def test_a_claim_on_paper_revoked_while_it_waits_is_asked_of_nobody(bridge: MemoryBridge) -> None:
    case_id = await worker(bridge, "P1")
    papers = Papers(
        institution_code="H1",
        institution_name="县人民医院",
        invoice_no="FP001",
        inpatient=True,
        begun_on=date(2026, 3, 2),
        ended_on=date(2026, 3, 4),
        lines=(line("1", "1000"),),
    )
    claim_id = (await bridge.papers.propose(key(), case_id, papers, "maker"))["paper_claim_id"]
    await bridge.papers.approve(key(), claim_id, "checker")
    (waiting,) = bridge.state.waiting.values()
    assert waiting.payout.items == (("paper-claim", fen("1000")), ("meals", fen("60")))
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 3, 12), "court", "clerk")
    assert [sides(e) for e in bridge.state.entries.values()][1:] == [
        ({"2203(P:P1)": fen("1060")}, {"5001.11": fen("1000"), "5001.13": fen("60")})
    ]
    assert (bridge.state.waiting, bridge.state.recoveries) == ({}, {})
    assert bridge.state.papers[claim_id].state is PaperState.REVOKED
    assert (await bridge.check.run())["breaches"] == []


async def test_a_pension_revoked_while_it_waits_goes_out_to_nobody_before_the_run_has_taken_it_back(
    bridge: MemoryBridge,
) -> None:
    case_id = await worker(bridge, "P1")
    await pension(bridge, case_id)
    await bridge.benefits.pay_pensions()
    await bridge.revoke.run(key(), case_id, "J1", date(2026, 3, 12), "court", "clerk")
    await replenish(bridge, MONTHLY)
    assert await bridge.month_end.pay_waiting.run() == {}
    assert ([w.held for w in bridge.state.waiting.values()], paid(bridge)) == ([True], [])
    # it waits for no money, so nobody waits behind it, and nobody is asked any further
    assert [s.ended_on for s in bridge.state.shortages.values()] == [date(2026, 3, 12)]
    before = bridge.state.snapshot()
    assert await bridge.month_end.pay_waiting.run() == {}
    assert vars(bridge.state) == vars(before)
    (pension_,) = (await bridge.benefits.describe.run(case_id))["entitlements"]
    assert (pension_["awaits_money"], pension_["awaits_heirs"]) == (False, False)
    await bridge.benefits.pay_pensions()
    assert await bridge.month_end.pay_waiting.run() == {}
    assert (paid(bridge), bridge.state.waiting, balance(bridge.state, "1003")) == ([], {}, MONTHLY)
    assert [balance(bridge.state, account) for account in ("2203", "1125", "5001.17")] == [0, 0, 0]
    assert (await bridge.check.run())["breaches"] == []


async def test_who_waited_for_heirs_waits_for_money_again_and_nobody_overtakes(bridge: MemoryBridge) -> None:
    first, second = await worker(bridge, "P1"), await worker(bridge, "P2")
    await item(bridge, first, BenefitKind.ONE_OFF_DISABILITY)
    report = LossReport(circumstance=Circumstance.UNRELATED, occurred_on=date(2026, 3, 12), source=Source.FAMILY)
    await bridge.benefits.report_loss.report(key(), first, report, "clerk")
    (payout_id,) = bridge.state.waiting
    unproven = "收款人已报告死亡或下落不明，须提交继承（近亲属）证明后支付"
    assert await bridge.month_end.pay_waiting.run() == {payout_id: unproven}
    assert [s.ended_on for s in bridge.state.shortages.values()] == [date(2026, 3, 12)]
    (lump,) = (await bridge.benefits.describe.run(first))["items"]
    assert (lump["state"], lump["awaits_money"], lump["awaits_heirs"]) == ("paid", False, True)
    # said once, and nothing is written again
    before = bridge.state.snapshot()
    assert await bridge.month_end.pay_waiting.run() == {}
    assert vars(bridge.state) == vars(before)
    await bridge.benefits.confirm_succession.run(key(), "P1", ("K1",), "clerk")
    assert await bridge.month_end.pay_waiting.run() == {}
    assert [w.held for w in bridge.state.waiting.values()] == [False]
    (lump,) = (await bridge.benefits.describe.run(first))["items"]
    assert (lump["awaits_money"], lump["awaits_heirs"]) == (True, False)
    # there is no money for it either: that is told anew, and who comes later waits behind it
    assert told(bridge) == [("fiscal-account", LUMP), ("fiscal-account", LUMP)]
    await replenish(bridge, fen("300"))
    assert (await item(bridge, second, BenefitKind.APPRAISAL_FEE, reference="R1", fee_fen=fen("300")))["awaits_money"] is True
    await replenish(bridge, LUMP)
    assert await bridge.month_end.pay_waiting.run() == {}
    assert paid(bridge) == [("one-off-disability", LUMP), ("appraisal-fee", fen("300"))]
    assert (await bridge.check.run())["breaches"] == []


async def test_a_page_of_those_who_wait_for_heirs_does_not_stop_the_queue(
    bridge: MemoryBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay_waiting, "_PAGE", 2)
    for person in ("P1", "P2", "P3"):
        case_id = await worker(bridge, person)
        await item(bridge, case_id, BenefitKind.ONE_OFF_DISABILITY)
        if person != "P3":
            report = LossReport(circumstance=Circumstance.UNRELATED, occurred_on=date(2026, 3, 12), source=Source.FAMILY)
            await bridge.benefits.report_loss.report(key(), case_id, report, "clerk")
    assert len(await bridge.month_end.pay_waiting.run()) == 2
    await replenish(bridge, LUMP)
    assert await bridge.month_end.pay_waiting.run() == {}
    assert [p.payee for p in bridge.state.payments.values()] == ["P:P3"]


async def test_a_county_that_does_not_watch_its_account_pays_at_once() -> None:
    bridge = MemoryBridge()
    bridge.clock.set(datetime(2026, 3, 12, 2, tzinfo=UTC))
    await item(bridge, await worker(bridge, "P1"), BenefitKind.ONE_OFF_DISABILITY)
    assert (paid(bridge), told(bridge), bridge.state.waiting) == ([("one-off-disability", LUMP)], [], {})
