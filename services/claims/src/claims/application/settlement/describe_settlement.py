"""Show a settlement with everything that explains it: amounts, what each fund paid, the reasons in order, the fee lines.

The reasons are read back from the records that the rules left when the decision was made; neither the book nor the kernel is asked.
Amounts and reasons are those of the answer to the hospital; corrections follow in ``corrections``, and ``standing`` says what the
settlement comes to with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from claims.application.late.corrections import with_corrections
from claims.application.settlement.ports import Correction, Settlements, StoredSettlement
from claims.domain.adjudication import read, record_of
from claims.domain.refusals import settlement_unknown
from shared.transactions import UnitOfWork


class DescribeSettlement:
    """Reads one settlement in full."""

    def __init__(self, uow: UnitOfWork, settlements: Settlements) -> None:
        self._uow = uow
        self._settlements = settlements

    async def __call__(self, settlement_id: str) -> dict[str, Any]:
        """Plain values; money in fen. The person appears by id only. Refuses an unknown settlement."""
        async with self._uow.transaction() as tx:
            found = await self._settlements.find(tx, settlement_id)
            if found is None:
                raise settlement_unknown("settlement_id")
            lines = await self._settlements.lines(tx, found.reverses or settlement_id)
            own = await self._settlements.beside(tx, settlement_id) if found.may_be_mixed else None
            corrections = await self._settlements.corrections(tx, settlement_id)
        a = found.answer
        steps = [read(record_of(stored)) for stored in found.decision.get("records", ())]
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
            "check_code": check_code(found),
            "work_injury_key": found.work_injury_key,
            "beside": found.beside if own is None else own.settlement_id,
            "rule_digest": found.rule_digest,
            "explained": bool(steps),
            "explanation": [
                {
                    "rule": step.rule_id,
                    "source": step.source,
                    "article": step.article,
                    "inputs": step.inputs,
                    "output_fen": step.output_fen,
                    "zh": step.zh,
                    "arithmetic": list(step.lines),
                }
                for step in steps
            ],
            "lines": [describe_line(line) for line in lines],
            "corrections": [_correction(c) for c in corrections],
            "standing": {
                "total_fen": found.total_fen,
                "fund_fen": found.total_fen - found.account_fen - found.cash_fen - found.hospital_fen,
                "account_fen": found.account_fen,
                "cash_fen": found.cash_fen,
                "hospital_fen": found.hospital_fen,
                "overpaid_fen": _overpaid(corrections),
                "payments": [asdict(p) for p in found.payments],
                "lines": [describe_line(line) for line in with_corrections(lines, found.corrected_lines)],
            },
        }


def check_code(found: StoredSettlement) -> str:
    """Sixteen characters that stand for the figures of a settlement: a paper with other figures has another code."""
    a = found.answer
    figures = [found.settlement_id, found.state, found.settled_at.isoformat()]
    figures += [str(amount) for amount in (a.total_fen, a.fund_total_fen, a.account_fen, a.cash_fen, a.hospital_fen)]
    figures += [f"{row.fund_pay_type}={row.amount_fen}" for row in a.funds]
    digest = sha256("|".join(figures).encode()).hexdigest()[:16].upper()
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def _overpaid(corrections: Sequence[Correction]) -> int:
    """Cash that the institution took beyond the bill as audits have put it right: it owes the person that much."""
    return max(0, -sum(c.cash_fen for c in corrections if c.counterparty == "institution"))


def _correction(correction: Correction) -> dict[str, Any]:
    shown = asdict(correction)
    return shown | {"booked_on": shown["booked_on"].isoformat(), "recorded_at": shown["recorded_at"].isoformat()}


def _fund_rows(found: StoredSettlement) -> list[dict[str, Any]]:
    return [{"name": row.name, "fund_pay_type": row.fund_pay_type, "amount_fen": row.amount_fen} for row in found.answer.funds]


def describe_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A fee line as plain values."""
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
