"""Visits: outpatient registrations and inpatient stays, their diagnoses and fee lines (chs-interface 8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

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


def injury_suspected(med_type: str, diagnosis_codes: tuple[str, ...], cause_text: str, trauma_flag: str) -> bool:
    """Whether a stay must carry the tag WI_SUSPECT (B1): trauma by category, by ICD-10 chapters S and T, by the flag
    TRUM_FLAG, or a cause 'at work' stated in words. The tag never blocks care."""
    return (
        med_type in INJURY_MED_TYPES
        or trauma_flag == "1"
        or any(code[:1] in ("S", "T") and code[1:3].isdigit() for code in diagnosis_codes)
        or any(word in cause_text for word in _AT_WORK)
    )
