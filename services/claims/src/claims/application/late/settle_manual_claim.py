"""Price and settle a paper claim (手工报销): by the rules and the accumulators of its day, payable to the person.

医疗保障经办条例 art. 20; benefit policies, 7.7. It takes its place in the person-year by its day; later settlements are decided
again. Everything else of it is a settlement like any other: visit, lines, journals, event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, Final

from claims.application.late.corrections import MANUAL
from claims.application.late.late_cases import LateCase, ManualClaim, ManualLine, claim_of
from claims.application.late.settle_late import LateClaim, Origin, SettleLate
from claims.application.registry.find_person import FindPerson
from claims.application.registry.open_identity import open_identity
from claims.application.registry.ports import Catalogue, Institutions, Persons
from claims.application.visits.ports import LineShares, NewLine, Shares
from claims.application.visits.upload_fees import stated_line
from claims.domain.adjudication import OUTSIDE, Decision, FeeLine, split_line
from claims.domain.catalogue import CatalogueItem, valid_on
from claims.domain.institution import Institution
from claims.domain.late_facts import LateFacts, Reason, months_after
from claims.domain.refusals import person_unknown
from claims.domain.settlement import VisitToSettle, coverage_on, journals
from claims.domain.visit import FeeLine as UploadedLine
from claims.domain.visit import Visit
from shared.clock import CHINA, Clock
from shared.crypto import Sealer
from shared.errors import conflict, invalid
from shared.ids import IdFactory
from shared.ledger import Entry
from shared.transactions import Tx

_REASON: Final[Reason] = "manual-claim"
OUTSIDE_THE_NETWORK = "H00000000000"
"""Code of an institution that has none."""


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
        settle_late: SettleLate,
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
        self._late = settle_late
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
        return _shown(await self._late.preview(tx, priced, _REASON))

    async def settle(self, tx: Tx, case: LateCase, checker: str) -> tuple[str, dict[str, Any]]:
        """Settle an approved claim; its settlement id and what it gives. Refuses like a settlement."""
        claim = claim_of(case.body)

        def stay(priced: LateClaim) -> Visit:
            return Visit(
                visit_id=priced.visit.visit_id,
                person_id=claim.person_id,
                institution_code=priced.institution.code,
                inpatient=claim.inpatient,
                scheme=claim.scheme,
                med_type=claim.med_type,
                hospital_no=claim.invoice_no,
                begun_at=datetime.combine(claim.begun_on, time(), CHINA),
                state="discharged",
                ended_at=datetime.combine(claim.ended_on, time(), CHINA),
                insured_region=priced.basis.coverage.region,
                disease_code=claim.disease_code,
                disease_name=claim.disease_name,
            )

        def book(decision: Decision, settlement_id: str, booked_on: date) -> Sequence[Entry]:
            entries = journals(
                decision.payments,
                settlement_id=settlement_id,
                person_id=claim.person_id,
                institution_code=None,
                booked_on=booked_on,
                ids=self._ids,
            )
            return [replace(entry, maker=case.maker, checker=checker) for entry in entries]

        origin = Origin(
            infno=MANUAL,
            msgid=case.late_fact_id,
            reason=_REASON,
            invoice_no=claim.invoice_no,
            maker=case.maker,
            checker=checker,
        )
        settled = await self._late.run(tx, partial(self._price, tx, claim), origin, stay, book)
        return settled.settlement_id, _shown(settled.decision) | {"corrected": list(settled.corrected)}

    async def _price(self, tx: Tx, claim: ManualClaim) -> LateClaim:
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
            batches=(),
            person_version=person.version,
        )
        return await self._late.claim(tx, visit, institution, lines, [line.occurred_on for line in claim.lines])

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
