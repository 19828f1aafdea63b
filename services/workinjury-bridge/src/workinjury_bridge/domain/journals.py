"""Journals of the work-injury book, exactly as the worked examples (section F) of the reference print them.

Every function only arranges lines; ``shared.ledger.Entry`` refuses what does not balance. Zero amounts make no line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import (
    BANK,
    DUE_FROM_FUND,
    DUE_FROM_INSTITUTION,
    DUE_FROM_PERSON,
    DUE_FROM_THIRD_PARTY,
    DUE_TO_FUND,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
    FISCAL_ACCOUNT,
    OTHER_INCOME,
    WI_MEALS,
    WI_MEDICAL,
    WRITTEN_OFF,
)
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.audit_share import Shared
from workinjury_bridge.domain.clearing import ClearingTransfer, InstitutionDue
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.paper_claim import PaperClaim
from workinjury_bridge.domain.party import is_employer, is_third_party, payable, person, receivable
from workinjury_bridge.domain.recovery import Recovery
from workinjury_bridge.domain.relief import Relief
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who answers for a journal."""

    maker: str
    checker: str | None = None


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


def about_papers(claim: PaperClaim) -> Concern:
    """The concern of a paper claim's journals."""
    return Concern(
        person_id=claim.person_id,
        institution_code=claim.institution_code,
        case_id=claim.case_id,
        decision_version=claim.decision_version,
        maker=claim.maker,
        checker=claim.checker,
    )


def person_dim(person_id: str) -> str:
    """Dimension of a person's accounts."""
    return person(person_id)


def institution_dim(institution_code: str) -> str:
    """Dimension of an institution's accounts."""
    return f"H:{institution_code}"


def conversion_entry(concern: Concern, figures: Figures, stamp: Stamp, netted: Sequence[str] = ()) -> Entry:
    """B0.5: Dr 5001.11 cost, 5001.13 meals, 1122(H) X_h / Cr 2202(f) or, for netted books, 2201(H), 2203 or 2204 refund, 2203 meals.

    What the fund only advances is Dr 1124(T), or with the allowance Dr 1123(E), instead of expenditure (B6, B7). A negative refund
    is Dr 1125(P); it is set off against the meals only when the person is paid. What the hospital bore of a package price is
    Cr 2201(H); what it took beyond a bill that an audit has cut since is Dr 1122(H) (B0.5).
    """
    institution = institution_dim(concern.institution_code)
    owed = figures.owed_by_book()
    netted_fen = sum(amount for book, amount in owed.items() if book in netted)
    lines = (
        _debit(WI_MEDICAL, figures.expense_fen),
        _debit(WI_MEALS, figures.meals_expense_fen),
        *(_debit(receivable(who), amount, who) for who, amount in figures.advances.items()),
        _debit(DUE_FROM_INSTITUTION, figures.claim_on_hospital_fen, institution),
        _debit(DUE_FROM_PERSON, max(0, -figures.fund_refund_fen), person_dim(concern.person_id)),
        *(_credit(DUE_TO_FUND, amount, book) for book, amount in owed.items() if book not in netted),
        _credit(DUE_TO_INSTITUTION, netted_fen + max(0, figures.hospital_due_fen), institution),
        *_payable_lines(concern, figures),
    )
    return _entry(concern, stamp, "conversion", lines, memo="医保结算转工伤保险基金")


