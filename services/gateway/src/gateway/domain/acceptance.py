"""Acceptance (受理): which papers are there, which are missing, and what may follow later.

行政许可法 32: everything that is missing is told at once (一次性告知). 国务院令第716号: a paper that data sharing provides is not
asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from gateway.domain.catalogue import FieldRule, MaterialRule


class MaterialState(Enum):
    """Where a paper stands in one matter."""

    PROVIDED = "provided"
    SHARED = "shared"
    """Replaced by data of another system (免提交)."""
    REUSED = "reused"
    """Taken from an earlier matter of the same person."""
    DEFERRED = "deferred"
    """To follow by a day, against a written promise (容缺)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One paper of one matter; its version is fixed at submission."""

    code: str
    name: str
    state: MaterialState
    reference: str = ""
    """Where the paper lies: the applicant's document number, or the sharing system."""
    received_on: date | None = None
    due_on: date | None = None
    """Only while deferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMaterial:
    """A paper that the person has handed in before."""

    code: str
    reference: str
    received_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The outcome of looking through the papers once."""

    materials: tuple[Material, ...]
    missing: tuple[MaterialRule, ...]
    """Must be there before the matter is accepted."""
    deferrable: tuple[MaterialRule, ...]
    """Missing too, but may follow if the applicant promises it in writing."""


def review_materials(
    rules: Iterable[MaterialRule],
    brought: Mapping[str, str],
    held: Iterable[HeldMaterial],
    today: date,
) -> Review:
    """Look through the papers: brought now (code to reference), shared by data, held from an earlier matter, or missing."""
    newest = {material.code: material for material in sorted(held, key=lambda material: material.received_on)}
    materials: list[Material] = []
    missing: list[MaterialRule] = []
    deferrable: list[MaterialRule] = []
    for rule in rules:
        earlier = newest.get(rule.code)
        if rule.code in brought:
            state, reference, received_on = MaterialState.PROVIDED, brought[rule.code], today
        elif rule.shared_from:
            state, reference, received_on = MaterialState.SHARED, rule.shared_from, today
        elif earlier is not None and (today - earlier.received_on).days <= rule.reusable_days:
            state, reference, received_on = MaterialState.REUSED, earlier.reference, earlier.received_on
        else:
            (deferrable if rule.deferrable_days else missing).append(rule)
            continue
        materials.append(Material(code=rule.code, name=rule.name, state=state, reference=reference, received_on=received_on))
    return Review(materials=tuple(materials), missing=tuple(missing), deferrable=tuple(deferrable))


def form_faults(fields: Iterable[FieldRule], form: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with the values of a form: field name to a Chinese sentence; empty when all is well."""
    rules = {field.name: field for field in fields}
    faults = {name: f"没有名为“{name}”的项目" for name in form if name not in rules}
    for name, rule in rules.items():
        value = form.get(name)
        if value is None or value in ("", []):
            if rule.required:
                faults[name] = f"“{rule.label}”必须填写"
        elif fault := _value_fault(rule, value):
            faults[name] = f"“{rule.label}”{fault}"
    return faults


def _value_fault(rule: FieldRule, value: object) -> str:
    if rule.kind in ("fen", "number"):
        return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "必须是不小于零的整数"
    if rule.kind == "texts":
        fits = isinstance(value, list) and all(isinstance(item, str) and 0 < len(item) <= 200 for item in value)
        return "" if fits else "必须是文字列表"
    if not isinstance(value, str) or len(value) > 2000:
        return "必须是文字，且不超过 2000 字"
    if rule.kind == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return "必须是日期，如 2026-11-22"
    if rule.choices is not None and value not in rule.choices:
        return "只能是：" + "、".join(f"{code} {label}" for code, label in rule.choices.items())
    return ""
