"""Visits: outpatient registrations and inpatient stays, their diagnoses and fee lines (chs-interface 8.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from claims.domain.adjudication.split import Split
from claims.domain.refusals import visit_cancelled, visit_ends_before_it_begins, visit_not_discharged, visit_of_wrong_kind
from shared.errors import conflict

VisitState = Literal["open", "discharged", "cancelled"]

INJURY_MED_TYPES: Final = frozenset({"22", "81", "9903"})
"""Injury inpatient, accident outpatient, accident outpatient of Hunan (chs-interface 7.2)."""
_AT_WORK: Final = ("工伤", "上班", "下班", "工作时", "工作中", "工地", "车间", "作业时", "作业中")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One diagnosis (诊断). ``valid`` False withdraws the one sent before."""

    kind: str
    """diag_type: 1 western, 2 TCM disease, 3 TCM syndrome."""
    sort_no: str
    """diag_srt_no, kept as text: some clients start at 0, some send text."""
    code: str
    name: str
    department: str = ""
    doctor_no: str = ""
    doctor_name: str = ""
    diagnosed_at: datetime | None = None
    main: bool = False
    valid: bool = True
    condition: str = ""
    """adm_cond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """One fee line as the HIS sent it (费用明细). The amount sent rules, not the product of quantity and price."""

    line_no: str
    """feedetl_sn: unique inside one visit, text up to 30 characters."""
    item_code: str
    """med_list_codg, national catalogue code."""
    institution_item_code: str
    """medins_list_codg."""
    amount_fen: int
    quantity: Decimal
    price: Decimal
    occurred_at: datetime
    batch_no: str = ""
    """chrg_bchno; empty for inpatients."""
    returns_line_no: str = ""
    """init_feedetl_sn: the line that this negative line gives back (2301)."""
    hospital_approval: str = ""
    """hosp_appr_flag: 0 not needed, 1 approved, 2 refused."""

    def product_gap_fen(self) -> int:
        """How far the amount is from round(quantity x price, 2), in fen."""
        product = (self.quantity * self.price).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return abs(self.amount_fen - int(product.scaleb(2)))


def injury_suspected(
    med_type: str, diagnoses: Iterable[Diagnosis], further_codes: Iterable[str], cause_text: str, trauma_flag: str
) -> bool:
    """Whether a stay must carry the tag WI_SUSPECT (B1): trauma by category, by ICD-10 chapters S and T, by the flag
    TRUM_FLAG, or a cause 'at work' stated in words. The tag never blocks care."""
    codes = [*(d.code for d in diagnoses if d.valid), *further_codes]
    return (
        med_type in INJURY_MED_TYPES
        or trauma_flag == "1"
        or any(code[:1] in ("S", "T") and code[1:3].isdigit() for code in codes)
        or any(word in cause_text for word in _AT_WORK)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An outpatient visit or a stay. Settled is what its charge batches say, not a state of the visit itself."""

    visit_id: str
    person_id: str
    institution_code: str
    inpatient: bool
    scheme: str
    med_type: str
    hospital_no: str
    begun_at: datetime
    state: VisitState = "open"
    ended_at: datetime | None = None
    insured_region: str = ""
    work_injury: bool = False
    """The HIS asked for the work-injury rule set (recer_sys_code GSXT)."""
    injury_suspect: bool = False
    credit_id: str | None = None
    """The credit that the stay is on (挂账, ``StayCredit``); None when it is on none."""
    disease_code: str = ""
    disease_name: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    def must_be(self, *, inpatient: bool) -> None:
        """Refuse a transaction of the other kind of visit, and any on a cancelled one."""
        if self.inpatient != inpatient:
            raise visit_of_wrong_kind(inpatient=self.inpatient)
        if self.state == "cancelled":
            raise visit_cancelled()

    def change(self, batches: Batches, *, med_type: str) -> None:
        """Refuse 2203 with another med_type once something is settled, and 2403 once the stay is settled."""
        if self.inpatient and batches.closed(self):
            raise conflict("claims.visit.settled", "该次住院已结算，不能变更入院信息", field="mdtrt_id")
        if batches.any_settled and self.med_type and med_type != self.med_type:
            raise conflict("claims.visit.med-type", "该次就诊已有结算，不能变更医疗类别(med_type)", field="med_type")

    def discharge(self, ended_at: datetime) -> None:
        """Refuse 2402 on a stay that is over, or with an end before its beginning."""
        if self.state != "open":
            raise conflict("claims.visit.discharged", "该次住院已办理出院", field="mdtrt_id")
        if ended_at < self.begun_at:
            raise visit_ends_before_it_begins("endtime")

    def stay_on(self, batches: Batches) -> None:
        """Refuse 2405 when there was no discharge, or while the final settlement stands."""
        if self.state != "discharged":
            raise visit_not_discharged()
        if batches.closed(self):
            raise conflict("claims.visit.settled", "该次住院已结算，请先撤销结算", field="mdtrt_id")

    def cancel(self, batches: Batches) -> None:
        """Refuse 2202 and 2404 while a valid settlement exists (8.3)."""
        if batches.any_settled:
            raise conflict("claims.visit.settled", "该次就诊存在有效结算，请先撤销结算再撤销登记", field="mdtrt_id")

    def take_lines(self, batches: Batches) -> None:
        """Refuse fee lines for a stay that is settled for good."""
        if self.inpatient and batches.closed(self):
            raise conflict("claims.visit.settled", "该次住院已结算，不能再上传费用明细", field="mdtrt_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A charge batch: the lines that one settlement settles together. ``generation`` tells batches of one number apart."""

    batch_id: str
    batch_no: str
    generation: int
    settlement_id: str | None
    line_count: int


@dataclass(frozen=True, slots=True)
class Batches:
    """All charge batches of a visit."""

    all: tuple[Batch, ...]

    @property
    def any_settled(self) -> bool:
        """Whether a valid settlement exists on the visit."""
        return any(batch.settlement_id for batch in self.all)

    def closed(self, visit: Visit) -> bool:
        """Whether the stay is over and everything in it is settled: its final settlement stands."""
        unsettled = any(batch.settlement_id is None and batch.line_count for batch in self.all)
        return visit.state == "discharged" and self.any_settled and not unsettled

    def open(self, batch_no: str) -> Batch | None:
        """The batch of this number that still takes lines."""
        return next((b for b in self.all if b.batch_no == batch_no and b.settlement_id is None), None)

    def next_generation(self, batch_no: str) -> int:
        """The generation of a new batch of this number."""
        return 1 + max((b.generation for b in self.all if b.batch_no == batch_no), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A fee line that the visit already has."""

    line_no: str
    returns_line_no: str
    item_code: str
    quantity: Decimal
    split: Split
    settled: bool
