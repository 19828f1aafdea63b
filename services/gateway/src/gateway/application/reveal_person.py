"""Show who a person is: masked, or in clear with a line in the access log."""

from __future__ import annotations

from typing import Any

from gateway.application.ports import AccessLog, Owners, Store
from shared.auth import Principal
from shared.clock import Clock


class RevealPerson:
    """The log line is committed before the identity is fetched: whoever saw it is in the log."""

    def __init__(self, *, store: Store, owners: Owners, accesses: AccessLog, clock: Clock) -> None:
        self._store = store
        self._owners = owners
        self._accesses = accesses
        self._clock = clock

    async def __call__(self, caller: Principal, person_id: str, *, clear: bool) -> Any:
        """The person as enrollment gives it. Scope ``persons:read``; in clear ``persons:identify``."""
        caller.require("persons:read")
        person = await self._owners.get("enrollment", f"/v1/persons/{person_id}", masked=True)
        region = str(person.get("region") or "")
        if region:
            caller.require("persons:read", region)
        if not clear:
            return person
        caller.require("persons:identify", region or None)
        async with self._store.transaction() as tx:
            await self._accesses.record(
                tx,
                at=self._clock.now(),
                by=caller.subject,
                by_name=caller.name,
                person_id=person_id,
                what="查看证件号码等身份信息",
            )
        return await self._owners.get("enrollment", f"/v1/persons/{person_id}")

    async def accesses(
        self, caller: Principal, person_id: str | None, limit: int, after: list[Any] | None
    ) -> list[dict[str, Any]]:
        """Who viewed whom. Scope ``access-log:read``."""
        caller.require("access-log:read")
        async with self._store.reading() as tx:
            return await self._accesses.page(tx, person_id, limit, after)
