"""The same bill at both funds: the worklist of clues, and what claims asks before it pays a paper claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.double_bill import BillMark, DoubleBillState
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, Short, actor_of, once_key, page_of, start_of


class ConfirmBody(Body):
    """One bill, two people say."""

    maker: Actor
    checker: Actor | None = None
    note: Long | None = None


class ClearBody(Body):
    """Another bill after all, and why."""

    note: Long
    actor: Actor | None = None


class UndoBody(Body):
    """The charge-back was wrong, two people say, and why."""

    maker: Actor
    checker: Actor | None = None
    note: Long


def double_bill_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/double-bills and /v1/work-injury-bills; scopes ``injury:read``, ``recovery:write``, ``recovery:approve``."""
    router = APIRouter(prefix="/v1", tags=["double bills"])

    async def found(double_bill_id: str) -> dict[str, Any]:
        clue = await bridge.views.double_bill(double_bill_id)
        if clue is None:
            raise unknown("double-bill", "重复报销线索")
        return clue

    @router.get("/work-injury-bills", summary="Bills of the work-injury fund like this one")
    async def like(
        caller: Caller,
        person_id: Id,
        begun_on: Annotated[date, Query()],
        ended_on: Annotated[date, Query()],
        total_fen: Annotated[int, Field(ge=0, le=MAX_FEN)],
        institution_code: Id | None = None,
        invoice_no: Short | None = None,
    ) -> dict[str, Any]:
        caller.require("injury:read")
        asked = BillMark(
            institution_code=institution_code,
            invoice_no=invoice_no,
            begun_on=begun_on,
            ended_on=ended_on,
            total_fen=total_fen,
        )
        return {"items": await bridge.find_double.like(person_id, asked)}

    @router.get("/double-bills", summary="Clues, newest first")
    async def listed(
        caller: Caller, state: DoubleBillState | None = None, limit: Limit = 50, after: After = None
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await bridge.views.double_bills(state=state, after=start_of(after), limit=limit + 1)
        return page_of(caller, rows, limit, "double_bill_id")

    @router.get("/double-bills/{double_bill_id}", summary="One clue")
    async def read(caller: Caller, double_bill_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        clue = await found(double_bill_id)
        caller.require("injury:read", clue["region"])
        return clue

    @router.post("/double-bills/{double_bill_id}/confirm", summary="One bill: the medical settlement falls away")
    async def confirm(caller: Caller, key: IdempotencyKey, double_bill_id: Id, body: ConfirmBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await found(double_bill_id))["region"])
        once = once_key(caller, f"confirm {double_bill_id}", key, body)
        checker = actor_of(caller, body.checker)
        return await bridge.double_bills.confirm(once, double_bill_id, body.maker, checker, body.note)

    @router.post("/double-bills/{double_bill_id}/clear", summary="Another bill after all")
    async def clear(caller: Caller, key: IdempotencyKey, double_bill_id: Id, body: ClearBody) -> dict[str, Any]:
        caller.require("recovery:write", (await found(double_bill_id))["region"])
        once = once_key(caller, f"clear {double_bill_id}", key, body)
        return await bridge.double_bills.clear(once, double_bill_id, actor_of(caller, body.actor), body.note)

    @router.post(
        "/double-bills/{double_bill_id}/undo", summary="The charge-back was wrong: the medical settlement stands again"
    )
    async def undo(caller: Caller, key: IdempotencyKey, double_bill_id: Id, body: UndoBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await found(double_bill_id))["region"])
        once = once_key(caller, f"undo {double_bill_id}", key, body)
        checker = actor_of(caller, body.checker)
        return await bridge.double_bills.undo(once, double_bill_id, body.maker, checker, body.note)

    return router
