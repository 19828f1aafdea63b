"""What happens to a monthly benefit: approved, dismissed, suspended, resumed, stopped, certified, replaced by a pension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import BenefitGranted, BenefitResumed, BenefitStopped
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Entitlements, Losses
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.entitlement import (
    BreakReason,
    EndReason,
    Entitlement,
    EntitlementState,
)
from workinjury_bridge.domain.benefits.monthly import due
from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.refusals import not_recognised, person_is_gone
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future, unknown


@dataclass(frozen=True, slots=True)
class ChangePension:
    """Each act refuses an unknown entitlement and another state; the monthly run then books what follows from it."""

    once: Once
    collect: CollectCaseFile
    entitlements: Entitlements
    losses: Losses
    book: BenefitBook
    clock: Clock
    record: RecordAct

    async def approve(self, key: OnceKey, entitlement_id: str, actor: str) -> dict[str, Any]:
        """The second person agrees. Refuses the first, an injury no longer recognised, and somebody dead or missing."""

        async def work(tx: Tx) -> dict[str, Any]:
            granted = (await self._get(tx, entitlement_id)).approved(actor)
            loss = await self.losses.of(tx, granted.person_id)
            if loss is not None and loss.stands:
                raise person_is_gone()
            await self._save(tx, granted)
            file = await self.collect.run(tx, granted.case_id)
            if file.case.effective is None:
                raise not_recognised()
            first = due(granted, granted.begins, file, self.book)
            tx.emit(
                BenefitGranted(
                    benefit_id=entitlement_id,
                    case_id=granted.case_id,
                    person_id=granted.person_id,
                    kind=granted.kind.value,
                    amount_fen=first.amount_fen,
                    granted_at=self.clock.now(),
                    begins_on=granted.begins,
                )
            )
            return _answer(granted)

        return (await self.once.run(key, work))[0]

    async def dismiss(self, key: OnceKey, entitlement_id: str, actor: str) -> dict[str, Any]:
        """Not granted."""
        return await self._act(key, entitlement_id, Act.PENSION_DISMISSED, actor, Entitlement.dismissed)

    async def suspend(self, key: OnceKey, entitlement_id: str, reason: BreakReason, month: date, actor: str) -> dict[str, Any]:
        """Nothing is paid from ``month`` on (社会保险法 43)."""
        return await self._act(key, entitlement_id, Act.PENSION_SUSPENDED, actor, lambda e: e.suspended(reason, month))

    async def resume(self, key: OnceKey, entitlement_id: str, month: date, actor: str) -> dict[str, Any]:
        """Paid again from ``month`` on."""
        return await self._act(key, entitlement_id, Act.PENSION_RESUMED, actor, lambda e: e.resumed(month))

    async def stop(self, key: OnceKey, entitlement_id: str, last_month: date, actor: str) -> dict[str, Any]:
        """No longer eligible: ``last_month`` is the last one due (社会保险法 43)."""

        def act(entitlement: Entitlement) -> Entitlement:
            return entitlement.stopped(EndReason.NOT_ELIGIBLE, last_month)

        return await self._act(key, entitlement_id, Act.PENSION_STOPPED, actor, act)

    async def certify(self, key: OnceKey, entitlement_id: str, on: date, actor: str) -> dict[str, Any]:
        """A proof of life. Refuses a day in the future."""
        if on > self.clock.today():
            raise in_the_future("on", "认证日期")
        return await self._act(key, entitlement_id, Act.PENSION_CERTIFIED, actor, lambda e: e.certified(on))

    async def report_pension(
        self, key: OnceKey, entitlement_id: str, since: date, monthly_fen: int, actor: str
    ) -> dict[str, Any]:
        """An old-age pension replaces the disability allowance; the fund tops up what it falls short (社会保险法 40)."""

        def act(entitlement: Entitlement) -> Entitlement:
            return entitlement.with_pension(since, monthly_fen)

        return await self._act(key, entitlement_id, Act.OLD_AGE_PENSION, actor, act)

    async def _act(
        self, key: OnceKey, entitlement_id: str, done: Act, actor: str, act: Callable[[Entitlement], Entitlement]
    ) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            before = await self._get(tx, entitlement_id)
            after = act(before)
            await self._save(tx, after)
            if after != before:
                await self.record.run(tx, after.case_id, done, actor, entitlement_id)
            event = what_happened(before, after, self.clock)
            if event is not None:
                tx.emit(event)
            return _answer(after)

        return (await self.once.run(key, work))[0]

    async def _get(self, tx: Tx, entitlement_id: str) -> Entitlement:
        found = await self.entitlements.locked(tx, entitlement_id)
        if found is None:
            raise unknown("entitlement", "定期待遇")
        return found

    async def _save(self, tx: Tx, entitlement: Entitlement) -> None:
        await self.entitlements.save(tx, entitlement, self.clock.now())
        await self.entitlements.look_again(tx, entitlement.case_id)


def what_happened(before: Entitlement, after: Entitlement, clock: Clock) -> BenefitStopped | BenefitResumed | None:
    """The event of a change of state, None when the state only was confirmed."""
    if after.state is EntitlementState.RUNNING and before.state is EntitlementState.SUSPENDED:
        return BenefitResumed(
            benefit_id=after.entitlement_id,
            case_id=after.case_id,
            person_id=after.person_id,
            kind=after.kind.value,
            from_month=after.breaks[-1].until or month_of(clock.today()),
            resumed_at=clock.now(),
        )
    if after == before or after.state not in (EntitlementState.SUSPENDED, EntitlementState.STOPPED):
        return None
    final = after.state is EntitlementState.STOPPED
    reason = after.end_reason if final else after.breaks[-1].reason
    last = after.ended if final else months_later(after.breaks[-1].since, -1)
    if reason is None or last is None:
        return None
    return BenefitStopped(
        benefit_id=after.entitlement_id,
        case_id=after.case_id,
        person_id=after.person_id,
        kind=after.kind.value,
        reason=reason.value,
        final=final,
        last_month=last,
        stopped_at=clock.now(),
    )


def _answer(entitlement: Entitlement) -> dict[str, Any]:
    return {
        "entitlement_id": entitlement.entitlement_id,
        "kind": entitlement.kind.value,
        "state": entitlement.state.value,
        "maker": entitlement.maker,
        "checker": entitlement.checker,
        "ended": entitlement.ended.isoformat() if entitlement.ended else None,
    }
