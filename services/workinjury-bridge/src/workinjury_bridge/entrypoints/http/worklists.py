"""Worklists and figures over many cases: what is open, how old, whose turn it is, what does not match, what came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from shared.errors import invalid
from shared.http.auth import Caller
from shared.http.pagination import After, Limit, cursor_invalid, decode_cursor, encode_cursor, page
from workinjury_bridge.bootstrap import Bridge
from workinjury_bridge.domain.refusals import unknown
from workinjury_bridge.entrypoints.http.fields import Id, start_of

Prefix = Annotated[str, StringConstraints(pattern="^[0-9]{0,12}$")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Regions = Annotated[list[Prefix] | None, Query(description="beginnings of division codes; the caller's own if left out")]

_LONGEST_DAYS = 366 * 3
"""Figures are summed over at most three years."""


def worklist_router(bridge: Bridge) -> APIRouter:
    """Routes under /v1/worklists, /v1/recovery-ages, /v1/fund-returns and /v1/injury-cases/{id}/file; scope ``injury:read``."""
    router = APIRouter(prefix="/v1", tags=["worklists"])
    lists = bridge.worklists

    def regions_of(caller: Caller, asked: list[str] | None) -> list[str]:
        caller.require("injury:read")
        return [prefix for prefix in asked if caller.covers(prefix)] if asked else list(caller.region_prefixes)

    def cut(rows: list[dict[str, Any]], limit: int, id_field: str) -> Mapping[str, Any]:
        return page(rows, limit, encode_cursor(rows[limit - 1][id_field]) if len(rows) > limit else None)

    @router.get("/injury-cases/{case_id}/file", summary="Everything that hangs on a case beside its conversions")
    async def case_file(caller: Caller, case_id: Id) -> dict[str, Any]:
        caller.require("injury:read")
        found = await lists.case_file(case_id)
        if found is None:
            raise unknown("case", "工伤案件")
        caller.require("injury:read", found["region"])
        return found

    @router.get("/worklists/recoveries", summary="Open debts, the oldest first")
    async def recoveries(
        caller: Caller,
        opened_since: Day | None = None,
        opened_until: Day | None = None,
        region: Regions = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Mapping[str, Any]:
        opened = (opened_since, opened_until)
        rows = await lists.recoveries(regions_of(caller, region), opened, start_of(after), limit + 1)
        return cut(rows, limit, "recovery_id")

    @router.get("/recovery-ages", summary="Number and sum of open debts by age")
    async def ages(caller: Caller, region: Regions = None) -> dict[str, Any]:
        return await bridge.ages.run(regions_of(caller, region))

    @router.get("/worklists/advances", summary="Applications for an advance that wait for a step, the oldest first")
    async def advances(caller: Caller, region: Regions = None, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        rows = await lists.advances(regions_of(caller, region), start_of(after), limit + 1)
        return cut(rows, limit, "advance_id")

    @router.get("/worklists/deductions", summary="Deductions after audit that are not final, the oldest first")
    async def deductions(caller: Caller, region: Regions = None, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        rows = await lists.deductions(regions_of(caller, region), start_of(after), limit + 1)
        return cut(rows, limit, "deduction_id")

    @router.get("/worklists/splits", summary="Mixed stays whose split waits for agreement or an opinion")
    async def splits(caller: Caller, region: Regions = None, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        rows = await lists.splits(regions_of(caller, region), start_of(after), limit + 1)
        return cut(rows, limit, "conversion_id")

    @router.get("/worklists/stay-splits", summary="Stays not settled yet whose split waits for agreement or an opinion")
    async def stay_splits(caller: Caller, region: Regions = None, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        rows = await lists.stay_splits(regions_of(caller, region), start_of(after), limit + 1)
        return cut(rows, limit, "visit_id")

    @router.get("/worklists/mismatches", summary="Pairs that do not match within their limit, with cause and remedy")
    async def mismatches(caller: Caller, region: Regions = None, limit: Limit = 50, after: After = None) -> Mapping[str, Any]:
        rows = await bridge.mismatches.run(regions_of(caller, region), _pair_of(after), limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return page(rows, limit, encode_cursor(last["since"].isoformat(), last["pair_id"]) if last else None)

    @router.get("/fund-returns", summary="Money returned to each fund by month, and days from decision to refund")
    async def returns(caller: Caller, since: Day, until: Day, region: Regions = None) -> dict[str, Any]:
        if not 0 <= (until - since).days <= _LONGEST_DAYS:
            raise invalid("workinjury-bridge.period.invalid", "统计期间起止有误，最长三年", "bad period", field="until")
        return await bridge.returns.run(regions_of(caller, region), since, until)

    return router


def _pair_of(after: str | None) -> tuple[date, str] | None:
    if after is None:
        return None
    since, pair_id = decode_cursor(after, 2)
    try:
        return date.fromisoformat(str(since)), str(pair_id)
    except ValueError:
        raise cursor_invalid() from None
