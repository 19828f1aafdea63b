"""The premium tariffs that ship with the service."""

from __future__ import annotations

from pathlib import Path

import enrollment.policy
from enrollment.domain.tariff import Tariff, Tariffs
from shared.rules import read_rules, rule_texts


def load_tariffs(folder: Path | None = None) -> Tariffs:
    """Every ``*.premiums.yaml`` of the policy room (or of ``folder``). Raises RuleError with file and line."""
    texts = rule_texts(folder or Path(enrollment.policy.__path__[0]), ".premiums.yaml")
    return Tariffs(tuple(read_rules(text, file, Tariff) for file, text in texts.items()))
