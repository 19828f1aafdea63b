"""Benefits that the fund only advances, because the employer was not insured: whether it may, and what the employer owes (B7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Advances, Recoveries
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.advance import AdvanceState
from workinjury_bridge.domain.benefits.bearer import debtor_of
from workinjury_bridge.domain.benefits.kinds import NAMES, BenefitKind
from workinjury_bridge.domain.benefits.refusals import not_advanced
from workinjury_bridge.domain.journals import Concern
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.relief import Relief, relieve


@dataclass(frozen=True, slots=True)
class AdvanceBenefit:
    """Inside the caller's transaction, under the injured person's lock. Debts of one benefit name it as what was paid."""

    advances: Advances
    recoveries: Recoveries
    open_debt: OpenDebt
    pay: PayPerson

    async def debtor(self, tx: Tx, case: InjuryCase, kind: BenefitKind, on: date) -> str | None:
        """The employer that will owe it, None where the fund bears it. Refuses while no advance for the employer is approved."""
        debtor = debtor_of(case, kind, on)
        if debtor is not None:
            await self.expect_approved(tx, case, kind)
        return debtor

    async def expect_approved(self, tx: Tx, case: InjuryCase, kind: BenefitKind) -> None:
        """Refuses while no advance for the employer is approved."""
        found = await self.advances.of_case(tx, case.case_id)
        if not any(a.state is AdvanceState.APPROVED and party.is_employer(a.debtor) for a in found):
            raise not_advanced(NAMES[kind])

    async def owe(self, tx: Tx, case: InjuryCase, benefit_id: str, debtor: str, amount_fen: int) -> None:
        """The employer's debt grows by what is advanced.

        The one that nobody has demanded yet grows; beside one that was demanded, and closed ones, a new one begins.
        """
        for debt in await self.recoveries.of_settlement(tx, benefit_id):
            if debt.debtor == debtor and debt.state is RecoveryState.OPEN:
                await self.open_debt.track.run(tx, debt.grown(amount_fen))
                return
        newest = case.newest
        grounds = Grounds(
            case_id=case.case_id,
            person_id=case.person_id,
            settlement_id=benefit_id,
            decision_version=newest.version if newest is not None else 0,
        )
        await self.open_debt.run(tx, grounds, Book.WI, debtor, Cause.UNINSURED, amount_fen)

    async def relieve(self, tx: Tx, benefit_id: str, amount_fen: int, *, borne: bool = False) -> Relief:
        """What of the debts falls away, newest first; the caller books it. ``borne``: the fund bears it from now on."""
        debts = [debt for debt in await self.recoveries.of_settlement(tx, benefit_id) if debt.book is Book.WI]
        relief = relieve(debts[::-1], amount_fen, borne=borne)
        if relief.amount_fen != amount_fen:
            raise AssertionError(f"{benefit_id} was advanced, but its debts hold {relief.amount_fen} of {amount_fen} fen")
        for debt in relief.debts:
            await self.open_debt.track.run(tx, debt)
        return relief

    async def give_back(self, tx: Tx, case: InjuryCase, benefit_id: str, relief: Relief) -> None:
        """What had come in on what fell away, once that is booked: less what the same party owes about the same person."""
        newest = case.newest
        concern = Concern(
            person_id=case.person_id, case_id=case.case_id, decision_version=newest.version if newest is not None else 0
        )
        for who, amount in relief.paid_in:
            await self.pay.run(tx, concern, (("returned-advance", amount),), benefit_id=benefit_id, to=who)
