"""Cut what an audit found wrong, hear the hospital, confirm or withdraw (B12, F4); of an advance too (``domain/audit_share.py``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.ledger.books import WI_MEDICAL
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Cases, Conversions, Deductions, Directs, Ledger, Policies, Recoveries
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.application.recovery.track_debt import TrackDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.audit_share import Shared, cut, uncut
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.facts import audit_deduction_changed
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.journals import Concern, Stamp, about_conversion, about_direct, deduction_entry
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.refusals import (
    being_converted,
    beyond_cost,
    line_day_needed,
    line_deducted,
    line_not_ours,
    not_borne,
    unknown,
)
from workinjury_bridge.domain.relief import Relief

_ADVANCED = (Cause.THIRD_PARTY, Cause.UNINSURED)
_BORNE = (ConversionState.POSTED, ConversionState.TRANSFERRING, ConversionState.SETTLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the audit found on a line that the work-injury fund paid."""

    settlement_id: str
    line_id: str
    amount_fen: int
    reason: str
    maker: str
    checker: str
    charged_on: date | None = None
    """Day of the line; needed only where the employer's back-payment took effect within the stay."""


@dataclass(frozen=True, slots=True)
class DeductAfterAudit:
    """The person is never charged; a line is cut once, in the book that bears it now."""

    once: Once
    cases: Cases
    conversions: Conversions
    directs: Directs
    deductions: Deductions
    recoveries: Recoveries
    track_debt: TrackDebt
    ledger: Ledger
    pay: PayPerson
    ask_back: AskBack
    policies: Policies
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def deduct(self, key: OnceKey, finding: Finding) -> dict[str, Any]:
        """Refuses a settlement that this fund neither bears nor has advanced, a line that is cut already (here, or by the medical fund
        before it was converted), one of which the medical funds have settled a part, more than the fund has paid, and a line without its
        day where that decides who bears it."""

        async def work(tx: Tx) -> dict[str, Any]:
            concern, cost = await self._borne(tx, finding.settlement_id, finding.line_id)
            standing = [d for d in await self.deductions.of_settlement(tx, finding.settlement_id) if d.stands]
            if any(d.line_id == finding.line_id for d in standing):
                raise line_deducted(finding.line_id)
            left = cost - sum(d.amount_fen for d in standing)
            if not 0 < finding.amount_fen <= left:
                raise beyond_cost(left)
            today = self.clock.today()
            days = self.policies.on(today).audits.object_within
            deduction = AuditDeduction(
                deduction_id=self.ids.new(),
                case_id=concern.case_id,
                person_id=concern.person_id,
                settlement_id=finding.settlement_id,
                conversion_id=concern.conversion_id,
                institution_code=concern.institution_code,
                decision_version=concern.decision_version,
                line_id=finding.line_id,
                amount_fen=finding.amount_fen,
                reason=finding.reason,
                object_until=self.calendar.add_working_days(today, days).on,
                maker=finding.maker,
                checker=finding.checker,
                entry_id=self.ids.new(),
                charged_on=finding.charged_on,
            )
            voucher_no = await self.ledger.next_voucher(tx, today)
            stamp = Stamp(entry_id=deduction.entry_id, booked_on=today, voucher_no=voucher_no)
            shared = await self._share(tx, deduction, cut, sum(d.amount_fen for d in standing))
            await self.ledger.append(tx, [deduction_entry(deduction, shared, stamp)])
            answer = await self._store(tx, deduction)
            await self._give_back(tx, deduction, shared)
            return answer

        return (await self.once.run(key, work))[0]

    async def hear(self, key: OnceKey, deduction_id: str, note: str | None, actor: str) -> dict[str, Any]:
        """The hospital objects in time."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self._locked(tx, deduction_id)
            return await self._store(tx, found.objected(self.clock.today(), note, actor))

        return (await self.once.run(key, work))[0]

    async def confirm(self, key: OnceKey, deduction_id: str, note: str | None, actor: str) -> dict[str, Any]:
        """The deduction stands for good."""

        async def work(tx: Tx) -> dict[str, Any]:
            return await self._store(tx, (await self._locked(tx, deduction_id)).confirmed(note, actor))

        return (await self.once.run(key, work))[0]

    async def withdraw(self, key: OnceKey, deduction_id: str, note: str | None, actor: str) -> dict[str, Any]:
        """The objection is right: contra journal; of a revoked direct settlement the person owes it (B3).

        Refuses while the medical funds are asked to take the settlement over.
        """

        async def work(tx: Tx) -> dict[str, Any]:
            after = (await self._locked(tx, deduction_id)).withdrawn(note, actor)
            direct = await self.directs.of_settlement(tx, after.settlement_id)
            if direct is not None and direct.state is DirectState.REVERTING:
                raise being_converted()
            await self._take_back(tx, after)
            if direct is not None and direct.state is DirectState.REVOKED:
                costs = {WI_MEDICAL: after.amount_fen}
                await self.ask_back.run(tx, about_direct(direct), after.settlement_id, costs, "工伤认定撤销，追回直接结算费用")
            return await self._store(tx, after)

        return (await self.once.run(key, work))[0]

    async def give_up(self, tx: Tx, settlement_id: str, cause: str) -> None:
        """The fund bears the settlement no more: what was cut of it falls away. The caller holds the person's lock."""
        for deduction in await self.deductions.of_settlement(tx, settlement_id):
            if deduction.stands:
                after = deduction.given_up(cause)
                await self._take_back(tx, after)
                await self._store(tx, after)

    async def _borne(self, tx: Tx, settlement_id: str, line_id: str) -> tuple[Concern, int]:
        """Since it is booked the fund bears it, whether the transfers have arrived or not."""
        for conversion in await self.conversions.of_settlement(tx, settlement_id):
            locked = await self.conversions.locked(tx, conversion.conversion_id)
            if locked is None or locked.figures is None or locked.revoked:
                continue
            if locked.state is ConversionState.APPROVED and locked.begun:
                raise being_converted()
            if locked.state in _BORNE:
                if line_id in locked.figures.audited_lines:
                    raise line_deducted(line_id)
                return about_conversion(locked), locked.figures.cost_fen
        direct = await self.directs.of_settlement(tx, settlement_id)
        if direct is not None and direct.state is DirectState.POSTED:
            if any(kept.line_id == line_id for kept in direct.keep_lines):
                raise line_not_ours(line_id)
            return about_direct(direct), direct.version.work_injury_fen
        raise not_borne()

    async def _locked(self, tx: Tx, deduction_id: str) -> AuditDeduction:
        found = await self.deductions.locked(tx, deduction_id)
        if found is None:
            raise unknown("deduction", "审核扣款")
        return found

    async def _take_back(self, tx: Tx, deduction: AuditDeduction) -> None:
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        others = [d for d in await self.deductions.of_settlement(tx, deduction.settlement_id) if d.stands]
        stays = sum(d.amount_fen for d in others if d.deduction_id != deduction.deduction_id)
        shared = await self._share(tx, deduction, uncut, stays)
        await self.ledger.append(tx, [deduction_entry(deduction, shared, stamp, back=True)])

    async def _share(self, tx: Tx, deduction: AuditDeduction, how: Callable[..., Shared], cut_fen: int) -> Shared:
        """Who is relieved, or owes again; their debts are changed. ``cut_fen``: what else of the stay is cut."""
        conversion = await self.conversions.get(tx, deduction.conversion_id) if deduction.conversion_id else None
        figures = None if conversion is None else conversion.figures
        if figures is None or (figures.debtor is None):
            return Shared(expense_fen=deduction.amount_fen, relief=Relief())
        new = await self._arisen_since(tx, deduction, figures)
        found = await self.recoveries.of_conversion(tx, deduction.conversion_id or "")
        debts = [d for d in found if d.book is Book.WI and d.cause in _ADVANCED and d.state is not RecoveryState.REVERSED]
        shared: Shared = how(figures, debts, deduction.amount_fen, cut_fen, new=new)
        for debt in shared.relief.debts:
            await self.track_debt.run(tx, debt)
        return shared

    async def _arisen_since(self, tx: Tx, deduction: AuditDeduction, figures: Figures) -> bool:
        """Whether the line was charged since the employer's back-payment took effect."""
        case = await self.cases.get(tx, deduction.case_id)
        since = None if case is None else case.facts.insured_from
        if figures.uninsured is None or since is None or not figures.new_cost_fen:
            return False
        if deduction.charged_on is None:
            raise line_day_needed()
        return deduction.charged_on >= since

    async def _give_back(self, tx: Tx, deduction: AuditDeduction, shared: Shared) -> None:
        """What had come in beyond the debt; of no conversion, whose journals stay readable by themselves."""
        about = Concern(person_id=deduction.person_id, case_id=deduction.case_id, decision_version=deduction.decision_version)
        for who, amount in shared.relief.paid_in:
            own = who == party.person(deduction.person_id)
            about = await self.pay.payee_of(tx, about) if own else about
            await self.pay.run(tx, about, ((f"returned-{deduction.deduction_id}", amount),), to=who)

    async def _store(self, tx: Tx, deduction: AuditDeduction) -> dict[str, Any]:
        await self.deductions.save(tx, deduction, self.clock.now())
        tx.emit(audit_deduction_changed(deduction, self.clock.now()))
        return {
            "deduction_id": deduction.deduction_id,
            "settlement_id": deduction.settlement_id,
            "line_id": deduction.line_id,
            "amount_fen": deduction.amount_fen,
            "state": deduction.state.value,
            "object_until": deduction.object_until.isoformat(),
        }
