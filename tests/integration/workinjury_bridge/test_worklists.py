"""Worklists and the director's figures on the real database: what is open, whose it is, page by page, and which index is read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from shared.clock import CHINA
from shared.money import fen
from tests.factories.workinjury_bridge.examples import F1_BILL
from tests.integration.workinjury_bridge.conftest import Client, House
from tests.integration.workinjury_bridge.test_database import approved, grant, key, open_case, settlement_of
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.mismatch import PairKind, remedy
from workinjury_bridge.domain.terms import CaseFacts

EARLY = datetime(2026, 7, 1, 9, tzinfo=CHINA)


async def uninsured(house: House, client: Client, person_id: str = "P1", region: str | None = None) -> str:
    """An uninsured employer's case, advanced: two debts, RES-like in EMP and in WI."""
    accident = Accident(
        person_id=person_id,
        accident_on=F1_BILL.begun_on,
        body_parts=("hand",),
        description="press",
        employer_id="E1",
        region=region,
    )
    case_id = str((await house.bridge.open_case.run(key(), accident))["case_id"])
    await house.bridge.state_facts.of_case(key(), case_id, CaseFacts(employer_insured=False), "clerk")
    await house.hear(house.claims.settle(settlement_of(person_id), F1_BILL))
    (conversion_id,) = await grant(house, case_id)
    await house.go_on()
    applied = await client.post(f"/v1/injury-cases/{case_id}/advances", {"applied_on": "2026-11-02"})
    assert [a["case_id"] for a in (await client.get("/v1/worklists/advances"))["items"]] == [case_id]
    advance = f"/v1/advances/{applied['advance_id']}"
    await client.post(f"{advance}/notice", {"actor": "clerk", "served_on": "2026-11-04"})
    await client.post(f"{advance}/approve", {"actor": "chief"})
    assert (await client.get("/v1/worklists/advances"))["items"] == []
    await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
    await client.post(f"/v1/conversions/{conversion_id}/approve", {"actor": "checker"})
    return case_id


async def test_debts_by_age_and_the_file_of_their_case(house: House) -> None:
    client = house.client()
    case_id = await uninsured(house, client)
    found = await client.get("/v1/worklists/recoveries", limit=1)
    ((first,), cursor) = found["items"], found["next"]
    ((second,), end) = (await client.get("/v1/worklists/recoveries", limit=1, after=cursor)).values()
    assert end is None
    assert {d["book"]: d["open_fen"] for d in (first, second)} == {"EMP": fen("12985"), "WI": fen("3075")}
    async with house.bridge.db.transaction() as tx:
        await tx.execute(t.recovery.update().where(t.recovery.c.book == "WI").values(opened_at=EARLY))
    ages = await client.get("/v1/recovery-ages")
    assert [(a["from_days"], a["to_days"], a["debts"], a["open_fen"]) for a in ages["ages"]] == [
        (0, 30, 1, fen("12985")),
        (31, 90, 0, 0),
        (91, 180, 1, fen("3075")),
        (181, 365, 0, 0),
        (366, None, 0, 0),
    ]
    assert (ages["on"], ages["debts"], ages["open_fen"]) == ("2026-11-22", 2, fen("16060"))
    old = await client.get("/v1/worklists/recoveries", opened_since="2026-05-26", opened_until="2026-08-23")
    assert [d["book"] for d in old["items"]] == ["WI"]
    file = await client.get(f"/v1/injury-cases/{case_id}/file")
    assert [a["state"] for a in file["advances"]] == ["approved"]
    assert sorted(d["open_fen"] for d in file["recoveries"]) == [fen("3075"), fen("12985")]
    assert [p["amount_fen"] for p in file["payments"]] == [fen("2715"), fen("360")]
    assert (file["transfers"], file["deductions"], file["direct_settlements"]) == ([], [], [])
    figures = await client.get("/v1/fund-returns", since="2026-01-01", until="2026-12-31")
    assert figures["open"] == [
        {"book": "EMP", "debtor_kind": "E", "debts": 1, "open_fen": fen("12985")},
        {"book": "WI", "debtor_kind": "E", "debts": 1, "open_fen": fen("3075")},
    ]
    missing = await client.try_get("/v1/injury-cases/nobody/file")
    assert (missing.status_code, missing.json()["code"]) == (404, "workinjury-bridge.case.unknown")


