"""Claims by hand after a stay out of the area: meals and the journey (B8). A bill that the person paid is a paper claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.out_of_area.ports import RemoteStays
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.meals import inpatient_days, meals_fen
from workinjury_bridge.domain.out_of_area.refusals import stay_invalid
from workinjury_bridge.domain.out_of_area.remote_stay import SETTLED, RemoteStay, Service
from workinjury_bridge.domain.refusals import out_of_turn, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Receipts of the journey (fen) and the documents at hand."""

    materials: tuple[str, ...]
    transport_fen: int = 0
    lodging_fen: int = 0
    nights: int = 0
    board_days: int = 0


@dataclass(frozen=True, slots=True)
class ApplyForAllowances:
    """What is claimed goes the way of every one-off benefit: two people, a third from the threshold on, then it is paid."""

    once: Once
    stays: RemoteStays
    propose: ProposeBenefit
    policies: Policies

    async def allowances(self, key: OnceKey, stay_id: str, journey: Journey, actor: str) -> dict[str, Any]:
        """Meals by the home place's rate, and the journey. Refuses a bill that is not known, and a journey without registration."""

        async def work(tx: Tx) -> dict[str, Any]:
            stay = await self.stays.locked(tx, stay_id)
            if stay is None:
                raise unknown("out-of-area", "异地就医记录")
            if stay.state not in SETTLED or stay.discharged_on is None:
                raise out_of_turn("out-of-area", "claim", stay.state, "就医地尚未结算，请在结算后申报补助")
            found = []
            if stay.service is not Service.DEVICE:
                found.append(await self._propose(tx, stay, self._meals(stay, journey.materials), actor))
            if journey.transport_fen or journey.lodging_fen or journey.board_days:
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
