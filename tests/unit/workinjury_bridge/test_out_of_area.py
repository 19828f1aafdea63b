"""Treatment out of the area (B8): registration, the stay and its data, quarters, claims by hand, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from shared.contracts.workinjury_bridge import (
    BenefitPaid,
    OutOfAreaClearingChanged,
    OutOfAreaRegistrationChanged,
    OutOfAreaStayChanged,
    PaperClaimChanged,
)
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import POLICY, SETTLED, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import refused
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.out_of_area.apply_allowances import Journey
from workinjury_bridge.application.out_of_area.clear_quarter import Bill
from workinjury_bridge.application.out_of_area.register import FilingRequest
from workinjury_bridge.application.out_of_area.track_stay import Admission
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion
from workinjury_bridge.domain.double_bill import Match
from workinjury_bridge.domain.journals import Hands
from workinjury_bridge.domain.out_of_area.clearing import object_until, pay_by, quarter_of
from workinjury_bridge.domain.out_of_area.registration import FilingKind, RegistrationState
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState
from workinjury_bridge.domain.paper_claim import Papers
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.stay import mark_of
from workinjury_bridge.domain.terms import CaseFacts

PLACE, PROVINCE, HOSPITAL = "320104", "320000", "H32010400001"
RULES = POLICY.out_of_area
_keys = count()


def key() -> OnceKey:
    return OnceKey("test", f"o{next(_keys)}", "digest")


def today(bridge: MemoryBridge, day: date) -> None:
    bridge.clock.set(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))


@pytest.fixture
async def bridge() -> MemoryBridge:
    """With one recognised injury of P1 in 370826, on 3 June 2026, a Wednesday."""
    bridge = MemoryBridge()
    accident = Accident(
        person_id="P1",
        accident_on=date(2026, 3, 1),
        body_parts=("hand",),
        description="press",
        employer_id="E1",
        region="370826",
    )
    case_id = (await bridge.open_case.run(key(), accident))["case_id"]
    new = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2026, 4, 1), decided_by="office")
    await bridge.decide.run(key(), case_id, new)
    today(bridge, date(2026, 6, 3))
    return bridge


def case_of(bridge: MemoryBridge) -> str:
    return next(iter(bridge.state.cases))


def filing(bridge: MemoryBridge, kind: FilingKind = FilingKind.REFERRAL, **changes: Any) -> FilingRequest:
    request = FilingRequest(case_id=case_of(bridge), kind=kind, place="320100", begins_on=date(2026, 6, 3), certificate_no="Z1")
    return replace(request, **changes)


async def registered(bridge: MemoryBridge, kind: FilingKind = FilingKind.REFERRAL, **changes: Any) -> str:
    answer = await bridge.register.apply(key(), filing(bridge, kind, **changes), "clerk")
    await bridge.register.approve(key(), answer["registration_id"], "chief")
    return str(answer["registration_id"])


def admission(registered_as: str, **changes: Any) -> Admission:
    told = Admission(
        registration_id=registered_as,
        place=PLACE,
        institution_code=HOSPITAL,
        institution_name="省人民医院",
        service="inpatient",
        admitted_on=date(2026, 6, 10),
    )
    return replace(told, **changes)


BILL = WorkInjuryVersion(work_injury_fen=fen("21900"), person_fen=fen("1000"), hospital_fen=fen("556.78"), unrelated_fen=0)
"""The figures of F4, settled elsewhere: T 23 456.78."""


async def settled(bridge: MemoryBridge, number: str = "J1", version: WorkInjuryVersion = BILL, **changes: Any) -> str:
    registration_id = next(iter(bridge.state.registrations), None) or await registered(bridge)
    today(bridge, date(2026, 6, 25))
    stay_id = str((await bridge.track.admit(key(), admission(registration_id, **changes)))["stay_id"])
    await bridge.track.settle(key(), stay_id, number, date(2026, 6, 25), version)
    return stay_id


async def received(bridge: MemoryBridge) -> str:
    stay_id = await settled(bridge)
    today(bridge, date(2026, 7, 20))
    await bridge.track.receive(key(), stay_id, date(2026, 6, 30), BILL.work_injury_fen)
    return stay_id


def bill(**changes: Any) -> Bill:
    whole = Bill(
        province=PROVINCE, quarter=date(2026, 4, 1), bill_no="Q2", bill_fen=BILL.work_injury_fen, maker="m", checker="c"
    )
    return replace(whole, **changes)


async def test_a_referral_from_the_application_to_the_consent(bridge: MemoryBridge) -> None:
    answer = await bridge.register.apply(key(), filing(bridge), "clerk")
    assert (answer["state"], answer["due_on"]) == ("applied", "2026-06-10")
    assert [kind for kind, _ in bridge.state.deadlines] == ["registration-overdue"]
    registration_id = answer["registration_id"]
    consent = await bridge.register.approve(key(), registration_id, "chief")
    assert (consent["state"], consent["ends_on"], consent["admit_until"]) == ("registered", "2026-12-03", "2026-07-03")
    assert bridge.state.deadlines == {}
    events = [e for e in bridge.store.events if isinstance(e, OutOfAreaRegistrationChanged)]
    assert [(e.state, e.overdue) for e in events] == [("applied", False), ("registered", False)]


async def test_long_term_residents_stay_registered_until_they_cancel(bridge: MemoryBridge) -> None:
    registration_id = await registered(bridge, FilingKind.LONG_TERM, certificate_no=None)
    assert bridge.state.registrations[registration_id].ends_on is None
    today(bridge, date(2026, 9, 1))
    assert (await bridge.register.cancel(key(), registration_id, date(2026, 8, 31), None, "clerk"))["ends_on"] == "2026-08-31"
    late = admission(registration_id, admitted_on=date(2026, 9, 1))
    assert await refused(bridge.track.admit(key(), late), bridge) == "out-of-area.not-registered"
    before = admission(registration_id, admitted_on=date(2026, 8, 31))
    assert (await bridge.track.admit(key(), before))["state"] == "admitted"


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (FilingKind.REFERRAL, {"certificate_no": None}, "certificate_no"),
        (FilingKind.POSTED, {}, "ends_on"),
        (FilingKind.POSTED, {"ends_on": date(2026, 6, 2)}, "ends_on"),
        (FilingKind.REFERRAL, {"begins_on": date(2026, 6, 2)}, "begins_on"),
        (FilingKind.LONG_TERM, {"place": "3201"}, "place"),
        (FilingKind.LONG_TERM, {"place": "370800"}, "place"),
    ],
)
async def test_an_application_that_lacks_something(
    bridge: MemoryBridge, kind: FilingKind, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        await bridge.register.apply(key(), filing(bridge, kind, **changes), "clerk")
    assert (caught.value.code, caught.value.field) == ("workinjury-bridge.out-of-area.filing-invalid", field)
    assert bridge.state.registrations == {}


async def test_an_application_is_decided_once_and_by_another(bridge: MemoryBridge) -> None:
    registration_id = (await bridge.register.apply(key(), filing(bridge), "clerk"))["registration_id"]
    assert await refused(bridge.register.apply(key(), filing(bridge), "clerk"), bridge) == "case.wrong-state"
    assert await refused(bridge.register.approve(key(), registration_id, "clerk"), bridge) == "conversion.same-hand"
    await bridge.register.reject(key(), registration_id, "chief", "no certificate")
    assert await refused(bridge.register.approve(key(), registration_id, "chief"), bridge) == "out-of-area.wrong-state"
    assert bridge.state.registrations[registration_id].state is RegistrationState.REJECTED
    assert await refused(bridge.track.admit(key(), admission(registration_id)), bridge) == "day.in-the-future"
    today(bridge, date(2026, 6, 10))
    assert await refused(bridge.track.admit(key(), admission(registration_id)), bridge) == "out-of-area.not-registered"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"place": "310101"}, "out-of-area.not-registered"),
        ({"institution_code": "H32010400002"}, "out-of-area.not-registered"),
        ({"admitted_on": date(2026, 6, 2)}, "out-of-area.not-registered"),
        ({"admitted_on": date(2026, 7, 4)}, "out-of-area.not-registered"),
        ({"registration_id": "none"}, "out-of-area.not-registered"),
        ({"service": "outpatient"}, "out-of-area.not-in-scheme"),
    ],
)
async def test_an_admission_that_no_registration_covers(bridge: MemoryBridge, changes: dict[str, Any], code: str) -> None:
    registration_id = await registered(bridge, institution_code=HOSPITAL)
    today(bridge, date(2026, 7, 10))
    assert await refused(bridge.track.admit(key(), admission(registration_id, **changes)), bridge) == code
    on_the_last_day = admission(registration_id, admitted_on=date(2026, 7, 3))
    assert (await bridge.track.admit(key(), on_the_last_day))["province"] == PROVINCE


@pytest.mark.parametrize("facts", [CaseFacts(third_party="T:X"), CaseFacts(employer_insured=False)])
async def test_what_the_national_scheme_leaves_out(bridge: MemoryBridge, facts: CaseFacts) -> None:
    registration_id = await registered(bridge)
    await bridge.state_facts.of_case(key(), case_of(bridge), facts, "clerk")
    today(bridge, date(2026, 6, 10))
    assert await refused(bridge.track.admit(key(), admission(registration_id)), bridge) == "out-of-area.not-in-scheme"


async def test_a_stay_from_the_admission_to_the_payment_of_its_quarter(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    assert bridge.state.entries == {}
    today(bridge, date(2026, 7, 20))
    answer = await bridge.track.receive(key(), stay_id, date(2026, 6, 30), fen("21900"))
    assert (answer["check_until"], answer["object_until"]) == ("2026-07-27", "2026-08-15")
    assert set(bridge.state.deadlines) == {
        ("remote-data-check-overdue", stay_id),
        ("remote-clearing-due", f"{PROVINCE}:2026-04-01"),
    }
    await bridge.track.object_to(key(), stay_id, "不在目录内", "clerk")
    assert await refused(bridge.track.audit(key(), stay_id, "clerk"), bridge) == "out-of-area.objection-open"
    assert await refused(bridge.clear.pay(key(), bill()), bridge) == "out-of-area.not-audited"
    await bridge.track.adjust(key(), stay_id, fen("420"))
    await bridge.track.audit(key(), stay_id, "clerk")
    assert await refused(bridge.clear.pay(key(), bill()), bridge) == "out-of-area.bill-differs"
    today(bridge, date(2026, 7, 25))
    paid = await bridge.clear.pay(key(), bill(bill_fen=fen("21480")))
    assert (paid["amount_fen"], paid["stays"]) == (fen("21480"), 1)
    assert [sides(entry) for entry in bridge.state.entries.values()] == [
        ({"5001.11": fen("21900")}, {"2205(R:320000)": fen("21900")}),
        ({"2205(R:320000)": fen("420")}, {"5001.11": fen("420")}),
        ({"2205(R:320000)": fen("21480")}, {"1003": fen("21480")}),
    ]
    assert (balance(bridge.state, "2205"), balance(bridge.state, "5001.11")) == (0, fen("21480"))
    assert bridge.state.deadlines == {}
    states = [(e.state, e.adjusted_fen) for e in bridge.store.events if isinstance(e, OutOfAreaStayChanged)]
    assert states == [
        ("admitted", 0),
        ("settled-remote", 0),
        ("received", 0),
        ("received", 0),
        ("received", fen("420")),
        ("audited", fen("420")),
        ("cleared", fen("420")),
    ]
    (cleared,) = [e for e in bridge.store.events if isinstance(e, OutOfAreaClearingChanged)]
    assert (cleared.province, cleared.quarter, cleared.state, cleared.amount_fen) == (
        PROVINCE,
        date(2026, 4, 1),
        "cleared",
        fen("21480"),
    )
    assert await refused(bridge.clear.pay(key(), bill(bill_fen=fen("21480"))), bridge) == "out-of-area.quarter-cleared"


@pytest.mark.parametrize(("service", "account"), [("rehabilitation", "5001.12"), ("device", "5001.15")])
async def test_each_service_has_its_account(bridge: MemoryBridge, service: str, account: str) -> None:
    stay_id = await settled(bridge, service=service)
    await bridge.track.receive(key(), stay_id, date(2026, 6, 1), BILL.work_injury_fen)
    assert balance(bridge.state, account) == fen("21900")


async def test_data_that_differ_come_early_or_come_late(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    june = date(2026, 6, 1)
    assert await refused(bridge.track.receive(key(), stay_id, june, fen("21900.01")), bridge) == "out-of-area.data-differ"
    assert (
        await refused(bridge.track.receive(key(), stay_id, date(2026, 5, 1), fen("21900")), bridge)
        == "out-of-area.stay-invalid"
    )
    await bridge.track.receive(key(), stay_id, june, fen("21900"))
    assert await refused(bridge.track.receive(key(), stay_id, june, fen("21900")), bridge) == "out-of-area.wrong-state"
    await bridge.track.audit(key(), stay_id, "clerk")
    today(bridge, date(2026, 7, 1))
    await bridge.clear.pay(key(), bill())
    late = await settled(bridge, "J2", admitted_on=date(2026, 6, 20))
    assert await refused(bridge.track.receive(key(), late, june, fen("21900")), bridge) == "out-of-area.quarter-cleared"
    await bridge.track.receive(key(), late, date(2026, 7, 1), fen("21900"))
    assert balance(bridge.state, "2205") == -fen("21900")


async def test_objections_and_adjustments_have_bounds(bridge: MemoryBridge) -> None:
    stay_id = await received(bridge)
    assert await refused(bridge.track.adjust(key(), stay_id, 0), bridge) == "out-of-area.beyond-payable"
    assert await refused(bridge.track.adjust(key(), stay_id, fen("21900.01")), bridge) == "out-of-area.beyond-payable"
    today(bridge, date(2026, 8, 16))
    assert await refused(bridge.track.object_to(key(), stay_id, "x", "clerk"), bridge) == "out-of-area.objection-late"
    today(bridge, date(2026, 8, 15))
    await bridge.track.object_to(key(), stay_id, "x", "clerk")
    await bridge.track.adjust(key(), stay_id, 0)
    assert (await bridge.track.audit(key(), stay_id, "clerk"))["payable_fen"] == fen("21900")
    assert len(bridge.state.entries) == 1


async def test_a_quarter_is_paid_by_two_and_only_when_something_is_owed(bridge: MemoryBridge) -> None:
    stay_id = await received(bridge)
    await bridge.track.audit(key(), stay_id, "clerk")
    today(bridge, date(2026, 6, 30))
    assert await refused(bridge.clear.pay(key(), bill()), bridge) == "out-of-area.quarter-running"
    today(bridge, date(2026, 7, 1))
    assert await refused(bridge.clear.pay(key(), bill(checker="m")), bridge) == "conversion.same-hand"
    assert await refused(bridge.clear.pay(key(), bill(quarter=date(2026, 5, 1))), bridge) == "out-of-area.stay-invalid"
    assert await refused(bridge.clear.pay(key(), bill(province=PLACE)), bridge) == "out-of-area.stay-invalid"
    other = bill(province="310000")
    assert await refused(bridge.clear.pay(key(), other), bridge) == "out-of-area.nothing-to-clear"


async def test_the_same_command_again_has_one_effect(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    once = key()
    first = await bridge.track.receive(once, stay_id, date(2026, 6, 1), fen("21900"))
    assert await bridge.track.receive(once, stay_id, date(2026, 6, 1), fen("21900")) == first
    assert len(bridge.state.entries) == 1


async def test_the_place_takes_back_what_it_has_not_sent(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    second = (await bridge.track.admit(key(), admission(next(iter(bridge.state.registrations)))))["stay_id"]
    taken = bridge.track.settle(key(), second, "J1", date(2026, 6, 25), BILL)
    assert await refused(taken, bridge) == "out-of-area.settlement-known"
    await bridge.track.cancel(key(), stay_id)
    await bridge.track.settle(key(), second, "J1", date(2026, 6, 25), BILL)
    assert bridge.state.remote_stays[stay_id].state is RemoteState.CANCELLED


async def test_the_prefund_is_not_consumed(bridge: MemoryBridge) -> None:
    hands = Hands(maker="m", checker="c")
    assert await refused(bridge.clear.prefund(key(), PROVINCE, 100, Hands(maker="m", checker="m"), back=False), bridge) == (
        "conversion.same-hand"
    )
    assert (await bridge.clear.prefund(key(), PROVINCE, fen("50000"), hands, back=False))["held_fen"] == fen("50000")
    stay_id = await received(bridge)
    await bridge.track.audit(key(), stay_id, "clerk")
    await bridge.clear.pay(key(), bill())
    assert balance(bridge.state, "1131", "R:320000") == fen("50000")
    too_much = bridge.clear.prefund(key(), PROVINCE, fen("50000.01"), hands, back=True)
    assert await refused(too_much, bridge) == "out-of-area.beyond-prefund"
    assert (await bridge.clear.prefund(key(), PROVINCE, fen("50000"), hands, back=True))["held_fen"] == 0


async def approve_all(bridge: MemoryBridge) -> None:
    for item in list(bridge.state.items.values()):
        await bridge.benefits.approve.approve(key(), item.item_id, "chief")


async def test_meals_and_journey_by_the_rates_of_the_home_place(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    journey = Journey(materials=("D1",), transport_fen=fen("553"), lodging_fen=fen("700"), nights=4, board_days=0)
    answer = await bridge.claim.allowances(key(), stay_id, journey, "clerk")
    assert [(b["kind"], b["amount_fen"]) for b in answer["benefits"]] == [
        ("stay-meals", 15 * fen("30")),
        ("travel", fen("553") + 4 * fen("150")),
    ]
    again = bridge.claim.allowances(key(), stay_id, journey, "clerk")
    assert await refused(again, bridge) == "benefit.granted-already"
    assert await refused(bridge.track.cancel(key(), stay_id), bridge) == "out-of-area.allowances-stand"
    await approve_all(bridge)
    assert (balance(bridge.state, "5001.13"), balance(bridge.state, "5001.14")) == (fen("450"), fen("1153"))
    paid = [(e.kind, e.amount_fen) for e in bridge.store.events if isinstance(e, BenefitPaid)]
    assert paid == [("stay-meals", fen("450")), ("travel", fen("1153"))]
    assert balance(bridge.state, "2203") == 0


async def test_allowances_wait_for_the_bill(bridge: MemoryBridge) -> None:
    registration_id = await registered(bridge)
    today(bridge, date(2026, 6, 10))
    stay_id = (await bridge.track.admit(key(), admission(registration_id)))["stay_id"]
    claim = bridge.claim.allowances(key(), stay_id, Journey(materials=("D1",)), "clerk")
    assert await refused(claim, bridge) == "out-of-area.wrong-state"


def paid_bill(**changes: Any) -> Papers:
    whole = Papers(
        institution_code="H31010100001",
        institution_name="市第一医院",
        invoice_no="I1",
        inpatient=True,
        begun_on=date(2026, 5, 1),
        ended_on=date(2026, 5, 16),
        lines=(
            BillLine(line_id="1", amount_fen=fen("14900.00"), in_catalogue=True),
            BillLine(line_id="2", amount_fen=fen("8000.00"), in_catalogue=True, cap_fen=fen("7000.00"), consent=True),
            BillLine(line_id="3", amount_fen=fen("556.78"), in_catalogue=False, consent=False),
        ),
    )
    return replace(whole, **changes)


async def test_without_registration_the_person_pays_and_claims_on_paper(bridge: MemoryBridge) -> None:
    answer = await bridge.papers.propose(key(), case_of(bridge), paid_bill(), "clerk")
    assert (answer["work_injury_fen"], answer["meals_fen"], answer["due_on"]) == (fen("21900"), fen("450"), "2026-07-02")
    claim_id = answer["paper_claim_id"]
    assert [subject for kind, subject in bridge.state.deadlines if kind == "paper-claim-overdue"] == [claim_id]
    again = bridge.papers.propose(key(), case_of(bridge), paid_bill(), "clerk")
    assert await refused(again, bridge) == "paper-claim.same-bill"
    await overdue(bridge, bridge.papers.overdue, claim_id)
    await bridge.papers.approve(key(), claim_id, "chief")
    assert [sides(entry) for entry in bridge.state.entries.values()] == [
        ({"5001.11": fen("21900"), "5001.13": fen("450")}, {"2203(P:P1)": fen("22350")}),
        ({"2203(P:P1)": fen("22350")}, {"1003": fen("22350")}),
    ]
    await overdue(bridge, bridge.papers.overdue, claim_id)
    told = [(e.state, e.overdue) for e in bridge.store.events if isinstance(e, PaperClaimChanged)]
    assert told == [("proposed", False), ("proposed", True), ("paid", False)]
    assert not [kind for kind, _ in bridge.state.deadlines if kind == "paper-claim-overdue"]


async def test_a_bill_of_a_stay_is_no_benefit_of_its_own(bridge: MemoryBridge) -> None:
    request = ItemRequest(
        kind=BenefitKind.STAY_MEALS, on=date(2026, 5, 16), reference="I1", materials=("D1",), cost_fen=fen("21900")
    )
    propose: ProposeBenefit = bridge.benefits.propose
    assert await refused(propose.run(key(), case_of(bridge), request, "clerk"), bridge) == "benefit.fact-missing"


async def test_a_stay_settled_elsewhere_is_not_paid_on_paper_too(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    stay = bridge.state.remote_stays[stay_id]
    same = paid_bill(institution_code=HOSPITAL, invoice_no="J1", begun_on=stay.admitted_on, ended_on=date(2026, 6, 25))
    assert await refused(bridge.papers.propose(key(), case_of(bridge), same, "clerk"), bridge) == "paper-claim.same-bill"


async def test_a_stay_settled_elsewhere_is_compared_with_what_the_medical_funds_pay(bridge: MemoryBridge) -> None:
    stay_id = await settled(bridge)
    fact = replace(
        SETTLED,
        institution_code=HOSPITAL,
        invoice_no="J1",
        begun_on=date(2026, 6, 10),
        ended_on=date(2026, 6, 25),
        total_fen=fen("23456.78"),
    )
    await bridge.hear(fact)
    (clue,) = bridge.state.double_bills.values()
    assert (clue.against, clue.settlement_id, clue.match, clue.paid_to_person) == (f"stay:{stay_id}", "S1", Match.SAME, False)
    like = await bridge.find_double.like("P1", mark_of(bridge.state.stays["S1"]))
    assert [found["against"] for found in like] == [f"stay:{stay_id}"]
    await bridge.revoke.run(key(), case_of(bridge), "J1", date(2026, 6, 1), "court", "clerk")
    assert await bridge.find_double.like("P1", mark_of(bridge.state.stays["S1"])) == []


async def overdue(bridge: MemoryBridge, tell: Any, subject: str) -> None:
    async with bridge.store.transaction() as tx:
        await tell(tx, subject)


async def test_whoever_is_late_is_told(bridge: MemoryBridge) -> None:
    registration_id = (await bridge.register.apply(key(), filing(bridge), "clerk"))["registration_id"]
    await overdue(bridge, bridge.register.overdue, registration_id)
    await bridge.register.approve(key(), registration_id, "chief")
    stay_id = await received(bridge)
    await overdue(bridge, bridge.track.overdue, stay_id)
    await overdue(bridge, bridge.clear.overdue, f"{PROVINCE}:2026-04-01")
    late = [
        type(e).__name__ for e in bridge.store.events if getattr(e, "overdue", False) or getattr(e, "state", "") == "overdue"
    ]
    assert late == ["OutOfAreaRegistrationChanged", "OutOfAreaStayChanged", "OutOfAreaClearingChanged"]
    told = len(bridge.store.events)
    await overdue(bridge, bridge.register.overdue, registration_id)
    assert len(bridge.store.events) == told


def test_the_days_of_a_quarter() -> None:
    assert [quarter_of(date(2026, m, 17)) for m in (1, 3, 4, 12)] == [
        date(2026, 1, 1),
        date(2026, 1, 1),
        date(2026, 4, 1),
        date(2026, 10, 1),
    ]
    assert [pay_by(q, RULES) for q in (date(2026, 1, 1), date(2026, 10, 1))] == [date(2026, 4, 25), date(2027, 1, 25)]
    assert [object_until(d, RULES) for d in (date(2026, 7, 15), date(2026, 7, 16), date(2026, 12, 31))] == [
        date(2026, 7, 15),
        date(2026, 8, 15),
        date(2027, 1, 15),
    ]
