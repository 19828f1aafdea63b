"""Price and settle a paper claim (手工报销): by the rules and the accumulators of its day, payable to the person.

医疗保障经办条例 art. 20; benefit policies, 7.7. It takes its place in the person-year by its day; later settlements are decided
again. Everything else of it is a settlement like any other: visit, lines, journals, event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from claims.application.header import HisHeader
from claims.application.late.corrections import MANUAL, Cause, PersonYears
from claims.application.late.late_cases import LateCase, ManualClaim, ManualLine, claim_of
from claims.application.late.redecide_year import RedecideYear
from claims.application.registry.find_person import FindPerson
from claims.application.registry.open_identity import open_identity
from claims.application.registry.ports import Catalogue, Institutions, Persons
from claims.application.settlement.answering import answer_of
from claims.application.settlement.commands import Settle
from claims.application.settlement.find_past import Past, with_past
from claims.application.settlement.ports import Journals, MessageKey, NewSettlement, Settlements, YearKey
from claims.application.settlement.settle_claim import settled_event
from claims.application.settlement.stored_facts import Stay, facts_to_json
from claims.application.visits.ports import Fees, LineShares, NewLine, Shares, Visits
from claims.application.visits.upload_fees import stated_line
from claims.domain.adjudication import (
    OUTSIDE,
    Decision,
    FeeLine,
    add_up,
    adjudicate,
    split_line,
)
from claims.domain.catalogue import CatalogueItem, valid_on
from claims.domain.claim_history import facts_of
from claims.domain.institution import Institution
from claims.domain.late_facts import LateFacts, months_after
from claims.domain.redecision import Change, Position, Standing, place_of_claim, state_before
from claims.domain.refusals import person_unknown
from claims.domain.rule_books.in_force import RulesByDay
from claims.domain.settlement import Basis, Batch, VisitToSettle, Wanted, basis_of, coverage_on, journals
from claims.domain.visit import Batch as VisitBatch
from claims.domain.visit import FeeLine as UploadedLine
from claims.domain.visit import Visit
from shared.clock import CHINA, Clock, local
from shared.crypto import Sealer
from shared.errors import conflict, invalid, unavailable
from shared.ids import IdFactory
from shared.transactions import Tx

OUTSIDE_THE_NETWORK = "H00000000000"
"""Code of an institution that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    claim: ManualClaim
    institution: Institution
    visit: VisitToSettle
    basis: Basis
    lines: tuple[NewLine, ...]


