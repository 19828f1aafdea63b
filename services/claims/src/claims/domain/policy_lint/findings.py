"""What the linter finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """``error``: the book contradicts itself or the law's order of need; ``warning``: somebody should look; ``note``: for the
    file."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found."""

    code: str
    """Stable, e.g. ``cliff``, ``poorer-paid-less``, ``uncovered`` (docs/rule-books.md)."""
    severity: Severity
    region: str
    scheme: str
    version: str
    place: str
    """``file:line`` of the rule."""
    subject: str
    """What it is about: a layer, terms, a pair of classes; with the code the name by which a version may accept it."""
    zh: str
    example: dict[str, Any] = field(default_factory=dict)
    """A smallest claim that shows it, in the form of a facts file, with amounts of the outcome under ``shows`` (yuan)."""
