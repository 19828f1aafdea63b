"""The saga of a conversion: one step after the other until a person must act or nothing is left (reference B0.5, B1, B3).

A step is at most one call to claims followed by one transaction here, for as many conversions as stand before the same step;
what hinders one of them hinders no other. What to do next is read from what is stored, never from memory; so the process may
die between any two lines, run twice at once, or be handed to another machine. A call whose answer was lost is repeated with
the same key. Order: take back in claims, book here, reserve both sides of each transfer, post both sides, pay the person. A
final revocation turns the same way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from shared.clock import Clock
from shared.errors import Refusal, unavailable
from shared.ids import IdFactory
from shared.ledger import Book, Entry
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.audit.apply_deduction import DeductAfterAudit
from workinjury_bridge.application.clearing.ports import Dues
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.application.ports import (
    Cases,
    ClaimsGateway,
    Conversions,
    Ledger,
    Policies,
    Recoveries,
    Stays,
    TakenBack,
    Transfers,
)
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.clearing import InterfundDue
from workinjury_bridge.domain.conversion import ENDED, Conversion, ConversionState, Step, all_settled, next_step, same_payments
from workinjury_bridge.domain.facts import conversion_changed, transfer_confirmed
from workinjury_bridge.domain.figures import Figures, MedicalBill, convert, lines_to_keep
from workinjury_bridge.domain.journals import (
    Stamp,
    about_conversion,
    conversion_entry,
    reversion_entry,
    transfer_entry,
)
from workinjury_bridge.domain.policy import TransfersWhen, Uncleared
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.refusals import claims_disagrees, receipts_unbooked
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

_LOOK_AGAIN = timedelta(days=1)
"""A clearing wakes what waits for it; this is for what nobody foresaw."""

BILL_CHANGED = "claims.conversion.changed"
"""Claims did nothing: since the approval an audit or a late fact has changed what would be taken back."""


class _Sight(NamedTuple):
    """A conversion as a step has found it, with its transfers, and the mark of what was found."""

    conversion: Conversion
    mark: object
    transfers: tuple[Transfer, ...] = ()
    dues: tuple[InterfundDue, ...] = ()
    """What the month's clearing has to settle."""


