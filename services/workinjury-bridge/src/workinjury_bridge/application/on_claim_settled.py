"""A settlement was made in claims: remember the stay, propose its conversion, or confirm a direct settlement (B1, B4)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.claims import ClaimSettled
from shared.transactions import Tx
from workinjury_bridge.application.confirm_direct_settlement import ConfirmDirectSettlement
from workinjury_bridge.application.ports import Cases, Stays
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.domain.stay import SettledStay


@dataclass(frozen=True, slots=True)
class OnClaimSettled:
    """A fact: never refused, except a direct settlement under a key that was never given out."""

    cases: Cases
    stays: Stays
    propose: ProposeConversions
    confirm: ConfirmDirectSettlement

    async def run(self, tx: Tx, fact: ClaimSettled) -> None:
        """Take note; told twice, or after its own reversal, it changes nothing."""
        await self.cases.lock_person(tx, fact.person_id)
        if fact.work_injury_key is not None:
            await self.confirm.run(tx, fact, fact.work_injury_key)
            return
        stay = SettledStay(
            settlement_id=fact.settlement_id,
            visit_id=fact.visit_id,
            person_id=fact.person_id,
            institution_code=fact.institution_code,
            institution_name=fact.institution_name,
            inpatient=fact.inpatient,
            begun_on=fact.begun_on,
            ended_on=fact.ended_on,
            injury_suspect=fact.injury_suspect,
        )
        await self.stays.put(tx, stay)
        await self.propose.run(tx, fact.person_id)
