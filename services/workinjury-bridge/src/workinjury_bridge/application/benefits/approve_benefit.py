"""Sign a proposed one-off benefit; with the last signature it is booked and paid (社会保险经办条例 22, 37)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import BenefitGranted
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Items, Losses
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.item import Item, ItemState
from workinjury_bridge.domain.benefits.journals import about_item, benefit_entry, write_off_entry
from workinjury_bridge.domain.benefits.kinds import AFTER_DEATH, BenefitKind
from workinjury_bridge.domain.benefits.loss import awaits_heirs, rerouted
from workinjury_bridge.domain.benefits.refusals import amount_changed
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.journals import Stamp
from workinjury_bridge.domain.recognition import Act, InjuryCase
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ApproveBenefit:
    """Refuses an unknown item, another state, a person who has signed, an item that would come to another amount now, and one that the
    fund could only advance without an approved advance (B7)."""

    once: Once
    collect: CollectCaseFile
    propose: ProposeBenefit
    advance: AdvanceBenefit
    items: Items
    losses: Losses
    ledger: Ledger
    pay: PayPerson
    book: BenefitBook
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def approve(self, key: OnceKey, item_id: str, actor: str) -> dict[str, Any]:
        """The next signature. ``awaits_money``: given out for payment, which goes out when the fund has the money (B13)."""

        async def work(tx: Tx) -> dict[str, Any]:
            item = await self._get(tx, item_id)
            file = await self.collect.run(tx, item.case_id)
            signed = item.signed(actor, self.book.on(item.request.on).approval.third_level_from)
            if await self.propose.calculate(tx, file, item.request) != item.calculation:
                raise amount_changed()
            if signed.state is ItemState.POSTED:
                signed = await self._post(tx, signed, file.case)
            await self.items.save(tx, signed, self.clock.now())
            waiting = await self.pay.cash.waiting.of_case(tx, item.case_id)
            return _answer(signed) | {"awaits_money": any(w.payout.benefit_id == item_id for w in waiting)}

        return (await self.once.run(key, work))[0]

    async def dismiss(self, key: OnceKey, item_id: str, note: str | None, actor: str) -> dict[str, Any]:
        """Not granted."""

        async def work(tx: Tx) -> dict[str, Any]:
            item = (await self._get(tx, item_id)).dismissed(note)
            await self.items.save(tx, item, self.clock.now())
            await self.record.run(tx, item.case_id, Act.BENEFIT_DISMISSED, actor, item_id)
            return _answer(item)

        return (await self.once.run(key, work))[0]

    async def pay_out(self, tx: Tx, item: Item, case: InjuryCase) -> Item:
        """Pay a posted item. Refuses while the person is gone and heirs are not proven."""
        await self.pay.run(
            tx,
            about_item(item, case),
            ((item.kind.value, item.amount_fen),),
            matter_id=case.matter_id,
            benefit_id=item.item_id,
            against_debt=item.kind not in AFTER_DEATH,
        )
        return item.paid()

    async def _post(self, tx: Tx, item: Item, case: InjuryCase) -> Item:
        loss = await self.losses.of(tx, item.person_id)
        concern, today = rerouted(about_item(item, case), loss), self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        if item.kind is BenefitKind.ESTATE_WRITE_OFF:
            await self.ledger.append(tx, [write_off_entry(concern, item.amount_fen, stamp)])
            await self.pay.write_off(tx, item.person_id, item.amount_fen)
            return item.paid()
        item = replace(item, debtor=await self.advance.debtor(tx, case, item.kind, item.request.on))
        await self.ledger.append(tx, [benefit_entry(concern, item.kind, item.amount_fen, stamp, debtor=item.debtor)])
        if item.debtor is not None:
            await self.advance.owe(tx, case, item.item_id, item.debtor, item.amount_fen)
        tx.emit(
            BenefitGranted(
                benefit_id=item.item_id,
                case_id=item.case_id,
                person_id=item.person_id,
                kind=item.kind.value,
                amount_fen=item.amount_fen,
                granted_at=self.clock.now(),
            )
        )
        return item if awaits_heirs(loss) else await self.pay_out(tx, item, case)

    async def _get(self, tx: Tx, item_id: str) -> Item:
        item = await self.items.locked(tx, item_id)
        if item is None:
            raise unknown("benefit", "待遇申报")
        return item


def _answer(item: Item) -> dict[str, Any]:
    return {
        "benefit_id": item.item_id,
        "kind": item.kind.value,
        "state": item.state.value,
        "amount_fen": item.amount_fen,
        "maker": item.maker,
        "checker": item.checker,
        "approver": item.approver,
    }
