"""Find an insured person: in our projection, otherwise by asking enrollment once."""

from __future__ import annotations

from claims.application.registry.on_person_stated import insured_person
from claims.application.registry.ports import Enrollment, Persons
from claims.domain.person import InsuredPerson
from claims.domain.refusals import person_unknown
from shared.contracts.enrollment import PersonStated
from shared.transactions import UnitOfWork


class FindPerson:
    """Refuses ``claims.person.unknown`` when enrollment does not know the person either."""

    def __init__(self, uow: UnitOfWork, persons: Persons, enrollment: Enrollment) -> None:
        self._uow = uow
        self._persons = persons
        self._enrollment = enrollment

    async def by_id(self, person_id: str) -> InsuredPerson:
        """The person of a psn_no."""
        async with self._uow.transaction() as tx:
            known = await self._persons.by_id(tx, person_id)
        return known or await self._keep(await self._enrollment.state_of(person_id=person_id), "psn_no")

    async def by_certno(self, certno_index: str) -> InsuredPerson:
        """The person of an identity document, by its blind index."""
        async with self._uow.transaction() as tx:
            known = await self._persons.by_certno(tx, certno_index)
        return known or await self._keep(await self._enrollment.state_of(certno_index=certno_index), "mdtrt_cert_no")

    async def _keep(self, fact: PersonStated | None, field: str) -> InsuredPerson:
        if fact is None:
            raise person_unknown(field)
        person = insured_person(fact)
        async with self._uow.transaction() as tx:
            await self._persons.store(tx, [person])
        return person
