"""What every HIS command carries from its envelope (chs-interface 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

WORK_INJURY_SYSTEM: Final = "GSXT"
"""recer_sys_code of the work-injury rule set (chs-interface 7.2)."""
JIANGSU: Final = "mohrss-js"
"""Dialect of the Jiangsu interface for work-injury institutions."""


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
    dialect: str = ""
    """``mohrss-js``: the Jiangsu interface for work-injury institutions; empty: the national interface."""
    operator: str = ""
    operator_name: str = ""
    operator_type: str = ""
    sign_no: str = ""

    @property
    def work_injury(self) -> bool:
        """Whether the work-injury rule set is asked for; it is chosen before any code is looked at."""
        return self.recer_sys_code == WORK_INJURY_SYSTEM or self.dialect == JIANGSU