def reversion_entry(
    concern: Concern, figures: Figures, stamp: Stamp, *, paid: bool, reverses: str, debts: Sequence[Recovery] = ()
) -> Entry:
    """B3, F9: Dr 1121(f) t_f, 1125(P) refund and meals / Cr 5001.11, 5001.13, 1122(H), linked to the conversion's journal.

    What the hospital got beyond a package price it gives back, Dr 1122(H).

    What was not ``paid`` yet is taken back from 2203 or 2204 instead of a debt opened. ``debts``: what the conversion has made
    somebody owe this book; the open part falls away, what was paid in is owed to whom it came from, for a third party to the person.
    """
    institution = institution_dim(concern.institution_code)
    hospital = figures.hospital_fen + figures.overpaid_fen - figures.hospital_due_fen
    back = [
        (receivable(who), who, amount) if paid else (payable(who), _paid_to(concern, who), amount)
        for _, who, amount in figures.payables
    ]
    lines = (
        *(_debit(DUE_FROM_FUND, amount, book) for book, amount in figures.owed_by_book().items()),
        *_merged(back, debit),
        _debit(DUE_FROM_INSTITUTION, max(0, -hospital), institution),
        *(_credit(receivable(d.debtor), d.open_fen, d.debtor) for d in debts),
        *(_credit(payable(d.debtor), d.recovered_fen, _paid_to(concern, _giver(d, concern))) for d in debts),
        _credit(WRITTEN_OFF, sum(d.written_off_fen for d in debts)),
        _credit(WI_MEDICAL, figures.expense_fen + sum(d.expensed_fen for d in debts)),
        _credit(WI_MEALS, figures.meals_expense_fen),
        _credit(DUE_FROM_INSTITUTION, max(0, hospital), institution),
    )
    return _entry(concern, stamp, "contra", lines, memo="工伤认定撤销，恢复医保结算", reverses=reverses)


def _giver(debt: Recovery, concern: Concern) -> str:
    """To whom belongs what came in on a debt that is no more; a third party's money is the person's."""
    return person_dim(concern.person_id) if is_third_party(debt.debtor) else debt.debtor


def recovery_entry(debt: Recovery, kind: str, lines: Iterable[Line], stamp: Stamp, memo: str, hands: Hands) -> Entry:
    """A journal about a debt. It names no conversion: what a conversion has booked stays readable by itself."""
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(lines),
        memo=memo,
        person_id=debt.person_id,
        settlement_id=debt.settlement_id,
        case_id=debt.case_id,
        decision_version=debt.decision_version,
        voucher_no=stamp.voucher_no,
        maker=hands.maker,
        checker=hands.checker,
    )


def receipt_lines(debt: Recovery, amount_fen: int, interest_fen: int) -> list[Line]:
    """Money came in: Dr 1003 / Cr 1123, 1124 or 1125, Cr 4007 interest and costs (F7)."""
    lines = [debit(BANK, amount_fen + interest_fen), credit(receivable(debt.debtor), amount_fen, debt.debtor)]
    return [*lines, credit(OTHER_INCOME, interest_fen)] if interest_fen else lines


def write_off_lines(debt: Recovery, amount_fen: int) -> list[Line]:
    """Given up with approval: Dr 5001.30 / Cr receivable."""
    return [debit(WRITTEN_OFF, amount_fen), credit(receivable(debt.debtor), amount_fen, debt.debtor)]


def liability_lines(before: Recovery, after: Recovery) -> list[Line]:
    """B6, F6: what the third party does not owe is expense, Dr 5001.11 / Cr 1124; an unknown one is named, Dr 1124(T) / Cr 1124.

    What an uninsured employer owes instead is booked by ``debtor_change_lines``.
    """
    rest = after.expensed_fen - before.expensed_fen
    lines = [debit(WI_MEDICAL, rest), credit(DUE_FROM_THIRD_PARTY, rest, before.debtor)] if rest else []
    if after.debtor != before.debtor and after.open_fen:
        left = after.open_fen
        lines += [debit(DUE_FROM_THIRD_PARTY, left, after.debtor), credit(DUE_FROM_THIRD_PARTY, left, before.debtor)]
    return lines


def debtor_change_lines(debt: Recovery, amount_fen: int, new_debtor: str) -> list[Line]:
    """B6, B7: the person got the money from the debtor, Dr 1125(P) / Cr 1124(T) or 1123(E); an uninsured employer owes what the
    third party does not, Dr 1123(E) / Cr 1124(T)."""
    return [
        debit(receivable(new_debtor), amount_fen, new_debtor),
        credit(receivable(debt.debtor), amount_fen, debt.debtor),
    ]


