"""Columns of claims and one claim at a time: the same to the fen, the state of every person-year included."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.adapters.vector import decide as deciding
from claims.adapters.vector.columns import ClaimColumns, Coded
from claims.adapters.vector.decide import decide
from claims.adapters.vector.plans import Rules, assign
from claims.domain.adjudication import BOOK_SUFFIX, Decision, RuleBooks
from shared.errors import Refusal
from shared.rules import rule_texts
from tests.factories.fact_columns import claim_columns, facts_at, one_at_a_time
from tests.oracle import policies

HERE = Path(__file__).parent
POLICY = Path("services/claims/src/claims/policy")


def everything() -> RuleBooks:
    """The book of every rule, and a second version of another pool rate from April on."""
    text = (HERE / "everything.book.yaml").read_text("utf-8")
    head, first = text.split("versions:\n")
    second = first.replace("version: first", "version: second").replace('"0.831117"', '"0.8"')
    second = second.replace("effective_from: 2024-01-01", "effective_from: 2026-04-01")
    second = second.replace("    effective_to: 2026-03-31\n", "")
    return RuleBooks.read({"everything": f"{head}versions:\n{first}{second}"})


def compare(rules: Rules, claims: ClaimColumns) -> tuple[int, int]:
    """How many claims were decided and refused, after every amount and counter was found equal."""
    n = len(claims)
    assigned = assign(rules, claims)
    got = decide(claims, assigned, whole_state=True)
    columns = {name: got.placed(getattr(got, name), n) for name in ("person", "account", "family", "hospital", "self_pay")}
    payments = [got.placed(paid, n) for paid in got.payments]
    states: dict[int, Any] = {}
    refused = 0
    for i, _, decision in one_at_a_time(rules, claims):
        if isinstance(decision, Refusal):
            refused += 1
            assert assigned.plan[i] == -1
            assert assigned.refusals[assigned.refusal[i]].code == decision.code
            assert [paid[i] for paid in payments] == [0] * len(payments)
            continue
        assert {name: column[i] for name, column in columns.items()} == amounts(decision), i
        paid_by = {layer.code: paid[i] for layer, paid in zip(got.layers, payments, strict=True) if paid[i]}
        assert paid_by == {done.step.layer.code: done.payment_fen for done in decision.layers if done.payment_fen}, i
        states[int(assigned.row[i])] = decision.after.counters
    for row, counters in states.items():
        assert {name: counter[row] for name, counter in got.counters.items() if counter[row]} == dict(counters)
    assert len(got.order) == n - refused
    fewer = decide(claims, assigned)
    assert fewer.person.tolist() == got.person.tolist()
    assert {name: counter.tolist() for name, counter in fewer.counters.items()}.items() <= {
        name: counter.tolist() for name, counter in got.counters.items()
    }.items()
    return n - refused, refused


def amounts(decision: Decision) -> dict[str, int]:
    total = decision.facts.split.total_fen
    payments = sum(done.payment_fen for done in decision.layers)
    assert total == payments + decision.person_fen + decision.hospital_fen
    outside = decision.split.self_funded_fen + decision.split.over_limit_fen
    by_parts = any(done.step.parts for done in decision.layers)
    return {
        "person": decision.person_fen,
        "account": decision.account_fen,
        "family": decision.family_fen,
        "hospital": decision.hospital_fen,
        "self_pay": decision.person_fen - outside if not by_parts else _self_pay(decision),
    }


def _self_pay(decision: Decision) -> int:
    """In scope and pre-selfpay that is left, a layer's money going to what is in scope first, then to parts in their order."""
    split = decision.split
    left, parts = split.in_scope_fen, [split.pre_selfpay_fen, split.over_limit_fen, split.self_funded_fen]
    for done in decision.layers:
        left -= done.hospital_fen
        rest = done.payment_fen
        taken = min(rest, left) if done.step.parts else rest
        left, rest = left - taken, rest - taken
        for part in done.step.parts:
            taken = min(rest, parts[part])
            parts[part], rest = parts[part] - taken, rest - taken
    return left + parts[0]


def test_every_kind_of_rule_over_three_benefit_years() -> None:
    claims = claim_columns(
        10_000,
        1_500,
        1,
        region="990300",
        schemes=("310",),
        cares=("inpatient", "outpatient", "chronic", "two_diseases", "maternity", "day_surgery"),
        near=(30_000, 120_000, 300_000, 1_000_000),
        first=date(2025, 3, 1),
        days=730,
        diseases=("", "d1", "d2", "d3"),
    )
    assert compare(everything(), claims) == (10_000, 0)


def test_few_persons_with_very_many_claims() -> None:
    claims = claim_columns(1_500, 3, 2, region="990300", schemes=("310",), cares=("inpatient", "chronic"), diseases=("", "d3"))
    assert compare(everything(), claims) == (1_500, 0)


