"""A simulation is the sum of single decisions, whatever the blocks, the order of the files and the engine."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claims.adapters.facts.reading import lay_out, read
from claims.adapters.simulation.blocks import Rulebook, class_of, month_of, rules_of
from claims.adapters.vector.columns import ClaimColumns
from claims.bootstrap import simulation_engine
from claims.domain.adjudication import Decision
from claims.domain.simulation import BookChoice
from shared.errors import Refusal
from tests.factories.fact_columns import one_at_a_time
from tests.unit.claims.simulation.county import BOOKS, ask, county, facts, reform

TABLES = [
    "cells", "payments", "funds", "fund_layers", "levels", "care", "classes", "towns", "schemes", "months", "fund_months", "deciles", "lines",
    "solvency", "winners", "losers",
]  # fmt: skip


def everyone(folder: Path, tmp_path: Path) -> ClaimColumns:
    """All claims of a folder in one block."""
    (block,) = lay_out(folder, 10**9, tmp_path / "scratch")
    return read(block)


def decisions(claims: ClaimColumns, book: Path) -> dict[int, Decision]:
    rules = rules_of(Rulebook.of(BookChoice.of(str(book))))
    return {i: d for i, _, d in one_at_a_time(rules, claims) if not isinstance(d, Refusal)}


def test_every_total_is_the_sum_of_single_decisions(tmp_path: Path) -> None:
    folder, other = county(tmp_path / "facts"), reform(tmp_path / "b")
    got = ask(folder, BOOKS, other, tmp_path / "out", block=300)
    claims = everyone(folder, tmp_path)
    a, b = decisions(claims, BOOKS), decisions(claims, other)
    assert set(a) == set(b) == set(range(len(claims)))
    assert len(claims) > 1_500

    funds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    layers: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for side, decided in enumerate((a, b)):
        for decision in decided.values():
            for payment in decision.payments:
                if payment.layer != "account":
                    funds[payment.book.value][side] += payment.amount_fen
                    layers[payment.book.value, payment.layer][side] += payment.amount_fen
    assert {fund["fund"]: [fund["a_fen"], fund["b_fen"]] for fund in got["funds"]} == dict(funds)
    assert {
        (fund["fund"], layer["layer"]): [layer["a_fen"], layer["b_fen"]] for fund in got["funds"] for layer in fund["layers"]
    } == dict(layers)
    assert funds["RES"][0] != funds["RES"][1]

    dimensions: dict[str, tuple[str, list[Any]]] = {
        "levels": ("level", [claims.circumstances["level"].at(i) for i in a]),
        "care": ("care", [claims.circumstances["care"].at(i) for i in a]),
        "towns": ("town", [claims.labels["town"].at(i) for i in a]),
        "classes": ("class", [class_of(claims).at(i) for i in a]),
        "schemes": ("scheme", [claims.scheme.at(i) for i in a]),
        "months": ("month", [month_of(claims).at(i) for i in a]),
    }
    for table, (key, values) in dimensions.items():
        want: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for i, value in enumerate(values):
            row = want[value]
            row["claims"] += 1
            row["total_fen"] += a[i].facts.split.total_fen
            row["in_scope_fen"] += a[i].facts.split.in_scope_fen
            for letter, decided in (("a", a), ("b", b)):
                row[f"person_{letter}_fen"] += decided[i].person_fen
                row[f"account_{letter}_fen"] += decided[i].account_fen
                row[f"funds_{letter}_fen"] += decided[i].funds_fen
                row[f"hospital_{letter}_fen"] += decided[i].hospital_fen
                row[f"self_pay_{letter}_fen"] += (
                    decided[i].person_fen - decided[i].split.self_funded_fen - decided[i].split.over_limit_fen
                )
        assert [row[key] for row in got[table]] == sorted(want)
        assert [{name: row[name] for name in want[row[key]]} for row in got[table]] == [
            dict(want[row[key]]) for row in got[table]
        ]
    for table in dimensions:
        assert sum(row["claims"] for row in got[table]) == got["totals"]["claims"] == len(claims)


def test_persons_who_gain_and_lose_are_counted_by_person(tmp_path: Path) -> None:
    folder, other = county(tmp_path / "facts"), reform(tmp_path / "b")
    got = ask(folder, BOOKS, other, tmp_path / "out", block=300)
    claims = everyone(folder, tmp_path)
    a, b = decisions(claims, BOOKS), decisions(claims, other)
    by_person: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    by_level: dict[tuple[int, int], int] = defaultdict(int)
    by_fund: dict[tuple[str, int], int] = defaultdict(int)
    town: dict[int, str] = {}
    for i in a:
        person = int(claims.person[i])
        by_person[person][0] += a[i].person_fen
        by_person[person][1] += b[i].person_fen
        by_level[claims.circumstances["level"].at(i), person] += b[i].person_fen - a[i].person_fen
        town[person] = claims.labels["town"].at(i)
        for sign, decision in ((-1, a[i]), (1, b[i])):
            for payment in decision.payments:
                by_fund[payment.book.value, person] += sign * payment.amount_fen if payment.layer != "account" else 0
    burdens = sorted(first for first, _ in by_person.values())
    n = len(burdens)
    winners = {person for person, (first, second) in by_person.items() if second < first}
    losers = {person for person, (first, second) in by_person.items() if second > first}
    assert winners
    assert losers
    assert {name: got["totals"][name] for name in ("persons", "winners", "losers")} == {
        "persons": n,
        "winners": len(winners),
        "losers": len(losers),
    }
    assert [(row["level"], row["winners"], row["losers"]) for row in got["levels"]] == [
        (
            level,
            sum(change < 0 for (where, _), change in by_level.items() if where == level),
            sum(change > 0 for (where, _), change in by_level.items() if where == level),
        )
        for level in (1, 2, 3)
    ]
    assert {row["town"]: row["winners"] for row in got["towns"]} == {
        name: sum(town[person] == name for person in winners) for name in set(town.values())
    }
    assert {fund["fund"]: (fund["winners"], fund["losers"]) for fund in got["funds"]} == {
        fund["fund"]: (
            sum(change > 0 for (name, _), change in by_fund.items() if name == fund["fund"]),
            sum(change < 0 for (name, _), change in by_fund.items() if name == fund["fund"]),
        )
        for fund in got["funds"]
    }

    bounds = [burdens[-(-k * n // 10) - 1] for k in range(1, 10)]
    assert [row["up_to_fen"] for row in got["deciles"]] == [*bounds, None]
    tenths = [1 + sum(first > bound for bound in bounds) for first, _ in by_person.values()]
    assert [row["persons"] for row in got["deciles"]] == [tenths.count(k) for k in range(1, 11)]
    assert sum(row["person_b_fen"] for row in got["deciles"]) == sum(second for _, second in by_person.values())

    assert [(row["share"], row["line_fen"]) for row in got["lines"]] == [(100_000, 287_530), (250_000, 718_825)]
    for row in got["lines"]:
        line = row["line_fen"]
        assert row["above_a"] == sum(first > line for first, _ in by_person.values())
        assert row["above_b"] == sum(second > line for _, second in by_person.values())
        assert row["newly_above"] == sum(first <= line < second for first, second in by_person.values())
        assert row["no_longer_above"] == sum(second <= line < first for first, second in by_person.values())
    changes = sorted((second - first, person) for person, (first, second) in by_person.items())
    assert [(row["change_fen"], row["person"]) for row in got["largest"]["winners"]] == [c for c in changes if c[0] < 0][:100]
    most = sorted((-change, person) for change, person in changes if change > 0)[:100]
    assert [(-row["change_fen"], row["person"]) for row in got["largest"]["losers"]] == most


def results(out: Path) -> dict[str, Any]:
    """Everything a simulation leaves, as values: the document, the tables, the persons."""
    tables = {name: pq.read_table(out / "tables" / f"{name}.parquet").to_pylist() for name in TABLES}
    persons = [row for path in sorted((out / "persons").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return {
        "result": json.loads((out / "result.json").read_text("utf-8")),
        "persons": sorted(persons, key=lambda r: (r["person"], r["year"])),
        **tables,
    }


@pytest.mark.parametrize("block", [1, 37, 700])
def test_blocks_of_any_size_give_the_same(tmp_path: Path, block: int) -> None:
    folder, other = county(tmp_path / "facts", 120, 600), reform(tmp_path / "b")
    ask(folder, BOOKS, other, tmp_path / "whole")
    ask(folder, BOOKS, other, tmp_path / "blocks", block=block)
    assert len(list((tmp_path / "whole" / "persons").iterdir())) == 1
    assert results(tmp_path / "blocks") == results(tmp_path / "whole")


def test_files_in_any_order_give_the_same(tmp_path: Path) -> None:
    folder, other = county(tmp_path / "facts", 120, 600), reform(tmp_path / "b")
    (path,) = folder.iterdir()
    table = pq.read_table(path)
    order = np.random.Generator(np.random.PCG64(1)).permutation(len(table))
    table = table.take(order)
    mixed = tmp_path / "mixed"
    facts(mixed / "1", [table.slice(0, 250)])
    facts(mixed / "2", [table.slice(250)])
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in "12":
        (mixed / name / "facts-00000.parquet").rename(flat / f"{name}.parquet")
    ask(folder, BOOKS, other, tmp_path / "sorted")
    ask(flat, BOOKS, other, tmp_path / "unsorted", block=100)
    assert results(tmp_path / "unsorted") == results(tmp_path / "sorted")
    assert not (tmp_path / "unsorted" / "scratch").exists()


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_two_workers_give_the_same_to_the_byte(tmp_path: Path, engine: str) -> None:
    folder, other = county(tmp_path / "facts", 200, 900), reform(tmp_path / "b")
    ask(folder, BOOKS.resolve(), other, tmp_path / "one", block=150)
    two = simulation_engine(engine, 2, tmp_path / "scratch")
    ask(folder, BOOKS.resolve(), other, tmp_path / "two", block=150, engine=two)
    names = ["result.json", *(f"tables/{name}.parquet" for name in TABLES)]
    names += [f"persons/{path.name}" for path in sorted((tmp_path / "one" / "persons").iterdir())]
    assert len(names) > len(TABLES) + 5
    assert [name for name in names if (tmp_path / "one" / name).read_bytes() != (tmp_path / "two" / name).read_bytes()] == []


def test_a_refusal_in_another_process_arrives(tmp_path: Path) -> None:
    folder = county(tmp_path / "facts", 50, 200)
    (path,) = folder.iterdir()
    table = pq.read_table(path)
    wrong = pa.array([1] * len(table), pa.int64())
    pq.write_table(table.set_column(table.column_names.index("total_fen"), "total_fen", wrong), path)
    with pytest.raises(Refusal) as refusal:
        ask(folder, BOOKS, BOOKS, tmp_path / "out", engine=simulation_engine("processes", 2, tmp_path))
    assert (refusal.value.code, refusal.value.kind.name) == ("claims.facts.wrong", "INVALID")
    assert not (tmp_path / "out" / "result.json").exists()


def test_a_claim_that_one_book_refuses_is_left_out_of_both_and_counted(tmp_path: Path) -> None:
    folder = county(tmp_path / "facts", 200, 900)
    residents = tmp_path / "residents.book.yaml"
    residents.write_bytes((BOOKS / "990101-demo-county-residents.book.yaml").read_bytes())
    got = ask(folder, BOOKS, residents, tmp_path / "out")
    claims = everyone(folder, tmp_path)
    employees = [i for i in range(len(claims)) if claims.scheme.at(i) == "310"]
    total = claims.numbers["total"]
    assert not isinstance(total, int)
    assert got["refused"] == [
        {
            "book": "b",
            "code": "claims.rules.no-book",
            "text": "统筹区990101没有险种310的待遇规则",
            "claims": len(employees),
            "total_fen": int(total[employees].sum()),
        }
    ]
    assert got["totals"]["claims"] == len(claims) - len(employees)
    assert got["totals"]["person_a_fen"] == got["totals"]["person_b_fen"]
    assert [row["scheme"] for row in got["schemes"]] == ["390"]
    assert got["totals"]["winners"] == got["totals"]["losers"] == 0


def test_rules_of_another_day_or_one_version_decide_past_claims(tmp_path: Path) -> None:
    folder = county(tmp_path / "facts", 100, 400)
    text = (BOOKS / "990101-demo-county-residents.book.yaml").read_text("utf-8")
    later = tmp_path / "later.book.yaml"
    later.write_text(text.replace("effective_from: 2024-01-01", "effective_from: 2030-01-01"), "utf-8")
    same_day = ask(folder, f"{BOOKS}@2026-01-01", f"{later}@2031-01-01", tmp_path / "day")
    (version,) = same_day["books"]["b"]["versions"]
    assert same_day["books"]["b"]["day"] == "2031-01-01"
    assert same_day["totals"]["person_a_fen"] == same_day["totals"]["person_b_fen"] > 0
    by_digest = ask(folder, f"{BOOKS}@2026-01-01", f"{later}#{version['digest'][: 7 + 12]}", tmp_path / "digest")
    assert by_digest["totals"] == same_day["totals"]
    not_yet = ask(folder, BOOKS, later, tmp_path / "not-yet")
    assert not_yet["totals"]["claims"] == 0
    assert {row["code"] for row in not_yet["refused"]} == {"claims.rules.no-version", "claims.rules.no-book"}
    with pytest.raises(Refusal) as unknown:
        ask(folder, BOOKS, f"{later}#{'0' * 12}", tmp_path / "unknown")
    assert unknown.value.code == "claims.simulation.version-unknown"


@pytest.mark.parametrize("text", ["books#short", "books@yesterday"])
def test_a_choice_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"digest needs|Invalid isoformat"):
        BookChoice.of(text)
