import json
from typing import Any

import pytest

from shared.crypto import Sealer
from shared.http.pagination import encode_cursor
from tests.integration.enrollment.conftest import SCOPES, Api, certno, person_body


async def test_a_registered_person_is_stated_once_and_stored_sealed(api: Api) -> None:
    answer = await api.post("/v1/persons", person_body(naty="01"))
    assert answer.status_code == 201
    person_id = answer.json()["person_id"]
    assert answer.json() == {"person_id": person_id, "created": True}
    ((payload,),) = await api.sql(
        "SELECT payload FROM outbox WHERE type = 'enrollment.person-stated.v1' AND key = $1", person_id
    )
    stated = json.loads(payload)
    sealer = Sealer(api.settings.data_key.encode())
    sealed = stated.pop("sealed")
    assert json.loads(sealer.open(sealed)) == {"name": "王芳", "cert_type": "01", "certno": certno(), "naty": "01"}
    assert stated == {
        "person_id": person_id,
        "version": 1,
        "certno_index": sealer.index(f"01|{certno()}"),
        "sex": "1",
        "born_on": "1990-01-01",
        "coverages": [],
        "classes": [],
        "household_id": None,
    }
    dump = str(await api.sql("SELECT * FROM person")) + str(await api.sql("SELECT * FROM outbox"))
    assert certno() not in dump
    assert "王芳" not in dump
    assert "13812345678" not in dump


async def test_the_same_document_is_the_same_person(api: Api) -> None:
    person_id = await api.person()
    again = await api.post("/v1/persons", person_body(certno=f" {certno().lower()} "))
    assert (again.status_code, again.json()) == (200, {"person_id": person_id, "created": False})
    assert await api.events() == ["enrollment.person-stated.v1"]


async def test_a_known_document_under_another_name_is_refused(api: Api) -> None:
    await api.person()
    before = await api.counts()
    answer = await api.post("/v1/persons", person_body(name="张三"))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        409,
        "enrollment.person.name-differs",
        "name",
    )
    assert await api.counts() == before


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"certno": certno()[:-1] + "A"}, "enrollment.identity.certno-wrong", "certno"),
        ({"sex": "2"}, "enrollment.identity.sex-differs", "sex"),
        ({"phone": "123"}, "enrollment.identity.phone-wrong", "phone"),
        ({"region": "4205"}, "enrollment.identity.region-wrong", "region"),
        ({"name": ""}, "request.invalid", "name"),
        ({"nickname": "x"}, "request.invalid", "nickname"),
        ({"region": "420502\0"}, "request.invalid", "region"),
        ({"certno": 420502199001011232}, "request.invalid", "certno"),
        ({"born_on": "1990-02-30"}, "request.invalid", "born_on"),
    ],
)
async def test_bad_input_is_refused_by_field_and_leaves_nothing(
    api: Api, changed: dict[str, Any], code: str, field: str
) -> None:
    answer = await api.post("/v1/persons", person_body(**changed))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set((await api.counts()).values()) == {0}


async def test_a_key_runs_once_and_answers_again(api: Api) -> None:
    first = await api.post("/v1/persons", person_body(), key="k")
    again = await api.post("/v1/persons", person_body(), key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await api.post("/v1/persons", person_body(name="张三"), key="k")
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency-key-reused")
    assert await api.events() == ["enrollment.person-stated.v1"]


async def test_keys_of_other_callers_are_other_keys(api: Api) -> None:
    await api.post("/v1/persons", person_body(123), key="k")
    other = await api.post("/v1/persons", person_body(125), key="k", token=api.token(subject="other"))
    assert other.status_code == 201


async def test_a_command_without_key_is_refused(api: Api) -> None:
    answer = await api.http.post("/v1/persons", json=person_body(), headers={"Authorization": f"Bearer {api.token()}"})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert (await api.counts())["person"] == 0


async def test_permissions_by_scope_and_region(api: Api) -> None:
    person_id = await api.person()
    before = await api.counts()
    nobody = await api.http.get(f"/v1/persons/{person_id}")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "auth.token-missing")
    cases = [
        (await api.post("/v1/persons", person_body(125), token=api.token("persons:read")), "auth.scope-missing"),
        (await api.post("/v1/persons", person_body(125), token=api.token(region="420503")), "auth.region-not-granted"),
        (await api.get(f"/v1/persons/{person_id}", token=api.token("persons:write")), "auth.scope-missing"),
        (await api.get(f"/v1/persons/{person_id}", token=api.token(region="420503")), "auth.region-not-granted"),
        (await api.get("/v1/person-states", person_id=person_id, token=api.token(region="420503")), "auth.region-not-granted"),
        (
            await api.post(
                f"/v1/persons/{person_id}/classes",
                {"code": "dibao", "begins_on": "2026-01-01"},
                token=api.token("persons:read"),
            ),
            "auth.scope-missing",
        ),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer, _ in cases] == [(403, code) for _, code in cases]
    assert (await api.get(f"/v1/persons/{person_id}", token=api.token(region="420500"))).status_code == 200
    assert await api.counts() == before


async def test_clear_only_for_those_who_may_identify(api: Api) -> None:
    person_id = await api.person()
    clear = (await api.get(f"/v1/persons/{person_id}")).json()
    assert clear == {
        "person_id": person_id,
        "version": 1,
        "masked": False,
        "cert_type": "01",
        "certno": certno(),
        "name": "王芳",
        "sex": "1",
        "born_on": "1990-01-01",
        "birth_year": 1990,
        "naty": "",
        "region": "420502",
        "household_id": None,
        "phone": "13812345678",
        "coverages": [],
        "classes": [],
        "premiums": [],
    }
    reader = api.token(SCOPES.replace(" persons:identify", ""))
    masked = (await api.get(f"/v1/persons/{person_id}", token=reader)).json()
    assert masked == clear | {
        "masked": True,
        "certno": certno()[:4] + "*" * 10 + certno()[-4:],
        "name": "王*",
        "born_on": None,
        "phone": "*******5678",
    }
    assert (await api.get(f"/v1/persons/{person_id}", masked=True)).json() == masked


