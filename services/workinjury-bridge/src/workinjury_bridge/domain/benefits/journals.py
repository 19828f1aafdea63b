"""Journals of the cash benefits in the work-injury book (B0.4, B14, F13 of the bridge's worked examples)."""

from __future__ import annotations

from collections.abc import Iterable

from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import BANK, DUE_FROM_EMPLOYER, DUE_FROM_PERSON, DUE_TO_PERSON
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.item import Item
from workinjury_bridge.domain.benefits.kinds import ACCOUNTS, AFTER_DEATH, NAMES, BenefitKind
from workinjury_bridge.domain.benefits.monthly import Difference
from workinjury_bridge.domain.journals import Concern, Stamp, person_dim, relief_lines
from workinjury_bridge.domain.party import payable
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.relief import Relief


def about_entitlement(entitlement: Entitlement, case: InjuryCase) -> Concern:
    """The concern of a pension's journals."""
    return Concern(
        person_id=entitlement.person_id,
        case_id=case.case_id,
        decision_version=_version(case),
        maker=entitlement.maker,
        checker=entitlement.checker,
        payee=entitlement.payee,
    )


def about_item(item: Item, case: InjuryCase) -> Concern:
    """The concern of a one-off item's journals."""
    return Concern(
        person_id=item.person_id,
        case_id=case.case_id,
        decision_version=_version(case),
        maker=item.maker,
        checker=item.checker,
    )


def benefit_entry(
    concern: Concern, kind: BenefitKind, amount_fen: int, stamp: Stamp, *, debtor: str | None = None, memo: str = ""
) -> Entry:
    """A benefit becomes payable: Dr 5001.xx, or 1123(E) where an uninsured employer owes it (B7) / Cr 2203(payee)."""
    bearer = debit(ACCOUNTS[kind], amount_fen) if debtor is None else debit(DUE_FROM_EMPLOYER, amount_fen, debtor)
    lines = (bearer, credit(DUE_TO_PERSON, amount_fen, concern.payable_dim))
    advanced = f"先行支付{NAMES[kind]}" if debtor is not None else NAMES[kind]
    return _entry(concern, stamp, "benefit", lines, memo=memo or advanced)


def month_entry(
    concern: Concern, kind: BenefitKind, difference: Difference, stamp: Stamp, debtor: str | None, relief: Relief | None
) -> Entry:
    """What a month gives more or less than is booked.

    Less: Dr 1125(P) / Cr 5001.xx (社会保险经办条例 46), or ``relief``, which no employer owes any more.
    """
    amount, memo = difference.amount_fen, f"{NAMES[kind]} {difference.month:%Y-%m}"
    if amount >= 0:
        memo += f" 补发：{difference.reason}" if difference.reason else ""
        memo = memo if debtor is None else f"先行支付{memo}"
        return benefit_entry(concern, kind, amount, stamp, debtor=debtor, memo=memo)
    lines = (debit(DUE_FROM_PERSON, -amount, person_dim(concern.person_id)), *_gone(kind, -amount, relief))
    return _entry(concern, stamp, "recovery", lines, memo=f"{memo} 多发追回：{difference.reason}")


def borne_entry(concern: Concern, kind: BenefitKind, relief: Relief, stamp: Stamp, *, memo: str = "") -> Entry:
    """What was advanced has arisen since the employer's back-payment, the fund bears it: Dr 5001.xx / Cr 1123(E) (条例 62)."""
    lines = (debit(ACCOUNTS[kind], relief.amount_fen), *relief_lines(relief))
    return _entry(concern, stamp, "recovery", lines, memo=f"用人单位补缴后由基金承担：{memo or NAMES[kind]}")


def reroute_entry(concern: Concern, from_dim: str, amount_fen: int, stamp: Stamp) -> Entry:
    """What was payable to the person is now payable to somebody else: Dr 2203(from) / Cr 2203(payee) (B14)."""
    lines = (debit(DUE_TO_PERSON, amount_fen, from_dim), credit(DUE_TO_PERSON, amount_fen, concern.payable_dim))
    return _entry(concern, stamp, "reroute", lines, memo="收款人变更")


def returned_entry(concern: Concern, payee: str, amount_fen: int, stamp: Stamp) -> Entry:
    """The bank could not deliver a payment: Dr 1003 / Cr 2203(payee), 2204(E)."""
    lines = (debit(BANK, amount_fen), credit(payable(payee), amount_fen, payee))
    return _entry(concern, stamp, "payment-returned", lines, memo="银行退回")


def withdrawal_entry(concern: Concern, item: Item, stamp: Stamp, relief: Relief | None = None, *, unpaid_fen: int) -> Entry:
    """The recognition was finally revoked: Dr 1125(who got it), 2203 for what nobody got / Cr 5001.xx (B3), or the employer's debt."""
    debtor = concern.payable_dim if item.kind in AFTER_DEATH else person_dim(concern.person_id)
    sides = ((DUE_TO_PERSON, unpaid_fen, concern.payable_dim), (DUE_FROM_PERSON, item.amount_fen - unpaid_fen, debtor))
    lines = (*(debit(*side) for side in sides if side[1]), *_gone(item.kind, item.amount_fen, relief))
    return _entry(concern, stamp, "recovery", lines, memo=f"工伤认定撤销，追回{NAMES[item.kind]}")


def write_off_entry(concern: Concern, amount_fen: int, stamp: Stamp) -> Entry:
    """A debt of a dead person is given up with the consent of two: Dr 5001.30 / Cr 1125(P)."""
    kind = BenefitKind.ESTATE_WRITE_OFF
    lines = (debit(ACCOUNTS[kind], amount_fen), credit(DUE_FROM_PERSON, amount_fen, person_dim(concern.person_id)))
    return _entry(concern, stamp, "write-off", lines, memo=NAMES[kind])


def _gone(kind: BenefitKind, amount_fen: int, relief: Relief | None) -> list[Line]:
    return [credit(ACCOUNTS[kind], amount_fen)] if relief is None else relief_lines(relief)


def _version(case: InjuryCase) -> int:
    newest = case.newest
    return newest.version if newest is not None else 0


def _entry(concern: Concern, stamp: Stamp, kind: str, lines: Iterable[Line], *, memo: str) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(lines),
        memo=memo,
        person_id=concern.person_id,
        settlement_id=concern.settlement_id,
        case_id=concern.case_id,
        conversion_id=concern.conversion_id,
        decision_version=concern.decision_version,
        voucher_no=stamp.voucher_no,
        maker=concern.maker,
        checker=concern.checker,
    )
