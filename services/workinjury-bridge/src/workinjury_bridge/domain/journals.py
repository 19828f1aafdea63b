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
    """What a journal needs and no rule decides: its id, its day, the number of its voucher."""

    entry_id: str
    booked_on: date
    voucher_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Whom and what a journal is about, and who answers for it (B0.4: every journal names them)."""

    person_id: str
    case_id: str
    decision_version: int
    institution_code: str = ""
    settlement_id: str | None = None
    """None for a benefit that belongs to no stay."""
    conversion_id: str | None = None
    maker: str = "system"
    checker: str | None = None
    payee: str | None = None
    """Dimension of what is payable when the person is not the payee: heirs, or a dependant."""

    @property
    def payable_dim(self) -> str:
        """Dimension of 2203."""
        return self.payee or person_dim(self.person_id)


def about_conversion(conversion: Conversion) -> Concern:
    """The concern of a conversion's journals."""
    return Concern(
        person_id=conversion.person_id,
        institution_code=conversion.institution_code,
        case_id=conversion.case_id,
        settlement_id=conversion.settlement_id,
        decision_version=conversion.decision_version,
        conversion_id=conversion.conversion_id,
        maker=conversion.maker or "system",
        checker=conversion.checker,
    )


def about_direct(settlement: DirectSettlement) -> Concern:
    """The concern of a direct settlement's journals. ValueError before claims has settled it."""
    if settlement.settlement_id is None:
        raise ValueError(f"{settlement.key} is not posted")
    return Concern(
        person_id=settlement.person_id,
        institution_code=settlement.institution_code,
        case_id=settlement.case_id,
        settlement_id=settlement.settlement_id,
        decision_version=settlement.decision_version,
    )


def person_dim(person_id: str) -> str:
    """Dimension of a person's accounts."""
    return f"P:{person_id}"


def institution_dim(institution_code: str) -> str:
    """Dimension of an institution's accounts."""
    return f"H:{institution_code}"


def conversion_entry(concern: Concern, figures: Figures, stamp: Stamp) -> Entry:
    """B0.5, inter-fund: Dr 5001.11 E, 5001.13 meals, 1122(H) X_h / Cr 2202(f) t_f, 2203(P) refund and meals.

    A negative refund is Dr 1125(P); it is set off against the meals only when the person is paid.
    """
    person = person_dim(concern.person_id)
    lines = (
        _debit(WI_MEDICAL, figures.work_injury_fen),
        _debit(WI_MEALS, figures.meals_fen),
        _debit(DUE_FROM_INSTITUTION, figures.hospital_fen, institution_dim(concern.institution_code)),
        _debit(DUE_FROM_PERSON, max(0, -figures.refund_fen), person),
        *(_credit(DUE_TO_FUND, amount, book) for book, amount in figures.owed_by_book().items()),
        _credit(DUE_TO_PERSON, figures.payable_fen, concern.payable_dim),
    )
    return _entry(concern, stamp, "conversion", lines, memo="医保结算转工伤保险基金")


def reversion_entry(concern: Concern, figures: Figures, stamp: Stamp, *, paid: bool, reverses: str) -> Entry:
    """B3, F9: Dr 1121(f) t_f, 1125(P) refund and meals / Cr 5001.11, 5001.13, 1122(H), linked to the conversion's journal.

    When the person was not ``paid`` yet, what is still owed to the person (2203) is taken back instead of a debt opened.
    """
    person = person_dim(concern.person_id)
    unpaid = 0 if paid else figures.payable_fen
    claim = figures.refund_fen + figures.meals_fen - unpaid
    lines = (
        *(_debit(DUE_FROM_FUND, amount, book) for book, amount in figures.owed_by_book().items()),
        _debit(DUE_TO_PERSON, unpaid, concern.payable_dim),
        _debit(DUE_FROM_PERSON, max(0, claim), person),
        _credit(DUE_FROM_PERSON, max(0, -claim), person),
        _credit(WI_MEDICAL, figures.work_injury_fen),
        _credit(WI_MEALS, figures.meals_fen),
        _credit(DUE_FROM_INSTITUTION, figures.hospital_fen, institution_dim(concern.institution_code)),
    )
    return _entry(concern, stamp, "contra", lines, memo="工伤认定撤销，恢复医保结算", reverses=reverses)


def transfer_entry(concern: Concern, transfer: Transfer, stamp: Stamp) -> Entry:
    """Our side of a transfer: out Dr 2202(f) / Cr 1003, back Dr 1003 / Cr 1121(f)."""
    amount = transfer.amount_fen
    if transfer.direction is Direction.OUT:
        lines = (debit(DUE_TO_FUND, amount, transfer.book), credit(BANK, amount))
    else:
        lines = (debit(BANK, amount), credit(DUE_FROM_FUND, amount, transfer.book))
    return _entry(concern, stamp, "transfer", lines, memo="基金间调拨")


def set_off_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """A debt of the person met from what the same book owes the same person (B0.5 set-off): Dr 2203 / Cr 1125."""
    person = person_dim(concern.person_id)
    lines = (debit(DUE_TO_PERSON, amount_fen, concern.payable_dim), credit(DUE_FROM_PERSON, amount_fen, person))
    return _entry(concern, stamp, "set-off", lines, memo="抵扣应收个人款")


def payment_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """The person is paid: Dr 2203 / Cr 1003."""
    lines = (debit(DUE_TO_PERSON, amount_fen, concern.payable_dim), credit(BANK, amount_fen))
    return _entry(concern, stamp, "payment", lines, memo="支付个人")


def direct_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """B4: Dr 5001.11 E / Cr 2201(H) E. The person pays X_p at the hospital, X_h is not collected."""
    lines = (
        debit(WI_MEDICAL, amount_fen),
        credit(DUE_TO_INSTITUTION, amount_fen, institution_dim(concern.institution_code)),
    )
    return _entry(concern, stamp, "settlement", lines, memo="工伤医疗直接结算")


def meals_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """The allowance of a directly settled stay becomes due: Dr 5001.13 / Cr 2203(P)."""
    lines = (debit(WI_MEALS, amount_fen), credit(DUE_TO_PERSON, amount_fen, concern.payable_dim))
    return _entry(concern, stamp, "benefit", lines, memo="住院伙食补助费")


def meals_recovery_entry(concern: Concern, amount_fen: int, stamp: Stamp, *, reverses: str) -> Entry:
    """The stay was reversed after its allowance was paid: Dr 1125(P) / Cr 5001.13."""
    lines = (debit(DUE_FROM_PERSON, amount_fen, person_dim(concern.person_id)), credit(WI_MEALS, amount_fen))
    return _entry(concern, stamp, "recovery", lines, memo="结算撤销，追回住院伙食补助费", reverses=reverses)


def _debit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return debit(account, amount_fen, dim) if amount_fen else None


def _credit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return credit(account, amount_fen, dim) if amount_fen else None


def _entry(
    concern: Concern, stamp: Stamp, kind: str, lines: Iterable[Line | None], *, memo: str, reverses: str | None = None
) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(line for line in lines if line is not None),
        memo=memo,
        person_id=concern.person_id,
        settlement_id=concern.settlement_id,
        case_id=concern.case_id,
        conversion_id=concern.conversion_id,
        decision_version=concern.decision_version,
        voucher_no=stamp.voucher_no,
        maker=concern.maker,
        checker=concern.checker,
        reverses=reverses,
    )
