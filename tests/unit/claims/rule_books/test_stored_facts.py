"""Facts are stored as they were, and read back as they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.application.settlement.stored_facts import facts_from_json, facts_to_json
from claims.domain.adjudication import Circumstances, ClaimFacts, Split, YearState
from claims.domain.rule_books.in_force import read_book, unregistered
from shared.errors import Refusal
from tests.factories.rule_books import county_book

(RULES,) = unregistered([read_book(county_book(), "x")]).all()
SETS = st.frozensets(st.sampled_from(["tekun", "dibao", "chosen"]))
FACTS = st.builds(
    ClaimFacts,
    split=st.builds(lambda a, b, c, d: Split(a + b + c + d, a, b, c, d), *[st.integers(0, 10**9)] * 4),
    circumstances=st.builds(
        Circumstances,
        care=st.sampled_from(["inpatient", "outpatient", "chronic"]),
        level=st.integers(1, 3),
        status=st.sampled_from(["active", "retired", "resident"]),
        classes=SETS,
        place=st.sampled_from(["local", "in_province", "out_of_province"]),
        referred=st.booleans(),
        facility=SETS,
        age=st.integers(0, 120),
        disease=st.text(max_size=5),
        month=st.integers(1, 12),
    ),
    account_fen=st.integers(0, 10**9),
    continues_stay=st.booleans(),
    stay_deductible_fen=st.integers(0, 10**6),
    sessions=st.integers(1, 30),
)
YEARS = st.dictionaries(st.sampled_from(["stays", "pool.paid", "pool.base"]), st.integers(1, 10**9)).map(YearState.of)


@given(FACTS, YEARS)
def test_there_and_back_through_json(facts: ClaimFacts, before: YearState) -> None:
    stored = json.loads(json.dumps(facts_to_json(RULES, facts, before)))
    assert facts_from_json(stored) == (facts, before)


def test_facts_stored_before_claims_knew_more_have_the_defaults() -> None:
    stored = {
        "region": "990101", "scheme": "390", "version": "demo-1", "split": [100, 0, 0, 10, 90], "care": "inpatient", "level": 2,
        "status": "resident", "classes": ["dibao"], "place": "local", "referred": True, "account_fen": 0, "continues_stay": False,
        "stay_deductible_fen": 0, "before": {"stays": 1},
    }  # fmt: skip
    assert facts_from_json(stored) == (
        ClaimFacts(
            split=Split(100, 0, 0, 10, 90),
            circumstances=Circumstances(care="inpatient", level=2, status="resident", classes=frozenset({"dibao"})),
        ),
        YearState({"stays": 1}),
    )


def test_a_stored_split_that_does_not_add_up_is_refused() -> None:
    stored = facts_to_json(
        RULES,
        ClaimFacts(split=Split(1, 0, 0, 0, 1), circumstances=Circumstances("inpatient", 1, "resident")),
        YearState(),
    )
    with pytest.raises(Refusal):
        facts_from_json({**stored, "split": [2, 0, 0, 0, 1]})
