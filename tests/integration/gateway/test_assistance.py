"""Medical assistance through the window: whose post allows what, in whose name, for whose people, and the timeline."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.auth import Principal
from shared.contracts.claims import AssistanceDecided
from tests.integration.gateway.conftest import MORNING, PERSON, House

PATH = "/v1/assistance-applications"
ONE = f"{PATH}/A1"
APPLICATION: dict[str, Any] = {"person_id": PERSON, "household": [], "class_code": "illness_poor", "statement": ""}
ACTS: list[tuple[str, dict[str, Any], str]] = [
    (PATH, APPLICATION, "wangfang"),
    (f"{ONE}/review", {"note": "属实"}, "lijing"),
    (f"{ONE}/publish", {}, "lijing"),
    (f"{ONE}/object", {"reason": "有房产"}, "lijing"),
    (f"{ONE}/withdraw", {"reason": "已解决"}, "wangfang"),
    (f"{ONE}/approve", {}, "zhaoming"),
    (f"{ONE}/reject", {"reason": "不符"}, "zhaoming"),
    (f"{ONE}/pay", {}, "chenhui"),
]
EVERYBODY = ["wangfang", "lijing", "zhaoming", "chenhui", "zhouqiang", "sunli", "bank"]


@pytest.fixture
def claims_answers(house: House) -> House:
    """Claims knows one application."""
    house.claims.answers[f"GET {PATH}"] = {"items": [{"application_id": "A1", "person_id": PERSON}], "next": None}
    house.claims.answers[f"GET {ONE}"] = {"application_id": "A1", "person_id": PERSON}
    for path, _, _ in ACTS:
        house.claims.answers[f"POST {path}"] = {"did": path}
    return house


@pytest.mark.parametrize(("path", "body", "allowed"), ACTS)
async def test_who_may_do_it_and_in_whose_name(claims_answers: House, path: str, body: dict[str, Any], allowed: str) -> None:
    house = claims_answers
    for username in EVERYBODY:
        house.claims.sent.clear()
        answer = await house.post(path, body, await house.login(username), "K1")
        if username != allowed:
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope-missing")
            assert house.claims.sent == []
            continue
        assert (answer.is_success, answer.json()) == (True, {"did": path})
        assert house.claims.sent[-1] == ("POST", path, {**body, "actor": username}, f"{username}:K1")


async def test_people_of_another_region_are_out_of_reach(claims_answers: House) -> None:
    house = claims_answers
    scopes = frozenset(f"assistance:{act}" for act in ("read", "apply", "review", "approve", "pay"))
    token = house.sign(Principal("u1", "某人", scopes, frozenset({"990101"})))
    headers = {"Authorization": f"Bearer {token}"}
    for path, body, _ in ACTS:
        answer = await house.post(path, body, headers, "K1")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted")
    assert (await house.client.get(ONE, headers=headers)).status_code == 403
    assert (await house.client.get(PATH, headers=headers)).json()["items"] == []
    assert house.claims.commands() == []


async def test_the_decision_is_a_line_of_the_timeline(house: House) -> None:
    decided = AssistanceDecided(
        application_id="A1",
        person_id=PERSON,
        class_code="illness_poor",
        class_name="因病致贫重病患者",
        approved=True,
        begins_on=date(2025, 3, 20),
        burden_fen=1_342_500,
        line_fen=718_825,
        expected_fen=501_501,
        reason="",
        decided_at=MORNING,
    )
    await house.tell(decided)
    answer = await house.client.get(f"/v1/persons/{PERSON}/timeline", headers=await house.login("lijing"))
    (line,) = answer.json()["items"]
    assert (line["kind"], line["title"], line["detail"], line["amount_fen"]) == (
        "benefit",
        "医疗救助申请批准",
        "自 2025-03-20 起认定为因病致贫重病患者",
        501_501,
    )
