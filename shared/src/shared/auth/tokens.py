"""Tokens: JSON Web Tokens that carry a Principal between processes, and the keys that prove them.

A token is refused with one of ``auth.token-missing``, ``auth.token-invalid``, ``auth.token-expired``; the reason in detail is for
the log, not for the caller. Tokens count real time: hand in ``SystemClock`` even where a county is replayed on another day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.errors import Refusal, unauthenticated, unavailable

_LEEWAY_S: Final = 10
"""What clocks of two machines may differ by."""
_MIN_SECRET_BYTES: Final = 32


class KeySource(Protocol):
    """Where a verifier finds the key that a token names."""

    algorithms: Sequence[str]

    async def find(self, kid: str | None) -> Any:
        """The key for a key id; None when there is none."""
        ...


class FixedKey:
    """One key that both sides know, or one public key."""

    def __init__(self, key: Any, algorithm: str) -> None:
        self.algorithms: Sequence[str] = (algorithm,)
        self._key = key

    async def find(self, kid: str | None) -> Any:  # noqa: ARG002 -- there is only one, whatever it is called
        """The one key."""
        return self._key


class JwksKeys:
    """The published keys of an identity provider (RFC 7517), fetched when needed and kept.

    ``fetch`` gives the key set document. It is called when the set is older than ``max_age_s`` or lacks the wanted key, at most
    every ``min_age_s``, by one task at a time. While the provider is away the keys known so far are used; with none known
    the refusal ``auth.keys-unavailable`` is raised.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, Any]]],
        clock: Clock,
        *,
        algorithms: Sequence[str] = ("ES256", "RS256"),
        max_age_s: int = 3600,
        min_age_s: int = 30,
    ) -> None:
        self.algorithms: Sequence[str] = algorithms
        self._fetch = fetch
        self._clock = clock
        self._max_age = timedelta(seconds=max_age_s)
        self._min_age = timedelta(seconds=min_age_s)
        self._keys: dict[str | None, Any] = {}
        self._fetched_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> Any:
        """The key of that id; None when the provider does not publish it."""
        if not self._is_fresh(kid):
            async with self._lock:
                if not self._is_fresh(kid):
                    await self._refresh()
        return self._keys.get(kid)

    def _is_fresh(self, kid: str | None) -> bool:
        if self._fetched_at is None:
            return False
        age = self._clock.now() - self._fetched_at
        return age < self._min_age or (kid in self._keys and age < self._max_age)

    async def _refresh(self) -> None:
        try:
            document = await self._fetch()
            keys = {entry.key_id: entry.key for entry in jwt.PyJWKSet.from_dict(dict(document)).keys}
        except Exception as cause:
            # Whatever went wrong on the way to the provider: known keys stay good until it is back.
            if not self._keys:
                raise unavailable("auth.keys-unavailable", "身份认证服务暂不可用，请稍后再试", "no key set yet") from cause
        else:
            self._keys = keys
        self._fetched_at = self._clock.now()


