"""Settle a stay directly with the work-injury fund (B4): recognised beforehand, asked for by the hospital (GSXT).

The bridge decides the work-injury version and reserves it under the message's key; only then is the settlement stored here, and
its event makes the bridge post. A crash in between leaves a reservation that lapses, or a resend that finds it again.

What of the stay is an own disease the bridge leaves to the medical funds (B5, 工伤保险条例 art. 30 para. 5): it becomes a settlement of its
own under their rules, with its own deductible and rates, in the same transaction. Each fund owes the hospital its own part; the
hospital gets one answer, and a reversal undoes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar

from claims.application.settlement.answer import FundRow, SettlementAnswer
from claims.application.settlement.answering import about
from claims.application.settlement.asked import Asked, ended_credit, facts_of_settling, refuse_recalled, replay, wanted_of
from claims.application.settlement.commands import SettlementRequest, StatedSplit
from claims.application.settlement.ports import GroupTx, NewSettlement, SettlementGroups, VisitReader, YearKey
from claims.application.settlement.stored_facts import KEPT_LINES
from claims.domain.adjudication import YearState
from claims.domain.care_codes import WORK_INJURY_FUND, national_category
from claims.domain.institution import Institution
from claims.domain.kept_part import KeptLine, kept_split
from claims.domain.person import WORK_INJURY
from claims.domain.settlement import (
    Batch,
    VisitToSettle,
    Wanted,
    check_stated,
    check_visit,
    choose_batches,
    under_medical_rules,
)
from shared.clock import Clock, local
from shared.codes import CodeSystem
from shared.contracts.claims import ClaimSettled
from shared.errors import Refusal, conflict
from shared.ids import IdFactory
from shared.money import fen_rounded

Request = TypeVar("Request", bound=SettlementRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInjuryOutcome:
    """What the bridge decided: total = fund + person + hospital (fen), without what is kept."""

    fund_fen: int
    person_fen: int
    hospital_fen: int
    kept: tuple[KeptLine, ...] = ()
    """What of the bill is no work injury (B5)."""


class OwnDisease(NamedTuple):
    """What of a mixed stay is no work injury, decided like any other claim."""

    settlement: NewSettlement
    years: Mapping[YearKey, YearState]
    edition: str
    """Of the rule books that decided."""


DecideOwnDisease = Callable[[GroupTx, Asked, VisitToSettle], Awaitable[OwnDisease | None]]
"""Under the visit's lock; None: to be begun anew. Raises Refusal."""
TryOwnDisease = Callable[[SettlementRequest, Institution, VisitToSettle], Awaitable[SettlementAnswer]]
"""The same for a pre-settlement."""


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

    async def __call__(self, asked: Asked, own_disease: DecideOwnDisease) -> bytes:
        """The rendered answer. Raises Refusal; nothing is stored then."""
        command = asked.command
        visit = check_visit(await self._visits.visit(command.visit_id), _wanted(command))
        batches, ended_on = self._chosen(command, asked.institution, visit)
        key = work_injury_key("|".join(asked.message))
        lines = await self._visits.lines([b.batch_id for b in batches])
        outcome = await self._bridge.decide(key, visit, ended_on, lines, final=True)
        while (rendered := await self._settle(asked, own_disease, visit, batches, ended_on, key, lines, outcome)) is None:
            pass
        return rendered

    async def _settle(
        self,
        asked: Asked,
        own_disease: DecideOwnDisease,
        visit: VisitToSettle,
        batches: tuple[Batch, ...],
        ended_on: date,
        key: str,
        lines: Sequence[Mapping[str, Any]],
        outcome: WorkInjuryOutcome,
    ) -> bytes | None:
        command = asked.command
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
                or choose_batches(locked, _wanted(command), asked.institution.switches.total_tolerance_fen)[0] != batches
            ):
                raise conflict(
                    "claims.settlement.lines-changed", "费用明细在结算过程中发生变化，请重新预结算", field="mdtrt_id"
                )
            if asked.credit is not None:
                asked.credit.expect(locked.credit_id)
            ended = ended_credit(asked, locked)
            settlement_id, now = self._ids.new(), self._clock.now()
            answer = self._answer(command, asked.institution, visit, outcome, ended_on, settlement_id)
            own: OwnDisease | None = None
            if outcome.kept:
                alone, own_visit = own_claim(command, locked, lines, outcome.kept)
                own = await own_disease(tx, replace(asked, command=alone, render=_unsent), own_visit)
                if own is None:
                    return None
            whole = answer if own is None else answer.joined(own.settlement.answer)
            _check_stated(command, whole)
            rendered = asked.render(whole)
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
            beside = [] if own is None else [_beside(own.settlement, settlement_id, key, outcome.kept)]
            await tx.write(
                [
                    *beside,
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
                    ),
                ],
                {} if own is None else own.years,
                None if own is None else own.edition,
            )
            return rendered

    async def trial(
        self, command: SettlementRequest, institution: Institution, visit: VisitToSettle, own_disease: TryOwnDisease
    ) -> SettlementAnswer:
        """What a settlement would give now; nothing is reserved."""
        batches, ended_on = self._chosen(command, institution, visit)
        lines = await self._visits.lines([b.batch_id for b in batches])
        outcome = await self._bridge.decide(self._ids.new(), visit, ended_on, lines, final=False)
        answer = self._answer(command, institution, visit, outcome, ended_on, None)
        if outcome.kept:
            alone, own_visit = own_claim(command, visit, lines, outcome.kept)
            answer = answer.joined(await own_disease(alone, institution, own_visit))
        _check_stated(command, answer)
        return answer

    def _chosen(
        self, command: SettlementRequest, institution: Institution, visit: VisitToSettle
    ) -> tuple[tuple[Batch, ...], date]:
        wanted = _wanted(command)
        batches, _ = choose_batches(visit, wanted, institution.switches.total_tolerance_fen)
        ended_on = (visit.ended_on or self._clock.today()) if visit.inpatient else visit.begun_on
        return batches, ended_on

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


