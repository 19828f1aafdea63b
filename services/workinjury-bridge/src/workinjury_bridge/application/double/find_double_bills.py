"""Compare the work-injury fund's bills of a person with the medical settlements that stand (B10).

Called in the transaction in which a bill comes, under the person's lock: two requests at the two funds in one instant find each
other by the fact of the second one. What becomes comparable without a new bill, as after a revocation, the comparison of
everybody finds, every hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.out_of_area.ports import RemoteStays
from workinjury_bridge.application.ports import Cases, Conversions, Directs, DoubleBills, PaperClaims, Policies, Stays
from workinjury_bridge.application.recovery.remind import DOUBLE_BILL_DEADLINE, end_of
from workinjury_bridge.domain.conversion import ENDED, WAITING
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.double_bill import BillMark, DoubleBill, match_of
from workinjury_bridge.domain.facts import double_bill_changed
from workinjury_bridge.domain.stay import SettledStay, mark_of


class OurBill(NamedTuple):
    """A bill that the work-injury fund pays or is asked to pay."""

    against: str
    case_id: str
    decision_version: int
    mark: BillMark


@dataclass(frozen=True, slots=True)
class FindDoubleBills:
    """Raises each clue once."""

    work: UnitOfWork
    cases: Cases
    stays: Stays
    conversions: Conversions
    directs: Directs
    papers: PaperClaims
    remote_stays: RemoteStays
    double_bills: DoubleBills
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, person_id: str) -> list[DoubleBill]:
        """The clues that are new. The caller holds the person's lock."""
        ours = await self.ours(tx, person_id)
        if not ours:
            return []
        known = {(d.settlement_id, d.against) for d in await self.double_bills.of_person(tx, person_id)}
        today = self.clock.today()
        due_on = self.calendar.add_working_days(today, self.policies.on(today).recoveries.demand_within).on
        found = []
        for stay in await self._medical(tx, person_id):
            for bill in ours:
                match = match_of(mark_of(stay), bill.mark)
                if match is None or (stay.settlement_id, bill.against) in known:
                    continue
                clue = DoubleBill(
                    double_bill_id=self.ids.new(),
                    case_id=bill.case_id,
                    person_id=person_id,
                    settlement_id=stay.settlement_id,
                    against=bill.against,
                    decision_version=bill.decision_version,
                    match=match,
                    due_on=due_on,
                )
                await self.double_bills.save(tx, clue, self.clock.now())
                tx.schedule(DOUBLE_BILL_DEADLINE, clue.double_bill_id, end_of(due_on))
                tx.emit(double_bill_changed(clue, self.clock.now()))
                found.append(clue)
        return found

    async def compare_all(self) -> int:
        """Everybody with a bill of the last two years; how many clues are new (B10: nightly over 24 months)."""
        since, found, after = self.clock.today() - timedelta(days=731), 0, ""
        while True:
            async with self.work.transaction() as tx:
                persons = await self.double_bills.persons_with_bills(tx, since, after, 200)
            for person_id in persons:
                async with self.work.transaction() as tx:
                    await self.cases.lock_persons(tx, [person_id])
                    found += len(await self.run(tx, person_id))
            if len(persons) < 200:
                return found
            after = persons[-1]

    async def like(self, person_id: str, asked: BillMark) -> list[dict[str, str]]:
        """What claims asks before it pays a paper claim: this fund's bills that are like it."""
        async with self.work.transaction() as tx:
            bills = await self.ours(tx, person_id, leaving=True)
        matches = [(bill, match_of(asked, bill.mark)) for bill in bills]
        return [{"against": bill.against, "case_id": bill.case_id, "match": m.value} for bill, m in matches if m is not None]

    async def ours(self, tx: Tx, person_id: str, *, leaving: bool = False) -> list[OurBill]:
        """Paper claims, direct settlements, stays elsewhere and converted stays of a person that stand.

        ``leaving``: also what the medical funds are about to take over by themselves."""
        bills = [
            OurBill(
                against=f"paper:{claim.paper_claim_id}",
                case_id=claim.case_id,
                decision_version=claim.decision_version,
                mark=claim.mark,
            )
            for claim in await self.papers.of_person(tx, person_id)
            if claim.stands
        ]
        for direct in await self.directs.of_person(tx, person_id):
            if direct.stands or (leaving and direct.state is DirectState.REVERTING):
                mark = BillMark(
                    institution_code=direct.institution_code,
                    invoice_no=direct.invoice_no,
                    begun_on=direct.begun_on,
                    ended_on=direct.ended_on,
                    total_fen=direct.version.total_fen,
                    visit_id=direct.visit_id,
                )
                bills.append(
                    OurBill(
                        against=f"direct:{direct.key}",
                        case_id=direct.case_id,
                        decision_version=direct.decision_version,
                        mark=mark,
                    )
                )
        for elsewhere in await self.remote_stays.of_person(tx, person_id):
            if elsewhere.version is not None and elsewhere.discharged_on is not None and elsewhere.borne:
                mark = BillMark(
                    institution_code=elsewhere.institution_code,
                    invoice_no=elsewhere.settlement_no,
                    begun_on=elsewhere.admitted_on,
                    ended_on=elsewhere.discharged_on,
                    total_fen=elsewhere.version.total_fen,
                )
                bills.append(
                    OurBill(
                        against=f"stay:{elsewhere.stay_id}",
                        case_id=elsewhere.case_id,
                        decision_version=elsewhere.decision_version,
                        mark=mark,
                    )
                )
        for stay in await self.stays.of_persons(tx, [person_id]):
            for conversion in await self.conversions.of_settlement(tx, stay.settlement_id):
                if conversion.state not in ENDED and conversion.state not in WAITING:
                    bills.append(
                        OurBill(
                            against=f"conversion:{conversion.conversion_id}",
                            case_id=conversion.case_id,
                            decision_version=conversion.decision_version,
                            mark=mark_of(stay),
                        )
                    )
        return bills

    async def _medical(self, tx: Tx, person_id: str) -> Sequence[SettledStay]:
        """Settlements that the medical funds pay: neither reversed nor taken over."""
        found = []
        for stay in await self.stays.of_persons(tx, [person_id]):
            if stay.reversed:
                continue
            taken = await self.conversions.of_settlement(tx, stay.settlement_id)
            if all(c.state in ENDED or c.state in WAITING for c in taken):
                found.append(stay)
        return found
