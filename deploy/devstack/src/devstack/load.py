"""Loading a county folder into a running stack, through the services' own interfaces and nothing else.

Every step may be repeated: what is already there and the same is counted as unchanged. A row that a service refuses does not
stop the others; it is reported with its file, line and the service's words.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final

import httpx

from devstack.county_folder import CountyFolder
from shared.ids import IdFactory
from shared.money import fen

CHUNK: Final = 1000
"""Rows in one import request."""
_AT_ONCE: Final = 2
_MOST_FAULTS: Final = 20

Advance = Callable[[str, int, int], None]
"""Told (file, rows done, rows in all) after every request."""


@dataclass(slots=True)
class Outcome:
    """What loading did: counts by file and by what happened, and the refused rows."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    person_ids: dict[str, str] = field(default_factory=dict)
    """Resident id number to person_id."""

    def add(self, file: str, answer: Mapping[str, Any], first_line: int) -> None:
        """Take in the answer of one import request whose first row stood at ``first_line`` of the file."""
        tally = self.counts.setdefault(file, {})
        for what in ("created", "updated", "unchanged"):
            tally[what] = tally.get(what, 0) + int(answer.get(what, 0))
        errors = answer.get("errors", [])
        tally["refused"] = tally.get("refused", 0) + len(errors)
        for error in errors:
            self.faults.append(f"{file}.csv:{first_line + int(error['line']) - 1}: {error.get('field') or ''} {error['detail']}")
