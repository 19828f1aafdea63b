"""Journals of the work-injury book, exactly as the worked examples F1, F4 and F9 of the reference print them.

Every function only arranges lines; ``shared.ledger.Entry`` refuses what does not balance. Zero amounts make no line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import (
    BANK,
    DUE_FROM_FUND,
    DUE_FROM_INSTITUTION,
    DUE_FROM_PERSON,
    DUE_TO_FUND,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
    WI_MEALS,
    WI_MEDICAL,
)
from workinjury_bridge.domain.conversion import Conversion, Figures
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.transfer import Direction, Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What every journal needs and no rule decides: its id and its day."""

    entry_id: str
    booked_on: date


def person_dim(person_id: str) -> str:
    """Dimension of a person's accounts."""
    return f"P:{person_id}"


def institution_dim(institution_code: str) -> str:
    """Dimension of an institution's accounts."""
    return f"H:{institution_code}"


def conversion_entry(conversion: Conversion, figures: Figures, stamp: Stamp, *, voucher_no: str) -> Entry:
    """B0.5, inter-fund: Dr 5001.11 E, 5001.13 meals, 1122(H) X_h / Cr 2202(f) t_f, 2203(P) refund and meals.

    A negative refund is Dr 1125(P); it is set off against the meals only when the person is paid.
    """
    person = person_dim(conversion.person_id)
    return _of_conversion(
        conversion,
        stamp,
        "conversion",
        [
            _debit(WI_MEDICAL, figures.work_injury_fen),
            _debit(WI_MEALS, figures.meals_fen),
            _debit(DUE_FROM_INSTITUTION, figures.hospital_fen, institution_dim(conversion.institution_code)),
            _debit(DUE_FROM_PERSON, max(0, -figures.refund_fen), person),
            *(_credit(DUE_TO_FUND, amount, book) for book, amount in figures.owed_by_book().items()),
            _credit(DUE_TO_PERSON, figures.payable_fen, person),
        ],
        memo="医保结算转工伤保险基金",
        voucher_no=voucher_no,
    )


def reversion_entry(conversion: Conversion, figures: Figures, original: Entry, stamp: Stamp, *, voucher_no: str) -> Entry:
    """B3, F9: Dr 1121(f) t_f, 1125(P) refund and meals / Cr 5001.11, 5001.13, 1122(H), linked to the conversion's journal.

    When the person was not paid yet, what is still owed to the person (2203) is taken back instead of a debt opened.
    """
    person = person_dim(conversion.person_id)
    unpaid = 0 if conversion.paid else figures.payable_fen
    claim = figures.refund_fen + figures.meals_fen - unpaid
    return _of_conversion(
        conversion,
        stamp,
        "contra",
        [
            *(_debit(DUE_FROM_FUND, amount, book) for book, amount in figures.owed_by_book().items()),
            _debit(DUE_TO_PERSON, unpaid, person),
            _debit(DUE_FROM_PERSON, max(0, claim), person),
            _credit(DUE_FROM_PERSON, max(0, -claim), person),
            _credit(WI_MEDICAL, figures.work_injury_fen),
            _credit(WI_MEALS, figures.meals_fen),
            _credit(DUE_FROM_INSTITUTION, figures.hospital_fen, institution_dim(conversion.institution_code)),
        ],
        memo="工伤认定撤销，恢复医保结算",
        voucher_no=voucher_no,
        reverses=original.entry_id,
    )


def transfer_entry(conversion: Conversion, transfer: Transfer, stamp: Stamp) -> Entry:
    """Our side of a transfer: out Dr 2202(f) / Cr 1003, back Dr 1003 / Cr 1121(f)."""
    if transfer.direction is Direction.OUT:
        lines = [debit(DUE_TO_FUND, transfer.amount_fen, transfer.book), credit(BANK, transfer.amount_fen)]
    else:
        lines = [debit(BANK, transfer.amount_fen), credit(DUE_FROM_FUND, transfer.amount_fen, transfer.book)]
    return _of_conversion(conversion, stamp, "transfer", lines, memo="基金间调拨", voucher_no=transfer.voucher_no)


def set_off_entry(conversion: Conversion, amount_fen: int, stamp: Stamp, *, voucher_no: str) -> Entry:
    """A debt of the person met from what the same book owes the same person (B0.5 set-off): Dr 2203 / Cr 1125."""
    person = person_dim(conversion.person_id)
    return _of_conversion(
        conversion,
        stamp,
        "set-off",
        [debit(DUE_TO_PERSON, amount_fen, person), credit(DUE_FROM_PERSON, amount_fen, person)],
        memo="抵扣应收个人款",
        voucher_no=voucher_no,
    )


