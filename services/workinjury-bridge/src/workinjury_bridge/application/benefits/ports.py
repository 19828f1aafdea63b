"""What the use cases of the cash benefits need from the outside.

Everything about one injury is changed under the lock of the injured person, and what is paid to a dependant under the
dependant's too; both are taken at once, in one order for all callers (``Cases.lock_persons``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from shared.transactions import Tx
from workinjury_bridge.application.ports import Payment
from workinjury_bridge.domain.benefits.appraisal import Appraisal
from workinjury_bridge.domain.benefits.calculation import Calculation
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.item import Item
from workinjury_bridge.domain.benefits.loss import Loss
from workinjury_bridge.domain.benefits.monthly import Booked
from workinjury_bridge.domain.benefits.wage import OwnWage


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a monthly run has booked for one month of an entitlement."""

    posting_id: str
    entitlement_id: str
    person_id: str
    month: date
    run_month: date
    """The month of the run; later than ``month`` for arrears."""
    amount_fen: int
    """Negative when the month had been paid too much."""
    reason: str
    """"" for the month of the run itself, otherwise what the calculation has anew."""
    calculation: Calculation
    entry_id: str
    paid: bool
    """False while the payee is dead or missing and heirs are not proven."""
    debtor: str | None = None
    """The uninsured employer that owes the fund what it has paid for the month (B7); None: the fund bears it."""


class Wages(Protocol):
    """Own wages by injury."""

    async def of_case(self, tx: Tx, case_id: str) -> OwnWage | None:
        """None when it was never calculated."""
        ...

    async def save(self, tx: Tx, wage: OwnWage, at: datetime) -> None:
        """Insert or replace."""
        ...


class Appraisals(Protocol):
    """Conclusions on working capacity."""

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Appraisal]:
        """Every version, oldest first."""
        ...

    async def add(self, tx: Tx, appraisal: Appraisal, person_id: str, at: datetime) -> None:
        """One more version."""
        ...


class Losses(Protocol):
    """Who is dead or missing."""

    async def of(self, tx: Tx, person_id: str) -> Loss | None:
        """What is known of a person, None when nothing was reported."""
        ...

    async def among(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, Loss]:
        """What is known of these persons; of most of them nothing was reported."""
        ...

    async def save(self, tx: Tx, loss: Loss, at: datetime) -> None:
        """Insert or replace."""
        ...


class Entitlements(Protocol):
    """Monthly entitlements."""

    async def add(self, tx: Tx, entitlement: Entitlement, at: datetime) -> bool:
        """A new one; False when the person has the same kind from the same injury already."""
        ...

    async def locked(self, tx: Tx, entitlement_id: str) -> Entitlement | None:
        """One entitlement, read under the locks of the injured person and of who gets it."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Entitlement]:
        """Every entitlement from an injury, oldest first."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Entitlement]:
        """Every entitlement that a person gets."""
        ...

    async def save(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        """The next value; the monthly run looks at it again."""
        ...

    async def save_run(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        """The monthly run has dealt with it; whatever hindered it is forgotten."""
        ...

    async def look_again(self, tx: Tx, case_id: str) -> None:
        """Facts of the injury changed: the monthly run looks at all its entitlements again, at once, whatever hindered them."""
        ...

    async def due(self, tx: Tx, month: date, now: datetime, limit: int) -> Sequence[str]:
        """Ids that the run of ``month`` has not dealt with and that are not put off beyond ``now``."""
        ...

    async def is_due(self, tx: Tx, entitlement_id: str, month: date) -> bool:
        """Whether the run of ``month`` still has to deal with it."""
        ...

    async def put_off(self, tx: Tx, entitlement_id: str, now: datetime, hindrance: str) -> None:
        """It did not succeed; try again after a pause that doubles up to an hour."""
        ...


class Postings(Protocol):
    """What the monthly runs have booked."""

    async def of(self, tx: Tx, entitlement_id: str) -> Mapping[date, Booked]:
        """By month."""
        ...

    async def list_of(self, tx: Tx, entitlement_id: str) -> Sequence[Posting]:
        """Every posting, oldest first."""
        ...

    async def add(self, tx: Tx, postings: Sequence[Posting], at: datetime) -> None:
        """New postings."""
        ...

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Posting]:
        """What is payable for a person and waits."""
        ...

    async def mark_paid(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        """They wait no longer."""
        ...

    async def bear(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        """The fund bears them and nobody owes them any more."""
        ...


class Items(Protocol):
    """One-off items."""

    async def add(self, tx: Tx, item: Item, at: datetime) -> bool:
        """A new one; False when the same item stands already."""
        ...

    async def locked(self, tx: Tx, item_id: str) -> Item | None:
        """One item, read under the injured person's lock."""
        ...

    async def save(self, tx: Tx, item: Item, at: datetime) -> None:
        """The next value."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Item]:
        """Every item of an injury, oldest first."""
        ...

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Item]:
        """Posted and waiting to be paid."""
        ...


class PaidOut(Protocol):
    """Payments that left, and came back."""

    async def get(self, tx: Tx, payment_id: str) -> Payment | None:
        """One payment, None when there is none."""
        ...

    async def returned(self, tx: Tx, payment_id: str) -> bool:
        """Whether the bank sent it back."""
        ...

    async def repaid(self, tx: Tx, payment_id: str) -> bool:
        """Whether it was paid again."""
        ...

    async def came_back(self, tx: Tx, case_id: str) -> Sequence[Payment]:
        """Payments of a case that the bank sent back and that were not paid again."""
        ...

    async def mark_repaid(self, tx: Tx, payment_id: str, at: datetime) -> None:
        """It was paid again, set off, or is not owed any more."""
        ...

    async def mark_returned(self, tx: Tx, payment_id: str, reason: str, at: datetime) -> None:
        """The bank sent it back."""
        ...

    async def payable_fen(self, tx: Tx, dim: str) -> int:
        """What the book owes under a dimension of 2203."""
        ...


class BenefitChecks(Protocol):
    """What must hold between benefits, payments and the book; each seen in one instant."""

    async def misbooked(self, tx: Tx) -> Sequence[tuple[str, str, int, int]]:
        """(case, account, fen granted, fen in the book) where one-off items and monthly postings are not what the book says."""
        ...

    async def misadvanced(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        """(benefit, fen granted in advance, fen that its debts hold) where the two differ (B15.9)."""
        ...

    async def paid_while_gone(self, tx: Tx) -> Sequence[str]:
        """Payments to a person, and not to heirs, made on a day after the person was reported dead or missing (B15.12)."""
        ...

    async def overdrawn(self, tx: Tx) -> Sequence[tuple[str, int]]:
        """(party, fen) where a party got more than was payable to it, or paid back more than it owed."""
        ...

    async def dependants_beyond_wage(self, tx: Tx) -> Sequence[tuple[str, date, int, int]]:
        """(case, month, fen booked for dependants, own wage in fen) where the sum is higher (B15.10); only cases whose runs are up
        to date."""
        ...


class BenefitViews(Protocol):
    """Worklists, as JSON."""

    async def reviews(self, certified_before: date, on: date, limit: int) -> list[dict[str, Any]]:
        """Pensions whose proof of life or re-check is due, and deaths whose heirs are not proven."""
        ...

    async def one(self, subject: str, subject_id: str) -> dict[str, Any] | None:
        """One ``benefit``, ``entitlement`` or ``payment`` with the region of its case; None when there is none."""
        ...

    async def run(self, month: date) -> dict[str, Any]:
        """Progress of a monthly run."""
        ...
