"""The one place that builds the objects of claims."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from claims.adapters.accounts import SqlAccountYears, SqlClosures, SqlHolders, SqlSharings, SqlStatements, SqlYearRuns
from claims.adapters.assistance import SqlApplications, SqlDues
from claims.adapters.bridge import HttpPaidElsewhere, HttpWorkInjury
from claims.adapters.burdens import SqlBurdens, SqlCrossings, SqlWorklist
from claims.adapters.corrections import SqlPersonYears, SqlRedecisions
from claims.adapters.enrollment import HttpEnrollment
from claims.adapters.facts.stored import FactsFolders, StoredClaims
from claims.adapters.filings import SqlFilings
from claims.adapters.funds import SqlAccounts as SqlCredits
from claims.adapters.funds import SqlClearings, SqlTransfers
from claims.adapters.his_messages import SqlHisMessages
from claims.adapters.late_cases import SqlLateCases
from claims.adapters.line_shares import BookShares
from claims.adapters.past import SqlPast
from claims.adapters.person_numbers import SqlPersonNumbers
from claims.adapters.person_payouts import SqlPersonPayouts
from claims.adapters.registry import (
    InstitutionDirectory,
    SqlAccounts,
    SqlCatalogue,
    SqlInstitutions,
    SqlPersons,
    SqlSignIns,
)
from claims.adapters.registry_lists import SqlRegistryLists, SqlVisitLists
from claims.adapters.rule_books import SqlBooks, SqlJobs, SqlRegister
from claims.adapters.settlement_groups import AsyncpgGroups
from claims.adapters.settlement_lists import SqlSettlementLists
from claims.adapters.settlements import SqlRecalls, SqlSettlements
from claims.adapters.simulation.jobs import RegisteredTexts, SqlSimulations
from claims.adapters.simulation.runner import SubprocessRunner
from claims.adapters.stay_credits import SqlStayCredits
from claims.adapters.tables import LEDGER, PLATFORM, metadata
from claims.adapters.take_backs import SqlBills, SqlSettlementGroup, SqlTakeBacks
from claims.adapters.visit_reader import AsyncpgVisitReader
from claims.adapters.visits import SqlFees, SqlVisits
from claims.application.accounts.close_account import CloseAccount
from claims.application.accounts.credit_interest import CreditInterest
from claims.application.accounts.credit_month import CreditMonth
from claims.application.accounts.open_sharing import OpenSharing
from claims.application.accounts.show_account import ShowAccount
from claims.application.accounts.withdraw_sharing import WithdrawSharing
from claims.application.assistance.apply_assistance import ApplyAssistance
from claims.application.assistance.approve_assistance import ApproveAssistance
from claims.application.assistance.grant_assistance import GrantAssistance
from claims.application.assistance.list_applications import ListApplications
from claims.application.assistance.move_application import MoveApplication
from claims.application.assistance.pay_assistance import PayAssistance
from claims.application.assistance.review_assistance import ReviewAssistance
from claims.application.burden.list_burden_watch import ListBurdenWatch
from claims.application.burden.record_handling import RecordHandling
from claims.application.burden.update_burdens import UpdateBurdens
from claims.application.filings.cancel_filing import CancelFilings
from claims.application.filings.file_care import FileForCare
from claims.application.filings.list_filings import ListFilings
from claims.application.funds.clear_institution import ClearInstitution
from claims.application.funds.credit_account import CreditAccount
from claims.application.funds.move_debt import MoveDebt
from claims.application.funds.move_transfer import MoveTransfer
from claims.application.funds.replenish_fund import ReplenishFund
from claims.application.his_messages import AnswerOnce
from claims.application.late.approve_late_fact import ApproveLateFact
from claims.application.late.correct_lines import CorrectLines
from claims.application.late.list_late_facts import ListLateFacts
from claims.application.late.list_person_payouts import ListPersonPayouts
from claims.application.late.pay_person import PayPerson
from claims.application.late.propose_late_fact import ProposeLateFact
from claims.application.late.redecide_later import RedecideLater
from claims.application.late.redecide_year import AT_ONCE, RedecideYear
from claims.application.late.settle_late import SettleLate
from claims.application.late.settle_manual_claim import SettleManualClaim
from claims.application.late.take_stay_over import TakeStayOver
from claims.application.registry.find_by_number import FindByNumber
from claims.application.registry.find_person import FindPerson
from claims.application.registry.import_catalogue import ImportCatalogue
from claims.application.registry.list_registry import ListRegistry
from claims.application.registry.on_person_stated import OnPersonStated
from claims.application.registry.state_institution import StateInstitutions
from claims.application.rule_books.activate_book import ActivateBook
from claims.application.rule_books.apply_change import ApplyChange
from claims.application.rule_books.approve_book import ApproveBook
from claims.application.rule_books.ask_shadow_run import AskShadowRun
from claims.application.rule_books.import_books import ImportBooks
from claims.application.rule_books.lint_book import LintBook
from claims.application.rule_books.list_books import ListBooks
from claims.application.rule_books.load_books import LiveBooks
from claims.application.rule_books.retire_book import RetireBook
from claims.application.rule_books.run_shadow import RunShadow
from claims.application.rule_books.submit_book import SubmitBook
from claims.application.settlement.charge_back import ChargeClaimBack
from claims.application.settlement.describe_settlement import DescribeSettlement
from claims.application.settlement.find_settlement import FindSettlement
from claims.application.settlement.list_settlements import ListSettlements
from claims.application.settlement.pre_settle_claim import PreSettleClaim
from claims.application.settlement.read_bills import ReadBills
from claims.application.settlement.replay_settlement import ReplaySettlement
from claims.application.settlement.reverse_claim import ReverseClaim
from claims.application.settlement.reverse_message import ReverseMessage
from claims.application.settlement.settle_claim import SettleClaim
from claims.application.settlement.settle_work_injury import SettleWorkInjury
from claims.application.settlement.take_claim_back import TakeClaimBack
from claims.application.settlement.take_claims_back import TakeClaimsBack
from claims.application.settlement.undo_charge_back import UndoClaimChargeBack
from claims.application.simulation.export_facts import ExportFacts
from claims.application.simulation.find_simulation import FindSimulation
from claims.application.simulation.ports import Engine
from claims.application.simulation.run_simulation import RunSimulation
from claims.application.simulation.simulate_reform import SimulateReform
from claims.application.simulation.start_simulation import StartSimulation
from claims.application.stay_credits.list_stay_credits import ListStayCredits
from claims.application.stay_credits.open_stay_credit import OpenStayCredit
from claims.application.stay_credits.settle_stay_credit import SettleStayCredit
from claims.application.stay_credits.withdraw_credit import WithdrawCredit
from claims.application.visits.cancel_discharge import CancelDischarges
from claims.application.visits.cancel_fees import CancelFeeLines
from claims.application.visits.cancel_visit import CancelVisits
from claims.application.visits.change_visit import ChangeVisits
from claims.application.visits.check_sign_in import CheckSignIn
from claims.application.visits.discharge import DischargePatient
from claims.application.visits.identify_injured import IdentifyInjured
from claims.application.visits.identify_person import IdentifyPersons
from claims.application.visits.list_visits import ListVisits
from claims.application.visits.open_injury_visit import OpenInjuryVisit
from claims.application.visits.open_visit import OpenVisits
from claims.application.visits.show_visit import ShowVisit
from claims.application.visits.sign_in import SignInOperator
from claims.application.visits.upload_fees import UploadFeeLines
from claims.application.visits.upload_numbered_fees import UploadNumberedFees
from claims.domain.accounts.rules import CREDITS_SUFFIX, NATIONAL_FILE, CreditRules, NationalRules
from claims.domain.adjudication import BOOK_SUFFIX
from claims.domain.assistance_policy import AssistancePolicies
from claims.domain.burden.lines import LINES_SUFFIX, BurdenLines
from claims.domain.care_codes import CareCategories
from claims.domain.late_facts import LateFacts
from claims.domain.rule_books.in_force import read_book, unregistered
from claims.domain.stay_credit import StayCreditRules
from claims.settings import read_claims_settings
from shared.auth.wiring import build_service_tokens
from shared.calendar import load_calendar
from shared.clock import Clock
from shared.crypto import Sealer
from shared.db.database import Database
from shared.db.once import SqlOnce
from shared.http.client import ServiceClient
from shared.ids import IdFactory, TimeOrderedIds
from shared.ledger import Book
from shared.ledger.store import LedgerStore
from shared.rules import read_rules, rule_texts
from shared.settings import Settings

METADATA = metadata

OWN_BOOKS: Final = frozenset(Book) - {Book.WI}
"""Every fund book but the work-injury fund's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBookDesk:
    """What can be done with rule books."""

    live: LiveBooks
    lists: ListBooks
    submit: SubmitBook
    lint: LintBook
    ask_shadow_run: AskShadowRun
    run_shadow: RunShadow
    approve: ApproveBook
    activate: ActivateBook
    retire: RetireBook


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationDesk:
    """What can be done with simulations."""

    start: StartSimulation
    find: FindSimulation
    run: RunSimulation
    export_facts: ExportFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDesk:
    """What can be done with personal accounts."""

    credit_month: CreditMonth
    credit_interest: CreditInterest
    open_sharing: OpenSharing
    withdraw_sharing: WithdrawSharing
    close: CloseAccount
    show: ShowAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistanceDesk:
    """What can be done with applications for medical assistance."""

    apply: ApplyAssistance
    review: ReviewAssistance
    move: MoveApplication
    approve: ApproveAssistance
    grant: GrantAssistance
    pay: PayAssistance
    lists: ListApplications


