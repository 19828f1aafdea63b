"""Everything that databases hold, told apart by whom it is about and without what differs from life to life."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")

_VOUCHER = re.compile(r"\bWI\d{16}\b")

Row = tuple[str, str]
"""Table (with its process), and the row as text."""


async def rows_about(
    urls: Mapping[str, str], persons: Sequence[str], volatile: Iterable[str] = (), blurred: str = r"(?!)"
) -> dict[str, Counter[Row]]:
    """By person every row of every table in which the person's id stands, or an id that stands beside it, and so on.

    Left out are ids, the columns ``volatile`` in whatever depth of JSON, and what ``blurred`` matches; voucher numbers are
    counted from the person's first. ``urls`` by process.
    """
    leaders: dict[str, str] = {}

    def leader(name: str) -> str:
        while (above := leaders.setdefault(name, name)) != name:
            leaders[name] = name = leaders[above]
        return name

    found: list[tuple[str, str, str]] = []
    for process, url in urls.items():
        conn = await asyncpg.connect(url)
        tables = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in tables:
            for (row,) in await conn.fetch(f'SELECT to_jsonb(x)::text FROM "{table}" x'):
                ids = _ID.findall(row)
                for other in ids[1:]:
                    leaders[leader(other)] = leader(ids[0])
                if ids:
                    found.append((ids[0], f"{process}.{table}", row))
        await conn.close()
    about = {leader(person): person for person in persons}
    assert len(about) == len(persons), "rows stand between two persons"
    mine: dict[str, list[tuple[str, str]]] = {person: [] for person in persons}
    for one, table, row in found:
        if (person := about.get(leader(one))) is not None:
            mine[person].append((table, row))
    plain = _Plain(frozenset(volatile), re.compile(blurred))
    return {person: plain.rows(rows) for person, rows in mine.items()}


class _Plain:
    """Makes rows of different persons comparable."""

    def __init__(self, volatile: frozenset[str], blurred: re.Pattern[str]) -> None:
        self._volatile = volatile
        self._blurred = blurred

    def rows(self, rows: Sequence[tuple[str, str]]) -> Counter[Row]:
        vouchers = sorted({number for _, row in rows for number in _VOUCHER.findall(row)})
        counted = {number: f"voucher {n}" for n, number in enumerate(vouchers, 1)}
        told: Counter[Row] = Counter()
        for table, row in rows:
            text = json.dumps(self._value(json.loads(row)), ensure_ascii=False, sort_keys=True)
            told[(table, _VOUCHER.sub(lambda found: counted[found[0]], text))] += 1
        return told

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._value(each) for name, each in value.items() if name not in self._volatile}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if not isinstance(value, str):
            return value
        if value[:1] in ("{", "["):
            return self._value(json.loads(value))
        return self._blurred.sub("~", _ID.sub("#", value))
