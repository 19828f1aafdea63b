"""The rule book of the bridge from YAML."""

from __future__ import annotations

from pathlib import Path

from shared.rules import Origin, RuleError, read_rules, rule_texts
from workinjury_bridge.domain.policy import PolicyBook


def read_policy(path: Path) -> PolicyBook:
    """The one book in ``path`` (a file, or a folder with one ``*.yaml``). Raises RuleError with file and line."""
    texts = rule_texts(path, ".yaml")
    if len(texts) != 1:
        raise RuleError(Origin(str(path), 1), f"exactly one rule book is needed here, found {', '.join(texts)}")
    ((file, text),) = texts.items()
    return read_rules(text, file, PolicyBook)
