"""Stored settlements as facts, and simulations over REST: asked for, computed in a process of their own, shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from claims.adapters.facts.reading import lay_out, read
from claims.adapters.simulation.jobs import SqlSimulations
from claims.application.rule_books.submit_book import Submission
from claims.application.simulation.ports import Lost
from claims.bootstrap import Claims
from claims.domain.simulation import BookTexts, FactsSource, SimulationJob
from claims.entrypoints.service import SERVICE
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from tests.factories.claims_desk import ClaimsDesk, claims_settings
from tests.unit.claims.simulation.county import BOOKS, county

PERIOD = {"begins_on": "2026-03-01", "ends_on": "2026-03-31"}
TODAY = {"day": "2026-03-20"}


@pytest.fixture
async def http(one_claims: Claims, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """The application, with a folder for facts and one to work in."""
    (tmp_path / "facts").mkdir()
    monkeypatch.setenv("ONEWINDOW_CLAIMS_FACTS", str(tmp_path / "facts"))
    monkeypatch.setenv("ONEWINDOW_CLAIMS_SIMULATIONS", str(tmp_path / "work"))
    app = SERVICE.app(claims_settings(one_claims.db.url))
    signer = build_signer(claims_settings(""))
    principal = Principal("u1", "经办人", frozenset({"rules:read", "rules:simulate"}), frozenset({"*"}))
    headers = {"Authorization": f"Bearer {signer.sign(principal, audience=AUDIENCE, ttl_s=600)}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://claims", headers=headers) as client,
    ):
        client.run = simulations_of(app)  # type: ignore[attr-defined]  # the worker's job of the same process
        yield client


def simulations_of(app: Any) -> Any:
    """The job that the worker repeats."""
    return next(job.run for job in app.state.runtime.jobs if job.name == "simulations")


async def work(http: httpx.AsyncClient) -> None:
    await http.run()  # type: ignore[attr-defined]  # set by the fixture


async def ask(http: httpx.AsyncClient, key: str = "k1", **changes: Any) -> httpx.Response:
    body = {"title": "测算", "asked_by": "zhouqiang", "facts": PERIOD, "book_a": TODAY, "book_b": TODAY, **changes}
    return await http.post("/v1/simulations", json=body, headers={"Idempotency-Key": key})


async def settled(desk: ClaimsDesk) -> list[dict[str, Any]]:
    """Three stays of two persons that stand, and one that was reversed; the rows that stand."""
    poor, other = await desk.person(1, classes=["dibao"]), await desk.person(2)
    for person, amount in ((poor, "20000.00"), (other, "9000.00"), (poor, "31000.50")):
        visit = await desk.stay(person, [("A1", amount), ("B1", "1000.00"), ("C1", "300.10")])
        total = f"{float(amount) + 1300.10:.2f}"
        await desk.call("2304", desk.stay_input(visit, person, total))
    visit = await desk.stay(other, [("A1", "5000.00")])
    done = await desk.call("2304", desk.stay_input(visit, other, "5000.00"))
    reversal = {"setl_id": done["setlinfo"]["setl_id"], "mdtrt_id": visit, "psn_no": other}
    await desk.call("2305", {"data": reversal})
    rows = await (await desk.claims.db.pool()).fetch(
        "SELECT * FROM settlement WHERE state = 'valid' ORDER BY person_id, settled_at, settlement_id"
    )
    assert len(rows) == 3
    return [dict(row) for row in rows]


async def test_what_stands_is_exported_with_pseudonyms_and_decided_again_to_the_fen(
    desk: ClaimsDesk, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    rows = await settled(desk)
    folder = tmp_path / "export"
    day = rows[0]["settled_at"].date()
    counts: list[int] = []

    async def counted(count: int) -> None:
        counts.append(count)

    assert await desk.claims.simulations.export_facts(folder, day, day, counted) == 3
    assert counts == [3]
    table = pq.read_table(folder)
    stored = table.to_pylist()
    assert [row["total_fen"] for row in stored] == [row["total_fen"] for row in rows]
    assert [row["in_scope_fen"] for row in stored] == [row["in_scope_fen"] for row in rows]
    assert [row["classes"] for row in stored] == ["dibao", "dibao", ""]
    assert [row["region"] for row in stored] == ["990101"] * 3
    assert len({row["person"] for row in stored}) == 2
    assert not any(row["person_id"] in str(table.to_pydict()) for row in rows)
    (block,) = lay_out(folder, 100, tmp_path / "scratch")
    assert len(read(block)) == 3
    assert (
        await desk.claims.simulations.export_facts(tmp_path / "before", day - timedelta(days=9), day - timedelta(days=1)) == 0
    )
    assert list((tmp_path / "before").iterdir()) == []

    assert (await ask(http)).status_code == 202
    await work(http)
    (shown,) = (await http.get("/v1/simulations")).json()["items"]
    assert shown["state"] == "done", shown
    result = (await http.get(f"/v1/simulations/{shown['simulation_id']}")).json()["result"]
    totals = result["totals"]
    assert (totals["claims"], totals["persons"]) == (3, 2)
    assert totals["total_fen"] == sum(row["total_fen"] for row in rows)
    assert totals["funds_a_fen"] == totals["funds_b_fen"] == sum(row["fund_fen"] for row in rows)
    assert totals["person_a_fen"] == sum(row["account_fen"] + row["cash_fen"] for row in rows)
    by_layer: dict[str, int] = {}
    for row in rows:
        for payment in json.loads(row["decision"])["payments"]:
            by_layer[payment["layer"]] = by_layer.get(payment["layer"], 0) + payment["amount_fen"]
    assert {layer["layer"]: layer["a_fen"] for fund in result["funds"] for layer in fund["layers"]} == by_layer
    assert set(by_layer) == {"pool", "catastrophic", "assistance"} or set(by_layer) >= {"pool", "assistance"}


async def test_a_corrected_settlement_is_exported_as_it_stands(desk: ClaimsDesk, tmp_path: Path) -> None:
    first = (await settled(desk))[0]
    facts = json.loads(first["facts"])
    for sequence, classes in ((1, ["tekun"]), (2, ["monitored"])):
        await (await desk.claims.db.pool()).execute(
            "INSERT INTO settlement_correction (settlement_id, sequence, reason, reason_text, trigger_id, counterparty, facts,"
            " decision, difference, lines, total_fen, account_fen, cash_fen, hospital_fen, booked_on, maker, recorded_at)"
            " SELECT settlement_id, $2, 'class', '', 'F1', 'person', $3, decision, '[]', '[]', total_fen, account_fen, cash_fen,"
            " hospital_fen, current_date, 'u1', now() FROM settlement WHERE settlement_id = $1",
            first["settlement_id"],
            sequence,
            json.dumps({**facts, "classes": classes}),
        )
    day = first["settled_at"].date()
    assert await desk.claims.simulations.export_facts(tmp_path / "export", day, day) == 3
    rows = pq.read_table(tmp_path / "export").to_pylist()
    assert [row["classes"] for row in rows] == ["monitored", "dibao", ""]
    assert [row["order"] for row in rows] == [0, 1, 2]


async def test_a_simulation_runs_beside_the_worker_and_is_shown(
    desk: ClaimsDesk, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    _ = desk  # empties the tables
    county(tmp_path / "facts" / "county-2025", 120, 500)
    pools = {"format": "onewindow-pools/1", "months": 3, "pools": {"RES": {"opening": 100000, "monthly_income": "50000.50"}}}
    changes: dict[str, Any] = {"facts": {"folder": "county-2025"}, "income_fen": 2_875_300, "pools": pools}
    queued = await ask(http, **changes)
    assert queued.status_code == 202
    again = await ask(http, **changes)
    assert again.json() == queued.json()
    simulation_id = queued.json()["simulation_id"]
    path = f"/v1/simulations/{simulation_id}"
    before = (await http.get(path)).json()
    assert (before["state"], before["progress"], before["result"]) == ("queued", {"done": 0, "total": 0}, None)
    assert (await http.get(f"{path}/tables/funds")).json() == {"items": [], "next": None}
    await work(http)
    after = (await http.get(path)).json()
    claims = after["result"]["totals"]["claims"]
    assert (after["state"], after["cause"], after["asked_by"]) == ("done", None, "zhouqiang")
    assert after["progress"] == {"done": claims, "total": claims}
    assert after["finished_at"] is not None
    assert after["facts"] == {"folder": "county-2025", "begins_on": None, "ends_on": None}
    assert after["book_a"]["digests"] == [v["digest"] for v in after["result"]["books"]["a"]["versions"]]
    assert [row["line_fen"] for row in after["result"]["lines"]] == [287_530, 718_825]
    assert [row["income_fen"] for row in after["result"]["solvency"]] == [5_000_050] * 6
    assert (await http.get(f"{path}/tables/towns")).json()["items"] == after["result"]["towns"]
    unknown = await http.get(f"{path}/tables/colours")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "claims.simulation.table-unknown")
    assert list((tmp_path / "work").iterdir()) == []
    await work(http)
    assert (await http.get(path)).json() == after


async def test_one_version_is_named_by_its_digest(desk: ClaimsDesk, http: httpx.AsyncClient, tmp_path: Path) -> None:
    _ = desk
    county(tmp_path / "facts" / "small", 40, 150)
    first = (await ask(http, facts={"folder": "small"})).json()["simulation_id"]
    await work(http)
    versions = (await http.get(f"/v1/simulations/{first}")).json()["result"]["books"]["a"]["versions"]
    (digest,) = [v["digest"] for v in versions if (v["region"], v["scheme"]) == ("990101", "390")]
    second = (await ask(http, "k2", facts={"folder": "small"}, book_b={"digest": digest})).json()["simulation_id"]
    await work(http)
    result = (await http.get(f"/v1/simulations/{second}")).json()["result"]
    assert [v["digest"] for v in result["books"]["b"]["versions"]] == [digest]
    assert [row["scheme"] for row in result["schemes"]] == ["390"]
    assert [row["code"] for row in result["refused"]] == ["claims.simulation.other-place"]
    newest, oldest = (await http.get("/v1/simulations")).json()["items"]
    assert (newest["simulation_id"], oldest["simulation_id"]) == (second, first)
    assert newest["book_b"]["digests"] == [digest]
    page = (await http.get("/v1/simulations", params={"limit": 1})).json()
    assert [row["simulation_id"] for row in page["items"]] == [second]
    rest = (await http.get("/v1/simulations", params={"limit": 1, "after": page["next"]})).json()
    assert ([row["simulation_id"] for row in rest["items"]], rest["next"]) == ([first], None)


async def test_a_draft_is_simulated_as_it_stood_when_it_was_asked_for(
    desk: ClaimsDesk, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    county(tmp_path / "facts" / "small", 60, 250)
    text = (BOOKS / "990101-demo-county-residents.book.yaml").read_text("utf-8")
    draft = text.replace("2024-01-01", "2031-01-01").replace('bands: [{rate: "0.75"}]}', 'bands: [{rate: "0.80"}]}')
    submission = Submission(text=draft, file="reform.book.yaml", by="lijing")
    book = await desk.claims.rule_books.submit(submission, lambda region: None, None)
    asked = await ask(http, facts={"folder": "small"}, book_b={"book_id": book["book_id"]})
    changed = replace(submission, text=text.replace("2024-01-01", "2032-01-01"), book_id=book["book_id"])
    await desk.claims.rule_books.submit(changed, lambda region: None, None)
    await work(http)
    shown = (await http.get(f"/v1/simulations/{asked.json()['simulation_id']}")).json()
    assert (shown["state"], shown["cause"]) == ("done", None)
    assert shown["book_b"]["files"] == [f"{book['book_id']}.book.yaml"]
    totals = shown["result"]["totals"]
    assert totals["winners"] > 0
    assert totals["losers"] == 0
    assert totals["funds_b_fen"] > totals["funds_a_fen"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"book_a": {}}, 422, "claims.simulation.book-choice"),
        ({"book_a": {"day": "2026-01-01", "book_id": "B1"}}, 422, "claims.simulation.book-choice"),
        ({"book_b": {"day": "1990-01-01"}}, 404, "claims.simulation.book-unknown"),
        ({"book_b": {"digest": "sha256:" + "0" * 64}}, 404, "claims.simulation.book-unknown"),
        ({"book_b": {"book_id": "NOBODY"}}, 404, "claims.rule-book.unknown"),
        ({"facts": {}}, 422, "claims.simulation.facts-choice"),
        ({"facts": {"folder": "x", **PERIOD}}, 422, "claims.simulation.facts-choice"),
        ({"facts": {"begins_on": "2026-02-01", "ends_on": "2026-01-01"}}, 422, "claims.simulation.period"),
        ({"facts": {"folder": "nowhere"}}, 404, "claims.simulation.facts-unknown"),
        ({"pools": {"format": "onewindow-pools/1", "months": 0}}, 422, "claims.simulation.pools-wrong"),
        ({"pools": {"format": "onewindow-pools/1", "pools": {"RES": {"opening": 0.5, "monthly_income": 1}}}}, 422, "claims.simulation.pools-wrong"),
    ],
)  # fmt: skip
async def test_what_cannot_be_simulated_is_refused_and_not_queued(
    desk: ClaimsDesk, http: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str
) -> None:
    refused = await ask(http, **changes)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await desk.count("simulation") == 0


async def test_a_period_without_settlements_fails_with_its_reason(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    _ = desk
    simulation_id = (await ask(http)).json()["simulation_id"]
    await work(http)
    shown = (await http.get(f"/v1/simulations/{simulation_id}")).json()
    assert (shown["state"], shown["result"]) == ("failed", None)
    assert shown["cause"] == {"code": "claims.simulation.no-claims", "text": "该期间没有有效的结算"}


async def test_a_refusal_of_the_command_is_the_cause(desk: ClaimsDesk, http: httpx.AsyncClient, tmp_path: Path) -> None:
    _ = desk
    (tmp_path / "facts" / "empty").mkdir()
    simulation_id = (await ask(http, facts={"folder": "empty"})).json()["simulation_id"]
    await work(http)
    shown = (await http.get(f"/v1/simulations/{simulation_id}")).json()
    assert (shown["state"], shown["cause"]["code"]) == ("failed", "claims.facts.none")


async def test_a_job_whose_worker_died_is_taken_again_and_a_slow_one_has_lost_it(desk: ClaimsDesk) -> None:
    simulations = desk.claims.simulations
    store, db, now = SqlSimulations(), desk.claims.db, desk.clock.now()
    job = SimulationJob(
        simulation_id="S1",
        title="",
        asked_by="u1",
        asked_at=now,
        facts=FactsSource(begins_on=date(2026, 1, 1), ends_on=date(2026, 1, 31)),
        book_a=BookTexts({"a.book.yaml": "x"}, ("d", "e")),
        book_b=BookTexts({"b.book.yaml": "y"}, ("f",)),
    )
    async with db.transaction() as tx:
        await store.add(tx, job)
    async with db.transaction() as tx:
        first = await store.take(tx, now, now - timedelta(seconds=90))
    async with db.transaction() as tx:
        assert await store.take(tx, now, now - timedelta(seconds=90)) is None
    assert first is not None
    assert (first.attempt, first.state, first.book_a, first.book_b, first.facts) == (
        1,
        "running",
        job.book_a,
        job.book_b,
        job.facts,
    )
    later = now + timedelta(seconds=91)
    async with db.transaction() as tx:
        second = await store.take(tx, later, later - timedelta(seconds=90))
    assert second is not None
    assert second.attempt == 2
    async with db.transaction() as tx:
        await store.report(tx, second, 5, 9, later)
    with pytest.raises(Lost):
        async with db.transaction() as tx:
            await store.report(tx, first, 9, 9, later)
    with pytest.raises(Lost):
        async with db.transaction() as tx:
            await store.finish(tx, first, {"format": "x"}, later)
    shown = await simulations.find("S1")
    assert (shown["state"], shown["progress"], shown["result"]) == ("running", {"done": 5, "total": 9}, None)
