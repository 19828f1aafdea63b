"""Partners: documents that become commands, webhooks that tell of events."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.webhook import signature
from shared.auth import Principal
from shared.contracts.workinjury_bridge import RecoveryChanged
from tests.integration.gateway.conftest import MORNING, PERSON, House

RECOVERY = {"recovery_id": "R1", "case_id": "C1", "region": "420502"}
DETERMINATION: dict[str, Any] = {
    "document": "liability-determination",
    "document_no": "第420502120260001号",
    "about_id": "R1",
    "fields": {"share": 700_000},
    "digest": "a" * 64,
}
RECEIPT: dict[str, Any] = {
    "document": "bank-receipt",
    "document_no": "20260302-000017",
    "about_id": "R1",
    "fields": {"amount_fen": 350_000, "reference": "20260302-000017"},
}
DOCUMENTS = "/v1/partner-documents"


@pytest.fixture(autouse=True)
def recoveries(house: House) -> None:
    """One debt that the bridge knows."""
    house.bridge.answers["GET /v1/recoveries/R1"] = RECOVERY


def changed(recovery_id: str = "R1", case_id: str = "C1") -> RecoveryChanged:
    return RecoveryChanged(
        recovery_id=recovery_id,
        case_id=case_id,
        person_id=PERSON,
        conversion_id=None,
        book="WI",
        debtor="T:7",
        cause="third-party",
        state="demanded",
        advanced_fen=500_000,
        recovered_fen=0,
        open_fen=500_000,
        changed_at=MORNING,
    )


def reviewer(house: House, *regions: str) -> dict[str, str]:
    scopes = frozenset({"partner-documents:read", "recoveries:write", "injury-cases:decide"})
    return {"Authorization": f"Bearer {house.sign(Principal('lijing', '李静', scopes, frozenset(regions or ('*',))))}"}


async def states(house: House) -> list[tuple[Any, ...]]:
    return await house.rows("SELECT document_no, state, decided_by, reason FROM partner_document ORDER BY document_id")


async def test_the_police_fix_the_fault_and_the_office_accepts(house: House) -> None:
    police = await house.login("traffic-police")
    sent = await house.post(DOCUMENTS, DETERMINATION, police, "k1")
    assert (sent.status_code, sent.json()["state"], sent.json()["case_id"]) == (201, "received", "C1")
    statement = sent.json()["document_id"]
    assert (await house.post(DOCUMENTS, DETERMINATION, police, "k2")).json()["document_id"] == statement
    house.bridge.answers["POST /v1/recoveries/R1/liability"] = {"recovery_id": "R1"}
    house.bridge.sent.clear()
    answers = [await house.post(f"{DOCUMENTS}/{statement}/accept", {}, reviewer(house), "k3") for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 409]
    assert (answers[0].json()["state"], answers[1].json()["code"]) == ("accepted", "gateway.partner-document.decided")
    assert house.bridge.sent == [
        ("POST", "/v1/recoveries/R1/liability", {"share": 700_000, "actor": "lijing"}, f"partner-document:{statement}")
    ]
    assert await house.rows("SELECT type, payload::jsonb->>'state' FROM outbox") == [
        ("gateway.partner-document-decided.v1", "accepted")
    ]


async def test_another_content_under_the_same_number_is_refused(house: House) -> None:
    police = await house.login("traffic-police")
    await house.post(DOCUMENTS, DETERMINATION, police, "k1")
    again = await house.post(DOCUMENTS, {**DETERMINATION, "fields": {"share": 300_000}}, police, "k2")
    assert (again.status_code, again.json()["code"], again.json()["field"]) == (
        409,
        "gateway.partner-document.number-used",
        "document_no",
    )
    assert await house.rows("SELECT fields FROM partner_document") == [('{"share": 700000}',)]


async def test_who_is_no_partner_or_sends_what_is_not_agreed_leaves_nothing_behind(house: House) -> None:
    police = await house.login("traffic-police")
    stranger = Principal("someone", "某人", frozenset({"partner-documents:send"}), frozenset({"*"}))
    elsewhere = Principal("traffic-police", "交警", frozenset({"partner-documents:send"}), frozenset({"420503"}))
    for headers, body, status, code in (
        (await house.login("wangfang"), DETERMINATION, 403, "auth.scope-missing"),
        ({"Authorization": f"Bearer {house.sign(stranger)}"}, DETERMINATION, 403, "gateway.partner.unknown"),
        ({"Authorization": f"Bearer {house.sign(elsewhere)}"}, DETERMINATION, 403, "auth.region-not-granted"),
        (police, RECEIPT, 422, "gateway.partner-document.kind-not-agreed"),
        (police, {**DETERMINATION, "about_id": "R2"}, 404, "owner.thing.unknown"),
        (police, {**DETERMINATION, "fields": {"share": "70%"}}, 422, "gateway.partner-document.field-invalid"),
        (police, {**DETERMINATION, "digest": "x"}, 422, "request.invalid"),
    ):
        answer = await house.post(DOCUMENTS, body, headers, "k")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await states(house) == []


async def test_a_refusal_of_the_owner_comes_through_and_the_document_waits_with_the_cause(house: House) -> None:
    statement = (await house.post(DOCUMENTS, DETERMINATION, await house.login("traffic-police"), "k")).json()["document_id"]
    refusal = {"code": "workinjury-bridge.recovery.closed", "title": "追偿已结束", "detail": "closed"}
    house.bridge.answers["POST /v1/recoveries/R1/liability"] = (409, refusal)
    answer = await house.post(f"{DOCUMENTS}/{statement}/accept", {}, reviewer(house), "k")
    assert (answer.status_code, answer.json()["code"]) == (409, "workinjury-bridge.recovery.closed")
    assert await states(house) == [
        (DETERMINATION["document_no"], "received", None, "追偿已结束（workinjury-bridge.recovery.closed）")
    ]
    back = await house.post(f"{DOCUMENTS}/{statement}/return", {"reason": "该案已结清"}, reviewer(house), "k")
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    assert await house.rows("SELECT payload::jsonb->>'reason' FROM outbox") == [("该案已结清",)]


async def test_an_acceptance_that_was_cut_off_is_finished_by_the_job_in_the_name_of_who_began(house: House) -> None:
    statement = (await house.post(DOCUMENTS, DETERMINATION, await house.login("traffic-police"), "k")).json()["document_id"]
    house.bridge.away = True
    assert (await house.post(f"{DOCUMENTS}/{statement}/accept", {}, reviewer(house), "k")).status_code == 503
    assert [row[1] for row in await states(house)] == ["accepting"]
    house.bridge.away = False
    house.bridge.answers["POST /v1/recoveries/R1/liability"] = {"recovery_id": "R1"}
    await house.run_job("partner-documents")
    assert await states(house) == [(DETERMINATION["document_no"], "accepted", "lijing", "")]
    assert house.bridge.commands()[-1] == ("/v1/recoveries/R1/liability", {"share": 700_000, "actor": "lijing"})


async def test_a_receipt_of_the_bank_proves_itself(house: House) -> None:
    house.bridge.answers["POST /v1/recoveries/R1/receipts"] = {"recovery_id": "R1"}
    assert (await house.post(DOCUMENTS, RECEIPT, await house.login("bank"), "k")).status_code == 201
    await house.run_job("partner-documents")
    assert await states(house) == [(RECEIPT["document_no"], "accepted", "bank", "")]
    assert house.bridge.commands() == [
        ("/v1/recoveries/R1/receipts", {"amount_fen": 350_000, "reference": "20260302-000017", "actor": "bank"})
    ]


async def test_a_receipt_that_the_owner_refuses_waits_for_a_person(house: House) -> None:
    refusal = {"code": "workinjury-bridge.recovery.too-much", "title": "金额超过欠款", "detail": "too much"}
    house.bridge.answers["POST /v1/recoveries/R1/receipts"] = (409, refusal)
    await house.post(DOCUMENTS, RECEIPT, await house.login("bank"), "k")
    for _ in range(2):
        await house.run_job("partner-documents")
    assert await states(house) == [
        (RECEIPT["document_no"], "received", None, "金额超过欠款（workinjury-bridge.recovery.too-much）")
    ]
    assert len(house.bridge.commands()) == 1


async def test_a_partner_sees_its_own_and_the_office_its_regions(house: House) -> None:
    police, bank = await house.login("traffic-police"), await house.login("bank")
    house.bridge.away = False
    statement = (await house.post(DOCUMENTS, DETERMINATION, police, "k")).json()["document_id"]
    for headers, seen in ((police, 1), (bank, 0), (reviewer(house, "420500"), 1), (reviewer(house, "420503"), 0)):
        listed = (await house.client.get(DOCUMENTS, headers=headers)).json()
        assert (len(listed["items"]), listed["next"]) == (seen, None)
    assert (await house.client.get(f"{DOCUMENTS}/{statement}", headers=bank)).status_code == 404
    assert (await house.client.get(f"{DOCUMENTS}/{statement}", headers=reviewer(house, "420503"))).status_code == 403
    assert (await house.client.get(f"{DOCUMENTS}/{statement}", headers=police)).json()["document_name"] == "道路交通事故认定书"


async def subscribe(house: House, who: str, *events: str) -> tuple[dict[str, str], dict[str, Any]]:
    headers = await house.login(who)
    body = {"url": "http://127.0.0.1:9001/hook", "events": list(events)}
    answer = await house.post("/v1/webhooks", body, headers, "k")
    assert answer.status_code == 201, answer.text
    assert (await house.post("/v1/webhooks", body, headers, "k")).json() == answer.json()
    return headers, answer.json()


async def test_a_partner_is_told_of_its_cases_and_can_verify_it(house: House) -> None:
    _, hook = await subscribe(house, "traffic-police", "workinjury-bridge.recovery-changed.v1")
    await house.tell(changed())
    await house.post(DOCUMENTS, DETERMINATION, await house.login("traffic-police"), "k")
    await house.tell(changed(case_id="C2"), changed())
    await house.run_job("deliver-events")
    ((url, headers, body),) = house.partner_site.calls
    told = json.loads(body)
    assert url == "http://127.0.0.1:9001/hook"
    assert (told["type"], told["subject"], told["data"]["case_id"], told["data"]["open_fen"]) == (
        "workinjury-bridge.recovery-changed.v1",
        PERSON,
        "C1",
        500_000,
    )
    key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    assert headers["webhook-signature"] == signature(key, told["id"], int(MORNING.timestamp()), body)
    assert headers["webhook-id"] == told["id"] == "E" + "3".rjust(25, "0")
    await house.run_job("deliver-events")
    assert len(house.partner_site.calls) == 1


async def test_the_same_event_twice_is_told_once(house: House) -> None:
    _, _ = await subscribe(house, "bank", "workinjury-bridge.recovery-changed.v1")
    await house.tell(changed(), event_id="E" * 26)
    await house.tell(changed(), event_id="E" * 26)
    await house.run_job("deliver-events")
    assert len(house.partner_site.calls) == 1


async def test_a_failed_call_is_made_again_and_abandoned_in_the_end_and_can_be_replayed(house: House) -> None:
    headers, hook = await subscribe(house, "bank", "workinjury-bridge.recovery-changed.v1")
    await house.tell(changed())
    house.partner_site.statuses = [500, 0, 301, 500]
    path = f"/v1/webhooks/{hook['webhook_id']}"
    seen = []
    for _ in range(12):
        await house.run_job("deliver-events")
        ((state, attempts, status),) = await house.rows("SELECT state, attempts, last_status FROM webhook_delivery")
        seen.append((state, attempts, status))
        house.clock.advance(timedelta(hours=24))
    assert seen[:3] == [("pending", 1, 500), ("pending", 2, None), ("pending", 3, 301)]
    assert seen[8:] == [("pending", 9, 500), *[("abandoned", 10, 500)] * 3]
    assert len(house.partner_site.calls) == 10
    listed = (await house.client.get(f"{path}/deliveries?state=abandoned", headers=headers)).json()["items"]
    assert [(d["event_id"], d["attempts"]) for d in listed] == [("E" + "1".rjust(25, "0"), 10)]
    house.partner_site.statuses = [204]
    assert (await house.post(f"{path}/replay", {"since": MORNING.isoformat()}, headers, "k")).json() == {"replayed": 1}
    await house.run_job("deliver-events")
    assert await house.rows("SELECT state, attempts, last_status FROM webhook_delivery") == [("delivered", 1, 204)]
    replayed = await house.post(f"{path}/deliveries/{listed[0]['event_id']}/replay", {}, headers, "k")
    assert replayed.json() == {"replayed": 1}
    unknown = await house.post(f"{path}/deliveries/E0/replay", {}, headers, "k")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.webhook.delivery-unknown")


async def test_a_worker_that_died_during_a_call_leaves_it_to_be_made_again(house: House) -> None:
    await subscribe(house, "bank", "workinjury-bridge.recovery-changed.v1")
    await house.tell(changed())
    house.partner_site.statuses = [204]
    gateway_calls = house.partner_site.calls

    class DiedError(BaseException):
        pass

    async def die(*_: Any) -> Any:
        raise DiedError

    (job,) = [job for job in house.runtime.jobs if job.name == "deliver-events"]
    deliver: Any = job.run
    real, deliver._calls = deliver._calls, type("Dead", (), {"post": die})()
    with pytest.raises(DiedError):
        await deliver()
    deliver._calls = real
    await deliver()
    assert gateway_calls == []
    house.clock.advance(timedelta(seconds=60))
    await deliver()
    assert len(gateway_calls) == 1


async def test_410_ends_the_calls_until_the_partner_wants_them_again(house: House) -> None:
    headers, hook = await subscribe(house, "bank", "workinjury-bridge.recovery-changed.v1")
    house.partner_site.statuses = [410, 204]
    await house.tell(changed())
    await house.run_job("deliver-events")
    await house.tell(changed())
    await house.run_job("deliver-events")
    assert len(house.partner_site.calls) == 1
    (listed,) = (await house.client.get("/v1/webhooks", headers=headers)).json()["items"]
    assert listed["disabled_why"] == "接收方答复 410，不再接收"
    assert (await house.post(f"/v1/webhooks/{hook['webhook_id']}/enable", {}, headers, "k")).json()["disabled_at"] is None
    await house.run_job("deliver-events")
    assert len(house.partner_site.calls) == 2


async def test_a_new_secret_is_shown_once_more_and_closing_ends_everything(house: House) -> None:
    headers, hook = await subscribe(house, "bank", "workinjury-bridge.recovery-changed.v1")
    path = f"/v1/webhooks/{hook['webhook_id']}"
    new = [(await house.post(f"{path}/secret", {}, headers, "k1")).json()["secret"] for _ in range(2)]
    assert new[0] == new[1] != hook["secret"]
    await house.tell(changed())
    other = await house.login("court")
    assert (await house.client.delete(path, headers=other)).status_code == 404
    assert (await house.client.delete(path, headers=headers)).status_code == 204
    await house.run_job("deliver-events")
    assert house.partner_site.calls == []
    assert await house.rows("SELECT count(*) FROM webhook_delivery") == [(0,)]


async def test_a_subscription_that_is_not_agreed_is_refused(house: House) -> None:
    police = await house.login("traffic-police")
    good = {"url": "http://127.0.0.1:1/", "events": ["workinjury-bridge.recovery-changed.v1"]}
    for headers, body, status, code in (
        (police, {**good, "events": ["workinjury-bridge.benefit-paid.v1"]}, 422, "gateway.webhook.event-not-agreed"),
        (police, {**good, "url": "http://10.0.0.1/"}, 422, "gateway.webhook.url-not-agreed"),
        (police, {**good, "url": "ftp://127.0.0.1/"}, 422, "request.invalid"),
        (await house.login("wangfang"), good, 403, "auth.scope-missing"),
    ):
        answer = await house.post("/v1/webhooks", body, headers, "k")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await house.rows("SELECT count(*) FROM webhook") == [(0,)]
