"""The digest of a rule object: equal content, equal digest, whatever the layout of the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shared.rules.values import Origin


def digest_of(value: Any) -> str:
    """``sha256:`` and 64 hex digits of the canonical JSON of ``plain(value)``."""
    text = json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def plain(value: Any) -> Any:
    """Dataclasses, tuples, sets, days and Decimals as JSON values. Raises TypeError for anything else.

    Origins are left out, and so is a field that has its default: a format may gain fields and old rules keep their digest.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(item)
            for f in fields(value)
            if not isinstance(item := getattr(value, f.name), Origin) and not _is_default(f, item)
        }
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a rule")


def _is_default(field: Field[Any], value: Any) -> bool:
    if field.default is not MISSING:
        return bool(value == field.default)
    return field.default_factory is not MISSING and bool(value == field.default_factory())
