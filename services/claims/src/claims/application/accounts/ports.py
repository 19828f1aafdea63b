"""What the use cases on personal accounts need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from claims.domain.accounts.interest import AccountYear, Moved
from claims.domain.accounts.sharing import Sharing
from claims.domain.person import InsuredPerson
from shared.ledger import Entry
from shared.transactions import Tx


class Holder(NamedTuple):
    """An insured person, and whether his account is paid out and closed."""

    person: InsuredPerson
    closed: bool


class Holders(Protocol):
    """Insured persons as account holders."""

    async def of(self, tx: Tx, person_ids: Sequence[str]) -> Mapping[str, Holder]:
        """Those that claims knows."""
        ...


class LockedAccount(NamedTuple):
    """An account under its lock; ``balance_fen`` now."""

    person_id: str
    balance_fen: int
    closed_at: datetime | None


class OpenYear(NamedTuple):
    """An account's year that is not closed yet."""

    opening_fen: int
    movements: tuple[Moved, ...]


class Accounts(Protocol):
    """Accounts under their locks, and their years."""

    async def lock(self, tx: Tx, person_id: str) -> LockedAccount | None:
        """One account; None without one."""
        ...

    async def lock_after(self, tx: Tx, person_id: str, limit: int) -> Sequence[LockedAccount]:
        """The next accounts by person id."""
        ...

    async def open_years(self, tx: Tx, person_ids: Sequence[str], year: int) -> Mapping[str, OpenYear]:
        """What the year of locked accounts is made of; those whose year is closed, or was empty, are left out."""
        ...

    async def close_years(self, tx: Tx, year: int, closed: Mapping[str, AccountYear], balances: Mapping[str, int]) -> None:
        """Store the years and book their interest, onto ``balances``."""
        ...

    async def pay_out(self, tx: Tx, account: LockedAccount, closure_id: str) -> None:
        """Book the whole balance out and close the account; it may be closed already."""
        ...


class Run(NamedTuple):
    """How far the yearly run has come."""

    year: int
    after_person_id: str


class YearRuns(Protocol):
    """Yearly runs, one at a time in the whole system."""

    async def take(self, tx: Tx, year: int) -> Run | None:
        """The run, begun if need be and locked; None when it is finished, or another process is at it."""
        ...

    async def go_on(self, tx: Tx, year: int, after_person_id: str, accounts: int, interest_fen: int) -> None:
        """Write progress down."""
        ...

    async def finish(self, tx: Tx, year: int) -> None:
        """Nothing is left."""
        ...


class Sharings(Protocol):
    """Authorisations of family sharing."""

    async def of_holder(self, tx: Tx, holder_id: str) -> Sequence[Sharing]:
        """Those that were not withdrawn, in their order."""
        ...

    async def add(self, tx: Tx, sharing: Sharing, by: str) -> None:
        """Store a new one."""
        ...

    async def lock(self, tx: Tx, sharing_id: str) -> tuple[Sharing, datetime | None] | None:
        """One, and when it was withdrawn, locked: a settlement that uses it is waited for."""
        ...

    async def withdraw(self, tx: Tx, sharing_ids: Sequence[str], by: str) -> None:
        """They pay nothing from now on."""
        ...

    async def lock_of_holder(self, tx: Tx, holder_id: str) -> Sequence[str]:
        """Ids of those that were not withdrawn, locked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A proposal to pay an account out to the heirs (B14), and what became of it."""

    closure_id: str
    person_id: str
    state: str
    """``proposed``, ``paid`` or ``rejected``."""
    died_on: date
    reference: str
    maker: str
    checker: str | None = None
    note: str | None = None
    amount_fen: int | None = None


class Closures(Protocol):
    """Stored closures."""

    async def add(self, tx: Tx, closure: Closure) -> bool:
        """Store a proposal; False when the person has one that is open."""
        ...

    async def lock(self, tx: Tx, closure_id: str) -> Closure | None:
        """One, locked."""
        ...

    async def decide(self, tx: Tx, closure: Closure) -> None:
        """Store state, checker, note and amount."""
        ...


class Journals(Protocol):
    """The books, as far as accounts write them."""

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Append journals; refuses closed periods."""
        ...


class Statements(Protocol):
    """Accounts for a reader."""

    async def head(self, tx: Tx, person_id: str) -> dict[str, Any] | None:
        """Balance, years, sharings in both directions, closures; None without an account."""
        ...

    async def movements(self, tx: Tx, person_id: str, before: str | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """Newest first, from before a movement id on."""
        ...
