"""From an amount on a third person agrees to a conversion (B0.6, 社会保险经办条例 37), on PostgreSQL and with the real claims."""

from __future__ import annotations

import pytest

from shared.money import fen
from tests.integration.workinjury_bridge.two_services import F1, Two, injured, two

__all__ = ["two"]  # a fixture


async def large(two: Two) -> str:
    """The path of a conversion of 15 700 that the first person has checked."""
    person = await two.desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await two.desk.stay(person, F1, scheme="310")
    await two.desk.call("2304", two.desk.stay_input(visit, person, "16000.00", scheme="310", account="1"))
    path = await two.proposed(await injured(two, person))
    await two.client.post(f"{path}/check", {"actor": "lijing"})
    return path


@pytest.mark.usefixtures("third_level_from_f1")
async def test_nothing_is_booked_before_the_third_person_agrees(two: Two) -> None:
    client, path = two.client, await large(two)
    second = await client.post(f"{path}/approve", {"actor": "zhaoming"})
    assert (second["state"], second["maker"], second["checker"], second["approver"]) == ("endorsed", "lijing", "zhaoming", None)
    await two.flush()
    found = await client.get(path)
    assert (found["state"], found["work_injury_fen"]) == ("endorsed", fen("15700"))
    assert await two.wi() == {}
    assert await two.books("1121", "1003") == [0, 0]
    for signed in ("lijing", "zhaoming"):
        refused = await client.try_post(f"{path}/approve", {"actor": signed})
        assert (refused.status_code, refused.json()["code"]) == (409, "workinjury-bridge.conversion.same-hand")
    assert await client.get(path) == found

    await client.post(f"{path}/approve", {"actor": "zhouqiang"})
    found = await client.get(path)
    assert (found["state"], found["checker"], found["approver"]) == ("settled", "zhaoming", "zhouqiang")
    assert await two.books("5001.01", "5001.02", "1121", "1003") == [0, 0, 0, fen("12985")]
    await two.sound()


@pytest.mark.usefixtures("third_level_from_f1")
async def test_a_page_of_the_worklist_and_the_way_back(two: Two) -> None:
    client, path = two.client, await large(two)
    conversion_id = path.rsplit("/", 1)[1]

    async def review(act: str, actor: str) -> tuple[str, str | None]:
        body = {"act": act, "conversion_ids": [conversion_id], "actor": actor}
        (item,) = (await client.post("/v1/conversion-reviews", body))["items"]
        return item.get("state") or item["problem"]["code"], item.get("approver")

    assert await review("approve", "zhaoming") == ("endorsed", None)
    assert await review("approve", "zhaoming") == ("workinjury-bridge.conversion.same-hand", None)
    back = await client.post(f"{path}/send-back", {"actor": "zhouqiang", "note": "请补住院病历"})
    assert (back["state"], back["maker"], back["checker"], back["approver"]) == ("proposed", None, None, None)
    assert await review("check", "zhaoming") == ("checked", None)
    assert await review("approve", "lijing") == ("endorsed", None)
    assert await review("approve", "zhouqiang") == ("approved", "zhouqiang")
    await two.flush()
    found = await client.get(path)
    hands = [found[name] for name in ("state", "maker", "checker", "approver")]
    assert hands == ["settled", "zhaoming", "lijing", "zhouqiang"]
    await two.sound()
