"""What one block of persons contributes to a simulation. A pure function of the block and the question, so that any process on
any machine may compute it, and the order does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from claims.adapters.facts.reading import Block, mixed, read
from claims.adapters.vector.columns import ClaimColumns, Coded, Ints
from claims.adapters.vector.decide import Decided, decide
from claims.adapters.vector.plans import Assigned, assign, numbered
from claims.domain.adjudication import BOOK_SUFFIX, PersonClass
from claims.domain.simulation import BookChoice, ChosenRules
from shared.rules import rule_texts

GROUPS: Final = 256
"""Persons are dealt into so many groups, the draws of the uncertainty are made over these."""
NO_CLASS: Final = "none"
CELL: Final = ("scheme", "town", "level", "care", "class", "month")
"""What claims are counted by; every table over claims is a sum over these cells."""
_ORDER: Final = {name: i for i, name in enumerate(get_args(PersonClass))}


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Which rules decide, with the texts they are read from: whoever computes a block needs no files of books, and never
    takes another edition of them."""

    choice: BookChoice
    texts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, choice: BookChoice) -> Rulebook:
        """As the files say now. Raises RuleError."""
        return cls(choice, tuple(rule_texts(Path(choice.path), BOOK_SUFFIX).items()))


@dataclass(frozen=True, slots=True)
class Task:
    """A block to decide by two books."""

    block: Block
    book_a: Rulebook
    book_b: Rulebook
    persons: str
    """Folder that the block's persons are written to."""

    @property
    def claims(self) -> int:
        """How many claims the block has."""
        return self.block.claims


@dataclass(frozen=True, slots=True)
class Part:
    """A block's contribution: tables that are added up, key columns first, and the number of its claims."""

    claims: int
    tables: Mapping[str, pa.Table]


KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "cells": CELL,
    "payments": ("fund", "layer", "name", *CELL),
    "touched": ("by", "value"),
    "months": ("fund", "month", "group"),
    "refused": ("book", "code", "text"),
}
"""The key columns of each table; the others are numbers to add up."""


@lru_cache(maxsize=8)
def rules_of(book: Rulebook) -> ChosenRules:
    """The rules of a book, read once in a process."""
    return book.choice.among(dict(book.texts))


def simulate_block(task: Task) -> Part:
    """Decide a block by both books, write its persons and return its sums. Refuses facts that do not hold."""
    claims = read(task.block)
    both = [assign(rules_of(book), claims) for book in (task.book_a, task.book_b)]
    left_out = (both[0].plan < 0) | (both[1].plan < 0)
    decided = [decide(claims, assigned, leave_out=left_out) for assigned in both]
    kept = np.flatnonzero(~left_out)
    persons = _Persons(claims, kept)
    path = Path(task.persons) / f"part-{task.block.number:05d}.parquet"
    pq.write_table(persons.table(claims, decided), path, compression="zstd")
    cells = _Cells(claims)
    return Part(
        len(claims),
        {
            "cells": _cells(claims, cells, kept, decided),
            "payments": _payments(cells, decided),
            "touched": _touched(claims, decided),
            "months": _months(claims, decided),
            "refused": _refused(claims, both),
        },
    )


def month_of(claims: ClaimColumns) -> Coded:
    """The month of settlement as ``2025-01``."""
    months = claims.days["settled_on"].astype("datetime64[D]").astype("datetime64[M]")
    if not len(months):
        return Coded(np.zeros(0, np.int32), ("1970-01",))
    first = months.min()
    count = int((months.max() - first).astype(np.int64)) + 1
    return Coded((months - first).astype(np.int32), tuple(str(first + i) for i in range(count)))


def class_of(claims: ClaimColumns) -> Coded:
    """The first of the classes that a person holds, in the order in which they are listed, so that rows add up."""
    return claims.circumstances["classes"].mapped(lambda held: min(held, key=_ORDER.__getitem__) if held else NO_CLASS)


