"""Enrollment stated a person: keep the newest version.

Identity classes that were granted or withdrawn back in time leave work behind: what was settled since is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence

from claims.application.late.corrections import Left, Redecisions
from claims.application.registry.ports import Persons
from claims.application.settlement.ports import YearKey
from claims.domain.person import WORK_INJURY, InsuredPerson, classes_changed_from
from claims.domain.redecision import Change
from shared.clock import Clock
from shared.contracts.enrollment import PersonStated
from shared.ids import IdFactory
from shared.transactions import Tx


class OnPersonStated:
    """Replaces the person by a higher version, whatever the order in which versions arrive."""

    def __init__(self, persons: Persons, redecisions: Redecisions, clock: Clock, ids: IdFactory) -> None:
        self._persons = persons
        self._redecisions = redecisions
        self._clock = clock
        self._ids = ids

    async def __call__(self, tx: Tx, facts: Sequence[PersonStated]) -> list[tuple[InsuredPerson | None, InsuredPerson]]:
        """Runs in the consumer's transaction. What is new: each person before, None for one unknown so far, and now."""
        known = await self._persons.by_ids(tx, sorted({fact.person_id for fact in facts}))
        stated = [insured_person(fact) for fact in facts]
        await self._persons.store(tx, stated)
        work, changed = [], []
        for person in stated:
            before = known.get(person.person_id)
            if before is not None and before.version >= person.version:
                continue
            known[person.person_id] = person
            changed.append((before, person))
            if before is not None:
                work += self._left(before, person)
        if work:
            await self._redecisions.leave(tx, work)
        return changed

    def _left(self, before: InsuredPerson, person: InsuredPerson) -> list[Left]:
        since = classes_changed_from(before, person)
        if since is None or since > self._clock.today():
            return []
        schemes = {cover.scheme for cover in (*before.coverages, *person.coverages)} - {WORK_INJURY}
        return [
            Left(
                redecision_id=self._ids.new(),
                key=YearKey(person.person_id, scheme, since.year),
                reason="class",
                trigger_id=f"{person.person_id}@{person.version}",
                rest=Change(),
            )
            for scheme in sorted(schemes)
        ]


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
        household_id=fact.household_id,
    )
