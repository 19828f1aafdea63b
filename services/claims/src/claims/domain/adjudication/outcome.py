"""A decision as a document: every amount by name, in yuan text and in fen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claims.domain.adjudication.explanation import explain
from claims.domain.adjudication.kernel import Decision
from claims.domain.adjudication.plan import LINES
from claims.domain.adjudication.rule_book import NO_LIMIT
from claims.domain.adjudication.split import PARTS
from shared.money import yuan


def amounts(decision: Decision) -> dict[str, int]:
    """Every amount of the decision in fen by its documented name (docs/rule-books.md), in the order of the calculation."""
    split = decision.split
    result = {
        name.removesuffix("_fen"): amount for i, (name, amount) in enumerate(split._asdict().items()) if i < PARTS or amount
    }
    for done in decision.layers:
        named = {
            "base": done.base_fen,
            "before": done.before_fen,
            "deductible": done.deductible_fen,
            "over_cost": done.over_cost_fen,
            **{f"band_{i}": cost for i, cost in enumerate(done.bands_fen, 1)},
            **{LINES[kind]: cost for (kind, _), cost in zip(done.step.line_points, done.lines_fen, strict=True)},
            **({"flat": done.flat_fen} if done.flat_fen else {}),
            "uncapped": done.uncapped_fen,
            **({"room": done.room_fen} if done.room_fen < NO_LIMIT // 2 else {}),
            "payment": done.payment_fen,
            "unpaid": done.base_fen + done.flat_fen - done.deductible_fen - done.payment_fen,
            **({"hospital": done.hospital_fen} if done.step.package_price is not None else {}),
            **({"beyond_cap": done.beyond_cap_fen()} if done.step.keeps_beyond else {}),
        }
        result |= {f"{done.step.layer.code}.{name}": amount for name, amount in named.items()}
    return result | {
        "funds": decision.funds_fen,
        "person": decision.person_fen,
        **({"hospital": decision.hospital_fen} if decision.hospital_fen else {}),
        "account": decision.account_fen,
        **({"family": decision.family_fen} if decision.facts.family_account_fen else {}),
        "cash": decision.cash_fen,
    }


def document(decision: Decision) -> dict[str, Any]:
    """The whole outcome for a reader or another program; JSON values only."""
    rules = decision.rules
    return {
        "rules": {
            "region": rules.region,
            "place": rules.place,
            "scheme": rules.scheme,
            "version": rules.version.version,
            "digest": rules.digest,
        },
        "amounts": {name: money(amount) for name, amount in amounts(decision).items()},
        "payments": [
            {
                "layer": payment.layer,
                "name": payment.name,
                "book": str(payment.book),
                "account": payment.account,
                "fund_pay_type": payment.fund,
                "his_field": payment.his_field,
                "amount": money(payment.amount_fen),
            }
            for payment in decision.payments
        ],
        "year_before": dict(decision.before.counters),
        "year_after": dict(decision.after.counters),
        "explanation": [asdict(step) for step in explain(decision)],
    }


def money(amount: int) -> dict[str, str | int]:
    """An amount for people and for programs: ``{"yuan": "12.30", "fen": 1230}``."""
    return {"yuan": str(yuan(amount)), "fen": amount}