@dataclass(frozen=True, slots=True, kw_only=True)
class StayCreditDesk:
    """What can be done with stays on credit."""

    open: OpenStayCredit
    withdraw: WithdrawCredit
    settle: SettleStayCredit
    lists: ListStayCredits


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Every use case of one process, and the database and books they share."""

    clock: Clock
    db: Database
    ledger: LedgerStore
    institutions: InstitutionDirectory
    check_sign_in: CheckSignIn
    sign_in: SignInOperator
    identify_person: IdentifyPersons
    identify_injured: IdentifyInjured
    open_injury_visit: OpenInjuryVisit
    upload_numbered_fees: UploadNumberedFees
    open_visit: OpenVisits
    change_visit: ChangeVisits
    cancel_visit: CancelVisits
    discharge: DischargePatient
    cancel_discharge: CancelDischarges
    upload_fees: UploadFeeLines
    cancel_fees: CancelFeeLines
    pre_settle: PreSettleClaim
    settle: SettleClaim
    reverse: ReverseClaim
    reverse_by_message: ReverseMessage
    find_settlement: FindSettlement
    describe_settlement: DescribeSettlement
    list_settlements: ListSettlements
    take_claim_back: TakeClaimBack
    charge_claim_back: ChargeClaimBack
    take_stay_over: TakeStayOver
    undo_charge_back: UndoClaimChargeBack
    take_claims_back: TakeClaimsBack
    read_bills: ReadBills
    file_for_care: FileForCare
    cancel_filing: CancelFilings
    list_filings: ListFilings
    propose_late_fact: ProposeLateFact
    approve_late_fact: ApproveLateFact
    list_late_facts: ListLateFacts
    pay_person: PayPerson
    list_person_payouts: ListPersonPayouts
    redecide_later: RedecideLater
    move_transfer: MoveTransfer
    credit_account: CreditAccount
    clear_institution: ClearInstitution
    replenish_fund: ReplenishFund
    move_debt: MoveDebt
    accounts: AccountDesk
    update_burdens: UpdateBurdens
    list_burden_watch: ListBurdenWatch
    record_handling: RecordHandling
    state_institution: StateInstitutions
    import_catalogue: ImportCatalogue
    list_registry: ListRegistry
    list_visits: ListVisits
    show_visit: ShowVisit
    on_person_stated: OnPersonStated
    replay: ReplaySettlement
    rule_books: RuleBookDesk
    simulations: SimulationDesk
    assistance: AssistanceDesk
    stay_credits: StayCreditDesk
    closing: tuple[Callable[[], Awaitable[Any]], ...]


def assemble(
    settings: Settings, network: Mapping[str, httpx.AsyncBaseTransport] | None = None, *, at_once: int = AT_ONCE
) -> Claims:
    """The objects of one process; nothing is connected yet. ``network``: in tests, a transport per service called. ``at_once``:
    how many settlements one transaction decides again."""
    network = network or {}
    clock = settings.clock()
    ids = TimeOrderedIds(clock)
    db = Database(settings.database_url, PLATFORM, clock, ids, pool_size=settings.pool_size)
    sealer = Sealer(settings.data_key.encode())
    own = read_claims_settings()
    late_facts = read_rules(own.late_facts.read_text("utf-8"), str(own.late_facts), LateFacts)
    assistance = read_rules(own.assistance.read_text("utf-8"), str(own.assistance), AssistancePolicies)
    credit_rules = read_rules(own.stay_credits.read_text("utf-8"), str(own.stay_credits), StayCreditRules)
    tokens = build_service_tokens(settings)

    def client(name: str, timeout_s: float) -> ServiceClient:
        return ServiceClient(name, settings.urls[name], tokens.bearer, timeout_s=timeout_s, transport=network.get(name))

    enrollment, bridge = client("enrollment", 5), client("workinjury-bridge", 8)

    once = SqlOnce(db)
    rule_books = _rule_book_desk(db, once, own.rule_books, clock, ids)
    books = rule_books.live
    ledger = LedgerStore(LEDGER)
    messages = SqlHisMessages(sealer)
    visits, fees = SqlVisits(), SqlFees()
    catalogue, persons, sign_ins = SqlCatalogue(), SqlPersons(clock), SqlSignIns(clock)
    settlements, clearings = SqlSettlements(sealer), SqlClearings()
    groups = AsyncpgGroups(db, sealer)
    reader = AsyncpgVisitReader(db, sealer)

    answer_once = AnswerOnce(db, messages, visits)
    owner_of_persons = HttpEnrollment(enrollment)
    find_person = FindPerson(db, persons, owner_of_persons)
    paid_elsewhere = HttpPaidElsewhere(bridge)
    injuries = HttpWorkInjury(bridge)
    work_injury = SettleWorkInjury(reader, groups, injuries, clock, ids)
    numbers = FindByNumber(db, SqlPersonNumbers())
    categories = read_rules(own.work_injury_care.read_text("utf-8"), str(own.work_injury_care), CareCategories)
    identify_person = IdentifyPersons(db, find_person, SqlAccounts(), sealer, clock)
    open_visit = OpenVisits(answer_once, find_person, visits, clock, ids)
    upload_fees = UploadFeeLines(answer_once, fees, catalogue, BookShares(books), ids)
    years, redecisions, cases = SqlPersonYears(), SqlRedecisions(), SqlLateCases()
    redecide = RedecideYear(years, redecisions, ledger, books, late_facts, clock, ids, at_once=at_once)
    settle_late = SettleLate(
        visits=visits,
        fees=fees,
        settlements=settlements,
        years=years,
        past=SqlPast,
        journals=ledger,
        redecide=redecide,
        books=books,
        policy=late_facts,
        clock=clock,
        ids=ids,
    )
    manual = SettleManualClaim(
        find_person=find_person,
        persons=persons,
        institutions=SqlInstitutions(),
        catalogue=catalogue,
        line_shares=BookShares(books),
        settle_late=settle_late,
        policy=late_facts,
        sealer=sealer,
        clock=clock,
        ids=ids,
    )
    burden_lines = BurdenLines.read(rule_texts(own.burden_lines, LINES_SUFFIX))
    applications, calendar = SqlApplications(), load_calendar()
    assistance_desk = AssistanceDesk(
        apply=ApplyAssistance(once, applications, find_person, assistance, burden_lines, calendar, clock, ids),
        review=ReviewAssistance(once, applications, persons, years, settlements, redecide, books, calendar, clock),
        move=MoveApplication(once, applications, calendar, clock),
        approve=ApproveAssistance(once, applications, calendar, clock),
        grant=GrantAssistance(db, applications, owner_of_persons, clock),
        pay=PayAssistance(once, applications, SqlDues(), ledger, calendar, clock, ids),
        lists=ListApplications(db, applications, calendar),
    )
    correct_lines = CorrectLines(settlements, redecide, books)
    reverse = ReverseClaim(answer_once, settlements, ledger, messages, clock, ids, redecide)
    credits, directory = SqlStayCredits(), InstitutionDirectory(db)
    withdraw_credit = WithdrawCredit(once, visits, credits, clock)
    settle = SettleClaim(groups, books, work_injury, clock, ids)
    cancel_visit = CancelVisits(answer_once, messages, visits, fees, withdraw_credit)
    taken = SqlTakeBacks()
    take_back = TakeClaimBack(db, once, settlements, ledger, taken, clearings, books, clock, ids, redecide)
    return Claims(
        clock=clock,
        db=db,
        ledger=ledger,
        institutions=directory,
        check_sign_in=CheckSignIn(db, sign_ins, clock),
        sign_in=SignInOperator(answer_once, sign_ins, clock, ids),
        identify_person=identify_person,
        identify_injured=IdentifyInjured(identify_person, numbers, injuries),
        open_visit=open_visit,
        open_injury_visit=OpenInjuryVisit(numbers, injuries, categories, open_visit),
        upload_numbered_fees=UploadNumberedFees(numbers, upload_fees),
        change_visit=ChangeVisits(answer_once, visits, fees),
        cancel_visit=cancel_visit,
        discharge=DischargePatient(answer_once, visits),
        cancel_discharge=CancelDischarges(answer_once, messages, visits, fees, withdraw_credit),
        upload_fees=upload_fees,
        cancel_fees=CancelFeeLines(answer_once, messages, fees),
        pre_settle=PreSettleClaim(reader, books, work_injury, clock),
        settle=settle,
        reverse=reverse,
        reverse_by_message=ReverseMessage(db, messages, SqlRecalls(), settlements, reverse, cancel_visit.cancel_stay),
        find_settlement=FindSettlement(db, settlements),
        describe_settlement=DescribeSettlement(db, settlements),
        list_settlements=ListSettlements(db, SqlSettlementLists(), books, clock),
        file_for_care=FileForCare(answer_once, once, SqlFilings(), find_person, clock, ids),
        cancel_filing=CancelFilings(answer_once, once, SqlFilings(), clock),
        list_filings=ListFilings(db, SqlFilings()),
        propose_late_fact=ProposeLateFact(once, cases, manual, correct_lines, paid_elsewhere, ids),
        approve_late_fact=ApproveLateFact(db, once, cases, manual, correct_lines, paid_elsewhere),
        list_late_facts=ListLateFacts(db, cases),
        pay_person=PayPerson(once, SqlPersonPayouts(), ledger, clock, ids),
        list_person_payouts=ListPersonPayouts(db, SqlPersonPayouts()),
        redecide_later=RedecideLater(db, redecisions, years, persons, redecide, books, clock),
        undo_charge_back=UndoClaimChargeBack(once, settlements, ledger, clearings, clock, ids, redecide),
        take_stay_over=TakeStayOver(
            uow=db,
            once=once,
            persons=persons,
            institutions=SqlInstitutions(),
            reader=reader,
            visits=visits,
            settlements=settlements,
            settle_late=settle_late,
            ids=ids,
        ),
        charge_claim_back=ChargeClaimBack(once, settlements, ledger, clock, ids, redecide),
        take_claim_back=take_back,
        take_claims_back=TakeClaimsBack(db, take_back, SqlSettlementGroup(sealer), ledger, taken, clearings, redecide),
        read_bills=ReadBills(db, SqlBills()),
        move_transfer=MoveTransfer(db, SqlTransfers(), ledger, clock, ids),
        credit_account=CreditAccount(db, SqlCredits()),
        move_debt=MoveDebt(once, ledger, clock, ids),
        replenish_fund=ReplenishFund(once, ledger, clock, ids),
        clear_institution=ClearInstitution(once, clearings, ledger, clock, ids),
        update_burdens=UpdateBurdens(SqlBurdens(), SqlCrossings(), burden_lines, clock),
        list_burden_watch=ListBurdenWatch(db, SqlWorklist()),
        record_handling=RecordHandling(once, SqlWorklist(), clock),
        accounts=_account_desk(db, once, ledger, own.account_rules, clock, ids),
        state_institution=StateInstitutions(once, SqlInstitutions(), sealer),
        import_catalogue=ImportCatalogue(once, catalogue),
        list_registry=ListRegistry(db, SqlRegistryLists()),
        list_visits=ListVisits(db, SqlVisitLists()),
        show_visit=ShowVisit(db, SqlVisitLists()),
        on_person_stated=OnPersonStated(persons, redecisions, clock, ids),
        replay=ReplaySettlement(db, settlements, books),
        rule_books=rule_books,
        simulations=_simulation_desk(db, once, sealer, clock, ids),
        assistance=assistance_desk,
        stay_credits=StayCreditDesk(
            open=OpenStayCredit(once, visits, fees, credits, credit_rules, clock, ids),
            withdraw=withdraw_credit,
            settle=SettleStayCredit(db, credits, injuries, reader, directory, settle, ledger, OWN_BOOKS, clock),
            lists=ListStayCredits(db, credits, clock),
        ),
        closing=(books.stop, enrollment.close, bridge.close),
    )


def _rule_book_desk(db: Database, once: SqlOnce, folder: Path, clock: Clock, ids: IdFactory) -> RuleBookDesk:
    """Raises RuleError when a book of the folder is wrong."""
    found = rule_texts(folder, BOOK_SUFFIX)
    texts = {str(Path(name).relative_to(folder)): text for name, text in found.items()}
    stored, register, jobs = SqlBooks(), SqlRegister(), SqlJobs()
    apply = ApplyChange(stored, register, clock)
    importing = ImportBooks(db, stored, register, apply, texts, clock, ids)
    live = LiveBooks(db, register, importing, unregistered([read_book(text, file) for file, text in texts.items()]))
    return RuleBookDesk(
        live=live,
        lists=ListBooks(db, stored, register, jobs),
        submit=SubmitBook(once, stored, clock, ids),
        lint=LintBook(once, stored, register, clock),
        ask_shadow_run=AskShadowRun(once, stored, jobs, clock, ids),
        run_shadow=RunShadow(db, stored, jobs, live, clock),
        approve=ApproveBook(once, stored, jobs, clock),
        activate=ActivateBook(once, stored, register, apply, clock),
        retire=RetireBook(once, stored, register, apply, clock),
    )


def _simulation_desk(db: Database, once: SqlOnce, sealer: Sealer, clock: Clock, ids: IdFactory) -> SimulationDesk:
    own = read_claims_settings()
    simulations, files = SqlSimulations(), FactsFolders(own.facts)
    export = ExportFacts(StoredClaims(db, sealer), files)
    return SimulationDesk(
        start=StartSimulation(once, simulations, RegisteredTexts(SqlRegister(), SqlBooks()), files, clock, ids),
        find=FindSimulation(db, simulations),
        run=RunSimulation(db, simulations, SubprocessRunner(own.simulations, own.facts, export), clock),
        export_facts=export,
    )


def simulate_reform(clock: Clock) -> SimulateReform:
    """The simulation, without a database. What reads columns is loaded only by the processes that need it."""
    from claims.adapters.simulation.parquet_simulation import ParquetSimulation

    return SimulateReform(ParquetSimulation(clock))


def simulation_engine(name: str, workers: int, scratch: Path, scheduler: str | None = None) -> Engine:
    """Where blocks are computed: ``processes`` (one worker: this process) or ``dask``. Raises ValueError for another name."""
    from claims.adapters.simulation.engines import Dask, Here, Processes

    if name == "dask":
        return Dask(workers, str(scratch), scheduler)
    if name != "processes":
        raise ValueError(f"no engine {name!r}: processes or dask")
    return Here() if workers == 1 else Processes(workers)


def generate_facts(out: Path, persons: int, visits: int, seed: int) -> int:
    """Write a synthetic county year; the number of claims."""
    from claims.adapters.facts.generating import county_year
    from claims.adapters.facts.writing import write

    return write(out, county_year(persons, visits, seed))


def _account_desk(db: Database, once: SqlOnce, ledger: LedgerStore, folder: Path, clock: Clock, ids: IdFactory) -> AccountDesk:
    """Raises RuleError when a file of the folder is wrong."""
    credits = CreditRules.read(rule_texts(folder, CREDITS_SUFFIX))
    ((name, text),) = rule_texts(folder / NATIONAL_FILE, NATIONAL_FILE).items()
    rules = read_rules(text, name, NationalRules)
    accounts, holders, sharings = SqlAccountYears(), SqlHolders(), SqlSharings()
    return AccountDesk(
        credit_month=CreditMonth(db, holders, SqlCredits(), credits),
        credit_interest=CreditInterest(db, accounts, SqlYearRuns(), ledger, rules.interest, clock, ids),
        open_sharing=OpenSharing(once, accounts, holders, sharings, rules, clock, ids),
        withdraw_sharing=WithdrawSharing(once, sharings),
        close=CloseAccount(once, accounts, sharings, SqlClosures(), ledger, rules.interest, clock, ids),
        show=ShowAccount(db, SqlStatements()),
    )
