"""REST: settlements, what a year has used up, and conversion's two commands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from claims.application.settlement.describe_settlement import DescribeSettlement
from claims.application.settlement.list_settlements import ListSettlements
from claims.application.settlement.replay_settlement import ReplaySettlement
from claims.application.settlement.take_claim_back import TakeBack, TakeClaimBack
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, cursor_invalid, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]


class TakeBackBody(BaseModel):
    """Who takes a settlement back, on which decision."""

    conversion_id: str = Field(min_length=1, max_length=30)
    case_id: str = Field(min_length=1, max_length=30)
    decision_id: str = Field(min_length=1, max_length=30)
    decision_version: int = Field(ge=1)
    mode: str = Field("inter-fund", pattern="^inter-fund$", description="same-month net is not offered yet")
    maker: str = Field(min_length=1, max_length=50)
    checker: str = Field(min_length=1, max_length=50)


def settlements_router(
    describe: DescribeSettlement, lists: ListSettlements, take_back: TakeClaimBack, replay: ReplaySettlement
) -> APIRouter:
    """Routes under /v1; scopes ``settlements:read`` and ``settlements:convert``."""
    router = APIRouter(prefix="/v1", tags=["settlements"])

    @router.get("/settlements/{settlement_id}", summary="One settlement with its explanation and fee lines")
    async def show(caller: Caller, settlement_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await describe(settlement_id)

    @router.get("/settlements/{settlement_id}/replay", summary="Decide it again from its stored facts and compare every amount")
    async def again(caller: Caller, settlement_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await replay(settlement_id)

    @router.get("/settlements", summary="A person's settlements, newest first")
    async def listed(
        caller: Caller, person_id: str = Query(max_length=30), limit: Limit = 50, after: After = None
    ) -> dict[str, Any]:
        caller.require("settlements:read")
        rows = await lists.of_person(person_id, _cursor(after) if after else None, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return page(
            [asdict(row) for row in rows],
            limit,
            encode_cursor(last.settled_at.isoformat(), last.settlement_id) if last else None,
        )

    @router.get("/persons/{person_id}/year", summary="What a person's benefit year has used up, and the room left")
    async def year(caller: Caller, person_id: Id, year: int = Query(ge=2000, le=2100)) -> dict[str, Any]:
        caller.require("settlements:read")
        return await lists.year(person_id, year)

    @router.post("/settlements/{settlement_id}/take-back", summary="Take a settlement back for the work-injury fund")
    async def take(caller: Caller, settlement_id: Id, body: TakeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        return await take_back.take_back(_command(settlement_id, body), _once("take-back", settlement_id, body, key))

    @router.post("/settlements/{settlement_id}/restore", summary="Make a taken-back settlement valid again")
    async def restore(caller: Caller, settlement_id: Id, body: TakeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        return await take_back.restore(_command(settlement_id, body), _once("restore", settlement_id, body, key))

    return router


def _command(settlement_id: str, body: TakeBackBody) -> TakeBack:
    return TakeBack(settlement_id=settlement_id, **body.model_dump(exclude={"mode"}))


def _once(command: str, settlement_id: str, body: TakeBackBody, key: str) -> OnceKey:
    return OnceKey(f"settlements/{command}", key, digest_of([settlement_id, body.model_dump()]))


def _cursor(after: str) -> tuple[str, str]:
    settled_at, settlement_id = map(str, decode_cursor(after, 2))
    try:
        datetime.fromisoformat(settled_at)
    except ValueError:
        raise cursor_invalid() from None
    return settled_at, settlement_id
