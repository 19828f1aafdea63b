"""A stay out of the area, settled there, paid for from here (reference B8).

ADMITTED --the place settles--> SETTLED_REMOTE --monthly data--> RECEIVED --home audit--> AUDITED --quarter paid--> CLEARED. In RECEIVED
an objection may be raised, which the place answers with an adjustment. CANCELLED: nothing of it stands.
Nobody registered: the person pays and claims the bill on paper.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.out_of_area.refusals import (
    beyond_payable,
    data_differ,
    objection_late,
    objection_open,
    stay_invalid,
)
from workinjury_bridge.domain.refusals import wrong_state


class Service(StrEnum):
    """What the national scheme settles (人社部发〔2025〕17号)."""

    INPATIENT = "inpatient"
    REHABILITATION = "rehabilitation"
    DEVICE = "device"


class RemoteState(StrEnum):
    """See the module."""

    ADMITTED = "admitted"
    SETTLED_REMOTE = "settled-remote"
    RECEIVED = "received"
    AUDITED = "audited"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


SETTLED = frozenset({RemoteState.SETTLED_REMOTE, RemoteState.RECEIVED, RemoteState.AUDITED, RemoteState.CLEARED})
"""The bill is known; allowances may be claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteStay:
    """One stay at one institution out of the area."""

    stay_id: str
    case_id: str
    person_id: str
    registration_id: str
    decision_version: int
    place: str
    institution_code: str
    institution_name: str
    service: Service
    admitted_on: date
    state: RemoteState = RemoteState.ADMITTED
    discharged_on: date | None = None
    settlement_no: str | None = None
    """Number of the place's settlement."""
    version: WorkInjuryVersion | None = None
    """E, X_p, X_h, N by the catalogue and caps of the place of treatment."""
    period: date | None = None
    """First day of the month whose data contain it."""
    check_until: date | None = None
    object_until: date | None = None
    objection: str | None = None
    """What is wrong with the data; None when nothing is open."""
    adjusted_fen: int = 0
    """What the place took back of E."""
    clearing_id: str | None = None
    revoked: bool = False
    """Whether the recognition was finally revoked: the province gets its money, the person owes it."""

    @property
    def borne(self) -> bool:
        """Whether the fund bears it: the place has settled, and the recognition stands."""
        return self.state in SETTLED and not self.revoked

    @property
    def owed_back(self) -> bool:
        """Whether the person owes ``payable_fen``: from the audit on, when nothing of it is adjusted any more (B3)."""
        return self.revoked and self.state in (RemoteState.AUDITED, RemoteState.CLEARED)

    @property
    def province(self) -> str:
        """Whom the home fund owes: the province of treatment."""
        return province_of(self.place)

    @property
    def fund_fen(self) -> int:
        """E as the place settled it."""
        return 0 if self.version is None else self.version.work_injury_fen

    @property
    def payable_fen(self) -> int:
        """E less what was adjusted."""
        return self.fund_fen - self.adjusted_fen

    def settled(self, settlement_no: str, discharged_on: date, version: WorkInjuryVersion) -> RemoteStay:
        """The place has settled. Refuses a discharge before the admission."""
        self._expect("settle", RemoteState.ADMITTED)
        if discharged_on < self.admitted_on:
            raise stay_invalid("discharged_on", "出院日期不能早于入院日期")
        if version.work_injury_fen == 0:
            raise stay_invalid("fund_fen", "基金支付金额应大于零")
        return replace(
            self,
            state=RemoteState.SETTLED_REMOTE,
            settlement_no=settlement_no,
            discharged_on=discharged_on,
            version=version,
        )

    def cancelled(self) -> RemoteStay:
        """The place took the admission or the settlement back before it sent its data."""
        self._expect("cancel", RemoteState.ADMITTED, RemoteState.SETTLED_REMOTE)
        return replace(self, state=RemoteState.CANCELLED)

    def withdrawn(self) -> RemoteStay:
        """The recognition was finally revoked: who is still in hospital settles otherwise, what was settled is asked back."""
        if self.state is RemoteState.ADMITTED:
            return replace(self, state=RemoteState.CANCELLED)
        return self if self.state is RemoteState.CANCELLED else replace(self, revoked=True)

    def received(self, period: date, fund_fen: int, check_until: date, object_until: date) -> RemoteStay:
        """The monthly data have it. Refuses another amount than was told, and a month before the discharge."""
        self._expect("receive", RemoteState.SETTLED_REMOTE)
        if fund_fen != self.fund_fen:
            raise data_differ(self.fund_fen, fund_fen)
        if self.discharged_on is not None and period < self.discharged_on.replace(day=1):
            raise stay_invalid("period", "数据所属月份不能早于出院月份")
        return replace(self, state=RemoteState.RECEIVED, period=period, check_until=check_until, object_until=object_until)

    def objected(self, on: date, reason: str) -> RemoteStay:
        """The home agency objects. Refuses after its days."""
        self._expect("object to", RemoteState.RECEIVED)
        if self.object_until is not None and on > self.object_until:
            raise objection_late(self.object_until)
        return replace(self, objection=reason)

    def adjusted(self, amount_fen: int) -> RemoteStay:
        """The place takes ``amount_fen`` back, of itself or as the answer to an objection; 0: the objection is turned down."""
        self._expect("adjust", RemoteState.RECEIVED)
        if not 0 <= amount_fen <= self.payable_fen or (amount_fen == 0 and self.objection is None):
            raise beyond_payable(self.payable_fen)
        return replace(self, adjusted_fen=self.adjusted_fen + amount_fen, objection=None)

    def audited(self) -> RemoteStay:
        """The home agency has checked the data. Refuses while an objection is open."""
        self._expect("audit", RemoteState.RECEIVED)
        if self.objection is not None:
            raise objection_open()
        return replace(self, state=RemoteState.AUDITED)

    def cleared(self, clearing_id: str) -> RemoteStay:
        """Its quarter is paid."""
        self._expect("clear", RemoteState.AUDITED)
        return replace(self, state=RemoteState.CLEARED, clearing_id=clearing_id)

    def _expect(self, wanted: str, *states: RemoteState) -> None:
        if self.state not in states:
            raise wrong_state("out-of-area", wanted, self.state, "该次异地就医")


def province_of(place: str) -> str:
    """The province of a division code."""
    return f"{place[:2]}0000"
