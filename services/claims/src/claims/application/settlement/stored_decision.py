"""Decisions as they are stored, read back: what they came to, and the rules they were made under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.domain.adjudication import Payment, YearState
from claims.domain.redecision import Outcome
from shared.ledger import Book


def outcome_as_stored(
    decision: Mapping[str, Any], *, total_fen: int, account_fen: int, cash_fen: int, hospital_fen: int
) -> Outcome:
    """What a stored decision came to."""
    return Outcome(
        payments=tuple(
            Payment(p["layer"], p["name"], Book(p["book"]), p["account"], p["fund_pay_type"], p["his_field"], p["amount_fen"])
            for p in decision["payments"]
        ),
        contribution=YearState.of(decision["contribution"]),
        deductible_fen=decision["deductible_fen"],
        total_fen=total_fen,
        account_fen=account_fen,
        cash_fen=cash_fen,
        hospital_fen=hospital_fen,
    )
