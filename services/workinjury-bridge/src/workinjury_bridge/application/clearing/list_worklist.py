"""What of the month's end waits for a person: what is the matter, and what to do about it (B13, B15.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock, local
from shared.ledger import BOOK_NAMES
from shared.money import format_yuan
from shared.transactions import UnitOfWork
from workinjury_bridge.application.clearing.ports import Clearings, Dues, OurPurse, WaitingPayouts
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.domain.clearing import Clearing, ClearingState, Remedy, cut_off_of

_MOST = 200
_ASK = {
    Remedy.FISCAL_ACCOUNT: "向财政专户申请拨款",
    Remedy.RESERVE: "申请动用储备金",
    Remedy.ADJUSTMENT_FUND: "申请省级调剂金",
    Remedy.GOVERNMENT_ADVANCE: "报本级人民政府垫付",
}


@dataclass(frozen=True, slots=True)
class ListWorklist:
    """Reads only."""

    work: UnitOfWork
    clearings: Clearings
    dues: Dues
    waiting: WaitingPayouts
    purse: OurPurse
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self) -> list[dict[str, Any]]:
        """``{kind, subject_id, since, cause, fix}``, in the order in which the kinds are named here.

        ``payments``, ``shortage``, ``returned``, ``hindered``, ``to-approve``, ``late``, ``unconfirmed``, ``not-proposed``. Conversions of which one half is missing are with the pairs that do not match.
        """
        today = self.clock.today()
        within = self.policies.on(today).clearing.reconcile_within
        found: list[dict[str, Any]] = []
        async with self.work.transaction() as tx:
            shortage = await self.waiting.shortage(tx)
            number, due = await self.waiting.total(tx)
            if shortage is not None and number:
                cash = format_yuan(max(0, await self.purse.cash_fen(tx)))
                cause = f"工伤保险基金支出户余额{cash}不足，{number}笔应付个人、用人单位款共{format_yuan(due)}待付"
                fix = f"{_ASK[shortage.remedy]}，到账后登记补足资金，系统按先后续付"
                found.append(_item("payments", shortage.shortage_id, shortage.since, cause, fix))
            for run in await self.clearings.unfinished(tx):
                left = sum(due.open_fen for due in await self.dues.of_clearing(tx, run.clearing_id))
                found += _of_run(run, left, await self.clearings.hindrance(tx, run.clearing_id), today)
            for transfer, at in await self.clearings.open_transfers(tx):
                if today > self.calendar.add_working_days(local(at).date(), within).on:
                    cause = f"凭证{transfer.voucher_no}超过{within}个工作日未获双方确认"
                    fix = "与对方基金逐笔核对银行回单；对方未预留的到期自动退回"
                    found.append(_item("unconfirmed", transfer.transfer_id, local(at).date(), cause, fix))
            for payer, since in await self.dues.unfrozen(tx, _MOST):
                month = f"{since:%Y-%m}"
                if today > cut_off_of(month, self.calendar) >= since:
                    cause = f"{BOOK_NAMES[payer]}{month}已过清算截止日，尚未提出清算"
                    found.append(_item("not-proposed", payer.value, since, cause, "提出并复核当月基金间清算"))
        return found


def _of_run(run: Clearing, left_fen: int, hindrance: str | None, today: date) -> Sequence[dict[str, Any]]:
    name = f"{BOOK_NAMES[run.payer]}{run.month}月末清算"
    items = []
    if run.state is ClearingState.PARTIAL and run.remedy is not None:
        cause = f"{name}资金不足，尚缺{format_yuan(run.short_fen)}，其中应付其他基金{format_yuan(left_fen)}"
        items.append(
            _item("shortage", run.clearing_id, run.cut_off, cause, f"{_ASK[run.remedy]}，到账后登记补足资金，系统续付")
        )
    if run.state is ClearingState.PARTIAL and run.cause is not None:
        items.append(_item("returned", run.clearing_id, run.cut_off, run.cause, "与对方基金核对原因，排除后重新划款"))
    if hindrance is not None:
        items.append(_item("hindered", run.clearing_id, run.cut_off, hindrance, "按原因处理；系统自动重试"))
    if run.state is ClearingState.OPEN:
        items.append(_item("to-approve", run.clearing_id, run.cut_off, f"{name}待复核", "由提出人以外的人复核"))
    if run.state not in (ClearingState.PAID, ClearingState.CLOSED) and today > run.pay_by:
        cause = f"{name}超过付款期限{run.pay_by}，尚有{format_yuan(left_fen)}未付其他基金"
        items.append(_item("late", run.clearing_id, run.pay_by, cause, "查明未付原因并尽快付清"))
    return items


def _item(kind: str, subject_id: str, since: date, cause: str, fix: str) -> dict[str, Any]:
    return {"kind": kind, "subject_id": subject_id, "since": since.isoformat(), "cause": cause, "fix": fix}
