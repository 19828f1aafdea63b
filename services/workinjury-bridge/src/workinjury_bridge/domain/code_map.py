"""What the codes of the two ministries' lists mean here (C1 of the bridge's reference): dated data with their source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.codes import Code, CodeSystem, wrong_system
from shared.errors import Refusal, invalid
from workinjury_bridge.domain.policy import Sourced
from workinjury_bridge.domain.refusals import PREFIX

Meaning = Literal[
    "work-injury",
    "medical",
    "maternity",
    "long-term-care",
    "outpatient",
    "inpatient",
    "rehabilitation",
    "home-bed",
    "devices",
    "pharmacy",
]
_CARE: frozenset[Meaning] = frozenset({"outpatient", "inpatient", "rehabilitation", "home-bed", "devices"})
_INSURANCE_LISTS = frozenset({CodeSystem.CHS_INSURANCE, CodeSystem.MOHRSS_INSURANCE})
_CARE_LISTS = frozenset({CodeSystem.CHS_CARE, CodeSystem.MOHRSS_CARE, CodeSystem.JIANGSU_CARE})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMapping(Sourced):
    """One code of one list."""

    system: CodeSystem
    code: str
    name: str
    """As the list has it."""
    means: Meaning
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMap:
    """Every mapping. ValueError when one code has two meanings on one day."""

    code: str
    mappings: tuple[CodeMapping, ...]

    def __post_init__(self) -> None:
        seen: dict[Code, list[CodeMapping]] = {}
        for mapping in self.mappings:
            others = seen.setdefault(Code(mapping.system, mapping.code), [])
            if any(_overlap(mapping, other) for other in others):
                raise ValueError(f"{mapping.system} {mapping.code} has two meanings on one day")
            others.append(mapping)

    def find(self, code: Code, on: date) -> CodeMapping | None:
        """What a code means on a day; None when its list has it not, or not then."""
        for mapping in self.mappings:
            in_force = mapping.effective_from <= on and (mapping.effective_to is None or on <= mapping.effective_to)
            if in_force and Code(mapping.system, mapping.code) == code:
                return mapping
        return None

    def expect_work_injury(self, insurance: Code, on: date) -> None:
        """Refuses an insurance that is not work injury, named with what it is in its own list."""
        if insurance.system not in _INSURANCE_LISTS:
            raise wrong_system(insurance, "insurance", "险种类型的编码体系")
        found = self.find(insurance, on)
        if found is None or found.means != "work-injury":
            raise not_work_injury(insurance, found)

    def expect_care(self, care: Code, on: date) -> None:
        """Refuses a category that is no treatment. A code that a list has only locally is taken as it is."""
        if care.system not in _CARE_LISTS:
            raise wrong_system(care, "care", "医疗类别的编码体系")
        found = self.find(care, on)
        if found is not None and found.means not in _CARE:
            raise not_care(care, found)


def not_work_injury(code: Code, found: CodeMapping | None) -> Refusal:
    """The code names another insurance, or none that is known."""
    means = f"是{found.name}" if found else "未收录"
    return invalid(
        f"{PREFIX}.code.not-work-injury",
        f"险种编码{code.value}在{code.system.value}中{means}，不是工伤保险",
        "the code is not work injury in its list",
        field="insurance",
        code_system=code.system.value,
        value=code.value,
    )


def not_care(code: Code, found: CodeMapping) -> Refusal:
    """The code names no treatment."""
    return invalid(
        f"{PREFIX}.code.not-care",
        f"医疗类别{code.value}在{code.system.value}中是{found.name}，不能按工伤医疗结算",
        "the code is no treatment in its list",
        field="care",
        code_system=code.system.value,
        value=code.value,
    )


def _overlap(one: CodeMapping, other: CodeMapping) -> bool:
    starts_in_time = other.effective_to is None or one.effective_from <= other.effective_to
    return starts_in_time and (one.effective_to is None or other.effective_from <= one.effective_to)


def expect_item(item: Code) -> None:
    """Refuses an item that is not named by the catalogue of medical security."""
    if item.system is not CodeSystem.CHS_ITEM:
        raise wrong_system(item, "item_code", "医疗目录编码（chs:med_list_codg）")
