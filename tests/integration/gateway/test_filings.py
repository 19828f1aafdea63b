"""Filings through the window: whose post allows them, in which region, in whose name."""

from __future__ import annotations

from shared.auth import Principal
from tests.integration.gateway.conftest import PERSON, House

PATH = f"/v1/persons/{PERSON}/filings"
REFERRAL = {"kind": "referral", "code": "H11010500001", "begins_on": "2026-03-02", "ends_on": "2026-09-01", "scheme": ""}


async def test_a_clerk_files_reads_and_withdraws(house: House) -> None:
    listed = {"items": [{"filing_id": "F1", "kind": "referral"}], "next": None}
    house.claims.answers |= {
        f"GET {PATH}": listed,
        f"POST {PATH}": {"filing_id": "F1"},
        f"POST {PATH}/F1/cancel": {"filing_id": "F1", "state": "cancelled"},
    }
    for username in ("wangfang", "lijing"):
        house.claims.sent.clear()
        headers = await house.login(username)
        assert (await house.client.get(PATH, headers=headers)).json() == listed
        assert (await house.post(PATH, REFERRAL, headers, "k1")).json() == {"filing_id": "F1"}
        assert (await house.post(f"{PATH}/F1/cancel", {}, headers, "k2")).json() == {"filing_id": "F1", "state": "cancelled"}
        assert house.claims.sent[1:] == [
            ("POST", PATH, {**REFERRAL, "actor": username}, f"{username}:k1"),
            ("POST", f"{PATH}/F1/cancel", {}, f"{username}:k2"),
        ]


async def test_others_and_other_regions_are_refused_and_claims_hears_nothing(house: House) -> None:
    elsewhere = Principal("county", "县局", frozenset({"filings:read", "filings:write"}), frozenset({"420503"}))
    stranger = {"Authorization": f"Bearer {house.sign(elsewhere)}"}
    for headers, code in ((await house.login("chenhui"), "auth.scope-missing"), (stranger, "auth.region-not-granted")):
        for answer in (
            await house.client.get(PATH, headers=headers),
            await house.post(PATH, REFERRAL, headers, "k1"),
            await house.post(f"{PATH}/F1/cancel", {}, headers, "k2"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert house.claims.sent == []


async def test_what_is_no_filing_is_refused_here(house: House) -> None:
    headers = await house.login("wangfang")
    for wrong in ({**REFERRAL, "kind": "other"}, {**REFERRAL, "begins_on": "tomorrow"}, {**REFERRAL, "actor": "somebody"}):
        answer = await house.post(PATH, wrong, headers, "k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert house.claims.sent == []
