"""Sums of all blocks, and the result document made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from claims.adapters.simulation.blocks import KEYS, Part, Rulebook, rules_of
from claims.adapters.simulation.solvency import solvency
from claims.adapters.vector.columns import Ints
from claims.domain.simulation import Question
from shared.ledger import BOOK_NAMES, Book

FORMAT: Final = "onewindow-simulation/1"
LARGEST: Final = 100
"""Persons listed on each side."""
DECILES: Final = 10

Tables = Mapping[str, pa.Table]
_MOST: Final = 1 << 62


def add(sums: Tables | None, part: Part) -> Tables:
    """Tables with a block's in them; rows are sorted by their keys, so the order of blocks leaves no trace."""
    return {name: _added(KEYS[name], table, None if sums is None else sums[name]) for name, table in part.tables.items()}


def _added(keys: Sequence[str], new: pa.Table, old: pa.Table | None) -> pa.Table:
    table = new if old is None else pa.concat_tables([old, new], promote_options="default")
    numbers = [name for name in table.column_names if name not in keys]
    grouped = table.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in numbers])
    grouped = grouped.rename_columns([*keys, *numbers]).sort_by([(key, "ascending") for key in keys])
    for name in numbers:
        if len(grouped) and int(np.abs(grouped[name].to_numpy()).max()) >= _MOST:
            raise OverflowError(f"{name} does not fit into 64 bits")
    return grouped.combine_chunks()


def persons_of(out: Path) -> list[Path]:
    """The files of person-years, in the order of blocks."""
    return sorted((out / "persons").glob("part-*.parquet"))


def summary(question: Question, sums: Tables, out: Path) -> dict[str, Any]:
    """The result document (docs/simulation.md). Amounts in fen; ``a`` and ``b`` are the books."""
    persons = _Persons(persons_of(out))
    cells = sums["cells"]
    touched = {(row["by"], row["value"]): row for row in sums["touched"].to_pylist()}
    lines = question.lines
    claims_wide = {
        key: _by(cells, column, persons.counts(column) if column in ("town", "class", "scheme") else _counts(touched, column))
        for key, column in (
            ("levels", "level"),
            ("care", "care"),
            ("classes", "class"),
            ("towns", "town"),
            ("schemes", "scheme"),
            ("months", "month"),
        )
    }
    return {
        "format": FORMAT,
        "books": {
            "a": {"day": _text(question.book_a.day), "versions": rules_of(Rulebook.of(question.book_a)).shown()},
            "b": {"day": _text(question.book_b.day), "versions": rules_of(Rulebook.of(question.book_b)).shown()},
        },
        "totals": {**_totals(cells), **persons.totals()},
        "funds": _funds(sums["payments"], touched),
        **claims_wide,
        "fund_months": _fund_months(sums["months"]),
        "deciles": persons.deciles(),
        "lines": persons.lines(lines.amounts(), lines.shares) if lines else [],
        "solvency": solvency(sums["months"], question.pools, question.seed) if question.pools else [],
        "largest": persons.largest(),
        "refused": sums["refused"].to_pylist(),
    }


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _totals(cells: pa.Table) -> dict[str, int]:
    return _sides({name: _sum(cells[name].to_numpy()) for name in cells.column_names if name not in KEYS["cells"]})


def _sum(column: Any) -> int:
    return sum(column.tolist())


def _sides(row: dict[str, Any]) -> dict[str, Any]:
    """With what the funds pay, on both sides."""
    for side in "ab":
        row[f"funds_{side}_fen"] = row["total_fen"] - row[f"person_{side}_fen"] - row[f"hospital_{side}_fen"]
    return row


