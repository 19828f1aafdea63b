"""Worked examples F1, F4 (settlement) and F9 of the reference, amounts and journals to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import CONVERSION, F1_BILL, POLICY, TERMS, owed_by_person, sides
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.figures import Figures, convert
from workinjury_bridge.domain.journals import (
    Stamp,
    about_conversion,
    about_direct,
    conversion_entry,
    direct_entry,
    meals_entry,
    payment_entry,
    reversion_entry,
    set_off_entry,
    transfer_entry,
)
from workinjury_bridge.domain.meals import inpatient_days, meals_fen
from workinjury_bridge.domain.transfer import Direction, Transfer

STAMP = Stamp(entry_id="J1", booked_on=date(2026, 4, 20), voucher_no="V-1")
ABOUT = about_conversion(CONVERSION)


def f1() -> Figures:
    return convert(F1_BILL, POLICY, inpatient=True, terms=TERMS)


def test_f1_figures() -> None:
    figures = f1()
    assert figures.work_injury_fen == fen("15700.00")
    assert figures.owed_by_book() == {Book.EMP: fen("12985.00")}
    assert (figures.person_fen, figures.hospital_fen) == (fen("300"), 0)
    assert figures.refund_fen == fen("2715.00")
    assert inpatient_days(date(2026, 3, 2), date(2026, 3, 14)) == 12
    assert figures.meals_fen == fen("360.00")
    assert figures.payable_fen == fen("3075.00")


def test_f1_journals() -> None:
    converted = conversion_entry(ABOUT, f1(), STAMP)
    assert sides(converted) == (
        {"5001.11": fen("15700"), "5001.13": fen("360")},
        {"2202(EMP)": fen("12985"), "2203(P:P1)": fen("3075")},
    )
    assert (converted.book, converted.case_id, converted.settlement_id, converted.decision_version) == (Book.WI, "C1", "S1", 1)
    assert (converted.maker, converted.checker, converted.voucher_no) == ("maker", "checker", "V-1")
    transfer = Transfer(
        transfer_id="T1", conversion_id="K1", voucher_no="V-2", book=Book.EMP, direction=Direction.OUT, amount_fen=fen("12985")
    )
    assert sides(transfer_entry(ABOUT, transfer, STAMP)) == ({"2202(EMP)": fen("12985")}, {"1003": fen("12985")})
    paid = payment_entry(ABOUT, "P:P1", fen("3075"), STAMP)
    assert sides(paid) == ({"2203(P:P1)": fen("3075")}, {"1003": fen("3075")})


def test_f4_direct_settlement() -> None:
    lines = [
        BillLine(line_id="1", amount_fen=fen("14900.00"), in_catalogue=True),
        BillLine(line_id="2", amount_fen=fen("8000.00"), in_catalogue=True, cap_fen=fen("7000.00"), consent=True),
        BillLine(line_id="3", amount_fen=fen("556.78"), in_catalogue=False, consent=False),
    ]
    version = assess(lines, POLICY)
    assert (version.work_injury_fen, version.person_fen, version.hospital_fen, version.unrelated_fen) == (
        fen("21900.00"),
        fen("1000.00"),
        fen("556.78"),
        0,
    )
    assert version.total_fen == fen("23456.78")
    settlement = DirectSettlement(
        key="W1",
        case_id="C1",
        decision_id="D1",
        decision_no="N1",
        decision_version=1,
        person_id="P1",
        visit_id="V1",
        institution_code="H2",
        begun_on=date(2026, 5, 1),
        ended_on=date(2026, 5, 16),
        version=version,
    ).posted("S9", meals_fen(date(2026, 5, 1), date(2026, 5, 16), POLICY.meals.per_day))
    assert settlement.meals_fen == fen("450.00")
    assert sides(direct_entry(about_direct(settlement), version.work_injury_fen, STAMP)) == (
        {"5001.11": fen("21900")},
        {"2201(H:H2)": fen("21900")},
    )
    assert sides(meals_entry(about_direct(settlement), settlement.meals_fen, STAMP)) == (
        {"5001.13": fen("450")},
        {"2203(P:P1)": fen("450")},
    )
    assert sides(payment_entry(about_direct(settlement), "P:P1", settlement.meals_fen, STAMP)) == (
        {"2203(P:P1)": fen("450")},
        {"1003": fen("450")},
    )


def test_f9_revoked() -> None:
    original = conversion_entry(ABOUT, f1(), STAMP)
    contra = reversion_entry(ABOUT, f1(), STAMP, paid=True, reverses=original.entry_id)
    assert sides(contra) == (
        {"1121(EMP)": fen("12985"), "1125(P:P1)": fen("3075")},
        {"5001.11": fen("15700"), "5001.13": fen("360")},
    )
    assert contra.reverses == "J1"
    back = Transfer(
        transfer_id="T2", conversion_id="K1", voucher_no="V-5", book=Book.EMP, direction=Direction.BACK, amount_fen=fen("12985")
    )
    assert sides(transfer_entry(ABOUT, back, STAMP)) == ({"1003": fen("12985")}, {"1121(EMP)": fen("12985")})
    assert (back.from_book, back.to_book) == (Book.EMP, Book.WI)


def test_revoked_before_the_person_was_paid_takes_back_the_payable() -> None:
    original = conversion_entry(ABOUT, f1(), STAMP)
    assert sides(reversion_entry(ABOUT, f1(), STAMP, paid=False, reverses=original.entry_id)) == (
        {"1121(EMP)": fen("12985"), "2203(P:P1)": fen("3075")},
        {"5001.11": fen("15700"), "5001.13": fen("360")},
    )


def test_person_owes_when_the_account_paid_what_the_fund_does_not() -> None:
    bill = replace(
        F1_BILL,
        total_fen=fen("400"),
        cash_fen=fen("0"),
        payments=(FundPayment(book="EMP", account="5001.02", fund_pay_type="310200", amount_fen=fen("400")),),
        lines=(
            BillLine(line_id="1", amount_fen=fen("300"), in_catalogue=True),
            BillLine(line_id="2", amount_fen=fen("100"), in_catalogue=False, consent=True),
        ),
    )
    figures = convert(bill, POLICY, inpatient=False, terms=TERMS)
    assert (figures.refund_fen, figures.meals_fen, figures.payable_fen) == (-fen("100"), 0, 0)
    original = conversion_entry(ABOUT, figures, STAMP)
    assert sides(original) == ({"5001.11": fen("300"), "1125(P:P1)": fen("100")}, {"2202(EMP)": fen("400")})
    debts = [owed_by_person(fen("100"))]
    contra = reversion_entry(ABOUT, figures, STAMP, paid=True, reverses=original.entry_id, debts=debts)
    assert sides(contra) == ({"1121(EMP)": fen("400")}, {"1125(P:P1)": fen("100"), "5001.11": fen("300")})
    assert sides(set_off_entry(ABOUT, "P:P1", "P:P1", fen("60"), STAMP)) == (
        {"2203(P:P1)": fen("60")},
        {"1125(P:P1)": fen("60")},
    )


def test_hospital_bears_what_was_not_consented() -> None:
    lines = (*F1_BILL.lines[:3], replace(F1_BILL.lines[3], consent=False))
    figures = convert(replace(F1_BILL, lines=lines), POLICY, inpatient=True, terms=TERMS)
    assert (figures.work_injury_fen, figures.hospital_fen, figures.refund_fen) == (fen("15700"), fen("300"), fen("3015"))
    assert sides(conversion_entry(ABOUT, figures, STAMP)) == (
        {"5001.11": fen("15700"), "5001.13": fen("360"), "1122(H:H37082600001)": fen("300")},
        {"2202(EMP)": fen("12985"), "2203(P:P1)": fen("3375")},
    )


def test_bill_that_does_not_close_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        convert(replace(F1_BILL, cash_fen=fen("3014.99")), POLICY, inpatient=True, terms=TERMS)
    assert caught.value.code == "workinjury-bridge.conversion.figures-do-not-close"
    assert caught.value.facts == {
        "work_injury_fen": 1570000,
        "hospital_fen": 0,
        "owed_fen": 1298500,
        "refund_fen": 271499,
    }


def test_mixed_stay_and_empty_bill_are_refused() -> None:
    mixed = replace(F1_BILL, lines=(replace(F1_BILL.lines[0], related=False), *F1_BILL.lines[1:]))
    with pytest.raises(Refusal) as caught:
        convert(mixed, POLICY, inpatient=True, terms=TERMS)
    assert caught.value.code == "workinjury-bridge.settlement.mixed-stay"
    empty = replace(F1_BILL, total_fen=0, cash_fen=0, payments=(), lines=())
    with pytest.raises(Refusal) as caught:
        convert(empty, POLICY, inpatient=False, terms=TERMS)
    assert caught.value.code == "workinjury-bridge.conversion.nothing-to-convert"


def test_same_day_stay_counts_one_day() -> None:
    assert meals_fen(date(2026, 3, 2), date(2026, 3, 2), fen("30.00")) == fen("30.00")
