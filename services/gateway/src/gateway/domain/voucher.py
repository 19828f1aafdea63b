"""The voucher of one number as it is printed: both books, both bank sides, who made and checked it, and why (B0.5, B13, B15.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final

from gateway.domain.capitals import in_capitals
from shared.errors import not_found
from shared.ledger import BOOK_NAMES, Book
from shared.ledger.books import BANK
from shared.money import format_yuan

Json = Mapping[str, Any]

_PARTIES: Final = {"P": "个人", "HEIRS": "继承人", "DEP": "供养亲属", "E": "用人单位", "T": "第三人"}


def voucher(number: str, journals: Sequence[Json], case: Json, hands: Mapping[str, str], *, printed_on: date) -> dict[str, Any]:
    """What the template ``voucher`` shows. ``journals``: those of that number, of all books; ``hands``: names of the people.

    Refusal ``gateway.voucher.unknown`` when there is none.
    """
    found = [journal for journal in journals if journal["voucher_no"] == number]
    if not found:
        raise not_found("gateway.voucher.unknown", f"本案没有凭证 {number}", "no such voucher", field="voucher_no")
    books = list(dict.fromkeys(journal["book"] for journal in found))
    pair = len(books) == 2 and "WI" in books
    decisions = {decision["version"]: decision for decision in case["decisions"]}
    first = found[0]
    decision = decisions.get(first["decision_version"])
    banks = sorted((bank for journal in found for bank in _bank(journal)), key=lambda bank: bank["side"] != "付款方")
    origin = [
        ["工伤认定决定书", f"{decision['decision_no']}（第 {decision['version']} 版）" if decision else "—"],
        ["原医保结算编号", first["settlement_id"] or "—"],
        ["工伤案件编号", first["case_id"] or "—"],
        ["打印日期", printed_on.isoformat()],
    ]
    return {
        "title": "基金间转账凭证" if pair else "记账凭证",
        "office": "社会保险经办机构",
        "code": _check_code(number, found),
        "number": number,
        "booked_on": first["booked_on"],
        "pair": pair,
        "banks": banks,
        "matched": _matched(banks) if pair else None,
        "halves": [_half(journal, hands) for journal in found],
        "origin": origin,
    }


def _check_code(number: str, journals: Sequence[Json]) -> str:
    """First 16 hex digits of the SHA-256 of the number and of every line, joined by ``|``: paper and books can be compared."""
    parts = [number]
    for journal in journals:
        parts += [
            f"{journal['book']} {line['account']} {line['dim']} {line['debit_fen']} {line['credit_fen']}"
            for line in journal["lines"]
        ]
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def _half(journal: Json, hands: Mapping[str, str]) -> dict[str, Any]:
    debit = sum(line["debit_fen"] for line in journal["lines"])
    credit = sum(line["credit_fen"] for line in journal["lines"])
    return {
        "book": BOOK_NAMES[Book(journal["book"])],
        "memo": journal["memo"],
        "red": journal["reverses"] is not None,
        "lines": [
            [line["account"], line["name"], _party(line["dim"]), _amount(line["debit_fen"]), _amount(line["credit_fen"])]
            for line in journal["lines"]
        ],
        "foot": ["合计", "", "", format_yuan(debit), format_yuan(credit)],
        "capitals": in_capitals(debit),
        "maker": _hand(journal["maker"], hands),
        "checker": _hand(journal["checker"], hands),
    }


def _bank(journal: Json) -> list[dict[str, Any]]:
    """The lines of a journal on its book's bank account: what goes out is credited."""
    return [
        {
            "side": "付款方" if line["credit_fen"] else "收款方",
            "account": f"{BOOK_NAMES[Book(journal['book'])]}支出户",
            "amount": format_yuan(line["credit_fen"] or line["debit_fen"]),
            "capitals": in_capitals(line["credit_fen"] or line["debit_fen"]),
        }
        for line in journal["lines"]
        if line["account"] == BANK
    ]


def _matched(banks: Sequence[Json]) -> bool:
    """One pays, the other gets the same."""
    return sorted(b["side"] for b in banks) == ["付款方", "收款方"] and len({b["amount"] for b in banks}) == 1


def _party(dim: str) -> str:
    if dim in {book.value for book in Book}:
        return BOOK_NAMES[Book(dim)]
    kind, _, key = dim.partition(":")
    if kind == "H":
        return f"机构 {key}"
    return _PARTIES.get(kind, dim)


def _amount(amount_fen: int) -> str:
    return format_yuan(amount_fen) if amount_fen else ""


def _hand(who: str | None, hands: Mapping[str, str]) -> str:
    return "—" if who is None else "系统" if who == "system" else hands.get(who, who)
