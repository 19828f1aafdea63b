"""Builds the objects of one gateway process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway.adapters.claims_desk import HttpClaimsDesk
from gateway.adapters.identity import GatewayVerifier, OpenIdKeys, open_id_verifier
from gateway.adapters.institutions import InstitutionCopy, InstitutionTable
from gateway.adapters.matters import SqlMatters
from gateway.adapters.owners import HttpOwners
from gateway.adapters.papers import TypstPapers
from gateway.adapters.partner_documents import SqlPartnerDocuments
from gateway.adapters.policy import LocalUsers, Role, load_catalogue, load_local_users, load_partners, load_roles
from gateway.adapters.proposals import SqlDocuments, SqlProposals
from gateway.adapters.rate_limit import KeyedRateLimit
from gateway.adapters.replays import DatabaseReplayGuard, MemoryReplayGuard
from gateway.adapters.tables import PLATFORM, metadata
from gateway.adapters.timeline import SqlAccessLog, SqlTimeline
from gateway.adapters.webhooks import HttpPartnerCalls, SqlWebhooks
from gateway.application.accept_matter import AcceptMatter
from gateway.application.act_on_account import ActOnAccount
from gateway.application.act_on_assistance import ActOnAssistance
from gateway.application.act_on_crossing import ActOnCrossing
from gateway.application.act_on_filing import ActOnFiling
from gateway.application.act_on_rule_book import ActOnRuleBook
from gateway.application.act_on_task import ActOnTask
from gateway.application.admit_his_message import AdmitHisMessage
from gateway.application.check_lights import CheckLights
from gateway.application.check_region import CheckRegion
from gateway.application.decide_document import DecideDocument
from gateway.application.decide_proposal import DecideProposal
from gateway.application.deliver_events import DeliverEvents
from gateway.application.forward_command import ForwardCommand
from gateway.application.forward_his_message import ForwardHisMessage
from gateway.application.his_credentials import Scheme
from gateway.application.list_documents import ListDocuments
from gateway.application.list_matters import ListMatters
from gateway.application.list_proposals import ListProposals
from gateway.application.on_fact import OnFact
from gateway.application.on_institution_stated import OnInstitutionStated
from gateway.application.open_webhook import OpenWebhook
from gateway.application.ports import ClaimsDesk, ReplayGuard
from gateway.application.print_settlement import PrintSettlement
from gateway.application.print_voucher import PrintVoucher
from gateway.application.propose_act import ProposeAct
from gateway.application.queue_deliveries import QueueDeliveries
from gateway.application.read_matter import ReadMatter
from gateway.application.read_owned import ReadOwned
from gateway.application.read_rule_books import ReadRuleBooks
from gateway.application.read_timeline import ReadTimeline
from gateway.application.receive_document import ReceiveDocument
from gateway.application.receive_materials import ReceiveMaterials
from gateway.application.record_document import RecordDocument
from gateway.application.record_matter import RecordMatter
from gateway.application.replay_deliveries import ReplayDeliveries
from gateway.application.reveal_person import RevealPerson
from gateway.application.review_conversion import ReviewConversion
from gateway.application.show_progress import ShowProgress
from gateway.application.sign_in import SignIn
from gateway.application.start_simulation import StartSimulation
from gateway.application.start_tasks import StartTasks
from gateway.application.withdraw_matter import WithdrawMatter
from gateway.domain.catalogue import Catalogue
from gateway.domain.partners import Partners
from gateway.settings import GatewaySettings, read_gateway_settings
from shared.auth import Principal, TokenVerifier
from shared.auth.wiring import AUDIENCE, build_service_tokens, build_signer
from shared.calendar import WorkCalendar, load_calendar
from shared.clock import Clock, SystemClock
from shared.crypto import Sealer
from shared.db.database import Database
from shared.db.once import SqlOnce
from shared.ids import TimeOrderedIds
from shared.settings import Settings

TOKEN_TTL_S = 8 * 3600
"""One working day."""

PROGRESS_PER_MINUTE = 10
"""How often a receipt number may be asked for, so that the four characters cannot be found by trying."""

METADATA = metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What replaces the network in tests: a transport per service, one for the identity provider, the line to claims' desk, one
    to partners' webhooks."""

    services: Mapping[str, httpx.AsyncBaseTransport] = field(default_factory=dict)
    provider: httpx.AsyncBaseTransport | None = None
    claims_desk: ClaimsDesk | None = None
    partners: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Every use case of one process, and what must be closed in the end."""

    settings: Settings
    own: GatewaySettings
    db: Database
    clock: Clock
    calendar: WorkCalendar
    catalogue: Catalogue
    roles: Mapping[str, Role]
    local_users: LocalUsers | None
    verifier: TokenVerifier
    owners: HttpOwners
    claims_desk: ClaimsDesk
    replays: MemoryReplayGuard | DatabaseReplayGuard
    accept_matter: AcceptMatter
    act_on_account: ActOnAccount
    act_on_crossing: ActOnCrossing
    act_on_filing: ActOnFiling
    act_on_assistance: ActOnAssistance
    act_on_rule_book: ActOnRuleBook
    act_on_task: ActOnTask
    admit_his_message: AdmitHisMessage
    record_document: RecordDocument
    check_lights: CheckLights
    check_region: CheckRegion
    decide_document: DecideDocument
    deliver_events: DeliverEvents
    decide_proposal: DecideProposal
    forward_command: ForwardCommand
    forward_his_message: ForwardHisMessage
    list_documents: ListDocuments
    list_matters: ListMatters
    list_proposals: ListProposals
    on_fact: OnFact
    on_institution_stated: OnInstitutionStated
    open_webhook: OpenWebhook
    partner_calls: HttpPartnerCalls
    partners: Partners
    print_settlement: PrintSettlement
    queue_deliveries: QueueDeliveries
    print_voucher: PrintVoucher
    propose_act: ProposeAct
    read_matter: ReadMatter
    read_owned: ReadOwned
    read_rule_books: ReadRuleBooks
    read_timeline: ReadTimeline
    receive_materials: ReceiveMaterials
    replay_deliveries: ReplayDeliveries
    reveal_person: RevealPerson
    review_conversion: ReviewConversion
    receive_document: ReceiveDocument
    start_simulation: StartSimulation
    show_progress: ShowProgress
    sign_in: SignIn | None
    start_tasks: StartTasks
    withdraw_matter: WithdrawMatter
    open_id_keys: OpenIdKeys | None

    async def close(self) -> None:
        """Close every connection but the database's."""
        await self.owners.close()
        await self.claims_desk.close()
        await self.partner_calls.close()
        if self.open_id_keys is not None:
            await self.open_id_keys.close()


