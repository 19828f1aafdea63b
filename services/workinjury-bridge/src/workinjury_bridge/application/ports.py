"""What the use cases need from the outside: the bridge's own tables, its book, and claims.

Everything that concerns one person is changed under that person's lock, taken first; so a decision and a settlement that
arrive at the same instant see each other, and two runs of one saga step cannot both take effect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ledger import Book, Entry
from shared.transactions import Tx
from workinjury_bridge.domain.advance import Advance
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer, Purse
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.double_bill import BillMark, DoubleBill
from workinjury_bridge.domain.figures import Kept, MedicalBill
from workinjury_bridge.domain.limitation import Interrupted
from workinjury_bridge.domain.paper_claim import PaperClaim
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.recognition import CaseAct, Decision, InjuryCase
from workinjury_bridge.domain.recovery import Movement, Recovery
from workinjury_bridge.domain.set_off import SetOff
from workinjury_bridge.domain.split import KeptLine, StaySplit
from workinjury_bridge.domain.stay import SettledStay
from workinjury_bridge.domain.terms import CaseFacts
from workinjury_bridge.domain.transfer import Transfer, TwoPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that left for a person, by kind."""

    payment_id: str
    case_id: str
    person_id: str
    settlement_id: str | None
    """None for a benefit that belongs to no stay."""
    conversion_id: str | None
    """None for the allowance of a direct settlement."""
    kind: str
    amount_fen: int
    voucher_no: str
    paid_at: datetime
    payee: str
    """Dimension of 2203 that was paid."""
    benefit_id: str | None = None
    month: date | None = None
    repays: str | None = None
    """The returned payment that this one replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What claims did when it took a settlement back."""

    owed: tuple[FundPayment, ...]
    """t_f per book and account."""
    cash_fen: int
    kept_cash_fen: int
    netted: tuple[str, ...]
    """Books that had not paid the hospital: its debt is taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedBack:
    """What claims did when a settlement fell away for a double payment."""

    debtor: str
    """``P:`` or ``H:`` and an id."""
    owed: tuple[FundPayment, ...]

    def by_book(self) -> dict[Book, int]:
        """Fen that each book is owed."""
        sums: dict[Book, int] = {}
        for payment in self.owed:
            sums[Book(payment.book)] = sums.get(Book(payment.book), 0) + payment.amount_fen
        return {book: amount for book, amount in sums.items() if amount}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What claims did when the medical funds settled a stay that the work-injury fund had paid."""

    settlement_id: str
    """The medical settlement."""
    owed: Mapping[Book, int]
    """What each medical fund owes the work-injury fund."""


@dataclass(frozen=True, slots=True)
class Mutual:
    """What the work-injury fund and one medical fund owe each other according to one of their books, fen."""

    owed_to_us: int = 0
    owed_by_us: int = 0


