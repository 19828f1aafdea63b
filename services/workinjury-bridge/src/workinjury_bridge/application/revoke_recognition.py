"""Record a final revocation: what is not yet posted is withdrawn, what is posted is reverted (B3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import RecognitionRevoked
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.withdraw_benefits import WithdrawBenefits
from workinjury_bridge.application.double.settle_paper_claim import ClaimOnPaper
from workinjury_bridge.application.ports import Cases, Conversions
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.withdraw_settlements import WithdrawSettlements
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.recognition import Act, Decision, Outcome
from workinjury_bridge.domain.refusals import in_the_future, unknown


@dataclass(frozen=True, slots=True)
class RevokeRecognition:
    """Refuses a judgment that is not final yet, and a case without a granted decision in force."""

    once: Once
    cases: Cases
    conversions: Conversions
    propose: ProposeConversions
    withdraw: WithdrawBenefits
    papers: ClaimOnPaper
    settlements: WithdrawSettlements
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def run(
        self, key: OnceKey, case_id: str, decision_no: str, final_on: date, decided_by: str, actor: str
    ) -> dict[str, Any]:
        """The revocation, itself the next version, and the conversions it concerns. ``actor`` has recorded what ``decided_by`` decided."""
        if final_on > self.clock.today():
            raise in_the_future("final_on", "撤销决定生效日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            known = case.repeats(decision_no, Outcome.REVOKED)
            if known is not None:
                return {
                    "case_id": case_id,
                    "decision_id": known.decision_id,
                    "decision_version": known.version,
                    "conversions": [],
                }
            now = self.clock.now()
            revocation = Decision(
                decision_id=self.ids.new(),
                decision_no=decision_no,
                version=case.next_version(),
                outcome=Outcome.REVOKED,
                decided_on=final_on,
                decided_by=decided_by,
            )
            case.revoke(revocation)
            await self.cases.add_decisions(tx, [(case_id, revocation)], now)
            await self.cases.mark_contested(tx, case_id, None)
            await self.record.run(tx, case_id, Act.REVOKED, actor)
            touched = []
            for before in await self.conversions.of_case(tx, case_id):
                after = before.revoke(f"recognition revoked by {decision_no}")
                if after == before:
                    continue
                await self.conversions.save(tx, after, now)
                touched.append(after.conversion_id)
                if after.state is not before.state:
                    tx.emit(conversion_changed(after, now))
            await self.propose.run(tx, [case.person_id])
            await self.withdraw.run(tx, case)
            await self.papers.withdraw(tx, case_id)
            await self.settlements.run(tx, case)
            tx.emit(
                RecognitionRevoked(
                    case_id=case_id,
                    person_id=case.person_id,
                    decision_id=revocation.decision_id,
                    decision_version=revocation.version,
                    final_on=final_on,
                )
            )
            return {
                "case_id": case_id,
                "decision_id": revocation.decision_id,
                "decision_version": revocation.version,
                "conversions": touched,
            }

        return (await self.once.run(key, work))[0]
