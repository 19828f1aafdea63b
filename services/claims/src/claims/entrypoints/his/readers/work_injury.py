"""The Jiangsu interface for work-injury institutions (chs-interface 7.2): the numbers of the national one with other content.

Only what is known of it is read: 9001 without input, 1101, the flat 2201, 2204 with its lines in a root member. The rest is refused by
name, because the same number has another content there and a guess would move money.
"""

from __future__ import annotations

from typing import Final

from claims.application.visits.commands import OpenVisit, SignIn
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.nodes import field_missing

UNPUBLISHED: Final = frozenset(
    {"2202", "2203", "2205", "2206", "2207", "2208", "2301", "2305", "8101", "8103", "8106", "8107", "8109", "9002"}
)
"""Numbers that this interface has, and whose content we do not know."""
_READ: Final = frozenset({"psn_no", "med_type", "adm_time", "ipt_otp_no", "adm_diag_dscr"})


def sign_in(request: HisRequest) -> SignIn:
    """9001: once a day, by whoever the envelope names."""
    if not request.header.operator:
        raise field_missing("opter")
    node = request.input
    return SignIn(
        header=request.header,
        operator_no=request.header.operator,
        mac=node.optional_text("mac"),
        ip=node.optional_text("ip"),
    )


def register(request: HisRequest) -> OpenVisit:
    """2201: a visit or a stay, told apart by med_type; ``ipt_otp_no`` for the one, ``ipt_no`` for the other.

    Whether it is a stay is known when its category is looked up.
    """
    node = request.input
    node.demand(("med_type", "adm_time", "adm_diag_dscr", "adm_dept_codg", "atddr_no", "psn_no", "qualification_id"))
    return OpenVisit(
        header=request.header,
        inpatient=False,
        person_id=node.text("psn_no"),
        scheme="",
        begun_at=node.moment("adm_time"),
        hospital_no=node.text("ipt_otp_no"),
        credential_type="",
        med_type=node.text("med_type"),
        disease_code=node.text("adm_diag_dscr"),
        details=node.details(_READ),
    )
