"""Find employers by credit code, or list those of the caller's regions."""

from __future__ import annotations

from collections.abc import Sequence

from enrollment.application.ports import Employers, Reading
from enrollment.domain.employer import Employer, credit_code
from shared.auth import Principal


class FindEmployers:
    """The query. Scope ``persons:read``."""

    def __init__(self, database: Reading, employers: Employers) -> None:
        self._database = database
        self._employers = employers

    async def __call__(
        self, caller: Principal, *, code: str | None = None, after: str | None = None, limit: int
    ) -> Sequence[Employer]:
        """Up to ``limit`` employers after the employer id ``after``."""
        caller.require("persons:read")
        async with self._database.reading() as tx:
            if code is None:
                return await self._employers.page(tx, prefixes=caller.region_prefixes, after=after, limit=limit)
            found = (await self._employers.by_code(tx, [credit_code(code)])).values()
        return [employer for employer in found if caller.covers(employer.region)]
