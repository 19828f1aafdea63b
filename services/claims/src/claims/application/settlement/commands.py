"""Commands on settlements as the HIS dialect states them; money in fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims.application.header import HisHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSplit:
    """The figures of the pre-settlement that a HIS may repeat; None = not given (absent, empty and 0 all mean so)."""

    self_funded_fen: int | None = None
    """fulamt_ownpay_amt."""
    over_limit_fen: int | None = None
    """overlmt_selfpay."""
    pre_selfpay_fen: int | None = None
    """preselfpay_amt."""
    in_scope_fen: int | None = None
    """inscp_scp_amt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRequest:
    """What 2206, 2207, 2303 and 2304 have in common."""

    header: HisHeader
    inpatient: bool
    """True for 2303 and 2304."""
    person_id: str
    visit_id: str
    scheme: str
    """insutype."""
    total_fen: int
    """medfee_sumamt as the HIS sees it; compared with the sum of the lines to the cent, within the configured tolerance."""
    batch_no: str | None = None
    """chrg_bchno; None for inpatients. Without a line of that batch: all unsettled lines if their total agrees (2206)."""
    med_type: str | None = None
    """Outpatient 2206/2207 state it; 2303/2304 do not (the visit's own applies)."""
    account_use: str = "0"
    """acct_used_flag: 0 no, 1 own account, 2 family-shared."""
    settlement_way: str = "01"
    """psn_setlway: 01 by item, 02 by quota."""
    interim: bool = False
    """mid_setl_flag 1: interim settlement without discharge."""
    stated: StatedSplit = StatedSplit()
    discharged_on: date | None = None
    """dscgTime."""
    credential_type: str = ""
    credential_no: str = ""
    card_sn: str = ""
    cert_type: str = ""
    certno: str = ""
    person_category: str = ""
    """psn_type as the HIS believes it; the insured person's own category rules."""
    person_name: str = ""
    invoice_no: str = ""
    exp_content: str = ""
    """Raw extension text (chs-interface section 3, exp_content keys)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSettle(SettlementRequest):
    """2206, 2206A, 2303: compute and show, no side effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(SettlementRequest):
    """2207, 2207A, 2304: compute, pay and post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseSettlement:
    """2208 (outpatient) and 2305 (inpatient): undo one settlement as a whole."""

    header: HisHeader
    inpatient: bool
    settlement_id: str
    visit_id: str
    person_id: str
    exp_content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseByMessage:
    """2601: undo what the message (original infno and msgid) of this institution did for this person, once."""

    header: HisHeader
    person_id: str
    original_msgid: str
    original_infno: str
    """Upper case; may be 2207A."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySettlement:
    """5203: read one settlement."""

    header: HisHeader
    person_id: str
    settlement_id: str
    visit_id: str
