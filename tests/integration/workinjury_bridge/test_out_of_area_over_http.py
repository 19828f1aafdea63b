"""Treatment out of the area and recurrences over HTTP on the real database: what the tables hold, refuse, and who may act."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED
from tests.integration.workinjury_bridge.conftest import Client, House
from tests.integration.workinjury_bridge.test_database import grant, key
from tests.unit.workinjury_bridge.test_direct_settlement import BILL, confirmed
from workinjury_bridge.adapters.out_of_area_repositories import SqlRecurrences
from workinjury_bridge.adapters.repositories.cases import SqlCases
from workinjury_bridge.adapters.repositories.directs import SqlDirects
from workinjury_bridge.adapters.repositories.double_bills import SqlDoubleBills
from workinjury_bridge.adapters.tables_out_of_area import stay as stay_table
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.direct_settlement import DirectState

FIGURES = {"fund_fen": fen("21900"), "person_fen": fen("1000"), "hospital_fen": fen("556.78")}
FILING = {"kind": "referral", "place": "320100", "begins_on": "2026-11-22", "certificate_no": "Z1"}
ADMISSION = {
    "place": "320104",
    "institution_code": "H32010400001",
    "institution_name": "省人民医院",
    "service": "inpatient",
    "admitted_on": "2026-11-22",
}


async def recognised(house: House, accident_on: date = date(2026, 3, 1)) -> str:
    accident = Accident(
        person_id="P1", accident_on=accident_on, body_parts=("hand",), description="press", employer_id="E1", region="370826"
    )
    case_id = str((await house.bridge.open_case.run(key(), accident))["case_id"])
    await grant(house, case_id)
    return case_id


async def registered(client: Client, case_id: str) -> str:
    answer = await client.post("/v1/out-of-area/registrations", {"case_id": case_id, "actor": "clerk"} | FILING)
    await client.post(f"/v1/out-of-area/registrations/{answer['registration_id']}/approve", {"actor": "chief"})
    return str(answer["registration_id"])


async def in_september(house: House, stay_id: str) -> None:
    """The stay was ten days in a quarter that has ended by the clock of this house."""
    september = {"admitted_on": date(2026, 9, 2), "discharged_on": date(2026, 9, 12)}
    async with house.bridge.db.transaction() as tx:
        await tx.execute(update(stay_table).where(stay_table.c.stay_id == stay_id).values(**september))


async def settled(client: Client, registration_id: str, number: str = "J1") -> str:
    stay = await client.post("/v1/out-of-area/stays", {"registration_id": registration_id} | ADMISSION)
    body = {"settlement_no": number, "discharged_on": "2026-11-22"} | FIGURES
    await client.post(f"/v1/out-of-area/stays/{stay['stay_id']}/settlement", body)
    return str(stay["stay_id"])


async def test_a_stay_elsewhere_from_the_application_to_the_clearing(house: House) -> None:
    client = house.client()
    case_id = await recognised(house)
    stay_id = await settled(client, await registered(client, case_id))
    await in_september(house, stay_id)
    path = f"/v1/out-of-area/stays/{stay_id}"
    await client.post(f"{path}/data", {"period": "2026-09-01", "fund_fen": fen("21900")})
    await client.post(f"{path}/objection", {"reason": "x", "actor": "lijing"})
    await client.post(f"{path}/adjustment", {"amount_fen": fen("420")})
    await client.post(f"{path}/audit", {"actor": "lijing"})
    acts = (await client.get(f"/v1/injury-cases/{case_id}/file"))["acts"]
    assert [(act["act"], act["actor"], act["subject_id"]) for act in acts] == [
        ("remote-data-objected", "lijing", stay_id),
        ("remote-data-audited", "lijing", stay_id),
    ]
    claimed = await client.post(
        f"{path}/allowances",
        {"actor": "clerk", "materials": ["D1"], "transport_fen": fen("553"), "lodging_fen": fen("400"), "nights": 2},
    )
    for benefit in claimed["benefits"]:
        await client.post(f"/v1/benefits/{benefit['benefit_id']}/approve", {"actor": "chief"})
    bill = {"province": "320000", "quarter": "2026-07-01", "bill_no": "Q4", "maker": "m", "checker": "c"}
    refused = await client.try_post("/v1/out-of-area/clearings", bill | {"bill_fen": fen("21900")})
    assert (refused.status_code, refused.json()["code"]) == (409, "workinjury-bridge.out-of-area.bill-differs")
    await client.post("/v1/out-of-area/clearings", bill | {"bill_fen": fen("21480")})
    found = await client.get(path)
    assert (found["state"], found["adjusted_fen"], found["objection"], found["region"]) == (
        "cleared",
        fen("420"),
        None,
        "370826",
    )
    (cleared,) = (await client.get("/v1/out-of-area/clearings"))["items"]
    assert (cleared["clearing_id"], cleared["amount_fen"]) == (found["clearing_id"], fen("21480"))
    (listed,) = (await client.get("/v1/out-of-area/stays", case_id=case_id, state="cleared"))["items"]
    assert listed["stay_id"] == stay_id
    balance = {
        (row["account"], row["dim"]): row["debit_fen"] - row["credit_fen"]
        for row in (await client.get("/v1/ledger/trial-balance", book="WI", on="2026-11-22"))["rows"]
    }
    assert balance.get(("2205", "R:320000"), 0) == 0
    assert balance[("5001.11", "")] == fen("21480")
    assert balance[("5001.13", "")] == 10 * fen("30")
    assert balance[("5001.14", "")] == fen("853")
    assert balance[("1003", "")] == -fen("22633")
    prefund = {"province": "320000", "amount_fen": 100, "maker": "m", "checker": "c"}
    assert (await client.post("/v1/out-of-area/prefunds", prefund))["held_fen"] == 100
    too_much = await client.try_post("/v1/out-of-area/prefunds", prefund | {"amount_fen": 101, "back": True})
    assert too_much.json()["code"] == "workinjury-bridge.out-of-area.beyond-prefund"


async def test_a_final_revocation_asks_back_what_was_settled_here_and_elsewhere(house: House) -> None:
    client = house.client()
    case_id = await recognised(house)
    stay_id = await settled(client, await registered(client, case_id))
    await in_september(house, stay_id)
    await client.post(f"/v1/out-of-area/stays/{stay_id}/data", {"period": "2026-09-01", "fund_fen": fen("21900")})
    await client.post(f"/v1/out-of-area/stays/{stay_id}/audit")
    await house.bridge.settle.final(BILL)
    await house.hear(confirmed())
    async with house.bridge.db.transaction() as tx:
        await house.bridge.pay_direct_meals.run(tx, "W1")
    revocation = OnceKey("revoke", case_id, "d")
    for _ in range(2):
        await house.bridge.revoke.run(revocation, case_id, "J1", date(2026, 11, 20), "court", "clerk")
    assert [await house.bridge.revert_direct.run(key) for key in await house.bridge.revert_direct.due()] == [None]
    debts = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert sorted((d["settlement_id"], d["cause"], d["advanced_fen"]) for d in debts) == sorted(
        [("S9", "revoked", fen("22350")), (stay_id, "revoked", fen("21900"))]
    )
    assert (await client.get(f"/v1/out-of-area/stays/{stay_id}"))["revoked"] is True
    async with house.bridge.db.reading() as tx:
        direct = await SqlDirects().get(tx, "W1")
    assert direct is not None
    assert direct.state is DirectState.REVOKED
    bill = {"province": "320000", "quarter": "2026-07-01", "bill_no": "Q4", "maker": "m", "checker": "c"}
    await client.post("/v1/out-of-area/clearings", bill | {"bill_fen": fen("21900")})
    balance = {
        (row["account"], row["dim"]): row["debit_fen"] - row["credit_fen"]
        for row in (await client.get("/v1/ledger/trial-balance", book="WI", on="2026-11-22"))["rows"]
    }
    assert {at: fen_ for at, fen_ in balance.items() if fen_} == {
        ("1125", "P:P1"): fen("44250"),
        ("2201", "H:H2"): -fen("21900"),
        ("1003", ""): -fen("22350"),
    }
    assert (await house.bridge.check.run())["breaches"] == []


async def test_a_quarter_is_paid_once_however_many_pay_it(house: House) -> None:
    client = house.client()
    stay_id = await settled(client, await registered(client, await recognised(house)))
    await in_september(house, stay_id)
    await client.post(f"/v1/out-of-area/stays/{stay_id}/data", {"period": "2026-09-01", "fund_fen": fen("21900")})
    await client.post(f"/v1/out-of-area/stays/{stay_id}/audit")
    bill = {
        "province": "320000",
        "quarter": "2026-07-01",
        "bill_no": "Q4",
        "bill_fen": fen("21900"),
        "maker": "m",
        "checker": "c",
    }
    answers = await asyncio.gather(*(client.try_post("/v1/out-of-area/clearings", bill) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"workinjury-bridge.out-of-area.quarter-cleared"}


async def test_one_settlement_of_a_place_is_one_stay(house: House) -> None:
    client = house.client()
    registration_id = await registered(client, await recognised(house))
    await settled(client, registration_id)
    second = await client.post("/v1/out-of-area/stays", {"registration_id": registration_id} | ADMISSION)
    body = {"settlement_no": "J1", "discharged_on": "2026-11-22"} | FIGURES
    refused = await client.try_post(f"/v1/out-of-area/stays/{second['stay_id']}/settlement", body)
    assert refused.json()["code"] == "workinjury-bridge.out-of-area.settlement-known"
    assert (await client.get(f"/v1/out-of-area/stays/{second['stay_id']}"))["state"] == "admitted"


async def test_a_bill_paid_elsewhere_is_claimed_on_paper_once(house: House) -> None:
    client = house.client()
    case_id = await recognised(house)
    body = {
        "actor": "clerk",
        "institution_code": "H31010100001",
        "institution_name": "市第一医院",
        "invoice_no": "I1",
        "inpatient": True,
        "begun_on": "2026-10-01",
        "ended_on": "2026-10-05",
        "lines": [{"line_id": "1", "amount_fen": fen("1000"), "in_wi_catalogue": True}],
    }
    path = f"/v1/injury-cases/{case_id}/paper-claims"
    answer = await client.post(path, body)
    assert (answer["work_injury_fen"], answer["meals_fen"], answer["due_on"]) == (fen("1000"), fen("120"), "2026-12-18")
    again = await client.try_post(path, body)
    assert again.json()["code"] == "workinjury-bridge.paper-claim.same-bill"
    stay_id = await settled(client, await registered(client, case_id))
    elsewhere = {"institution_code": "H32010400001", "invoice_no": "J1", "begun_on": "2026-11-22", "ended_on": "2026-11-22"}
    taken = await client.try_post(path, body | elsewhere)
    assert taken.json()["code"] == "workinjury-bridge.paper-claim.same-bill"
    assert (await client.get(f"/v1/out-of-area/stays/{stay_id}"))["state"] == "settled-remote"
    assert (await client.try_post("/v1/out-of-area/manual-claims", body)).status_code == 404
    async with house.bridge.db.reading() as tx:
        persons = await SqlDoubleBills().persons_with_bills(tx, date(2026, 11, 1), "", 10)
    assert persons == ["P1"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/out-of-area/stays", {"registration_id": "x"} | ADMISSION),
        (
            "/v1/out-of-area/clearings",
            {"province": "320000", "quarter": "2026-07-01", "bill_no": "Q", "bill_fen": 1, "maker": "m", "checker": "c"},
        ),
    ],
)
async def test_who_may_only_read_changes_nothing(house: House, path: str, body: dict[str, Any]) -> None:
    reader = house.client("injury:read")
    assert (await reader.try_post(path, body)).status_code == 403


async def test_a_recurrence_from_the_application_to_the_converted_stay(house: House) -> None:
    client = house.client()
    case_id = await recognised(house, date(2019, 5, 6))
    await house.hear(house.claims.settle(SETTLED, F1_BILL))
    assert (await client.get("/v1/conversions", case_id=case_id))["items"] == []
    body = {
        "case_id": case_id,
        "applied_on": "2026-04-21",
        "treated_from": "2026-03-02",
        "diagnosis": {"code_system": "chs:diag_code", "code": "T92.601"},
        "diagnosis_name": "手部陈旧性损伤",
        "body_parts": ["hand"],
        "materials": ["D1"],
        "old_injury": True,
    }
    bare = await client.try_post("/v1/recurrences", body | {"diagnosis": {"code": "T92.601"}})
    assert (bare.status_code, bare.json()["code"]) == (422, "code.system-missing")
    answer = await client.post("/v1/recurrences", body)
    path = f"/v1/recurrences/{answer['recurrence_id']}"
    second = await client.try_post("/v1/recurrences", body)
    assert second.json()["code"] == "workinjury-bridge.case.wrong-state"
    await client.post(f"{path}/extension", {"actor": "lijing"})
    made = {"decision_no": "F1", "confirmed": True, "decided_on": "2026-05-20", "decided_by": "committee"}
    (conversion_id,) = (await client.post(f"{path}/conclusion", made))["conversions"]
    await house.go_on()
    await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
    await client.post(f"/v1/conversions/{conversion_id}/approve", {"actor": "checker"})
    await house.go_on()
    assert (await client.get(f"/v1/conversions/{conversion_id}"))["state"] == "settled"
    found = await client.get(path)
    assert (found["state"], found["old_injury"], found["diagnosis_system"]) == ("confirmed", True, "chs:diag_code")
    assert [(d["version"], d["outcome"]) for d in found["decisions"]] == [(2, "granted")]
    assert [d["version"] for d in (await client.get(f"/v1/injury-cases/{case_id}"))["decisions"]] == [1]
    acts = (await client.get(f"/v1/injury-cases/{case_id}/file"))["acts"]
    assert [(act["act"], act["actor"], act["subject_id"]) for act in acts] == [
        ("recurrence-applied", "gateway", answer["recurrence_id"]),
        ("recurrence-extended", "lijing", answer["recurrence_id"]),
        ("recurrence-confirmed", "gateway", answer["recurrence_id"]),
    ]
    assert (await house.bridge.check.run())["breaches"] == []


async def test_the_database_holds_one_application_being_decided(house: House) -> None:
    case_id = await recognised(house, date(2019, 5, 6))
    client = house.client()
    body = {
        "case_id": case_id,
        "applied_on": "2026-04-21",
        "treated_from": "2026-03-02",
        "diagnosis": {"code_system": "chs:diag_code", "code": "T92.601"},
        "diagnosis_name": "x",
        "body_parts": ["hand"],
        "materials": ["D1"],
    }
    answers = await asyncio.gather(*(client.try_post("/v1/recurrences", body) for _ in range(3)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409]
    recurrences = SqlRecurrences(SqlCases())
    async with house.bridge.db.reading() as tx:
        (known,) = await recurrences.of_person(tx, "P1")

    async def save_second() -> None:
        async with house.bridge.db.transaction() as tx:
            await recurrences.save(tx, replace(known, recurrence_id="R2"), house.bridge.settings.clock().now())

    with pytest.raises(IntegrityError, match="uq_recurrence_undecided"):
        await save_second()
