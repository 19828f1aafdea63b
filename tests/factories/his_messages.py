"""HIS messages as a client would write them: canonical inputs of every transaction with all required fields."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

INSTITUTION = "H42050100001"
PERSON = "P0000000000000000000000001"
VISIT = "V0000000000000000000000001"
SETTLEMENT = "S0000000000000000000000001"
CERTNO = "420502197404100014"


def message(infno: str, input_: Any, /, *, msgid: str | None = "M1", **envelope: Any) -> bytes:
    """One message as UTF-8 JSON; ``envelope`` overrides or adds members."""
    return json.dumps(envelope_of(infno, input_, msgid=msgid, **envelope), ensure_ascii=False).encode()


def envelope_of(infno: str, input_: Any, /, *, msgid: str | None = "M1", **envelope: Any) -> Json:
    """The envelope as an object."""
    return {
        "infno": infno,
        "msgid": msgid,
        "mdtrtarea_admvs": "420500",
        "insuplc_admdvs": "420500",
        "recer_sys_code": "YBXT",
        "dev_no": "",
        "dev_safe_info": None,
        "cainfo": "",
        "signtype": "SM3",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0001",
        "opter_name": "收费员",
        "inf_time": "2026-03-05 08:07:00",
        "fixmedins_code": INSTITUTION,
        "fixmedins_name": "宜昌市中心人民医院",
        "sign_no": "null",
        "input": input_,
        **envelope,
    }


CREDENTIAL: Json = {"mdtrt_cert_type": "02", "mdtrt_cert_no": CERTNO}

DIAGNOSIS: Json = {
    "diag_type": "1",
    "maindiag_flag": "1",
    "diag_srt_no": 1,
    "diag_code": "J18.900",
    "diag_name": "肺炎",
    "diag_dept": "呼吸内科",
    "dise_dor_no": "D420500000001",
    "dise_dor_name": "李医生",
    "diag_time": "2026-03-05 08:30:00",
    "vali_flag": "1",
}


def fee_line(number: str = "1", *, visit: str = VISIT, person: str = PERSON, **changes: Any) -> Json:
    """One line of 2204 or 2301: 2 x 12.34."""
    return {
        "feedetl_sn": number,
        "mdtrt_id": visit,
        "psn_no": person,
        "med_type": "11",
        "chrg_bchno": "B1",
        "rx_circ_flag": "0",
        "fee_ocur_time": "2026-03-05 09:00:00",
        "med_list_codg": "XA01",
        "medins_list_codg": "local-1",
        "det_item_fee_sumamt": 24.68,
        "cnt": 2,
        "pric": 12.34,
        "bilg_dept_codg": "03",
        "bilg_dept_name": "呼吸内科",
        "bilg_dr_codg": "D420500000001",
        "bilg_dr_name": "李医生",
        "hosp_appr_flag": "0",
        **changes,
    }


def inputs(*, person: str = PERSON, visit: str = VISIT, settlement: str = SETTLEMENT) -> dict[str, Json]:
    """Per infno an input as the Hunan specification writes it."""
    on_visit = {"mdtrt_id": visit, "psn_no": person}
    admission = {
        "begntime": "2026-03-05 08:00:00",
        "mdtrt_cert_type": "02",
        "med_type": "21",
        "atddr_no": "D420500000001",
        "chfpdr_name": "李医生",
        "adm_diag_dscr": "肺炎",
        "adm_dept_codg": "03",
        "adm_dept_name": "呼吸内科",
        "adm_bed": "12",
        "dscg_maindiag_code": "J18.900",
        "dscg_maindiag_name": "肺炎",
    }
    settle = {
        "psn_no": person,
        **CREDENTIAL,
        "med_type": "11",
        "medfee_sumamt": 24.68,
        "psn_setlway": "01",
        "mdtrt_id": visit,
        "chrg_bchno": "B1",
        "acct_used_flag": "1",
        "insutype": "390",
    }
    stay = {**{k: v for k, v in settle.items() if k not in ("med_type", "chrg_bchno")}, "mid_setl_flag": "0"}
    reverse = {"setl_id": settlement, **on_visit}
    visit_upload = {
        "mdtrtinfo": {**on_visit, "med_type": "11", "begntime": "2026-03-05 08:00:00", "dise_codg": "", "dise_name": ""},
        "diseinfo": [dict(DIAGNOSIS)],
    }
    return {
        "9001": {"signIn": {"opter_no": "0001", "mac": "00-11-22-33-44-55", "ip": "10.0.0.8"}},
        "1101": {"data": {**CREDENTIAL, "card_sn": "", "begntime": "", "psn_cert_type": "", "certno": "", "psn_name": ""}},
        "2201": {
            "data": {
                "psn_no": person,
                "insutype": "390",
                "begntime": "2026-03-05 08:00:00",
                **CREDENTIAL,
                "ipt_otp_no": "MZ0001",
                "atddr_no": "D420500000001",
                "dr_name": "李医生",
                "dept_code": "03",
                "dept_name": "呼吸内科",
                "caty": "A03",
            }
        },
        "2202": {"data": {**on_visit, "ipt_otp_no": "MZ0001"}},
        "2203": visit_upload,
        "2203A": visit_upload,
        "2204": {"feedetail": [fee_line(visit=visit, person=person)]},
        "2205": {"data": {**on_visit, "chrg_bchno": "0000"}},
        "2206": {"data": settle},
        "2206A": {"data": settle},
        "2207": {"data": settle},
        "2207A": {"data": settle},
        "2208": {"data": reverse},
        "2301": {"feedetail": [fee_line(visit=visit, person=person, med_type="21")]},
        "2302": {"data": {**on_visit, "feedetl_sn": "0000"}},
        "2303": {"data": stay},
        "2304": {"data": stay},
        "2305": {"data": reverse},
        "2401": {
            "mdtrtinfo": {"psn_no": person, "insutype": "390", "ipt_no": "ZY0001", **admission},
            "diseinfo": [{"psn_no": person, **DIAGNOSIS}],
        },
        "2402": {
            "dscginfo": {
                **on_visit,
                "insutype": "390",
                "endtime": "2026-03-12 10:00:00",
                "dscg_dept_codg": "03",
                "dscg_dept_name": "呼吸内科",
                "dscg_way": "1",
            },
            "diseinfo": [{**on_visit, **DIAGNOSIS}],
        },
        "2403": {"adminfo": {**on_visit, "ipt_otp_no": "ZY0001", **admission}, "diseinfo": [{**on_visit, **DIAGNOSIS}]},
        "2404": {"data": on_visit},
        "2405": {"data": on_visit},
        "2601": {"data": {"psn_no": person, "omsgid": "M0", "oinfno": "2207"}},
        "5203": {"data": {"psn_no": person, "setl_id": settlement, "mdtrt_id": visit}},
    }
