"""Sign-in at the bureau's identity provider: OpenID Connect, authorization code with PKCE (RFC 7636).

The console trusts nothing it gets: the token is shown to the gateway, which checks it against the provider's published keys.
State and verifier wait in a short-lived cookie of the browser that began, so that nobody can finish another's sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from shared.errors import Refusal, unauthenticated, unavailable
from shared.ids import IdFactory

RETURN_PATH: Final = "/sign-in/return"
WAIT_S: Final = 600
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it must bring back."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The provider's answer."""

    access_token: str
    expires_s: int


class Provider:
    """One provider, found through its discovery document."""

    def __init__(self, http: httpx.AsyncClient, ids: IdFactory, *, client_id: str, public_url: str) -> None:
        self._http = http
        self._ids = ids
        self._client_id = client_id
        self._return_to = public_url.rstrip("/") + RETURN_PATH

    async def begin(self, issuer: str) -> Begun:
        """A fresh sign-in. Refuses ``gateway.console.provider-away`` when the provider cannot be asked."""
        document = await self._discover(issuer)
        state, verifier = self._ids.new(), self._ids.new() + self._ids.new()  # 160 random bits in the verifier
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._return_to,
            "scope": "openid profile",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Begun(f"{document['authorization_endpoint']}?{urlencode(query)}", json.dumps([state, verifier, issuer]))

    async def finish(self, query: Mapping[str, str], cookie: str) -> Granted:
        """Trade the code for a token. Refuses ``gateway.console.sign-in-broken`` when it is not the sign-in that this browser
        began, or the provider said no."""
        try:
            state, verifier, issuer = json.loads(cookie)
        except ValueError:
            raise _broken("nothing was begun") from None
        if not hmac.compare_digest(str(state), query.get("state", "")) or "code" not in query:
            raise _broken(query.get("error", "state differs"))
        document = await self._discover(issuer)
        form = {
            "grant_type": "authorization_code",
            "code": query["code"],
            "redirect_uri": self._return_to,
            "client_id": self._client_id,
            "code_verifier": str(verifier),
        }
        answer = await self._ask("POST", str(document["token_endpoint"]), data=form)
        if "access_token" not in answer:
            raise _broken(str(answer.get("error", "no token")))
        return Granted(str(answer["access_token"]), int(answer.get("expires_in", 3600)))

    async def _discover(self, issuer: str) -> dict[str, Any]:
        document = await self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
            raise _broken("the discovery document is of another issuer")
        return document

    async def _ask(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        try:
            answer = (await self._http.request(method, address, **request)).json()
        except (httpx.HTTPError, ValueError) as lost:
            raise unavailable(
                "gateway.console.provider-away", "统一身份认证平台暂时连不上，请稍后重试", type(lost).__name__
            ) from None
        return answer if isinstance(answer, dict) else {}


def _broken(why: str) -> Refusal:
    return unauthenticated("gateway.console.sign-in-broken", "登录没有完成，请重新登录", why)
