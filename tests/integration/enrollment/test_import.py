import json
from typing import Any

from tests.integration.enrollment.conftest import Api, certno, credit_code, person_body

RESIDENT = {"scheme": "390", "person_category": "15", "begins_on": "2025-01-01", "ends_on": "2026-12-31"}


def roll(*lines: Any) -> str:
    return "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)


async def test_a_roll_is_stored_whole_and_stated_once_per_person(api: Api) -> None:
    employer_id = await api.employer(1)
    covers = [
        {
            "scheme": scheme,
            "person_category": "11",
            "begins_on": "2025-01-01",
            "employer_credit_code": credit_code(1),
            "civil_servant": True,
            "tier": "tier_1",
        }
        for scheme in ("310", "WI")
    ]
    lines = [
        person_body(123, coverages=[RESIDENT], classes=[{"code": "dibao", "begins_on": "2025-01-01"}]),
        person_body(125, name="张三", coverages=covers),
        person_body(127),
    ]
    answer = await api.post("/v1/imports/persons", roll(*lines, ""))
    assert answer.status_code == 200
    body = answer.json()
    ids = [person["person_id"] for person in body["persons"]]
    assert body == {
        "created": 3,
        "existing": 0,
        "persons": [{"line": n, "person_id": ids[n - 1], "created": True} for n in (1, 2, 3)],
        "errors": [],
    }
    payloads = [json.loads(p) for (p,) in await api.sql("SELECT payload FROM outbox ORDER BY seq")]
    assert [p["person_id"] for p in payloads] == ids
    assert [p["version"] for p in payloads] == [1, 1, 1]
    assert payloads[0]["classes"] == [{"code": "dibao", "begins_on": "2025-01-01", "ends_on": None}]
    assert [(c["scheme"], c["status"], c["ends_on"]) for c in payloads[0]["coverages"]] == [("390", "active", "2026-12-31")]
    assert {
        (c["scheme"], c["employer_id"], c["employer_name"], c["civil_servant"], c["tier"]) for c in payloads[1]["coverages"]
    } == {
        ("310", employer_id, "第1厂", True, "tier_1"),
        ("WI", employer_id, "第1厂", True, "tier_1"),
    }
    for person_id, payload in zip(ids, payloads, strict=True):
        assert (await api.get("/v1/person-states", person_id=person_id)).json() == payload


async def test_the_same_roll_again_changes_nothing(api: Api) -> None:
    text = roll(person_body(123, coverages=[RESIDENT]), person_body(125))
    first = (await api.post("/v1/imports/persons", text)).json()
    before = await api.counts()
    again = (await api.post("/v1/imports/persons", text)).json()
    assert again == {
        "created": 0,
        "existing": 2,
        "persons": [person | {"created": False} for person in first["persons"]],
        "errors": [],
    }
    assert await api.counts() == before


async def test_bad_rows_are_named_and_the_others_stored(api: Api) -> None:
    lines = [
        person_body(123),
        "{broken",
        person_body(125, certno=certno(125)[:-1] + "A"),
        person_body(
            127, coverages=[RESIDENT | {"scheme": "310", "person_category": "11", "employer_credit_code": credit_code(9)}]
        ),
        person_body(129, coverages=[RESIDENT, RESIDENT]),
        person_body(131, classes=[{"code": "rich", "begins_on": "2025-01-01"}]),
        person_body(123),
        person_body(133, coverages=[RESIDENT | {"begins_on": "soon"}]),
        person_body(135, extra=1),
        person_body(137),
    ]
    answer = await api.post("/v1/imports/persons", roll(*lines))
    body = answer.json()
    assert (body["created"], body["existing"], [p["line"] for p in body["persons"]]) == (2, 0, [1, 10])
    assert [(e["line"], e["code"], e["field"]) for e in body["errors"]] == [
        (2, "enrollment.import.line-invalid", None),
        (3, "enrollment.identity.certno-wrong", "certno"),
        (4, "enrollment.import.employer-unknown", "employer_credit_code"),
        (5, "enrollment.coverage.overlaps", "begins_on"),
        (6, "enrollment.class.unknown", "code"),
        (7, "enrollment.import.line-repeated", "certno"),
        (8, "enrollment.import.line-invalid", "coverages.0.begins_on"),
        (9, "enrollment.import.line-invalid", "extra"),
    ]
    assert certno(125)[:-1] not in answer.text
    assert (await api.counts())["outbox"] == 2


async def test_an_import_needs_both_scopes_in_every_region(api: Api) -> None:
    text = roll(person_body(123), person_body(125, region="110101"))
    for token in (api.token(), api.token("persons:write", "*"), api.token("coverage:write", "*")):
        assert (await api.post("/v1/imports/persons", text, token=token)).status_code == 403
    assert set((await api.counts()).values()) == {0}
    assert (await api.post("/v1/imports/persons", text, token=api.token(region="*"))).json()["created"] == 2


async def test_too_large_a_roll_is_refused(api: Api) -> None:
    for text in ("\n" * 20_001, " " * (20 * 1024 * 1024 + 1)):
        answer = await api.post("/v1/imports/persons", text)
        assert (answer.status_code, answer.json()["code"]) == (422, "enrollment.import.too-large")


async def test_a_large_roll_is_loaded_in_one_request(api: Api) -> None:
    days = [(f"{1950 + n // 336}{n // 28 % 12 + 1:02d}{n % 28 + 1:02d}", 100 + n % 7) for n in range(5_000)]
    lines = [
        person_body(0, certno=certno(sequence, born), name=f"王{born}", coverages=[RESIDENT | {"begins_on": "2025-01-01"}])
        for born, sequence in days
    ]
    body = (await api.post("/v1/imports/persons", roll(*lines))).json()
    assert (body["created"], body["existing"], body["errors"]) == (5_000, 0, [])
    counts = await api.counts()
    assert (counts["person"], counts["coverage"], counts["outbox"]) == (5_000, 5_000, 5_000)
