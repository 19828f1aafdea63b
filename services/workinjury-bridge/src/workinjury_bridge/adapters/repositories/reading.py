"""What every repository keeps to: one lock per person, a limit on every list."""

from __future__ import annotations

from sqlalchemy import text

from shared.db.database import opened
from shared.transactions import Tx

MAX_ROWS = 1000
"""No person has so many cases, stays or journals; a limit on every list."""
PERSON_LOCK = 0x3C1


async def lock_person(tx: Tx, person_id: str) -> None:
    """An advisory lock: persons live in another service, so there is no row to lock."""
    await opened(tx).execute(
        text("SELECT pg_advisory_xact_lock(:space, hashtext(:person))"), {"space": PERSON_LOCK, "person": person_id}
    )
