"""Two at the same instant, fifty times each."""

import asyncio

from tests.integration.enrollment.conftest import Api, person_body
from tests.integration.enrollment.test_coverage import PAYMENT, RESIDENT, enrolled
from tests.integration.enrollment.test_import import roll

ROUNDS = 50


async def test_one_document_registered_twice_at_once_is_one_person(api: Api) -> None:
    for n in range(ROUNDS):
        answers = await asyncio.gather(*(api.post("/v1/persons", person_body(n)) for _ in range(2)))
        assert sorted(a.status_code for a in answers) == [200, 201]
        assert len({a.json()["person_id"] for a in answers}) == 1
    assert await api.sql("SELECT count(*) FROM person") == [(ROUNDS,)]
    assert await api.events() == ["enrollment.person-stated.v1"] * ROUNDS


async def test_one_key_used_twice_at_once_runs_once(api: Api) -> None:
    for n in range(ROUNDS):
        answers = await asyncio.gather(*(api.post("/v1/persons", person_body(n), key=f"same-{n}") for _ in range(2)))
        assert [a.status_code for a in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
    assert await api.events() == ["enrollment.person-stated.v1"] * ROUNDS


async def test_one_receipt_paid_twice_at_once_activates_once(api: Api) -> None:
    for n in range(ROUNDS):
        due = await enrolled(api, await api.person(sequence=n))
        payment = PAYMENT | {"receipt_no": f"N{n}"}
        path = f"/v1/premiums/{due['premium_id']}/payments"
        answers = await asyncio.gather(*(api.post(path, payment) for _ in range(2)))
        assert [a.status_code for a in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
    assert await api.sql("SELECT type, count(*) FROM outbox GROUP BY type ORDER BY type") == [
        ("enrollment.coverage-activated.v1", ROUNDS),
        ("enrollment.person-stated.v1", 2 * ROUNDS),
        ("enrollment.premium-paid.v1", ROUNDS),
    ]
    assert await api.sql("SELECT DISTINCT version FROM person") == [(2,)]


async def test_one_receipt_for_two_premiums_at_once_pays_one(api: Api) -> None:
    for n in range(ROUNDS):
        dues = [await enrolled(api, await api.person(sequence=2 * n + k)) for k in (0, 1)]
        payment = PAYMENT | {"receipt_no": f"N{n}"}
        answers = await asyncio.gather(*(api.post(f"/v1/premiums/{due['premium_id']}/payments", payment) for due in dues))
        assert sorted(a.status_code for a in answers) == [200, 409]
        assert {a.json().get("code") for a in answers} == {None, "enrollment.premium.receipt-used"}
    assert await api.sql("SELECT count(*) FROM premium_payment") == [(ROUNDS,)]
    assert await api.sql("SELECT state, count(*) FROM coverage GROUP BY state ORDER BY state") == [
        ("active", ROUNDS),
        ("pending", ROUNDS),
    ]


async def test_two_covers_declared_at_once_do_not_overlap(api: Api) -> None:
    for n in range(ROUNDS):
        person_id = await api.person(sequence=n)
        path = f"/v1/persons/{person_id}/coverages"
        answers = await asyncio.gather(*(api.post(path, RESIDENT) for _ in range(2)))
        assert sorted(a.status_code for a in answers) == [201, 409]
    assert await api.sql("SELECT count(*) FROM coverage") == [(ROUNDS,)]


async def test_imports_that_overlap_make_every_person_once(api: Api) -> None:
    for n in range(10):
        lines = [person_body(sequence) for sequence in range(n * 40, n * 40 + 40)]
        answers = await asyncio.gather(
            api.post("/v1/imports/persons", roll(*lines)), api.post("/v1/imports/persons", roll(*reversed(lines)))
        )
        bodies = [a.json() for a in answers]
        assert [a.status_code for a in answers] == [200, 200]
        assert sum(body["created"] for body in bodies) == 40
        assert {p["person_id"] for p in bodies[0]["persons"]} == {p["person_id"] for p in bodies[1]["persons"]}
    assert await api.sql("SELECT count(*) FROM person") == [(400,)]
    assert await api.events() == ["enrollment.person-stated.v1"] * 400
