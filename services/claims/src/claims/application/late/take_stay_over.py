"""A recognition was finally revoked after the work-injury fund had paid a stay directly: the medical funds settle it late (B3, B4).

社会保险法 art. 30: what is no work injury is theirs. By the rules and the accumulators of the stay's own day, without anybody's asking.
The hospital keeps its money; each medical fund owes its share to the work-injury fund, Dr 5001.01 / Cr 2202(WI), and what is more than
that fund has paid to the person, Cr 2203(P). The personal account pays nothing: nobody has asked it to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from claims.application.header import HisHeader
from claims.application.late.corrections import TAKEN_OVER, Cause, PersonYears
from claims.application.late.late_cases import charged_line
from claims.application.late.redecide_year import RedecideYear
from claims.application.registry.ports import Institutions, Persons
from claims.application.settlement.answering import answer_of
from claims.application.settlement.commands import Settle
from claims.application.settlement.find_past import Past, with_past
from claims.application.settlement.ports import (
    Journals,
    MessageKey,
    NewSettlement,
    Settlements,
    StoredSettlement,
    VisitReader,
    YearKey,
)
from claims.application.settlement.settle_claim import settled_event
from claims.application.settlement.settle_work_injury import injury_line
from claims.application.settlement.stored_facts import Stay, facts_to_json
from claims.application.visits.answers import LineStated
from claims.application.visits.ports import Fees, NewLine, Visits
from claims.application.visits.upload_fees import CHARGE_LEVELS
from claims.domain.adjudication import Decision, add_up, adjudicate
from claims.domain.care_codes import national_category
from claims.domain.claim_history import facts_of
from claims.domain.institution import Institution
from claims.domain.kept_part import KeptLine, kept_split, part_of
from claims.domain.late_facts import LateFacts
from claims.domain.person import MEDICAL_SCHEMES
from claims.domain.redecision import Change, Position, Standing, place_of_claim, state_before
from claims.domain.refusals import (
    institution_gone,
    person_unknown,
    settled_by_paper,
    settlement_not_valid,
    settlement_unknown,
)
from claims.domain.rule_books.in_force import RulesByDay
from claims.domain.settlement import Basis, Batch, VisitToSettle, Wanted, basis_of, coverage_on, fund_payments
from claims.domain.taking_over import taken_over
from claims.domain.visit import Batch as VisitBatch
from claims.domain.visit import FeeLine, Visit
from shared.clock import Clock, local
from shared.errors import unavailable
from shared.ids import IdFactory
from shared.ledger import Entry
from shared.transactions import Once, OnceKey, Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """What the bridge asks for when a recognition is finally revoked."""

    settlement_id: str
    """The direct settlement of the work-injury fund."""
    case_id: str
    decision_version: int
    """The one that the stay was settled under."""
    paid_fen: int
    """What the work-injury fund has paid of it and no audit has cut."""
    lines: tuple[KeptLine, ...]
    """What somebody has paid of each line: without what the hospital bears, and what an audit has cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    original: StoredSettlement
    stay: Visit
    institution: Institution
    visit: VisitToSettle
    basis: Basis
    lines: tuple[NewLine, ...]

    @property
    def key(self) -> YearKey:
        return YearKey(self.visit.person_id, self.visit.scheme, self.basis.benefit_year)


