"""The door for hospitals: every POST path of chs-interface 1.1 and 1.2, as plain ASGI, with no reading of the message.

Not signed as it should be: HTTP 401 ``{"code":401,"message":...}``, nothing forwarded. Everything else: HTTP 200 and a HIS answer.
"""

from __future__ import annotations

import json
from typing import Final

import structlog
from prometheus_client import Counter
from starlette.datastructures import URLPath
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from gateway.application.admit_his_message import AdmitHisMessage
from gateway.application.forward_his_message import MAX_BYTES, ForwardHisMessage
from gateway.application.his_credentials import Fault
from shared.errors import Refusal
from shared.his_paths import match_his_path

log = structlog.get_logger()

REFUSED = Counter("onewindow_his_refused_total", "HIS messages refused at the gateway", ["cause"])
DRAIN_BYTES: Final = 8 * MAX_BYTES
"""How much of a message that is too large is still read, so that its sender hears the answer instead of a broken pipe."""


class HisIngress(BaseRoute):
    """Matches POST on a HIS path, authenticates, forwards."""

    path = "/his"
    """Name of the route in metrics: the real paths are many."""

    def __init__(self, admit: AdmitHisMessage, forward: ForwardHisMessage) -> None:
        self._admit = admit
        self._forward = forward

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See Starlette's ``BaseRoute``."""
        if scope["type"] == "http" and scope["method"] == "POST" and match_his_path(scope["path"]) is not None:
            return Match.FULL, {"route": self}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """See Starlette's ``BaseRoute``; the HIS paths have no names."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One message."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _read(receive)
        except ClientDisconnect:
            return  # half a message is none
        try:
            sender = await self._admit(headers, body or b"")
        except Refusal as away:
            log.warning("his.not-admitted", cause=away.code)
            answer = self._forward.away()
            await _send(send, 200, answer.body, answer.media_type)
            return
        if isinstance(sender, Fault):
            REFUSED.labels(sender.name.lower()).inc()
            refusal = json.dumps({"code": 401, "message": sender.value}, ensure_ascii=False).encode()
            await _send(send, 401, refusal, "application/json;charset=utf-8")
            return
        # The raw path is still percent-encoded, so nothing in it can break out of the request line.
        path = (scope.get("raw_path") or b"").decode("latin-1").partition("?")[0]
        media_type = headers.get("content-type", "application/json")
        answer = await self._forward(sender, path, body, media_type)
        await _send(send, 200, answer.body, answer.media_type or "application/json;charset=utf-8")


async def _read(receive: Receive) -> bytes | None:
    """The body; None when it is larger than allowed (then it was read and thrown away). Raises ClientDisconnect."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False) or size > DRAIN_BYTES:
            return b"".join(chunks) if size <= MAX_BYTES else None


async def _send(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode("latin-1")), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
