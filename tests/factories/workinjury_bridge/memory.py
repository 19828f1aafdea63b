"""The bridge on fakes: every port in memory, transactions that commit as a whole or not at all, and crashes on request."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.calendar import load_calendar
from shared.clock import FixedClock
from shared.errors import conflict
from shared.ids import CountingIds
from shared.ledger import Book, Entry
from shared.transactions import OnceKey, Tx
from tests.factories.workinjury_bridge.benefits_memory import BOOK, MemoryBenefitChecks, MemoryBenefits, MemoryLosses
from tests.factories.workinjury_bridge.clearing_memory import (
    MemoryClearings,
    MemoryDues,
    MemoryMonthEnd,
    MemoryPurse,
    MemoryWaitingPayouts,
)
from tests.factories.workinjury_bridge.examples import CODES, POLICIES
from tests.factories.workinjury_bridge.fake_claims import FakeClaims
from tests.factories.workinjury_bridge.out_of_area_memory import (
    MemoryQuarterClearings,
    MemoryRecurrences,
    MemoryRegistrations,
    MemoryRemoteStays,
)
from workinjury_bridge.application.advance_conversion import AdvanceConversion
from workinjury_bridge.application.audit.apply_deduction import DeductAfterAudit
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.ports import Posting
from workinjury_bridge.application.check_invariants import CheckInvariants
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.clearing.escalate_shortage import EscalateShortage
from workinjury_bridge.application.clearing.ports import WaitingPayout
from workinjury_bridge.application.confirm_direct_settlement import ConfirmDirectSettlement
from workinjury_bridge.application.contest_recognition import ContestRecognition
from workinjury_bridge.application.conversion.on_settlement_corrected import OnSettlementCorrected
from workinjury_bridge.application.conversion.record_back_payment import RecordBackPayment
from workinjury_bridge.application.conversion.split_stay import SplitStay
from workinjury_bridge.application.conversion.state_facts import StateFacts
from workinjury_bridge.application.conversion.watch_split import WatchSplit
from workinjury_bridge.application.decide_recognition import DecideRecognition
from workinjury_bridge.application.double.find_double_bills import FindDoubleBills
from workinjury_bridge.application.double.judge_double_bill import JudgeDoubleBill
from workinjury_bridge.application.double.settle_paper_claim import ClaimOnPaper
from workinjury_bridge.application.judge_eligibility import JudgeEligibility
from workinjury_bridge.application.on_claim_reversed import OnClaimReversed
from workinjury_bridge.application.on_claim_settled import OnClaimSettled
from workinjury_bridge.application.open_injury_case import OpenInjuryCase
from workinjury_bridge.application.out_of_area.apply_allowances import ApplyForAllowances
from workinjury_bridge.application.out_of_area.clear_quarter import ClearQuarter
from workinjury_bridge.application.out_of_area.register import RegisterOutOfArea
from workinjury_bridge.application.out_of_area.track_stay import TrackRemoteStay
from workinjury_bridge.application.pay_direct_meals import PayDirectMeals
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Mutual, Payment
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.apply_for_advance import ApplyForAdvance
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.application.recovery.book_movements import BookMovements
from workinjury_bridge.application.recovery.decide_set_off import DecideSetOff
from workinjury_bridge.application.recovery.open_debt import OpenDebt
from workinjury_bridge.application.recovery.recover_debt import RecoverDebt
from workinjury_bridge.application.recovery.remind import Remind
from workinjury_bridge.application.recovery.track_debt import TrackDebt
from workinjury_bridge.application.recurrence.confirm_recurrence import ConfirmRecurrence
from workinjury_bridge.application.reverse_direct_settlement import ReverseDirectSettlement
from workinjury_bridge.application.revert_direct_settlement import RevertDirectSettlement
from workinjury_bridge.application.review_conversion import ReviewConversion
from workinjury_bridge.application.revoke_recognition import RevokeRecognition
from workinjury_bridge.application.settle_directly import SettleDirectly
from workinjury_bridge.application.split_before_settlement import SplitBeforeSettlement
from workinjury_bridge.application.void_direct_settlement import VoidDirectSettlement
from workinjury_bridge.application.withdraw_settlements import WithdrawSettlements
from workinjury_bridge.domain.advance import Advance
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.benefits.appraisal import Appraisal
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.item import Item
from workinjury_bridge.domain.benefits.loss import Loss
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.benefits.wage import OwnWage
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer, InstitutionDue, InterfundDue, PaymentShortage
from workinjury_bridge.domain.conversion import Conversion, Step, next_step
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.double_bill import DoubleBill, DoubleBillState
from workinjury_bridge.domain.limitation import Interrupted
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing
from workinjury_bridge.domain.out_of_area.registration import Registration
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteStay
from workinjury_bridge.domain.paper_claim import PaperClaim
from workinjury_bridge.domain.policy import PolicyBook
from workinjury_bridge.domain.recognition import CaseAct, Decision, InjuryCase
from workinjury_bridge.domain.recovery import Movement, Recovery
from workinjury_bridge.domain.recurrence import Recurrence
from workinjury_bridge.domain.set_off import SetOff, SetOffState
from workinjury_bridge.domain.split import StaySplit
from workinjury_bridge.domain.stay import SettledStay
from workinjury_bridge.domain.terms import CaseFacts
from workinjury_bridge.domain.transfer import Transfer


@dataclass
class State:
    """Everything that is stored; only immutable values inside, so that a shallow copy of each table is a snapshot."""

    cases: dict[str, InjuryCase] = field(default_factory=dict)
    stays: dict[str, SettledStay] = field(default_factory=dict)
    reversed: dict[str, bool] = field(default_factory=dict)
    case_acts: dict[str, CaseAct] = field(default_factory=dict)
    clearing_queues: dict[str, dict[str, tuple[InstitutionDue, bool]]] = field(default_factory=dict)
    conversions: dict[str, Conversion] = field(default_factory=dict)
    hindrances: dict[str, str] = field(default_factory=dict)
    corrections: dict[str, int] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    directs: dict[str, DirectSettlement] = field(default_factory=dict)
    stay_splits: dict[str, StaySplit] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    movements: dict[str, Movement] = field(default_factory=dict)
    interruptions: dict[str, Interrupted] = field(default_factory=dict)
    advances: dict[str, Advance] = field(default_factory=dict)
    deductions: dict[str, AuditDeduction] = field(default_factory=dict)
    set_offs: dict[str, SetOff] = field(default_factory=dict)
    papers: dict[str, PaperClaim] = field(default_factory=dict)
    double_bills: dict[str, DoubleBill] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    deadlines: dict[tuple[str, str], datetime] = field(default_factory=dict)
    vouchers: dict[str, int] = field(default_factory=dict)
    wages: dict[str, OwnWage] = field(default_factory=dict)
    appraisals: dict[str, Appraisal] = field(default_factory=dict)
    losses: dict[str, Loss] = field(default_factory=dict)
    entitlements: dict[str, Entitlement] = field(default_factory=dict)
    stale: dict[str, bool] = field(default_factory=dict)
    postings: dict[str, Posting] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    clearings: dict[str, Clearing] = field(default_factory=dict)
    clearing_transfers: dict[str, ClearingTransfer] = field(default_factory=dict)
    instructed: dict[str, datetime] = field(default_factory=dict)
    dues: dict[str, InterfundDue] = field(default_factory=dict)
    waiting: dict[str, WaitingPayout] = field(default_factory=dict)
    shortages: dict[str, PaymentShortage] = field(default_factory=dict)
    returned: dict[str, str] = field(default_factory=dict)
    repaid: dict[str, bool] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    remote_stays: dict[str, RemoteStay] = field(default_factory=dict)
    quarter_clearings: dict[str, QuarterClearing] = field(default_factory=dict)
    recurrences: dict[str, Recurrence] = field(default_factory=dict)

    def snapshot(self) -> State:
        """A copy that later changes do not reach."""
        return State(**{name: dict(table) for name, table in vars(self).items()})


class MemoryTx:
    """Implements ``Tx`` on a copy of the state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.events: list[Any] = []

    def emit(self, event: Any) -> None:
        self.events.append(event)

    def schedule(self, kind: str, subject_id: str, due_at: datetime, payload: Mapping[str, Any] | None = None) -> None:
        self.state.deadlines[(kind, subject_id)] = due_at

    def cancel(self, kind: str, subject_id: str) -> None:
        self.state.deadlines.pop((kind, subject_id), None)


