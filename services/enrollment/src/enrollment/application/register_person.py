"""Register a person: one document, one person, however often and however simultaneously it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from enrollment.application.ports import IdentitySeals, Persons
from enrollment.domain.identity import division_code, household_number, identify, mobile_number, person_name
from enrollment.domain.person import PersonFile
from shared.auth import Principal
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPersonCommand:
    """A person as somebody wrote him down."""

    cert_type: str
    certno: str
    name: str
    region: str
    sex: str | None = None
    born_on: date | None = None
    naty: str | None = None
    phone: str | None = None
    household_id: str | None = None


class RegisterPerson:
    """The use case. Scope ``persons:write`` in the person's region."""

    def __init__(self, once: Once, persons: Persons, seals: IdentitySeals, clock: Clock, ids: IdFactory) -> None:
        self._once = once
        self._persons = persons
        self._seals = seals
        self._clock = clock
        self._ids = ids

    async def __call__(self, caller: Principal, command: RegisterPersonCommand, key: OnceKey) -> dict[str, Any]:
        """``person_id`` and whether he is new.

        Refuses what ``identify`` refuses, and ``enrollment.person.name-differs`` (CONFLICT) when the document is known under
        another name.
        """
        caller.require("persons:write", division_code(command.region))
        identity = identify(
            cert_type=command.cert_type,
            certno=command.certno,
            name=command.name,
            today=self._clock.today(),
            sex=command.sex,
            born_on=command.born_on,
            naty=command.naty,
        )
        sealed = self._seals.seal(identity, mobile_number(command.phone))
        file = PersonFile(
            person_id=self._ids.new(),
            version=1,
            sealed=sealed.sealed,
            certno_index=sealed.certno_index,
            sex=identity.sex,
            born_on=identity.born_on,
            region=command.region,
            household_id=household_number(command.household_id),
            phone_sealed=sealed.phone_sealed,
        )

        async def work(tx: Tx) -> dict[str, Any]:
            if await self._persons.add(tx, [(file, sealed)]):
                tx.emit(file.stated())
                return {"person_id": file.person_id, "created": True}
            known = await self._persons.find(tx, certno_index=sealed.certno_index)
            if person_name(self._seals.open(known.sealed, None).name) != identity.name:
                raise conflict(
                    "enrollment.person.name-differs",
                    "该证件号码已登记在另一姓名之下，请核对",
                    "the document is known under another name",
                    field="name",
                )
            return {"person_id": known.person_id, "created": False}

        return (await self._once.run(key, work))[0]
