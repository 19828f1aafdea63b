"""Record an identity class of a person (人员身份类别), or the end of one."""

from __future__ import annotations

from typing import Any

from enrollment.application.ports import Covers, Persons
from shared.auth import Principal
from shared.contracts.enrollment import IdentityClass
from shared.transactions import Once, OnceKey, Tx


class AssignClass:
    """The use case. Scope ``persons:write`` in the person's region. Code and first day name the class; the end may change."""

    def __init__(self, once: Once, persons: Persons, covers: Covers) -> None:
        self._once = once
        self._persons = persons
        self._covers = covers

    async def __call__(self, caller: Principal, person_id: str, given: IdentityClass, key: OnceKey) -> dict[str, Any]:
        """The person's version after it. Refuses what ``check_class`` refuses, and an unknown person."""
        caller.require("persons:write")

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self._persons.lock(tx, person_id)
            caller.require("persons:write", file.region)
            if given in file.classes:
                return {"person_id": person_id, "version": file.version}
            changed = file.with_class(given)
            await self._covers.put_class(tx, person_id, given)
            await self._persons.set_version(tx, changed)
            tx.emit(changed.stated())
            return {"person_id": person_id, "version": changed.version}

        return (await self._once.run(key, work))[0]
