"""Ledger queries, the same in every service that owns a book: journals and trial balance."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.db.database import Database
from shared.db.once import SqlOnce, digest_of
from shared.errors import not_found
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, cursor_invalid, decode_cursor, encode_cursor, page
from shared.ledger import ACCOUNT_NAMES, BOOK_NAMES, Book, Entry
from shared.ledger.store import LedgerStore
from shared.transactions import OnceKey, Tx


class PeriodBody(BaseModel):
    """A month of a book to close; a person who calls is the second of the two."""

    model_config = ConfigDict(extra="forbid")
    book: str = Field(max_length=10)
    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    maker: str = Field(min_length=1, max_length=50)
    checker: str | None = Field(None, min_length=1, max_length=50)


def ledger_router(db: Database, store: LedgerStore, books: frozenset[Book]) -> APIRouter:
    """Routes under /v1/ledger for the books this service owns; scopes ``ledger:read`` and ``ledger:close``."""
    once = SqlOnce(db)
    router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

    def own(book: str) -> Book:
        if book not in {b.value for b in books}:
            raise not_found("ledger.book-unknown", f"本服务没有账套 {book}", f"no book {book} here", field="book")
        return Book(book)

    @router.get("/journals", summary="Journals of a book, settlement or case, oldest first")
    async def journals(
        caller: Caller,
        book: str | None = Query(None, max_length=10),
        settlement_id: str | None = Query(None, max_length=30),
        case_id: str | None = Query(None, max_length=30),
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("ledger:read")
        if book is not None:
            own(book)
        start = _number(decode_cursor(after, 1)[0]) if after else None
        async with db.reading() as tx:
            rows = await store.page(tx, book=book, settlement_id=settlement_id, case_id=case_id, after=start, limit=limit + 1)
        cursor = encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None
        return page([{**describe(entry), "recorded_at": at} for _, entry, at in rows], limit, cursor)

    @router.get("/periods", summary="Closed months of a book, newest first")
    async def periods(caller: Caller, book: str = Query(max_length=10)) -> dict[str, Any]:
        caller.require("ledger:read")
        chosen = own(book)
        async with db.reading() as tx:
            return {"items": await store.closed_periods(tx, chosen)}

    @router.post("/periods", status_code=201, summary="Close a month of a book; two persons answer for it")
    async def close(caller: Caller, key: IdempotencyKey, body: PeriodBody) -> dict[str, Any]:
        caller.require("ledger:close")
        chosen = own(body.book)
        checker = body.checker if caller.service and body.checker is not None else caller.subject

        async def work(tx: Tx) -> dict[str, Any]:
            await store.close_period(tx, chosen, body.month, maker=body.maker, checker=checker)
            return {"book": chosen.value, "month": body.month, "maker": body.maker, "checker": checker}

        asked = OnceKey(f"{caller.subject} close period", key, digest_of(body.model_dump(mode="json")))
        return (await once.run(asked, work))[0]

    @router.get("/trial-balance", summary="Sums per account of one book up to a day")
    async def trial_balance(caller: Caller, book: str = Query(max_length=10), on: date | None = None) -> dict[str, Any]:
        caller.require("ledger:read")
        chosen = own(book)
        async with db.reading() as tx:
            rows = await store.trial_balance(tx, chosen, on)
        debit, credit = sum(r["debit_fen"] for r in rows), sum(r["credit_fen"] for r in rows)
        return {
            "book": chosen.value,
            "name": BOOK_NAMES[chosen],
            "on": on,
            "rows": rows,
            "debit_fen": debit,
            "credit_fen": credit,
            "balanced": debit == credit,
        }

    return router


def _number(part: Any) -> int:
    if not isinstance(part, int):
        raise cursor_invalid()
    return part


def describe(entry: Entry) -> dict[str, Any]:
    """A journal as JSON, with the names of its accounts."""
    return {
        "entry_id": entry.entry_id,
        "book": entry.book.value,
        "booked_on": entry.booked_on,
        "kind": entry.kind,
        "memo": entry.memo,
        "person_id": entry.person_id,
        "settlement_id": entry.settlement_id,
        "case_id": entry.case_id,
        "conversion_id": entry.conversion_id,
        "decision_version": entry.decision_version,
        "voucher_no": entry.voucher_no,
        "maker": entry.maker,
        "checker": entry.checker,
        "reverses": entry.reverses,
        "lines": [
            {
                "account": line.account,
                "name": ACCOUNT_NAMES[line.account],
                "dim": line.dim,
                "debit_fen": line.debit_fen,
                "credit_fen": line.credit_fen,
            }
            for line in entry.lines
        ],
    }
