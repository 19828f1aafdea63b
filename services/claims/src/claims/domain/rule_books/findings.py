"""What checking a book finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.rules import RuleError

Severity = Literal["error", "warning", "note"]
"""An error keeps the book from going on; a warning is for the approvers to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found."""

    severity: Severity
    rule: str
    """Code of the check."""
    where: str
    """``file:line`` in the book."""
    text: str
    example: Mapping[str, Any] = field(default_factory=dict)
    """A smallest claim that shows it; empty when the place says it all."""


def unreadable(error: RuleError) -> Finding:
    """What the reader of rule books refuses."""
    return Finding(severity="error", rule="reader", where=str(error.origin), text=error.problem)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether a finding keeps the book from going on."""
    return any(finding.severity == "error" for finding in findings)
