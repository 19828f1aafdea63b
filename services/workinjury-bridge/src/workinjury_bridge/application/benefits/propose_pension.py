"""Propose a monthly benefit: disability allowance, nursing allowance, or a dependant's pension."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Entitlements
from workinjury_bridge.domain.benefits.appraisal import newest
from workinjury_bridge.domain.benefits.entitlement import Entitlement, EntitlementState, Relation
from workinjury_bridge.domain.benefits.kinds import MONTHLY, NAMES, BenefitKind
from workinjury_bridge.domain.benefits.monthly import CaseFile, due
from workinjury_bridge.domain.benefits.months import month_of
from workinjury_bridge.domain.benefits.one_off import opened_by_death
from workinjury_bridge.domain.benefits.refusals import (
    employer_owes,
    granted_already,
    missing_fact,
    not_entitled_after_death,
    not_for_grade,
    not_recognised,
    person_is_gone,
)
from workinjury_bridge.domain.benefits.rules import BenefitBook, Payer


@dataclass(frozen=True, slots=True, kw_only=True)
class PensionRequest:
    """What is asked for."""

    kind: BenefitKind
    materials: tuple[str, ...]
    person_id: str | None = None
    """The dependant; None for the injured person's own benefits."""
    relation: Relation | None = None
    lone: bool = False
    """A lone elderly person or an orphan."""
    until: date | None = None
    """Last month known from the beginning, as when a child comes of age."""


@dataclass(frozen=True, slots=True)
class ProposePension:
    """Refuses what is not recognised or appraised, what the employer owes, what the death does not open, and where the employer was
    not insured what no approved advance opens."""

    once: Once
    collect: CollectCaseFile
    entitlements: Entitlements
    advance: AdvanceBenefit
    book: BenefitBook
    clock: Clock
    ids: IdFactory

    async def run(self, key: OnceKey, case_id: str, request: PensionRequest, actor: str) -> dict[str, Any]:
        """The entitlement, with the calculation of its first month."""
        if request.kind not in MONTHLY:
            raise missing_fact("kind", f"{NAMES[request.kind]}不按月发放")
        if not request.materials:
            raise missing_fact("materials", "缺少申报材料")

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self.collect.run(tx, case_id, lock=True)
            person_id, begins = self._beneficiary(file, request)
            await self.advance.debtor(tx, file.case, request.kind, begins)
            entitlement = Entitlement(
                entitlement_id=self.ids.new(),
                case_id=case_id,
                person_id=person_id,
                kind=request.kind,
                begins=begins,
                maker=actor,
                certified_on=self.clock.today(),
                materials=request.materials,
                relation=request.relation,
                lone=request.lone,
                until=month_of(request.until) if request.until else None,
            )
            granted = replace(entitlement, state=EntitlementState.GRANTED)
            with_it = replace(file, entitlements=(*file.entitlements, granted))
            calculation = due(granted, begins, with_it, self.book)
            if not await self.entitlements.add(tx, entitlement, self.clock.now()):
                raise granted_already(NAMES[request.kind])
            return {
                "entitlement_id": entitlement.entitlement_id,
                "kind": entitlement.kind.value,
                "state": entitlement.state.value,
                "begins": begins.isoformat(),
                "amount_fen": calculation.amount_fen,
                "calculation": calculation.plain(),
            }

        return (await self.once.run(key, work))[0]

    def _beneficiary(self, file: CaseFile, request: PensionRequest) -> tuple[str, date]:
        """Who gets it and from which month."""
        if file.case.effective is None:
            raise not_recognised()
        if request.kind is BenefitKind.DEPENDANT:
            if request.person_id is None or request.person_id == file.case.person_id:
                raise missing_fact("person_id", "须填写供养亲属")
            if request.relation is None:
                raise missing_fact("relation", "须填写与职工的关系")
            if file.loss is None or not opened_by_death(request.kind, file, self.book):
                raise not_entitled_after_death(NAMES[request.kind])
            return request.person_id, file.loss.dependants_from(self.book.on(file.loss.occurred_on).missing)
        if file.loss is not None and file.loss.stands:
            raise person_is_gone()
        found = newest(file.appraisals)
        grade = found.conclusion.grade if found else None
        if found is None or (request.kind is BenefitKind.NURSING and found.conclusion.nursing is None):
            raise not_for_grade(NAMES[request.kind], None)
        if request.kind is BenefitKind.DISABILITY_ALLOWANCE:
            payer = self.book.on(found.conclusion.concluded_on).grade(grade).monthly_payer if grade else None
            if payer is Payer.EMPLOYER:
                raise employer_owes(f"{grade}级{NAMES[request.kind]}")
            if payer is None:
                raise not_for_grade(NAMES[request.kind], grade)
        return file.case.person_id, file.appraisals[0].counts_from
