"""Enrollment stated a person: keep the newest version."""

from __future__ import annotations

from collections.abc import Sequence

from claims.application.registry.ports import Persons
from claims.domain.person import InsuredPerson
from shared.contracts.enrollment import PersonStated
from shared.transactions import Tx


class OnPersonStated:
    """Replaces the person by a higher version, whatever the order in which versions arrive."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons

    async def __call__(self, tx: Tx, facts: Sequence[PersonStated]) -> None:
        """Runs in the consumer's transaction."""
        await self._persons.store(tx, [insured_person(fact) for fact in facts])


def insured_person(fact: PersonStated) -> InsuredPerson:
    """What claims keeps of the fact: all of it."""
    return InsuredPerson(
        person_id=fact.person_id,
        version=fact.version,
        sealed=fact.sealed,
        certno_index=fact.certno_index,
        sex=fact.sex,
        born_on=fact.born_on,
        coverages=tuple(fact.coverages),
        classes=tuple(fact.classes),
    )
