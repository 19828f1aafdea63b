"""REST: medical assistance by application, from the application to the payment."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from claims.application.assistance.apply_assistance import Apply
from claims.application.assistance.ports import Wanted
from claims.bootstrap import AssistanceDesk
from claims.domain.assistance import State
from claims.entrypoints.http.actors import actor_of
from shared.auth import Principal
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, Path(max_length=30, pattern=PRINTABLE)]
PersonId = Annotated[str, Field(min_length=1, max_length=30, pattern=PRINTABLE)]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class ActorBody(BaseModel):
    """A service says for whom it calls."""

    actor: str | None = Field(None, min_length=1, max_length=50)


class ApplyBody(ActorBody):
    """Who applies for which class, and who belongs to the household."""

    person_id: PersonId
    household: list[PersonId] = Field(
        default_factory=list, max_length=30, description="person ids; the applicant may be left out"
    )
    class_code: str = Field(min_length=1, max_length=30, pattern=PRINTABLE)
    statement: Text = ""


class NoteBody(ActorBody):
    """What the reviewer has to say."""

    note: Text = ""


class ReasonBody(ActorBody):
    """Why."""

    reason: Reason


def assistance_router(desk: AssistanceDesk) -> APIRouter:
    """Routes under /v1; scopes ``assistance:read``, ``:apply``, ``:review``, ``:approve``, ``:pay``."""
    router = APIRouter(prefix="/v1/assistance-applications", tags=["medical assistance"])
    one = "/{application_id}"

    @router.get("", summary="Applications for medical assistance, oldest first")
    async def listed(
        caller: Caller,
        state: State | None = None,
        person_id: Annotated[str | None, Query(max_length=30, pattern=PRINTABLE)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("assistance:read")
        start = str(decode_cursor(after, 1)[0]) if after else ""
        found = await desk.lists.listed(Wanted(state=state, person_id=person_id, after=start, limit=limit + 1))
        return page(found, limit, encode_cursor(found[limit - 1]["application_id"]) if found[limit:] else None)

    @router.get(one, summary="One application with its review, notice, decision and vouchers")
    async def shown(caller: Caller, application_id: Id) -> dict[str, Any]:
        caller.require("assistance:read")
        return await desk.lists.one(application_id)

    @router.post("", summary="Apply for a class (依申请救助)")
    async def apply(caller: Caller, body: ApplyBody, key: IdempotencyKey) -> dict[str, Any]:
        actor, once = _asked(caller, "assistance:apply", "apply", "", body, key)
        return await desk.apply(Apply(**body.model_dump(exclude={"actor"})), actor, once)

    @router.post(f"{one}/review", summary="Review: the settlements that count against the line, and a trial")
    async def review(caller: Caller, application_id: Id, key: IdempotencyKey, body: NoteBody | None = None) -> dict[str, Any]:
        body = body or NoteBody()
        actor, once = _asked(caller, "assistance:review", "review", application_id, body, key)
        return await desk.review(application_id, actor, body.note, once)

    @router.post(f"{one}/publish", summary="Begin the public notice (公示)")
    async def publish(caller: Caller, application_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        _, once = _asked(caller, "assistance:review", "publish", application_id, body or ActorBody(), key)
        return await desk.move.publish(application_id, once)

    @router.post(f"{one}/object", summary="Record an objection: the notice is void, back to the reviewer")
    async def object_(caller: Caller, application_id: Id, body: ReasonBody, key: IdempotencyKey) -> dict[str, Any]:
        actor, once = _asked(caller, "assistance:review", "object", application_id, body, key)
        return await desk.move.object(application_id, body.reason, actor, once)

    @router.post(f"{one}/withdraw", summary="The applicant takes it back")
    async def withdraw(caller: Caller, application_id: Id, body: ReasonBody, key: IdempotencyKey) -> dict[str, Any]:
        _, once = _asked(caller, "assistance:apply", "withdraw", application_id, body, key)
        return await desk.move.withdraw(application_id, body.reason, once)

    @router.post(f"{one}/approve", summary="Approve after the notice; the class and the money follow")
    async def approve(caller: Caller, application_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        actor, once = _asked(caller, "assistance:approve", "approve", application_id, body or ActorBody(), key)
        return await desk.approve(application_id, actor, once)

    @router.post(f"{one}/reject", summary="Decide not to grant it, with the reason")
    async def reject(caller: Caller, application_id: Id, body: ReasonBody, key: IdempotencyKey) -> dict[str, Any]:
        actor, once = _asked(caller, "assistance:approve", "reject", application_id, body, key)
        return await desk.move.reject(application_id, actor, body.reason, once)

    @router.post(f"{one}/pay", summary="Pay what the class has brought: one voucher a book")
    async def pay(caller: Caller, application_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        actor, once = _asked(caller, "assistance:pay", "pay", application_id, body or ActorBody(), key)
        return await desk.pay(application_id, actor, once)

    return router


def _asked(caller: Principal, scope: str, act: str, application_id: str, body: ActorBody, key: str) -> tuple[str, OnceKey]:
    caller.require(scope)
    actor = actor_of(caller, body.actor)
    digest = digest_of([application_id, body.model_dump(mode="json", exclude={"actor"}), actor])
    return actor, OnceKey(f"assistance/{act}", key, digest)
