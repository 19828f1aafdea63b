"""What 410 and 41 mean in a national message, whatever system it is sent to (chs-interface 7.1, 7.2)."""

from __future__ import annotations

import pytest

from claims.domain.care_codes import LONG_TERM_CARE, PHARMACY, WORK_INJURY, care_of, expect_national
from shared.codes import Code, CodeSystem
from shared.errors import Refusal


def test_the_pairs_differ_where_the_digits_do_not() -> None:
    assert (WORK_INJURY.value, LONG_TERM_CARE.value) == ("410", "410")
    assert WORK_INJURY != LONG_TERM_CARE
    assert Code(CodeSystem.MOHRSS_CARE, "41") != PHARMACY


@pytest.mark.parametrize("work_injury", [True, False])
def test_long_term_care_is_never_work_injury(work_injury: bool) -> None:
    with pytest.raises(Refusal) as caught:
        expect_national("410", "22", work_injury=work_injury)
    assert (caught.value.code, caught.value.field) == ("claims.code.long-term-care", "insutype")


def test_a_pharmacy_purchase_is_no_work_injury_visit() -> None:
    expect_national("390", "41", work_injury=False)
    expect_national("310", "", work_injury=True)
    expect_national("WI", "mohrss-js:med_type|11", work_injury=True)
    with pytest.raises(Refusal) as caught:
        expect_national("310", "41", work_injury=True)
    assert (caught.value.code, caught.value.field) == ("claims.code.pharmacy", "med_type")


def test_the_category_of_a_visit_carries_its_list() -> None:
    assert care_of("22", inpatient=True) == Code(CodeSystem.CHS_CARE, "22")
    assert care_of("", inpatient=True) == Code(CodeSystem.CHS_CARE, "21")
    assert care_of("", inpatient=False) == Code(CodeSystem.CHS_CARE, "11")
    assert care_of("mohrss-js:med_type|11", inpatient=False) == Code(CodeSystem.JIANGSU_CARE, "11")