@dataclass(frozen=True, slots=True)
class AdvanceConversion:
    """Drives conversions; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    cases: Cases
    stays: Stays
    conversions: Conversions
    transfers: Transfers
    recoveries: Recoveries
    ledger: Ledger
    claims: ClaimsGateway
    policies: Policies
    pay: PayPerson
    deduct: DeductAfterAudit
    propose: ProposeConversions
    dues: Dues
    open_debt: OpenDebt
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 200) -> Sequence[str]:
        """Conversions that can go on now."""
        async with self.work.transaction() as tx:
            return await self.conversions.due(tx, self.clock.now(), limit)

    async def run(self, conversion_id: str) -> str | None:
        """Go on with one as far as possible. Returns what hindered it."""
        return (await self.run_all([conversion_id])).get(conversion_id)

    async def run_all(self, conversion_ids: Sequence[str]) -> dict[str, str]:
        """Go on with all as far as possible. Returns what hindered which, which is also stored with the time of the next try."""
        hindered: dict[str, str] = {}
        going = list(dict.fromkeys(conversion_ids))
        while going:
            taken = await self.step_all(going)
            await self._put_off({c: failed for c, failed in taken.items() if isinstance(failed, Exception)})
            hindered |= {
                c: f"{type(failed).__name__}: {failed}" for c, failed in taken.items() if isinstance(failed, Exception)
            }
            going = [conversion_id for conversion_id in going if taken[conversion_id] is True]
        return hindered

    async def _put_off(self, hindered: Mapping[str, Exception]) -> None:
        """Whatever went wrong, the step is tried again later and the cause is on the worklist."""
        if hindered:
            async with self.work.transaction() as tx:
                for conversion_id, failed in sorted(hindered.items()):
                    text = failed.zh if isinstance(failed, Refusal) else f"{type(failed).__name__}: {failed}"
                    await self.conversions.put_off(tx, conversion_id, self.clock.now(), text)

    async def step(self, conversion_id: str) -> bool:
        """Take the next step of one; False when there is none. Raises what claims or the database raise."""
        taken = (await self.step_all([conversion_id]))[conversion_id]
        if isinstance(taken, Exception):
            raise taken
        return taken

    async def step_all(self, conversion_ids: Sequence[str]) -> dict[str, bool | Exception]:
        """Take the next step of each: True when it was taken, False when there is none, or what hindered it."""
        async with self.work.transaction() as tx:
            sights = await self._look(tx, conversion_ids)
        groups: dict[tuple[Step, TransferState | None], list[_Sight]] = {}
        for sight in sights:
            step = next_step(sight.conversion, sight.transfers, sight.dues)
            if step is not None:
                state = next(t.state for t in sight.transfers if t.open) if step is Step.TRANSFER else None
                groups.setdefault((step, state), []).append(sight)
        taken: dict[str, bool | Exception] = dict.fromkeys(conversion_ids, False)
        for (step, state), group in groups.items():
            taken |= await self._take(step, state, group)
        return taken

    async def _look(self, tx: Tx, conversion_ids: Sequence[str]) -> list[_Sight]:
        marked = await self.conversions.marked(tx, conversion_ids)
        transfers = await self._transfers_of(tx, [conversion.conversion_id for conversion, _ in marked])
        dues = await self._dues_of(tx, [conversion for conversion, _ in marked])
        return [_Sight(c, mark, transfers.get(c.conversion_id, ()), dues.get(c.conversion_id, ())) for c, mark in marked]

    async def _dues_of(self, tx: Tx, conversions: Sequence[Conversion]) -> dict[str, tuple[InterfundDue, ...]]:
        moving = [c.conversion_id for c in conversions if c.state in (ConversionState.TRANSFERRING, ConversionState.REVERTING)]
        found: dict[str, tuple[InterfundDue, ...]] = {}
        for due in await self.dues.of_conversions(tx, moving) if moving else ():
            if due.conversion_id is not None:
                found[due.conversion_id] = (*found.get(due.conversion_id, ()), due)
        return found

    async def _transfers_of(self, tx: Tx, conversion_ids: Sequence[str]) -> dict[str, tuple[Transfer, ...]]:
        found: dict[str, tuple[Transfer, ...]] = {}
        for transfer in await self.transfers.of_conversions(tx, conversion_ids):
            found[transfer.conversion_id] = (*found.get(transfer.conversion_id, ()), transfer)
        return found

    async def _take(self, step: Step, state: TransferState | None, group: list[_Sight]) -> dict[str, bool | Exception]:
        ids = [sight.conversion.conversion_id for sight in group]
        try:
            hindered = await self._together(step, state, group)
        except Exception as failed:
            if len(group) == 1 or (isinstance(failed, Refusal) and failed.retriable):
                return dict.fromkeys(ids, failed)
            # they failed together: each alone shows which of them it was
            taken: dict[str, bool | Exception] = {}
            for sight in group:
                taken |= await self._take(step, state, [sight])
            return taken
        return {**dict.fromkeys(ids, True), **hindered}

    async def _together(
        self, step: Step, state: TransferState | None, group: Sequence[_Sight]
    ) -> Mapping[str, bool | Exception]:
        """One step for a group; returns what hindered which, and False for those that wait."""
        match step, state:
            case Step.ASSESS, _:
                return await self._assess(group)
            case Step.BEGIN, _:
                await self._move(group, lambda conversion: conversion.begin())
            case Step.TAKE_BACK, _:
                return await self._take_back(group)
            case Step.INSTRUCT, _:
                await self._start_transfers(group)
            case Step.TRANSFER, TransferState.INSTRUCTED:
                return await self._reserve(group)
            case Step.TRANSFER, TransferState.RESERVED:
                await self._commit(group)
            case Step.TRANSFER, TransferState.COMMITTED:
                return await self._post(group)
            case Step.PAY, _ if not self._at_month_end():
                await self._pay(group)
            case _:
                return await self._one_by_one(step, group)
        return {}

    async def _one_by_one(self, step: Step, group: Sequence[_Sight]) -> Mapping[str, bool | Exception]:
        """The steps that are rare, and payments where the account is watched: who finds too little hinders no other."""
        hindered: dict[str, bool | Exception] = {}
        for sight in group:
            try:
                match step:
                    case Step.RESTORE:
                        await self._restore(sight)
                    case Step.CLOSE:
                        await self._close(sight)
                    case Step.PAY:
                        await self._pay([sight])
                    case Step.WAIT:
                        if await self._rest(sight):
                            hindered[sight.conversion.conversion_id] = False
                    case _:
                        await self._replace(sight, next(t for t in sight.transfers if t.open))
            except Exception as failed:
                hindered[sight.conversion.conversion_id] = failed
        return hindered

    async def _assess(self, group: Sequence[_Sight]) -> dict[str, Exception]:
        conversions = [sight.conversion for sight in group]
        async with self.work.transaction() as tx:
            stays = {stay.settlement_id: stay for stay in await self.stays.many(tx, [c.settlement_id for c in conversions])}
            cases = {case.case_id: case for case in await self.cases.many(tx, {c.case_id for c in conversions})}
        bills = await self.claims.read_bills([c.settlement_id for c in conversions])
        hindered: dict[str, Exception] = {}
        assessed: dict[str, Conversion] = {}
        for conversion, bill in zip(conversions, bills, strict=True):
            stay = stays.get(conversion.settlement_id)
            inpatient = stay is not None and stay.inpatient
            try:
                if isinstance(bill, Refusal):
                    raise bill
                figures = await self._figure(conversion, cases[conversion.case_id], bill, inpatient=inpatient)
                assessed[conversion.conversion_id] = conversion.assessed(figures)
            except Refusal as refused:
                if refused.retriable:
                    hindered[conversion.conversion_id] = refused
                else:
                    assessed[conversion.conversion_id] = conversion.withdrawn(f"{refused.code}: {refused.zh}")
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, [s for s in group if s.conversion.conversion_id in assessed])
            now = {case.case_id: case.facts for case in await self.cases.many(tx, set(cases))}
            same = [s.conversion for s in still if now[s.conversion.case_id] == cases[s.conversion.case_id].facts]
            after = [assessed[conversion.conversion_id] for conversion in same]
            await self.conversions.assess(tx, after, self.clock.now())
            for conversion in after:
                tx.emit(conversion_changed(conversion, self.clock.now()))
            await self._propose_others(tx, after)
        return hindered

    async def _figure(self, conversion: Conversion, case: InjuryCase, bill: MedicalBill, *, inpatient: bool) -> Figures:
        policy = self.policies.on(bill.ended_on)
        terms = case.terms(conversion.facts, conversion.split, policy)
        keep = lines_to_keep(bill, terms)
        kept = await self.claims.decide_kept(conversion.settlement_id, keep) if keep else None
        return convert(bill, policy, inpatient=inpatient, terms=terms, kept=kept)

    async def _take_back(self, group: Sequence[_Sight]) -> dict[str, Exception]:
        net = self.policies.on(self.clock.today()).clearing.uncleared is Uncleared.NET
        answers = await self.claims.take_back([sight.conversion for sight in group], net=net)
        hindered: dict[str, Exception] = {}
        taken: dict[str, TakenBack | Refusal] = {}
        for sight, answer in zip(group, answers, strict=True):
            conversion_id = sight.conversion.conversion_id
            if isinstance(answer, Refusal) and answer.retriable:
                hindered[conversion_id] = answer
            elif isinstance(answer, TakenBack) and not _as_assessed(answer, _figures(sight.conversion)):
                hindered[conversion_id] = claims_disagrees(conversion_id)
            else:
                taken[conversion_id] = answer
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, [s for s in group if s.conversion.conversion_id in taken])
            about = await self.pay.payees_of(tx, [about_conversion(s.conversion) for s in still])
            stamps = await self._stamps(tx, len(still))
            entries: list[Entry] = []
            after: list[Conversion] = []
            for sight, concern, stamp in zip(still, about, stamps, strict=True):
                conversion = sight.conversion
                answer = taken[conversion.conversion_id]
                if isinstance(answer, Refusal):
                    cause = f"{answer.code}: {answer.zh}"
                    changed = answer.code == BILL_CHANGED
                    after.append(conversion.restarted(cause) if changed else conversion.withdrawn(cause))
                    continue
                figures = _figures(conversion)
                if figures.concern_the_fund:
                    entries.append(conversion_entry(concern, figures, stamp, answer.netted))
                if debts := _debts_of(conversion, figures):
                    case = await self.cases.get(tx, conversion.case_id)
                    await self._open_debts(tx, conversion, debts, case.accident_on if case is not None else None)
                after.append(conversion.posted(answer.netted))
            await self.ledger.append(tx, entries)
            await self._save_all(tx, after)
            await self._propose_others(tx, after)
        return hindered

    async def _start_transfers(self, group: Sequence[_Sight]) -> None:
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, group)
            await self._instruct_all(tx, [sight.conversion for sight in still], Direction.OUT)
            await self._save_all(tx, [sight.conversion.transferring() for sight in still])

    async def _reserve(self, group: Sequence[_Sight]) -> dict[str, Exception]:
        asked = [(sight, t) for sight in group for t in sight.transfers if t.state is TransferState.INSTRUCTED]
        answers = await self.claims.reserve([(sight.conversion, transfer) for sight, transfer in asked])
        hindered: dict[str, Exception] = {}
        called_off: dict[str, Transfer] = {}
        for (sight, transfer), refused in zip(asked, answers, strict=True):
            if refused is not None and refused.retriable:
                hindered[sight.conversion.conversion_id] = refused
            elif refused is not None:
                called_off[transfer.transfer_id] = transfer.voiding(f"{refused.code}: {refused.zh}")
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, [s for s in group if s.conversion.conversion_id not in hindered], moving=True)
            mine = [(s.conversion, t) for s in still for t in s.transfers if t.state is TransferState.INSTRUCTED]
            held = [(conversion, t.reserved()) for conversion, t in mine if t.transfer_id not in called_off]
            off = [called_off[t.transfer_id] for _, t in mine if t.transfer_id in called_off]
            await self.transfers.save(tx, off, self.clock.now())
            await self._book_transfers(tx, held)
        return hindered

    async def _commit(self, group: Sequence[_Sight]) -> None:
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, group, moving=True)
            held = [(s.conversion, t) for s in still for t in s.transfers if t.state is TransferState.RESERVED]
            await self._book_transfers(tx, held)

    async def _book_transfers(self, tx: Tx, held: Sequence[tuple[Conversion, Transfer]]) -> None:
        """Our side of what both sides hold: the point of no return."""
        entries = [
            transfer_entry(
                about_conversion(conversion),
                transfer,
                Stamp(entry_id=self.ids.new(), booked_on=self.clock.today(), voucher_no=transfer.voucher_no),
            )
            for conversion, transfer in held
        ]
        await self.ledger.append(tx, entries)
        await self.transfers.save(tx, [transfer.committed() for _, transfer in held], self.clock.now())

    async def _post(self, group: Sequence[_Sight]) -> dict[str, Exception]:
        asked = [(sight, t) for sight in group for t in sight.transfers if t.state is TransferState.COMMITTED]
        answers = await self.claims.post([transfer for _, transfer in asked])
        hindered: dict[str, Exception] = {
            sight.conversion.conversion_id: refused
            for (sight, _), refused in zip(asked, answers, strict=True)
            if refused is not None
        }
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, [s for s in group if s.conversion.conversion_id not in hindered], moving=True)
            now = self.clock.now()
            done = [(s.conversion, t.confirmed()) for s in still for t in s.transfers if t.state is TransferState.COMMITTED]
            await self.transfers.save(tx, [transfer for _, transfer in done], now)
            for conversion, transfer in done:
                tx.emit(transfer_confirmed(conversion, transfer, now))
        return hindered

    async def _replace(self, sight: _Sight, transfer: Transfer) -> None:
        """Both sides hold nothing any more: a successor under a new voucher number, taken up after a pause."""
        await self.claims.void(transfer)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, [sight], moving=True):
                return
            await self.transfers.save(tx, [transfer.voided()], self.clock.now())
            again = (transfer.conversion_id, transfer.book, transfer.direction, transfer.amount_fen)
            await self._instruct(tx, [again])
        raise unavailable(
            "workinjury-bridge.transfer.refused", f"基金间调拨被拒绝：{transfer.cause}", f"transfer refused: {transfer.cause}"
        )

    async def _pay(self, group: Sequence[_Sight]) -> None:
        async with self.work.transaction() as tx:
            still = [sight.conversion for sight in await self._unchanged(tx, group)]
            dues = await self._dues_of(tx, still)
            unpaid = [conversion for conversion in still if not conversion.revoked and not conversion.paid]
            await self.pay.cash.expect(tx, sum(_figures(conversion).payable_fen for conversion in unpaid))
            payouts = [
                Payout(
                    concern=about_conversion(conversion),
                    items=[(kind, amount) for kind, to, amount in _figures(conversion).payables if to == who],
                    matter_id=conversion.matter_id,
                    to=who,
                )
                for conversion in unpaid
                for who in dict.fromkeys(who for _, who, _ in _figures(conversion).payables)
            ]
            if payouts:
                await self.pay.pay_out(tx, payouts, await self.pay.expect_payable(tx, payouts))
            ended: list[Conversion] = []
            for conversion in still:
                if conversion.revoked or conversion.paid or all_settled(dues.get(conversion.conversion_id, ()), Direction.OUT):
                    ended.append(conversion.reverting() if conversion.revoked else conversion.settled())
                else:
                    await self.conversions.save(tx, conversion.person_paid(), self.clock.now())
            await self._save_all(tx, ended)

    async def _rest(self, sight: _Sight) -> bool:
        """Nothing to do before the month's clearing; True when that still holds while nobody can change it."""
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, [sight]):
                return False
            conversion, now = sight.conversion, self.clock.now()
            # the row is held first: a clearing that confirms meanwhile wakes it afterwards
            await self.conversions.rest(tx, conversion.conversion_id, now + _LOOK_AGAIN)
            dues = await self.dues.of_conversion(tx, conversion.conversion_id)
            transfers = await self.transfers.of_conversion(tx, conversion.conversion_id)
            if next_step(conversion, transfers, dues) is Step.WAIT:
                return True
            await self.conversions.rest(tx, conversion.conversion_id, now)
            return False

    async def _restore(self, sight: _Sight) -> None:
        conversion = sight.conversion
        figures = _figures(conversion)
        async with self.work.transaction() as tx:
            debts = await self.recoveries.of_conversion(tx, conversion.conversion_id)
            if await self.recoveries.any_unbooked(tx, {debt.recovery_id for debt in debts}):
                raise receipts_unbooked()
        owed = await self.claims.restore(conversion)
        if not same_payments(owed, figures.owed):
            raise claims_disagrees(conversion.conversion_id)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, [sight]):
                return
            about = await self.pay.payee_of(tx, about_conversion(conversion))
            # what an audit has taken out of debts of this advance is theirs again before they fall away
            await self.deduct.give_up(tx, conversion.settlement_id, "recognition revoked")
            debts = await self.recoveries.of_conversion(tx, conversion.conversion_id)
            ours = [debt for debt in debts if debt.book is Book.WI]
            if figures.concern_the_fund:
                entries = await self.ledger.of_settlement(tx, conversion.settlement_id)
                mine = [e for e in entries if e.conversion_id == conversion.conversion_id]
                original = next(e for e in mine if e.kind == "conversion").entry_id
                (stamp,), paid = await self._stamps(tx, 1), conversion.paid
                entry = reversion_entry(about, figures, stamp, paid=paid, reverses=original, debts=ours)
                await self.ledger.append(tx, [entry])
            for debt in debts:
                await self.open_debt.track.run(tx, debt.reversed())
            if conversion.paid:
                paid_to: dict[str, int] = {}
                for _, who, amount in figures.payables:
                    paid_to[who] = paid_to.get(who, 0) + amount
                back = [(Book.WI, who, Cause.REVOKED, amount) for who, amount in paid_to.items()]
                await self._open_debts(tx, conversion, back)
            await self._instruct_all(tx, [conversion], Direction.BACK)
            await self.conversions.save(tx, conversion.medically_restored(), self.clock.now())

    async def _close(self, sight: _Sight) -> None:
        conversion = sight.conversion
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, [sight]):
                return
            about = await self.pay.payee_of(tx, about_conversion(conversion))
            found = await self.recoveries.of_conversion(tx, conversion.conversion_id)
            given_back = [debt for debt in found if debt.book is Book.WI and debt.state is RecoveryState.REVERSED]
            await self.pay.cash.expect(tx, sum(debt.recovered_fen for debt in given_back))
            for debt in given_back:
                if debt.recovered_fen:
                    # what came in for a debt that is no more belongs to whom it came from; a third party's money is the person's.
                    # Only now: the funds do not wait for heirs who have to prove their right first
                    to = party.person(conversion.person_id) if party.is_third_party(debt.debtor) else debt.debtor
                    kind = f"returned-{debt.recovery_id}"
                    await self.pay.run(tx, about, [(kind, debt.recovered_fen)], matter_id=conversion.matter_id, to=to)
            await self._save(tx, conversion.reverted())
            await self.propose.run(tx, {conversion.person_id})

    async def _propose_others(self, tx: Tx, after: Sequence[Conversion]) -> None:
        """What claims refused for one accident may belong to another."""
        if ended := {conversion.person_id for conversion in after if conversion.state in ENDED}:
            await self.propose.run(tx, ended)

    async def _move(self, group: Sequence[_Sight], to: Callable[[Conversion], Conversion]) -> None:
        """A step that nobody outside needs to know of."""
        async with self.work.transaction() as tx:
            still = await self._unchanged(tx, group)
            await self.conversions.move(tx, [to(sight.conversion) for sight in still], self.clock.now())

    async def _unchanged(self, tx: Tx, group: Sequence[_Sight], *, moving: bool = False) -> list[_Sight]:
        """Those with whom nobody was faster: under their persons' locks, they still have the mark this step started from.

        ``moving``: also their transfers."""
        if not group:
            return []
        await self.cases.lock_persons(tx, {sight.conversion.person_id for sight in group})
        ids = [sight.conversion.conversion_id for sight in group]
        marks = await self.conversions.marks(tx, ids)
        still = [sight for sight in group if marks.get(sight.conversion.conversion_id) == sight.mark]
        if moving:
            transfers = await self._transfers_of(tx, ids)
            still = [sight for sight in still if transfers.get(sight.conversion.conversion_id, ()) == sight.transfers]
        return still

    async def _save(self, tx: Tx, conversion: Conversion) -> None:
        now = self.clock.now()
        await self.conversions.save(tx, conversion, now)
        tx.emit(conversion_changed(conversion, now))

    async def _save_all(self, tx: Tx, conversions: Sequence[Conversion]) -> None:
        now = self.clock.now()
        await self.conversions.move(tx, conversions, now)
        for conversion in conversions:
            tx.emit(conversion_changed(conversion, now))

    async def _instruct_all(self, tx: Tx, conversions: Sequence[Conversion], direction: Direction) -> None:
        """One transfer per book, each under a voucher number of its own; none to a book whose debt was taken over."""
        wanted = [
            (conversion.conversion_id, book, direction, amount)
            for conversion in conversions
            for book, amount in _figures(conversion).owed_by_book().items()
            if direction is Direction.BACK or book not in conversion.netted
        ]
        if self._at_month_end():
            await self.dues.add(tx, [self._due(*each) for each in wanted])
        else:
            await self._instruct(tx, wanted)

    async def _instruct(self, tx: Tx, wanted: Sequence[tuple[str, Book, Direction, int]]) -> None:
        vouchers = await self.ledger.next_vouchers(tx, self.clock.today(), len(wanted))
        transfers = [
            Transfer(
                transfer_id=self.ids.new(),
                conversion_id=conversion_id,
                voucher_no=voucher_no,
                book=book,
                direction=direction,
                amount_fen=amount_fen,
            )
            for (conversion_id, book, direction, amount_fen), voucher_no in zip(wanted, vouchers, strict=True)
        ]
        await self.transfers.add(tx, transfers, self.clock.now())

    def _due(self, conversion_id: str, book: Book, direction: Direction, amount_fen: int) -> InterfundDue:
        out = direction is Direction.OUT
        return InterfundDue(
            due_id=self.ids.new(),
            payer=Book.WI if out else book,
            payee=book if out else Book.WI,
            conversion_id=conversion_id,
            amount_fen=amount_fen,
            due_on=self.clock.today(),
        )

    def _at_month_end(self) -> bool:
        return self.policies.on(self.clock.today()).clearing.transfers is TransfersWhen.MONTH_END

    async def _open_debts(
        self, tx: Tx, conversion: Conversion, debts: Sequence[tuple[Book, str, Cause, int]], accident_on: date | None = None
    ) -> None:
        grounds = Grounds(
            case_id=conversion.case_id,
            person_id=conversion.person_id,
            settlement_id=conversion.settlement_id,
            conversion_id=conversion.conversion_id,
            decision_version=conversion.decision_version,
            accident_on=accident_on,
        )
        for debt in debts:
            await self.open_debt.run(tx, grounds, *debt)

    async def _stamps(self, tx: Tx, count: int) -> list[Stamp]:
        today = self.clock.today()
        vouchers = await self.ledger.next_vouchers(tx, today, count)
        return [Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=voucher_no) for voucher_no in vouchers]


