"""The rule book of the bridge from YAML."""

from __future__ import annotations

from pathlib import Path

from shared.rules import Origin, RuleError, read_rules, rule_texts
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.code_map import CodeMap
from workinjury_bridge.domain.policy import PolicyBook


def read_policy(path: Path) -> PolicyBook:
    """The one book in ``path`` (a file, or a folder with one ``*.yaml``). Raises RuleError with file and line."""
    return read_rules(*_only(path), PolicyBook)


def read_benefits(path: Path) -> BenefitBook:
    """The one rule book of cash benefits in ``path``. Raises RuleError with file and line."""
    return read_rules(*_only(path), BenefitBook)


def read_codes(path: Path) -> CodeMap:
    """The one table of codes in ``path``. Raises RuleError with file and line."""
    return read_rules(*_only(path), CodeMap)


def _only(path: Path) -> tuple[str, str]:
    texts = rule_texts(path, ".yaml")
    if len(texts) != 1:
        raise RuleError(Origin(str(path), 1), f"exactly one rule book is needed here, found {', '.join(texts)}")
    ((file, text),) = texts.items()
    return text, file
