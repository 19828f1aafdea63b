"""Values that the bridge's tests share: policy BRIDGE-DEMO-2026 and worked example F1 of the reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from shared.codes import Code, CodeSystem
from shared.contracts.claims import ClaimSettled, FundPayment
from shared.ledger import Book, Entry
from shared.money import fen
from shared.rules import Fen
from workinjury_bridge.adapters.policy_files import read_codes
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.figures import MedicalBill
from workinjury_bridge.domain.policy import (
    Advances,
    Approval,
    Audits,
    Bearer,
    Bearers,
    BridgePolicy,
    ClearingRules,
    LateFiling,
    LateFilingRule,
    Limitation,
    Meals,
    OutOfArea,
    Papers,
    PolicyBook,
    Promises,
    Recoveries,
    Splits,
    Stays,
    TransfersWhen,
    Uncleared,
)
from workinjury_bridge.domain.policy import Recurrences as RecurrenceRules
from workinjury_bridge.domain.recovery import Cause, Recovery
from workinjury_bridge.domain.terms import Terms
from workinjury_bridge.settings import codes_path

THIRD_LEVEL = Fen(20_000_000)
"""From this cost on a third person has to agree."""
POLICY = BridgePolicy(
    effective_from=date(2011, 1, 1),
    meals=Meals(per_day=Fen(3000), direct_paid_after_days=1, source="synthetic"),
    outside_catalogue=Bearers(
        emergency=Bearer.PERSON,
        consented=Bearer.PERSON,
        unconsented=Bearer.HOSPITAL,
        unstated=Bearer.PERSON,
        source="synthetic",
    ),
    stays=Stays(within_days=365, source="synthetic"),
    splits=Splits(review_within=5, opinion_within=10, source="synthetic"),
    late_filing=LateFiling(rule=LateFilingRule.EMPLOYER, within_days=30, source="synthetic"),
    clearing=ClearingRules(
        uncleared=Uncleared.NET,
        transfers=TransfersWhen.AT_ONCE,
        pay_by_day=10,
        reconcile_within=2,
        return_within=5,
        escalate_within=3,
        source="synthetic",
    ),
    advances=Advances(notice_within=3, employer_pays_within=5, decide_within=5, source="synthetic"),
    recoveries=Recoveries(
        demand_within=5, employer_repays_within=10, others_repay_within=30, remind_every=30, source="synthetic"
    ),
    papers=Papers(decide_within=20, source="synthetic"),
    limitation=Limitation(years=3, longest_years=20, alarm_days=180, source="synthetic"),
    audits=Audits(object_within=10, source="synthetic"),
    approval=Approval(third_level_from=THIRD_LEVEL, source="synthetic"),
    promises=Promises(match_within=2, refund_within=5, source="synthetic"),
    out_of_area=OutOfArea(
        services=("inpatient", "rehabilitation", "device"),
        third_party="exclude",
        register_within=5,
        referral_months=6,
        admit_within=30,
        check_within=5,
        object_by_day=15,
        pay_by_day=25,
        source="synthetic",
    ),
    recurrences=RecurrenceRules(
        decide_within=60, extend_by=30, object_within=15, covers_months=12, direct="confirmed", source="synthetic"
    ),
)
TERMS = Terms(payer="P:P1", beneficiary="P:P1")
"""The ordinary case: the person paid, the employer is insured and filed in time, nobody else is liable."""
WI_INSURANCE = Code(CodeSystem.MOHRSS_INSURANCE, "410")
WI_CARE = Code(CodeSystem.CHS_CARE, "22")
CODES = read_codes(codes_path())
POLICIES = PolicyBook(code="TEST", versions=(POLICY,))
F1_BILL = MedicalBill(
    begun_on=date(2026, 3, 2),
    ended_on=date(2026, 3, 14),
    total_fen=fen("16000"),
    cash_fen=fen("3015"),
    payments=(
        FundPayment(book="EMP", account="5001.01", fund_pay_type="310100", amount_fen=fen("11985")),
        FundPayment(book="EMP", account="5001.02", fund_pay_type="310200", amount_fen=fen("1000")),
    ),
    lines=(
        BillLine(line_id="A", amount_fen=fen("9200"), in_catalogue=True),
        BillLine(line_id="B", amount_fen=fen("6000"), in_catalogue=True),
        BillLine(line_id="C1", amount_fen=fen("500"), in_catalogue=True),
        BillLine(line_id="C2", amount_fen=fen("300"), in_catalogue=False, consent=True),
    ),
)
CONVERSION = Conversion(
    conversion_id="K1",
    case_id="C1",
    person_id="P1",
    settlement_id="S1",
    visit_id="V1",
    institution_code="H37082600001",
    decision_id="D1",
    decision_version=1,
    maker="maker",
    checker="checker",
)


def owed_by_person(amount_fen: int) -> Recovery:
    """A debt of the injured person that the conversion itself has opened."""
    return Recovery(
        recovery_id="R1",
        case_id="C1",
        person_id="P1",
        settlement_id="S1",
        conversion_id="K1",
        decision_version=1,
        book=Book.WI,
        debtor="P:P1",
        cause=Cause.SELF_PAID,
        advanced_fen=amount_fen,
    )


def sides(entry: Entry) -> tuple[dict[str, int], dict[str, int]]:
    """Debits and credits of an entry as ``account(dim)`` to fen."""
    debits = {f"{x.account}({x.dim})" if x.dim else x.account: x.debit_fen for x in entry.lines if x.debit_fen}
    credits = {f"{x.account}({x.dim})" if x.dim else x.account: x.credit_fen for x in entry.lines if x.credit_fen}
    return debits, credits


SETTLED = ClaimSettled(
    settlement_id="S1",
    visit_id="V1",
    person_id="P1",
    institution_code="H37082600001",
    institution_name="县人民医院",
    scheme="310",
    med_type="22",
    inpatient=True,
    begun_on=F1_BILL.begun_on,
    ended_on=F1_BILL.ended_on,
    settled_at=datetime(2026, 3, 14, 8, tzinfo=UTC),
    benefit_year=2026,
    total_fen=F1_BILL.total_fen,
    self_funded_fen=fen("800"),
    over_limit_fen=0,
    pre_selfpay_fen=fen("600"),
    in_scope_fen=fen("14600"),
    payments=list(F1_BILL.payments),
    cash_fen=F1_BILL.cash_fen,
    hospital_fen=0,
    rule_digest="d",
    injury_suspect=True,
)
"""Claims tells the settlement of F1."""

MONTH_END = PolicyBook(
    code="TEST", versions=(replace(POLICY, clearing=replace(POLICY.clearing, transfers=TransfersWhen.MONTH_END)),)
)
"""The same, but the funds pay each other at the month's end."""
