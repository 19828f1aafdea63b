"""Journals of a medical book when a revoked stay is taken over (B3), and when a charge-back was wrong (B10)."""

from __future__ import annotations

from datetime import date

import pytest

from claims.domain.adjudication import Payment
from claims.domain.taking_back import ChargedDebt, charge_undone, charged_back, spent_account
from claims.domain.taking_over import taken_over
from shared.contracts.claims import FundPayment
from shared.ledger import Book, Entry, Line, credit, debit

PERSON, HOSPITAL = "P:P1", "H:H1"


def entry(kind: str, *lines: Line, number: int = 1) -> Entry:
    return Entry(entry_id=f"J{number}", book=Book.EMP, booked_on=date(2026, 3, 1), kind=kind, lines=lines)


CHARGED = entry("charge-back", debit("1125", 1000, PERSON), credit("5001.01", 900), credit("5001.02", 100))


@pytest.mark.parametrize(
    ("back", "owed"),
    [
        (1000, [credit("2202", 1000, "WI")]),
        (700, [credit("2202", 700, "WI"), credit("2203", 300, PERSON)]),
        (0, [credit("2203", 1000, PERSON)]),
    ],
)
def test_what_the_work_injury_fund_has_not_paid_is_the_persons(back: int, owed: list[Line]) -> None:
    paid = Payment(layer="basic", name="", fund="310100", book=Book.EMP, account="5001.01", amount_fen=1000, his_field="")
    assert taken_over([paid], back, PERSON) == [debit("5001.01", 1000), *owed]


def test_what_came_in_is_owed_back_and_what_was_given_up_comes_in_again() -> None:
    moved = [
        entry("receipt", debit("1003", 250), credit("4007", 50), credit("1125", 200, PERSON)),
        entry("fund-set-off", debit("1121", 300, "WI"), credit("1125", 300, PERSON)),
        entry("write-off", debit("5001.30", 100), credit("1125", 100, PERSON)),
        entry("conversion", debit("1125", 7, PERSON), credit("5001.02", 7)),
    ]
    debt = ChargedDebt.of([CHARGED, *moved], open_at_institution_fen=0)
    assert debt == ChargedDebt(open_fen=400, received_fen=500, written_off_fen=100)
    lines = charge_undone(CHARGED.lines, debt, PERSON)
    assert lines == [
        debit("5001.01", 900),
        debit("5001.02", 100),
        credit("1125", 400, PERSON),
        credit("2203", 500, PERSON),
        credit("5001.30", 100),
    ]
    assert sum(line.debit_fen for line in lines) == sum(line.credit_fen for line in lines) == 1000


@pytest.mark.parametrize(("year", "of_account"), [(None, credit("5001.02", 70)), (2025, credit("5001.91", 70, "2025"))])
def test_account_money_that_is_spent_by_now_is_the_persons_debt(year: int | None, of_account: Line) -> None:
    paid = [
        FundPayment(book="EMP", account="5001.01", amount_fen=900, fund_pay_type="310100"),
        FundPayment(book="EMP", account="5001.02", amount_fen=100, fund_pay_type=""),
    ]
    undone = charge_undone(charged_back(paid, PERSON, year), ChargedDebt(open_fen=1000), PERSON)
    assert spent_account(undone, paid, 70, PERSON) == [debit("1125", 70, PERSON), of_account]


@pytest.mark.parametrize(
    ("owing", "owed"),
    [
        (5000, [credit("1122", 1000, HOSPITAL)]),
        (400, [credit("1122", 400, HOSPITAL), credit("2201", 600, HOSPITAL)]),
        (0, [credit("2201", 1000, HOSPITAL)]),
    ],
)
def test_a_hospital_gets_back_what_its_clearing_has_met(owing: int, owed: list[Line]) -> None:
    charged = entry("charge-back", debit("1122", 1000, HOSPITAL), credit("5001.91", 1000, "2025"))
    debt = ChargedDebt.of([charged], open_at_institution_fen=owing)
    assert charge_undone(charged.lines, debt, PERSON) == [debit("5001.91", 1000, "2025"), *owed]
