"""State a person to another service that does not know him yet: the same data as the event."""

from __future__ import annotations

from enrollment.application.ports import Persons, Reading
from shared.auth import Principal
from shared.contracts.enrollment import PersonStated
from shared.errors import invalid


class StatePerson:
    """The query. Scope ``persons:read`` in the person's region."""

    def __init__(self, database: Reading, persons: Persons) -> None:
        self._database = database
        self._persons = persons

    async def __call__(self, caller: Principal, *, person_id: str | None, certno_index: str | None) -> PersonStated:
        """The present state. Refuses ``enrollment.person.key-missing`` unless exactly one key is given."""
        caller.require("persons:read")
        if (person_id is None) == (certno_index is None):
            raise invalid(
                "enrollment.person.key-missing",
                "请提供 person_id 或 certno_index 之一",
                "give exactly one of person_id, certno_index",
                field="person_id",
            )
        async with self._database.reading() as tx:
            file = await self._persons.find(tx, person_id=person_id, certno_index=certno_index)
        caller.require("persons:read", file.region)
        return file.stated()
