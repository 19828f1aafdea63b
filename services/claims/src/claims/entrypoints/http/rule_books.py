"""REST: the life of rule books."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from claims.application.rule_books.ask_shadow_run import AskedTrial
from claims.application.rule_books.ports import BookFilter
from claims.application.rule_books.submit_book import Submission
from claims.bootstrap import RuleBookDesk
from claims.entrypoints.http.actors import actor_of
from shared.auth import Principal
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.http.texts import text_body, text_body_document
from shared.transactions import OnceKey

MAX_TEXT: Final = 1_000_000
"""Characters of a book; the longest of ours has a few thousand."""

_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
_Id = Annotated[str, Path(pattern="^[0-9A-Z]{1,30}$")]
_Filter = Annotated[str | None, Query(max_length=20, pattern=_PLAIN)]
_Version = Annotated[str | None, Query(max_length=100, pattern=_PLAIN)]
_Against = Annotated[str | None, Query(pattern="^[0-9A-Z]{1,30}$", description="the other book; the same if left out")]


class ActBody(BaseModel):
    """Who acts and what he has to say. A service names the person it acts for."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = Field(None, min_length=1, max_length=50, pattern=_PLAIN)
    note: str = Field("", max_length=2000, pattern=r"^[^\x00]*$")


class TextBody(ActBody):
    """A book's text. ``regions``: where the person that a service acts for may submit books."""

    text: str = Field(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00]*$")
    file: str = Field("submitted.book.yaml", min_length=1, max_length=200, pattern=_PLAIN)
    regions: list[str] | None = None


_TEXT: Final = text_body_document(TextBody, "text/yaml")


class TrialBody(ActBody):
    """Which settlements to decide again, by the days they were made."""

    from_on: date
    to_on: date
    version: str | None = Field(None, max_length=100, pattern=_PLAIN)


class EndBody(ActBody):
    """The last day of a book that is in force; not needed for one that is not."""

    ends_on: date | None = None


