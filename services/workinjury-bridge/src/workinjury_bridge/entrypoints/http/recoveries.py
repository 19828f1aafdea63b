"""Advances and debts: applied for, demanded, received, given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN, RATE_ONE
from workinjury_bridge.application.recovery.decide_set_off import SetOffRequest
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.limitation import Interruption
from workinjury_bridge.domain.recovery import RecoveryState
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.domain.set_off import SetOffGround
from workinjury_bridge.entrypoints.http.fields import (
    Actor,
    Body,
    Id,
    Long,
    Short,
    actor_of,
    once_key,
    page_of,
    recorder_of,
    start_of,
)

Fen = Annotated[int, Field(gt=0, le=MAX_FEN)]


class ActBody(Body):
    """Who acts and why."""

    actor: Actor | None = None
    note: Long | None = None


class AdvanceBody(Body):
    """An application for an advance payment."""

    actor: Actor | None = None
    applied_on: date


class ServiceBody(ActBody):
    """The written demand reached the employer."""

    served_on: date


class ReceiptBody(ActBody):
    """Money came in."""

    amount_fen: Fen
    interest_fen: int = Field(0, ge=0, le=MAX_FEN)
    reference: Short


class AgreementBody(ActBody):
    """Instalments or a guarantee."""

    until: date


class WriteOffBody(Body):
    """The rest is given up; two persons answer for it."""

    reference: Short
    maker: Actor
    checker: Actor | None = None


class LiabilityBody(ActBody):
    """The share of fault of the third party."""

    share: int = Field(ge=0, le=RATE_ONE, description="millionths")
    third_party_id: Id | None = None


class DebtorBody(ActBody):
    """The injured person got this much of the debtor's money, or the uninsured employer owes it instead of the third party."""

    amount_fen: Fen
    to: Literal["person", "employer"] = "person"


class SetOffBody(ActBody):
    """The person's consent, or an order, and how much it allows."""

    ground: SetOffGround
    document_no: Short
    documented_on: date
    amount_fen: Fen


class WithdrawalBody(Body):
    """Why nothing more is set off, and who says so."""

    note: Long
    actor: Actor | None = None


class InterruptionBody(ActBody):
    """What makes the time limit of the claim begin anew."""

    kind: Interruption
    on: date
    reference: Short


