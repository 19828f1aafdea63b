"""Codes of the ministries' lists: never a code without the list it is from.

The human-resources family (人社部, LD/T) and the medical-security family (国家医保局) use the same digits for different things: 410 is
work-injury insurance in ``aae140`` and long-term care in ``insutype``; 41 is an outpatient visit for a work injury in ``aka130`` and a
pharmacy purchase in ``med_type``. A code is therefore a pair; a pair never equals a bare text, nor the same digits of another list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.errors import Refusal, invalid

_MAX_LENGTH: Final = 64
_SEPARATOR: Final = "|"


class CodeSystem(StrEnum):
    """The lists that are spoken here, named after ministry and field."""

    CHS_INSURANCE = "chs:insutype"
    """险种类型, medical security."""
    CHS_CARE = "chs:med_type"
    """医疗类别, medical security."""
    CHS_FUND = "chs:fund_pay_type"
    """基金支付类型, medical security."""
    CHS_ITEM = "chs:med_list_codg"
    """医疗目录编码, medical security."""
    CHS_DIAGNOSIS = "chs:diag_code"
    """医保疾病诊断编码, medical security."""
    MOHRSS_INSURANCE = "mohrss:aae140"
    """险种类型, human resources and social security."""
    MOHRSS_CARE = "mohrss:aka130"
    """医疗类别, human resources and social security."""
    JIANGSU_CARE = "mohrss-js:med_type"
    """医疗类别 of the Jiangsu interface for work-injury institutions (江苏省工伤机构联网结算接口)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one list."""

    system: CodeSystem
    value: str

    def __post_init__(self) -> None:
        if not isinstance(self.system, CodeSystem):
            raise TypeError(f"{self.system!r} is no code system")
        if not self.value or len(self.value) > _MAX_LENGTH or _SEPARATOR in self.value or not self.value.isprintable():
            raise _no_code(self.value)

    def __str__(self) -> str:
        """As it is stored where one column holds codes of several lists: ``mohrss:aae140|410``."""
        return f"{self.system.value}{_SEPARATOR}{self.value}"


def code_of(system: str | None, value: str | None, field: str) -> Code:
    """A pair as somebody states it. Refuses a code without its list, a list without its code, and a list nobody knows."""
    if not system:
        raise invalid(
            "code.system-missing",
            f"{field}缺少编码体系（code_system），不接受单独的编码",
            "a code without its list",
            field=field,
        )
    if not value:
        raise _no_code(value or "", field)
    try:
        known = CodeSystem(system)
    except ValueError:
        raise invalid("code.system-unknown", f"{field}的编码体系{system}未知", "unknown code system", field=field) from None
    return Code(known, value)


def parse_code(stored: str, bare: CodeSystem) -> Code:
    """A code back from ``str``; a text without list is of ``bare``, the list that its column is named after."""
    system, found, value = stored.partition(_SEPARATOR)
    return Code(CodeSystem(system), value) if found else Code(bare, stored)


def wrong_system(code: Code, field: str, expected: str) -> Refusal:
    """The code is of a list that does not belong here."""
    return invalid(
        "code.system-wrong",
        f"{field}应使用{expected}，不能使用{code.system.value}的编码{code.value}",
        "the code is of another list",
        field=field,
        code_system=code.system.value,
    )


def _no_code(value: str, field: str | None = None) -> Refusal:
    return invalid("code.malformed", f"编码“{value[:_MAX_LENGTH]}”为空或格式不正确", "malformed code", field=field)
