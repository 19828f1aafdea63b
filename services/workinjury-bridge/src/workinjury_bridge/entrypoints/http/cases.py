"""Injury cases: open, decide, contest, revoke, read; eligibility at the admission desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.party import UNKNOWN_THIRD_PARTY, third_party
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.domain.terms import CaseFacts
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, Short, once_key, page_of, recorder_of, start_of


class AccidentBody(Body):
    """An accident as reported."""

    person_id: Id
    employer_id: Id | None = None
    accident_on: date
    body_parts: list[Short] = Field(min_length=1, max_length=20)
    description: Long
    matter_id: Id | None = None
    region: Short | None = None


class DecisionBody(Body):
    """A recognition decision."""

    decision_no: Short
    outcome: Literal["granted", "denied"]
    decided_on: date
    decided_by: Short
    decision_version: int | None = Field(None, ge=1, le=10_000, description="only from an office that counts its versions")


class DecisionItem(DecisionBody):
    """One of many."""

    case_id: Id


class DecisionItems(Body):
    """Decisions that another office hands over."""

    items: list[DecisionItem] = Field(min_length=1, max_length=200)


class ContestBody(Body):
    """A review or lawsuit was opened."""

    actor: Actor | None = None
    opened_on: date


class UpholdingBody(Body):
    """Who records that the decision stands."""

    actor: Actor | None = None


class RevocationBody(Body):
    """A final revocation; the actor records what ``decided_by`` decided."""

    actor: Actor | None = None
    decision_no: Short
    final_on: date
    decided_by: Short


class CaseFactsBody(Body):
    """What is known of the accident beside the decision; everything is stated anew."""

    actor: Actor | None = None
    filed_on: date | None = None
    accepted_on: date | None = None
    employer_insured: bool = True
    third_party: Literal["none", "unknown"] | None = None
    third_party_id: Id | None = None


class BackPaymentBody(Body):
    """Premiums and late fees are paid, and since when the employer is insured."""

    actor: Actor | None = None
    effective_on: date
    proof: Short


def case_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/injury-cases, /v1/eligibility and /v1/stay-recognitions."""
    router = APIRouter(prefix="/v1", tags=["injury cases"])

    async def found(case_id: str) -> dict[str, Any]:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        return case

    @router.post("/injury-cases", status_code=201, summary="Report an accident and apply for recognition")
    async def open_case(caller: Caller, key: IdempotencyKey, body: AccidentBody) -> dict[str, Any]:
        caller.require("injury:write", body.region)
        accident = Accident(**body.model_dump(exclude={"body_parts"}), body_parts=tuple(body.body_parts))
        return await bridge.open_case.run(once_key(caller, "open-case", key, body), accident)

    @router.post("/injury-cases/{case_id}/recognition-decisions", summary="Record a recognition decision")
    async def decide(
        caller: Caller, key: IdempotencyKey, case_id: Id, body: DecisionBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(case_id))["region"])
        answer = await bridge.decide.run(once_key(caller, f"decide {case_id}", key, body), case_id, _decision(body))
        _go_on(background, bridge, answer)
        return answer

    @router.post("/recognition-decisions", summary="Record many recognition decisions; each is answered for itself")
    async def decide_all(caller: Caller, key: IdempotencyKey, body: DecisionItems) -> dict[str, Any]:
        for region in await bridge.views.regions_of_cases([item.case_id for item in body.items]):
            caller.require("recognition:decide", region)
        once = once_key(caller, "decide", key, body)
        # the worker reads the bills of what is proposed, many at a time
        return await bridge.decide.together(once, [(item.case_id, _decision(item)) for item in body.items])

    @router.post("/injury-cases/{case_id}/contests", summary="A review or lawsuit against the decision was opened")
    async def contest(caller: Caller, key: IdempotencyKey, case_id: Id, body: ContestBody) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(case_id))["region"])
        once = once_key(caller, f"contest {case_id}", key, body)
        return await bridge.contest.open(once, case_id, body.opened_on, recorder_of(caller, body.actor))

    @router.post("/injury-cases/{case_id}/upholdings", summary="The review or lawsuit ended and the decision stands")
    async def uphold(caller: Caller, key: IdempotencyKey, case_id: Id, body: UpholdingBody | None = None) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(case_id))["region"])
        named = body or UpholdingBody()
        once = once_key(caller, f"uphold {case_id}", key, named)
        return await bridge.contest.uphold(once, case_id, recorder_of(caller, named.actor))

    @router.post("/injury-cases/{case_id}/revocations", summary="Record a final revocation")
    async def revoke(
        caller: Caller, key: IdempotencyKey, case_id: Id, body: RevocationBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("recognition:decide", (await found(case_id))["region"])
        once = once_key(caller, f"revoke {case_id}", key, body)
        actor = recorder_of(caller, body.actor)
        answer = await bridge.revoke.run(once, case_id, body.decision_no, body.final_on, body.decided_by, actor)
        _go_on(background, bridge, answer)
        return answer

    @router.post("/injury-cases/{case_id}/facts", summary="State filing, insurance of the employer, a liable third party")
    async def state_facts(
        caller: Caller, key: IdempotencyKey, case_id: Id, body: CaseFactsBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("injury:write", (await found(case_id))["region"])
        third = UNKNOWN_THIRD_PARTY if body.third_party == "unknown" else None
        facts = CaseFacts(
            filed_on=body.filed_on,
            accepted_on=body.accepted_on,
            employer_insured=body.employer_insured,
            third_party=third if body.third_party_id is None else third_party(body.third_party_id),
        )
        once = once_key(caller, f"facts {case_id}", key, body)
        answer = await bridge.state_facts.of_case(once, case_id, facts, recorder_of(caller, body.actor))
        _go_on(background, bridge, answer)
        return answer

    @router.post("/injury-cases/{case_id}/back-payment", summary="An employer that was not insured has paid back")
    async def back_payment(
        caller: Caller, key: IdempotencyKey, case_id: Id, body: BackPaymentBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("injury:write", (await found(case_id))["region"])
        once = once_key(caller, f"back-payment {case_id}", key, body)
        actor = recorder_of(caller, body.actor)
        answer = await bridge.back_payment.run(once, case_id, body.effective_on, body.proof, actor)
        _go_on(background, bridge, answer)
        return answer

    @router.get("/injury-cases/{case_id}", summary="One case with its decisions and conversions")
    async def read(caller: Caller, case_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        case = await found(case_id)
        caller.require("injury:read", case["region"])
        return case

    @router.get("/injury-cases", summary="Cases, newest first")
    async def list_cases(
        caller: Caller, person_id: Id | None = None, limit: Limit = 50, after: After = None
    ) -> Mapping[str, Any]:
        caller.require("injury:read")
        rows = await bridge.views.cases(person_id, start_of(after), limit + 1)
        return page_of(caller, rows, limit, "case_id")

    @router.get("/eligibility", summary="Whether the work-injury fund pays for a person on a day")
    async def eligibility(caller: Caller, person_id: Id, institution_code: Id, on: Annotated[date, Query()]) -> dict[str, Any]:
        caller.require("injury:read")
        return {"institution_code": institution_code, **await bridge.judge.run(person_id, on)}

    @router.get("/stay-recognitions", summary="What is decided of the injury that a stay may belong to")
    async def of_stay(caller: Caller, person_id: Id, begun_on: Annotated[date, Query()]) -> dict[str, Any]:
        caller.require("injury:read")
        return await bridge.judge.of_stay(person_id, begun_on)

    return router


def _decision(body: DecisionBody) -> NewDecision:
    return NewDecision(
        decision_no=body.decision_no,
        outcome=Outcome(body.outcome),
        decided_on=body.decided_on,
        decided_by=body.decided_by,
        version=body.decision_version,
    )


def _go_on(background: BackgroundTasks, bridge: Bridge, answer: dict[str, Any]) -> None:
    """Take up the concerned conversions as soon as the answer is sent; the worker would do it a moment later anyway."""
    for conversion_id in answer["conversions"]:
        background.add_task(bridge.advance.run, conversion_id)
