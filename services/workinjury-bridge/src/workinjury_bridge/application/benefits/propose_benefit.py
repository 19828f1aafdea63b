"""Propose a one-off benefit: the first of the signatures it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Items
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.benefits.calculation import Calculation
from workinjury_bridge.domain.benefits.item import STANDS, Item
from workinjury_bridge.domain.benefits.kinds import MONTHLY, NAMES, OF_A_STAY, BenefitKind
from workinjury_bridge.domain.benefits.monthly import CaseFile
from workinjury_bridge.domain.benefits.one_off import ItemRequest, Standing, calculate, reference_of
from workinjury_bridge.domain.benefits.refusals import granted_already, missing_fact
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.refusals import in_the_future


@dataclass(frozen=True, slots=True)
class ProposeBenefit:
    """Refuses what ``calculate`` refuses, a day in the future, an item that stands already, and where the employer was not insured
    one that no approved advance opens."""

    once: Once
    collect: CollectCaseFile
    items: Items
    advance: AdvanceBenefit
    ledger: Ledger
    book: BenefitBook
    clock: Clock
    ids: IdFactory

    async def run(self, key: OnceKey, case_id: str, request: ItemRequest, actor: str) -> dict[str, Any]:
        """The item with its calculation."""
        if request.kind in MONTHLY:
            raise missing_fact("kind", f"{NAMES[request.kind]}按月发放，请按定期待遇申报")
        if request.on > self.clock.today():
            raise in_the_future("on", "发生日期")

        if request.kind in OF_A_STAY:
            raise missing_fact("kind", f"{NAMES[request.kind]}须随异地就医记录申报")
        return (await self.once.run(key, lambda tx: self.add(tx, case_id, request, actor)))[0]

    async def add(self, tx: Tx, case_id: str, request: ItemRequest, actor: str) -> dict[str, Any]:
        """The same inside the caller's transaction."""
        file = await self.collect.run(tx, case_id, lock=True)
        calculation = await self.calculate(tx, file, request)
        await self.advance.debtor(tx, file.case, request.kind, request.on)
        item = Item(
            item_id=self.ids.new(),
            case_id=case_id,
            person_id=file.case.person_id,
            request=request,
            reference=reference_of(request, file),
            calculation=calculation,
            maker=actor,
        )
        if not await self.items.add(tx, item, self.clock.now()):
            raise granted_already(NAMES[request.kind])
        return {
            "benefit_id": item.item_id,
            "kind": item.kind.value,
            "state": item.state.value,
            "amount_fen": item.amount_fen,
            "calculation": item.calculation.plain(),
        }

    async def calculate(self, tx: Tx, file: CaseFile, request: ItemRequest) -> Calculation:
        """What the item comes to now."""
        items = await self.items.of_case(tx, file.case.case_id)
        advanced = [i for i in items if i.kind is BenefitKind.ONE_OFF_DEATH and i.reference and i.state in STANDS]
        standing = Standing(
            advanced_fen=sum(i.amount_fen for i in advanced),
            debt_fen=await self.ledger.person_debt_fen(tx, file.case.person_id),
        )
        return calculate(request, file, self.book, standing)
