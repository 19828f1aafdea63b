"""A code is a pair with its list: the same digits of two ministries are never the same."""

from __future__ import annotations

import pytest

from shared.codes import Code, CodeSystem, code_of, parse_code, wrong_system
from shared.errors import Refusal

INJURY = Code(CodeSystem.MOHRSS_INSURANCE, "410")
CARE = Code(CodeSystem.CHS_INSURANCE, "410")


@pytest.mark.parametrize("digits", ["410", "41", "310", "510"])
def test_the_same_digits_of_two_lists_differ(digits: str) -> None:
    codes: set[object] = {Code(system, digits) for system in CodeSystem}
    assert len(codes) == len(CodeSystem)
    assert digits not in codes
    assert all(str(code) != digits for code in codes)


def test_stored_in_one_column_and_back() -> None:
    assert str(INJURY) == "mohrss:aae140|410"
    assert parse_code(str(INJURY), CodeSystem.CHS_INSURANCE) == INJURY
    assert parse_code("410", CodeSystem.CHS_INSURANCE) == CARE != INJURY


@pytest.mark.parametrize(
    ("system", "value", "code"),
    [
        (None, "410", "code.system-missing"),
        ("", "410", "code.system-missing"),
        ("aae140", "410", "code.system-unknown"),
        ("mohrss:aae140", None, "code.malformed"),
        ("mohrss:aae140", "", "code.malformed"),
        ("mohrss:aae140", "4|10", "code.malformed"),
        ("mohrss:aae140", "4\n10", "code.malformed"),
        ("mohrss:aae140", "4" * 65, "code.malformed"),
    ],
)
def test_what_is_no_pair_is_refused(system: str | None, value: str | None, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        code_of(system, value, "insurance")
    assert caught.value.code == code


def test_a_code_of_another_list_is_named_in_the_refusal() -> None:
    refusal = wrong_system(CARE, "insurance", "险种类型（mohrss:aae140）")
    assert refusal.zh == "insurance应使用险种类型（mohrss:aae140），不能使用chs:insutype的编码410"
