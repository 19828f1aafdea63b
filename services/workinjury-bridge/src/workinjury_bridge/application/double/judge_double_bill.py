"""Look at a clue: one bill, or another one after all (B10). What is confirmed is charged back by claims, and demanded; what was
charged back wrongly is undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.errors import Refusal
from shared.ledger import Book
from shared.transactions import Once, OnceKey, Tx, UnitOfWork
from workinjury_bridge.application.ports import (
    ClaimsGateway,
    Conversions,
    DoubleBills,
    PaperClaims,
    Recoveries,
    SetOffs,
    Stays,
)
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.application.recovery.remind import DOUBLE_BILL_DEADLINE
from workinjury_bridge.domain import party
from workinjury_bridge.domain.conversion import WAITING
from workinjury_bridge.domain.double_bill import DoubleBill, DoubleBillState
from workinjury_bridge.domain.facts import conversion_changed, double_bill_changed
from workinjury_bridge.domain.paper_claim import PaperState
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.recovery import Cause, Recovery
from workinjury_bridge.domain.refusals import not_paid_twice, receipts_unbooked, unknown

_GONE = frozenset({"claims.settlement.not-valid", "claims.settlement.unknown"})
"""Claims says that the medical settlement does not stand any more: nothing is paid twice."""


@dataclass(frozen=True, slots=True)
class JudgeDoubleBill:
    """Which fund stands: the work-injury fund, since the injury is recognised (社会保险法 art. 30); the medical one gets its money back."""

    work: UnitOfWork
    once: Once
    double_bills: DoubleBills
    papers: PaperClaims
    recoveries: Recoveries
    set_offs: SetOffs
    stays: Stays
    conversions: Conversions
    claims: ClaimsGateway
    open_debt: OpenDebt
    clock: Clock
    record: RecordAct

    async def confirm(self, key: OnceKey, double_bill_id: str, maker: str, checker: str, note: str | None) -> dict[str, Any]:
        """One bill, two people say. Refuses a paper claim that is not paid yet: it is rejected instead, and nothing was paid twice."""

        async def act(tx: Tx, clue: DoubleBill) -> DoubleBill:
            if clue.paid_to_person:
                claim = await self.papers.locked(tx, clue.against.removeprefix("paper:"))
                if claim is None or claim.state is not PaperState.PAID:
                    raise not_paid_twice()
            return clue.confirmed(maker, checker, note)

        return await self._act(key, double_bill_id, act)

    async def clear(self, key: OnceKey, double_bill_id: str, actor: str, note: str) -> dict[str, Any]:
        """Another bill after all, and why."""

        async def act(_: Tx, clue: DoubleBill) -> DoubleBill:
            return clue.cleared(actor, note)

        return await self._act(key, double_bill_id, act)

    async def undo(self, key: OnceKey, double_bill_id: str, maker: str, checker: str, note: str) -> dict[str, Any]:
        """The charge-back was wrong, two people say, and why. From now on nothing is asked for or set off; claims is told.

        Refuses while a payment on the debt is not in the medical book.
        """

        async def act(tx: Tx, clue: DoubleBill) -> DoubleBill:
            after = clue.undoing(maker, checker, note)
            debts = await self._debts(tx, clue)
            if await self.recoveries.any_unbooked(tx, {debt.recovery_id for debt in debts}):
                raise receipts_unbooked()
            for debt in debts:
                await self.open_debt.track.run(tx, debt.reversed())
                for allowed in await self.set_offs.of_recovery(tx, debt.recovery_id):
                    if not allowed.ended:
                        await self.set_offs.save(tx, allowed.withdrawn("重复支付认定有误，追偿撤销"), self.clock.now())
                        await self.record.run(tx, allowed.case_id, Act.SET_OFF_WITHDRAWN, maker, allowed.recovery_id)
            return after

        return await self._act(key, double_bill_id, act)

    async def _debts(self, tx: Tx, clue: DoubleBill) -> list[Recovery]:
        """What the charge-back has made the person owe."""
        debts = await self.recoveries.of_settlement(tx, clue.settlement_id)
        return [debt for debt in debts if debt.cause is Cause.DOUBLE_PAYMENT and debt.book is not Book.WI]

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Clues that claims has not been told what to do about."""
        async with self.work.transaction() as tx:
            return await self.double_bills.confirmed(tx, limit)

    async def charge(self, double_bill_id: str) -> str | None:
        """One call to claims and one transaction here; what hindered it, None when it is done. Safe to repeat."""
        async with self.work.transaction() as tx:
            clue = await self.double_bills.locked(tx, double_bill_id)
        if clue is not None and clue.state is DoubleBillState.UNDOING:
            return await self._reinstate(clue)
        if clue is None or clue.state is not DoubleBillState.CONFIRMED:
            return None
        try:
            charged = await self.claims.charge_back(clue)
        except Refusal as refused:
            if refused.retriable or refused.code not in _GONE:
                return f"{refused.code}: {refused.zh}"
            async with self.work.transaction() as tx:
                if await self.double_bills.locked(tx, double_bill_id) == clue:
                    await self._store(tx, clue.cleared(None, f"{refused.code}: {refused.zh}"))
            return None
        async with self.work.transaction() as tx:
            if await self.double_bills.locked(tx, double_bill_id) != clue:
                return None
            await self._store(tx, clue.charged())
            await self._settlement_gone(tx, clue)
            if charged.debtor == party.person(clue.person_id):
                for book, amount in charged.by_book().items():
                    await self._owes(tx, clue, book, amount)
        return None

    async def _reinstate(self, clue: DoubleBill) -> str | None:
        refused: Refusal | None = None
        try:
            await self.claims.undo_charge_back(clue)
        except Refusal as refusal:
            if refusal.retriable:
                return f"{refusal.code}: {refusal.zh}"
            refused = refusal
        async with self.work.transaction() as tx:
            if await self.double_bills.locked(tx, clue.double_bill_id) != clue:
                return None
            if refused is None:
                await self._store(tx, clue.undone())
                await self.stays.mark_standing(tx, clue.settlement_id)
                return None
            await self._store(tx, clue.kept(f"{refused.code}: {refused.zh}"))
            for debt in await self._debts(tx, clue):
                await self.open_debt.track.run(tx, debt.reopened(), again=True)
        return None

    async def _settlement_gone(self, tx: Tx, clue: DoubleBill) -> None:
        """It does not stand any more: no conversion may rest on it."""
        await self.stays.mark_reversed(tx, clue.settlement_id)
        for conversion in await self.conversions.of_settlement(tx, clue.settlement_id):
            if conversion.state in WAITING and not conversion.begun:
                withdrawn = conversion.withdrawn(f"charged back: {clue.against} has the bill")
                await self.conversions.save(tx, withdrawn, self.clock.now())
                tx.emit(conversion_changed(withdrawn, self.clock.now()))

    async def _owes(self, tx: Tx, clue: DoubleBill, book: Book, amount_fen: int) -> None:
        grounds = Grounds(
            case_id=clue.case_id,
            person_id=clue.person_id,
            settlement_id=clue.settlement_id,
            decision_version=clue.decision_version,
        )
        await self.open_debt.run(tx, grounds, book, party.person(clue.person_id), Cause.DOUBLE_PAYMENT, amount_fen)

    async def _act(self, key: OnceKey, double_bill_id: str, act: Callable[[Tx, DoubleBill], Any]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            clue = await self.double_bills.locked(tx, double_bill_id)
            if clue is None:
                raise unknown("double-bill", "重复报销线索")
            after: DoubleBill = await act(tx, clue)
            await self._store(tx, after)
            return {
                "double_bill_id": double_bill_id,
                "state": after.state.value,
                "settlement_id": after.settlement_id,
                "against": after.against,
                "maker": after.maker,
                "checker": after.checker,
            }

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, clue: DoubleBill) -> None:
        await self.double_bills.save(tx, clue, self.clock.now())
        tx.cancel(DOUBLE_BILL_DEADLINE, clue.double_bill_id)
        tx.emit(double_bill_changed(clue, self.clock.now()))
