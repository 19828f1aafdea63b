"""Who may do what: sign-in, scopes, regions, identities in clear, the books' owners."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.bootstrap import Network, assemble
from shared.auth import Principal
from shared.contracts.claims import BurdenBackUnder, BurdenLineCrossed
from shared.errors import Refusal
from shared.settings import SettingsError, read_settings
from tests.integration.gateway.conftest import MORNING, PERSON, House

CLEAR = {"person_id": PERSON, "certno": "42050219900101123X", "region": "420502", "masked": False}


def bearer(house: House, *scopes: str, region: str = "*") -> dict[str, str]:
    principal = Principal("u1", "某人", frozenset(scopes), frozenset({region}))
    return {"Authorization": f"Bearer {house.sign(principal)}"}


async def test_signing_in_with_the_local_provider(house: House) -> None:
    offered = (await house.client.get("/v1/auth")).json()
    assert offered["provider"] == "local"
    assert [user["username"] for user in offered["users"]][:2] == ["wangfang", "lijing"]
    me = (await house.client.get("/v1/me", headers=await house.login("lijing"))).json()
    assert (me["user_id"], me["name"], me["role_names"]) == ("lijing", "李静", ["审核"])
    assert "conversions:check" in me["scopes"]
    for username, password in (("lijing", "wrong"), ("nobody", "onewindow"), ("nobody", "no such user")):
        refused = await house.client.post("/v1/auth/login", json={"username": username, "password": password})
        assert (refused.status_code, refused.json()["code"]) == (401, "gateway.auth.credentials-wrong")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/me"),
        ("GET", "/v1/matters"),
        ("POST", "/v1/matters"),
        ("GET", "/v1/persons?q=张三"),
        ("GET", f"/v1/persons/{PERSON}"),
        ("GET", f"/v1/persons/{PERSON}/timeline"),
        ("GET", "/v1/settlements/S1"),
        ("GET", "/v1/conversions"),
        ("GET", "/v1/ledger/books"),
        ("GET", "/v1/access-log"),
    ],
)
async def test_nothing_without_a_token_and_nothing_without_the_scope(house: House, method: str, path: str) -> None:
    headers = {"Idempotency-Key": "k"}
    body: dict[str, Any] = {"matter_code": "enrol-and-pay"}
    anonymous = await house.client.request(method, path, json=body if method == "POST" else None, headers=headers)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "auth.token-missing")
    if path != "/v1/me":
        poor = await house.client.request(
            method, path, json=body if method == "POST" else None, headers={**headers, **bearer(house, "other:read")}
        )
        assert (poor.status_code, poor.json()["code"]) == (403, "auth.scope-missing")
    assert house.enrollment.sent + house.claims.sent + house.bridge.sent == []


async def test_an_identity_in_clear_is_logged_and_a_refused_one_is_not_shown(house: House) -> None:
    house.enrollment.answers[f"GET /v1/persons/{PERSON}"] = lambda query: (
        {**CLEAR, "certno": "4205**********123X", "masked": True} if query.get("masked") == "true" else CLEAR
    )
    path = f"/v1/persons/{PERSON}"
    masked = await house.client.get(path, headers=await house.login("zhouqiang"))
    assert masked.json()["certno"] == "4205**********123X"
    refused = await house.client.get(path, params={"reveal": 1}, headers=await house.login("zhouqiang"))
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert await house.rows("SELECT count(*) FROM access_log") == [(0,)]
    clear = await house.client.get(path, params={"reveal": 1}, headers=await house.login("wangfang"))
    assert clear.json()["certno"] == "42050219900101123X"
    log = (await house.client.get("/v1/access-log", headers=await house.login("sunli"))).json()
    assert [(line["by"], line["by_name"], line["person_id"], line["what"]) for line in log["items"]] == [
        ("wangfang", "王芳", PERSON, "查看证件号码等身份信息")
    ]
    assert log["next"] is None


async def test_regions_bound_what_is_seen(house: House) -> None:
    path = f"/v1/persons/{PERSON}"
    assert (await house.client.get(path, headers=bearer(house, "persons:read", region="420500"))).status_code == 200
    refused = await house.client.get(path, headers=bearer(house, "persons:read", region="420600"))
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.region-not-granted")
    house.enrollment.answers[f"POST /v1/persons/{PERSON}/coverages"] = (201, {"coverage_id": "CV1", "premium_id": "PR1"})
    body = {
        "matter_code": "enrol-and-pay",
        "person_id": PERSON,
        "form": {"scheme": "390", "person_category": "15", "begins_on": "2026-01-01", "year": 2026, "region": "420502"},
        "materials": [{"code": "identity"}, {"code": "photo"}],
    }
    away = await house.post("/v1/matters", body, bearer(house, "matters:accept", "matters:read", region="420600"), "k")
    assert (away.status_code, away.json()["code"]) == (403, "gateway.matter.region-not-granted")
    matter = (
        await house.post("/v1/matters", body, bearer(house, "matters:accept", "matters:read", region="420502"), "k")
    ).json()
    for region, count in (("420502", 1), ("420500", 1), ("420000", 1), ("420503", 0), ("430000", 0)):
        listed = await house.client.get("/v1/matters", headers=bearer(house, "matters:read", region=region))
        assert len(listed.json()["items"]) == count, region
    hidden = await house.client.get(
        f"/v1/matters/{matter['matter_id']}", headers=bearer(house, "matters:read", region="430000")
    )
    assert hidden.status_code == 403


async def test_what_belongs_to_a_person_elsewhere_is_left_out_or_refused(house: House) -> None:
    there = "Q" + "0" * 25
    house.enrollment.answers[f"GET /v1/persons/{there}"] = {"person_id": there, "region": "420600"}
    house.claims.answers["GET /v1/settlements"] = {
        "items": [{"person_id": PERSON}, {"person_id": there}, {"person_id": "gone"}],
        "next": None,
    }
    house.claims.answers["GET /v1/settlements/S1"] = {"settlement_id": "S1", "person_id": there}
    house.claims.answers["GET /v1/visits"] = {
        "items": [{"visit_id": "V2", "person_id": PERSON}, {"visit_id": "V1", "person_id": there}],
        "next": None,
    }
    house.claims.answers["GET /v1/visits/V1"] = {"visit_id": "V1", "person_id": there, "lines": []}
    house.claims.answers["GET /v1/visits/V2"] = {"visit_id": "V2", "person_id": PERSON, "lines": []}
    house.bridge.answers["GET /v1/conversions/V1"] = {"conversion_id": "V1", "region": "420600"}
    house.claims.answers[f"GET /v1/persons/{there}/year"] = {"year": 2026}
    near = bearer(house, "settlements:read", "conversions:read", "conversions:check", "persons:read", region="420500")
    listed = await house.client.get("/v1/settlements", params={"person_id": PERSON}, headers=near)
    assert listed.json() == {"items": [{"person_id": PERSON}], "next": None}
    listed = await house.client.get("/v1/visits", params={"person_id": PERSON}, headers=near)
    assert listed.json() == {"items": [{"visit_id": "V2", "person_id": PERSON}], "next": None}
    assert (await house.client.get("/v1/visits/V2", headers=near)).json()["lines"] == []
    for path in (
        "/v1/settlements/S1",
        "/v1/visits/V1",
        "/v1/conversions/V1",
        f"/v1/persons/{there}/year",
        f"/v1/persons/{there}/timeline",
    ):
        refused = await house.client.get(path, headers=near)
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.region-not-granted"), path
    refused = await house.post("/v1/conversions/V1/check", {}, near, "k")
    assert (refused.status_code, house.bridge.commands()) == (403, [])


@pytest.mark.parametrize(
    "after", ["x", "WzEsMl0", "WzksIngiLCJ5Il0", "WyJub3QgYSBkYXkiLCAieCJd", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTld"]
)
@pytest.mark.parametrize("path", ["/v1/matters", f"/v1/persons/{PERSON}/timeline", "/v1/access-log"])
async def test_cursors_that_are_not_ours(house: House, path: str, after: str) -> None:
    answer = await house.client.get(path, params={"after": after}, headers=bearer(house, "*"))
    assert answer.status_code == 422
    assert answer.json()["code"] in ("request.cursor-invalid", "gateway.request.cursor-invalid")


async def test_control_characters_are_refused(house: House) -> None:
    headers = bearer(house, "*")
    for path in ("/v1/matters?receipt_no=%00", "/v1/persons?q=%00%00", "/v1/conversions?state=%0d%0a"):
        assert (await house.client.get(path, headers=headers)).status_code == 422
    body = {"matter_code": "work-injury", "person_id": PERSON, "form": {"description": "a\u0000b"}}
    assert (await house.post("/v1/matters", body, headers, "k")).status_code == 422


async def test_pages_follow_each_other(house: House) -> None:
    house.enrollment.answers[f"POST /v1/persons/{PERSON}/coverages"] = (503, {})
    form = {"scheme": "390", "person_category": "15", "begins_on": "2026-01-01", "year": 2026, "region": "420502"}
    body = {
        "matter_code": "enrol-and-pay",
        "person_id": PERSON,
        "form": form,
        "materials": [{"code": "identity"}, {"code": "photo"}],
    }
    headers = bearer(house, "*")
    made = [(await house.post("/v1/matters", body, headers, f"k{n}")).json()["matter_id"] for n in range(3)]
    first = (await house.client.get("/v1/matters?limit=2", headers=headers)).json()
    second = (await house.client.get("/v1/matters", params={"limit": 2, "after": first["next"]}, headers=headers)).json()
    assert [line["matter_id"] for line in first["items"] + second["items"]] == made
    assert second["next"] is None


async def test_finding_persons_by_number_or_name(house: House) -> None:
    house.enrollment.answers["GET /v1/persons"] = {"items": [], "next": None}
    headers = await house.login("wangfang")
    await house.client.get("/v1/persons", params={"q": " 42050219900101123X "}, headers=headers)
    await house.client.get("/v1/persons", params={"q": "张三"}, headers=headers)
    assert [query for _, _, query, _ in house.enrollment.sent] == [
        {"certno": "42050219900101123X", "limit": "20", "masked": "true"},
        {"name": "张三", "limit": "20", "masked": "true"},
    ]


async def test_books_are_asked_for_where_they_are_kept(house: House) -> None:
    headers = await house.login("chenhui")
    books = (await house.client.get("/v1/ledger/books", headers=headers)).json()["items"]
    assert [book["book"] for book in books] == ["EMP", "RES", "LARGE", "CVL", "CII", "SUP", "MAF", "WI"]
    house.claims.answers["GET /v1/ledger/trial-balance"] = {"book": "EMP"}
    house.bridge.answers["GET /v1/ledger/trial-balance"] = {"book": "WI"}
    for book in ("EMP", "WI"):
        answer = await house.client.get("/v1/ledger/trial-balance", params={"book": book, "on": "2026-03-01"}, headers=headers)
        assert answer.json() == {"book": book}
    assert house.bridge.sent[0][2] == {"book": "WI", "on": "2026-03-01"}
    unknown = await house.client.get("/v1/ledger/trial-balance", params={"book": "XX"}, headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.ledger.book-unknown")
    house.claims.answers["GET /v1/ledger/journals"] = {"items": [{"book": "EMP"}], "next": None}
    house.bridge.answers["GET /v1/ledger/journals"] = {"items": [{"book": "WI"}], "next": None}
    both = (await house.client.get("/v1/ledger/journals", params={"case_id": "C1"}, headers=headers)).json()
    assert both == {"items": [{"book": "EMP"}, {"book": "WI"}], "next": None}


async def test_a_conversion_is_reviewed_in_the_callers_name(house: House) -> None:
    house.bridge.answers["GET /v1/conversions/V1"] = {"conversion_id": "V1", "state": "proposed"}
    house.bridge.answers["POST /v1/conversions/V1/check"] = {"state": "checked"}
    refused = await house.post("/v1/conversions/V1/check", {}, await house.login("zhaoming"), "k")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert house.bridge.sent == []
    done = await house.post("/v1/conversions/V1/check", {"note": "材料齐全"}, await house.login("lijing"), "k")
    assert done.json() == {"state": "checked"}
    assert house.bridge.commands() == [("/v1/conversions/V1/check", {"actor": "lijing", "note": "材料齐全"})]


async def test_refusals_of_the_owners_come_through_as_they_are(house: House) -> None:
    house.claims.answers["GET /v1/settlements/S1"] = (
        404,
        {"code": "claims.settlement.unknown", "title": "没有这笔结算", "detail": "unknown"},
    )
    headers = await house.login("wangfang")
    unknown = await house.client.get("/v1/settlements/S1", headers=headers)
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["title"]) == (
        404,
        "claims.settlement.unknown",
        "没有这笔结算",
    )
    house.claims.away = True
    away = await house.client.get("/v1/settlements/S1", headers=headers)
    assert (away.status_code, away.json()["code"]) == (503, "claims.away")
    for path in ("/v1/settlements/..", "/v1/settlements/a%2Fb", "/v1/persons/%2e%2e/year"):
        assert (await house.client.get(path, headers=headers)).status_code in (404, 422)


def provider(key: ec.EllipticCurvePrivateKey) -> httpx.MockTransport:
    document = {**jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k1", "alg": "ES256"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"})
        return httpx.Response(200, json={"keys": [document]})

    return httpx.MockTransport(answer)


PRODUCTION = {
    "ONEWINDOW_ENV": "production",
    "ONEWINDOW_SERVICE_SECRET": "s" * 40,
    "ONEWINDOW_DATA_KEY": "d" * 40,
    "ONEWINDOW_OIDC_ISSUER": "https://id.example",
}


async def test_production_takes_the_providers_tokens_and_no_local_users() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    settings = read_settings("gateway", PRODUCTION)
    gateway = assemble(settings, Network(provider=provider(key)))
    assert gateway.sign_in is None
    assert gateway.local_users is None
    now = int(time.time())
    claims = {
        "iss": "https://id.example",
        "aud": "onewindow-gateway",
        "sub": "7",
        "name": "王芳",
        "scope": "matters:read",
        "regions": ["420502"],
        "iat": now,
        "exp": now + 60,
    }
    token = jwt.encode(claims, key, algorithm="ES256", headers={"kid": "k1"})
    principal = await gateway.verifier.verify(token)
    assert principal == Principal("7", "王芳", frozenset({"matters:read"}), frozenset({"420502"}))

    forged = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"})
    other = jwt.encode({**claims, "aud": "another"}, key, algorithm="ES256", headers={"kid": "k1"})
    local = assemble(read_settings("gateway", {**PRODUCTION, "ONEWINDOW_ENV": "test"})).sign_in
    assert local is not None
    user, _ = local("wangfang", "onewindow")
    for wrong, code in (
        (forged, "auth.token-invalid"),
        (other, "auth.token-invalid"),
        (user, "gateway.auth.local-user"),
        ("x", "auth.token-invalid"),
    ):
        with pytest.raises(Refusal) as refused:
            await gateway.verifier.verify(wrong)
        assert refused.value.code == code
    await gateway.close()


def test_production_without_a_provider_does_not_start() -> None:
    settings = read_settings("gateway", {**PRODUCTION, "ONEWINDOW_OIDC_ISSUER": ""})
    with pytest.raises(SettingsError, match="ONEWINDOW_OIDC_ISSUER"):
        assemble(settings)


async def test_accounts_and_burdens_go_to_their_owner_in_the_callers_name_and_region(house: House) -> None:
    there = "P" + "9" * 25
    house.enrollment.answers[f"GET /v1/persons/{there}"] = {"person_id": there, "region": "420600"}
    house.claims.answers[f"GET /v1/persons/{PERSON}/account"] = {"person_id": PERSON, "balance_fen": 1}
    house.claims.answers[f"POST /v1/accounts/{PERSON}/sharings"] = {"sharing_id": "S1"}
    house.claims.answers[f"POST /v1/accounts/{PERSON}/closures/C1/approve"] = {"state": "paid"}
    house.claims.answers["GET /v1/burden-watch"] = {"items": [{"crossing_id": "B1", "region": "420502"}], "next": None}
    house.claims.answers["GET /v1/burden-watch/B1"] = {"crossing_id": "B1", "region": "420502"}
    house.claims.answers["GET /v1/burden-watch/B2"] = {"crossing_id": "B2", "region": "420600"}
    house.claims.answers["POST /v1/burden-watch/B1/contacted"] = {"state": "contacted"}
    scopes = ("persons:read", "accounts:share", "accounts:approve", "burdens:read", "burdens:act")
    near = bearer(house, *scopes, region="420500")
    shown = await house.client.get(f"/v1/persons/{PERSON}/account", headers=near)
    assert shown.json()["balance_fen"] == 1
    body = {"beneficiary_id": there, "relation": "child", "limit_fen": 500}
    assert (await house.post(f"/v1/persons/{PERSON}/account/sharings", body, near, "k1")).json() == {"sharing_id": "S1"}
    assert (await house.post(f"/v1/persons/{PERSON}/account/closures/C1/approve", {}, near, "k2")).status_code == 200
    listed = await house.client.get("/v1/burden-watch", params={"state": "open"}, headers=near)
    assert [item["crossing_id"] for item in listed.json()["items"]] == ["B1"]
    assert (await house.post("/v1/burden-watch/B1/contacted", {"note": "电话"}, near, "k3")).json() == {"state": "contacted"}
    assert house.claims.commands() == [
        (f"/v1/accounts/{PERSON}/sharings", {**body, "actor": "u1"}),
        (f"/v1/accounts/{PERSON}/closures/C1/approve", {"actor": "u1"}),
        ("/v1/burden-watch/B1/contacted", {"note": "电话", "actor": "u1"}),
    ]
    for method, path in (
        ("POST", f"/v1/persons/{there}/account/sharings"),
        ("POST", "/v1/burden-watch/B2/contacted"),
        ("GET", f"/v1/persons/{there}/account"),
        ("GET", "/v1/burden-watch?region=420600"),
    ):
        house.claims.answers[f"GET /v1/persons/{there}/account"] = {"person_id": there}
        refused = (
            await house.post(path, body if "sharings" in path else {}, near, "k4")
            if method == "POST"
            else await house.client.get(path, headers=near)
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.region-not-granted"), path
    poor = bearer(house, "persons:read", region="420500")
    closing = await house.post(
        f"/v1/persons/{PERSON}/account/closures", {"died_on": "2026-03-01", "reference": "x"}, poor, "k5"
    )
    assert (closing.status_code, closing.json()["code"]) == (403, "auth.scope-missing")
    assert len(house.claims.commands()) == 3


async def test_burdens_are_on_the_timeline(house: House) -> None:
    crossed = BurdenLineCrossed(
        person_id=PERSON, subject_kind="household", subject_id="H1", benefit_year=2026, line="household_half",
        line_name="家庭上年可支配收入的50%", amount_fen=2_400_001, line_fen=2_400_000, crossed_at=MORNING,
    )  # fmt: skip
    under = BurdenBackUnder(
        person_id=PERSON, subject_kind="person", subject_id=PERSON, benefit_year=2026, line="tenth",
        line_name="上年人均可支配收入的10%", at=MORNING + timedelta(hours=1),
    )  # fmt: skip
    await house.tell(crossed, under)
    lines = (await house.client.get(f"/v1/persons/{PERSON}/timeline", headers=await house.login("wangfang"))).json()["items"]
    assert [(line["kind"], line["title"], line["detail"], line["amount_fen"]) for line in lines] == [
        ("burden", "个人医疗负担预警解除：上年人均可支配收入的10%", "2026 年度，结算或家庭成员变动后低于预警线", None),
        (
            "burden",
            "家庭医疗负担超过预警线：家庭上年可支配收入的50%",
            "2026 年度累计 24,000.01 元，预警线 24,000.00 元",
            2_400_001,
        ),
    ]
