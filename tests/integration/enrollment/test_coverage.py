import json
from typing import Any

from tests.integration.enrollment.conftest import Api, credit_code

RESIDENT = {
    "scheme": "390",
    "person_category": "15",
    "begins_on": "2026-01-01",
    "year": 2026,
    "region": "420502",
    "matter_id": "M1",
}
PAYMENT = {"amount_fen": 40000, "paid_on": "2026-03-02", "channel": "bank", "receipt_no": "N1"}


async def enrolled(api: Api, person_id: str, **changed: Any) -> dict[str, Any]:
    answer = await api.post(f"/v1/persons/{person_id}/coverages", RESIDENT | changed)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_cover_waits_for_its_premium_and_then_counts(api: Api) -> None:
    person_id = await api.person()
    due = await enrolled(api, person_id)
    assert due == {
        "coverage_id": due["coverage_id"],
        "premium_id": due["premium_id"],
        "amount_fen": 40000,
        "subsidy_fen": 0,
        "subsidy_class": None,
        "source": "2026 年城乡居民基本医疗保险：个人 400 元、财政不低于 700 元",
        "state": "pending",
    }
    assert (await api.get("/v1/person-states", person_id=person_id)).json()["coverages"] == []
    assert await api.events() == ["enrollment.person-stated.v1"]

    paid = await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT)
    assert (paid.status_code, paid.json()) == (
        200,
        {
            "premium_id": due["premium_id"],
            "coverage_id": due["coverage_id"],
            "person_id": person_id,
            "amount_fen": 40000,
            "paid_on": "2026-03-02",
            "channel": "bank",
            "receipt_no": "N1",
            "state": "active",
        },
    )
    rows = await api.sql("SELECT type, key, payload FROM outbox ORDER BY seq")
    assert [(type_, key) for type_, key, _ in rows] == [
        ("enrollment.person-stated.v1", person_id),
        ("enrollment.premium-paid.v1", person_id),
        ("enrollment.coverage-activated.v1", person_id),
        ("enrollment.person-stated.v1", person_id),
    ]
    assert json.loads(rows[1][2]) == {
        "premium_id": due["premium_id"],
        "person_id": person_id,
        "scheme": "390",
        "year": 2026,
        "amount_fen": 40000,
        "paid_at": "2026-03-02T01:00:00Z",
        "matter_id": "M1",
    }
    assert json.loads(rows[2][2]) == {
        "coverage_id": due["coverage_id"],
        "person_id": person_id,
        "scheme": "390",
        "begins_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "region": "420502",
        "matter_id": "M1",
    }
    stated = json.loads(rows[3][2])
    assert stated["version"] == 2
    assert stated["coverages"] == [
        {
            "coverage_id": due["coverage_id"],
            "scheme": "390",
            "person_category": "15",
            "begins_on": "2026-01-01",
            "ends_on": "2026-12-31",
            "status": "active",
            "region": "420502",
            "employer_id": None,
            "employer_name": None,
            "civil_servant": False,
            "tier": None,
        }
    ]
    view = (await api.get(f"/v1/persons/{person_id}")).json()
    assert [c["state"] for c in view["coverages"]] == ["active"]
    assert view["premiums"][0]["receipt_no"] == "N1"


async def test_the_same_receipt_is_one_payment(api: Api) -> None:
    due = await enrolled(api, await api.person())
    path = f"/v1/premiums/{due['premium_id']}/payments"
    first = await api.post(path, PAYMENT)
    before = await api.counts()
    again = await api.post(path, PAYMENT)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await api.counts() == before


async def test_a_wrong_amount_changes_nothing(api: Api) -> None:
    due = await enrolled(api, await api.person())
    before = await api.counts()
    answer = await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT | {"amount_fen": 38000})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "enrollment.premium.amount-differs", "amount_fen")
    assert (problem["due_fen"], problem["paid_fen"]) == (40000, 38000)
    assert problem["title"] == "缴费金额不符：应缴 400.00 元，实缴 380.00 元"
    assert await api.counts() == before
    assert await api.sql("SELECT state FROM coverage") == [("pending",)]
    assert (await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT)).status_code == 200


