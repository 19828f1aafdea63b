from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared.auth import FixedKey, JwksKeys, Principal, ServiceTokens, TokenSigner, TokenVerifier, signer_from_setting
from shared.clock import FixedClock
from shared.errors import Kind, Refusal

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "a shared development secret, 32+"
CLERK = Principal("u1", "王芳", frozenset({"persons:read", "persons:write"}), frozenset({"420502"}))


def pair(clock: FixedClock, setting: str = SECRET) -> tuple[TokenSigner, TokenVerifier]:
    signer, key = signer_from_setting(setting, clock, issuer="gateway")
    return signer, TokenVerifier(clock, issuer="gateway", audiences=["onewindow"], keys=key)


def pem(key: Any) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(encoding, form, serialization.NoEncryption()).decode())


async def refused(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(Refusal) as caught:
        await verifier.verify(token)
    assert caught.value.kind is Kind.UNAUTHENTICATED
    return caught.value.code


@pytest.mark.parametrize("setting", [SECRET, pem(ec.generate_private_key(ec.SECP256R1()))])
async def test_a_token_carries_the_principal(setting: str) -> None:
    signer, verifier = pair(FixedClock(NOW), setting)
    assert await verifier.verify(signer.sign(CLERK, audience="onewindow", ttl_s=60)) == CLERK
    service = Principal("claims", "claims", frozenset({"persons:read"}), frozenset({"*"}), service=True)
    assert await verifier.verify(signer.sign(service, audience="onewindow", ttl_s=60)) == service


async def test_it_expires_on_the_clock_that_was_given() -> None:
    clock = FixedClock(NOW)
    signer, verifier = pair(clock)
    token = signer.sign(CLERK, audience="onewindow", ttl_s=60)
    clock.advance(timedelta(seconds=69))
    assert await verifier.verify(token) == CLERK
    clock.advance(timedelta(seconds=1))
    assert await refused(verifier, token) == "auth.token-expired"


async def test_a_token_from_the_future_is_refused() -> None:
    clock = FixedClock(NOW)
    signer, verifier = pair(clock)
    clock.set(NOW + timedelta(seconds=11))
    token = signer.sign(CLERK, audience="onewindow", ttl_s=60)
    clock.set(NOW)
    assert await refused(verifier, token) == "auth.token-invalid"


async def test_other_issuer_audience_secret_or_algorithm_are_refused() -> None:
    clock = FixedClock(NOW)
    signer, verifier = pair(clock)
    other = TokenSigner(clock, issuer="else", key=SECRET, algorithm="HS256")
    forged = TokenSigner(clock, issuer="gateway", key=SECRET[::-1], algorithm="HS256")
    longer = TokenSigner(clock, issuer="gateway", key=SECRET * 2, algorithm="HS512")
    assert await refused(verifier, other.sign(CLERK, audience="onewindow", ttl_s=60)) == "auth.token-invalid"
    assert await refused(verifier, signer.sign(CLERK, audience="else", ttl_s=60)) == "auth.token-invalid"
    assert await refused(verifier, forged.sign(CLERK, audience="onewindow", ttl_s=60)) == "auth.token-invalid"
    assert await refused(verifier, longer.sign(CLERK, audience="onewindow", ttl_s=60)) == "auth.token-invalid"


async def test_an_unsigned_token_is_refused() -> None:
    _, verifier = pair(FixedClock(NOW))
    claims = {"iss": "gateway", "aud": "onewindow", "sub": "u1", "iat": 0, "exp": 2**40, "scope": "*"}
    assert await refused(verifier, jwt.encode(claims, "", algorithm="none")) == "auth.token-invalid"


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": ""},
        {"sub": None},
        {"exp": "soon"},
        {"scope": ["a"]},
        {"regions": "420502"},
        {"exp": None},
        {"nbf": {}},
        {"exp": float("nan")},
    ],
)
async def test_claims_of_another_shape_are_refused(changed: dict[str, Any]) -> None:
    _, verifier = pair(FixedClock(NOW))
    now = int(NOW.timestamp())
    claims = {"iss": "gateway", "aud": "onewindow", "sub": "u1", "iat": now, "exp": now + 60, "scope": "", "regions": []}
    good = jwt.encode(claims, SECRET, algorithm="HS256")
    assert (await verifier.verify(good)).subject == "u1"
    assert await refused(verifier, jwt.encode(claims | changed, SECRET, algorithm="HS256")) in {
        "auth.token-invalid",
        "auth.token-expired",
    }


@pytest.mark.parametrize("token", ["", "a.b.c", "签名", "x" * 5000])
async def test_rubbish_is_refused(token: str) -> None:
    _, verifier = pair(FixedClock(NOW))
    assert await refused(verifier, token) == "auth.token-invalid"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
