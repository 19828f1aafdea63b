"""Find an insured person: in our projection, otherwise by asking enrollment once."""

from __future__ import annotations

from claims.application.registry.on_person_stated import insured_person
from claims.application.registry.ports import Enrollment, Persons
from claims.domain.person import InsuredPerson
from shared.errors import not_found
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
        return known or await self._ask(
            "人员编号(psn_no)不存在，请先获取人员信息(1101)", "psn_no", person_id=person_id, certno_index=None
        )

    async def by_certno(self, certno_index: str) -> InsuredPerson:
        """The person of an identity document, by its blind index."""
        async with self._uow.transaction() as tx:
            known = await self._persons.by_certno(tx, certno_index)
        return known or await self._ask(
            "未查询到该就诊凭证(mdtrt_cert_no)对应的参保人员", "mdtrt_cert_no", person_id=None, certno_index=certno_index
        )

    async def _ask(self, zh: str, field: str, *, person_id: str | None, certno_index: str | None) -> InsuredPerson:
        fact = await self._enrollment.state_of(person_id=person_id, certno_index=certno_index)
        if fact is None:
            raise not_found("claims.person.unknown", zh, "enrollment does not know this person", field=field)
        person = insured_person(fact)
        async with self._uow.transaction() as tx:
            await self._persons.store(tx, person)
        return person
