"""What must hold for every conversion and every stay settled directly, checked against its journals (reference B15). Used by the nightly check and by tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shared.ledger import Book, Entry
from shared.ledger.books import (
    DUE_FROM_FUND,
    DUE_FROM_INSTITUTION,
    DUE_TO_EMPLOYER,
    DUE_TO_FUND,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
    WI_MEALS,
    WI_MEDICAL,
)
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.conversion import WAITING, Conversion, ConversionState
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.out_of_area.journals import costs_of
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, RemoteStay
from workinjury_bridge.domain.party import receivable
from workinjury_bridge.domain.recognition import Decision
from workinjury_bridge.domain.recovery import Cause, Recovery, RecoveryState
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

_Expect = Callable[[str, bool, str], None]
_BOOKED_THROUGH = (TransferState.COMMITTED, TransferState.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One invariant that does not hold."""

    rule: str
    """Number in B15."""
    subject_id: str
    problem: str


def breaches_of(
    conversion: Conversion,
    transfers: Sequence[Transfer],
    entries: Sequence[Entry],
    effective: Decision | None,
    debts: Sequence[Recovery] = (),
    dues: Sequence[InterfundDue] = (),
) -> list[Breach]:
    """Everything wrong with one conversion, its transfers, journals and debts. ``effective``: the case's granted decision now.

    ``dues``: what the month's clearing settles for it, under vouchers that name no conversion.
    """
    found: list[Breach] = []

    def expect(rule: str, holds: bool, problem: str) -> None:
        if not holds:
            found.append(Breach(rule=rule, subject_id=conversion.conversion_id, problem=problem))

    state, figures = conversion.state, conversion.figures
    expect("1", all(e.book is Book.WI for e in entries), "a journal in a foreign book")
    if figures is not None:
        expect("4", figures.close, "E + X_h is not owed + refund")
        expect("4", _unsplit(figures) == figures.total_fen, "T is not E + X_p + X_h + N")
        kept = sum(line.amount_fen for line in figures.keep_lines)
        expect("7", kept == figures.unrelated_fen, "a part of a line is in two versions, or in none")
    for debt in debts:
        expect("9", debt.open_fen >= 0, f"{debt.debtor} owes less than nothing")
    if state in WAITING or state is ConversionState.FAILED:
        expect("14", not entries, "booked without approval")
        return found
    expect("16", conversion.maker is not None and conversion.checker not in (None, conversion.maker), "not two pairs of eyes")
    expect("16", conversion.approver not in (conversion.maker, conversion.checker), "the third pair of eyes is one of the two")
    if not conversion.revoked:
        in_force = effective is not None and effective.decision_id == conversion.decision_id
        expect("14", in_force, "booked without an effective recognition")
    if figures is None:
        expect("4", False, "booked without figures")
        return found
    booked = _Balances(entries)
    set_off = _Balances(e for e in entries if e.kind == "set-off")
    crossed = _Balances(e for e in entries if e.kind == "fund-set-off")
    _expect_books(expect, conversion, figures, transfers, booked, set_off, crossed, debts, dues)
    vouchers = [t.voucher_no for t in transfers]
    expect("3", len(set(vouchers)) == len(vouchers), "a voucher number for two transfers")
    for transfer in transfers:
        times = sum(1 for e in entries if e.voucher_no == transfer.voucher_no)
        expect("3", times == int(transfer.state in _BOOKED_THROUGH), f"voucher {transfer.voucher_no} booked {times} times")
    return found


def breaches_of_direct(
    settlement: DirectSettlement,
    entries: Sequence[Entry],
    cut_fen: int,
    effective: Decision | None,
    debts: Sequence[Recovery],
) -> list[Breach]:
    """What is wrong with one direct settlement: its cost in the book, and after a final revocation that the person owes what no medical fund owes (B3, B4).

    ``cut_fen``: what audits have cut of it and stands. ``effective``: the case's granted decision now.
    """
    state, booked = settlement.state, _Balances(entries)
    posted = state is DirectState.POSTED
    borne = posted or state is DirectState.REVERTING
    meals = settlement.meals_fen if posted or (borne and settlement.meals_paid) else 0
    cost = settlement.version.work_injury_fen - cut_fen
    owed = sum(debt.advanced_fen - debt.moved_fen for debt in debts if debt.cause is Cause.REVOKED)
    asked = cost + (settlement.meals_fen if settlement.meals_paid else 0) - settlement.medical_fen
    kept, version = sum(line.amount_fen for line in settlement.keep_lines), settlement.version
    settled = posted or state is DirectState.REVOKED
    halves = not settled or bool(version.unrelated_fen) == (settlement.medical_settlement_id is not None)
    holds = (
        ("7", kept == version.unrelated_fen, "a part of a line is in two versions, or in none"),
        ("7", halves, "what is no work injury is settled with no fund"),
        ("14", not posted or effective is not None, "borne without an effective recognition"),
        ("5", booked.of(WI_MEDICAL) == (cost if borne else 0), "cost of treatment in the book"),
        ("5", booked.of(WI_MEALS) == meals, "cost of meals in the book"),
        ("9", state is not DirectState.REVOKED or owed == asked, "what the person was asked for"),
    )
    return [Breach(rule=rule, subject_id=settlement.key, problem=problem) for rule, held, problem in holds if not held]


