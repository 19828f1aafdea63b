"""The month's end through one door (docs/clearing.md): clearings between funds, money that comes in, and closing a period."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.domain.books import book_owner
from gateway.entrypoints.http.fields import PLAIN, Filter, Id
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.money import MAX_FEN
from shared.transactions import OnceKey

BRIDGE: Final = "workinjury-bridge"
_RUNS: Final = "/v1/interfund-clearings"

Book = Annotated[str, Field(min_length=1, max_length=10, pattern="^[A-Z]+$")]
Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="YYYY-MM")]


class _Body(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class NothingBody(_Body):
    """Nothing more to say."""


class RunBody(_Body):
    """Whose month is to be cleared."""

    payer: Book
    month: Month


class ReplenishmentBody(_Body):
    """Money that came into the payment account of the work-injury fund."""

    amount_fen: Annotated[int, Field(gt=0, le=MAX_FEN, description="fen")]
    source: Literal["fiscal-account", "reserve", "adjustment-fund", "government-advance"]
    reference: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]


class MedicalReplenishmentBody(_Body):
    """Money that came into the payment account of a medical fund."""

    book: Book
    amount_fen: Annotated[int, Field(gt=0, le=MAX_FEN, description="fen")]
    reference: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]


class PeriodBody(_Body):
    """A month of a book to close."""

    book: Book
    month: Month


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/interfund-clearings, /v1/replenishments and /v1/ledger/periods; scopes ``clearing:…``, ``ledger:propose``, ``ledger:close``."""
    api = APIRouter(prefix="/v1")
    _clearings(api, gateway)
    _periods(api, gateway)
    return api


def _clearings(api: APIRouter, gateway: Gateway) -> None:
    read, forward = gateway.read_owned, gateway.forward_command

    @api.get("/interfund-clearings", tags=["clearing"], summary="Runs, newest first")
    async def runs(caller: Caller, payer: Filter = None, state: Filter = None, limit: Limit = 50, after: After = None) -> Any:
        params = {"payer": payer, "state": state, "limit": limit, "after": after}
        return await read(caller, "clearing:read", BRIDGE, _RUNS, params)

    @api.get("/interfund-clearings/worklist", tags=["clearing"], summary="What waits for a person, with cause and fix")
    async def waiting(caller: Caller) -> Any:
        return await read(caller, "clearing:read", BRIDGE, f"{_RUNS}/worklist")

    @api.get("/interfund-clearings/{clearing_id}", tags=["clearing"], summary="A run with its pairs, vouchers and their cases")
    async def run(caller: Caller, clearing_id: Id) -> Any:
        return await read(caller, "clearing:read", BRIDGE, f"{_RUNS}/{clearing_id}")

    @api.post("/interfund-clearings", status_code=201, tags=["clearing"], summary="Propose the clearing of a fund's month")
    async def propose(caller: Caller, body: RunBody, key: IdempotencyKey) -> Any:
        return await forward.into(caller, "clearing:propose", BRIDGE, _RUNS, body.model_dump(), key, about=None)

    @api.post(
        "/fund-replenishments",
        status_code=201,
        tags=["clearing"],
        summary="Propose to book money that came into the work-injury fund; a second person decides",
    )
    async def replenish(caller: Caller, body: ReplenishmentBody, key: IdempotencyKey) -> Any:
        once = _once(caller, "replenishments", key, body)
        return await gateway.propose_act(caller, "replenishment", body.reference, body.model_dump(), once)

    @api.post(
        "/replenishments",
        status_code=201,
        tags=["clearing"],
        summary="Propose to book money that came into a medical fund; a second person decides",
    )
    async def replenish_medical(caller: Caller, body: MedicalReplenishmentBody, key: IdempotencyKey) -> Any:
        once = _once(caller, "medical-replenishments", key, body)
        return await gateway.propose_act(caller, "medical-replenishment", body.reference, body.model_dump(), once)

    @api.post(
        "/interfund-clearings/{clearing_id}/{act}",
        tags=["clearing"],
        summary="The second person agrees; or another round for what is left",
    )
    async def decide(
        caller: Caller,
        clearing_id: Id,
        act: Literal["approve", "resume"],
        key: IdempotencyKey,
        body: NothingBody | None = None,
    ) -> Any:
        _ = body
        return await forward(caller, "clearing:approve", BRIDGE, f"{_RUNS}/{clearing_id}", act, {}, key)


def _periods(api: APIRouter, gateway: Gateway) -> None:
    @api.get("/ledger/periods", tags=["ledger"], summary="Closed months of a book, newest first")
    async def periods(caller: Caller, book: Annotated[str, Query(max_length=10)]) -> Any:
        return await gateway.read_owned.ledger(caller, "periods", book, {})

    @api.post(
        "/ledger/periods",
        status_code=201,
        tags=["ledger"],
        summary="Propose to close a month of a book; a second person decides",
    )
    async def close(caller: Caller, body: PeriodBody, key: IdempotencyKey) -> Any:
        caller.require("ledger:propose")
        book_owner(body.book)
        once = _once(caller, "periods", key, body)
        return await gateway.propose_act(caller, "period", f"{body.book}-{body.month}", body.model_dump(), once)


def _once(caller: Caller, scope: str, key: str, body: BaseModel) -> OnceKey:
    return OnceKey(f"{caller.subject}/{scope}", key, digest_of(body.model_dump(mode="json")))
