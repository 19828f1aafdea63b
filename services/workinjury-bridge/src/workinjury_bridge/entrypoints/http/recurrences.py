"""Recurrences of old injuries: apply, extend, conclude, object, withdraw, read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from workinjury_bridge.application.recurrence.confirm_recurrence import Conclusion, RecurrenceRequest
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import (
    Actor,
    Body,
    CodeBody,
    Id,
    Short,
    once_key,
    page_of,
    recorder_of,
    start_of,
)


class RecurrenceBody(Body):
    """What is applied for."""

    actor: Actor | None = None
    case_id: Id
    applied_on: date
    treated_from: date
    diagnosis: CodeBody
    diagnosis_name: Short
    body_parts: list[Short] = Field(min_length=1, max_length=20)
    materials: list[Id] = Field(max_length=50)
    old_injury: bool = False
    matter_id: Id | None = None


class ConclusionBody(Body):
    """What a committee decided; ``treated_until``: last day of the treatment it confirms."""

    actor: Actor | None = None
    decision_no: Short
    confirmed: bool
    decided_on: date
    decided_by: Short
    treated_until: date | None = None


class ObjectionBody(Body):
    """When the province's committee was asked."""

    actor: Actor | None = None
    on: date


class ActBody(Body):
    """Who records it."""

    actor: Actor | None = None


def recurrence_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/recurrences; scope ``injury:write``, for what a committee says ``recognition:decide``."""
    router = APIRouter(prefix="/v1/recurrences", tags=["recurrences"])

    async def found(recurrence_id: str) -> dict[str, Any]:
        known = await bridge.recurrences.views.recurrence(recurrence_id)
        if known is None:
            raise unknown("recurrence", "旧伤复发确认申请")
        return known

    @router.post("", status_code=201, summary="Apply for the confirmation of a recurrence")
    async def apply(caller: Caller, key: IdempotencyKey, body: RecurrenceBody) -> dict[str, Any]:
        case = await bridge.views.case(body.case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        caller.require("injury:write", case["region"])
        request = RecurrenceRequest(
            **body.model_dump(exclude={"actor", "diagnosis", "body_parts", "materials"}),
            diagnosis=body.diagnosis.code_for("diagnosis"),
            body_parts=tuple(body.body_parts),
            materials=tuple(body.materials),
        )
        once = once_key(caller, "recur", key, body)
        return await bridge.recurrences.confirm.apply(once, request, recorder_of(caller, body.actor))

    @router.post("/{recurrence_id}/extension", summary="The committee takes its further days")
    async def extend(caller: Caller, key: IdempotencyKey, recurrence_id: Id, body: ActBody | None = None) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(recurrence_id))["region"])
        named = body or ActBody()
        once = once_key(caller, f"extend {recurrence_id}", key, named)
        return await bridge.recurrences.confirm.extend(once, recurrence_id, recorder_of(caller, named.actor))

    @router.post("/{recurrence_id}/conclusion", summary="Record what a committee decided")
    async def conclude(
        caller: Caller, key: IdempotencyKey, recurrence_id: Id, body: ConclusionBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(recurrence_id))["region"])
        once = once_key(caller, f"conclude {recurrence_id}", key, body)
        conclusion, actor = Conclusion(**body.model_dump(exclude={"actor"})), recorder_of(caller, body.actor)
        answer = await bridge.recurrences.confirm.conclude(once, recurrence_id, conclusion, actor)
        for conversion_id in answer["conversions"]:
            background.add_task(bridge.advance.run, conversion_id)
        return answer

    @router.post("/{recurrence_id}/objection", summary="The province's committee was asked")
    async def object_to(caller: Caller, key: IdempotencyKey, recurrence_id: Id, body: ObjectionBody) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(recurrence_id))["region"])
        once = once_key(caller, f"object {recurrence_id}", key, body)
        return await bridge.recurrences.confirm.object_to(once, recurrence_id, body.on, recorder_of(caller, body.actor))

    @router.post("/{recurrence_id}/withdrawal", summary="The applicant takes the application back")
    async def withdraw(caller: Caller, key: IdempotencyKey, recurrence_id: Id, body: ActBody | None = None) -> dict[str, Any]:
        caller.require("injury:write", (await found(recurrence_id))["region"])
        named = body or ActBody()
        once = once_key(caller, f"withdraw {recurrence_id}", key, named)
        return await bridge.recurrences.confirm.withdraw(once, recurrence_id, recorder_of(caller, named.actor))

    @router.get("/{recurrence_id}", summary="One application with its decisions and who bears what")
    async def read(caller: Caller, recurrence_id: Id) -> dict[str, Any]:
        known = await found(recurrence_id)
        caller.require("injury:read", known["region"])
        return known

    @router.get("", summary="Applications, newest first")
    async def list_recurrences(
        caller: Caller, case_id: Id | None = None, state: Short | None = None, limit: Limit = 50, after: After = None
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await bridge.recurrences.views.recurrences(case_id, state, start_of(after), limit + 1)
        return page_of(caller, rows, limit, "recurrence_id")

    return router
