"""The paths at which hospitals post HIS messages (chs-interface 1.1, 1.2): data for the gateway and for claims.

A path may name the transaction, as its last segment (``/hsa/hgs/2207``) or by a method of its own; the ``infno`` of the
body rules, and a path that names one must agree with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SINGLE_PATHS: Final = (
    "/fsi/api/rsfComIfsService/callService",
    "/CSB",
    "/mss/web/api/fsi/callService",
    "/mbs-fsi/web/api/fsi/callService",
)
"""One path for every transaction; ``/<infno>`` may follow."""

FILE_PATHS: Final = ("/fsi/api/fileupload/upload", "/fsi/api/fileupload/download")
"""Transactions 9101 and 9102."""

TRANSACTION_PATHS: Final = {
    "/fsi/api/" + path: infno
    for infno, path in {
        "9001": "signInSignOutService/signIn",
        "1101": "fsiPsnInfoService/queryPsnInfo",
        "1201": "fsiFixMedInsService/queryFixMedIns",
        "2001": "fsiPsnPriorityInfoService/queryPsnPriorityInfo",
        "2201": "outpatientDocInfoService/outpatientRregistration",
        "2202": "outpatientDocInfoService/outpatientRegistrationCancel",
        "2203": "outpatientDocInfoService/outpatientMdtrtinfoUp",
        "2203A": "outpatientDocInfoService/outpatientMdtrtinfoUpA",
        "2204": "outpatientDocInfoService/outpatientFeeListUp",
        "2205": "outpatientDocInfoService/outpatientFeeListUpCancel",
        "2206": "outpatientSettleService/preSettletment",
        "2206A": "outpatientSettleService/preSettletmentA",
        "2207": "outpatientSettleService/saveSettletmentV2",
        "2207A": "outpatientSettleService/saveSettletment",
        "2208": "outpatientSettleService/cancleSettletment",
        "2301": "hospFeeDtlService/feeDtlUp",
        "2302": "hospFeeDtlService/feeDtlCl",
        "2303": "hospSettService/preSett",
        "2304": "hospSettService/settV2",
        "2305": "hospSettService/settCl",
        "2401": "hospitalRegisterService/hospitalRegisterSave",
        "2402": "dscgService/dischargeProcess",
        "2403": "hospitalRegisterService/hospitalRegisterEdit",
        "2404": "hospitalRegisterService/hospitalRegisterCancel",
        "2405": "dscgService/dischargeUndo",
        "2601": "reverseService/revsMethod",
        "3101": "riskConService/beforeAnalyze",
        "3102": "riskConService/courseAnalyze",
        "3201": "ybSettlementStmtService/stmtTotal",
        "3202": "ybSettlementStmtService/stmtDetail",
        "3301": "catalogCompService/catalogCompUp",
        "4101": "medinfoupload/setllistinfoupld",
        "4101A": "medinfoupload/setllistinfoupldA",
        "5203": "fsiIntegratedQueryService/querySetlInfo",
        "5204": "fsiIntegratedQueryService/queryFeeList",
        "5206": "fsiIntegratedQueryService/queryFixmedinsPracPsnSum",
        "5301": "fsiIntegratedQueryService/queryPsnOpspReg",
        "5303": "fsiIntegratedQueryService/queryInhospInfo",
    }.items()
}
"""One path per transaction (Hebei, Inner Mongolia); misspelled as the clients send them."""

_NAMED: Final = re.compile(r"/(\d{4}[Aa]?|100001)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class HisPath:
    """A path at which HIS messages are accepted; ``infno`` when the path names the transaction."""

    infno: str | None


def match_his_path(path: str) -> HisPath | None:
    """What a request path says, or None when no HIS message is accepted there. REST paths (``/v1/…``) never match."""
    path = path.rstrip("/")
    if path in SINGLE_PATHS or path in FILE_PATHS:
        return HisPath(None)
    if infno := TRANSACTION_PATHS.get(path):
        return HisPath(infno)
    named = _NAMED.search(path)
    if named is None or path.startswith("/v1/"):
        return None
    return HisPath(named.group(1).upper())
