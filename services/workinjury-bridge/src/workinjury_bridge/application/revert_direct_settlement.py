"""A revoked direct settlement: the medical funds settle the stay late and owe their share, the person owes the rest (B3, B4).

One call to claims and one transaction here; claims does it once for a settlement, so it is repeated until both have it. Without
cover on that day, or where claims refuses for another reason, the person owes everything, and the reason is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.ledger import Book
from shared.ledger.books import WI_MEALS, WI_MEDICAL
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.clearing.ports import Dues
from workinjury_bridge.application.ports import ClaimsGateway, Deductions, Directs, Ledger, Policies, TakenOver
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.bill import assess, paid_lines
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.facts import direct_settlement_revoked
from workinjury_bridge.domain.journals import Stamp, about_direct, taken_over_entry
from workinjury_bridge.domain.recovery import Cause
from workinjury_bridge.domain.refusals import bill_differs, nothing_paid, stay_divided
from workinjury_bridge.domain.split import KeptLine


@dataclass(frozen=True, slots=True)
class RevertDirectSettlement:
    """Safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    directs: Directs
    deductions: Deductions
    dues: Dues
    ledger: Ledger
    claims: ClaimsGateway
    policies: Policies
    ask_back: AskBack
    open_debt: OpenDebt
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Keys of settlements that claims has not answered for."""
        async with self.work.transaction() as tx:
            return await self.directs.reverting(tx, limit)

    async def run(self, key: str) -> str | None:
        """Go on with one; what hindered it, None when it is done."""
        async with self.work.transaction() as tx:
            settlement = await self.directs.locked(tx, key)
            if settlement is None or settlement.state is not DirectState.REVERTING or settlement.settlement_id is None:
                return None
            cuts = await self._cuts(tx, settlement.settlement_id)
        answer: TakenOver | Refusal
        try:
            answer = await self._ask(settlement, settlement.settlement_id, cuts)
        except Refusal as refused:
            if refused.retriable:
                return f"{refused.code}: {refused.zh}"
            answer = refused
        async with self.work.transaction() as tx:
            if await self.directs.locked(tx, key) != settlement:
                return None
            if isinstance(answer, Refusal):
                await self._owed_whole(tx, settlement, settlement.settlement_id, answer)
            else:
                await self._taken_over(tx, settlement, settlement.settlement_id, answer)
        return None

    async def _ask(self, settlement: DirectSettlement, settlement_id: str, cuts: Mapping[str, int]) -> TakenOver:
        """Refuses a bill that is not the one that was settled, a mixed stay, and a stay of which the fund has paid nothing."""
        if settlement.keep_lines:
            raise stay_divided(settlement.key)
        policy, version = self.policies.on(settlement.ended_on), settlement.version
        paid_fen = version.work_injury_fen - sum(cuts.values())
        if paid_fen <= 0:
            raise nothing_paid(settlement.key)
        lines = await self.claims.direct_lines(settlement_id)
        if assess(lines, policy) != version:
            raise bill_differs(settlement.key)
        paid = tuple(KeptLine(line_id=name, amount_fen=amount) for name, amount in paid_lines(lines, policy, cuts))
        return await self.claims.take_over(settlement, paid_fen, paid)

    async def _cuts(self, tx: Tx, settlement_id: str) -> Mapping[str, int]:
        """What audits have cut, by line: the hospital owes it, nobody else (B12)."""
        cuts: Counter[str] = Counter()
        for deduction in await self.deductions.of_settlement(tx, settlement_id):
            if deduction.stands:
                cuts[deduction.line_id] += deduction.amount_fen
        return cuts

    async def _costs(self, tx: Tx, settlement: DirectSettlement, settlement_id: str) -> dict[str, int]:
        cut = sum((await self._cuts(tx, settlement_id)).values())
        meals = settlement.meals_fen if settlement.meals_paid else 0
        return {WI_MEDICAL: settlement.version.work_injury_fen - cut, WI_MEALS: meals}

    async def _owed_whole(self, tx: Tx, settlement: DirectSettlement, settlement_id: str, why: Refusal) -> None:
        costs = await self._costs(tx, settlement, settlement_id)
        memo = "工伤认定撤销，追回直接结算费用"
        await self.ask_back.run(tx, about_direct(settlement), settlement_id, costs, memo)
        await self._store(tx, settlement.owed_whole(f"{why.code}: {why.zh}"), sum(costs.values()), why.zh)

    async def _taken_over(self, tx: Tx, settlement: DirectSettlement, settlement_id: str, taken: TakenOver) -> None:
        costs, today = await self._costs(tx, settlement, settlement_id), self.clock.today()
        owed = sum(taken.owed.values())
        rest = sum(costs.values()) - owed
        concern = about_direct(settlement)
        if any(costs.values()):
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(tx, [taken_over_entry(concern, taken.owed, costs, stamp)])
        dues = [
            InterfundDue(
                due_id=self.ids.new(),
                payer=book,
                payee=Book.WI,
                amount_fen=amount,
                due_on=today,
                case_id=settlement.case_id,
                origin=f"direct:{settlement.key}",
            )
            for book, amount in taken.owed.items()
        ]
        await self.dues.add(tx, dues)
        if rest:
            grounds = Grounds(
                case_id=settlement.case_id,
                person_id=settlement.person_id,
                settlement_id=settlement_id,
                decision_version=settlement.decision_version,
            )
            debtor = party.person(settlement.person_id)
            await self.open_debt.run(tx, grounds, Book.WI, debtor, Cause.REVOKED, rest)
        await self._store(tx, settlement.taken_over(taken.settlement_id, owed), rest)

    async def _store(self, tx: Tx, settlement: DirectSettlement, person_fen: int, not_taken_over: str | None = None) -> None:
        now = self.clock.now()
        await self.directs.save(tx, settlement, now)
        tx.emit(direct_settlement_revoked(settlement, person_fen, not_taken_over, now))
