"""Treatment out of the area through one door: registrations, stays, claims by hand, and what is paid to other provinces.

What the place of treatment tells (admission, settlement, monthly data) comes over the interface of the province, not through here.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Filter, Id, case_in
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN
from shared.transactions import OnceKey

BRIDGE: Final = "workinjury-bridge"
_ALL: Final = "/v1/out-of-area"
_WINDOW: Final = "out-of-area:apply"
_REVIEW: Final = "out-of-area:check"

Facts = Annotated[dict[str, Any], Body(description="as the bridge takes it; the caller is the actor")]
Words = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
Place = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="division code, GB/T 2260")]
Fen = Annotated[int, Field(gt=0, le=MAX_FEN, description="fen")]


class _Body(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class NothingBody(_Body):
    """Nothing more to say."""


class RejectionBody(_Body):
    """Why the conditions are not met."""

    note: Words


class CancellationBody(_Body):
    """From when the registration is given up."""

    on: date
    note: Words | None = None


class ObjectionBody(_Body):
    """What is wrong with the data."""

    reason: Words


class BillBody(_Body):
    """The national bill of a province and a quarter."""

    province: Place
    quarter: date
    bill_no: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,64}$")]
    bill_fen: Fen


class PrefundBody(_Body):
    """Money laid out in advance, or taken back."""

    province: Place
    amount_fen: Fen
    back: bool = False


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/out-of-area; scopes ``injury-cases:read``, ``out-of-area:apply``, ``out-of-area:check``, ``clearing:…``."""
    api = APIRouter(prefix=_ALL, tags=["out of area"])
    _registrations(api, gateway)
    _stays(api, gateway)
    _money(api, gateway)
    return api


def _registrations(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.get("/registrations", summary="Registrations, newest first")
    async def listed(
        caller: Caller, case_id: Filter = None, state: Filter = None, limit: Limit = 50, after: After = None
    ) -> Any:
        params = {"case_id": case_id, "state": state, "limit": limit, "after": after}
        return await read(caller, "injury-cases:read", BRIDGE, f"{_ALL}/registrations", params)

    @api.get("/registrations/{registration_id}", summary="One registration")
    async def one(caller: Caller, registration_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"{_ALL}/registrations/{registration_id}")

    @api.post("/registrations", status_code=201, summary="Apply for treatment out of the area")
    async def apply(caller: Caller, key: IdempotencyKey, facts: Facts) -> Any:
        about = case_in(facts, "out-of-area")
        return await forward.into(caller, _WINDOW, BRIDGE, f"{_ALL}/registrations", facts, key, about=about)

    @api.post("/registrations/{registration_id}/approve", summary="The agency consents, as another person than applied")
    async def approve(caller: Caller, registration_id: Id, key: IdempotencyKey, body: NothingBody | None = None) -> Any:
        _ = body
        return await forward(caller, _REVIEW, BRIDGE, f"{_ALL}/registrations/{registration_id}", "approve", {}, key)

    @api.post("/registrations/{registration_id}/reject", summary="The conditions are not met")
    async def reject(caller: Caller, registration_id: Id, body: RejectionBody, key: IdempotencyKey) -> Any:
        thing = f"{_ALL}/registrations/{registration_id}"
        return await forward(caller, _REVIEW, BRIDGE, thing, "reject", body.model_dump(), key)

    @api.post("/registrations/{registration_id}/cancel", summary="The person comes back")
    async def cancel(caller: Caller, registration_id: Id, body: CancellationBody, key: IdempotencyKey) -> Any:
        thing, said = f"{_ALL}/registrations/{registration_id}", body.model_dump(mode="json", exclude_none=True)
        return await forward(caller, _WINDOW, BRIDGE, thing, "cancel", said, key)


def _stays(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.get("/stays", summary="Stays, newest first")
    async def listed(
        caller: Caller, case_id: Filter = None, state: Filter = None, limit: Limit = 50, after: After = None
    ) -> Any:
        params = {"case_id": case_id, "state": state, "limit": limit, "after": after}
        return await read(caller, "injury-cases:read", BRIDGE, f"{_ALL}/stays", params)

    @api.get("/stays/{stay_id}", summary="One stay")
    async def one(caller: Caller, stay_id: Id) -> Any:
        return await read(caller, "injury-cases:read", BRIDGE, f"{_ALL}/stays/{stay_id}")

    @api.post("/stays/{stay_id}/objection", summary="Object to the data")
    async def object_to(caller: Caller, stay_id: Id, body: ObjectionBody, key: IdempotencyKey) -> Any:
        thing = f"{_ALL}/stays/{stay_id}"
        return await forward(caller, _REVIEW, BRIDGE, thing, "objection", body.model_dump(), key)

    @api.post("/stays/{stay_id}/audit", summary="The data are right")
    async def audit(caller: Caller, stay_id: Id, key: IdempotencyKey, body: NothingBody | None = None) -> Any:
        _ = body
        return await forward(caller, _REVIEW, BRIDGE, f"{_ALL}/stays/{stay_id}", "audit", {}, key)

    @api.post("/stays/{stay_id}/allowances", status_code=201, summary="Claim meals and the journey")
    async def allowances(caller: Caller, stay_id: Id, key: IdempotencyKey, facts: Facts) -> Any:
        return await forward(caller, _WINDOW, BRIDGE, f"{_ALL}/stays/{stay_id}", "allowances", facts, key)


def _money(api: APIRouter, gateway: Gateway) -> None:
    @api.get("/clearings", summary="Paid quarters, newest first")
    async def paid(caller: Caller, limit: Limit = 50, after: After = None) -> Any:
        params = {"limit": limit, "after": after}
        return await gateway.read_owned(caller, "clearing:read", BRIDGE, f"{_ALL}/clearings", params)

    async def propose(caller: Caller, kind: Literal["remote-clearing", "prefund"], subject: str, body: _Body, key: str) -> Any:
        said = body.model_dump(mode="json")
        return await gateway.propose_act(caller, kind, subject, said, OnceKey(f"{caller.subject}/{kind}", key, digest_of(said)))

    @api.post("/clearings", status_code=201, summary="Propose to pay a province for a quarter; a second person decides")
    async def clear(caller: Caller, body: BillBody, key: IdempotencyKey) -> Any:
        return await propose(caller, "remote-clearing", body.bill_no, body, key)

    @api.post("/prefunds", status_code=201, summary="Propose to lay money out, or take it back; a second person decides")
    async def prefund(caller: Caller, body: PrefundBody, key: IdempotencyKey) -> Any:
        return await propose(caller, "prefund", body.province, body, key)
