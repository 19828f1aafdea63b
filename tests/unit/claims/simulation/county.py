"""A small county for simulations: facts, two folders of books, and a way to ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from claims.adapters.facts.generating import county_year
from claims.adapters.facts.writing import write
from claims.application.simulation.ports import Engine
from claims.bootstrap import simulate_reform, simulation_engine
from claims.domain.simulation import BookChoice, BurdenLines, PoolPlan, Question
from shared.clock import FixedClock
from shared.rules import read_rules

BOOKS = Path("services/claims/src/claims/policy/books")
POOLS = """
format: onewindow-pools/1
months: 14
pools:
  RES: {opening: 300000, monthly_income: 250000}
  MAF: {opening: 50000, monthly_income: 1000}
  CVL: {opening: 7, monthly_income: "0.01"}
"""


def county(folder: Path, persons: int = 500, visits: int = 2_000, seed: int = 5) -> Path:
    """Facts of a generated county."""
    write(folder, county_year(persons, visits, seed))
    return folder


def facts(folder: Path, tables: list[pa.Table]) -> Path:
    """Facts files of these tables."""
    write(folder, tables)
    return folder


def reform(folder: Path) -> Path:
    """The books in force with other terms for residents' stays: level 2 pays more, level 3 asks a higher deductible."""
    folder.mkdir()
    for path in BOOKS.glob("*.book.yaml"):
        text = path.read_text("utf-8")
        if path.name.startswith("990101"):
            changed = text.replace('bands: [{rate: "0.75"}]}', 'bands: [{rate: "0.80"}]}')
            changed = changed.replace("deductible: [1000, 500]", "deductible: [1500, 900]")
            assert changed.count('"0.80"') == text.count('"0.80"') + 1
            assert "[1500, 900]" in changed
            text = changed
        (folder / path.name).write_text(text, "utf-8")
    return folder


def ask(
    facts: Path,
    book_a: str | Path,
    book_b: str | Path,
    out: Path,
    *,
    block: int = 500_000,
    engine: Engine | None = None,
    seed: int = 1,
) -> Mapping[str, Any]:
    """The result document of a simulation."""
    question = Question(
        facts=str(facts),
        book_a=BookChoice.of(str(book_a)),
        book_b=BookChoice.of(str(book_b)),
        lines=BurdenLines(2_875_300),
        pools=read_rules(POOLS, "pools.yaml", PoolPlan),
        seed=seed,
        block_claims=block,
    )
    at = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    return simulate_reform(FixedClock(at))(
        question, out, engine or simulation_engine("processes", 1, out), lambda done, total: None
    )
