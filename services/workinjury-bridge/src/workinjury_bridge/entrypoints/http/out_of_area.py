"""Treatment out of the area: registrations, stays, allowances, quarters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN
from workinjury_bridge.application.out_of_area.apply_allowances import Journey
from workinjury_bridge.application.out_of_area.clear_quarter import Bill
from workinjury_bridge.application.out_of_area.register import FilingRequest
from workinjury_bridge.application.out_of_area.track_stay import Admission
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.journals import Hands
from workinjury_bridge.domain.out_of_area.registration import FilingKind
from workinjury_bridge.domain.refusals import unknown
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

Fen = Annotated[int, Field(ge=0, le=MAX_FEN, description="fen")]
Positive = Annotated[int, Field(gt=0, le=MAX_FEN, description="fen")]
Place = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="division code, GB/T 2260")]
Materials = Annotated[list[Id], Field(max_length=50)]


class RegistrationBody(Body):
    """What is applied for."""

    actor: Actor | None = None
    case_id: Id
    kind: FilingKind
    place: Place
    begins_on: date
    ends_on: date | None = None
    institution_code: Id | None = None
    certificate_no: Short | None = None


class DecisionBody(Body):
    """Who decides."""

    actor: Actor | None = None


class RejectionBody(DecisionBody):
    """Why the conditions are not met."""

    note: Long


class CancellationBody(Body):
    """From when the registration is given up."""

    actor: Actor | None = None
    on: date
    note: Long | None = None


class AdmissionBody(Body):
    """An admission as the place of treatment tells it."""

    registration_id: Id
    place: Place
    institution_code: Id
    institution_name: Short
    service: Literal["inpatient", "rehabilitation", "device"]
    admitted_on: date


class RemoteSettlementBody(Body):
    """What the place of treatment settled: total = fund + person + hospital + unrelated."""

    settlement_no: Id
    discharged_on: date
    fund_fen: Positive
    person_fen: Fen = 0
    hospital_fen: Fen = 0
    unrelated_fen: Fen = 0


class DataBody(Body):
    """The monthly data."""

    period: date
    fund_fen: Positive


class ObjectionBody(Body):
    """What is wrong with the data."""

    actor: Actor | None = None
    reason: Long


class AdjustmentBody(Body):
    """What the place takes back; 0 turns an objection down."""

    amount_fen: Fen


class JourneyBody(Body):
    """Receipts of the journey."""

    actor: Actor | None = None
    materials: Materials
    transport_fen: Fen = 0
    lodging_fen: Fen = 0
    nights: int = Field(0, ge=0, le=1000)
    board_days: int = Field(0, ge=0, le=1000)


class BillBody(Body):
    """The national bill of a province and a quarter."""

    province: Place
    quarter: date
    bill_no: Id
    bill_fen: Positive
    maker: Actor
    checker: Actor | None = None


class PrefundBody(Body):
    """Money laid out in advance, or taken back."""

    province: Place
    amount_fen: Positive
    back: bool = False
    maker: Actor
    checker: Actor | None = None


def out_of_area_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/out-of-area; scopes ``injury:write``, ``conversion:check`` for consent and audit, ``conversion:approve`` for money."""
    router = APIRouter(prefix="/v1/out-of-area", tags=["out of area"])
    desk = bridge.out_of_area

    async def region_of(case_id: str) -> str | None:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        region: str | None = case["region"]
        return region

    async def registered(registration_id: str) -> dict[str, Any]:
        found = await desk.views.registration(registration_id)
        if found is None:
            raise unknown("out-of-area", "异地就医备案")
        return found

    async def known(stay_id: str) -> dict[str, Any]:
        found = await desk.views.stay(stay_id)
        if found is None:
            raise unknown("out-of-area", "异地就医记录")
        return found

    @router.post("/registrations", status_code=201, summary="Apply for treatment out of the area")
    async def apply(caller: Caller, key: IdempotencyKey, body: RegistrationBody) -> dict[str, Any]:
        caller.require("injury:write", await region_of(body.case_id))
        request = FilingRequest(**body.model_dump(exclude={"actor"}))
        return await desk.register.apply(once_key(caller, "register", key, body), request, actor_of(caller, body.actor))

    @router.post("/registrations/{registration_id}/approve", summary="The agency consents")
    async def approve(caller: Caller, key: IdempotencyKey, registration_id: Id, body: DecisionBody) -> dict[str, Any]:
        caller.require("conversion:check", (await registered(registration_id))["region"])
        once = once_key(caller, f"approve {registration_id}", key, body)
        return await desk.register.approve(once, registration_id, actor_of(caller, body.actor))

    @router.post("/registrations/{registration_id}/reject", summary="The conditions are not met")
    async def reject(caller: Caller, key: IdempotencyKey, registration_id: Id, body: RejectionBody) -> dict[str, Any]:
        caller.require("conversion:check", (await registered(registration_id))["region"])
        once = once_key(caller, f"reject {registration_id}", key, body)
        return await desk.register.reject(once, registration_id, actor_of(caller, body.actor), body.note)

    @router.post("/registrations/{registration_id}/cancel", summary="The person comes back")
    async def cancel(caller: Caller, key: IdempotencyKey, registration_id: Id, body: CancellationBody) -> dict[str, Any]:
        caller.require("injury:write", (await registered(registration_id))["region"])
        once = once_key(caller, f"cancel {registration_id}", key, body)
        return await desk.register.cancel(once, registration_id, body.on, body.note, recorder_of(caller, body.actor))

    @router.get("/registrations/{registration_id}", summary="One registration")
    async def read_registration(caller: Caller, registration_id: Id) -> dict[str, Any]:
        found = await registered(registration_id)
        caller.require("injury:read", found["region"])
        return found

    @router.get("/registrations", summary="Registrations, newest first")
    async def list_registrations(
        caller: Caller, case_id: Id | None = None, state: Short | None = None, limit: Limit = 50, after: After = None
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await desk.views.registrations(case_id, state, start_of(after), limit + 1)
        return page_of(caller, rows, limit, "registration_id")

    @router.post("/stays", status_code=201, summary="The place of treatment admits")
    async def admit(caller: Caller, key: IdempotencyKey, body: AdmissionBody) -> dict[str, Any]:
        caller.require("injury:settle")
        return await desk.track.admit(once_key(caller, "admit", key, body), Admission(**body.model_dump()))

    @router.post("/stays/{stay_id}/settlement", summary="The place of treatment has settled")
    async def settle(caller: Caller, key: IdempotencyKey, stay_id: Id, body: RemoteSettlementBody) -> dict[str, Any]:
        caller.require("injury:settle")
        version = WorkInjuryVersion(
            work_injury_fen=body.fund_fen,
            person_fen=body.person_fen,
            hospital_fen=body.hospital_fen,
            unrelated_fen=body.unrelated_fen,
        )
        once = once_key(caller, f"settle {stay_id}", key, body)
        return await desk.track.settle(once, stay_id, body.settlement_no, body.discharged_on, version)

    @router.post("/stays/{stay_id}/cancel", summary="The place of treatment takes it back")
    async def cancel_stay(caller: Caller, key: IdempotencyKey, stay_id: Id) -> dict[str, Any]:
        caller.require("injury:settle")
        return await desk.track.cancel(once_key(caller, f"cancel {stay_id}", key), stay_id)

    @router.post("/stays/{stay_id}/data", summary="The monthly data have it")
    async def receive(caller: Caller, key: IdempotencyKey, stay_id: Id, body: DataBody) -> dict[str, Any]:
        caller.require("injury:settle")
        return await desk.track.receive(once_key(caller, f"data {stay_id}", key, body), stay_id, body.period, body.fund_fen)

    @router.post("/stays/{stay_id}/objection", summary="Object to the data")
    async def object_to(caller: Caller, key: IdempotencyKey, stay_id: Id, body: ObjectionBody) -> dict[str, Any]:
        caller.require("conversion:check", (await known(stay_id))["region"])
        once = once_key(caller, f"object {stay_id}", key, body)
        return await desk.track.object_to(once, stay_id, body.reason, recorder_of(caller, body.actor))

    @router.post("/stays/{stay_id}/adjustment", summary="The place of treatment takes something back")
    async def adjust(caller: Caller, key: IdempotencyKey, stay_id: Id, body: AdjustmentBody) -> dict[str, Any]:
        caller.require("injury:settle")
        return await desk.track.adjust(once_key(caller, f"adjust {stay_id}", key, body), stay_id, body.amount_fen)

    @router.post("/stays/{stay_id}/audit", summary="The data are right")
    async def audit(caller: Caller, key: IdempotencyKey, stay_id: Id, body: DecisionBody | None = None) -> dict[str, Any]:
        caller.require("conversion:check", (await known(stay_id))["region"])
        named = body or DecisionBody()
        once = once_key(caller, f"audit {stay_id}", key, named)
        return await desk.track.audit(once, stay_id, recorder_of(caller, named.actor))

    @router.post("/stays/{stay_id}/allowances", status_code=201, summary="Claim meals and the journey")
    async def claim(caller: Caller, key: IdempotencyKey, stay_id: Id, body: JourneyBody) -> dict[str, Any]:
        caller.require("injury:write", (await known(stay_id))["region"])
        journey = Journey(**body.model_dump(exclude={"actor", "materials"}), materials=tuple(body.materials))
        once = once_key(caller, f"allowances {stay_id}", key, body)
        return await desk.claim.allowances(once, stay_id, journey, actor_of(caller, body.actor))

    @router.get("/stays/{stay_id}", summary="One stay")
    async def read_stay(caller: Caller, stay_id: Id) -> dict[str, Any]:
        found = await known(stay_id)
        caller.require("injury:read", found["region"])
        return found

    @router.get("/stays", summary="Stays, newest first")
    async def list_stays(
        caller: Caller, case_id: Id | None = None, state: Short | None = None, limit: Limit = 50, after: After = None
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await desk.views.stays(case_id, state, start_of(after), limit + 1)
        return page_of(caller, rows, limit, "stay_id")

    @router.post("/clearings", status_code=201, summary="Pay a province for a quarter")
    async def clear(caller: Caller, key: IdempotencyKey, body: BillBody) -> dict[str, Any]:
        caller.require("conversion:approve")
        bill = Bill(**body.model_dump(exclude={"checker"}), checker=actor_of(caller, body.checker))
        return await desk.clear.pay(once_key(caller, "clear", key, body), bill)

    @router.get("/clearings", summary="Paid quarters, newest first")
    async def list_clearings(caller: Caller, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await desk.views.clearings(start_of(after), limit + 1)
        return page_of(caller, rows, limit, "clearing_id")

    @router.post("/prefunds", status_code=201, summary="Lay money out in advance, or take it back")
    async def prefund(caller: Caller, key: IdempotencyKey, body: PrefundBody) -> dict[str, Any]:
        caller.require("conversion:approve")
        hands = Hands(maker=body.maker, checker=actor_of(caller, body.checker))
        once = once_key(caller, "prefund", key, body)
        return await desk.clear.prefund(once, body.province, body.amount_fen, hands, back=body.back)

    return router
