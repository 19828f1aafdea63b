"""What a settlement keeps so that it can be decided again years later: the facts, there and back, and every amount.

Every fact is stored, also one that has its default: what a default is may change, what was decided from may not. A fact that
claims did not know of yet has its default when it is read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, NamedTuple

from claims.domain.adjudication import Circumstances, ClaimFacts, Decision, RuleSet, Split, YearState, records

_OWN: Final = tuple(f.name for f in fields(ClaimFacts) if f.name not in ("split", "circumstances"))


KEPT_LINES: Final = "kept_lines"
"""Beside the facts of an own disease in a mixed stay (B5): fen by line number of what it settles of the stay's lines."""


class Stay(NamedTuple):
    """How the claim belongs to a stay or an episode; what a later decision on it asks anew."""

    follows: tuple[str, ...] = ()
    """Visits that it follows by transfer."""
    defers_deductible: bool = False
    """The part before a year's end, where the one after it is charged the deductible."""


ALONE: Final = Stay()


def facts_to_json(rules: RuleSet, facts: ClaimFacts, before: YearState, stay: Stay = ALONE) -> dict[str, Any]:
    """What the decision was made from: which rules, the claim, the year before it."""
    stated = {**facts.circumstances._asdict(), **{name: getattr(facts, name) for name in _OWN}}
    return {
        "region": rules.region,
        "scheme": rules.scheme,
        "version": rules.version.version,
        "split": list(facts.split),
        **{name: sorted(value) if isinstance(value, frozenset) else value for name, value in stated.items()},
        "before": dict(before.counters),
        **({"follows": list(stay.follows)} if stay.follows else {}),
        **({"defers_deductible": True} if stay.defers_deductible else {}),
    }


def stay_from_json(stored: Mapping[str, Any]) -> Stay:
    """What of the stay was stored."""
    return Stay(tuple(stored.get("follows", ())), stored.get("defers_deductible", False))


def facts_from_json(stored: Mapping[str, Any]) -> tuple[ClaimFacts, YearState]:
    """The claim and the year before it, as they were stored. Raises Refusal when the stored split does not add up."""
    known = ((name, stored[name]) for name in Circumstances._fields if name in stored)
    place: dict[str, Any] = {name: frozenset(value) if isinstance(value, list) else value for name, value in known}
    circumstances = Circumstances(**place)
    own = {name: stored[name] for name in _OWN if name in stored}
    facts = ClaimFacts(split=Split(*stored["split"]), circumstances=circumstances, **own)
    return facts, YearState.of(stored["before"])


def decision_to_json(decision: Decision | None) -> dict[str, Any]:
    """A record of every rule that spoke, what the decision added to the year, and its payments; fen."""
    if decision is None:
        return {"deductible_fen": 0, "contribution": {}, "records": [], "payments": []}
    return {
        "deductible_fen": decision.deductible_fen,
        "contribution": dict(decision.contribution.counters),
        "records": [asdict(record) for record in records(decision)],
        "payments": [
            {
                "layer": p.layer,
                "name": p.name,
                "book": p.book.value,
                "account": p.account,
                "fund_pay_type": p.fund,
                "his_field": p.his_field,
                "amount_fen": p.amount_fen,
            }
            for p in decision.payments
        ],
    }
