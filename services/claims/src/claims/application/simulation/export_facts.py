"""Export facts: stored settlements of a period as files for the simulation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Final

from claims.application.simulation.ports import FactsFiles, SettledClaims

_AT_ONCE: Final = 20_000


class ExportFacts:
    """Writes what stands of a period: valid medical settlements, without those that the work-injury fund pays."""

    def __init__(self, settled: SettledClaims, files: FactsFiles) -> None:
        self._settled = settled
        self._files = files

    async def __call__(
        self, folder: Path, begins_on: date, ends_on: date, report: Callable[[int], Awaitable[None]] | None = None
    ) -> int:
        """How many claims were written. No personal data leave the database but the pseudonym; a stretch is in memory at once."""
        count = 0
        async with self._files.writing(folder) as write:
            async for rows in self._settled.between(begins_on, ends_on, _AT_ONCE):
                await write(rows)
                count += len(rows)
                if report is not None:
                    await report(count)
        return count
