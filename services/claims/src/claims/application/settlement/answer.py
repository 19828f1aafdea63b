"""What a settlement transaction answers, before it is written in the words of the interface (chs-interface 5.A, 6).

All money in fen, already signed: a reversal carries the negatives of its original. The identities of section 6.2 are
checked when the object is made, so that no answer that breaks them can leave the house.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

ACCOUNT_ROWS: Final = frozenset({"310200", "310201"})
"""fund_pay_type of personal-account rows: own and family-shared."""
HOSPITAL_ROWS: Final = frozenset({"999996", "999900"})
"""fund_pay_type of rows that the hospital bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRow:
    """One row of setldetail: what one fund paid."""

    fund_pay_type: str
    name: str
    amount_fen: int
    in_scope_fen: int = 0
    """inscp_scp_amt: the base this fund paid on."""
    limit_fen: int = 0
    """crt_payb_lmt_amt: the room there was."""
    process: str = ""
    """setl_proc_info: how the amount came about, Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementAnswer:
    """The answer of 2206, 2207, 2208, 2303, 2304, 2305 and 5203.

    Raises ValueError when an identity of chs-interface 6.2 (numbers 1 to 7) does not hold.
    """

    visit_id: str
    settlement_id: str | None
    """None for a pre-settlement."""
    medins_setl_id: str
    """msgid of the request (for 5203: of the settlement's request)."""
    settled_at: datetime
    person_id: str
    person_name: str
    cert_type: str
    certno: str
    sex: str
    born_on: date
    scheme: str
    person_category: str
    civil_servant: bool
    med_type: str
    begun_on: date
    ended_on: date
    total_fen: int
    self_funded_fen: int
    over_limit_fen: int
    pre_selfpay_fen: int
    in_scope_fen: int
    deductible_fen: int = 0
    """act_pay_dedc."""
    pool_fen: int = 0
    """hifp_pay."""
    pool_rate: int = 0
    """pool_prop_selfpay in millionths; 0 when the fund paid nothing."""
    civil_servant_fen: int = 0
    """cvlserv_pay."""
    enterprise_fen: int = 0
    """hifes_pay."""
    catastrophic_fen: int = 0
    """hifmi_pay."""
    large_amount_fen: int = 0
    """hifob_pay."""
    disabled_fen: int = 0
    """hifdm_pay."""
    assistance_fen: int = 0
    """maf_pay."""
    other_fund_fen: int = 0
    """oth_pay."""
    account_fen: int = 0
    """acct_pay, the shared part included."""
    family_account_fen: int = 0
    """acct_mulaid_pay."""
    cash_fen: int = 0
    """psn_cash_pay."""
    hospital_fen: int = 0
    """hosp_part_amt."""
    balance_fen: int = 0
    """balc: after this transaction (pre-settlement: as if paid)."""
    funds: tuple[FundRow, ...] = ()
    naty: str = ""
    credential_type: str = ""
    clearing_agency: str = ""
    """clr_optins, region code; empty before settlement."""
    clearing_way: str = ""
    clearing_type: str = ""
    invoice_no: str = ""
    reversed: bool = False
    """refd_setl_flag of 5203: this settlement was reversed, or is a reversal."""
    institution_code: str = ""
    institution_name: str = ""
    hospital_level: str = ""
    insured_region: str = ""
    employer_name: str = ""
    benefit_year: int = 0
    disease_code: str = ""
    disease_name: str = ""
    operator: str = ""
    operator_name: str = ""

    def __post_init__(self) -> None:
        funds = self.fund_total_fen
        rows = {"fund": 0, "account": 0, "hospital": 0}
        for row in self.funds:
            where = (
                "account" if row.fund_pay_type in ACCOUNT_ROWS else "hospital" if row.fund_pay_type in HOSPITAL_ROWS else "fund"
            )
            rows[where] += row.amount_fen
        checks = (
            (1, self.total_fen, self.self_funded_fen + self.over_limit_fen + self.pre_selfpay_fen + self.in_scope_fen),
            (2, self.total_fen, funds + self.person_fen + self.hospital_fen),
            (5, rows["fund"], funds),
            (5, rows["account"], self.account_fen),
            (5, rows["hospital"], self.hospital_fen),
        )
        for number, left, right in checks:
            if left != right:
                raise ValueError(f"identity {number} of chs-interface 6.2 broken: {left} != {right}")
        if abs(self.deductible_fen) > abs(self.in_scope_fen):
            raise ValueError("identity 6 of chs-interface 6.2 broken: deductible beyond the in-scope amount")
        if abs(self.family_account_fen) > abs(self.account_fen):
            raise ValueError("identity 7 of chs-interface 6.2 broken: shared account part beyond the account payment")

    @property
    def fund_total_fen(self) -> int:
        """fund_pay_sumamt: identity 4, the personal account not included."""
        return (
            self.pool_fen
            + self.civil_servant_fen
            + self.enterprise_fen
            + self.catastrophic_fen
            + self.large_amount_fen
            + self.disabled_fen
            + self.assistance_fen
            + self.other_fund_fen
        )

    @property
    def person_fen(self) -> int:
        """psn_part_amt: identity 3, account and cash."""
        return self.account_fen + self.cash_fen

    def joined(self, medical: SettlementAnswer) -> SettlementAnswer:
        """Of a mixed stay (B5): this work-injury answer and the medical one beside it as the one answer that the hospital gets.

        What is said of person and account is the medical one's; the settlement is this one, and every amount is the sum.
        """
        return replace(
            medical,
            settlement_id=self.settlement_id,
            scheme=self.scheme,
            med_type=self.med_type,
            benefit_year=self.benefit_year,
            ended_on=self.ended_on,
            funds=(*self.funds, *medical.funds),
            **{name: getattr(self, name) + getattr(medical, name) for name in _AMOUNTS},
        )

    def reversal(self, *, settlement_id: str, medins_setl_id: str, settled_at: datetime, balance_fen: int) -> SettlementAnswer:
        """The answer of the reversal of this settlement: every amount negative, identity 8."""
        return replace(
            self,
            settlement_id=settlement_id,
            medins_setl_id=medins_setl_id,
            settled_at=settled_at,
            balance_fen=balance_fen,
            reversed=True,
            funds=tuple(replace(row, amount_fen=-row.amount_fen, in_scope_fen=-row.in_scope_fen) for row in self.funds),
            **{name: -getattr(self, name) for name in _AMOUNTS},
        )


_AMOUNTS: Final = (
    "total_fen",
    "self_funded_fen",
    "over_limit_fen",
    "pre_selfpay_fen",
    "in_scope_fen",
    "deductible_fen",
    "pool_fen",
    "civil_servant_fen",
    "enterprise_fen",
    "catastrophic_fen",
    "large_amount_fen",
    "disabled_fen",
    "assistance_fen",
    "other_fund_fen",
    "account_fen",
    "family_account_fen",
    "cash_fen",
    "hospital_fen",
)
