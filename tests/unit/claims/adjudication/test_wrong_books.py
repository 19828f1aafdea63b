"""Every refusal of the reader of rule books, with the line it names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks
from shared.errors import Refusal
from shared.rules import RuleError, rule_texts

EXAMPLES = Path("services/claims/src/claims/policy/examples")

BOOK = """\
format: onewindow-rule-book/1
region: "331000"
place: 某市
scheme: "390"
title: 测试
versions:
  - version: "1"
    effective_from: 2024-01-01
    dated_by: discharge
    policy_year: calendar
    sources: {s: {title: 文件, grade: synthetic}}
    class_b: {rate: "0.10", source: s}
    account: {pays: nothing, source: s}
    layers:
      - code: pool
        name: 统筹
        book: RES
        fund: "390100"
        his_field: hifp_pay
        per: claim
        source: s
        terms:
          - {code: all, name: 住院, deductible: [500], bands: [{rate: "0.70"}]}
      - code: more
        name: 大病
        book: CII
        fund: "390200"
        his_field: hifmi_pay
        per: year
        source: s
        terms:
          - {code: all, name: 大病, deductible: [9000], bands: [{rate: "0.60"}]}
"""
VERSION, POOL, POOL_TERMS, MORE, MORE_TERMS = 7, 15, 23, 24, 32
"""Lines where they begin."""

IN_VERSION = "    layers:\n"
IN_POOL = "        per: claim\n"
IN_POOL_TERMS = "deductible: [500]"
IN_MORE = "        per: year\n"
IN_MORE_TERMS = "deductible: [9000]"


def refusal(old: str, new: str) -> str:
    assert BOOK.count(old) == 1
    with pytest.raises(RuleError) as caught:
        RuleBooks.read({"x.book.yaml": BOOK.replace(old, new)})
    return str(caught.value)


def test_the_book_without_a_fault_is_read() -> None:
    assert [layer.code for layer in RuleBooks.read({"x": BOOK}).all()[0].version.layers] == ["pool", "more"]


@pytest.mark.parametrize(
    ("key", "line", "problem"),
    [
        ('policy_year: "13-01"', VERSION, "policy_year '13-01' is neither calendar nor MM-DD"),
        ('policy_year: "02-29"', VERSION, "policy_year '02-29' is neither calendar nor MM-DD"),
        ("policy_year: yearly", VERSION, "policy_year 'yearly' is neither calendar nor MM-DD"),
    ],
)
def test_a_benefit_year_begins_on_a_day(key: str, line: int, problem: str) -> None:
    assert refusal("policy_year: calendar", key) == f"x.book.yaml:{line}: {problem}"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("bases: {wage: {amount: 8084}}", "base wage needs one of the version's sources, not None"),
        ("bases: {wage: {amount: 8084, source: t}}", "base wage needs one of the version's sources, not 't'"),
        ('line_classes: [{code: a, name: a, pre_selfpay: "0.3"}]', "line class a needs one of the version's sources, not None"),
        (
            'bill_adjustments: [{code: a, name: a, when: {}, pre_selfpay: "0.1"}]',
            "bill adjustment a needs one of the version's sources, not None",
        ),
        ("incentive: {per_year: 3000}", "incentive needs one of the version's sources, not None"),
        ("waiting: {fixed_months: 3}", "waiting needs one of the version's sources, not None"),
        ("stays: {transfer: difference}", "stays needs one of the version's sources, not None"),
        (
            'line_classes: [{code: a, name: a, pre_selfpay: "0.3", source: s}, {code: a, name: b, pre_selfpay: "0", source: s}]',
            "a line class stands twice",
        ),
        (
            'bill_adjustments: [{code: a, name: a, when: {}, pre_selfpay: "0", source: s}, '
            '{code: a, name: b, when: {}, pre_selfpay: "0", source: s}]',
            "a bill adjustment stands twice",
        ),
    ],
)
def test_what_a_version_states_has_a_source_and_stands_once(key: str, problem: str) -> None:
    assert refusal(IN_VERSION, f"    {key}\n{IN_VERSION}") == f"x.book.yaml:{VERSION}: {problem}"


def test_account_and_class_b_have_a_source() -> None:
    want = f"x.book.yaml:{VERSION}: %s needs one of the version's sources, not %s"
    assert refusal("account: {pays: nothing, source: s}", "account: {pays: nothing}") == want % ("account", None)
    assert refusal('class_b: {rate: "0.10", source: s}', 'class_b: {rate: "0.10", source: t}') == want % ("class_b", "'t'")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("terms: []", "layer more has no terms"),
        ("deductible_per: month", "layer more: a deductible by the month goes with bands by the month"),
        ("beyond: pool", "layer more: beyond goes with base: beyond_cap"),
        ("deductible_year_total: 1", "layer more: a total of deductibles goes with deductibles charged in each settlement"),
        ("after_cap_of: first", "layer more: no layer first stands before it"),
        ("after_cap_of: more", "layer more: no layer more stands before it"),
        ("base: beyond_cap\n        beyond: first", "layer more: no layer first stands before it"),
        ('guarantee: {share: "0.4", source: t}', "layer more: 't' is not among the version's sources"),
        ('lines: [{lines: class_b, points: "-0.1", source: t}]', "layer more: 't' is not among the version's sources"),
        ("caps: [{amount: 1, source: t}]", "layer more: 't' is not among the version's sources"),
        (
            'adjustments: [{code: a, name: a, points: "0.1", source: t}]',
            "layer more: 't' is not among the version's sources",
        ),
        ("caps: [{amount: 1, with_incentive: true}]", "layer more: a cap has an incentive, the version has none"),
    ],
)
def test_a_layer_holds_together(key: str, problem: str) -> None:
    if key.startswith("terms"):
        terms = BOOK[BOOK.rindex("        terms:\n") :]
        assert refusal(terms, f"        {key}\n") == f"x.book.yaml:{MORE}: {problem}"
    else:
        assert refusal(IN_MORE, f"{IN_MORE}        {key}\n") == f"x.book.yaml:{MORE}: {problem}"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("caps: [{amount: 1, source: t}], deductible: [9000]", f"{MORE}: layer more: 't' is not among the version's sources"),
        (
            'deductible_rule: {wage: {share: "0.1", of: wage, source: t}}',
            f"{MORE}: layer more: 't' is not among the version's sources",
        ),
        ('deductible_rule: {wage: {share: "0.1", of: wage}}', f"{MORE_TERMS}: 'wage' is not among the version's bases"),
        (
            "deductible: [9000, 4500]",
            f"{MORE_TERMS}: layer more charges one deductible by the year: no ladder, no share of a bill",
        ),
        (
            'deductible: [9000], deductible_rule: {ladder: ["1", "0.5"]}',
            f"{MORE_TERMS}: layer more charges one deductible by the year: no ladder, no share of a bill",
        ),
        (
            "deductible: [9000], deductible_rule: {less_each: 100}",
            f"{MORE_TERMS}: layer more charges one deductible by the year: no ladder, no share of a bill",
        ),
        (
            'deductible_rule: {bill: {share: "0.2"}}',
            f"{MORE_TERMS}: layer more charges one deductible by the year: no ladder, no share of a bill",
        ),
        (
            "deductible: [20], deductible_rule: {per_session: true}",
            f"{MORE_TERMS}: layer more: an amount for each session is charged in each settlement",
        ),
    ],
)
def test_what_is_charged_once_a_year_has_one_amount(key: str, problem: str) -> None:
    assert refusal(IN_MORE_TERMS, key) == f"x.book.yaml:{problem}"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (
            'deductible: [500], deductible_rule: {bill: {share: "0.2"}}',
            "the deductible is a share of a bill or a wage, or an amount, not both",
        ),
        (
            'deductible: [500], deductible_rule: {wage: {share: "0.2", of: wage}}',
            "the deductible is a share of a bill or a wage, or an amount, not both",
        ),
        (
            'deductible_rule: {bill: {share: "0.2"}, wage: {share: "0.2", of: wage}}',
            "a deductible that is a share of the bill has no wage, ladder or session",
        ),
        (
            'deductible_rule: {bill: {share: "0.2"}, ladder: ["1", "0.5"]}',
            "a deductible that is a share of the bill has no wage, ladder or session",
        ),
        (
            'deductible_rule: {bill: {share: "0.2"}, less_each: 0}',
            "a deductible that is a share of the bill has no wage, ladder or session",
        ),
        (
            'deductible_rule: {bill: {share: "0.2"}, per_session: true}',
            "a deductible that is a share of the bill has no wage, ladder or session",
        ),
        ('deductible: [500, 250], deductible_rule: {ladder: ["1", "0.5"]}', "a ladder begins at one amount"),
        ("deductible: [500, 250], deductible_rule: {less_each: 100}", "a ladder begins at one amount"),
        ("deductible: []", "at least one band and one deductible are needed"),
        ("when: {levels: [1, 4]}", "levels are 1, 2 and 3"),
        ("when: {age: {at_least: 60, below: 60}}", "below must be more than at_least"),
        ("when: {tenure_months: {at_least: 6, below: 2}}", "below must be more than at_least"),
        ('caps: [{"on": base, amount: 1, per: claim}]', "a cap on the base counts by the month or the year"),
        ('caps: [{"on": base, amount: 1, per: session}]', "a cap on the base counts by the month or the year"),
        ('caps: [{"on": cost, amount: 1, shared: a}]', "only caps on payments can be shared"),
        ("caps: [{amount: 1, at_most: 2}]", "at_most goes with per_extra_disease"),
    ],
)
def test_terms_do_not_contradict_themselves(key: str, problem: str) -> None:
    assert refusal(IN_POOL_TERMS, key) == f"x.book.yaml:{POOL_TERMS}: {problem}"


@pytest.mark.parametrize(
    "name",
    [
        "care",
        "levels",
        "statuses",
        "classes",
        "places",
        "ranks",
        "facility",
        "diseases",
        "except_diseases",
        "enrolled",
        "tiers",
    ],
)
def test_no_condition_is_an_empty_list(name: str) -> None:
    want = f"x.book.yaml:{POOL_TERMS}: {name} is an empty list: no claim would meet it"
    assert refusal(IN_POOL_TERMS, f"{IN_POOL_TERMS}, when: {{{name}: []}}") == want


@pytest.mark.parametrize(
    ("bands", "problem"),
    [
        ("[]", "at least one band and one deductible are needed"),
        ('[{up_to: 900, rate: "1"}]', "every band but the last needs up_to, and the last must not have it"),
        ('[{rate: "1"}, {rate: "1"}]', "every band but the last needs up_to, and the last must not have it"),
        ('[{up_to: 0, rate: "1"}, {rate: "1"}]', "the bands' up_to must rise"),
        ('[{up_to: 900, rate: "1"}, {up_to: 900, rate: "1"}, {rate: "1"}]', "the bands' up_to must rise"),
        ('[{up_to: 500, rate: "1"}, {rate: "1"}]', "the first band of all ends within its deductible"),
    ],
)
def test_bands_follow_each_other(bands: str, problem: str) -> None:
    assert refusal('[{rate: "0.70"}]', bands) == f"x.book.yaml:{POOL_TERMS}: {problem}"


def test_a_deductible_after_the_rate_leaves_no_excess() -> None:
    changed = "        per: claim\n        bounds: excess\n"
    text = BOOK.replace(IN_POOL, changed).replace(IN_POOL_TERMS, IN_POOL_TERMS + ", deductible_rule: {after_rate: true}")
    with pytest.raises(RuleError, match=r"^x:24: all: a deductible after the rate leaves no excess to measure bands on$"):
        RuleBooks.read({"x": text})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('each: {of: age, step: 0, points: "0.01"}', "step must be 1 or more"),
        ("deductible_factor: 101", "deductible_factor is not within 0..100"),
        ('deductible_factor: "-0.5"', "deductible_factor is not within 0..100"),
        ('group: g, factor: "0.95"', "only adjustments by points form a group"),
        ("group: g, deductible_factor: 0", "only adjustments by points form a group"),
        ("group: g, deductible_less: 100", "only adjustments by points form a group"),
    ],
)
def test_adjustments_change_what_they_can(change: str, problem: str) -> None:
    added = f"{IN_POOL}        adjustments:\n          - {{code: a, name: a, {change}}}\n"
    assert refusal(IN_POOL, added) == f"x.book.yaml:{POOL + 7}: {problem}"


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("code: a, when: {diseases: [x]}", "code: a, when: {diseases: [y]}", "the code a is used twice in layer pool"),
        ("code: a", "code: b, when: {diseases: [x]}", "b is never reached: a before it fits every such claim"),
        (
            "code: a, when: {except_diseases: [x]}",
            "code: b, when: {diseases: [y, z]}",
            "b is never reached: a before it fits every such claim",
        ),
        (
            "code: a, when: {except_diseases: [x]}",
            "code: b, when: {except_diseases: [x, y]}",
            "b is never reached: a before it fits every such claim",
        ),
        ("code: a, when: {enrolled: [x]}", "code: b, when: {enrolled: [x, y]}", "b is never reached: a before it fits"),
        ("code: a, when: {age: {below: 60}}", "code: b, when: {age: {below: 20}}", "b is never reached: a before it fits"),
        ("code: a, cap: 1, when: {diseases: [x]}", "code: b", "a claim may fit a and b, but the first does not pay"),
        (
            "code: a, cap: 1, when: {except_diseases: [x]}",
            "code: b, when: {diseases: [x, y]}",
            "a claim may fit a and b, but the first does not pay",
        ),
        ("code: a, cap: 1, when: {facility: [chosen]}", "code: b, when: {facility: [linked]}", "a claim may fit a and b"),
        ("code: a, cap: 1, when: {age: {at_least: 60}}", "code: b, when: {age: {below: 61}}", "a claim may fit a and b"),
    ],
)
def test_the_first_of_two_terms_is_the_highest_benefit(first: str, second: str, problem: str) -> None:
    rows = [f'          - {{{terms}, name: a, bands: [{{rate: "0.70"}}]}}\n' for terms in (first, second)]
    [old] = [row + "\n" for row in BOOK.splitlines() if "住院" in row]
    assert refusal(old, "".join(rows)).startswith(f"x.book.yaml:{POOL_TERMS + 1}: {problem}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("code: a, cap: 1, when: {diseases: [x]}", "code: b, when: {except_diseases: [x, y]}"),
        ("code: a, cap: 1, when: {except_diseases: [x]}", "code: b, when: {diseases: [x]}"),
        ("code: a, cap: 1, when: {age: {at_least: 60}}", "code: b, when: {age: {below: 60}}"),
        ("code: a, cap: 1, when: {emergency: true}", "code: b, when: {emergency: false}"),
        ("code: a, cap: 1, when: {tiers: [x]}", "code: b, when: {tiers: [y]}"),
        ("code: a, cap: 1, when: {ranks: [city]}", "code: b, when: {ranks: [county]}"),
    ],
)
def test_terms_that_exclude_each_other_stand_in_any_order(first: str, second: str) -> None:
    rows = [f'          - {{{terms}, name: a, bands: [{{rate: "0.70"}}]}}\n' for terms in (first, second)]
    [old] = [row + "\n" for row in BOOK.splitlines() if "住院" in row]
    assert len(RuleBooks.read({"x": BOOK.replace(old, "".join(rows))}).all()) == 1


def test_a_book_has_a_version() -> None:
    with pytest.raises(RuleError, match=r"^x:1: the book has no version$"):
        RuleBooks.read({"x": BOOK[: BOOK.index("versions:")] + "versions: []\n"})


def test_a_line_of_a_class_that_the_book_does_not_have_is_refused() -> None:
    rules = RuleBooks.read(rule_texts(EXAMPLES / "P8", BOOK_SUFFIX)).on("990008", "310", date(2012, 5, 1))
    flat = rules.version.line_share("implant_domestic")
    assert flat is not None
    assert (flat.rate, flat.flat) == (350_000, True)
    assert rules.version.line_share("") is None
    with pytest.raises(Refusal) as caught:
        rules.version.line_share("examination")
    assert (caught.value.code, caught.value.field) == ("claims.rules.line-class", "med_list_codg")
