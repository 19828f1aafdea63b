"""A facts file says everything that a claim may be asked for, and refuses what cannot be."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import BOOK_SUFFIX, Case, Circumstances, ClaimFacts, RuleBooks, Split, YearState
from shared.errors import Refusal
from shared.rules import RuleError, read_rules, rule_texts

BOOKS = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX))
UNNAMED = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/examples/P8"), BOOK_SUFFIX))

HEAD = """\
format: onewindow-facts/1
title: 某一笔
region: "990101"
scheme: "390"
day: 2026-05-31
care: chronic
level: 2
status: resident
"""
BILL = "bill: {total: 1000}\n"
ALL = (
    HEAD
    + """\
source: 某页
note: by hand
contradicts: 其比例
classes: [dibao, student]
place: out_of_province
referred: false
emergency: true
long_term: true
rank: city
facility: [traditional, chosen]
age: 7
tenure_months: 84
zero_claim_years: 2
disease: diabetes
enrolled: [diabetes, hypertension]
tier: tier_2
bill: {total: "1000.50", self_funded: 100, over_limit: 50, pre_selfpay: "40.50", class_b: 300, traditional: 200, flat: 10}
account: 20
family_account: 30
continues_stay: true
stay_deductible: 200
transferred: true
episode_deductible: 400
sessions: 3
used: {stays: 2, amounts: {pool.paid: 5, chronic.paid@m05@diabetes: "0.07"}}
expected: {person: 1}
"""
)


def case(text: str) -> Case:
    return read_rules(text, "f.yaml", Case)


def test_every_fact_arrives() -> None:
    read = case(ALL)
    assert read.facts(BOOKS.on("990101", "390", read.day).version) == ClaimFacts(
        split=Split(100_050, 10_000, 5_000, 4_050, 81_000, 30_000, 20_000, 1_000),
        circumstances=Circumstances(
            care="chronic",
            level=2,
            status="resident",
            classes=frozenset({"dibao", "student"}),
            place="out_of_province",
            referred=False,
            emergency=True,
            long_term=True,
            rank="city",
            facility=frozenset({"traditional", "chosen"}),
            age=7,
            tenure_months=84,
            zero_claim_years=2,
            disease="diabetes",
            enrolled=frozenset({"diabetes", "hypertension"}),
            tier="tier_2",
            month=5,
        ),
        account_fen=2_000,
        family_account_fen=3_000,
        continues_stay=True,
        stay_deductible_fen=20_000,
        transferred=True,
        episode_deductible_fen=40_000,
        sessions=3,
    )
    assert read.used.state() == YearState.of({"stays": 2, "pool.paid": 500, "chronic.paid@m05@diabetes": 7})
    assert (read.day, read.contradicts, dict(read.expected)) == (date(2026, 5, 31), "其比例", {"person": 100})


def test_a_case_has_a_key_for_every_circumstance_and_every_fact() -> None:
    keys = {field.name for field in fields(Case)}
    assert set(Circumstances._fields) - keys == {"month"}  # of the day
    facts = {field.name.removesuffix("_fen") for field in fields(ClaimFacts)}
    assert facts - keys == {"split", "circumstances"}


def test_what_is_not_said_is_the_ordinary_claim() -> None:
    facts = case(HEAD + BILL).facts(BOOKS.on("990101", "390", date(2026, 5, 31)).version)
    assert facts == ClaimFacts(
        split=Split(100_000, 0, 0, 0, 100_000), circumstances=Circumstances("chronic", 2, "resident", month=5)
    )


def test_lines_are_divided_by_class_of_line_and_item() -> None:
    lines = """\
lines:
  - {amount: 1000, charge_class: B, line_class: implant_domestic}
  - {amount: 100, charge_class: B, traditional: true}
  - {amount: 100, charge_class: A, pre_selfpay: "0.05"}
  - {amount: 90, quantity: 3, price: 30, price_limit: 20, charge_class: A}
  - {amount: 50, charge_class: A, limited_use: true}
  - {amount: 50, charge_class: A, limited_use: true, approved_use: true}
  - {amount: "-10", quantity: -1, charge_class: C, price: 10}
"""
    split = case(HEAD + lines).facts(UNNAMED.on("990008", "310", date(2012, 5, 1)).version).split
    # of the implant 65 % flat, which is no class B of the rates; class B of the herb 90 %; self-funded 50 - 10; over the limit 3 x 10
    assert split == Split(
        total_fen=138_000,
        self_funded_fen=4_000,
        over_limit_fen=3_000,
        pre_selfpay_fen=36_500,
        in_scope_fen=94_500,
        class_b_fen=9_000,
        traditional_fen=9_000,
        flat_fen=65_000,
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("bill: {total: 10, class_b: 11}", "f.yaml:9: class_b, traditional or flat is more than what is in scope"),
        ("bill: {total: 10, self_funded: 5, traditional: 6}", "f.yaml:9: class_b, traditional or flat is more than"),
        ("bill: {total: 10, pre_selfpay: 5, flat: 6}", "f.yaml:9: class_b, traditional or flat is more than what is in scope"),
        ("bill: {total: 10, over_limit: 11}", "f.yaml:9: self_funded, over_limit and pre_selfpay are more than the total"),
        (BILL + "lines: [{amount: 1, charge_class: A}]", "f.yaml:1: a claim has either a bill or lines"),
        ('lines: [{amount: "0.001", charge_class: A}]', "f.yaml:9: 0.001 is finer than a fen"),
        ("lines: [{amount: 4, quantity: 2, charge_class: A}]", "f.yaml:9: a line of more than one unit needs its price"),
        ("lines: [{amount: 4, charge_class: D}]", "f.yaml:9: 'D' is not one of A, B, C"),
        (BILL + "facility: [best]", "f.yaml:10: 'best' is not one of traditional, "),
        (BILL + "rank: nation", "f.yaml:10: 'nation' is not one of village, "),
        (BILL + "used: {stays: -1}", "f.yaml:10: expected a whole number: '-1' is not written that way"),
        (BILL + "month: 5", "f.yaml:10: unknown key 'month'"),
    ],
)
def test_facts_that_cannot_be_are_refused(more: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        case(HEAD + more)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        (BILL + "sessions: 0", "claims.bill.sessions", "sessions"),
        ("lines: [{amount: 1, charge_class: A, line_class: relaxed}]", "claims.rules.line-class", "med_list_codg"),
        ('lines: [{amount: "-1", charge_class: A}]', "claims.bill.negative", "medfee_sumamt"),
    ],
)
def test_facts_that_make_no_claim_are_refused(more: str, code: str, field: str) -> None:
    read = case(HEAD + more)
    with pytest.raises(Refusal) as caught:
        read.facts(BOOKS.on("990101", "390", read.day).version)
    assert (caught.value.code, caught.value.field) == (code, field)
