"""Tell the medical books what came in on the debts that are theirs, until they have booked it (B7, B10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.ledger import Book, contra
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.clearing.ports import Dues
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import ClaimsGateway, Ledger, Recoveries, SetOffs
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.facts import set_off_applied
from workinjury_bridge.domain.journals import Concern, Stamp, person_dim
from workinjury_bridge.domain.recovery import Movement, MovementKind, Recovery


@dataclass(frozen=True, slots=True)
class BookMovements:
    """One call to claims and one transaction for each; the movement's id makes it happen once there.

    A set-off that the medical book has is from then on a debt between the funds, for the month's clearing; one that it refuses
    for good is taken back here, and the person is paid.
    """

    work: UnitOfWork
    recoveries: Recoveries
    set_offs: SetOffs
    dues: Dues
    ledger: Ledger
    claims: ClaimsGateway
    pay: PayPerson
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Movements that a book does not have yet."""
        async with self.work.transaction() as tx:
            return [movement.movement_id for movement in await self.recoveries.unbooked(tx, limit)]

    async def run(self, movement_id: str) -> str | None:
        """Book one; what hindered it, None when it is booked or taken back."""
        async with self.work.transaction() as tx:
            movement = await self.recoveries.movement(tx, movement_id)
            debt = None if movement is None else await self.recoveries.get(tx, movement.recovery_id)
        if movement is None or debt is None or movement.booked:
            return None
        refused: Refusal | None = None
        try:
            await self.claims.move_debt(debt, movement)
        except Refusal as refusal:
            if refusal.retriable or movement.kind is not MovementKind.SET_OFF:
                return f"{refusal.code}: {refusal.zh}"
            refused = refusal
        async with self.work.transaction() as tx:
            debt = await self.recoveries.locked(tx, movement.recovery_id)
            if debt is None or await self.recoveries.movement(tx, movement_id) != movement:
                return None
            await self.recoveries.mark_booked(tx, movement_id, voided=refused is not None)
            if refused is not None:
                await self._take_back(tx, debt, movement, f"{refused.code}: {refused.zh}")
            elif movement.kind is MovementKind.SET_OFF:
                await self._between_funds(tx, debt, movement)
        return None

    async def _between_funds(self, tx: Tx, debt: Recovery, movement: Movement) -> None:
        due = InterfundDue(
            due_id=self.ids.new(),
            payer=Book.WI,
            payee=debt.book,
            amount_fen=movement.amount_fen,
            due_on=self.clock.today(),
            case_id=debt.case_id,
            origin=f"set-off:{movement.movement_id}",
        )
        await self.dues.add(tx, [due])
        tx.emit(set_off_applied(debt, movement, self.clock.now()))

    async def _take_back(self, tx: Tx, debt: Recovery, movement: Movement, cause: str) -> None:
        now, today = self.clock.now(), self.clock.today()
        booked = await self.ledger.of_voucher(tx, movement.voucher_no or "")
        allowed = await self.set_offs.locked(tx, movement.set_off_id or "")
        if booked is None or allowed is None:
            raise AssertionError("a set-off rests on a journal and on what allowed it")
        await self.pay.track_debt.run(tx, debt.unreceived(movement.amount_fen))
        await self.set_offs.save(tx, allowed.undone(movement.amount_fen, cause), now)
        concern = Concern(
            person_id=debt.person_id,
            case_id=booked.case_id or debt.case_id,
            decision_version=booked.decision_version or debt.decision_version,
            settlement_id=booked.settlement_id,
            conversion_id=booked.conversion_id,
        )
        payee, own = await self.pay.payee_of(tx, concern), person_dim(debt.person_id)
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        entry = contra(booked, entry_id=stamp.entry_id, booked_on=today, memo="医保基金未入账，抵扣冲回")
        lines = tuple(replace(line, dim=payee.payable_dim) if line.dim == own else line for line in entry.lines)
        await self.ledger.append(tx, [replace(entry, kind=booked.kind, voucher_no=stamp.voucher_no, lines=lines)])
        await self.pay.run(tx, concern, ((f"returned-{movement.movement_id}", movement.amount_fen),))
