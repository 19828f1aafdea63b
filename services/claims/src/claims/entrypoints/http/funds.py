"""REST: transfers between funds (the medical side) and personal accounts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from claims.application.funds.clear_institution import ClearInstitution
from claims.application.funds.credit_account import Credit, CreditAccount
from claims.application.funds.move_debt import DebtMovement, MoveDebt
from claims.application.funds.move_transfer import MoveTransfer, Transfer
from claims.application.funds.replenish_fund import ReplenishFund, Replenishment
from shared.db.once import digest_of
from shared.errors import Refusal
from shared.http.auth import Caller, IdempotencyKey
from shared.ledger import Book
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]


class TransferBody(BaseModel):
    """One voucher, seen from the medical book."""

    transfer_id: str = Field(min_length=1, max_length=30)
    voucher_no: str = Field(min_length=1, max_length=40)
    book: Book
    counter_book: Book
    direction: str = Field(pattern="^(in|out)$")
    amount_fen: int = Field(gt=0, le=10**12)
    case_id: str | None = Field(None, min_length=1, max_length=30)
    settlement_id: str | None = Field(None, min_length=1, max_length=30)
    conversion_id: str | None = Field(None, min_length=1, max_length=30)
    clearing_id: str | None = Field(None, min_length=1, max_length=30)
    maker: str = Field(min_length=1, max_length=50)
    checker: str | None = Field(None, max_length=50)


class TransferBodies(BaseModel):
    """At most 500 transfers to be reserved."""

    items: list[TransferBody] = Field(max_length=500)


class PostingBody(BaseModel):
    """A reserved transfer."""

    transfer_id: str = Field(min_length=1, max_length=30)


class PostingBodies(BaseModel):
    """At most 500 transfers to be booked."""

    items: list[PostingBody] = Field(max_length=500)


class ReplenishmentBody(BaseModel):
    """Money that came into a fund's payment account."""

    book: Book
    amount_fen: int = Field(gt=0, le=10**15)
    reference: str = Field(min_length=1, max_length=100)
    maker: str = Field(min_length=1, max_length=50)
    checker: str = Field(min_length=1, max_length=50)


class ClearingBody(BaseModel):
    """One institution's month in one book."""

    book: Book
    institution_code: str = Field(min_length=1, max_length=30)
    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")


class DebtMovementBody(BaseModel):
    """Money that came in on a debt, or a debt that is given up."""

    movement_id: str = Field(min_length=1, max_length=30)
    kind: Literal["receipt", "write-off", "set-off"]
    book: Book
    debtor: str = Field(pattern=r"^[EP]:.{1,64}$")
    amount_fen: int = Field(gt=0, le=10**12)
    interest_fen: int = Field(0, ge=0, le=10**12)
    case_id: str = Field(min_length=1, max_length=30)
    settlement_id: str = Field(min_length=1, max_length=30)
    conversion_id: str | None = Field(None, max_length=30)
    reference: str = Field(min_length=1, max_length=100)
    maker: str = Field(min_length=1, max_length=50)
    checker: str | None = Field(None, max_length=50)


class CreditBody(BaseModel):
    """Money for one account."""

    amount_fen: int = Field(gt=0)
    reason: str = Field("credit", max_length=100)
    reference: str = Field(min_length=1, max_length=100)


class CreditRow(BaseModel):
    """One row of a list of credits."""

    person_id: str = Field(min_length=1, max_length=30)
    amount_fen: int = Field(gt=0)
    reference: str = Field(min_length=1, max_length=100)


class CreditRows(BaseModel):
    """At most 5,000 credits."""

    credits: list[CreditRow] = Field(max_length=5000)


def funds_router(
    transfers: MoveTransfer, credit: CreditAccount, clear: ClearInstitution, move_debt: MoveDebt, replenish: ReplenishFund
) -> APIRouter:
    """Routes under /v1; scopes ``transfers:write`` and ``accounts:write``."""
    router = APIRouter(prefix="/v1", tags=["funds"])

    @router.post("/transfers", summary="Reserve the medical side of a transfer between funds")
    async def reserve(caller: Caller, body: TransferBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key  # the transfer's own id makes the command happen once
        return {"transfer_id": body.transfer_id, "state": await transfers.reserve(Transfer(**body.model_dump()))}

    @router.get("/transfers/{transfer_id}", summary="A transfer and its state")
    async def show(caller: Caller, transfer_id: Id) -> dict[str, Any]:
        caller.require("transfers:write")
        found, state = await transfers.show(transfer_id)
        sides = ("transfer_id", "voucher_no", "book", "counter_book", "direction", "amount_fen")
        return {name: getattr(found, name) for name in sides} | {"state": state}

    @router.post("/replenishments", summary="Book money that came into a fund's payment account")
    async def fill(caller: Caller, body: ReplenishmentBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        once = OnceKey(f"{caller.subject} replenishments", key, digest_of(body.model_dump(mode="json")))
        return await replenish(once, Replenishment(**body.model_dump()))

    @router.post("/transfers/{transfer_id}/post", summary="Book a reserved transfer")
    async def post(caller: Caller, transfer_id: Id, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key
        return {"transfer_id": transfer_id, "state": await transfers.post(transfer_id)}

    @router.post("/transfers/{transfer_id}/void", summary="Give a reserved transfer up")
    async def void(caller: Caller, transfer_id: Id, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key
        return {"transfer_id": transfer_id, "state": await transfers.void(transfer_id)}

    @router.post("/transfer-reservations", summary="Reserve the medical side of many transfers; each is answered for itself")
    async def reserve_all(caller: Caller, body: TransferBodies, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key
        states = await transfers.reserve_all([Transfer(**item.model_dump()) for item in body.items])
        return {"items": [_state(state) for state in states]}

    @router.post("/transfer-postings", summary="Book many reserved transfers; each is answered for itself")
    async def post_all(caller: Caller, body: PostingBodies, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key
        return {"items": [_state(state) for state in await transfers.post_all([item.transfer_id for item in body.items])]}

    @router.post("/clearings", summary="Pay an institution what a fund owes it for a month")
    async def clear_month(caller: Caller, body: ClearingBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        once = OnceKey("clearings", key, digest_of(body.model_dump(mode="json")))
        return await clear(once, body.book, body.institution_code, body.month)

    @router.post("/debt-movements", summary="Book money that came in on a debt to a fund, or that it is given up")
    async def move(caller: Caller, body: DebtMovementBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("transfers:write")
        _ = key  # the movement's own id makes the command happen once
        once = OnceKey("debt-movements", body.movement_id, digest_of(body.model_dump(mode="json")))
        return await move_debt(DebtMovement(**body.model_dump()), once)

    @router.post("/accounts/{person_id}/credits", summary="Credit a personal account")
    async def credit_one(caller: Caller, person_id: Id, body: CreditBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:write")
        _ = key  # the reference makes it happen once
        new = await credit([Credit(person_id=person_id, amount_fen=body.amount_fen, reference=body.reference)])
        return {"person_id": person_id, "credited": bool(new)}

    @router.post("/imports/accounts", summary="Credit many personal accounts")
    async def credit_many(caller: Caller, body: CreditRows, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:write")
        _ = key
        new = await credit([Credit(**row.model_dump()) for row in body.credits])
        return {"received": len(body.credits), "credited": new}

    return router


def _state(state: str | Refusal) -> dict[str, Any]:
    return {"problem": state.as_problem()} if isinstance(state, Refusal) else {"state": state}
