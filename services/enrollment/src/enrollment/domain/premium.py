"""A premium that is due, and the payment that settles it: the whole amount, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.errors import conflict, invalid
from shared.money import format_yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Premium:
    """What is to be paid for one period of cover (应缴)."""

    premium_id: str
    person_id: str
    coverage_id: str
    scheme: str
    year: int
    amount_fen: int
    source: str
    """Where the amount comes from: the tariff's document."""
    subsidy_fen: int = 0
    subsidy_class: str | None = None
    matter_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that arrived for a premium (到账), known by the channel and its receipt number."""

    channel: str
    receipt_no: str
    premium_id: str
    amount_fen: int
    paid_on: date


def check_payment(premium: Premium, payment: Payment, withdrawn: bool, today: date) -> None:
    """Whether a payment settles a premium that nobody paid yet.

    Refuses ``enrollment.premium.amount-differs`` (the whole amount or nothing), ``enrollment.premium.paid-later`` (a day to
    come), ``enrollment.premium.nothing-due`` and ``enrollment.premium.withdrawn`` (CONFLICT: subsidised in full; given up).
    """
    if premium.amount_fen == 0:
        raise conflict("enrollment.premium.nothing-due", "该笔保费无需个人缴纳", "nothing is due")
    if payment.amount_fen != premium.amount_fen:
        raise invalid(
            "enrollment.premium.amount-differs",
            f"缴费金额不符：应缴 {format_yuan(premium.amount_fen)} 元，实缴 {format_yuan(payment.amount_fen)} 元",
            "the payment is not the amount due",
            field="amount_fen",
            due_fen=premium.amount_fen,
            paid_fen=payment.amount_fen,
        )
    if payment.paid_on > today:
        raise invalid("enrollment.premium.paid-later", "缴费日期晚于今天", "paid on a day to come", field="paid_on")
    if withdrawn:
        raise conflict("enrollment.premium.withdrawn", "该参保登记已撤回，不能缴费", "the coverage was withdrawn")


def check_same_payment(known: Payment, again: Payment) -> None:
    """A receipt number that came before must be the same payment. Refuses ``enrollment.premium.receipt-used`` (CONFLICT)."""
    if known != again:
        raise conflict(
            "enrollment.premium.receipt-used",
            f"票据号 {again.receipt_no} 已用于另一笔缴费",
            "this receipt belongs to another payment",
            field="receipt_no",
        )


def refuse_second_payment(premium: Premium, known: Payment) -> None:
    """Somebody paid already under another receipt; the money must go back. Always refuses."""
    raise conflict(
        "enrollment.premium.already-paid",
        f"该笔保费已于 {known.paid_on} 缴清（{format_yuan(premium.amount_fen)} 元），请退回重复缴费",
        "paid already under another receipt",
        paid_on=known.paid_on.isoformat(),
        channel=known.channel,
    )