class _Cells:
    """The cell of each claim."""

    def __init__(self, claims: ClaimColumns) -> None:
        self.columns: dict[str, Coded] = {
            "scheme": claims.scheme,
            "town": claims.labels["town"],
            "level": claims.circumstances["level"],
            "care": claims.circumstances["care"],
            "class": class_of(claims),
            "month": month_of(claims),
        }
        self.code, example = numbered(list(self.columns.values()), len(claims))
        self.size = len(example)
        self.keys = {name: pa.array([column.at(i) for i in example]) for name, column in self.columns.items()}

    def sums(self, column: Ints | int, rows: Ints) -> Ints:
        """A column added up by cell; ``rows``: the claims that it is about."""
        return added(self.code[rows], column, self.size)


def added(code: Ints, column: Any, size: int) -> Ints:
    """A column added up by code, in 64-bit whole numbers."""
    result = np.zeros(size, np.int64)
    np.add.at(result, code, column)
    return result


def _cells(claims: ClaimColumns, cells: _Cells, kept: Ints, decided: Sequence[Decided]) -> pa.Table:
    columns: dict[str, Any] = {**cells.keys, "claims": cells.sums(1, kept)}
    for name in ("total", "in_scope"):
        column = claims.numbers[name]
        columns[f"{name}_fen"] = cells.sums(column if isinstance(column, int) else column[kept], kept)
    for side, done in zip("ab", decided, strict=True):
        code = cells.code[done.order]
        for name in ("person", "self_pay", "account", "family", "hospital"):
            columns[f"{name}_{side}_fen"] = added(code, getattr(done, name), cells.size)
    table = pa.table(columns)
    return table.filter(pa.array(columns["claims"] > 0))


