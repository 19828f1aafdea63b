"""An application for an advance payment: taken, the employer served, decided (先行支付办法 4-8; reference B6, B7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Advances, Cases, Policies
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.remind import ADVANCE_DEADLINE, end_of
from workinjury_bridge.domain import party
from workinjury_bridge.domain.advance import Advance
from workinjury_bridge.domain.facts import advance_changed
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future, out_of_turn, unknown


@dataclass(frozen=True, slots=True)
class ApplyForAdvance:
    """Every limit counts working days and ends with its day."""

    once: Once
    cases: Cases
    advances: Advances
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def apply(self, key: OnceKey, case_id: str, applied_on: date, actor: str) -> dict[str, Any]:
        """Refuses a case without effective recognition, one where nobody but the fund is liable, a second open application."""
        if applied_on > self.clock.today():
            raise in_the_future("applied_on", "申请日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            if case.effective is None:
                raise out_of_turn("case", "advance", case.state, "工伤认定未生效，请先登记认定结论")
            uninsured = None if case.employer_id is None else party.employer(case.employer_id)
            debtor = case.facts.third_party if case.facts.employer_insured else uninsured
            if debtor is None:
                raise out_of_turn("case", "advance", case.state, "用人单位已参保且无第三人责任，无需先行支付")
            if any(a.open for a in await self.advances.of_case(tx, case_id)):
                raise out_of_turn("case", "advance", case.state, "已有办理中的先行支付申请，请办理原申请")
            limits = self.policies.on(applied_on).advances
            days = limits.notice_within if party.is_employer(debtor) else limits.decide_within
            advance = Advance(
                advance_id=self.ids.new(),
                case_id=case_id,
                person_id=case.person_id,
                debtor=debtor,
                applied_on=applied_on,
                due_on=self.calendar.add_working_days(applied_on, days).on,
            )
            await self.record.run(tx, case_id, Act.ADVANCE_APPLIED, actor, advance.advance_id)
            return await self._store(tx, advance)

        return (await self.once.run(key, work))[0]

    async def serve(self, key: OnceKey, advance_id: str, served_on: date, actor: str) -> dict[str, Any]:
        """The written demand reached the employer, whose days run from the next."""
        if served_on > self.clock.today():
            raise in_the_future("served_on", "送达日期")
        limits = self.policies.on(served_on).advances
        until = self.calendar.add_working_days(served_on, limits.employer_pays_within).on
        return await self._act(key, advance_id, lambda a: a.served(served_on, until, actor))

    async def approve(self, key: OnceKey, advance_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """The fund advances. Refuses while the employer may still pay."""
        return await self._act(key, advance_id, lambda a: a.approved(self.clock.today(), actor, note))

    async def reject(self, key: OnceKey, advance_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """The conditions are not met."""
        return await self._act(key, advance_id, lambda a: a.rejected(actor, note))

    async def employer_paid(self, key: OnceKey, advance_id: str, note: str | None, actor: str) -> dict[str, Any]:
        """The employer has paid in time: nothing is advanced."""
        return await self._act(key, advance_id, lambda a: a.paid(note), recorded=(Act.EMPLOYER_PAID, actor))

    async def _act(
        self, key: OnceKey, advance_id: str, act: Callable[[Advance], Advance], *, recorded: tuple[Act, str] | None = None
    ) -> dict[str, Any]:
        """``recorded``: what leaves no name on the advance itself."""

        async def work(tx: Tx) -> dict[str, Any]:
            advance = await self.advances.locked(tx, advance_id)
            if advance is None:
                raise unknown("advance", "先行支付申请")
            after = act(advance)
            if recorded is not None:
                await self.record.run(tx, advance.case_id, *recorded, advance_id)
            return await self._store(tx, after)

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, advance: Advance) -> dict[str, Any]:
        await self.advances.save(tx, advance, self.clock.now())
        if advance.open:
            tx.schedule(ADVANCE_DEADLINE, advance.advance_id, end_of(advance.due_on))
        else:
            tx.cancel(ADVANCE_DEADLINE, advance.advance_id)
        tx.emit(advance_changed(advance, self.clock.now()))
        return {
            "advance_id": advance.advance_id,
            "case_id": advance.case_id,
            "debtor": advance.debtor,
            "state": advance.state.value,
            "due_on": advance.due_on.isoformat(),
            "maker": advance.maker,
            "checker": advance.checker,
        }