class TokenSigner:
    """Issues tokens. ``algorithm``: HS256 with a secret of at least 32 bytes, or ES256 with a P-256 private key."""

    def __init__(self, clock: Clock, *, issuer: str, key: Any, algorithm: str, kid: str | None = None) -> None:
        self._clock = clock
        self._issuer = issuer
        self._key = key
        self._algorithm = algorithm
        self._headers = {"kid": kid} if kid else None

    def sign(self, principal: Principal, *, audience: str, ttl_s: int) -> str:
        """A token that says ``principal`` to ``audience`` for ``ttl_s`` seconds."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "sub": principal.subject,
            "name": principal.name,
            "scope": " ".join(sorted(principal.scopes)),
            "regions": sorted(principal.regions),
            "service": principal.service,
            "iat": now,
            "exp": now + ttl_s,
        }
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=self._headers)


class TokenVerifier:
    """Reads tokens of one issuer that are meant for one of ``audiences``; only the algorithms of the key source are taken."""

    def __init__(self, clock: Clock, *, issuer: str, audiences: Sequence[str], keys: KeySource) -> None:
        self._clock = clock
        self._issuer = issuer
        self._audiences = list(audiences)
        self._keys = keys

    async def from_header(self, authorization: str | None) -> Principal:
        """The principal of an ``Authorization: Bearer ...`` header."""
        kind, _, token = (authorization or "").strip().partition(" ")
        if kind.lower() != "bearer" or not token:
            raise unauthenticated("auth.token-missing", "请先登录", "bearer token missing")
        return await self.verify(token.strip())

    async def verify(self, token: str) -> Principal:
        """The principal of a token; raises an unauthenticated refusal, or unavailable when the keys cannot be had."""
        try:
            key = await self._keys.find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise _invalid()
            claims = jwt.decode(
                token,
                key,
                algorithms=list(self._keys.algorithms),
                audience=self._audiences,
                issuer=self._issuer,
                # The times are checked below, on the clock that was handed in.
                options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            expires_at, begins_at = float(claims["exp"]), float(claims.get("nbf", claims["iat"]))
            principal = _principal(claims)
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as cause:
            raise _invalid() from cause
        now = self._clock.now().timestamp()
        if not now < expires_at + _LEEWAY_S:
            raise unauthenticated("auth.token-expired", "登录已过期，请重新登录", "token expired")
        if not now >= begins_at - _LEEWAY_S:
            raise _invalid()
        return principal


class ServiceTokens:
    """The token with which one service calls another: short-lived, made again when half its life is over."""

    def __init__(
        self, signer: TokenSigner, clock: Clock, *, service: str, audience: str, scopes: frozenset[str], ttl_s: int = 300
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._principal = Principal(service, service, scopes, frozenset({"*"}), service=True)
        self._audience = audience
        self._ttl_s = ttl_s
        self._token = ""
        self._renew_at: datetime | None = None

    def bearer(self) -> str:
        """The value of the ``Authorization`` header."""
        now = self._clock.now()
        if self._renew_at is None or now >= self._renew_at:
            self._token = self._signer.sign(self._principal, audience=self._audience, ttl_s=self._ttl_s)
            self._renew_at = now + timedelta(seconds=self._ttl_s / 2)
        return f"Bearer {self._token}"


def signer_from_setting(setting: str, clock: Clock, *, issuer: str, kid: str | None = None) -> tuple[TokenSigner, FixedKey]:
    """A shared secret, or a P-256 private key in PEM, to a signer and the key that proves its tokens.

    Raises ValueError on a secret under 32 bytes or a PEM that is no P-256 private key.
    """
    if setting.lstrip().startswith("-----BEGIN"):
        key = serialization.load_pem_private_key(setting.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("the token key is no P-256 private key")
        return TokenSigner(clock, issuer=issuer, key=key, algorithm="ES256", kid=kid), FixedKey(key.public_key(), "ES256")
    if len(setting.encode()) < _MIN_SECRET_BYTES:
        raise ValueError(f"a token secret has at least {_MIN_SECRET_BYTES} bytes")
    return TokenSigner(clock, issuer=issuer, key=setting, algorithm="HS256", kid=kid), FixedKey(setting, "HS256")


def _principal(claims: Mapping[str, Any]) -> Principal:
    """Our claims, or those of an OIDC provider that was told to send ``scope`` and ``regions``. Raises on other shapes."""
    scope, regions, subject = claims.get("scope", ""), claims.get("regions", []), claims["sub"]
    if not isinstance(scope, str) or not isinstance(regions, list) or not subject:
        raise TypeError("scope, regions or sub has another shape")
    return Principal(
        subject=subject,
        name=str(claims.get("name") or claims.get("preferred_username") or subject),
        scopes=frozenset(scope.split()),
        regions=frozenset(map(str, regions)),
        service=claims.get("service") is True,
    )


def _invalid() -> Refusal:
    return unauthenticated("auth.token-invalid", "登录凭证无效，请重新登录", "token not accepted")
