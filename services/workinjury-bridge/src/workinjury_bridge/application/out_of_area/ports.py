"""What the use cases of treatment out of the area need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from shared.transactions import Tx
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing
from workinjury_bridge.domain.out_of_area.registration import Registration
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteStay


class Registrations(Protocol):
    """Registrations for treatment out of the area."""

    async def save(self, tx: Tx, registration: Registration, at: datetime) -> None:
        """Insert or replace."""
        ...

    async def locked(self, tx: Tx, registration_id: str) -> Registration | None:
        """One registration, read under its person's lock."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Registration]:
        """Every registration of a case, oldest first."""
        ...


class RemoteStays(Protocol):
    """Stays out of the area."""

    async def save(self, tx: Tx, stay: RemoteStay, at: datetime) -> None:
        """Insert or replace. Refuses a settlement of the place that stands for another stay."""
        ...

    async def locked(self, tx: Tx, stay_id: str) -> RemoteStay | None:
        """One stay, read under its person's lock."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[RemoteStay]:
        """Every stay of a person, oldest first."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[RemoteStay]:
        """Every stay of a case, oldest first."""
        ...

    async def after(self, tx: Tx, stay_id: str, limit: int) -> Sequence[RemoteStay]:
        """Every stay in order of its id, after ``stay_id``."""
        ...

    async def of_quarter(self, tx: Tx, province: str, quarter: date) -> Sequence[RemoteStay]:
        """The stays whose data belong to a quarter of a province: received, audited or cleared."""
        ...


class QuarterClearings(Protocol):
    """Quarters of provinces."""

    async def lock(self, tx: Tx, province: str, quarter: date) -> None:
        """Wait until nobody else works on this quarter; held until the transaction ends. Taken after a person's lock."""
        ...

    async def of(self, tx: Tx, province: str, quarter: date) -> QuarterClearing | None:
        """The payment of a quarter, None while it is open."""
        ...

    async def add(self, tx: Tx, clearing: QuarterClearing, at: datetime) -> None:
        """A quarter is paid."""
        ...

    async def prefunded_fen(self, tx: Tx, province: str) -> int:
        """What the province holds in advance (1131)."""
        ...


class OutOfAreaViews(Protocol):
    """What is read without being changed, as JSON."""

    async def registration(self, registration_id: str) -> dict[str, Any] | None:
        """One registration."""
        ...

    async def registrations(
        self, case_id: str | None, state: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Registrations, newest first."""
        ...

    async def stay(self, stay_id: str) -> dict[str, Any] | None:
        """One stay."""
        ...

    async def stays(self, case_id: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Stays, newest first."""
        ...

    async def clearings(self, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Paid quarters, newest first."""
        ...
