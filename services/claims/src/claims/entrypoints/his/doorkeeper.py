"""Only the gateway may hand in HIS messages: it has checked the signature, and its word for whose message it is counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import orjson
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.auth import TokenVerifier
from shared.errors import Refusal

log = structlog.get_logger()

SCOPE: Final = "his:forward"
_TRUSTED_S: Final = 30.0
"""How long an accepted token is not looked at again; it is short-lived anyway, and checking it costs as much as a settlement's kernel."""


class Doorkeeper:
    """Lets services with the scope in; everybody else gets HTTP 401, which no hospital ever sees."""

    def __init__(self, door: ASGIApp, verifier: TokenVerifier, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._verifier = verifier
        self._monotonic = monotonic
        self._trusted = ("", 0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the bearer token, then pass the message on untouched."""
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode("latin-1")
        if await self._admits(token):
            await self._door(scope, receive, send)
            return
        body = orjson.dumps({"code": 401, "message": "HIS messages are taken from the gateway only"})
        await send(
            {
                "type": "http.response.start",
                "status": 401,
                "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _admits(self, token: str) -> bool:
        known, until = self._trusted
        now = self._monotonic()
        if token and token == known and now < until:
            return True
        try:
            caller = await self._verifier.from_header(token)
        except Refusal as refusal:
            log.warning("his.caller-refused", code=refusal.code)
            return False
        if not caller.service or not caller.has(SCOPE):
            log.warning("his.caller-refused", subject=caller.subject)
            return False
        self._trusted = (token, now + _TRUSTED_S)
        return True
