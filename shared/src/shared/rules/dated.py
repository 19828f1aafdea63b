"""Versions by date: each day has at most one, and from the first to the last no day has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

from shared.rules.values import Origin, RuleError


class Dated(Protocol):
    """Something in force from one day to another, both included; ``effective_to`` None is open."""

    @property
    def effective_from(self) -> date:
        """First day."""
        ...

    @property
    def effective_to(self) -> date | None:
        """Last day, or None."""
        ...

    @property
    def origin(self) -> Origin:
        """Where it stands, for messages."""
        ...


V = TypeVar("V", bound=Dated)


def in_order(versions: Iterable[V]) -> tuple[V, ...]:
    """The versions by date. Raises RuleError when one ends before it begins, two overlap, or days between them have none."""
    result = sorted(versions, key=lambda version: version.effective_from)
    for version in result:
        if version.effective_to is not None and version.effective_to < version.effective_from:
            raise RuleError(version.origin, f"ends on {version.effective_to}, before it begins on {version.effective_from}")
    for earlier, later in pairwise(result):
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
            raise RuleError(later.origin, f"in force from {later.effective_from}, but so is the version at {earlier.origin}")
        first_without = earlier.effective_to + timedelta(days=1)
        if first_without < later.effective_from:
            last_without = later.effective_from - timedelta(days=1)
            raise RuleError(later.origin, f"no version is in force from {first_without} to {last_without}")
    return tuple(result)


def in_force(versions: Sequence[V], on: date) -> V | None:
    """The version of that day, or None."""
    for version in versions:
        if version.effective_from <= on and (version.effective_to is None or on <= version.effective_to):
            return version
    return None
