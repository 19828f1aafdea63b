"""A monthly entitlement as a state machine, and what interrupts it (社会保险法 40, 43; 工伤保险条例 35, 39, 42).

PROPOSED --second person--> GRANTED --first month paid--> RUNNING <--> SUSPENDED; any of the last three --> STOPPED.
The facts (interruptions, pensions, last month) are kept as dated data, because what is due for a month follows from them
alone, whenever it is asked (``monthly.due``); so a fact told late corrects the months it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from workinjury_bridge.domain.benefits.kinds import NAMES, BenefitKind
from workinjury_bridge.domain.benefits.loss import dependant_dim
from workinjury_bridge.domain.benefits.months import month_of
from workinjury_bridge.domain.benefits.refusals import missing_fact, same_hands
from workinjury_bridge.domain.refusals import wrong_state


class EntitlementState(StrEnum):
    """See the module."""

    PROPOSED = "proposed"
    GRANTED = "granted"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    DISMISSED = "dismissed"


ALIVE = frozenset({EntitlementState.GRANTED, EntitlementState.RUNNING, EntitlementState.SUSPENDED})
"""Granted and not ended."""


class Relation(StrEnum):
    """Of a dependant to the dead person (因工死亡职工供养亲属范围规定)."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    SIBLING = "sibling"


class BreakReason(StrEnum):
    """Why months are not paid."""

    REFUSES_APPRAISAL = "refuses-appraisal"
    REFUSES_TREATMENT = "refuses-treatment"
    NO_CERTIFICATE = "no-certificate"
    MISSING = "missing"

    @property
    def paid_afterwards(self) -> bool:
        """Whether the months are paid once the reason is gone; refusals of art. 43 are not."""
        return self in (BreakReason.NO_CERTIFICATE, BreakReason.MISSING)


class EndReason(StrEnum):
    """Why an entitlement ended."""

    NOT_ELIGIBLE = "not-eligible"
    DEATH = "death"
    MISSING_RETURNED = "missing-returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Months without payment, from the first to the one before ``until``."""

    reason: BreakReason
    since: date
    until: date | None = None
    """First month paid again; None while it lasts."""

    def covers(self, month: date) -> bool:
        """Whether nothing is due for ``month`` because of it."""
        if self.until is not None and self.reason.paid_afterwards:
            return False
        return self.since <= month and (self.until is None or month < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pension:
    """Old-age pension that replaces the disability allowance from a month on (社会保险法 40); a later one replaces it."""

    since: date
    monthly_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """A monthly benefit of one person."""

    entitlement_id: str
    case_id: str
    person_id: str
    """Who gets it."""
    kind: BenefitKind
    begins: date
    """First month."""
    maker: str
    certified_on: date
    """Last proof of life."""
    state: EntitlementState = EntitlementState.PROPOSED
    checker: str | None = None
    materials: tuple[str, ...] = ()
    relation: Relation | None = None
    lone: bool = False
    """A lone elderly person or an orphan."""
    until: date | None = None
    """Last month known from the beginning, as when a child comes of age; None: open."""
    breaks: tuple[Break, ...] = ()
    pensions: tuple[Pension, ...] = ()
    ended: date | None = None
    """Last month paid; may lie before ``begins``, then nothing is ever due."""
    end_reason: EndReason | None = None
    run_through: date | None = None
    """Last month that the monthly run has dealt with."""

    @property
    def payee(self) -> str | None:
        """Dimension of its payables when it is not the person's own; dependants are kept apart in the book."""
        return dependant_dim(self.person_id) if self.kind is BenefitKind.DEPENDANT else None

    def approved(self, actor: str) -> Entitlement:
        """The second person agrees. Refuses the first one."""
        self._expect("approve", EntitlementState.PROPOSED)
        if actor == self.maker:
            raise same_hands()
        return replace(self, state=EntitlementState.GRANTED, checker=actor)

    def dismissed(self) -> Entitlement:
        """Not granted."""
        self._expect("dismiss", EntitlementState.PROPOSED)
        return replace(self, state=EntitlementState.DISMISSED)

    def suspended(self, reason: BreakReason, month: date) -> Entitlement:
        """Nothing is paid from ``month`` on until the reason is gone."""
        self._expect("suspend", EntitlementState.GRANTED, EntitlementState.RUNNING)
        gap = Break(reason=reason, since=month_of(month))
        return replace(self, state=EntitlementState.SUSPENDED, breaks=(*self.breaks, gap))

    def resumed(self, month: date) -> Entitlement:
        """Paid again from ``month`` on. Refuses a month before the interruption."""
        self._expect("resume", EntitlementState.SUSPENDED)
        *before, gap = self.breaks
        if month_of(month) < gap.since:
            raise missing_fact("month", "恢复月份早于暂停月份")
        closed = replace(gap, until=month_of(month))
        return replace(self, state=EntitlementState.RUNNING, breaks=(*before, closed))

    def certified(self, on: date) -> Entitlement:
        """A proof of life; one that was missing is made good and the months are paid."""
        self._expect("certify", *ALIVE)
        seen = replace(self, certified_on=max(on, self.certified_on))
        if self.state is EntitlementState.SUSPENDED and self.breaks[-1].reason is BreakReason.NO_CERTIFICATE:
            return seen.resumed(max(month_of(on), self.breaks[-1].since))
        return seen

    def stopped(self, reason: EndReason, last_month: date) -> Entitlement:
        """Ended for good: ``last_month`` is the last one due. An earlier end stays; an end told late takes months back."""
        if self.state is EntitlementState.STOPPED and self.ended is not None and self.ended <= month_of(last_month):
            return self
        self._expect("stop", *ALIVE, EntitlementState.STOPPED)
        return replace(self, state=EntitlementState.STOPPED, ended=month_of(last_month), end_reason=reason)

    def with_pension(self, since: date, monthly_fen: int) -> Entitlement:
        """Pension age is reached: from ``since`` on only what the pension falls short is due (社会保险法 40)."""
        self._expect("report the pension of", *ALIVE)
        if self.kind is not BenefitKind.DISABILITY_ALLOWANCE:
            raise missing_fact("kind", f"{NAMES[self.kind]}不因领取基本养老金而变更")
        kept = tuple(p for p in self.pensions if p.since != month_of(since))
        pension = Pension(since=month_of(since), monthly_fen=monthly_fen)
        return replace(self, pensions=tuple(sorted((*kept, pension), key=lambda p: p.since)))

    def run(self, month: date, *, paid: bool) -> Entitlement:
        """The monthly run has dealt with every month up to ``month``."""
        state = EntitlementState.RUNNING if self.state is EntitlementState.GRANTED and paid else self.state
        return replace(self, state=state, run_through=month)

    def in_life(self, month: date) -> bool:
        """Whether the month lies between the first and the last one, interruptions aside."""
        last = min((day for day in (self.until, self.ended) if day is not None), default=None)
        return self.begins <= month and (last is None or month <= last)

    def _expect(self, wanted: str, *states: EntitlementState) -> None:
        if self.state not in states:
            raise wrong_state("entitlement", wanted, self.state, "该项定期待遇")
