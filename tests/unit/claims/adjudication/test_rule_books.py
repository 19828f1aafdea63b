"""Wrong books are refused with file and line; right ones are found by place, scheme and day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, RuleBooks
from shared.errors import Refusal
from shared.rules import RuleError, rule_texts

POLICY = Path("services/claims/src/claims/policy")

BOOK = """\
format: onewindow-rule-book/1
region: "331000"
place: 某市
scheme: "390"
title: 测试
versions:
  - version: "1"
    effective_from: 2024-01-01
    effective_to: 2024-12-31
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
          - {code: dibao, name: 低保, when: {levels: [1], classes: [dibao]}, deductible: [100], bands: [{rate: "0.90"}]}
          - {code: one, name: 一级, when: {levels: [1]}, deductible: [200], bands: [{up_to: 1000, rate: "0.50"}, {rate: "0.80"}]}
          - {code: two, name: 二级, when: {levels: [2]}, deductible: [500, 250], bands: [{rate: "0.70"}]}
"""


def read(text: str) -> RuleBooks:
    return RuleBooks.read({"x.book.yaml": text})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('region: "331000"', 'region: "33100"', "1: region '33100' is no six-digit code"),
        ("versions:\n", "versions: []\nother:\n", "7: unknown key 'other'"),
        ("effective_to: 2024-12-31", "effective_to: 2023-12-31", "7: ends on 2023-12-31, before it begins on 2024-01-01"),
        ("source: s\n        terms", "terms", "16: layer pool names no source"),
        ("source: s\n        terms", "source: t\n        terms", "16: layer pool: 't' is not among the version's sources"),
        (
            'class_b: {rate: "0.10", source: s}',
            'class_b: {rate: "0.10"}',
            "7: class_b needs one of the version's sources, not None",
        ),
        (
            "        per: claim",
            "        per: claim\n        base: beyond_cap",
            "16: no layer before this one has a cap to go beyond",
        ),
        (
            "        per: claim",
            "        per: year",
            "26: layer pool charges one deductible by the year: no ladder, no share of a bill",
        ),
        ("code: two", "code: one", "26: the code one is used twice in layer pool"),
        ('{up_to: 1000, rate: "0.50"}', '{up_to: 200, rate: "0.50"}', "25: the first band of one ends within its deductible"),
        (
            '{up_to: 1000, rate: "0.50"}',
            '{rate: "0.50"}',
            "25: every band but the last needs up_to, and the last must not have it",
        ),
        (
            '{rate: "0.70"}',
            '{up_to: 9000, rate: "0.70"}',
            "26: every band but the last needs up_to, and the last must not have it",
        ),
        ('{rate: "0.70"}', '{up_to: 9, rate: "1"}, {up_to: 9, rate: "1"}, {rate: "1"}', "26: the bands' up_to must rise"),
        ("deductible: [500, 250]", "deductible: []", "26: at least one band and one deductible are needed"),
        ("levels: [2]", "levels: [4]", "26: levels are 1, 2 and 3"),
        (
            'deductible: [100], bands: [{rate: "0.90"}]',
            'bands: [{rate: "0.79"}]',
            "25: a claim may fit dibao and one, but the first",
        ),
        (
            "deductible: [100]",
            "deductible: [201]",
            "25: a claim may fit dibao and one, but the first does not pay at least as much",
        ),
        (
            "deductible: [100]",
            "deductible: [100], cap: 5",
            "25: a claim may fit dibao and one, but the first does not pay at least",
        ),
        (
            "deductible: [100]",
            "deductible: [100], cost_cap: 5",
            "25: a claim may fit dibao and one, but the first does not pay at",
        ),
        (
            "when: {levels: [2]}, ",
            "when: {levels: [1, 2], classes: [tekun]}, ",
            "26: a claim may fit one and two, but the first does",
        ),
        (
            "when: {levels: [2]}, ",
            "when: {levels: [1], statuses: [active]}, ",
            "26: two is never reached: one before it fits every",
        ),
        ("code: one, ", "code: one, rate: 1, ", "25: unknown key 'rate'"),
        ('rate: "0.70"', "rate: 0.70", '26: 0.70 is a float, which is never exact: quote it, "0.70"'),
    ],
)
def test_a_wrong_book_names_its_line(old: str, new: str, message: str) -> None:
    assert old in BOOK
    with pytest.raises(RuleError) as caught:
        read(BOOK.replace(old, new, 1))
    assert str(caught.value).startswith(f"x.book.yaml:{message}")


def test_a_layer_stands_once() -> None:
    layers = BOOK[BOOK.index("      - code: pool") :]
    with pytest.raises(RuleError, match=r"x\.book\.yaml:27: the layer pool stands twice"):
        read(BOOK + layers)


def test_versions_of_two_files_of_one_place_must_fit_together() -> None:
    other = BOOK.replace("2024-01-01", "2025-02-01").replace("    effective_to: 2024-12-31\n", "")
    with pytest.raises(RuleError, match=r"y:7: no version is in force from 2025-01-01 to 2025-01-31"):
        RuleBooks.read({"x": BOOK, "y": other})
    fitting = RuleBooks.read({"y": other.replace("2025-02-01", "2025-01-01"), "x": BOOK})
    assert fitting.on("331000", "390", date(2024, 12, 31)) is fitting.all()[0]
    assert fitting.on("331000", "390", date(2025, 1, 1)) is fitting.all()[1]


@pytest.mark.parametrize("region", ["331000", "331081"])
def test_a_citys_book_holds_for_its_counties(region: str) -> None:
    rules = read(BOOK).on(region, "390", date(2024, 5, 1))
    assert (rules.region, rules.scheme, rules.version.version) == ("331000", "390", "1")
    assert rules.benefit_year(date(2024, 12, 31)) == 2024
    assert rules.day(discharged_on=date(2024, 12, 31), settled_on=date(2025, 1, 2)) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("region", "scheme", "day", "code"),
    [
        ("331000", "310", date(2024, 5, 1), "claims.rules.no-book"),
        ("332000", "390", date(2024, 5, 1), "claims.rules.no-book"),
        ("331000", "390", date(2023, 12, 31), "claims.rules.no-version"),
        ("331000", "390", date(2025, 1, 1), "claims.rules.no-version"),
    ],
)
def test_without_rules_a_claim_is_refused(region: str, scheme: str, day: date, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(BOOK).on(region, scheme, day)
    assert caught.value.code == code


def test_a_level_that_no_terms_cover_is_refused_each_time() -> None:
    rules = read(BOOK).on("331000", "390", date(2024, 5, 1))
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            rules.plan(Circumstances("inpatient", 3, "resident"))
        assert caught.value.code == "claims.rules.uncovered"


def test_care_that_no_layer_covers_is_refused() -> None:
    books = RuleBooks.read(rule_texts(POLICY / "books", BOOK_SUFFIX))
    with pytest.raises(Refusal) as caught:
        books.on("420500", "390", date(2024, 5, 1)).plan(Circumstances("outpatient", 1, "resident"))
    assert (caught.value.code, caught.value.zh) == ("claims.rules.uncovered", "待遇规则没有规定门诊待遇")


def test_every_book_of_the_repository_is_sound() -> None:
    assert [(r.region, r.scheme) for r in RuleBooks.read(rule_texts(POLICY / "books", BOOK_SUFFIX)).all()] == [
        ("110000", "310"),
        ("340000", "390"),
        ("340000", "390"),
        ("370300", "310"),
        ("411600", "390"),
        ("420500", "390"),
        ("430400", "390"),
        ("440300", "310"),
        ("440300", "390"),
        ("441200", "310"),
        ("990100", "310"),
        ("990100", "390"),
        ("990101", "390"),
    ]
    assert len(RuleBooks.read(rule_texts(POLICY, BOOK_SUFFIX)).all()) == 78


@pytest.mark.parametrize(
    ("region", "scheme", "day", "year"),
    [
        ("520113", "390", date(2007, 11, 1), 2007),
        ("520113", "390", date(2008, 10, 31), 2007),
        ("310000", "310", date(2023, 6, 30), 2022),
        ("310000", "310", date(2023, 7, 1), 2023),
        ("420500", "390", date(2024, 12, 31), 2024),
    ],
)
def test_a_benefit_year_need_not_be_the_calendars(region: str, scheme: str, day: date, year: int) -> None:
    books = RuleBooks.read(rule_texts(POLICY, BOOK_SUFFIX))
    assert books.on(region, scheme, day).benefit_year(day) == year


def test_the_demo_countys_stays_are_decided_as_in_yichang() -> None:
    """Two files, one set of values: the demo county adds synthetic layers for other care and nothing else."""
    books = RuleBooks.read(rule_texts(POLICY / "books", BOOK_SUFFIX))
    yichang, county = books.on("420500", "390", date(2024, 6, 1)), books.on("990101", "390", date(2024, 6, 1))
    for level in (1, 2, 3):
        for classes in (frozenset[str](), frozenset({"dibao"}), frozenset({"marginal"}), frozenset({"tekun"})):
            circumstances = Circumstances("inpatient", level, "resident", classes, "out_of_province", False)
            plans = [rules.plan(circumstances) for rules in (yichang, county)]
            assert [step[3:] for step in plans[0].steps] == [step[3:] for step in plans[1].steps]
    assert {layer.code for layer in county.version.layers} - {layer.code for layer in yichang.version.layers} == {
        "outpatient",
        "two_diseases",
        "chronic",
        "dialysis",
        "maternity",
    }


def test_the_digest_changes_with_a_value_and_not_with_the_file() -> None:
    def digest(text: str, name: str = "x") -> str:
        return RuleBooks.read({name: text}).on("331000", "390", date(2024, 5, 1)).digest

    assert digest(BOOK) == digest("# moved\n" + BOOK, "elsewhere")
    assert digest(BOOK) != digest(BOOK.replace("500, 250", "500, 251"))
