"""REST: whom the medical funds owe, and paying them; one person proposes and another approves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from claims.application.late.list_person_payouts import ListPersonPayouts
from claims.application.late.pay_person import PayPerson
from claims.entrypoints.http.actors import actor_of
from claims.entrypoints.http.late_facts import ActorBody
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]


class PayoutBody(ActorBody):
    """Who is paid all that is owed."""

    person_id: str = Field(min_length=1, max_length=30)


def person_payouts_router(pay: PayPerson, lists: ListPersonPayouts) -> APIRouter:
    """Routes under /v1; scopes ``settlements:read``, ``settlements:correct`` (propose), ``settlements:approve``."""
    router = APIRouter(prefix="/v1", tags=["person payouts"])

    @router.get("/person-dues", summary="Persons whom the books owe (2203), by id")
    async def owed(caller: Caller, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("settlements:read")
        found = await lists.owed(str(decode_cursor(after, 1)[0]) if after else "", limit + 1)
        return page(found, limit, encode_cursor(found[limit - 1]["person_id"]) if found[limit:] else None)

    @router.get("/person-dues/{person_id}", summary="What each book owes a person, and the corrections behind it")
    async def owed_to(caller: Caller, person_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await lists.owed_to(person_id)

    @router.post("/person-payouts", summary="Propose to pay a person what the books owe him")
    async def propose(caller: Caller, body: PayoutBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:correct")
        actor = actor_of(caller, body.actor)
        return await pay.propose(body.person_id, actor, _once("person-payouts", key, body.person_id, actor))

    @router.get("/person-payouts", summary="Payments in a state, oldest first")
    async def listed(
        caller: Caller,
        state: Annotated[Literal["proposed", "paid", "rejected"], Query()] = "proposed",
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("settlements:read")
        found = await lists.in_state(state, str(decode_cursor(after, 1)[0]) if after else "", limit + 1)
        return page(found, limit, encode_cursor(found[limit - 1]["payout_id"]) if found[limit:] else None)

    @router.get("/person-payouts/{payout_id}", summary="One payment")
    async def one(caller: Caller, payout_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await lists.one(payout_id)

    @router.post("/person-payouts/{payout_id}/approve", summary="Approve: a voucher in each book pays the person")
    async def approved(caller: Caller, payout_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        caller.require("settlements:approve")
        actor = actor_of(caller, body.actor if body else None)
        return await pay.approve(payout_id, actor, _once("person-payouts/approve", key, payout_id, actor))

    @router.post("/person-payouts/{payout_id}/reject", summary="Reject: nothing is paid")
    async def rejected(caller: Caller, payout_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        caller.require("settlements:approve")
        actor = actor_of(caller, body.actor if body else None)
        return await pay.reject(payout_id, actor, _once("person-payouts/reject", key, payout_id, actor))

    return router


def _once(scope: str, key: str, value: str, actor: str) -> OnceKey:
    return OnceKey(scope, key, digest_of([value, actor]))
