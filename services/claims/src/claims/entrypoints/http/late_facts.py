"""REST: paper claims and corrections of lines, each proposed by one person and approved by another."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from claims.application.late.approve_late_fact import ApproveLateFact
from claims.application.late.list_late_facts import ListLateFacts
from claims.application.late.propose_late_fact import ProposeLateFact
from claims.entrypoints.http.actors import actor_of
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4)]
Price = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=6)]
Amount = Annotated[int, Field(ge=0, le=10**10)]


class ManualLineBody(BaseModel):
    """One line of the invoice; item codes that the catalogue does not have are self-funded."""

    item_code: str = Field(min_length=1, max_length=50)
    item_name: str = Field("", max_length=200)
    amount_fen: int = Field(gt=0, le=10**10)
    quantity: Quantity = Decimal(1)
    price: Price = Field(description="yuan per unit")
    occurred_on: date
    approved_use: bool = False


class ActorBody(BaseModel):
    """A service says for whom it calls."""

    actor: str | None = Field(None, min_length=1, max_length=50)


class ManualClaimBody(ActorBody):
    """A visit or stay paid in cash."""

    person_id: str = Field(min_length=1, max_length=30)
    scheme: Literal["310", "390"]
    inpatient: bool
    med_type: str = Field(min_length=1, max_length=6)
    begun_on: date
    ended_on: date
    institution_code: str | None = Field(None, min_length=12, max_length=12)
    institution_name: str = Field("", max_length=200)
    institution_level: int | None = Field(None, ge=1, le=3)
    institution_region: str | None = Field(None, pattern="^[0-9]{6}$")
    invoice_no: str = Field(min_length=1, max_length=50)
    disease_code: str = Field("", max_length=30)
    disease_name: str = Field("", max_length=200)
    lines: list[ManualLineBody] = Field(min_length=1, max_length=2000)


class LineAuditBody(BaseModel):
    """What is right about one line; absent: as charged."""

    line_id: str = Field(min_length=1, max_length=30)
    charge_class: Literal["A", "B", "C"] | None = None
    amount_fen: Amount | None = None
    quantity: Quantity | None = None
    price: Price | None = Field(None, description="yuan per unit")


class CorrectionBody(ActorBody):
    """What an audit found."""

    reason: str = Field(min_length=1, max_length=200)
    lines: list[LineAuditBody] = Field(min_length=1, max_length=2000)


def late_facts_router(propose: ProposeLateFact, approve: ApproveLateFact, lists: ListLateFacts) -> APIRouter:
    """Routes under /v1; scopes ``settlements:manual`` (paper claims), ``settlements:correct`` (lines), ``settlements:approve``."""
    router = APIRouter(prefix="/v1", tags=["late facts"])

    @router.post("/manual-claims", summary="Propose a paper claim of a person who has paid in cash (手工报销)")
    async def manual_claim(caller: Caller, body: ManualClaimBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:manual")
        plain, actor = body.model_dump(mode="json", exclude={"actor"}), actor_of(caller, body.actor)
        return await propose.manual_claim(plain, actor, _once("manual-claims", key, plain, actor))

    @router.post("/settlements/{settlement_id}/corrections", summary="Propose to correct fee lines that an audit found wrong")
    async def correction(caller: Caller, settlement_id: Id, body: CorrectionBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:correct")
        plain, actor = body.model_dump(mode="json", exclude={"actor"}), actor_of(caller, body.actor)
        once = _once("settlements/corrections", key, [settlement_id, plain], actor)
        return await propose.correction(settlement_id, plain, actor, once)

    @router.get("/late-facts", summary="Paper claims and corrections in a state, oldest first")
    async def listed(
        caller: Caller,
        state: Annotated[Literal["proposed", "approved", "rejected"], Query()] = "proposed",
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("settlements:read")
        found = await lists.in_state(state, str(decode_cursor(after, 1)[0]) if after else "", limit + 1)
        return page(found, limit, encode_cursor(found[limit - 1]["late_fact_id"]) if found[limit:] else None)

    @router.get("/late-facts/{late_fact_id}", summary="One paper claim or correction")
    async def one(caller: Caller, late_fact_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await lists.one(late_fact_id)

    @router.post("/late-facts/{late_fact_id}/approve", summary="Approve: settle the paper claim, or correct the lines")
    async def approved(caller: Caller, late_fact_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        caller.require("settlements:approve")
        actor = actor_of(caller, body.actor if body else None)
        return await approve.approve(late_fact_id, actor, _once("late-facts/approve", key, late_fact_id, actor))

    @router.post("/late-facts/{late_fact_id}/reject", summary="Reject: nothing is booked, the invoice is free again")
    async def rejected(caller: Caller, late_fact_id: Id, key: IdempotencyKey, body: ActorBody | None = None) -> dict[str, Any]:
        caller.require("settlements:approve")
        actor = actor_of(caller, body.actor if body else None)
        return await approve.reject(late_fact_id, actor, _once("late-facts/reject", key, late_fact_id, actor))

    return router


def _once(scope: str, key: str, value: Any, actor: str) -> OnceKey:
    return OnceKey(scope, key, digest_of([value, actor]))
