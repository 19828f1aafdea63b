"""What must hold between two decisions under any book, with what the book must not say for it to hold.

Each test draws a book with every feature, takes away what the property does not bear (``Tamed``: each removal with its reason) and
compares decisions of the kernel with one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claims.domain.adjudication import Decision, RuleBooks, RuleSet, YearState, adjudicate
from tests.oracle import policies
from tests.oracle.comparing import AMOUNTS, Claim, kernel_facts

Rules = dict[str, Any]
SCALE = 7
UNREACHED: Rules = {"on": "paid", "per": "claim", "amount": 1_000_000_000}
seeds = st.integers(0, 2**32)
often = settings(max_examples=40)


class Tamed:
    """A generated book from which rules can be taken away."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.book = policies.book(self.random)
        self.version: Rules = self.book["versions"][0]

    @property
    def layers(self) -> list[Rules]:
        layers: list[Rules] = self.version["layers"]
        return layers

    def rules(self) -> RuleSet:
        """The rules. Terms for some before terms for others keep a limit that nothing reaches: the reader compares none but plain
        terms, and what was taken away may have been all that was not plain."""
        for layer in self.layers:
            for terms in layer["terms"][:-1]:
                terms["caps"] = [*terms["caps"], dict(UNREACHED)]
        texts = {"generated": policies.text(self.book)}
        return RuleBooks.read(texts).on(policies.REGION, policies.SCHEME, policies.DAY)

    def every(self, key: str) -> Iterator[Rules]:
        """Every object of the version that has the key."""
        todo: list[Any] = [self.version]
        while todo:
            one = todo.pop()
            if isinstance(one, dict):
                if key in one:
                    yield one
                todo += one.values()
            elif isinstance(one, list):
                todo += one

    def without(self, *keys: str) -> Tamed:
        """Take these keys away wherever they stand."""
        for key in keys:
            for one in list(self.every(key)):
                del one[key]
        return self

    def without_layers(self, unwanted: Callable[[Rules], object]) -> Tamed:
        """Take away layers, and the layers that name them."""
        self.version["layers"] = [layer for layer in self.layers if not unwanted(layer)]
        codes = {layer["code"] for layer in self.layers}
        named = [layer for layer in self.layers if {layer.get("beyond"), layer.get("after_cap_of")} - {None} - codes]
        return self.without_layers(lambda layer: layer in named) if named else self

    def without_caps(self, unwanted: Callable[[Rules], object]) -> Tamed:
        """Take away caps of a list of caps."""
        for holder in self.every("caps"):
            holder["caps"] = [cap for cap in holder["caps"] if not unwanted(cap)]
        return self

    def without_jumps(self) -> Tamed:
        """Without layers that begin to pay where another's cap is reached: at another rate, or all at once. And without rates
        for kinds of lines: a cost more may then pay more than a cost, or less than nothing."""
        return self.without_layers(lambda layer: layer.get("base") == "beyond_cap" or "after_cap_of" in layer).without("lines")

    def claim(self, person: policies.Person | None = None) -> Claim:
        return policies.claim(self.random, policies.figures(self.version), person or self.person())

    def person(self) -> policies.Person:
        return policies.Person.drawn(self.random, policies.CARES)


def settle(rules: RuleSet, claims: list[Claim], state: YearState | None = None) -> list[Decision]:
    """Decisions one after the other."""
    decisions: list[Decision] = []
    for claim in claims:
        decisions.append(adjudicate(rules, kernel_facts(claim), decisions[-1].after if decisions else state or YearState()))
    return decisions


def figures_of(decision: Decision) -> tuple[Any, ...]:
    """All that a decision says in amounts."""
    amounts = tuple(done[1:] for done in decision.layers)
    return amounts, decision.person_fen, decision.account_fen, decision.family_fen, decision.hospital_fen, decision.contribution