async def test_second_receipts_used_receipts_and_strange_premiums_are_refused(api: Api) -> None:
    first, second = await enrolled(api, await api.person(sequence=123)), await enrolled(api, await api.person(sequence=125))
    assert (await api.post(f"/v1/premiums/{first['premium_id']}/payments", PAYMENT)).status_code == 200
    before = await api.counts()
    twice = await api.post(f"/v1/premiums/{first['premium_id']}/payments", PAYMENT | {"receipt_no": "N2"})
    used = await api.post(f"/v1/premiums/{second['premium_id']}/payments", PAYMENT)
    unknown = await api.post("/v1/premiums/X/payments", PAYMENT)
    later = await api.post(
        f"/v1/premiums/{second['premium_id']}/payments", PAYMENT | {"receipt_no": "N3", "paid_on": "2026-03-03"}
    )
    assert [(a.status_code, a.json()["code"]) for a in (twice, used, unknown, later)] == [
        (409, "enrollment.premium.already-paid"),
        (409, "enrollment.premium.receipt-used"),
        (404, "enrollment.premium.unknown"),
        (422, "enrollment.premium.paid-later"),
    ]
    assert await api.counts() == before


async def test_the_same_receipt_number_of_another_channel_is_another_payment(api: Api) -> None:
    first, second = await enrolled(api, await api.person(sequence=123)), await enrolled(api, await api.person(sequence=125))
    assert (await api.post(f"/v1/premiums/{first['premium_id']}/payments", PAYMENT)).status_code == 200
    assert (await api.post(f"/v1/premiums/{second['premium_id']}/payments", PAYMENT | {"channel": "tax"})).status_code == 200


async def test_overlapping_cover_is_refused_until_the_first_is_withdrawn(api: Api) -> None:
    person_id = await api.person()
    first = await enrolled(api, person_id)
    before = await api.counts()
    again = await api.post(f"/v1/persons/{person_id}/coverages", RESIDENT)
    assert (again.status_code, again.json()["code"]) == (409, "enrollment.coverage.overlaps")
    assert again.json()["coverage_id"] == first["coverage_id"]
    assert await api.counts() == before
    withdrawn = await api.post(f"/v1/coverages/{first['coverage_id']}/withdrawal")
    assert withdrawn.json() == {"coverage_id": first["coverage_id"], "state": "withdrawn"}
    late = await api.post(f"/v1/premiums/{first['premium_id']}/payments", PAYMENT)
    assert (late.status_code, late.json()["code"]) == (409, "enrollment.premium.withdrawn")
    second = await enrolled(api, person_id)
    assert second["coverage_id"] != first["coverage_id"]
    assert await api.events() == ["enrollment.person-stated.v1"]


async def test_a_premium_that_somebody_else_pays_whole_activates_at_once(api: Api) -> None:
    far = api.token(region="510800")
    person = {"cert_type": "08", "certno": "G1234567", "name": "李", "born_on": "2000-01-01", "region": "510802"}
    person_id = (await api.post("/v1/persons", person, token=far)).json()["person_id"]
    await api.post(f"/v1/persons/{person_id}/classes", {"code": "tekun", "begins_on": "2023-01-01"}, token=far)
    body = RESIDENT | {"begins_on": "2024-01-01", "year": 2024, "region": "510802"}
    due = (await api.post(f"/v1/persons/{person_id}/coverages", body, token=far)).json()
    assert (due["amount_fen"], due["subsidy_fen"], due["subsidy_class"], due["state"]) == (0, 38000, "tekun", "active")
    assert (await api.events())[-2:] == ["enrollment.coverage-activated.v1", "enrollment.person-stated.v1"]
    assert (await api.get("/v1/person-states", person_id=person_id, token=far)).json()["version"] == 3
    nothing = await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT | {"amount_fen": 0}, token=far)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "enrollment.premium.nothing-due")


async def test_employees_and_work_injury_of_one_employer(api: Api) -> None:
    person_id, employer_id = await api.person(), await api.employer(industry_class=3)
    employee = RESIDENT | {"scheme": "310", "person_category": "11", "employer_id": employer_id, "monthly_base_fen": 500000}
    assert (await enrolled(api, person_id, **employee))["amount_fen"] == 12 * 40000
    injury = await enrolled(api, person_id, **(employee | {"scheme": "WI"}))
    assert (injury["amount_fen"], injury["source"]) == (12 * 3500, "人社部发〔2015〕71号 第二条")
    assert (await api.post(f"/v1/premiums/{injury['premium_id']}/payments", PAYMENT | {"amount_fen": 42000})).status_code == 200
    state = (await api.get("/v1/person-states", person_id=person_id)).json()
    assert [(c["scheme"], c["employer_id"], c["employer_name"], c["ends_on"]) for c in state["coverages"]] == [
        ("WI", employer_id, "第1厂", None)
    ]


