"""Recurrences of old injuries through one door: the window applies, the reviewer records what the committee says."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id, case_in
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit

BRIDGE: Final = "workinjury-bridge"
_ALL: Final = "/v1/recurrences"

Facts = Annotated[dict[str, Any], Body(description="as the bridge takes it; the caller is the actor")]
Short = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]


class ConclusionBody(BaseModel):
    """What a committee decided; ``treated_until``: last day of the treatment it confirms."""

    model_config = ConfigDict(extra="forbid")

    decision_no: Short
    confirmed: bool
    decided_on: date
    decided_by: Short
    treated_until: date | None = None


class ObjectionBody(BaseModel):
    """When the province's committee was asked."""

    model_config = ConfigDict(extra="forbid")

    on: date


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/recurrences; scopes ``injury-cases:read``, ``recurrences:apply``, ``injury-cases:decide``."""
    api = APIRouter(prefix="/v1", tags=["recurrences"])
    read, forward = gateway.read_owned, gateway.forward_command

    async def state(caller: Caller, scope: str, recurrence_id: str, act: str, body: BaseModel | None, key: str) -> Any:
        said = body.model_dump(mode="json") if body else {}
        return await forward(caller, scope, BRIDGE, f"{_ALL}/{recurrence_id}", act, said, key)

    @api.get("/recurrences", summary="Applications, newest first")
    async def listed(
        caller: Caller, case_id: Filter = None, state: Filter = None, limit: Limit = 50, after: After = None
    ) -> Any:
        params = {"case_id": case_id, "state": state, "limit": limit, "after": after}
        return await read(caller, "injury-cases:read", BRIDGE, _ALL, params)

    @api.get("/recurrences/{recurrence_id}", summary="One application with its decisions and who bears what")
    async def one(caller: Caller, recurrence_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"{_ALL}/{recurrence_id}")

    @api.post("/recurrences", status_code=201, summary="Apply for the confirmation of a recurrence")
    async def apply(caller: Caller, key: IdempotencyKey, facts: Facts) -> Any:
        about = case_in(facts, "recurrence")
        return await forward.into(caller, "recurrences:apply", BRIDGE, _ALL, facts, key, about=about)

    @api.post("/recurrences/{recurrence_id}/conclusion", summary="What the committee decided")
    async def conclude(caller: Caller, recurrence_id: Id, body: ConclusionBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", recurrence_id, "conclusion", body, key)

    @api.post("/recurrences/{recurrence_id}/objection", summary="The province's committee was asked")
    async def object_to(caller: Caller, recurrence_id: Id, body: ObjectionBody, key: IdempotencyKey) -> Any:
        return await state(caller, "injury-cases:decide", recurrence_id, "objection", body, key)

    @api.post("/recurrences/{recurrence_id}/{act}", summary="The committee takes its further days; or it is withdrawn")
    async def on_application(
        caller: Caller, recurrence_id: Id, act: Literal["extension", "withdrawal"], key: IdempotencyKey
    ) -> Any:
        scope = "injury-cases:decide" if act == "extension" else "recurrences:apply"
        return await state(caller, scope, recurrence_id, act, None, key)

    return api
