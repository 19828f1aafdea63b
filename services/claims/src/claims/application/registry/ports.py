"""What the use cases on institutions, catalogue and persons need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from claims.domain.catalogue import CatalogueItem
from claims.domain.filing import Filing
from claims.domain.institution import Institution
from claims.domain.person import InsuredPerson
from shared.contracts.enrollment import PersonStated
from shared.transactions import Tx


class Institutions(Protocol):
    """Designated institutions."""

    async def find(self, tx: Tx, code: str) -> Institution | None:
        """The institution."""
        ...

    async def lock(self, tx: Tx, code: str) -> Institution | None:
        """The institution, its row locked."""
        ...

    async def store(self, tx: Tx, institution: Institution) -> None:
        """Insert or replace."""
        ...


class Catalogue(Protocol):
    """Catalogue items by code and first day."""

    async def versions(self, tx: Tx, codes: Sequence[str]) -> dict[str, list[CatalogueItem]]:
        """Every version of the items that exist."""
        ...

    async def store(self, tx: Tx, items: Sequence[CatalogueItem]) -> None:
        """Insert, or replace the version of the same code and day."""
        ...


class Persons(Protocol):
    """Insured persons as enrollment states them."""

    async def by_id(self, tx: Tx, person_id: str) -> InsuredPerson | None:
        """The person of this psn_no."""
        ...

    async def by_ids(self, tx: Tx, person_ids: Sequence[str]) -> dict[str, InsuredPerson]:
        """The persons of these that are known."""
        ...

    async def filings(self, tx: Tx, person_id: str) -> tuple[Filing, ...]:
        """What the person has filed and stands."""
        ...

    async def by_certno(self, tx: Tx, certno_index: str) -> InsuredPerson | None:
        """The person of this document, by blind index of cert_type|certno."""
        ...

    async def store(self, tx: Tx, persons: Sequence[InsuredPerson]) -> None:
        """Insert, or replace a lower version; a lower or equal one changes nothing. At least one."""
        ...


class Enrollment(Protocol):
    """The service that knows every person."""

    async def state_of(self, *, person_id: str | None = None, certno_index: str | None = None) -> PersonStated | None:
        """The state of one person, None when enrollment does not know him. Refuses UNAVAILABLE while it is away."""
        ...


class SignIns(Protocol):
    """Sign-ins of operators (9001)."""

    async def sign_in(self, tx: Tx, *, sign_no: str, institution_code: str, operator_no: str, on: date) -> str:
        """Record a sign-in and return its number; a second one of the same operator and day returns the first's number."""
        ...

    async def holds(self, tx: Tx, *, sign_no: str, institution_code: str, on: date) -> bool:
        """Whether the number was given to this institution on this day."""
        ...


class PersonNumbers(Protocol):
    """Numbers of persons for interfaces whose person number is a number."""

    async def number_of(self, tx: Tx, person_id: str) -> int:
        """The person's number, given now if it has none."""
        ...

    async def person_of(self, tx: Tx, number: int) -> str | None:
        """Whose number it is, None when it was never given."""
        ...
