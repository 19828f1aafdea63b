"""Simulations, which claims computes: ask for one, look at them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import Id, Text
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit

Name = Annotated[str, Path(pattern="^[a-z_]{1,30}$")]


class BookChoice(BaseModel):
    """Which rules: in force on a day, one version by its digest, or a book of the register; exactly one of them."""

    model_config = ConfigDict(extra="forbid")

    day: date | None = None
    digest: str | None = Field(None, pattern="^sha256:[0-9a-f]{64}$")
    book_id: str | None = Field(None, pattern="^[0-9A-Za-z_-]{1,30}$")


class FactsChoice(BaseModel):
    """Which claims: a facts folder by name, or the settlements stored of a period, both days included."""

    model_config = ConfigDict(extra="forbid")

    folder: str | None = Field(None, pattern=r"^[\w-]{1,60}$")
    begins_on: date | None = None
    ends_on: date | None = None


class NewSimulation(BaseModel):
    """What is to be simulated. Amounts in fen, shares in millionths."""

    model_config = ConfigDict(extra="forbid")

    title: Text = ""
    facts: FactsChoice
    book_a: BookChoice
    book_b: BookChoice
    income_fen: int | None = Field(None, gt=0, le=10**12, description="disposable income a head, for the lines of burden")
    shares: list[Annotated[int, Field(gt=0, le=1_000_000)]] | None = Field(None, max_length=10)
    pools: dict[str, Any] | None = None
    seed: int = Field(1, ge=0, lt=2**31)


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1; scopes ``rules:simulate`` and ``rules:read``."""
    api = APIRouter(tags=["simulations"])
    read = gateway.read_owned

    @api.post("/v1/simulations", status_code=202, summary="Ask for a simulation: two books on past claims")
    async def ask(caller: Caller, body: NewSimulation, key: IdempotencyKey) -> Any:
        return await gateway.start_simulation(caller, body.model_dump(mode="json", exclude_none=True), key)

    @api.get("/v1/simulations", summary="Simulations, newest first, without their results")
    async def listed(caller: Caller, limit: Limit = 50, after: After = None) -> Any:
        return await read(caller, "rules:read", "claims", "/v1/simulations", {"limit": limit, "after": after})

    @api.get("/v1/simulations/{simulation_id}", summary="A simulation with its progress, and its result when it is done")
    async def show(caller: Caller, simulation_id: Id) -> Any:
        return await read(caller, "rules:read", "claims", f"/v1/simulations/{simulation_id}")

    @api.get("/v1/simulations/{simulation_id}/tables/{name}", summary="One table of the result")
    async def table(caller: Caller, simulation_id: Id, name: Name) -> Any:
        return await read(caller, "rules:read", "claims", f"/v1/simulations/{simulation_id}/tables/{name}")

    return api
