"""Settle what waits on credit as soon as it is decided, or when the limit is over (B1 "If CREDITED: go to direct mode", B2, F3).

The agency settles for the hospital: an ordinary 2304 whose msgid is the credit's id, so it happens once whoever runs it and whenever
it dies, and the hospital may read it (5203) and undo it (2305). What is decided is asked of the bridge each time; the bridge's fact
only wakes. The limit is the time of the next look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from claims.application.header import HisHeader
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.asked import Asked
from claims.application.settlement.commands import Settle
from claims.application.settlement.ports import Journals, VisitReader
from claims.application.settlement.settle_claim import SettleClaim
from claims.application.stay_credits.ports import Directory, Recognitions, Seen, StayCredits
from claims.domain.refusals import institution_gone, visit_not_discharged, visit_unknown
from claims.domain.settlement import VisitToSettle, under_medical_rules
from claims.domain.stay_credit import Settling
from shared.clock import CHINA, Clock
from shared.errors import Refusal
from shared.ledger import Book
from shared.transactions import Tx, UnitOfWork

_AT_ONCE: Final = 20
_AGENCY: Final = "经办机构"


class SettleStayCredit:
    """What hinders it is shown on the credit, and it is tried again."""

    def __init__(
        self,
        uow: UnitOfWork,
        credits: StayCredits,
        recognitions: Recognitions,
        visits: VisitReader,
        institutions: Directory,
        settle: SettleClaim,
        journals: Journals,
        books: Collection[Book],
        clock: Clock,
    ) -> None:
        self._uow = uow
        self._credits = credits
        self._recognitions = recognitions
        self._visits = visits
        self._institutions = institutions
        self._settle = settle
        self._journals = journals
        self._books = books
        self._clock = clock

    async def due(self) -> Sequence[str]:
        """Credits to run now."""
        async with self._uow.transaction() as tx:
            return await self._credits.due(tx, self._clock.now(), _AT_ONCE)

    async def wake(self, tx: Tx, person_ids: Collection[str]) -> None:
        """The bridge has decided something of these persons."""
        await self._credits.wake(tx, person_ids, self._clock.now())

    async def run(self, credit_id: str) -> str | None:
        """One credit: settled, or put off until its limit. What hindered it."""
        async with self._uow.transaction() as tx:
            seen = await self._credits.find(tx, credit_id)
        if seen is None or seen.credit.state != "open":
            return None
        try:
            await self._run(seen)
        except Refusal as refused:
            return await self._put_off(seen, refused)
        return None

    async def _run(self, seen: Seen) -> None:
        credit = seen.credit
        visit = await self._visits.visit(credit.visit_id)
        if visit is None:
            raise visit_unknown()
        if visit.ended_on is None:
            raise visit_not_discharged()
        standing = await self._recognitions.standing(credit.person_id, visit.begun_on)
        settling = credit.settling(standing, visit.ended_on, self._clock.today())
        async with self._uow.transaction() as tx:
            if settling is None:
                await self._credits.rest(tx, seen, _day_after(credit.until))
                return
            booked_on = settling.booked_on
            for book in self._books:
                booked_on = await self._journals.open_day(tx, book, booked_on)
        await self._settle.run(await self._asked(visit, settling, booked_on))

    async def _asked(self, visit: VisitToSettle, settling: Settling, booked_on: date) -> Asked:
        institution = await self._institutions(visit.institution_code)
        if institution is None:
            raise institution_gone("institution_code")
        header = HisHeader(
            infno="2304",
            msgid=settling.credit_id,
            institution_code=visit.institution_code,
            input_digest=f"stay-credit:{settling.credit_id}",
            received_at=self._clock.now(),
            institution_name=institution.name,
            operator_name=_AGENCY,
        )
        command = Settle(
            header=header,
            inpatient=True,
            person_id=visit.person_id,
            visit_id=visit.visit_id,
            scheme=under_medical_rules(visit).scheme,
            total_fen=sum(batch.split.total_fen for batch in visit.batches if not batch.settled),
        )
        return Asked(command, institution, _id_of, replace(settling, booked_on=booked_on))

    async def _put_off(self, seen: Seen, refused: Refusal) -> str | None:
        async with self._uow.transaction() as tx:
            now = await self._credits.find(tx, seen.credit.credit_id)
            if now is None or now.credit.state != "open":
                return None  # somebody else has ended it in the same instant
            await self._credits.put_off(tx, seen, self._clock.now(), refused.zh)
        return refused.code


def _id_of(answer: SettlementAnswer) -> bytes:
    """No message waits for an answer; what would be sent again is the settlement's id."""
    return (answer.settlement_id or "").encode()


def _day_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CHINA).astimezone(UTC)
