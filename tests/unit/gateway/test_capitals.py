"""Amounts in Chinese capitals, as a bank reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.capitals import in_capitals
from shared.money import fen


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.07", "柒分"),
        ("0.30", "叁角整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("12985", "壹万贰仟玖佰捌拾伍元整"),
        ("10000000.10", "壹仟万元壹角整"),
        ("100000001", "壹亿零壹元整"),
        ("100100000", "壹亿零壹拾万元整"),
        ("10010001", "壹仟零壹万零壹元整"),
        ("-15.20", "负壹拾伍元贰角整"),
    ],
)
def test_amounts_as_the_rules_for_bank_forms_write_them(amount: str, words: str) -> None:
    assert in_capitals(fen(amount)) == words


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def _read(words: str) -> int:
    """Fen of an amount in capitals, by reading it."""
    total = group = digit = 0
    for sign in words:
        if sign in _DIGITS:
            digit = _DIGITS.index(sign)
        elif sign in _UNITS:
            group, digit = group + digit * _UNITS[sign], 0
        elif sign in "万亿":
            group, digit = (group + digit) * (10_000 if sign == "万" else 10_000**2), 0
            total, group = total + group, 0
        elif sign == "元":
            total, group, digit = (total + group + digit) * 100, 0, 0
        elif sign in "角分":
            total, digit = total + digit * (10 if sign == "角" else 1), 0
    return total


@given(st.integers(0, 10**14 - 1))
def test_every_amount_can_be_read_back_and_has_no_doubled_zero(amount_fen: int) -> None:
    words = in_capitals(amount_fen)
    assert _read(words) == amount_fen
    assert "零零" not in words
    assert words.endswith("整") is (amount_fen % 10 == 0)


def test_what_no_form_has_room_for_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        in_capitals(10**18)
