"""What every HIS command carries from its envelope (chs-interface 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HisHeader:
    """The envelope of one HIS message, already read; empty text where the client sent nothing."""

    infno: str
    """Transaction number, upper case (``2203A``)."""
    msgid: str
    """Sender message id: never parsed, never unique alone (chs-interface 2.3)."""
    institution_code: str
    input_digest: str
    """SHA-256 (hex) of the canonicalised input: same digest = the same request sent again."""
    received_at: datetime
    institution_name: str = ""
    care_region: str = ""
    """mdtrtarea_admvs: region of care."""
    insured_region: str = ""
    """insuplc_admdvs: region of insurance; empty = local."""
    recer_sys_code: str = ""
    """Receiver system; GSXT asks for the work-injury rule set (chs-interface 7.2)."""
    operator: str = ""
    operator_name: str = ""
    operator_type: str = ""
    sign_no: str = ""