def breaches_of_stay(stay: RemoteStay, entries: Sequence[Entry], debts: Sequence[Recovery]) -> list[Breach]:
    """What is wrong with one stay elsewhere: what it cost, and after a final revocation that the person owes it (B3, B8)."""
    (account,) = costs_of(stay)
    borne = stay.state in (RemoteState.RECEIVED, RemoteState.AUDITED, RemoteState.CLEARED) and not stay.owed_back
    owed = sum(debt.advanced_fen for debt in debts)
    holds = (
        ("5", _Balances(entries).of(account) == (stay.payable_fen if borne else 0), "cost of the stay in the book"),
        ("9", owed == (stay.payable_fen if stay.owed_back else 0), "what the person was asked for"),
    )
    return [Breach(rule=rule, subject_id=stay.stay_id, problem=problem) for rule, held, problem in holds if not held]


def _expect_books(
    expect: _Expect,
    conversion: Conversion,
    figures: Figures,
    transfers: Sequence[Transfer],
    booked: _Balances,
    set_off: _Balances,
    crossed: _Balances,
    debts: Sequence[Recovery],
    dues: Sequence[InterfundDue],
) -> None:
    turned = conversion.restored
    ours = [debt for debt in debts if debt.book is Book.WI]
    cost, meals = figures.expense_fen, figures.meals_expense_fen
    # liability is booked outside the conversion's journals, its reversal inside
    expensed = sum(debt.expensed_fen for debt in ours)
    expect("5", booked.of(WI_MEDICAL) == (-expensed if turned else cost), "cost of treatment in the book")
    expect("5", booked.of(WI_MEALS) == (0 if turned else meals), "cost of meals in the book")
    due = max(0, figures.hospital_due_fen)
    expect("6", booked.of(DUE_FROM_INSTITUTION) == (due if turned else figures.claim_on_hospital_fen), "claim on the hospital")
    unpaid = 0 if conversion.paid or turned else figures.payable_fen
    if turned and conversion.state is ConversionState.REVERTING:
        # what came in on debts that are no more is paid back when the funds have their money
        unpaid = sum(debt.recovered_fen for debt in ours if debt.state is RecoveryState.REVERSED)
    expect("6", booked.of(DUE_TO_PERSON) + booked.of(DUE_TO_EMPLOYER) == -unpaid, "debt to the payer and the person")
    for who, amount in figures.advances.items() if not turned else ():
        # the debtor may be the payer of record too: what it gets back is set off against what it owes
        advanced = booked.of(receivable(who), who) - set_off.of(receivable(who), who)
        expect("9", advanced == amount, f"advance to {who} in the book")
    netted = 0
    for book, amount in figures.owed_by_book().items():
        out = _moved(transfers, book, Direction.OUT)
        back = _moved(transfers, book, Direction.BACK)
        through = 0 if book in conversion.netted else amount
        netted += amount - through
        expect("2", booked.of(DUE_TO_FUND, book) - crossed.of(DUE_TO_FUND, book) == out - through, f"debt to {book}")
        expect("2", booked.of(DUE_FROM_FUND, book) == (amount - back if turned else 0), f"claim on {book}")
        if conversion.state in (ConversionState.SETTLED, ConversionState.REVERTING, ConversionState.REVERTED):
            expect("6", out + _cleared(dues, Book.WI, book) == through, f"{book} did not get what it paid")
        if conversion.state is ConversionState.REVERTED:
            expect("6", back + _cleared(dues, book, Book.WI) == amount, f"{book} did not give back what it got")
    expect("6", booked.of(DUE_TO_INSTITUTION) == -netted - due, "debt to the hospital taken over, or beyond a package price")


class _Balances:
    """Debit minus credit per account, and per account and dimension."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._sums: dict[tuple[str, str | None], int] = {}
        for line in (line for entry in entries for line in entry.lines):
            for key in ((line.account, None), (line.account, line.dim)):
                self._sums[key] = self._sums.get(key, 0) + line.debit_fen - line.credit_fen

    def of(self, account: str, dim: str | None = None) -> int:
        return self._sums.get((account, dim), 0)


def _moved(transfers: Iterable[Transfer], book: Book, direction: Direction) -> int:
    return sum(t.amount_fen for t in transfers if t.book is book and t.direction is direction and t.state in _BOOKED_THROUGH)


def _cleared(dues: Iterable[InterfundDue], payer: Book, payee: Book) -> int:
    return sum(due.confirmed_fen for due in dues if (due.payer, due.payee) == (payer, payee))


def _unsplit(figures: Figures) -> int:
    return figures.work_injury_fen + figures.person_fen + figures.hospital_fen + figures.unrelated_fen
