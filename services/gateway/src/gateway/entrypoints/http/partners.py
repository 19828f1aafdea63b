"""For partners (合作单位): documents that they send, webhooks that tell them of events; and the office's side of the documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.application.ports import DocumentFilter
from gateway.application.receive_document import Sent
from gateway.bootstrap import Gateway
from gateway.domain.partner_document import PartnerDocument
from gateway.domain.webhook import Webhook
from gateway.entrypoints.http.fields import PLAIN, Filter, Id
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
_Value = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | int | None


class NewDocument(BaseModel):
    """A document as its sender holds it."""

    model_config = ConfigDict(extra="forbid")

    document: _Name = Field(description="kind of document, as agreed")
    document_no: _Name = Field(description="the document's own number (文号)")
    about_id: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = Field(
        description="injury case, advance or recovery, as the kind says"
    )
    fields: dict[_Name, _Value] = Field(default_factory=dict, max_length=20)
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(None, description="SM3 of the paper, hexadecimal")


class Why(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class NewWebhook(BaseModel):
    """Where to call and about what."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=8, max_length=500, pattern=r"^https?://[^\x00-\x20]+$")]
    events: list[_Name] = Field(min_length=1, max_length=50)


class Since(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[datetime, Field(description="with its zone")]


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/partner-documents and /v1/webhooks."""
    api = APIRouter(prefix="/v1")
    _documents(api, gateway)
    _webhooks(api, gateway)
    return api


def _documents(api: APIRouter, gateway: Gateway) -> None:
    names = gateway.partners

    def view(document: PartnerDocument) -> dict[str, Any]:
        kind, partner = names.documents.get(document.document), names.partners.get(document.partner)
        return {
            "document_id": document.document_id,
            "partner": document.partner,
            "partner_name": partner.name if partner else document.partner,
            "document": document.document,
            "document_name": kind.name if kind else document.document,
            "document_no": document.document_no,
            "digest": document.digest,
            "about": kind.about if kind else "",
            "scope": kind.scope if kind else "",
            "about_id": document.about_id,
            "case_id": document.case_id,
            "region": document.region,
            "fields": dict(document.fields),
            "received_at": document.received_at,
            "state": document.state.value,
            "decided_by": document.decided_by,
            "decided_at": document.decided_at,
            "reason": document.reason,
        }

    @api.post("/partner-documents", status_code=201, tags=["partners"], summary="Send a document (来文)")
    async def send(caller: Caller, body: NewDocument, background: BackgroundTasks) -> Any:
        document = await gateway.receive_document(caller, Sent(**body.model_dump()))
        if names.documents[document.document].automatic:
            background.add_task(gateway.decide_document.sweep)
        return view(document)

    @api.get("/partner-documents", tags=["partners"], summary="Documents, newest first")
    async def listed(
        caller: Caller,
        state: Literal["received", "accepting", "accepted", "returned"] | None = None,
        document: Filter = None,
        partner: Filter = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        which = DocumentFilter(regions=caller.region_prefixes, partner=partner, state=state, document=document)
        found = await gateway.list_documents(caller, which, limit + 1, _start(after))
        last = encode_cursor(found[limit - 1].document_id) if len(found) > limit else None
        return page([view(each) for each in found], limit, last)

    @api.get("/partner-documents/{document_id}", tags=["partners"], summary="One document and what became of it")
    async def one(caller: Caller, document_id: Id) -> Any:
        return view(await gateway.list_documents.one(caller, document_id))

    @api.post("/partner-documents/{document_id}/accept", tags=["partners"], summary="Accept it: it becomes a command")
    async def accept(caller: Caller, document_id: Id) -> Any:
        return view(await gateway.decide_document.accept(caller, document_id))

    @api.post("/partner-documents/{document_id}/return", tags=["partners"], summary="Return it with the reason")
    async def give_back(caller: Caller, document_id: Id, body: Why) -> Any:
        return view(await gateway.decide_document.give_back(caller, document_id, body.reason))


def _webhooks(api: APIRouter, gateway: Gateway) -> None:
    subscriptions, deliveries = gateway.open_webhook, gateway.replay_deliveries

    @api.post(
        "/webhooks", status_code=201, tags=["webhooks"], summary="Subscribe to events (订阅); the secret is in the answer"
    )
    async def open_(caller: Caller, body: NewWebhook, key: IdempotencyKey) -> Any:
        once = OnceKey(f"{caller.subject} open-webhook", key, digest_of(body.model_dump()))
        hook, secret = await subscriptions(caller, body.url, body.events, once)
        return {**_hook(hook), "secret": secret}

    @api.get("/webhooks", tags=["webhooks"], summary="The caller's subscriptions")
    async def listed(caller: Caller) -> Any:
        return {"items": [_hook(hook) for hook in await subscriptions.list(caller)], "next": None}

    @api.post("/webhooks/{webhook_id}/secret", tags=["webhooks"], summary="A new secret; the old one signs along for a day")
    async def change_secret(caller: Caller, webhook_id: Id, key: IdempotencyKey) -> Any:
        once = OnceKey(f"{caller.subject} webhook-secret {webhook_id}", key, digest_of(None))
        hook, secret = await subscriptions.change_secret(caller, webhook_id, once)
        return {**_hook(hook), "secret": secret}

    @api.post("/webhooks/{webhook_id}/enable", tags=["webhooks"], summary="Call again after a 410")
    async def enable(caller: Caller, webhook_id: Id) -> Any:
        return _hook(await subscriptions.enable(caller, webhook_id))

    @api.delete("/webhooks/{webhook_id}", status_code=204, tags=["webhooks"], summary="No more calls")
    async def close(caller: Caller, webhook_id: Id) -> Response:
        await subscriptions.close(caller, webhook_id)
        return Response(status_code=204)

    @api.get("/webhooks/{webhook_id}/deliveries", tags=["webhooks"], summary="What was told, newest event first")
    async def told(
        caller: Caller,
        webhook_id: Id,
        state: Literal["pending", "delivered", "abandoned"] | None = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        found = await deliveries.list(caller, webhook_id, state, limit + 1, _start(after))
        return page(found, limit, encode_cursor(found[limit - 1]["event_id"]) if len(found) > limit else None)

    @api.post("/webhooks/{webhook_id}/deliveries/{event_id}/replay", tags=["webhooks"], summary="Tell one event again")
    async def replay(caller: Caller, webhook_id: Id, event_id: Id) -> Any:
        await deliveries.one(caller, webhook_id, event_id)
        return {"replayed": 1}

    @api.post("/webhooks/{webhook_id}/replay", tags=["webhooks"], summary="Tell everything again since then (at most 30 days)")
    async def replay_since(caller: Caller, webhook_id: Id, body: Since) -> Any:
        since = body.since if body.since.tzinfo else body.since.replace(tzinfo=gateway.clock.now().tzinfo)
        return {"replayed": await deliveries.since(caller, webhook_id, since)}


def _hook(hook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.webhook_id,
        "url": hook.url,
        "events": list(hook.events),
        "created_at": hook.created_at,
        "secret_changed_at": hook.secret_changed_at,
        "disabled_at": hook.disabled_at,
        "disabled_why": hook.disabled_why,
    }


def _start(after: str | None) -> str | None:
    return str(decode_cursor(after, 1)[0]) if after else None
