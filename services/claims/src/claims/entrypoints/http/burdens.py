"""REST: the worklist of the burden watch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from claims.application.burden.list_burden_watch import ListBurdenWatch
from claims.application.burden.ports import WatchFilter
from claims.application.burden.record_handling import Handling, RecordHandling
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]
Code = Annotated[str | None, Query(max_length=30, pattern=r"^[a-z_]+$")]


class HandlingBody(BaseModel):
    """Who acts, and what he has to say; a dismissal needs its reason."""

    model_config = ConfigDict(extra="forbid")

    actor: str = Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")
    note: str | None = Field(None, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")


def burdens_router(lists: ListBurdenWatch, record: RecordHandling) -> APIRouter:
    """Routes under /v1; scopes ``burdens:read`` and ``burdens:act``."""
    router = APIRouter(prefix="/v1", tags=["burden watch"])

    @router.get("/burden-watch", summary="Persons and households over a line, newest first")
    async def listed(
        caller: Caller,
        region: Annotated[list[str] | None, Query(description="beginnings of division codes; every place if left out")] = None,
        line: Code = None,
        state: Annotated[Literal["open", "contacted", "applied", "dismissed"] | None, Query()] = None,
        year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("burdens:read")
        wanted = WatchFilter(regions=region or [""], line=line, state=state, year=year)
        rows = await lists(wanted, str(decode_cursor(after, 1)[0]) if after else None, limit + 1)
        more = len(rows) > limit
        items = [dict(row.values) for row in rows]
        return page(items, limit, encode_cursor(rows[limit - 1].crossing_id) if more else None)

    @router.get("/burden-watch/{crossing_id}", summary="One crossing")
    async def show(caller: Caller, crossing_id: Id) -> dict[str, Any]:
        caller.require("burdens:read")
        return dict(await lists.one(crossing_id))

    @router.post("/burden-watch/{crossing_id}/{handling}", summary="What was done: contacted, applied, or dismissed")
    async def act(
        caller: Caller, crossing_id: Id, handling: Handling, body: HandlingBody, key: IdempotencyKey
    ) -> dict[str, Any]:
        caller.require("burdens:act")
        once = OnceKey(f"burden-watch/{handling}", key, digest_of([crossing_id, body.model_dump()]))
        return await record(crossing_id, handling, body.actor, body.note, once)

    return router
