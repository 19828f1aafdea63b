"""Settle a stay directly with the work-injury fund (B4): recognised beforehand, asked for by the hospital (GSXT).

The bridge decides the work-injury version and reserves it under the message's key; only then is the settlement stored here, and
its event makes the bridge post. A crash in between leaves a reservation that lapses, or a resend that finds it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from claims.application.settlement.answer import FundRow, SettlementAnswer
from claims.application.settlement.answering import about
from claims.application.settlement.asked import Asked, ended_credit, facts_of_settling, refuse_recalled, replay, wanted_of
from claims.application.settlement.commands import SettlementRequest
from claims.application.settlement.ports import NewSettlement, SettlementGroups, VisitReader, YearKey
from claims.domain.care_codes import WORK_INJURY_FUND, national_category
from claims.domain.institution import Institution
from claims.domain.settlement import Batch, VisitToSettle, check_visit, choose_batches
from shared.clock import Clock
from shared.contracts.claims import ClaimSettled
from shared.errors import Refusal, conflict
from shared.ids import IdFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInjuryOutcome:
    """What the bridge decided: total = fund + person + hospital (fen)."""

    fund_fen: int
    person_fen: int
    hospital_fen: int


class WorkInjury(Protocol):
    """The bridge."""

    async def decide(
        self, key: str, visit: VisitToSettle, ended_on: date, lines: Sequence[dict[str, Any]], *, final: bool
    ) -> WorkInjuryOutcome:
        """Trial, or final: reserve under ``key``. Refuses who is not entitled, with the reason."""
        ...


class SettleWorkInjury:
    """Settles stays with the work-injury fund."""

    def __init__(self, visits: VisitReader, groups: SettlementGroups, bridge: WorkInjury, clock: Clock, ids: IdFactory) -> None:
        self._visits = visits
        self._groups = groups
        self._bridge = bridge
        self._clock = clock
        self._ids = ids

    async def __call__(self, asked: Asked) -> bytes:
        """The rendered answer. Raises Refusal; nothing is stored then."""
        command = asked.command
        visit, batches, ended_on = await self._chosen(command, asked.institution)
        key = work_injury_key("|".join(asked.message))
        lines = await self._visits.lines([b.batch_id for b in batches])
        outcome = await self._bridge.decide(key, visit, ended_on, lines, final=True)
        async with self._groups.transaction() as tx:
            locked = (await tx.lock_visits([visit.visit_id])).get(visit.visit_id)
            known = replay(asked, await tx.answers([asked.message])) or refuse_recalled(
                asked, await tx.recalled([asked.message])
            )
            if isinstance(known, Refusal):
                raise known
            if known is not None:
                return known
            if (
                locked is None
                or choose_batches(locked, wanted_of(command), asked.institution.switches.total_tolerance_fen)[0] != batches
            ):
                raise conflict(
                    "claims.settlement.lines-changed", "费用明细在结算过程中发生变化，请重新预结算", field="mdtrt_id"
                )
            if asked.credit is not None:
                asked.credit.expect(locked.credit_id)
            ended = ended_credit(asked, locked)
            settlement_id, now = self._ids.new(), self._clock.now()
            answer = self._answer(command, asked.institution, visit, outcome, ended_on, settlement_id)
            rendered = asked.render(answer)
            event = ClaimSettled(
                settlement_id=settlement_id,
                visit_id=visit.visit_id,
                person_id=visit.person_id,
                institution_code=visit.institution_code,
                institution_name=asked.institution.name,
                scheme=visit.scheme,
                med_type=answer.med_type,
                inpatient=visit.inpatient,
                begun_on=visit.begun_on,
                ended_on=ended_on,
                settled_at=now,
                benefit_year=ended_on.year,
                total_fen=answer.total_fen,
                self_funded_fen=answer.self_funded_fen,
                over_limit_fen=0,
                pre_selfpay_fen=0,
                in_scope_fen=answer.in_scope_fen,
                payments=[],
                cash_fen=answer.cash_fen,
                hospital_fen=answer.hospital_fen,
                rule_digest="",
                work_injury_key=key,
                injury_suspect=True,
                invoice_no=answer.invoice_no or None,
            )
            await tx.write(
                [
                    NewSettlement(
                        settlement_id=settlement_id,
                        visit=visit,
                        batch_ids=tuple(b.batch_id for b in batches),
                        year=YearKey(visit.person_id, visit.scheme, ended_on.year),
                        message=asked.message,
                        digest=command.header.input_digest,
                        settled_at=now,
                        answer=answer,
                        decision=None,
                        entries=(),
                        events=facts_of_settling(event, ended),
                        rendered=rendered,
                        work_injury_key=key,
                        ended_credit=ended,
                    )
                ],
                {},
            )
            return rendered

    async def trial(self, command: SettlementRequest, institution: Institution, visit: VisitToSettle) -> SettlementAnswer:
        """What a settlement would give now; nothing is reserved."""
        visit, batches, ended_on = await self._chosen(command, institution)
        lines = await self._visits.lines([b.batch_id for b in batches])
        outcome = await self._bridge.decide(self._ids.new(), visit, ended_on, lines, final=False)
        return self._answer(command, institution, visit, outcome, ended_on, None)

    async def _chosen(
        self, command: SettlementRequest, institution: Institution
    ) -> tuple[VisitToSettle, tuple[Batch, ...], date]:
        wanted = wanted_of(command)
        visit = check_visit(await self._visits.visit(command.visit_id), wanted)
        batches, _ = choose_batches(visit, wanted, institution.switches.total_tolerance_fen)
        ended_on = (visit.ended_on or self._clock.today()) if visit.inpatient else visit.begun_on
        return visit, batches, ended_on

    def _answer(
        self,
        command: SettlementRequest,
        institution: Institution,
        visit: VisitToSettle,
        outcome: WorkInjuryOutcome,
        ended_on: date,
        settlement_id: str | None,
    ) -> SettlementAnswer:
        rows = []
        if outcome.fund_fen:
            rows.append(
                FundRow(
                    fund_pay_type=WORK_INJURY_FUND.value,
                    name="工伤保险基金",
                    amount_fen=outcome.fund_fen,
                    in_scope_fen=outcome.fund_fen,
                )
            )
        if outcome.hospital_fen:
            rows.append(FundRow(fund_pay_type="999996", name="医院负担", amount_fen=outcome.hospital_fen))
        return SettlementAnswer(
            settlement_id=settlement_id,
            settled_at=self._clock.now(),
            person_category="",
            civil_servant=False,
            ended_on=ended_on,
            total_fen=outcome.fund_fen + outcome.person_fen + outcome.hospital_fen,
            self_funded_fen=outcome.person_fen + outcome.hospital_fen,
            over_limit_fen=0,
            pre_selfpay_fen=0,
            in_scope_fen=outcome.fund_fen,
            other_fund_fen=outcome.fund_fen,
            cash_fen=outcome.person_fen,
            hospital_fen=outcome.hospital_fen,
            funds=tuple(rows),
            benefit_year=ended_on.year,
            credential_type=command.credential_type,
            invoice_no=command.invoice_no,
            **about(
                command.header,
                visit,
                institution,
                national_category(visit.med_type, inpatient=visit.inpatient),
                settled=settlement_id is not None,
            ),
        )


def work_injury_key(message: str) -> str:
    """The key under which the bridge reserves: the same for every resend of one message."""
    return "W" + hashlib.sha256(message.encode()).hexdigest()[:25]
