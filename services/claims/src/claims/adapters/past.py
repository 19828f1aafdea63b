"""A person's past in the settlement tables: years with a payment, stays before a transfer.

Asked on the hot path through asyncpg and with paper claims through SQLAlchemy: one text, two ways to name its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy import text

from claims.application.settlement.find_past import Transfer
from shared.db.database import opened
from shared.transactions import Tx

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any] | asyncpg.Pool[Any]"

STANDING_DECISION: Final = (
    "LEFT JOIN LATERAL (SELECT decision, total_fen - account_fen - cash_fen - hospital_fen AS fund_fen"
    " FROM settlement_correction WHERE settlement_id = s.settlement_id ORDER BY sequence DESC LIMIT 1) c ON true"
)
CHARGED: Final = "coalesce(sum((coalesce(c.decision, s.decision)->>'deductible_fen')::bigint), 0)::bigint AS deductible_fen"
IS_PART: Final = "s.state = 'valid' AND s.inpatient AND (s.facts->>'defers_deductible') IS NULL"
"""A part of a stay that counts for its deductible."""
_PAID_YEARS: Final = (
    "SELECT DISTINCT s.person_id, s.scheme, s.benefit_year FROM settlement s"
    " JOIN unnest({persons}, {schemes}) AS k(p, c) ON (s.person_id, s.scheme) = (k.p, k.c)"
    f" {STANDING_DECISION} LEFT JOIN take_back t ON t.settlement_id = s.settlement_id AND t.state = 'taken-back'"
    " WHERE s.work_injury_key IS NULL"
    " AND (s.state = 'valid' AND coalesce(c.fund_fen, s.fund_fen) > 0 OR (t.kept->>'fund_fen')::bigint > 0)"
)
_EPISODES: Final = (
    "WITH RECURSIVE episode AS (SELECT k.r AS root, k.r AS visit_id, k.p AS person_id, k.c AS scheme, k.i AS institution_code,"
    " k.b AS begun_on, k.d AS days"
    " FROM unnest({visits}, {persons}, {schemes}, {institutions}, {begun}, {days}) AS k(r, p, c, i, b, d)"
    " UNION SELECT e.root, v.visit_id, e.person_id, e.scheme, v.institution_code, v.begun_on, e.days FROM episode e"
    " JOIN visit v ON v.person_id = e.person_id AND v.scheme = e.scheme AND v.inpatient AND v.state = 'discharged'"
    " AND v.institution_code <> e.institution_code AND v.begun_on <= e.begun_on"
    " AND v.ended_on BETWEEN e.begun_on - e.days AND e.begun_on"
    " WHERE v.details->>'dscg_way' IN ('2', '3') OR EXISTS (SELECT 1 FROM filing f WHERE f.person_id = e.person_id"
    " AND f.kind = 'referral' AND f.state = 'valid' AND f.code IN ('', e.institution_code) AND f.begins_on <= e.begun_on"
    " AND (f.ends_on IS NULL OR e.begun_on <= f.ends_on)))"
    f" SELECT e.root, e.visit_id, {CHARGED} FROM episode e JOIN settlement s ON s.visit_id = e.visit_id {STANDING_DECISION}"
    f" WHERE e.visit_id <> e.root AND {IS_PART} GROUP BY e.root, e.visit_id"
)
_COLUMNS: Final = {
    "visits": "text[]", "persons": "text[]", "schemes": "text[]", "institutions": "text[]", "begun": "date[]", "days": "int[]",
}  # fmt: skip


class AsyncpgPast:
    """Implements ``Past`` on one connection."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def paid_years(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], frozenset[int]]:
        """See ``Past``."""
        persons, schemes = zip(*keys, strict=True)
        return _years(await self._conn.fetch(_numbered(_PAID_YEARS, "persons", "schemes"), list(persons), list(schemes)))

    async def episodes(self, transfers: Sequence[Transfer]) -> Mapping[str, Mapping[str, int]]:
        """See ``Past``."""
        columns = [list(column) for column in zip(*transfers, strict=True)]
        return _episodes(await self._conn.fetch(_numbered(_EPISODES, *_COLUMNS), *columns))


class SqlPast:
    """Implements ``Past`` in a transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def paid_years(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], frozenset[int]]:
        """See ``Past``."""
        persons, schemes = zip(*keys, strict=True)
        rows = await opened(self._tx).execute(
            _named(_PAID_YEARS, "persons", "schemes"), {"persons": list(persons), "schemes": list(schemes)}
        )
        return _years(rows.all())

    async def episodes(self, transfers: Sequence[Transfer]) -> Mapping[str, Mapping[str, int]]:
        """See ``Past``."""
        columns = dict(zip(_COLUMNS, (list(column) for column in zip(*transfers, strict=True)), strict=True))
        return _episodes((await opened(self._tx).execute(_named(_EPISODES, *_COLUMNS), columns)).all())


def _numbered(statement: str, *columns: str) -> str:
    return statement.format(**{name: f"${i}::{_COLUMNS[name]}" for i, name in enumerate(columns, 1)})


def _named(statement: str, *columns: str) -> Any:
    # SQLAlchemy reads a colon as the beginning of a name.
    plain = statement.replace("::", "\\:\\:")
    return text(plain.format(**{name: f"CAST(:{name} AS {_COLUMNS[name]})" for name in columns}))


def _years(rows: Iterable[Any]) -> dict[tuple[str, str], frozenset[int]]:
    years: dict[tuple[str, str], set[int]] = {}
    for person_id, scheme, year in map(tuple, rows):
        years.setdefault((person_id, scheme), set()).add(year)
    return {key: frozenset(found) for key, found in years.items()}


def _episodes(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    episodes: dict[str, dict[str, int]] = {}
    for root, visit_id, deductible_fen in map(tuple, rows):
        episodes.setdefault(root, {})[visit_id] = deductible_fen
    return episodes
