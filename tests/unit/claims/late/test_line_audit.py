"""Audited lines divided anew."""

from __future__ import annotations

from decimal import Decimal

import pytest

from claims.domain.adjudication.split import Split
from claims.domain.line_audit import ChargedLine, LineAudit, audited, bill_with
from shared.errors import Refusal

TEN = 100_000


def line(
    charge_class: str = "A", split: Split = Split(10_000, 0, 0, 0, 10_000), rate: int = 0, **more: object
) -> ChargedLine:  # a value
    fields = {"line_no": "1", "returns_line_no": "", "price_limit": None, "quantity": Decimal(2), "price": Decimal(50), **more}
    return ChargedLine(charge_class=charge_class, split=split, pre_selfpay_rate=rate, **fields)  # type: ignore[arg-type]  # of a test


def right(of: ChargedLine, **audit: object) -> Split:
    return audited(of, LineAudit(line_no="1", **audit), class_b_rate=TEN).split  # type: ignore[arg-type]  # of a test


def test_another_class() -> None:
    assert right(line(), charge_class="C") == Split(10_000, 10_000, 0, 0, 0)
    assert right(line(), charge_class="B") == Split(10_000, 0, 0, 1_000, 9_000, class_b_fen=9_000)
    assert right(line("C", Split(10_000, 10_000, 0, 0, 0), 1_000_000), charge_class="A") == Split(10_000, 0, 0, 0, 10_000)


def test_another_amount_keeps_the_item_s_share_and_its_price_limit() -> None:
    special = line("B", Split(10_000, 0, 0, 2_000, 8_000, class_b_fen=8_000), 200_000)
    assert right(special, amount_fen=5_000) == Split(5_000, 0, 0, 1_000, 4_000, class_b_fen=4_000)
    limited = line("A", Split(10_000, 0, 2_000, 0, 8_000), price_limit=Decimal(40))
    assert right(limited, amount_fen=5_000, quantity=Decimal(1)) == Split(5_000, 0, 1_000, 0, 4_000)
    assert right(limited, price=Decimal(45), amount_fen=9_000) == Split(9_000, 0, 1_000, 0, 8_000)
    own_pay = line("B", Split(10_000, 10_000, 0, 0, 0), 1_000_000)
    assert right(own_pay, amount_fen=7_000) == Split(7_000, 7_000, 0, 0, 0)


def test_traditional_medicine_stays_so_and_lines_settled_by_themselves_while_their_class_is_the_same() -> None:
    herb = line("A", Split(10_000, 0, 0, 0, 10_000, traditional_fen=10_000))
    assert right(herb, amount_fen=4_000) == Split(4_000, 0, 0, 0, 4_000, traditional_fen=4_000)
    assert right(herb, charge_class="B") == Split(10_000, 0, 0, 1_000, 9_000, 9_000, 9_000)
    implant = line("A", Split(10_000, 0, 0, 3_000, 7_000, flat_fen=7_000), 300_000)
    assert right(implant, amount_fen=5_000) == Split(5_000, 0, 0, 1_500, 3_500, flat_fen=3_500)
    assert right(implant, charge_class="B") == Split(10_000, 0, 0, 1_000, 9_000, class_b_fen=9_000)


def test_refusals() -> None:
    for of, audit, code in (
        (line(), {"charge_class": "A"}, "claims.line.same"),
        (line(returns_line_no="7"), {"charge_class": "C"}, "claims.line.return"),
        (line(), {"amount_fen": -1}, "claims.line.negative"),
    ):
        with pytest.raises(Refusal) as refused:
            right(of, **audit)
        assert refused.value.code == code


def test_the_bill_with_corrected_lines() -> None:
    of = line()
    wrong = audited(of, LineAudit(line_no="1", charge_class="C"), class_b_rate=TEN)
    assert bill_with(Split(15_000, 0, 0, 0, 15_000), [(of, wrong)]) == Split(15_000, 10_000, 0, 0, 5_000)
    with pytest.raises(Refusal):
        bill_with(Split(5_000, 0, 0, 0, 5_000), [(of, wrong)])
