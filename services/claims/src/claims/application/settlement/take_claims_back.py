"""Take many settlements back for the work-injury fund: what ``TakeClaimBack`` does, in one transaction for as many as were asked.

A conversion has one take-back ever, so its id makes the command happen once. What is not plain goes the ordinary way, one by
one: a part that the medical funds keep, relatives' accounts that paid, a debt in place of the account, a second settlement of
the same person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from claims.application.funds.clear_institution import Clearings, month_of
from claims.application.late.corrections import gone, owes_institution
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.ports import Journals, StoredSettlement, YearKey
from claims.application.settlement.take_claim_back import (
    Division,
    TakeBack,
    TakeBacks,
    TakeClaimBack,
    books_of,
    cause_of,
    check_expected,
    standing_or_refused,
)
from shared.errors import Kind, Refusal
from shared.ledger import Entry
from shared.transactions import OnceKey, Tx, UnitOfWork

Asked = tuple[TakeBack, OnceKey]
Answers = dict[str, Mapping[str, Any] | Refusal]
"""By conversion."""


class SettlementGroup(Protocol):
    """Stored settlements, many at a time."""

    async def lock_all(self, tx: Tx, settlement_ids: Sequence[str]) -> Mapping[str, StoredSettlement]:
        """Those that there are, with visits, person-years and the persons' accounts locked, in the order of all locks."""
        ...

    async def take_back_all(self, tx: Tx, settlements: Sequence[StoredSettlement]) -> Mapping[str, int]:
        """Set them taken back, take their contributions out of the years, give the persons' accounts back what they paid.

        At most one of a person. Returns the accounts' balances by person, fen."""
        ...

    async def in_debt(self, tx: Tx, settlement_ids: Sequence[str]) -> set[str]:
        """Those for which the person owes a fund what the account could not pay (B3)."""
        ...

    async def in_company(self, tx: Tx, keys: Sequence[YearKey]) -> set[YearKey]:
        """The person-years in which, or after which, other settlements stand."""
        ...


class TakeClaimsBack:
    """Each is answered for itself; a refusal hinders no other."""

    def __init__(
        self,
        uow: UnitOfWork,
        one: TakeClaimBack,
        settlements: SettlementGroup,
        journals: Journals,
        takebacks: TakeBacks,
        clearings: Clearings,
        redecide: RedecideYear,
    ) -> None:
        self._uow = uow
        self._one = one
        self._settlements = settlements
        self._journals = journals
        self._takebacks = takebacks
        self._clearings = clearings
        self._redecide = redecide

    async def __call__(self, asked: Sequence[Asked]) -> list[Mapping[str, Any] | Refusal]:
        """What ``TakeClaimBack.take_back`` answers for each, in order; without the lines where nothing is kept."""
        try:
            async with self._uow.transaction() as tx:
                answers = await self._together(tx, [command for command, _ in asked])
        except Refusal as refused:
            if refused.kind is Kind.UNAVAILABLE:
                raise
            answers = {}  # one of them spoilt it for all: each alone shows which
        for command, key in asked:
            if command.conversion_id not in answers:
                answers[command.conversion_id] = await self._alone(command, key)
        return [answers[command.conversion_id] for command, _ in asked]

    async def _alone(self, command: TakeBack, key: OnceKey) -> Mapping[str, Any] | Refusal:
        try:
            return await self._one.take_back(command, key)
        except Refusal as refused:
            if refused.kind is Kind.UNAVAILABLE:
                raise
            return refused

    async def _together(self, tx: Tx, commands: Sequence[TakeBack]) -> Answers:
        """The plain ones, and those that are answered already or refused."""
        found = await self._settlements.lock_all(tx, sorted({command.settlement_id for command in commands}))
        known = await self._takebacks.known(tx, [command.conversion_id for command in commands])
        owing = await self._settlements.in_debt(tx, [s.settlement_id for s in found.values() if s.account_fen])
        answers: Answers = {}
        persons: set[str] = set()
        plain: list[tuple[TakeBack, StoredSettlement]] = []
        for command in commands:
            before = known.get(command.conversion_id)
            if before is not None and before.settlement_id == command.settlement_id:
                answers[command.conversion_id] = before.answer
                continue
            try:
                settlement = standing_or_refused(found.get(command.settlement_id))
                if not command.keep_lines:
                    check_expected(command, settlement, Division(owed=settlement.payments))
            except Refusal as refused:
                answers[command.conversion_id] = refused
                continue
            special = command.keep_lines or settlement.answer.family_account_fen or settlement.settlement_id in owing
            if not special and settlement.person_id not in persons:
                persons.add(settlement.person_id)
                plain.append((command, settlement))
        if plain:
            answers |= await self._take(tx, plain)
        return answers

    async def _take(self, tx: Tx, plain: Sequence[tuple[TakeBack, StoredSettlement]]) -> Answers:
        netted = await self._netted(tx, plain)
        entries: list[Entry] = []
        for command, settlement in plain:
            entries += self._one.entries(settlement, command, settlement.payments, netted[settlement.settlement_id])
        balances = await self._settlements.take_back_all(tx, [settlement for _, settlement in plain])
        await self._journals.append(tx, entries)
        crowded = await self._settlements.in_company(tx, [settlement.year for _, settlement in plain])
        taken: list[tuple[TakeBack, Mapping[str, Any]]] = []
        for command, settlement in plain:
            divided = Division(owed=settlement.payments)
            tx.emit(self._one.told(settlement, command, divided))
            corrected: Sequence[Any] = ()
            listed: Sequence[Any] = ()
            if settlement.year in crowded:
                balance = balances.get(settlement.person_id, 0)
                cause = cause_of("take-back", command)
                ripples = await self._redecide(tx, settlement.year, gone(settlement), cause, balance_fen=balance)
                corrected, listed = ripples.corrected, ripples.listed
            answer = self._one.answer(settlement, (), divided, netted[settlement.settlement_id], command.employer)
            del answer["lines"]
            taken.append((command, answer | {"corrected": list(corrected), "listed": list(listed)}))
        await self._takebacks.put_all(tx, taken)
        return {command.conversion_id: answer for command, answer in taken}

    async def _netted(self, tx: Tx, plain: Sequence[tuple[TakeBack, StoredSettlement]]) -> dict[str, list[str]]:
        """By settlement the books that have not paid the institution for its month yet; nobody can pay meanwhile."""
        institutions = {settlement.institution_code for command, settlement in plain if command.net}
        if not institutions:
            return {settlement.settlement_id: [] for _, settlement in plain}
        await self._clearings.lock_all(tx, institutions)
        cleared = await self._clearings.all_cleared(tx, institutions)
        return {
            s.settlement_id: [
                book
                for book in books_of(s.payments)
                if command.net
                and owes_institution(s)
                and book not in cleared.get((s.institution_code, month_of(s.settled_at)), ())
            ]
            for command, s in plain
        }
