"""Institutions, catalogue and visits over REST, on the whole application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from claims.bootstrap import Claims
from claims.entrypoints.service import SERVICE
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.crypto import Sealer
from tests.factories.claims_desk import REGION, ClaimsDesk, claims_settings
from tests.factories.his_messages import INSTITUTION, fee_line, inputs, message

HOSPITAL: dict[str, Any] = {
    "code": "H99010100007",
    "name": "乡镇卫生院",
    "level": 1,
    "region": REGION,
    "signature": "x-tif",
    "access_key": "paas-7",
    "secret": "s3cret",
    "switches": {"infcode_number": True},
}


class Api:
    """The application, asked by one caller."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self._token = token
        self._keys = 0

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {self._token}"})

    async def post(self, path: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        self._keys += 1
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key or f"k{self._keys}"}
        return await self.http.post(path, headers=headers, **body)


@pytest.fixture(scope="module")
async def http(one_claims: Claims) -> AsyncIterator[httpx.AsyncClient]:
    app = SERVICE.app(claims_settings(one_claims.db.url))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://claims") as client:
        yield client


def caller(http: httpx.AsyncClient, *scopes: str, regions: tuple[str, ...] = ("*",)) -> Api:
    principal = Principal("u1", "经办人", frozenset(scopes), frozenset(regions))
    return Api(http, build_signer(claims_settings("")).sign(principal, audience=AUDIENCE, ttl_s=600))


async def stated(desk: ClaimsDesk) -> list[dict[str, Any]]:
    rows = await (await desk.claims.db.pool()).fetch(
        "SELECT payload FROM outbox WHERE type = 'claims.institution-stated.v1' AND key = $1 ORDER BY seq", HOSPITAL["code"]
    )
    return [json.loads(row["payload"]) for row in rows]


