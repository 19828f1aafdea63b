"""The queue and the states of a month-end clearing (reference B13, worked example F12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import load_calendar
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import sides
from workinjury_bridge.domain.clearing import (
    Clearing,
    ClearingState,
    ClearingTransfer,
    InstitutionDue,
    InterfundDue,
    Purse,
    Remedy,
    cut_off_of,
    oldest_open,
    plan,
)
from workinjury_bridge.domain.journals import Hands, Stamp, clearing_transfer_entry, institution_clearing_entry
from workinjury_bridge.domain.transfer import Direction

DAY = date(2026, 4, 30)
STAMP = Stamp(entry_id="J1", booked_on=DAY, voucher_no="V1")
HANDS = Hands(maker="lijing", checker="zhaoming")
RUN = Clearing(
    clearing_id="R1", payer=Book.WI, month="2026-04", cut_off=DAY, pay_by=date(2026, 5, 11), maker="lijing", checker="zhaoming"
)


def due(due_id: str, payee: Book, yuan: str, day: int) -> InterfundDue:
    return InterfundDue(
        due_id=due_id, payer=Book.WI, payee=payee, conversion_id=due_id, amount_fen=fen(yuan), due_on=date(2026, 4, day)
    )


def institution(code: str, owed: str, offset: str = "0", day: int = 1) -> InstitutionDue:
    return InstitutionDue(institution_code=code, owed_fen=fen(owed), offset_fen=fen(offset), since=date(2026, 4, day))


F12_DUES = (
    due("F10-EMP", Book.EMP, "20866.47", 20),
    due("F1", Book.EMP, "12985", 2),
    due("F10-LARGE", Book.LARGE, "38133.53", 20),
)
F12_PURSE = Purse(
    bank_fen=fen("60000"),
    set_aside_fen=fen("3075"),
    institutions=(institution("F4", "21900", "420"), institution("H2", "30000", day=2)),
)


def test_f12_the_queue_stops_at_the_first_transfer_it_cannot_pay_whole() -> None:
    found = plan(F12_PURSE, F12_DUES)
    assert [i.pay_fen for i in found.institutions] == [fen("21480"), fen("30000")]
    assert [(d.due_id, part) for d, part in found.parts] == [("F1", fen("5445"))]
    assert (found.short_fen, found.open_interfund_fen) == (fen("66540"), fen("66540"))
    after = RUN.frozen("zhaoming").with_plan(found).finished(found.open_interfund_fen)
    assert (after.state, after.remedy, after.short_fen) == (ClearingState.PARTIAL, Remedy.FISCAL_ACCOUNT, fen("66540"))


def test_f12_journals() -> None:
    transfer = ClearingTransfer(
        transfer_id="T1",
        voucher_no="V1",
        book=Book.EMP,
        direction=Direction.OUT,
        amount_fen=fen("5445"),
        clearing_id="R1",
        parts=(("F1", fen("5445")),),
    )
    assert sides(clearing_transfer_entry(transfer, STAMP, HANDS)) == (
        {"2202(EMP)": fen("5445")},
        {"1003": fen("5445")},
    )
    assert sides(institution_clearing_entry(institution("F4", "21900", "420"), STAMP, HANDS)) == (
        {"2201(H:F4)": fen("21900")},
        {"1122(H:F4)": fen("420"), "1003": fen("21480")},
    )


def test_f12_after_the_fiscal_account_has_paid_everything_is_due_again_in_order() -> None:
    rest = [replace(d, paid_fen=fen("5445")) if d.due_id == "F1" else d for d in F12_DUES]
    found = plan(Purse(bank_fen=fen("66540"), set_aside_fen=0), rest)
    assert [(d.due_id, part) for d, part in found.parts] == [
        ("F1", fen("7540")),
        ("F10-LARGE", fen("38133.53")),
        ("F10-EMP", fen("20866.47")),
    ]
    assert (found.short_fen, found.open_interfund_fen) == (0, 0)


def test_an_institution_that_does_not_fit_stops_the_queue_and_no_smaller_one_is_preferred() -> None:
    purse = Purse(
        bank_fen=fen("100"),
        set_aside_fen=fen("10"),
        institutions=(institution("H1", "91", day=1), institution("H2", "1", day=2)),
    )
    found = plan(purse, [due("D", Book.EMP, "5", 1)])
    assert (found.institutions, found.parts, found.short_fen) == ((), (), fen("7"))


def test_what_is_met_by_set_off_alone_is_paid_without_money() -> None:
    found = plan(Purse(bank_fen=0, set_aside_fen=0, institutions=(institution("H1", "5", "5"),)), [])
    assert (len(found.institutions), found.short_fen) == (1, 0)


@given(
    st.integers(-1000, 1000),
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300), st.integers(1, 28)), max_size=5),
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 28)), max_size=6),
)
def test_a_round_never_spends_what_is_not_there(
    bank: int, aside: int, institutions: list[tuple[int, int, int]], dues: list[tuple[int, int]]
) -> None:
    items = tuple(
        InstitutionDue(institution_code=f"H{n}", owed_fen=owed, offset_fen=min(owed, off), since=date(2026, 4, day))
        for n, (owed, off, day) in enumerate(institutions)
    )
    owed = [replace(due(f"D{n}", Book.EMP, "1", day), amount_fen=amount) for n, (amount, day) in enumerate(dues)]
    found = plan(Purse(bank_fen=bank, set_aside_fen=aside, institutions=items), owed)
    spent = sum(i.pay_fen for i in found.institutions) + sum(part for _, part in found.parts)
    assert spent <= max(0, bank - aside)
    assert sum(part for _, part in found.parts) + found.open_interfund_fen == sum(d.amount_fen for d in owed)
    whole = [d for d, part in found.parts if part == d.amount_fen]
    assert len(whole) >= len(found.parts) - 1
    if found.parts:
        assert len(found.institutions) == len(items)
    if found.short_fen == 0:
        assert (len(found.institutions), found.open_interfund_fen) == (len(items), 0)


def test_the_proposer_does_not_approve() -> None:
    with pytest.raises(Refusal) as caught:
        replace(RUN, checker=None).frozen("lijing")
    assert caught.value.code == "workinjury-bridge.clearing.same-hand"


def test_steps_out_of_turn_are_refused() -> None:
    for step in (RUN.resumed, RUN.closed, lambda: RUN.carried(1), lambda: RUN.finished(0)):
        with pytest.raises(Refusal) as caught:
            step()
        assert caught.value.code == "workinjury-bridge.clearing.wrong-state"


def test_who_is_asked_after_whom() -> None:
    asked = [Remedy.FISCAL_ACCOUNT]
    while (after := asked[-1].next) is not None:
        asked.append(after)
    assert asked == [Remedy.FISCAL_ACCOUNT, Remedy.RESERVE, Remedy.ADJUSTMENT_FUND, Remedy.GOVERNMENT_ADVANCE]


@pytest.mark.parametrize(
    ("month", "day"),
    [("2026-04", date(2026, 4, 30)), ("2026-05", date(2026, 5, 29)), ("2026-12", date(2026, 12, 31))],
)
def test_cut_off_is_the_last_working_day(month: str, day: date) -> None:
    assert cut_off_of(month, load_calendar()) == day


def test_what_is_open_is_the_newest_part() -> None:
    credits = [(date(2026, 4, 1), 100), (date(2026, 4, 9), 50)]
    assert oldest_open(credits, 0) == (date(2026, 4, 1), 150)
    assert oldest_open(credits, 120) == (date(2026, 4, 9), 30)
    assert oldest_open(credits, 150) is None
    assert oldest_open(credits, 200) is None
