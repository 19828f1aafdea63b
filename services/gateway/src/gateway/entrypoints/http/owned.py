"""What the other services own, through one door: settlements, conversions, injury cases, books, institutions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Filter, Id, Words
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.ledger import BOOK_NAMES


class ReviewNote(BaseModel):
    """What the reviewer has to say."""

    note: Words | None = None


def router(gateway: Gateway) -> APIRouter:
    """Routes whose answers are the owners' own."""
    api = APIRouter(tags=["owned elsewhere"])
    read = gateway.read_owned

    @api.get("/v1/settlements", summary="Settlements of a person, newest first")
    async def settlements(
        caller: Caller, person_id: Annotated[str, Query(max_length=30)], limit: Limit = 50, after: After = None
    ) -> Any:
        params = {"person_id": person_id, "limit": limit, "after": after}
        return await read(caller, "settlements:read", "claims", "/v1/settlements", params)

    @api.get("/v1/settlements/{settlement_id}", summary="A settlement with its lines and the reasons of every amount")
    async def settlement(caller: Caller, settlement_id: Id) -> Any:
        return await read(caller, "settlements:read", "claims", f"/v1/settlements/{settlement_id}")

    @api.get(
        "/v1/settlements/{settlement_id}/sheet.pdf",
        summary="The settlement sheet on A4: reasons with their arithmetic and article, payments, fee lines",
        response_class=Response,
        responses={200: {"content": {"application/pdf": {}}}},
    )
    async def sheet(caller: Caller, settlement_id: Id) -> Response:
        return Response(await gateway.print_settlement(caller, settlement_id), media_type="application/pdf")

    @api.get("/v1/settlements/{settlement_id}/replay", summary="Decide it again from its stored facts and compare every amount")
    async def replay(caller: Caller, settlement_id: Id) -> Any:
        return await read(caller, "settlements:read", "claims", f"/v1/settlements/{settlement_id}/replay")

    @api.get("/v1/visits", summary="A person's visits, newest first")
    async def visits(
        caller: Caller, person_id: Annotated[str, Query(max_length=30)], limit: Limit = 50, after: After = None
    ) -> Any:
        params = {"person_id": person_id, "limit": limit, "after": after}
        return await read(caller, "settlements:read", "claims", "/v1/visits", params)

    @api.get("/v1/visits/{visit_id}", summary="A visit with the fee lines that are not settled")
    async def visit(caller: Caller, visit_id: Id) -> Any:
        return await read(caller, "settlements:read", "claims", f"/v1/visits/{visit_id}")

    @api.get("/v1/institutions", summary="Designated institutions")
    async def institutions(caller: Caller, limit: Limit = 50, after: After = None) -> Any:
        params = {"limit": limit, "after": after}
        return await read(caller, "settlements:read", "claims", "/v1/institutions", params)

    @api.get("/v1/conversions", summary="Conversions of stays from the medical to the work-injury fund")
    async def conversions(
        caller: Caller,
        case_id: Filter = None,
        state: Filter = None,
        person_id: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"case_id": case_id, "state": state, "person_id": person_id, "limit": limit, "after": after}
        return await read(caller, "conversions:read", "workinjury-bridge", "/v1/conversions", params)

    @api.get("/v1/conversions/{conversion_id}", summary="A conversion with its figures, transfers and payments")
    async def conversion(caller: Caller, conversion_id: Id) -> Any:
        return await read(caller, "conversions:read", "workinjury-bridge", f"/v1/conversions/{conversion_id}")

    @api.post("/v1/conversions/{conversion_id}/{act}", summary="Check, approve or send back a conversion")
    async def review(
        caller: Caller,
        conversion_id: Id,
        act: Literal["check", "approve", "send-back"],
        key: IdempotencyKey,
        note: ReviewNote | None = None,
    ) -> Any:
        return await gateway.review_conversion(caller, conversion_id, act, note.note if note else None, key)

    @api.get("/v1/injury-cases", summary="Injury cases of a person")
    async def cases(caller: Caller, person_id: Filter = None, limit: Limit = 50, after: After = None) -> Any:
        params = {"person_id": person_id, "limit": limit, "after": after}
        return await read(caller, "injury-cases:read", "workinjury-bridge", "/v1/injury-cases", params)

    @api.get("/v1/injury-cases/{case_id}", summary="An injury case with its decisions")
    async def case(caller: Caller, case_id: Id) -> Any:
        return await read(caller, "injury-cases:read", "workinjury-bridge", f"/v1/injury-cases/{case_id}")

    @api.get("/v1/ledger/books", tags=["ledger"], summary="The fund books")
    async def books(caller: Caller) -> dict[str, Any]:
        caller.require("ledger:read")
        return {"items": [{"book": book.value, "name": name} for book, name in BOOK_NAMES.items()], "next": None}

    @api.get("/v1/ledger/journals", tags=["ledger"], summary="Journals of a book, a settlement or a case")
    async def journals(
        caller: Caller,
        book: Filter = None,
        case_id: Filter = None,
        settlement_id: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"case_id": case_id, "settlement_id": settlement_id, "limit": limit, "after": after}
        return await read.ledger(caller, "journals", book, params)

    @api.get("/v1/ledger/trial-balance", tags=["ledger"], summary="Sums per account of one book up to a day")
    async def trial_balance(caller: Caller, book: Annotated[str, Query(max_length=10)], on: date | None = None) -> Any:
        return await read.ledger(caller, "trial-balance", book, {"on": on.isoformat() if on else None})

    return api
