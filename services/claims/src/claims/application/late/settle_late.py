"""Settle a claim after its day, whoever brings it: a bill on paper, a stay that the medical funds take over.

It gets the place in its person-year that its own day gives it, and what was settled behind it is decided again, as the switch
``ripple`` says (reference: benefit years and accumulators).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from claims.application.header import HisHeader
from claims.application.late.corrections import Cause, PersonYears
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.answering import answer_of
from claims.application.settlement.commands import Settle
from claims.application.settlement.find_past import Past, with_past
from claims.application.settlement.ports import Journals, MessageKey, NewSettlement, Settlements, YearKey
from claims.application.settlement.settle_claim import settled_event
from claims.application.settlement.stored_facts import Stay, facts_to_json
from claims.application.visits.ports import Fees, NewLine, Visits
from claims.domain.adjudication import Decision, add_up, adjudicate
from claims.domain.claim_history import facts_of
from claims.domain.institution import Institution
from claims.domain.late_facts import LateFacts, Reason
from claims.domain.redecision import Change, Position, Standing, place_of_claim, state_before
from claims.domain.rule_books.in_force import RulesByDay
from claims.domain.settlement import Basis, Batch, VisitToSettle, Wanted, basis_of
from claims.domain.visit import Batch as VisitBatch
from claims.domain.visit import Visit
from shared.clock import Clock, local
from shared.errors import unavailable
from shared.ids import IdFactory
from shared.ledger import Entry
from shared.transactions import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LateClaim:
    """What is settled: a stay of its own, with one batch of lines."""

    institution: Institution
    visit: VisitToSettle
    basis: Basis
    lines: tuple[NewLine, ...]

    @property
    def key(self) -> YearKey:
        """The person-year it belongs to."""
        return YearKey(self.visit.person_id, self.visit.scheme, self.basis.benefit_year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who brings a claim after its day, and why."""

    infno: str
    msgid: str
    """Of what it is settled for: once."""
    reason: Reason
    invoice_no: str
    maker: str = "system"
    checker: str | None = None
    takes_over: str | None = None
    """The settlement of the work-injury fund in whose place it comes."""


class SettledLate(NamedTuple):
    """The settlement, and the later ones that came out differently."""

    settlement_id: str
    decision: Decision
    corrected: Sequence[Mapping[str, Any]]


Price = Callable[[], Awaitable[LateClaim]]
"""Reads and prices the claim. Raises Refusal."""
Book = Callable[[Decision, str, date], Sequence[Entry]]
"""The journals of a decision: settlement id, day of booking."""