def recovery_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/injury-cases/{id}/advances, /v1/advances, /v1/recoveries and /v1/set-offs; scopes ``recovery:write``, ``recovery:approve``."""
    router = APIRouter(prefix="/v1", tags=["recoveries"])

    async def debt(recovery_id: str) -> dict[str, Any]:
        found = await bridge.views.recovery(recovery_id)
        if found is None:
            raise unknown("recovery", "追偿")
        return found

    async def set_off(set_off_id: str) -> dict[str, Any]:
        found = await bridge.views.set_off(set_off_id)
        if found is None:
            raise unknown("set-off", "抵扣")
        return found

    async def advance(advance_id: str) -> dict[str, Any]:
        found = await bridge.views.advance(advance_id)
        if found is None:
            raise unknown("advance", "先行支付申请")
        return found

    @router.post("/injury-cases/{case_id}/advances", status_code=201, summary="Apply for an advance payment")
    async def apply(caller: Caller, key: IdempotencyKey, case_id: Id, body: AdvanceBody) -> dict[str, Any]:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        caller.require("recovery:write", case["region"])
        once = once_key(caller, f"advance {case_id}", key, body)
        return await bridge.advances.apply(once, case_id, body.applied_on, recorder_of(caller, body.actor))

    @router.get("/advances/{advance_id}", summary="One application for an advance payment")
    async def read_advance(caller: Caller, advance_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await advance(advance_id)
        caller.require("injury:read", found["region"])
        return found

    @router.post("/advances/{advance_id}/notice", summary="The written demand was served on the employer")
    async def serve(caller: Caller, key: IdempotencyKey, advance_id: Id, body: ServiceBody) -> dict[str, Any]:
        caller.require("recovery:write", (await advance(advance_id))["region"])
        once = once_key(caller, f"notice {advance_id}", key, body)
        return await bridge.advances.serve(once, advance_id, body.served_on, actor_of(caller, body.actor))

    @router.post("/advances/{advance_id}/approve", summary="The fund advances")
    async def approve(caller: Caller, key: IdempotencyKey, advance_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await advance(advance_id))["region"])
        once = once_key(caller, f"approve {advance_id}", key, body)
        return await bridge.advances.approve(once, advance_id, actor_of(caller, body.actor), body.note)

    @router.post("/advances/{advance_id}/reject", summary="The conditions are not met")
    async def reject(caller: Caller, key: IdempotencyKey, advance_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await advance(advance_id))["region"])
        once = once_key(caller, f"reject {advance_id}", key, body)
        return await bridge.advances.reject(once, advance_id, actor_of(caller, body.actor), body.note)

    @router.post("/advances/{advance_id}/employer-payment", summary="The employer has paid in time")
    async def employer_paid(caller: Caller, key: IdempotencyKey, advance_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:write", (await advance(advance_id))["region"])
        once = once_key(caller, f"paid {advance_id}", key, body)
        return await bridge.advances.employer_paid(once, advance_id, body.note, recorder_of(caller, body.actor))

    @router.get("/recoveries", summary="Debts to the funds, newest first")
    async def list_debts(
        caller: Caller,
        case_id: Id | None = None,
        state: RecoveryState | None = None,
        debtor: Id | None = None,
        lapses_by: Annotated[date | None, Query(description="claims against third parties that lapse by this day")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await bridge.views.recoveries(
            case_id=case_id, state=state, debtor=debtor, lapses_by=lapses_by, after=start_of(after), limit=limit + 1
        )
        return page_of(caller, rows, limit, "recovery_id")

    @router.get("/recoveries/{recovery_id}", summary="One debt with the money that moved on it")
    async def read(caller: Caller, recovery_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await debt(recovery_id)
        caller.require("injury:read", found["region"])
        return found

    @router.post("/recoveries/{recovery_id}/demand", summary="The written demand went out")
    async def demand(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"demand {recovery_id}", key, body)
        return await bridge.debts.demand(once, recovery_id, body.actor or caller.subject)

    @router.post("/recoveries/{recovery_id}/receipts", summary="Money came in")
    async def receive(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: ReceiptBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"receipt {recovery_id}", key, body)
        actor = actor_of(caller, body.actor)
        return await bridge.debts.receive(once, recovery_id, body.amount_fen, body.interest_fen, body.reference, actor)

    @router.post("/recoveries/{recovery_id}/agreement", summary="Instalments or a guarantee are agreed")
    async def agree(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: AgreementBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"agree {recovery_id}", key, body)
        return await bridge.debts.agree(once, recovery_id, body.until, body.actor or caller.subject)

    @router.post("/recoveries/{recovery_id}/enforcement", summary="A transfer order or an execution is out")
    async def enforce(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"enforce {recovery_id}", key, body)
        return await bridge.debts.enforce(once, recovery_id, recorder_of(caller, body.actor))

    @router.post("/recoveries/{recovery_id}/write-off", summary="The rest is given up with approval")
    async def write_off(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: WriteOffBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await debt(recovery_id))["region"])
        once = once_key(caller, f"write-off {recovery_id}", key, body)
        checker = actor_of(caller, body.checker)
        return await bridge.debts.write_off(once, recovery_id, body.reference, body.maker, checker)

    @router.post("/recoveries/{recovery_id}/liability", summary="The third party's share of fault is fixed")
    async def liability(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: LiabilityBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"liability {recovery_id}", key, body)
        who = None if body.third_party_id is None else f"T:{body.third_party_id}"
        return await bridge.debts.fix_liability(once, recovery_id, body.share, who, actor_of(caller, body.actor))

    @router.post(
        "/recoveries/{recovery_id}/debtor", summary="The injured person got the debtor's money, or the employer owes it"
    )
    async def debtor(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: DebtorBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"debtor {recovery_id}", key, body)
        act = bridge.debts.change_debtor if body.to == "person" else bridge.debts.charge_employer
        return await act(once, recovery_id, body.amount_fen, actor_of(caller, body.actor))

    @router.post(
        "/recoveries/{recovery_id}/set-offs",
        status_code=201,
        summary="Propose to meet a debt to a medical fund from later benefits, by consent or order",
    )
    async def propose(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: SetOffBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        asked = SetOffRequest(
            ground=body.ground,
            document_no=body.document_no,
            documented_on=body.documented_on,
            most_fen=body.amount_fen,
            maker=actor_of(caller, body.actor),
        )
        return await bridge.decide_set_off.propose(once_key(caller, f"set-off {recovery_id}", key, body), recovery_id, asked)

    @router.get("/set-offs/{set_off_id}", summary="What may be set off of one debt, and what was")
    async def read_set_off(caller: Caller, set_off_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await set_off(set_off_id)
        caller.require("injury:read", found["region"])
        return found

    @router.post("/set-offs/{set_off_id}/approve", summary="From now on every payment to the person meets the debt first")
    async def approve_set_off(caller: Caller, key: IdempotencyKey, set_off_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("recovery:approve", (await set_off(set_off_id))["region"])
        once = once_key(caller, f"approve {set_off_id}", key, body)
        return await bridge.decide_set_off.approve(once, set_off_id, actor_of(caller, body.actor))

    @router.post("/set-offs/{set_off_id}/withdraw", summary="Nothing more is set off")
    async def withdraw_set_off(caller: Caller, key: IdempotencyKey, set_off_id: Id, body: WithdrawalBody) -> dict[str, Any]:
        caller.require("recovery:write", (await set_off(set_off_id))["region"])
        once = once_key(caller, f"withdraw {set_off_id}", key, body)
        return await bridge.decide_set_off.withdraw(once, set_off_id, body.note, recorder_of(caller, body.actor))

    @router.post("/recoveries/{recovery_id}/interruptions", summary="The time limit of the claim begins anew")
    async def interrupt(caller: Caller, key: IdempotencyKey, recovery_id: Id, body: InterruptionBody) -> dict[str, Any]:
        caller.require("recovery:write", (await debt(recovery_id))["region"])
        once = once_key(caller, f"interrupt {recovery_id}", key, body)
        actor = actor_of(caller, body.actor)
        return await bridge.debts.interrupt(once, recovery_id, body.kind, body.on, body.reference, actor)

    return router
