"""Takes identities out of anything that is about to be logged: by shape (numbers) and by key (names, secrets).

What is masked is gone, not shortened: logs connect events by our own ids, never by a person's number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{17}[Xx]|\d{15,19})(?!\d)")
"""Resident ids (18, the last perhaps X; 15 before 1999) and bank cards (16 to 19 digits)."""
_SPACED_CARD: Final = re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")
_MOBILE: Final = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")

_NAME_KEYS: Final = """
    name psn_name person_name patient_name applicant_name contact_name coner_name agnter_name family_name given_name
    full_name payee_name address addr 姓名 地址"""
_NUMBER_KEYS: Final = """
    certno cert_no psn_cert_no certno_tail id_card idcard mdtrt_cert_no card_sn card_no bank_card bank_account acct_no
    phone tel mobile 身份证号 手机"""
_SECRET_KEYS: Final = """
    password secret token authorization cookie api_key apikey access_token refresh_token private_key client_secret
    secret_sealed signing_secret sealing_key"""
_REPLACEMENT: Final = {
    key: text
    for keys, text in ((_NAME_KEYS, "[name]"), (_NUMBER_KEYS, "[number]"), (_SECRET_KEYS, "[secret]"))
    for key in keys.split()
}
_ANY_KEY: Final = "|".join(sorted(_REPLACEMENT, key=len, reverse=True))
# key=value, 'key': 'value', "key":"value" and the same escaped once more, inside a text such as a traceback or a quoted body.
_KEYED: Final = re.compile(
    rf"""(?<![\w-])(\\*["']?)({_ANY_KEY})\1(\s*[=:]\s*)"""
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\+["'].*?\\+["']|(?:Bearer\s+)?[^\s"',;(){}\[\]\\]+)""",
    re.IGNORECASE,
)
_MAX_DEPTH: Final = 12


def mask_text(text: str) -> str:
    """A text without resident ids, bank cards, mobile numbers, and without the values of known keys."""
    text = _KEYED.sub(lambda m: f"{m[1]}{m[2]}{m[1]}{m[3]}{_REPLACEMENT[m[2].lower()]}", text)
    text = _NUMBER.sub("[number]", text)
    text = _SPACED_CARD.sub("[number]", text)
    return _MOBILE.sub("[mobile]", text)


def mask(value: Any, depth: int = 0) -> Any:
    """A copy of any value fit for the log: containers are walked, unknown objects become their masked ``repr``."""
    if value is None or isinstance(value, bool | float | Decimal | date | timedelta):
        return value
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Enum):
        return mask(value.value, depth)
    if isinstance(value, int):
        # An amount may look like a mobile number, but none has 15 digits.
        return value if abs(value) < 10**14 else mask_text(str(value))
    if depth >= _MAX_DEPTH:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {_key(key): _keyed(key, item, depth) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return mask_text(bytes(value).decode("utf-8", "backslashreplace"))
    return mask_text(repr(value))


def _key(key: Any) -> str:
    return mask_text(str(key))


def _keyed(key: Any, item: Any, depth: int) -> Any:
    replacement = _REPLACEMENT.get(str(key).lower())
    if replacement and item not in (None, ""):
        return replacement
    return mask(item, depth + 1)
