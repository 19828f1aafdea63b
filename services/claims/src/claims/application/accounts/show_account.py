"""Show an account: balance, years, who may pay for whom, movements newest first."""

from __future__ import annotations

from typing import Any

from claims.application.accounts.ports import Statements
from claims.domain.refusals import account_none
from shared.transactions import UnitOfWork


class ShowAccount:
    """Reads one account."""

    def __init__(self, uow: UnitOfWork, statements: Statements) -> None:
        self._uow = uow
        self._statements = statements

    async def __call__(self, person_id: str, before: str | None, limit: int) -> dict[str, Any]:
        """Plain values, money in fen; at most ``limit`` movements from before a movement id on. Refuses without an account."""
        async with self._uow.transaction() as tx:
            head = await self._statements.head(tx, person_id)
            if head is None:
                raise account_none()
            return {**head, "movements": [dict(m) for m in await self._statements.movements(tx, person_id, before, limit)]}
