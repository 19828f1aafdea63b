"""What the clearing needs from the outside beside the bridge's other ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer, InterfundDue, PaymentShortage, Plan, Purse


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPayout:
    """A payment that the payment account did not cover."""

    payout_id: str
    payout: Payout
    since: datetime
    held: bool = False
    """Whether it waits for the proof of heirs, or for the run that takes it back, and not for money."""


class Clearings(Protocol):
    """Runs and their vouchers. Everything of one payer is changed under that payer's lock."""

    async def lock(self, tx: Tx, payer: Book) -> None:
        """Nobody else changes a run of this payer, or spends its money here, until the transaction ends."""
        ...

    async def add(self, tx: Tx, clearing: Clearing, at: datetime) -> bool:
        """A new run; False when this payer has one of the month."""
        ...

    async def get(self, tx: Tx, clearing_id: str) -> Clearing | None:
        """One run, None when there is none."""
        ...

    async def locked(self, tx: Tx, clearing_id: str) -> Clearing | None:
        """One run, read under its payer's lock."""
        ...

    async def save(self, tx: Tx, clearing: Clearing, at: datetime) -> None:
        """The next value; whatever hindered it is forgotten."""
        ...

    async def keep_queue(self, tx: Tx, clearing_id: str, round_: Plan) -> None:
        """Which institutions stood before other funds, and which of them this round pays; who was paid before stays so."""
        ...

    async def unfinished(self, tx: Tx, payer: Book | None = None) -> Sequence[Clearing]:
        """Runs that are not closed, oldest month first."""
        ...

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """Runs that can go on without a person and are not put off."""
        ...

    async def put_off(self, tx: Tx, clearing_id: str, now: datetime, hindrance: str) -> None:
        """A step did not succeed; try again after a pause that doubles up to an hour."""
        ...

    async def hindrance(self, tx: Tx, clearing_id: str) -> str | None:
        """Why the last step of a run did not succeed."""
        ...

    async def add_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        """A new voucher with the list of its cases."""
        ...

    async def save_transfer(self, tx: Tx, transfer: ClearingTransfer, at: datetime) -> None:
        """The next value."""
        ...

    async def transfers(self, tx: Tx, clearing_id: str) -> Sequence[ClearingTransfer]:
        """Every voucher of a run, oldest first."""
        ...

    async def open_transfers(self, tx: Tx) -> Sequence[tuple[ClearingTransfer, datetime]]:
        """Vouchers that a step is left of, with when they were instructed."""
        ...


class Dues(Protocol):
    """What funds owe one another for conversions, to be cleared at the month's end."""

    async def add(self, tx: Tx, dues: Sequence[InterfundDue]) -> None:
        """New debts, in the transaction that books them."""
        ...

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[InterfundDue]:
        """Both directions, oldest first."""
        ...

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[InterfundDue]:
        """The same of many."""
        ...

    async def of_clearing(self, tx: Tx, clearing_id: str) -> Sequence[InterfundDue]:
        """What was frozen into a run and not handed on."""
        ...

    async def freeze(self, tx: Tx, clearing: Clearing, carried_from: Sequence[str]) -> None:
        """What is booked by the cut-off and open belongs to the run, also what the runs ``carried_from`` have left over."""
        ...

    async def pay(self, tx: Tx, transfer: ClearingTransfer) -> None:
        """Our book has the voucher."""
        ...

    async def confirm(self, tx: Tx, transfer: ClearingTransfer, now: datetime) -> None:
        """Both books have it; the conversions that waited for it are taken up again."""
        ...

    async def open_sums(self, tx: Tx) -> Sequence[tuple[Book, Book, int]]:
        """(payer, payee, fen still owed) of every pair that owes."""
        ...

    async def unfrozen(self, tx: Tx, limit: int) -> Sequence[tuple[Book, date]]:
        """(payer, day of the oldest debt) of every payer with an open debt that belongs to no run."""
        ...


class OurPurse(Protocol):
    """The work-injury fund's money."""

    async def cash_fen(self, tx: Tx) -> int:
        """What the payment account holds (1003) beyond what vouchers on their way will take."""
        ...

    async def purse(self, tx: Tx, cut_off: date) -> Purse:
        """Money, what is owed to persons and employers, and what to institutions by the cut-off."""
        ...


class WaitingPayouts(Protocol):
    """Payments that wait for money, and the shortage that was told for them. Changed under the work-injury fund's lock as payer."""

    async def add(self, tx: Tx, waiting: WaitingPayout) -> None:
        """One more, behind all others."""
        ...

    async def oldest(self, tx: Tx, limit: int, after: WaitingPayout | None = None) -> Sequence[WaitingPayout]:
        """In the order in which they came, held ones among them; those behind ``after``."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[WaitingPayout]:
        """What waits about one injury, in the order in which it came."""
        ...

    async def remove(self, tx: Tx, payout_id: str) -> bool:
        """It is paid, or not owed any more; False when somebody was faster."""
        ...

    async def hold(self, tx: Tx, payout_id: str, *, held: bool) -> bool:
        """It waits for something else and no longer for money; or for money again, in its old place. False when it is gone."""
        ...

    async def total(self, tx: Tx) -> tuple[int, int]:
        """(how many wait for money, fen)."""
        ...

    async def shortage(self, tx: Tx, shortage_id: str | None = None) -> PaymentShortage | None:
        """The one that is not over, or one by its id."""
        ...

    async def save_shortage(self, tx: Tx, shortage: PaymentShortage) -> None:
        """Insert or replace. Refuses a second one that is not over."""
        ...


class ClearingViews(Protocol):
    """What is read without being changed, as JSON."""

    async def clearing(self, clearing_id: str) -> dict[str, Any] | None:
        """One run with its queue, its vouchers, their cases, and what each pair still owes."""
        ...

    async def clearings(self, *, payer: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Runs, newest first."""
        ...
