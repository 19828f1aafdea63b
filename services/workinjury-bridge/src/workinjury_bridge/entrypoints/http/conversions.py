"""Conversions: worklist, page, and the acts of the two people who approve them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, BackgroundTasks

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, actor_of, once_key, page_of, start_of


class ReviewBody(Body):
    """Who acts and why."""

    actor: Actor | None = None
    note: Long | None = None


def conversion_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/conversions, and /v1/invariants."""
    router = APIRouter(prefix="/v1", tags=["conversions"])

    async def found(conversion_id: str) -> dict[str, Any]:
        conversion = await bridge.views.conversion(conversion_id)
        if conversion is None:
            raise unknown("conversion", "转换业务")
        return conversion

    @router.get("/conversions", summary="Conversions, newest first")
    async def list_conversions(
        caller: Caller,
        case_id: Id | None = None,
        state: ConversionState | None = None,
        person_id: Id | None = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await bridge.views.conversions(
            case_id=case_id, state=state, person_id=person_id, after=start_of(after), limit=limit + 1
        )
        return page_of(caller, rows, limit, "conversion_id")

    @router.get("/conversions/{conversion_id}", summary="One conversion with figures, transfers and payments")
    async def read(caller: Caller, conversion_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        conversion = await found(conversion_id)
        caller.require("injury:read", conversion["region"])
        return conversion

    @router.post("/conversions/{conversion_id}/check", summary="First pair of eyes")
    async def check(caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody) -> dict[str, Any]:
        caller.require("conversion:check", (await found(conversion_id))["region"])
        once = once_key(caller, f"check {conversion_id}", key, body)
        return await bridge.review.check(once, conversion_id, actor_of(caller, body.actor), body.note)

    @router.post("/conversions/{conversion_id}/approve", summary="Second pair of eyes; the conversion then advances by itself")
    async def approve(
        caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("conversion:approve", (await found(conversion_id))["region"])
        once = once_key(caller, f"approve {conversion_id}", key, body)
        answer = await bridge.review.approve(once, conversion_id, actor_of(caller, body.actor), body.note)
        background.add_task(bridge.advance.run, conversion_id)
        return answer

    @router.post("/conversions/{conversion_id}/send-back", summary="Look again, or dismiss a proposal")
    async def send_back(caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody) -> dict[str, Any]:
        scope = "conversion:approve" if caller.has("conversion:approve") else "conversion:check"
        caller.require(scope, (await found(conversion_id))["region"])
        once = once_key(caller, f"send-back {conversion_id}", key, body)
        return await bridge.review.send_back(once, conversion_id, actor_of(caller, body.actor), body.note)

    @router.get("/invariants", summary="Check every conversion against its journals, and the funds against each other")
    async def invariants(caller: Caller) -> dict[str, Any]:
        caller.require("ledger:read")
        return await bridge.check.run()

    return router
