"""Describe the benefits of one injury: every amount with its steps and articles, what was booked, what only the employer owes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Items, Posting, Postings
from workinjury_bridge.application.clearing.ports import WaitingPayout, WaitingPayouts
from workinjury_bridge.domain.benefits.entitlement import Entitlement
from workinjury_bridge.domain.benefits.item import Item
from workinjury_bridge.domain.benefits.kinds import NAMES
from workinjury_bridge.domain.benefits.monthly import CaseFile, due
from workinjury_bridge.domain.benefits.months import month_of
from workinjury_bridge.domain.benefits.one_off import owed_by_employer
from workinjury_bridge.domain.benefits.rules import BenefitBook


@dataclass(frozen=True, slots=True)
class DescribeBenefits:
    """Refuses an unknown case."""

    work: UnitOfWork
    collect: CollectCaseFile
    items: Items
    postings: Postings
    waiting: WaitingPayouts
    book: BenefitBook
    clock: Clock

    async def run(self, case_id: str) -> dict[str, Any]:
        """As JSON; ``region`` is the case's."""
        async with self.work.transaction() as tx:
            file = await self.collect.run(tx, case_id)
            wage, loss = file.wage, file.loss
            waiting = await self.waiting.of_case(tx, case_id)
            return {
                "case_id": case_id,
                "person_id": file.case.person_id,
                "region": file.case.region,
                "rule_book": self.book.code,
                "own_wage": None
                if wage is None
                else {"amount_fen": wage.own_wage_fen, "calculation": wage.calculation.plain()},
                "appraisals": self.appraisals(file),
                "items": [_item(item) | _awaits(file, waiting, item.item_id) for item in await self.items.of_case(tx, case_id)],
                "entitlements": [
                    await self._entitlement(tx, file, e) | _awaits(file, waiting, e.entitlement_id) for e in file.entitlements
                ],
                "owed_by_employer": owed_by_employer(file, self.book, self.clock.today()),
                "loss": None if loss is None else asdict(loss) | {"notice_late": _late(file, self.clock)},
            }

    @staticmethod
    def appraisals(file: CaseFile) -> list[dict[str, Any]]:
        """Every version, oldest first."""
        return [
            asdict(a.conclusion) | {"appraisal_id": a.appraisal_id, "version": a.version, "counts_from": a.counts_from}
            for a in file.appraisals
        ]

    async def _entitlement(self, tx: Tx, file: CaseFile, entitlement: Entitlement) -> dict[str, Any]:
        month = max(month_of(self.clock.today()), entitlement.begins)
        try:
            now = due(entitlement, month, file, self.book)
            present: dict[str, Any] = {"amount_fen": now.amount_fen, "calculation": now.plain(), "hindrance": None}
        except Refusal as refused:
            present = {"amount_fen": None, "calculation": [], "hindrance": refused.zh}
        postings = await self.postings.list_of(tx, entitlement.entitlement_id)
        return (
            asdict(entitlement) | {"name": NAMES[entitlement.kind], "month": month, "postings": _postings(postings)} | present
        )


def _awaits(file: CaseFile, waiting: Sequence[WaitingPayout], benefit_id: str) -> dict[str, bool]:
    """Whether a payment waits for money (B13), or for the proof of heirs (B14); what a revocation takes back waits for neither."""
    held = {w.held for w in waiting if w.payout.benefit_id == benefit_id}
    return {"awaits_money": False in held, "awaits_heirs": True in held and file.case.effective is not None}


def _item(item: Item) -> dict[str, Any]:
    return {
        "benefit_id": item.item_id,
        "kind": item.kind.value,
        "name": NAMES[item.kind],
        "state": item.state.value,
        "amount_fen": item.amount_fen,
        "calculation": item.calculation.plain(),
        "reference": item.reference,
        "on": item.request.on,
        "materials": list(item.request.materials),
        "maker": item.maker,
        "checker": item.checker,
        "approver": item.approver,
        "note": item.note,
        "debtor": item.debtor,
    }


def _postings(postings: Sequence[Posting]) -> list[dict[str, Any]]:
    return [
        {
            "month": p.month,
            "run_month": p.run_month,
            "amount_fen": p.amount_fen,
            "reason": p.reason,
            "paid": p.paid,
            "debtor": p.debtor,
            "calculation": p.calculation.plain(),
        }
        for p in postings
    ]


def _late(file: CaseFile, clock: Clock) -> bool:
    loss = file.loss
    if loss is None:
        return False
    return (loss.notified_on or clock.today()) > loss.notice_due_on