def rule_books_router(desk: RuleBookDesk) -> APIRouter:
    """Routes under /v1; scopes ``rules:read``, ``rules:write`` (submit, lint, shadow-run, give up), ``rules:approve``."""
    router = APIRouter(prefix="/v1", tags=["rule books"])

    @router.get("/rule-books", summary="Rule books, newest first")
    async def listed(
        caller: Caller,
        region: _Filter = None,
        scheme: _Filter = None,
        state: _Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        caller.require("rules:read")
        wanted = BookFilter(region=region, scheme=scheme, state=state)
        return _page(await desk.lists.page(wanted, _after(after), limit + 1), limit, "book_id")

    @router.get("/rule-books/{book_id}", summary="A rule book: text, parsed, sources, check, trial, history")
    async def show(caller: Caller, book_id: _Id) -> dict[str, Any]:
        caller.require("rules:read")
        return await desk.lists.show(book_id)

    @router.get("/rule-books/{book_id}/diff", summary="What differs between two versions: path, before, after")
    async def diff(
        caller: Caller, book_id: _Id, against: _Against = None, version: _Version = None, against_version: _Version = None
    ) -> dict[str, Any]:
        caller.require("rules:read")
        return await desk.lists.diff(book_id, against or book_id, version, against_version)

    @router.get("/rule-books/{book_id}/lint", summary="What the last check of the text found")
    async def lint_result(caller: Caller, book_id: _Id) -> dict[str, Any]:
        caller.require("rules:read")
        return await desk.lists.lint(book_id)

    @router.get("/rule-books/{book_id}/jobs", summary="Trials of a book with their progress, newest first")
    async def jobs(caller: Caller, book_id: _Id, limit: Limit = 50, after: After = None) -> dict[str, Any]:
        caller.require("rules:read")
        return _page(await desk.lists.jobs(book_id, _after(after), limit + 1), limit, "job_id")

    @router.get("/rule-book-jobs/{job_id}", summary="A trial with its progress and result")
    async def job(caller: Caller, job_id: _Id) -> dict[str, Any]:
        caller.require("rules:read")
        return await desk.lists.job(job_id)

    @router.post("/rule-books", status_code=201, summary="Submit a rule book as a draft", openapi_extra=_TEXT)
    async def submit(caller: Caller, request: Request, key: IdempotencyKey) -> dict[str, Any]:
        return await _submit(caller, request, key, None)

    @router.put("/rule-books/{book_id}", summary="Another text of a book that is not approved yet", openapi_extra=_TEXT)
    async def change(caller: Caller, book_id: _Id, request: Request, key: IdempotencyKey) -> dict[str, Any]:
        return await _submit(caller, request, key, book_id)

    @router.post("/rule-books/{book_id}/lint", summary="Check a draft")
    async def lint(caller: Caller, book_id: _Id, key: IdempotencyKey, body: ActBody | None = None) -> dict[str, Any]:
        by, once = await _act(caller, "rules:write", "lint", book_id, key, body)
        return await desk.lint(book_id, by, once)

    @router.post("/rule-books/{book_id}/shadow-run", status_code=202, summary="Try a book on past settlements: a job")
    async def shadow_run(caller: Caller, book_id: _Id, body: TrialBody, key: IdempotencyKey) -> dict[str, Any]:
        by, once = await _act(caller, "rules:write", "shadow-run", book_id, key, body)
        asked = AskedTrial(book_id=book_id, from_on=body.from_on, to_on=body.to_on, version=body.version, by=by)
        return await desk.ask_shadow_run(asked, once)

    @router.post("/rule-books/{book_id}/approve", summary="Approve: the first makes the maker, the second the checker")
    async def approve(caller: Caller, book_id: _Id, key: IdempotencyKey, body: ActBody | None = None) -> dict[str, Any]:
        by, once = await _act(caller, "rules:approve", "approve", book_id, key, body)
        return await desk.approve(book_id, by, body.note if body else "", once)

    @router.post("/rule-books/{book_id}/make-effective", summary="Put an approved book in force from the days it says")
    async def activate(caller: Caller, book_id: _Id, key: IdempotencyKey, body: ActBody | None = None) -> dict[str, Any]:
        by, once = await _act(caller, "rules:approve", "make-effective", book_id, key, body)
        return await desk.activate(book_id, by, body.note if body else "", once)

    @router.post("/rule-books/{book_id}/retire", summary="End a book in force (two people), or give up one that is not")
    async def retire(caller: Caller, book_id: _Id, key: IdempotencyKey, body: EndBody | None = None) -> dict[str, Any]:
        by, once = await _act(caller, "rules:approve", "retire", book_id, key, body)
        return await desk.retire(book_id, by, body.ends_on if body else None, body.note if body else "", once)

    async def _submit(caller: Principal, request: Request, key: str, book_id: str | None) -> dict[str, Any]:
        caller.require("rules:write")
        body = await text_body(request, TextBody, max_bytes=4 * MAX_TEXT)
        by = actor_of(caller, body.actor)

        def may(region: str) -> None:
            caller.require("rules:write", region)
            if body.regions is not None:
                Principal(by, "", caller.scopes, frozenset(body.regions)).require("rules:write", region)

        submission = Submission(text=body.text, file=body.file, by=by, note=body.note, book_id=book_id)
        return await desk.submit(submission, may, _once("submit", book_id or "", by, key, body))

    async def _act(
        caller: Principal, scope: str, act: Literal["lint", "shadow-run", "approve", "make-effective", "retire"],
        book_id: str, key: str, body: ActBody | None,
    ) -> tuple[str, OnceKey]:  # fmt: skip
        caller.require(scope)
        caller.require(scope, await desk.lists.region(book_id))
        by = actor_of(caller, body.actor if body else None)
        return by, _once(act, book_id, by, key, body)

    return router


def _once(act: str, book_id: str, by: str, key: str, body: BaseModel | None) -> OnceKey:
    asked = body.model_dump(mode="json") if body is not None else None
    return OnceKey(f"{by} rule-books/{act}", key, digest_of([book_id, asked]))


def _after(cursor: str | None) -> str:
    return str(decode_cursor(cursor, 1)[0]) if cursor else ""


def _page(rows: list[dict[str, Any]], limit: int, id_field: str) -> dict[str, Any]:
    return page(rows, limit, encode_cursor(rows[limit - 1][id_field]) if rows[limit:] else None)
