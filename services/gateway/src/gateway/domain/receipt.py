"""Receipt numbers (办件编号): matter number, day, serial and a check digit, fit to be read out on the telephone.

Form: ``GS01`` ``20261122`` ``00017`` ``4``. The check digit is ISO 7064 MOD 11,10 over the digits, each letter standing
for two (A = 10 … Z = 35), so that any single wrong digit is found before a search is made.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_FORM: Final = re.compile(r"[A-Z]{2}\d{2}\d{8}\d{5}\d")
_MAX_SERIAL: Final = 99_999


def receipt_number(matter_number: str, day: date, serial: int) -> str:
    """The receipt number of the ``serial``-th acceptance of a matter on a day. ValueError beyond 99 999 a day."""
    if not 1 <= serial <= _MAX_SERIAL:
        raise ValueError(f"serial {serial} is outside 1..{_MAX_SERIAL}")
    body = f"{matter_number}{day:%Y%m%d}{serial:05d}"
    return body + _check_digit(body)


def receipt_number_is_valid(number: str) -> bool:
    """Whether form and check digit are right."""
    return _FORM.fullmatch(number) is not None and _check_digit(number[:-1]) == number[-1]


def _check_digit(body: str) -> str:
    product = 10
    for digit in "".join(str(int(character, 36)) for character in body):
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
