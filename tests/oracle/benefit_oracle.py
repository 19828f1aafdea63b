"""An exact second opinion on a settlement, in fractions of yuan, written from the canonical calculation order.

It shares nothing with the kernel: it takes a book as plain YAML data, keeps the settlements of the year as a list (a reversed
one is simply no longer in it) and measures bands as overlaps of intervals. Where the sources leave something open it follows
docs/rule-books.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Layer = dict[str, Any]
ZERO = Fraction(0)


def yuan(value: int | str) -> Fraction:
    """A figure of a book or a claim."""
    return Fraction(value)


def half_up(amount: Fraction) -> Fraction:
    """To the fen."""
    return Fraction((amount * 100 + Fraction(1, 2)).__floor__(), 100)


@dataclass
class Claim:
    """One settlement's facts; amounts in yuan."""

    care: str
    level: int
    status: str
    classes: frozenset[str]
    place: str
    referred: bool
    self_funded: Fraction
    over_limit: Fraction
    pre_selfpay: Fraction
    in_scope: Fraction
    account: Fraction = ZERO
    continues_stay: bool = False
    stay_deductible: Fraction = ZERO

    @property
    def total(self) -> Fraction:
        return self.self_funded + self.over_limit + self.pre_selfpay + self.in_scope


@dataclass
class LayerOutcome:
    base: Fraction
    deductible: Fraction
    cost: Fraction
    uncapped: Fraction
    payment: Fraction


@dataclass
class Outcome:
    counts_as_stay: bool
    layers: dict[str, LayerOutcome] = field(default_factory=dict)
    person: Fraction = ZERO
    account: Fraction = ZERO
    cash: Fraction = ZERO


def decide(version: dict[str, Any], claim: Claim, year: list[Outcome]) -> Outcome:
    """The outcome of a claim after the settlements of the year that stand."""
    outcome = Outcome(counts_as_stay=claim.care == "inpatient" and not claim.continues_stay)
    left, beyond = claim.in_scope, ZERO
    first_deductible = None
    for layer in version["layers"]:
        terms = applicable(layer, claim)
        if terms is None or (layer.get("base") == "beyond_cap" and not outcome.layers):
            continue
        base = beyond if layer.get("base") == "beyond_cap" else left
        if layer.get("without_deductible"):
            base -= first_deductible or ZERO
        result, beyond = pay(layer, terms, max(base, ZERO), claim, year)
        if first_deductible is None:
            first_deductible = result.deductible
        outcome.layers[layer["code"]] = result
        left -= result.payment
    outcome.person = claim.self_funded + claim.over_limit + claim.pre_selfpay + left
    may_pay = {"nothing": ZERO, "self_pay": claim.pre_selfpay + left, "whole_share": outcome.person}[version["account"]["pays"]]
    outcome.account = min(claim.account, may_pay)
    outcome.cash = outcome.person - outcome.account
    return outcome


def applicable(layer: Layer, claim: Claim) -> dict[str, Any] | None:
    """The terms of the highest benefit that fit; books list them in that order."""
    if not fits(layer.get("when", {}), claim):
        return None
    return next((terms for terms in layer["terms"] if fits(terms.get("when", {}), claim)), None)


def fits(when: dict[str, Any], claim: Claim) -> bool:
    return (
        claim.care in when.get("care", [claim.care])
        and claim.level in when.get("levels", [claim.level])
        and claim.status in when.get("statuses", [claim.status])
        and claim.place in when.get("places", [claim.place])
        and claim.referred == when.get("referred", claim.referred)
        and ("classes" not in when or any(held in when["classes"] for held in claim.classes))
    )


def pay(
    layer: Layer, terms: dict[str, Any], base: Fraction, claim: Claim, year: list[Outcome]
) -> tuple[LayerOutcome, Fraction]:
    """What the layer pays of ``base``, and the cost above the deductible that its limits leave unpaid for."""
    past = [o.layers[layer["code"]] for o in year if layer["code"] in o.layers]
    ladder = [yuan(step) for step in terms.get("deductible", [0])]
    if layer["per"] == "year":
        before = sum((p.base for p in past), ZERO)
        full_deductible = ladder[0]
        deductible = min(base, max(ZERO, full_deductible - before))
        begin = max(before, full_deductible)
    else:
        stays_before = sum(o.counts_as_stay for o in year) - (1 if claim.continues_stay else 0)
        step = ladder[min(max(stays_before, 0), len(ladder) - 1)]
        full_deductible = max(ZERO, step - claim.stay_deductible)
        if "deductible_year_total" in layer:
            charged = sum((p.deductible for p in past), ZERO)
            full_deductible = min(full_deductible, max(ZERO, yuan(layer["deductible_year_total"]) - charged))
        deductible = min(base, full_deductible)
        begin = full_deductible
    cost = base - deductible
    paid_for = cost
    if "cost_cap" in terms:
        paid_for = min(cost, max(ZERO, yuan(terms["cost_cap"]) - sum((p.cost for p in past), ZERO)))

    zero = full_deductible if layer.get("bounds") == "excess" else ZERO
    stretches = []
    low = ZERO
    for band in terms["bands"]:
        high = zero + yuan(band["up_to"]) if "up_to" in band else None
        upper = begin + paid_for if high is None else min(begin + paid_for, high)
        width = max(ZERO, upper - max(begin, low))
        stretches.append((width, rate_of(layer, band, claim)))
        low = high or low
    uncapped = half_up(sum((width * rate for width, rate in stretches), ZERO))
    caps = [yuan(holder["cap"]) for holder in (layer, terms) if "cap" in holder]
    room = max(ZERO, min(caps) - sum((p.payment for p in past), ZERO)) if caps else uncapped
    payment = min(uncapped, room)
    stands_for = paid_for if payment == uncapped else cost_of(payment, stretches)
    return LayerOutcome(base, deductible, paid_for, uncapped, payment), cost - stands_for


def rate_of(layer: Layer, band: dict[str, Any], claim: Claim) -> Fraction:
    points = sum((yuan(a["points"]) for a in layer.get("adjustments", []) if fits(a["when"], claim)), ZERO)
    return min(Fraction(1), max(ZERO, yuan(band["rate"]) + points))


def cost_of(payment: Fraction, stretches: list[tuple[Fraction, Fraction]]) -> Fraction:
    """The cost that a capped payment stands for: covered = round(pool / ratio, 2)."""
    covered = ZERO
    for width, rate in stretches:
        if rate == 0 or payment >= width * rate:
            covered += width
            payment -= width * rate
        else:
            return covered + half_up(payment / rate)
    return covered
