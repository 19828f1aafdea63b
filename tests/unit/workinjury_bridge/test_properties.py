"""Properties that hold for every bill: nothing is lost between E, X_p, X_h and N, and every journal closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.money import allocate
from tests.factories.workinjury_bridge.examples import CONVERSION, POLICY, TERMS, owed_by_person
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.figures import MedicalBill, convert
from workinjury_bridge.domain.journals import Stamp, about_conversion, conversion_entry, reversion_entry
from workinjury_bridge.domain.meals import meals_fen
from workinjury_bridge.domain.policy import Bearer, BridgePolicy, Circumstance

BOOKS = (("EMP", "5001.01"), ("EMP", "5001.02"), ("LARGE", "5001.01"), ("MAF", "5001.01"))

lines = st.lists(
    st.builds(
        BillLine,
        line_id=st.text("0123456789", min_size=1, max_size=4),
        amount_fen=st.integers(0, 10**9),
        in_catalogue=st.booleans(),
        cap_fen=st.none() | st.integers(0, 10**9),
        related=st.booleans(),
        consent=st.sampled_from([None, True, False]),
        emergency=st.booleans(),
    ),
    max_size=8,
)
policies = st.builds(
    lambda per_day, bearers: replace(
        POLICY, meals=replace(POLICY.meals, per_day=per_day), outside_catalogue=replace(POLICY.outside_catalogue, **bearers)
    ),
    st.integers(0, 20000),
    st.fixed_dictionaries({c.value: st.sampled_from(Bearer) for c in Circumstance}),
)


@given(lines, policies)
def test_every_fen_has_one_bearer(bill: list[BillLine], policy: BridgePolicy) -> None:
    version = assess(bill, policy)
    assert version.total_fen == sum(line.amount_fen for line in bill)
    assert version.unrelated_fen == sum(line.amount_fen for line in bill if not line.related)
    assert version.work_injury_fen <= sum(line.amount_fen for line in bill if line.in_catalogue and line.related)
    assert min(version.work_injury_fen, version.person_fen, version.hospital_fen, version.unrelated_fen) >= 0


@given(lines, policies, st.lists(st.integers(0, 100), min_size=5, max_size=5), st.integers(0, 90), st.booleans(), st.booleans())
def test_conversion_and_its_reversal_leave_only_what_the_person_was_paid(
    bill: list[BillLine], policy: BridgePolicy, weights: list[int], days: int, inpatient: bool, paid: bool
) -> None:
    bill = [replace(line, related=True) for line in bill]
    total = sum(line.amount_fen for line in bill)
    *funds, cash = allocate(total, weights) if sum(weights) else [0, 0, 0, 0, total]
    payments = tuple(
        FundPayment(book=book, account=account, fund_pay_type="", amount_fen=amount)
        for (book, account), amount in zip(BOOKS, funds, strict=True)
    )
    day = date(2026, 1, 1)
    medical = MedicalBill(
        begun_on=day,
        ended_on=day + timedelta(days=days),
        total_fen=total,
        cash_fen=cash,
        payments=payments,
        lines=tuple(bill),
    )
    allowance = meals_fen(medical.begun_on, medical.ended_on, policy.meals.per_day) if inpatient else 0
    version = assess(bill, policy)
    if version.work_injury_fen + version.hospital_fen + sum(funds) + allowance == 0:
        with pytest.raises(Refusal) as caught:
            convert(medical, policy, inpatient=inpatient, terms=TERMS)
        assert caught.value.code == "workinjury-bridge.conversion.nothing-to-convert"
        return
    figures = convert(medical, policy, inpatient=inpatient, terms=TERMS)
    assert figures.meals_fen == allowance
    assert figures.work_injury_fen + figures.hospital_fen == figures.owed_fen + figures.refund_fen
    about, stamp = about_conversion(CONVERSION), Stamp(entry_id="J1", booked_on=day, voucher_no="1")
    there = conversion_entry(about, figures, stamp)
    debts = [owed_by_person(-figures.fund_refund_fen)] if figures.fund_refund_fen < 0 else []
    back = reversion_entry(about, figures, stamp, paid=paid, reverses=there.entry_id, debts=debts)
    balance: dict[str, int] = {}
    for entry in (there, back):
        for line in entry.lines:
            balance[line.account] = balance.get(line.account, 0) + line.debit_fen - line.credit_fen
    assert (balance.get("5001.11", 0), balance.get("5001.13", 0), balance.get("1122", 0)) == (0, 0, 0)
    assert balance.get("1121", 0) == figures.owed_fen == -balance.get("2202", 0)
    open_with_person = balance.get("1125", 0) + balance.get("2203", 0)
    assert open_with_person == 0
    assert balance.get("2203", 0) == (-figures.payable_fen if paid else 0)


@given(lines, policies)
def test_bill_with_everything_returned_is_empty(bill: list[BillLine], policy: BridgePolicy) -> None:
    returned = [
        replace(line, amount_fen=-line.amount_fen, cap_fen=None if line.cap_fen is None else -line.cap_fen) for line in bill
    ]
    version = assess([*bill, *returned], policy)
    assert (version.work_injury_fen, version.person_fen, version.hospital_fen, version.unrelated_fen) == (0, 0, 0, 0)


def test_partial_return_with_a_cap() -> None:
    sold = BillLine(line_id="1", amount_fen=10000, in_catalogue=True, cap_fen=8000, consent=True)
    returned = replace(sold, line_id="2", amount_fen=-3000, cap_fen=-2400)
    version = assess([sold, returned], POLICY)
    assert (version.work_injury_fen, version.person_fen) == (5600, 1400)


def test_returning_more_than_the_bill_holds_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        assess([BillLine(line_id="7", amount_fen=-1, in_catalogue=True)], POLICY)
    assert caught.value.code == "workinjury-bridge.bill.returns-too-much"
