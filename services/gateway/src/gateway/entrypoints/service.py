"""The gateway as a service: its slots filled."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.bootstrap import METADATA, Network, assemble
from gateway.entrypoints import deadlines, events
from gateway.entrypoints.his.ingress import HisIngress
from gateway.entrypoints.http import (
    accounts,
    assistance,
    benefits,
    clearings,
    filings,
    late_facts,
    matters,
    out_of_area,
    owned,
    paper_claims,
    partners,
    persons,
    recurrences,
    rule_books,
    signing_in,
    simulations,
    workinjury,
)
from shared.runtime import Runtime
from shared.service import Service
from shared.settings import Settings

_ROUTES = (
    signing_in,
    matters,
    persons,
    filings,
    accounts,
    clearings,
    out_of_area,
    paper_claims,
    recurrences,
    workinjury,
    owned,
    rule_books,
    benefits,
    late_facts,
    simulations,
    assistance,
    partners,
)


def build(settings: Settings, network: Network | None = None, environ: Mapping[str, str] | None = None) -> Runtime:
    """One process; tests replace the network and the environment."""
    gateway = assemble(settings, network, environ)
    return Runtime(
        settings=settings,
        db=gateway.db,
        routers=[module.router(gateway) for module in _ROUTES],
        raw_routes=[HisIngress(gateway.admit_his_message, gateway.forward_his_message)],
        handlers=events.handlers(gateway),
        batch_handlers=events.batch_handlers(gateway),
        jobs=deadlines.jobs(gateway),
        on_stop=[gateway.close],
        verifier=gateway.verifier,
    )


SERVICE = Service(
    name="gateway",
    package="gateway",
    description="One window: matters, persons, books; and the door for hospitals",
    metadata=METADATA,
    bootstrap=build,
)
