"""Heirs or next of kin have proven it: what waited for them is paid (工伤保险条例 39; 民法典 1159: debts of the dead first)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.approve_benefit import ApproveBenefit
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Losses, Postings
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.journals import about_entitlement
from workinjury_bridge.domain.benefits.refusals import loss_contradicts, missing_fact
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ConfirmSuccession:
    """Refuses somebody not reported dead or missing, and a proof without documents."""

    once: Once
    cases: Cases
    losses: Losses
    entitlements: Entitlements
    postings: Postings
    items: Items
    approve: ApproveBenefit
    pay: PayPerson
    clock: Clock
    record: RecordAct

    async def run(self, key: OnceKey, person_id: str, materials: tuple[str, ...], actor: str) -> dict[str, Any]:
        """How much was paid or set off; conversions and returned payments follow on their own."""
        if not materials:
            raise missing_fact("materials", "缺少继承（近亲属）证明材料")

        async def work(tx: Tx) -> dict[str, Any]:
            await self.cases.lock_persons(tx, [person_id])
            loss = await self.losses.of(tx, person_id)
            if loss is None or not loss.stands:
                raise loss_contradicts("没有死亡或下落不明的登记", "person_id")
            await self.losses.save(tx, loss.proven(materials), self.clock.now())
            await self.record.run(tx, loss.case_id, Act.SUCCESSION_PROVEN, actor)
            paid = 0
            waiting = await self.postings.unpaid(tx, person_id)
            for entitlement in await self.entitlements.of_person(tx, person_id):
                mine = [p for p in waiting if p.entitlement_id == entitlement.entitlement_id]
                case = await self.cases.get(tx, entitlement.case_id)
                if not mine or case is None:
                    continue
                amount = sum(p.amount_fen for p in mine)
                concern = about_entitlement(entitlement, case)
                items = ((entitlement.kind.value, amount),)
                month = mine[-1].run_month
                await self.pay.run(tx, concern, items, benefit_id=entitlement.entitlement_id, month=month)
                await self.postings.mark_paid(tx, [p.posting_id for p in mine])
                paid += amount
            for item in await self.items.unpaid(tx, person_id):
                case = await self.cases.get(tx, item.case_id)
                if case is None:
                    raise unknown("case", "工伤案件")
                await self.items.save(tx, await self.approve.pay_out(tx, item, case), self.clock.now())
                paid += item.amount_fen
            return {"person_id": person_id, "paid_fen": paid}

        return (await self.once.run(key, work))[0]
