"""Kinds of cash benefit, with the expenditure account of each (社会保险基金会计制度, 财会〔2017〕28号)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from workinjury_bridge.domain.benefits.refusals import employer_owes


class BenefitKind(StrEnum):
    """Everything that the fund pays in cash beside treatment; what only the employer owes is no kind (社会保险法 39)."""

    DISABILITY_ALLOWANCE = "disability-allowance"
    NURSING = "nursing"
    DEPENDANT = "dependant"
    ONE_OFF_DISABILITY = "one-off-disability"
    CONTRACT_END_MEDICAL = "contract-end-medical"
    TRAVEL = "travel"
    DEVICE = "device"
    APPRAISAL_FEE = "appraisal-fee"
    FUNERAL = "funeral"
    ONE_OFF_DEATH = "one-off-death"
    STAY_MEALS = "stay-meals"
    ESTATE_WRITE_OFF = "estate-write-off"
    """No benefit but a debt of a dead person given up; it goes the way of a one-off item because two people must agree."""


class EmployerItem(StrEnum):
    """What only the employer owes (社会保险法 39; 条例 33): never booked in the fund, never advanced by it (先行支付办法 6)."""

    TREATMENT_WAGES = "treatment-wages"
    TREATMENT_NURSING = "treatment-nursing"
    CONTRACT_END_EMPLOYMENT = "contract-end-employment"


EMPLOYER_ITEMS: Final[dict[EmployerItem, str]] = {
    EmployerItem.TREATMENT_WAGES: "停工留薪期工资",
    EmployerItem.TREATMENT_NURSING: "停工留薪期护理费",
    EmployerItem.CONTRACT_END_EMPLOYMENT: "一次性伤残就业补助金",
}

MONTHLY: Final = frozenset({BenefitKind.DISABILITY_ALLOWANCE, BenefitKind.NURSING, BenefitKind.DEPENDANT})
"""Paid by the monthly run."""

OF_A_STAY: Final = frozenset({BenefitKind.STAY_MEALS})
"""Claimed with a stay out of the area only, which says what they come to (B8)."""

AFTER_DEATH: Final = frozenset({BenefitKind.FUNERAL, BenefitKind.ONE_OFF_DEATH})
"""Paid to the next of kin in their own right: never met with debts of the dead person."""

ONCE: Final = frozenset(
    {
        BenefitKind.ONE_OFF_DISABILITY,
        BenefitKind.CONTRACT_END_MEDICAL,
        BenefitKind.FUNERAL,
        BenefitKind.ONE_OFF_DEATH,
    }
)
"""Once per injury; the others once per reference (receipt, device, conclusion)."""

ACCOUNTS: Final[dict[BenefitKind, str]] = {
    BenefitKind.STAY_MEALS: "5001.13",
    BenefitKind.TRAVEL: "5001.14",
    BenefitKind.DEVICE: "5001.15",
    BenefitKind.ONE_OFF_DISABILITY: "5001.16",
    BenefitKind.DISABILITY_ALLOWANCE: "5001.17",
    BenefitKind.NURSING: "5001.18",
    BenefitKind.CONTRACT_END_MEDICAL: "5001.19",
    BenefitKind.FUNERAL: "5001.20",
    BenefitKind.DEPENDANT: "5001.21",
    BenefitKind.ONE_OFF_DEATH: "5001.22",
    BenefitKind.APPRAISAL_FEE: "5001.23",
    BenefitKind.ESTATE_WRITE_OFF: "5001.30",
}

NAMES: Final[dict[BenefitKind, str]] = {
    BenefitKind.STAY_MEALS: "统筹地区以外住院伙食补助费",
    BenefitKind.TRAVEL: "统筹地区以外就医交通食宿费",
    BenefitKind.DEVICE: "辅助器具配置费",
    BenefitKind.ONE_OFF_DISABILITY: "一次性伤残补助金",
    BenefitKind.DISABILITY_ALLOWANCE: "伤残津贴",
    BenefitKind.NURSING: "生活护理费",
    BenefitKind.CONTRACT_END_MEDICAL: "一次性工伤医疗补助金",
    BenefitKind.FUNERAL: "丧葬补助金",
    BenefitKind.DEPENDANT: "供养亲属抚恤金",
    BenefitKind.ONE_OFF_DEATH: "一次性工亡补助金",
    BenefitKind.APPRAISAL_FEE: "劳动能力鉴定费",
    BenefitKind.ESTATE_WRITE_OFF: "死亡人员欠款核销",
}


def expect_fund_item(kind: BenefitKind | EmployerItem) -> BenefitKind:
    """The kind of what is asked for. Refuses what only the employer owes, by its name."""
    if isinstance(kind, EmployerItem):
        raise employer_owes(EMPLOYER_ITEMS[kind])
    return kind