async def test_an_institution_is_designated_changed_and_published(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    api = caller(http, "institutions:write", "institutions:read")
    first = (await api.post("/v1/institutions", json=HOSPITAL)).json()
    assert (first["version"], first["has_secret"], first["switches"]["infcode_number"]) == (1, True, True)
    assert "secret_sealed" not in first
    same = {k: v for k, v in HOSPITAL.items() if k != "secret"}
    assert (await api.post("/v1/institutions", json=same)).json()["version"] == 1
    assert (await api.post("/v1/institutions", json=HOSPITAL)).json()["version"] == 1
    assert (await api.post("/v1/institutions", json={**same, "active": False})).json()["version"] == 2
    facts = await stated(desk)
    assert [(f["version"], f["active"], f["infcode_number"], f["access_key"]) for f in facts] == [
        (1, True, True, "paas-7"),
        (2, False, True, "paas-7"),
    ]
    sealer = Sealer(claims_settings("").data_key.encode())
    assert [sealer.open(f["secret_sealed"]) for f in facts] == [b"s3cret", b"s3cret"]
    listed = (await api.get("/v1/institutions", limit=1)).json()
    assert [i["code"] for i in listed["items"]] == [INSTITUTION]
    rest = (await api.get("/v1/institutions", limit=1, after=listed["next"])).json()
    assert ([i["code"] for i in rest["items"]], rest["next"]) == (["H99010100007"], None)


async def test_a_designation_runs_once_per_key(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    api = caller(http, "institutions:write")
    first = await api.post("/v1/institutions", key="one", json=HOSPITAL)
    assert (await api.post("/v1/institutions", key="one", json=HOSPITAL)).json() == first.json()
    other = await api.post("/v1/institutions", key="one", json={**HOSPITAL, "level": 2})
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency-key-reused")
    assert len(await stated(desk)) == 1


@pytest.mark.parametrize(
    ("scopes", "regions", "status"),
    [((), ("*",), 403), (("institutions:read",), ("*",), 403), (("institutions:write",), ("420000",), 403)],
)
async def test_who_may_not_designate(
    desk: ClaimsDesk, http: httpx.AsyncClient, scopes: tuple[str, ...], regions: tuple[str, ...], status: int
) -> None:
    assert (await caller(http, *scopes, regions=regions).post("/v1/institutions", json=HOSPITAL)).status_code == status
    assert await desk.count("institution") == 1


@pytest.mark.parametrize("change", [{"code": "X99010100007"}, {"level": 4}, {"signature": "md5"}, {"secret": None}])
async def test_an_unlawful_institution_is_a_problem(desk: ClaimsDesk, http: httpx.AsyncClient, change: dict[str, Any]) -> None:
    response = await caller(http, "institutions:write").post("/v1/institutions", json={**HOSPITAL, **change})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert await desk.count("institution") == 1


async def test_the_catalogue_is_imported_looked_up_and_imported_again(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    api = caller(http, "catalogue:write", "catalogue:read")
    rows = "code,name,charge_class,price_limit_2,valid_from\nN1,新项目,A,12.5,2024-01-01\nN1,新项目,B,,2026-04-01\n"
    imported = await api.post("/v1/catalogue/imports", content=rows.encode())
    assert imported.json() == {"rows": 2, "added": 2, "changed": 0, "unchanged": 0}
    again = await api.post("/v1/catalogue/imports", content=rows.replace("12.5", "13").encode())
    assert again.json() == {"rows": 2, "added": 0, "changed": 1, "unchanged": 1}
    (item,) = (await api.get("/v1/catalogue", code="N1")).json()["items"]
    assert (item["charge_class"], item["price_limits"]) == ("A", [None, "13.000000", None])
    (item,) = (await api.get("/v1/catalogue", code="N1", on="2026-04-01")).json()["items"]
    assert item["charge_class"] == "B"
    assert (await api.get("/v1/catalogue", code="N1", on="2023-01-01")).json() == {"items": [], "next": None}
    page = (await api.get("/v1/catalogue", limit=3)).json()
    assert [i["code"] for i in page["items"]] == ["A1", "B1", "C1"]
    rest = (await api.get("/v1/catalogue", limit=3, after=page["next"])).json()
    assert ([i["code"] for i in rest["items"]], rest["next"]) == (["L1", "N1"], None)


async def test_an_import_with_a_fault_imports_nothing(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    rows = "code,name,charge_class,valid_from\nN1,新项目,A,2024-01-01\nN2,坏项目,X,2024-01-01\n"
    response = await caller(http, "catalogue:write").post("/v1/catalogue/imports", content=rows.encode())
    assert response.status_code == 422
    assert response.json()["faults"] == [{"row": 2, "column": "charge_class", "rule": "应为A、B、C（甲、乙、丙）"}]
    assert await desk.count("catalogue_item", "code LIKE 'N%'") == 0


async def test_a_persons_visits(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await desk.person()
    visits = [await desk.registration(person, [("A1", "10.00")]) for _ in range(3)]
    await desk.call("2207", desk.visit_input(visits[1], person, "10.00"))
    api = caller(http, "visits:read")
    page = (await api.get("/v1/visits", person_id=person, limit=2)).json()
    rest = (await api.get("/v1/visits", person_id=person, limit=2, after=page["next"])).json()
    assert [v["visit_id"] for v in page["items"] + rest["items"]] == visits[::-1]
    assert [v["settled_fen"] for v in page["items"] + rest["items"]] == [0, 1000, 0]
    assert rest["next"] is None
    assert (await api.get("/v1/visits", person_id=person, after="x")).status_code == 422
    assert (await caller(http).get("/v1/visits", person_id=person)).status_code == 403


async def test_a_stay_with_the_lines_that_are_not_settled(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "10.00"), ("B1", "20.00"), ("A1", "30.00")], discharged=False)
    numbers = [
        row["line_no"]
        for row in await (await desk.claims.db.pool()).fetch(
            "SELECT line_no FROM fee_line WHERE visit_id = $1 ORDER BY amount_fen", visit
        )
    ]
    returns = [("R1", numbers[0], "-10.00", "-1"), ("R2", numbers[2], "-12.00", "-0.4")]
    rows = [
        fee_line(
            number, person=person, visit=visit, med_list_codg="A1", det_item_fee_sumamt=amount, cnt=count,
            pric="10.00" if number == "R1" else "30.00", init_feedetl_sn=of, fee_ocur_time="2026-03-05 00:30:00",
        )
        for number, of, amount, count in returns
    ]  # fmt: skip
    await desk.call("2301", {"feedetail": rows})
    api = caller(http, "settlements:read", "visits:read")
    shown = (await api.get(f"/v1/visits/{visit}")).json()
    lines = shown.pop("lines")
    assert [shown] == (await api.get("/v1/visits", person_id=person)).json()["items"]
    assert (shown["person_id"], shown["state"], shown["total_fen"], shown["settled_fen"]) == (person, "open", 3_800, 0)
    assert [list(line.values()) for line in lines] == [
        [numbers[1], None, "B1", "乙类项目", "B", "2026-03-02", 2_000],
        [numbers[2], None, "A1", "甲类项目", "A", "2026-03-02", 3_000],
        ["R2", numbers[2], "A1", "甲类项目", "A", "2026-03-05", -1_200],
    ]
    await desk.discharge(visit, person)
    await desk.call("2304", desk.stay_input(visit, person, "38.00"))
    settled = (await api.get(f"/v1/visits/{visit}")).json()
    assert (settled["state"], settled["settled_fen"], settled["lines"]) == ("discharged", 3_800, [])
    unknown = await api.get("/v1/visits/V9")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "claims.visit.unknown")
    assert (await caller(http, "visits:read").get(f"/v1/visits/{visit}")).status_code == 403


async def test_a_his_message_through_the_application(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    gateway = Principal("gateway", "gateway", frozenset({"*"}), frozenset({"*"}), service=True)
    token = build_signer(claims_settings("")).sign(gateway, audience=AUDIENCE, ttl_s=60)
    response = await http.post(
        "/hsa/hgs/9001",
        content=message("9001", inputs()["9001"]),
        headers={"X-OneWindow-Institution": INSTITUTION, "Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200
    assert response.json()["infcode"] == "0"
    assert await desk.count("sign_in") == 1


async def test_text_that_cannot_be_stored_is_the_callers_fault(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    api = caller(http, "*")
    answers = [
        await api.get("/v1/visits", person_id="\x00"),
        await api.get("/v1/catalogue", code="\x00"),
        await api.post("/v1/institutions", json={**HOSPITAL, "name": "\x00"}),
        await api.post("/v1/catalogue/imports", content=b"code,name,charge_class,valid_from\nN1,a\x00b,A,2024-01-01\n"),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "request.text-unstorable")] * 4
    assert (await desk.count("institution"), await desk.count("catalogue_item")) == (1, 4)
