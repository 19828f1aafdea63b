"""Who may sign in here, and who the caller is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.bootstrap import TOKEN_TTL_S, Gateway
from gateway.entrypoints.http.fields import Text
from shared.auth import Principal
from shared.errors import not_found
from shared.http.auth import Caller


class Credentials(BaseModel):
    """A name and a password of the local identity provider."""

    username: Text
    password: Text


def router(gateway: Gateway) -> APIRouter:
    """Routes under /v1/auth, and /v1/me."""
    api = APIRouter(tags=["sign-in"])

    @api.get("/v1/auth", summary="How to sign in: locally (never in production), or with an OpenID Connect provider")
    async def provider() -> dict[str, Any]:
        if gateway.sign_in is None or gateway.local_users is None:
            issuer = gateway.settings.oidc_issuer
            return {"provider": "oidc", "issuer": issuer, "audience": gateway.own.oidc_audience, "users": []}
        users = [
            {"username": user.username, "name": user.name, "role": user.role, "role_name": gateway.roles[user.role].name}
            for user in gateway.local_users.all()
        ]
        return {"provider": "local", "issuer": None, "audience": None, "users": users}

    @api.post("/v1/auth/login", summary="Sign in with the local identity provider")
    async def login(credentials: Credentials) -> dict[str, Any]:
        if gateway.sign_in is None:
            raise not_found("gateway.auth.no-local-users", "请使用统一身份认证登录", "there is no local identity provider here")
        token, principal = gateway.sign_in(credentials.username, credentials.password)
        return {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_TTL_S, "user": me_view(principal)}

    @api.get("/v1/me", summary="The caller, his scopes and regions")
    async def me(caller: Caller) -> dict[str, Any]:
        return me_view(caller)

    def me_view(principal: Principal) -> dict[str, Any]:
        user = gateway.local_users.find(principal.subject) if gateway.local_users is not None else None
        return {
            "user_id": principal.subject,
            "name": principal.name,
            "roles": [user.role] if user else [],
            "role_names": [gateway.roles[user.role].name] if user else [],
            "scopes": sorted(principal.scopes),
            "regions": sorted(principal.regions),
        }

    return api
