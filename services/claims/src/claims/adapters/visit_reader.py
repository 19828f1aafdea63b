"""Visits, accumulators and balances read without locks, for pre-settlement (asyncpg, as the settlement reads them)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from claims.adapters.past import AsyncpgPast
from claims.adapters.settlement_groups import SHARINGS, VISIT_COLUMNS, read_visits
from claims.application.settlement.find_past import with_past
from claims.application.settlement.ports import YearKey
from claims.domain.accounts.sharing import Sharing
from claims.domain.adjudication import YearState
from claims.domain.settlement import Basis, VisitToSettle
from shared.crypto import Sealer
from shared.db.database import Database

_VISIT = f"SELECT {VISIT_COLUMNS} FROM visit v JOIN insured_person p USING (person_id) WHERE v.visit_id = ANY($1::text[])"
_YEAR = "SELECT state FROM person_year WHERE person_id = $1 AND scheme = $2 AND benefit_year = $3"
_LINES = (
    "SELECT line_no, item_code, charge_class, occurred_at, amount_fen, quantity, price, price_limit, pre_selfpay_rate,"
    " self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen, class_b_fen, traditional_fen, flat_fen, sessions,"
    " in_work_injury_catalogue, details"
    " FROM fee_line WHERE batch_id = ANY($1::text[]) ORDER BY line_no"
)
_BALANCES = "SELECT person_id, balance_fen FROM account WHERE person_id = ANY($1::text[])"
_ACCOUNT = "SELECT balance_fen FROM account WHERE person_id = $1"


class AsyncpgVisitReader:
    """Implements ``VisitReader``."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer

    async def visit(self, visit_id: str) -> VisitToSettle | None:
        """See ``VisitReader``."""
        async with (await self._db.pool()).acquire() as conn:
            return (await read_visits(conn, self._sealer, [visit_id], _VISIT)).get(visit_id)

    async def year(self, key: YearKey) -> YearState:
        """See ``VisitReader``."""
        state = await (await self._db.pool()).fetchval(_YEAR, *key)
        return YearState.of(orjson.loads(state) if state else {})

    async def account(self, person_id: str) -> int:
        """See ``VisitReader``."""
        return int(await (await self._db.pool()).fetchval(_ACCOUNT, person_id) or 0)

    async def relatives(self, person_id: str, day: date) -> tuple[Sequence[Sharing], Mapping[str, int]]:
        """See ``VisitReader``."""
        pool = await self._db.pool()
        sharings = [Sharing(**dict(row)) for row in await pool.fetch(SHARINGS, [person_id], day)]
        balances = await pool.fetch(_BALANCES, [sharing.holder_id for sharing in sharings])
        return sharings, {row["person_id"]: row["balance_fen"] for row in balances}

    async def past(self, claims: Sequence[tuple[VisitToSettle, Basis]]) -> list[Basis]:
        """See ``VisitReader``."""
        return await with_past(AsyncpgPast(await self._db.pool()), claims)

    async def lines(self, batch_ids: Sequence[str]) -> list[dict[str, Any]]:
        """See ``VisitReader``."""
        rows = await (await self._db.pool()).fetch(_LINES, list(batch_ids))
        return [{**dict(row), "details": orjson.loads(row["details"])} for row in rows]
