"""Conversions: worklist, page, and the acts of the two people who approve them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field

from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.party import employer, heirs, person
from workinjury_bridge.domain.policy import Circumstance
from workinjury_bridge.domain.refusals import facts_invalid, split_invalid, unknown
from workinjury_bridge.domain.split import Belonging, Flags, flags_of
from workinjury_bridge.domain.terms import StayFacts
from workinjury_bridge.entrypoints.http.fields import Actor, Body, Id, Long, actor_of, once_key, page_of, recorder_of, start_of


class ReviewBody(Body):
    """Who acts and why."""

    actor: Actor | None = None
    note: Long | None = None


class ReviewsBody(ReviewBody):
    """One act on many of the worklist."""

    act: Literal["check", "approve"]
    conversion_ids: list[Id] = Field(min_length=1, max_length=200)


class CircumstanceBody(Body):
    """How a line outside the catalogue came about."""

    line_id: Id
    circumstance: Circumstance


class StayFactsBody(Body):
    """What is known of the stay beside its bill; everything is stated anew."""

    actor: Actor | None = None
    payer: Literal["person", "employer", "heirs"] = "person"
    employer_id: Id | None = None
    prepaid_fen: int = Field(0, ge=0, le=MAX_FEN)
    circumstances: list[CircumstanceBody] = Field(default_factory=list, max_length=5000)


class FlagBody(Body):
    """What a line treats."""

    line_id: Id
    belongs: Belonging


class SplitBody(Body):
    """Flags on the lines; what is not named treats the injury. Without a ratio shared lines go by direct cost."""

    actor: Actor | None = None
    lines: list[FlagBody] = Field(min_length=1, max_length=5000)
    numerator: int | None = Field(None, ge=0, le=1_000_000_000)
    denominator: int | None = Field(None, ge=1, le=1_000_000_000)
    note: Long | None = None

    def flags(self) -> Flags:
        """Refuses a ratio of which half is missing."""
        if (self.numerator is None) is not (self.denominator is None):
            raise split_invalid("ratio", "分摊比例的分子与分母应同时填写")
        ratio = None if self.numerator is None or self.denominator is None else (self.numerator, self.denominator)
        return flags_of([(line.line_id, line.belongs) for line in self.lines], ratio)


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

    @router.post("/conversion-reviews", summary="Check or approve many of the worklist; each is answered for itself")
    async def review(caller: Caller, key: IdempotencyKey, body: ReviewsBody) -> dict[str, Any]:
        for region in await bridge.views.regions(body.conversion_ids):
            caller.require(f"conversion:{body.act}", region)
        once = once_key(caller, "review conversions", key, body)
        # the worker goes on with what is approved, many at a time
        return await bridge.review.together(once, body.act, body.conversion_ids, actor_of(caller, body.actor), body.note)

    @router.post("/conversions/{conversion_id}/send-back", summary="Look again, or dismiss a proposal")
    async def send_back(caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody) -> dict[str, Any]:
        scope = "conversion:approve" if caller.has("conversion:approve") else "conversion:check"
        caller.require(scope, (await found(conversion_id))["region"])
        once = once_key(caller, f"send-back {conversion_id}", key, body)
        return await bridge.review.send_back(once, conversion_id, actor_of(caller, body.actor), body.note)

    @router.post("/conversions/{conversion_id}/facts", summary="State payer of record, money received, consent")
    async def facts(
        caller: Caller, key: IdempotencyKey, conversion_id: Id, body: StayFactsBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        conversion = await found(conversion_id)
        caller.require("conversion:check", conversion["region"])
        if (body.payer == "employer") is not (body.employer_id is not None):
            raise facts_invalid("employer_id", "票据持有人为用人单位时应填写单位编号")
        payers = {
            "person": person(conversion["person_id"]),
            "heirs": heirs(conversion["person_id"]),
            "employer": employer(body.employer_id or ""),
        }
        stated = StayFacts(
            payer=payers[body.payer],
            prepaid_fen=body.prepaid_fen,
            circumstances=tuple((c.line_id, c.circumstance) for c in body.circumstances),
        )
        once = once_key(caller, f"facts {conversion_id}", key, body)
        answer = await bridge.state_facts.of_stay(once, conversion_id, stated, recorder_of(caller, body.actor))
        background.add_task(bridge.advance.run, conversion_id)
        return answer

    @router.post("/conversions/{conversion_id}/split", summary="The hospital flags the lines of a mixed stay")
    async def propose_split(caller: Caller, key: IdempotencyKey, conversion_id: Id, body: SplitBody) -> dict[str, Any]:
        caller.require("conversion:split", (await found(conversion_id))["region"])
        once = once_key(caller, f"split {conversion_id}", key, body)
        return await bridge.split.propose(once, conversion_id, body.flags(), actor_of(caller, body.actor))

    @router.post("/conversions/{conversion_id}/split/agree", summary="The reviewer agrees")
    async def agree_split(
        caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("conversion:check", (await found(conversion_id))["region"])
        once = once_key(caller, f"agree-split {conversion_id}", key, body)
        answer = await bridge.split.agree(once, conversion_id, actor_of(caller, body.actor))
        background.add_task(bridge.advance.run, conversion_id)
        return answer

    @router.post("/conversions/{conversion_id}/split/dispute", summary="The reviewer does not agree: an expert is asked")
    async def dispute_split(caller: Caller, key: IdempotencyKey, conversion_id: Id, body: ReviewBody) -> dict[str, Any]:
        caller.require("conversion:check", (await found(conversion_id))["region"])
        once = once_key(caller, f"dispute-split {conversion_id}", key, body)
        return await bridge.split.dispute(once, conversion_id, actor_of(caller, body.actor), body.note)

    @router.post("/conversions/{conversion_id}/split/opinion", summary="The expert decides a disputed split")
    async def decide_split(
        caller: Caller, key: IdempotencyKey, conversion_id: Id, body: SplitBody, background: BackgroundTasks
    ) -> dict[str, Any]:
        caller.require("conversion:check", (await found(conversion_id))["region"])
        once = once_key(caller, f"decide-split {conversion_id}", key, body)
        flags, actor = body.flags(), actor_of(caller, body.actor)
        answer = await bridge.split.decide(once, conversion_id, flags, actor, body.note)
        background.add_task(bridge.advance.run, conversion_id)
        return answer

    @router.get("/invariants", summary="Check every conversion against its journals, and the funds against each other")
    async def invariants(caller: Caller) -> dict[str, Any]:
        caller.require("ledger:read")
        return await bridge.check.run()

    return router
