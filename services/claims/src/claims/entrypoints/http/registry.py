"""REST: designated institutions, the catalogue, and a person's visits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from claims.application.registry.import_catalogue import ImportCatalogue
from claims.application.registry.list_registry import ListRegistry
from claims.application.registry.state_institution import StateInstitution, StateInstitutions, show_institution
from claims.application.visits.list_visits import ListVisits
from claims.application.visits.show_visit import ShowVisit
from claims.domain.catalogue import CatalogueItem
from claims.domain.institution import Switches
from shared.clock import Clock
from shared.db.once import digest_of
from shared.errors import invalid
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

MAX_IMPORT_BYTES = 64 * 1024 * 1024
_Person = Annotated[str, Query(min_length=1, max_length=30)]
_Id = Annotated[str, Path(max_length=30)]


class SwitchesBody(BaseModel):
    """How the institution's HIS wants to be answered (chs-interface 2.2, 2.3, 9)."""

    infcode_number: bool = False
    psn_part_am: bool = False
    person_output_list: bool = False
    sign_in_required: bool = False
    msgid_reused: bool = False
    line_tolerance_fen: int = Field(5, ge=0, le=100)
    total_tolerance_fen: int = Field(0, ge=0, le=100)


class InstitutionBody(BaseModel):
    """A designated institution; leave ``secret`` out to keep the present one."""

    code: str = Field(min_length=12, max_length=12)
    name: str = Field(min_length=1, max_length=200)
    level: int = Field(ge=1, le=3)
    region: str = Field(min_length=6, max_length=6)
    kind: str = Field("1", max_length=3)
    active: bool = True
    signature: str = Field("none", max_length=10)
    access_key: str = Field("", max_length=200)
    secret: str | None = Field(None, max_length=500)
    switches: SwitchesBody = Field(default_factory=SwitchesBody)
    rank: Literal["village", "community", "township", "county", "city", "province"] = "county"
    marks: tuple[Literal["traditional", "outside_seat", "psychiatric"], ...] = ()


def registry_router(
    state: StateInstitutions,
    import_catalogue: ImportCatalogue,
    lists: ListRegistry,
    visits: ListVisits,
    visit: ShowVisit,
    clock: Clock,
) -> APIRouter:
    """Routes under /v1; scopes ``institutions:read|write``, ``catalogue:read|write``, ``visits:read``, with its lines ``settlements:read``."""
    router = APIRouter(prefix="/v1", tags=["registry"])

    @router.post("/institutions", summary="Designate an institution or change it")
    async def state_institution(caller: Caller, body: InstitutionBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("institutions:write", body.region)
        fields = body.model_dump()
        command = StateInstitution(**{**fields, "switches": Switches(**fields["switches"])})
        return await state(command, OnceKey("institutions", key, digest_of(fields)))

    @router.get("/institutions", summary="Designated institutions, by code")
    async def institutions(caller: Caller, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("institutions:read")
        found = await lists.institutions(_after(after), limit + 1)
        return page(
            [show_institution(i) for i in found], limit, encode_cursor(found[limit - 1].code) if found[limit:] else None
        )

    @router.post(
        "/catalogue/imports",
        summary="Import catalogue items: CSV, all rows or none",
        openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def import_(caller: Caller, request: Request, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("catalogue:write")
        data = await _body(request)
        return await import_catalogue(data, OnceKey("catalogue/imports", key, digest_of(data.hex())))

    @router.get("/catalogue", summary="Catalogue items as valid on a day, by code")
    async def catalogue(
        caller: Caller,
        code: Annotated[str | None, Query(max_length=50)] = None,
        on: date | None = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("catalogue:read")
        found = await lists.catalogue(code, on or clock.today(), _after(after), limit + 1)
        cursor = encode_cursor(found[limit - 1][0]) if found[limit:] else None
        return {"items": [_shown(item) for _, item in found[:limit] if item is not None], "next": cursor}

    @router.get("/visits", summary="A person's visits, newest first")
    async def visits_of(caller: Caller, person_id: _Person, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("visits:read")
        found = await visits(person_id, _after(after), limit + 1)
        return page([asdict(v) for v in found], limit, encode_cursor(found[limit - 1].visit_id) if found[limit:] else None)

    @router.get("/visits/{visit_id}", summary="A visit with the fee lines that are not settled")
    async def one_visit(caller: Caller, visit_id: _Id) -> dict[str, Any]:
        caller.require("settlements:read")
        shown = await visit(visit_id)
        return asdict(shown.visit) | {"lines": [asdict(line) for line in shown.lines]}

    return router


def _after(cursor: str | None) -> str:
    return str(decode_cursor(cursor, 1)[0]) if cursor else ""


def _shown(item: CatalogueItem) -> dict[str, Any]:
    shown = asdict(item)
    shown["price_limits"] = [None if limit is None else str(limit) for limit in item.price_limits]
    return shown


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_IMPORT_BYTES:
            raise invalid("claims.catalogue.too-large", f"文件超过{MAX_IMPORT_BYTES // 1024 // 1024}MB上限")
        chunks.append(chunk)
    return b"".join(chunks)
