"""Containers and typed getters over the tree of a HIS message, tolerant as chs-interface section 3 says.

Numbers are never parsed to floats: the JSON reader hands every number over as its text, so 12.30 stays ``12.30`` and a
serial of 30 digits stays exact. Every refusal names the field with its Chinese name and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

import orjson

from claims.entrypoints.his.fields import FIELDS, NODES, SYNONYMS, label
from shared.clock import CHINA
from shared.errors import Refusal, invalid
from shared.money import MoneyError, fen

ABSENT: Final = frozenset({"", "null", "NULL"})
MAX_DEPTH: Final = 12
_IDENTIFYING: Final = frozenset({"mdtrt_cert_no", "card_sn", "certno", "psn_name", "coner_name", "tel"})
_MAX_QUANTITY: Final = Decimal(10) ** 9
_DATE_TIME: Final = re.compile(
    r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\d{3})?", re.ASCII)

Tree = dict[str, "Value"]
Value = str | Tree | list["Value"]
"""A tidy value: text, node or list; what was absent, null or empty is not there."""


def _squeeze(name: str) -> str:
    return name.strip().replace("_", "").lower()


_CANONICAL: Final = {_squeeze(name): name for name in (*FIELDS, *NODES)} | {
    _squeeze(other): name for other, name in SYNONYMS.items()
}
_seen_keys: Final[dict[str, str]] = {}
_SEEN_LIMIT: Final = 4096


def _canonical(key: str) -> str:
    name = _seen_keys.get(key)
    if name is None:
        squeezed = _squeeze(key)
        name = _CANONICAL.get(squeezed, squeezed)
        if len(_seen_keys) < _SEEN_LIMIT:
            _seen_keys[key] = name
    return name


def tidy(raw: Mapping[str, object], depth: int = 0) -> Tree:
    """A parsed JSON object with its keys in canonical spelling and everything absent left out.

    When one value comes in two spellings, the one written exactly as the interface does wins. Raises Refusal when the
    message is nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise invalid("claims.his.nested-too-deeply", f"报文嵌套超过{MAX_DEPTH}层")
    tree: Tree = {}
    for key, value in raw.items():
        name = _canonical(key)
        tidied = _extension(value) if name == "exp_content" else _tidy_value(value, depth)
        if tidied is not None and (name not in tree or key.strip().lower() == name.lower()):
            tree[name] = tidied
    return tree


def _tidy_value(value: object, depth: int) -> Value | None:
    if type(value) is str:
        text = value.strip()
        return None if text in ABSENT else text
    if isinstance(value, dict):
        return tidy(value, depth + 1)
    if isinstance(value, list):
        if depth >= MAX_DEPTH:
            raise invalid("claims.his.nested-too-deeply", f"报文嵌套超过{MAX_DEPTH}层")
        return [item for item in (_tidy_value(element, depth + 1) for element in value) if item is not None]
    if isinstance(value, bool):
        return "1" if value else "0"
    return None


