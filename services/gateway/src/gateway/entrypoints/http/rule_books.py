"""Rule books, which claims keeps: read, submit, move on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id, Text, Words
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit
from shared.http.texts import text_body, text_body_document

MAX_BYTES: Final = 4_000_000

_Version = Annotated[str | None, Query(max_length=100, pattern=PLAIN)]
_Against = Annotated[str | None, Query(pattern="^[0-9A-Z]{1,30}$", description="the other book; the same if left out")]


class ActNote(BaseModel):
    """What whoever acts has to say."""

    model_config = ConfigDict(extra="forbid")

    note: Words | None = None


class RuleBookText(ActNote):
    """A book's text (YAML) and what to call it in messages."""

    text: str = Field(min_length=1, max_length=1_000_000, pattern=r"^[^\x00]*$")
    file: Text | None = None


class TrialPeriod(ActNote):
    """Settlements made from one day to another, both included, decided by a version of the book (its last if left out)."""

    from_on: date
    to_on: date
    version: Text | None = None


class LastDay(ActNote):
    """The last day of a book that is in force."""

    ends_on: date | None = None


_TEXT: Final = text_body_document(RuleBookText, "text/yaml")


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1; scopes ``rules:read``, ``rules:write``, ``rules:approve``."""
    api = APIRouter(tags=["rule books"])
    read, act = gateway.read_rule_books, gateway.act_on_rule_book

    @api.get("/v1/rule-books", summary="Rule books, newest first")
    async def listed(
        caller: Caller,
        region: Filter = None,
        scheme: Filter = None,
        state: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        params = {"region": region, "scheme": scheme, "state": state, "limit": limit, "after": after}
        return await read(caller, "/v1/rule-books", params)

    @api.get("/v1/rule-books/{book_id}", summary="A rule book: text, parsed, sources, check, trial, history")
    async def show(caller: Caller, book_id: Id) -> Any:
        return await read(caller, f"/v1/rule-books/{book_id}")

    @api.get("/v1/rule-books/{book_id}/diff", summary="What differs between two versions: path, before, after")
    async def diff(
        caller: Caller, book_id: Id, against: _Against = None, version: _Version = None, against_version: _Version = None
    ) -> Any:
        params = {"against": against, "version": version, "against_version": against_version}
        return await read(caller, f"/v1/rule-books/{book_id}/diff", params)

    @api.get("/v1/rule-books/{book_id}/lint", summary="What the last check of the text found")
    async def lint_result(caller: Caller, book_id: Id) -> Any:
        return await read(caller, f"/v1/rule-books/{book_id}/lint")

    @api.get("/v1/rule-books/{book_id}/jobs", summary="Trials of a book with their progress, newest first")
    async def jobs(caller: Caller, book_id: Id, limit: Limit = 50, after: After = None) -> Any:
        return await read(caller, f"/v1/rule-books/{book_id}/jobs", {"limit": limit, "after": after})

    @api.get("/v1/rule-book-jobs/{job_id}", summary="A trial with its progress and result")
    async def job(caller: Caller, job_id: Id) -> Any:
        return await read(caller, f"/v1/rule-book-jobs/{job_id}")

    @api.post("/v1/rule-books", status_code=201, summary="Submit a rule book as a draft", openapi_extra=_TEXT)
    async def submit(caller: Caller, request: Request, key: IdempotencyKey) -> Any:
        body = await text_body(request, RuleBookText, max_bytes=MAX_BYTES)
        return await act.submit(caller, None, body.model_dump(), key)

    @api.put("/v1/rule-books/{book_id}", summary="Another text of a book that is not approved yet", openapi_extra=_TEXT)
    async def change(caller: Caller, book_id: Id, request: Request, key: IdempotencyKey) -> Any:
        body = await text_body(request, RuleBookText, max_bytes=MAX_BYTES)
        return await act.submit(caller, book_id, body.model_dump(), key)

    @api.post("/v1/rule-books/{book_id}/lint", summary="Check a draft")
    async def lint(caller: Caller, book_id: Id, key: IdempotencyKey, body: ActNote | None = None) -> Any:
        return await act(caller, book_id, "lint", _said(body), key)

    @api.post("/v1/rule-books/{book_id}/shadow-run", status_code=202, summary="Try a book on past settlements: a job")
    async def shadow_run(caller: Caller, book_id: Id, body: TrialPeriod, key: IdempotencyKey) -> Any:
        return await act(caller, book_id, "shadow-run", _said(body), key)

    @api.post("/v1/rule-books/{book_id}/approve", summary="Approve: the first makes the maker, the second the checker")
    async def approve(caller: Caller, book_id: Id, key: IdempotencyKey, body: ActNote | None = None) -> Any:
        return await act(caller, book_id, "approve", _said(body), key)

    @api.post("/v1/rule-books/{book_id}/make-effective", summary="Put an approved book in force from the days it says")
    async def make_effective(caller: Caller, book_id: Id, key: IdempotencyKey, body: ActNote | None = None) -> Any:
        return await act(caller, book_id, "make-effective", _said(body), key)

    @api.post("/v1/rule-books/{book_id}/retire", summary="End a book in force (two people), or give up one that is not")
    async def retire(caller: Caller, book_id: Id, key: IdempotencyKey, body: LastDay | None = None) -> Any:
        return await act(caller, book_id, "retire", _said(body), key)

    return api


def _said(body: ActNote | None) -> dict[str, Any]:
    return {} if body is None else body.model_dump(mode="json")
