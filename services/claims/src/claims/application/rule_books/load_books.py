"""The books that are in force, in every process: read from the register, replaced as a whole when it has another edition.

A settlement never waits for this: it decides by what the process holds, and the statement that ends its transaction says whether
that is still the edition in force (``GroupTx.write``). Everything else is at most ``every_s`` late.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date

from claims.application.rule_books.import_books import ImportBooks
from claims.application.rule_books.ports import Register, Store
from claims.domain.adjudication import RuleSet
from claims.domain.rule_books.in_force import InForce
from shared.errors import Refusal


class LiveBooks:
    """Holds what is in force."""

    def __init__(self, store: Store, register: Register, importing: ImportBooks, first: InForce) -> None:
        """``first``: what to answer by until the register was read."""
        self._store = store
        self._register = register
        self._import = importing
        self._reading = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self.now = first
        """One state of things; whoever asks twice and must get answers that agree keeps it."""

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """See ``RuleBooks.on``."""
        return self.now.on(region, scheme, day)

    def under(self, digest: str) -> RuleSet | None:
        """See ``InForce.under``."""
        return self.now.under(digest)

    async def start(self, every_s: float = 1.0) -> list[str]:
        """Register the books of the folder, read the register, go on looking at it. Returns why books were left out."""
        left_out = await self._import()
        await self.refresh()
        self._watching = asyncio.create_task(self._watch(every_s), name="rule books")
        return left_out

    async def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def refresh(self) -> None:
        """Read the register if its edition is another one. In an empty one the books of the folder are registered first."""
        async with self._reading:
            if await self._read() is None:
                await self._import()
                await self._read()

    async def _read(self) -> str | None:
        async with self._store.reading() as tx:
            edition = await self._register.edition(tx)
            if edition is not None and edition != self.now.edition:
                self.now = InForce(await self._register.enacted(tx), edition)
        return edition

    async def _watch(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            with suppress(Refusal):  # the database is away: what was in force goes on
                await self.refresh()