async def test_a_missing_bearer_header_is_told_apart(header: str | None) -> None:
    _, verifier = pair(FixedClock(NOW))
    with pytest.raises(Refusal) as caught:
        await verifier.from_header(header)
    assert caught.value.code == "auth.token-missing"


async def test_header_is_read_whatever_its_case() -> None:
    signer, verifier = pair(FixedClock(NOW))
    assert await verifier.from_header("bearer " + signer.sign(CLERK, audience="onewindow", ttl_s=60)) == CLERK


def test_weak_or_wrong_keys_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        signer_from_setting("short", FixedClock(NOW), issuer="x")
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(ValueError, match="no P-256"):
            signer_from_setting(pem(key), FixedClock(NOW), issuer="x")


async def test_service_tokens_are_kept_for_half_their_life() -> None:
    clock = FixedClock(NOW)
    signer, verifier = pair(clock)
    tokens = ServiceTokens(signer, clock, service="claims", audience="onewindow", scopes=frozenset({"persons:read"}), ttl_s=300)
    first = tokens.bearer()
    assert await verifier.from_header(first) == Principal(
        "claims", "claims", frozenset({"persons:read"}), frozenset({"*"}), service=True
    )
    clock.advance(timedelta(seconds=149))
    assert tokens.bearer() == first
    clock.advance(timedelta(seconds=1))
    assert tokens.bearer() != first


class Provider:
    """An identity provider whose key set is asked for."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.asked = 0
        self.away = False

    def rotate(self, kid: str) -> None:
        self.keys = {kid: ec.generate_private_key(ec.SECP256R1())}

    async def fetch(self) -> dict[str, Any]:
        self.asked += 1
        if self.away:
            raise ConnectionError
        make = jwt.algorithms.ECAlgorithm.to_jwk
        return {
            "keys": [{**make(key.public_key(), as_dict=True), "kid": kid, "alg": "ES256"} for kid, key in self.keys.items()]
        }

    def token(self, clock: FixedClock, kid: str) -> str:
        signer = TokenSigner(clock, issuer="idp", key=self.keys[kid], algorithm="ES256", kid=kid)
        return signer.sign(CLERK, audience="onewindow", ttl_s=10_000)


async def test_published_keys_are_fetched_once_and_again_for_an_unknown_key() -> None:
    clock, provider = FixedClock(NOW), Provider()
    provider.rotate("one")
    verifier = TokenVerifier(clock, issuer="idp", audiences=["onewindow"], keys=JwksKeys(provider.fetch, clock))
    one = provider.token(clock, "one")
    assert await verifier.verify(one) == CLERK
    assert await verifier.verify(one) == CLERK
    assert provider.asked == 1
    provider.rotate("two")
    two = provider.token(clock, "two")
    assert await refused(verifier, two) == "auth.token-invalid"  # asked for less than 30 s ago
    assert provider.asked == 1
    clock.advance(timedelta(seconds=30))
    assert await verifier.verify(two) == CLERK
    assert provider.asked == 2
    assert await refused(verifier, one) == "auth.token-invalid"


async def test_known_keys_stay_good_while_the_provider_is_away() -> None:
    clock, provider = FixedClock(NOW), Provider()
    provider.rotate("one")
    verifier = TokenVerifier(clock, issuer="idp", audiences=["onewindow"], keys=JwksKeys(provider.fetch, clock))
    assert await verifier.verify(provider.token(clock, "one")) == CLERK
    provider.away = True
    clock.advance(timedelta(seconds=3600))
    assert await verifier.verify(provider.token(clock, "one")) == CLERK
    assert provider.asked == 2


async def test_without_any_key_the_refusal_says_try_later() -> None:
    clock, provider = FixedClock(NOW), Provider()
    provider.rotate("one")
    provider.away = True
    verifier = TokenVerifier(clock, issuer="idp", audiences=["onewindow"], keys=JwksKeys(provider.fetch, clock))
    with pytest.raises(Refusal) as caught:
        await verifier.verify(provider.token(clock, "one"))
    assert (caught.value.kind, caught.value.code) == (Kind.UNAVAILABLE, "auth.keys-unavailable")
    provider.away = False
    assert await verifier.verify(provider.token(clock, "one")) == CLERK


async def test_an_hmac_token_is_refused_where_a_public_key_is_expected() -> None:
    clock = FixedClock(NOW)
    private = ec.generate_private_key(ec.SECP256R1())
    verifier = TokenVerifier(clock, issuer="gateway", audiences=["onewindow"], keys=FixedKey(private.public_key(), "ES256"))
    forged = TokenSigner(clock, issuer="gateway", key=SECRET, algorithm="HS256").sign(CLERK, audience="onewindow", ttl_s=60)
    assert await refused(verifier, forged) == "auth.token-invalid"