def own_claim(
    command: Request, visit: VisitToSettle, lines: Sequence[Mapping[str, Any]], kept: Sequence[KeptLine]
) -> tuple[Request, VisitToSettle]:
    """What of a mixed stay is no work injury, as a claim on the medical funds alone: the visit with one batch of the kept lines."""
    split = kept_split(lines, kept)
    parts = {k.line_id for k in kept}
    mine = [line for line in lines if line["line_no"] in parts]
    days = sorted(local(line["occurred_at"]).date() for line in mine)
    batch = Batch(
        batch_id="",
        batch_no="",
        settlement_id=None,
        split=split,
        sessions=sum((line["sessions"] for line in mine), Decimal(0)),
        first_on=days[0],
        last_on=days[-1],
    )
    own_visit = replace(
        under_medical_rules(visit),
        scheme=command.scheme if visit.scheme == WORK_INJURY else visit.scheme,
        credit_id=None,
        batches=(batch,),
    )
    alone = replace(
        command, scheme=own_visit.scheme, total_fen=split.total_fen, batch_no=None, med_type=None, stated=StatedSplit()
    )
    return alone, own_visit


def _wanted(command: SettlementRequest) -> Wanted:
    """What the figures of a pre-settlement are compared with is the answer: the medical division of the lines is another."""
    return replace(wanted_of(command), stated=(None, None, None, None))


def _check_stated(command: SettlementRequest, answer: SettlementAnswer) -> None:
    computed = (answer.self_funded_fen, answer.over_limit_fen, answer.pre_selfpay_fen, answer.in_scope_fen)
    check_stated(wanted_of(command).stated, computed)


def _beside(own: NewSettlement, settlement_id: str, key: str, kept: Sequence[KeptLine]) -> NewSettlement:
    """Message and batches are the work-injury settlement's; which lines are its own stands beside its facts."""
    return replace(
        own,
        beside=settlement_id,
        batch_ids=(),
        facts={**own.facts, KEPT_LINES: {k.line_id: k.amount_fen for k in kept}},
        events=tuple(replace(event, beside_key=key) for event in own.events),
    )


def _unsent(_: SettlementAnswer) -> bytes:
    return b""


def injury_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A stored fee line as the bridge judges it."""
    limit = line["price_limit"]
    details: Mapping[str, Any] = line["details"]
    return {
        "line_id": line["line_no"],
        "item_code": line["item_code"],
        "code_system": CodeSystem.CHS_ITEM.value,
        "amount_fen": line["amount_fen"],
        "class": line["charge_class"],
        "cap_fen": None if limit is None else fen_rounded(limit * line["quantity"]),
        "in_wi_catalogue": line["in_work_injury_catalogue"] or line["charge_class"] in ("A", "B"),
        # hosp_appr_flag 1: the hospital has the patient's consent on file; er_flag marks emergency lines (O dialect).
        "consent": details.get("hosp_appr_flag") == "1",
        "emergency": details.get("er_flag") == "1",
        # 非工伤费用标志: an own disease, which the medical funds settle (B5).
        "related": details.get("make_flag", "").lstrip("0") != "1",
    }


def work_injury_key(message: str) -> str:
    """The key under which the bridge reserves: the same for every resend of one message."""
    return "W" + hashlib.sha256(message.encode()).hexdigest()[:25]