class Cases(Protocol):
    """Injury cases with their decisions."""

    async def lock_persons(self, tx: Tx, person_ids: Collection[str]) -> None:
        """Wait until nobody else works on these people; held until the transaction ends. One order for all callers."""
        ...

    async def add(self, tx: Tx, case: InjuryCase, opened_at: datetime) -> None:
        """A new case."""
        ...

    async def get(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """One case, None when there is none."""
        ...

    async def locked(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """One case, read under its person's lock."""
        ...

    async def many(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """Those of these that there are."""
        ...

    async def locked_all(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """The same, read under their persons' locks."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[InjuryCase]:
        """Every case of a person, newest accident first."""
        ...

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[InjuryCase]:
        """The same of many."""
        ...

    async def add_decisions(self, tx: Tx, decisions: Sequence[tuple[str, Decision]], recorded_at: datetime) -> None:
        """One more version each, by case."""
        ...

    async def state_facts(self, tx: Tx, case_id: str, facts: CaseFacts) -> None:
        """What is known of the accident beside the decision."""
        ...

    async def mark_contested(self, tx: Tx, case_id: str, contested_on: date | None) -> None:
        """Since when the newest decision is contested, None when it is not."""
        ...

    async def record(self, tx: Tx, act: CaseAct, at: datetime) -> None:
        """Keep who recorded something; nothing kept is changed."""
        ...


class Stays(Protocol):
    """Settled stays as claims told them."""

    async def put(self, tx: Tx, stays: Sequence[SettledStay]) -> None:
        """Remember settlements; telling one twice changes nothing."""
        ...

    async def mark_reversed(self, tx: Tx, settlement_id: str) -> None:
        """Remember a reversal, also when it arrives before the settlement."""
        ...

    async def mark_standing(self, tx: Tx, settlement_id: str) -> None:
        """A settlement that had fallen away stands again."""
        ...

    async def is_reversed(self, tx: Tx, settlement_id: str) -> bool:
        """Whether a reversal was told."""
        ...

    async def hear_correction(self, tx: Tx, settlement_id: str, sequence: int) -> bool:
        """Take note of a settlement's correction; False when that one, or a later one, was heard of before."""
        ...

    async def get(self, tx: Tx, settlement_id: str) -> SettledStay | None:
        """One stay, None when it was never told."""
        ...

    async def many(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[SettledStay]:
        """Those of these that were told."""
        ...

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SettledStay]:
        """Every stay of these persons, each person's oldest first."""
        ...


class Conversions(Protocol):
    """Conversions and when they are to be taken up again."""

    async def add(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """New proposals. The tables refuse a second one of a key, and one beside another that has not ended."""
        ...

    async def get(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """One conversion, None when there is none."""
        ...

    async def locked(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """One conversion, read under its person's lock."""
        ...

    async def save(self, tx: Tx, conversion: Conversion, at: datetime) -> None:
        """The next value; whatever hindered it is forgotten."""
        ...

    async def many(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Conversion]:
        """Those of these that there are."""
        ...

    async def marked(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[tuple[Conversion, object]]:
        """The same, each with a mark that is another one after every change of it."""
        ...

    async def marks(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, object]:
        """The marks alone."""
        ...

    async def assess(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """The next values of many, whatever has changed in them."""
        ...

    async def move(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """The next values of many whose figures, facts and split stay; whatever hindered them is forgotten."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Conversion]:
        """Every conversion of a case."""
        ...

    async def of_settlements(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[Conversion]:
        """Every conversion of these settlements."""
        ...

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Conversion]:
        """Every conversion of a settlement."""
        ...

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """Conversions that can go on without a person and are not put off beyond ``now``."""
        ...

    async def put_off(self, tx: Tx, conversion_id: str, now: datetime, hindrance: str) -> None:
        """A step did not succeed; try again after a pause that doubles up to an hour."""
        ...

    async def rest(self, tx: Tx, conversion_id: str, until: datetime) -> None:
        """Nothing can be done before the month's clearing wakes it; looked at again then all the same. Holds its row."""
        ...

    async def after(self, tx: Tx, conversion_id: str, limit: int) -> Sequence[Conversion]:
        """A page of all conversions by id."""
        ...


class Transfers(Protocol):
    """Transfers between the funds."""

    async def add(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """New transfers."""
        ...

    async def save(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """The next values."""
        ...

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Transfer]:
        """Every transfer of these conversions, oldest first."""
        ...

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Transfer]:
        """Every transfer of a conversion, oldest first."""
        ...


class Recoveries(Protocol):
    """Debts, and the money that moved on them."""

    async def save(self, tx: Tx, debt: Recovery, at: datetime) -> None:
        """Insert or replace."""
        ...

    async def get(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """One debt, None when there is none."""
        ...

    async def locked(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """One debt, read under its person's lock."""
        ...

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Recovery]:
        """Every debt that came from a conversion, oldest first."""
        ...

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Recovery]:
        """Every debt about a settlement, a stay elsewhere or a paper claim, oldest first."""
        ...

    async def open_of(self, tx: Tx, book: Book, debtors: Collection[str]) -> Sequence[Recovery]:
        """The debts of these debtors to a book that are not closed, oldest first."""
        ...

    async def add_movement(self, tx: Tx, movement: Movement, at: datetime) -> None:
        """Money came in or was given up."""
        ...

    async def movement(self, tx: Tx, movement_id: str) -> Movement | None:
        """One movement."""
        ...

    async def unbooked(self, tx: Tx, limit: int) -> Sequence[Movement]:
        """Movements that a medical book has not booked yet, oldest first."""
        ...

    async def any_unbooked(self, tx: Tx, recovery_ids: Collection[str]) -> bool:
        """Whether a medical book has not booked a movement on one of these debts yet."""
        ...

    async def add_interruption(self, tx: Tx, interrupted: Interrupted, at: datetime) -> None:
        """A demand, an acknowledgement or a suit that interrupts the time limit, with its proof."""
        ...

    async def mark_booked(self, tx: Tx, movement_id: str, *, voided: bool = False) -> None:
        """The book has it, or with ``voided`` has refused it for good."""
        ...

    async def disagreeing(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        """Debtors whose open debts (fen) are not the balance of the work-injury book (fen), seen in one instant (B15.9).

        Persons and heirs may owe more there: a benefit paid too much is a debt that the next benefit meets, without a recovery."""
        ...


class SetOffs(Protocol):
    """What may be set off across books. Everything of one person is changed under that person's lock."""

    async def save(self, tx: Tx, set_off: SetOff, at: datetime) -> None:
        """Insert or replace. Refuses a second open one of a debt."""
        ...

    async def locked(self, tx: Tx, set_off_id: str) -> SetOff | None:
        """One, read under its person's lock."""
        ...

    async def of_recovery(self, tx: Tx, recovery_id: str) -> Sequence[SetOff]:
        """Every one of a debt, oldest first."""
        ...

    async def standing(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SetOff]:
        """Those of these persons that payments meet, oldest first."""
        ...


class PaperClaims(Protocol):
    """Bills that persons claim with their papers."""

    async def save(self, tx: Tx, claim: PaperClaim, lines: Sequence[BillLine] | None, at: datetime) -> None:
        """Insert or replace; the lines come with the first time. Refuses a second standing claim of one invoice."""
        ...

    async def locked(self, tx: Tx, paper_claim_id: str) -> PaperClaim | None:
        """One claim, read under its person's lock."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[PaperClaim]:
        """Every claim of a case, oldest first."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[PaperClaim]:
        """Every claim of a person, oldest first."""
        ...

    async def invoice_used(self, tx: Tx, institution_code: str, invoice_no: str) -> bool:
        """Whether a standing claim of anybody has this invoice."""
        ...


class DoubleBills(Protocol):
    """Clues of bills at both funds."""

    async def save(self, tx: Tx, clue: DoubleBill, at: datetime) -> None:
        """Insert or replace."""
        ...

    async def locked(self, tx: Tx, double_bill_id: str) -> DoubleBill | None:
        """One clue, read under its person's lock."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DoubleBill]:
        """Every clue of a person, oldest first."""
        ...

    async def confirmed(self, tx: Tx, limit: int) -> Sequence[str]:
        """Clues to be charged back or to be undone that claims has not been told, oldest first."""
        ...

    async def persons_with_bills(self, tx: Tx, since: date, after: str, limit: int) -> Sequence[str]:
        """A page of the persons whom the work-injury fund has paid a bill that ended on or after a day, by id."""
        ...


class Advances(Protocol):
    """Applications for an advance."""

    async def save(self, tx: Tx, advance: Advance, at: datetime) -> None:
        """Insert or replace. Refuses a second open one on the same case."""
        ...

    async def locked(self, tx: Tx, advance_id: str) -> Advance | None:
        """One application, read under its person's lock."""
        ...

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Advance]:
        """Every application of a case, oldest first."""
        ...


class Deductions(Protocol):
    """Deductions after audit."""

    async def save(self, tx: Tx, deduction: AuditDeduction, at: datetime) -> None:
        """Insert or replace. Refuses a second standing one on the same line."""
        ...

    async def locked(self, tx: Tx, deduction_id: str) -> AuditDeduction | None:
        """One deduction, read under its person's lock."""
        ...

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[AuditDeduction]:
        """Every deduction of a settlement, oldest first."""
        ...


class Directs(Protocol):
    """Direct settlements by key."""

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DirectSettlement]:
        """Every direct settlement of a person."""
        ...

    async def after(self, tx: Tx, key: str, limit: int) -> Sequence[DirectSettlement]:
        """Every direct settlement in order of its key, after ``key``."""
        ...

    async def get(self, tx: Tx, key: str) -> DirectSettlement | None:
        """One settlement, None when the key is unknown."""
        ...

    async def of_settlement(self, tx: Tx, settlement_id: str) -> DirectSettlement | None:
        """The one that a settlement in claims has posted, read under its person's lock."""
        ...

    async def reverting(self, tx: Tx, limit: int) -> Sequence[str]:
        """Keys of those for which claims has to be asked after a revocation, oldest key first."""
        ...

    async def locked(self, tx: Tx, key: str) -> DirectSettlement | None:
        """One settlement, read under its person's lock."""
        ...

    async def save(self, tx: Tx, settlement: DirectSettlement, at: datetime) -> None:
        """Insert or replace."""
        ...


class StaySplits(Protocol):
    """Splits of stays that are not settled yet, by visit; changed under their person's lock."""

    async def get(self, tx: Tx, visit_id: str) -> StaySplit | None:
        """The split of a visit, None when nobody has proposed one."""
        ...

    async def save(self, tx: Tx, split: StaySplit, at: datetime) -> None:
        """Insert or replace."""
        ...


class Ledger(Protocol):
    """The work-injury book."""

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Append journals; refuses closed periods."""
        ...

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Entry]:
        """The journals about one settlement, in order."""
        ...

    async def of_voucher(self, tx: Tx, voucher_no: str) -> Entry | None:
        """The journal of a voucher."""
        ...

    async def person_debt_fen(self, tx: Tx, person_id: str) -> int:
        """What the person owes the book (1125)."""
        ...

    async def person_debts(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, int]:
        """What each of these persons owes the book (1125), fen; those who owe nothing are left out."""
        ...

    async def fund_balances(self, tx: Tx) -> Mapping[Book, Mutual]:
        """Per medical book: what it owes us (1121) and what we owe it (2202)."""
        ...

    async def next_voucher(self, tx: Tx, on: date) -> str:
        """A voucher number that no other voucher has."""
        ...

    async def next_vouchers(self, tx: Tx, on: date, count: int) -> Sequence[str]:
        """Voucher numbers that no other voucher has."""
        ...

    async def add_payments(self, tx: Tx, payments: Sequence[Payment]) -> None:
        """Record payments to persons."""
        ...


class Policies(Protocol):
    """The rule book."""

    def on(self, day: date) -> BridgePolicy:
        """The version of a day; refuses a day without one."""
        ...


class ClaimsGateway(Protocol):
    """Commands to claims and questions about its settlements.

    Every command is idempotent there: repeated after a lost answer it has no second effect and answers the same. Raises
    the Refusal of claims, or one of kind UNAVAILABLE when claims cannot be reached.
    """

    async def read_bill(self, settlement_id: str) -> MedicalBill:
        """The medical version of a settlement with its lines."""
        ...

    async def read_bills(self, settlement_ids: Sequence[str]) -> Sequence[MedicalBill | Refusal]:
        """The same of many, or why not."""
        ...

    async def decide_kept(self, settlement_id: str, lines: Sequence[KeptLine]) -> Kept:
        """What v2 of the kept lines would be; nothing changes (B5)."""
        ...

    async def take_back(self, conversions: Sequence[Conversion], *, net: bool) -> Sequence[TakenBack | Refusal]:
        """Take each settlement back, or say why not; its books now have a receivable against the work-injury fund, or with ``net``, where the
        hospital is not paid yet, one debt less."""
        ...

    async def move_debt(self, debt: Recovery, movement: Movement) -> None:
        """Book money that came in on a debt to a medical book, or that the debt is given up."""
        ...

    async def restore(self, conversion: Conversion) -> Sequence[FundPayment]:
        """The medical version stands again; what each book owes the work-injury fund."""
        ...

    async def direct_lines(self, settlement_id: str) -> Sequence[BillLine]:
        """The lines of a direct settlement as they were judged, whatever became of it."""
        ...

    async def take_over(self, settlement: DirectSettlement, paid_fen: int, lines: Sequence[KeptLine]) -> TakenOver:
        """The medical funds settle a stay whose recognition was finally revoked. ``lines``: what somebody has paid of each."""
        ...

    async def bills_of(self, person_id: str) -> Mapping[str, BillMark]:
        """By settlement id: what claims has settled for a person and stands, as of now."""
        ...

    async def charge_back(self, clue: DoubleBill) -> ChargedBack:
        """The medical settlement falls away, because the work-injury fund has paid the same bill."""
        ...

    async def undo_charge_back(self, clue: DoubleBill) -> None:
        """The charge-back was wrong: the medical settlement stands again, what was paid in is owed to the person there."""
        ...

    async def reserve(self, transfers: Sequence[tuple[Conversion, Transfer]]) -> Sequence[Refusal | None]:
        """Reserve each transfer in its medical book, or say why not."""
        ...

    async def reserve_clearing(self, clearing: Clearing, transfer: ClearingTransfer) -> None:
        """Reserve the voucher of a pair of funds in the medical book."""
        ...

    async def post(self, transfers: Sequence[TwoPhase]) -> Sequence[Refusal | None]:
        """Post each reserved transfer, or say why not."""
        ...

    async def void(self, transfer: TwoPhase) -> None:
        """Give up a transfer that is not posted; one that was never reserved is given up already."""
        ...

    async def has_posted(self, transfer: TwoPhase) -> bool:
        """Whether the medical book has the voucher with the same amount on the opposite side of its bank account."""
        ...

    async def purse_of(self, book: Book, cut_off: date) -> Purse:
        """A medical fund's money, with everything that comes before other funds by the cut-off set aside."""
        ...

    async def owed_with_us(self, books: Sequence[Book]) -> Mapping[Book, Mutual]:
        """Per medical book: what it says it owes the work-injury fund (2202) and what that fund owes it (1121)."""
        ...


class Views(Protocol):
    """What is read without being changed, as JSON."""

    async def case(self, case_id: str) -> dict[str, Any] | None:
        """One case with its decisions and conversions."""
        ...

    async def cases(self, person_id: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Cases, newest first."""
        ...

    async def conversion(self, conversion_id: str) -> dict[str, Any] | None:
        """One conversion with transfers and payments."""
        ...

    async def conversions(
        self, *, case_id: str | None, state: str | None, person_id: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Conversions, newest first."""
        ...

    async def regions_of_cases(self, case_ids: Sequence[str]) -> set[str | None]:
        """The regions of these cases."""
        ...

    async def regions(self, conversion_ids: Sequence[str]) -> set[str | None]:
        """The regions of the cases of these conversions."""
        ...

    async def recovery(self, recovery_id: str) -> dict[str, Any] | None:
        """One debt with the money that moved on it."""
        ...

    async def recoveries(
        self,
        *,
        case_id: str | None,
        state: str | None,
        debtor: str | None,
        lapses_by: date | None,
        after: str | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Debts, newest first. ``lapses_by``: open claims against third parties that lapse by this day."""
        ...

    async def paper_claim(self, paper_claim_id: str) -> dict[str, Any] | None:
        """One paper claim with its lines."""
        ...

    async def set_off(self, set_off_id: str) -> dict[str, Any] | None:
        """What may be set off of one debt."""
        ...

    async def double_bill(self, double_bill_id: str) -> dict[str, Any] | None:
        """One clue."""
        ...

    async def double_bills(self, *, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Clues, newest first."""
        ...

    async def advance(self, advance_id: str) -> dict[str, Any] | None:
        """One application for an advance."""
        ...

    async def deduction(self, deduction_id: str) -> dict[str, Any] | None:
        """One deduction after audit."""
        ...

    async def direct_settlement(self, key: str) -> dict[str, Any] | None:
        """One direct settlement."""
        ...
