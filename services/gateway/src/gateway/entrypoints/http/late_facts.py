"""Late facts of medical settlements, through one door: paper claims, corrected lines, and what is paid to persons. Claims answers, the caller signs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Query

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Id
from shared.errors import invalid
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit

Facts = Annotated[dict[str, Any], Body(description="as claims takes it; the caller is the actor")]
_CLAIMS: Final = "claims"


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/manual-claims, /v1/settlements/{id}/corrections, /v1/late-facts, /v1/person-dues and /v1/person-payouts."""
    api = APIRouter(prefix="/v1", tags=["late facts"])
    read, forward = gateway.read_owned, gateway.forward_command

    @api.post("/manual-claims", summary="Propose a paper claim of a person who has paid in cash (手工报销)")
    async def manual_claim(caller: Caller, key: IdempotencyKey, facts: Facts) -> Any:
        person_id = facts.get("person_id")
        if not isinstance(person_id, str):
            raise invalid("gateway.manual-claim.person", "人员编号(person_id)不能为空", field="person_id")
        return await forward.about_person(caller, "settlements:manual", _CLAIMS, "/v1/manual-claims", person_id, facts, key)

    @api.post("/settlements/{settlement_id}/corrections", summary="Propose to correct fee lines that an audit found wrong")
    async def correction(caller: Caller, key: IdempotencyKey, settlement_id: Id, facts: Facts) -> Any:
        thing = f"/v1/settlements/{settlement_id}"
        return await forward(caller, "settlements:correct", _CLAIMS, thing, "corrections", facts, key)

    @api.get("/late-facts", summary="Paper claims and corrections in a state, oldest first")
    async def listed(
        caller: Caller,
        state: Annotated[Literal["proposed", "approved", "rejected"], Query()] = "proposed",
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"state": state, "limit": limit, "after": after}
        return await read(caller, "settlements:read", _CLAIMS, "/v1/late-facts", params)

    @api.get("/late-facts/{late_fact_id}", summary="One paper claim or correction")
    async def one(caller: Caller, late_fact_id: Id) -> Any:
        return await read(caller, "settlements:read", _CLAIMS, f"/v1/late-facts/{late_fact_id}")

    @api.post("/late-facts/{late_fact_id}/{act}", summary="Approve or reject, as another person than proposed")
    async def decide(caller: Caller, key: IdempotencyKey, late_fact_id: Id, act: Literal["approve", "reject"]) -> Any:
        return await forward(caller, "settlements:approve", _CLAIMS, f"/v1/late-facts/{late_fact_id}", act, {}, key)

    @api.get("/person-dues", summary="Persons whom the medical funds owe, by id")
    async def owed(caller: Caller, limit: Limit = 50, after: After = None) -> Any:
        return await read(caller, "settlements:read", _CLAIMS, "/v1/person-dues", {"limit": limit, "after": after})

    @api.get("/person-dues/{person_id}", summary="What each fund owes a person, and the corrections behind it")
    async def owed_to(caller: Caller, person_id: Id) -> Any:
        return await read(caller, "settlements:read", _CLAIMS, f"/v1/person-dues/{person_id}")

    @api.post("/person-payouts", summary="Propose to pay a person what the medical funds owe him")
    async def propose(caller: Caller, key: IdempotencyKey, facts: Facts) -> Any:
        person_id = facts.get("person_id")
        if not isinstance(person_id, str):
            raise invalid("gateway.person-payout.person", "人员编号(person_id)不能为空", field="person_id")
        return await forward.about_person(caller, "settlements:correct", _CLAIMS, "/v1/person-payouts", person_id, facts, key)

    @api.get("/person-payouts", summary="Payments to persons in a state, oldest first")
    async def payouts(
        caller: Caller,
        state: Annotated[Literal["proposed", "paid", "rejected"], Query()] = "proposed",
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"state": state, "limit": limit, "after": after}
        return await read(caller, "settlements:read", _CLAIMS, "/v1/person-payouts", params)

    @api.get("/person-payouts/{payout_id}", summary="One payment to a person")
    async def payout(caller: Caller, payout_id: Id) -> Any:
        return await read(caller, "settlements:read", _CLAIMS, f"/v1/person-payouts/{payout_id}")

    @api.post("/person-payouts/{payout_id}/{act}", summary="Approve or reject, as another person than proposed")
    async def decide_payout(caller: Caller, key: IdempotencyKey, payout_id: Id, act: Literal["approve", "reject"]) -> Any:
        return await forward(caller, "settlements:approve", _CLAIMS, f"/v1/person-payouts/{payout_id}", act, {}, key)

    return api
