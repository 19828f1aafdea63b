"""Treatment out of the area and recurrences on fakes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from shared.transactions import Tx
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing, quarter_of
from workinjury_bridge.domain.out_of_area.refusals import told_already
from workinjury_bridge.domain.out_of_area.registration import Registration
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, RemoteStay
from workinjury_bridge.domain.recognition import Decision
from workinjury_bridge.domain.recurrence import Recurrence

if TYPE_CHECKING:
    from tests.factories.workinjury_bridge.memory import State


def of(tx: Tx) -> State:
    """The state behind the protocol."""
    held: Any = tx
    state: State = held.state
    return state


class MemoryRegistrations:
    async def save(self, tx: Tx, registration: Registration, at: datetime) -> None:
        of(tx).registrations[registration.registration_id] = registration

    async def locked(self, tx: Tx, registration_id: str) -> Registration | None:
        return of(tx).registrations.get(registration_id)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Registration]:
        return [r for r in of(tx).registrations.values() if r.case_id == case_id]


class MemoryRemoteStays:
    async def save(self, tx: Tx, stay: RemoteStay, at: datetime) -> None:
        for known in of(tx).remote_stays.values():
            same = (known.institution_code, known.settlement_no) == (stay.institution_code, stay.settlement_no)
            standing = RemoteState.CANCELLED not in (known.state, stay.state)
            if same and standing and stay.settlement_no is not None and known.stay_id != stay.stay_id:
                raise told_already(stay.settlement_no)
        of(tx).remote_stays[stay.stay_id] = stay

    async def locked(self, tx: Tx, stay_id: str) -> RemoteStay | None:
        return of(tx).remote_stays.get(stay_id)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[RemoteStay]:
        return [s for s in of(tx).remote_stays.values() if s.person_id == person_id]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[RemoteStay]:
        return [s for s in of(tx).remote_stays.values() if s.case_id == case_id]

    async def after(self, tx: Tx, stay_id: str, limit: int) -> Sequence[RemoteStay]:
        return [of(tx).remote_stays[key] for key in sorted(of(tx).remote_stays) if key > stay_id][:limit]

    async def of_quarter(self, tx: Tx, province: str, quarter: date) -> Sequence[RemoteStay]:
        stays = of(tx).remote_stays.values()
        return [s for s in stays if s.province == province and s.period is not None and quarter_of(s.period) == quarter]


class MemoryQuarterClearings:
    async def lock(self, tx: Tx, province: str, quarter: date) -> None:
        """Transactions here never overlap."""

    async def of(self, tx: Tx, province: str, quarter: date) -> QuarterClearing | None:
        paid = of(tx).quarter_clearings.values()
        return next((c for c in paid if (c.province, c.quarter) == (province, quarter)), None)

    async def add(self, tx: Tx, clearing: QuarterClearing, at: datetime) -> None:
        of(tx).quarter_clearings[clearing.clearing_id] = clearing

    async def prefunded_fen(self, tx: Tx, province: str) -> int:
        lines = (line for entry in of(tx).entries.values() for line in entry.lines)
        mine = [x for x in lines if (x.account, x.dim) == ("1131", f"R:{province}")]
        return sum(x.debit_fen - x.credit_fen for x in mine)


class MemoryRecurrences:
    async def save(self, tx: Tx, recurrence: Recurrence, at: datetime) -> None:
        known = of(tx).recurrences.get(recurrence.recurrence_id)
        decisions = known.decisions if known else ()
        of(tx).recurrences[recurrence.recurrence_id] = replace(recurrence, decisions=decisions)

    async def add_decision(self, tx: Tx, recurrence: Recurrence, decision: Decision, at: datetime) -> None:
        known = of(tx).recurrences[recurrence.recurrence_id]
        of(tx).recurrences[recurrence.recurrence_id] = replace(known, decisions=(*known.decisions, decision))

    async def locked(self, tx: Tx, recurrence_id: str) -> Recurrence | None:
        return of(tx).recurrences.get(recurrence_id)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Recurrence]:
        return [r for r in of(tx).recurrences.values() if r.person_id == person_id]

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[Recurrence]:
        return [r for r in of(tx).recurrences.values() if r.person_id in person_ids]
