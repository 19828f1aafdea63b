"""Who may send HIS messages: a table kept by events, and a copy of it in the memory of every API process."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.adapters.tables import institution as table
from gateway.application.his_credentials import Scheme, Signatory
from shared.contracts.claims import InstitutionStated
from shared.crypto import SealBroken, Sealer
from shared.db.database import Database
from shared.errors import Kind, Refusal

log = structlog.get_logger()

MAX_AGE_S = 10
"""After so long the copy is read again, so that a deactivation takes hold everywhere."""
MIN_AGE_S = 1
"""A message that fits nothing may have the copy read again, but not more often than this."""


class InstitutionTable:
    """Implements ``ports.InstitutionRegister``."""

    async def state(self, tx: Any, event: InstitutionStated) -> None:
        """See the port."""
        row = {
            "institution_code": event.institution_code,
            "version": event.version,
            "region": event.region,
            "active": event.active,
            "signature": event.signature,
            "access_key": event.access_key,
            "secret_sealed": event.secret_sealed,
            "infcode_number": event.infcode_number,
        }
        statement = upsert(table).values(row)
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=["institution_code"],
                set_={name: statement.excluded[name] for name in row},
                where=table.c.version < statement.excluded.version,
            )
        )


class InstitutionCopy:
    """Implements ``ports.Institutions``: a county has few institutions, so all of them are read at once."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer
        self._by_credential: dict[tuple[Scheme, str], Signatory] = {}
        self._by_code: dict[str, Signatory] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, scheme: Scheme, access_key: str) -> Signatory | None:
        """See the port."""
        await self._keep_fresh()
        return self._by_credential.get((scheme, access_key))

    async def find_by_code(self, institution_code: str) -> Signatory | None:
        """See the port."""
        await self._keep_fresh()
        return self._by_code.get(institution_code)

    async def refresh(self) -> bool:
        """See the port."""
        if self._reading is None and time.monotonic() - self._read_at < MIN_AGE_S:
            return False
        await self._read()
        return True

    async def _keep_fresh(self) -> None:
        stale = time.monotonic() - self._read_at > MAX_AGE_S
        # While somebody reads, an old copy serves the others; with none yet they wait for the first.
        if stale and (self._reading is None or not self._by_code):
            await self._read()

    async def _read(self) -> None:
        """One reading at a time; who comes while it runs waits for it."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_table())
        await asyncio.shield(self._reading)

    async def _read_table(self) -> None:
        try:
            async with self._db.reading() as tx:
                rows = await tx.all(select(table))
        except Refusal as away:
            if away.kind is not Kind.UNAVAILABLE or not self._by_code:
                raise
            log.warning("institutions.stale", cause=away.en)  # what is known stays good until the database is back
        else:
            signatories = [known for row in rows if (known := self._signatory(row)) is not None]
            self._by_code = {known.institution_code: known for known in signatories}
            self._by_credential = {(known.scheme, known.access_key): known for known in signatories}
        finally:
            self._reading = None
        self._read_at = time.monotonic()

    def _signatory(self, row: Any) -> Signatory | None:
        scheme = Scheme(row.signature)
        try:
            secret = self._sealer.open(row.secret_sealed).decode() if row.secret_sealed else ""
        except SealBroken:
            log.error("institutions.secret-unreadable", institution=row.institution_code)
            return None
        return Signatory(
            institution_code=row.institution_code,
            region=row.region,
            active=row.active,
            scheme=scheme,
            # A constant key is its own name: the header holds nothing else.
            access_key=secret if scheme is Scheme.API_KEY else row.access_key,
            secret=secret,
            infcode_number=row.infcode_number,
        )
