"""Amounts in Chinese capitals (大写) as vouchers and bank forms want them (支付结算办法, 正确填写票据和结算凭证的基本规定)."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿", "万亿")


def in_capitals(amount_fen: int) -> str:
    """``160016`` -> 壹仟陆佰元壹角陆分; whole yuan and jiao end in 整. ValueError from 一亿亿 yuan on."""
    yuan, rest = divmod(abs(amount_fen), 100)
    jiao, fen = divmod(rest, 10)
    if yuan >= 10 ** (4 * len(_GROUPS)):
        raise ValueError("the amount is too large")
    words = f"{_whole(yuan)}元" if yuan or not rest else ""
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif fen and yuan:
        words += "零"
    words += f"{_DIGITS[fen]}分" if fen else "整"
    return f"负{words}" if amount_fen < 0 else words


def _whole(number: int) -> str:
    if not number:
        return "零"
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words = ""
    gap = False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            gap = bool(words)
            continue
        if words and (gap or group < 1_000):
            words += "零"
        words += _thousands(group) + _GROUPS[place]
        gap = False
    return words


def _thousands(number: int) -> str:
    words = ""
    gap = False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return words
