"""REST: personal accounts: monthly credits, family sharing, closing, statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from claims.application.accounts.close_account import CloseAccount
from claims.application.accounts.credit_month import CreditMonth, MonthRow
from claims.application.accounts.open_sharing import OpenSharing, OpenSharingCommand
from claims.application.accounts.show_account import ShowAccount
from claims.application.accounts.withdraw_sharing import WithdrawSharing
from claims.domain.accounts.rules import Relation
from shared.db.once import digest_of
from shared.errors import invalid
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor
from shared.money import MAX_FEN
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Actor = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")]

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_LINES: Final = 20_000


class _Body(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class MonthLine(_Body):
    """One line of a month's roll."""

    person_id: str = Field(min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$")
    month: str = Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    base_fen: int | None = Field(None, gt=0, le=MAX_FEN, strict=True)


class SharingBody(_Body):
    """An authorisation of the holder."""

    beneficiary_id: str = Field(min_length=1, max_length=30)
    relation: Relation
    begins_on: date | None = None
    ends_on: date | None = None
    limit_fen: int | None = Field(None, gt=0, le=MAX_FEN)
    actor: Actor


class ActorBody(_Body):
    """Who acts."""

    actor: Actor
    note: Words | None = None


class ClosureBody(_Body):
    """A death, and the papers that show it and who succeeds."""

    died_on: date
    reference: Words
    actor: Actor


def accounts_router(
    credit_month: CreditMonth,
    open_sharing: OpenSharing,
    withdraw_sharing: WithdrawSharing,
    close_account: CloseAccount,
    show_account: ShowAccount,
) -> APIRouter:
    """Routes under /v1; scopes ``accounts:write``, ``accounts:share``, ``accounts:close``, ``accounts:approve``, ``persons:read``."""
    router = APIRouter(prefix="/v1", tags=["accounts"])

    @router.post(
        "/imports/account-months",
        summary="Credit a month to many accounts (one JSON object a line: person_id, month, base_fen)",
        openapi_extra={"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
    )
    async def credit(caller: Caller, request: Request, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:write")
        _ = key  # person and month make each credit happen once
        rows, errors = read_months(await request.body())
        answer = await credit_month(rows)
        return {
            **answer,
            "received": len(rows) + len(errors),
            "errors": sorted([*errors, *answer["errors"]], key=lambda e: int(e["line"])),
        }

    @router.get("/persons/{person_id}/account", summary="A personal account: balance, years, relatives, movements newest first")
    async def show(caller: Caller, person_id: Id, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("persons:read")
        before = str(decode_cursor(after, 1)[0]) if after else None
        answer = await show_account(person_id, before, limit + 1)
        found = answer.pop("movements")
        more = len(found) > limit
        return {
            **answer,
            "movements": found[:limit],
            "next": encode_cursor(found[limit - 1]["movement_id"]) if more else None,
        }

    @router.post("/accounts/{person_id}/sharings", summary="Let a relative's bills be paid from the account")
    async def share(caller: Caller, person_id: Id, body: SharingBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:share")
        given = body.model_dump(exclude={"actor"})
        command = OpenSharingCommand(holder_id=person_id, by=body.actor, **given)
        return await open_sharing(command, _once("sharing", [person_id, body.model_dump()], key))

    @router.post("/accounts/{person_id}/sharings/{sharing_id}/withdraw", summary="Withdraw an authorisation")
    async def withdraw(caller: Caller, person_id: Id, sharing_id: Id, body: ActorBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:share")
        return await withdraw_sharing(person_id, sharing_id, body.actor, _once("withdraw", [person_id, sharing_id], key))

    @router.post("/accounts/{person_id}/closures", summary="Propose to pay the account out to the heirs")
    async def propose(caller: Caller, person_id: Id, body: ClosureBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("accounts:close")
        once = _once("closure", [person_id, body.model_dump()], key)
        return await close_account.propose(person_id, body.died_on, body.reference, body.actor, once)

    @router.post("/accounts/{person_id}/closures/{closure_id}/{act}", summary="Approve or reject a closure: another person")
    async def decide(
        caller: Caller, person_id: Id, closure_id: Id, act: Literal["approve", "reject"], body: ActorBody, key: IdempotencyKey
    ) -> dict[str, Any]:
        caller.require("accounts:approve")
        once = _once(f"closure-{act}", [person_id, closure_id, body.model_dump()], key)
        if act == "approve":
            return await close_account.approve(person_id, closure_id, body.actor, once)
        if body.note is None:
            raise invalid("claims.closure.note", "退回时应填写原因(note)", field="note")
        return await close_account.reject(person_id, closure_id, body.actor, body.note, once)

    return router


def read_months(body: bytes) -> tuple[list[MonthRow], list[dict[str, Any]]]:
    """Rows and errors by line, numbered from 1. Refuses ``claims.account.too-many``."""
    lines = body.split(b"\n")
    if len(body) > MAX_BYTES or len(lines) > MAX_LINES + 1:
        raise invalid("claims.account.too-many", f"一次最多 {MAX_LINES} 行、{MAX_BYTES >> 20} MB，请分批", lines=len(lines))
    rows: list[MonthRow] = []
    errors: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = MonthLine.model_validate_json(line)
        except ValidationError as error:
            field = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"])) or None
            title = f"第 {number} 行内容有误：{field or 'JSON'}"
            errors.append({"line": number, "code": "claims.account.line-invalid", "title": title, "field": field})
        else:
            month = date.fromisoformat(f"{read.month}-01")
            rows.append(MonthRow(line=number, person_id=read.person_id, month=month, base_fen=read.base_fen))
    return rows, errors


def _once(command: str, body: Any, key: str) -> OnceKey:
    return OnceKey(f"accounts/{command}", key, digest_of(body))
