"""Bills on paper of injured persons, and the same bill at both funds, through one door: the bridge answers, the caller signs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Filter, Id
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.transactions import OnceKey

BRIDGE: Final = "workinjury-bridge"

Facts = Annotated[dict[str, Any], Body(description="as the bridge takes it; the caller is the actor")]
Words = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]


class ConfirmBody(BaseModel):
    """Why it is one bill."""

    model_config = ConfigDict(extra="forbid")

    note: Words | None = None


class ClearBody(BaseModel):
    """Why it is another bill after all."""

    model_config = ConfigDict(extra="forbid")

    note: Words


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/injury-cases/{id}/paper-claims, /v1/paper-claims and /v1/double-bills."""
    api = APIRouter(prefix="/v1")
    _paper_claims(api, gateway)
    _double_bills(api, gateway)
    return api


def _paper_claims(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.post(
        "/injury-cases/{case_id}/paper-claims", status_code=201, tags=["paper claims"], summary="Claim a bill paid in cash"
    )
    async def propose(caller: Caller, case_id: Id, key: IdempotencyKey, facts: Facts) -> Any:
        return await forward(caller, "settlements:manual", BRIDGE, f"/v1/injury-cases/{case_id}", "paper-claims", facts, key)

    @api.get("/paper-claims/{paper_claim_id}", tags=["paper claims"], summary="One claim with its lines")
    async def one(caller: Caller, paper_claim_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"/v1/paper-claims/{paper_claim_id}")

    @api.post(
        "/paper-claims/{paper_claim_id}/{act}",
        tags=["paper claims"],
        summary="Approve or reject, as another person than proposed",
    )
    async def decide(
        caller: Caller,
        paper_claim_id: Id,
        act: Literal["approve", "reject"],
        key: IdempotencyKey,
        body: ConfirmBody | None = None,
    ) -> Any:
        said = body.model_dump(exclude_none=True) if body else {}
        return await forward(caller, "settlements:approve", BRIDGE, f"/v1/paper-claims/{paper_claim_id}", act, said, key)


def _double_bills(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.get("/double-bills", tags=["double bills"], summary="Clues, newest first")
    async def listed(caller: Caller, state: Filter = None, limit: Limit = 50, after: After = None) -> Any:
        params = {"state": state, "limit": limit, "after": after}
        return await read(caller, "recoveries:read", BRIDGE, "/v1/double-bills", params)

    @api.get("/double-bills/{double_bill_id}", tags=["double bills"], summary="One clue")
    async def one(caller: Caller, double_bill_id: Id) -> Any:
        return await read(caller, "recoveries:read", BRIDGE, f"/v1/double-bills/{double_bill_id}")

    @api.post(
        "/double-bills/{double_bill_id}/confirm",
        status_code=201,
        tags=["double bills"],
        summary="Propose that it is one bill; a second person decides",
    )
    async def confirm(caller: Caller, double_bill_id: Id, body: ConfirmBody, key: IdempotencyKey) -> Any:
        said = body.model_dump(exclude_none=True)
        once = OnceKey(f"{caller.subject}/double-bill/{double_bill_id}", key, digest_of(said))
        return await gateway.propose_act(caller, "double-bill", double_bill_id, said, once)

    @api.post(
        "/double-bills/{double_bill_id}/undo",
        status_code=201,
        tags=["double bills"],
        summary="Propose that the charge-back was wrong; a second person decides",
    )
    async def undo(caller: Caller, double_bill_id: Id, body: ClearBody, key: IdempotencyKey) -> Any:
        said = body.model_dump()
        once = OnceKey(f"{caller.subject}/double-bill-undo/{double_bill_id}", key, digest_of(said))
        return await gateway.propose_act(caller, "double-bill-undo", double_bill_id, said, once)

    @api.post("/double-bills/{double_bill_id}/clear", tags=["double bills"], summary="Another bill after all")
    async def clear(caller: Caller, double_bill_id: Id, body: ClearBody, key: IdempotencyKey) -> Any:
        path = f"/v1/double-bills/{double_bill_id}"
        return await forward(caller, "recoveries:write", BRIDGE, path, "clear", body.model_dump(), key)
