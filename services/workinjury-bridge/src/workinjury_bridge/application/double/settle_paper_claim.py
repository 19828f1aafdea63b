"""A bill paid in cash is claimed from the work-injury fund with its papers: proposed, looked at, paid (B1, B10, F11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger.books import WI_MEALS, WI_MEDICAL
from shared.transactions import Once, OnceKey, Tx, UnitOfWork
from workinjury_bridge.application.double.find_double_bills import FindDoubleBills
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Cases, ClaimsGateway, DoubleBills, Ledger, PaperClaims, Policies
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.application.recovery.remind import DOUBLE_BILL_DEADLINE, end_of
from workinjury_bridge.application.stop_payments import StopPayments
from workinjury_bridge.domain.double_bill import BillMark, DoubleBillState, Match, match_of
from workinjury_bridge.domain.facts import double_bill_changed, paper_claim_changed
from workinjury_bridge.domain.journals import Stamp, about_papers, paper_entry
from workinjury_bridge.domain.paper_claim import PaperClaim, Papers, PaperState, adjudicate
from workinjury_bridge.domain.refusals import bill_taken, not_entitled, out_of_turn, unknown

PAPER_DEADLINE = "paper-claim-overdue"


@dataclass(frozen=True, slots=True)
class ClaimOnPaper:
    """Before it is paid the bill is compared with everything that either fund has; claims is asked once more at the last moment."""

    work: UnitOfWork
    once: Once
    cases: Cases
    papers: PaperClaims
    double_bills: DoubleBills
    find_double: FindDoubleBills
    ask_back: AskBack
    stop: StopPayments
    ledger: Ledger
    pay: PayPerson
    claims: ClaimsGateway
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def propose(self, key: OnceKey, case_id: str, papers: Papers, actor: str) -> dict[str, Any]:
        """The claim with what it would give, and the clues it has raised.

        Refuses a case without effective recognition, one where the fund only advances, what the employer bears, and a bill that this
        fund has already.
        """

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            decision, today = case.effective, self.clock.today()
            if decision is None:
                raise out_of_turn("case", "claim on paper", case.state, "工伤认定未生效，请先登记认定结论")
            if papers.begun_on < case.accident_on:
                raise not_entitled("before-accident", "就诊日期早于事故日期")
            if not case.facts.fund_pays_at_once(papers.begun_on):
                raise not_entitled("advance-only", "用人单位未参保或涉及第三人责任，须申请先行支付")
            policy = self.policies.on(papers.ended_on)
            version, meals = adjudicate(papers, policy, today, case.facts.late_until(case.accident_on, policy))
            claim = PaperClaim(
                paper_claim_id=self.ids.new(),
                case_id=case_id,
                person_id=case.person_id,
                decision_id=decision.decision_id,
                decision_version=decision.version,
                institution_code=papers.institution_code,
                institution_name=papers.institution_name,
                invoice_no=papers.invoice_no,
                inpatient=papers.inpatient,
                begun_on=papers.begun_on,
                ended_on=papers.ended_on,
                version=version,
                meals_fen=meals,
                maker=actor,
                due_on=self.calendar.add_working_days(today, self.policies.on(today).papers.decide_within).on,
            )
            if await self.papers.invoice_used(tx, claim.institution_code, claim.invoice_no):
                raise bill_taken("工伤保险基金报销或正在办理")
            if any(match_of(claim.mark, b.mark) is Match.SAME for b in await self.find_double.ours(tx, case.person_id)):
                raise bill_taken("工伤保险基金支付")
            await self.papers.save(tx, claim, papers.lines, self.clock.now())
            tx.schedule(PAPER_DEADLINE, claim.paper_claim_id, end_of(claim.due_on))
            tx.emit(paper_claim_changed(claim, self.clock.now()))
            clues = await self.find_double.run(tx, case.person_id)
            against = f"paper:{claim.paper_claim_id}"
            return _answer(claim) | {"double_bills": [c.double_bill_id for c in clues if c.against == against]}

        return (await self.once.run(key, work))[0]

    async def approve(self, key: OnceKey, paper_claim_id: str, actor: str) -> dict[str, Any]:
        """Pay it. Refuses the first hand, a case whose recognition is no longer effective, and while it may be a bill that a medical
        fund has paid."""
        async with self.work.transaction() as tx:
            asked = await self.papers.locked(tx, paper_claim_id)
        if asked is not None and asked.state is PaperState.PROPOSED:
            # facts may still be on their way: what claims has settled by now is asked for, not waited for
            await self._expect_unpaid(asked, await self.claims.bills_of(asked.person_id))

        async def work(tx: Tx) -> dict[str, Any]:
            claim = await self._locked(tx, paper_claim_id)
            case = await self.cases.get(tx, claim.case_id)
            after = claim.paid(actor)
            if case is None or case.effective is None or case.effective.decision_id != claim.decision_id:
                raise out_of_turn("case", "pay", "revoked", "工伤认定已变更或撤销，请驳回后按现行认定重新申报")
            if not case.facts.fund_pays_at_once(claim.begun_on):
                raise not_entitled("advance-only", "用人单位未参保或涉及第三人责任，须申请先行支付")
            own = f"paper:{paper_claim_id}"
            others = [b for b in await self.find_double.ours(tx, claim.person_id) if b.against != own]
            if any(match_of(claim.mark, b.mark) is Match.SAME for b in others):
                raise bill_taken("工伤保险基金支付")
            await self.find_double.run(tx, claim.person_id)
            for clue in await self.double_bills.of_person(tx, claim.person_id):
                open_ = clue.state is DoubleBillState.RAISED and clue.match.blocks
                if open_ and clue.against == own:
                    raise bill_taken("医保基金结算")
            concern = await self.pay.payee_of(tx, about_papers(after))
            await self.ledger.append(tx, [paper_entry(concern, after, await self._stamp(tx))])
            items = (("paper-claim", after.version.work_injury_fen), ("meals", after.meals_fen))
            await self.pay.run(tx, about_papers(after), items, benefit_id=paper_claim_id)
            return await self._store(tx, after)

        return (await self.once.run(key, work))[0]

    async def reject(self, key: OnceKey, paper_claim_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """Nothing is paid, the invoice is free again, and its clues fall away."""

        async def work(tx: Tx) -> dict[str, Any]:
            claim = await self._locked(tx, paper_claim_id)
            return await self._store(tx, await self._given_up(tx, claim, claim.rejected(actor, note)))

        return (await self.once.run(key, work))[0]

    async def overdue(self, tx: Tx, paper_claim_id: str) -> None:
        """The working days for deciding it have passed (经办条例 22): say so."""
        claim = await self.papers.locked(tx, paper_claim_id)
        if claim is not None and claim.state is PaperState.PROPOSED:
            tx.emit(paper_claim_changed(claim, self.clock.now(), overdue=True))

    async def withdraw(self, tx: Tx, case_id: str) -> None:
        """The recognition is finally revoked (B3): a proposal ends, what was paid is owed back, what nobody has got is not payable.

        The caller holds the person's lock.
        """
        for claim in await self.papers.of_case(tx, case_id):
            if claim.state is PaperState.PROPOSED:
                await self._store(tx, await self._given_up(tx, claim, claim.rejected(None, "recognition revoked")))
            elif claim.state is PaperState.PAID:
                costs = {WI_MEDICAL: claim.version.work_injury_fen, WI_MEALS: claim.meals_fen}
                unpaid = await self.stop.run(tx, case_id, claim.paper_claim_id, {"paper-claim", "meals"})
                concern, memo = await self.pay.payee_of(tx, about_papers(claim)), "工伤认定撤销，追回手工报销"
                await self.ask_back.run(tx, concern, claim.paper_claim_id, costs, memo, unpaid_fen=unpaid)
                await self._store(tx, claim.revoked())

    async def _expect_unpaid(self, claim: PaperClaim, bills: Mapping[str, BillMark]) -> None:
        """Of settlements that are known here the clue decides, which somebody may have cleared."""
        async with self.work.transaction() as tx:
            known = {d.settlement_id for d in await self.double_bills.of_person(tx, claim.person_id)}
        matches = [match_of(claim.mark, bill) for key, bill in bills.items() if key not in known]
        if any(match.blocks for match in matches if match is not None):
            raise bill_taken("医保基金结算")

    async def _given_up(self, tx: Tx, before: PaperClaim, after: PaperClaim) -> PaperClaim:
        for clue in await self.double_bills.of_person(tx, before.person_id):
            if clue.state is DoubleBillState.RAISED and clue.against == f"paper:{before.paper_claim_id}":
                cleared = clue.cleared(None, "paper claim not paid")
                await self.double_bills.save(tx, cleared, self.clock.now())
                tx.cancel(DOUBLE_BILL_DEADLINE, clue.double_bill_id)
                tx.emit(double_bill_changed(cleared, self.clock.now()))
        return after

    async def _locked(self, tx: Tx, paper_claim_id: str) -> PaperClaim:
        claim = await self.papers.locked(tx, paper_claim_id)
        if claim is None:
            raise unknown("paper-claim", "手工报销")
        return claim

    async def _stamp(self, tx: Tx) -> Stamp:
        today = self.clock.today()
        return Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))

    async def _store(self, tx: Tx, claim: PaperClaim) -> dict[str, Any]:
        await self.papers.save(tx, claim, None, self.clock.now())
        tx.cancel(PAPER_DEADLINE, claim.paper_claim_id)
        tx.emit(paper_claim_changed(claim, self.clock.now()))
        return _answer(claim)


def _answer(claim: PaperClaim) -> dict[str, Any]:
    return {
        "paper_claim_id": claim.paper_claim_id,
        "case_id": claim.case_id,
        "state": claim.state.value,
        "total_fen": claim.version.total_fen,
        "work_injury_fen": claim.version.work_injury_fen,
        "person_fen": claim.version.person_fen,
        "hospital_fen": claim.version.hospital_fen,
        "meals_fen": claim.meals_fen,
        "maker": claim.maker,
        "checker": claim.checker,
        "due_on": claim.due_on.isoformat(),
    }
