"""What the settlement use cases need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from claims.application.header import HisHeader
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.find_past import Past
from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import Decision, YearState
from claims.domain.settlement import Basis, VisitToSettle
from claims.domain.stay_credit import EndedCredit
from shared.contracts.claims import FundPayment
from shared.ledger import Book, Entry
from shared.transactions import Tx

Render = Callable[[SettlementAnswer], bytes]
"""The edge's writer: an answer as the bytes that will be sent, in the institution's dialect."""


class MessageKey(NamedTuple):
    """What makes a resend the same message (chs-interface 2.3); ``variant`` is the input digest where msgids repeat."""

    institution_code: str
    infno: str
    msgid: str
    variant: str


class RulesChanged(Exception):
    """Rule books were made effective or ended while a group was decided: it is to be decided again."""


class YearKey(NamedTuple):
    """Whose accumulators: a person, a scheme, a benefit year. Sorted keys are the order in which rows are locked."""

    person_id: str
    scheme: str
    benefit_year: int


class LockedYear(NamedTuple):
    """A person-year under its lock."""

    state: YearState
    version: int
    """Rises with every change."""
    person_version: int
    """The version of the person by whose classes it was decided again; 0: never."""


class RelativePayment(NamedTuple):
    """What a relative's account paid for a settlement, and its balance afterwards; fen."""

    share: Share
    balance_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSettlement:
    """Everything that one settlement writes."""

    settlement_id: str
    visit: VisitToSettle
    batch_ids: tuple[str, ...]
    year: YearKey
    message: MessageKey
    digest: str
    settled_at: datetime
    answer: SettlementAnswer
    decision: Decision | None
    """None when the work-injury fund pays directly."""
    entries: tuple[Entry, ...]
    events: tuple[Any, ...]
    rendered: bytes
    """The answer as sent, and sent again."""
    year_no: int = 0
    """Its number in the person-year, in the order of deciding."""
    account_balance_fen: int | None = None
    """Balance after the settlement when the account paid; None when it did not."""
    relatives: tuple[RelativePayment, ...] = ()
    """What relatives' accounts paid (家庭共济)."""
    work_injury_key: str | None = None
    beside: str | None = None
    """Of an own disease in a mixed stay: the work-injury settlement of the rest, which has message and batches (B5)."""
    ended_credit: EndedCredit | None = None
    """The credit (挂账) that it ends."""
    rule_digest: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class GroupTx(Protocol):
    """One transaction of a group. Every method takes many keys and costs one statement or a few, never one each.

    Locks are taken in the order visits, person-years, family sharings, accounts, each sorted, so that two groups in flight
    cannot deadlock.
    """

    @property
    def past(self) -> Past:
        """Asked under the locks of the years."""
        ...

    async def lock_visits(self, visit_ids: Sequence[str]) -> Mapping[str, VisitToSettle]:
        """The visits, locked, with person, institution and charge batches."""
        ...

    async def answers(self, keys: Sequence[MessageKey]) -> Mapping[MessageKey, tuple[str, bytes]]:
        """(input digest, answer as sent) of messages that were answered and whose effect stands."""
        ...

    async def recalled(self, keys: Sequence[MessageKey]) -> set[MessageKey]:
        """Messages that a 2601 has named: they must have no effect any more, even if they arrive only now."""
        ...

    async def lock_years(self, keys: Sequence[YearKey]) -> Mapping[YearKey, LockedYear]:
        """The accumulators, locked; a person-year that has none yet is begun."""
        ...

    async def earlier_parts(self, visit_ids: Sequence[str]) -> Mapping[str, int]:
        """Stays with standing parts, and the deductible these were charged; asked under the lock of the years."""
        ...

    async def lock_sharings(self, person_ids: Sequence[str], day: date) -> Mapping[str, Sequence[Sharing]]:
        """By beneficiary, locked: the authorisations to relatives' accounts that hold on a day, in their order."""
        ...

    async def lock_accounts(self, person_ids: Sequence[str]) -> Mapping[str, int]:
        """Balances in fen, locked; persons without an account are left out."""
        ...

    async def write(
        self, settlements: Sequence[NewSettlement], years: Mapping[YearKey, YearState], edition: str | None = None
    ) -> None:
        """Everything the settlements leave behind, and the new accumulators.

        ``edition``: of the rule books that decided; raises RulesChanged when another is in force by now. None: no book decided.
        """
        ...


class SettlementGroups(Protocol):
    """Opens transactions for groups."""

    def transaction(self) -> AbstractAsyncContextManager[GroupTx]:
        """Commits when the block ends well."""
        ...


