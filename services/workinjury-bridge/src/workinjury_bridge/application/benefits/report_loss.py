"""A beneficiary is reported dead or missing, or a missing one returns (工伤保险条例 39, 41; 社会保险经办条例 25; B14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts.workinjury_bridge import PersonLost
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.change_pension import what_happened
from workinjury_bridge.application.benefits.ports import Entitlements, Losses, PaidOut
from workinjury_bridge.application.ports import Cases, Ledger
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.entitlement import ALIVE, BreakReason, EndReason, Entitlement, EntitlementState
from workinjury_bridge.domain.benefits.journals import reroute_entry
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import (
    Circumstance,
    Loss,
    Source,
    dependant_dim,
    follows,
    heirs_dim,
    rerouted,
)
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.refusals import loss_contradicts, stranger
from workinjury_bridge.domain.journals import Concern, Stamp, person_dim
from workinjury_bridge.domain.recognition import Act, InjuryCase
from workinjury_bridge.domain.refusals import in_the_future, unknown

_NOTICE_WORKING_DAYS = 20
"""社会保险经办条例 25."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """What is reported."""

    circumstance: Circumstance
    occurred_on: date
    source: Source
    person_id: str | None = None
    """A dependant; None: the injured person."""


@dataclass(frozen=True, slots=True)
class ReportLoss:
    """Payments to the person freeze at once; what is payable goes to the heirs; own monthly benefits end with the month.

    Refuses a day in the future, a stranger to the case, and a report that contradicts an earlier one.
    """

    once: Once
    cases: Cases
    losses: Losses
    entitlements: Entitlements
    ledger: Ledger
    paid_out: PaidOut
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def report(self, key: OnceKey, case_id: str, report: LossReport, actor: str) -> dict[str, Any]:
        """The loss as it is on file now. What the person still owes the fund is a claim on the estate."""
        if report.occurred_on > self.clock.today():
            raise in_the_future("occurred_on", "死亡（下落不明）日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case, person_id = await self._locked(tx, case_id, report.person_id)
            known = await self.losses.of(tx, person_id)
            today = self.clock.today()
            new = Loss(
                person_id=person_id,
                case_id=case_id,
                circumstance=report.circumstance,
                occurred_on=report.occurred_on,
                source=report.source,
                reported_on=today,
                reported_by=actor,
                notice_due_on=self.calendar.add_working_days(report.occurred_on, _NOTICE_WORKING_DAYS).on,
                notified_on=None if report.source is Source.DATA_MATCH else today,
            )
            loss = follows(known, new)
            if loss is None:
                return await self._answer(tx, known or new)
            await self.losses.save(tx, loss, self.clock.now())
            for from_dim in (person_dim(person_id), dependant_dim(person_id)):
                await self._reroute(tx, rerouted(_concern(case, person_id), loss), from_dim)
            for entitlement in await self.entitlements.of_person(tx, person_id):
                await self._save(tx, entitlement, _after_loss(entitlement, loss))
            await self._tell(tx, loss)
            return await self._answer(tx, loss)

        return (await self.once.run(key, work))[0]

    async def undo(self, key: OnceKey, case_id: str, person_id: str | None, returned_on: date, actor: str) -> dict[str, Any]:
        """A missing person is back: what dependants got for later months is taken back, own benefits go on (条例 41)."""
        if returned_on > self.clock.today():
            raise in_the_future("returned_on", "重新出现日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case, gone = await self._locked(tx, case_id, person_id)
            known = await self.losses.of(tx, gone)
            if known is None:
                raise loss_contradicts("没有下落不明的登记", "person_id")
            loss = known.returned(returned_on)
            await self.losses.save(tx, loss, self.clock.now())
            await self.record.run(tx, case_id, Act.PERSON_RETURNED, actor)
            await self._reroute(tx, _concern(case, gone), heirs_dim(gone))
            for entitlement in await self.entitlements.of_person(tx, gone):
                waiting = entitlement.state is EntitlementState.SUSPENDED
                if waiting and entitlement.breaks[-1].reason is BreakReason.MISSING:
                    resumed = entitlement.resumed(max(month_of(returned_on), entitlement.breaks[-1].since))
                    await self._save(tx, entitlement, resumed)
            if gone == case.person_id:
                for entitlement in await self.entitlements.of_case(tx, case_id):
                    if entitlement.kind is BenefitKind.DEPENDANT and entitlement.state in ALIVE:
                        stopped = entitlement.stopped(EndReason.MISSING_RETURNED, month_of(returned_on))
                        await self._save(tx, entitlement, stopped)
            await self._tell(tx, loss)
            return await self._answer(tx, loss)

        return (await self.once.run(key, work))[0]

    async def _locked(self, tx: Tx, case_id: str, person_id: str | None) -> tuple[InjuryCase, str]:
        """The case and the person, everybody whose benefits change locked at once. Refuses strangers."""
        case = await self.cases.get(tx, case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        person = person_id or case.person_id
        mine = await self.entitlements.of_person(tx, person)
        if person != case.person_id and case_id not in {e.case_id for e in mine}:
            raise stranger()
        concerned = {person, case.person_id, *(e.person_id for e in await self.entitlements.of_case(tx, case_id))}
        for other in {e.case_id for e in mine} - {case_id}:
            other_case = await self.cases.get(tx, other)
            if other_case is not None:
                concerned.add(other_case.person_id)
        await self.cases.lock_persons(tx, concerned)
        return case, person

    async def _reroute(self, tx: Tx, concern: Concern, from_dim: str) -> None:
        amount, today = await self.paid_out.payable_fen(tx, from_dim), self.clock.today()
        if amount > 0 and from_dim != concern.payable_dim:
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(tx, [reroute_entry(concern, from_dim, amount, stamp)])

    async def _save(self, tx: Tx, before: Entitlement, after: Entitlement) -> None:
        if after == before:
            return
        await self.entitlements.save(tx, after, self.clock.now())
        await self.entitlements.look_again(tx, after.case_id)
        event = what_happened(before, after, self.clock)
        if event is not None:
            tx.emit(event)

    async def _tell(self, tx: Tx, loss: Loss) -> None:
        tx.emit(
            PersonLost(
                case_id=loss.case_id,
                person_id=loss.person_id,
                circumstance=loss.circumstance.value,
                occurred_on=loss.occurred_on,
                notice_due_on=loss.notice_due_on,
                reported_at=self.clock.now(),
                returned_on=loss.returned_on,
            )
        )

    async def _answer(self, tx: Tx, loss: Loss) -> dict[str, Any]:
        return {
            "person_id": loss.person_id,
            "case_id": loss.case_id,
            "circumstance": loss.circumstance.value,
            "occurred_on": loss.occurred_on.isoformat(),
            "notice_due_on": loss.notice_due_on.isoformat(),
            "returned_on": loss.returned_on.isoformat() if loss.returned_on else None,
            "payable_to_heirs_fen": await self.paid_out.payable_fen(tx, heirs_dim(loss.person_id)),
            "claim_on_estate_fen": await self.ledger.person_debt_fen(tx, loss.person_id),
        }


def _after_loss(entitlement: Entitlement, loss: Loss) -> Entitlement:
    if entitlement.state not in (*ALIVE, EntitlementState.STOPPED):
        return entitlement
    if loss.dead:
        return entitlement.stopped(EndReason.DEATH, loss.last_month)
    if entitlement.state in (EntitlementState.GRANTED, EntitlementState.RUNNING):
        return entitlement.suspended(BreakReason.MISSING, months_later(loss.last_month, 1))
    return entitlement


def _concern(case: InjuryCase, person_id: str) -> Concern:
    newest = case.newest
    return Concern(person_id=person_id, case_id=case.case_id, decision_version=newest.version if newest else 0)