class SettleLate:
    """Inside the caller's transaction."""

    def __init__(
        self,
        *,
        visits: Visits,
        fees: Fees,
        settlements: Settlements,
        years: PersonYears,
        past: Callable[[Tx], Past],
        journals: Journals,
        redecide: RedecideYear,
        books: RulesByDay,
        policy: LateFacts,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._visits = visits
        self._fees = fees
        self._settlements = settlements
        self._years = years
        self._past = past
        self._journals = journals
        self._redecide = redecide
        self._books = books
        self._policy = policy
        self._clock = clock
        self._ids = ids

    async def claim(
        self, tx: Tx, visit: VisitToSettle, institution: Institution, lines: Sequence[NewLine], days: Sequence[date]
    ) -> LateClaim:
        """The claim on the rules of its day. ``visit`` without batches; ``days``: of the lines. Refuses what a settlement would."""
        batch = Batch(
            batch_id=self._ids.new(),
            batch_no="",
            settlement_id=None,
            split=add_up(line.split for line in lines),
            sessions=sum((line.sessions for line in lines), Decimal(0)),
            first_on=min(days, default=None),
            last_on=max(days, default=None),
        )
        visit = replace(visit, batches=(batch,))
        wanted = Wanted(
            institution_code=institution.code,
            person_id=visit.person_id,
            inpatient=visit.inpatient,
            scheme=visit.scheme,
            batch_no=None,
            total_fen=batch.split.total_fen,
            interim=False,
            stated=(None, None, None, None),
        )
        basis = basis_of(visit, wanted, institution, self._books, self._clock.today())
        (basis,) = await with_past(self._past(tx), [(visit, basis)])
        return LateClaim(institution=institution, visit=visit, basis=basis, lines=tuple(lines))

    async def preview(self, tx: Tx, claim: LateClaim, reason: Reason) -> Decision:
        """What it would give now."""
        standing = await self._years.standing(tx, claim.key, self._books)
        decision, _ = self._decide(claim, [s.standing for s in standing], reason, "")
        return decision

    async def run(self, tx: Tx, price: Price, origin: Origin, stay: Callable[[LateClaim], Visit], book: Book) -> SettledLate:
        """Settle it. ``stay``: how its visit is stored. Refuses what ``price`` refuses."""
        key = (await price()).key
        balance = await self._years.lock(tx, key, begin=key.benefit_year)
        # Read again under the lock: only now nobody decides the year again for other classes of the person.
        claim = await price()
        if claim.key != key:
            raise unavailable("claims.late-claim.overtaken", "该人员的参保信息刚刚变更，请重试")
        standing = await self._years.standing(tx, key, self._books)
        decision, position = self._decide(claim, [s.standing for s in standing], origin.reason, self._ids.new())
        today = local(position.settled_at).date()
        days = [await self._journals.open_day(tx, p.book, today) for p in decision.payments]
        entries = book(decision, position.settlement_id, max(days, default=today))
        new = _new(claim, decision, position, origin, entries, balance)
        await self._store(tx, claim, stay(claim), new, position)
        await self._journals.append(tx, new.entries)
        for event in new.events:
            tx.emit(event)
        ripples = await self._redecide(
            tx,
            key,
            Change(since=position, years=frozenset({key.benefit_year})),
            Cause(reason=origin.reason, trigger_id=position.settlement_id, maker=origin.maker, checker=origin.checker),
            balance_fen=balance,
        )
        return SettledLate(position.settlement_id, decision, ripples.corrected)

    def _decide(
        self, claim: LateClaim, standing: list[Standing], reason: Reason, settlement_id: str
    ) -> tuple[Decision, Position]:
        now, basis = self._clock.now(), claim.basis
        today = local(now).date()
        day = basis.rules.day(begun_on=claim.visit.begun_on, discharged_on=basis.ended_on, settled_on=today)
        follows = self._policy.on(basis.rules.region, today).ripple.of(reason) == "redecide"
        # Where later settlements keep their amounts, the claim can only have what they left.
        position = place_of_claim(
            standing, basis.benefit_year, day if follows else None, settled_at=now, settlement_id=settlement_id
        )
        return adjudicate(basis.rules, facts_of(basis, claim.visit), state_before(standing, position)), position

    async def _store(self, tx: Tx, claim: LateClaim, stay: Visit, new: NewSettlement, position: Position) -> None:
        batch_id = new.batch_ids[0]
        await self._visits.add(tx, stay, self._clock.now())
        batch = VisitBatch(batch_id=batch_id, batch_no="", generation=1, settlement_id=None, line_count=0)
        await self._fees.open_batch(tx, stay.visit_id, batch)
        await self._fees.add(tx, stay.visit_id, new.message.msgid, [batch_id] * len(claim.lines), claim.lines)
        await self._settlements.add(tx, new, None if position.day == date.max else position.day)


def _new(
    claim: LateClaim, decision: Decision, position: Position, origin: Origin, entries: Sequence[Entry], balance_fen: int
) -> NewSettlement:
    visit, basis = claim.visit, claim.basis
    header = HisHeader(
        infno=origin.infno,
        msgid=origin.msgid,
        institution_code=claim.institution.code,
        input_digest="",
        received_at=position.settled_at,
        operator=origin.maker,
    )
    command = Settle(
        header=header,
        inpatient=visit.inpatient,
        person_id=visit.person_id,
        visit_id=visit.visit_id,
        scheme=visit.scheme,
        total_fen=basis.split.total_fen,
        invoice_no=origin.invoice_no,
    )
    answer = answer_of(
        command,
        visit,
        claim.institution,
        basis,
        decision,
        settlement_id=position.settlement_id,
        at=position.settled_at,
        balance_fen=balance_fen,
    )
    fact = settled_event(visit, claim.institution, basis, decision, answer)
    return NewSettlement(
        settlement_id=position.settlement_id,
        visit=visit,
        batch_ids=tuple(b.batch_id for b in basis.batches),
        year=claim.key,
        message=MessageKey(claim.institution.code, origin.infno, origin.msgid, ""),
        digest="",
        settled_at=position.settled_at,
        answer=answer,
        decision=decision,
        entries=tuple(entries),
        events=(replace(fact, takes_over=origin.takes_over),),
        rendered=b"",
        year_no=position.year_no,
        rule_digest=basis.rules.digest,
        facts=facts_to_json(
            basis.rules, decision.facts, decision.before, Stay(tuple(sorted(basis.episode)), basis.defers_deductible)
        ),
    )
