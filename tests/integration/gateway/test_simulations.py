"""Simulations through the gateway: who may ask, who may look, and what claims is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.gateway.conftest import House

ASKED: dict[str, Any] = {
    "title": "二级医院提高五个百分点",
    "facts": {"begins_on": "2025-01-01", "ends_on": "2025-12-31"},
    "book_a": {"day": "2025-06-01"},
    "book_b": {"digest": "sha256:" + "a" * 64},
    "income_fen": 2_875_300,
}


async def test_a_simulation_is_asked_for_in_the_callers_name(house: House) -> None:
    queued = {"simulation_id": "SIM1", "state": "queued"}
    house.claims.answers["POST /v1/simulations"] = (202, queued)
    answer = await house.post("/v1/simulations", ASKED, await house.login("zhouqiang"), "k1")
    assert (answer.status_code, answer.json()) == (202, queued)
    (sent,) = [entry for entry in house.claims.sent if entry[0] == "POST"]
    assert sent == ("POST", "/v1/simulations", {**ASKED, "seed": 1, "asked_by": "zhouqiang"}, "zhouqiang:k1")
    refused = await house.post("/v1/simulations", {**ASKED, "asked_by": "somebody"}, await house.login("zhouqiang"), "k2")
    assert refused.status_code == 422
    poor = await house.post("/v1/simulations", ASKED, await house.login("wangfang"), "k3")
    assert (poor.status_code, poor.json()["code"]) == (403, "auth.scope-missing")
    assert len(house.claims.commands()) == 1


@pytest.mark.parametrize("path", ["/v1/simulations", "/v1/simulations/SIM1", "/v1/simulations/SIM1/tables/funds"])
async def test_results_are_for_those_who_may_read_rules(house: House, path: str) -> None:
    house.claims.answers[f"GET {path}"] = {"items": [], "next": None}
    shown = await house.client.get(path, headers=await house.login("zhouqiang"))
    assert (shown.status_code, shown.json()) == (200, {"items": [], "next": None})
    stranger = await house.client.get(path, headers=await house.login("bank"))
    assert stranger.status_code == 403
