"""The connection to claims for HIS messages: HTTP/1.1 with kept-alive connections and nothing between the bytes and the socket.

A general HTTP client costs fifty times the processor time of this one for each message, more than all else that the
gateway does with it. So this speaks only what is needed: one POST at a time on a connection, the answer read whole.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import structlog

from gateway.application.ports import Answer, NotDelivered, OutcomeUnknown
from shared.telemetry import current_traceparent

log = structlog.get_logger()

CONNECT_TIMEOUT_S: Final = 3.0
MAX_IN_FLIGHT: Final = 500
"""More than this at once means that claims does not keep up; then a message is better told so at once."""


class HttpClaimsDesk:
    """Implements ``ports.ClaimsDesk``.

    A message whose connection is lost before any answer is sent once more: claims knows it by msgid and content and
    does nothing twice.
    """

    def __init__(self, url: str, authorization: Callable[[], str], *, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc
        self._authorization = authorization
        self._timeout_s = timeout_s
        self._idle: list[_Connection] = []
        self._in_flight = 0

    async def post(self, path: str, body: bytes, media_type: str, institution_code: str) -> Answer:
        """See the port."""
        if self._in_flight >= MAX_IN_FLIGHT:
            raise NotDelivered
        self._in_flight += 1
        try:
            request = self._head(path, len(body), media_type, institution_code) + body
            async with asyncio.timeout(self._timeout_s):
                status, answer = await self._exchange(request)
        except TimeoutError:
            raise OutcomeUnknown from None
        finally:
            self._in_flight -= 1
        if status == 200:
            return answer
        log.error("claims.refused-message", status=status, path=path, institution=institution_code)
        raise NotDelivered if 400 <= status < 500 else OutcomeUnknown

    async def close(self) -> None:
        """Close idle connections."""
        for connection in self._idle:
            connection.close()
        self._idle = []

    def _head(self, path: str, length: int, media_type: str, institution_code: str) -> bytes:
        trace = current_traceparent()
        return (
            f"POST {path} HTTP/1.1\r\nhost: {self._authority}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n"
            f"x-onewindow-institution: {institution_code}\r\nauthorization: {self._authorization()}\r\n"
            f"{f'traceparent: {trace}' + chr(13) + chr(10) if trace else ''}\r\n"
        ).encode("latin-1")

    async def _exchange(self, request: bytes) -> tuple[int, Answer]:
        while self._idle:
            kept = self._idle.pop()
            if not kept.lost:
                try:
                    return await self._on(kept, request)
                except ConnectionError:
                    break  # closed under our hands, as servers do with idle connections
        try:
            return await self._on(await self._connect(), request)
        except ConnectionError:
            pass
        try:
            fresh = await self._connect()
        except NotDelivered:
            raise OutcomeUnknown from None  # the first try may have arrived
        try:
            return await self._on(fresh, request)
        except ConnectionError:
            raise OutcomeUnknown from None

    async def _on(self, connection: _Connection, request: bytes) -> tuple[int, Answer]:
        try:
            result = await connection.send(request)
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return result

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError):
            raise NotDelivered from None
        return connection


class _Connection(asyncio.Protocol):
    """One connection with at most one request on it; the parser calls the ``on_`` methods."""

    def __init__(self) -> None:
        self.lost = False
        self.reusable = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, Answer]] | None = None

    async def send(self, request: bytes) -> tuple[int, Answer]:
        """Raises ConnectionError when the connection ends before the answer."""
        assert self._transport is not None, "connected"
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._media_type = ""
        self.reusable = False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self.lost = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class does not inherit from asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._fail(exc)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, AttributeError) as broken:
            self._fail(broken)
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._media_type = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.reusable = self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            answer = Answer(body=b"".join(self._body), media_type=self._media_type)
            self._answer.set_result((self._parser.get_status_code(), answer))

    def _fail(self, cause: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"no answer: {type(cause).__name__}"))
