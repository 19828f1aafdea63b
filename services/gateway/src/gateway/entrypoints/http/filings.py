"""Filings before care (备案), which claims keeps: read, file, withdraw."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Id
from shared.http.auth import Caller, IdempotencyKey

_Code = Annotated[str, StringConstraints(max_length=30, pattern=PLAIN)]
_Scheme = Annotated[str, StringConstraints(max_length=6, pattern=PLAIN)]


class NewFiling(BaseModel):
    """What is declared. ``code``: the disease, the institution, or the region of residence; empty: any (referral)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["referral", "chronic", "chosen", "long_term"]
    code: _Code = ""
    begins_on: date
    ends_on: date | None = None
    scheme: _Scheme = ""


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/persons; scopes ``filings:read``, ``filings:write``."""
    api = APIRouter(prefix="/v1/persons/{person_id}/filings", tags=["filings"])

    @api.get("", summary="A person's filings, withdrawn ones too")
    async def listed(caller: Caller, person_id: Id) -> Any:
        caller.require("filings:read")
        await gateway.check_region(caller, "filings:read", {"person_id": person_id})
        return await gateway.read_owned(caller, "filings:read", "claims", f"/v1/persons/{person_id}/filings")

    @api.post("", summary="File a referral, a chronic disease, a chosen institution, or long-term residence elsewhere")
    async def declare(caller: Caller, person_id: Id, body: NewFiling, key: IdempotencyKey) -> Any:
        return await gateway.act_on_filing.file(caller, person_id, body.model_dump(mode="json"), key)

    @api.post("/{filing_id}/cancel", summary="Withdraw a filing")
    async def withdraw(caller: Caller, person_id: Id, filing_id: Id, key: IdempotencyKey) -> Any:
        return await gateway.act_on_filing.cancel(caller, person_id, filing_id, key)

    return api