def relief_lines(relief: Relief) -> list[Line]:
    """What falls away of debts: Cr 112x what was open per debtor, 5001.30 what was given up, 2203 or 2204 what came in and is owed back."""
    given_up = [credit(WRITTEN_OFF, relief.written_off_fen)] if relief.written_off_fen else []
    still_open = [credit(receivable(who), amount, who) for who, amount in relief.open]
    return [*still_open, *given_up, *(credit(payable(who), amount, who) for who, amount in relief.paid_in)]


def deduction_entry(deduction: AuditDeduction, shared: Shared, stamp: Stamp, *, back: bool = False) -> Entry:
    """B12, F4: Dr 1122(H) / Cr 5001.11, or for an advance Cr 1124(T), 1123(E), and 2203, 2204, 5001.30 what was no longer open.

    ``back``: the contra journal of a withdrawn one.
    """
    hospital = institution_dim(deduction.institution_code)
    amount = deduction.amount_fen
    if back:
        owed = (debit(receivable(who), n, who) for who, n in shared.relief.open)
        lines = [_debit(WI_MEDICAL, shared.expense_fen), *owed, credit(DUE_FROM_INSTITUTION, amount, hospital)]
    else:
        lines = [
            debit(DUE_FROM_INSTITUTION, amount, hospital),
            _credit(WI_MEDICAL, shared.expense_fen),
            *relief_lines(shared.relief),
        ]
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind="contra" if back else "deduction",
        lines=tuple(line for line in lines if line is not None),
        memo="审核扣款撤回" if back else f"审核扣款：{deduction.reason}"[:200],
        person_id=deduction.person_id,
        settlement_id=deduction.settlement_id,
        case_id=deduction.case_id,
        decision_version=deduction.decision_version,
        voucher_no=stamp.voucher_no,
        maker=deduction.maker,
        checker=deduction.checker,
        reverses=deduction.entry_id if back else None,
    )


def transfer_entry(concern: Concern, transfer: Transfer, stamp: Stamp) -> Entry:
    """Our side of a transfer: out Dr 2202(f) / Cr 1003, back Dr 1003 / Cr 1121(f)."""
    amount = transfer.amount_fen
    if transfer.direction is Direction.OUT:
        lines = (debit(DUE_TO_FUND, amount, transfer.book), credit(BANK, amount))
    else:
        lines = (debit(BANK, amount), credit(DUE_FROM_FUND, amount, transfer.book))
    return _entry(concern, stamp, "transfer", lines, memo="基金间调拨")


def clearing_transfer_entry(transfer: ClearingTransfer, stamp: Stamp, hands: Hands) -> Entry:
    """Our side of a pair's voucher of the month (F12): out Dr 2202(f) / Cr 1003, back Dr 1003 / Cr 1121(f)."""
    amount = transfer.amount_fen
    out = (debit(DUE_TO_FUND, amount, transfer.book), credit(BANK, amount))
    back = (debit(BANK, amount), credit(DUE_FROM_FUND, amount, transfer.book))
    return _fund_entry("transfer", out if transfer.direction is Direction.OUT else back, stamp, hands, "基金间月末清算")


def institution_clearing_entry(due: InstitutionDue, stamp: Stamp, hands: Hands) -> Entry:
    """An institution's month (F4): Dr 2201(H) / Cr 1122(H) for the set-off, Cr 1003 for the rest."""
    hospital = institution_dim(due.institution_code)
    lines = (
        debit(DUE_TO_INSTITUTION, due.owed_fen, hospital),
        _credit(DUE_FROM_INSTITUTION, due.offset_fen, hospital),
        _credit(BANK, due.pay_fen),
    )
    return _fund_entry("clearing", lines, stamp, hands, "医疗机构月结算")


def replenishment_entry(amount_fen: int, stamp: Stamp, hands: Hands, memo: str) -> Entry:
    """The fiscal account fills the payment account (B13): Dr 1003 / Cr 1004."""
    lines = (debit(BANK, amount_fen), credit(FISCAL_ACCOUNT, amount_fen))
    return _fund_entry("replenishment", lines, stamp, hands, memo)


