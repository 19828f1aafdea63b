"""An exact second opinion on a settlement, in fractions of yuan, written from the canonical calculation order.

It shares nothing with the kernel: it takes a book as plain YAML data, keeps the settlements of the year as a list (a reversed
one is simply no longer in it), looks through that list for whatever a rule counts, and measures bands as overlaps of intervals.

Where the sources leave a choice, it takes this one (``rule_book.py`` says so, unless marked "here"):

* *Bill adjustments* that apply together add up, at most to all. The person's first share is rounded half up, what stays in scope
  is the rest; class B, traditional medicine and flat lines lose the same share each.
* *Flat lines*: the first layer that applies pays them whole, within its caps, before its bands; they are no part of its base (here).
* *A package*: the hospital bears what the bill has beyond the price, as far as it is in scope; layers and person see the rest.
* *Deductible*: ladder, ``less_each`` and ``floor`` first, then the adjustments in the order of the book, each half up to the fen.
  A share of a bill is bounded first and then adjusted likewise. By session: the adjusted amount times the sessions.
* *A further part of a stay* owes what its earlier parts were not charged, in every layer that charges by the claim (here: facts
  have one figure); at the highest amount of the year, what the year was not charged.
* *After the rate*: no cost falls under the deductible; what it takes off the payment is what counts as charged.
* *Bands of a period with a deductible for each claim*: absolute bounds lie on the period's base, of which this claim's deductible
  is the first part; bounds on the excess lie on the period's cost above deductibles.
* *Rates*: points add up, then the rate is kept within 0..1, then factors, each half up to the millionth.
* *Lines with points*: their part of the cost that is paid for, at most that cost; the sum stays between nothing and the cost.
* *Guarantee*: of the base, whatever limits on cost say; caps on payments hold.
* *Caps on the base* count the base of the period, whatever of it was paid for; caps on cost, what was paid for.
* *A shared cap* counts the payments of the claims to which a cap of its name applied; by the claim or session, those of this one.
* *Beyond a cap*: the cost above the deductible less what the payment stands for, at the bands' rates from below, payment / rate
  half up where the money ends. No layer looks at more than is left.
* *Reached*: a cap of any kind leaves nothing more after this claim. A layer behind a gate that is closed looks at nothing.
* *A layer with parts outside the scope* pays for the in-scope rest first, then for the parts in the order of the bill (here).
* *Accounts*: the own one pays what it may; the family's, what its rule allows less what the own one has paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

Rules = dict[str, Any]
ZERO, ONE = Fraction(0), Fraction(1)
STAYS = ("inpatient", "day_surgery")
OUTSIDE = ("pre_selfpay", "over_limit", "self_funded")


class UncoveredError(Exception):
    """The rules say nothing on such a claim."""


@dataclass(frozen=True)
class Claim:
    """One settlement's facts; amounts in yuan."""

    care: str
    level: int
    status: str
    classes: frozenset[str]
    place: str
    referred: bool
    emergency: bool
    long_term: bool
    rank: str
    facility: frozenset[str]
    age: int
    tenure_months: int
    zero_claim_years: int
    disease: str
    enrolled: frozenset[str]
    tier: str
    month: int
    self_funded: Fraction
    over_limit: Fraction
    pre_selfpay: Fraction
    in_scope: Fraction
    class_b: Fraction
    traditional: Fraction
    flat: Fraction
    account: Fraction
    family_account: Fraction
    continues_stay: bool
    stay_deductible: Fraction
    transferred: bool
    episode_deductible: Fraction
    sessions: int

    @property
    def total(self) -> Fraction:
        return self.self_funded + self.over_limit + self.pre_selfpay + self.in_scope


@dataclass
class LayerOutcome:
    """What one layer did; ``cost``: what of the base it paid for; ``sharing``: names of the shared caps it was under."""

    month: int
    disease: str
    base: Fraction
    before: Fraction
    deductible: Fraction
    cost: Fraction
    over_cost: Fraction
    bands: list[Fraction]
    lines: list[Fraction]
    flat: Fraction
    uncapped: Fraction
    room: Fraction | None
    payment: Fraction
    hospital: Fraction
    beyond_cap: Fraction
    reached: bool
    sharing: frozenset[str]
    after_rate: bool

    @property
    def excess(self) -> Fraction:
        """What of the base lies above the deductible."""
        return self.base if self.after_rate else self.base - self.deductible


