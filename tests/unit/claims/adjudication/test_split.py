"""A fee line divided by what the catalogue says of it (chs-interface 6.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.adjudication import OUTSIDE, CatalogueEntry, Circumstances, ClaimFacts, FeeLine, Split, add_up, split_line
from claims.domain.adjudication.split import PARTS, LineShare
from shared.errors import Refusal

CLASS_B = 100_000


def line(amount_fen: int, quantity: str = "1", price: str = "0", *, approved: bool = False) -> FeeLine:
    return FeeLine(amount_fen=amount_fen, quantity=Decimal(quantity), price=Decimal(price), approved_use=approved)


@pytest.mark.parametrize(
    ("fee", "entry", "level", "want"),
    [
        (line(1000), CatalogueEntry(charge_class="A"), 2, Split(1000, 0, 0, 0, 1000)),
        (line(1000), CatalogueEntry(charge_class="B"), 2, Split(1000, 0, 0, 100, 900)),
        (line(1000), OUTSIDE, 2, Split(1000, 1000, 0, 0, 0)),
        # 4.52 x 5 % = 0.226 -> 0.23 (captured answer)
        (line(452), CatalogueEntry(charge_class="B", pre_selfpay_rate=50_000), 2, Split(452, 0, 0, 23, 429)),
        # an item of class A with a share of its own
        (line(1000), CatalogueEntry(charge_class="A", pre_selfpay_rate=200_000), 2, Split(1000, 0, 0, 200, 800)),
        # exactly half a fen rounds up, and the rest is taken by subtraction: 545.50 x 5 % = 27.275
        (line(54550), CatalogueEntry(charge_class="B", pre_selfpay_rate=50_000), 2, Split(54550, 0, 0, 2728, 51822)),
        # limit by level: (50 - 40) x 3 = 30 over, a tenth of the rest first
        (
            line(15000, "3", "50"),
            CatalogueEntry(charge_class="B", price_limits=(Decimal(30), Decimal(40), None)),
            2,
            Split(15000, 0, 3000, 1200, 10800),
        ),
        (
            line(15000, "3", "50"),
            CatalogueEntry(charge_class="B", price_limits=(Decimal(30), Decimal(40), None)),
            1,
            Split(15000, 0, 6000, 900, 8100),
        ),
        (
            line(15000, "3", "50"),
            CatalogueEntry(charge_class="B", price_limits=(Decimal(30), Decimal(40), None)),
            3,
            Split(15000, 0, 0, 1500, 13500),
        ),
        # six decimals of price and four of quantity: (1.234567 - 1.2) x 10.0001 = 0.34567345... -> 0.35
        (
            line(1235, "10.0001", "1.234567"),
            CatalogueEntry(charge_class="A", price_limits=(Decimal("1.2"),) * 3),
            2,
            Split(1235, 0, 35, 0, 1200),
        ),
        # half a fen over the limit rounds up, not to the even one: (1.005 - 1) x 1
        (
            line(1000, "1", "1.005"),
            CatalogueEntry(charge_class="A", price_limits=(Decimal(1),) * 3),
            2,
            Split(1000, 0, 1, 0, 999),
        ),
        # the amount rules: the part over the limit is never more than the line
        (line(100, "3", "50"), CatalogueEntry(charge_class="A", price_limits=(Decimal(0),) * 3), 2, Split(100, 0, 100, 0, 0)),
        (line(1000), CatalogueEntry(charge_class="B", limited_use=True), 2, Split(1000, 1000, 0, 0, 0)),
        (line(1000, approved=True), CatalogueEntry(charge_class="B", limited_use=True), 2, Split(1000, 0, 0, 100, 900)),
    ],
)
def test_lines(fee: FeeLine, entry: CatalogueEntry, level: int, want: Split) -> None:
    assert split_line(fee, entry, level, CLASS_B)[:PARTS] == want[:PARTS]


entries = st.builds(
    CatalogueEntry,
    charge_class=st.sampled_from(["A", "B", "C"]),
    pre_selfpay_rate=st.none() | st.integers(0, 1_000_000),
    price_limits=st.tuples(*[st.none() | st.decimals(0, 1000, places=6)] * 3),
    limited_use=st.booleans(),
)


@given(
    amount=st.integers(0, 10**9),
    quantity=st.decimals(0, 1000, places=4),
    price=st.decimals(0, 10_000, places=6),
    approved=st.booleans(),
    entry=entries,
    level=st.sampled_from([1, 2, 3]),
)
def test_parts_add_up_and_a_return_takes_back_the_same(
    amount: int, quantity: Decimal, price: Decimal, approved: bool, entry: CatalogueEntry, level: int
) -> None:
    fee = FeeLine(amount_fen=amount, quantity=quantity, price=price, approved_use=approved)
    returned = FeeLine(amount_fen=-amount, quantity=-quantity, price=price, approved_use=approved)
    split = split_line(fee, entry, level, CLASS_B)
    assert split.total_fen == amount == sum(split[1:PARTS])
    assert min(split) >= 0
    assert add_up([split, split_line(returned, entry, level, CLASS_B)]) == Split(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("split", "code"),
    [
        (Split(1000, 0, 0, 0, 999), "claims.bill.split"),
        (Split(0, 100, 0, 0, -100), "claims.bill.negative"),
        (Split(-1, 0, 0, 0, -1), "claims.bill.negative"),
    ],
)
def test_a_bill_that_does_not_hold_is_refused(split: Split, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ClaimFacts(split=split, circumstances=Circumstances("inpatient", 2, "active"))
    assert caught.value.code == code


ALLOWANCES = ["account_fen", "family_account_fen", "stay_deductible_fen", "episode_deductible_fen"]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        *(
            ({name: -1}, ("claims.bill.account", "个人账户可用金额和本次住院已扣起付线不能为负数", "acct_pay"))
            for name in ALLOWANCES
        ),
        ({"sessions": 0}, ("claims.bill.sessions", "治疗次数至少为1", "sessions")),
        (
            {"split": Split(1000, 0, 0, 0, 999)},
            ("claims.bill.split", "全自费、超限价、先行自付与政策范围内金额之和不等于费用总额", "medfee_sumamt"),
        ),
        *(
            ({"split": split}, ("claims.bill.negative", "退费大于原收费：结算金额的某一部分为负数", "medfee_sumamt"))
            for split in (Split(0, 100, 0, 0, -100), Split(10, 0, 0, 0, 10, 11), Split(10, 0, 0, 0, 10, 0, 0, -1))
        ),
    ],
)
def test_facts_that_do_not_hold_are_refused(given: dict[str, Any], refused: tuple[str, str, str]) -> None:
    usual: dict[str, Any] = {"split": Split(0, 0, 0, 0, 0), "circumstances": Circumstances("inpatient", 2, "active")}
    with pytest.raises(Refusal) as caught:
        ClaimFacts(**usual | given)
    assert (caught.value.code, caught.value.zh, caught.value.field) == refused


def test_facts_may_be_of_nothing_and_of_one_session() -> None:
    stay = Circumstances("inpatient", 2, "active")
    nothing: dict[str, Any] = dict.fromkeys(ALLOWANCES, 0)
    facts = ClaimFacts(split=Split(10, 0, 0, 0, 10, 10, 10, 10), circumstances=stay, sessions=1, **nothing)
    assert facts.sessions == 1


def test_a_bill_of_no_lines_is_nothing() -> None:
    assert add_up([]) == Split(0, 0, 0, 0, 0)


def test_class_b_and_traditional_lines_that_are_flat_have_no_rate_of_their_own() -> None:
    entry = CatalogueEntry(charge_class="B", traditional=True)
    assert split_line(line(1000), entry, 2, CLASS_B, LineShare(rate=400_000)) == Split(1000, 0, 0, 400, 600, 600, 600, 0)
    assert split_line(line(1000), entry, 2, CLASS_B, LineShare(rate=400_000, flat=True)) == Split(
        1000, 0, 0, 400, 600, 0, 0, 600
    )
