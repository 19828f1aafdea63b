"""The one place that builds the objects of claims."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from claims.adapters.bridge import HttpWorkInjury
from claims.adapters.class_b_shares import BookShares
from claims.adapters.enrollment import HttpEnrollment
from claims.adapters.funds import SqlAccounts as SqlCredits
from claims.adapters.funds import SqlTransfers
from claims.adapters.his_messages import SqlHisMessages
from claims.adapters.registry import (
    InstitutionDirectory,
    SqlAccounts,
    SqlCatalogue,
    SqlInstitutions,
    SqlPersons,
    SqlSignIns,
)
from claims.adapters.settlement_groups import AsyncpgGroups
from claims.adapters.settlement_lists import SqlSettlementLists
from claims.adapters.settlements import SqlRecalls, SqlSettlements, SqlTakeBacks
from claims.adapters.tables import LEDGER, PLATFORM, metadata
from claims.adapters.visit_reader import AsyncpgVisitReader
from claims.adapters.visits import SqlFees, SqlVisits
from claims.application.funds.credit_account import CreditAccount
from claims.application.funds.move_transfer import MoveTransfer
from claims.application.his_messages import AnswerOnce
from claims.application.registry.find_person import FindPerson
from claims.application.registry.import_catalogue import ImportCatalogue
from claims.application.registry.on_person_stated import OnPersonStated
from claims.application.registry.state_institution import StateInstitutions
from claims.application.settlement.describe_settlement import DescribeSettlement
from claims.application.settlement.find_settlement import FindSettlement
from claims.application.settlement.list_settlements import ListSettlements
from claims.application.settlement.pre_settle_claim import PreSettleClaim
from claims.application.settlement.reverse_claim import ReverseClaim
from claims.application.settlement.reverse_message import ReverseMessage
from claims.application.settlement.settle_claim import SettleClaim
from claims.application.settlement.settle_work_injury import SettleWorkInjury
from claims.application.settlement.take_claim_back import TakeClaimBack
from claims.application.visits.cancel_discharge import CancelDischarges
from claims.application.visits.cancel_fees import CancelFeeLines
from claims.application.visits.cancel_visit import CancelVisits
from claims.application.visits.change_visit import ChangeVisits
from claims.application.visits.check_sign_in import CheckSignIn
from claims.application.visits.discharge import DischargePatient
from claims.application.visits.identify_person import IdentifyPersons
from claims.application.visits.open_visit import OpenVisits
from claims.application.visits.sign_in import SignInOperator
from claims.application.visits.upload_fees import UploadFeeLines
from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks
from claims.entrypoints.events import handlers
from claims.entrypoints.his.answers import HisAnswers
from claims.entrypoints.his.dispatch import Dispatch, HisDesk
from claims.entrypoints.his.endpoint import HisEndpoint
from claims.entrypoints.http.funds import funds_router
from claims.entrypoints.http.settlements import settlements_router
from claims.settings import read_claims_settings
from shared.auth.wiring import build_service_tokens
from shared.crypto import Sealer
from shared.db.database import Database
from shared.db.once import SqlOnce
from shared.http.client import ServiceClient
from shared.http.ledger import ledger_router
from shared.ids import TimeOrderedIds
from shared.ledger import Book
from shared.ledger.store import LedgerStore
from shared.rules import rule_texts
from shared.service import Job, Runtime, Service
from shared.settings import Settings

OWN_BOOKS: Final = frozenset(Book) - {Book.WI}
"""Every fund book but the work-injury fund's."""


def build(settings: Settings) -> Runtime:
    """All objects of one process; nothing is connected yet."""
    clock = settings.clock()
    ids = TimeOrderedIds(clock)
    db = Database(settings.database_url, PLATFORM, clock, ids, pool_size=settings.pool_size)
    sealer = Sealer(settings.data_key.encode())
    books = RuleBooks.read(rule_texts(read_claims_settings().rule_books, BOOK_SUFFIX))
    tokens = build_service_tokens(settings)
    enrollment = ServiceClient("enrollment", settings.urls["enrollment"], tokens.bearer, timeout_s=5)
    bridge = ServiceClient("workinjury-bridge", settings.urls["workinjury-bridge"], tokens.bearer, timeout_s=8)

    once = SqlOnce(db)
    ledger = LedgerStore(LEDGER)
    messages = SqlHisMessages(sealer)
    visits, fees = SqlVisits(), SqlFees()
    catalogue, persons, sign_ins = SqlCatalogue(), SqlPersons(clock), SqlSignIns(clock)
    settlements = SqlSettlements(sealer)
    groups = AsyncpgGroups(db, sealer)
    reader = AsyncpgVisitReader(db, sealer)

    answer_once = AnswerOnce(db, messages, visits)
    find_person = FindPerson(db, persons, HttpEnrollment(enrollment))
    work_injury = SettleWorkInjury(reader, groups, HttpWorkInjury(bridge), clock, ids)
    reverse = ReverseClaim(answer_once, settlements, ledger, messages, clock, ids)
    cancel_visits = CancelVisits(answer_once, messages, visits, fees)
    desk = HisDesk(
        sign_in=SignInOperator(answer_once, sign_ins, clock, ids),
        identify_person=IdentifyPersons(db, find_person, SqlAccounts(), sealer, clock),
        open_visit=OpenVisits(answer_once, find_person, visits, clock, ids),
        change_visit=ChangeVisits(answer_once, visits, fees),
        cancel_visit=cancel_visits,
        discharge=DischargePatient(answer_once, visits),
        cancel_discharge=CancelDischarges(answer_once, messages, visits, fees),
        upload_fees=UploadFeeLines(answer_once, fees, catalogue, BookShares(books), ids),
        cancel_fees=CancelFeeLines(answer_once, messages, fees),
        pre_settle=PreSettleClaim(reader, books, work_injury, clock),
        settle=SettleClaim(groups, books, work_injury, clock, ids),
        reverse=reverse,
        reverse_by_message=ReverseMessage(db, messages, SqlRecalls(), settlements, reverse, cancel_visits.cancel_stay),
        query_settlement=FindSettlement(db, settlements),
    )
    his = HisEndpoint(Dispatch(desk), HisAnswers(clock), InstitutionDirectory(db), CheckSignIn(db, sign_ins, clock), clock)

    async def seal() -> None:
        while await ledger.seal(db):
            pass

    return Runtime(
        settings=settings,
        db=db,
        routers=[
            settlements_router(
                DescribeSettlement(db, settlements, books),
                ListSettlements(db, SqlSettlementLists(), books, clock),
                TakeClaimBack(once, settlements, ledger, SqlTakeBacks(), clock, ids),
            ),
            funds_router(MoveTransfer(db, SqlTransfers(), ledger, clock, ids), CreditAccount(db, SqlCredits())),
            ledger_router(db, ledger, OWN_BOOKS),
        ],
        # A HIS posts to many paths; the gateway lets only those of the interface through, so here every other POST is one.
        raw_routes=[Route("/{path:path}", his, methods=["POST"])],
        handlers=handlers(OnPersonStated(persons)),
        jobs=[Job(name="seal journals", every_s=5, run=seal)],
        on_stop=[enrollment.close, bridge.close],
    )


_ = (ImportCatalogue, StateInstitutions, SqlInstitutions)

SERVICE: Final = Service(
    name="claims",
    package="claims",
    description="Medical settlement: adjudication, accumulators, the HIS dialect, the books of the medical funds.",
    metadata=metadata,
    bootstrap=build,
)
