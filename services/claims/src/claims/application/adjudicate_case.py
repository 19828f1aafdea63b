"""Decide the claim of a facts file by given rule books, outside of any database: for examples, questions and replays."""

from __future__ import annotations

from typing import Any

from claims.domain.adjudication import Case, RuleBooks, adjudicate, amounts, document, money


def adjudicate_case(books: RuleBooks, case: Case) -> dict[str, Any]:
    """The outcome document; with expectations, each beside what came out, and ``as_expected``.

    An expected name that the outcome does not have counts as unmet, with ``got`` null. Raises Refusal when no rule is in
    force for the claim or its figures do not hold.
    """
    rules = books.on(case.region, case.scheme, case.day)
    decision = adjudicate(rules, case.facts(rules.version), case.used.state())
    got = amounts(decision)
    checks = [
        {
            "name": name,
            "expected": money(amount),
            "got": money(got[name]) if name in got else None,
            "ok": got.get(name) == amount,
        }
        for name, amount in case.expected.items()
    ]
    result: dict[str, Any] = {"title": case.title, "file": case.origin.file, "source": case.source, "note": case.note}
    if case.contradicts:
        result["contradicts"] = case.contradicts
    result |= document(decision)
    if checks:
        result |= {"expected": checks, "as_expected": all(check["ok"] for check in checks)}
    return result
