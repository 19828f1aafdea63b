"""Matters at the one window, and their progress for citizens."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.application.accept_matter import Application
from gateway.application.ports import MatterFilter
from gateway.bootstrap import Gateway
from gateway.entrypoints.http.fields import PLAIN, Filter, Id, Text, Value, Words, read_cursor, urgency
from gateway.entrypoints.http.views import catalogue_view, line_view, matter_view, progress_view
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, encode_cursor, page
from shared.transactions import OnceKey


class Paper(BaseModel):
    """A paper that is handed in; ``reference``: where it lies."""

    code: Text
    reference: Text = ""


class NewMatter(BaseModel):
    """An application: for a person that is registered, or one to be registered first."""

    matter_code: Text
    person_id: Annotated[str, StringConstraints(pattern="^[0-9A-Za-z_-]{1,64}$")] | None = None
    person: dict[Text, Text | None] | None = None
    form: dict[Text, Value] = Field(default_factory=dict)
    materials: list[Paper] = Field(default_factory=list, max_length=50)
    defer: bool = Field(False, description="the applicant promises in writing to bring the papers that may follow")


class Action(BaseModel):
    """An action on a task, with the fields that the catalogue names for it."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Value]
    action: Text


class MorePapers(BaseModel):
    """Papers that were to follow."""

    materials: list[Paper] = Field(min_length=1, max_length=50)


class Withdrawal(BaseModel):
    """Why the applicant takes the application back."""

    reason: Annotated[Words, Field(min_length=1)]


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/matters, /v1/matter-catalogue and /v1/progress."""
    api = APIRouter(tags=["matters"])

    async def show(caller: Caller, matter_id: Id) -> dict[str, Any]:
        matter, notes = await gateway.read_matter(caller, matter_id)
        return matter_view(matter, notes, caller, gateway.clock.today(), gateway.calendar)

    @api.get("/v1/matter-catalogue", summary="The matters that can be applied for today")
    async def catalogue(caller: Caller) -> dict[str, Any]:
        caller.require("matters:read")
        return {"items": [catalogue_view(rule) for rule in gateway.catalogue.on(gateway.clock.today())], "next": None}

    @api.post("/v1/matters", status_code=201, summary="Accept an application")
    async def accept(caller: Caller, new: NewMatter, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("matters:accept")
        application = Application(
            matter_code=new.matter_code,
            person_id=new.person_id,
            person=new.person,
            form=new.form,
            materials={paper.code: paper.reference for paper in new.materials},
            defer=new.defer,
        )
        matter_id = await gateway.accept_matter(caller, application, once_key(caller, "matters", key, new))
        await gateway.start_tasks(matter_id)
        return await show(caller, matter_id)

    @api.get("/v1/matters", summary="Matters, the most urgent first")
    async def matters(
        caller: Caller,
        state: Annotated[str | None, Query(pattern="^(open|done|partial|withdrawn)$")] = None,
        light: Annotated[str | None, Query(pattern="^(green|yellow|red)$")] = None,
        matter_code: Filter = None,
        person_id: Filter = None,
        receipt_no: Filter = None,
        owner: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        which = MatterFilter(
            regions=caller.regions,
            state=state,
            light=light,
            matter_code=matter_code,
            person_id=person_id,
            receipt_no=receipt_no.strip().upper() if receipt_no else None,
            owner=owner,
        )
        lines = await gateway.list_matters(caller, which, limit + 1, read_cursor(after, urgency, date.fromisoformat, str))
        today = gateway.clock.today()
        cursor = encode_cursor(*lines[limit - 1].cursor) if len(lines) > limit else None
        return page([line_view(line, today, gateway.calendar) for line in lines], limit, cursor)

    @api.get("/v1/matters/counts", summary="How many matters are open, by light, and how many were closed today")
    async def counts(caller: Caller) -> dict[str, int]:
        return await gateway.list_matters.counts(caller)

    @api.get("/v1/matters/{matter_id}", summary="A matter with its tasks, clocks, papers and log")
    async def matter(caller: Caller, matter_id: Id) -> dict[str, Any]:
        return await show(caller, matter_id)

    @api.post("/v1/matters/{matter_id}/tasks/{code}/actions", summary="Act on a running task")
    async def act(caller: Caller, matter_id: Id, code: Id, action: Action, key: IdempotencyKey) -> dict[str, Any]:
        values = {name: value for name, value in (action.model_extra or {}).items() if value is not None}
        scope = f"matters/{matter_id}/{code}"
        await gateway.act_on_task(caller, matter_id, code, action.action, values, once_key(caller, scope, key, action))
        await gateway.start_tasks(matter_id)
        # A bank may pay a premium and see nothing of the matter.
        return await show(caller, matter_id) if caller.has("matters:read") else {"matter_id": matter_id}

    @api.post("/v1/matters/{matter_id}/materials", summary="Papers that were to follow arrive")
    async def materials(caller: Caller, matter_id: Id, papers: MorePapers, key: IdempotencyKey) -> dict[str, Any]:
        brought = {paper.code: paper.reference for paper in papers.materials}
        await gateway.receive_materials(
            caller, matter_id, brought, once_key(caller, f"matters/{matter_id}/materials", key, papers)
        )
        return await show(caller, matter_id)

    @api.post("/v1/matters/{matter_id}/withdrawal", summary="The applicant takes the application back")
    async def withdrawal(caller: Caller, matter_id: Id, why: Withdrawal, key: IdempotencyKey) -> dict[str, Any]:
        once = once_key(caller, f"matters/{matter_id}/withdrawal", key, why)
        await gateway.withdraw_matter(caller, matter_id, why.reason, once)
        return await show(caller, matter_id)

    @api.get("/v1/progress", summary="How far a matter is, for citizens: no sign-in")
    async def progress(
        receipt_no: Annotated[str, Query(max_length=30, pattern=PLAIN)],
        certno_tail: Annotated[str, Query(min_length=4, max_length=4, description="last four characters of the id number")],
    ) -> dict[str, Any]:
        found = await gateway.show_progress(receipt_no, certno_tail)
        return progress_view(found, gateway.clock.today(), gateway.calendar)

    return api


def once_key(caller: Caller, scope: str, key: str, body: BaseModel) -> OnceKey:
    """The same request of the same caller."""
    return OnceKey(f"{caller.subject}/{scope}", key, digest_of(body.model_dump(mode="json")))
