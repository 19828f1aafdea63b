"""A charge-back was wrong: an objection was right, or new evidence says that it was another bill (B10).

行政复议法, 社会保险经办条例 art. 55: what was asked for without ground is given back. A contra journal per book, linked to the charge-back's:
Dr 5001.01, 5001.02 / Cr 1125(P) what is still owed, Cr 2203(P) what the person has paid in, Cr 5001.30 what was given up; a hospital's
Cr 1122(H), Cr 2201(H) what its clearing has met. The settlement stands again; year, account and later settlements follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from claims.application.funds.clear_institution import Clearings, month_of
from claims.application.late.corrections import Cause, gone
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.ports import Journals, Settlements, StoredSettlement
from claims.domain.refusals import not_charged_back, same_person, settlement_unknown
from claims.domain.taking_back import ChargedDebt, charge_undone, spent_account
from shared.clock import Clock
from shared.contracts.claims import ClaimReinstated
from shared.ids import IdFactory
from shared.ledger import Entry, contra
from shared.ledger.books import ACCOUNT_BENEFIT, DUE_FROM_INSTITUTION, DUE_TO_PERSON
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChargeBack:
    """What the bridge asks for when two people have found a charge-back wrong."""

    settlement_id: str
    double_bill_id: str
    case_id: str
    maker: str
    checker: str


class UndoClaimChargeBack:
    """Refuses one person twice, and a settlement that is not charged back."""

    def __init__(
        self,
        once: Once,
        settlements: Settlements,
        journals: Journals,
        clearings: Clearings,
        clock: Clock,
        ids: IdFactory,
        redecide: RedecideYear,
    ) -> None:
        self._once = once
        self._settlements = settlements
        self._journals = journals
        self._clearings = clearings
        self._clock = clock
        self._ids = ids
        self._redecide = redecide

    async def __call__(self, command: UndoChargeBack, key: OnceKey) -> dict[str, Any]:
        """What each book owes the person now for what was paid in, and what of the account is gone by now."""
        if command.maker == command.checker:
            raise same_person()

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = await self._settlements.lock(tx, command.settlement_id)
            if settlement is None:
                raise settlement_unknown("settlement_id")
            if settlement.state != "charged-back":
                raise not_charged_back()
            entries = await self._entries(tx, settlement, command)
            short, balance = await self._settlements.redo(tx, settlement)
            if short:
                entries.append(self._spent(entries, settlement, command, short))
            await self._journals.append(tx, entries)
            owed = {
                entry.book.value: line.credit_fen for entry in entries for line in entry.lines if line.account == DUE_TO_PERSON
            }
            tx.emit(
                ClaimReinstated(
                    settlement_id=settlement.settlement_id,
                    double_bill_id=command.double_bill_id,
                    visit_id=settlement.visit_id,
                    person_id=settlement.person_id,
                    reinstated_at=self._clock.now(),
                    payments=list(settlement.payments),
                    owed_to_person_fen=sum(owed.values()),
                )
            )
            cause = Cause(reason="restore", trigger_id=settlement.settlement_id, maker=command.maker, checker=command.checker)
            ripples = await self._redecide(tx, settlement.year, gone(settlement), cause, balance_fen=balance)
            return {
                "settlement_id": settlement.settlement_id,
                "owed_to_person": [{"book": book, "amount_fen": amount} for book, amount in sorted(owed.items())],
                "short_fen": short,
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }

        return (await self._once.run(key, work))[0]

    async def _entries(self, tx: Tx, settlement: StoredSettlement, command: UndoChargeBack) -> list[Entry]:
        about = await self._journals.entries(tx, settlement_id=settlement.settlement_id)
        undone = {entry.reverses for entry in about}
        charged = [
            (n, e) for n, e in enumerate(about) if e.kind == "charge-back" and e.reverses is None and e.entry_id not in undone
        ]
        at_institution = any(line.account == DUE_FROM_INSTITUTION for _, entry in charged for line in entry.lines)
        if at_institution:
            await self._clearings.lock(tx, settlement.institution_code)
        now, entries = self._clock.now(), []
        for n, entry in charged:
            owing = 0
            if at_institution:
                _, owing = await self._clearings.owed(tx, entry.book, settlement.institution_code, month_of(now))
            # what came before belongs to an earlier charge-back of the same settlement
            since = [e for e in about[n:] if e.book is entry.book]
            debt = ChargedDebt.of(since, open_at_institution_fen=owing)
            lines = charge_undone(entry.lines, debt, f"P:{settlement.person_id}")
            back = contra(
                entry,
                entry_id=self._ids.new(),
                booked_on=self._clock.today(),
                memo="重复支付认定有误，恢复医保支付",
                maker=command.maker,
                checker=command.checker,
            )
            entries.append(replace(back, kind="charge-back", lines=tuple(lines)))
        return entries

    def _spent(self, entries: Sequence[Entry], settlement: StoredSettlement, command: UndoChargeBack, short: int) -> Entry:
        """Kept like the debt of a restoring, so that a later take-back or reversal finds it."""
        book = next(p.book for p in settlement.payments if p.account == ACCOUNT_BENEFIT)
        undone = next(e for e in entries if e.book == book)
        mine = [p for p in settlement.payments if p.book == book]
        return Entry(
            entry_id=self._ids.new(),
            book=undone.book,
            booked_on=undone.booked_on,
            kind="conversion",
            lines=tuple(spent_account(undone.lines, mine, short, f"P:{settlement.person_id}")),
            memo="个人账户余额不足，由个人补足",
            person_id=settlement.person_id,
            settlement_id=settlement.settlement_id,
            case_id=command.case_id,
            maker=command.maker,
            checker=command.checker,
        )
