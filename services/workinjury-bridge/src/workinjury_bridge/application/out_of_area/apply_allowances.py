"""Claims by hand after a stay out of the area: allowances, and the whole bill when nobody was registered (B8; 经办条例 22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.ports import Items
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.out_of_area.ports import RemoteStays
from workinjury_bridge.application.out_of_area.track_stay import described
from workinjury_bridge.application.ports import Cases, Policies
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.benefits.item import ItemState
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.facts import remote_stay_changed
from workinjury_bridge.domain.meals import inpatient_days, meals_fen
from workinjury_bridge.domain.out_of_area.refusals import not_in_scheme, stay_invalid
from workinjury_bridge.domain.out_of_area.remote_stay import SETTLED, RemoteState, RemoteStay, Service
from workinjury_bridge.domain.refusals import in_the_future, mixed_stay, not_entitled, out_of_turn, unknown

MANUAL_DEADLINE = "manual-claim-overdue"
_OPEN: Final = (ItemState.PROPOSED, ItemState.CHECKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Receipts of the journey (fen) and the documents at hand."""

    materials: tuple[str, ...]
    transport_fen: int = 0
    lodging_fen: int = 0
    nights: int = 0
    board_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBill:
    """A stay that the person paid."""

    case_id: str
    place: str
    institution_code: str
    institution_name: str
    invoice_no: str
    admitted_on: date
    discharged_on: date
    lines: tuple[BillLine, ...]
    materials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApplyForAllowances:
    """What is claimed goes the way of every one-off benefit: two people, a third from the threshold on, then it is paid."""

    once: Once
    cases: Cases
    stays: RemoteStays
    items: Items
    propose: ProposeBenefit
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def allowances(self, key: OnceKey, stay_id: str, journey: Journey, actor: str) -> dict[str, Any]:
        """Meals by the home place's rate, and the journey. Refuses a bill that is not known, and a journey without registration."""

        async def work(tx: Tx) -> dict[str, Any]:
            stay = await self.stays.locked(tx, stay_id)
            if stay is None:
                raise unknown("out-of-area", "异地就医记录")
            if stay.state not in SETTLED or stay.discharged_on is None:
                raise out_of_turn("out-of-area", "claim", stay.state, "就医地尚未结算，不能申报补助")
            found = []
            if stay.service is not Service.DEVICE and stay.registration_id is not None:
                found.append(await self._propose(tx, stay, self._meals(stay, journey.materials), actor))
            if journey.transport_fen or journey.lodging_fen or journey.board_days:
                if stay.registration_id is None:
                    raise not_in_scheme("journey", "未经经办机构同意到统筹地区以外就医的，不支付交通食宿费")
                request = ItemRequest(
                    kind=BenefitKind.TRAVEL,
                    on=stay.admitted_on,
                    reference=stay.stay_id,
                    materials=journey.materials,
                    confirmation_no=stay.registration_id,
                    transport_fen=journey.transport_fen,
                    lodging_fen=journey.lodging_fen,
                    nights=journey.nights,
                    board_days=journey.board_days,
                )
                found.append(await self._propose(tx, stay, request, actor))
            if not found:
                raise stay_invalid("transport_fen", "没有可申报的补助")
            return {"stay_id": stay_id, "benefits": found}

        return (await self.once.run(key, work))[0]

    async def by_hand(self, key: OnceKey, bill: PaidBill, actor: str) -> dict[str, Any]:
        """The whole bill of a stay without registration: Dr 5001.11 E / Cr 2203 once it is signed. Refuses an invoice on file."""
        if bill.discharged_on > self.clock.today():
            raise in_the_future("discharged_on", "出院日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, bill.case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            if case.effective is None or bill.admitted_on < case.accident_on:
                raise not_entitled("not-recognised", "工伤认定未生效或就诊早于事故，不能报销")
            if not case.facts.insured_on(bill.admitted_on):
                raise not_in_scheme("uninsured", "用人单位未参保，请申请先行支付")
            if case.facts.third_party is not None:
                raise not_in_scheme("third-party", "涉及第三人责任，请按先行支付办理")
            policy = self.policies.on(bill.discharged_on)
            version = assess(bill.lines, policy)
            if version.unrelated_fen:
                raise mixed_stay()
            stay = RemoteStay(
                stay_id=self.ids.new(),
                case_id=case.case_id,
                person_id=case.person_id,
                registration_id=None,
                decision_version=case.effective.version,
                place=bill.place,
                institution_code=bill.institution_code,
                institution_name=bill.institution_name,
                service=Service.INPATIENT,
                admitted_on=bill.admitted_on,
            ).settled(bill.invoice_no, bill.discharged_on, version)
            stay = stay.paid_by_person()
            now, today = self.clock.now(), self.clock.today()
            await self.stays.save(tx, stay, now)
            medical = ItemRequest(
                kind=BenefitKind.MANUAL_MEDICAL,
                on=bill.discharged_on,
                reference=stay.stay_id,
                materials=bill.materials,
                total_fen=version.total_fen,
                cost_fen=version.work_injury_fen,
            )
            found = [await self._propose(tx, stay, r, actor) for r in (medical, self._meals(stay, bill.materials))]
            due_on = self.calendar.add_working_days(today, policy.out_of_area.manual_within).on
            tx.schedule(MANUAL_DEADLINE, stay.stay_id, end_of(due_on))
            tx.emit(remote_stay_changed(stay, now))
            return described(stay) | {"benefits": found, "due_on": due_on.isoformat()}

        return (await self.once.run(key, work))[0]

    async def overdue(self, tx: Tx, stay_id: str) -> None:
        """The working days for a claim by hand have passed: say so while anything of it is not decided."""
        stay = await self.stays.locked(tx, stay_id)
        if stay is None or stay.state is not RemoteState.SELF_PAID:
            return
        mine = [i for i in await self.items.of_case(tx, stay.case_id) if i.reference == stay_id]
        if any(i.state in _OPEN for i in mine):
            tx.emit(remote_stay_changed(stay, self.clock.now(), overdue=True))

    def _meals(self, stay: RemoteStay, materials: tuple[str, ...]) -> ItemRequest:
        ended_on = stay.discharged_on or stay.admitted_on
        per_day = self.policies.on(ended_on).meals.per_day
        return ItemRequest(
            kind=BenefitKind.STAY_MEALS,
            on=ended_on,
            reference=stay.stay_id,
            materials=materials,
            board_days=inpatient_days(stay.admitted_on, ended_on),
            cost_fen=meals_fen(stay.admitted_on, ended_on, per_day),
        )

    async def _propose(self, tx: Tx, stay: RemoteStay, request: ItemRequest, actor: str) -> dict[str, Any]:
        return await self.propose.add(tx, stay.case_id, request, actor)
