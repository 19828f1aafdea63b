"""Cash benefits of the work-injury fund, through one door: the bridge answers, the caller signs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Id
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import Limit

Facts = Annotated[dict[str, Any], Body(description="as the bridge takes it; the caller is the actor")]
CaseAct = Literal["own-wage", "appraisals", "benefits", "entitlements", "losses", "returns", "successions"]
EntitlementAct = Literal["approve", "dismiss", "suspend", "resume", "stop", "certify", "old-age-pension"]

_BRIDGE: Final = "workinjury-bridge"
_SECOND_PERSON: Final = frozenset({"approve", "dismiss", "resume", "returns", "successions"})
"""Acts after which more is paid: they belong to those who approve."""


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/injury-cases, /v1/benefits, /v1/entitlements, /v1/benefit-payments and /v1/pension-*."""
    api = APIRouter(prefix="/v1", tags=["cash benefits"])
    read, forward = gateway.read_owned, gateway.forward_command

    def scope_of(act: str) -> str:
        return "benefits:approve" if act in _SECOND_PERSON else "benefits:propose"

    @api.get("/injury-cases/{case_id}/appraisals", summary="Conclusions on working capacity")
    async def appraisals(caller: Caller, case_id: Id) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/injury-cases/{case_id}/appraisals")

    @api.get("/injury-cases/{case_id}/benefits", summary="Every benefit of an injury, step by step with its article")
    async def benefits(caller: Caller, case_id: Id) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/injury-cases/{case_id}/benefits")

    @api.post("/injury-cases/{case_id}/{act}", summary="Record wage, appraisal, loss or succession; propose a benefit")
    async def on_case(caller: Caller, key: IdempotencyKey, case_id: Id, act: CaseAct, facts: Facts) -> Any:
        return await forward(caller, scope_of(act), _BRIDGE, f"/v1/injury-cases/{case_id}", act, facts, key)

    @api.get("/benefits/{benefit_id}", summary="Where a one-off benefit stands")
    async def benefit(caller: Caller, benefit_id: Id) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/benefits/{benefit_id}")

    @api.post("/benefits/{benefit_id}/{act}", summary="Sign or dismiss a one-off benefit")
    async def on_benefit(
        caller: Caller, key: IdempotencyKey, benefit_id: Id, act: Literal["approve", "dismiss"], facts: Facts
    ) -> Any:
        return await forward(caller, scope_of(act), _BRIDGE, f"/v1/benefits/{benefit_id}", act, facts, key)

    @api.get("/entitlements/{entitlement_id}", summary="Where a monthly benefit stands")
    async def entitlement(caller: Caller, entitlement_id: Id) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/entitlements/{entitlement_id}")

    @api.post("/entitlements/{entitlement_id}/{act}", summary="Grant, interrupt, resume, end or certify a monthly benefit")
    async def on_entitlement(caller: Caller, key: IdempotencyKey, entitlement_id: Id, act: EntitlementAct, facts: Facts) -> Any:
        return await forward(caller, scope_of(act), _BRIDGE, f"/v1/entitlements/{entitlement_id}", act, facts, key)

    @api.get("/benefit-payments/{payment_id}", summary="One payment to a person")
    async def payment(caller: Caller, payment_id: Id) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/benefit-payments/{payment_id}")

    @api.post("/benefit-payments/{payment_id}/{act}", summary="The bank returned a payment; pay it again")
    async def on_payment(
        caller: Caller, key: IdempotencyKey, payment_id: Id, act: Literal["return", "repay"], facts: Facts
    ) -> Any:
        return await forward(caller, "benefits:pay", _BRIDGE, f"/v1/benefit-payments/{payment_id}", act, facts, key)

    @api.get("/pension-reviews", summary="Proofs of life and re-checks due, hindered runs, deaths without proven heirs")
    async def reviews(caller: Caller, limit: Limit = 100) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, "/v1/pension-reviews", {"limit": limit})

    @api.get("/pension-runs/{month}", summary="Progress of the monthly run")
    async def run(caller: Caller, month: date) -> Any:
        return await read(caller, "benefits:read", _BRIDGE, f"/v1/pension-runs/{month.isoformat()}")

    return api