def test_the_books_that_are_in_force() -> None:
    books = RuleBooks.read(rule_texts(POLICY / "books", BOOK_SUFFIX))
    seen = 0
    for region in sorted({rules.region for rules in books.all()}):
        claims = claim_columns(1_000, 150, 3, region=region, schemes=("310", "390"), near=(20_000, 600_000, 1_200_000))
        decided, refused = compare(books, claims)
        assert decided + refused == 1_000
        seen += decided
    assert seen > 0


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(book=policies.books(), seed=st.integers(0, 2**32))
def test_generated_books(book: dict[str, Any], seed: int) -> None:
    books = RuleBooks.read({"generated": yaml.safe_dump(book, allow_unicode=True)})
    near = tuple(policies.figures(book)) or (0,)
    assert sum(compare(books, claim_columns(250, 40, seed, region="990200", schemes=("310",), near=near))) == 250


def test_blocks_of_the_kernel_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = claim_columns(3_000, 2_000, 5, region="990300", schemes=("310",), diseases=("", "d1"))
    rules = everything()
    whole = decide(claims, assign(rules, claims))
    monkeypatch.setattr(deciding, "AT_ONCE", 7)
    small = decide(claims, assign(rules, claims))
    assert small.person.tolist() == whole.person.tolist()
    assert [paid.tolist() for paid in small.payments] == [paid.tolist() for paid in whole.payments]


def test_a_claim_that_is_left_out_leaves_no_trace_in_the_year() -> None:
    rules = everything()
    claims = claim_columns(2_000, 50, 6, region="990300", schemes=("310",))
    assigned = assign(rules, claims)
    out = claims.person % 2 == 0
    got = decide(claims, assigned, leave_out=out)
    assert sorted(got.order.tolist()) == [i for i in range(2_000) if not out[i]]
    everyone = decide(claims, assigned)
    assert got.placed(got.person, 2_000)[~out].tolist() == everyone.placed(everyone.person, 2_000)[~out].tolist()


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("total", 3, 1),
        ("in_scope", 2, -1),
        ("self_funded", 4, 10**11 + 1),
        ("sessions", 1, 0),
        ("sessions", 1, 10_001),
        ("continues_stay", 0, 2),
        ("class_b", 4, 10**10),
        ("account", 2, -5),
    ],
)
def test_amounts_that_do_not_hold_are_refused_with_their_row(name: str, row: int, value: int) -> None:
    claims = claim_columns(6, 3, 7, region="990300", schemes=("310",))
    column = claims.numbers[name].copy()  # type: ignore[union-attr]  # the factory makes columns
    column[row] = value
    with pytest.raises(Refusal) as refusal:
        ClaimColumns(
            person=claims.person,
            scheme=claims.scheme,
            region=claims.region,
            circumstances=claims.circumstances,
            days=claims.days,
            numbers={**claims.numbers, name: column},
        )
    assert (refusal.value.code, refusal.value.facts) == ("claims.facts.wrong", {"row": row})


def test_more_claims_of_a_person_year_than_counters_can_bear_are_refused() -> None:
    n = 10_001
    claims = claim_columns(n, 1, 8, region="990300", schemes=("310",), days=90)
    with pytest.raises(Refusal) as refusal:
        decide(claims, assign(everything(), claims))
    assert refusal.value.code == "claims.facts.too-many"


def test_circumstances_are_told_apart_one_by_one() -> None:
    """What ``plans`` relies on: the key of a plan changes with one circumstance exactly when that one is looked at."""
    for rules in everything().all():
        claims = claim_columns(2_000, 500, 9, region="990300", schemes=("310",), diseases=("", "d1", "d2"))
        rows = range(0, 2_000, 7)
        one = [facts_at(claims, i, 1 + i % 12).circumstances for i in rows]
        for first, second in pairwise(one):
            key = rules.plan_key(second)
            values = {name: getattr(first, name) for name in first._fields}
            alike = {name: value for name, value in values.items() if rules.plan_key(second._replace(**{name: value})) == key}
            assert rules.plan_key(second._replace(**alike)) == key


def test_an_empty_block() -> None:
    claims = claim_columns(0, 1, 1, region="990300", schemes=("310",))
    got = decide(claims, assign(everything(), claims))
    assert (len(got.order), got.payments, dict(got.counters)) == (0, (), {})


def test_coded_columns_join_equal_values() -> None:
    coded = Coded.of(["a", "b", "a", "c"])
    assert (coded.codes.tolist(), coded.values, coded.single) == ([0, 1, 0, 2], ("a", "b", "c"), False)
    joined = coded.mapped(lambda value: value == "b")
    assert (joined.codes.tolist(), joined.values) == ([0, 1, 0, 0], (False, True))
