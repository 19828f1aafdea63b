"""Replays: what was stored is decided again and compared, amount by amount."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from tests.factories.claims_desk import ClaimsDesk
from tests.integration.claims.rule_books.conftest import Office

UNSETTLED = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def settlements(desk: ClaimsDesk) -> dict[str, str]:
    """An outpatient claim, a stay of a 低保 person, its second stay, an employee's stay with account, and a reversal."""
    done = {}
    person = await desk.person(1, classes=["dibao"])
    visit = await desk.registration(person, [("A1", "500.00"), ("B1", "80.00"), ("C1", "20.00")])
    done["outpatient"] = (await desk.call("2207", desk.visit_input(visit, person, "600.00")))["setlinfo"]["setl_id"]
    for number, (begun, ended) in enumerate((("2026-03-02", "2026-03-06"), ("2026-03-09", "2026-03-14")), 1):
        stay = await desk.stay(person, [("A1", "30000.00"), ("B1", "5000.00")], begun=begun, ended=ended)
        done[f"stay {number}"] = (await desk.call("2304", desk.stay_input(stay, person, "35000.00")))["setlinfo"]["setl_id"]
    worker = await desk.person(2, scheme="310", category="11", account_fen=80_000)
    stay = await desk.stay(worker, [("A1", "9000.00"), ("B1", "1000.00")], scheme="310")
    asked = desk.stay_input(stay, worker, "10000.00", scheme="310", account="1")
    done["employee"] = (await desk.call("2304", asked))["setlinfo"]["setl_id"]
    other = await desk.person(3)
    visit = await desk.registration(other, [("A1", "300.00")])
    done["reversed"] = (await desk.call("2207", desk.visit_input(visit, other, "300.00")))["setlinfo"]["setl_id"]
    reversal = {"data": {"mdtrt_id": visit, "psn_no": other, "setl_id": done["reversed"]}}
    done["reversal"] = (await desk.call("2208", reversal))["setlinfo"]["setl_id"]
    return done


async def test_every_settlement_is_replayed_identically(office: Office) -> None:
    done = await settlements(office.desk)
    assert len(done) == await office.desk.count("settlement") == 6
    for name, settlement_id in done.items():
        replay = await office.done("li", "GET", f"/v1/settlements/{settlement_id}/replay")
        assert (replay["identical"], replay["differences"]) == (True, []), name
        assert replay["replayed"] == (done["reversed"] if name == "reversal" else settlement_id)
    assert await office.refused("li", "GET", f"/v1/settlements/{UNSETTLED}/replay") == (404, "claims.settlement.unknown")


@pytest.mark.parametrize(
    ("tampered", "differences"),
    [
        (
            "decision = jsonb_set(decision::jsonb, '{records,1,output_fen}', '123')::json",
            [("decision.records[990101/390/demo-1/outpatient/level_2].output_fen", 123, 20_000)],
        ),
        ("fund_fen = fund_fen + 1", [("settlement.fund_fen", 20_001, 20_000)]),
        (
            "answer = (answer::jsonb || '{\"deductible_fen\": 9000}')::json",
            [("answer.deductible_fen", 9_000, 10_000)],
        ),
        (
            "facts = jsonb_set(facts::jsonb, '{care}', '\"day_surgery\"')::json",
            [("decision", "settled", "claims.rules.uncovered")],
        ),
    ],
)
async def test_what_was_tampered_with_is_named(office: Office, tampered: str, differences: list[Any]) -> None:
    desk = office.desk
    person = await desk.person(1)
    visit = await desk.registration(person, [("A1", "500.00")])
    settlement_id = (await desk.call("2207", desk.visit_input(visit, person, "500.00")))["setlinfo"]["setl_id"]
    await (await desk.claims.db.pool()).execute(f"UPDATE settlement SET {tampered} WHERE settlement_id = $1", settlement_id)
    replay = await office.done("li", "GET", f"/v1/settlements/{settlement_id}/replay")
    assert replay["identical"] is False
    assert [(d["path"], d["before"], d["after"]) for d in replay["differences"]] == differences


async def test_what_cannot_be_replayed_is_refused(office: Office) -> None:
    desk = office.desk
    done = await settlements(desk)
    pool = await desk.claims.db.pool()
    await pool.execute("UPDATE settlement SET rule_digest = 'sha256:0' WHERE settlement_id = $1", done["outpatient"])
    await pool.execute("UPDATE settlement SET facts = '{}' WHERE settlement_id = $1", done["employee"])
    broken = "UPDATE settlement SET answer = (answer::jsonb || '{\"cash_fen\": 1}')::json WHERE settlement_id = $1"
    await pool.execute(broken, done["stay 1"])
    for name, code in (
        ("outpatient", "claims.replay.rules-unknown"),
        ("employee", "claims.replay.not-decided-here"),
        ("stay 1", "claims.replay.answer-broken"),
    ):
        assert await office.refused("li", "GET", f"/v1/settlements/{done[name]}/replay") == (409, code)


async def test_replay_from_the_command_line(office: Office) -> None:
    desk = office.desk
    person = await desk.person(1)
    visit = await desk.registration(person, [("A1", "500.00")])
    settlement_id = (await desk.call("2207", desk.visit_input(visit, person, "500.00")))["setlinfo"]["setl_id"]

    async def command(id_: str) -> tuple[int | None, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "claims", "replay", "--settlement", id_),
            env={**os.environ, "ONEWINDOW_CLAIMS_DATABASE_URL": desk.claims.db.url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out, err

    code, out, _ = await command(settlement_id)
    assert (code, json.loads(out)["identical"]) == (0, True)
    await (await desk.claims.db.pool()).execute("UPDATE settlement SET cash_fen = cash_fen - 1")
    code, out, _ = await command(settlement_id)
    assert code == 1
    assert json.loads(out)["differences"] == [{"path": "settlement.cash_fen", "before": 29_999, "after": 30_000}]
    code, out, err = await command(UNSETTLED)
    assert (code, out) == (2, b"")
    assert err.decode().startswith("claims.settlement.unknown: ")
