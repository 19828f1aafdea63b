"""Register treatment out of the area: applied for, consented to or rejected, cancelled (B8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.out_of_area.ports import Registrations
from workinjury_bridge.application.ports import Cases, Policies
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.facts import registration_changed
from workinjury_bridge.domain.out_of_area.registration import FilingKind, Registration, RegistrationState
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future, out_of_turn, unknown

REGISTRATION_DEADLINE = "registration-overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRequest:
    """What is applied for."""

    case_id: str
    kind: FilingKind
    place: str
    begins_on: date
    ends_on: date | None = None
    institution_code: str | None = None
    certificate_no: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterOutOfArea:
    """The agency decides within its working days; who took the application does not decide on it."""

    once: Once
    cases: Cases
    registrations: Registrations
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def apply(self, key: OnceKey, request: FilingRequest, actor: str) -> dict[str, Any]:
        """Refuses a case without effective recognition, an incomplete application, and a second one of its kind being decided."""
        today = self.clock.today()

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, request.case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            if case.effective is None:
                raise out_of_turn("case", "register", case.state, "工伤认定未生效，请先登记认定结论")
            known = await self.registrations.of_case(tx, request.case_id)
            if any(r.kind is request.kind and r.state is RegistrationState.APPLIED for r in known):
                raise out_of_turn("case", "register", case.state, "已有办理中的同类异地就医备案，请办理原备案")
            within = self.policies.on(today).out_of_area.register_within
            registration = Registration(
                registration_id=self.ids.new(),
                case_id=case.case_id,
                person_id=case.person_id,
                kind=request.kind,
                place=request.place,
                institution_code=request.institution_code,
                certificate_no=request.certificate_no,
                begins_on=request.begins_on,
                ends_on=request.ends_on,
                due_on=self.calendar.add_working_days(today, within).on,
                maker=actor,
            )
            return await self._store(tx, registration.checked(case.region, today))

        return (await self.once.run(key, work))[0]

    async def approve(self, key: OnceKey, registration_id: str, actor: str) -> dict[str, Any]:
        """The agency consents; from now on admissions are covered."""
        today = self.clock.today()
        rules = self.policies.on(today).out_of_area
        return await self._act(key, registration_id, lambda r: r.approved(today, actor, rules))

    async def reject(self, key: OnceKey, registration_id: str, actor: str, note: str) -> dict[str, Any]:
        """The conditions are not met; the person may still pay first and claim by hand."""
        return await self._act(key, registration_id, lambda r: r.rejected(actor, note))

    async def cancel(self, key: OnceKey, registration_id: str, on: date, note: str | None, actor: str) -> dict[str, Any]:
        """The person comes back. Refuses a day in the future."""
        if on > self.clock.today():
            raise in_the_future("on", "取消日期")
        recorded = (Act.REGISTRATION_CANCELLED, actor)
        return await self._act(key, registration_id, lambda r: r.cancelled(on, note), recorded=recorded)

    async def overdue(self, tx: Tx, registration_id: str) -> None:
        """The agency's days have passed: say so."""
        found = await self.registrations.locked(tx, registration_id)
        if found is not None and found.state is RegistrationState.APPLIED:
            tx.emit(registration_changed(found, self.clock.now(), overdue=True))

    async def _act(
        self,
        key: OnceKey,
        registration_id: str,
        act: Callable[[Registration], Registration],
        *,
        recorded: tuple[Act, str] | None = None,
    ) -> dict[str, Any]:
        """``recorded``: what leaves no name on the registration itself."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self.registrations.locked(tx, registration_id)
            if found is None:
                raise unknown("out-of-area", "异地就医备案")
            after = act(found)
            if recorded is not None:
                await self.record.run(tx, found.case_id, *recorded, registration_id)
            return await self._store(tx, after)

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, registration: Registration) -> dict[str, Any]:
        await self.registrations.save(tx, registration, self.clock.now())
        if registration.state is RegistrationState.APPLIED:
            tx.schedule(REGISTRATION_DEADLINE, registration.registration_id, end_of(registration.due_on))
        else:
            tx.cancel(REGISTRATION_DEADLINE, registration.registration_id)
        tx.emit(registration_changed(registration, self.clock.now()))
        return {
            "registration_id": registration.registration_id,
            "case_id": registration.case_id,
            "kind": registration.kind.value,
            "place": registration.place,
            "state": registration.state.value,
            "begins_on": registration.begins_on.isoformat(),
            "ends_on": registration.ends_on.isoformat() if registration.ends_on else None,
            "admit_until": registration.admit_until.isoformat() if registration.admit_until else None,
            "due_on": registration.due_on.isoformat(),
        }