class TakeStayOver:
    """Once for a settlement; the settlement of the work-injury fund then stands no more."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        once: Once,
        persons: Persons,
        institutions: Institutions,
        reader: VisitReader,
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
        self._uow = uow
        self._once = once
        self._persons = persons
        self._institutions = institutions
        self._reader = reader
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

    async def lines(self, settlement_id: str) -> list[dict[str, Any]]:
        """The fee lines of a direct settlement, in whatever state, as the bridge was asked to judge them."""
        async with self._uow.transaction() as tx:
            if await self._settlements.find(tx, settlement_id) is None:
                raise settlement_unknown("settlement_id")
            return [injury_line(line) for line in await self._settlements.lines(tx, settlement_id)]

    async def __call__(self, command: TakeOver, key: OnceKey) -> dict[str, Any]:
        """The medical settlement, what each book owes the work-injury fund, and what the person.

        Refuses what a settlement would refuse (no cover on that day), a settlement that is not the work-injury fund's or does
        not stand, one that medical funds have paid in part, and a bill that the person has claimed on paper.
        """
        async with self._uow.transaction() as tx:
            original = await self._settlements.find(tx, command.settlement_id)
        if original is None:
            raise settlement_unknown("settlement_id")
        visit = await self._reader.visit(original.visit_id)
        if visit is None:
            raise settlement_unknown("settlement_id")

        async def work(tx: Tx) -> dict[str, Any]:
            stay = await self._visits.lock(tx, visit.visit_id)
            if stay is None:
                raise settlement_unknown("settlement_id")
            asked = await self._price(tx, command, visit, stay)
            balance = await self._years.lock(tx, asked.key, begin=asked.key.benefit_year)
            # Read again under the lock: only now nobody decides the year again for other classes of the person.
            priced = await self._price(tx, command, visit, stay)
            if priced.key != asked.key:
                raise unavailable("claims.take-over.overtaken", "该人员的参保信息刚刚变更，请重试")
            standing = await self._years.standing(tx, priced.key, self._books)
            decision, position = self._decide(priced, [s.standing for s in standing], self._ids.new())
            entries, owed, to_person = await self._entries(tx, command, priced, decision, position)
            new = self._new(priced, decision, position, entries, balance)
            await self._store(tx, priced, new, position)
            await self._journals.append(tx, new.entries)
            await self._settlements.give_over(tx, priced.original)
            for event in new.events:
                tx.emit(event)
            ripples = await self._redecide(
                tx,
                priced.key,
                Change(since=position, years=frozenset({priced.key.benefit_year})),
                Cause(reason="restore", trigger_id=new.settlement_id),
                balance_fen=balance,
            )
            return {
                "settlement_id": new.settlement_id,
                "owed": [{"book": book, "amount_fen": amount} for book, amount in owed.items()],
                "to_person": [{"book": book, "amount_fen": amount} for book, amount in to_person.items()],
                "payments": [asdict(p) for p in fund_payments(decision)],
                "total_fen": decision.facts.split.total_fen,
                "corrected": list(ripples.corrected),
            }

        return (await self._once.run(key, work))[0]

    async def _price(self, tx: Tx, command: TakeOver, visit: VisitToSettle, stay: Visit) -> _Priced:
        original = await self._settlements.find(tx, command.settlement_id)
        if original is None:
            raise settlement_unknown("settlement_id")
        if original.state != "valid":
            raise settlement_not_valid(original.state, "settlement_id")
        if original.work_injury_key is None or original.payments:
            raise settlement_not_valid("mixed" if original.work_injury_key else "medical", "settlement_id")
        if await self._settlements.claimed_on_paper(tx, original, sum(k.amount_fen for k in command.lines)):
            raise settled_by_paper()
        institution = await self._institutions.find(tx, original.institution_code)
        if institution is None:
            raise institution_gone("settlement_id")
        person = await self._persons.by_id(tx, original.person_id)
        if person is None:
            raise person_unknown("person_id")
        stored = {line["line_no"]: line for line in await self._settlements.lines(tx, command.settlement_id)}
        kept_split(list(stored.values()), command.lines)  # refuses what is not of this bill
        lines = tuple(_new_line(stored[k.line_id], k.amount_fen) for k in command.lines if k.amount_fen)
        schemes = [s for s in dict.fromkeys((visit.scheme, *MEDICAL_SCHEMES)) if s in MEDICAL_SCHEMES]
        covered = [s for s in schemes if coverage_on(person.coverages, s, visit.begun_on)]
        days = [local(line.line.occurred_at).date() for line in lines]
        claim = replace(
            visit,
            visit_id=self._ids.new(),
            scheme=(covered or schemes)[0],
            med_type=national_category(visit.med_type, inpatient=visit.inpatient),
            state="discharged",
            ended_on=original.answer.ended_on,
            work_injury=False,
            injury_suspect=True,
            credit_id=None,
            coverages=person.coverages,
            classes=person.classes,
            filings=await self._persons.filings(tx, original.person_id),
            person_version=person.version,
            batches=(
                Batch(
                    batch_id=self._ids.new(),
                    batch_no="",
                    settlement_id=None,
                    split=add_up(line.split for line in lines),
                    sessions=sum((line.sessions for line in lines), Decimal(0)),
                    first_on=min(days, default=None),
                    last_on=max(days, default=None),
                ),
            ),
            stay_deductible_fen=0,
            continues_stay=False,
        )
        wanted = Wanted(
            institution_code=institution.code,
            person_id=claim.person_id,
            inpatient=claim.inpatient,
            scheme=claim.scheme,
            batch_no=None,
            total_fen=claim.batches[0].split.total_fen,
            interim=False,
            stated=(None, None, None, None),
        )
        basis = basis_of(claim, wanted, institution, self._books, self._clock.today())
        (basis,) = await with_past(self._past(tx), [(claim, basis)])
        return _Priced(original=original, stay=stay, institution=institution, visit=claim, basis=basis, lines=lines)

    def _decide(self, priced: _Priced, standing: list[Standing], settlement_id: str) -> tuple[Decision, Position]:
        """Its place in the person-year is that of its own day, as for a paper claim."""
        now, basis = self._clock.now(), priced.basis
        today = local(now).date()
        day = basis.rules.day(begun_on=priced.visit.begun_on, discharged_on=basis.ended_on, settled_on=today)
        follows = self._policy.on(basis.rules.region, today).ripple.of("restore") == "redecide"
        position = place_of_claim(
            standing, basis.benefit_year, day if follows else None, settled_at=now, settlement_id=settlement_id
        )
        return adjudicate(basis.rules, facts_of(basis, priced.visit), state_before(standing, position)), position

    async def _entries(
        self, tx: Tx, command: TakeOver, priced: _Priced, decision: Decision, position: Position
    ) -> tuple[list[Entry], dict[str, int], dict[str, int]]:
        """One journal per book, and of what it owes the part of the work-injury fund and that of the person."""
        today = local(position.settled_at).date()
        days = [await self._journals.open_day(tx, p.book, today) for p in decision.payments]
        entries: list[Entry] = []
        owed: dict[str, int] = {}
        to_person: dict[str, int] = {}
        left = command.paid_fen
        for book in dict.fromkeys(p.book for p in decision.payments):
            mine = [p for p in decision.payments if p.book is book]
            total = sum(p.amount_fen for p in mine)
            back = min(total, left)
            left -= back
            owed |= {book.value: back} if back else {}
            to_person |= {book.value: total - back} if total > back else {}
            entries.append(
                Entry(
                    entry_id=self._ids.new(),
                    book=book,
                    booked_on=max(days, default=today),
                    kind="settlement",
                    lines=tuple(taken_over(mine, back, f"P:{priced.visit.person_id}")),
                    memo="工伤认定撤销：医保基金按医保规定结算",
                    person_id=priced.visit.person_id,
                    settlement_id=position.settlement_id,
                    case_id=command.case_id,
                    decision_version=command.decision_version,
                    maker="system",
                )
            )
        return entries, owed, to_person

    def _new(
        self, priced: _Priced, decision: Decision, position: Position, entries: Sequence[Entry], balance: int
    ) -> NewSettlement:
        visit, basis, original = priced.visit, priced.basis, priced.original
        header = HisHeader(
            infno=TAKEN_OVER,
            msgid=original.settlement_id,
            institution_code=priced.institution.code,
            input_digest="",
            received_at=position.settled_at,
        )
        command = Settle(
            header=header,
            inpatient=visit.inpatient,
            person_id=visit.person_id,
            visit_id=visit.visit_id,
            scheme=visit.scheme,
            total_fen=basis.split.total_fen,
            invoice_no=original.answer.invoice_no,
        )
        answer = answer_of(
            command,
            visit,
            priced.institution,
            basis,
            decision,
            settlement_id=position.settlement_id,
            at=position.settled_at,
            balance_fen=balance,
        )
        fact = settled_event(visit, priced.institution, basis, decision, answer)
        return NewSettlement(
            settlement_id=position.settlement_id,
            visit=visit,
            batch_ids=tuple(b.batch_id for b in basis.batches),
            year=priced.key,
            message=MessageKey(priced.institution.code, TAKEN_OVER, original.settlement_id, ""),
            digest="",
            settled_at=position.settled_at,
            answer=answer,
            decision=decision,
            entries=tuple(entries),
            events=(replace(fact, takes_over=original.settlement_id),),
            rendered=b"",
            year_no=position.year_no,
            rule_digest=basis.rules.digest,
            facts=facts_to_json(
                basis.rules, decision.facts, decision.before, Stay(tuple(sorted(basis.episode)), basis.defers_deductible)
            ),
        )

    async def _store(self, tx: Tx, priced: _Priced, new: NewSettlement, position: Position) -> None:
        """A visit of its own with the lines that were paid: the hospital's stays as the hospital knows it."""
        visit, batch_id = priced.visit, new.batch_ids[0]
        stay = replace(
            priced.stay,
            visit_id=visit.visit_id,
            scheme=visit.scheme,
            med_type=visit.med_type,
            state="discharged",
            insured_region=priced.basis.coverage.region,
            work_injury=False,
            injury_suspect=True,
        )
        await self._visits.add(tx, stay, self._clock.now())
        batch = VisitBatch(batch_id=batch_id, batch_no="", generation=1, settlement_id=None, line_count=0)
        await self._fees.open_batch(tx, visit.visit_id, batch)
        await self._fees.add(tx, visit.visit_id, new.message.msgid, [batch_id] * len(priced.lines), priced.lines)
        await self._settlements.add(tx, new, None if position.day == date.max else position.day)