@often
@given(seed=seeds)
def test_every_fen_has_one_payer(seed: int) -> None:
    """Holds under every book."""
    tamed = Tamed(seed)
    rules, person = tamed.rules(), tamed.person()
    for decision in settle(rules, [tamed.claim(person) for _ in range(6)]):
        assert sum(done.payment_fen for done in decision.layers) == decision.funds_fen
        assert decision.person_fen == decision.account_fen + decision.family_fen + decision.cash_fen
        assert (
            min(decision.person_fen, decision.account_fen, decision.family_fen, decision.cash_fen, decision.hospital_fen) >= 0
        )
        assert sum(payment.amount_fen for payment in decision.payments) + decision.cash_fen + decision.hospital_fen == (
            decision.facts.split.total_fen
        )
        for done in decision.layers:
            in_base = 0 if done.step.after_rate else done.deductible_fen
            assert done.base_fen == in_base + done.over_cost_fen + sum(done.bands_fen)
            assert 0 <= done.payment_fen <= min(done.room_fen, done.base_fen + done.flat_fen)
            assert min(done.bands_fen) >= 0
            assert 0 <= done.beyond_cap_fen() <= done.base_fen + done.flat_fen


@often
@given(seed=seeds, more=st.integers(1, 3) | st.integers(1, 5_000_000))
def test_more_cost_never_pays_less_nor_more_than_the_cost(seed: int, more: int) -> None:
    """In scope and of class A. Not where a deductible is a share of the bill: it moves the bands. Nor for a package: the fen more may
    be one that the person bears first, and the hospital bears it of what is in scope."""
    tamed = Tamed(seed).without_jumps().without("bill", "package_price")
    rules, person = tamed.rules(), tamed.person()
    state = settle(rules, [tamed.claim(person) for _ in range(3)])[-1].after
    claim = tamed.claim(person)
    one, other = (settle(rules, [claim | {"in_scope": claim["in_scope"] + extra}], state)[0] for extra in (0, more))
    assert 0 <= other.funds_fen - one.funds_fen <= more
    assert other.person_fen + other.hospital_fen >= one.person_fen + one.hospital_fen


@often
@given(seed=seeds, more=st.integers(1, 3) | st.integers(1, 5_000_000))
def test_more_cost_never_closes_a_gate_nor_shrinks_what_is_beyond_a_cap(seed: int, more: int) -> None:
    """With all layers, but without points on lines that take more away than the cost brings, nor a base less the first deductible:
    a guarantee may have paid a part of it, and with the cost the deductible grows faster than what is left."""
    tamed = Tamed(seed).without("bill", "lines", "package_price", "without_deductible")
    rules, person = tamed.rules(), tamed.person()
    state = settle(rules, [tamed.claim(person) for _ in range(3)])[-1].after
    claim = tamed.claim(person)
    one, other = (settle(rules, [claim | {"in_scope": claim["in_scope"] + extra}], state)[0] for extra in (0, more))
    for before, after in zip(one.layers, other.layers, strict=True):
        assert after.reached >= before.reached
        assert after.beyond_cap_fen() >= before.beyond_cap_fen()
    assert other.funds_fen >= one.funds_fen


@often
@given(seed=seeds, share=st.integers(0, 1_000))
def test_splitting_a_stay_never_pays_more(seed: int, share: int) -> None:
    """Two parts of one stay, the second owing what the first was not charged of the deductible, against one settlement.

    Unless the book says so: bands of one claim begin anew with each part (so they rise here), and so does a limit by the claim or
    session, a package, a guarantee, a deductible by session or by the bill, a base without a deductible of which the parts may be
    charged less; a later layer's own deductible for each claim is not in the facts of the second part. The funds round once for
    each part and layer.
    """
    tamed = Tamed(seed).without_jumps().without("package_price", "guarantee", "bill", "per_session", "without_deductible")
    tamed.without_caps(lambda cap: cap["per"] in ("claim", "session"))
    for n, layer in enumerate(tamed.layers):
        if n and (layer.get("deductible_per") or layer["per"]) == "claim":
            for terms in layer["terms"]:
                terms.pop("deductible", None)
                terms.pop("deductible_rule", None)
        if layer["per"] == "claim":
            for terms in layer["terms"]:
                rates = sorted(band["rate"] for band in terms["bands"])
                terms["bands"] = [band | {"rate": rate} for band, rate in zip(terms["bands"], rates, strict=True)]
    tamed.version["layers"] = tamed.layers[:1] + [x for x in tamed.layers[1:] if x["code"] != "outpatient"]
    tamed.layers[0]["when"] = {}
    rules, person = tamed.rules(), tamed.person()
    claim = tamed.claim(person) | {"flat": 0, "care": "inpatient", "transferred": False, "continues_stay": False}
    claim |= {"stay_deductible": 0, "episode_deductible": 0, "sessions": 1}
    first, second = dict(claim), dict(claim)
    for name in ("self_funded", "over_limit", "pre_selfpay", "in_scope", "class_b", "traditional"):
        first[name] = claim[name] * share // 1_000
        second[name] = claim[name] - first[name]
    state = settle(rules, [tamed.claim(person) for _ in range(2)])[-1].after
    [whole] = settle(rules, [claim], state)
    [one] = settle(rules, [first], state)
    [other] = settle(rules, [second | {"continues_stay": True, "stay_deductible": one.deductible_fen}], one.after)
    assert one.funds_fen + other.funds_fen <= whole.funds_fen + 2 * len(whole.layers)
    assert other.after.stays == whole.after.stays


