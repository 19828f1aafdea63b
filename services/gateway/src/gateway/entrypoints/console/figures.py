"""What the pages work out from the gateway's answers: steps of a waterfall, who bears what, whether two books agree.

Pure; amounts are fen. Nothing here decides anything: the services have, and these are readings of their answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.entrypoints.console.words import BOOKS
from shared.money import format_yuan

Json = Mapping[str, Any]

_DUE_FROM_FUND: Final = "1121"
_DUE_TO_FUND: Final = "2202"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One bar of the waterfall from the bill to the cash."""

    name: str
    amount_fen: int
    left_fen: int
    """What is still to be paid after this step; the foot of the bar."""
    kind: str
    """``total``, ``fund``, ``account``, ``hospital`` or ``cash``."""


def waterfall(settlement: Json) -> list[Step]:
    """From the total over every fund, the account and the hospital to the cash. The last step is what is left by itself."""
    left = settlement["total_fen"]
    steps = [Step(name="医疗费总额", amount_fen=left, left_fen=0, kind="total")]
    for payment in settlement["payments"]:
        left -= payment["amount_fen"]
        kind = "account" if is_account(payment) else "fund"
        steps.append(Step(name=payment_name(payment), amount_fen=payment["amount_fen"], left_fen=left, kind=kind))
    if settlement["account_fen"] and not any(step.kind == "account" for step in steps):
        left -= settlement["account_fen"]
        steps.append(Step(name="个人账户", amount_fen=settlement["account_fen"], left_fen=left, kind="account"))
    if settlement["hospital_fen"]:
        left -= settlement["hospital_fen"]
        steps.append(Step(name="医院负担", amount_fen=settlement["hospital_fen"], left_fen=left, kind="hospital"))
    return [*steps, Step(name="个人现金", amount_fen=left, left_fen=0, kind="cash")]


def is_account(payment: Json) -> bool:
    """Whether a payment comes out of the personal account."""
    return payment.get("layer") == "account" or payment.get("account") == "5001.02" or payment["fund_pay_type"] == "310200"


def payment_name(payment: Json) -> str:
    """What to call a payment."""
    return str(payment.get("name") or BOOKS.get(str(payment.get("book")), "基金支付"))


