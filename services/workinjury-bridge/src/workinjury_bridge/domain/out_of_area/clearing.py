"""Paying a province for a quarter (异地就医费用清算; reference B8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workinjury_bridge.domain.benefits.months import months_later
from workinjury_bridge.domain.out_of_area.refusals import bill_differs, not_audited, nothing_to_clear, quarter_running
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, RemoteStay
from workinjury_bridge.domain.policy import OutOfArea
from workinjury_bridge.domain.refusals import same_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterClearing:
    """One quarter of one province, paid."""

    clearing_id: str
    province: str
    quarter: date
    """First day of the quarter."""
    bill_no: str
    """Number of the national bill (清算通知书)."""
    amount_fen: int
    cleared_on: date
    maker: str
    checker: str

    def __post_init__(self) -> None:
        if self.maker == self.checker:
            raise same_hand()


def quarter_of(period: date) -> date:
    """First day of the quarter that a month is cleared in."""
    return period.replace(month=(period.month - 1) // 3 * 3 + 1, day=1)


def quarter_name(quarter: date) -> str:
    """As a clerk reads it."""
    return f"{quarter.year}年第{(quarter.month + 2) // 3}季度"


def pay_by(quarter: date, rules: OutOfArea) -> date:
    """The day of the month after the quarter by which it is paid."""
    return months_later(quarter, 3).replace(day=rules.pay_by_day)


def object_until(received_on: date, rules: OutOfArea) -> date:
    """The next day of objection: of this month, or of the next when it has passed."""
    this_month = received_on.replace(day=rules.object_by_day)
    return this_month if received_on <= this_month else months_later(received_on, 1).replace(day=rules.object_by_day)


def expect_bill(stays: Sequence[RemoteStay], bill_fen: int, quarter: date, today: date) -> None:
    """Refuses a quarter that has not ended, with stays not audited or without any, and a bill that is not what they come to."""
    if today < months_later(quarter, 3):
        raise quarter_running(quarter_name(quarter))
    waiting = sum(1 for stay in stays if stay.state is RemoteState.RECEIVED)
    if waiting:
        raise not_audited(waiting)
    owed = sum(stay.payable_fen for stay in stays)
    if not stays or not owed:
        raise nothing_to_clear(quarter_name(quarter))
    if owed != bill_fen:
        raise bill_differs(bill_fen, owed)
