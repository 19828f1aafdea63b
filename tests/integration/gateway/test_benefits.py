"""Cash benefits through the one window: who may do what, and in whose name."""

from __future__ import annotations

from tests.integration.gateway.conftest import House

CASE = {"case_id": "C1", "region": "370826"}


async def test_benefits_are_forwarded_in_the_callers_name(house: House) -> None:
    house.bridge.answers["GET /v1/injury-cases/C1"] = CASE
    house.bridge.answers["GET /v1/benefits/B1"] = {"benefit_id": "B1"}
    house.bridge.answers["POST /v1/injury-cases/C1/benefits"] = {"benefit_id": "B1"}
    house.bridge.answers["POST /v1/benefits/B1/approve"] = {"state": "paid"}
    reviewer, approver = await house.login("lijing"), await house.login("zhaoming")
    facts = {"kind": "funeral", "on": "2026-03-01", "materials": ["M1"], "actor": "somebody else"}
    done = await house.post("/v1/injury-cases/C1/benefits", facts, reviewer, "k1")
    assert done.json() == {"benefit_id": "B1"}
    refused = await house.post("/v1/benefits/B1/approve", {}, reviewer, "k2")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert (await house.post("/v1/benefits/B1/approve", {}, approver, "k3")).json() == {"state": "paid"}
    assert (await house.post("/v1/injury-cases/C1/benefits", facts, approver, "k4")).status_code == 403
    assert (await house.post("/v1/injury-cases/C1/successions", facts, reviewer, "k5")).status_code == 403
    assert (await house.post("/v1/injury-cases/C1/anything", facts, reviewer, "k6")).status_code == 422
    assert house.bridge.commands() == [
        ("/v1/injury-cases/C1/benefits", facts | {"actor": "lijing"}),
        ("/v1/benefits/B1/approve", {"actor": "zhaoming"}),
    ]


async def test_benefits_are_read_through_the_window(house: House) -> None:
    paths = (
        "/v1/injury-cases/C1/benefits",
        "/v1/injury-cases/C1/appraisals",
        "/v1/benefits/B1",
        "/v1/entitlements/E1",
        "/v1/benefit-payments/Y1",
        "/v1/pension-reviews",
        "/v1/pension-runs/2026-11-01",
    )
    headers = await house.login("lijing")
    for path in paths:
        house.bridge.answers[f"GET {path}"] = {"path": path}
        assert (await house.client.get(path, headers=headers)).json() == {"path": path}