def _as_assessed(taken: TakenBack, figures: Figures) -> bool:
    """Whether claims has taken back what it had said before."""
    cash = (taken.cash_fen, taken.kept_cash_fen)
    return same_payments(taken.owed, figures.owed) and cash == (figures.cash_fen, figures.kept_cash_fen)


def _debts_of(conversion: Conversion, figures: Figures) -> list[tuple[Book, str, Cause, int]]:
    """(book, debtor, cause, fen) that a conversion makes somebody owe."""
    debts: list[tuple[Book, str, Cause, int]] = []
    for who, amount in figures.advances.items():
        debts.append((Book.WI, who, Cause.UNINSURED if party.is_employer(who) else Cause.THIRD_PARTY, amount))
    if figures.fund_refund_fen < 0:
        debts.append((Book.WI, party.person(conversion.person_id), Cause.SELF_PAID, -figures.fund_refund_fen))
    if figures.employer is not None:
        cause = Cause.LATE_FILING if figures.employer_cost_fen else Cause.UNINSURED
        debts += [(book, figures.employer, cause, amount) for book, amount in figures.employer_owed_by_book().items()]
    return debts


def _figures(conversion: Conversion) -> Figures:
    if conversion.figures is None:
        raise AssertionError("a conversion is checked only when its figures are known")
    return conversion.figures
