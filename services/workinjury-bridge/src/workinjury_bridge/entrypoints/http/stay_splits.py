"""Splits of mixed stays that are not settled yet: propose, agree, dispute, decide, read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from shared.http.auth import Caller, IdempotencyKey
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.conversions import ReviewBody, SplitBody
from workinjury_bridge.entrypoints.http.fields import Id, actor_of, once_key


class StaySplitBody(SplitBody):
    """The stay, by its visit in claims, and the flags on its lines."""

    visit_id: Id


def stay_split_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/stay-splits; scopes as for the split of a conversion."""
    router = APIRouter(prefix="/v1", tags=["stay splits"])

    async def case_of(case_id: str) -> dict[str, Any]:
        case = await bridge.views.case(case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        return case

    async def found(visit_id: str) -> dict[str, Any]:
        known = await bridge.stay_splits.read(visit_id)
        return known | {"region": (await case_of(known["case_id"]))["region"]}

    @router.post(
        "/injury-cases/{case_id}/stay-splits", summary="The hospital flags the lines of a mixed stay before it is settled"
    )
    async def propose(caller: Caller, key: IdempotencyKey, case_id: Id, body: StaySplitBody) -> dict[str, Any]:
        caller.require("conversion:split", (await case_of(case_id))["region"])
        once = once_key(caller, f"split-stay {case_id}", key, body)
        return await bridge.stay_splits.propose(once, body.visit_id, case_id, body.flags(), actor_of(caller, body.actor))

    @router.post("/stay-splits/{visit_id}/agree", summary="The reviewer agrees")
    async def agree(caller: Caller, key: IdempotencyKey, visit_id: Id, body: ReviewBody) -> dict[str, Any]:
        caller.require("conversion:check", (await found(visit_id))["region"])
        once = once_key(caller, f"agree-stay-split {visit_id}", key, body)
        return await bridge.stay_splits.agree(once, visit_id, actor_of(caller, body.actor))

    @router.post("/stay-splits/{visit_id}/dispute", summary="The reviewer does not agree: an expert is asked")
    async def dispute(caller: Caller, key: IdempotencyKey, visit_id: Id, body: ReviewBody) -> dict[str, Any]:
        caller.require("conversion:check", (await found(visit_id))["region"])
        once = once_key(caller, f"dispute-stay-split {visit_id}", key, body)
        return await bridge.stay_splits.dispute(once, visit_id, actor_of(caller, body.actor), body.note)

    @router.post("/stay-splits/{visit_id}/opinion", summary="The expert decides a disputed split")
    async def decide(caller: Caller, key: IdempotencyKey, visit_id: Id, body: SplitBody) -> dict[str, Any]:
        caller.require("conversion:check", (await found(visit_id))["region"])
        once = once_key(caller, f"decide-stay-split {visit_id}", key, body)
        return await bridge.stay_splits.decide(once, visit_id, body.flags(), actor_of(caller, body.actor), body.note)

    @router.get("/stay-splits/{visit_id}", summary="The split of a stay with its flags")
    async def read(caller: Caller, visit_id: Id) -> dict[str, Any]:
        known = await found(visit_id)
        caller.require("injury:read", known["region"])
        return known

    return router
