"""Commands that run once: the caller's key, the digest of the input, the stored answer (see ``shared.transactions.Once``)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import Database, SqlTx
from shared.errors import conflict
from shared.transactions import OnceKey, Tx


class SqlOnce:
    """Keeps keys and answers in the table ``once``, in the transaction of the command itself."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self, key: OnceKey | None, work: Callable[[Tx], Awaitable[dict[str, Any]]]) -> tuple[dict[str, Any], bool]:
        """See ``shared.transactions.Once``."""
        async with self._db.transaction() as tx:
            if key is None:
                return await work(tx), False
            stored = await claim(tx, key)
            if stored is not None:
                return json.loads(stored), True
            answer = await work(tx)
            await remember(tx, key, json.dumps(answer, ensure_ascii=False, default=str))
            return answer, False


async def claim(tx: SqlTx, key: OnceKey) -> str | None:
    """Take the key, or return the answer stored under it.

    A second request with the same key waits here for the first one's commit and then reads its answer; when the first
    rolls back, the second takes the key. Refuses other input under a used key.
    """
    once = tx.platform.once
    taken = await tx.execute(
        upsert(once)
        .values(scope=key.scope, key=key.key, digest=key.digest, answer="", answered_at=tx.clock.now())
        .on_conflict_do_nothing()
        .returning(once.c.key)
    )
    if taken.first() is not None:
        return None
    row = await tx.first(select(once.c.digest, once.c.answer).where(once.c.scope == key.scope, once.c.key == key.key))
    if row is None or row.digest != key.digest:
        raise conflict(
            "request.idempotency-key-reused",
            "幂等键已用于内容不同的请求",
            "this Idempotency-Key was used with other input",
            field="Idempotency-Key",
        )
    return str(row.answer)


async def remember(tx: SqlTx, key: OnceKey, answer: str) -> None:
    """Store the answer under a key taken by ``claim`` in the same transaction."""
    once = tx.platform.once
    await tx.execute(update(once).where(once.c.scope == key.scope, once.c.key == key.key).values(answer=answer))


def digest_of(value: Any) -> str:
    """SHA-256 over the canonical JSON of an input."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
