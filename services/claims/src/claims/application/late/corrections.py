"""Corrections of standing settlements: what they are made of, and what is needed to make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from claims.application.settlement.ports import StoredSettlement, YearKey
from claims.domain.adjudication import YearState
from claims.domain.late_facts import Reason
from claims.domain.redecision import Change, Difference, Position, Relatives, Standing
from claims.domain.rule_books.in_force import RulesByDay
from shared.transactions import Tx

MANUAL: Final = "MANUAL"
"""infno of a settlement that came of a paper claim; no HIS transaction has that name."""
TAKEN_OVER: Final = "TAKE-OVER"
"""infno of a settlement that the medical funds took over from the work-injury fund after a final revocation (B3)."""


def owes_institution(settlement: StoredSettlement) -> bool:
    """Whether the funds owe the institution for it: a paper claim and a stay that was taken over were paid to it by others.

    Not who answers for a wrong line: of a stay that was taken over the institution does, it has billed it.
    """
    return settlement.infno not in (MANUAL, TAKEN_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why settlements are decided again, and who answers for it."""

    reason: Reason
    trigger_id: str
    maker: str = "system"
    checker: str | None = None
    lines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Corrected lines of the settlement ``trigger_id``, by line number; it is corrected against its institution."""
    text: str = ""
    """What the auditor found, for that settlement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSettlement:
    """A standing settlement with what a correction of it needs to know."""

    standing: Standing
    visit_id: str
    institution_code: str
    institution_name: str
    paid_to_person: bool
    """A paper claim: the person paid the institution, the funds the person."""
    facts: Mapping[str, Any]
    corrections: int
    """How many it has had."""
    lines: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """One row, and what it does to the account."""

    settlement_id: str
    sequence: int
    reason: Reason
    reason_text: str
    trigger_id: str
    counterparty: str
    difference: Difference
    facts: Mapping[str, Any]
    lines: Mapping[str, Any]
    booked_on: date
    maker: str
    checker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A re-decision that is not finished."""

    redecision_id: str
    key: YearKey
    reason: Reason
    trigger_id: str
    rest: Change
    """For ``class`` without a position: the settlements whose classes differ are found when it is taken up."""


class PersonYears(Protocol):
    """Person-years as sequences of standing settlements."""

    async def lock(self, tx: Tx, key: YearKey, *, begin: int | None = None) -> int:
        """Lock the person-year and all later ones of the scheme, then the account and those of relatives who may have paid; the
        balance of the person's own in fen, 0 without one.

        ``begin``: rows of the years up to this one are made first where they are missing, so that a first settlement waits.
        """
        ...

    async def mark(self, tx: Tx, key: YearKey, person_version: int) -> None:
        """Settlements that have read an older version of the person must read again."""
        ...

    async def standing(self, tx: Tx, key: YearKey, books: RulesByDay) -> list[StandingSettlement]:
        """Everything that stands from that year on, in order. Call with the lock."""
        ...

    async def parts_before(self, tx: Tx, key: YearKey, visit_ids: Sequence[str]) -> dict[str, int]:
        """Stays with standing parts in years before, and the deductible these were charged."""
        ...

    async def debts(self, tx: Tx, settlement_ids: Sequence[str]) -> dict[str, int]:
        """What the person owes in place of the account since a restoring (B3), by settlement."""
        ...

    async def relatives(self, tx: Tx, person_id: str, settlement_ids: Sequence[str]) -> Relatives:
        """Whose accounts have paid for these settlements."""
        ...

    async def correct(
        self, tx: Tx, key: YearKey, corrections: Sequence[NewCorrection], states: Mapping[int, YearState]
    ) -> None:
        """Write corrections, their account movements and the counters."""
        ...


class Redecisions(Protocol):
    """Re-decisions that are left to the worker."""

    async def leave(self, tx: Tx, work: Sequence[Left]) -> None:
        """Put them down; at least one."""
        ...

    async def take(self, tx: Tx) -> Left | None:
        """The oldest unfinished one that nobody else works on, locked."""
        ...

    async def go_on(self, tx: Tx, redecision_id: str, *, decided: int, corrected: int, rest: Change | None) -> None:
        """Count progress; without a rest it is finished."""
        ...


def position_of(settlement: StoredSettlement) -> Position:
    """Its place in the person-year."""
    return Position(
        settlement.year.benefit_year,
        settlement.year_no,
        settlement.placed_on or date.max,
        settlement.settled_at,
        settlement.settlement_id,
    )


def gone(settlement: StoredSettlement) -> Change:
    """The change when a settlement falls away, or stands again: whatever comes after it is decided again."""
    return Change(
        since=position_of(settlement),
        years=frozenset({settlement.year.benefit_year}),
        visits=frozenset({settlement.visit_id}) if settlement.inpatient else frozenset(),
    )


def with_corrections(lines: Sequence[Mapping[str, Any]], corrected: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fee lines as they stand: with what audits have put right."""
    result = []
    for line in lines:
        put_right = corrected.get(line["line_no"], {})
        numbers = {name: Decimal(put_right[name]) for name in ("quantity", "price") if name in put_right}
        result.append({**line, **put_right, **numbers})
    return result
