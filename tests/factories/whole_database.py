"""Everything that databases hold, told apart by whom it is about and without what differs from life to life."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg

_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")

_VOUCHER = re.compile(r"\bWI\d{16}\b")

_DIGIT = re.compile(r"\d")

Row = tuple[str, str]
"""Table (with its process), and the row as text."""


async def rows_about(
    urls: Mapping[str, str],
    persons: Sequence[str],
    *,
    volatile: Iterable[str] = (),
    numbered: Iterable[str] = (),
    blurred: str = r"(?!)",
) -> dict[str, Counter[Row]]:
    """By person every row of every table in which the person's id stands, or an id that stands beside it, and so on.

    Left out are ids, the columns ``volatile`` (``column``, or ``process.table.column``), and what ``blurred`` matches. Voucher
    numbers, and whatever stands under a key of ``numbered`` in any depth of JSON, are counted from the person's first wherever
    they stand. ``urls`` by process.
    """
    leaders: dict[str, str] = {}

    def leader(name: str) -> str:
        while (above := leaders.setdefault(name, name)) != name:
            leaders[name] = name = leaders[above]
        return name

    found: list[tuple[str, str, str]] = []
    for process, url in urls.items():
        conn = await asyncpg.connect(url)
        try:
            for table in await _tables(conn):
                for (row,) in await conn.fetch(f'SELECT to_jsonb(x)::text FROM "{table}" x'):
                    ids = _ID.findall(row)
                    for other in ids[1:]:
                        leaders[leader(other)] = leader(ids[0])
                    if ids:
                        found.append((ids[0], f"{process}.{table}", row))
        finally:
            await conn.close()
    about = {leader(person): person for person in persons}
    assert len(about) == len(persons), "rows stand between two persons"
    mine: dict[str, list[tuple[str, str]]] = {person: [] for person in persons}
    for one, table, row in found:
        if (person := about.get(leader(one))) is not None:
            mine[person].append((table, row))
    plain = _Plain(frozenset(volatile), frozenset(numbered), re.compile(blurred))
    return {person: plain.rows(rows) for person, rows in mine.items()}


async def row_counts(urls: Mapping[str, str]) -> Counter[str]:
    """How many rows every table has (with its process), of whomever or of nobody."""
    counts: dict[str, int] = {}
    for process, url in urls.items():
        conn = await asyncpg.connect(url)
        try:
            each = [f"SELECT '{table}', count(*) FROM \"{table}\"" for table in await _tables(conn)]
            counts |= {f"{process}.{table}": rows for table, rows in await conn.fetch(" UNION ALL ".join(each))}
        finally:
            await conn.close()
    return Counter(counts)


async def _tables(conn: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]


class _Plain:
    """Makes rows of different persons comparable."""

    def __init__(self, volatile: frozenset[str], numbered: frozenset[str], blurred: re.Pattern[str]) -> None:
        self._volatile = volatile
        self._numbered = numbered
        self._blurred = blurred

    def rows(self, rows: Sequence[tuple[str, str]]) -> Counter[Row]:
        kept = [(table, self._kept(table, json.loads(row))) for table, row in rows]
        vouchers = sorted({number for _, row in rows for number in _VOUCHER.findall(row)})
        names = sorted({name for _, row in kept for name in self._names(row)}, key=lambda x: (_DIGIT.sub("", x), len(x), x))
        counted = {one: f"voucher {n}" for n, one in enumerate(vouchers, 1)} | {
            one: f"name {n}" for n, one in enumerate(names, 1)
        }
        return Counter(
            (table, json.dumps(self._value(row, counted), ensure_ascii=False, sort_keys=True)) for table, row in kept
        )

    def _kept(self, table: str, row: dict[str, Any]) -> Any:
        return {
            name: _read(value)
            for name, value in row.items()
            if name not in self._volatile and f"{table}.{name}" not in self._volatile
        }

    def _names(self, value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for each in value:
                yield from self._names(each)
        if isinstance(value, dict):
            for key, each in value.items():
                if key in self._numbered and isinstance(each, str) and each:
                    yield each
                yield from self._names(each)

    def _value(self, value: Any, counted: Mapping[str, str]) -> Any:
        if isinstance(value, dict):
            return {name: self._value(each, counted) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each, counted) for each in value]
        if not isinstance(value, str):
            return value
        text = counted.get(value) or _VOUCHER.sub(lambda found: counted[found[0]], value)
        return self._blurred.sub("~", _ID.sub("#", text))


def _read(value: Any) -> Any:
    """JSON that is kept as text is read too."""
    if isinstance(value, dict):
        return {name: _read(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_read(each) for each in value]
    return _read(json.loads(value)) if isinstance(value, str) and value[:1] in ("{", "[") else value
