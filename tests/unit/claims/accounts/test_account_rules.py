"""Monthly credits, the relatives that may be authorised, who pays what; and the files that say so."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.accounts.rules import CREDITS_SUFFIX, NATIONAL_FILE, CreditFile, CreditRules, NationalRules, age_on
from claims.domain.accounts.sharing import Share, Sharing, check_sharing, family_available, shares_of
from claims.settings import read_claims_settings
from shared.errors import Refusal
from shared.rules import RuleError, read_rules, rule_texts

FOLDER = read_claims_settings({}).account_rules
NATIONAL = read_rules((FOLDER / NATIONAL_FILE).read_text("utf-8"), NATIONAL_FILE, NationalRules)
CREDITS = CreditRules.read(rule_texts(FOLDER, CREDITS_SUFFIX))
TODAY = date(2026, 3, 20)


def sharing(number: int = 1, **changes: object) -> Sharing:
    """Holder H lets child C pay."""
    given = {
        "sharing_id": f"S{number}",
        "holder_id": f"H{number}",
        "beneficiary_id": "C",
        "relation": "child",
        "begins_on": TODAY,
    }
    return Sharing(**{**given, **changes})  # type: ignore[arg-type]  # of the right kinds, as the tests write them


def test_wuhan_credits_two_per_cent_in_work_and_83_yuan_retired() -> None:
    rules = CREDITS.on("420102", date(2026, 3, 1))
    assert rules.in_work_fen(523_451) == 10_469  # 104.6902
    assert [rules.retired_fen(age) for age in (55, 70, 90)] == [8_300, 8_300, 8_300]


def test_by_age_in_whole_yuan() -> None:
    rules = CREDITS.on("990101", date(2026, 3, 1))
    # 3,215 x 2 % = 64.30, x 2.5 % = 80.375
    assert [rules.retired_fen(age) for age in (60, 69, 70, 85)] == [6_400, 6_400, 8_000, 8_000]


def test_a_place_or_a_time_without_rules_is_refused() -> None:
    for region, day in (("110101", date(2026, 3, 1)), ("420102", date(2022, 12, 1))):
        with pytest.raises(Refusal) as refused:
            CREDITS.on(region, day)
        assert refused.value.code == "claims.account.no-credit-rules"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{amount: 83, rate: '0.02'}", "an amount or a rate"),
        ("{rate: '0.02'}", "needs pension_base"),
        ("{from_age: 60, amount: 83}", "the first step begins at age 0"),
    ],
)
def test_wrong_steps_are_named(text: str, problem: str) -> None:
    file = f"""
format: onewindow-account-credits/1
region: "420100"
place: 武汉市
versions:
  - version: "1"
    effective_from: 2023-02-01
    sources: {{s: {{title: t, grade: A}}}}
    in_work: {{rate: "0.02", source: s}}
    retired: {{steps: [{text}], source: s}}
"""
    with pytest.raises(RuleError, match=problem):
        read_rules(file, "f", CreditFile)


def test_full_years() -> None:
    assert [age_on(date(1956, 3, 2), day) for day in (date(2026, 3, 1), date(2026, 3, 2))] == [69, 70]


def test_near_relatives_since_august_2024() -> None:
    assert NATIONAL.relations_on(date(2024, 7, 31)) == {"spouse", "parent", "child"}
    assert NATIONAL.relations_on(date(2024, 8, 1)) == {"spouse", "parent", "child", "near_relative"}


@pytest.mark.parametrize(
    ("new", "others", "code"),
    [
        (sharing(holder_id="C"), [], "claims.sharing.self"),
        (sharing(begins_on=date(2026, 3, 19)), [], "claims.sharing.period"),
        (sharing(ends_on=date(2026, 3, 19)), [], "claims.sharing.period"),
        (sharing(), [sharing(2, begins_on=date(2025, 1, 1))], "claims.sharing.exists"),
    ],
)
def test_what_may_not_be_authorised(new: Sharing, others: list[Sharing], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_sharing(new, others, NATIONAL, TODAY)
    assert refused.value.code == code


def test_what_may_be_authorised() -> None:
    ended = sharing(2, begins_on=date(2025, 1, 1), ends_on=date(2026, 3, 19))
    check_sharing(sharing(), [ended, sharing(3, beneficiary_id="D")], NATIONAL, TODAY)


def test_relatives_pay_in_the_order_of_their_authorisations_within_limit_and_balance() -> None:
    given_ = [sharing(1, limit_fen=500, used_fen=200), sharing(2), sharing(3)]
    balances = {"H1": 9_000, "H2": 250, "H3": 1_000}
    assert family_available(given_, balances) == 300 + 250 + 1_000
    assert shares_of(700, given_, balances) == (Share("S1", "H1", 300), Share("S2", "H2", 250), Share("S3", "H3", 150))
    assert shares_of(0, given_, balances) == ()


@given(
    st.lists(st.tuples(st.integers(0, 1_000), st.none() | st.integers(0, 1_000), st.integers(0, 500)), max_size=5),
    st.integers(0, 5_000),
)
def test_no_share_beyond_balance_or_limit(accounts: list[tuple[int, int | None, int]], wanted: int) -> None:
    given_ = [
        sharing(i, limit_fen=limit, used_fen=used if limit is None else min(used, limit))
        for i, (_, limit, used) in enumerate(accounts)
    ]
    balances = {f"H{i}": balance for i, (balance, _, _) in enumerate(accounts)}
    amount = min(wanted, family_available(given_, balances))
    shares = {share.sharing_id: share.amount_fen for share in shares_of(amount, given_, balances)}
    assert sum(shares.values()) == amount
    for one in given_:
        part = shares.get(one.sharing_id, 0)
        assert part <= balances[one.holder_id]
        assert one.limit_fen is None or one.used_fen + part <= one.limit_fen
