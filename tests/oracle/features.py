"""Which keys of the rule-book format exist, and which of them had a say in a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from claims.domain.adjudication.circumstances import When
from claims.domain.adjudication.rule_book import Layer, RuleVersion, Terms
from tests.oracle.benefit_oracle import Claim, fits

SILENT = {
    *("version", "effective_from", "effective_to", "dated_by", "policy_year", "sources", "readings", "accepted_findings"),
    *("referral_needed", "disease_codes"),
    *("source", "article", "origin", "code", "name", "book", "fund", "his_field", "account", "family_fund"),
    *("class_b", "line_classes", "waiting", "year_end", "split_deductible_in", "longest_days", "transfer_days"),
}
"""Keys that the kernel does not compute with: names and papers, the division of lines and the waiting period (each with a test of
its own), and what only says how claims are cut."""


def all_features() -> set[str]:
    """Every key that the kernel computes with, as ``Type.key``, and every word it may have, as ``Type.key=word``."""
    return set(_of_type(RuleVersion))


def _of_type(kind: Any) -> Iterator[str]:
    for name, hint in _keys(kind):
        yield f"{kind.__name__}.{name}"
        for part in _parts(hint):
            if get_origin(part) is Literal and get_origin(hint) is not frozenset:
                yield from (f"{kind.__name__}.{name}={word}" for word in get_args(part))
            elif is_dataclass(part):
                yield from _of_type(part)


def features_of(version: dict[str, Any], claim: Claim, applied: Mapping[str, object]) -> set[str]:
    """The features of a version that had a say in a claim; ``applied``: codes of the layers that did."""
    layers = [layer for layer in version["layers"] if layer["code"] in applied]
    return set(_said(version | {"layers": layers}, RuleVersion, claim))


def _said(rules: dict[str, Any], kind: Any, claim: Claim) -> Iterator[str]:
    if kind is not When and not fits(rules.get("when", {}), claim):
        return
    for name, hint in _keys(kind):
        if name not in rules:
            continue
        value = rules[name]
        if value in ({}, []):
            continue
        yield f"{kind.__name__}.{name}"
        if isinstance(value, str):
            yield f"{kind.__name__}.{name}={value}"
        inner = next((part for part in _parts(hint) if is_dataclass(part)), None)
        if inner is Terms and kind is Layer:
            value = [next(terms for terms in value if fits(terms.get("when", {}), claim))]
        if inner is not None:
            items = value if isinstance(value, list) else [value]
            if get_origin(hint) is Mapping or "Mapping" in str(hint):
                items = list(value.values())
            for item in items:
                yield from _said(item, inner, claim)


@cache
def _keys(kind: Any) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    loud = (
        field.name for field in fields(kind) if field.name not in SILENT or (kind is RuleVersion and field.name == "account")
    )
    return [(name, hints[name]) for name in loud]


def _parts(hint: Any) -> Iterator[Any]:
    """The types in ``T | None``, ``tuple[T, ...]``, ``Mapping[str, T]``."""
    if get_origin(hint) in (Union, UnionType, tuple, Mapping) or "Mapping" in str(get_origin(hint)):
        for part in get_args(hint):
            yield from _parts(part)
    else:
        yield hint
