"""Whose tokens the gateway accepts: those of the suite itself, and in real use those of an OpenID Connect provider."""

from __future__ import annotations

from typing import Any

import httpx
import jwt

from shared.auth import FixedKey, JwksKeys, Principal, TokenVerifier, signer_from_setting
from shared.auth.wiring import AUDIENCE, ISSUER
from shared.clock import SystemClock
from shared.errors import unauthenticated
from shared.settings import Settings


class OpenIdKeys:
    """Fetches the provider's key set by discovery (OpenID Connect Discovery 1.0, section 4)."""

    def __init__(self, issuer: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._issuer = issuer.rstrip("/")
        self._http = httpx.AsyncClient(timeout=5, trust_env=False, transport=transport)

    async def fetch(self) -> dict[str, Any]:
        """The key set document. Raises whatever goes wrong on the way."""
        discovered = (await self._http.get(f"{self._issuer}/.well-known/openid-configuration")).raise_for_status().json()
        if discovered["issuer"].rstrip("/") != self._issuer:
            raise ValueError("the provider names another issuer")
        keys: dict[str, Any] = (await self._http.get(discovered["jwks_uri"])).raise_for_status().json()
        return keys

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class GatewayVerifier(TokenVerifier):
    """Tokens of the suite (services, and outside production the local identity provider's users), else the provider's.

    In production a token of the suite speaks for a service, never for a person.
    """

    def __init__(self, settings: Settings, provider: TokenVerifier | None) -> None:
        key: FixedKey = signer_from_setting(settings.service_secret, SystemClock(), issuer=ISSUER)[1]
        super().__init__(SystemClock(), issuer=ISSUER, audiences=[AUDIENCE], keys=key)
        self._provider = provider
        self._production = settings.production

    async def verify(self, token: str) -> Principal:
        """See ``TokenVerifier``."""
        if self._provider is not None and _issuer_of(token) != ISSUER:
            return await self._provider.verify(token)
        principal = await super().verify(token)
        if self._production and not principal.service:
            raise unauthenticated("gateway.auth.local-user", "请使用统一身份认证登录", "local users are refused in production")
        return principal


def open_id_verifier(issuer: str, audience: str, keys: OpenIdKeys) -> TokenVerifier:
    """What accepts the provider's tokens; ``scope`` and ``regions`` are claims that it is told to send."""
    clock = SystemClock()
    return TokenVerifier(clock, issuer=issuer, audiences=[audience], keys=JwksKeys(keys.fetch, clock))


def _issuer_of(token: str) -> str:
    try:
        return str(jwt.decode(token, options={"verify_signature": False}).get("iss", ""))
    except jwt.PyJWTError:
        return ""
