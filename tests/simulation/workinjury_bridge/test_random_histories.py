"""Random histories of one county: accidents, stays, decisions, reversals, reviews, revocations, in any order, doubled and
late, with claims away or losing answers and the process dying; every invariant of B15 that can be seen holds after every
step, and when everything has come to rest the funds agree and every fund has what it is due.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.codes import Code, CodeSystem
from shared.contracts.claims import FundPayment
from shared.errors import Refusal, unavailable
from shared.ledger import Book
from shared.money import allocate
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import POLICIES, SETTLED, THIRD_LEVEL, WI_CARE, WI_INSURANCE
from tests.factories.workinjury_bridge.fake_claims import settled_fact
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.simulation.workinjury_bridge.by_hand import fund_bears, only_advances, payers_keep
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.out_of_area.clear_quarter import Bill
from workinjury_bridge.application.out_of_area.register import FilingRequest
from workinjury_bridge.application.out_of_area.track_stay import Admission
from workinjury_bridge.application.recovery.decide_set_off import SetOffRequest
from workinjury_bridge.application.recurrence.confirm_recurrence import Conclusion as Concluded
from workinjury_bridge.application.recurrence.confirm_recurrence import RecurrenceRequest
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.advance import AdvanceState
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.entitlement import BreakReason, Relation
from workinjury_bridge.domain.benefits.kinds import MONTHLY, BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion
from workinjury_bridge.domain.conversion import ENDED, WAITING, ConversionState
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.figures import MedicalBill
from workinjury_bridge.domain.invariants import breaches_of
from workinjury_bridge.domain.out_of_area.clearing import quarter_of
from workinjury_bridge.domain.out_of_area.registration import FilingKind
from workinjury_bridge.domain.out_of_area.remote_stay import Service
from workinjury_bridge.domain.paper_claim import Papers, PaperState
from workinjury_bridge.domain.party import UNKNOWN_THIRD_PARTY, is_employer
from workinjury_bridge.domain.policy import Circumstance as OutOfCatalogue
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.recurrence import decision_in_force
from workinjury_bridge.domain.set_off import SetOffGround
from workinjury_bridge.domain.split import Belonging, Flags, Ratio
from workinjury_bridge.domain.terms import CaseFacts, StayFacts

FIRST = date(2026, 1, 1)
PERSONS = ("P1", "P2")
BOOKS = (("EMP", "5001.01"), ("EMP", "5001.02"), ("LARGE", "5001.01"), ("MAF", "5001.01"))


PICK = st.integers(0, 99)
ONE_OFF = sorted(set(BenefitKind) - MONTHLY - {BenefitKind.TRAVEL, BenefitKind.DEVICE})
LAST = date(2026, 12, 20)
LINE = st.tuples(st.integers(0, 10**7), st.booleans(), st.sampled_from([None, True, False]))
"""Amount, in the catalogue, consent."""


class Death(BaseException):
    """The process is gone; the next step begins on what is stored."""


class Trouble:
    """Dice that a seed loads: away before an effect, answer lost after it, death around a commit."""

    def __init__(self, seed: int, level: float) -> None:
        self._dice = random.Random(seed)
        self._level = level

    def in_claims(self, when: str, key: str) -> None:
        if self._dice.random() < self._level:
            raise unavailable("claims.away", "系统繁忙", f"{when} {key}")

    def at_commit(self, when: str, key: str) -> None:
        if self._dice.random() < self._level:
            raise Death(f"{when} {key}")


class County(RuleBasedStateMachine):
    """One bridge, one claims, two persons."""

    persons: tuple[str, ...] = PERSONS
    policies = POLICIES

    @initialize(seed=st.integers(0, 2**32), level=st.sampled_from([0.0, 0.1, 0.3]))
    def begin(self, seed: int, level: float) -> None:
        self.loop = asyncio.new_event_loop()
        self.bridge = MemoryBridge(policies=self.policies)
        self.bridge.clock.set(datetime(2026, 4, 1, 2, tzinfo=UTC))
        self.trouble = Trouble(seed, level)
        self.numbers = count()
        self.facts: list[Any] = []
        for person in self.persons:
            self.accident(person, 0)
            self.decide(len(self.bridge.state.cases) - 1, True, None)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.come_to_rest()
            self.loop.close()

    # What people and hospitals do

    @rule(person=st.sampled_from(PERSONS), day=st.integers(0, 40))
    def accident(self, person: str, day: int) -> None:
        report = Accident(
            person_id=person,
            accident_on=FIRST + timedelta(days=day),
            body_parts=("hand",),
            description="press",
            employer_id="E1",
        )
        self.run(self.bridge.open_case.run(self.key(), report))

    @rule(
        person=st.sampled_from(PERSONS),
        day=st.integers(0, 60),
        days=st.integers(0, 20),
        inpatient=st.sampled_from([True, True, True, False]),
        amounts=st.lists(LINE, min_size=1, max_size=4),
        weights=st.lists(st.integers(0, 9), min_size=5, max_size=5),
        heard=st.booleans(),
    )
    def settle(
        self,
        person: str,
        day: int,
        days: int,
        inpatient: bool,
        amounts: list[tuple[int, bool, bool | None]],
        weights: list[int],
        heard: bool,
        invoice_no: str = "",
    ) -> None:
        total = sum(amount for amount, *_ in amounts)
        *funds, cash = allocate(total, weights) if sum(weights) else [0, 0, 0, 0, total]
        begun_on = FIRST + timedelta(days=day)
        bill = MedicalBill(
            begun_on=begun_on,
            ended_on=begun_on + timedelta(days=days),
            total_fen=total,
            cash_fen=cash,
            payments=tuple(
                FundPayment(book=book, account=account, fund_pay_type="", amount_fen=amount)
                for (book, account), amount in zip(BOOKS, funds, strict=True)
            ),
            lines=tuple(
                BillLine(line_id=str(n), amount_fen=a, in_catalogue=c, consent=agreed)
                for n, (a, c, agreed) in enumerate(amounts)
            ),
        )
        fact = settled_fact(bill, SETTLED, settlement_id=f"S{next(self.numbers)}", person_id=person, inpatient=inpatient)
        fact = replace(fact, invoice_no=invoice_no or f"FP{next(self.numbers)}")
        self.happens(self.bridge.claims.settle(fact, bill), heard)

    @rule(person=st.sampled_from(PERSONS), day=st.integers(0, 60), amount=st.integers(1, 10**7), heard=st.booleans())
    def settle_directly(self, person: str, day: int, amount: int, heard: bool) -> None:
        key, on = f"W{next(self.numbers)}", FIRST + timedelta(days=day)
        line = BillLine(line_id="1", amount_fen=amount, in_catalogue=True)
        bill = DirectBill(
            key=key,
            visit_id=key,
            person_id=person,
            insurance=WI_INSURANCE,
            care=WI_CARE,
            institution_code="H1",
            begun_on=on,
            ended_on=on,
            lines=(line,),
        )
        try:
            self.run(self.bridge.settle.final(bill))
        except Refusal as refusal:
            self.nothing_but(refusal, "workinjury-bridge.settlement.not-entitled")
            return
        fact = replace(SETTLED, settlement_id=f"S{key}", person_id=person, payments=[], total_fen=amount, work_injury_key=key)
        nothing = MedicalBill(begun_on=on, ended_on=on, total_fen=amount, cash_fen=0, payments=(), lines=())
        self.happens(self.bridge.claims.settle(fact, nothing), heard)

    @rule(pick=PICK, amount=st.integers(1, 10**7), service=st.sampled_from(Service))
    def treated_elsewhere(self, pick: int, amount: int, service: Service) -> None:
        """Registered, admitted and settled in another province, as far as each is allowed."""
        case_id, bridge, on = self.case(pick), self.bridge, self.bridge.clock.today()
        filing = FilingRequest(case_id=case_id, kind=FilingKind.LONG_TERM, place="320100", begins_on=on)
        self.maybe(lambda key: bridge.register.apply(key, filing, "a"))
        for registration in list(bridge.state.registrations.values()):
            self.maybe(partial(bridge.register.approve, registration_id=registration.registration_id, actor="b"))
            admission = Admission(
                registration_id=registration.registration_id,
                place="320104",
                institution_code="H9",
                institution_name="h",
                service=service,
                admitted_on=on,
            )
            if registration.case_id == case_id:
                self.maybe(partial(bridge.track.admit, admission=admission))
        version = WorkInjuryVersion(work_injury_fen=amount, person_fen=0, hospital_fen=0, unrelated_fen=0)
        for stay_id in sorted(bridge.state.remote_stays):
            number = f"J{next(self.numbers)}"
            self.maybe(partial(bridge.track.settle, stay_id=stay_id, settlement_no=number, discharged_on=on, version=version))

    @rule(pick=PICK, act=st.sampled_from(["receive", "receive", "object", "adjust", "audit", "audit", "cancel"]))
    def elsewhere(self, pick: int, act: str) -> None:
        """Its data come, are objected to, adjusted and audited."""
        stays, track = sorted(self.bridge.state.remote_stays), self.bridge.track
        if not stays:
            return
        stay = self.bridge.state.remote_stays[stays[pick % len(stays)]]
        which, month = stay.stay_id, self.bridge.clock.today()
        acts: dict[str, Callable[[OnceKey], Awaitable[Any]]] = {
            "receive": lambda key: track.receive(key, which, month, stay.fund_fen),
            "object": lambda key: track.object_to(key, which, "x", "clerk"),
            "adjust": lambda key: track.adjust(key, which, stay.payable_fen // 3),
            "audit": lambda key: track.audit(key, which, "clerk"),
            "cancel": lambda key: track.cancel(key, which),
        }
        self.maybe(acts[act])

    @rule(act=st.sampled_from(["receive", "audit", "audit"]))
    def all_elsewhere(self, act: str) -> None:
        """The data of the month, and their audit."""
        track, month = self.bridge.track, self.bridge.clock.today()
        for stay in sorted(self.bridge.state.remote_stays.values(), key=lambda stay: stay.stay_id):
            if act == "audit":
                self.maybe(partial(track.audit, stay_id=stay.stay_id, actor="clerk"))
            else:
                self.maybe(partial(track.receive, stay_id=stay.stay_id, period=month, fund_fen=stay.fund_fen))

    @rule()
    def pay_the_provinces(self) -> None:
        """Every quarter whose bill is what the book owes."""
        quarters = {quarter_of(s.period) for s in self.bridge.state.remote_stays.values() if s.period is not None}
        for quarter in sorted(quarters):
            stays = [s for s in self.bridge.state.remote_stays.values() if s.period and quarter_of(s.period) == quarter]
            bill = Bill(
                province="320000",
                quarter=quarter,
                bill_no="B",
                bill_fen=sum(s.payable_fen for s in stays),
                maker="a",
                checker="b",
            )
            self.maybe(partial(self.bridge.clear.pay, bill=bill))

    @rule(pick=PICK, confirmed=st.booleans(), day=st.integers(0, 60))
    def recur(self, pick: int, confirmed: bool, day: int) -> None:
        """An old injury breaks out again; the committee concludes."""
        case_id, bridge = self.case(pick), self.bridge
        asked = RecurrenceRequest(
            case_id=case_id,
            applied_on=bridge.clock.today(),
            treated_from=FIRST + timedelta(days=day),
            diagnosis=Code(CodeSystem.CHS_DIAGNOSIS, "T92.601"),
            diagnosis_name="x",
            body_parts=("hand",),
            materials=("M1",),
        )
        self.maybe(lambda key: bridge.recur.apply(key, asked, "clerk"))
        for recurrence_id in sorted(bridge.state.recurrences):
            said = Concluded(
                decision_no=f"F{next(self.numbers)}",
                confirmed=confirmed,
                decided_on=bridge.clock.today(),
                decided_by="committee",
            )
            self.maybe(partial(bridge.recur.conclude, recurrence_id=recurrence_id, conclusion=said, actor="clerk"))

    @rule(pick=PICK, heard=st.booleans())
    def reverse(self, pick: int, heard: bool) -> None:
        settled = sorted(self.bridge.claims.settlements)
        if settled:
            try:
                self.happens(self.bridge.claims.reverse(settled[pick % len(settled)]), heard)
            except Refusal as refusal:
                self.nothing_but(refusal, "claims.settlement.not-standing")

    @rule(pick=PICK)
    def hear(self, pick: int) -> None:
        """Any fact, at any time, as often as it likes: late, doubled, in the wrong order."""
        if self.facts:
            self.told(self.facts[pick % len(self.facts)])

    @rule(
        pick=PICK,
        day=st.integers(0, 60),
        amount=st.integers(1, 10**7),
        weights=st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any),
        first=st.sampled_from(["paper", "paper", "hospital"]),
        as_far_as=st.sampled_from(["told", "heard", "confirmed", "confirmed", "set off", "set off"]),
    )
    def same_bill_at_both_funds(self, pick: int, day: int, amount: int, weights: list[int], first: str, as_far_as: str) -> None:
        """The person claims it on paper, and the hospital settles it with the medical fund (B10)."""
        case_id, on, number = self.case(pick), FIRST + timedelta(days=day), next(self.numbers)
        papers = Papers(
            institution_code=SETTLED.institution_code,
            institution_name=SETTLED.institution_name,
            invoice_no=f"FP{number}",
            inpatient=False,
            begun_on=on,
            ended_on=on,
            lines=(BillLine(line_id="1", amount_fen=amount, in_catalogue=True),),
        )
        if first == "paper":
            self.maybe(lambda key: self.bridge.papers.propose(key, case_id, papers, "a"))
            for claim_id in sorted(self.bridge.state.papers):
                self.maybe(partial(self.bridge.papers.approve, paper_claim_id=claim_id, actor="b"))
        person_id, heard = self.bridge.state.cases[case_id].person_id, as_far_as != "told"
        self.settle(person_id, day, 0, False, [(amount, True, None)], weights, heard, papers.invoice_no)
        if first != "paper":
            self.maybe(lambda key: self.bridge.papers.propose(key, case_id, papers, "a"))
        if as_far_as in ("confirmed", "set off"):
            self.look_at_the_bills("confirm")
        if as_far_as == "set off":
            self.set_off(pick, 4, SetOffGround.ORDER)

    # What the offices do

    @rule(pick=PICK, act=st.sampled_from(["approve", "approve", "reject"]))
    def on_paper(self, pick: int, act: str) -> None:
        claims, papers = sorted(self.bridge.state.papers), self.bridge.papers
        if not claims:
            return
        which = claims[pick % len(claims)]
        acts: dict[str, Callable[[OnceKey], Awaitable[Any]]] = {
            "approve": lambda key: papers.approve(key, which, "b"),
            "reject": lambda key: papers.reject(key, which, "b", "x"),
        }
        self.maybe(acts[act])

    @rule(act=st.sampled_from(["confirm", "confirm", "confirm", "clear", "undo"]))
    def look_at_the_bills(self, act: str) -> None:
        """Two people say that it is one bill, or that it was not; or one that it is another."""
        judge = self.bridge.double_bills
        acts: dict[str, Callable[[str, OnceKey], Awaitable[Any]]] = {
            "confirm": lambda which, key: judge.confirm(key, which, "a", "b", None),
            "clear": lambda which, key: judge.clear(key, which, "a", "x"),
            "undo": lambda which, key: judge.undo(key, which, "a", "b", "x"),
        }
        for double_bill_id in sorted(self.bridge.state.double_bills):
            self.maybe(partial(acts[act], double_bill_id))
        self.charge()

    @rule(pick=PICK, part=st.integers(1, 4), ground=st.sampled_from(SetOffGround))
    def set_off(self, pick: int, part: int, ground: SetOffGround) -> None:
        """Later benefits of the work-injury fund meet what is owed to a medical fund."""
        bridge = self.bridge
        debts = sorted(d.recovery_id for d in bridge.state.recoveries.values() if d.cause is Cause.DOUBLE_PAYMENT)
        if not debts:
            return
        debt = bridge.state.recoveries[debts[pick % len(debts)]]
        asked = SetOffRequest(
            ground=ground,
            document_no="D1",
            documented_on=bridge.clock.today(),
            most_fen=max(1, debt.open_fen * part // 4),
            maker="a",
        )
        self.maybe(lambda key: bridge.decide_set_off.propose(key, debt.recovery_id, asked))
        for set_off_id in sorted(bridge.state.set_offs):
            self.maybe(partial(bridge.decide_set_off.approve, set_off_id=set_off_id, actor="b"))

    @rule(pick=PICK)
    def set_off_no_more(self, pick: int) -> None:
        allowed = sorted(self.bridge.state.set_offs)
        if allowed:
            which = allowed[pick % len(allowed)]
            self.maybe(lambda key: self.bridge.decide_set_off.withdraw(key, which, "x", "clerk"))

    @rule(pick=PICK, granted=st.booleans(), version=st.none() | st.integers(1, 6))
    def decide(self, pick: int, granted: bool, version: int | None) -> None:
        case_id = self.case(pick)
        case = self.bridge.state.cases[case_id]
        if version is not None and version in {d.version for d in case.decisions}:
            return
        new = NewDecision(
            decision_no=f"N{next(self.numbers)}",
            outcome=Outcome.GRANTED if granted else Outcome.DENIED,
            decided_on=FIRST,
            decided_by="office",
            version=version,
        )
        self.maybe(lambda key: self.bridge.decide.run(key, case_id, new))

    @rule(pick=PICK)
    def revoke(self, pick: int) -> None:
        case_id, number = self.case(pick), f"J{next(self.numbers)}"
        self.maybe(lambda key: self.bridge.revoke.run(key, case_id, number, FIRST, "court", "clerk"))

    @rule(pick=PICK, upheld=st.booleans())
    def contest(self, pick: int, upheld: bool) -> None:
        case_id = self.case(pick)
        if upheld:
            self.maybe(lambda key: self.bridge.contest.uphold(key, case_id, "clerk"))
        else:
            self.maybe(lambda key: self.bridge.contest.open(key, case_id, FIRST, "clerk"))

    @rule(pick=PICK, act=st.sampled_from(["check", "approve", "approve", "send_back"]), actor=st.sampled_from("abc"))
    def review(self, pick: int, act: str, actor: str) -> None:
        ids = sorted(self.bridge.state.conversions)
        if ids:
            use_case = getattr(self.bridge.review, act)
            self.maybe(lambda key: use_case(key, ids[pick % len(ids)], actor, None))

    @rule()
    def approve_everything(self) -> None:
        self.run(self.bridge.go_on())
        for case_id in sorted(self.bridge.state.cases):
            self.advanced(case_id)
        for conversion_id in sorted(self.bridge.state.conversions):
            self.maybe(partial(self.bridge.review.check, conversion_id=conversion_id, actor="a", note=None))
            for actor in "bc":
                self.maybe(partial(self.bridge.review.approve, conversion_id=conversion_id, actor=actor, note=None))

    # Who else is liable, what belongs to the injury, who got what

    @rule(
        pick=PICK,
        situation=st.sampled_from(["ordinary", "late", "uninsured", "third-party", "both"]),
        filed=st.integers(20, 60),
    )
    def case_facts(self, pick: int, situation: str, filed: int) -> None:
        case_id = self.case(pick)
        day = self.bridge.state.cases[case_id].accident_on + timedelta(days=filed)
        late = situation in ("late", "both")
        facts = CaseFacts(
            filed_on=day if late else None,
            accepted_on=day if late else None,
            employer_insured=situation != "uninsured",
            third_party=UNKNOWN_THIRD_PARTY if situation in ("third-party", "both") else None,
        )
        self.maybe(lambda key: self.bridge.state_facts.of_case(key, case_id, facts, "clerk"))

    @rule(pick=PICK, grade=st.integers(1, 10), kind=st.sampled_from(ONE_OFF))
    def uninsured_worker(self, pick: int, grade: int, kind: BenefitKind) -> None:
        """Appraised, the advance approved, a benefit and a pension asked for, as far as each is allowed (B7)."""
        self.case_facts(pick=pick, situation="uninsured", filed=30)
        self.advanced(self.case(pick))
        self.appraise(pick=pick, wage=7, grade=grade, nursing=NursingGrade.LARGE)
        self.benefit(pick=pick, kind=kind, approve=True)
        self.pension(pick=pick, kind=BenefitKind.NURSING, kin=0, approve=True)
        self.days_pass(days=15)

    @rule(pick=PICK, ago=st.integers(0, 120))
    def employer_pays_back(self, pick: int, ago: int) -> None:
        """What has arisen since is the fund's, also where it was advanced already (B7)."""
        case_id, day = self.case(pick), self.bridge.clock.today() - timedelta(days=ago)
        self.maybe(lambda key: self.bridge.back_payment.run(key, case_id, day, "proof", "clerk"))

    @rule(
        pick=PICK,
        payer=st.sampled_from(["P", "E", "HEIRS"]),
        prepaid=st.integers(0, 10**6),
        circumstance=st.sampled_from(OutOfCatalogue),
    )
    def stay_facts(self, pick: int, payer: str, prepaid: int, circumstance: OutOfCatalogue) -> None:
        ids = sorted(self.bridge.state.conversions)
        if ids:
            conversion = self.bridge.state.conversions[ids[pick % len(ids)]]
            who = {"P": conversion.person_id, "HEIRS": conversion.person_id, "E": "E1"}[payer]
            facts = StayFacts(payer=f"{payer}:{who}", prepaid_fen=prepaid, circumstances=(("0", circumstance),))
            which = conversion.conversion_id
            self.maybe(lambda key: self.bridge.state_facts.of_stay(key, which, facts, "clerk"))

    @rule(
        pick=PICK,
        act=st.sampled_from(["propose", "propose", "agree", "agree", "dispute", "decide"]),
        belongs=st.lists(st.sampled_from(Belonging), min_size=1, max_size=4),
        part=st.integers(0, 7),
    )
    def split(self, pick: int, act: str, belongs: list[Belonging], part: int) -> None:
        flags = Flags(lines=tuple((str(n), b) for n, b in enumerate(belongs)), ratio=Ratio(numerator=part, denominator=7))
        ids = sorted(self.bridge.state.conversions)
        if not ids:
            return
        split, which = self.bridge.split, ids[pick % len(ids)]
        acts: dict[str, Callable[[OnceKey], Awaitable[Any]]] = {
            "propose": lambda key: split.propose(key, which, flags, "hospital"),
            "agree": lambda key: split.agree(key, which, "reviewer"),
            "dispute": lambda key: split.dispute(key, which, "reviewer", None),
            "decide": lambda key: split.decide(key, which, flags, "expert", None),
        }
        self.maybe(acts[act])

    @rule(pick=PICK)
    def advance_payment(self, pick: int) -> None:
        """Applied for, served and approved, as far as each is allowed."""
        self.advanced(self.case(pick))

    def advanced(self, case_id: str) -> None:
        advances = self.bridge.advances
        self.maybe(lambda key: advances.apply(key, case_id, FIRST, "clerk"))
        for found in [a for a in self.bridge.state.advances.values() if a.case_id == case_id and a.open]:
            self.maybe(partial(advances.serve, advance_id=found.advance_id, served_on=FIRST, actor="a"))
            self.maybe(partial(advances.approve, advance_id=found.advance_id, actor="b", note=None))

    @rule(
        pick=PICK,
        act=st.sampled_from(["demand", "receive", "receive", "agree", "enforce", "write_off", "liable", "move"]),
        part=st.integers(1, 4),
        q=st.sampled_from([1_000_000, 700_000, 500_000, 0]),
    )
    def pursue(self, pick: int, act: str, part: int, q: int) -> None:
        debts = sorted(self.bridge.state.recoveries)
        if not debts:
            return
        debt = self.bridge.state.recoveries[debts[pick % len(debts)]]
        which, use = debt.recovery_id, self.bridge.debts
        some = max(1, debt.open_fen * part // 4)
        acts: dict[str, Callable[[OnceKey], Awaitable[Any]]] = {
            "demand": lambda key: use.demand(key, which, "clerk"),
            "receive": lambda key: use.receive(key, which, some, part, "B", "a"),
            "agree": lambda key: use.agree(key, which, FIRST, "clerk"),
            "enforce": lambda key: use.enforce(key, which, "clerk"),
            "write_off": lambda key: use.write_off(key, which, "D", "a", "b"),
            "liable": lambda key: use.fix_liability(key, which, q, "T:X" if part > 2 else None, "a"),
            "move": lambda key: use.change_debtor(key, which, some, "a"),
        }
        self.maybe(acts[act])

    # Audits after conversion, cash benefits, deaths and the missing, payments that come back

    @rule(
        pick=PICK,
        act=st.sampled_from(["deduct", "deduct", "hear", "confirm", "withdraw"]),
        line=st.sampled_from("012"),
        amount=st.integers(1, 10**6),
        day=st.none() | st.integers(0, 60),
    )
    def audit(self, pick: int, act: str, line: str, amount: int, day: int | None) -> None:
        deduct, state = self.bridge.deduct, self.bridge.state
        settled = sorted(self.bridge.claims.settlements)
        if act == "deduct" and settled:
            which = settled[pick % len(settled)]
            charged_on = None if day is None else FIRST + timedelta(days=day)
            finding = Finding(
                settlement_id=which,
                line_id=line,
                amount_fen=amount,
                reason="R04",
                maker="a",
                checker="b",
                charged_on=charged_on,
            )
            self.maybe(lambda key: deduct.deduct(key, finding))
        elif act != "deduct" and state.deductions:
            found = sorted(state.deductions)[pick % len(state.deductions)]
            use_case = getattr(deduct, act)
            self.maybe(lambda key: use_case(key, found, None, "c"))

    @rule(pick=PICK, situation=st.sampled_from(["uninsured", "third-party"]), amount=st.integers(1, 10**7))
    def advanced_stay(self, pick: int, situation: str, amount: int) -> None:
        """A stay that is converted in advance, as far as that is allowed."""
        self.case_facts(pick=pick, situation=situation, filed=30)
        person = self.bridge.state.cases[self.case(pick)].person_id
        lines: list[tuple[int, bool, bool | None]] = [(amount, True, None), (amount // 2, True, None)]
        self.settle(person=person, day=41, days=3, inpatient=True, amounts=lines, weights=[4, 1, 3, 2, 5], heard=True)
        self.approve_everything()
        self.run(self.bridge.go_on())

    @rule(pick=PICK, act=st.sampled_from(["cut", "cut", "cut", "withdraw"]), part=st.integers(1, 4), line=st.sampled_from("01"))
    def audit_of_an_advance(self, pick: int, act: str, part: int, line: str) -> None:
        """What was only advanced is cut, or the cut withdrawn (B12)."""
        deduct, state = self.bridge.deduct, self.bridge.state
        found = sorted(c.conversion_id for c in state.conversions.values() if c.figures and c.figures.debtor)
        if not found:
            return
        conversion = state.conversions[found[pick % len(found)]]
        if act == "cut" and conversion.figures is not None:
            finding = Finding(
                settlement_id=conversion.settlement_id,
                line_id=line,
                amount_fen=max(1, conversion.figures.cost_fen * part // 8),
                reason="R04",
                maker="a",
                checker="b",
                charged_on=FIRST + timedelta(days=40 + part),
            )
            self.maybe(lambda key: deduct.deduct(key, finding))
        for cut in [d for d in state.deductions.values() if d.conversion_id == conversion.conversion_id]:
            if act == "withdraw":
                self.maybe(partial(deduct.withdraw, deduction_id=cut.deduction_id, note=None, actor="c"))

    @rule(
        pick=PICK, wage=st.integers(3, 30), grade=st.none() | st.integers(1, 10), nursing=st.sampled_from([None, *NursingGrade])
    )
    def appraise(self, pick: int, wage: int, grade: int | None, nursing: NursingGrade | None) -> None:
        case_id, benefits = self.case(pick), self.bridge.benefits
        self.maybe(lambda key: benefits.record_wage.run(key, case_id, [wage * 100_000] * 12, "clerk"))
        said = Conclusion(
            conclusion_no=f"J{next(self.numbers)}",
            kind=AppraisalKind.INITIAL if grade is None or grade % 2 else AppraisalKind.RECHECK,
            concluded_on=self.bridge.clock.today(),
            decided_by="city",
            grade=grade,
            nursing=nursing,
        )
        self.maybe(lambda key: benefits.record_appraisal.run(key, case_id, said, "clerk"))

    @rule(pick=PICK, kind=st.sampled_from(ONE_OFF), approve=st.booleans())
    def benefit(self, pick: int, kind: BenefitKind, approve: bool) -> None:
        """Asked for, and as a rule approved by as many as it takes."""
        case_id, benefits = self.case(pick), self.bridge.benefits
        asked = ItemRequest(kind=kind, on=self.bridge.clock.today(), materials=("M1",), reference="R", fee_fen=30_000)
        self.maybe(lambda key: benefits.propose.run(key, case_id, asked, "a"))
        for item_id in sorted(self.bridge.state.items) if approve else ():
            for actor in ("b", "c"):
                self.maybe(partial(benefits.approve.approve, item_id=item_id, actor=actor))

    @rule(pick=PICK, kind=st.sampled_from(sorted(MONTHLY)), kin=st.integers(0, 2), approve=st.booleans())
    def pension(self, pick: int, kind: BenefitKind, kin: int, approve: bool) -> None:
        case_id, benefits = self.case(pick), self.bridge.benefits
        who = f"{self.bridge.state.cases[case_id].person_id}-{kin}" if kind is BenefitKind.DEPENDANT else None
        relation = (Relation.SPOUSE, Relation.CHILD, Relation.PARENT)[kin] if who else None
        asked = PensionRequest(kind=kind, materials=("M1",), person_id=who, relation=relation)
        self.maybe(lambda key: benefits.propose_pension.run(key, case_id, asked, "a"))
        for entitlement_id in sorted(self.bridge.state.entitlements) if approve else ():
            self.maybe(partial(benefits.change.approve, entitlement_id=entitlement_id, actor="b"))

    @rule(pick=PICK, act=st.sampled_from(["suspend", "resume", "stop", "certify"]))
    def change_pension(self, pick: int, act: str) -> None:
        granted = sorted(self.bridge.state.entitlements)
        if not granted:
            return
        which, change, month = (
            granted[pick % len(granted)],
            self.bridge.benefits.change,
            self.bridge.clock.today().replace(day=1),
        )
        acts: dict[str, Callable[[OnceKey], Awaitable[Any]]] = {
            "suspend": lambda key: change.suspend(key, which, BreakReason.REFUSES_TREATMENT, month, "clerk"),
            "resume": lambda key: change.resume(key, which, month, "clerk"),
            "stop": lambda key: change.stop(key, which, month, "clerk"),
            "certify": lambda key: change.certify(key, which, self.bridge.clock.today(), "clerk"),
        }
        self.maybe(acts[act])

    @rule(pick=PICK, how=st.sampled_from(Circumstance), ago=st.integers(0, 90), kin=st.none() | st.integers(0, 2))
    def lose(self, pick: int, how: Circumstance, ago: int, kin: int | None) -> None:
        case_id = self.case(pick)
        person = None if kin is None else f"{self.bridge.state.cases[case_id].person_id}-{kin}"
        day = self.bridge.clock.today() - timedelta(days=ago)
        report = LossReport(circumstance=how, occurred_on=day, source=Source.FAMILY, person_id=person)
        self.maybe(lambda key: self.bridge.benefits.report_loss.report(key, case_id, report, "a"))

    @rule(pick=PICK, back=st.booleans())
    def after_loss(self, pick: int, back: bool) -> None:
        """Heirs prove their right, or a missing person is back."""
        lost = sorted(self.bridge.state.losses)
        if not lost:
            return
        loss, benefits = self.bridge.state.losses[lost[pick % len(lost)]], self.bridge.benefits
        today = self.bridge.clock.today()
        if back:
            self.maybe(lambda key: benefits.report_loss.undo(key, loss.case_id, loss.person_id, today, "clerk"))
        else:
            self.maybe(lambda key: benefits.confirm_succession.run(key, loss.person_id, ("proof",), "clerk"))

    @rule(pick=PICK, again=st.booleans())
    def payment_comes_back(self, pick: int, again: bool) -> None:
        made = sorted(self.bridge.state.payments)
        if made:
            which, returned = made[pick % len(made)], self.bridge.benefits.return_payment
            self.maybe(
                lambda key: (
                    returned.repay(key, which, "clerk") if again else returned.run(key, which, "account closed", "clerk")
                )
            )

    @rule(days=st.integers(1, 40))
    def days_pass(self, days: int) -> None:
        """The monthly run has time to do its work."""
        if self.bridge.clock.today() + timedelta(days=days) < LAST:
            self.bridge.clock.advance(timedelta(days=days))
        self.run(self.bridge.benefits.pay_pensions())

    @rule(cleared=st.booleans())
    def hospitals_are_paid(self, cleared: bool) -> None:
        self.bridge.claims.cleared = cleared

    # What time does, with trouble

    @rule(pick=PICK, steps=st.integers(1, 30))
    def advance(self, pick: int, steps: int) -> None:
        bridge = self.bridge
        ids = self.run(bridge.advance.due())
        if not ids:
            ids = list(bridge.state.conversions)
        if not ids:
            return
        with self.in_trouble():
            for _ in range(steps):
                if not self.run(bridge.advance.step(ids[pick % len(ids)])):
                    break
            for movement_id in self.run(bridge.book_movements.due()):
                self.run(bridge.book_movements.run(movement_id))

    @rule()
    def charge(self) -> None:
        """Claims is told of a bill at both funds."""
        with self.in_trouble():
            for double_bill_id in self.run(self.bridge.double_bills.due()):
                self.run(self.bridge.double_bills.charge(double_bill_id))

    @rule(refusals=st.integers(0, 2))
    def medical_fund_is_frozen(self, refusals: int) -> None:
        self.bridge.claims.refuse_reserve = refusals

    @rule(pick=PICK, pay=st.booleans())
    def deadline(self, pick: int, pay: bool) -> None:
        due = sorted(self.bridge.state.deadlines)
        if due:
            kind, key = due[pick % len(due)]
            react: dict[str, Any] = {
                "pay-direct-meals": self.bridge.pay_direct_meals.run,
                "void-direct-settlement": self.bridge.void_direct.run,
                "split-overdue": self.bridge.split.overdue,
                "recovery-overdue": self.bridge.remind.of_recovery,
                "advance-overdue": self.bridge.remind.of_advance,
                "clearing-shortage": self.bridge.month_end.escalate.run,
                "limitation-near": self.bridge.remind.of_limitation,
                "double-bill-overdue": self.bridge.remind.of_double_bill,
                "paper-claim-overdue": self.bridge.papers.overdue,
                "registration-overdue": self.bridge.register.overdue,
                "remote-data-check-overdue": self.bridge.track.overdue,
                "remote-clearing-due": self.bridge.clear.overdue,
                "recurrence-overdue": self.bridge.recur.overdue,
            }

            async def fire() -> None:
                async with self.bridge.store.transaction() as tx:
                    tx.cancel(kind, key)
                    await react[kind](tx, key)

            self.waits_for_heirs(fire())

    # What must hold

    @invariant()
    def every_conversion_fits_its_journals(self) -> None:
        state = self.bridge.state
        for conversion in state.conversions.values():
            transfers = [x for x in state.transfers.values() if x.conversion_id == conversion.conversion_id]
            entries = [x for x in state.entries.values() if x.conversion_id == conversion.conversion_id]
            known = list(state.recurrences.values())
            effective = decision_in_force(state.cases[conversion.case_id], known, conversion.decision_id)
            debts = [x for x in state.recoveries.values() if x.conversion_id == conversion.conversion_id]
            dues = [x for x in state.dues.values() if x.conversion_id == conversion.conversion_id]
            assert breaches_of(conversion, transfers, entries, effective, debts, dues) == []

    @invariant()
    def what_was_settled_directly_fits_its_journals(self) -> None:
        """Here and elsewhere, and after a final revocation (B3, B4, B8)."""
        assert self.run(self.bridge.check.check_directs()) == []
        assert self.run(self.bridge.check.check_remote_stays()) == []

    @invariant()
    def debts_are_what_the_book_says(self) -> None:
        for debt in self.bridge.state.recoveries.values():
            parts = (debt.recovered_fen, debt.expensed_fen, debt.written_off_fen, debt.moved_fen, debt.open_fen)
            assert min(parts) >= 0
            assert debt.state is RecoveryState.REVERSED or sum(parts) == debt.advanced_fen

        async def disagreeing() -> Any:
            async with self.bridge.store.transaction() as tx:
                return await self.bridge.check.recoveries.disagreeing(tx)

        assert self.run(disagreeing()) == []

    @invariant()
    def nothing_is_advanced_without_approval(self) -> None:
        """B15.14, and B15.8: an uninsured employer's case is paid only in advance."""
        state = self.bridge.state
        approved = {a.case_id for a in state.advances.values() if a.state is AdvanceState.APPROVED}
        for debt in state.recoveries.values():
            if debt.cause in (Cause.UNINSURED, Cause.THIRD_PARTY):
                assert debt.case_id in approved

    @invariant()
    def as_many_people_agree_as_the_amount_needs(self) -> None:
        """B15.16, and from an amount on a third person (B0.6)."""
        for conversion in self.bridge.state.conversions.values():
            if conversion.figures is None or conversion.state in (*WAITING, ConversionState.FAILED):
                continue
            large = conversion.figures.work_injury_fen >= THIRD_LEVEL
            hands = {conversion.maker, conversion.checker, conversion.approver}
            assert len(hands) == 3
            assert (conversion.approver is not None) is large
            assert None not in (conversion.maker, conversion.checker)

    @invariant()
    def one_active_payer_per_settlement(self) -> None:
        active = Counter(c.settlement_id for c in self.bridge.state.conversions.values() if c.state not in ENDED)
        assert set(active.values()) <= {1}

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        state = self.bridge.state
        first = [p for p in state.payments.values() if p.benefit_id is None and p.repays is None]
        # one deduction gives back to everybody who had paid in: a third party, and the person it had moved to
        keys = [
            (p.conversion_id or p.settlement_id, p.kind, p.payee if p.kind.startswith("returned-") else None) for p in first
        ]
        assert set(Counter(keys).values()) <= {1}
        assert set(Counter(p.repays for p in state.payments.values() if p.repays).values()) <= {1}

    @invariant()
    def benefits_are_what_the_book_says(self) -> None:
        """Items and monthly postings against the journals and the debts; nobody gone is paid, nobody gets more than is payable,
        dependants together not more than own wage (B15.5, 6, 9, 10, 12)."""
        assert self.run(self.bridge.check.check_benefits()) == []

    def come_to_rest(self) -> None:
        """Claims is back, every fact is heard, every worker has done its work: then everything must agree."""
        bridge = self.bridge
        bridge.claims.refuse_reserve = 0
        for _ in range(5):
            self.run(bridge.go_on())
        found = self.run(bridge.check.run())
        assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])
        # Until now some payments may wait for heirs, the funds not: their books are equal.
        for loss in list(bridge.state.losses.values()):
            self.maybe(
                partial(bridge.benefits.confirm_succession.run, person_id=loss.person_id, materials=("proof",), actor="clerk")
            )
        for _ in range(3):
            self.run(bridge.go_on())
        found = self.run(bridge.check.run())
        assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])
        standing = {c.settlement_id: c for c in bridge.state.conversions.values() if c.state is ConversionState.SETTLED}
        bills = {settlement_id: s.bill for settlement_id, s in bridge.claims.settlements.items()}
        left: Counter[str] = Counter()
        for settlement_id, bill in bills.items():
            if bridge.claims.settlements[settlement_id].reversed:
                continue
            taken = standing.get(settlement_id)
            amounts = [p.amount_fen for p in bill.payments] if taken is None else payers_keep(bill, taken.split)
            for payment, amount in zip(bill.payments, amounts, strict=True):
                left[payment.book] += amount
        for book in dict.fromkeys(book for book, _ in BOOKS):
            accounts = {a for b, a in BOOKS if b == book}
            assert sum(bridge.claims.balance(Book(book), a) for a in accounts) == left[book], book
        posted = [d.settlement_id for d in bridge.state.directs.values() if d.state is DirectState.POSTED]
        direct = sum(bills[settlement_id].total_fen for settlement_id in posted if settlement_id is not None)
        converted = sum(fund_bears(bridge.state.cases[c.case_id], bills[c.settlement_id], c.split) for c in standing.values())
        standing_debts = [d for d in bridge.state.recoveries.values() if d.state is not RecoveryState.REVERSED]
        expensed = sum(d.expensed_fen for d in standing_debts if d.conversion_id)
        revoked = {d.settlement_id for d in bridge.state.directs.values() if d.state is DirectState.REVOKED}
        cut = [d for d in bridge.state.deductions.values() if d.stands and d.settlement_id not in revoked]
        deducted = sum(d.amount_fen for d in cut if not self.out_of_a_debt(d))
        elsewhere = sum(
            s.payable_fen
            for s in bridge.state.remote_stays.values()
            if s.period is not None and s.service is Service.INPATIENT and not s.owed_back
        )
        on_paper = sum(p.version.work_injury_fen for p in bridge.state.papers.values() if p.state is PaperState.PAID)
        assert balance(bridge.state, "5001.11") == converted + direct + elsewhere + on_paper + expensed - deducted
        for book, _ in BOOKS:
            for account, by_employer in (("1123", True), ("1125", False)):
                owed = sum(d.open_fen for d in standing_debts if d.book == book and is_employer(d.debtor) is by_employer)
                assert bridge.claims.balance(Book(book), account) == owed, (book, account)

    def out_of_a_debt(self, deduction: AuditDeduction) -> bool:
        """Whether what was cut had been advanced: it fell out of the debts, what the fund bears of them included."""
        conversion = self.bridge.state.conversions.get(deduction.conversion_id or "")
        if conversion is None or conversion.figures is None:
            return False
        bill = self.bridge.claims.settlements[conversion.settlement_id].bill
        return only_advances(self.bridge.state.cases[conversion.case_id], bill)

    # How the rules reach the use cases

    @contextmanager
    def in_trouble(self) -> Iterator[None]:
        """Claims may be away or its answer lost, and the process may die, which ends what is done here."""
        bridge = self.bridge
        bridge.claims.around, bridge.store.around = self.trouble.in_claims, self.trouble.at_commit
        try:
            yield
        except (Death, Refusal):
            pass
        finally:
            bridge.claims.around = bridge.store.around = lambda when, key: None

    def happens(self, fact: Any, heard: bool) -> None:
        """A fact is published, and perhaps heard at once."""
        self.facts.append(fact)
        if heard:
            self.told(fact)

    def told(self, fact: Any) -> None:
        """A fact is heard."""
        self.waits_for_heirs(self.bridge.hear(fact))

    def waits_for_heirs(self, work: Any) -> None:
        """Do it; what pays somebody gone is put by, with nothing changed, until the heirs have proven their right."""
        before = self.bridge.state
        try:
            self.run(work)
        except Refusal as refusal:
            self.nothing_but(refusal, "workinjury-bridge.payment.heirs-unproven")
            assert self.bridge.state == before

    def case(self, pick: int) -> str:
        cases = sorted(self.bridge.state.cases)
        return cases[pick % len(cases)]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def key(self) -> OnceKey:
        return OnceKey("county", str(next(self.numbers)), "d")

    @staticmethod
    def nothing_but(refusal: Refusal, code: str) -> None:
        """The one refusal that this step may meet."""
        assert refusal.code == code

    def maybe(self, act: Callable[[OnceKey], Awaitable[Any]]) -> None:
        """Do it twice under one key, as a caller does whose answer was lost; a refusal changes nothing."""
        key, before = self.key(), self.bridge.state
        try:
            first = self.run(act(key))
            assert self.run(act(key)) == first
        except Refusal:
            assert self.bridge.state == before


TestCounty = County.TestCase
TestCounty.settings = settings(max_examples=150, stateful_step_count=60)
