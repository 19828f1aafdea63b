"""Sign-in at an identity provider: the code flow with PKCE, against a provider that checks what it is shown."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.entrypoints.console.provider import Provider
from shared.errors import Refusal
from shared.ids import CountingIds

ISSUER = "https://id.example"


class FakeProvider:
    """Gives a token for a code once, to whoever knows the verifier."""

    def __init__(self) -> None:
        self.challenge = ""
        self.asked: list[str] = []
        self.away = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if self.away:
            raise httpx.ConnectError("away")
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(
                200,
                json={"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"},
            )
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        assert form["grant_type"] == "authorization_code"
        assert form["redirect_uri"] == "https://window.example/sign-in/return"
        if form["code"] != "good" or proof != self.challenge:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": "token-1", "expires_in": 900})


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def provider(fake: FakeProvider) -> Provider:
    http = httpx.AsyncClient(transport=httpx.MockTransport(fake))
    return Provider(http, CountingIds(), client_id="console", public_url="https://window.example/")


async def begin(provider: Provider, fake: FakeProvider) -> tuple[str, str]:
    begun = await provider.begin(ISSUER)
    parts = urlsplit(begun.address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
    assert query["client_id"] == "console"
    assert query["code_challenge_method"] == "S256"
    fake.challenge = query["code_challenge"]
    return query["state"], begun.cookie


async def test_the_code_becomes_a_token(provider: Provider, fake: FakeProvider) -> None:
    state, cookie = await begin(provider, fake)
    granted = await provider.finish({"code": "good", "state": state}, cookie)
    assert (granted.access_token, granted.expires_s) == ("token-1", 900)


@pytest.mark.parametrize(
    "query", [{"code": "good", "state": "other"}, {"error": "access_denied"}, {"code": "bad", "state": "same"}, {}]
)
async def test_what_was_not_begun_or_not_granted_gives_nothing(
    provider: Provider, fake: FakeProvider, query: dict[str, str]
) -> None:
    state, cookie = await begin(provider, fake)
    shown = {**query, **({"state": state} if query.get("state") == "same" else {})}
    with pytest.raises(Refusal, match=r"gateway\.console\.sign-in-broken"):
        await provider.finish(shown, cookie)


async def test_another_browser_cannot_finish_it(provider: Provider, fake: FakeProvider) -> None:
    state, _ = await begin(provider, fake)
    asked = len(fake.asked)
    for cookie in ("", json.dumps(["other", "verifier", ISSUER])):
        with pytest.raises(Refusal, match=r"gateway\.console\.sign-in-broken"):
            await provider.finish({"code": "good", "state": state}, cookie)
    assert len(fake.asked) == asked


async def test_an_absent_provider_is_said_to_be_absent(provider: Provider, fake: FakeProvider) -> None:
    fake.away = True
    with pytest.raises(Refusal, match=r"gateway\.console\.provider-away"):
        await provider.begin(ISSUER)


async def test_another_issuers_document_is_not_believed(provider: Provider) -> None:
    with pytest.raises(Refusal, match=r"gateway\.console\.sign-in-broken"):
        await provider.begin("https://other.example")
