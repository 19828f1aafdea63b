"""Month-end clearing of what a fund owes: its queue, its states, what follows when money is short (reference B13, F12).

One run per paying fund and month. Persons and employers come first, then institutions, then the other funds; the first
whole item that the money does not cover stops the queue, and only the last kind is paid in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from shared.calendar import WorkCalendar
from shared.ledger import Book
from workinjury_bridge.domain.refusals import same_clearing_hand, wrong_state
from workinjury_bridge.domain.transfer import TwoPhase


class ClearingState(StrEnum):
    """B13; a run that is PARTIAL when the next month is frozen is closed with its rest carried over."""

    OPEN = "open"
    """Proposed by one person."""
    FROZEN = "frozen"
    """Approved by another: what belongs to the month is fixed and is being paid."""
    PARTIAL = "partial"
    """Money was short, or a transfer came back: the rest stays in 1121 and 2202."""
    PAID = "paid"
    CLOSED = "closed"
    """Every voucher is the same in both books."""


class Remedy(StrEnum):
    """Who is asked for money, one after the other (B13; 工伤保险条例 13, 社会保险法 65)."""

    FISCAL_ACCOUNT = "fiscal-account"
    RESERVE = "reserve"
    ADJUSTMENT_FUND = "adjustment-fund"
    GOVERNMENT_ADVANCE = "government-advance"

    @property
    def next(self) -> Remedy | None:
        """Who is asked after this one; None when nobody is left."""
        steps = tuple(Remedy)
        at = steps.index(self) + 1
        return steps[at] if at < len(steps) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfundDue:
    """What one fund owes another for one conversion, or for what else ``origin`` names: 2202 in the payer's book, 1121 in the payee's."""

    due_id: str
    payer: Book
    payee: Book
    amount_fen: int
    due_on: date
    """The day it was booked; older debts are paid first."""
    conversion_id: str | None = None
    case_id: str | None = None
    """Of a debt that no conversion names."""
    origin: str | None = None
    """What it is for when it is no conversion: ``direct:`` or ``set-off:`` and a key."""
    clearing_id: str | None = None
    """The run that it was frozen into."""
    paid_fen: int = 0
    """Booked in the work-injury book."""
    confirmed_fen: int = 0
    """Booked in both."""

    @property
    def open_fen(self) -> int:
        """Still owed."""
        return self.amount_fen - self.paid_fen

    @property
    def settled(self) -> bool:
        """Whether both books have all of it."""
        return self.confirmed_fen == self.amount_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionDue:
    """What the fund owes an institution by the cut-off (2201), and what of it is met from what the institution owes (1122)."""

    institution_code: str
    owed_fen: int
    offset_fen: int
    since: date
    """Day of the oldest part."""

    @property
    def pay_fen(self) -> int:
        """What money is needed for."""
        return self.owed_fen - self.offset_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The payer's money and what comes before other funds."""

    bank_fen: int
    set_aside_fen: int
    """Owed to persons and employers (2203, 2204): paid by themselves, never touched here."""
    institutions: tuple[InstitutionDue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one round pays."""

    institutions: tuple[InstitutionDue, ...]
    """Those that are paid."""
    waiting: tuple[InstitutionDue, ...]
    """Those that the money does not reach."""
    set_aside_fen: int
    """Kept for persons and employers."""
    parts: tuple[tuple[InterfundDue, int], ...]
    short_fen: int
    """What is missing to pay everything."""
    open_interfund_fen: int
    """Still owed to other funds after the round."""


def plan(purse: Purse, dues: Iterable[InterfundDue]) -> Plan:
    """B13: whole items in order, no skipping; other funds last, the last one in part. Ties: the larger first."""
    left = purse.bank_fen - purse.set_aside_fen
    institutions = sorted(purse.institutions, key=lambda i: (i.since, i.institution_code))
    queue = sorted((d for d in dues if d.open_fen), key=lambda d: (d.due_on, -d.amount_fen, d.due_id))
    needed = sum(i.pay_fen for i in institutions) + sum(d.open_fen for d in queue)
    paid: list[InstitutionDue] = []
    for item in institutions:
        # what is met by set-off alone needs no money
        if item.pay_fen > max(0, left):
            break
        left -= item.pay_fen
        paid.append(item)
    parts: list[tuple[InterfundDue, int]] = []
    if len(paid) == len(institutions):
        for due in queue:
            part = min(due.open_fen, max(0, left))
            if not part:
                break
            left -= part
            parts.append((due, part))
    return Plan(
        institutions=tuple(paid),
        waiting=tuple(institutions[len(paid) :]),
        set_aside_fen=purse.set_aside_fen,
        parts=tuple(parts),
        short_fen=max(0, needed + purse.set_aside_fen - purse.bank_fen) if needed else 0,
        open_interfund_fen=sum(d.open_fen for d in queue) - sum(part for _, part in parts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingTransfer(TwoPhase):
    """One voucher of an ordered pair of funds: gross, with the list of its cases (B13)."""

    clearing_id: str
    parts: tuple[tuple[str, int], ...]
    """(due_id, fen)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One paying fund's month."""

    clearing_id: str
    payer: Book
    month: str
    """YYYY-MM."""
    cut_off: date
    pay_by: date
    maker: str
    checker: str | None = None
    state: ClearingState = ClearingState.OPEN
    planned: bool = False
    """What the present round pays is fixed."""
    short_fen: int = 0
    remedy: Remedy | None = None
    asked_on: date | None = None
    """Since when the remedy is asked."""
    asked_until: date | None = None
    """By when it is to answer; then the next one is asked."""
    set_aside_fen: int = 0
    """What the last round kept for persons and employers, before anybody else."""
    cause: str | None = None
    """Why a transfer came back."""
    carried_fen: int = 0
    """Left to the next month's run."""

    def frozen(self, actor: str) -> Clearing:
        """The second person agrees. Refuses the first one."""
        self._expect("approve", ClearingState.OPEN)
        if actor == self.maker:
            raise same_clearing_hand()
        return replace(self, state=ClearingState.FROZEN, checker=actor)

    def with_plan(self, found: Plan) -> Clearing:
        """What the round pays; a new shortage begins with the request to the fiscal account."""
        self._expect("plan", ClearingState.FROZEN)
        remedy = (self.remedy or Remedy.FISCAL_ACCOUNT) if found.short_fen else None
        return replace(
            self,
            planned=True,
            short_fen=found.short_fen,
            remedy=remedy,
            asked_on=None,
            asked_until=None,
            set_aside_fen=found.set_aside_fen,
            cause=None,
        )

    def asked(self, on: date, until: date) -> Clearing:
        """The remedy is asked for money."""
        return replace(self, asked_on=on, asked_until=until)

    def returned(self, cause: str | None) -> Clearing:
        """A voucher of the round came back: neither book has it."""
        return replace(self, cause=cause)

    def finished(self, open_fen: int) -> Clearing:
        """Every transfer of the round has ended; ``open_fen``: still owed to other funds."""
        self._expect("finish", ClearingState.FROZEN)
        whole = not open_fen and not self.short_fen
        return replace(self, state=ClearingState.PAID if whole else ClearingState.PARTIAL)

    def resumed(self) -> Clearing:
        """Money came, or whatever held a transfer is put right: another round."""
        self._expect("resume", ClearingState.PARTIAL)
        return replace(self, state=ClearingState.FROZEN, planned=False)

    def escalated(self, remedy: Remedy) -> Clearing:
        """The next one is asked for money."""
        self._expect("escalate", ClearingState.PARTIAL)
        return replace(self, remedy=remedy)

    def closed(self) -> Clearing:
        """Both books agree on every voucher."""
        self._expect("close", ClearingState.PAID)
        return replace(self, state=ClearingState.CLOSED)

    def carried(self, open_fen: int) -> Clearing:
        """The rest belongs to the next month's run."""
        self._expect("carry over", ClearingState.PARTIAL)
        return replace(
            self, state=ClearingState.CLOSED, carried_fen=open_fen, remedy=None, asked_on=None, asked_until=None, short_fen=0
        )

    def _expect(self, wanted: str, state: ClearingState) -> None:
        if self.state is not state:
            raise wrong_state("clearing", wanted, self.state, "清算")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShortage:
    """Payments to persons and employers wait for money, outside any month-end run (B13, P1)."""

    shortage_id: str
    since: date
    remedy: Remedy
    """Who is asked now."""
    ended_on: date | None = None


class ClearingStep(StrEnum):
    """What a run does next; each is at most one call to claims and one transaction here."""

    PLAN = "plan"
    TRANSFER = "transfer"
    FINISH = "finish"
    RECONCILE = "reconcile"


def next_clearing_step(clearing: Clearing, transfers: Iterable[ClearingTransfer]) -> ClearingStep | None:
    """None when a person has to act or nothing is left."""
    if clearing.state is ClearingState.PAID:
        return ClearingStep.RECONCILE
    if clearing.state is not ClearingState.FROZEN:
        return None
    if not clearing.planned:
        return ClearingStep.PLAN
    return ClearingStep.TRANSFER if any(t.open for t in transfers) else ClearingStep.FINISH


def cut_off_of(month: str, calendar: WorkCalendar) -> date:
    """The last working day of a month (YYYY-MM)."""
    day = first_of_next(month) - timedelta(days=1)
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    return day


def first_of_next(month: str) -> date:
    """The first day after a month (YYYY-MM)."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)


def oldest_open(credits: Sequence[tuple[date, int]], debits_fen: int) -> tuple[date, int] | None:
    """(day of the oldest part that debits do not cover, what they do not cover); None when they cover all. First in, first out."""
    left = debits_fen
    since: date | None = None
    owed = 0
    for day, amount in sorted(credits):
        uncovered = max(0, amount - max(0, left))
        left -= amount
        if uncovered:
            since = since or day
            owed += uncovered
    return None if since is None else (since, owed)