def payment_entry(conversion: Conversion, amount_fen: int, stamp: Stamp, *, voucher_no: str) -> Entry:
    """The person is paid: Dr 2203 / Cr 1003."""
    person = person_dim(conversion.person_id)
    return _of_conversion(
        conversion,
        stamp,
        "payment",
        [debit(DUE_TO_PERSON, amount_fen, person), credit(BANK, amount_fen)],
        memo="支付个人",
        voucher_no=voucher_no,
    )


def direct_entry(settlement: DirectSettlement, settlement_id: str, stamp: Stamp, *, voucher_no: str) -> Entry:
    """B4: Dr 5001.11 E / Cr 2201(H) E. The person pays X_p at the hospital, X_h is not collected."""
    amount = settlement.version.work_injury_fen
    return _of_direct(
        settlement,
        settlement_id,
        stamp,
        "settlement",
        [debit(WI_MEDICAL, amount), credit(DUE_TO_INSTITUTION, amount, institution_dim(settlement.institution_code))],
        memo="工伤医疗直接结算",
        voucher_no=voucher_no,
    )


def direct_meals_entry(settlement: DirectSettlement, settlement_id: str, stamp: Stamp, *, voucher_no: str) -> Entry:
    """The allowance of a directly settled stay becomes due: Dr 5001.13 / Cr 2203(P)."""
    amount = settlement.meals_fen
    return _of_direct(
        settlement,
        settlement_id,
        stamp,
        "benefit",
        [debit(WI_MEALS, amount), credit(DUE_TO_PERSON, amount, person_dim(settlement.person_id))],
        memo="住院伙食补助费",
        voucher_no=voucher_no,
    )


def direct_meals_payment_entry(settlement: DirectSettlement, settlement_id: str, stamp: Stamp, *, voucher_no: str) -> Entry:
    """The allowance is paid: Dr 2203(P) / Cr 1003."""
    amount = settlement.meals_fen
    return _of_direct(
        settlement,
        settlement_id,
        stamp,
        "payment",
        [debit(DUE_TO_PERSON, amount, person_dim(settlement.person_id)), credit(BANK, amount)],
        memo="支付住院伙食补助费",
        voucher_no=voucher_no,
    )


def direct_meals_recovery_entry(
    settlement: DirectSettlement, settlement_id: str, stamp: Stamp, *, voucher_no: str, reverses: str
) -> Entry:
    """The stay was reversed after its allowance was paid: Dr 1125(P) / Cr 5001.13."""
    amount = settlement.meals_fen
    return _of_direct(
        settlement,
        settlement_id,
        stamp,
        "recovery",
        [debit(DUE_FROM_PERSON, amount, person_dim(settlement.person_id)), credit(WI_MEALS, amount)],
        memo="结算撤销，追回住院伙食补助费",
        voucher_no=voucher_no,
        reverses=reverses,
    )


def _debit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return debit(account, amount_fen, dim) if amount_fen else None


def _credit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return credit(account, amount_fen, dim) if amount_fen else None


def _of_conversion(
    conversion: Conversion,
    stamp: Stamp,
    kind: str,
    lines: Iterable[Line | None],
    *,
    memo: str,
    voucher_no: str,
    reverses: str | None = None,
) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(line for line in lines if line is not None),
        memo=memo,
        person_id=conversion.person_id,
        settlement_id=conversion.settlement_id,
        case_id=conversion.case_id,
        conversion_id=conversion.conversion_id,
        decision_version=conversion.decision_version,
        voucher_no=voucher_no,
        maker=conversion.maker or "system",
        checker=conversion.checker,
        reverses=reverses,
    )


def _of_direct(
    settlement: DirectSettlement,
    settlement_id: str,
    stamp: Stamp,
    kind: str,
    lines: Iterable[Line],
    *,
    memo: str,
    voucher_no: str,
    reverses: str | None = None,
) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(lines),
        memo=memo,
        person_id=settlement.person_id,
        settlement_id=settlement_id,
        case_id=settlement.case_id,
        decision_version=settlement.decision_version,
        voucher_no=voucher_no,
        reverses=reverses,
    )
