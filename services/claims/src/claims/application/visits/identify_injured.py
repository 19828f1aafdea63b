"""1101 of the Jiangsu interface: who is this, and for which injury may the person be treated today."""

from __future__ import annotations

from typing import Protocol

from claims.application.registry.find_by_number import FindByNumber
from claims.application.visits.answers import InjuredIdentified
from claims.application.visits.commands import IdentifyPerson
from claims.application.visits.identify_person import IdentifyPersons
from claims.domain.institution import Institution


class Injuries(Protocol):
    """The work-injury bridge, asked for entitlement."""

    async def entitling(self, person_id: str, institution_code: str, on: str) -> tuple[tuple[str, ...], str]:
        """Ids of the injuries that are paid for on the day (ISO), newest first; none: with the reason."""
        ...


class IdentifyInjured:
    """A query; nothing is stored but the number of a person that had none."""

    def __init__(self, identify: IdentifyPersons, numbers: FindByNumber, injuries: Injuries) -> None:
        self._identify = identify
        self._numbers = numbers
        self._injuries = injuries

    async def __call__(self, command: IdentifyPerson, institution: Institution) -> InjuredIdentified:
        """Refuses what 1101 refuses; somebody without entitlement is identified all the same, without a qualification."""
        person = await self._identify(command, institution)
        found, _ = await self._injuries.entitling(person.person_id, institution.code, person.as_of.isoformat())
        return InjuredIdentified(
            person=person,
            number=await self._numbers.number_of(person.person_id),
            qualification_id=found[0] if found else "",
        )
