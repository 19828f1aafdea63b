"""Published and hand-computed examples through the command, as the documentation says to run them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from claims.domain.adjudication import BOOK_SUFFIX, CASE_SUFFIX, Case, RuleBooks
from claims.entrypoints.cli_rules import rules_app
from shared.rules import read_rules, rule_texts

POLICY = Path("services/claims/src/claims/policy")
EXAMPLES = POLICY / "examples"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(rules_app, [str(argument) for argument in arguments])


def adjudicate(book: Path, facts: Path) -> Any:
    result = run("adjudicate", "--book", book, "--facts", facts)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_every_example_comes_out_as_expected() -> None:
    outcomes = adjudicate(POLICY, EXAMPLES)
    assert len(outcomes) == len(list(EXAMPLES.rglob("*.case.yaml"))) == 224
    assert [outcome["file"] for outcome in outcomes if not outcome["as_expected"]] == []
    assert min(len(outcome["expected"]) for outcome in outcomes) >= 1


def test_every_book_has_two_cases_at_least() -> None:
    books = RuleBooks.read(rule_texts(POLICY, BOOK_SUFFIX))
    cases = [read_rules(text, name, Case) for name, text in rule_texts(EXAMPLES, CASE_SUFFIX).items()]
    decided = Counter(books.on(case.region, case.scheme, case.day).origin.file for case in cases)
    with_layers = {rules.origin.file for rules in books.all() if rules.version.layers}
    assert {file: decided[file] for file in with_layers if decided[file] < 2} == {}


def test_a_published_example_that_contradicts_its_own_rule_says_so() -> None:
    outcomes = adjudicate(EXAMPLES / "D06", EXAMPLES / "D06")
    assert [outcome["as_expected"] for outcome in outcomes] == [True, True, True]
    assert {outcome["contradicts"][:35] for outcome in outcomes} == {"The page prints policy rates of 80,"}


def test_the_published_waiting_periods() -> None:
    """D12: 2025 and 2026 missed; section 6.3: three months, one more each year, four years at least six."""
    rules = RuleBooks.read(rule_texts(EXAMPLES / "D12", BOOK_SUFFIX)).on("370200", "390", date(2027, 1, 1))
    waiting = rules.version.waiting
    assert waiting is not None
    assert (waiting.months(2), waiting.months(2, 1)) == (4, 3)
    assert [waiting.months(missed) for missed in (0, 1, 2, 3, 4, 5)] == [3, 3, 4, 5, 6, 7]
    assert [waiting.months(5, repaired) for repaired in (0, 1, 2, 5)] == [7, 6, 6, 6]
    assert waiting.months(3, classes=frozenset({"newborn"})) == 0
    for missed, repaired in ((-1, 0), (1, 2), (1, -1)):
        with pytest.raises(ValueError, match="more years repaired than missed"):
            waiting.months(missed, repaired)
    with pytest.raises(ValueError, match="or repair is not offered"):
        replace(waiting, repairable=False).months(2, 1)


def test_an_outcome_has_every_amount_in_yuan_and_fen() -> None:
    outcome = adjudicate(EXAMPLES / "D04", EXAMPLES / "D04" / "D04.case.yaml")
    assert list(outcome) == [
        "title",
        "file",
        "source",
        "note",
        "rules",
        "amounts",
        "payments",
        "year_before",
        "year_after",
        "explanation",
        "expected",
        "as_expected",
    ]
    assert {name: amount["yuan"] for name, amount in outcome["amounts"].items()} == {
        "total": "300000.00",
        "self_funded": "0.00",
        "over_limit": "0.00",
        "pre_selfpay": "0.00",
        "in_scope": "300000.00",
        "pool.base": "300000.00",
        "pool.before": "0.00",
        "pool.deductible": "1200.00",
        "pool.over_cost": "0.00",
        "pool.band_1": "298800.00",
        "pool.uncapped": "271908.00",
        "pool.room": "65000.00",
        "pool.payment": "65000.00",
        "pool.unpaid": "233800.00",
        "pool.beyond_cap": "227371.43",
        "large.base": "227371.43",
        "large.before": "0.00",
        "large.deductible": "0.00",
        "large.over_cost": "0.00",
        "large.band_1": "227371.43",
        "large.uncapped": "216002.86",
        "large.payment": "216002.86",
        "large.unpaid": "11368.57",
        "catastrophic.base": "17797.14",
        "catastrophic.before": "0.00",
        "catastrophic.deductible": "14370.00",
        "catastrophic.over_cost": "0.00",
        "catastrophic.band_1": "3427.14",
        "catastrophic.uncapped": "2056.28",
        "catastrophic.payment": "2056.28",
        "catastrophic.unpaid": "1370.86",
        "funds": "283059.14",
        "person": "16940.86",
        "account": "0.00",
        "cash": "16940.86",
    }
    assert outcome["amounts"]["person"] == {"yuan": "16940.86", "fen": 1_694_086}
    assert outcome["payments"][1] == {
        "layer": "large",
        "name": "大额医疗费用补助",
        "book": "LARGE",
        "account": "5001.01",
        "fund_pay_type": "330100",
        "his_field": "hifob_pay",
        "amount": {"yuan": "216002.86", "fen": 21_600_286},
    }
    assert outcome["year_after"]["pool.paid"] == 6_500_000
    assert outcome["rules"]["digest"].startswith("sha256:")


def test_an_expectation_that_is_not_met_is_shown_and_fails(tmp_path: Path) -> None:
    text = (EXAMPLES / "D08" / "D08.case.yaml").read_text("utf-8")
    changed = tmp_path / "changed.case.yaml"
    changed.write_text(text.replace("person: 1500", "person: 1501\n  pool.payment: 1"), "utf-8")
    result = run("adjudicate", "--book", EXAMPLES / "D08", "--facts", changed)
    assert result.exit_code == 1
    outcome = json.loads(result.stdout)
    assert outcome["as_expected"] is False
    assert outcome["expected"][-2:] == [
        {
            "name": "person",
            "expected": {"yuan": "1501.00", "fen": 150_100},
            "got": {"yuan": "1500.00", "fen": 150_000},
            "ok": False,
        },
        {"name": "pool.payment", "expected": {"yuan": "1.00", "fen": 100}, "got": None, "ok": False},
    ]


FACTS = """\
format: onewindow-facts/1
title: a
region: "420500"
scheme: "390"
day: 2024-06-01
care: inpatient
level: 3
status: resident
bill: {total: 1000}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level: 3", "level: 4", "facts.yaml:1: the level is 1, 2 or 3"),
        ("bill: {total: 1000}\n", "", "facts.yaml:1: a claim has either a bill or lines"),
        ("bill: {total: 1000}", "bill: {total: 10.5}", 'facts.yaml:9: 10.5 is a float, which is never exact: quote it, "10.5"'),
        (
            "bill: {total: 1000}",
            "bill: {total: 1, self_funded: 2}",
            "facts.yaml:9: self_funded, over_limit and pre_selfpay are more",
        ),
        (
            "bill: {total: 1000}",
            "lines: [{amount: 9, quantity: 3, charge_class: A}]",
            "facts.yaml:9: a line of more than one unit",
        ),
        ("bill: {total: 1000}", 'lines: [{amount: "-9", charge_class: A}]', "claims.bill.negative: 退费大于原收费"),
        ("care: inpatient", "care: outpatient", "claims.rules.uncovered: 待遇规则没有规定门诊待遇"),
        ("day: 2024-06-01", "day: 2025-01-01", "claims.rules.no-version: 统筹区420500险种390在2025-01-01没有生效的待遇规则"),
        ("status: resident", "status: resident\nclasses: [poor]", "facts.yaml:9: 'poor' is not one of tekun, orphan, "),
    ],
)
def test_wrong_facts_are_refused_with_their_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text(FACTS.replace(old, new), "utf-8")
    result = run("adjudicate", "--book", POLICY / "books", "--facts", facts)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_facts_may_be_json_and_lines_may_be_returned(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    lines = [
        {"amount": "100.00", "quantity": 2, "price": 50, "price_limit": 40, "charge_class": "B"},
        {"amount": "-50.00", "quantity": "-1", "price": 50, "price_limit": 40, "charge_class": "B"},
    ]
    head = {"format": "onewindow-facts/1", "title": "a", "region": "420500", "scheme": "390", "day": "2024-06-01"}
    facts.write_text(json.dumps({**head, "care": "inpatient", "level": 3, "status": "resident", "lines": lines}), "utf-8")
    amounts = adjudicate(POLICY / "books", facts)["amounts"]
    assert [amounts[n]["fen"] for n in ("total", "over_limit", "pre_selfpay", "in_scope")] == [5_000, 1_000, 400, 3_600]