def set_off_entry(concern: Concern, who: str, debtor: str, amount_fen: int, stamp: Stamp) -> Entry:
    """A debt met from what the same book owes (B0.5 set-off): Dr 2203 / Cr 1125, or Dr 2204 / Cr 1123.

    ``who`` is paid and ``debtor`` owes: one and the same, or heirs and the estate.
    """
    lines = (debit(payable(who), amount_fen, who), credit(receivable(debtor), amount_fen, debtor))
    return _entry(concern, stamp, "set-off", lines, memo="抵扣应收款")


def fund_set_off_entry(concern: Concern, who: str, book: Book, amount_fen: int, stamp: Stamp, hands: Hands) -> Entry:
    """A debt to a medical fund is met from what this book owes the person: Dr 2203(P) / Cr 2202(f) (B10)."""
    lines = (debit(DUE_TO_PERSON, amount_fen, who), credit(DUE_TO_FUND, amount_fen, book))
    entry = _entry(concern, stamp, "fund-set-off", lines, memo="经本人同意或依决定抵扣医保基金应收款")
    return replace(entry, maker=hands.maker, checker=hands.checker)


def payment_entry(concern: Concern, who: str, amount_fen: int, stamp: Stamp) -> Entry:
    """A party is paid: Dr 2203 or 2204 / Cr 1003."""
    lines = (debit(payable(who), amount_fen, who), credit(BANK, amount_fen))
    return _entry(concern, stamp, "payment", lines, memo="支付用人单位" if is_employer(who) else "支付个人")


def direct_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """B4: Dr 5001.11 E / Cr 2201(H) E. The person pays X_p at the hospital, X_h is not collected."""
    lines = (
        debit(WI_MEDICAL, amount_fen),
        credit(DUE_TO_INSTITUTION, amount_fen, institution_dim(concern.institution_code)),
    )
    return _entry(concern, stamp, "settlement", lines, memo="工伤医疗直接结算")


def paper_entry(concern: Concern, claim: PaperClaim, stamp: Stamp) -> Entry:
    """A bill that the person has paid in cash: Dr 5001.11 E, 5001.13 meals / Cr 2203(P) (F11)."""
    lines = (
        _debit(WI_MEDICAL, claim.version.work_injury_fen),
        _debit(WI_MEALS, claim.meals_fen),
        _credit(DUE_TO_PERSON, claim.version.work_injury_fen + claim.meals_fen, concern.payable_dim),
    )
    return _entry(concern, stamp, "paper-claim", lines, memo="工伤医疗费手工报销")


def ask_back_entry(
    concern: Concern, costs: Mapping[str, int], stamp: Stamp, kind: str, memo: str, unpaid_fen: int = 0
) -> Entry:
    """The recognition was revoked after the fund had paid: Dr 1125(P), 2203 for what nobody got / Cr 5001.11, 5001.13 or what else
    it cost (B3)."""
    lines = (
        _debit(DUE_TO_PERSON, unpaid_fen, concern.payable_dim),
        _debit(DUE_FROM_PERSON, sum(costs.values()) - unpaid_fen, person_dim(concern.person_id)),
        *(_credit(account, amount) for account, amount in costs.items()),
    )
    return _entry(concern, stamp, kind, lines, memo=memo)


def taken_over_entry(concern: Concern, owed: Mapping[Book, int], costs: Mapping[str, int], stamp: Stamp) -> Entry:
    """The medical funds take a revoked stay over: Dr 1121(f) ``owed``, 1125(P) the rest / Cr each account of ``costs`` (B3)."""
    lines = (
        *(debit(DUE_FROM_FUND, amount, book) for book, amount in owed.items()),
        _debit(DUE_FROM_PERSON, sum(costs.values()) - sum(owed.values()), person_dim(concern.person_id)),
        *(_credit(account, amount) for account, amount in costs.items()),
    )
    return _entry(concern, stamp, "recovery", lines, memo="工伤认定撤销，医保基金承担部分转为基金间应收")