def burden(settlement: Json) -> list[tuple[str, int]]:
    """What the person's part (account and cash) is made of. The last row is the rest, whatever the layers left of it."""
    outside = [
        ("目录外全自费", settlement["self_funded_fen"]),
        ("超限价自费", settlement["over_limit_fen"]),
        ("乙类先行自付", settlement["pre_selfpay_fen"]),
    ]
    rest = settlement["account_fen"] + settlement["cash_fen"] - sum(amount for _, amount in outside)
    deductible = settlement["deductible_fen"]
    within = f"政策范围内自付（起付线 {format_yuan(deductible)} 在内）" if deductible else "政策范围内自付"
    return [(name, amount) for name, amount in [*outside, (within, rest)] if amount]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One identity with its two sides, or a condition in words."""

    name: str
    left: str
    right: str
    holds: bool | None
    """None: cannot be judged yet."""
    sign: str
    """What stands between the two sides."""


def proofs(conversion: Json, journals: Sequence[Json] | None) -> list[Proof]:
    """The identities of a conversion (reference B0.5, B15). ``journals``: None when the caller may not see the books."""
    if conversion["total_fen"] is None:
        return []
    fund, hospital = conversion["work_injury_fen"], conversion["hospital_fen"]
    person, cash, refund, owed = (
        conversion["person_fen"],
        conversion["cash_fen"],
        conversion["refund_fen"],
        conversion["owed_fen"],
    )
    per_book = sum(part["amount_fen"] for part in conversion["owed"])
    checks = [
        _equal(
            "医疗费总额 = 工伤基金 + 个人 + 医院",
            conversion["total_fen"],
            fund + person + hospital,
            f"{_y(fund)} + {_y(person)} + {_y(hospital)}",
        ),
        _equal(
            "工伤基金 + 医院 = 应退医保 + 应退个人",
            fund + hospital,
            owed + refund,
            f"{_y(owed)} + {_y(refund)}",
            f"{_y(fund)} + {_y(hospital)}",
        ),
        _equal("应退个人 = 原付现金 − 个人应负担", refund, cash - person, f"{_y(cash)} − {_y(person)}"),
        _equal("应退医保 = 各基金原支付之和", owed, per_book),
        Proof(
            name="初审与复核不是同一人",
            left=conversion.get("maker_name") or conversion["maker"] or "未初审",
            right=conversion.get("checker_name") or conversion["checker"] or "未复核",
            holds=conversion["maker"] != conversion["checker"] if conversion["maker"] and conversion["checker"] else None,
            sign="／",
        ),
    ]
    return [*checks, *(_in_the_books(conversion, journals) if journals else [])]


def _in_the_books(conversion: Json, journals: Sequence[Json]) -> list[Proof]:
    booked = [j for j in journals if j["conversion_id"] == conversion["conversion_id"]]
    if not booked:
        return []
    debit = sum(line["debit_fen"] for journal in booked for line in journal["lines"])
    credit = sum(line["credit_fen"] for journal in booked for line in journal["lines"])
    claims, debts = (
        sum(open_between(booked, medical=True).values()),
        sum(open_between(booked, medical=False).values()),
    )
    result = [
        _equal("两套账借方合计 = 贷方合计", debit, credit),
        _equal("医保应收未收 = 工伤应付未付", claims, debts),
    ]
    moved = [t for t in conversion["transfers"] if t["state"] == "confirmed"]
    if moved:
        pairs = {t["voucher_no"]: {j["book"] for j in booked if j["voucher_no"] == t["voucher_no"]} for t in moved}
        both = sum(1 for books in pairs.values() if "WI" in books and len(books) == 2)
        result.append(
            Proof(
                name="每笔划转两套账同一凭证号",
                left=f"{both} 笔",
                right=f"{len(pairs)} 笔",
                holds=both == len(pairs),
                sign="=" if both == len(pairs) else "≠",
            )
        )
    return result


def open_between(journals: Iterable[Json], *, medical: bool) -> dict[str, int]:
    """Open amount per medical book: what it still has to get (in its own book), or what the work-injury book still owes it."""
    sums: dict[str, int] = {}
    for journal in journals:
        if (journal["book"] != "WI") != medical:
            continue
        for line in journal["lines"]:
            if line["account"] not in (_DUE_FROM_FUND, _DUE_TO_FUND):
                continue
            net = line["debit_fen"] - line["credit_fen"]
            book = journal["book"] if medical else str(line["dim"])
            sums[book] = sums.get(book, 0) + (net if medical else -net)
    return sums


def _equal(name: str, left: int, right: int, how: str = "", how_left: str = "") -> Proof:
    return Proof(
        name=name,
        left=f"{how_left} = {_y(left)}" if how_left else _y(left),
        right=f"{how} = {_y(right)}" if how else _y(right),
        holds=left == right,
        sign="=" if left == right else "≠",
    )


def _y(amount_fen: int) -> str:
    return format_yuan(amount_fen).replace("-", "−")


@dataclass(slots=True, kw_only=True)
class AccountLine:
    """One account of a trial balance over a month; debits positive, fen."""

    account: str
    name: str
    opening_fen: int = 0
    debit_fen: int = 0
    credit_fen: int = 0

    @property
    def closing_fen(self) -> int:
        """Balance at the end, debit minus credit."""
        return self.opening_fen + self.debit_fen - self.credit_fen


def month_balance(now: Sequence[Json], before: Sequence[Json]) -> list[AccountLine]:
    """Per account: opening balance, this month's debit and credit, closing balance; from the sums now and at the month's start."""
    lines: dict[str, AccountLine] = {}
    for row in now:
        line = lines.setdefault(row["account"], AccountLine(account=row["account"], name=row["name"]))
        line.debit_fen += row["debit_fen"]
        line.credit_fen += row["credit_fen"]
    for row in before:
        line = lines.setdefault(row["account"], AccountLine(account=row["account"], name=row["name"]))
        line.opening_fen += row["debit_fen"] - row["credit_fen"]
        line.debit_fen -= row["debit_fen"]
        line.credit_fen -= row["credit_fen"]
    return [lines[account] for account in sorted(lines)]
