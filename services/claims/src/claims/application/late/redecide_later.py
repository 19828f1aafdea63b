"""Re-decisions that were left to the worker: long person-years in pieces, and classes granted or withdrawn back in time.

One piece is one transaction: corrections, journals, counters and progress together, so a worker that dies leaves nothing half
done and the next one goes on where it stopped. Done twice, the second time finds no difference.
"""

from __future__ import annotations

from dataclasses import replace

from claims.application.late.corrections import Cause, Left, PersonYears, Redecisions, StandingSettlement
from claims.application.late.redecide_year import RedecideYear
from claims.application.registry.ports import Persons
from claims.domain.adjudication import ClaimFacts
from claims.domain.person import InsuredPerson
from claims.domain.rule_books.in_force import RulesByDay
from shared.clock import Clock
from shared.transactions import Tx, UnitOfWork


class RedecideLater:
    """Takes up what is left, piece by piece."""

    def __init__(
        self,
        uow: UnitOfWork,
        redecisions: Redecisions,
        years: PersonYears,
        persons: Persons,
        redecide: RedecideYear,
        books: RulesByDay,
        clock: Clock,
    ) -> None:
        self._uow = uow
        self._redecisions = redecisions
        self._years = years
        self._persons = persons
        self._redecide = redecide
        self._books = books
        self._clock = clock

    async def run_one(self) -> bool:
        """One piece; False when nothing is left that nobody else works on."""
        async with self._uow.transaction() as tx:
            left = await self._redecisions.take(tx)
            if left is None:
                return False
            await self._piece(tx, left)
        return True

    async def _piece(self, tx: Tx, left: Left) -> None:
        classes = left.reason == "class"
        balance = await self._years.lock(tx, left.key, begin=self._clock.today().year if classes else None)
        person = await self._persons.by_id(tx, left.key.person_id) if classes else None
        if person is not None:
            await self._years.mark(tx, left.key, person.version)
        standing = await self._years.standing(tx, left.key, self._books)
        facts = classes_differ(standing, person) if person is not None else {}
        ripples = await self._redecide.among(
            tx,
            left.key,
            standing,
            replace(left.rest, facts=facts),
            Cause(reason=left.reason, trigger_id=left.trigger_id),
            balance_fen=balance,
        )
        await self._redecisions.go_on(
            tx, left.redecision_id, decided=ripples.decided, corrected=len(ripples.corrected), rest=ripples.rest
        )


def classes_differ(standing: list[StandingSettlement], person: InsuredPerson) -> dict[str, ClaimFacts]:
    """New facts of the settlements that were decided with other classes than the person held on their day, as known now."""
    changed = {}
    for each in standing:
        facts, day = each.standing.facts, each.standing.counts_on
        held = frozenset(c.code for c in person.classes_on(day))
        if held != facts.circumstances.classes:
            circumstances = facts.circumstances._replace(classes=held)
            changed[each.standing.settlement_id] = replace(facts, circumstances=circumstances)
    return changed
