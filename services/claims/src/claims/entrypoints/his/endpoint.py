"""The door for raw HIS messages: plain ASGI, one HTTP 200 per message whatever happens behind it.

Clients throw on any other status and then show a network error instead of err_msg (chs-interface 1.1), so every failure is
an answer with infcode -1. The gateway has checked the signature and says in a header whose message it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from claims.application.header import HisHeader
from claims.domain.institution import Institution
from claims.entrypoints.his.answers import HisAnswers
from claims.entrypoints.his.dispatch import Dispatch
from claims.entrypoints.his.envelope import MAX_BODY_BYTES, HisRequest, read_request
from shared.clock import Clock
from shared.errors import Kind, Refusal, forbidden, not_found

log = structlog.get_logger()

ANSWERED = Counter("onewindow_his_answered_total", "HIS messages answered", ["infno", "outcome"])

INSTITUTION_HEADER: Final = b"x-onewindow-institution"
_BUSY: Final = "系统繁忙，请稍后用同一报文重发"
_BROKEN: Final = "系统内部错误，请联系医保经办机构；可用同一报文重发"

FindInstitution = Callable[[str], Awaitable[Institution | None]]
CheckHeader = Callable[[HisHeader, Institution], Awaitable[None]]


class HisEndpoint:
    """The ASGI application for every HIS path."""

    def __init__(
        self,
        dispatch: Dispatch,
        answers: HisAnswers,
        find_institution: FindInstitution,
        check_sign_in: CheckHeader,
        clock: Clock,
    ) -> None:
        self._dispatch = dispatch
        self._answers = answers
        self._find_institution = find_institution
        self._check_sign_in = check_sign_in
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read one message, answer it."""
        received_at = self._clock.now()
        sender = next((value for name, value in scope["headers"] if name == INSTITUTION_HEADER), b"").decode("latin-1")
        try:
            body = await _body(receive)
        except ClientDisconnect:
            return
        answer = await self.answer(body, path=scope["path"], sender=sender, received_at=received_at)
        headers = [
            (b"content-type", b"application/json;charset=utf-8"),
            (b"content-length", str(len(answer)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def answer(self, body: bytes, *, path: str, sender: str, received_at: datetime) -> bytes:
        """The answer to one message; raises nothing. ``sender``: the institution whose signature the gateway checked."""
        request: HisRequest | None = None
        institution: Institution | None = None
        try:
            request = read_request(body, path, received_at)
            institution = await self._known(request.header, sender)
            await self._check_sign_in(request.header, institution)
            serve = self._dispatch(request.header.infno, request.header.dialect)
            answer = await serve(request, institution, self._answers)
            ANSWERED.labels(request.header.infno, "done").inc()
            return answer
        except Refusal as refusal:
            outcome = "busy" if refusal.kind is Kind.UNAVAILABLE else "refused"
            text = _BUSY if refusal.kind is Kind.UNAVAILABLE else refusal.zh
            log.info(
                "his.refused", code=refusal.code, infno=request.header.infno if request else None, institution=sender or None
            )
        except Exception:
            outcome, text = "failed", _BROKEN
            log.exception("his.failed", infno=request.header.infno if request else None, institution=sender or None)
        ANSWERED.labels(self._dispatch.known(request.header.infno if request else ""), outcome).inc()
        return self._answers.refusal(
            text,
            received_at=received_at,
            region=request.header.care_region if request else "",
            switches=institution.switches if institution else None,
        )

    async def _known(self, header: HisHeader, sender: str) -> Institution:
        """The institution of the message. Refuses a message that its sender did not sign, and who is not designated."""
        code = header.institution_code
        if sender != code:
            raise forbidden("claims.his.other-institution", "定点医药机构编号(fixmedins_code)与签名机构不一致")
        institution = await self._find_institution(code)
        if institution is None:
            raise not_found(
                "claims.his.unknown-institution", f"定点医药机构编号(fixmedins_code){code}未登记", field="fixmedins_code"
            )
        if not institution.active:
            raise forbidden("claims.his.institution-suspended", f"定点医药机构(fixmedins_code){code}已暂停服务")
        return institution


async def _body(receive: Receive) -> bytes:
    """The request body. Of one that is too long, one byte more than allowed; the rest is read and dropped."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
