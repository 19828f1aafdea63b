"""The states of a rule book: every way forward, and every refusal."""

from __future__ import annotations

from datetime import date

import pytest

from claims.domain.policy_lint import Finding, Severity
from claims.domain.rule_books.life import NAMES, Life, State
from shared.errors import Refusal

ERROR, WARNING = (
    Finding(code="cliff", severity=severity, region="", scheme="", version="", place="x:1", subject="", zh="断崖")
    for severity in (Severity.ERROR, Severity.WARNING)
)
LAST_DAY = date(2026, 12, 31)


def in_state(state: State) -> Life:
    """A book that wang submitted; where it is approved, li made and zhao checked it."""
    approved = state in ("approved", "effective", "retired")
    return Life(state=state, submitted_by="wang", maker="li" if approved else None, checker="zhao" if approved else None)


def test_from_draft_to_retired() -> None:
    life = Life(submitted_by="wang").linted([WARNING]).shadow_run()
    assert life == Life(state="shadow-run", submitted_by="wang")
    life = life.approved("wang")
    assert life == Life(state="shadow-run", submitted_by="wang", maker="wang")
    life = life.approved("zhao").made_effective()
    assert life == Life(state="effective", submitted_by="wang", maker="wang", checker="zhao")
    life = life.ended("li", LAST_DAY)
    assert (life.state, life.ending_by, life.ending_on) == ("effective", "li", LAST_DAY)
    assert life.ended("zhao", LAST_DAY).state == "retired"


def test_an_error_keeps_it_a_draft_and_makes_it_one_again() -> None:
    assert in_state("draft").linted([WARNING, ERROR]).state == "draft"
    assert in_state("linted").linted([ERROR]).state == "draft"


def test_another_text_makes_it_a_draft_of_who_submitted_it() -> None:
    begun = in_state("shadow-run").approved("li")
    assert begun.changed("sun") == Life(submitted_by="sun")


@pytest.mark.parametrize(
    ("maker", "by", "code"),
    [
        ("li", "li", "claims.rule-book.same-person"),
        ("wang", "wang", "claims.rule-book.same-person"),
        ("li", "wang", "claims.rule-book.own-book"),
    ],
)
def test_the_checker_is_neither_the_maker_nor_who_submitted_it(maker: str, by: str, code: str) -> None:
    begun = in_state("shadow-run").approved(maker)
    with pytest.raises(Refusal) as refused:
        begun.approved(by)
    assert refused.value.code == code


def test_no_trial_once_approval_has_begun() -> None:
    with pytest.raises(Refusal) as refused:
        in_state("shadow-run").approved("li").may_shadow_run()
    assert refused.value.code == "claims.rule-book.approval-begun"


def test_another_person_confirms_the_same_last_day() -> None:
    asked = in_state("effective").ended("li", LAST_DAY)
    with pytest.raises(Refusal) as same:
        asked.ended("li", LAST_DAY)
    assert same.value.code == "claims.rule-book.same-person-ends"
    with pytest.raises(Refusal) as other:
        asked.ended("zhao", date(2026, 6, 30))
    assert other.value.code == "claims.rule-book.other-end"


ALLOWED: dict[str, set[State]] = {
    "changed": {"draft", "linted", "shadow-run"},
    "linted": {"draft", "linted"},
    "shadow_run": {"linted", "shadow-run"},
    "approved": {"shadow-run"},
    "made_effective": {"approved"},
    "given_up": {"draft", "linted", "shadow-run", "approved"},
    "ended": {"effective"},
}
ARGUMENTS = {"changed": ("sun",), "linted": ([],), "approved": ("li",), "ended": ("li", LAST_DAY)}


@pytest.mark.parametrize("state", NAMES)
@pytest.mark.parametrize("act", ALLOWED)
def test_every_act_in_every_state(act: str, state: State) -> None:
    life = in_state(state)
    arguments = ARGUMENTS.get(act, ())
    if state in ALLOWED[act]:
        getattr(life, act)(*arguments)
    else:
        with pytest.raises(Refusal) as refused:
            getattr(life, act)(*arguments)
        assert refused.value.code == "claims.rule-book.wrong-state"
        assert refused.value.facts == {"state": state}


def test_a_refusal_says_which_state_the_act_needs() -> None:
    with pytest.raises(Refusal) as refused:
        Life(submitted_by="li").may_shadow_run()
    assert refused.value.zh == "规则集当前为“草稿”，不能试算，须为“已检查”或“已试算”"
