"""Month-end clearings between funds: worklist, page, and the acts of the two people who answer for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field, StringConstraints

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.ledger import Book
from shared.money import MAX_FEN
from workinjury_bridge.application.clearing.replenish_fund import Replenishment
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.clearing import ClearingState, Remedy
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Short, actor_of, once_key, page_of, start_of

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class ProposalBody(Body):
    """Whose month is to be cleared."""

    payer: Book
    month: Month
    actor: Actor | None = None


class ActorBody(Body):
    """Who acts."""

    actor: Actor | None = None


class ReplenishmentBody(Body):
    """Money that came into the work-injury fund's payment account; two persons answer for it."""

    amount_fen: Annotated[int, Field(gt=0, le=MAX_FEN)]
    source: Remedy
    reference: Short
    maker: Actor
    checker: Actor | None = None


def interfund_clearing_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/interfund-clearings and /v1/fund-replenishments; scopes ``clearing:propose``, ``clearing:approve``, ``clearing:read``."""
    router = APIRouter(prefix="/v1", tags=["interfund-clearings"])
    month_end = bridge.month_end

    async def go_on() -> None:
        for clearing_id in await month_end.advance.due():
            await month_end.advance.run(clearing_id)

    @router.get("/interfund-clearings", summary="Runs, newest first")
    async def clearings(
        caller: Caller,
        payer: Book | None = None,
        state: ClearingState | None = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Mapping[str, Any]:
        caller.require("clearing:read")
        rows = await month_end.views.clearings(payer=payer, state=state, after=start_of(after), limit=limit + 1)
        return page_of(caller, rows, limit, "clearing_id")

    @router.get("/interfund-clearings/worklist", summary="What waits for a person, with cause and fix")
    async def worklist(caller: Caller) -> dict[str, Any]:
        caller.require("clearing:read")
        return {"items": await month_end.worklist.run()}

    @router.get("/interfund-clearings/{clearing_id}", summary="A run with its pairs, vouchers and their cases")
    async def clearing(caller: Caller, clearing_id: Id) -> dict[str, Any]:
        caller.require("clearing:read")
        found = await month_end.views.clearing(clearing_id)
        if found is None:
            raise unknown("clearing", "清算")
        return found

    @router.post("/interfund-clearings", status_code=201, summary="Propose the clearing of a fund's month")
    async def propose(caller: Caller, key: IdempotencyKey, body: ProposalBody) -> dict[str, Any]:
        caller.require("clearing:propose")
        actor = actor_of(caller, body.actor)
        return await month_end.decide.propose(once_key(caller, "propose-clearing", key, body), body.payer, body.month, actor)

    @router.post("/fund-replenishments", status_code=201, summary="Book money that came into the work-injury fund")
    async def replenish(caller: Caller, key: IdempotencyKey, body: ReplenishmentBody, later: BackgroundTasks) -> dict[str, Any]:
        caller.require("clearing:approve")
        command = Replenishment(**body.model_dump(exclude={"checker"}), checker=actor_of(caller, body.checker))
        answer = await month_end.replenish.run(once_key(caller, "replenish", key, body), command)
        later.add_task(go_on)
        return answer

    @router.post("/interfund-clearings/{clearing_id}/approve", summary="The second person agrees: the month is frozen and paid")
    async def approve(
        caller: Caller, key: IdempotencyKey, clearing_id: Id, body: ActorBody, later: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("clearing:approve")
        actor = actor_of(caller, body.actor)
        answer = await month_end.decide.approve(once_key(caller, f"approve {clearing_id}", key, body), clearing_id, actor)
        later.add_task(month_end.advance.run, clearing_id)
        return answer

    @router.post("/interfund-clearings/{clearing_id}/resume", summary="Another round for what is left")
    async def resume(
        caller: Caller, key: IdempotencyKey, clearing_id: Id, body: ActorBody, later: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("clearing:approve")
        actor_of(caller, body.actor)
        answer = await month_end.decide.resume(once_key(caller, f"resume {clearing_id}", key, body), clearing_id)
        later.add_task(month_end.advance.run, clearing_id)
        return answer

    return router
