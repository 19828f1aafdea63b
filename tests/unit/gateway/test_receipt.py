"""Receipt numbers: form, check digit."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.receipt import receipt_number, receipt_number_is_valid

NUMBER = receipt_number("GS01", date(2026, 11, 22), 17)


def test_a_number_names_matter_day_and_serial() -> None:
    assert "GS012026112200017" + NUMBER[-1] == NUMBER
    assert receipt_number_is_valid(NUMBER)


def test_the_check_digits_of_known_numbers() -> None:
    assert receipt_number("GS01", date(2026, 11, 22), 1) == "GS0120261122000011"
    assert receipt_number("CB01", date(2026, 1, 4), 99_999) == "CB0120260104999998"


def test_every_single_wrong_digit_is_found() -> None:
    wrong = [
        NUMBER[:i] + digit + NUMBER[i + 1 :] for i in range(2, len(NUMBER)) for digit in "0123456789" if digit != NUMBER[i]
    ]
    assert len(wrong) == 144
    assert [number for number in wrong if receipt_number_is_valid(number)] == []


@pytest.mark.parametrize("number", ["", "GS01", NUMBER.lower(), NUMBER + "0", "330102197001011234", NUMBER.replace("GS", "G1")])
def test_other_texts_are_no_receipt_numbers(number: str) -> None:
    assert not receipt_number_is_valid(number)


@pytest.mark.parametrize("serial", [0, 100_000])
def test_a_serial_outside_the_day_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        receipt_number("GS01", date(2026, 11, 22), serial)