def _extension(value: object) -> str | None:
    """exp_content: an object or a JSON text, kept raw as text."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return None if value is None or str(value).strip() in ABSENT else str(value)


class Node:
    """One object of a message. Getters without ``optional_`` refuse when the field is absent."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def __bool__(self) -> bool:
        return bool(self._tree)

    def member(self, name: str) -> Value | None:
        """The tidy value itself."""
        return self._tree.get(name)

    def container(self, *names: str) -> Node:
        """The one object under the first of ``names`` that is there, else this node itself (the wrapper is missing)."""
        found = self.containers(*names)
        if len(found) > 1:
            raise invalid("claims.his.one-expected", f"{label(names[0])}只能有一条", field=names[0])
        return found[0]

    def containers(self, *names: str) -> list[Node]:
        """The objects under the first of ``names`` that is there; one object counts as a list; none: this node itself."""
        for name in names:
            if found := self.rows(name):
                return found
        return [self]

    def rows(self, name: str) -> list[Node]:
        """The objects under ``name``, none when absent. Raises Refusal when they are no objects."""
        value = self._tree.get(name)
        if value is None:
            return []
        nodes = [Node(item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        if isinstance(value, str) or (isinstance(value, list) and len(nodes) != len(value)):
            raise invalid("claims.his.no-object", f"{label(name)}应为对象或对象数组", field=name)
        return [node for node in nodes if node]

    def demand(self, names: Iterable[str]) -> None:
        """Refuse when any of the fields is absent, naming all that are."""
        missing = [name for name in names if name not in self._tree]
        if missing:
            raise field_missing(*missing)

    def text(self, name: str) -> str:
        """A text or number as text, not longer than the interface allows."""
        self.demand((name,))
        return self.optional_text(name)

    def optional_text(self, name: str) -> str:
        """As ``text``; empty when absent."""
        value = self._tree.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise invalid("claims.his.no-text", f"{label(name)}应为文本或数字", field=name)
        known = FIELDS.get(name)
        if known and len(value) > known.max_length:
            raise invalid("claims.his.too-long", f"{label(name)}长度{len(value)}，不得超过{known.max_length}", field=name)
        return value

    def code(self, name: str, width: int = 0) -> str:
        """A code; a numeric one is padded to ``width`` with zeros (``psn_cert_type`` 1 -> 01). Empty when absent."""
        value = self.optional_text(name)
        return value.zfill(width) if value.isascii() and value.isdigit() else value

    def flag(self, name: str, default: str) -> str:
        """A one-character code that some clients pad (``acct_used_flag`` 01 -> 1)."""
        value = self.optional_text(name)
        return (value.lstrip("0") or "0") if value else default

    def money_fen(self, name: str) -> int:
        """An amount in fen, exactly; refused when finer than a fen."""
        self.demand((name,))
        amount = self.optional_money_fen(name)
        return amount or 0

    def optional_money_fen(self, name: str) -> int | None:
        """An amount in fen, None when absent."""
        value = self.optional_text(name)
        if not value:
            return None
        try:
            return fen(_plain_number(value))
        except (MoneyError, ValueError):
            raise _wrong(name, "应为金额，最多两位小数", value) from None

    def quantity(self, name: str) -> Decimal:
        """A quantity or unit price, kept as sent."""
        value = self.text(name)
        try:
            number = Decimal(_plain_number(value))
        except (InvalidOperation, ValueError):
            raise _wrong(name, "应为数字", value) from None
        if not number.is_finite() or abs(number) >= _MAX_QUANTITY:
            raise _wrong(name, "超出范围", value)
        return number

    def moment(self, name: str) -> datetime:
        """A date-time (or date) in China time; see ``optional_moment`` for the forms."""
        self.demand((name,))
        found = self.optional_moment(name)
        if found is None:
            raise AssertionError("demanded")
        return found

    def optional_moment(self, name: str) -> datetime | None:
        """yyyy-MM-dd HH:mm:ss, yyyy/M/d H:mm:ss, yyyyMMddHHmmss(SSS), a date alone, ISO with T and offset; None if absent."""
        value = self.optional_text(name)
        if not value:
            return None
        moment = parse_moment(value)
        if moment is None:
            raise _wrong(name, "应为日期时间，如2024-03-05 08:07:00", value)
        return moment

    def optional_day(self, name: str) -> date | None:
        """A date, or the day of a date-time."""
        moment = self.optional_moment(name)
        return None if moment is None else moment.date()

    def details(self, read: frozenset[str]) -> dict[str, str]:
        """Every known text field that is here and not in ``read``: what is kept as sent without being understood.

        Fields that identify a person are left out; they are kept sealed or not at all.
        """
        return {
            name: self.optional_text(name)
            for name, value in self._tree.items()
            if name in FIELDS and name not in read and name not in _IDENTIFYING and isinstance(value, str)
        }


def field_missing(*names: str) -> Refusal:
    """Required fields are absent."""
    return invalid("claims.his.field-missing", "缺少必填项：" + "、".join(map(label, names)), field=names[0])


def parse_moment(value: str) -> datetime | None:
    """One of the date forms of chs-interface section 3 as China time, or None."""
    compact = _COMPACT.fullmatch(value)
    match = compact or _DATE_TIME.fullmatch(value)
    if match is None:
        return None
    if compact:
        year, month, day, hour, minute, second = map(int, compact.groups())
        offset = None
    else:
        year, month, day = (int(match.group(i)) for i in (1, 3, 4))
        if not match.group(2) and len(value) < 8:
            return None
        hour, minute, second = (int(match.group(i) or 0) for i in (5, 6, 7))
        offset = match.group(8)
    if not 1850 <= year <= 2200:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=CHINA)
        if offset and offset != "+08:00":
            zone = "+00:00" if offset == "Z" else offset
            moment = datetime.fromisoformat(moment.replace(tzinfo=None).isoformat() + zone).astimezone(CHINA)
    except ValueError:
        return None
    return moment


def _plain_number(value: str) -> str:
    if not value.isascii() or "_" in value:
        raise ValueError("no plain number")
    return value


def _wrong(name: str, rule: str, value: str) -> Refusal:
    return invalid("claims.his.wrong-value", f"{label(name)}{rule}，收到“{value[:40]}”", field=name)
