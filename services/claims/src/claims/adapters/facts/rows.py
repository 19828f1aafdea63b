"""Stored settlements as rows of facts files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from claims.adapters.facts.schema import FIELDS, SCHEMA, SEPARATOR
from claims.adapters.facts.writing import FactsWriter
from claims.adapters.vector.columns import SPLIT
from claims.application.simulation.ports import SettledFacts

__all__ = ["FactsWriter", "table"]


def table(rows: Sequence[SettledFacts], first: int) -> pa.Table:
    """Settlements as rows of the schema; ``first``: how many stand before them."""
    columns: dict[str, list[Any]] = {field.name: [] for field in FIELDS}
    for number, row in enumerate(rows):
        stated = {
            **row.facts,
            **{f"{name}_fen": amount for name, amount in zip(SPLIT, row.facts["split"], strict=False)},
            "person": row.person,
            "order": first + number,
            "region": row.region,
            "town": row.region,
            "begun_on": row.begun_on,
            "ended_on": row.ended_on,
            "settled_on": row.settled_on,
        }
        for field in FIELDS:
            value = stated.get(field.name, field.default)
            columns[field.name].append(SEPARATOR.join(sorted(value)) if field.many and not isinstance(value, str) else value)
    return pa.table([pa.array(columns[field.name]).cast(field.kind) for field in FIELDS], schema=SCHEMA)
