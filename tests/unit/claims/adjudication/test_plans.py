"""Plans are resolved once for all claims that no rule tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from claims.domain.adjudication import Circumstances, RuleBooks, RuleSet, Split, YearState, adjudicate
from claims.domain.adjudication.kernel import ClaimFacts
from claims.domain.adjudication.plan import Plan, resolve, step_of
from shared.errors import Refusal
from tests.oracle import policies

SEEN = Circumstances("inpatient", 2, "active")
CHANGES: dict[str, list[Any]] = {
    "care": policies.CARES,
    "level": [1, 2, 3],
    "status": ["active", "retired", "resident"],
    "classes": [frozenset(), *({name} for name in policies.CLASSES)],
    "place": policies.PLACES,
    "referred": [True, False],
    "emergency": [True, False],
    "long_term": [True, False],
    "rank": policies.RANKS,
    "facility": [frozenset(), *({name} for name in policies.MARKS)],
    "age": [0, 5, 13, 14, 40, 41, 60, 61, 80],
    "tenure_months": [0, 11, 12, 23, 24, 59, 60, 61, 120],
    "zero_claim_years": [0, 1, 5],
    "disease": ["", *policies.DISEASES],
    "enrolled": [frozenset(), {"tumour"}, {"dialysis"}, {"tumour", "dialysis"}, {"tumour", "diabetes"}, set(policies.DISEASES)],
    "tier": ["", *policies.TIERS],
    "month": [1, 2, 12],
}


def but(c: Circumstances, **changes: Any) -> Circumstances:
    """The same claim but for these."""
    return Circumstances(**c._asdict() | changes)


def changed(c: Circumstances) -> Iterator[Circumstances]:
    """The same but for one thing."""
    for name, values in CHANGES.items():
        for value in values:
            yield but(c, **{name: frozenset(value) if isinstance(value, set) else value})


def read(book: dict[str, Any]) -> RuleSet:
    return RuleBooks.read({"generated": policies.text(book)}).on(policies.REGION, policies.SCHEME, policies.DAY)


def plan_of(rules: RuleSet, c: Circumstances) -> Plan | str:
    try:
        return rules.plan(c)
    except Refusal as refusal:
        return refusal.code


def resolved(rules: RuleSet, c: Circumstances) -> Plan | str:
    try:
        return resolve(rules.version, c)
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize("seed", range(40))
def test_a_remembered_plan_is_the_plan(seed: int) -> None:
    """Whatever was asked before: every claim that differs in one thing from those before has the plan that is resolved for it."""
    random = Random(seed)
    rules = read(policies.book(random))
    for c in changed(but(SEEN, level=random.choice([1, 2, 3]), disease=random.choice(["", "tumour"]))):
        assert plan_of(rules, c) == resolved(rules, c), c


def simple(only: dict[str, Any] | None = None, **layer: Any) -> dict[str, Any]:
    """A book of one layer, which asks for what is given."""
    book = policies.book(Random(0))
    version = book["versions"][0]
    for key in ("incentive", "bill_adjustments"):
        version.pop(key, None)
    terms = [{"code": "all", "name": "all", "when": only or {}, "bands": [{"rate": "0.5"}]}]
    pool = {"code": "pool", "name": "pool", "book": "EMP", "fund": "310100", "his_field": "hifp_pay", "per": "claim"}
    version["layers"] = [pool | {"source": "generated", "terms": terms} | layer]
    return book


INCENTIVE = {"per_year": 1, "source": "generated"}
UNSEEN = [
    ("classes", {"classes": ["dibao"]}, frozenset(), frozenset({"orphan"})),
    ("facility", {"facility": ["chosen"]}, frozenset(), frozenset({"linked"})),
    ("age", {"age": {"below": 14}}, 14, 90),
    ("tenure_months", {"tenure_months": {"at_least": 12}}, 12, 300),
    ("disease", {"diseases": ["tumour"]}, "", "dialysis"),
    ("enrolled", {"enrolled": ["tumour"]}, frozenset(), frozenset({"dialysis"})),
    ("tier", {"tiers": ["one"]}, "", "two"),
    ("zero_claim_years", {}, 0, 3),
    ("month", {}, 1, 7),
]


@pytest.mark.parametrize(("name", "when", "one", "other"), UNSEEN)
def test_claims_that_no_rule_tells_apart_share_a_plan(name: str, when: dict[str, Any], one: object, other: object) -> None:
    rules = read(simple(when))
    left, right = (but(SEEN, **{name: value}) for value in (one, other))
    assert rules.plan_key(left) == rules.plan_key(right)


@pytest.mark.parametrize(
    ("name", "book", "one", "other"),
    [
        ("month", simple(per="month"), 1, 7),
        ("month", simple(caps=[{"amount": 1, "per": "month"}]), 1, 7),
        ("disease", simple(per_disease=True), "tumour", "dialysis"),
        ("disease", simple(caps=[{"amount": 1, "per_disease": True}]), "tumour", "dialysis"),
        (
            "enrolled",
            simple(caps=[{"amount": 1, "per_extra_disease": 1}]),
            frozenset({"tumour"}),
            frozenset({"tumour", "dialysis"}),
        ),
        (
            "age",
            simple(adjustments=[{"code": "a", "name": "a", "each": {"of": "age", "points": "0.001"}}]),
            41,
            42,
        ),
        (
            "tenure_months",
            simple(adjustments=[{"code": "a", "name": "a", "each": {"of": "tenure_years", "points": "0.001"}}]),
            12,
            24,
        ),
    ],
)
def test_claims_that_a_rule_tells_apart_do_not(name: str, book: dict[str, Any], one: object, other: object) -> None:
    rules = read(book)
    left, right = (rules.plan(but(SEEN, **{name: value})) for value in (one, other))
    assert left != right


def test_an_age_that_adds_points_leaves_tenure_alone_and_the_other_way_round() -> None:
    for of, name in (("age", "tenure_months"), ("tenure_years", "age")):
        rules = read(simple(adjustments=[{"code": "a", "name": "a", "each": {"of": of, "points": "0.001"}}]))
        assert rules.plan_key(but(SEEN, **{name: 1})) == rules.plan_key(but(SEEN, **{name: 99}))


@pytest.mark.parametrize(
    ("c", "message", "field"),
    [
        (but(SEEN, care="outpatient"), "待遇规则没有规定门诊待遇", "med_type"),
        (but(SEEN, level=3), "待遇规则“pool”没有规定3级医疗机构、人员状态active的待遇标准", "hosp_lv"),
    ],
)
def test_what_no_rule_covers_is_refused(c: Circumstances, message: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(simple({"levels": [2]}, when={"care": ["inpatient"]})).plan(c)
    assert (caught.value.code, caught.value.zh, caught.value.field) == ("claims.rules.uncovered", message, field)


def test_layers_that_share_a_cap_share_it_within_a_claim() -> None:
    """100 of one cap: 60 by the first layer, 40 of the 60 that it left by the second, nothing by the third."""
    book = simple(caps=[{"amount": 100, "shared": "all"}])
    [pool] = book["versions"][0]["layers"]
    pool["terms"][0]["bands"] = [{"rate": "0.5"}]
    book["versions"][0]["layers"] = [
        pool | {"code": code, "terms": [pool["terms"][0] | {"bands": [{"rate": rate}]}]}
        for code, rate in (("first", "0.5"), ("second", "1"), ("third", "1"))
    ]
    facts = ClaimFacts(split=Split(12_000, 0, 0, 0, 12_000), circumstances=SEEN)
    decision = adjudicate(read(book), facts, YearState())
    assert [done.payment_fen for done in decision.layers] == [6_000, 4_000, 0]
    assert [done.room_fen for done in decision.layers] == [10_000, 4_000, 0]
    assert decision.after.counters["shared.all.paid"] == 10_000


def test_of_a_group_the_first_of_equals_is_named() -> None:
    change = {"code": "a", "name": "a", "points": "0.1", "group": "g"}
    rules = read(simple(adjustments=[change, change | {"code": "b"}, change | {"code": "c", "points": "0.05"}]))
    assert [named.code for named in rules.plan(SEEN).steps[0].adjustments] == ["a"]


def test_what_a_step_knows_of_the_others() -> None:
    """The first takes flat lines; the one whose cap is gone beyond keeps what is; a step by itself knows none."""
    book = simple(cap=10)
    [pool] = book["versions"][0]["layers"]
    book["versions"][0]["layers"] = [
        pool,
        pool | {"code": "other"},
        pool | {"code": "gated", "after_cap_of": "other"},
        pool | {"code": "large", "base": "beyond_cap", "beyond": "pool"},
    ]
    rules = read(book)
    steps = rules.plan(SEEN).steps
    assert [(s.takes_flat, s.keeps_beyond, s.beyond, s.gate) for s in steps] == [
        (True, True, -1, -1),
        (False, False, -1, -1),
        (False, False, -1, 1),
        (False, False, 0, -1),
    ]
    layer = rules.version.layers[0]
    alone = step_of(rules.version, layer, layer.terms[0], SEEN)
    assert (alone.takes_flat, alone.keeps_beyond, alone.beyond, alone.gate) == (False, False, -1, -1)
    assert (alone.layer, alone.terms, alone.cap) == (layer, layer.terms[0], 1_000)


def test_a_package_within_a_package_counts_what_the_hospital_bears_already() -> None:
    """A bill of 100: beyond 80 the hospital bears 20; beyond 70 it bears 10 more, of the 40 that the first layer left."""
    book = simple()
    [pool] = book["versions"][0]["layers"]
    book["versions"][0]["layers"] = [
        pool | {"code": code, "terms": [pool["terms"][0] | {"bands": [{"rate": rate}], "package_price": price}]}
        for code, rate, price in (("first", "0.5", 80), ("second", "1", 70))
    ]
    facts = ClaimFacts(split=Split(10_000, 0, 0, 0, 10_000), circumstances=SEEN)
    decision = adjudicate(read(book), facts, YearState())
    assert [(done.hospital_fen, done.payment_fen) for done in decision.layers] == [(2_000, 4_000), (1_000, 3_000)]
    assert (decision.hospital_fen, decision.person_fen) == (3_000, 0)


def test_care_that_no_rule_names_is_treated_as_the_general_kind() -> None:
    rules = read(simple({"care": ["inpatient", "chronic"]}))
    assert rules.care("chronic", "outpatient") == "chronic"
    assert rules.care("two_diseases", "outpatient") == "outpatient"
