"""What the events of the owning services mean for a matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.catalogue import Signal
from gateway.domain.matter import Fact, TaskState
from shared.contracts import enrollment, workinjury_bridge
from shared.money import format_yuan

CONVERSION_STATES: Final = {
    "proposed": "待初审",
    "checked": "已初审",
    "endorsed": "已复核，待审批",
    "approved": "已复核",
    "posted": "已记账",
    "transferring": "基金划转中",
    "settled": "已到账",
    "failed": "未予转换",
    "reverting": "撤销中",
    "reverted": "已撤销",
}
"""States of a conversion (reference B0.6) in the words of the office."""

_CONVERSION_OUTCOMES: Final = {"settled": TaskState.DONE, "failed": TaskState.REFUSED, "reverted": TaskState.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A fact and the matter it is for: named outright, or by the injury case that the matter refers to."""

    fact: Fact
    matter_id: str | None
    case_id: str | None = None


def _set_off(event: workinjury_bridge.BenefitPaid) -> str:
    return f"，抵扣应收款 {format_yuan(event.set_off_fen)} 元" if event.set_off_fen else ""


def read(event: object, at: datetime) -> News | None:
    """The news in an event for some matter, None when it concerns none. ``at``: the envelope's time."""
    match event:
        case enrollment.CoverageActivated():
            fact = Fact(
                signal=Signal.COVERAGE_ACTIVATED,
                at=at,
                outcome=TaskState.DONE,
                note=f"参保自 {event.begins_on} 起生效",
                references={"coverage_id": event.coverage_id},
            )
            return News(fact=fact, matter_id=event.matter_id)
        case workinjury_bridge.RecognitionDecided(recurrence_id=None):
            granted = event.outcome == "granted"
            fact = Fact(
                signal=Signal.RECOGNITION_DECIDED,
                at=at,
                outcome=TaskState.DONE if granted else TaskState.REFUSED,
                note=f"{'认定为工伤' if granted else '不予认定工伤'}，决定书 {event.decision_no}",
                version=event.decision_version,
                references={"case_id": event.case_id},
            )
            return News(fact=fact, matter_id=event.matter_id, case_id=event.case_id)
        case workinjury_bridge.ConversionChanged():
            fact = Fact(
                signal=Signal.CONVERSION_CHANGED,
                at=event.changed_at,
                part_id=event.conversion_id,
                part_state=event.state,
                outcome=_CONVERSION_OUTCOMES.get(event.state),
            )
            return News(fact=fact, matter_id=event.matter_id, case_id=event.case_id)
        case workinjury_bridge.BenefitPaid(kind="meals"):
            fact = Fact(
                signal=Signal.MEALS_PAID,
                at=event.paid_at,
                outcome=TaskState.DONE,
                note=f"已支付 {format_yuan(event.amount_fen)} 元{_set_off(event)}",
            )
            return News(fact=fact, matter_id=event.matter_id, case_id=event.case_id)
        case _:
            return None
