"""The cash benefits on fakes: their ports in the same memory as the bridge's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workinjury_bridge
from shared.calendar import load_calendar
from shared.clock import Clock, local
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.adapters.policy_files import read_benefits
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.approve_benefit import ApproveBenefit
from workinjury_bridge.application.benefits.change_pension import ChangePension
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.confirm_succession import ConfirmSuccession
from workinjury_bridge.application.benefits.describe_benefits import DescribeBenefits
from workinjury_bridge.application.benefits.ports import Posting
from workinjury_bridge.application.benefits.propose_benefit import ProposeBenefit
from workinjury_bridge.application.benefits.propose_pension import ProposePension
from workinjury_bridge.application.benefits.record_appraisal import RecordAppraisal
from workinjury_bridge.application.benefits.record_wage import RecordWage
from workinjury_bridge.application.benefits.report_loss import ReportLoss
from workinjury_bridge.application.benefits.return_payment import ReturnPayment
from workinjury_bridge.application.benefits.run_pensions import RunPensions
from workinjury_bridge.application.benefits.take_over_arisen import TakeOverArisen
from workinjury_bridge.application.benefits.withdraw_benefits import WithdrawBenefits
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Payment
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.stop_payments import StopPayments
from workinjury_bridge.domain.benefits.appraisal import Appraisal
from workinjury_bridge.domain.benefits.entitlement import ALIVE, Entitlement, EntitlementState
from workinjury_bridge.domain.benefits.item import STANDS, Item, ItemState
from workinjury_bridge.domain.benefits.kinds import ACCOUNTS, OF_A_STAY, BenefitKind
from workinjury_bridge.domain.benefits.loss import Loss
from workinjury_bridge.domain.benefits.monthly import Booked
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.benefits.wage import OwnWage

if TYPE_CHECKING:
    from tests.factories.workinjury_bridge.memory import MemoryCases, MemoryLedger, MemoryStore, State

BOOK = read_benefits(Path(workinjury_bridge.__file__).parent / "policy" / "benefits-demo-2026.yaml")


def of(tx: Tx) -> State:
    """The state behind the protocol."""
    state: State = tx.state  # type: ignore[attr-defined]  # a MemoryTx
    return state


class MemoryWages:
    async def of_case(self, tx: Tx, case_id: str) -> OwnWage | None:
        return of(tx).wages.get(case_id)

    async def save(self, tx: Tx, wage: OwnWage, at: datetime) -> None:
        of(tx).wages[wage.case_id] = wage


class MemoryAppraisals:
    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Appraisal]:
        return sorted((a for a in of(tx).appraisals.values() if a.case_id == case_id), key=lambda a: a.version)

    async def add(self, tx: Tx, appraisal: Appraisal, person_id: str, at: datetime) -> None:
        of(tx).appraisals[appraisal.appraisal_id] = appraisal


class MemoryLosses:
    async def of(self, tx: Tx, person_id: str) -> Loss | None:
        return of(tx).losses.get(person_id)

    async def among(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, Loss]:
        return {person_id: of(tx).losses[person_id] for person_id in person_ids if person_id in of(tx).losses}

    async def save(self, tx: Tx, loss: Loss, at: datetime) -> None:
        of(tx).losses[loss.person_id] = loss


class MemoryEntitlements:
    async def add(self, tx: Tx, entitlement: Entitlement, at: datetime) -> bool:
        ended = (EntitlementState.STOPPED, EntitlementState.DISMISSED)
        key = (entitlement.case_id, entitlement.person_id, entitlement.kind)
        if any((e.case_id, e.person_id, e.kind) == key and e.state not in ended for e in of(tx).entitlements.values()):
            return False
        await self.save(tx, entitlement, at)
        return True

    async def locked(self, tx: Tx, entitlement_id: str) -> Entitlement | None:
        return of(tx).entitlements.get(entitlement_id)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Entitlement]:
        return [e for e in of(tx).entitlements.values() if e.case_id == case_id]

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Entitlement]:
        return [e for e in of(tx).entitlements.values() if e.person_id == person_id]

    async def save(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        of(tx).entitlements[entitlement.entitlement_id] = entitlement
        of(tx).stale[entitlement.entitlement_id] = True

    async def save_run(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        of(tx).entitlements[entitlement.entitlement_id] = entitlement
        of(tx).stale[entitlement.entitlement_id] = False
        of(tx).hindrances.pop(entitlement.entitlement_id, None)

    async def look_again(self, tx: Tx, case_id: str) -> None:
        for entitlement in await self.of_case(tx, case_id):
            of(tx).stale[entitlement.entitlement_id] = True
            of(tx).hindrances.pop(entitlement.entitlement_id, None)

    async def due(self, tx: Tx, month: date, now: datetime, limit: int) -> Sequence[str]:
        waiting = [e for e in of(tx).entitlements if e not in of(tx).hindrances and await self.is_due(tx, e, month)]
        return waiting[:limit]

    async def is_due(self, tx: Tx, entitlement_id: str, month: date) -> bool:
        e = of(tx).entitlements[entitlement_id]
        stopped = e.state is EntitlementState.STOPPED
        if e.begins > month or not (stopped or e.state in ALIVE):
            return False
        behind = e.run_through is None or e.run_through < month
        open_end = e.run_through is None or e.ended is None or e.run_through < e.ended
        return of(tx).stale[entitlement_id] or (behind and (not stopped or open_end))

    async def put_off(self, tx: Tx, entitlement_id: str, now: datetime, hindrance: str) -> None:
        of(tx).hindrances[entitlement_id] = hindrance


class MemoryPostings:
    async def of(self, tx: Tx, entitlement_id: str) -> Mapping[date, Booked]:
        found: dict[date, Booked] = {}
        for p in await self.list_of(tx, entitlement_id):
            before = found.get(p.month)
            amount = p.amount_fen + (before.amount_fen if before else 0)
            found[p.month] = Booked(amount_fen=amount, calculation=p.calculation, debtor=p.debtor)
        return found

    async def list_of(self, tx: Tx, entitlement_id: str) -> Sequence[Posting]:
        return [p for p in of(tx).postings.values() if p.entitlement_id == entitlement_id]

    async def add(self, tx: Tx, postings: Sequence[Posting], at: datetime) -> None:
        for posting in postings:
            assert posting.amount_fen
            of(tx).postings[posting.posting_id] = posting

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Posting]:
        return [p for p in of(tx).postings.values() if p.person_id == person_id and not p.paid]

    async def mark_paid(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        for posting_id in posting_ids:
            of(tx).postings[posting_id] = replace(of(tx).postings[posting_id], paid=True)

    async def bear(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        for posting_id in posting_ids:
            of(tx).postings[posting_id] = replace(of(tx).postings[posting_id], debtor=None)


class MemoryItems:
    async def add(self, tx: Tx, item: Item, at: datetime) -> bool:
        gone = (ItemState.DISMISSED, ItemState.WITHDRAWN)
        key = (item.case_id, item.kind, item.reference)
        standing = {(i.case_id, i.kind, i.reference) for i in of(tx).items.values() if i.state not in gone}
        if key in standing and item.kind is not BenefitKind.ESTATE_WRITE_OFF:
            return False
        of(tx).items[item.item_id] = item
        return True

    async def locked(self, tx: Tx, item_id: str) -> Item | None:
        return of(tx).items.get(item_id)

    async def save(self, tx: Tx, item: Item, at: datetime) -> None:
        of(tx).items[item.item_id] = item

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Item]:
        return [i for i in of(tx).items.values() if i.case_id == case_id]

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Item]:
        return [i for i in of(tx).items.values() if i.person_id == person_id and i.state is ItemState.POSTED]


class MemoryPaidOut:
    async def get(self, tx: Tx, payment_id: str) -> Payment | None:
        return of(tx).payments.get(payment_id)

    async def returned(self, tx: Tx, payment_id: str) -> bool:
        return payment_id in of(tx).returned

    async def repaid(self, tx: Tx, payment_id: str) -> bool:
        return payment_id in of(tx).repaid

    async def came_back(self, tx: Tx, case_id: str) -> Sequence[Payment]:
        state = of(tx)
        away = [p for p in state.payments.values() if p.payment_id in state.returned and p.payment_id not in state.repaid]
        return [payment for payment in away if payment.case_id == case_id]

    async def mark_returned(self, tx: Tx, payment_id: str, reason: str, at: datetime) -> None:
        of(tx).returned[payment_id] = reason

    async def mark_repaid(self, tx: Tx, payment_id: str, at: datetime) -> None:
        of(tx).repaid[payment_id] = True

    async def payable_fen(self, tx: Tx, dim: str) -> int:
        lines = (line for entry in of(tx).entries.values() for line in entry.lines)
        return sum(x.credit_fen - x.debit_fen for x in lines if x.account == "2203" and x.dim == dim)


class MemoryBenefitChecks:
    async def misbooked(self, tx: Tx) -> Sequence[tuple[str, str, int, int]]:
        state = of(tx)
        off = {BenefitKind.ESTATE_WRITE_OFF, *OF_A_STAY}
        granted: Counter[tuple[str, str]] = Counter()
        for item in state.items.values():
            if item.state in STANDS and item.kind not in off and item.debtor is None:
                granted[item.case_id, ACCOUNTS[item.kind]] += item.amount_fen
        for posting in state.postings.values():
            entitlement = state.entitlements[posting.entitlement_id]
            if posting.debtor is None:
                granted[entitlement.case_id, ACCOUNTS[entitlement.kind]] += posting.amount_fen
        booked: Counter[tuple[str, str]] = Counter()
        accounts = {account for kind, account in ACCOUNTS.items() if kind not in off}
        for entry in state.entries.values():
            for line in entry.lines:
                if line.account in accounts and entry.kind not in ("out-of-area", "adjustment", "stay-recovery"):
                    booked[entry.case_id or "", line.account] += line.debit_fen - line.credit_fen
        return [(*key, granted[key], booked[key]) for key in sorted({*granted, *booked}) if granted[key] != booked[key]]

    async def misadvanced(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        state = of(tx)
        granted: Counter[str] = Counter()
        for item in state.items.values():
            if item.state in STANDS and item.debtor is not None:
                granted[item.item_id] += item.amount_fen
        for posting in state.postings.values():
            if posting.debtor is not None:
                granted[posting.entitlement_id] += posting.amount_fen
        held: Counter[str] = Counter()
        for debt in state.recoveries.values():
            if debt.settlement_id in state.items or debt.settlement_id in state.entitlements:
                held[debt.settlement_id] += debt.advanced_fen - debt.moved_fen - debt.expensed_fen
        return [(key, granted[key], held[key]) for key in sorted({*granted, *held}) if granted[key] != held[key]]

    async def paid_while_gone(self, tx: Tx) -> Sequence[str]:
        state = of(tx)
        gone = {
            f"{prefix}:{loss.person_id}": loss.reported_on
            for loss in state.losses.values()
            if loss.stands
            for prefix in ("P", "DEP")
        }
        return [p.payment_id for p in state.payments.values() if p.payee in gone and local(p.paid_at).date() > gone[p.payee]]

    async def overdrawn(self, tx: Tx) -> Sequence[tuple[str, int]]:
        left: Counter[tuple[str, str]] = Counter()
        for entry in of(tx).entries.values():
            for line in entry.lines:
                if line.account in ("2203", "2204", "1125"):
                    amount = line.debit_fen - line.credit_fen
                    left[line.account, line.dim] += -amount if line.account == "1125" else amount
        return [(dim, fen) for (_, dim), fen in sorted(left.items()) if fen > 0]

    async def dependants_beyond_wage(self, tx: Tx) -> Sequence[tuple[str, date, int, int]]:
        state = of(tx)
        stale = {state.entitlements[key].case_id for key, is_stale in state.stale.items() if is_stale}
        sums: Counter[tuple[str, date]] = Counter()
        for posting in state.postings.values():
            entitlement = state.entitlements[posting.entitlement_id]
            if entitlement.kind is BenefitKind.DEPENDANT and entitlement.case_id not in stale:
                sums[entitlement.case_id, posting.month] += posting.amount_fen
        wages = {case_id: wage.own_wage_fen for case_id, wage in state.wages.items()}
        return [(*key, fen, wages[key[0]]) for key, fen in sorted(sums.items()) if fen > wages[key[0]]]


class MemoryBenefits:
    """Every use case of the cash benefits, wired to memory."""

    def __init__(
        self,
        store: MemoryStore,
        cases: MemoryCases,
        ledger: MemoryLedger,
        pay: PayPerson,
        advance: AdvanceBenefit,
        losses: MemoryLosses,
        clock: Clock,
        ids: IdFactory,
        book: BenefitBook = BOOK,
    ) -> None:
        wages, appraisals, entitlements = MemoryWages(), MemoryAppraisals(), MemoryEntitlements()
        postings, items, paid_out = MemoryPostings(), MemoryItems(), MemoryPaidOut()
        self.items, self.entitlements, self.postings = items, entitlements, postings
        collect = CollectCaseFile(cases, wages, appraisals, losses, entitlements)
        record = RecordAct(cases, clock, ids)
        self.record_wage = RecordWage(store, collect, wages, items, entitlements, book, clock, record)
        self.record_appraisal = RecordAppraisal(store, collect, appraisals, entitlements, book, clock, ids, record)
        self.propose = ProposeBenefit(store, collect, items, advance, ledger, book, clock, ids)
        self.approve = ApproveBenefit(
            store, collect, self.propose, advance, items, losses, ledger, pay, book, clock, ids, record
        )
        self.propose_pension = ProposePension(store, collect, entitlements, advance, book, clock, ids)
        self.change = ChangePension(store, collect, entitlements, losses, book, clock, record)
        self.run = RunPensions(store, collect, entitlements, postings, losses, advance, ledger, pay, book, clock, ids)
        self.report_loss = ReportLoss(store, cases, losses, entitlements, ledger, paid_out, load_calendar(), clock, ids, record)
        self.confirm_succession = ConfirmSuccession(
            store, cases, losses, entitlements, postings, items, self.approve, pay, clock, record
        )
        self.return_payment = ReturnPayment(store, cases, losses, paid_out, ledger, pay, clock, ids, record)
        self.withdraw = WithdrawBenefits(
            items, entitlements, losses, StopPayments(paid_out, pay.cash, clock), advance, ledger, clock, ids
        )
        self.bear = TakeOverArisen(items, entitlements, postings, advance, ledger, clock, ids)
        self.describe = DescribeBenefits(store, collect, items, postings, pay.cash.waiting, book, clock)

    async def pay_pensions(self) -> dict[str, Any]:
        """What the worker's job does; causes of what was hindered."""
        hindered = {}
        while due := await self.run.due():
            for entitlement_id in due:
                cause = await self.run.run(entitlement_id)
                if cause is not None:
                    hindered[entitlement_id] = cause
        return hindered
