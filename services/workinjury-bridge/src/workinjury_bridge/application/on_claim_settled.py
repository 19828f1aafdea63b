"""A settlement was made in claims: remember the stay, propose its conversion, confirm a direct settlement, compare (B1, B4, B10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.claims import ClaimSettled
from shared.transactions import Tx
from workinjury_bridge.application.confirm_direct_settlement import ConfirmDirectSettlement
from workinjury_bridge.application.double.find_double_bills import FindDoubleBills
from workinjury_bridge.application.ports import Cases, Stays
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.domain.stay import SettledStay


@dataclass(frozen=True, slots=True)
class OnClaimSettled:
    """A fact: never refused, except a direct settlement under a key that was never given out."""

    cases: Cases
    stays: Stays
    propose: ProposeConversions
    find_double: FindDoubleBills
    confirm: ConfirmDirectSettlement

    async def run(self, tx: Tx, facts: Sequence[ClaimSettled]) -> None:
        """Take note of them all; told twice, or after its own reversal, a fact changes nothing."""
        await self.cases.lock_persons(tx, {fact.person_id for fact in facts})
        for fact in facts:
            if fact.beside_key is not None:
                await self.confirm.beside(tx, fact, fact.beside_key)
            if fact.work_injury_key is not None:
                await self.confirm.run(tx, fact, fact.work_injury_key)
                await self.find_double.run(tx, fact.person_id)
        stays = [_stay(fact) for fact in facts if fact.work_injury_key is None and fact.beside_key is None]
        if not stays:
            return
        await self.stays.put(tx, stays)
        # Nearly everybody who is settled was never injured at work: those have no cases, and need no look at their stays.
        injured = sorted({case.person_id for case in await self.cases.of_persons(tx, {stay.person_id for stay in stays})})
        if injured:
            await self.propose.run(tx, injured)
        for person_id in injured:
            await self.find_double.run(tx, person_id)


def _stay(fact: ClaimSettled) -> SettledStay:
    return SettledStay(
        settlement_id=fact.settlement_id,
        visit_id=fact.visit_id,
        person_id=fact.person_id,
        institution_code=fact.institution_code,
        institution_name=fact.institution_name,
        inpatient=fact.inpatient,
        begun_on=fact.begun_on,
        ended_on=fact.ended_on,
        injury_suspect=fact.injury_suspect,
        invoice_no=fact.invoice_no,
        total_fen=fact.total_fen,
    )
