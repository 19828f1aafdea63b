"""What happens by time: reservations lapse, allowances are paid, conversions go on, books are sealed and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from shared.db.deadlines import DeadlineHandler
from shared.runtime import Job
from workinjury_bridge.application.clearing.escalate_shortage import SHORTAGE_DEADLINE
from workinjury_bridge.application.confirm_direct_settlement import PAY_MEALS_DEADLINE
from workinjury_bridge.application.conversion.split_stay import SPLIT_DEADLINE
from workinjury_bridge.application.double.settle_paper_claim import PAPER_DEADLINE
from workinjury_bridge.application.out_of_area.register import REGISTRATION_DEADLINE
from workinjury_bridge.application.out_of_area.track_stay import CHECK_DEADLINE, CLEARING_DEADLINE
from workinjury_bridge.application.recovery.remind import (
    ADVANCE_DEADLINE,
    DOUBLE_BILL_DEADLINE,
    LIMITATION_DEADLINE,
    RECOVERY_DEADLINE,
)
from workinjury_bridge.application.recurrence.confirm_recurrence import RECURRENCE_DEADLINE
from workinjury_bridge.application.settle_directly import VOID_DEADLINE
from workinjury_bridge.application.split_before_settlement import STAY_SPLIT_DEADLINE
from workinjury_bridge.bootstrap import Bridge

log = structlog.get_logger()

_GROUP = 100
_SIDE_BY_SIDE = 3
_LOOK_EVERY_S = 0.1
"""Conversions that take each step together."""


def deadlines(bridge: Bridge) -> Mapping[str, DeadlineHandler]:
    """Deadline kind to reaction; the subject is what has to go on."""

    async def void_settlement(tx: Any, key: str, _: dict[str, Any]) -> None:
        await bridge.void_direct.run(tx, key)

    async def pay_meals(tx: Any, key: str, _: dict[str, Any]) -> None:
        await bridge.pay_direct_meals.run(tx, key)

    async def split_overdue(tx: Any, conversion_id: str, _: dict[str, Any]) -> None:
        await bridge.split.overdue(tx, conversion_id)

    async def stay_split_overdue(tx: Any, visit_id: str, _: dict[str, Any]) -> None:
        await bridge.stay_splits.overdue(tx, visit_id)

    async def recovery_overdue(tx: Any, recovery_id: str, _: dict[str, Any]) -> None:
        await bridge.remind.of_recovery(tx, recovery_id)

    async def advance_overdue(tx: Any, advance_id: str, _: dict[str, Any]) -> None:
        await bridge.remind.of_advance(tx, advance_id)

    async def limitation_near(tx: Any, recovery_id: str, _: dict[str, Any]) -> None:
        await bridge.remind.of_limitation(tx, recovery_id)

    async def double_bill_overdue(tx: Any, double_bill_id: str, _: dict[str, Any]) -> None:
        await bridge.remind.of_double_bill(tx, double_bill_id)

    async def shortage(tx: Any, clearing_id: str, _: dict[str, Any]) -> None:
        await bridge.month_end.escalate.run(tx, clearing_id)

    async def registration_overdue(tx: Any, registration_id: str, _: dict[str, Any]) -> None:
        await bridge.out_of_area.register.overdue(tx, registration_id)

    async def data_unchecked(tx: Any, stay_id: str, _: dict[str, Any]) -> None:
        await bridge.out_of_area.track.overdue(tx, stay_id)

    async def quarter_unpaid(tx: Any, subject: str, _: dict[str, Any]) -> None:
        await bridge.out_of_area.clear.overdue(tx, subject)

    async def claim_undecided(tx: Any, paper_claim_id: str, _: dict[str, Any]) -> None:
        await bridge.papers.overdue(tx, paper_claim_id)

    async def recurrence_undecided(tx: Any, recurrence_id: str, _: dict[str, Any]) -> None:
        await bridge.recurrences.confirm.overdue(tx, recurrence_id)

    return {
        SHORTAGE_DEADLINE: shortage,
        REGISTRATION_DEADLINE: registration_overdue,
        CHECK_DEADLINE: data_unchecked,
        CLEARING_DEADLINE: quarter_unpaid,
        PAPER_DEADLINE: claim_undecided,
        RECURRENCE_DEADLINE: recurrence_undecided,
        VOID_DEADLINE: void_settlement,
        PAY_MEALS_DEADLINE: pay_meals,
        SPLIT_DEADLINE: split_overdue,
        STAY_SPLIT_DEADLINE: stay_split_overdue,
        RECOVERY_DEADLINE: recovery_overdue,
        ADVANCE_DEADLINE: advance_overdue,
        LIMITATION_DEADLINE: limitation_near,
        DOUBLE_BILL_DEADLINE: double_bill_overdue,
    }


def jobs(bridge: Bridge) -> Sequence[Job]:
    """The saga, the monthly run of the pensions, the seal of the book, the check of the invariants."""

    async def go_on() -> None:
        # Groups side by side: while claims works for one, we work for another; and who comes meanwhile waits for none of them.
        groups: dict[asyncio.Task[dict[str, str]], list[str]] = {}
        try:
            while True:
                going = {conversion_id for group in groups.values() for conversion_id in group}
                if len(groups) < _SIDE_BY_SIDE:
                    due = await bridge.advance.due(_GROUP + len(going))
                    if group := [conversion_id for conversion_id in due if conversion_id not in going][:_GROUP]:
                        groups[asyncio.create_task(bridge.advance.run_all(group))] = group
                if not groups:
                    return
                done, _ = await asyncio.wait(groups, timeout=_LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del groups[task]
                    for conversion_id, cause in (await task).items():
                        log.warning("conversion.hindered", conversion_id=conversion_id, cause=cause)
        finally:
            for task in groups:
                task.cancel()
            await asyncio.gather(*groups, return_exceptions=True)

    async def clear_months() -> None:
        for clearing_id in await bridge.month_end.advance.due():
            hindrance = await bridge.month_end.advance.run(clearing_id)
            if hindrance is not None:
                log.warning("clearing.hindered", clearing_id=clearing_id, cause=hindrance)

    async def pay_waiting() -> None:
        for payout_id, hindrance in (await bridge.month_end.pay_waiting.run()).items():
            log.warning("payout.hindered", payout_id=payout_id, cause=hindrance)

    async def book_receipts() -> None:
        for movement_id in await bridge.book_movements.due():
            hindrance = await bridge.book_movements.run(movement_id)
            if hindrance is not None:
                log.warning("debt-movement.hindered", movement_id=movement_id, cause=hindrance)

    async def revert_settlements() -> None:
        for key in await bridge.revert_direct.due():
            hindrance = await bridge.revert_direct.run(key)
            if hindrance is not None:
                log.warning("direct-settlement.hindered", key=key, cause=hindrance)

    async def charge_double_bills() -> None:
        for double_bill_id in await bridge.double_bills.due():
            hindrance = await bridge.double_bills.charge(double_bill_id)
            if hindrance is not None:
                log.warning("double-bill.hindered", double_bill_id=double_bill_id, cause=hindrance)

    async def compare_bills() -> None:
        found = await bridge.find_double.compare_all()
        if found:
            log.warning("double-bills.found", found=found)

    async def check_books() -> None:
        found = await bridge.check.run()
        for breach in found["breaches"]:
            log.error("invariant.broken", **breach)
        for item in await bridge.month_end.worklist.run():
            log.warning("month-end.waits", **item)
        log.info("invariants.checked", checked=found["checked"], in_flight=found["in_flight"], inter_fund=found["inter_fund"])

    async def pay_pensions() -> None:
        while due := await bridge.benefits.run.due():
            for entitlement_id in due:
                hindrance = await bridge.benefits.run.run(entitlement_id)
                if hindrance is not None:
                    log.warning("pension.hindered", entitlement_id=entitlement_id, cause=hindrance)

    async def seal_book() -> None:
        await bridge.store.seal(bridge.db)

    return [
        Job(name="conversions", every_s=0.5, run=go_on),
        Job(name="clearings", every_s=1, run=clear_months),
        Job(name="waiting-payouts", every_s=1, run=pay_waiting),
        Job(name="pensions", every_s=5, run=pay_pensions),
        Job(name="debt-movements", every_s=1, run=book_receipts),
        Job(name="revoked-settlements", every_s=1, run=revert_settlements),
        Job(name="double-bills", every_s=1, run=charge_double_bills),
        Job(name="bill-comparison", every_s=3600, run=compare_bills),
        Job(name="seal", every_s=5, run=seal_book),
        Job(name="invariants", every_s=3600, run=check_books),
    ]
