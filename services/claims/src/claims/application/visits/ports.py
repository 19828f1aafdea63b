"""What the use cases on visits need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from claims.application.visits.answers import LineStated
from claims.domain.adjudication.split import LineShare, Split
from claims.domain.visit import Batch, Batches, Diagnosis, FeeLine, StoredLine, Visit
from shared.transactions import Tx


class Visits(Protocol):
    """Visits and their diagnoses."""

    async def add(self, tx: Tx, visit: Visit, recorded_at: datetime) -> None:
        """Insert a new visit."""
        ...

    async def lock(self, tx: Tx, visit_id: str) -> Visit | None:
        """The visit, its row locked against every other call on it."""
        ...

    async def change(self, tx: Tx, visit: Visit) -> None:
        """Write the visit back."""
        ...

    async def merge_diagnoses(self, tx: Tx, visit_id: str, diagnoses: Sequence[Diagnosis]) -> None:
        """Replace the diagnoses of the same sort numbers, add new ones, drop withdrawn ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A fee line with its split, ready to be stored."""

    line: FeeLine
    split: Split
    stated: LineStated
    item_name: str
    in_work_injury_catalogue: bool
    details: Mapping[str, str]
    sessions: Decimal
    """The quantity, of a treatment counted by session; else 0."""


class Fees(Protocol):
    """Charge batches and fee lines of a visit whose lock the caller holds."""

    async def batches(self, tx: Tx, visit_id: str) -> Batches:
        """Every batch of the visit."""
        ...

    async def lines(self, tx: Tx, visit_id: str, line_nos: Sequence[str]) -> dict[str, StoredLine]:
        """The stored lines of these numbers, and every line that returns one of them, by line number."""
        ...

    async def open_batch(self, tx: Tx, visit_id: str, batch: Batch) -> None:
        """Insert an empty batch."""
        ...

    async def add(self, tx: Tx, visit_id: str, msgid: str, batch_ids: Sequence[str], lines: Sequence[NewLine]) -> None:
        """Insert the lines of a message, each into its batch, and add them to the sums of the batches."""
        ...

    async def remove(
        self, tx: Tx, visit_id: str, *, batch_nos: Sequence[str] | None, line_nos: Sequence[str] | None
    ) -> list[str]:
        """Delete unsettled lines (of these batches, with these numbers; None and None: all), keep the sums right.

        Returns the msgids of the messages that had uploaded them.
        """
        ...


class Accounts(Protocol):
    """Personal accounts, as far as visits look at them."""

    async def balance_fen(self, tx: Tx, person_id: str) -> int:
        """The balance; 0 without an account."""
        ...


class Shares(Protocol):
    """First shares of class B and of classes of lines."""

    @property
    def class_b_rate(self) -> int:
        """Of class B items without a share of their own, millionths."""
        ...

    def of(self, line_class: str) -> LineShare | None:
        """Of a class of lines; None for lines of no class and for a class that these rules do not treat in a way of their own."""
        ...


class LineShares(Protocol):
    """What the rule books say of lines."""

    def shares(self, scheme: str, region: str, on: date) -> Shares:
        """The shares of a day; none where no book is in force (nothing will be paid there anyway)."""
        ...