class SettleManualClaim:
    """Both steps: what it would give, and the settlement itself."""

    def __init__(
        self,
        *,
        find_person: FindPerson,
        persons: Persons,
        institutions: Institutions,
        catalogue: Catalogue,
        line_shares: LineShares,
        visits: Visits,
        fees: Fees,
        settlements: Settlements,
        years: PersonYears,
        past: Callable[[Tx], Past],
        journals: Journals,
        redecide: RedecideYear,
        books: RulesByDay,
        policy: LateFacts,
        sealer: Sealer,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._find_person = find_person
        self._persons = persons
        self._institutions = institutions
        self._catalogue = catalogue
        self._line_shares = line_shares
        self._visits = visits
        self._fees = fees
        self._settlements = settlements
        self._years = years
        self._past = past
        self._journals = journals
        self._redecide = redecide
        self._books = books
        self._policy = policy
        self._sealer = sealer
        self._clock = clock
        self._ids = ids

    async def identify(self, claim: ManualClaim) -> None:
        """See that the person is known here, asking enrollment if need be. Refuses an unknown one."""
        await self._find_person.by_id(claim.person_id)

    async def preview(self, tx: Tx, claim: ManualClaim) -> dict[str, Any]:
        """What the claim would give now. Refuses what the settlement would refuse, and a claim after its time limit."""
        priced = await self._price(tx, claim)
        policy = self._policy.on(priced.basis.rules.region, self._clock.today())
        months = policy.manual_claim_months
        if months is not None and self._clock.today() > months_after(claim.ended_on, months):
            raise conflict(
                "claims.manual-claim.too-late",
                f"已超过手工报销期限（出院或就诊后{months}个月内）",
                field="ended_on",
                months=months,
            )
        standing = await self._years.standing(tx, self._key(priced), self._books)
        decision, _ = self._decide(priced, [s.standing for s in standing], "")
        return _shown(decision)

    async def settle(self, tx: Tx, case: LateCase, checker: str) -> tuple[str, dict[str, Any]]:
        """Settle an approved claim; its settlement id and what it gives. Refuses like a settlement."""
        claim = claim_of(case.body)
        key = self._key(await self._price(tx, claim))
        balance = await self._years.lock(tx, key, begin=key.benefit_year)
        # Read again under the lock: only now nobody decides the year again for other classes of the person.
        priced = await self._price(tx, claim)
        if self._key(priced) != key:
            raise unavailable("claims.manual-claim.overtaken", "该人员的参保信息刚刚变更，请重试")
        standing = await self._years.standing(tx, key, self._books)
        settlement_id = self._ids.new()
        decision, position = self._decide(priced, [s.standing for s in standing], settlement_id)
        new = await self._new(tx, case, priced, decision, position, key, balance, checker)
        await self._store(tx, priced, new, position)
        await self._journals.append(tx, new.entries)
        for event in new.events:
            tx.emit(event)
        ripples = await self._redecide(
            tx,
            key,
            Change(since=position, years=frozenset({key.benefit_year})),
            Cause(reason="manual-claim", trigger_id=settlement_id, maker=case.maker, checker=checker),
            balance_fen=balance,
        )
        return settlement_id, _shown(decision) | {"corrected": list(ripples.corrected)}

    def _key(self, priced: _Priced) -> YearKey:
        return YearKey(priced.claim.person_id, priced.claim.scheme, priced.basis.benefit_year)

    def _decide(self, priced: _Priced, standing: list[Standing], settlement_id: str) -> tuple[Decision, Position]:
        now, basis = self._clock.now(), priced.basis
        day = basis.rules.day(begun_on=priced.claim.begun_on, discharged_on=basis.ended_on, settled_on=local(now).date())
        follows = self._policy.on(basis.rules.region, local(now).date()).ripple.manual_claim == "redecide"
        # Where later settlements keep their amounts, the claim can only have what they left.
        position = place_of_claim(
            standing, basis.benefit_year, day if follows else None, settled_at=now, settlement_id=settlement_id
        )
        return adjudicate(basis.rules, facts_of(basis, priced.visit), state_before(standing, position)), position

    async def _price(self, tx: Tx, claim: ManualClaim) -> _Priced:
        person = await self._persons.by_id(tx, claim.person_id)
        if person is None:
            raise person_unknown("person_id")
        if not claim.begun_on <= claim.ended_on <= self._clock.today():
            raise invalid("claims.manual-claim.days", "就诊起止日期有误：结束不得早于开始，也不得晚于今天", field="ended_on")
        institution = await self._institution(tx, claim)
        cover = coverage_on(person.coverages, claim.scheme, claim.begun_on)
        items = await self._catalogue.versions(tx, sorted({line.item_code for line in claim.lines}))
        lines = []
        for number, line in enumerate(claim.lines, 1):
            item = valid_on(items.get(line.item_code, []), line.occurred_on)
            shares = self._line_shares.shares(claim.scheme, cover.region if cover else institution.region, line.occurred_on)
            lines.append(_new_line(str(number), line, item, institution.level, shares))
        split = add_up(line.split for line in lines)
        visit = VisitToSettle(
            visit_id=self._ids.new(),
            person_id=claim.person_id,
            institution_code=institution.code,
            inpatient=claim.inpatient,
            scheme=claim.scheme,
            med_type=claim.med_type,
            state="discharged",
            begun_on=claim.begun_on,
            ended_on=claim.ended_on,
            work_injury=False,
            injury_suspect=False,
            disease_code=claim.disease_code,
            disease_name=claim.disease_name,
            identity=open_identity(self._sealer, person.sealed),
            sex=person.sex,
            born_on=person.born_on,
            coverages=person.coverages,
            classes=person.classes,
            filings=await self._persons.filings(tx, claim.person_id),
            batches=(
                Batch(
                    batch_id=self._ids.new(),
                    batch_no="",
                    settlement_id=None,
                    split=split,
                    sessions=sum((line.sessions for line in lines), Decimal(0)),
                    first_on=min(line.occurred_on for line in claim.lines),
                    last_on=max(line.occurred_on for line in claim.lines),
                ),
            ),
            person_version=person.version,
        )
        wanted = Wanted(
            institution_code=institution.code,
            person_id=claim.person_id,
            inpatient=claim.inpatient,
            scheme=claim.scheme,
            batch_no=None,
            total_fen=split.total_fen,
            interim=False,
            stated=(None, None, None, None),
        )
        basis = basis_of(visit, wanted, institution, self._books, self._clock.today())
        (basis,) = await with_past(self._past(tx), [(visit, basis)])
        return _Priced(claim=claim, institution=institution, visit=visit, basis=basis, lines=tuple(lines))

    async def _institution(self, tx: Tx, claim: ManualClaim) -> Institution:
        known = await self._institutions.find(tx, claim.institution_code) if claim.institution_code else None
        if known is not None:
            return known
        if not claim.institution_name or claim.institution_level is None or claim.institution_region is None:
            raise invalid(
                "claims.manual-claim.institution",
                "该医疗机构未在本地登记，请填写机构名称、等级和医保区划",
                field="institution_code",
            )
        return Institution(
            code=claim.institution_code or OUTSIDE_THE_NETWORK,
            version=0,
            name=claim.institution_name,
            kind="1",
            level=claim.institution_level,
            region=claim.institution_region,
            active=True,
            signature="none",
            access_key="",
            secret_sealed="",
        )

    async def _new(
        self,
        tx: Tx,
        case: LateCase,
        priced: _Priced,
        decision: Decision,
        position: Position,
        key: YearKey,
        balance: int,
        checker: str,
    ) -> NewSettlement:
        claim, visit, basis = priced.claim, priced.visit, priced.basis
        header = HisHeader(
            infno=MANUAL,
            msgid=case.late_fact_id,
            institution_code=priced.institution.code,
            input_digest="",
            received_at=position.settled_at,
            operator=case.maker,
        )
        command = Settle(
            header=header,
            inpatient=claim.inpatient,
            person_id=claim.person_id,
            visit_id=visit.visit_id,
            scheme=claim.scheme,
            total_fen=basis.split.total_fen,
            invoice_no=claim.invoice_no,
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
        today = local(position.settled_at).date()
        days = [await self._journals.open_day(tx, p.book, today) for p in decision.payments]
        entries = journals(
            decision.payments,
            settlement_id=position.settlement_id,
            person_id=claim.person_id,
            institution_code=None,
            booked_on=max(days, default=today),
            ids=self._ids,
        )
        return NewSettlement(
            settlement_id=position.settlement_id,
            visit=visit,
            batch_ids=tuple(b.batch_id for b in basis.batches),
            year=key,
            message=MessageKey(priced.institution.code, MANUAL, case.late_fact_id, ""),
            digest="",
            settled_at=position.settled_at,
            answer=answer,
            decision=decision,
            entries=tuple(replace(e, maker=case.maker, checker=checker) for e in entries),
            events=(settled_event(visit, priced.institution, basis, decision, answer),),
            rendered=b"",
            year_no=position.year_no,
            rule_digest=basis.rules.digest,
            facts=facts_to_json(
                basis.rules, decision.facts, decision.before, Stay(tuple(sorted(basis.episode)), basis.defers_deductible)
            ),
        )

    async def _store(self, tx: Tx, priced: _Priced, new: NewSettlement, position: Position) -> None:
        claim, visit = priced.claim, priced.visit
        batch_id = new.batch_ids[0]
        await self._visits.add(
            tx,
            Visit(
                visit_id=visit.visit_id,
                person_id=visit.person_id,
                institution_code=visit.institution_code,
                inpatient=visit.inpatient,
                scheme=visit.scheme,
                med_type=visit.med_type,
                hospital_no=claim.invoice_no,
                begun_at=datetime.combine(claim.begun_on, time(), CHINA),
                state="discharged",
                ended_at=datetime.combine(claim.ended_on, time(), CHINA),
                insured_region=priced.basis.coverage.region,
                disease_code=visit.disease_code,
                disease_name=visit.disease_name,
            ),
            self._clock.now().astimezone(UTC),
        )
        await self._fees.open_batch(
            tx, visit.visit_id, VisitBatch(batch_id=batch_id, batch_no="", generation=1, settlement_id=None, line_count=0)
        )
        await self._fees.add(tx, visit.visit_id, new.message.msgid, [batch_id] * len(priced.lines), priced.lines)
        await self._settlements.add(tx, new, None if position.day == date.max else position.day)


def _new_line(number: str, line: ManualLine, item: CatalogueItem | None, level: int, shares: Shares) -> NewLine:
    entry = item.entry() if item else OUTSIDE
    split = split_line(
        FeeLine(amount_fen=line.amount_fen, quantity=line.quantity, price=line.price, approved_use=line.approved_use),
        entry,
        level,
        shares.class_b_rate,
        shares.of(entry.line_class),
    )
    uploaded = UploadedLine(
        line_no=number,
        item_code=line.item_code,
        institution_item_code="",
        amount_fen=line.amount_fen,
        quantity=line.quantity,
        price=line.price,
        occurred_at=datetime.combine(line.occurred_on, time(), CHINA),
    )
    return NewLine(
        line=uploaded,
        split=split,
        stated=stated_line(uploaded, split, item, entry, level, shares),
        item_name=item.name if item else line.item_name,
        in_work_injury_catalogue=item is not None and item.in_work_injury_catalogue,
        details={},
        sessions=line.quantity if item is not None and item.per_session else Decimal(0),
    )


def _shown(decision: Decision) -> dict[str, Any]:
    return {
        "total_fen": decision.facts.split.total_fen,
        "payable_fen": decision.funds_fen,
        "person_fen": decision.person_fen,
        "payments": [
            {"book": p.book.value, "account": p.account, "fund_pay_type": p.fund, "name": p.name, "amount_fen": p.amount_fen}
            for p in decision.payments
        ],
    }
