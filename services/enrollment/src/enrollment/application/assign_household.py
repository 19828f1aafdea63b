"""Assign a person to a household (户), or to none: one number for those who live on one income."""

from __future__ import annotations

from typing import Any

from enrollment.application.ports import Persons
from enrollment.domain.identity import household_number
from shared.auth import Principal
from shared.transactions import Once, OnceKey, Tx


class AssignHousehold:
    """The use case. Scope ``persons:write`` in the person's region."""

    def __init__(self, once: Once, persons: Persons) -> None:
        self._once = once
        self._persons = persons

    async def __call__(self, caller: Principal, person_id: str, household_id: str | None, key: OnceKey) -> dict[str, Any]:
        """The person's version after it. Refuses a number that is none, and an unknown person."""
        caller.require("persons:write")
        number = household_number(household_id)

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self._persons.lock(tx, person_id)
            caller.require("persons:write", file.region)
            if file.household_id != number:
                file = file.in_household(number)
                await self._persons.set_household(tx, file)
                tx.emit(file.stated())
            return {"person_id": person_id, "version": file.version}

        return (await self._once.run(key, work))[0]
