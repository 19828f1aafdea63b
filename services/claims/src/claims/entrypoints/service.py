"""The service object: what claims' processes are made of."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import structlog
from starlette.routing import Match, Route
from starlette.types import Scope

from claims.bootstrap import METADATA, OWN_BOOKS, Claims, assemble
from claims.domain.adjudication import Case, RuleBook
from claims.entrypoints.deadlines import deadlines
from claims.entrypoints.events import batch_handlers, handlers
from claims.entrypoints.his.answers import HisAnswers
from claims.entrypoints.his.dispatch import Dispatch, HisDesk
from claims.entrypoints.his.doorkeeper import Doorkeeper
from claims.entrypoints.his.endpoint import HisEndpoint
from claims.entrypoints.http.accounts import accounts_router
from claims.entrypoints.http.assistance import assistance_router
from claims.entrypoints.http.burdens import burdens_router
from claims.entrypoints.http.filings import filings_router
from claims.entrypoints.http.funds import funds_router
from claims.entrypoints.http.late_facts import late_facts_router
from claims.entrypoints.http.person_payouts import person_payouts_router
from claims.entrypoints.http.registry import registry_router
from claims.entrypoints.http.rule_books import rule_books_router
from claims.entrypoints.http.settlements import settlements_router
from claims.entrypoints.http.simulations import simulations_router
from claims.entrypoints.http.stay_credits import stay_credits_router
from shared.auth.wiring import build_verifier
from shared.http.ledger import ledger_router
from shared.runtime import Job, Runtime
from shared.service import Service
from shared.settings import Settings

log = structlog.get_logger()


def build(settings: Settings, network: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> Runtime:
    """The objects of one process, behind its routes; tests replace the network."""
    claims = assemble(settings, network)

    async def load_books() -> None:
        for reason in await claims.rule_books.live.start():
            log.error("rule-books.left-out", reason=reason)

    async def shadow_runs() -> None:
        while await claims.rule_books.run_shadow():
            pass

    async def seal() -> None:
        while await claims.ledger.seal(claims.db):
            pass

    async def redecide() -> None:
        while await claims.redecide_later.run_one():
            pass

    async def simulate() -> None:
        while await claims.simulations.run():
            pass

    async def interest() -> None:
        while await claims.accounts.credit_interest():
            pass

    async def grant_classes() -> None:
        for application_id in await claims.assistance.grant.due():
            hindrance = await claims.assistance.grant.run(application_id)
            if hindrance is not None:
                log.warning("assistance.hindered", application_id=application_id, cause=hindrance)

    async def settle_credits() -> None:
        for credit_id in await claims.stay_credits.settle.due():
            hindrance = await claims.stay_credits.settle.run(credit_id)
            if hindrance is not None:
                log.warning("stay-credit.hindered", credit_id=credit_id, cause=hindrance)

    return Runtime(
        settings=settings,
        db=claims.db,
        routers=[
            settlements_router(
                claims.describe_settlement,
                claims.list_settlements,
                claims.take_claim_back,
                claims.charge_claim_back,
                claims.take_claims_back,
                claims.read_bills,
                claims.replay,
                claims.take_stay_over,
                claims.undo_charge_back,
            ),
            late_facts_router(claims.propose_late_fact, claims.approve_late_fact, claims.list_late_facts),
            person_payouts_router(claims.pay_person, claims.list_person_payouts),
            assistance_router(claims.assistance),
            stay_credits_router(claims.stay_credits),
            rule_books_router(claims.rule_books),
            registry_router(
                claims.state_institution,
                claims.import_catalogue,
                claims.list_registry,
                claims.list_visits,
                claims.show_visit,
                claims.clock,
            ),
            filings_router(claims.file_for_care, claims.cancel_filing, claims.list_filings),
            funds_router(
                claims.move_transfer,
                claims.credit_account,
                claims.clear_institution,
                claims.move_debt,
                claims.replenish_fund,
            ),
            simulations_router(claims.simulations.start, claims.simulations.find),
            accounts_router(
                claims.accounts.credit_month,
                claims.accounts.open_sharing,
                claims.accounts.withdraw_sharing,
                claims.accounts.close,
                claims.accounts.show,
            ),
            burdens_router(claims.list_burden_watch, claims.record_handling),
            ledger_router(claims.db, claims.ledger, OWN_BOOKS),
        ],
        raw_routes=[HisRoute("/{path:path}", Doorkeeper(his_endpoint(claims), build_verifier(settings)), methods=["POST"])],
        handlers=handlers(claims.on_person_stated, claims.update_burdens, claims.stay_credits.settle),
        batch_handlers=batch_handlers(claims.on_person_stated, claims.update_burdens, claims.stay_credits.settle),
        jobs=[
            Job(name="seal journals", every_s=1, run=seal),
            Job(name="shadow runs", every_s=1, run=shadow_runs),
            Job(name="decide again", every_s=1, run=redecide),
            Job(name="simulations", every_s=2, run=simulate),
            Job(name="interest on accounts", every_s=60, run=interest),
            Job(name="grant classes", every_s=1, run=grant_classes),
            Job(name="stays on credit", every_s=1, run=settle_credits),
        ],
        deadlines=deadlines(claims),
        on_start=[load_books],
        on_stop=claims.closing,
    )


class HisRoute(Route):
    """Every POST outside our own API: a HIS posts to many paths, and the gateway lets only those of the interface through."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See Starlette's ``Route``."""
        return (Match.NONE, {}) if scope["path"].startswith("/v1/") else super().matches(scope)


def his_endpoint(claims: Claims) -> HisEndpoint:
    """The door for raw HIS messages."""
    desk = HisDesk(
        sign_in=claims.sign_in,
        identify_person=claims.identify_person,
        open_visit=claims.open_visit,
        change_visit=claims.change_visit,
        cancel_visit=claims.cancel_visit,
        discharge=claims.discharge,
        cancel_discharge=claims.cancel_discharge,
        upload_fees=claims.upload_fees,
        cancel_fees=claims.cancel_fees,
        pre_settle=claims.pre_settle,
        settle=claims.settle,
        reverse=claims.reverse,
        reverse_by_message=claims.reverse_by_message,
        query_settlement=claims.find_settlement,
        file_for_care=claims.file_for_care,
        cancel_filing=claims.cancel_filing,
        identify_injured=claims.identify_injured,
        open_injury_visit=claims.open_injury_visit,
        upload_numbered_fees=claims.upload_numbered_fees,
    )
    return HisEndpoint(Dispatch(desk), HisAnswers(claims.clock), claims.institutions, claims.check_sign_in, claims.clock)


SERVICE = Service(
    name="claims",
    package="claims",
    description="Medical settlement: adjudication, accumulators, the HIS dialect, the books of the medical funds.",
    metadata=METADATA,
    bootstrap=build,
    rule_formats={"rule-book": RuleBook, "facts": Case},
)
