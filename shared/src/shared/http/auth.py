"""Who calls: the bearer token of a request as a Principal, for FastAPI routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from shared.auth import Principal, TokenVerifier


async def principal(request: Request, authorization: Annotated[str | None, Header()] = None) -> Principal:
    """The caller. Refuses a missing or wrong token with 401."""
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.from_header(authorization)


Caller = Annotated[Principal, Depends(principal)]
"""Use as a route parameter: ``caller: Caller``; then ``caller.require("scope")``."""

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
"""Use as a parameter of every command route."""