def owed_by_hospital_entry(concern: Concern, amount_fen: int, cut_fen: int, debts: Sequence[Recovery], stamp: Stamp) -> Entry:
    """The hospital takes back a settlement that the person was asked for: Dr 2201(H) E / Cr 5001.11 what an audit had cut, 1125(P).

    ``debts``: what of each falls away; what the person has paid in on it is owed back, Cr 2203, what was given up comes in, Cr 5001.30.
    """
    left = amount_fen - cut_fen
    open_ = min(left, sum(debt.open_fen for debt in debts))
    paid_in = min(left - open_, sum(debt.recovered_fen for debt in debts))
    lines = (
        debit(DUE_TO_INSTITUTION, amount_fen, institution_dim(concern.institution_code)),
        _credit(WI_MEDICAL, cut_fen),
        _credit(DUE_FROM_PERSON, open_, person_dim(concern.person_id)),
        _credit(DUE_TO_PERSON, paid_in, concern.payable_dim),
        _credit(WRITTEN_OFF, left - open_ - paid_in),
    )
    return _entry(concern, stamp, "reversal", lines, memo="工伤直接结算撤销，冲减追偿")


def meals_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """The allowance of a directly settled stay becomes due: Dr 5001.13 / Cr 2203(P)."""
    lines = (debit(WI_MEALS, amount_fen), credit(DUE_TO_PERSON, amount_fen, concern.payable_dim))
    return _entry(concern, stamp, "benefit", lines, memo="住院伙食补助费")


def meals_withdrawal_entry(concern: Concern, amount_fen: int, stamp: Stamp, *, reverses: str) -> Entry:
    """The recognition was revoked before the allowance was paid: Dr 2203(P) / Cr 5001.13 (B3)."""
    lines = (debit(DUE_TO_PERSON, amount_fen, concern.payable_dim), credit(WI_MEALS, amount_fen))
    return _entry(concern, stamp, "contra", lines, memo="工伤认定撤销，冲销住院伙食补助费", reverses=reverses)


def meals_recovery_entry(concern: Concern, amount_fen: int, stamp: Stamp, *, reverses: str) -> Entry:
    """The stay was reversed after its allowance was paid: Dr 1125(P) / Cr 5001.13."""
    lines = (debit(DUE_FROM_PERSON, amount_fen, person_dim(concern.person_id)), credit(WI_MEALS, amount_fen))
    return _entry(concern, stamp, "recovery", lines, memo="结算撤销，追回住院伙食补助费", reverses=reverses)


def _payable_lines(concern: Concern, figures: Figures) -> list[Line]:
    return _merged([(payable(who), _paid_to(concern, who), amount) for _, who, amount in figures.payables], credit)


def _paid_to(concern: Concern, who: str) -> str:
    """The dimension of what is payable: the person's goes to the heirs when the person is gone (B14)."""
    return concern.payable_dim if who == person_dim(concern.person_id) else who


def _merged(items: Iterable[tuple[str, str, int]], side: Callable[[str, int, str], Line]) -> list[Line]:
    """One line per account and party."""
    sums: dict[tuple[str, str], int] = {}
    for account, who, amount in items:
        sums[(account, who)] = sums.get((account, who), 0) + amount
    return [side(account, amount, who) for (account, who), amount in sums.items()]


def _debit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return debit(account, amount_fen, dim) if amount_fen else None


def _credit(account: str, amount_fen: int, dim: str = "") -> Line | None:
    return credit(account, amount_fen, dim) if amount_fen else None


def _fund_entry(kind: str, lines: Iterable[Line | None], stamp: Stamp, hands: Hands, memo: str) -> Entry:
    """A journal about no person: the fund's own money."""
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(line for line in lines if line is not None),
        memo=memo,
        voucher_no=stamp.voucher_no,
        maker=hands.maker,
        checker=hands.checker,
    )


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