def _payments(cells: _Cells, decided: Sequence[Decided]) -> pa.Table:
    """Payments by fund, layer and cell."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for side, done in enumerate(decided):
        code = cells.code[done.order]
        for layer, paid in zip(done.layers, done.payments, strict=True):
            both = sums.setdefault((layer.book.value, layer.code, layer.name), [0, 0])
            both[side] = both[side] + added(code, paid, cells.size)
    tables = [
        _payment_rows(cells, key, np.broadcast_to(a, cells.size), np.broadcast_to(b, cells.size))
        for key, (a, b) in sums.items()
    ]
    return (
        pa.concat_tables(tables) if tables else _payment_rows(cells, ("", "", ""), np.zeros(cells.size), np.zeros(cells.size))
    )


def _payment_rows(cells: _Cells, key: tuple[str, str, str], a: Any, b: Any) -> pa.Table:
    rows = np.flatnonzero((a != 0) | (b != 0))
    names = {
        name: pa.array([value] * len(rows), pa.string()) for name, value in zip(("fund", "layer", "name"), key, strict=True)
    }
    numbers = {"a_fen": a[rows].astype(np.int64), "b_fen": b[rows].astype(np.int64)}
    return pa.table({**names, **{name: column.take(rows) for name, column in cells.keys.items()}, **numbers})


class _Persons:
    """Person-years: a person in a calendar year of settlement."""

    def __init__(self, claims: ClaimColumns, kept: Ints) -> None:
        years = claims.days["settled_on"].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        first = int(years.min()) if len(years) else 1970
        span = (int(years.max()) - first + 1) if len(years) else 1
        code = claims.who * span + (years - first)
        self.size = claims.persons * span
        self.code = code
        self.present = np.flatnonzero(np.bincount(code[kept], minlength=self.size)) if self.size else kept
        self.last = np.zeros(self.size, np.int64)
        self.last[code[kept]] = kept
        self.years = years
        self.kept = kept

    def table(self, claims: ClaimColumns, decided: Sequence[Decided]) -> pa.Table:
        """A row for each: the town, class and scheme of the last claim, and sums."""
        here, last = self.present, self.last[self.present]
        labels = {"town": claims.labels["town"], "class": class_of(claims), "scheme": claims.scheme}
        total = claims.numbers["total"]
        columns: dict[str, Any] = {"person": claims.person[last], "year": self.years[last]}
        for name, coded in labels.items():
            columns[name] = pa.DictionaryArray.from_arrays(coded.codes[last], pa.array(coded.values, pa.string()))
        columns["claims"] = np.bincount(self.code[self.kept], minlength=self.size)[here]
        columns["total_fen"] = added(self.code[self.kept], total if isinstance(total, int) else total[self.kept], self.size)[
            here
        ]
        for side, done in zip("ab", decided, strict=True):
            code = self.code[done.order]
            columns[f"person_{side}_fen"] = added(code, done.person, self.size)[here]
            columns[f"self_pay_{side}_fen"] = added(code, done.self_pay, self.size)[here]
        return pa.table(columns)


def _touched(claims: ClaimColumns, decided: Sequence[Decided]) -> pa.Table:
    """How many persons pay less, more or the same by level and way of care, and for how many each fund pays more or less."""
    rows: list[tuple[str, str, int, int, int]] = []
    who, persons = claims.who, claims.persons
    for by in ("level", "care"):
        coded = claims.circumstances[by]
        kinds = len(coded.values)
        code = who * kinds + coded.codes
        change = np.zeros(persons * kinds, np.int64)
        np.add.at(change, code[decided[1].order], decided[1].person)
        np.subtract.at(change, code[decided[0].order], decided[0].person)
        there = np.zeros(persons * kinds, bool)
        there[code[decided[0].order]] = True
        for i, value in enumerate(coded.values):
            if n := int(there[i::kinds].sum()):
                less, more = int((change[i::kinds] < 0).sum()), int((change[i::kinds] > 0).sum())
                rows.append((by, str(value), n, less, more))
    funds = sorted({layer.book.value for done in decided for layer in done.layers})
    for fund in funds:
        paid = [np.zeros(persons, np.int64), np.zeros(persons, np.int64)]
        for sums, done in zip(paid, decided, strict=True):
            for layer, column in zip(done.layers, done.payments, strict=True):
                if layer.book.value == fund:
                    np.add.at(sums, who[done.order], column)
        change = paid[1] - paid[0]
        n = int(((paid[0] > 0) | (paid[1] > 0)).sum())
        if n:
            rows.append(("fund", fund, n, int((change > 0).sum()), int((change < 0).sum())))
    names = ("by", "value", "persons", "winners", "losers")
    kinds_ = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.int64())
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table({n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds_, strict=True)})


def _months(claims: ClaimColumns, decided: Sequence[Decided]) -> pa.Table:
    """Payments of each fund by month and group of persons."""
    month = month_of(claims)
    months = len(month.values)
    group = (mixed(claims.person) % np.uint64(GROUPS)).astype(np.int64)
    code = group * months + month.codes
    sums: dict[str, list[Ints]] = {}
    for side, done in enumerate(decided):
        here = code[done.order]
        for layer, paid in zip(done.layers, done.payments, strict=True):
            both = sums.setdefault(layer.book.value, [np.zeros(GROUPS * months, np.int64) for _ in decided])
            np.add.at(both[side], here, paid)
    tables = []
    for fund, (a, b) in sums.items():
        rows = np.flatnonzero((a != 0) | (b != 0))
        tables.append(
            pa.table(
                {
                    "fund": pa.array([fund] * len(rows), pa.string()),
                    "month": pa.array([month.values[r % months] for r in rows], pa.string()),
                    "group": rows // months,
                    "a_fen": a[rows],
                    "b_fen": b[rows],
                }
            )
        )
    empty = pa.schema([("fund", pa.string()), ("month", pa.string()), *((n, pa.int64()) for n in ("group", "a_fen", "b_fen"))])
    return pa.concat_tables(tables) if tables else empty.empty_table()


def _refused(claims: ClaimColumns, both: Sequence[Assigned]) -> pa.Table:
    """Claims that a book refuses; they are left out on both sides."""
    total = np.broadcast_to(np.asarray(claims.numbers["total"]), len(claims))
    rows = []
    for book, assigned in zip("ab", both, strict=True):
        for number, refusal in enumerate(assigned.refusals):
            mine = assigned.refusal == number
            rows.append((book, refusal.code, refusal.zh, int(mine.sum()), int(total[mine].sum())))
    names, kinds = ("book", "code", "text", "claims", "total_fen"), (pa.string(),) * 3 + (pa.int64(),) * 2
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table({n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds, strict=True)})
