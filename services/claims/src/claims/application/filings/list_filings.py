"""The filings of a person."""

from __future__ import annotations

from typing import Any

from claims.application.filings.ports import Filings
from shared.transactions import UnitOfWork


class ListFilings:
    """Reads them."""

    def __init__(self, uow: UnitOfWork, filings: Filings) -> None:
        self._uow = uow
        self._filings = filings

    async def __call__(self, person_id: str) -> list[dict[str, Any]]:
        """Oldest first, cancelled ones too."""
        async with self._uow.transaction() as tx:
            stored = await self._filings.of_person(tx, person_id)
        return [
            {
                "filing_id": s.filing.filing_id,
                "kind": s.filing.kind,
                "code": s.filing.code,
                "begins_on": s.filing.begins_on.isoformat(),
                "ends_on": s.filing.ends_on.isoformat() if s.filing.ends_on else None,
                "scheme": s.scheme,
                "filed_by": s.filed_by,
                "state": s.state,
                "filed_at": s.filed_at.isoformat(),
            }
            for s in stored
        ]
