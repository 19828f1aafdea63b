"""Lists: a person's settlements, and how much of the year is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from claims.application.rule_books.load_books import LiveBooks
from claims.application.settlement.ports import YearKey
from claims.domain.adjudication import Circumstances, RuleSet, Status, YearState
from claims.domain.adjudication.rule_book import NO_LIMIT
from claims.domain.person import InsuredPerson
from claims.domain.refusals import person_unknown
from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSettlement:
    """A settlement in a list; amounts in fen."""

    settlement_id: str
    visit_id: str
    institution_code: str
    institution_name: str
    state: str
    scheme: str
    med_type: str
    inpatient: bool
    begun_on: date
    ended_on: date
    settled_at: datetime
    total_fen: int
    fund_fen: int
    account_fen: int
    cash_fen: int
    invoice_no: str


class SettlementLists(Protocol):
    """Queries over settlements."""

    async def of_person(self, tx: Tx, person_id: str, before: tuple[str, str] | None, limit: int) -> Sequence[ListedSettlement]:
        """Newest first; ``before``: (settled_at ISO, id) of the last one seen."""
        ...

    async def years(self, tx: Tx, person_id: str, benefit_year: int) -> dict[YearKey, YearState]:
        """The accumulators of a person in a benefit year."""
        ...

    async def balance(self, tx: Tx, person_id: str) -> int | None:
        """Account balance in fen; None without an account."""
        ...

    async def person(self, tx: Tx, person_id: str) -> InsuredPerson | None:
        """The insured person."""
        ...


class ListSettlements:
    """Reads lists."""

    def __init__(self, uow: UnitOfWork, lists: SettlementLists, books: LiveBooks, clock: Clock) -> None:
        self._uow = uow
        self._lists = lists
        self._books = books
        self._clock = clock

    async def of_person(self, person_id: str, before: tuple[str, str] | None, limit: int) -> Sequence[ListedSettlement]:
        """A page of a person's settlements, newest first."""
        async with self._uow.transaction() as tx:
            return await self._lists.of_person(tx, person_id, before, limit)

    async def year(self, person_id: str, benefit_year: int) -> dict[str, Any]:
        """What the year has used up, per scheme and layer, with the room each cap leaves; fen. Refuses an unknown person."""
        async with self._uow.transaction() as tx:
            person = await self._lists.person(tx, person_id)
            if person is None:
                raise person_unknown("person_id")
            years = await self._lists.years(tx, person_id, benefit_year)
            balance = await self._lists.balance(tx, person_id)
        day = min(self._clock.today(), date(benefit_year, 12, 31))
        covers = [c for c in person.medical_covers_on(day) if c.status == "active"]
        classes = frozenset(c.code for c in person.classes_on(day))
        schemes = []
        for cover in covers:
            state = years.get(YearKey(person_id, cover.scheme, benefit_year), YearState())
            status: Status = (
                "resident" if cover.scheme == "390" else "retired" if cover.person_category.startswith("12") else "active"
            )
            try:
                layers = _room(self._books.on(cover.region, cover.scheme, day), status, classes, state)
            except Refusal:
                layers = []
            schemes.append({"scheme": cover.scheme, "stays": state.stays, "layers": layers})
        return {"person_id": person_id, "year": benefit_year, "schemes": schemes, "account_balance_fen": balance}


def _room(rules: RuleSet, status: Status, classes: frozenset[str], state: YearState) -> list[dict[str, Any]]:
    """Per layer, for a stay at a county hospital (level 2): used, cap and what is left of it."""
    plan = rules.plan(Circumstances(care="inpatient", level=2, status=status, classes=classes))
    return [
        {
            "layer": step.layer.code,
            "name": step.layer.name,
            "paid_fen": state.used(step.layer.code, "paid"),
            "base_fen": state.used(step.layer.code, "base"),
            "deductible_used_fen": state.used(step.layer.code, "deductible"),
            "deductible_fen": step.deductibles[min(state.stays, len(step.deductibles) - 1)],
            "cap_fen": step.cap if step.cap < NO_LIMIT else None,
            "room_fen": max(step.cap - state.used(step.layer.code, "paid"), 0) if step.cap < NO_LIMIT else None,
        }
        for step in plan.steps
    ]