def assemble(settings: Settings, network: Network | None = None, environ: Mapping[str, str] | None = None) -> Gateway:
    """Build one process's objects; nothing is connected yet. ``environ``: instead of the process's environment."""
    network = network or Network()
    own = read_gateway_settings(settings, environ)
    clock = settings.clock()
    db = Database(settings.database_url, PLATFORM, clock, TimeOrderedIds(clock), pool_size=settings.pool_size)
    catalogue, calendar, roles = load_catalogue(), load_calendar(), load_roles()
    local_users = None if settings.production else load_local_users()
    signer = build_signer(settings)
    tokens = build_service_tokens(settings)
    owners = HttpOwners(settings.urls, tokens.bearer, network.services)
    open_id_keys = OpenIdKeys(settings.oidc_issuer, network.provider) if settings.oidc_issuer else None
    provider = open_id_verifier(settings.oidc_issuer, own.oidc_audience, open_id_keys) if open_id_keys else None
    matters, lines, once = SqlMatters(catalogue), SqlTimeline(), SqlOnce(db)
    check_region = CheckRegion(owners)
    read_owned = ReadOwned(owners, check_region)
    partners = load_partners(own.partners_file, demonstration=not settings.production)
    documents, webhooks, partner_calls = SqlPartnerDocuments(), SqlWebhooks(), HttpPartnerCalls(network.partners)
    webhook_key = settings.data_key.encode()
    record = RecordMatter(matters, calendar, clock)
    proposals, papers = SqlProposals(), TypstPapers()
    hands = {user.username: user.name for user in local_users.all()} if local_users else {}
    replays: MemoryReplayGuard | DatabaseReplayGuard = (
        DatabaseReplayGuard(db, SystemClock()) if own.his_nonces == "database" else MemoryReplayGuard()
    )
    claims_desk = network.claims_desk or HttpClaimsDesk(settings.urls["claims"], tokens.bearer, timeout_s=own.his_timeout_s)
    return Gateway(
        settings=settings,
        own=own,
        db=db,
        clock=clock,
        calendar=calendar,
        catalogue=catalogue,
        roles=roles,
        local_users=local_users,
        verifier=GatewayVerifier(settings, provider),
        owners=owners,
        claims_desk=claims_desk,
        replays=replays,
        accept_matter=AcceptMatter(
            once=once,
            matters=matters,
            owners=owners,
            record=record,
            catalogue=catalogue,
            calendar=calendar,
            clock=clock,
            ids=db.ids,
        ),
        act_on_account=ActOnAccount(owners, check_region),
        act_on_crossing=ActOnCrossing(owners, check_region),
        act_on_filing=ActOnFiling(owners, check_region),
        act_on_assistance=ActOnAssistance(owners, check_region),
        act_on_rule_book=ActOnRuleBook(owners),
        act_on_task=ActOnTask(store=db, once=once, matters=matters, owners=owners, record=record, clock=clock),
        admit_his_message=_admission(db, settings, own, replays),
        record_document=RecordDocument(
            store=db, once=once, owners=owners, check_region=check_region, documents=SqlDocuments(), clock=clock, ids=db.ids
        ),
        check_region=check_region,
        check_lights=CheckLights(store=db, matters=matters, record=record),
        decide_document=DecideDocument(store=db, documents=documents, owners=owners, partners=partners, clock=clock),
        deliver_events=DeliverEvents(store=db, webhooks=webhooks, calls=partner_calls, key=webhook_key, clock=clock),
        decide_proposal=DecideProposal(store=db, owners=owners, check_region=check_region, proposals=proposals, clock=clock),
        forward_command=ForwardCommand(owners, check_region),
        forward_his_message=ForwardHisMessage(claims=claims_desk, limit=KeyedRateLimit(own.his_messages_per_s, 1), clock=clock),
        list_documents=ListDocuments(store=db, documents=documents, partners=partners),
        list_matters=ListMatters(store=db, matters=matters, clock=clock),
        list_proposals=ListProposals(store=db, check_region=check_region, proposals=proposals),
        on_fact=OnFact(lines=lines, matters=matters, record=record),
        on_institution_stated=OnInstitutionStated(InstitutionTable()),
        open_webhook=OpenWebhook(
            store=db, once=once, webhooks=webhooks, partners=partners, key=webhook_key, clock=clock, ids=db.ids
        ),
        partner_calls=partner_calls,
        partners=partners,
        queue_deliveries=QueueDeliveries(webhooks=webhooks, documents=documents, partners=partners, clock=clock),
        print_settlement=PrintSettlement(read_owned, owners, papers, clock),
        print_voucher=PrintVoucher(read_owned, papers, hands, clock),
        propose_act=ProposeAct(
            once=once, owners=owners, check_region=check_region, proposals=proposals, clock=clock, ids=db.ids
        ),
        read_matter=ReadMatter(store=db, matters=matters),
        read_owned=read_owned,
        read_rule_books=ReadRuleBooks(owners),
        read_timeline=ReadTimeline(store=db, lines=lines, check_region=check_region),
        receive_materials=ReceiveMaterials(once=once, matters=matters, record=record, clock=clock),
        replay_deliveries=ReplayDeliveries(store=db, webhooks=webhooks, clock=clock),
        reveal_person=RevealPerson(store=db, owners=owners, accesses=SqlAccessLog(), clock=clock),
        review_conversion=ReviewConversion(owners, check_region),
        receive_document=ReceiveDocument(
            store=db, documents=documents, owners=owners, partners=partners, clock=clock, ids=db.ids
        ),
        start_simulation=StartSimulation(owners),
        show_progress=ShowProgress(store=db, matters=matters, owners=owners, limit=KeyedRateLimit(PROGRESS_PER_MINUTE, 60)),
        sign_in=_sign_in(local_users, roles, signer.sign) if local_users is not None else None,
        start_tasks=StartTasks(store=db, matters=matters, owners=owners, record=record, clock=clock),
        withdraw_matter=WithdrawMatter(once=once, matters=matters, record=record, clock=clock),
        open_id_keys=open_id_keys,
    )


def _admission(db: Database, settings: Settings, own: GatewaySettings, replays: ReplayGuard) -> AdmitHisMessage:
    return AdmitHisMessage(
        institutions=InstitutionCopy(db, Sealer(settings.data_key.encode())),
        replays=replays,
        # Hospitals sign with real time, also where a county is replayed on another day.
        clock=SystemClock(),
        windows_s={
            Scheme.X_TIF: own.his_window_x_tif_s,
            Scheme.CSB: own.his_window_csb_s,
            Scheme.API_KEY: 0,
            Scheme.NONE: 0,
        },
    )


def _sign_in(users: LocalUsers, roles: Mapping[str, Role], sign: Any) -> SignIn:
    scopes = {code: role.scopes for code, role in roles.items()}

    def token(principal: Principal) -> str:
        return str(sign(principal, audience=AUDIENCE, ttl_s=TOKEN_TTL_S))

    return SignIn(users, scopes, token)