class VisitReader(Protocol):
    """Reads without locks, for pre-settlement."""

    async def visit(self, visit_id: str) -> VisitToSettle | None:
        """The visit as it stands."""
        ...

    async def year(self, key: YearKey) -> YearState:
        """The accumulators as they stand."""
        ...

    async def account(self, person_id: str) -> int:
        """The balance in fen; 0 without an account."""
        ...

    async def relatives(self, person_id: str, day: date) -> tuple[Sequence[Sharing], Mapping[str, int]]:
        """The authorisations that hold on a day, in their order, and the holders' balances in fen."""
        ...

    async def past(self, claims: Sequence[tuple[VisitToSettle, Basis]]) -> list[Basis]:
        """The bases, with the past where their rules ask for it."""
        ...

    async def lines(self, batch_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The fee lines of charge batches, as plain values."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSettlement:
    """A settlement as it stands."""

    settlement_id: str
    visit_id: str
    person_id: str
    institution_code: str
    inpatient: bool
    state: str
    """``valid``, ``reversed``, ``taken-back``, ``charged-back``, ``taken-over``, or ``reversal`` (a row that reverses another)."""
    reverses: str | None
    year: YearKey
    contribution: YearState
    """What the decision added to the year; this and the next seven with every correction so far."""
    payments: tuple[FundPayment, ...]
    total_fen: int
    account_fen: int
    cash_fen: int
    hospital_fen: int
    family_fen: int
    """What of the account part relatives paid."""
    standing_facts: Mapping[str, Any]
    corrected_lines: Mapping[str, Mapping[str, Any]]
    """By line number."""
    year_no: int
    placed_on: date | None
    """This and the number: its place in the person-year (``Position``)."""
    answer: SettlementAnswer
    """What was answered to the hospital; corrections leave it as it is."""
    infno: str
    settled_at: datetime
    work_injury_key: str | None
    beside: str | None
    """The work-injury settlement of the same stay, when this is the own disease's (B5)."""
    rule_digest: str
    decision: Mapping[str, Any]
    facts: Mapping[str, Any]

    @property
    def may_be_mixed(self) -> bool:
        """Whether another may stand beside it (B5): of a reversal its row does not say whose it was."""
        return self.work_injury_key is not None or self.reverses is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction as it is shown; differences in fen, new minus old."""

    sequence: int
    reason: str
    reason_text: str
    trigger_id: str
    counterparty: str
    """``person`` or ``institution``."""
    payments: Sequence[Mapping[str, Any]]
    total_fen: int
    account_fen: int
    cash_fen: int
    hospital_fen: int
    booked_on: date
    recorded_at: datetime


class Settlements(Protocol):
    """Stored settlements, one at a time."""

    async def find(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """The settlement, not locked."""
        ...

    async def beside(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """The settlement of the own disease that stands beside a work-injury settlement; of a reversal, its reversal (B5)."""
        ...

    async def columns(self, tx: Tx, settlement_id: str) -> Mapping[str, int]:
        """The amounts that are kept beside the decision, for sums and lists; fen."""
        ...

    async def lock(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """The settlement with its visit, its person-year and the later ones, and every account that paid locked, in the order
        of all locks; with the person-years of the one beside it."""
        ...

    async def balance(self, tx: Tx, person_id: str) -> int:
        """What the account holds, in fen; 0 without one."""
        ...

    async def add(self, tx: Tx, new: NewSettlement, placed_on: date | None) -> None:
        """A settlement that no message asked for: its row at a place in the person-year, its batches and its contribution."""
        ...

    async def corrections(self, tx: Tx, settlement_id: str) -> list[Correction]:
        """Its corrections, oldest first."""
        ...

    async def undo(self, tx: Tx, settlement: StoredSettlement, state: str, owed_fen: int) -> int:
        """Set the settlement's state, take its contribution out of the year, give every account back what it paid.

        ``owed_fen``: of the account part, what no account ever paid. Returns the account's balance in fen (0 without an account). Charge batches stay as they are.
        """
        ...

    async def redo(self, tx: Tx, settlement: StoredSettlement) -> tuple[int, int]:
        """Make a taken-back settlement valid again: contribution and account part are used again.

        A relative's account pays what it paid at first, as far as balance and limit allow. Returns the part of the account
        payment that no balance covered, and the balance left, in fen.
        """
        ...

    async def year(self, tx: Tx, settlement: StoredSettlement) -> YearState:
        """What the settlement's person and benefit year have used up, this settlement included if it stands."""
        ...

    async def keep(
        self, tx: Tx, settlement: StoredSettlement, contribution: YearState, account_fen: int, family_fen: int
    ) -> None:
        """The part of an undone settlement that the medical funds keep uses the year and the accounts that paid (B5)."""
        ...

    async def release(self, tx: Tx, settlement: StoredSettlement, contribution: YearState, account_fen: int) -> None:
        """The kept part uses them no more."""
        ...

    async def claimed_on_paper(self, tx: Tx, settlement: StoredSettlement, paid_fen: int) -> bool:
        """Whether a standing paper claim of the person has this invoice, or these days at this institution and this amount."""
        ...

    async def give_over(self, tx: Tx, settlement: StoredSettlement) -> None:
        """A direct settlement of the work-injury fund stands no more: the medical funds have it (``taken-over``)."""
        ...

    async def free_batches(self, tx: Tx, settlement_id: str) -> None:
        """The charge batches of a settlement are unsettled again."""
        ...

    async def add_reversal(
        self, tx: Tx, original: StoredSettlement, answer: SettlementAnswer, header: HisHeader, beside: str | None = None
    ) -> None:
        """The row of a reversal; ``beside``: the reversal of the work-injury settlement beside it."""
        ...

    async def lines(self, tx: Tx, settlement_id: str) -> list[dict[str, Any]]:
        """The fee lines of the settlement's batches, as plain values; of a mixed stay those of its version, a part with
        ``whole_fen``."""
        ...


class Journals(Protocol):
    """The books, as far as settlements write them."""

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Append journals; refuses closed periods."""
        ...

    async def entries(self, tx: Tx, **where: str) -> list[Entry]:
        """Journals by column."""
        ...

    async def open_day(self, tx: Tx, book: Book, day: date) -> date:
        """The day itself, or the first day after it whose period is open."""
        ...


class Recalls(Protocol):
    """The tombstones of messages that a 2601 has named."""

    async def put(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str) -> bool:
        """Mark the message recalled; waits for another transaction that does the same, False when that one was first."""
        ...

    async def settle(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str, outcome: str) -> None:
        """Write down what the recall did."""
        ...
