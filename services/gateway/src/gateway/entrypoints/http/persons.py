"""One person: identity, timeline, the year's figures, and who looked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id, instant, read_cursor, serial
from shared.http.auth import Caller
from shared.http.pagination import After, Limit, encode_cursor, page

_DIGITS_OF_A_NUMBER = 8


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/persons, and /v1/access-log."""
    api = APIRouter(tags=["persons"])

    @api.get("/v1/persons", summary="Find persons by document number or whole name; masked")
    async def persons(
        caller: Caller,
        q: Annotated[str, Query(min_length=2, max_length=50, pattern=PLAIN)],
        limit: Limit = 20,
        after: After = None,
    ) -> Any:
        text = q.strip()
        by_number = len(text) >= _DIGITS_OF_A_NUMBER and text.isascii() and text.isalnum()
        params = {"certno" if by_number else "name": text, "limit": limit, "after": after}
        return await gateway.read_owned(caller, "persons:read", "enrollment", "/v1/persons", params, masked=True)

    @api.get("/v1/persons/{person_id}", summary="A person; masked, or in clear with a line in the access log")
    async def person(caller: Caller, person_id: Id, reveal: bool = False) -> Any:
        return await gateway.reveal_person(caller, person_id, clear=reveal)

    @api.get("/v1/persons/{person_id}/timeline", summary="Everything that happened, newest first")
    async def timeline(caller: Caller, person_id: Id, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        lines = await gateway.read_timeline(caller, person_id, limit + 1, read_cursor(after, instant, str))
        items = [
            {
                "at": entry.at,
                "kind": entry.kind,
                "title": entry.title,
                "detail": entry.detail,
                "amount_fen": entry.amount_fen,
                "links": entry.links,
            }
            for entry, _ in lines
        ]
        return page(items, limit, encode_cursor(*lines[limit - 1][1]) if len(lines) > limit else None)

    @api.get("/v1/persons/{person_id}/year", summary="Deductible used, room to each cap, account balance")
    async def year(caller: Caller, person_id: Id, year: Annotated[int | None, Query(ge=2000, le=2100)] = None) -> Any:
        caller.require("persons:read")
        await gateway.check_region(caller, "persons:read", {"person_id": person_id})
        params = {"year": year or gateway.clock.today().year}
        return await gateway.read_owned(caller, "persons:read", "claims", f"/v1/persons/{person_id}/year", params)

    @api.get("/v1/access-log", summary="Who saw whose identity in clear")
    async def accesses(
        caller: Caller,
        person_id: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        lines = await gateway.reveal_person.accesses(caller, person_id, limit + 1, read_cursor(after, serial))
        cursor = encode_cursor(*lines[limit - 1]["cursor"]) if len(lines) > limit else None
        return page([{k: v for k, v in line.items() if k != "cursor"} for line in lines], limit, cursor)

    return api
