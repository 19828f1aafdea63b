"""Review an application (初审): the household's burden from its settlements, and what the class would bring."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.ports import Applications
from claims.application.late.corrections import PersonYears
from claims.application.late.redecide_later import classes_differ
from claims.application.late.redecide_year import RedecideYear
from claims.application.registry.ports import Persons
from claims.application.settlement.ports import Settlements, YearKey
from claims.domain.assistance import Application, Counted, Review, counted
from claims.domain.person import MEDICAL_SCHEMES
from claims.domain.redecision import Change
from claims.domain.rule_books.in_force import RulesByDay
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts.claims import FundPayment
from shared.contracts.enrollment import IdentityClass
from shared.transactions import Once, OnceKey, Tx


class ReviewAssistance:
    """The reviewer's step. Refuses like ``Application.reviewed``."""

    def __init__(
        self,
        once: Once,
        applications: Applications,
        persons: Persons,
        years: PersonYears,
        settlements: Settlements,
        redecide: RedecideYear,
        books: RulesByDay,
        calendar: WorkCalendar,
        clock: Clock,
    ) -> None:
        self._once = once
        self._applications = applications
        self._persons = persons
        self._years = years
        self._settlements = settlements
        self._redecide = redecide
        self._books = books
        self._calendar = calendar
        self._clock = clock

    async def __call__(self, application_id: str, reviewer: str, note: str, key: OnceKey) -> dict[str, Any]:
        """The application with the settlements that count, their sum, and the trial."""

        async def work(tx: Tx) -> dict[str, Any]:
            application = await self._applications.lock(tx, application_id)
            review = Review(
                reviewer=reviewer,
                reviewed_on=self._clock.today(),
                counted=tuple(await self._counted(tx, application)),
                expected=tuple(await self._expected(tx, application)),
                note=note,
            )
            application = application.reviewed(review)
            await self._applications.store(tx, application)
            return shown(application, self._calendar)

        return (await self._once.run(key, work))[0]

    async def _counted(self, tx: Tx, application: Application) -> list[Counted]:
        found = []
        for person_id in application.household:
            for scheme in MEDICAL_SCHEMES:
                key = YearKey(person_id, scheme, application.look_back_from.year)
                standing = [each.standing for each in await self._years.standing(tx, key, self._books)]
                found += counted(person_id, standing, application.look_back_from, application.applied_on)
        return found

    async def _expected(self, tx: Tx, application: Application) -> list[FundPayment]:
        person = await self._persons.by_id(tx, application.person_id)
        assert person is not None, "an applicant is known"
        granted = IdentityClass(code=application.class_code, begins_on=application.look_back_from)
        person = replace(person, classes=(*person.classes, granted))
        balance = await self._settlements.balance(tx, application.person_id)
        amounts: Counter[tuple[str, str, str]] = Counter()
        for scheme in MEDICAL_SCHEMES:
            key = YearKey(application.person_id, scheme, application.look_back_from.year)
            standing = await self._years.standing(tx, key, self._books)
            change = Change(facts=classes_differ(standing, person))
            for difference in await self._redecide.trial(tx, key, standing, change, "class", balance_fen=balance):
                for paid in difference.payments:
                    amounts[paid.book, paid.account, paid.fund_pay_type] += paid.amount_fen
        return [
            FundPayment(book=book, account=account, fund_pay_type=fund, amount_fen=amount)
            for (book, account, fund), amount in sorted(amounts.items())
            if amount
        ]
