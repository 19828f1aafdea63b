"""Deductions after audit of what the work-injury fund bears."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.money import MAX_FEN
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, actor_of, once_key, recorder_of


class FindingBody(Body):
    """What the audit found on one line; two persons answer for it."""

    settlement_id: Id
    line_id: Id
    amount_fen: Annotated[int, Field(gt=0, le=MAX_FEN)]
    charged_on: date | None = None
    reason: Long
    maker: Actor
    checker: Actor | None = None


class NoteBody(Body):
    """Why, and who records it."""

    actor: Actor | None = None
    note: Long | None = None


def audit_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/audit-deductions; scope ``audit:deduct``, for the hospital's objection ``audit:object``."""
    router = APIRouter(prefix="/v1/audit-deductions", tags=["audit"])

    @router.post("", status_code=201, summary="Cut a line that the work-injury fund paid")
    async def deduct(caller: Caller, key: IdempotencyKey, body: FindingBody) -> dict[str, Any]:
        caller.require("audit:deduct")
        finding = Finding(**body.model_dump(exclude={"checker"}), checker=actor_of(caller, body.checker))
        return await bridge.deduct.deduct(once_key(caller, "deduct", key, body), finding)

    @router.get("/{deduction_id}", summary="One deduction")
    async def read(caller: Caller, deduction_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await bridge.views.deduction(deduction_id)
        if found is None:
            raise unknown("deduction", "审核扣款")
        caller.require("injury:read", found["region"])
        return found

    @router.post("/{deduction_id}/objection", summary="The hospital objects")
    async def hear(caller: Caller, key: IdempotencyKey, deduction_id: Id, body: NoteBody) -> dict[str, Any]:
        caller.require("audit:object")
        return await bridge.deduct.hear(
            once_key(caller, f"object {deduction_id}", key, body), deduction_id, body.note, recorder_of(caller, body.actor)
        )

    @router.post("/{deduction_id}/confirm", summary="The deduction stands")
    async def confirm(caller: Caller, key: IdempotencyKey, deduction_id: Id, body: NoteBody) -> dict[str, Any]:
        caller.require("audit:deduct")
        return await bridge.deduct.confirm(
            once_key(caller, f"confirm {deduction_id}", key, body), deduction_id, body.note, recorder_of(caller, body.actor)
        )

    @router.post("/{deduction_id}/withdraw", summary="The objection is right")
    async def withdraw(caller: Caller, key: IdempotencyKey, deduction_id: Id, body: NoteBody) -> dict[str, Any]:
        caller.require("audit:deduct")
        return await bridge.deduct.withdraw(
            once_key(caller, f"withdraw {deduction_id}", key, body), deduction_id, body.note, recorder_of(caller, body.actor)
        )

    return router
