"""Medical assistance by application, which claims keeps: apply, review, publish, approve, pay."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gateway.application.act_on_assistance import PATH
from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit

_PersonId = Annotated[str, Field(min_length=1, max_length=30, pattern=PLAIN)]
_Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class Application(BaseModel):
    """Who applies for which class; the household by person ids."""

    model_config = ConfigDict(extra="forbid")

    person_id: _PersonId
    household: list[_PersonId] = Field(default_factory=list, max_length=30)
    class_code: str = Field(min_length=1, max_length=30, pattern=PLAIN)
    statement: _Text = ""


class ReviewerNote(BaseModel):
    """What the reviewer has to say."""

    model_config = ConfigDict(extra="forbid")

    note: _Text = ""


class Why(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1; scopes ``assistance:read``, ``:apply``, ``:review``, ``:approve``, ``:pay``."""
    api = APIRouter(prefix=PATH, tags=["medical assistance"])
    read, act = gateway.read_owned, gateway.act_on_assistance
    one = "/{application_id}"

    @api.get("", summary="Applications for medical assistance, oldest first")
    async def listed(
        caller: Caller,
        state: Filter = None,
        person_id: Annotated[str | None, Query(max_length=30, pattern=PLAIN)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"state": state, "person_id": person_id, "limit": limit, "after": after}
        return await read(caller, "assistance:read", "claims", PATH, params)

    @api.get(one, summary="One application with its review, notice, decision and vouchers")
    async def show(caller: Caller, application_id: Id) -> Any:
        return await read(caller, "assistance:read", "claims", f"{PATH}/{application_id}")

    @api.post("", summary="Apply for a class (依申请救助)")
    async def apply(caller: Caller, body: Application, key: IdempotencyKey) -> Any:
        return await act.apply(caller, body.model_dump(), key)

    @api.post(f"{one}/review", summary="Review: the settlements that count against the line, and a trial")
    async def review(caller: Caller, application_id: Id, key: IdempotencyKey, body: ReviewerNote | None = None) -> Any:
        return await act(caller, application_id, "review", (body or ReviewerNote()).model_dump(), key)

    @api.post(f"{one}/publish", summary="Begin the public notice (公示)")
    async def publish(caller: Caller, application_id: Id, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "publish", {}, key)

    @api.post(f"{one}/object", summary="Record an objection: the notice is void, back to the reviewer")
    async def object_(caller: Caller, application_id: Id, body: Why, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "object", body.model_dump(), key)

    @api.post(f"{one}/withdraw", summary="The applicant takes it back")
    async def withdraw(caller: Caller, application_id: Id, body: Why, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "withdraw", body.model_dump(), key)

    @api.post(f"{one}/approve", summary="Approve after the notice; the class and the money follow")
    async def approve(caller: Caller, application_id: Id, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "approve", {}, key)

    @api.post(f"{one}/reject", summary="Decide not to grant it, with the reason")
    async def reject(caller: Caller, application_id: Id, body: Why, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "reject", body.model_dump(), key)

    @api.post(f"{one}/pay", summary="Pay what the class has brought: one voucher a book")
    async def pay(caller: Caller, application_id: Id, key: IdempotencyKey) -> Any:
        return await act(caller, application_id, "pay", {}, key)

    return api
