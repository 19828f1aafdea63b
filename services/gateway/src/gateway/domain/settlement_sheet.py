"""The settlement sheet (结算单) as it is printed: every row of text, from what the owner of the settlement says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from shared.ledger import BOOK_NAMES, Book
from shared.money import format_yuan

_SCHEMES: Final = {"310": "职工基本医疗保险", "390": "城乡居民基本医疗保险"}
_CLASSES: Final = {"A": "甲类", "B": "乙类", "C": "丙类"}
_STATES: Final = {
    "valid": "",
    "reversed": "（已撤销）",
    "taken-back": "（已转工伤保险基金）",
    "charged-back": "（重复支付，已追回）",
    "taken-over": "（工伤认定撤销，已转医保基金结算）",
    "reversal": "（撤销单）",
}
_AMOUNTS: Final = ("amount_fen", "self_funded_fen", "over_limit_fen", "pre_selfpay_fen", "in_scope_fen")


def settlement_sheet(
    settlement: Mapping[str, Any], person: Mapping[str, Any], *, operator: str, printed_on: date
) -> dict[str, Any]:
    """What the template ``settlement-sheet`` shows; the person as ``person`` shows him (masked unless revealed)."""
    kind = "住院" if settlement["inpatient"] else "门诊"
    payments = settlement["payments"]
    paid = sum(payment["amount_fen"] for payment in payments)
    days = settlement["begun_on"] if not settlement["inpatient"] else f"{settlement['begun_on']} 至 {settlement['ended_on']}"
    steps = [("医疗费总额", settlement["total_fen"])]
    steps += [(f"减：{payment['name']}", payment["amount_fen"]) for payment in payments]
    if settlement["hospital_fen"]:
        steps.append(("减：医疗机构承担", settlement["hospital_fen"]))
    steps.append(("个人现金支付", settlement["cash_fen"]))
    return {
        "title": f"{kind}医疗费用结算单{_STATES.get(settlement['state'], '')}",
        "office": "医疗保险经办机构",
        "code": settlement["check_code"],
        "facts": [
            ["参保人", person.get("name") or "—"],
            ["证件号码", person.get("certno") or "—"],
            ["险种", _SCHEMES.get(settlement["scheme"], settlement["scheme"])],
            ["待遇年度", str(settlement["benefit_year"])],
            ["医疗机构", settlement["institution_name"]],
            ["就诊", days],
            ["结算时间", settlement["settled_at"][:16].replace("T", " ")],
            ["结算编号", settlement["settlement_id"]],
        ],
        "steps": [[name, format_yuan(amount)] for name, amount in steps],
        "reasons": [_reason(step) for step in settlement["explanation"]],
        "payments": [
            [
                payment["name"],
                BOOK_NAMES[Book(payment["book"])] if payment.get("book") else "—",
                format_yuan(payment["amount_fen"]),
            ]
            for payment in payments
        ],
        "payments_foot": ["合计", "", format_yuan(paid)],
        "lines": [_line(number, line) for number, line in enumerate(settlement["lines"], 1)],
        "lines_foot": [
            "", "合计", "", "", "", "", *(format_yuan(sum(line[name] for line in settlement["lines"])) for name in _AMOUNTS),
        ],
        "operator": operator,
        "printed_on": printed_on.isoformat(),
    }  # fmt: skip


def _reason(step: Mapping[str, Any]) -> dict[str, Any]:
    head, colon, _ = step["zh"].partition("：")
    return {
        "head": head if colon else "",
        "source": " ".join(text for text in (step["source"], step["article"]) if text),
        "lines": step["arithmetic"],
        "amount": format_yuan(step["output_fen"]),
    }


def _line(number: int, line: Mapping[str, Any]) -> list[str]:
    amounts = [format_yuan(line[name]) if line[name] or name in ("amount_fen", "in_scope_fen") else "" for name in _AMOUNTS]
    return [
        str(number),
        line["item_name"],
        _CLASSES.get(line["class"], line["class"]),
        line["occurred_at"][:10],
        _plain(line["quantity"]),
        _plain(line["price"]),
        *amounts,
    ]


def _plain(number: str) -> str:
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole
