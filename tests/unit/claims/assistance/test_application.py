"""The states of an application: each step once, in order, by the right person, and a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from claims.domain.assistance import (
    Application,
    BookBalance,
    Counted,
    Objection,
    Review,
    Voucher,
    payment_of,
    vouchers_of,
)
from shared.calendar import load_calendar
from shared.clock import FixedClock
from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ids import TimeOrderedIds
from shared.ledger import Line

CALENDAR = load_calendar()
NOW = datetime(2026, 4, 1, 1, tzinfo=UTC)
FRIDAY, LAST_DAY, AFTER = date(2026, 3, 20), date(2026, 3, 31), date(2026, 4, 1)
APPLIED = Application(
    application_id="A1",
    person_id="P1",
    household=("P1", "P2"),
    class_code="illness_poor",
    statement="",
    applied_on=FRIDAY,
    look_back_from=date(2025, 3, 20),
    line_fen=718_825,
    notice_days=7,
    maker="clerk",
)


def review(*burdens: int) -> Review:
    found = tuple(Counted(person_id="P1", settlement_id=f"S{n}", counts_on=FRIDAY, burden_fen=b) for n, b in enumerate(burdens))
    expected = (FundPayment(book="MAF", account="5001.01", fund_pay_type="610100", amount_fen=500),)
    return Review(reviewer="reviewer", reviewed_on=FRIDAY, counted=found, expected=expected)


REVIEWED = APPLIED.reviewed(review(700_000, 18_825))
ON_NOTICE = REVIEWED.published(FRIDAY)
OBJECTED = ON_NOTICE.objected(Objection(text="有房产", recorded_by="reviewer", recorded_on=FRIDAY))
NOTICE_OVER = ON_NOTICE.notice_closed(CALENDAR, AFTER)
APPROVED = NOTICE_OVER.approved("approver", CALENDAR, NOW, AFTER)
GRANTED = APPROVED.granted(7)
PAID = GRANTED.paid("payer", (), AFTER)
REJECTED = ON_NOTICE.rejected("approver", "核实不符", NOW)
WITHDRAWN = APPLIED.withdrawn("已另行解决")
ALL = {a.state: a for a in (APPLIED, REVIEWED, ON_NOTICE, OBJECTED, NOTICE_OVER, APPROVED, GRANTED, PAID, REJECTED, WITHDRAWN)}
UNDECIDED = {"applied", "reviewed", "on_notice", "objected", "notice_over"}
STEPS: dict[str, tuple[Callable[[Application], Application], set[str]]] = {
    "reviewed": (lambda a: a.reviewed(review(1)), {"applied", "reviewed", "objected"}),
    "on_notice": (lambda a: a.published(FRIDAY), {"reviewed"}),
    "objected": (
        lambda a: a.objected(Objection(text="", recorded_by="x", recorded_on=FRIDAY)),
        {"on_notice", "notice_over"},
    ),
    "notice_over": (lambda a: a.notice_closed(CALENDAR, AFTER), {"on_notice"}),
    "approved": (lambda a: a.approved("approver", CALENDAR, NOW, AFTER), {"on_notice", "notice_over"}),
    "granted": (lambda a: a.granted(7), {"approved"}),
    "paid": (lambda a: a.paid("payer", (), AFTER), {"granted"}),
    "rejected": (lambda a: a.rejected("approver", "核实不符", NOW), UNDECIDED),
    "withdrawn": (lambda a: a.withdrawn("已另行解决"), UNDECIDED),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", ALL)
def test_every_step_from_every_state(state: str, step: str) -> None:
    move, allowed = STEPS[step]
    before = ALL[state]  # type: ignore[index]  # a state's name
    copy = replace(before)
    if state in allowed:
        assert move(before).state == step
    else:
        with pytest.raises(Refusal) as refused:
            move(before)
        assert (refused.value.code, refused.value.facts) == ("claims.assistance.state", {"state": state})
    assert before == copy


def code(move: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        move()
    return refused.value.code


def test_a_burden_of_one_fen_below_the_line_is_not_published() -> None:
    assert code(lambda: APPLIED.reviewed(review(718_824)).published(FRIDAY)) == "claims.assistance.below-line"
    assert APPLIED.reviewed(review(718_825)).published(FRIDAY).state == "on_notice"


def test_the_notice_counts_working_days_and_its_last_day_is_part_of_it() -> None:
    due = ON_NOTICE.notice_ends(CALENDAR)
    assert due is not None
    assert (due.on, due.provisional) == (LAST_DAY, False)
    for move in (
        lambda: ON_NOTICE.approved("approver", CALENDAR, NOW, LAST_DAY),
        lambda: ON_NOTICE.notice_closed(CALENDAR, LAST_DAY),
    ):
        assert code(move) == "claims.assistance.on-notice"
    assert ON_NOTICE.approved("approver", CALENDAR, NOW, AFTER).decider == "approver"


def test_an_objection_voids_the_notice_and_a_new_one_runs_all_its_days() -> None:
    assert (OBJECTED.published_on, OBJECTED.notice_ends(CALENDAR), len(OBJECTED.objections)) == (None, None, 1)
    again = OBJECTED.reviewed(review(800_000)).published(AFTER)
    assert code(lambda: again.approved("approver", CALENDAR, NOW, date(2026, 4, 13))) == "claims.assistance.on-notice"
    assert again.approved("approver", CALENDAR, NOW, date(2026, 4, 14)).state == "approved"


def test_who_reviewed_or_applied_does_not_approve_and_who_approved_does_not_pay() -> None:
    for who in ("reviewer", "clerk"):
        assert code(lambda who=who: NOTICE_OVER.approved(who, CALENDAR, NOW, AFTER)) == "claims.assistance.same-person"  # type: ignore[misc]  # a default binds the name
    assert code(lambda: GRANTED.paid("approver", (), AFTER)) == "claims.assistance.same-person"


def test_a_hindrance_is_counted_and_forgotten_when_granted() -> None:
    hindered = APPROVED.hindered("系统繁忙").hindered("系统繁忙")
    assert (hindered.state, hindered.tries, hindered.hindrance) == ("approved", 2, "系统繁忙")
    assert (hindered.granted(7).hindrance, hindered.granted(7).person_version) == ("", 7)


def test_a_book_pays_what_the_class_brought_and_is_still_owed() -> None:
    balances = [
        BookBalance(book="CII", owed_fen=500, granted_fen=300),  # 200 are owed for something else
        BookBalance(book="EMP", owed_fen=0, granted_fen=300),  # paid already
        BookBalance(book="MAF", owed_fen=260, granted_fen=300),
    ]
    assert [(v.book, v.voucher_no, v.amount_fen) for v in vouchers_of(GRANTED, balances)] == [
        ("CII", "A1-CII", 300),
        ("MAF", "A1-MAF", 260),
    ]


def test_the_voucher_as_a_journal() -> None:
    voucher = Voucher(book="MAF", voucher_no="A1-MAF", amount_fen=260)
    entry = payment_of(GRANTED, voucher, AFTER, maker="payer", ids=TimeOrderedIds(FixedClock(NOW)))
    assert entry.lines == (Line("2203", "P:P1", debit_fen=260), Line("1003", "", credit_fen=260))
    assert (entry.kind, entry.voucher_no, entry.maker, entry.checker) == ("payment", "A1-MAF", "payer", "approver")
