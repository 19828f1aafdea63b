"""Who calls: the bearer token of a request as a Principal, for FastAPI routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer

from shared.auth import Principal, TokenVerifier

_BEARER = HTTPBearer(auto_error=False, description="A token of the gateway or of another service")
"""Only says in the documentation what ``principal`` checks."""


async def principal(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Principal:
    """The caller. Refuses a missing or wrong token with 401."""
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.from_header(request.headers.get("authorization"))


Caller = Annotated[Principal, Depends(principal)]
"""Use as a route parameter: ``caller: Caller``; then ``caller.require("scope")``."""

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""Use as a parameter of every command route."""
