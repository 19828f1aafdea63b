"""REST: simulations, asked for and looked at."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from claims.application.simulation.find_simulation import FindSimulation
from claims.application.simulation.start_simulation import AskSimulation, StartSimulation
from claims.domain.simulation import SHARES, FactsSource, WantedBook
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]
Name = Annotated[str, Path(max_length=30, pattern="^[a-z_]+$")]


class BookBody(BaseModel):
    """Which rules: in force on a day, one version by its digest, or a book of the register; exactly one of them."""

    model_config = ConfigDict(extra="forbid")

    day: date | None = None
    digest: str | None = Field(None, pattern="^sha256:[0-9a-f]{64}$")
    book_id: str | None = Field(None, min_length=1, max_length=30)


class FactsBody(BaseModel):
    """Which claims: a facts folder by name, or the settlements stored of a period, both days included."""

    model_config = ConfigDict(extra="forbid")

    folder: str | None = Field(None, min_length=1, max_length=60, pattern=r"^[\w-]+$")
    begins_on: date | None = None
    ends_on: date | None = None


class SimulationBody(BaseModel):
    """What is to be simulated. Amounts in fen, shares in millionths; ``pools`` as the file of the command."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    asked_by: str = Field(min_length=1, max_length=50)
    facts: FactsBody
    book_a: BookBody
    book_b: BookBody
    income_fen: int | None = Field(None, gt=0, le=10**12, description="disposable income a head, for the lines of burden")
    shares: list[Annotated[int, Field(gt=0, le=1_000_000)]] = Field(list(SHARES), max_length=10)
    pools: dict[str, Any] | None = None
    seed: int = Field(1, ge=0, lt=2**31)


def simulations_router(start: StartSimulation, find: FindSimulation) -> APIRouter:
    """Routes under /v1; scopes ``rules:simulate`` and ``rules:read``."""
    router = APIRouter(prefix="/v1", tags=["simulations"])

    @router.post("/simulations", status_code=202, summary="Ask for a simulation: two books on past claims")
    async def ask(caller: Caller, body: SimulationBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("rules:simulate")
        stated = body.model_dump(mode="json")
        asked = AskSimulation(
            title=body.title,
            asked_by=body.asked_by,
            facts=FactsSource(**body.facts.model_dump()),
            book_a=WantedBook(**body.book_a.model_dump()),
            book_b=WantedBook(**body.book_b.model_dump()),
            income_fen=body.income_fen,
            shares=tuple(body.shares),
            pools=body.pools,
            seed=body.seed,
        )
        return await start(asked, OnceKey("simulations", key, digest_of(stated)))

    @router.get("/simulations", summary="Simulations, newest first, without their results")
    async def listed(caller: Caller, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("rules:read")
        rows = await find.page(str(decode_cursor(after, 1)[0]) if after else None, limit + 1)
        return page(rows, limit, encode_cursor(rows[limit - 1]["simulation_id"]) if len(rows) > limit else None)

    @router.get("/simulations/{simulation_id}", summary="A simulation with its progress, and its result when it is done")
    async def show(caller: Caller, simulation_id: Id) -> dict[str, Any]:
        caller.require("rules:read")
        return await find(simulation_id)

    @router.get("/simulations/{simulation_id}/tables/{name}", summary="One table of the result")
    async def table(caller: Caller, simulation_id: Id, name: Name) -> dict[str, Any]:
        caller.require("rules:read")
        return {"items": await find.table(simulation_id, name), "next": None}

    return router