@often
@given(seed=seeds)
def test_a_richer_cap_never_pays_less(seed: int) -> None:
    """One limit of any kind raised. Without layers that pay beyond a cap: they may pay more than the layer whose cap it is."""
    tamed = Tamed(seed).without_jumps()
    rules, person = tamed.rules(), tamed.person()
    capped = [(rule, key) for key in ("cap", "cost_cap") for rule in tamed.every(key)]
    capped += [(cap, "amount") for holder in tamed.every("caps") for cap in holder["caps"]]
    capped += [(rule, "deductible_less") for rule in tamed.every("deductible_less")]
    if not capped:
        return
    state = settle(rules, [tamed.claim(person) for _ in range(3)])[-1].after
    claims = [tamed.claim(person) for _ in range(3)]
    before = [settle(rules, [claim], state)[0] for claim in claims]
    rule, key = tamed.random.choice(capped)
    rule[key] = policies.money_text(tamed.random.randint(1, 10_000_000) + policies.fen_of(rule[key]))
    richer = tamed.rules()
    for claim, poor in zip(claims, before, strict=True):
        assert settle(richer, [claim], state)[0].funds_fen >= poor.funds_fen


@often
@given(seed=seeds)
def test_a_class_whose_terms_dominate_is_never_paid_less(seed: int) -> None:
    """Better terms: higher rates, no limits of their own, in any layer, from the same point of the year. A smaller deductible is no
    such term by itself: under a limit on cost it buys the lower bands first, and it moves bands that stand on the excess. Nor where a
    later base is less the deductible: one after the rate takes more of a higher rate."""
    tamed = Tamed(seed).without_jumps().without("package_price", "without_deductible")
    layer = tamed.random.choice(tamed.layers)
    for n, terms in enumerate(list(layer["terms"])):
        better = deepcopy(terms) | {"code": f"better_{n}", "name": "better", "caps": []}
        better["when"] = better.get("when", {}) | {"classes": ["low_income"]}
        better["bands"] = [band | {"rate": more(band["rate"], tamed.random.randrange(300_000))} for band in better["bands"]]
        for key in ("cap", "cost_cap"):
            better.pop(key, None)
        if "classes" not in terms.get("when", {}):
            layer["terms"].insert(n, better)
            break
    else:
        return
    rules, person = tamed.rules(), tamed.person()
    state = settle(rules, [tamed.claim(person) for _ in range(3)])[-1].after
    for _ in range(3):
        claim = tamed.claim(person)
        classes = claim["classes"] | {"low_income"}
        ordinary, favoured = (settle(rules, [claim | {"classes": held}], state)[0] for held in (claim["classes"], classes))
        if [done.step.terms.code for done in favoured.layers] != [done.step.terms.code for done in ordinary.layers]:
            assert favoured.funds_fen >= ordinary.funds_fen


def more(rate: str, points: int) -> str:
    return policies.rate_text(min(1_000_000, round(float(rate) * 1_000_000) + points))


