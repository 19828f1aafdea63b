"""Enrol a person in a scheme: the period waits until its premium is paid; one that costs nothing counts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from enrollment.application.ports import Covers, Employers, Persons, Premiums
from enrollment.domain.coverage import RESIDENTS, Coverage, State, check_coverage
from enrollment.domain.identity import division_code
from enrollment.domain.premium import Premium
from enrollment.domain.tariff import Tariffs
from shared.auth import Principal
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPersonCommand:
    """A period of cover that somebody declares. ``monthly_base_fen``: contribution base, for employees and work injury."""

    person_id: str
    scheme: str
    person_category: str
    begins_on: date
    year: int
    region: str
    ends_on: date | None = None
    employer_id: str | None = None
    civil_servant: bool = False
    tier: str | None = None
    monthly_base_fen: int | None = None
    matter_id: str | None = None


class EnrolPerson:
    """The use case. Scope ``coverage:write`` in the region of the cover."""

    def __init__(
        self,
        once: Once,
        persons: Persons,
        covers: Covers,
        premiums: Premiums,
        employers: Employers,
        tariffs: Tariffs,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._persons = persons
        self._covers = covers
        self._premiums = premiums
        self._employers = employers
        self._tariffs = tariffs
        self._ids = ids

    async def __call__(self, caller: Principal, command: EnrolPersonCommand, key: OnceKey) -> dict[str, Any]:
        """``coverage_id``, ``premium_id``, ``amount_fen``, subsidy, source of the amount, and the state of the cover.

        Refuses what ``check_coverage`` and ``Tariffs.quote`` refuse, an unknown person or employer.
        """
        caller.require("coverage:write", division_code(command.region))

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self._persons.lock(tx, command.person_id)
            employer = await self._employers.get(tx, command.employer_id) if command.employer_id else None
            ends_on = command.ends_on
            if ends_on is None and command.scheme == RESIDENTS:
                ends_on = date(command.begins_on.year, 12, 31)  # residents are insured by the calendar year
            coverage = Coverage(
                coverage_id=self._ids.new(),
                person_id=file.person_id,
                scheme=command.scheme,
                person_category=command.person_category,
                region=command.region,
                begins_on=command.begins_on,
                ends_on=ends_on,
                state=State.PENDING,
                employer_id=command.employer_id,
                employer_name=employer.name if employer else None,
                civil_servant=command.civil_servant,
                tier=command.tier,
                matter_id=command.matter_id,
            )
            check_coverage(coverage, file.born_on, file.coverages)
            quote = self._tariffs.quote(
                coverage,
                command.year,
                file.classes_on(command.begins_on),
                monthly_base_fen=command.monthly_base_fen,
                industry_class=employer.industry_class if employer else None,
            )
            premium = Premium(
                premium_id=self._ids.new(),
                person_id=file.person_id,
                coverage_id=coverage.coverage_id,
                scheme=coverage.scheme,
                year=command.year,
                amount_fen=quote.amount_fen,
                source=quote.source,
                subsidy_fen=quote.subsidy_fen,
                subsidy_class=quote.subsidy_class,
                matter_id=command.matter_id,
            )
            if premium.amount_fen == 0:
                coverage = coverage.activated()
            await self._covers.add(tx, coverage)
            await self._premiums.add(tx, premium)
            if coverage.state is State.ACTIVE:
                changed = file.with_coverage(coverage)
                await self._persons.set_version(tx, changed)
                tx.emit(coverage.activation())
                tx.emit(changed.stated())
            return {
                "coverage_id": coverage.coverage_id,
                "premium_id": premium.premium_id,
                "amount_fen": premium.amount_fen,
                "subsidy_fen": premium.subsidy_fen,
                "subsidy_class": premium.subsidy_class,
                "source": premium.source,
                "state": coverage.state.value,
            }

        return (await self._once.run(key, work))[0]
