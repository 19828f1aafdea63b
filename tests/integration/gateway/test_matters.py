"""The two matters end to end over the API, with events from the owners."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.clock import CHINA
from shared.contracts.enrollment import CoverageActivated, PremiumPaid
from shared.contracts.workinjury_bridge import BenefitPaid, ConversionChanged, InjuryCaseOpened, RecognitionDecided
from tests.integration.gateway.conftest import MORNING, PERSON, House

CASE = "C" + "0" * 25
CONVERSION = "V" + "0" * 25
ENROLMENT = {
    "matter_code": "enrol-and-pay",
    "person_id": PERSON,
    "form": {"scheme": "390", "person_category": "15", "begins_on": "2026-01-01", "year": 2026, "region": "420502"},
    "materials": [{"code": "identity", "reference": "D1"}, {"code": "photo", "reference": "D2"}],
}
INJURY = {
    "matter_code": "work-injury",
    "person_id": PERSON,
    "form": {"accident_on": "2026-02-20", "body_parts": ["右手"], "description": "操作机器时右手被压伤"},
    "materials": [{"code": code} for code in ("identity", "injury-application", "diagnosis", "witness-statement")],
}
LATER = MORNING + timedelta(hours=5)


def declared(house: House) -> None:
    house.enrollment.answers[f"POST /v1/persons/{PERSON}/coverages"] = (
        201,
        {"coverage_id": "CV1", "premium_id": "PR1", "amount_fen": 40000},
    )
    house.enrollment.answers["POST /v1/premiums/PR1/payments"] = {"premium_id": "PR1"}


def opened(house: House) -> None:
    house.bridge.answers["POST /v1/injury-cases"] = (201, {"case_id": CASE})
    house.bridge.answers[f"POST /v1/injury-cases/{CASE}/recognition-decisions"] = {"decision_id": "DE1"}


async def accept(house: House, body: dict[str, Any], key: str = "k1") -> dict[str, Any]:
    answer = await house.post("/v1/matters", body, await house.login("wangfang"), key)
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def states(house: House, matter_id: str) -> dict[str, str]:
    matter = (await house.client.get(f"/v1/matters/{matter_id}", headers=await house.login("wangfang"))).json()
    return {"matter": matter["state"], **{task["code"]: task["state"] for task in matter["tasks"]}}


def activated(matter_id: str | None) -> CoverageActivated:
    return CoverageActivated(
        coverage_id="CV1",
        person_id=PERSON,
        scheme="390",
        begins_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        region="420502",
        matter_id=matter_id,
    )


def decided(outcome: str, matter_id: str | None, version: int = 1) -> RecognitionDecided:
    return RecognitionDecided(
        case_id=CASE,
        person_id=PERSON,
        decision_id=f"DE{version}",
        decision_no="工伤认字〔2026〕7号",
        decision_version=version,
        outcome=outcome,
        accident_on=date(2026, 2, 20),
        decided_on=date(2026, 3, 4),
        matter_id=matter_id,
    )


def converted(state: str, minutes: int, matter_id: str | None = None) -> ConversionChanged:
    return ConversionChanged(
        conversion_id=CONVERSION,
        case_id=CASE,
        person_id=PERSON,
        settlement_id="S1",
        decision_id="DE1",
        decision_version=1,
        state=state,
        changed_at=LATER + timedelta(minutes=minutes),
        work_injury_fen=900000,
        owed_fen=700000,
        refund_fen=200000,
        matter_id=matter_id,
    )


def meals(matter_id: str | None = None) -> BenefitPaid:
    return BenefitPaid(
        payment_id="PA1", case_id=CASE, person_id=PERSON, kind="meals", amount_fen=12000, paid_at=LATER, matter_id=matter_id
    )


async def test_enrol_and_pay_from_the_counter_to_the_closed_matter(house: House) -> None:
    declared(house)
    matter = await accept(house, ENROLMENT)
    assert matter["receipt_no"][:17] == "CB012026030200001"
    assert (matter["state"], matter["due_on"], matter["days_left"], matter["promised_days"]) == ("open", "2026-03-09", 5, 5)
    assert [(task["code"], task["state"], task["light"]) for task in matter["tasks"]] == [
        ("register-person", "done", None),
        ("declare-coverage", "done", None),
        ("pay-premium", "running", "green"),
    ]
    assert matter["references"] == {"coverage_id": "CV1", "premium_id": "PR1", "amount_fen": "40000"}
    assert house.enrollment.commands() == [
        (f"/v1/persons/{PERSON}/coverages", {**ENROLMENT["form"], "matter_id": matter["matter_id"]})  # type: ignore[dict-item]  # a dict
    ]
    assert [paper["state"] for paper in matter["materials"]] == ["provided", "shared", "provided"]

    payment = {"action": "pay", "amount_fen": 40000, "paid_on": "2026-03-02", "channel": "counter", "receipt_no": "T1"}
    path = f"/v1/matters/{matter['matter_id']}/tasks/pay-premium/actions"
    paid = await house.post(path, payment, await house.login("wangfang"), "pay-1")
    assert paid.status_code == 200, paid.text
    assert house.enrollment.commands()[1] == (
        "/v1/premiums/PR1/payments",
        {"amount_fen": 40000, "paid_on": "2026-03-02", "channel": "counter", "receipt_no": "T1"},
    )
    assert (await states(house, matter["matter_id"]))["matter"] == "open"  # a command asks; the fact decides

    premium = PremiumPaid(
        premium_id="PR1",
        person_id=PERSON,
        scheme="390",
        year=2026,
        amount_fen=40000,
        paid_at=LATER,
        matter_id=matter["matter_id"],
    )
    await house.tell(premium, activated(matter["matter_id"]), at=LATER)
    closed = (await house.client.get(f"/v1/matters/{matter['matter_id']}", headers=await house.login("wangfang"))).json()
    assert (closed["state"], closed["light"], closed["closed_at"]) == ("done", None, "2026-03-02T06:30:00Z")
    assert closed["tasks"][2]["result"]["note"] == "参保自 2026-01-01 起生效"
    emitted = await house.rows("SELECT type, payload::json ->> 'state', payload::json ->> 'outcome' FROM outbox ORDER BY seq")
    assert emitted == [
        ("gateway.matter-accepted.v1", None, None),
        ("gateway.matter-task-changed.v1", "done", None),
        ("gateway.matter-task-changed.v1", "running", None),
        ("gateway.matter-task-changed.v1", "done", None),
        ("gateway.matter-task-changed.v1", "running", None),
        ("gateway.matter-task-changed.v1", "done", None),
        ("gateway.matter-closed.v1", None, "done"),
    ]


async def test_a_repeated_acceptance_is_one_matter_and_a_changed_one_is_refused(house: House) -> None:
    declared(house)
    first = await accept(house, ENROLMENT)
    again = await accept(house, ENROLMENT)
    assert again["matter_id"] == first["matter_id"]
    other = {**ENROLMENT, "defer": True}
    refused = await house.post("/v1/matters", other, await house.login("wangfang"), "k1")
    assert (refused.status_code, refused.json()["code"]) == (409, "request.idempotency-key-reused")
    assert await house.rows("SELECT count(*) FROM matter") == [(1,)]


async def test_acceptances_at_the_same_instant_get_different_numbers(house: House) -> None:
    declared(house)
    matters = await asyncio.gather(*(accept(house, ENROLMENT, f"k{i}") for i in range(12)))
    assert sorted(m["receipt_no"][12:17] for m in matters) == [f"{i:05d}" for i in range(1, 13)]


async def test_missing_papers_are_told_at_once_and_nothing_is_accepted(house: House) -> None:
    wanting = {**INJURY, "materials": [{"code": "diagnosis"}]}
    refused = await house.post("/v1/matters", wanting, await house.login("wangfang"), "k1")
    assert (refused.status_code, refused.json()["code"]) == (422, "gateway.matter.materials-missing")
    assert refused.json()["missing"] == [
        {"code": "identity", "name": "居民身份证", "deferrable_days": 0},
        {"code": "injury-application", "name": "工伤认定申请表", "deferrable_days": 0},
        {"code": "witness-statement", "name": "证人证言", "deferrable_days": 10},
    ]
    assert await house.rows("SELECT count(*) FROM matter") == [(0,)]
    assert await house.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert house.bridge.sent == []


async def test_a_paper_that_may_follow_is_deferred_and_then_brought(house: House) -> None:
    opened(house)
    papers = [paper for paper in INJURY["materials"] if paper["code"] != "witness-statement"]  # type: ignore[index]  # dicts
    matter = await accept(house, {**INJURY, "materials": papers, "defer": True})
    deferred = matter["materials"][-1]
    assert (deferred["code"], deferred["state"], deferred["due_on"]) == ("witness-statement", "deferred", "2026-03-16")
    path = f"/v1/matters/{matter['matter_id']}/materials"
    brought = await house.post(
        path, {"materials": [{"code": "witness-statement", "reference": "D9"}]}, await house.login("wangfang"), "m1"
    )
    assert brought.json()["materials"][-1]["state"] == "provided"
    # The person's next matter reuses the identity paper.
    declared(house)
    body = {**ENROLMENT, "materials": [{"code": "photo"}]}
    assert (await accept(house, body, "k2"))["materials"][0]["state"] == "reused"


async def test_a_new_person_is_registered_first(house: House) -> None:
    declared(house)
    person = {"cert_type": "01", "certno": "420502199001011234", "name": "张三", "region": "420502"}
    house.enrollment.answers["POST /v1/persons"] = (201, {"person_id": PERSON})
    body = {**ENROLMENT, "person": person}
    del body["person_id"]
    matter = await accept(house, body)
    assert matter["person_id"] == PERSON
    assert house.enrollment.sent[0][:3] == ("POST", "/v1/persons", person)
    # No id number stays here.
    assert await house.rows("SELECT count(*) FROM matter m WHERE m::text LIKE '%420502199001011234%'") == [(0,)]
    assert await house.rows("SELECT count(*) FROM outbox o WHERE o.payload LIKE '%199001011234%'") == [(0,)]


async def test_an_owner_that_is_away_is_asked_again_by_the_worker(house: House) -> None:
    declared(house)
    house.enrollment.answers["POST /v1/persons"] = (201, {"person_id": PERSON})
    matter_body = {**ENROLMENT, "person": {"certno": "x", "region": "420502"}}
    del matter_body["person_id"]
    coverages = house.enrollment.answers.pop(f"POST /v1/persons/{PERSON}/coverages")
    house.enrollment.answers[f"POST /v1/persons/{PERSON}/coverages"] = (503, {})
    matter = await accept(house, matter_body)
    assert [task["state"] for task in matter["tasks"]] == ["done", "running", "waiting"]
    house.enrollment.answers[f"POST /v1/persons/{PERSON}/coverages"] = coverages
    await house.run_job("start-tasks")
    assert await states(house, matter["matter_id"]) == {
        "matter": "open",
        "register-person": "done",
        "declare-coverage": "done",
        "pay-premium": "running",
    }
    keys = {key for method, path, _, key in house.enrollment.sent if path.endswith("/coverages")}
    assert len(keys) == 1


async def test_an_owner_that_refuses_hinders_the_task_until_the_form_is_corrected(house: House) -> None:
    path = f"POST /v1/persons/{PERSON}/coverages"
    house.enrollment.answers[path] = lambda body: (
        (201, {"coverage_id": "CV1", "premium_id": "PR1", "amount_fen": 40000})
        if body["year"] == 2026
        else (422, {"code": "enrollment.premium.year-unknown", "title": "没有该年度的缴费标准", "detail": "x"})
    )
    wrong = {**ENROLMENT, "form": {**ENROLMENT["form"], "year": 1999}}  # type: ignore[dict-item]  # a dict
    matter = await accept(house, wrong)
    task = matter["tasks"][1]
    assert (task["state"], task["hindrance"]) == ("running", "没有该年度的缴费标准（enrollment.premium.year-unknown）")
    assert [action["code"] for action in task["actions"]] == ["restart"]
    await house.run_job("start-tasks")
    assert len(house.enrollment.commands()) == 1  # a refused command is not repeated by itself
    actions = f"/v1/matters/{matter['matter_id']}/tasks/declare-coverage/actions"
    corrected = await house.post(actions, {"action": "restart", "year": 2026}, await house.login("wangfang"), "r1")
    assert [task["state"] for task in corrected.json()["tasks"]] == ["done", "done", "running"]


async def test_the_work_injury_bundle_closes_by_itself(house: House) -> None:
    opened(house)
    matter = await accept(house, INJURY)
    matter_id = matter["matter_id"]
    assert (matter["due_on"], matter["references"]) == ("2026-03-24", {"case_id": CASE})
    assert house.bridge.commands()[0] == (
        "/v1/injury-cases",
        {**INJURY["form"], "person_id": PERSON, "region": "420502", "matter_id": matter_id},  # type: ignore[dict-item]  # a dict
    )

    decision = {"action": "decide", "decision_no": "工伤认字〔2026〕7号", "outcome": "granted", "decided_on": "2026-03-02"}
    path = f"/v1/matters/{matter_id}/tasks/recognition/actions"
    refused = await house.post(path, decision, await house.login("wangfang"), "d0")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert len(house.bridge.commands()) == 1
    assert (await house.post(path, decision, await house.login("lijing"), "d1")).status_code == 200
    assert house.bridge.commands()[1] == (
        f"/v1/injury-cases/{CASE}/recognition-decisions",
        {"decision_no": "工伤认字〔2026〕7号", "outcome": "granted", "decided_on": "2026-03-02", "decided_by": "lijing"},
    )
    opening = InjuryCaseOpened(
        case_id=CASE, person_id=PERSON, employer_id=None, accident_on=date(2026, 2, 20), opened_at=MORNING, matter_id=matter_id
    )
    await house.tell(opening, decided("granted", matter_id), converted("proposed", 0, matter_id), at=LATER)
    assert await states(house, matter_id) == {
        "matter": "open",
        "recognition": "done",
        "benefit": "running",
        "conversion": "running",
    }

    house.bridge.answers[f"POST /v1/conversions/{CONVERSION}/check"] = {"state": "checked"}
    review = f"/v1/matters/{matter_id}/tasks/conversion/actions"
    body = {"action": "check", "conversion_id": CONVERSION}
    checked = await house.post(review, body, await house.login("lijing"), "c1")
    assert checked.status_code == 200, checked.text
    assert house.bridge.commands()[-1] == (f"/v1/conversions/{CONVERSION}/check", {"actor": "lijing"})
    unknown = await house.post(review, {"action": "check", "conversion_id": "V" * 26}, await house.login("lijing"), "c2")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.matter.part-unknown")

    await house.tell(converted("settled", 30), meals(), at=LATER)  # without the matter's id: found by the case
    assert await states(house, matter_id) == {"matter": "done", "recognition": "done", "benefit": "done", "conversion": "done"}
    # The same command again, after the task has ended, gives the same answer and sends the same command.
    again = await house.post(review, body, await house.login("lijing"), "c1")
    assert again.status_code == 200
    assert len({key for _, path, _, key in house.bridge.sent if path.endswith("/check")}) == 1
    new = await house.post(review, body, await house.login("lijing"), "c3")
    assert (new.status_code, new.json()["code"]) == (409, "gateway.matter.task-not-running")

    lines = (await house.client.get(f"/v1/persons/{PERSON}/timeline", headers=await house.login("wangfang"))).json()["items"]
    assert [(line["kind"], line["title"], line["amount_fen"]) for line in lines] == [
        ("conversion", "医保转工伤：已到账", 900000),
        ("benefit", "住院伙食补助费到账", 12000),
        ("conversion", "医保转工伤：待初审", 900000),
        ("injury", "认定为工伤", None),
        ("injury", "申请工伤认定", None),
    ]


async def test_duplicate_and_reordered_events_leave_the_same_matter(house: House) -> None:
    opened(house)
    reached: set[str] = set()
    for number, order in enumerate(permutations(range(3))):
        matter = await accept(house, INJURY, f"k{number}")
        matter_id = matter["matter_id"]
        events = [decided("granted", matter_id), converted("settled", 30, matter_id), meals(matter_id)]
        for index in order:
            await house.tell(events[index], events[index], at=LATER)
        stored = await house.rows(f"SELECT state, closed_at, tasks::text FROM matter WHERE matter_id = '{matter_id}'")
        started = matter["tasks"][0]["started_at"]
        reached.add(str(stored).replace(started, ""))
    assert len(reached) == 1
    assert await house.rows("SELECT count(*) FROM outbox WHERE type = 'gateway.matter-closed.v1'") == [(6,)]


async def test_denied_recognition_closes_the_bundle_in_part(house: House) -> None:
    opened(house)
    matter = await accept(house, INJURY)
    await house.tell(decided("denied", matter["matter_id"]), at=LATER)
    assert await states(house, matter["matter_id"]) == {
        "matter": "partial",
        "recognition": "refused",
        "benefit": "refused",
        "conversion": "refused",
    }
    late = await house.post(
        f"/v1/matters/{matter['matter_id']}/withdrawal", {"reason": "改变主意"}, await house.login("wangfang"), "w1"
    )
    assert (late.status_code, late.json()["code"]) == (409, "gateway.matter.too-late-to-withdraw")


async def test_withdrawal_before_the_first_result(house: House) -> None:
    opened(house)
    matter = await accept(house, INJURY)
    path = f"/v1/matters/{matter['matter_id']}/withdrawal"
    gone = (await house.post(path, {"reason": "改变主意"}, await house.login("wangfang"), "w1")).json()
    assert (gone["state"], gone["light"], gone["log"][-1]["text"]) == ("withdrawn", None, "已撤回")
    await house.tell(decided("granted", matter["matter_id"]), at=LATER)
    assert (await states(house, matter["matter_id"]))["matter"] == "withdrawn"


async def test_lights_change_with_the_days_and_are_logged(house: House) -> None:
    declared(house)
    matter = await accept(house, ENROLMENT)  # due on Monday 9 March; payment due on Thursday 5 March
    seen = []
    for day in (3, 4, 5, 6):
        house.clock.set(datetime(2026, 3, day, 8, 0, tzinfo=CHINA))
        await house.run_job("check-lights")
        listed = (await house.client.get("/v1/matters?state=open", headers=await house.login("zhouqiang"))).json()["items"]
        seen.append((day, listed[0]["light"], listed[0]["days_left"]))
    assert seen == [(3, "green", 4), (4, "yellow", 3), (5, "yellow", 2), (6, "red", 1)]
    counts = (await house.client.get("/v1/matters/counts", headers=await house.login("zhouqiang"))).json()
    assert counts == {"open": 1, "green": 0, "yellow": 0, "red": 1, "closed_today": 0}
    shown = (await house.client.get(f"/v1/matters/{matter['matter_id']}", headers=await house.login("zhouqiang"))).json()
    assert [note["text"] for note in shown["log"]][-2:] == ["绿灯转黄灯", "黄灯转红灯（超期）"]


async def test_clocks_are_looked_at_again_when_a_year_is_announced(house: House) -> None:
    declared(house)
    house.clock.set(datetime(2026, 12, 30, 9, 0, tzinfo=CHINA))
    matter = await accept(house, ENROLMENT)
    assert matter["due_provisional"] is True
    # As if another process had computed it while 2026 was not announced either, and with another result.
    pool = await house.runtime.db.pool()
    await pool.execute("UPDATE matter SET checked_as = '2026-12-30 ', due_on = '2027-01-11'")
    await house.run_job("check-lights")
    assert await house.rows("SELECT checked_as, due_on = '2027-01-11' FROM matter") == [("2026-12-30 2026", False)]
    notes = await house.rows("SELECT text FROM matter_note ORDER BY note_id DESC LIMIT 1")
    assert notes[0][0].startswith("承诺时限由 2027-01-11 调整为 ")


async def test_pause_and_waive_are_for_those_who_decide(house: House) -> None:
    opened(house)
    matter = await accept(house, INJURY)
    path = f"/v1/matters/{matter['matter_id']}/tasks/recognition/actions"
    body = {"action": "pause", "reason": "等待交通事故责任认定"}
    assert (await house.post(path, body, await house.login("wangfang"), "p0")).status_code == 403
    paused = (await house.post(path, body, await house.login("lijing"), "p1")).json()
    assert (paused["tasks"][0]["paused"], paused["tasks"][0]["light"], paused["light"]) == (True, None, None)
    house.clock.set(datetime(2026, 3, 12, 9, 0, tzinfo=CHINA))
    resumed = (await house.post(path, {"action": "resume"}, await house.login("lijing"), "p2")).json()
    assert (resumed["tasks"][0]["due_on"], resumed["due_on"]) == ("2026-03-27", "2026-04-03")
    waiting = f"/v1/matters/{matter['matter_id']}/tasks/benefit/actions"
    refused = await house.post(waiting, {"action": "waive", "reason": "未住院"}, await house.login("lijing"), "v1")
    assert (refused.status_code, refused.json()["code"]) == (409, "gateway.matter.task-not-running")
    empty = await house.post(waiting, {"action": "waive"}, await house.login("lijing"), "v2")
    assert (empty.status_code, empty.json()["code"]) == (422, "gateway.matter.action-invalid")
    await house.tell(decided("granted", matter["matter_id"]), at=house.clock.now())
    waived = await house.post(waiting, {"action": "waive", "reason": "未住院"}, await house.login("lijing"), "v3")
    assert waived.json()["tasks"][1]["result"]["note"] == "无需办理：未住院"


async def test_progress_needs_the_number_and_the_tail(house: House) -> None:
    declared(house)
    matter = await accept(house, ENROLMENT)
    number = matter["receipt_no"]
    shown = await house.client.get("/v1/progress", params={"receipt_no": number.lower(), "certno_tail": "123x"})
    assert (shown.status_code, shown.json()["matter_name"], shown.json()["due_on"]) == (200, "参保登记缴费", "2026-03-09")
    assert "person_id" not in shown.text
    for params in ({"receipt_no": number, "certno_tail": "0000"}, {"receipt_no": number[:-1] + "x", "certno_tail": "123X"}):
        unknown = await house.client.get("/v1/progress", params=params)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.progress.unknown")
    codes = [
        (await house.client.get("/v1/progress", params={"receipt_no": number, "certno_tail": "0000"})).status_code
        for _ in range(25)
    ]
    assert set(codes) == {404, 429}  # ten a minute, even when a minute ends in between


@pytest.mark.parametrize("user", ["lijing", "zhouqiang", "bank"])
async def test_only_the_counter_accepts(house: House, user: str) -> None:
    refused = await house.post("/v1/matters", ENROLMENT, await house.login(user), "k1")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert house.enrollment.sent == []
    assert await house.rows("SELECT count(*) FROM matter") == [(0,)]
