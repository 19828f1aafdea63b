"""A recognition was finally revoked after the work-injury fund had paid a stay directly: the medical funds settle it late (B3, B4).

社会保险法 art. 30: what is no work injury is theirs. By the rules and the accumulators of the stay's own day, without anybody's asking.
The hospital keeps its money; each medical fund owes its share to the work-injury fund, Dr 5001.01 / Cr 2202(WI), and what is more than
that fund has paid to the person, Cr 2203(P). The personal account pays nothing: nobody has asked it to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from claims.application.late.corrections import TAKEN_OVER
from claims.application.late.settle_late import LateClaim, Origin, SettleLate
from claims.application.registry.ports import Institutions, Persons
from claims.application.settlement.ports import (
    Settlements,
    VisitReader,
)
from claims.application.settlement.settle_work_injury import injury_line
from claims.application.visits.answers import LineStated
from claims.application.visits.ports import NewLine, Visits
from claims.application.visits.upload_fees import CHARGE_LEVELS
from claims.domain.adjudication import Decision, Payment, Split
from claims.domain.kept_part import KeptLine, kept_parts
from claims.domain.refusals import (
    institution_gone,
    person_unknown,
    settled_by_paper,
    settlement_not_valid,
    settlement_unknown,
)
from claims.domain.settlement import VisitToSettle, fund_payments, under_medical_rules
from claims.domain.taking_over import taken_over
from claims.domain.visit import FeeLine, Visit
from shared.clock import local
from shared.ids import IdFactory
from shared.ledger import Book, Entry
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
        settlements: Settlements,
        settle_late: SettleLate,
        ids: IdFactory,
    ) -> None:
        self._uow = uow
        self._once = once
        self._persons = persons
        self._institutions = institutions
        self._reader = reader
        self._visits = visits
        self._settlements = settlements
        self._late = settle_late
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
            hospitals = await self._visits.lock(tx, visit.visit_id)
            if hospitals is None:
                raise settlement_unknown("settlement_id")
            origin = Origin(
                infno=TAKEN_OVER,
                msgid=original.settlement_id,
                reason="restore",
                invoice_no=original.answer.invoice_no,
                takes_over=original.settlement_id,
            )
            settled = await self._late.run(
                tx,
                partial(self._price, tx, command, visit),
                origin,
                partial(_stay, hospitals),
                partial(self._book, command, original.person_id),
            )
            await self._settlements.give_over(tx, original)
            owed, to_person = _shares(settled.decision.payments, command.paid_fen)
            return {
                "settlement_id": settled.settlement_id,
                "owed": _listed(owed),
                "to_person": _listed(to_person),
                "payments": [asdict(p) for p in fund_payments(settled.decision)],
                "total_fen": settled.decision.facts.split.total_fen,
                "corrected": list(settled.corrected),
            }

        return (await self._once.run(key, work))[0]

    async def _price(self, tx: Tx, command: TakeOver, visit: VisitToSettle) -> LateClaim:
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
        paid = kept_parts(await self._settlements.lines(tx, command.settlement_id), command.lines)
        lines = [_new_line(line, split) for line, split in paid if split.total_fen]
        claim = replace(
            under_medical_rules(replace(visit, coverages=person.coverages)),
            visit_id=self._ids.new(),
            state="discharged",
            ended_on=original.answer.ended_on,
            injury_suspect=True,
            credit_id=None,
            classes=person.classes,
            filings=await self._persons.filings(tx, original.person_id),
            person_version=person.version,
            batches=(),
            stay_deductible_fen=0,
            continues_stay=False,
        )
        return await self._late.claim(tx, claim, institution, lines, [local(line.line.occurred_at).date() for line in lines])

    def _book(
        self, command: TakeOver, person_id: str, decision: Decision, settlement_id: str, booked_on: date
    ) -> Sequence[Entry]:
        """One journal per book; of what it owes the part of the work-injury fund and that of the person."""
        owed, _ = _shares(decision.payments, command.paid_fen)
        return [
            Entry(
                entry_id=self._ids.new(),
                book=book,
                booked_on=booked_on,
                kind="settlement",
                lines=tuple(taken_over([p for p in decision.payments if p.book is book], owed.get(book, 0), f"P:{person_id}")),
                memo="工伤认定撤销：医保基金按医保规定结算",
                person_id=person_id,
                settlement_id=settlement_id,
                case_id=command.case_id,
                decision_version=command.decision_version,
                maker="system",
            )
            for book in dict.fromkeys(p.book for p in decision.payments)
        ]


def _stay(hospitals: Visit, claim: LateClaim) -> Visit:
    """A visit of its own with the lines that were paid: the hospital's stays as the hospital knows it."""
    return replace(
        hospitals,
        visit_id=claim.visit.visit_id,
        scheme=claim.visit.scheme,
        med_type=claim.visit.med_type,
        state="discharged",
        insured_region=claim.basis.coverage.region,
        work_injury=False,
        injury_suspect=True,
    )


def _shares(payments: Sequence[Payment], paid_fen: int) -> tuple[dict[Book, int], dict[Book, int]]:
    """Of what each book pays, the part that goes to the work-injury fund, at most ``paid_fen`` of all, and the person's."""
    owed: dict[Book, int] = {}
    to_person: dict[Book, int] = {}
    for book in dict.fromkeys(p.book for p in payments):
        total = sum(p.amount_fen for p in payments if p.book is book)
        back = min(total, paid_fen - sum(owed.values()))
        owed |= {book: back} if back else {}
        to_person |= {book: total - back} if total > back else {}
    return owed, to_person


def _listed(amounts: Mapping[Book, int]) -> list[dict[str, Any]]:
    return [{"book": book.value, "amount_fen": amount} for book, amount in amounts.items()]


def _new_line(line: Mapping[str, Any], split: Split) -> NewLine:
    """A line, or what was paid of it, divided as it was when it was charged."""
    return NewLine(
        line=FeeLine(
            line_no=line["line_no"],
            item_code=line["item_code"],
            institution_item_code=line["institution_item_code"],
            amount_fen=split.total_fen,
            quantity=line["quantity"],
            price=line["price"],
            occurred_at=line["occurred_at"],
            returns_line_no=line["returns_line_no"],
        ),
        split=split,
        stated=LineStated(
            line_no=line["line_no"],
            amount_fen=split.total_fen,
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