@often
@given(seed=seeds)
def test_ten_times_the_amounts_are_ten_times_the_payments(seed: int) -> None:
    """Every amount of book and claims times the same: nothing but amounts decides. Each rounding is off by half a fen and passes
    through the layers after it."""
    tamed = Tamed(seed).without_jumps()
    person = tamed.person()
    claims = [tamed.claim(person) for _ in range(3)]
    small = settle(tamed.rules(), claims)
    for key in sorted(policies.AMOUNTS):
        for rule in tamed.every(key):
            points_or_years = rule.keys() <= {"at_least", "below"} or (key == "at_most" and "points" in rule)
            if not points_or_years:
                rule[key] = larger(rule[key])
    claims = [{name: value * SCALE if name in AMOUNTS else value for name, value in claim.items()} for claim in claims]
    for n, (one, other) in enumerate(zip(small, settle(tamed.rules(), claims), strict=True), 1):
        assert abs(other.funds_fen - SCALE * one.funds_fen) <= n * SCALE * 2 ** len(one.layers)


def larger(value: Any) -> Any:
    if isinstance(value, list):
        return [larger(item) for item in value]
    return policies.money_text(policies.fen_of(value) * SCALE)


@often
@given(seed=seeds)
def test_what_is_reversed_never_happened(seed: int) -> None:
    """Under every book: the state without a decision is the state before it with what came after, and the next claim does not
    see the difference."""
    tamed = Tamed(seed)
    rules, person = tamed.rules(), tamed.person()
    kept, gone, later = settle(rules, [tamed.claim(person) for _ in range(3)])
    assert gone.after.minus(gone.contribution) == kept.after
    assert later.after.minus(gone.contribution) == kept.after.plus(later.contribution)
    claim = tamed.claim(person)
    after_reversal = settle(rules, [claim], gone.after.minus(gone.contribution))[0]
    assert figures_of(after_reversal) == figures_of(settle(rules, [claim], kept.after)[0])


@often
@given(seed=seeds)
def test_claims_of_different_persons_do_not_meet(seed: int) -> None:
    """Under every book, in any order, with rules that have seen other claims or none."""
    tamed = Tamed(seed)
    rules = tamed.rules()
    years = [[tamed.claim(person) for _ in range(4)] for person in (tamed.person(), tamed.person())]
    one_by_one = [[figures_of(decision) for decision in settle(tamed.rules(), claims)] for claims in years]
    states, turns = [YearState(), YearState()], [0, 0]
    for _ in range(8):
        who = tamed.random.choice([n for n in (0, 1) if turns[n] < 4])
        [decision] = settle(rules, [years[who][turns[who]]], states[who])
        assert figures_of(decision) == one_by_one[who][turns[who]]
        states[who], turns[who] = decision.after, turns[who] + 1


@often
@given(seed=seeds)
def test_months_do_not_meet(seed: int) -> None:
    """Where everything counts by the month: no limit, ladder or total of the year."""
    tamed = Tamed(seed).without(
        "cap", "cost_cap", "deductible_year_total", "deductible_per", "ladder", "less_each", "floor", "bill"
    )
    tamed.without_caps(lambda cap: cap["per"] == "year").without("per_session")
    for layer in tamed.layers:
        layer["per"] = "month"
        for terms in layer["terms"]:
            terms["deductible"] = terms.get("deductible", [0])[:1]
    rules, person = tamed.rules(), tamed.person()
    earlier = [tamed.claim(person) | {"month": tamed.random.choice([2, 4])} for _ in range(3)]
    march = [tamed.claim(person) | {"month": 3} for _ in range(2)]
    after = settle(rules, earlier + march)[3:]
    assert [figures_of(decision) for decision in after] == [figures_of(decision) for decision in settle(rules, march)]


@often
@given(seed=seeds)
def test_diseases_do_not_meet(seed: int) -> None:
    """Where everything counts by the disease: no limit of a layer's year, no limit that is not by the disease, no ladder."""
    tamed = Tamed(seed).without("cap", "cost_cap", "ladder", "less_each", "floor")
    tamed.without_caps(lambda cap: cap["per"] in ("month", "year") and not cap.get("per_disease"))
    for layer in tamed.layers:
        layer["per_disease"] = True
        for terms in layer["terms"]:
            terms["deductible"] = terms.get("deductible", [0])[:1]
    rules, person = tamed.rules(), tamed.person()
    others = [tamed.claim(person) | {"disease": tamed.random.choice(["", "dialysis"])} for _ in range(3)]
    tumour = [tamed.claim(person) | {"disease": "tumour"} for _ in range(2)]
    after = settle(rules, others + tumour)[3:]
    assert [figures_of(decision) for decision in after] == [figures_of(decision) for decision in settle(rules, tumour)]
