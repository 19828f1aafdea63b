"""Cash benefits: own wage, appraisals, one-off items, monthly benefits, death and succession, returned payments, worklists."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import Limit
from shared.money import MAX_FEN
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.entitlement import BreakReason, Relation
from workinjury_bridge.domain.benefits.kinds import BenefitKind, EmployerItem, expect_fund_item
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.months import month_of
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, Short, actor_of, once_key, recorder_of

Fen = Annotated[int, Field(ge=0, le=MAX_FEN, description="fen")]
Count = Annotated[int, Field(ge=0, le=1000)]
Materials = Annotated[list[Id], Field(max_length=50, description="ids of the documents at hand")]


class ActBody(Body):
    """Who acts and why."""

    actor: Actor | None = None
    note: Long | None = None


class WageBody(Body):
    """Contribution wages of the months before the accident."""

    actor: Actor | None = None
    monthly_wages_fen: list[Fen] = Field(min_length=1, max_length=12)


class AppraisalBody(Body):
    """A conclusion on working capacity."""

    actor: Actor | None = None
    conclusion_no: Short
    kind: AppraisalKind
    concluded_on: date
    decided_by: Short
    grade: int | None = Field(None, ge=1, le=10)
    nursing: NursingGrade | None = None
    recheck_due_on: date | None = None


class ItemBody(Body):
    """A one-off benefit that is asked for; which facts are needed depends on the kind. What only the employer owes is refused."""

    actor: Actor | None = None
    kind: BenefitKind | EmployerItem
    on: date
    reference: Short | Annotated[str, Field(max_length=0)] = ""
    materials: Materials = Field(default_factory=list)
    confirmation_no: Short | None = None
    transport_fen: Fen = 0
    lodging_fen: Fen = 0
    nights: Count = 0
    board_days: Count = 0
    device_code: Short | None = None
    price_fen: Fen = 0
    fee_fen: Fen = 0


class PensionBody(Body):
    """A monthly benefit that is asked for."""

    actor: Actor | None = None
    kind: BenefitKind
    materials: Materials
    person_id: Id | None = None
    relation: Relation | None = None
    lone: bool = False
    until: date | None = None


class SuspendBody(Body):
    """An interruption."""

    actor: Actor | None = None
    reason: BreakReason
    month: date


class MonthBody(Body):
    """A month, named by any of its days."""

    actor: Actor | None = None
    month: date


class CertificateBody(Body):
    """A proof of life."""

    actor: Actor | None = None
    on: date


class OldAgeBody(Body):
    """An old-age pension."""

    actor: Actor | None = None
    since: date
    monthly_fen: Fen


class LossBody(Body):
    """A death or absence."""

    actor: Actor | None = None
    circumstance: Circumstance
    occurred_on: date
    source: Source
    person_id: Id | None = Field(None, description="a dependant; otherwise the injured person")


class ReturnBody(Body):
    """A missing person is back."""

    actor: Actor | None = None
    returned_on: date
    person_id: Id | None = None


class SuccessionBody(Body):
    """Proof of succession or kinship."""

    actor: Actor | None = None
    materials: Materials
    person_id: Id | None = None


class ReturnedBody(Body):
    """Why the bank sent a payment back."""

    actor: Actor | None = None
    reason: Long


def benefit_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/injury-cases/{case_id}, /v1/benefits, /v1/entitlements, /v1/benefit-payments and /v1/pension-*."""
    router = APIRouter(prefix="/v1", tags=["cash benefits"])
    use = bridge.benefits

    async def case_of(case_id: str) -> dict[str, Any]:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        return case

    async def found(subject: str, zh: str, subject_id: str) -> dict[str, Any]:
        row = await use.views.one(subject, subject_id)
        if row is None:
            raise unknown(subject, zh)
        return row

    async def region_of(case_id: str) -> str | None:
        region: str | None = (await case_of(case_id))["region"]
        return region

    async def owner_of(subject: str, zh: str, subject_id: str) -> str | None:
        """Region of the case that an item, entitlement or payment belongs to."""
        region: str | None = (await found(subject, zh, subject_id))["region"]
        return region

    def go_on(background: BackgroundTasks, entitlement_id: str) -> None:
        background.add_task(use.run.run, entitlement_id)

    @router.post("/injury-cases/{case_id}/own-wage", summary="Record the wages before the accident")
    async def record_wage(caller: Caller, key: IdempotencyKey, case_id: Id, body: WageBody) -> dict[str, Any]:
        caller.require("benefit:propose", await region_of(case_id))
        once = once_key(caller, f"own-wage {case_id}", key, body)
        return await use.record_wage.run(once, case_id, body.monthly_wages_fen, recorder_of(caller, body.actor))

    @router.post("/injury-cases/{case_id}/appraisals", summary="Record a conclusion on working capacity")
    async def record_appraisal(caller: Caller, key: IdempotencyKey, case_id: Id, body: AppraisalBody) -> dict[str, Any]:
        caller.require("benefit:propose", await region_of(case_id))
        once = once_key(caller, f"appraisal {case_id}", key, body)
        conclusion = Conclusion(**body.model_dump(exclude={"actor"}))
        return await use.record_appraisal.run(once, case_id, conclusion, recorder_of(caller, body.actor))

    @router.get("/injury-cases/{case_id}/appraisals", summary="Conclusions on working capacity, oldest first")
    async def appraisals(caller: Caller, case_id: Id) -> dict[str, Any]:
        case = await case_of(case_id)
        caller.require("injury:read", case["region"])
        whose = {"person_id": case["person_id"], "region": case["region"]}
        return {"items": [row | whose for row in (await use.describe.run(case_id))["appraisals"]], "next": None}

    @router.get("/injury-cases/{case_id}/benefits", summary="Every benefit of an injury, step by step with its article")
    async def benefits(caller: Caller, case_id: Id) -> dict[str, Any]:
        caller.require("injury:read", await region_of(case_id))
        return await use.describe.run(case_id)

    @router.post("/injury-cases/{case_id}/benefits", summary="Propose a one-off benefit")
    async def propose(caller: Caller, key: IdempotencyKey, case_id: Id, body: ItemBody) -> dict[str, Any]:
        caller.require("benefit:propose", await region_of(case_id))
        facts = body.model_dump(exclude={"actor", "materials", "kind"})
        asked = ItemRequest(kind=expect_fund_item(body.kind), materials=tuple(body.materials), **facts)
        once = once_key(caller, f"benefit {case_id}", key, body)
        return await use.propose.run(once, case_id, asked, actor_of(caller, body.actor))

    @router.post("/injury-cases/{case_id}/entitlements", summary="Propose a monthly benefit")
    async def propose_pension(caller: Caller, key: IdempotencyKey, case_id: Id, body: PensionBody) -> dict[str, Any]:
        caller.require("benefit:propose", await region_of(case_id))
        asked = PensionRequest(**body.model_dump(exclude={"actor", "materials"}), materials=tuple(body.materials))
        once = once_key(caller, f"entitlement {case_id}", key, body)
        return await use.propose_pension.run(once, case_id, asked, actor_of(caller, body.actor))

    @router.post("/benefits/{item_id}/approve", summary="Sign a one-off benefit; the last signature books and pays it")
    async def approve(caller: Caller, key: IdempotencyKey, item_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("benefit:approve", await owner_of("benefit", "待遇申报", item_id))
        once = once_key(caller, f"approve-benefit {item_id}", key, body)
        return await use.approve.approve(once, item_id, actor_of(caller, body.actor))

    @router.post("/benefits/{item_id}/dismiss", summary="Do not grant a one-off benefit")
    async def dismiss(caller: Caller, key: IdempotencyKey, item_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("benefit:approve", await owner_of("benefit", "待遇申报", item_id))
        once = once_key(caller, f"dismiss-benefit {item_id}", key, body)
        return await use.approve.dismiss(once, item_id, body.note, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/approve", summary="Grant a monthly benefit; its months are paid at once")
    async def approve_pension(
        caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: ActBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("benefit:approve", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"approve-entitlement {entitlement_id}", key, body)
        answer = await use.change.approve(once, entitlement_id, actor_of(caller, body.actor))
        go_on(background, entitlement_id)
        return answer

    @router.post("/entitlements/{entitlement_id}/dismiss", summary="Do not grant a monthly benefit")
    async def dismiss_pension(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("benefit:approve", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"dismiss-entitlement {entitlement_id}", key, body)
        return await use.change.dismiss(once, entitlement_id, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/suspend", summary="Interrupt a monthly benefit")
    async def suspend(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: SuspendBody) -> dict[str, Any]:
        caller.require("benefit:propose", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"suspend {entitlement_id}", key, body)
        return await use.change.suspend(once, entitlement_id, body.reason, body.month, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/resume", summary="Pay an interrupted monthly benefit again")
    async def resume(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: MonthBody) -> dict[str, Any]:
        caller.require("benefit:approve", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"resume {entitlement_id}", key, body)
        return await use.change.resume(once, entitlement_id, body.month, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/stop", summary="End a monthly benefit; the month is the last one due")
    async def stop(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: MonthBody) -> dict[str, Any]:
        caller.require("benefit:propose", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"stop {entitlement_id}", key, body)
        return await use.change.stop(once, entitlement_id, body.month, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/certify", summary="Record a proof of life")
    async def certify(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: CertificateBody) -> dict[str, Any]:
        caller.require("benefit:propose", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"certify {entitlement_id}", key, body)
        return await use.change.certify(once, entitlement_id, body.on, recorder_of(caller, body.actor))

    @router.post("/entitlements/{entitlement_id}/old-age-pension", summary="Record the old-age pension that replaces it")
    async def old_age(caller: Caller, key: IdempotencyKey, entitlement_id: Id, body: OldAgeBody) -> dict[str, Any]:
        caller.require("benefit:propose", await owner_of("entitlement", "定期待遇", entitlement_id))
        once = once_key(caller, f"old-age {entitlement_id}", key, body)
        return await use.change.report_pension(
            once, entitlement_id, body.since, body.monthly_fen, recorder_of(caller, body.actor)
        )

    @router.post("/injury-cases/{case_id}/losses", summary="Report a beneficiary dead or missing: payments freeze at once")
    async def report_loss(caller: Caller, key: IdempotencyKey, case_id: Id, body: LossBody) -> dict[str, Any]:
        caller.require("benefit:propose", await region_of(case_id))
        report = LossReport(**body.model_dump(exclude={"actor"}))
        once = once_key(caller, f"loss {case_id}", key, body)
        return await use.report_loss.report(once, case_id, report, actor_of(caller, body.actor))

    @router.post("/injury-cases/{case_id}/returns", summary="A missing beneficiary is back")
    async def undo_loss(caller: Caller, key: IdempotencyKey, case_id: Id, body: ReturnBody) -> dict[str, Any]:
        caller.require("benefit:approve", await region_of(case_id))
        once = once_key(caller, f"return {case_id}", key, body)
        return await use.report_loss.undo(once, case_id, body.person_id, body.returned_on, recorder_of(caller, body.actor))

    @router.post("/injury-cases/{case_id}/successions", summary="Heirs have proven it; what waited for them is paid")
    async def confirm_succession(caller: Caller, key: IdempotencyKey, case_id: Id, body: SuccessionBody) -> dict[str, Any]:
        case = await case_of(case_id)
        caller.require("benefit:approve", case["region"])
        once = once_key(caller, f"succession {case_id}", key, body)
        who, actor = body.person_id or case["person_id"], recorder_of(caller, body.actor)
        return await use.confirm_succession.run(once, who, tuple(body.materials), actor)

    @router.post("/benefit-payments/{payment_id}/return", summary="The bank has sent a payment back")
    async def return_payment(caller: Caller, key: IdempotencyKey, payment_id: Id, body: ReturnedBody) -> dict[str, Any]:
        caller.require("benefit:pay", await owner_of("payment", "支付记录", payment_id))
        once = once_key(caller, f"return-payment {payment_id}", key, body)
        return await use.return_payment.run(once, payment_id, body.reason, recorder_of(caller, body.actor))

    @router.post("/benefit-payments/{payment_id}/repay", summary="Pay again what the bank sent back")
    async def repay(caller: Caller, key: IdempotencyKey, payment_id: Id, body: ActBody) -> dict[str, Any]:
        caller.require("benefit:pay", await owner_of("payment", "支付记录", payment_id))
        once = once_key(caller, f"repay {payment_id}", key, body)
        return await use.return_payment.repay(once, payment_id, recorder_of(caller, body.actor))

    @router.get("/benefits/{item_id}", summary="Where a one-off benefit stands")
    async def item(caller: Caller, item_id: Id) -> dict[str, Any]:
        row = await found("benefit", "待遇申报", item_id)
        caller.require("injury:read", row["region"])
        return row

    @router.get("/entitlements/{entitlement_id}", summary="Where a monthly benefit stands")
    async def entitlement(caller: Caller, entitlement_id: Id) -> dict[str, Any]:
        row = await found("entitlement", "定期待遇", entitlement_id)
        caller.require("injury:read", row["region"])
        return row

    @router.get("/benefit-payments/{payment_id}", summary="One payment to a person")
    async def payment(caller: Caller, payment_id: Id) -> dict[str, Any]:
        row = await found("payment", "支付记录", payment_id)
        caller.require("injury:read", row["region"])
        return row

    @router.get("/pension-reviews", summary="Proofs of life and re-checks due, hindered runs, deaths without proven heirs")
    async def reviews(caller: Caller, limit: Limit = 100) -> dict[str, Any]:
        caller.require("injury:read")
        rows = await use.list_reviews.run(limit)
        return {"items": [r for r in rows if r["region"] is None or caller.covers(r["region"])], "next": None}

    @router.get("/pension-runs/{month}", summary="Progress of the monthly run; the month is named by any of its days")
    async def run(caller: Caller, month: date) -> dict[str, Any]:
        caller.require("injury:read")
        return await use.views.run(month_of(month))

    return router
