"""Get back what somebody owes a fund: demand, receive, agree, enforce, fix a third party's liability, change the debtor, write off.

Law: 社会保险法 41, 42, 63; 先行支付办法 11-14; 经办条例 46; reference B0.6, B6, B7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Line
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Conversions, Deductions, Ledger, Policies, Recoveries
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE, end_of, watch_limitation
from workinjury_bridge.domain import party
from workinjury_bridge.domain.journals import (
    Hands,
    Stamp,
    debtor_change_lines,
    liability_lines,
    receipt_lines,
    recovery_entry,
    write_off_lines,
)
from workinjury_bridge.domain.limitation import Interrupted, Interruption, years_after
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.recovery import Cause, Movement, MovementKind, Recovery
from workinjury_bridge.domain.refusals import in_the_future, out_of_turn, same_hand, unknown


@dataclass(frozen=True, slots=True)
class RecoverDebt:
    """Each act refuses an unknown debt, one in a state that does not allow it, and one whose conversion is being reverted."""

    once: Once
    recoveries: Recoveries
    open_debt: OpenDebt
    conversions: Conversions
    deductions: Deductions
    ledger: Ledger
    policies: Policies
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def demand(self, key: OnceKey, recovery_id: str, actor: str) -> dict[str, Any]:
        """The written demand went out today; the answer has the day by which the debtor must pay."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            limits = self.policies.on(self.clock.today()).recoveries
            employer = party.is_employer(debt.debtor)
            days = limits.employer_repays_within if employer else limits.others_repay_within
            due = await self._until(tx, debt.demanded(self.clock.today() + timedelta(days=days)))
            return await self._interrupted(tx, due, Interruption.DEMAND, actor)

        return await self._act(key, recovery_id, act)

    async def receive(
        self, key: OnceKey, recovery_id: str, amount_fen: int, interest_fen: int, reference: str, actor: str
    ) -> dict[str, Any]:
        """Money came in, interest and costs on top. Refuses more than is open."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            after = debt.received(amount_fen, interest_fen)
            lines = receipt_lines(debt, amount_fen, interest_fen)
            hands = Hands(maker=actor)
            await self._move(tx, debt, MovementKind.RECEIPT, amount_fen, interest_fen, reference, lines, hands)
            return await self._interrupted(tx, after, Interruption.ACKNOWLEDGED, actor, reference)

        return await self._act(key, recovery_id, act)

    async def agree(self, key: OnceKey, recovery_id: str, until: date, actor: str) -> dict[str, Any]:
        """Instalments or a guarantee, until a day."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            return await self._interrupted(tx, await self._until(tx, debt.agreed(until)), Interruption.ACKNOWLEDGED, actor)

        return await self._act(key, recovery_id, act)

    async def enforce(self, key: OnceKey, recovery_id: str, actor: str) -> dict[str, Any]:
        """A transfer order (划拨) or an execution is out."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            after = debt.enforced()
            await self.record.run(tx, debt.case_id, Act.ENFORCED, actor, recovery_id)
            return after

        return await self._act(key, recovery_id, act)

    async def write_off(self, key: OnceKey, recovery_id: str, reference: str, maker: str, checker: str) -> dict[str, Any]:
        """The rest is given up; two persons answer for it."""
        if maker == checker:
            raise same_hand()

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            after, lines = debt.written_off(), write_off_lines(debt, debt.open_fen)
            hands = Hands(maker=maker, checker=checker)
            await self._move(tx, debt, MovementKind.WRITE_OFF, debt.open_fen, 0, reference, lines, hands)
            return after

        return await self._act(key, recovery_id, act)

    async def fix_liability(
        self, key: OnceKey, recovery_id: str, q: int, third_party: str | None, actor: str
    ) -> dict[str, Any]:
        """The share of fault (millionths) of the third party is known, perhaps also who it is (B6); what audits have cut of the stay it
        never owes (B12)."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            conversion = await self.conversions.get(tx, debt.conversion_id or "")
            if conversion is None or conversion.figures is None:
                raise out_of_turn("recovery", "fix liability of", debt.state, "该笔追偿不能再确定责任比例")
            figures = conversion.figures
            borne, employer = figures.work_injury_fen - figures.employer_cost_fen, figures.uninsured
            most = None if employer is None else figures.new_cost_fen
            cuts = await self.deductions.of_settlement(tx, debt.settlement_id)
            cut = sum(deduction.amount_fen for deduction in cuts if deduction.stands)
            debtor = third_party or debt.debtor
            after = debt.liable(q, borne, figures.prepaid_fen, debtor, cut_fen=cut, expense_at_most_fen=most)
            moved = after.moved_fen - debt.moved_fen
            lines = liability_lines(debt, after)
            if employer is not None and moved:
                lines += debtor_change_lines(debt, moved, employer)
                await self._owes_instead(tx, debt, employer, Cause.UNINSURED, moved)
            if lines:
                await self._book(tx, debt, "recovery", lines, "确定第三人责任", Hands(maker=actor))
            if debt.debtor == party.UNKNOWN_THIRD_PARTY != after.debtor and not after.closed:
                limit = self.policies.on(self.clock.today()).limitation
                after = replace(after, limitation_on=years_after(self.clock.today(), limit.years))
                watch_limitation(tx, after, limit)
            return after

        return await self._act(key, recovery_id, act)

    async def change_debtor(self, key: OnceKey, recovery_id: str, amount_fen: int, actor: str) -> dict[str, Any]:
        """The injured person got money from the third party or the uninsured employer: what overlaps is owed by the person now
        (先行支付办法 art. 11)."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            if debt.book is not Book.WI or debt.debtor == party.person(debt.person_id):
                raise out_of_turn(
                    "recovery", "change debtor of", debt.state, "只有工伤保险基金先行支付形成的追偿可以变更债务人"
                )
            return await self._change_debtor(tx, debt, party.person(debt.person_id), debt.cause, amount_fen, actor)

        return await self._act(key, recovery_id, act)

    async def charge_employer(self, key: OnceKey, recovery_id: str, amount_fen: int, actor: str) -> dict[str, Any]:
        """The third party does not pay: the employer that was not insured owes it (先行支付办法 5). Refuses where it was insured."""

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            conversion = await self.conversions.get(tx, debt.conversion_id or "")
            employer = None if conversion is None or conversion.figures is None else conversion.figures.uninsured
            if employer is None or not party.is_third_party(debt.debtor):
                raise out_of_turn("recovery", "charge the employer for", debt.state, "用人单位已参保，不能改由用人单位偿还")
            return await self._change_debtor(tx, debt, employer, Cause.UNINSURED, amount_fen, actor)

        return await self._act(key, recovery_id, act)

    async def interrupt(
        self, key: OnceKey, recovery_id: str, kind: Interruption, on: date, reference: str, actor: str
    ) -> dict[str, Any]:
        """A demand, an acknowledgement or a suit with its proof: the time limit of the claim begins anew (民法典 195)."""
        if on > self.clock.today():
            raise in_the_future("on", "时效中断日期")

        async def act(tx: Tx, debt: Recovery) -> Recovery:
            return await self._interrupt(tx, debt, kind, on, reference, actor)

        return await self._act(key, recovery_id, act)

    async def _interrupted(self, tx: Tx, debt: Recovery, kind: Interruption, actor: str, reference: str = "") -> Recovery:
        """The same for an act that interrupts by itself; nothing where no time runs."""
        today = self.clock.today()
        runs = party.is_third_party(debt.debtor) and not debt.closed and debt.limitation_on is not None
        if not runs or (kind is Interruption.DEMAND and debt.limitation_on is not None and today > debt.limitation_on):
            return debt
        return await self._interrupt(tx, debt, kind, today, reference or kind.value, actor)

    async def _interrupt(self, tx: Tx, debt: Recovery, kind: Interruption, on: date, reference: str, actor: str) -> Recovery:
        limit = self.policies.on(self.clock.today()).limitation
        after = debt.interrupted(kind, on, years_after(on, limit.years))
        interrupted = Interrupted(
            interruption_id=self.ids.new(),
            recovery_id=debt.recovery_id,
            kind=kind,
            on=on,
            reference=reference,
            actor=actor,
        )
        await self.recoveries.add_interruption(tx, interrupted, self.clock.now())
        watch_limitation(tx, after, limit)
        return after

    async def _change_debtor(self, tx: Tx, debt: Recovery, debtor: str, cause: Cause, amount_fen: int, actor: str) -> Recovery:
        after = debt.moved(amount_fen)
        lines = debtor_change_lines(debt, amount_fen, debtor)
        await self._book(tx, debt, "recovery", lines, "变更债务人", Hands(maker=actor))
        await self._owes_instead(tx, debt, debtor, cause, amount_fen)
        return after

    async def _owes_instead(self, tx: Tx, debt: Recovery, debtor: str, cause: Cause, amount_fen: int) -> None:
        grounds = Grounds(
            case_id=debt.case_id,
            person_id=debt.person_id,
            settlement_id=debt.settlement_id,
            decision_version=debt.decision_version,
            conversion_id=debt.conversion_id,
        )
        await self.open_debt.run(tx, grounds, debt.book, debtor, cause, amount_fen)

    async def _act(self, key: OnceKey, recovery_id: str, act: Callable[[Tx, Recovery], Any]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            debt = await self.recoveries.locked(tx, recovery_id)
            if debt is None:
                raise unknown("recovery", "追偿")
            conversion = await self.conversions.get(tx, debt.conversion_id) if debt.conversion_id else None
            if conversion is not None and conversion.revoked and debt.closed is False and not conversion.restored:
                raise conflict(
                    "workinjury-bridge.recovery.reverting",
                    "工伤认定已撤销，该笔追偿正在冲回，请稍后查看",
                    "the conversion is being reverted",
                )
            after = await self.open_debt.track.run(tx, await act(tx, debt))
            return {
                "recovery_id": recovery_id,
                "state": after.state.value,
                "advanced_fen": after.advanced_fen,
                "recovered_fen": after.recovered_fen,
                "expensed_fen": after.expensed_fen,
                "open_fen": after.open_fen,
                "due_on": None if after.due_on is None else after.due_on.isoformat(),
                "limitation_on": None if after.limitation_on is None else after.limitation_on.isoformat(),
            }

        return (await self.once.run(key, work))[0]

    async def _until(self, tx: Tx, debt: Recovery) -> Recovery:
        """From now on the debt is overdue after its new day."""
        if debt.due_on is not None:
            tx.schedule(RECOVERY_DEADLINE, debt.recovery_id, end_of(debt.due_on))
        return debt

    async def _move(
        self,
        tx: Tx,
        debt: Recovery,
        kind: MovementKind,
        amount_fen: int,
        interest_fen: int,
        reference: str,
        lines: list[Line],
        hands: Hands,
    ) -> None:
        """Booked here and now, or by the medical book that it belongs to, which the worker tells."""
        movement = Movement(
            movement_id=self.ids.new(),
            recovery_id=debt.recovery_id,
            kind=kind,
            amount_fen=amount_fen,
            interest_fen=interest_fen,
            reference=reference,
            maker=hands.maker,
            checker=hands.checker,
            booked=debt.book is Book.WI,
        )
        await self.recoveries.add_movement(tx, movement, self.clock.now())
        if movement.booked:
            memo = "追偿回款" if kind is MovementKind.RECEIPT else "先行支付核销"
            await self._book(tx, debt, kind.value, lines, memo, hands)

    async def _book(self, tx: Tx, debt: Recovery, kind: str, lines: list[Line], memo: str, hands: Hands) -> None:
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        await self.ledger.append(tx, [recovery_entry(debt, kind, lines, stamp, memo, hands)])
