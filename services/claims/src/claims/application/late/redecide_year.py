"""Decide the later settlements of a person-year again, in order, and post only the differences (benefit policies, 7.7).

Runs inside the transaction of whatever changed the year, which holds its lock. What was answered to the hospital stays as it is;
beside it stands a correction with its reason. More than ``at_once`` settlements are left to the worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from claims.application.late.corrections import (
    Cause,
    Left,
    NewCorrection,
    PersonYears,
    Redecisions,
    StandingSettlement,
)
from claims.application.settlement.ports import Journals, YearKey
from claims.application.settlement.stored_facts import Stay, facts_to_json
from claims.domain.late_facts import REASONS, LateFacts, Reason
from claims.domain.person import CLASS_NAMES
from claims.domain.redecision import Change, Difference, Redecided, journals_of, redecide
from claims.domain.rule_books.in_force import RulesByDay
from shared.clock import Clock, local
from shared.contracts.claims import SettlementCorrected
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx

AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ripples:
    """What a change did to the settlements after it."""

    corrected: tuple[dict[str, Any], ...] = ()
    """Settlement, sequence and differences."""
    listed: tuple[dict[str, Any], ...] = ()
    """The same for settlements that would come out differently and keep their amounts (the switch says ``list``)."""
    decided: int = 0
    rest: Change | None = None
    """What is left to the worker."""


class RedecideYear:
    """The engine behind every late fact."""

    def __init__(
        self,
        years: PersonYears,
        redecisions: Redecisions,
        journals: Journals,
        books: RulesByDay,
        policy: LateFacts,
        clock: Clock,
        ids: IdFactory,
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self._years = years
        self._redecisions = redecisions
        self._journals = journals
        self._books = books
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._at_once = at_once

    async def __call__(self, tx: Tx, key: YearKey, change: Change, cause: Cause, *, balance_fen: int) -> Ripples:
        """Decide again from ``change`` on. ``balance_fen``: what the locked account holds."""
        standing = await self._years.standing(tx, key, self._books)
        ripples = await self.among(tx, key, standing, change, cause, balance_fen=balance_fen)
        if ripples.rest is not None:
            left = Left(
                redecision_id=self._ids.new(),
                key=key,
                reason=cause.reason,
                trigger_id=cause.trigger_id,
                rest=ripples.rest,
            )
            await self._redecisions.leave(tx, [left])
        return ripples

    async def among(
        self,
        tx: Tx,
        key: YearKey,
        standing: Sequence[StandingSettlement],
        change: Change,
        cause: Cause,
        *,
        balance_fen: int,
    ) -> Ripples:
        """The same with what stands already at hand; the caller sees to the rest."""
        today = local(self._clock.now()).date()
        listing = self._lists(standing, cause.reason)
        if listing is None:
            return Ripples()
        if listing and cause.lines:
            # The wrong settlement itself is put right all the same.
            change = Change(facts=change.facts, alone=True)
            listing = False
        result = await self._redecided(tx, key, standing, change, balance_fen=balance_fen, limit=self._at_once)
        by_id = {s.standing.settlement_id: s for s in standing}
        if listing:
            shown = tuple(_shown(d, by_id[d.standing.settlement_id]) for d in result.differences)
            return Ripples(listed=shown)
        await self._write(tx, key, by_id, result, cause, today)
        return Ripples(
            corrected=tuple(_shown(d, by_id[d.standing.settlement_id]) for d in result.differences),
            decided=result.decided,
            rest=result.rest,
        )

    async def trial(
        self,
        tx: Tx,
        key: YearKey,
        standing: Sequence[StandingSettlement],
        change: Change,
        reason: Reason,
        *,
        balance_fen: int,
    ) -> tuple[Difference, ...]:
        """What a change would correct; nothing is written, and nothing is left over."""
        if self._lists(standing, reason) is not False:
            return ()
        result = await self._redecided(tx, key, standing, change, balance_fen=balance_fen, limit=len(standing))
        return result.differences

    def _lists(self, standing: Sequence[StandingSettlement], reason: Reason) -> bool | None:
        """Whether differences are only named; None when no settlement can be decided again."""
        rules = next((s.standing.rules for s in standing if s.standing.rules is not None), None)
        if rules is None:
            return None
        return self._policy.on(rules.region, local(self._clock.now()).date()).ripple.of(reason) == "list"

    async def _redecided(
        self, tx: Tx, key: YearKey, standing: Sequence[StandingSettlement], change: Change, *, balance_fen: int, limit: int
    ) -> Redecided:
        return redecide(
            [s.standing for s in standing],
            change,
            balance_fen=balance_fen,
            debts=await self._years.debts(tx, [s.standing.settlement_id for s in standing if s.standing.outcome.account_fen]),
            parts=await self._years.parts_before(tx, key, sorted(_stays(standing, key.benefit_year))),
            relatives=await self._years.relatives(
                tx, key.person_id, [s.standing.settlement_id for s in standing if s.standing.facts.family_account_fen]
            ),
            limit=limit,
        )

    async def _write(
        self,
        tx: Tx,
        key: YearKey,
        by_id: dict[str, StandingSettlement],
        result: Redecided,
        cause: Cause,
        today: date,
    ) -> None:
        now = self._clock.now()
        corrections, entries = [], []
        days = {
            book: await self._journals.open_day(tx, Book(book), today)
            for book in sorted({p.book for d in result.differences for p in d.payments})
        }
        for difference in result.differences:
            of, decision = by_id[difference.standing.settlement_id], difference.decision
            own = bool(cause.lines) and of.standing.settlement_id == cause.trigger_id
            institution = of.institution_code if own and not of.paid_to_person else None
            text = _text(cause, difference, own=own)
            correction = NewCorrection(
                settlement_id=of.standing.settlement_id,
                sequence=of.corrections + 1,
                reason=cause.reason,
                reason_text=text,
                trigger_id=cause.trigger_id,
                counterparty="institution" if institution else "person",
                difference=difference,
                facts=facts_to_json(
                    decision.rules,
                    decision.facts,
                    decision.before,
                    Stay(of.standing.follows, of.standing.defers_deductible),
                ),
                lines={**of.lines, **cause.lines} if own else of.lines,
                booked_on=max((days[p.book] for p in difference.payments), default=today),
                maker=cause.maker,
                checker=cause.checker,
            )
            corrections.append(correction)
            entries += journals_of(
                difference,
                person_id=key.person_id,
                institution_code=institution,
                settled_in=local(of.standing.position.settled_at).year,
                booked_on=days,
                memo=f"结算更正：{text}",
                ids=self._ids,
                maker=cause.maker,
                checker=cause.checker,
            )
            if difference.moves_money:
                tx.emit(
                    SettlementCorrected(
                        settlement_id=correction.settlement_id,
                        sequence=correction.sequence,
                        visit_id=of.visit_id,
                        person_id=key.person_id,
                        institution_code=of.institution_code,
                        institution_name=of.institution_name,
                        scheme=key.scheme,
                        benefit_year=of.standing.year,
                        corrected_at=now,
                        reason=cause.reason,
                        reason_text=text,
                        trigger_id=cause.trigger_id,
                        counterparty=correction.counterparty,
                        payments=difference.payments,
                        account_fen=difference.account_fen,
                        cash_fen=difference.cash_fen,
                        total_fen=difference.total_fen,
                        hospital_fen=difference.hospital_fen,
                    )
                )
        await self._years.correct(tx, key, corrections, result.states)
        await self._journals.append(tx, entries)


def _stays(standing: Sequence[StandingSettlement], year: int) -> set[str]:
    """Stays that may have parts in earlier years: the year's own, and those that any follows by transfer."""
    own = {s.visit_id for s in standing if s.standing.inpatient and s.standing.year == year}
    return own.union(*(s.standing.follows for s in standing))


def _text(cause: Cause, difference: Difference, *, own: bool) -> str:
    if own:
        return f"{REASONS[cause.reason]}：{cause.text}"
    was, held = difference.standing.facts.circumstances.classes, difference.decision.facts.circumstances.classes
    if was != held:
        changes = [f"{'新增' if code in held else '取消'}{CLASS_NAMES.get(code, code)}" for code in sorted(was ^ held)]
        return f"{REASONS[cause.reason]}：{'、'.join(changes)}"
    return f"{REASONS[cause.reason]}，本年度在后的结算按顺序重新核定"


def _shown(difference: Difference, of: StandingSettlement) -> dict[str, Any]:
    return {
        "settlement_id": of.standing.settlement_id,
        "sequence": of.corrections + 1,
        "payments": [asdict(p) for p in difference.payments],
        "total_fen": difference.total_fen,
        "account_fen": difference.account_fen,
        "cash_fen": difference.cash_fen,
        "hospital_fen": difference.hospital_fen,
    }
