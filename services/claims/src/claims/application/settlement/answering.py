"""From a decision to the answer of the message: every fund into its field (chs-interface 5.A, 6, 7.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from claims.application.header import HisHeader
from claims.application.settlement.answer import FundRow, SettlementAnswer
from claims.application.settlement.commands import SettlementRequest
from claims.domain.adjudication import Decision
from claims.domain.institution import Institution
from claims.domain.settlement import Basis, VisitToSettle
from shared.money import format_yuan

_FIELDS: Final = {
    "hifp_pay": "pool_fen",
    "cvlserv_pay": "civil_servant_fen",
    "hifes_pay": "enterprise_fen",
    "hifmi_pay": "catastrophic_fen",
    "hifob_pay": "large_amount_fen",
    "hifdm_pay": "disabled_fen",
    "maf_pay": "assistance_fen",
    "oth_pay": "other_fund_fen",
}
"""Field of the interface to the field of SettlementAnswer."""

HOSPITAL: Final = "999996"
"""fund_pay_type of what the institution bears (chs-interface 7.1)."""

_SPLIT: Final = ("total_fen", "self_funded_fen", "over_limit_fen", "pre_selfpay_fen", "in_scope_fen")
_CLEARING_TYPES: Final = {"12": "12", "13": "13", "14": "14", "22": "22", "28": "28", "41": "41", "53": "53"}


def answer_of(
    command: SettlementRequest,
    visit: VisitToSettle,
    institution: Institution,
    basis: Basis,
    decision: Decision,
    *,
    settlement_id: str | None,
    at: datetime,
    balance_fen: int,
) -> SettlementAnswer:
    """The answer of a settlement (or, without an id, of a pre-settlement). ``balance_fen``: account balance afterwards."""
    rows = []
    done = {result.step.layer.code: result for result in decision.layers}
    for payment in decision.payments:
        result = done.get(payment.layer)
        if result is None:
            rows.append(FundRow(fund_pay_type=payment.fund, name=payment.name, amount_fen=payment.amount_fen))
            continue
        rows.append(
            FundRow(
                fund_pay_type=payment.fund,
                name=payment.name,
                amount_fen=payment.amount_fen,
                in_scope_fen=result.base_fen,
                limit_fen=min(result.room_fen, 10**12),
                process=f"基数{format_yuan(result.base_fen)}，起付标准{format_yuan(result.deductible_fen)}，"
                f"支付{format_yuan(payment.amount_fen)}",
            )
        )
    if decision.hospital_fen:
        rows.append(FundRow(fund_pay_type=HOSPITAL, name="医疗机构承担", amount_fen=decision.hospital_fen))
    return SettlementAnswer(
        settlement_id=settlement_id,
        funds=tuple(rows),
        settled_at=at,
        balance_fen=balance_fen,
        benefit_year=basis.benefit_year,
        person_category=basis.coverage.person_category,
        civil_servant=basis.coverage.civil_servant,
        insured_region=basis.coverage.region,
        employer_name=basis.coverage.employer_name or "",
        ended_on=basis.ended_on,
        **amounts_of(decision),
        **about(command.header, visit, institution, command.med_type or visit.med_type, settled=settlement_id is not None),
        credential_type=command.credential_type,
        invoice_no=command.invoice_no,
    )


def amounts_of(decision: Decision) -> dict[str, Any]:
    """Every amount of an answer that follows from the decision, by its field; fen, the rate in millionths."""
    sums = dict.fromkeys(_FIELDS.values(), 0)
    for payment in decision.payments:
        if payment.his_field in _FIELDS:
            sums[_FIELDS[payment.his_field]] += payment.amount_fen
    return {
        **{name: getattr(decision.split, name) for name in _SPLIT},
        "deductible_fen": decision.deductible_fen,
        "pool_rate": decision.pool_rate,
        **sums,
        "account_fen": decision.account_fen + decision.family_fen,
        "family_account_fen": decision.family_fen,
        "cash_fen": decision.cash_fen,
        "hospital_fen": decision.hospital_fen,
    }


def about(header: HisHeader, visit: VisitToSettle, institution: Institution, med_type: str, *, settled: bool) -> dict[str, Any]:
    """The fields of an answer that say who, where and what, not how much."""
    return {
        "visit_id": visit.visit_id,
        "medins_setl_id": header.msgid,
        "person_id": visit.person_id,
        "person_name": visit.identity.name,
        "cert_type": visit.identity.cert_type,
        "certno": visit.identity.certno,
        "naty": visit.identity.naty,
        "sex": visit.sex,
        "born_on": visit.born_on,
        "scheme": visit.scheme,
        "med_type": med_type,
        "begun_on": visit.begun_on,
        "clearing_agency": institution.region if settled else "",
        "clearing_way": "1" if settled else "",
        "clearing_type": clearing_type(med_type, inpatient=visit.inpatient) if settled else "",
        "institution_code": institution.code,
        "institution_name": institution.name,
        "hospital_level": str(institution.level),
        "disease_code": visit.disease_code,
        "disease_name": visit.disease_name,
        "operator": header.operator,
        "operator_name": header.operator_name,
    }


def clearing_type(med_type: str, *, inpatient: bool) -> str:
    """clr_type for a med_type: its two-digit stem where the list has it, else outpatient or inpatient (chs-interface 7.5)."""
    return _CLEARING_TYPES.get(med_type[:2], "21" if inpatient else "11")
