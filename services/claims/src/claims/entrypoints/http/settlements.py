"""REST: settlements, what a year has used up, and conversion's two commands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from claims.application.late.take_stay_over import TakeOver, TakeStayOver
from claims.application.settlement.charge_back import ChargeBack, ChargeClaimBack
from claims.application.settlement.describe_settlement import DescribeSettlement
from claims.application.settlement.list_settlements import ListSettlements
from claims.application.settlement.read_bills import ReadBills
from claims.application.settlement.replay_settlement import ReplaySettlement
from claims.application.settlement.take_claim_back import Expected, TakeBack, TakeClaimBack
from claims.application.settlement.take_claims_back import TakeClaimsBack
from claims.application.settlement.undo_charge_back import UndoChargeBack, UndoClaimChargeBack
from claims.domain.kept_part import KeptLine
from claims.domain.taking_back import EmployerShare
from shared.contracts.claims import FundPayment
from shared.db.once import digest_of
from shared.errors import Refusal
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, cursor_invalid, decode_cursor, encode_cursor, page
from shared.ledger import Book
from shared.money import MAX_FEN
from shared.transactions import OnceKey

Id = Annotated[str, Path(max_length=30)]


class KeptLineBody(BaseModel):
    """A line, or the part of it, that stays with the medical funds."""

    line_id: str = Field(min_length=1, max_length=64)
    amount_fen: int = Field(ge=-MAX_FEN, le=MAX_FEN)


class EmployerBody(BaseModel):
    """What of the amounts due an employer owes each book itself."""

    employer_id: str = Field(min_length=1, max_length=64)
    by_book: dict[Book, Annotated[int, Field(gt=0, le=MAX_FEN)]] = Field(min_length=1)


class TrialBody(BaseModel):
    """What a take-back would keep."""

    keep_lines: list[KeptLineBody] = Field(default_factory=list, max_length=5000)


class OwedBody(BaseModel):
    """What one account of a book is owed."""

    book: Book
    account: str = Field(max_length=20)
    fund_pay_type: str = Field("", max_length=20)
    amount_fen: int = Field(ge=-MAX_FEN, le=MAX_FEN)


class ExpectedBody(BaseModel):
    """What was approved: anything else is refused."""

    owed: list[OwedBody] = Field(max_length=50)
    total_fen: int
    cash_fen: int
    kept_cash_fen: int


class TakeBackBody(TrialBody):
    """Who takes a settlement back, on which decision."""

    conversion_id: str = Field(min_length=1, max_length=30)
    case_id: str = Field(min_length=1, max_length=30)
    decision_id: str = Field(min_length=1, max_length=30)
    decision_version: int = Field(ge=1)
    mode: Literal["inter-fund", "net"] = Field(
        "inter-fund", description="net: in the books that have not paid the institution for the month yet"
    )
    maker: str = Field(min_length=1, max_length=50)
    checker: str = Field(min_length=1, max_length=50)
    employer: EmployerBody | None = None
    expected: ExpectedBody | None = None


class ChargeBackBody(BaseModel):
    """A double payment that two people have confirmed."""

    double_bill_id: str = Field(min_length=1, max_length=30)
    case_id: str = Field(min_length=1, max_length=30)
    paid_to_person: bool
    maker: str = Field(min_length=1, max_length=50)
    checker: str = Field(min_length=1, max_length=50)


class UndoChargeBackBody(BaseModel):
    """A charge-back that two people have found wrong."""

    double_bill_id: str = Field(min_length=1, max_length=30)
    case_id: str = Field(min_length=1, max_length=30)
    maker: str = Field(min_length=1, max_length=50)
    checker: str = Field(min_length=1, max_length=50)


class TakeOverBody(BaseModel):
    """A recognition was finally revoked: what the work-injury fund has paid of a stay, and what was paid of its lines."""

    case_id: str = Field(min_length=1, max_length=30)
    decision_version: int = Field(ge=1)
    paid_fen: int = Field(ge=0, le=MAX_FEN)
    lines: list[KeptLineBody] = Field(min_length=1, max_length=5000)


class BillItem(BaseModel):
    """One settlement."""

    settlement_id: str = Field(min_length=1, max_length=30)


class BillItems(BaseModel):
    """At most 500 settlements."""

    items: list[BillItem] = Field(max_length=500)


class TakeBackItem(TakeBackBody):
    """One of many."""

    settlement_id: str = Field(min_length=1, max_length=30)


class TakeBackItems(BaseModel):
    """At most 500 settlements to be taken back."""

    items: list[TakeBackItem] = Field(max_length=500)


def settlements_router(
    describe: DescribeSettlement,
    lists: ListSettlements,
    take_back: TakeClaimBack,
    charge_back: ChargeClaimBack,
    take_back_all: TakeClaimsBack,
    read_bills: ReadBills,
    replay: ReplaySettlement,
    take_over: TakeStayOver,
    undo: UndoClaimChargeBack,
) -> APIRouter:
    """Routes under /v1; scopes ``settlements:read`` and ``settlements:convert``."""
    router = APIRouter(prefix="/v1", tags=["settlements"])

    @router.get("/settlements/{settlement_id}", summary="One settlement with its explanation and fee lines")
    async def show(caller: Caller, settlement_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await describe(settlement_id)

    @router.get("/settlements/{settlement_id}/replay", summary="Decide it again from its stored facts and compare every amount")
    async def again(caller: Caller, settlement_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return await replay(settlement_id)

    @router.get("/settlements", summary="A person's settlements, newest first")
    async def listed(
        caller: Caller, person_id: str = Query(max_length=30), limit: Limit = 50, after: After = None
    ) -> dict[str, Any]:
        caller.require("settlements:read")
        rows = await lists.of_person(person_id, _cursor(after) if after else None, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return page(
            [asdict(row) for row in rows],
            limit,
            encode_cursor(last.settled_at.isoformat(), last.settlement_id) if last else None,
        )

    @router.get("/persons/{person_id}/year", summary="What a person's benefit year has used up, and the room left")
    async def year(caller: Caller, person_id: Id, year: int = Query(ge=2000, le=2100)) -> dict[str, Any]:
        caller.require("settlements:read")
        return await lists.year(person_id, year)

    @router.post("/settlements/{settlement_id}/take-back", summary="Take a settlement back for the work-injury fund")
    async def take(caller: Caller, settlement_id: Id, body: TakeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        return await take_back.take_back(_command(settlement_id, body), _once("take-back", settlement_id, body, key))

    @router.post("/settlement-bills", summary="What many settlements stand at, with their fee lines; nothing changes")
    async def bills(caller: Caller, body: BillItems) -> dict[str, Any]:
        caller.require("settlements:read")
        answers = await read_bills([item.settlement_id for item in body.items])
        return {"items": [{"problem": a.as_problem()} if isinstance(a, Refusal) else a for a in answers]}

    @router.post(
        "/take-backs", summary="Take many settlements back; each is answered for itself, and happens once per conversion"
    )
    async def take_all(caller: Caller, body: TakeBackItems, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        _ = key
        asked = [(_command(item.settlement_id, item), _of_conversion(item)) for item in body.items]
        answers = await take_back_all(asked)
        return {"items": [{"problem": a.as_problem()} if isinstance(a, Refusal) else a for a in answers]}

    @router.post("/settlements/{settlement_id}/take-back/trial", summary="What taking back would give; nothing changes")
    async def trial(caller: Caller, settlement_id: Id, body: TrialBody) -> dict[str, Any]:
        caller.require("settlements:convert")
        return await take_back.trial(settlement_id, _kept(body))

    @router.post("/settlements/{settlement_id}/restore", summary="Make a taken-back settlement valid again")
    async def restore(caller: Caller, settlement_id: Id, body: TakeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        return await take_back.restore(_command(settlement_id, body), _once("restore", settlement_id, body, key))

    @router.post("/settlements/{settlement_id}/charge-back", summary="The work-injury fund has paid the same bill")
    async def charge(caller: Caller, settlement_id: Id, body: ChargeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        once = OnceKey("settlements/charge-back", key, digest_of([settlement_id, body.model_dump(mode="json")]))
        return await charge_back(ChargeBack(settlement_id=settlement_id, **body.model_dump()), once)

    @router.post(
        "/settlements/{settlement_id}/charge-back/undo", summary="The charge-back was wrong: the settlement stands again"
    )
    async def undo_charge(caller: Caller, settlement_id: Id, body: UndoChargeBackBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        once = OnceKey("settlements/charge-back/undo", key, digest_of([settlement_id, body.model_dump(mode="json")]))
        return await undo(UndoChargeBack(settlement_id=settlement_id, **body.model_dump()), once)

    @router.get("/settlements/{settlement_id}/work-injury-lines", summary="The fee lines as the bridge was asked to judge them")
    async def injury_lines(caller: Caller, settlement_id: Id) -> dict[str, Any]:
        caller.require("settlements:read")
        return {"items": await take_over.lines(settlement_id)}

    @router.post(
        "/settlements/{settlement_id}/take-over",
        summary="The recognition was finally revoked: the medical funds settle what the work-injury fund has paid directly",
    )
    async def over(caller: Caller, settlement_id: Id, body: TakeOverBody, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("settlements:convert")
        once = OnceKey("settlements/take-over", key, digest_of([settlement_id, body.model_dump(mode="json")]))
        kept = tuple(KeptLine(line_id=line.line_id, amount_fen=line.amount_fen) for line in body.lines)
        command = TakeOver(
            settlement_id=settlement_id,
            case_id=body.case_id,
            decision_version=body.decision_version,
            paid_fen=body.paid_fen,
            lines=kept,
        )
        return await take_over(command, once)

    return router


def _command(settlement_id: str, body: TakeBackBody) -> TakeBack:
    employer = body.employer
    return TakeBack(
        settlement_id=settlement_id,
        conversion_id=body.conversion_id,
        case_id=body.case_id,
        decision_id=body.decision_id,
        decision_version=body.decision_version,
        maker=body.maker,
        checker=body.checker,
        keep_lines=_kept(body),
        employer=(
            EmployerShare(employer_id=employer.employer_id, by_book=tuple((b.value, n) for b, n in employer.by_book.items()))
            if employer is not None
            else None
        ),
        net=body.mode == "net",
        expected=None if body.expected is None else _expected(body.expected),
    )


def _expected(body: ExpectedBody) -> Expected:
    owed = tuple(FundPayment(**p.model_dump(exclude={"book"}), book=p.book.value) for p in body.owed)
    return Expected(owed=owed, **body.model_dump(exclude={"owed"}))


def _kept(body: TrialBody) -> tuple[KeptLine, ...]:
    return tuple(KeptLine(line_id=line.line_id, amount_fen=line.amount_fen) for line in body.keep_lines)


def _of_conversion(item: TakeBackItem) -> OnceKey:
    # what is expected does not change what the command does
    plain = item.model_dump(mode="json", exclude={"settlement_id", "expected"})
    return OnceKey("settlements/take-back", f"take-back:{item.conversion_id}", digest_of([item.settlement_id, plain]))


def _once(command: str, settlement_id: str, body: TakeBackBody, key: str) -> OnceKey:
    # what is expected does not change what the command does
    asked = body.model_dump(mode="json", exclude={"expected"})
    return OnceKey(f"settlements/{command}", key, digest_of([settlement_id, asked]))


def _cursor(after: str) -> tuple[str, str]:
    settled_at, settlement_id = map(str, decode_cursor(after, 2))
    try:
        datetime.fromisoformat(settled_at)
    except ValueError:
        raise cursor_invalid() from None
    return settled_at, settlement_id
