"""Personal accounts and the burden watch, which claims keeps."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id, Text
from shared.auth.principal import region_prefix
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN


class _Body(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SharingBody(_Body):
    """The holder's authorisation for a relative; without limit as far as the balance goes."""

    beneficiary_id: Text
    relation: Literal["spouse", "parent", "child", "near_relative"]
    begins_on: date | None = None
    ends_on: date | None = None
    limit_fen: int | None = Field(None, gt=0, le=MAX_FEN)


class ClosureBody(_Body):
    """A death, and the papers that show it and who succeeds."""

    died_on: date
    reference: Text


class NoteBody(_Body):
    """What whoever acts has to say."""

    note: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)] | None = None


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1; scopes ``persons:read``, ``accounts:share``, ``accounts:close``, ``accounts:approve``, ``burdens:…``."""
    api = APIRouter(tags=["accounts"])
    read, act = gateway.read_owned, gateway.act_on_account

    @api.get("/v1/persons/{person_id}/account", summary="Balance, years, relatives and movements, newest first")
    async def account(caller: Caller, person_id: Id, limit: Limit = 50, after: After = None) -> Any:
        params = {"limit": limit, "after": after}
        return await read(caller, "persons:read", "claims", f"/v1/persons/{person_id}/account", params)

    @api.post("/v1/persons/{person_id}/account/sharings", summary="Let a relative's bills be paid from the account")
    async def share(caller: Caller, person_id: Id, body: SharingBody, key: IdempotencyKey) -> Any:
        return await act(caller, "accounts:share", person_id, "sharings", body.model_dump(mode="json"), key)

    @api.post("/v1/persons/{person_id}/account/sharings/{sharing_id}/withdraw", summary="Withdraw an authorisation")
    async def withdraw(caller: Caller, person_id: Id, sharing_id: Id, key: IdempotencyKey) -> Any:
        return await act(caller, "accounts:share", person_id, f"sharings/{sharing_id}/withdraw", {}, key)

    @api.post("/v1/persons/{person_id}/account/closures", summary="Propose to pay the account out to the heirs")
    async def propose(caller: Caller, person_id: Id, body: ClosureBody, key: IdempotencyKey) -> Any:
        return await act(caller, "accounts:close", person_id, "closures", body.model_dump(mode="json"), key)

    @api.post("/v1/persons/{person_id}/account/closures/{closure_id}/{decision}", summary="Approve or reject a closure")
    async def decide(
        caller: Caller,
        person_id: Id,
        closure_id: Id,
        decision: Literal["approve", "reject"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        note = {"note": body.note if body else None}
        return await act(caller, "accounts:approve", person_id, f"closures/{closure_id}/{decision}", note, key)

    @api.get("/v1/burden-watch", tags=["burden watch"], summary="Persons and households over a line, newest first")
    async def burden_watch(
        caller: Caller,
        region: Annotated[str | None, Query(pattern="^[0-9]{6,12}$")] = None,
        line: Filter = None,
        state: Filter = None,
        year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        caller.require("burdens:read", region)
        regions = [region_prefix(region)] if region else list(caller.region_prefixes)
        params = {"region": regions, "line": line, "state": state, "year": year, "limit": limit, "after": after}
        return await read(caller, "burdens:read", "claims", "/v1/burden-watch", params)

    @api.post("/v1/burden-watch/{crossing_id}/{handling}", tags=["burden watch"], summary="What was done about it")
    async def handle(
        caller: Caller,
        crossing_id: Id,
        handling: Literal["contacted", "applied", "dismissed"],
        key: IdempotencyKey,
        body: NoteBody | None = None,
    ) -> Any:
        return await gateway.act_on_crossing(caller, crossing_id, handling, body.note if body else None, key)

    return api