@dataclass
class Outcome:
    """What a claim came to."""

    counts_as_stay: bool
    in_scope: Fraction = ZERO
    pre_selfpay: Fraction = ZERO
    layers: dict[str, LayerOutcome] = field(default_factory=dict)
    hospital: Fraction = ZERO
    person: Fraction = ZERO
    account: Fraction = ZERO
    family: Fraction = ZERO
    cash: Fraction = ZERO


@cache
def yuan(value: int | str) -> Fraction:
    """A figure of a book."""
    return Fraction(value)


def half_up(amount: Fraction, steps: int = 100) -> Fraction:
    """To the fen, or to another part of one."""
    return Fraction((2 * amount.numerator * steps + amount.denominator) // (2 * amount.denominator), steps)


def within(amount: Fraction, least: Fraction, most: Fraction) -> Fraction:
    """The amount, kept between two others."""
    return max(least, min(amount, most))


def fits(when: Rules, claim: Claim) -> bool:
    """Whether a claim meets a condition."""
    checks: dict[str, Callable[[Any], bool]] = {
        "care": lambda wanted: claim.care in wanted,
        "levels": lambda wanted: claim.level in wanted,
        "statuses": lambda wanted: claim.status in wanted,
        "classes": lambda wanted: any(held in wanted for held in claim.classes),
        "places": lambda wanted: claim.place in wanted,
        "referred": lambda wanted: claim.referred is wanted,
        "emergency": lambda wanted: claim.emergency is wanted,
        "long_term": lambda wanted: claim.long_term is wanted,
        "ranks": lambda wanted: claim.rank in wanted,
        "facility": lambda wanted: any(mark in wanted for mark in claim.facility),
        "age": lambda wanted: in_range(wanted, claim.age),
        "tenure_months": lambda wanted: in_range(wanted, claim.tenure_months),
        "diseases": lambda wanted: claim.disease in wanted,
        "except_diseases": lambda wanted: claim.disease not in wanted,
        "enrolled": lambda wanted: all(disease in claim.enrolled for disease in wanted),
        "tiers": lambda wanted: claim.tier in wanted,
    }
    return all(checks[key](wanted) for key, wanted in when.items())


def in_range(wanted: Rules, number: int) -> bool:
    """From ``at_least``, below ``below``."""
    return number >= wanted.get("at_least", 0) and ("below" not in wanted or number < wanted["below"])


def decide(version: Rules, claim: Claim, year: list[Outcome]) -> Outcome:
    """The outcome of a claim after the settlements of the year that stand. Raises UncoveredError."""
    return _Settlement(version, claim, year).outcome()


def benefit_year(version: Rules, day: date) -> int:
    """The benefit year that a day belongs to, by the calendar year it begins in."""
    if version["policy_year"] == "calendar":
        return day.year
    month, first = map(int, version["policy_year"].split("-"))
    return day.year if day >= date(day.year, month, first) else day.year - 1


def waiting_months(waiting: Rules, missed: int, repaired: int, classes: frozenset[str]) -> int:
    """Months without benefits after so many missed years, of which some were paid for later."""
    if any(held in waiting.get("exempt_classes", ()) for held in classes):
        return 0
    variable = waiting.get("per_missed_year_months", 0) * (missed - 1) if missed > 1 else 0
    months: int = waiting["fixed_months"] + (variable - repaired if variable > repaired else 0)
    if "long_gap_years" in waiting and missed >= waiting["long_gap_years"]:
        months = max(months, waiting.get("long_gap_least_months", 0))
    return months


def divide_line(
    *,
    amount: Fraction,
    over: Fraction | None,
    outside: bool,
    rates: list[Fraction],
    class_b: bool,
    traditional: bool,
    flat: bool,
) -> list[Fraction]:
    """A line's total, self-funded, over-limit, pre-selfpay and in-scope part, and what of the last is class B, traditional and
    flat. ``over``: price above the limit times quantity; ``rates``: the shares that might be borne first, the special one first."""
    if outside:
        return [amount, amount, *[ZERO] * 6]
    beyond = ZERO if over is None else within(half_up(over), ZERO, amount)
    first = half_up((amount - beyond) * rates[0])
    rest = amount - beyond - first
    kinds = [rest if class_b and not flat else ZERO, rest if traditional and not flat else ZERO, rest if flat else ZERO]
    return [amount, ZERO, beyond, first, rest, *kinds]


class _Settlement:
    def __init__(self, version: Rules, claim: Claim, year: list[Outcome]) -> None:
        self.version, self.claim, self.year = version, claim, year
        first = min(sum((yuan(a["pre_selfpay"]) for a in self._bill_adjustments()), ZERO), ONE)
        self.in_scope, self.class_b, self.traditional, self.flat = (
            part - half_up(part * first) for part in (claim.in_scope, claim.class_b, claim.traditional, claim.flat)
        )
        self.pre_selfpay = claim.pre_selfpay + claim.in_scope - self.in_scope
        self.same_stay = claim.continues_stay or (
            claim.transferred and version.get("stays", {}).get("transfer", "each") == "difference"
        )
        self.done = Outcome(claim.care in STAYS and not self.same_stay, self.in_scope, self.pre_selfpay)
        self.left = self.in_scope
        self.parts = {"pre_selfpay": self.pre_selfpay, "over_limit": claim.over_limit, "self_funded": claim.self_funded}

    def outcome(self) -> Outcome:
        done = self.done
        for layer in self.version["layers"]:
            if fits(layer.get("when", {}), self.claim) and self._has_a_base(layer):
                terms = next((terms for terms in layer["terms"] if fits(terms.get("when", {}), self.claim)), None)
                if terms is not None:
                    self._settle(layer, terms)
                elif any("classes" not in terms.get("when", {}) for terms in layer["terms"]):
                    raise UncoveredError(layer["code"])
        if not done.layers:
            raise UncoveredError("no layer")
        done.person = self.left + sum(self.parts.values())
        done.account = min(self.claim.account, self._payable(self.version["account"]["pays"]))
        allowed = self._payable(self.version["account"].get("family", "nothing"))
        done.family = min(self.claim.family_account, max(ZERO, allowed - done.account))
        done.cash = done.person - done.account - done.family
        return done

    def _payable(self, rule: str) -> Fraction:
        return {"nothing": ZERO, "self_pay": self.left + self.parts["pre_selfpay"], "whole_share": self.done.person}[rule]

    def _bill_adjustments(self) -> list[Rules]:
        return [a for a in self.version.get("bill_adjustments", []) if fits(a["when"], self.claim)]

    def _has_a_base(self, layer: Rules) -> bool:
        """Whether the layers that it builds on apply to the claim."""
        named = [layer[key] for key in ("beyond", "after_cap_of") if key in layer]
        follows = layer.get("base") != "beyond_cap" or bool(self.done.layers)
        return follows and all(code in self.done.layers for code in named)

    def _settle(self, layer: Rules, terms: Rules) -> None:
        before, hospital = self.done.layers, ZERO
        parts = [name for name in OUTSIDE if name in layer.get("with_parts", [])]
        base = self.left
        if layer.get("base") == "beyond_cap":
            base = min(base, before[layer.get("beyond") or list(before)[-1]].beyond_cap)
        base += sum((self.parts[name] for name in parts), ZERO)
        if layer.get("without_deductible") and before:
            base = max(ZERO, base - next(iter(before.values())).deductible)
        if "after_cap_of" in layer and not before[layer["after_cap_of"]].reached:
            base = ZERO
        if "package_price" in terms:
            over = max(ZERO, self.claim.total - self.done.hospital - yuan(terms["package_price"]))
            hospital = min(over, base, self.left)
            base -= hospital
            self.left -= hospital
            self.done.hospital += hospital
        flat = ZERO if before else min(self.flat, base)
        base -= flat
        result = _Payment(self, layer, terms, base, flat, hospital).outcome()
        before[layer["code"]] = result
        money = result.payment
        from_scope = min(money, self.left)
        self.left -= from_scope
        money -= from_scope
        for name in parts:
            taken = min(money, self.parts[name])
            self.parts[name] -= taken
            money -= taken
        assert money == 0


class _Payment:
    """One layer's turn."""

    def __init__(
        self, settlement: _Settlement, layer: Rules, terms: Rules, base: Fraction, flat: Fraction, hospital: Fraction
    ) -> None:
        self.of, self.claim, self.version = settlement, settlement.claim, settlement.version
        self.layer, self.terms = layer, terms
        self.rule: Rules = terms.get("deductible_rule", {})
        self.after_rate: bool = self.rule.get("after_rate", False)
        self.base, self.flat, self.hospital = base, flat, hospital
        self.by_disease: bool = layer.get("per_disease", False)
        self.charged: str = layer.get("deductible_per") or layer["per"]
        self.changes = self._changes()

    def outcome(self) -> LayerOutcome:
        full = self._full_deductible()
        deductible = ZERO if self.after_rate else min(self.base, self._owed(full))
        excess = self.base - deductible
        cost, cost_reached = self._within_cost_limits(excess, deductible)
        stretches = self._stretches(full, deductible, cost)
        lines = [(min(getattr(self.of, r["lines"]), cost), yuan(r["points"])) for r in self._line_rules()]
        share = sum((width * rate for width, rate in stretches), ZERO) + sum((part * points for part, points in lines), ZERO)
        paid = half_up(within(share, ZERO, cost))
        if self.after_rate:
            deductible = min(paid, self._owed(full))
            paid -= deductible
        if "guarantee" in self.layer and fits(self.layer["guarantee"].get("when", {}), self.claim):
            paid = max(paid, half_up(self.base * yuan(self.layer["guarantee"]["share"])))
        uncapped = paid + self.flat
        rooms = [max(ZERO, amount - used) for amount, used in self._payment_limits()]
        payment = min([uncapped, *rooms])
        if payment == uncapped:
            stands_for = cost + self.flat
        else:
            money = max(ZERO, payment - self.flat) + (deductible if self.after_rate else ZERO)
            stands_for = min(payment, self.flat) + cost_of(money, stretches)
        return LayerOutcome(
            month=self.claim.month,
            disease=self.claim.disease,
            base=self.base,
            before=self._before(),
            deductible=deductible,
            cost=cost,
            over_cost=excess - cost,
            bands=[width for width, _ in stretches],
            lines=[part for part, _ in lines],
            flat=self.flat,
            uncapped=uncapped,
            room=min(rooms) if rooms else None,
            payment=payment,
            hospital=self.hospital,
            beyond_cap=excess + self.flat - stands_for,
            reached=cost_reached or (bool(rooms) and payment == min(rooms)),
            sharing=frozenset(cap["shared"] for cap in self._caps() if "shared" in cap),
            after_rate=self.after_rate,
        )

    # ---- what the year has seen ------------------------------------------------------------------------------------

    def _past(self, per: str, *, by_disease: bool, shared: str | None = None) -> Iterator[LayerOutcome]:
        """What counts together with this claim: of the month or the year, of one disease, of this layer or of one name."""
        for outcome in [*self.of.year, self.of.done]:
            for code, past in outcome.layers.items():
                if (
                    (code == self.layer["code"] if shared is None else shared in past.sharing)
                    and (per != "month" or past.month == self.claim.month)
                    and (not by_disease or past.disease == self.claim.disease)
                ):
                    yield past

    def _so_far(self, per: str, what: str) -> Fraction:
        return sum((getattr(past, what) for past in self._past(per, by_disease=self.by_disease)), ZERO)

    # ---- deductible ------------------------------------------------------------------------------------------------

    def _full_deductible(self) -> Fraction:
        """The amount that the rules name for this claim."""
        rule = self.rule
        if "bill" in rule:
            bill = rule["bill"]
            whole = self.claim.total if bill.get("of", "total") == "total" else self.of.in_scope
            amount = max(half_up(whole * yuan(bill["share"])), yuan(bill.get("at_least", 0)))
            amount = min(amount, yuan(bill["at_most"])) if "at_most" in bill else amount
        else:
            amount = self._step_of_the_ladder()
        for change in self.changes:
            if "deductible_factor" in change:
                amount = half_up(amount * yuan(change["deductible_factor"]))
            amount = max(ZERO, amount - yuan(change.get("deductible_less", 0)))
        return amount * self.claim.sessions if rule.get("per_session") else amount

    def _step_of_the_ladder(self) -> Fraction:
        rule = self.rule
        steps = [yuan(step) for step in self.terms.get("deductible", [0])]
        if "wage" in rule:
            steps = [half_up(yuan(self.version["bases"][rule["wage"]["of"]]["amount"]) * yuan(rule["wage"]["share"]))]
        stays = sum(outcome.counts_as_stay for outcome in self.of.year)
        turn = max(0, stays - 1) if self.of.same_stay else stays
        floor = yuan(rule.get("floor", 0))
        if rule.get("ladder"):
            return max(floor, half_up(steps[0] * yuan(rule["ladder"][min(turn, len(rule["ladder"]) - 1)])))
        if "less_each" in rule:
            return max(floor, steps[0] - turn * yuan(rule["less_each"]))
        return steps[min(turn, len(steps) - 1)]

    def _owed(self, full: Fraction) -> Fraction:
        """What of the full deductible is still to be charged."""
        if self.charged in ("month", "year"):
            return max(ZERO, full - self._so_far(self.charged, "deductible" if self.after_rate else "base"))
        if self.charged == "highest":
            return max(ZERO, full - self._so_far("year", "deductible"))
        if self.claim.continues_stay:
            full -= self.claim.stay_deductible
        if self.claim.transferred and self.of.same_stay:
            full -= self.claim.episode_deductible
        owed = max(ZERO, full)
        if "deductible_year_total" in self.layer:
            total = yuan(self.layer["deductible_year_total"])
            owed = min(owed, max(ZERO, total - self._so_far("year", "deductible")))
        return owed

    # ---- bands and rates -------------------------------------------------------------------------------------------

    def _before(self) -> Fraction:
        """Where the bands stand when the claim comes."""
        per = self.layer["per"]
        if per == "claim":
            return ZERO
        by_cost = self.charged in ("claim", "highest") and self.layer.get("bounds") == "excess"
        return self._so_far(per, "excess" if by_cost else "base")

    def _stretches(self, full: Fraction, deductible: Fraction, cost: Fraction) -> list[tuple[Fraction, Fraction]]:
        """How much of the cost lies in each band, and the band's rate."""
        excess_bounds = self.layer.get("bounds", "absolute") == "excess"
        per, zero = self.layer["per"], ZERO
        if self.charged in ("month", "year"):
            begin = self._before() + deductible
            zero = full if excess_bounds else ZERO
        elif per == "claim":
            begin = ZERO if self.after_rate else self._owed(full)
            zero = begin if excess_bounds else ZERO
        else:
            begin = self._before() + (ZERO if excess_bounds else deductible)
        stretches, low = [], ZERO
        for band in self.terms["bands"]:
            high = zero + yuan(band["up_to"]) if "up_to" in band else begin + cost
            width = max(ZERO, min(begin + cost, high) - max(begin, low))
            stretches.append((width, self._rate(band)))
            low = high
        return stretches

    def _rate(self, band: Rules) -> Fraction:
        rate = within(yuan(band["rate"]) + sum((self._points(change) for change in self.changes), ZERO), ZERO, ONE)
        for change in self.changes:
            if "factor" in change:
                rate = half_up(rate * yuan(change["factor"]), 1_000_000)
        return rate

    def _points(self, change: Rules) -> Fraction:
        points = yuan(change.get("points", 0))
        if "each" in change:
            each = change["each"]
            number = self.claim.age if each["of"] == "age" else self.claim.tenure_months // 12
            steps = max(0, number - each.get("above", 0)) // each.get("step", 1)
            brought = steps * yuan(each["points"])
            if "at_most" in each:
                most = yuan(each["at_most"])
                brought = min(brought, most) if yuan(each["points"]) > 0 else max(brought, most)
            points += brought
        return points

    def _changes(self) -> list[Rules]:
        """The adjustments that apply; of a group the one with the most points."""
        apply = [change for change in self.layer.get("adjustments", []) if fits(change.get("when", {}), self.claim)]
        best: dict[str, Rules] = {}
        for change in apply:
            group = change.get("group")
            if group and (group not in best or self._points(change) > self._points(best[group])):
                best[group] = change
        return [change for change in apply if "group" not in change or best[change["group"]] is change]

    def _line_rules(self) -> list[Rules]:
        return [rule for rule in self.layer.get("lines", []) if fits(rule.get("when", {}), self.claim)]

    # ---- limits ----------------------------------------------------------------------------------------------------

    def _caps(self) -> list[Rules]:
        caps = [*self.layer.get("caps", []), *self.terms.get("caps", [])]
        caps += [{"amount": holder["cap"]} for holder in (self.layer, self.terms) if "cap" in holder]
        caps += [{"amount": self.terms["cost_cap"], "on": "cost"}] if "cost_cap" in self.terms else []
        return [cap for cap in caps if fits(cap.get("when", {}), self.claim)]

    def _amount(self, cap: Rules) -> Fraction:
        amount = yuan(cap["amount"])
        if "per_extra_disease" in cap:
            amount += yuan(cap["per_extra_disease"]) * max(0, len(self.claim.enrolled) - 1)
            amount = min(amount, yuan(cap["at_most"])) if "at_most" in cap else amount
        if cap.get("with_incentive"):
            incentive = self.version["incentive"]
            years = max(0, self.claim.tenure_months // 12 - incentive.get("after_years", 4))
            raised = years * yuan(incentive["per_year"])
            raised += self.claim.zero_claim_years * yuan(incentive.get("per_zero_claim_year", 0))
            raised = min(raised, half_up(amount * yuan(incentive.get("at_most_share", "0.2"))))
            amount += min(raised, yuan(incentive["at_most"])) if "at_most" in incentive else raised
        return amount * self.claim.sessions if cap.get("per") == "session" else amount

    def _limits(self, on: str, what: str) -> Iterator[tuple[Fraction, Fraction]]:
        """The limits of one kind and what of each is used up."""
        for cap in self._caps():
            if cap.get("on", "paid") == on:
                per = cap.get("per", "year")
                used = ZERO
                if per in ("month", "year"):
                    past = self._past(per, by_disease=cap.get("per_disease", False), shared=cap.get("shared"))
                    used = sum((getattr(one, what) for one in past), ZERO)
                elif "shared" in cap:
                    used = sum((one.payment for one in self.of.done.layers.values() if cap["shared"] in one.sharing), ZERO)
                yield self._amount(cap), used

    def _payment_limits(self) -> Iterator[tuple[Fraction, Fraction]]:
        return self._limits("paid", "payment")

    def _within_cost_limits(self, excess: Fraction, deductible: Fraction) -> tuple[Fraction, bool]:
        """What is paid for, and whether such a limit leaves nothing more."""
        rooms = [max(ZERO, amount - used) for amount, used in self._limits("cost", "cost")]
        rooms += [max(ZERO, amount - used - deductible) for amount, used in self._limits("base", "base")]
        cost = min([excess, *rooms])
        return cost, bool(rooms) and cost == min(rooms)


def cost_of(money: Fraction, stretches: list[tuple[Fraction, Fraction]]) -> Fraction:
    """The cost that money stands for: covered = round(pool / ratio, 2)."""
    covered = ZERO
    for width, rate in stretches:
        if rate == 0 or money >= width * rate:
            covered += width
            money -= width * rate
        else:
            return covered + half_up(money / rate)
    return covered
