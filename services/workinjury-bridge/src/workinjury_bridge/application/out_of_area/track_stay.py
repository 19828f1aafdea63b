"""Track a stay out of the area: admitted, settled there, its data received, objected to, adjusted, audited (B8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Entry
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.ports import Items
from workinjury_bridge.application.out_of_area.ports import QuarterClearings, Registrations, RemoteStays
from workinjury_bridge.application.ports import Cases, Ledger, Policies
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.benefits.item import ItemState
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.facts import remote_stay_changed
from workinjury_bridge.domain.journals import Stamp
from workinjury_bridge.domain.out_of_area.clearing import object_until, pay_by, quarter_name, quarter_of
from workinjury_bridge.domain.out_of_area.journals import STAY_RECOVERY, about_stay, adjustment_entry, costs_of, received_entry
from workinjury_bridge.domain.out_of_area.refusals import allowances_stand, not_in_scheme, not_registered, quarter_cleared
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, RemoteStay, Service
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future, not_entitled, unknown

CHECK_DEADLINE = "remote-data-check-overdue"
CLEARING_DEADLINE = "remote-clearing-due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An admission as the place of treatment tells it."""

    registration_id: str
    place: str
    institution_code: str
    institution_name: str
    service: str
    admitted_on: date


@dataclass(frozen=True, slots=True)
class TrackRemoteStay:
    """Who owes whom: the home fund the province of treatment (2205); the person the hospital what is outside the catalogue."""

    once: Once
    cases: Cases
    registrations: Registrations
    stays: RemoteStays
    clearings: QuarterClearings
    items: Items
    ledger: Ledger
    ask_back: AskBack
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def admit(self, key: OnceKey, admission: Admission) -> dict[str, Any]:
        """Refuses what no registration covers, what the scheme leaves out, and who is not recognised."""
        if admission.admitted_on > self.clock.today():
            raise in_the_future("admitted_on", "入院日期")

        async def work(tx: Tx) -> dict[str, Any]:
            registration = await self.registrations.locked(tx, admission.registration_id)
            if registration is None:
                raise not_registered("没有异地就医备案")
            case = await self.cases.get(tx, registration.case_id)
            if case is None or case.effective is None:
                raise not_entitled("not-recognised", "工伤认定未生效，不能直接结算")
            rules = self.policies.on(admission.admitted_on).out_of_area
            if admission.service not in rules.services:
                raise not_in_scheme("service", "该类服务未纳入工伤异地就医直接结算，由个人垫付后手工报销")
            if case.facts.third_party is not None and rules.third_party == "exclude":
                raise not_in_scheme("third-party", "涉及第三人责任的工伤不纳入异地就医直接结算，由个人垫付后手工报销")
            if not case.facts.insured_on(admission.admitted_on):
                raise not_in_scheme("uninsured", "用人单位未参保的工伤不纳入异地就医直接结算，请申请先行支付")
            registration.expect_valid(admission.admitted_on, admission.place, admission.institution_code)
            stay = RemoteStay(
                stay_id=self.ids.new(),
                case_id=case.case_id,
                person_id=case.person_id,
                registration_id=registration.registration_id,
                decision_version=case.effective.version,
                place=admission.place,
                institution_code=admission.institution_code,
                institution_name=admission.institution_name,
                service=Service(admission.service),
                admitted_on=admission.admitted_on,
            )
            return await self._store(tx, stay)

        return (await self.once.run(key, work))[0]

    async def settle(
        self, key: OnceKey, stay_id: str, settlement_no: str, discharged_on: date, version: WorkInjuryVersion
    ) -> dict[str, Any]:
        """The place has settled by its own catalogue and caps; nothing is booked before its data come."""
        if discharged_on > self.clock.today():
            raise in_the_future("discharged_on", "出院日期")

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            del tx
            return stay.settled(settlement_no, discharged_on, version)

        return await self._act(key, stay_id, act)

    async def cancel(self, key: OnceKey, stay_id: str) -> dict[str, Any]:
        """The place took it back. Refuses while allowances are claimed or paid."""

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            open_or_paid = (ItemState.DISMISSED, ItemState.WITHDRAWN)
            mine = [i for i in await self.items.of_case(tx, stay.case_id) if i.reference == stay.stay_id]
            if any(i.state not in open_or_paid for i in mine):
                raise allowances_stand()
            return stay.cancelled()

        return await self._act(key, stay_id, act)

    async def receive(self, key: OnceKey, stay_id: str, period: date, fund_fen: int) -> dict[str, Any]:
        """The monthly data: Dr 5001.11 / Cr 2205. Refuses another amount than was told and a quarter that is paid already."""

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            today = self.clock.today()
            rules = self.policies.on(today).out_of_area
            check_until = self.calendar.add_working_days(today, rules.check_within).on
            after = stay.received(period.replace(day=1), fund_fen, check_until, object_until(today, rules))
            quarter = quarter_of(period)
            await self._expect_open(tx, stay.province, quarter)
            await self._book(tx, lambda stamp: received_entry(after, stamp))
            tx.schedule(CHECK_DEADLINE, stay_id, end_of(check_until))
            tx.schedule(CLEARING_DEADLINE, f"{stay.province}:{quarter}", end_of(pay_by(quarter, rules)))
            return after

        return await self._act(key, stay_id, act)

    async def object_to(self, key: OnceKey, stay_id: str, reason: str, actor: str) -> dict[str, Any]:
        """The home agency objects to the data in time."""

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            after = stay.objected(self.clock.today(), reason)
            await self.record.run(tx, stay.case_id, Act.REMOTE_DATA_OBJECTED, actor, stay_id)
            return after

        return await self._act(key, stay_id, act)

    async def adjust(self, key: OnceKey, stay_id: str, amount_fen: int) -> dict[str, Any]:
        """The place takes something back: Dr 2205 / Cr 5001.11; 0 turns an objection down."""

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            after = stay.adjusted(amount_fen)
            await self.clearings.lock(tx, stay.province, quarter_of(after.period or stay.admitted_on))
            if amount_fen:
                await self._book(tx, lambda stamp: adjustment_entry(after, amount_fen, stamp))
            return after

        return await self._act(key, stay_id, act)

    async def audit(self, key: OnceKey, stay_id: str, actor: str) -> dict[str, Any]:
        """The data are right: the stay may be paid with its quarter. Revoked before: the person owes it from now on (B3)."""

        async def act(tx: Tx, stay: RemoteStay) -> RemoteStay:
            tx.cancel(CHECK_DEADLINE, stay_id)
            after = stay.audited()
            await self.record.run(tx, stay.case_id, Act.REMOTE_DATA_AUDITED, actor, stay_id)
            if after.owed_back:
                memo = "工伤认定撤销，追回异地就医费用"
                await self.ask_back.run(tx, about_stay(after), stay_id, costs_of(after), memo, kind=STAY_RECOVERY)
            return after

        return await self._act(key, stay_id, act)

    async def overdue(self, tx: Tx, stay_id: str) -> None:
        """The days for checking the data have passed: say so."""
        stay = await self.stays.locked(tx, stay_id)
        if stay is not None and stay.state is RemoteState.RECEIVED:
            tx.emit(remote_stay_changed(stay, self.clock.now(), overdue=True))

    async def _expect_open(self, tx: Tx, province: str, quarter: date) -> None:
        await self.clearings.lock(tx, province, quarter)
        if await self.clearings.of(tx, province, quarter) is not None:
            raise quarter_cleared(quarter_name(quarter))

    async def _book(self, tx: Tx, entry: Callable[[Stamp], Entry]) -> None:
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        await self.ledger.append(tx, [entry(stamp)])

    async def _act(self, key: OnceKey, stay_id: str, act: Callable[[Tx, RemoteStay], Awaitable[RemoteStay]]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            stay = await self.stays.locked(tx, stay_id)
            if stay is None:
                raise unknown("out-of-area", "异地就医记录")
            return await self._store(tx, await act(tx, stay))

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, stay: RemoteStay) -> dict[str, Any]:
        await self.stays.save(tx, stay, self.clock.now())
        tx.emit(remote_stay_changed(stay, self.clock.now()))
        return described(stay)


def described(stay: RemoteStay) -> dict[str, Any]:
    """A stay as its commands answer it."""
    return {
        "stay_id": stay.stay_id,
        "case_id": stay.case_id,
        "registration_id": stay.registration_id,
        "state": stay.state.value,
        "province": stay.province,
        "fund_fen": stay.fund_fen,
        "payable_fen": stay.payable_fen,
        "person_fen": stay.version.person_fen if stay.version else 0,
        "hospital_fen": stay.version.hospital_fen if stay.version else 0,
        "check_until": stay.check_until.isoformat() if stay.check_until else None,
        "object_until": stay.object_until.isoformat() if stay.object_until else None,
        "objection": stay.objection,
    }
