from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.ledger import ACCOUNT_NAMES, BOOK_NAMES, Book, Entry, LedgerError, Line, contra, credit, debit
from shared.ledger import books as chart

DAY = date(2026, 3, 2)


def entry(*lines: Line, **more: Any) -> Entry:
    return Entry(entry_id="J1", book=Book.EMP, booked_on=DAY, kind="settlement", lines=lines, **more)


def test_a_journal_knows_its_total() -> None:
    assert entry(debit("5001.01", 70), debit("5001.02", 30), credit("2201", 100, "H:1")).total_fen == 100


@pytest.mark.parametrize("sides", [(0, 0), (5, 5), (-5, 0), (0, -5), (-5, 5)])
def test_a_line_has_exactly_one_positive_side(sides: tuple[int, int]) -> None:
    with pytest.raises(LedgerError, match="exactly one positive side"):
        Line("1003", "", *sides)


def test_unknown_accounts_and_one_pair_of_eyes_are_refused() -> None:
    with pytest.raises(LedgerError, match="unknown account 9999"):
        debit("9999", 1)
    with pytest.raises(LedgerError, match="two persons"):
        entry(debit("1003", 1), credit("2201", 1), maker="m", checker="m")


@pytest.mark.parametrize("lines", [(), (debit("1003", 1),), (debit("1003", 2), credit("2201", 1))])
def test_what_does_not_balance_is_refused(lines: tuple[Line, ...]) -> None:
    with pytest.raises(LedgerError, match="must be equal and positive"):
        entry(*lines)


def test_a_contra_exchanges_the_sides_and_names_its_journal() -> None:
    original = entry(debit("5001.01", 70), credit("2201", 70, "H:1"), settlement_id="S", case_id="C", voucher_no="V")
    back = contra(original, entry_id="J2", booked_on=date(2026, 4, 1), memo="撤销", maker="m", checker="c")
    assert back.lines == (credit("5001.01", 70), debit("2201", 70, "H:1"))
    assert (back.entry_id, back.kind, back.reverses, back.memo) == ("J2", "contra", "J1", "撤销")
    assert (back.settlement_id, back.case_id, back.voucher_no) == ("S", "C", "V")
    assert (back.maker, back.checker, back.booked_on, back.total_fen) == ("m", "c", date(2026, 4, 1), 70)


def test_the_chart_names_every_book_and_account() -> None:
    assert set(BOOK_NAMES) == set(Book)
    used = {value for name, value in vars(chart).items() if name.isupper() and isinstance(value, str)}
    assert used <= set(ACCOUNT_NAMES)
