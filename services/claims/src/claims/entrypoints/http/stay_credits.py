"""REST: stays on credit (挂账), whose bills wait for the recognition of a work injury."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from claims.application.stay_credits.ports import CreditFilter
from claims.bootstrap import StayCreditDesk
from claims.entrypoints.http.actors import actor_of
from claims.entrypoints.http.late_facts import ActorBody
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]
Filter = Annotated[str | None, Query(min_length=1, max_length=30, pattern=r"^[0-9A-Za-z_-]+$")]


class CreditBody(ActorBody):
    """The stay that the hospital gives credit for."""

    model_config = ConfigDict(extra="forbid")

    person_id: str = Field(min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$", description="psn_no")
    visit_id: str = Field(min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$", description="mdtrt_id")


def stay_credits_router(desk: StayCreditDesk) -> APIRouter:
    """Routes under /v1; scopes ``settlements:read`` and ``stay-credits:write``."""
    router = APIRouter(prefix="/v1/stay-credits", tags=["stay credits"])

    @router.get("", summary="Stays on credit, what ends first comes first, with the days that are left")
    async def listed(
        caller: Caller,
        state: Annotated[Literal["open", "settled", "withdrawn"], Query()] = "open",
        institution_code: Filter = None,
        person_id: Filter = None,
        region: Annotated[list[str] | None, Query(description="beginnings of division codes; every place if left out")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("settlements:read")
        wanted = CreditFilter(state=state, institution_code=institution_code, person_id=person_id, regions=region or [""])
        start = decode_cursor(after, 2) if after else None
        items = await desk.lists(wanted, (str(start[0]), str(start[1])) if start else None, limit + 1)
        last = items[limit - 1] if items[limit:] else None
        return page(items, limit, encode_cursor(last["until"], last["credit_id"]) if last else None)

    @router.get("/{credit_id}", summary="One of them")
    async def one(caller: Caller, credit_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await desk.lists.one(credit_id)

    @router.post("", summary="The hospital gives credit: the stay waits for the recognition")
    async def give(caller: Caller, body: CreditBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("stay-credits:write")
        actor = actor_of(caller, body.actor)
        once = OnceKey("stay-credits", key, digest_of([body.visit_id, body.person_id, actor]))
        return await desk.open(body.visit_id, body.person_id, actor, once)

    @router.post("/{credit_id}/withdraw", summary="End it without a settlement")
    async def withdraw(caller: Caller, credit_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        caller.require("stay-credits:write")
        actor = actor_of(caller, body.actor if body else None)
        return await desk.withdraw(credit_id, actor, OnceKey("stay-credits/withdraw", key, digest_of([credit_id, actor])))

    return router
