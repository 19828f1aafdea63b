"""Builds the objects of the work-injury bridge; the one place that knows which is made of which."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from shared.auth.wiring import build_service_tokens
from shared.calendar import WorkCalendar, load_calendar
from shared.clock import Clock
from shared.db.database import Database
from shared.db.once import SqlOnce
from shared.http.client import ServiceClient
from shared.ids import IdFactory, TimeOrderedIds
from shared.ledger.store import LedgerStore
from shared.settings import Settings
from workinjury_bridge.adapters.benefit_checks import SqlBenefitChecks
from workinjury_bridge.adapters.benefit_repositories import (
    SqlAppraisals,
    SqlEntitlements,
    SqlItems,
    SqlLosses,
    SqlPaidOut,
    SqlPostings,
    SqlWages,
)
from workinjury_bridge.adapters.benefit_views import SqlBenefitViews
from workinjury_bridge.adapters.claims_client import HttpClaims
from workinjury_bridge.adapters.clearing_views import SqlClearingViews
from workinjury_bridge.adapters.out_of_area_repositories import (
    SqlOutOfAreaViews,
    SqlQuarterClearings,
    SqlRecurrences,
    SqlRegistrations,
    SqlRemoteStays,
)
from workinjury_bridge.adapters.policy_files import read_benefits, read_codes, read_policy
from workinjury_bridge.adapters.repositories.advances import SqlAdvances
from workinjury_bridge.adapters.repositories.cases import SqlCases
from workinjury_bridge.adapters.repositories.clearings import SqlClearings, SqlDues, SqlPurse
from workinjury_bridge.adapters.repositories.conversions import SqlConversions
from workinjury_bridge.adapters.repositories.deductions import SqlDeductions
from workinjury_bridge.adapters.repositories.directs import SqlDirects
from workinjury_bridge.adapters.repositories.double_bills import SqlDoubleBills
from workinjury_bridge.adapters.repositories.ledger import SqlLedger
from workinjury_bridge.adapters.repositories.papers import SqlPaperClaims
from workinjury_bridge.adapters.repositories.recoveries import SqlRecoveries
from workinjury_bridge.adapters.repositories.set_offs import SqlSetOffs
from workinjury_bridge.adapters.repositories.stay_splits import SqlStaySplits
from workinjury_bridge.adapters.repositories.stays import SqlStays
from workinjury_bridge.adapters.repositories.transfers import SqlTransfers
from workinjury_bridge.adapters.repositories.waiting import SqlWaitingPayouts
from workinjury_bridge.adapters.tables import LEDGER, PLATFORM, metadata
from workinjury_bridge.adapters.views import SqlViews
from workinjury_bridge.adapters.worklist_views import SqlWorklists
from workinjury_bridge.application.advance_conversion import AdvanceConversion
from workinjury_bridge.application.audit.apply_deduction import DeductAfterAudit
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.approve_benefit import ApproveBenefit
from workinjury_bridge.application.benefits.change_pension import ChangePension
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.confirm_succession import ConfirmSuccession
from workinjury_bridge.application.benefits.describe_benefits import DescribeBenefits
from workinjury_bridge.application.benefits.list_reviews import ListReviews
from workinjury_bridge.application.benefits.ports import BenefitViews
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.benefits.propose_pension import ProposePension
from workinjury_bridge.application.benefits.record_appraisal import RecordAppraisal
from workinjury_bridge.application.benefits.record_wage import RecordWage
from workinjury_bridge.application.benefits.report_loss import ReportLoss
from workinjury_bridge.application.benefits.return_payment import ReturnPayment
from workinjury_bridge.application.benefits.run_pensions import RunPensions
from workinjury_bridge.application.benefits.take_over_arisen import TakeOverArisen
from workinjury_bridge.application.benefits.withdraw_benefits import WithdrawBenefits
from workinjury_bridge.application.check_invariants import CheckInvariants
from workinjury_bridge.application.clearing.advance_clearing import AdvanceClearing
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.clearing.decide_clearing import DecideClearing
from workinjury_bridge.application.clearing.escalate_shortage import EscalateShortage
from workinjury_bridge.application.clearing.list_worklist import ListWorklist
from workinjury_bridge.application.clearing.pay_waiting import PayWaiting
from workinjury_bridge.application.clearing.ports import ClearingViews
from workinjury_bridge.application.clearing.replenish_fund import ReplenishFund
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
from workinjury_bridge.application.out_of_area.ports import OutOfAreaViews
from workinjury_bridge.application.out_of_area.register import RegisterOutOfArea
from workinjury_bridge.application.out_of_area.track_stay import TrackRemoteStay
from workinjury_bridge.application.pay_direct_meals import PayDirectMeals
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Policies, Views
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
from workinjury_bridge.application.recurrence.ports import RecurrenceViews
from workinjury_bridge.application.reverse_direct_settlement import ReverseDirectSettlement
from workinjury_bridge.application.revert_direct_settlement import RevertDirectSettlement
from workinjury_bridge.application.review_conversion import ReviewConversion
from workinjury_bridge.application.revoke_recognition import RevokeRecognition
from workinjury_bridge.application.settle_directly import SettleDirectly
from workinjury_bridge.application.split_before_settlement import SplitBeforeSettlement
from workinjury_bridge.application.stop_payments import StopPayments
from workinjury_bridge.application.void_direct_settlement import VoidDirectSettlement
from workinjury_bridge.application.withdraw_settlements import WithdrawSettlements
from workinjury_bridge.application.worklists.describe_ages import DescribeAges
from workinjury_bridge.application.worklists.describe_returns import DescribeReturns
from workinjury_bridge.application.worklists.list_mismatches import ListMismatches
from workinjury_bridge.application.worklists.ports import Worklists
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.policy import PolicyBook
from workinjury_bridge.settings import CONFIRM_WITHIN, benefits_path, codes_path, policy_path

METADATA = metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefits:
    """The use cases of the cash benefits."""

    views: BenefitViews
    record_wage: RecordWage
    record_appraisal: RecordAppraisal
    propose: ProposeBenefit
    approve: ApproveBenefit
    propose_pension: ProposePension
    change: ChangePension
    run: RunPensions
    report_loss: ReportLoss
    confirm_succession: ConfirmSuccession
    return_payment: ReturnPayment
    withdraw: WithdrawBenefits
    bear: TakeOverArisen
    describe: DescribeBenefits
    list_reviews: ListReviews


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEnd:
    """The use cases of the month-end clearing."""

    views: ClearingViews
    decide: DecideClearing
    advance: AdvanceClearing
    replenish: ReplenishFund
    escalate: EscalateShortage
    pay_waiting: PayWaiting
    worklist: ListWorklist


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfAreaDesk:
    """The use cases of treatment out of the area (B8)."""

    views: OutOfAreaViews
    register: RegisterOutOfArea
    track: TrackRemoteStay
    clear: ClearQuarter
    claim: ApplyForAllowances


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceDesk:
    """The use cases of a recurrence (B9)."""

    views: RecurrenceViews
    confirm: ConfirmRecurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Every use case of one process, and what must be closed in the end."""

    settings: Settings
    db: Database
    store: LedgerStore
    claims: HttpClaims
    views: Views
    open_case: OpenInjuryCase
    decide: DecideRecognition
    contest: ContestRecognition
    revoke: RevokeRecognition
    judge: JudgeEligibility
    review: ReviewConversion
    state_facts: StateFacts
    back_payment: RecordBackPayment
    split: SplitStay
    stay_splits: SplitBeforeSettlement
    advances: ApplyForAdvance
    debts: RecoverDebt
    book_movements: BookMovements
    decide_set_off: DecideSetOff
    remind: Remind
    papers: ClaimOnPaper
    double_bills: JudgeDoubleBill
    find_double: FindDoubleBills
    deduct: DeductAfterAudit
    advance: AdvanceConversion
    check: CheckInvariants
    settle: SettleDirectly
    void_direct: VoidDirectSettlement
    pay_direct_meals: PayDirectMeals
    revert_direct: RevertDirectSettlement
    on_settled: OnClaimSettled
    on_reversed: OnClaimReversed
    on_corrected: OnSettlementCorrected
    benefits: Benefits
    worklists: Worklists
    ages: DescribeAges
    returns: DescribeReturns
    mismatches: ListMismatches
    month_end: MonthEnd
    out_of_area: OutOfAreaDesk
    recurrences: RecurrenceDesk