def of(tx: Tx) -> State:
    """The state behind the protocol."""
    assert isinstance(tx, MemoryTx)
    return tx.state


class MemoryStore:
    """Implements ``UnitOfWork``, ``Once`` and every repository of the bridge. One transaction at a time."""

    def __init__(self) -> None:
        self.state = State()
        self.events: list[Any] = []
        self.around: Callable[[str, str], None] = lambda when, key: None
        """Called ``before`` and ``after`` every commit; raise from it to die there."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTx]:
        tx = MemoryTx(self.state.snapshot())
        yield tx
        self.around("before", "commit")
        self.state = tx.state
        self.events.extend(tx.events)
        self.around("after", "commit")

    async def run(self, key: OnceKey | None, work: Callable[[Tx], Awaitable[dict[str, Any]]]) -> tuple[dict[str, Any], bool]:
        async with self.transaction() as tx:
            if key is None:
                return await work(tx), False
            stored = tx.state.answers.get((key.scope, key.key))
            if stored is not None:
                if stored[0] != key.digest:
                    raise conflict("request.idempotency-key-reused", "幂等键已用于内容不同的请求")
                return copy.deepcopy(stored[1]), True
            answer = await work(tx)
            tx.state.answers[(key.scope, key.key)] = (key.digest, answer)
            return answer, False


class MemoryCases:
    async def lock_persons(self, tx: Tx, person_ids: Collection[str]) -> None:
        """Transactions here never overlap."""

    async def add(self, tx: Tx, case: InjuryCase, opened_at: datetime) -> None:
        of(tx).cases[case.case_id] = case

    async def get(self, tx: Tx, case_id: str) -> InjuryCase | None:
        return of(tx).cases.get(case_id)

    locked = get

    async def many(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        return [case for case in of(tx).cases.values() if case.case_id in case_ids]

    locked_all = many

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[InjuryCase]:
        return await self.of_persons(tx, {person_id})

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[InjuryCase]:
        mine = [case for case in of(tx).cases.values() if case.person_id in person_ids]
        return sorted(mine, key=lambda case: (case.accident_on, case.case_id), reverse=True)

    async def add_decisions(self, tx: Tx, decisions: Sequence[tuple[str, Decision]], recorded_at: datetime) -> None:
        for case_id, decision in decisions:
            case = of(tx).cases[case_id]
            assert decision.version not in {known.version for known in case.decisions}
            of(tx).cases[case_id] = replace(case, decisions=(*case.decisions, decision))

    async def state_facts(self, tx: Tx, case_id: str, facts: CaseFacts) -> None:
        of(tx).cases[case_id] = replace(of(tx).cases[case_id], facts=facts)

    async def mark_contested(self, tx: Tx, case_id: str, contested_on: date | None) -> None:
        of(tx).cases[case_id] = replace(of(tx).cases[case_id], contested_on=contested_on)

    async def record(self, tx: Tx, act: CaseAct, at: datetime) -> None:
        assert act.act_id not in of(tx).case_acts
        of(tx).case_acts[act.act_id] = act


class MemoryStays:
    async def put(self, tx: Tx, stays: Sequence[SettledStay]) -> None:
        for stay in stays:
            of(tx).stays.setdefault(stay.settlement_id, stay)

    async def mark_reversed(self, tx: Tx, settlement_id: str) -> None:
        of(tx).reversed[settlement_id] = True

    async def mark_standing(self, tx: Tx, settlement_id: str) -> None:
        of(tx).reversed.pop(settlement_id, None)

    async def is_reversed(self, tx: Tx, settlement_id: str) -> bool:
        return settlement_id in of(tx).reversed

    async def hear_correction(self, tx: Tx, settlement_id: str, sequence: int) -> bool:
        if of(tx).corrections.get(settlement_id, 0) >= sequence:
            return False
        of(tx).corrections[settlement_id] = sequence
        return True

    async def get(self, tx: Tx, settlement_id: str) -> SettledStay | None:
        stay = of(tx).stays.get(settlement_id)
        return None if stay is None else replace(stay, reversed=settlement_id in of(tx).reversed)

    async def many(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[SettledStay]:
        found = [await self.get(tx, settlement_id) for settlement_id in settlement_ids]
        return [stay for stay in found if stay is not None]

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SettledStay]:
        mine = [await self.get(tx, key) for key, stay in of(tx).stays.items() if stay.person_id in person_ids]
        return sorted((stay for stay in mine if stay is not None), key=lambda stay: (stay.begun_on, stay.settlement_id))


class MemoryConversions:
    async def add(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        for conversion in conversions:
            assert not any(known.excludes(conversion) for known in of(tx).conversions.values())
            of(tx).conversions[conversion.conversion_id] = conversion

    async def get(self, tx: Tx, conversion_id: str) -> Conversion | None:
        return of(tx).conversions.get(conversion_id)

    locked = get

    async def many(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Conversion]:
        return [of(tx).conversions[key] for key in sorted(set(conversion_ids)) if key in of(tx).conversions]

    async def save(self, tx: Tx, conversion: Conversion, at: datetime) -> None:
        of(tx).conversions[conversion.conversion_id] = conversion
        of(tx).hindrances.pop(conversion.conversion_id, None)

    async def marked(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[tuple[Conversion, object]]:
        return [(conversion, conversion) for conversion in await self.many(tx, conversion_ids)]

    async def marks(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, object]:
        return {conversion.conversion_id: conversion for conversion in await self.many(tx, conversion_ids)}

    async def assess(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        await self.move(tx, conversions, at)

    async def move(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        for conversion in conversions:
            await self.save(tx, conversion, at)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Conversion]:
        return [c for c in of(tx).conversions.values() if c.case_id == case_id]

    async def of_settlements(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[Conversion]:
        return [c for c in of(tx).conversions.values() if c.settlement_id in settlement_ids]

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Conversion]:
        return [c for c in of(tx).conversions.values() if c.settlement_id == settlement_id]

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        transfers = of(tx).transfers.values()
        return [
            c.conversion_id
            for c in of(tx).conversions.values()
            if next_step(
                c,
                [t for t in transfers if t.conversion_id == c.conversion_id],
                [d for d in of(tx).dues.values() if d.conversion_id == c.conversion_id],
            )
            not in (None, Step.WAIT)
        ][:limit]

    async def put_off(self, tx: Tx, conversion_id: str, now: datetime, hindrance: str) -> None:
        of(tx).hindrances[conversion_id] = hindrance

    async def rest(self, tx: Tx, conversion_id: str, until: datetime) -> None:
        """What waits is never due here."""

    async def after(self, tx: Tx, conversion_id: str, limit: int) -> Sequence[Conversion]:
        return sorted(
            (c for c in of(tx).conversions.values() if c.conversion_id > conversion_id), key=lambda c: c.conversion_id
        )[:limit]


class MemoryTransfers:
    async def add(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        for transfer in transfers:
            assert transfer.transfer_id not in of(tx).transfers
        await self.save(tx, transfers, at)

    async def save(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        of(tx).transfers.update({transfer.transfer_id: transfer for transfer in transfers})

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Transfer]:
        return await self.of_conversions(tx, [conversion_id])

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Transfer]:
        mine = [t for t in of(tx).transfers.values() if t.conversion_id in conversion_ids]
        return sorted(mine, key=lambda t: t.transfer_id)


class MemoryRecoveries:
    async def save(self, tx: Tx, debt: Recovery, at: datetime) -> None:
        of(tx).recoveries[debt.recovery_id] = debt

    async def get(self, tx: Tx, recovery_id: str) -> Recovery | None:
        return of(tx).recoveries.get(recovery_id)

    locked = get

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Recovery]:
        mine = [d for d in of(tx).recoveries.values() if d.conversion_id == conversion_id]
        return sorted(mine, key=lambda d: d.recovery_id)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Recovery]:
        mine = [d for d in of(tx).recoveries.values() if d.settlement_id == settlement_id]
        return sorted(mine, key=lambda d: d.recovery_id)

    async def open_of(self, tx: Tx, book: Book, debtors: Collection[str]) -> Sequence[Recovery]:
        mine = [d for d in of(tx).recoveries.values() if d.book is book and d.debtor in debtors and not d.closed]
        return sorted(mine, key=lambda d: d.recovery_id)

    async def add_movement(self, tx: Tx, movement: Movement, at: datetime) -> None:
        assert movement.movement_id not in of(tx).movements
        of(tx).movements[movement.movement_id] = movement

    async def movement(self, tx: Tx, movement_id: str) -> Movement | None:
        return of(tx).movements.get(movement_id)

    async def unbooked(self, tx: Tx, limit: int) -> Sequence[Movement]:
        return [m for m in of(tx).movements.values() if not m.booked][:limit]

    async def any_unbooked(self, tx: Tx, recovery_ids: Collection[str]) -> bool:
        return any(m.recovery_id in recovery_ids and not m.booked for m in of(tx).movements.values())

    async def add_interruption(self, tx: Tx, interrupted: Interrupted, at: datetime) -> None:
        of(tx).interruptions[interrupted.interruption_id] = interrupted

    async def mark_booked(self, tx: Tx, movement_id: str, *, voided: bool = False) -> None:
        of(tx).movements[movement_id] = replace(of(tx).movements[movement_id], booked=True, voided=voided)

    async def disagreeing(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        state = of(tx)
        debtors = {d.debtor for d in state.recoveries.values() if d.book is Book.WI}
        dims = {x.dim for e in state.entries.values() for x in e.lines if x.account in RECEIVABLES}
        found = []
        for debtor in sorted(debtors | dims):
            ours = sum(d.open_fen for d in state.recoveries.values() if (d.book, d.debtor) == (Book.WI, debtor))
            theirs = sum(balance(state, account, debtor) for account in RECEIVABLES)
            if theirs < ours or (theirs > ours and not debtor.startswith(("P:", "DEP:", "HEIRS:"))):
                found.append((debtor, ours, theirs))
        return found


RECEIVABLES = ("1123", "1124", "1125")


class MemorySetOffs:
    async def save(self, tx: Tx, set_off: SetOff, at: datetime) -> None:
        of(tx).set_offs[set_off.set_off_id] = set_off

    async def locked(self, tx: Tx, set_off_id: str) -> SetOff | None:
        return of(tx).set_offs.get(set_off_id)

    async def of_recovery(self, tx: Tx, recovery_id: str) -> Sequence[SetOff]:
        return [s for s in of(tx).set_offs.values() if s.recovery_id == recovery_id]

    async def standing(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SetOff]:
        return [s for s in of(tx).set_offs.values() if s.person_id in person_ids and s.state is SetOffState.STANDING]


class MemoryDeductions:
    async def save(self, tx: Tx, deduction: AuditDeduction, at: datetime) -> None:
        of(tx).deductions[deduction.deduction_id] = deduction

    async def locked(self, tx: Tx, deduction_id: str) -> AuditDeduction | None:
        return of(tx).deductions.get(deduction_id)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[AuditDeduction]:
        return [d for d in of(tx).deductions.values() if d.settlement_id == settlement_id]


class MemoryAdvances:
    async def save(self, tx: Tx, advance: Advance, at: datetime) -> None:
        of(tx).advances[advance.advance_id] = advance

    async def locked(self, tx: Tx, advance_id: str) -> Advance | None:
        return of(tx).advances.get(advance_id)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Advance]:
        return [a for a in of(tx).advances.values() if a.case_id == case_id]


class MemoryPaperClaims:
    async def save(self, tx: Tx, claim: PaperClaim, lines: Sequence[BillLine] | None, at: datetime) -> None:
        of(tx).papers[claim.paper_claim_id] = claim

    async def locked(self, tx: Tx, paper_claim_id: str) -> PaperClaim | None:
        return of(tx).papers.get(paper_claim_id)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[PaperClaim]:
        return [c for c in of(tx).papers.values() if c.case_id == case_id]

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[PaperClaim]:
        return [c for c in of(tx).papers.values() if c.person_id == person_id]

    async def invoice_used(self, tx: Tx, institution_code: str, invoice_no: str) -> bool:
        asked = (institution_code, invoice_no)
        return any((c.institution_code, c.invoice_no) == asked and c.stands for c in of(tx).papers.values())


class MemoryDoubleBills:
    async def save(self, tx: Tx, clue: DoubleBill, at: datetime) -> None:
        same = (d for d in of(tx).double_bills.values() if (d.settlement_id, d.against) == (clue.settlement_id, clue.against))
        assert all(d.double_bill_id == clue.double_bill_id for d in same)
        of(tx).double_bills[clue.double_bill_id] = clue

    async def locked(self, tx: Tx, double_bill_id: str) -> DoubleBill | None:
        return of(tx).double_bills.get(double_bill_id)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DoubleBill]:
        return [d for d in of(tx).double_bills.values() if d.person_id == person_id]

    async def confirmed(self, tx: Tx, limit: int) -> Sequence[str]:
        waiting = [k for k, d in of(tx).double_bills.items() if d.state in (DoubleBillState.CONFIRMED, DoubleBillState.UNDOING)]
        return waiting[:limit]

    async def persons_with_bills(self, tx: Tx, since: date, after: str, limit: int) -> Sequence[str]:
        state = of(tx)
        persons = {p.person_id for p in state.papers.values() if p.ended_on >= since}
        persons |= {d.person_id for d in state.directs.values() if d.ended_on >= since}
        elsewhere = [s for s in state.remote_stays.values() if s.discharged_on is not None]
        persons |= {s.person_id for s in elsewhere if s.discharged_on is not None and s.discharged_on >= since}
        persons |= {c.person_id for c in state.conversions.values() if state.stays[c.settlement_id].ended_on >= since}
        return sorted(p for p in persons if p > after)[:limit]


class MemoryDirects:
    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DirectSettlement]:
        return [d for d in of(tx).directs.values() if d.person_id == person_id]

    async def after(self, tx: Tx, key: str, limit: int) -> Sequence[DirectSettlement]:
        return [of(tx).directs[k] for k in sorted(of(tx).directs) if k > key][:limit]

    async def get(self, tx: Tx, key: str) -> DirectSettlement | None:
        return of(tx).directs.get(key)

    locked = get

    async def reverting(self, tx: Tx, limit: int) -> Sequence[str]:
        return sorted(k for k, d in of(tx).directs.items() if d.state is DirectState.REVERTING)[:limit]

    async def of_settlement(self, tx: Tx, settlement_id: str) -> DirectSettlement | None:
        return next((d for d in of(tx).directs.values() if d.settlement_id == settlement_id), None)

    async def save(self, tx: Tx, settlement: DirectSettlement, at: datetime) -> None:
        of(tx).directs[settlement.key] = settlement


class MemoryStaySplits:
    async def get(self, tx: Tx, visit_id: str) -> StaySplit | None:
        return of(tx).stay_splits.get(visit_id)

    async def save(self, tx: Tx, split: StaySplit, at: datetime) -> None:
        of(tx).stay_splits[split.visit_id] = split


class MemoryLedger:
    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        taken_back = {entry.reverses for entry in of(tx).entries.values()} - {None}
        for entry in entries:
            assert entry.entry_id not in of(tx).entries
            assert entry.reverses not in taken_back
            of(tx).entries[entry.entry_id] = entry

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Entry]:
        return [entry for entry in of(tx).entries.values() if entry.settlement_id == settlement_id]

    async def of_voucher(self, tx: Tx, voucher_no: str) -> Entry | None:
        return next((entry for entry in of(tx).entries.values() if entry.voucher_no == voucher_no), None)

    async def person_debt_fen(self, tx: Tx, person_id: str) -> int:
        return max(0, balance(of(tx), "1125", f"P:{person_id}"))

    async def person_debts(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, int]:
        debts = {person_id: await self.person_debt_fen(tx, person_id) for person_id in person_ids}
        return {person_id: owed for person_id, owed in debts.items() if owed}

    async def fund_balances(self, tx: Tx) -> Mapping[Book, Mutual]:
        state = of(tx)
        return {b: Mutual(balance(state, "1121", b), -balance(state, "2202", b)) for b in Book if b is not Book.WI}

    async def next_voucher(self, tx: Tx, on: date) -> str:
        of(tx).vouchers["last"] = of(tx).vouchers.get("last", 0) + 1
        return f"WI{of(tx).vouchers['last']:08d}"

    async def next_vouchers(self, tx: Tx, on: date, count: int) -> Sequence[str]:
        return [await self.next_voucher(tx, on) for _ in range(count)]

    async def add_payments(self, tx: Tx, payments: Sequence[Payment]) -> None:
        of(tx).payments.update({payment.payment_id: payment for payment in payments})


def balance(state: State, account: str, dim: str | None = None) -> int:
    """Debit minus credit of an account of the work-injury book."""
    lines = (line for entry in state.entries.values() for line in entry.lines)
    return sum(x.debit_fen - x.credit_fen for x in lines if x.account == account and dim in (None, x.dim))


class MemoryBridge:
    """Every use case of the bridge, wired to memory."""

    def __init__(self, book: BenefitBook = BOOK, policies: PolicyBook = POLICIES) -> None:
        self.store = MemoryStore()
        self.claims = FakeClaims()
        self.clock = FixedClock(datetime(2026, 11, 22, 2, tzinfo=UTC))
        ids = CountingIds("T")
        store, clock = self.store, self.clock
        cases, stays, conversions, transfers = MemoryCases(), MemoryStays(), MemoryConversions(), MemoryTransfers()
        directs, ledger = MemoryDirects(), MemoryLedger()
        dues, runs = MemoryDues(), MemoryClearings()
        recoveries, advances, calendar = MemoryRecoveries(), MemoryAdvances(), load_calendar()
        recurrences = MemoryRecurrences()
        propose = ProposeConversions(cases, stays, conversions, recurrences, policies, clock, ids)
        track_debt = TrackDebt(recoveries, policies, calendar, clock)
        open_debt = OpenDebt(track_debt, policies, clock, ids)
        ask_back = AskBack(ledger, open_debt, clock, ids)
        deductions, remote = MemoryDeductions(), MemoryRemoteStays()
        losses = MemoryLosses()
        set_offs = MemorySetOffs()
        waiting, purse = MemoryWaitingPayouts(), MemoryPurse()
        escalate = EscalateShortage(runs, dues, waiting, purse, policies, calendar, clock)
        cash = CheckCash(runs, purse, waiting, escalate, policies, clock, ids)
        pay = PayPerson(ledger, recoveries, track_debt, losses, set_offs, cash, clock, ids)
        self.deduct = DeductAfterAudit(
            store,
            cases,
            conversions,
            directs,
            deductions,
            recoveries,
            track_debt,
            ledger,
            pay,
            ask_back,
            policies,
            calendar,
            clock,
            ids,
        )
        withdraw = WithdrawSettlements(directs, remote, losses, ledger, cash, ask_back, clock, ids)
        advance = AdvanceBenefit(advances, recoveries, open_debt, pay)
        self.benefits = MemoryBenefits(store, cases, ledger, pay, advance, losses, clock, ids, book)
        confirm = ConfirmDirectSettlement(cases, directs, stays, ledger, policies, losses, withdraw, clock, ids)
        reverse = ReverseDirectSettlement(directs, ledger, losses, recoveries, self.deduct, pay, open_debt, clock, ids)
        self.judge = JudgeEligibility(store, cases, recurrences, POLICIES)
        self.open_case = OpenInjuryCase(store, cases, clock, ids)
        self.decide = DecideRecognition(store, cases, propose, clock, ids)
        record = RecordAct(cases, clock, ids)
        self.contest = ContestRecognition(store, cases, record)
        papers, double_bills = MemoryPaperClaims(), MemoryDoubleBills()
        self.find_double = FindDoubleBills(
            store, cases, stays, conversions, directs, papers, remote, double_bills, policies, calendar, clock, ids
        )
        self.papers = ClaimOnPaper(
            store,
            store,
            cases,
            papers,
            double_bills,
            self.find_double,
            ask_back,
            self.benefits.withdraw.stop,
            ledger,
            pay,
            self.claims,
            policies,
            calendar,
            clock,
            ids,
        )
        self.double_bills = JudgeDoubleBill(
            store,
            store,
            double_bills,
            papers,
            recoveries,
            set_offs,
            stays,
            conversions,
            self.claims,
            open_debt,
            clock,
            record,
        )
        self.revoke = RevokeRecognition(
            store, cases, conversions, propose, self.benefits.withdraw, self.papers, withdraw, clock, ids, record
        )
        self.review = ReviewConversion(store, cases, conversions, propose, advances, policies, clock)
        granted = (self.benefits.items, self.benefits.entitlements, self.benefits.postings)
        self.state_facts = StateFacts(store, cases, conversions, *granted, clock, record)
        self.back_payment = RecordBackPayment(store, cases, stays, conversions, self.benefits.bear, clock, record)
        watch_split = WatchSplit(policies, calendar, clock)
        self.split = SplitStay(store, store, conversions, self.claims, watch_split, clock)
        self.advances = ApplyForAdvance(store, cases, advances, policies, calendar, clock, ids, record)
        self.debts = RecoverDebt(store, recoveries, open_debt, conversions, deductions, ledger, policies, clock, ids, record)
        self.book_movements = BookMovements(store, recoveries, set_offs, dues, ledger, self.claims, pay, clock, ids)
        self.decide_set_off = DecideSetOff(store, recoveries, set_offs, clock, ids, record)
        self.remind = Remind(recoveries, advances, double_bills, policies, clock)
        self.advance = AdvanceConversion(
            store,
            cases,
            stays,
            conversions,
            transfers,
            recoveries,
            ledger,
            self.claims,
            policies,
            pay,
            self.deduct,
            propose,
            dues,
            open_debt,
            clock,
            ids,
        )
        self.check = CheckInvariants(
            store,
            cases,
            conversions,
            transfers,
            recoveries,
            recurrences,
            directs,
            deductions,
            remote,
            ledger,
            self.claims,
            dues,
            runs,
            MemoryBenefitChecks(),
            book,
        )
        self.month_end = MemoryMonthEnd(
            store, cases, dues, runs, self.benefits.entitlements, pay, ledger, self.claims, policies, clock, ids
        )
        splits = MemoryStaySplits()
        self.stay_splits = SplitBeforeSettlement(store, store, cases, splits, directs, watch_split, clock)
        self.settle = SettleDirectly(store, cases, directs, splits, policies, self.judge, CODES, clock, timedelta(hours=24))
        self.void_direct = VoidDirectSettlement(directs, clock)
        self.pay_direct_meals = PayDirectMeals(directs, pay, clock)
        self.revert_direct = RevertDirectSettlement(
            store, directs, deductions, dues, ledger, self.claims, policies, ask_back, open_debt, clock, ids
        )
        self._on_settled = OnClaimSettled(cases, stays, propose, self.find_double, confirm)
        self._on_reversed = OnClaimReversed(cases, stays, conversions, reverse, clock)
        self._on_corrected = OnSettlementCorrected(cases, stays, conversions, clock)

        self.recur = ConfirmRecurrence(store, cases, recurrences, stays, conversions, propose, POLICIES, clock, ids, record)
        registrations, clearings = MemoryRegistrations(), MemoryQuarterClearings()
        items = self.benefits.items
        self.register = RegisterOutOfArea(store, cases, registrations, POLICIES, calendar, clock, ids, record)
        self.track = TrackRemoteStay(
            store, cases, registrations, remote, clearings, items, ledger, ask_back, POLICIES, calendar, clock, ids, record
        )
        self.clear = ClearQuarter(store, remote, clearings, ledger, clock, ids)
        self.claim = ApplyForAllowances(store, remote, self.benefits.propose, POLICIES)

    @property
    def state(self) -> State:
        """What is stored now."""
        return self.store.state

    async def hear(self, fact: Any) -> None:
        """An event of claims arrives, in a transaction as the runner opens it."""
        async with self.store.transaction() as tx:
            if type(fact).__name__ == "ClaimReversed":
                await self._on_reversed.run(tx, fact)
            elif type(fact).__name__ == "SettlementCorrected":
                await self._on_corrected.run(tx, fact)
            else:
                await self._on_settled.run(tx, [fact])

    async def go_on(self) -> None:
        """What the worker's job does: take up everything that can go on."""
        await self.advance.run_all(await self.advance.due())
        for key in await self.revert_direct.due():
            await self.revert_direct.run(key)
        for clearing_id in await self.month_end.advance.due():
            await self.month_end.advance.run(clearing_id)
        await self.month_end.pay_waiting.run()
        for movement_id in await self.book_movements.due():
            await self.book_movements.run(movement_id)
        for double_bill_id in await self.double_bills.due():
            await self.double_bills.charge(double_bill_id)
