"""REST: filings before care."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from claims.application.filings.cancel_filing import CancelFiling, CancelFilings
from claims.application.filings.file_care import FileCare, FileForCare
from claims.application.filings.list_filings import ListFilings
from claims.entrypoints.http.actors import actor_of
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]


class FilingBody(BaseModel):
    """What is declared."""

    kind: Literal["referral", "chronic", "chosen", "long_term"]
    code: str = Field("", max_length=30, description="disease, institution, or region of residence; empty: any (referral)")
    begins_on: date
    ends_on: date | None = None
    scheme: str = Field("", max_length=6)
    actor: str | None = Field(None, min_length=1, max_length=50, description="for whom a service files it")


def filings_router(file: FileForCare, cancel: CancelFilings, lists: ListFilings) -> APIRouter:
    """Routes under /v1; scopes ``filings:read`` and ``filings:write``."""
    router = APIRouter(prefix="/v1/persons/{person_id}/filings", tags=["filings"])

    @router.get("", summary="A person's filings")
    async def listed(caller: Caller, person_id: Id) -> dict[str, Any]:
        caller.require("filings:read")
        return {"items": await lists(person_id), "next": None}

    @router.post("", summary="File a referral, a chronic disease, a chosen institution, or long-term residence elsewhere")
    async def declare(caller: Caller, person_id: Id, body: FilingBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("filings:write")
        command = FileCare(person_id=person_id, **body.model_dump(exclude={"actor"}))
        once = OnceKey("filings", key, digest_of([person_id, body.model_dump(mode="json")]))
        return await file.at_counter(command, actor_of(caller, body.actor), once)

    @router.post("/{filing_id}/cancel", summary="Withdraw a filing")
    async def withdraw(caller: Caller, person_id: Id, filing_id: Id, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("filings:write")
        once = OnceKey("filings/cancel", key, digest_of([person_id, filing_id]))
        return await cancel.at_counter(CancelFiling(person_id=person_id, filing_id=filing_id), once)

    return router