async def test_finding_by_document_and_name(api: Api) -> None:
    first, second = await api.person(sequence=123), await api.person(sequence=125)
    third = await api.person(sequence=127, name="欧阳文")

    async def found(**params: Any) -> list[str]:
        return [item["person_id"] for item in (await api.get("/v1/persons", **params)).json()["items"]]

    assert await found(certno=f" {certno(125).lower()}") == [second]
    assert await found(name="王芳") == [first, second]
    assert await found(name=" 欧阳文 ") == [third]
    assert await found(name="王") == []
    assert await found(certno=certno(129)) == []
    assert await found(certno=certno(125), cert_type="08") == []
    assert await found() == [first, second, third]


async def test_pages_follow_the_cursor(api: Api) -> None:
    made = [await api.person(sequence=n) for n in range(1, 6)]
    seen: list[str] = []
    after: str | None = None
    sizes = []
    while True:
        page = (await api.get("/v1/persons", limit=2, **({"after": after} if after else {}))).json()
        seen += [item["person_id"] for item in page["items"]]
        sizes.append(len(page["items"]))
        after = page["next"]
        if after is None:
            break
    assert (seen, sizes) == (made, [2, 2, 1])
    for cursor in ("rubbish", encode_cursor("\0")):
        broken = await api.get("/v1/persons", after=cursor)
        assert (broken.status_code, broken.json()["code"]) == (422, "request.cursor-invalid")


async def test_lists_show_the_caller_his_regions_only(api: Api) -> None:
    mine = await api.person()
    far = person_body(certno=certno(1, region="110101"), region="110101")
    other = await api.post("/v1/persons", far, token=api.token(region="110101"))
    assert other.status_code == 201

    async def seen_from(region: str) -> list[str]:
        page = (await api.get("/v1/persons", token=api.token(region=region))).json()
        return [item["person_id"] for item in page["items"]]

    assert await seen_from("420500") == [mine]
    assert await seen_from("110000") == [other.json()["person_id"]]
    assert await seen_from("*") == [mine, other.json()["person_id"]]
    assert await seen_from("") == []
    assert await seen_from("4205%") == []


async def test_a_state_is_what_the_event_said(api: Api) -> None:
    person_id = await api.person()
    ((payload,),) = await api.sql("SELECT payload FROM outbox")
    by_id = await api.get("/v1/person-states", person_id=person_id)
    assert by_id.json() == json.loads(payload)
    by_index = await api.get("/v1/person-states", certno_index=by_id.json()["certno_index"])
    assert by_index.json() == by_id.json()


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({}, 422, "enrollment.person.key-missing"),
        ({"person_id": "a", "certno_index": "b"}, 422, "enrollment.person.key-missing"),
        ({"person_id": "a"}, 404, "enrollment.person.unknown"),
        ({"certno_index": "b"}, 404, "enrollment.person.unknown"),
        ({"certno_index": "\0"}, 422, "request.invalid"),
    ],
)
async def test_unknown_states(api: Api, params: dict[str, str], status: int, code: str) -> None:
    answer = await api.get("/v1/person-states", **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_classes_are_recorded_ended_and_stated(api: Api) -> None:
    person_id = await api.person()
    path = f"/v1/persons/{person_id}/classes"
    assert (await api.post(path, {"code": "dibao", "begins_on": "2026-01-01"})).json() == {"person_id": person_id, "version": 2}
    assert (await api.post(path, {"code": "dibao", "begins_on": "2026-01-01"})).json() == {"person_id": person_id, "version": 2}
    ended = await api.post(path, {"code": "dibao", "begins_on": "2026-01-01", "ends_on": "2026-06-30"})
    assert ended.json() == {"person_id": person_id, "version": 3}
    state = (await api.get("/v1/person-states", person_id=person_id)).json()
    assert state["classes"] == [{"code": "dibao", "begins_on": "2026-01-01", "ends_on": "2026-06-30"}]
    assert await api.events() == ["enrollment.person-stated.v1"] * 3
    overlap = await api.post(path, {"code": "dibao", "begins_on": "2026-06-30"})
    assert (overlap.status_code, overlap.json()["code"]) == (409, "enrollment.class.overlaps")
    unknown = await api.post(path, {"code": "rich", "begins_on": "2026-06-30"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "enrollment.class.unknown")
    assert (await api.get("/v1/person-states", person_id=person_id)).json() == state


async def test_a_household_is_given_with_the_person_or_later_and_stated(api: Api) -> None:
    person_id = await api.person(household_id="420502-0007")
    path = f"/v1/persons/{person_id}/household"

    async def stated() -> tuple[int, str | None]:
        state = (await api.get("/v1/person-states", person_id=person_id)).json()
        return state["version"], state["household_id"]

    assert await stated() == (1, "420502-0007")
    assert (await api.post(path, {"household_id": "420502-0007"})).json() == {"person_id": person_id, "version": 1}
    assert (await api.post(path, {"household_id": "420502-0008"})).json() == {"person_id": person_id, "version": 2}
    assert await stated() == (2, "420502-0008")
    wrong = await api.post(path, {"household_id": "第七户"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "enrollment.identity.household-wrong")
    assert await stated() == (2, "420502-0008")
    assert (await api.post(path, {"household_id": None})).json() == {"person_id": person_id, "version": 3}
    assert await stated() == (3, None)
    assert await api.events() == ["enrollment.person-stated.v1"] * 3
