"""What the use cases need from outside: sealing of identities and the stores, all inside the transaction they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from enrollment.domain.coverage import Coverage
from enrollment.domain.employer import Employer
from enrollment.domain.identity import Identity
from enrollment.domain.person import PersonFile
from enrollment.domain.premium import Payment, Premium
from shared.contracts.enrollment import IdentityClass
from shared.transactions import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedIdentity:
    """An identity as it is stored: unreadable, but found by the indexes of its document and of its name."""

    sealed: str
    certno_index: str
    name_index: str
    phone_sealed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIdentity:
    """An identity in clear, for the caller who may see it."""

    cert_type: str
    certno: str
    name: str
    naty: str
    phone: str | None


class IdentitySeals(Protocol):
    """Seals identities and opens them again."""

    def seal(self, identity: Identity, phone: str | None) -> SealedIdentity:
        """The stored form."""
        ...

    def open(self, sealed: str, phone_sealed: str | None) -> OpenedIdentity:
        """The clear form."""
        ...

    def certno_index(self, cert_type: str, certno: str) -> str:
        """The blind index of a document."""
        ...

    def name_index(self, name: str) -> str:
        """The blind index of a whole name."""
        ...


class Persons(Protocol):
    """Files of persons."""

    async def add(self, tx: Tx, files: Sequence[tuple[PersonFile, SealedIdentity]]) -> set[str]:
        """Store new files with cover and classes; those whose document is known already are left out. Returns the ids stored."""
        ...

    async def ids_by_index(self, tx: Tx, indexes: Sequence[str]) -> Mapping[str, str]:
        """Document index to person id, for those known."""
        ...

    async def lock(self, tx: Tx, person_id: str) -> PersonFile:
        """The file, held against others until the transaction ends. Refuses ``enrollment.person.unknown``."""
        ...

    async def find(self, tx: Tx, *, person_id: str | None = None, certno_index: str | None = None) -> PersonFile:
        """The file, not held. Refuses ``enrollment.person.unknown``."""
        ...

    async def page(
        self,
        tx: Tx,
        *,
        prefixes: Sequence[str],
        certno_index: str | None,
        name_index: str | None,
        after: str | None,
        limit: int,
    ) -> Sequence[PersonFile]:
        """Files of regions that begin with one of ``prefixes``, by person id."""
        ...

    async def set_household(self, tx: Tx, file: PersonFile) -> None:
        """Store the household and the new version number."""
        ...

    async def set_version(self, tx: Tx, file: PersonFile) -> None:
        """Store the new version number."""
        ...


class Covers(Protocol):
    """Periods of cover and identity classes."""

    async def add(self, tx: Tx, coverage: Coverage) -> None:
        """Store a new period."""
        ...

    async def change(self, tx: Tx, coverage: Coverage) -> None:
        """Store state and end of a period."""
        ...

    async def person_of(self, tx: Tx, coverage_id: str) -> str:
        """Whose period it is. Refuses ``enrollment.coverage.unknown``."""
        ...

    async def put_class(self, tx: Tx, person_id: str, given: IdentityClass) -> None:
        """Store a class, or its new end."""
        ...


class Premiums(Protocol):
    """What is due and what was paid."""

    async def add(self, tx: Tx, premium: Premium) -> None:
        """Store a premium."""
        ...

    async def get(self, tx: Tx, premium_id: str) -> Premium:
        """A premium. Refuses ``enrollment.premium.unknown``."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[tuple[Premium, Payment | None]]:
        """Every premium of a person with its payment."""
        ...

    async def payment_of(self, tx: Tx, premium_id: str) -> Payment | None:
        """The payment that settled a premium."""
        ...

    async def payment_by_receipt(self, tx: Tx, channel: str, receipt_no: str) -> Payment | None:
        """The payment with this receipt number."""
        ...

    async def add_payment(self, tx: Tx, payment: Payment) -> bool:
        """Store a payment; False when its receipt number was stored by somebody else in this moment."""
        ...


class Employers(Protocol):
    """Employers by id and credit code."""

    async def add(self, tx: Tx, employer: Employer) -> bool:
        """Store a new employer; False when its credit code is known."""
        ...

    async def by_code(self, tx: Tx, codes: Sequence[str]) -> Mapping[str, Employer]:
        """Credit code to employer, for those known."""
        ...

    async def get(self, tx: Tx, employer_id: str) -> Employer:
        """An employer. Refuses ``enrollment.employer.unknown``."""
        ...

    async def page(self, tx: Tx, *, prefixes: Sequence[str], after: str | None, limit: int) -> Sequence[Employer]:
        """Employers of regions that begin with one of ``prefixes``, by id."""
        ...


class Reading(Protocol):
    """Opens read-only snapshots."""

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """A snapshot for queries."""
        ...