async def test_a_region_sees_its_own(house: House) -> None:
    client = house.client()
    await uninsured(house, client, region="990101")
    near, far = (house.client(regions=(region,)) for region in ("990101", "370826"))
    assert len((await near.get("/v1/worklists/recoveries"))["items"]) == 2
    assert (await far.get("/v1/worklists/recoveries"))["items"] == []
    assert (await far.get("/v1/recovery-ages"))["debts"] == 0
    assert (await client.get("/v1/recovery-ages", region=["37", "9901"]))["debts"] == 2
    assert (await far.get("/v1/worklists/recoveries", region="990101"))["items"] == []


async def test_money_returned_by_month_and_days_to_the_refund(house: House) -> None:
    client = house.client()
    for person_id, decided_on in (("P1", date(2026, 11, 19)), ("P2", date(2026, 11, 6))):
        conversion_id = await approved(house, person_id)
        await house.bridge.advance.run(conversion_id)
        async with house.bridge.db.transaction() as tx:
            case_id = select(t.conversion.c.case_id).where(t.conversion.c.conversion_id == conversion_id).scalar_subquery()
            await tx.execute(t.decision.update().where(t.decision.c.case_id == case_id).values(decided_on=decided_on))
    found = await client.get("/v1/fund-returns", since="2026-01-01", until="2026-11-22")
    assert found["months"] == [
        {"month": "2026-11", "book": "EMP", "direction": "out", "transfers": 2, "amount_fen": 2 * fen("12985")}
    ]
    # Friday the 20th and no further working day; the 9th to the 13th and the 16th to the 20th.
    assert found["days"] == [{"working_days": 1, "refunds": 1}, {"working_days": 10, "refunds": 1}]
    assert (found["within"], found["refunds"], found["in_time"], found["open"]) == (5, 2, 1, [])
    assert (await client.get("/v1/fund-returns", since="2026-11-23", until="2026-12-31"))["months"] == []
    refused = await client.try_get("/v1/fund-returns", since="2026-12-31", until="2026-01-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "workinjury-bridge.period.invalid")


async def test_deductions_and_splits_that_wait(house: House) -> None:
    client = house.client()
    conversion_id = await approved(house)
    await house.bridge.advance.run(conversion_id)
    finding = {
        "settlement_id": "SP1",
        "line_id": "A",
        "amount_fen": fen("420"),
        "reason": "超标准",
        "maker": "a",
        "checker": "b",
    }
    cut = await client.post("/v1/audit-deductions", finding)
    (waiting,) = (await client.get("/v1/worklists/deductions"))["items"]
    assert (waiting["deduction_id"], waiting["state"], waiting["amount_fen"]) == (cut["deduction_id"], "deducted", fen("420"))
    await client.post(f"/v1/audit-deductions/{cut['deduction_id']}/confirm", {})
    assert (await client.get("/v1/worklists/deductions"))["items"] == []
    case_id = await open_case(house, "P2")
    await house.hear(house.claims.settle(settlement_of("P2"), F1_BILL))
    (mixed,) = await grant(house, case_id)
    await house.go_on()
    flags = {"actor": "hospital", "lines": [{"line_id": "B", "belongs": "own-disease"}]}
    await client.post(f"/v1/conversions/{mixed}/split", flags)
    (split,) = (await client.get("/v1/worklists/splits"))["items"]
    assert (split["conversion_id"], split["split_state"], split["proposed_by"]) == (mixed, "proposed", "hospital")
    assert (split["lines"], split["due_at"]) == ({"own-disease": 1}, "2026-11-27T16:00:00Z")
    await client.post(f"/v1/conversions/{mixed}/split/agree", {"actor": "reviewer"})
    assert (await client.get("/v1/worklists/splits"))["items"] == []
    await client.post(f"/v1/injury-cases/{case_id}/stay-splits", flags | {"visit_id": "V7"})
    (waiting,) = (await client.get("/v1/worklists/stay-splits"))["items"]
    assert (waiting["visit_id"], waiting["split_state"], waiting["lines"]) == ("V7", "proposed", {"own-disease": 1})
    assert (waiting["due_at"], waiting["case_id"]) == ("2026-11-27T16:00:00Z", case_id)
    await client.post("/v1/stay-splits/V7/agree", {"actor": "reviewer"})
    assert (await client.get("/v1/worklists/stay-splits"))["items"] == []


async def test_a_pair_that_does_not_match_in_time_says_why(house: House) -> None:
    client = house.client()
    for person_id in ("P1", "P2"):
        await house.bridge.advance.run(await approved(house, person_id))
    async with house.bridge.db.transaction() as tx:
        transfers = await tx.all(t.transfer.select().order_by(t.transfer.c.transfer_id))
        for row, at in zip(
            transfers, (datetime(2026, 11, 17, 15, tzinfo=UTC), datetime(2026, 11, 18, 15, tzinfo=UTC)), strict=True
        ):
            await tx.execute(
                t.transfer.update()
                .where(t.transfer.c.transfer_id == row.transfer_id)
                .values(state="committed", instructed_at=at)
            )
            of_it = t.conversion.c.conversion_id == row.conversion_id
            await tx.execute(t.conversion.update().where(of_it).values(state="transferring", hindrance="医保结算暂时连不上"))
    (pair,) = (await client.get("/v1/worklists/mismatches"))["items"]
    assert (pair["kind"], pair["pair_id"], pair["state"], pair["since"]) == (
        "transfer",
        transfers[0].transfer_id,
        "committed",
        "2026-11-17",
    )
    assert (pair["working_days"], pair["limit_days"], pair["cause"]) == (3, 2, "医保结算暂时连不上")
    assert pair["remedy"] == remedy(PairKind.TRANSFER, "committed")
    assert (pair["voucher_no"], pair["amount_fen"], pair["book"]) == (transfers[0].voucher_no, fen("12985"), "EMP")
    async with house.bridge.db.transaction() as tx:
        early = datetime(2026, 11, 16, 9, tzinfo=CHINA)
        await tx.execute(t.transfer.update().values(instructed_at=early))
    first = await client.get("/v1/worklists/mismatches", limit=1)
    second = await client.get("/v1/worklists/mismatches", limit=1, after=first["next"])
    assert [p["pair_id"] for p in (*first["items"], *second["items"])] == [row.transfer_id for row in transfers]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (f"SELECT * FROM recovery WHERE recovery.{t.OPEN_DEBT} ORDER BY recovery_id LIMIT 51", "ix_recovery_open"),
        (f"SELECT * FROM transfer WHERE transfer.{t.OPEN_TRANSFER} AND instructed_at < now()", "ix_transfer_open"),
        ("SELECT * FROM transfer WHERE transfer.state = 'confirmed' AND changed_at > now()", "ix_transfer_confirmed_at"),
        (f"SELECT * FROM audit_deduction WHERE {t.OPEN_DEDUCTION} ORDER BY deduction_id LIMIT 51", "ix_audit_deduction_open"),
        (
            f"SELECT * FROM recovery_movement WHERE {t.UNBOOKED_MOVEMENT} ORDER BY movement_id LIMIT 1",
            "ix_recovery_movement_unbooked",
        ),
        (
            f"SELECT * FROM set_off WHERE person_id = ANY (ARRAY['P1']) AND {t.STANDING_SET_OFF} ORDER BY set_off_id",
            "ix_set_off_standing",
        ),
        ("SELECT * FROM set_off WHERE recovery_id = 'R1' ORDER BY set_off_id", "ix_set_off_recovery_id"),
        ("SELECT * FROM journal WHERE voucher_no = 'WI1' ORDER BY seq LIMIT 1000", "ix_journal_voucher_no"),
        (f"SELECT * FROM conversion WHERE {t.OPEN_SPLIT} ORDER BY conversion_id LIMIT 51", "ix_conversion_split_open"),
    ],
)
async def test_queries_read_an_index(house: House, query: str, index: str) -> None:
    async with house.bridge.db.transaction() as tx:
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(row[0] for row in await tx.all(text(f"EXPLAIN {query}")))
    assert index in plan