def _new_line(line: Mapping[str, Any], amount_fen: int) -> NewLine:
    """A line, or what was paid of it, divided as it was when it was charged."""
    whole = line["amount_fen"]
    split = charged_line(line).split if amount_fen == whole else part_of(line, amount_fen)
    return NewLine(
        line=FeeLine(
            line_no=line["line_no"],
            item_code=line["item_code"],
            institution_item_code=line["institution_item_code"],
            amount_fen=amount_fen,
            quantity=line["quantity"],
            price=line["price"],
            occurred_at=line["occurred_at"],
            returns_line_no=line["returns_line_no"],
        ),
        split=split,
        stated=LineStated(
            line_no=line["line_no"],
            amount_fen=amount_fen,
            quantity=line["quantity"],
            price=line["price"],
            cap=line["price_limit"],
            selfpay_rate=line["pre_selfpay_rate"],
            self_funded_fen=split.self_funded_fen,
            over_limit_fen=split.over_limit_fen,
            pre_selfpay_fen=split.pre_selfpay_fen,
            in_scope_fen=split.in_scope_fen,
            charge_class=CHARGE_LEVELS[line["charge_class"]],
            fee_category=line["fee_category"],
        ),
        item_name=line["item_name"],
        in_work_injury_catalogue=line["in_work_injury_catalogue"],
        details=line["details"],
        sessions=line["sessions"],
    )
