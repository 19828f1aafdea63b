"""410 and 41 are different things in the two ministries' lists, and the bridge cannot take one for the other (C1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from shared.codes import Code, CodeSystem
from shared.errors import Refusal
from tests.factories.workinjury_bridge.examples import CODES
from workinjury_bridge.domain.code_map import CodeMap, expect_item

DAY = date(2026, 5, 1)
S = CodeSystem


@pytest.mark.parametrize(
    ("system", "code", "means"),
    [
        (S.MOHRSS_INSURANCE, "410", "work-injury"),
        (S.CHS_INSURANCE, "410", "long-term-care"),
        (S.MOHRSS_CARE, "41", "outpatient"),
        (S.CHS_CARE, "41", "pharmacy"),
        (S.MOHRSS_CARE, "42", "inpatient"),
        (S.JIANGSU_CARE, "13", "rehabilitation"),
        (S.CHS_CARE, "13", "outpatient"),
    ],
)
def test_what_a_code_means_follows_from_its_list(system: CodeSystem, code: str, means: str) -> None:
    found = CODES.find(Code(system, code), DAY)
    assert found is not None
    assert (found.means, bool(found.source)) == (means, True)


def test_only_work_injury_is_settled_as_such() -> None:
    CODES.expect_work_injury(Code(S.MOHRSS_INSURANCE, "410"), DAY)
    with pytest.raises(Refusal) as caught:
        CODES.expect_work_injury(Code(S.CHS_INSURANCE, "410"), DAY)
    assert caught.value.code == "workinjury-bridge.code.not-work-injury"
    assert caught.value.zh == "险种编码410在chs:insutype中是长期照护保险，不是工伤保险"


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (Code(S.MOHRSS_INSURANCE, "310"), "workinjury-bridge.code.not-work-injury"),
        (Code(S.MOHRSS_INSURANCE, "999"), "workinjury-bridge.code.not-work-injury"),
        (Code(S.CHS_INSURANCE, "390"), "workinjury-bridge.code.not-work-injury"),
        (Code(S.CHS_FUND, "410100"), "code.system-wrong"),
        (Code(S.MOHRSS_CARE, "41"), "code.system-wrong"),
    ],
)
def test_every_other_insurance_is_refused(code: Code, refusal: str) -> None:
    with pytest.raises(Refusal) as caught:
        CODES.expect_work_injury(code, DAY)
    assert (caught.value.code, caught.value.field) == (refusal, "insurance")


def test_a_pharmacy_is_no_treatment() -> None:
    CODES.expect_care(Code(S.MOHRSS_CARE, "41"), DAY)
    CODES.expect_care(Code(S.CHS_CARE, "2101"), DAY)
    for code, refusal in (
        (Code(S.CHS_CARE, "41"), "workinjury-bridge.code.not-care"),
        (Code(S.MOHRSS_INSURANCE, "410"), "code.system-wrong"),
    ):
        with pytest.raises(Refusal) as caught:
            CODES.expect_care(code, DAY)
        assert (caught.value.code, caught.value.field) == (refusal, "care")
    with pytest.raises(Refusal) as caught:
        expect_item(Code(S.CHS_CARE, "XA01"))
    assert caught.value.code == "code.system-wrong"


def test_a_code_counts_from_its_first_day() -> None:
    assert CODES.find(Code(S.MOHRSS_INSURANCE, "410"), date(2010, 12, 31)) is None


def test_one_code_has_one_meaning_on_a_day() -> None:
    first = CODES.mappings[0]
    with pytest.raises(ValueError, match="two meanings on one day"):
        CodeMap(code="X", mappings=(first, replace(first, means="medical", effective_from=date(2026, 1, 1))))
    ended = replace(first, effective_to=date(2025, 12, 31))
    CodeMap(code="X", mappings=(ended, replace(first, means="medical", effective_from=date(2026, 1, 1))))
