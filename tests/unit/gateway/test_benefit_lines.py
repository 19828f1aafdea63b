"""Cash benefits on a person's timeline, in the words of the office."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.timeline import entry
from shared.contracts.workinjury_bridge import (
    BenefitGranted,
    BenefitPaid,
    BenefitResumed,
    BenefitStopped,
    PaymentReturned,
    PersonLost,
    WorkCapacityAppraised,
)

AT = datetime(2026, 11, 22, tzinfo=UTC)
WHOSE: dict[str, Any] = {"case_id": "C1", "person_id": "P1"}
BENEFIT = WHOSE | {"benefit_id": "B1", "kind": "nursing"}


@pytest.mark.parametrize(
    ("event", "title", "detail"),
    [
        (
            WorkCapacityAppraised(
                **WHOSE, appraisal_id="A1", version=1, concluded_on=date(2026, 2, 10), grade=2, nursing="full"
            ),
            "劳动能力鉴定：2级",
            "2026-02-10 作出，生活完全不能自理",
        ),
        (
            BenefitGranted(**BENEFIT, amount_fen=1, granted_at=AT, begins_on=date(2026, 3, 1)),
            "核定生活护理费",
            "按月发放，自 2026-03 起",
        ),
        (
            BenefitStopped(**BENEFIT, reason="refuses-treatment", final=False, last_month=date(2026, 5, 1), stopped_at=AT),
            "生活护理费暂停发放",
            "拒绝治疗，发至 2026-05",
        ),
        (
            BenefitStopped(**BENEFIT, reason="death", final=True, last_month=date(2026, 5, 1), stopped_at=AT),
            "生活护理费停发",
            "死亡，发至 2026-05",
        ),
        (BenefitResumed(**BENEFIT, from_month=date(2026, 6, 1), resumed_at=AT), "生活护理费恢复发放", "自 2026-06 起"),
        (
            PaymentReturned(**WHOSE, payment_id="Y1", kind="nursing", amount_fen=1, reason="账户已注销", returned_at=AT),
            "生活护理费被银行退回",
            "账户已注销",
        ),
        (
            BenefitPaid(**WHOSE, payment_id="Y1", kind="funeral", amount_fen=1, paid_at=AT, to_heirs=True, set_off_fen=150),
            "丧葬补助金到账（近亲属）",
            "抵扣应收款 1.50 元",
        ),
        (
            PersonLost(
                **WHOSE, circumstance="injury", occurred_on=date(2026, 5, 3), notice_due_on=date(2026, 6, 1), reported_at=AT
            ),
            "死亡，停发本人待遇",
            "2026-05-03",
        ),
    ],
)
def test_lines(event: object, title: str, detail: str) -> None:
    line = entry(event, AT)
    assert line is not None
    assert (line.title, line.detail, line.person_id, line.links["case_id"]) == (title, detail, "P1", "C1")