async def test_what_cannot_be_enrolled_leaves_nothing(api: Api) -> None:
    person_id = await api.person()
    before = await api.counts()
    path = f"/v1/persons/{person_id}/coverages"
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"scheme": "510"}, 422, "enrollment.coverage.scheme-unknown"),
        ({"person_category": "11"}, 422, "enrollment.coverage.category-wrong"),
        ({"year": 2025}, 422, "enrollment.premium.year-differs"),
        ({"begins_on": "2031-01-01", "year": 2031}, 422, "enrollment.premium.year-unknown"),
        ({"scheme": "310", "person_category": "11", "employer_id": "X"}, 404, "enrollment.employer.unknown"),
        ({"region": "x"}, 422, "enrollment.identity.region-wrong"),
        ({"region": "110101"}, 403, "auth.region-not-granted"),
        ({"monthly_base_fen": 1.5}, 422, "request.invalid"),
    ]
    answers = [await api.post(path, RESIDENT | changed) for changed, _, _ in cases]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(status, code) for _, status, code in cases]
    nobody = await api.post("/v1/persons/X/coverages", RESIDENT)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "enrollment.person.unknown")
    assert await api.counts() == before


async def test_payments_need_their_scope_and_region(api: Api) -> None:
    due = await enrolled(api, await api.person())
    before = await api.counts()
    for token in (api.token("persons:read"), api.token(region="110101")):
        answer = await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT, token=token)
        assert answer.status_code == 403
    assert await api.counts() == before


async def test_stopping_an_active_cover(api: Api) -> None:
    person_id = await api.person()
    due = await enrolled(api, person_id)
    path = f"/v1/coverages/{due['coverage_id']}/stop"
    early = await api.post(path, {"ends_on": "2026-06-30"})
    assert (early.status_code, early.json()["code"]) == (409, "enrollment.coverage.not-active")
    await api.post(f"/v1/premiums/{due['premium_id']}/payments", PAYMENT)
    stopped = await api.post(path, {"ends_on": "2026-06-30"})
    assert stopped.json() == {"coverage_id": due["coverage_id"], "ends_on": "2026-06-30"}
    events = await api.events()
    await api.post(path, {"ends_on": "2026-06-30"})
    assert await api.events() == events
    state = (await api.get("/v1/person-states", person_id=person_id)).json()
    assert (state["version"], state["coverages"][0]["ends_on"]) == (3, "2026-06-30")
    unknown = await api.post("/v1/coverages/X/stop", {"ends_on": "2026-06-30"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "enrollment.coverage.unknown")
    assert (await enrolled(api, person_id, begins_on="2026-07-01"))["state"] == "pending"


async def test_employers(api: Api) -> None:
    employer_id = await api.employer(1)
    again = await api.post("/v1/employers", {"credit_code": credit_code(1).lower(), "name": "别名", "region": "420502"})
    assert (again.status_code, again.json()) == (200, {"employer_id": employer_id, "created": False})
    wrong = await api.post("/v1/employers", {"credit_code": credit_code(1)[:-1] + "0", "name": "x", "region": "420502"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "enrollment.employer.credit-code-wrong")
    second = await api.employer(2)
    page = (await api.get("/v1/employers", limit=1)).json()
    assert page["items"] == [
        {"employer_id": employer_id, "credit_code": credit_code(1), "name": "第1厂", "region": "420502", "industry_class": None}
    ]
    rest = (await api.get("/v1/employers", limit=1, after=page["next"])).json()
    assert ([e["employer_id"] for e in rest["items"]], rest["next"]) == ([second], None)
    found = (await api.get("/v1/employers", credit_code=credit_code(2))).json()["items"]
    assert [e["employer_id"] for e in found] == [second]
    assert (await api.get("/v1/employers", credit_code=credit_code(2), token=api.token(region="110000"))).json()["items"] == []
