"""Designated institutions (定点医药机构): level, credential of their messages, and how their HIS wants to be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from claims.domain.adjudication.circumstances import Facility, Rank
from shared.errors import invalid

SIGNATURES: Final = ("x-tif", "csb", "apikey", "none")
"""Kinds of gateway signature (chs-interface 1.3)."""
HOSPITAL_LEVELS: Final = (1, 2, 3)
MARKS: Final = ("traditional", "outside_seat", "psychiatric")
"""Marks that an institution bears by itself; the others follow from the person's filing or region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What differs from client to client (chs-interface 2.2, 2.3, section 9); the defaults suit most."""

    infcode_number: bool = False
    """infcode as a JSON number instead of text."""
    psn_part_am: bool = False
    """Person share also under the misspelled name psn_part_am (Guangzhou, early)."""
    person_output_list: bool = False
    """Output of 1101 as a list with one element (Guangzhou, early)."""
    sign_in_required: bool = False
    """Refuse everything but 9001 without a sign_no of the same day."""
    msgid_reused: bool = False
    """A msgid with another input is a message of its own (clients whose msgid lasts a second); otherwise refused."""
    line_tolerance_fen: int = 5
    """How far a line amount may be from round(quantity x price, 2)."""
    total_tolerance_fen: int = 0
    """How far the stated total may be from the sum of the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One designated institution, as of its version."""

    code: str
    """fixmedins_code."""
    version: int
    name: str
    kind: str
    """fixmedins_type: 1 hospital, 2 pharmacy, ..."""
    level: int
    """1, 2 or 3: the level that deductible, rate and price caps go by."""
    region: str
    active: bool
    signature: str
    access_key: str
    secret_sealed: str
    switches: Switches = Switches()
    rank: Rank = "county"
    """Administrative rank (行政级别), which some places' rules go by beside the level."""
    marks: tuple[Facility, ...] = ()
    """What else rules ask of a facility: 中医, 市区和县城以外, 精神专科."""

    def __post_init__(self) -> None:
        if len(self.code) != 12 or self.code[0] not in "HP" or not self.code[1:].isalnum() or not self.code.isascii():
            raise invalid("claims.institution.code", "定点医药机构编号应为H或P加11位数字或字母", field="code")
        if self.level not in HOSPITAL_LEVELS:
            raise invalid("claims.institution.level", "机构等级应为1、2或3", field="level")
        if self.rank not in get_args(Rank) or not set(self.marks) <= set(MARKS):
            raise invalid(
                "claims.institution.rank", f"行政级别或机构标识不在{'、'.join((*get_args(Rank), *MARKS))}之内", field="rank"
            )
        if self.signature not in SIGNATURES:
            raise invalid("claims.institution.signature", "签名方式应为x-tif、csb、apikey或none", field="signature")
        if len(self.region) != 6 or not (self.region.isascii() and self.region.isdigit()):
            raise invalid("claims.institution.region", "医保区划应为6位数字", field="region")
        if self.signature != "none" and not self.secret_sealed:
            raise invalid("claims.institution.secret", "签名密钥不能为空", field="secret")