def assemble(settings: Settings, claims_transport: httpx.AsyncBaseTransport | None = None) -> Bridge:
    """The objects of one process. ``claims_transport`` replaces the network to claims in tests.

    Raises RuleError when the rule book is wrong.
    """
    clock = settings.clock()
    ids = TimeOrderedIds(clock)
    db = Database(settings.database_url, PLATFORM, clock, ids, pool_size=settings.pool_size)
    once = SqlOnce(db)
    store = LedgerStore(LEDGER)
    policies = read_policy(policy_path())
    tokens = build_service_tokens(settings)
    claims = HttpClaims(ServiceClient("claims", settings.urls["claims"], tokens.bearer, transport=claims_transport))
    cases, stays, conversions, transfers = SqlCases(), SqlStays(), SqlConversions(), SqlTransfers()
    directs, ledger = SqlDirects(), SqlLedger(store)
    recoveries, advances, calendar = SqlRecoveries(), SqlAdvances(), load_calendar()
    runs, dues, purse = SqlClearings(), SqlDues(), SqlPurse()
    recurrences, record = SqlRecurrences(cases), RecordAct(cases, clock, ids)
    propose = ProposeConversions(cases, stays, conversions, recurrences, policies, clock, ids)
    track_debt = TrackDebt(recoveries, policies, calendar, clock)
    open_debt = OpenDebt(track_debt, policies, clock, ids)
    ask_back = AskBack(ledger, open_debt, clock, ids)
    deductions, remote_stays = SqlDeductions(), SqlRemoteStays(cases)
    losses, worklists, set_offs = SqlLosses(), SqlWorklists(db), SqlSetOffs()
    items, entitlements, postings = SqlItems(cases), SqlEntitlements(cases), SqlPostings()
    splits, elsewhere = SqlStaySplits(), SqlOutOfAreaViews(db)
    rules = read_benefits(benefits_path())
    escalate = EscalateShortage(runs, dues, SqlWaitingPayouts(), purse, policies, calendar, clock)
    cash = CheckCash(runs, purse, escalate.waiting, escalate, policies, clock, ids)
    pay = PayPerson(ledger, recoveries, track_debt, losses, set_offs, cash, clock, ids)
    deduct = DeductAfterAudit(
        once,
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
    advance_benefit = AdvanceBenefit(advances, recoveries, open_debt, pay)
    benefits = _benefits(
        db,
        once,
        cases,
        items,
        entitlements,
        postings,
        losses,
        SqlPaidOut(store),
        ledger,
        pay,
        advance_benefit,
        rules,
        calendar,
        clock,
        ids,
        record,
    )
    watch_split = WatchSplit(policies, calendar, clock)
    judge = JudgeEligibility(db, cases, recurrences, policies)
    withdraw = WithdrawSettlements(directs, remote_stays, losses, ledger, cash, ask_back, clock, ids)
    confirm = ConfirmDirectSettlement(cases, directs, stays, ledger, policies, losses, withdraw, clock, ids)
    reverse = ReverseDirectSettlement(directs, ledger, losses, recoveries, deduct, pay, open_debt, clock, ids)
    find_double = FindDoubleBills(
        db, cases, stays, conversions, directs, SqlPaperClaims(), remote_stays, SqlDoubleBills(), policies, calendar, clock, ids
    )
    papers = ClaimOnPaper(
        db,
        once,
        cases,
        find_double.papers,
        find_double.double_bills,
        find_double,
        ask_back,
        benefits.withdraw.stop,
        ledger,
        pay,
        claims,
        policies,
        calendar,
        clock,
        ids,
    )
    return Bridge(
        settings=settings,
        db=db,
        store=store,
        claims=claims,
        views=SqlViews(db),
        open_case=OpenInjuryCase(once, cases, clock, ids),
        decide=DecideRecognition(once, cases, propose, clock, ids),
        contest=ContestRecognition(once, cases, record),
        revoke=RevokeRecognition(once, cases, conversions, propose, benefits.withdraw, papers, withdraw, clock, ids, record),
        judge=judge,
        review=ReviewConversion(once, cases, conversions, propose, advances, policies, clock),
        state_facts=StateFacts(once, cases, conversions, items, entitlements, postings, clock, record),
        back_payment=RecordBackPayment(once, cases, stays, conversions, benefits.bear, clock, record),
        split=SplitStay(db, once, conversions, claims, watch_split, clock),
        stay_splits=SplitBeforeSettlement(db, once, cases, splits, directs, watch_split, clock),
        advances=ApplyForAdvance(once, cases, advances, policies, calendar, clock, ids, record),
        debts=RecoverDebt(once, recoveries, open_debt, conversions, deductions, ledger, policies, clock, ids, record),
        book_movements=BookMovements(db, recoveries, set_offs, dues, ledger, claims, pay, clock, ids),
        decide_set_off=DecideSetOff(once, recoveries, set_offs, clock, ids, record),
        papers=papers,
        double_bills=JudgeDoubleBill(
            db,
            once,
            find_double.double_bills,
            find_double.papers,
            recoveries,
            set_offs,
            stays,
            conversions,
            claims,
            open_debt,
            clock,
            record,
        ),
        find_double=find_double,
        deduct=deduct,
        remind=Remind(recoveries, advances, find_double.double_bills, policies, clock),
        advance=AdvanceConversion(
            db,
            cases,
            stays,
            conversions,
            transfers,
            recoveries,
            ledger,
            claims,
            policies,
            pay,
            deduct,
            propose,
            dues,
            open_debt,
            clock,
            ids,
        ),
        check=CheckInvariants(
            db,
            cases,
            conversions,
            transfers,
            recoveries,
            recurrences,
            directs,
            deductions,
            remote_stays,
            ledger,
            claims,
            dues,
            runs,
            SqlBenefitChecks(),
            rules,
        ),
        month_end=_month_end(
            db, once, cases, entitlements, runs, dues, purse, pay, ledger, claims, policies, calendar, clock, ids
        ),
        settle=SettleDirectly(db, cases, directs, splits, policies, judge, read_codes(codes_path()), clock, CONFIRM_WITHIN),
        void_direct=VoidDirectSettlement(directs, clock),
        pay_direct_meals=PayDirectMeals(directs, pay, clock),
        revert_direct=RevertDirectSettlement(
            db, directs, deductions, dues, ledger, claims, policies, ask_back, open_debt, clock, ids
        ),
        on_settled=OnClaimSettled(cases, stays, propose, find_double, confirm),
        on_reversed=OnClaimReversed(cases, stays, conversions, reverse, clock),
        on_corrected=OnSettlementCorrected(cases, stays, conversions, clock),
        benefits=benefits,
        worklists=worklists,
        ages=DescribeAges(worklists, clock),
        returns=DescribeReturns(worklists, policies, calendar, clock),
        mismatches=ListMismatches(worklists, policies, calendar, clock),
        out_of_area=_out_of_area(
            elsewhere,
            once,
            cases,
            remote_stays,
            items,
            ledger,
            ask_back,
            benefits.propose,
            policies,
            calendar,
            clock,
            ids,
            record,
        ),
        recurrences=RecurrenceDesk(
            views=elsewhere,
            confirm=ConfirmRecurrence(once, cases, recurrences, stays, conversions, propose, policies, clock, ids, record),
        ),
    )


def _out_of_area(
    views: OutOfAreaViews,
    once: SqlOnce,
    cases: SqlCases,
    stays: SqlRemoteStays,
    items: SqlItems,
    ledger: SqlLedger,
    ask_back: AskBack,
    propose: ProposeBenefit,
    policies: PolicyBook,
    calendar: WorkCalendar,
    clock: Clock,
    ids: IdFactory,
    record: RecordAct,
) -> OutOfAreaDesk:
    registrations, clearings = SqlRegistrations(cases), SqlQuarterClearings()
    return OutOfAreaDesk(
        views=views,
        register=RegisterOutOfArea(once, cases, registrations, policies, calendar, clock, ids, record),
        track=TrackRemoteStay(
            once, cases, registrations, stays, clearings, items, ledger, ask_back, policies, calendar, clock, ids, record
        ),
        clear=ClearQuarter(once, stays, clearings, ledger, clock, ids),
        claim=ApplyForAllowances(once, stays, propose, policies),
    )


def _month_end(
    db: Database,
    once: SqlOnce,
    cases: SqlCases,
    entitlements: SqlEntitlements,
    runs: SqlClearings,
    dues: SqlDues,
    purse: SqlPurse,
    pay: PayPerson,
    ledger: SqlLedger,
    claims: HttpClaims,
    policies: Policies,
    calendar: WorkCalendar,
    clock: Clock,
    ids: IdFactory,
) -> MonthEnd:
    escalate, waiting = pay.cash.escalate, pay.cash.waiting
    return MonthEnd(
        views=SqlClearingViews(db),
        decide=DecideClearing(once, runs, dues, policies, calendar, clock, ids),
        advance=AdvanceClearing(db, runs, dues, purse, ledger, claims, policies, escalate, calendar, clock, ids),
        replenish=ReplenishFund(once, runs, dues, ledger, clock, ids),
        escalate=escalate,
        pay_waiting=PayWaiting(db, cases, entitlements, waiting, pay.cash, pay, clock),
        worklist=ListWorklist(db, runs, dues, waiting, purse, policies, calendar, clock),
    )


def _benefits(
    db: Database,
    once: SqlOnce,
    cases: SqlCases,
    items: SqlItems,
    entitlements: SqlEntitlements,
    postings: SqlPostings,
    losses: SqlLosses,
    paid_out: SqlPaidOut,
    ledger: SqlLedger,
    pay: PayPerson,
    advance: AdvanceBenefit,
    book: BenefitBook,
    calendar: WorkCalendar,
    clock: Clock,
    ids: IdFactory,
    record: RecordAct,
) -> Benefits:
    wages, appraisals, views = SqlWages(), SqlAppraisals(), SqlBenefitViews(db)
    collect = CollectCaseFile(cases, wages, appraisals, losses, entitlements)
    propose = ProposeBenefit(once, collect, items, advance, ledger, book, clock, ids)
    approve = ApproveBenefit(once, collect, propose, advance, items, losses, ledger, pay, book, clock, ids, record)
    return Benefits(
        views=views,
        record_wage=RecordWage(once, collect, wages, items, entitlements, book, clock, record),
        record_appraisal=RecordAppraisal(once, collect, appraisals, entitlements, book, clock, ids, record),
        propose=propose,
        approve=approve,
        propose_pension=ProposePension(once, collect, entitlements, advance, book, clock, ids),
        change=ChangePension(once, collect, entitlements, losses, book, clock, record),
        run=RunPensions(db, collect, entitlements, postings, losses, advance, ledger, pay, book, clock, ids),
        report_loss=ReportLoss(once, cases, losses, entitlements, ledger, paid_out, calendar, clock, ids, record),
        confirm_succession=ConfirmSuccession(once, cases, losses, entitlements, postings, items, approve, pay, clock, record),
        return_payment=ReturnPayment(once, cases, losses, paid_out, ledger, pay, clock, ids, record),
        withdraw=WithdrawBenefits(
            items, entitlements, losses, StopPayments(paid_out, pay.cash, clock), advance, ledger, clock, ids
        ),
        bear=TakeOverArisen(items, entitlements, postings, advance, ledger, clock, ids),
        describe=DescribeBenefits(db, collect, items, postings, pay.cash.waiting, book, clock),
        list_reviews=ListReviews(views, book, clock),
    )
