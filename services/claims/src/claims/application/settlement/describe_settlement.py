"""Show a settlement with everything that explains it: amounts, what each fund paid, the reasons in order, the fee lines.

The reasons are a reading of the decision, made again from its stored facts under the rules of the same digest; when those rules
are not at hand any more, the stored amounts are shown without them and the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.application.settlement.ports import Settlements, StoredSettlement
from claims.domain.adjudication import Circumstances, ClaimFacts, Decision, RuleBooks, Split, YearState, adjudicate, explain
from claims.domain.refusals import settlement_unknown
from shared.errors import Refusal
from shared.transactions import UnitOfWork


class DescribeSettlement:
    """Reads one settlement in full."""

    def __init__(self, uow: UnitOfWork, settlements: Settlements, books: RuleBooks) -> None:
        self._uow = uow
        self._settlements = settlements
        self._books = books

    async def __call__(self, settlement_id: str) -> dict[str, Any]:
        """Plain values; money in fen. The person appears by id only. Refuses an unknown settlement."""
        async with self._uow.transaction() as tx:
            found = await self._settlements.find(tx, settlement_id)
            if found is None:
                raise settlement_unknown("settlement_id")
            lines = await self._settlements.lines(tx, found.reverses or settlement_id)
        a = found.answer
        decision = self._again(found)
        return {
            "settlement_id": found.settlement_id,
            "visit_id": found.visit_id,
            "person_id": found.person_id,
            "institution_code": found.institution_code,
            "institution_name": a.institution_name,
            "state": found.state,
            "reverses": found.reverses,
            "scheme": a.scheme,
            "person_category": a.person_category,
            "med_type": a.med_type,
            "inpatient": found.inpatient,
            "begun_on": a.begun_on.isoformat(),
            "ended_on": a.ended_on.isoformat(),
            "settled_at": found.settled_at.isoformat(),
            "benefit_year": found.year.benefit_year,
            "medins_setl_id": a.medins_setl_id,
            "total_fen": a.total_fen,
            "self_funded_fen": a.self_funded_fen,
            "over_limit_fen": a.over_limit_fen,
            "pre_selfpay_fen": a.pre_selfpay_fen,
            "in_scope_fen": a.in_scope_fen,
            "deductible_fen": a.deductible_fen,
            "fund_fen": a.fund_total_fen,
            "account_fen": a.account_fen,
            "cash_fen": a.cash_fen,
            "hospital_fen": a.hospital_fen,
            "payments": found.decision["payments"] or _fund_rows(found),
            "layers": found.decision["layers"],
            "work_injury_key": found.work_injury_key,
            "rule_digest": found.rule_digest,
            "explained": decision is not None,
            "explanation": [
                {
                    "rule": step.rule_id,
                    "source": step.source,
                    "article": step.article,
                    "inputs": step.inputs,
                    "output_fen": step.output_fen,
                    "zh": step.zh,
                }
                for step in (explain(decision) if decision else [])
            ],
            "lines": [_line(line) for line in lines],
        }

    def _again(self, found: StoredSettlement) -> Decision | None:
        """The decision from its stored facts; None when the rules of that digest are not at hand or nothing was decided here."""
        facts = found.facts
        if not facts.get("split"):
            return None
        try:
            rules = next(
                r
                for r in self._books.all()
                if r.digest == found.rule_digest and r.region == facts["region"] and r.scheme == facts["scheme"]
            )
            return adjudicate(rules, claim_facts(facts), YearState.of(facts["before"]))
        except (StopIteration, Refusal):
            return None


def claim_facts(stored: Mapping[str, Any]) -> ClaimFacts:
    """The facts of a decision as they were stored with it."""
    return ClaimFacts(
        split=Split(*stored["split"]),
        circumstances=Circumstances(
            care=stored["care"],
            level=stored["level"],
            status=stored["status"],
            classes=frozenset(stored["classes"]),
            place=stored["place"],
            referred=stored["referred"],
        ),
        account_fen=stored["account_fen"],
        continues_stay=stored["continues_stay"],
        stay_deductible_fen=stored["stay_deductible_fen"],
    )


def _fund_rows(found: StoredSettlement) -> list[dict[str, Any]]:
    return [{"name": row.name, "fund_pay_type": row.fund_pay_type, "amount_fen": row.amount_fen} for row in found.answer.funds]


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line_id": line["line_no"],
        "item_code": line["item_code"],
        "item_name": line["item_name"],
        "class": line["charge_class"],
        "occurred_at": line["occurred_at"].isoformat(),
        "quantity": f"{line['quantity']:f}",
        "price": f"{line['price']:f}",
        "amount_fen": line["amount_fen"],
        "self_funded_fen": line["self_funded_fen"],
        "over_limit_fen": line["over_limit_fen"],
        "pre_selfpay_fen": line["pre_selfpay_fen"],
        "in_scope_fen": line["in_scope_fen"],
        "in_catalogue": line["in_work_injury_catalogue"],
    }
