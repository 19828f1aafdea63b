"""Codes of insurance and care where two ministries' lists meet (chs-interface 7.1, 7.2): pairs, never bare digits.

A national message speaks the lists of medical security, whatever system it is for. There 410 is long-term care and 41 is a pharmacy; a
hospital that means work injury by them has copied the other ministry's list and is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.codes import Code, CodeSystem, parse_code
from shared.errors import invalid

WORK_INJURY: Final = Code(CodeSystem.MOHRSS_INSURANCE, "410")
LONG_TERM_CARE: Final = Code(CodeSystem.CHS_INSURANCE, "410")
PHARMACY: Final = Code(CodeSystem.CHS_CARE, "41")
WORK_INJURY_FUND: Final = Code(CodeSystem.CHS_FUND, "410100")
"""工伤保险基金 in the fund list; it exists as a local code, so nothing but the answer to the hospital uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareCategory:
    """One category of the Jiangsu list."""

    code: str
    name: str
    inpatient: bool
    source: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareCategories:
    """The Jiangsu list."""

    code: str
    categories: tuple[CareCategory, ...]

    def on(self, code: str, day: date) -> CareCategory:
        """What a code of this list means on a day. Refuses one that the list has not."""
        for known in self.categories:
            if known.code == code and known.effective_from <= day and (known.effective_to is None or day <= known.effective_to):
                return known
        names = "、".join(f"{c.code}{c.name}" for c in self.categories)
        raise invalid(
            "claims.code.care-unknown",
            f"医疗类别(med_type){code}不在江苏工伤接口的医疗类别之内（{names}）",
            "not in the Jiangsu list",
            field="med_type",
        )


def national_category(med_type: str, *, inpatient: bool) -> str:
    """The category as a national answer says it: one of another ministry's list becomes the ordinary one."""
    care = care_of(med_type, inpatient=inpatient)
    return care.value if care.system is CodeSystem.CHS_CARE else care_of("", inpatient=inpatient).value


def care_of(med_type: str, *, inpatient: bool) -> Code:
    """The category of a visit with its list. A bare text is of the national list; nothing stated: the ordinary category."""
    return parse_code(med_type or ("21" if inpatient else "11"), CodeSystem.CHS_CARE)


def expect_national(scheme: str, med_type: str, *, work_injury: bool) -> None:
    """Refuses codes of a national message that mean work injury only in the other ministry's lists.

    ``work_injury``: the message is for the work-injury system; a pharmacy purchase is refused there only.
    """
    if Code(CodeSystem.CHS_INSURANCE, scheme) == LONG_TERM_CARE:
        raise invalid(
            "claims.code.long-term-care",
            "险种类型(insutype)410在医保编码中为长期照护保险，不是工伤保险；工伤就医请填报参保险种，并以接收方系统代码(recer_sys_code)GSXT发送",
            "410 is long-term care in insutype",
            field="insutype",
        )
    if work_injury and med_type and parse_code(med_type, CodeSystem.CHS_CARE) == PHARMACY:
        raise invalid(
            "claims.code.pharmacy",
            "医疗类别(med_type)41在医保编码中为定点药店购药，不是工伤门诊",
            "41 is a pharmacy in med_type",
            field="med_type",
        )
