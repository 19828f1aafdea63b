from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import FixedClock
from shared.ids import (
    CountingIds,
    TimeOrderedIds,
    credit_code_check_digit,
    credit_code_is_valid,
    encode_id,
    resident_id_check_digit,
    resident_id_is_valid,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(st.integers(0, 2**128 - 1))
def test_encoding_is_base32_of_fixed_length(value: int) -> None:
    text = encode_id(value)
    assert len(text) == 26
    assert sum(ALPHABET.index(c) << (5 * i) for i, c in enumerate(reversed(text))) == value


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_encoding_keeps_the_order(a: int, b: int) -> None:
    assert (a < b) == (encode_id(a) < encode_id(b))


def test_ids_grow_while_the_clock_stands_steps_back_or_moves_on() -> None:
    clock = FixedClock(NOW)
    ids = TimeOrderedIds(clock)
    made = [ids.new() for _ in range(1000)]
    clock.set(NOW - timedelta(hours=1))
    made += [ids.new() for _ in range(1000)]
    clock.set(NOW + timedelta(milliseconds=1))
    made += [ids.new() for _ in range(1000)]
    assert made == sorted(set(made))


def test_the_first_characters_tell_the_time() -> None:
    millis = int(NOW.timestamp() * 1000)
    assert TimeOrderedIds(FixedClock(NOW), lambda _bits: 0).new() == encode_id(millis << 80)


def test_counting_ids() -> None:
    ids = CountingIds("P")
    assert [ids.new(), ids.new()] == ["P0000000000000000000000001", "P0000000000000000000000002"]


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", "440524188001010014"])
def test_resident_ids_of_the_standard(number: str) -> None:
    assert resident_id_is_valid(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "110105194912310021",
        "11010519491231002",
        "1101051949123100XX",
        "１１０１０５１９４９１２３１００２X",
        "11010519491231002X ",
    ],
)
def test_other_texts_are_no_resident_ids(number: str) -> None:
    assert not resident_id_is_valid(number)


@given(st.integers(10**16, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(first17: int, position: int, by: int) -> None:
    digits = str(first17)
    check = resident_id_check_digit(digits)
    wrong = digits[:position] + str((int(digits[position]) + by) % 10) + digits[position + 1 :]
    assert resident_id_is_valid(digits + check)
    assert not resident_id_is_valid(wrong + check)


def test_credit_code_example_of_the_standard() -> None:
    assert credit_code_check_digit("91350100M000100Y4") == "3"
    assert credit_code_is_valid("91350100M000100Y43")


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y44", "91350100M000100Y4", "91350100m000100y43", "9I350100M000100Y43", "91350100M000100Y43 "]
)
def test_other_texts_are_no_credit_codes(code: str) -> None:
    assert not credit_code_is_valid(code)
