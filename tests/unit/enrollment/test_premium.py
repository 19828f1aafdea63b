from dataclasses import replace
from datetime import date

import pytest

from enrollment.domain.premium import Payment, Premium, check_payment, check_same_payment, refuse_second_payment
from shared.errors import Kind, Refusal

TODAY = date(2026, 3, 2)
PREMIUM = Premium(
    premium_id="R1", person_id="P1", coverage_id="C1", scheme="390", year=2026, amount_fen=400_00, source="2026 年"
)
PAYMENT = Payment(channel="bank", receipt_no="N1", premium_id="R1", amount_fen=400_00, paid_on=TODAY)


def test_the_whole_amount_settles() -> None:
    check_payment(PREMIUM, PAYMENT, False, TODAY)


@pytest.mark.parametrize("amount", [399_99, 400_01, 0, 800_00])
def test_another_amount_is_refused_with_both_sums(amount: int) -> None:
    with pytest.raises(Refusal) as caught:
        check_payment(PREMIUM, replace(PAYMENT, amount_fen=amount), False, TODAY)
    assert (caught.value.kind, caught.value.code, caught.value.field) == (
        Kind.INVALID,
        "enrollment.premium.amount-differs",
        "amount_fen",
    )
    assert caught.value.facts == {"due_fen": 400_00, "paid_fen": amount}
    assert caught.value.zh.startswith("缴费金额不符：应缴 400.00 元，实缴 ")


def test_tomorrow_and_a_withdrawn_cover_are_refused() -> None:
    with pytest.raises(Refusal, match="paid-later"):
        check_payment(PREMIUM, replace(PAYMENT, paid_on=date(2026, 3, 3)), False, TODAY)
    with pytest.raises(Refusal, match="withdrawn"):
        check_payment(PREMIUM, PAYMENT, True, TODAY)


def test_nothing_due_takes_no_payment() -> None:
    with pytest.raises(Refusal, match="nothing-due"):
        check_payment(replace(PREMIUM, amount_fen=0), replace(PAYMENT, amount_fen=0), False, TODAY)


def test_one_receipt_is_one_payment() -> None:
    check_same_payment(PAYMENT, PAYMENT)
    for other in (
        replace(PAYMENT, amount_fen=1),
        replace(PAYMENT, premium_id="R2"),
        replace(PAYMENT, paid_on=date(2026, 3, 1)),
    ):
        with pytest.raises(Refusal) as caught:
            check_same_payment(PAYMENT, other)
        assert (caught.value.kind, caught.value.code) == (Kind.CONFLICT, "enrollment.premium.receipt-used")


def test_a_second_receipt_must_go_back() -> None:
    with pytest.raises(Refusal) as caught:
        refuse_second_payment(PREMIUM, PAYMENT)
    assert caught.value.zh == "该笔保费已于 2026-03-02 缴清（400.00 元），请退回重复缴费"