def _by(cells: pa.Table, key: str, counts: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    numbers = [name for name in cells.column_names if name not in KEYS["cells"]]
    grouped = cells.group_by([key], use_threads=False).aggregate([(name, "sum") for name in numbers])
    rows = grouped.rename_columns([key, *numbers]).sort_by(key).to_pylist()
    return [_sides({**row, **counts.get(str(row[key]), {})}) for row in rows]


def _counts(touched: Mapping[tuple[str, str], Mapping[str, Any]], by: str) -> dict[str, dict[str, int]]:
    return {
        value: {name: row[name] for name in ("persons", "winners", "losers")}
        for (kind, value), row in touched.items()
        if kind == by
    }


def _funds(payments: pa.Table, touched: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each fund with its layers."""
    keys = ["fund", "layer", "name"]
    grouped = payments.group_by(keys, use_threads=False).aggregate([("a_fen", "sum"), ("b_fen", "sum")])
    funds: dict[str, dict[str, Any]] = {}
    counts = _counts(touched, "fund")
    for row in grouped.rename_columns([*keys, "a_fen", "b_fen"]).sort_by([(key, "ascending") for key in keys]).to_pylist():
        code = row.pop("fund")
        nobody = {"persons": 0, "winners": 0, "losers": 0}
        fund = funds.setdefault(
            code,
            {"fund": code, "name": BOOK_NAMES[Book(code)], "a_fen": 0, "b_fen": 0, **counts.get(code, nobody), "layers": []},
        )
        fund["layers"].append(row)
        fund["a_fen"] += row["a_fen"]
        fund["b_fen"] += row["b_fen"]
    return list(funds.values())


def _fund_months(months: pa.Table) -> list[dict[str, Any]]:
    grouped = months.group_by(["fund", "month"], use_threads=False).aggregate([("a_fen", "sum"), ("b_fen", "sum")])
    rows = grouped.rename_columns(["fund", "month", "a_fen", "b_fen"]).sort_by([("fund", "ascending"), ("month", "ascending")])
    return list(rows.to_pylist())


class _Persons:
    """The person-years of all blocks, read again block by block; in memory at once: one amount of each."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        burdens = [pq.read_table(path, columns=["person_a_fen"])["person_a_fen"].to_numpy() for path in paths]
        everyone = np.concatenate(burdens) if burdens else np.zeros(0, np.int64)
        self._size = n = len(everyone)
        ranks = [-(-k * n // DECILES) - 1 for k in range(1, DECILES)] if n else []
        self._bounds: Ints = np.partition(everyone, ranks)[ranks] if n else np.zeros(0, np.int64)
        self._by: dict[str, dict[str, dict[str, int]]] = {"town": {}, "class": {}, "scheme": {}}
        self._deciles = {k: _nothing() for k in range(1, DECILES + 1)}
        self._winners: list[tuple[int, int, int, dict[str, Any]]] = []
        self._losers: list[tuple[int, int, int, dict[str, Any]]] = []
        for table in self._parts():
            self._count(table)
            self._list(table)

    def _parts(self) -> Iterator[pa.Table]:
        for path in self._paths:
            yield pq.read_table(path)

    def _count(self, table: pa.Table) -> None:
        a, b = table["person_a_fen"].to_numpy(), table["person_b_fen"].to_numpy()
        less, more = b < a, b > a
        for name, into in self._by.items():
            coded = table[name].unify_dictionaries().combine_chunks()
            coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
            codes, values = coded.indices.to_numpy(), coded.dictionary.to_pylist()
            for code, value in enumerate(values):
                mine = codes == code
                if n := int(mine.sum()):
                    row = into.setdefault(value, {"persons": 0, "winners": 0, "losers": 0})
                    row["persons"] += n
                    row["winners"] += int((mine & less).sum())
                    row["losers"] += int((mine & more).sum())
        decile = 1 + np.searchsorted(self._bounds, a, "left")
        total = table["total_fen"].to_numpy()
        for k, row in self._deciles.items():
            mine = decile == k
            row["persons"] += int(mine.sum())
            row["winners"] += int((mine & less).sum())
            row["losers"] += int((mine & more).sum())
            row["total_fen"] += _sum(total[mine])
            row["person_a_fen"] += _sum(a[mine])
            row["person_b_fen"] += _sum(b[mine])

    def _list(self, table: pa.Table) -> None:
        change = table["person_b_fen"].to_numpy() - table["person_a_fen"].to_numpy()
        order = np.lexsort((table["year"].to_numpy(), table["person"].to_numpy(), change))
        by_loss = np.lexsort((table["year"].to_numpy(), table["person"].to_numpy(), -change))
        for kept, rows, sign in ((self._winners, order, 1), (self._losers, by_loss, -1)):
            head = rows[:LARGEST][sign * change[rows[:LARGEST]] < 0]
            for i, row in zip(head, table.take(head).to_pylist(), strict=True):
                kept.append((sign * int(change[i]), row["person"], row["year"], {**row, "change_fen": int(change[i])}))
            kept.sort(key=lambda entry: entry[:3])
            del kept[LARGEST:]

    def counts(self, by: str) -> Mapping[str, Mapping[str, int]]:
        """Persons, winners (who pay less under b) and losers by town, class or scheme of their last claim."""
        return self._by[by]

    def totals(self) -> dict[str, int]:
        """Persons, winners and losers of all."""
        rows = self._by["scheme"].values()
        return {name: sum(row[name] for row in rows) for name in ("persons", "winners", "losers")}

    def deciles(self) -> list[dict[str, Any]]:
        """By tenths of the burden under a, the lightest first; equal burdens are in one tenth."""
        bounds = [int(bound) for bound in self._bounds] + [None]
        return [
            {"decile": k, "up_to_fen": bound, **row} for (k, row), bound in zip(self._deciles.items(), bounds, strict=False)
        ]

    def lines(self, amounts: Sequence[int], shares: Sequence[int]) -> list[dict[str, Any]]:
        """Persons whose burden of the year is above each line, under both books, and who crosses it."""
        rows = [
            {"share": s, "line_fen": amount, "above_a": 0, "above_b": 0, "newly_above": 0, "no_longer_above": 0}
            for s, amount in zip(shares, amounts, strict=True)
        ]
        for path in self._paths:
            table = pq.read_table(path, columns=["person_a_fen", "person_b_fen"])
            a, b = table["person_a_fen"].to_numpy(), table["person_b_fen"].to_numpy()
            for row in rows:
                over_a, over_b = a > row["line_fen"], b > row["line_fen"]
                row["above_a"] += int(over_a.sum())
                row["above_b"] += int(over_b.sum())
                row["newly_above"] += int((over_b & ~over_a).sum())
                row["no_longer_above"] += int((over_a & ~over_b).sum())
        return rows

    def largest(self) -> dict[str, list[dict[str, Any]]]:
        """Who gains most and who loses most, by pseudonym."""
        return {"winners": [entry[3] for entry in self._winners], "losers": [entry[3] for entry in self._losers]}


def _nothing() -> dict[str, int]:
    return dict.fromkeys(("persons", "winners", "losers", "total_fen", "person_a_fen", "person_b_fen"), 0)
