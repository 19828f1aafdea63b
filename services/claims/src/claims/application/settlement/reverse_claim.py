"""Reverse: 2208 and 2305. A settlement is undone as a whole, once: its journals by contra journals, every
correction included, its use of the year and of the account given back, its lines unsettled again; the original stays and says that it
was reversed. The later settlements of the person-year are decided again."""

from __future__ import annotations

from typing import Final

from claims.application.header import HisHeader
from claims.application.his_messages import AnswerOnce, Effect, HisMessages
from claims.application.late.corrections import MANUAL, TAKEN_OVER, Cause, gone
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.commands import ReverseSettlement
from claims.application.settlement.ports import Journals, Render, Settlements, StoredSettlement
from claims.application.settlement.reverse_debt import reverse_debt
from claims.domain.institution import Institution
from claims.domain.refusals import settlement_not_valid, settlement_unknown
from shared.clock import Clock, local
from shared.contracts.claims import ClaimReversed
from shared.errors import invalid
from shared.ids import IdFactory
from shared.ledger import contra
from shared.transactions import Tx

SETTLING: Final = ("2207", "2207A", "2304")
"""Transactions that settle."""


class ReverseClaim:
    """Undoes settlements."""

    def __init__(
        self,
        once: AnswerOnce,
        settlements: Settlements,
        journals: Journals,
        messages: HisMessages,
        clock: Clock,
        ids: IdFactory,
        redecide: RedecideYear,
    ) -> None:
        self._redecide = redecide
        self._once = once
        self._settlements = settlements
        self._journals = journals
        self._messages = messages
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: ReverseSettlement, institution: Institution, render: Render) -> bytes:
        """The rendered reversal. Refuses an unknown settlement, a second reversal, a paper claim, one taken over by work injury."""

        async def work(tx: Tx) -> Effect:
            settlement = await self._settlements.lock(tx, command.settlement_id)
            if settlement is None or settlement.institution_code != institution.code:
                raise settlement_unknown()
            if settlement.person_id != command.person_id:
                raise invalid("claims.settlement.other-person", "人员编号(psn_no)与该结算的人员不一致", field="psn_no")
            if settlement.visit_id != command.visit_id:
                raise invalid("claims.settlement.other-visit", "就诊ID(mdtrt_id)与该结算不一致", field="mdtrt_id")
            if settlement.inpatient != command.inpatient:
                right = "2305" if settlement.inpatient else "2208"
                raise invalid("claims.settlement.wrong-kind", f"该结算应使用交易{right}撤销", field="infno")
            answer = await self.reverse(tx, settlement, command.header)
            return Effect(
                answer=render(answer),
                person_id=settlement.person_id,
                visit_id=settlement.visit_id,
                subject_id=answer.settlement_id or "",
            )

        return await self._once.run(command.header, institution, work)

    async def reverse(self, tx: Tx, settlement: StoredSettlement, header: HisHeader) -> SettlementAnswer:
        """Undo a locked settlement inside a transaction, of a mixed stay both versions. Refuses unless it is valid."""
        if settlement.beside is not None:
            raise settlement_not_valid("beside", instead=settlement.beside)
        own = await self._settlements.beside(tx, settlement.settlement_id) if settlement.work_injury_key else None
        answer = await self._undo(tx, settlement, header)
        if own is not None:
            answer = answer.joined(await self._undo(tx, own, header, answer.settlement_id, settlement.work_injury_key))
        await self._messages.void(tx, settlement.visit_id, infnos=SETTLING, msgids=(settlement.answer.medins_setl_id,))
        return answer

    async def _undo(
        self,
        tx: Tx,
        settlement: StoredSettlement,
        header: HisHeader,
        beside: str | None = None,
        beside_key: str | None = None,
    ) -> SettlementAnswer:
        if settlement.state != "valid":
            raise settlement_not_valid(settlement.state)
        if settlement.infno == MANUAL:
            raise settlement_not_valid("manual")
        if settlement.infno == TAKEN_OVER:
            raise settlement_not_valid("taken-over-stay")
        now = self._clock.now()
        owed_fen = await reverse_debt(tx, self._journals, settlement, self._ids.new(), local(now).date())
        balance = await self._settlements.undo(tx, settlement, "reversed", owed_fen)
        await self._settlements.free_batches(tx, settlement.settlement_id)
        answer = settlement.answer.reversal(
            settlement_id=self._ids.new(), medins_setl_id=header.msgid, settled_at=now, balance_fen=balance
        )
        await self._settlements.add_reversal(tx, settlement, answer, header, beside)
        entries = await self._journals.entries(tx, settlement_id=settlement.settlement_id)
        await self._journals.append(
            tx,
            [
                contra(e, entry_id=self._ids.new(), booked_on=local(now).date(), memo="医疗费用结算撤销")
                for e in entries
                if e.kind in ("settlement", "correction")
            ],
        )
        tx.emit(
            ClaimReversed(
                settlement_id=answer.settlement_id or "",
                original_settlement_id=settlement.settlement_id,
                visit_id=settlement.visit_id,
                person_id=settlement.person_id,
                institution_code=settlement.institution_code,
                institution_name=answer.institution_name,
                reversed_at=now,
                total_fen=settlement.total_fen,
                payments=list(settlement.payments),
                cash_fen=settlement.cash_fen,
                work_injury_key=settlement.work_injury_key,
                beside_key=beside_key,
            )
        )
        if settlement.work_injury_key is None:  # the work-injury fund's part has used nothing of the year
            await self._redecide(
                tx,
                settlement.year,
                gone(settlement),
                Cause(reason="reversal", trigger_id=settlement.settlement_id),
                balance_fen=balance,
            )
        return answer
