"""Any number of values as one parameter, so that a statement has one text, one plan, and is prepared once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal


def any_of(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """The column is one of these texts; of none, when there are none."""
    return column == any_(literal(list(values), ARRAY(Text)))
