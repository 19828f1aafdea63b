"""Answers in the words of the interface (chs-interface 2.2, 5.A, 5.B): exact decimals, ids as text, lists always lists.

Amounts leave as JSON numbers with two decimals, written straight from integer fen; no float is ever made.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from claims.application.filings.file_care import Filed
from claims.application.header import HisHeader
from claims.application.settlement.answer import FundRow, SettlementAnswer
from claims.application.settlement.find_settlement import Found
from claims.application.settlement.ports import Correction
from claims.application.visits.answers import FeesUploaded, LineStated, PersonIdentified, SignedIn, VisitOpened
from claims.domain.institution import Switches
from shared.clock import Clock, local

Output = dict[str, Any]
"""A payload object; what ``orjson`` writes, exact numbers as fragments."""

NO_CAP: Final = "999999"
"""pric_uplmt_amt of a line without a price cap."""
_MAX_MESSAGE: Final = 200
_SERIALS: Final = 10**10


class HisAnswers:
    """The envelope of every answer: codes, the receiver's message id, the times."""

    def __init__(self, clock: Clock, first_serial: int | None = None) -> None:
        self._clock = clock
        # Processes start apart, so that two of them do not give one message id within a second.
        self._serial = itertools.count(secrets.randbelow(_SERIALS) if first_serial is None else first_serial)

    def success(self, header: HisHeader, switches: Switches, output: Output | list[Output]) -> bytes:
        """infcode 0 with its output; err_msg is empty, as some clients judge by it."""
        return self._envelope(0, "", output, switches, header.care_region, header.received_at)

    def refusal(self, text: str, *, received_at: datetime, region: str = "", switches: Switches | None = None) -> bytes:
        """infcode -1 with the text for the clerk, at most 200 characters."""
        return self._envelope(-1, text[:_MAX_MESSAGE], {}, switches or Switches(), region, received_at)

    def _envelope(
        self, code: int, text: str, output: Output | list[Output], switches: Switches, region: str, received_at: datetime
    ) -> bytes:
        now = local(self._clock.now())
        place = region if len(region) == 6 and region.isascii() else "000000"
        return orjson.dumps(
            {
                "infcode": code if switches.infcode_number else str(code),
                "inf_refmsgid": f"{place}{now:%Y%m%d%H%M%S}{next(self._serial) % _SERIALS:010d}",
                "refmsg_time": _stamp(local(received_at)),
                "respond_time": _stamp(now),
                "err_msg": text,
                "warn_msg": "",
                "output": output,
            }
        )


def signed_in(result: SignedIn) -> Output:
    """9001, under both names that clients read (signinoutb; result in early Guangzhou)."""
    both = {"sign_time": result.signed_on, "sign_no": result.sign_no}
    return {"signinoutb": both, "result": both}


def person_identified(switches: Switches) -> Callable[[PersonIdentified], Output | list[Output]]:
    """1101; one early dialect expects the output as a list of one."""
    return (lambda result: [_person(result)]) if switches.person_output_list else _person


def _person(result: PersonIdentified) -> Output:
    return {
        "baseinfo": {
            "psn_no": result.person_id,
            "psn_cert_type": result.cert_type,
            "certno": result.certno,
            "psn_name": result.name,
            "gend": result.sex,
            "naty": result.naty,
            "brdy": result.born_on,
            "age": age(result.born_on, result.as_of),
            "exp_content": "",
        },
        "insuinfo": [
            {
                "balc": money(cover.balance_fen),
                "insutype": cover.scheme,
                "psn_type": cover.person_category,
                "psn_insu_stas": cover.status,
                "psn_insu_date": cover.begins_on,
                # An absent date means still covered; a null breaks clients whose dates cannot be null.
                **({"paus_insu_date": cover.paused_on} if cover.paused_on else {}),
                "cvlserv_flag": _flag(cover.civil_servant),
                "insuplc_admdvs": cover.region,
                "emp_name": cover.employer_name,
            }
            for cover in result.covers
        ],
        "idetinfo": [
            {
                "psn_idet_type": identity.identity_type,
                "psn_type_lv": "",
                "memo": identity.memo,
                "begntime": f"{identity.begins_on} 00:00:00",
                **({"endtime": f"{identity.ends_on} 23:59:59"} if identity.ends_on else {}),
            }
            for identity in result.identities
        ],
    }


def visit_opened(result: VisitOpened) -> Output:
    """2201 reads ``data``, 2401 reads ``result``."""
    both = {"mdtrt_id": result.visit_id, "psn_no": result.person_id, "ipt_otp_no": result.hospital_no, "exp_content": ""}
    return {"data": both, "result": both}


def filed(result: Filed) -> Output:
    """2501, 2503, 2505."""
    return {"result": {"trt_dcla_detl_sn": result.filing_id, "exp_content": ""}}


def done(_: object) -> Output:
    """A transaction without output."""
    return {}


def fees_uploaded(result: FeesUploaded) -> Output:
    """2204 and 2301: one row per line, its own serial echoed as text."""
    return {"result": [_line(line) for line in result.lines]}


def _line(line: LineStated) -> Output:
    return {
        "feedetl_sn": line.line_no,
        "det_item_fee_sumamt": money(line.amount_fen),
        "cnt": number(line.quantity, 4),
        "pric": number(line.price, 6),
        "pric_uplmt_amt": orjson.Fragment(NO_CAP) if line.cap is None else number(line.cap, 6),
        "selfpay_prop": ratio(line.selfpay_rate),
        "fulamt_ownpay_amt": money(line.self_funded_fen),
        "overlmt_amt": money(line.over_limit_fen),
        "preselfpay_amt": money(line.pre_selfpay_fen),
        "inscp_scp_amt": money(line.in_scope_fen),
        "chrgitm_lv": line.charge_class,
        "med_chrgitm_type": line.fee_category,
        "bas_medn_flag": "0",
        "hi_nego_drug_flag": "0",
        "chld_medc_flag": "0",
        "list_sp_item_flag": "0",
        "lmt_used_flag": _flag(line.limited_use),
        "drt_reim_flag": "0",
        "memo": line.memo,
        "exp_content": "",
    }


def settlement(switches: Switches) -> Callable[[SettlementAnswer], Output]:
    """2206, 2207, 2303, 2304: ``setlinfo`` and ``setldetail``."""

    def write(result: SettlementAnswer) -> Output:
        info = _settlement_info(result)
        if switches.psn_part_am:
            info["psn_part_am"] = info["psn_part_amt"]
        return {"setlinfo": info, "setldetail": _details(result)}

    return write


def reversal(switches: Switches) -> Callable[[SettlementAnswer], Output]:
    """2208, 2305: the cash share under both spellings that clients read."""
    write_settlement = settlement(switches)

    def write(result: SettlementAnswer) -> Output:
        output = write_settlement(result)
        info = output["setlinfo"]
        info["pdn_cash_pay"] = info["psn_cash_pay"]
        info["psn_pay"] = info["psn_part_amt"]
        return output

    return write


def settlement_queried(found: Found) -> Output:
    """5203: the person share is psn_pay and the cash cash_payamt here; refd_setl_flag shows a reversal.

    What was corrected since stands beside it in a list of our own, ``setlcorr``; the settlement itself is as it was answered.
    """
    result = found.answer
    info = _settlement_info(result)
    info["psn_pay"] = info.pop("psn_part_amt")
    info["cash_payamt"] = info.pop("psn_cash_pay")
    info |= {
        "refd_setl_flag": _flag(result.reversed),
        "fixmedins_code": result.institution_code,
        "fixmedins_name": result.institution_name,
        "hosp_lv": result.hospital_level,
        "insu_optins": result.insured_region,
        "emp_name": result.employer_name,
        "pay_loc": "2",
        "year": str(result.benefit_year),
        "dise_codg": result.disease_code,
        "dise_name": result.disease_name,
        "opter_id": result.operator,
        "opter_name": result.operator_name,
        "opt_time": _date_time(result.settled_at),
    }
    output = {"setlinfo": info, "setldetail": _details(result)}
    return output | {"setlcorr": [_correction(c) for c in found.corrections]} if found.corrections else output


def _correction(correction: Correction) -> Output:
    return {
        "corr_no": str(correction.sequence),
        "corr_time": _date_time(correction.recorded_at),
        "corr_rea": correction.reason_text,
        "medfee_sumamt": money(correction.total_fen),
        "acct_pay": money(correction.account_fen),
        "cash_payamt": money(correction.cash_fen),
        "setldetail": [
            {"fund_pay_type": p["fund_pay_type"], "fund_payamt": money(p["amount_fen"])} for p in correction.payments
        ],
    }


def _settlement_info(result: SettlementAnswer) -> Output:
    info: Output = {
        "mdtrt_id": result.visit_id,
        "psn_no": result.person_id,
        "psn_name": result.person_name,
        "psn_cert_type": result.cert_type,
        "certno": result.certno,
        "gend": result.sex,
        "naty": result.naty,
        "brdy": result.born_on,
        "age": age(result.born_on, local(result.settled_at).date()),
        "insutype": result.scheme,
        "psn_type": result.person_category,
        "cvlserv_flag": _flag(result.civil_servant),
        "setl_time": _date_time(result.settled_at),
        "mdtrt_cert_type": result.credential_type,
        "med_type": result.med_type,
        "medfee_sumamt": money(result.total_fen),
        "fulamt_ownpay_amt": money(result.self_funded_fen),
        "overlmt_selfpay": money(result.over_limit_fen),
        "preselfpay_amt": money(result.pre_selfpay_fen),
        "inscp_scp_amt": money(result.in_scope_fen),
        "act_pay_dedc": money(result.deductible_fen),
        "hifp_pay": money(result.pool_fen),
        "pool_prop_selfpay": ratio(result.pool_rate),
        "cvlserv_pay": money(result.civil_servant_fen),
        "hifes_pay": money(result.enterprise_fen),
        "hifmi_pay": money(result.catastrophic_fen),
        "hifob_pay": money(result.large_amount_fen),
        "hifdm_pay": money(result.disabled_fen),
        "maf_pay": money(result.assistance_fen),
        "oth_pay": money(result.other_fund_fen),
        "fund_pay_sumamt": money(result.fund_total_fen),
        "psn_part_amt": money(result.person_fen),
        "acct_pay": money(result.account_fen),
        "acct_mulaid_pay": money(result.family_account_fen),
        "psn_cash_pay": money(result.cash_fen),
        "hosp_part_amt": money(result.hospital_fen),
        "balc": money(result.balance_fen),
        "medins_setl_id": result.medins_setl_id,
        "clr_optins": result.clearing_agency,
        "clr_way": result.clearing_way,
        "clr_type": result.clearing_type,
        "begndate": result.begun_on,
        "enddate": result.ended_on,
        "invono": result.invoice_no,
        "exp_content": "",
    }
    if result.settlement_id is not None:
        info["setl_id"] = result.settlement_id
    return info


def _details(result: SettlementAnswer) -> list[Output]:
    return [_fund(row, result) for row in result.funds]


def _fund(row: FundRow, result: SettlementAnswer) -> Output:
    return {
        "mdtrt_id": result.visit_id,
        **({"setl_id": result.settlement_id} if result.settlement_id else {}),
        "fund_pay_type": row.fund_pay_type,
        "fund_pay_type_name": row.name,
        "inscp_scp_amt": money(row.in_scope_fen),
        "crt_payb_lmt_amt": money(row.limit_fen),
        "fund_payamt": money(row.amount_fen),
        "setl_proc_info": row.process,
    }


def money(amount_fen: int) -> orjson.Fragment:
    """Fen as a JSON number of yuan with two decimals."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return orjson.Fragment(f"{sign}{whole}.{cents:02d}")


def number(value: Decimal, places: int) -> orjson.Fragment:
    """A quantity or price as a JSON number with at most ``places`` decimals, without needless zeros."""
    text = f"{value:.{places}f}"
    return orjson.Fragment(text.rstrip("0").rstrip(".") if "." in text else text)


def ratio(rate: int) -> orjson.Fragment:
    """Millionths as a JSON number with four decimals, half up."""
    whole, rest = divmod((rate + 50) // 100, 10_000)
    return orjson.Fragment(f"{whole}.{rest:04d}")


def age(born_on: date, on: date) -> orjson.Fragment:
    """Age in years with one decimal, cut down, never below zero."""
    years = on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
    if years < 0:
        return orjson.Fragment("0.0")
    last = _anniversary(born_on, born_on.year + years)
    tenths = (on - last).days * 10 // (_anniversary(born_on, last.year + 1) - last).days
    return orjson.Fragment(f"{years}.{min(tenths, 9)}")


def _anniversary(born_on: date, year: int) -> date:
    leap_day = (born_on.month, born_on.day) == (2, 29)
    return date(year, 3, 1) if leap_day and not _is_leap(year) else born_on.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _date_time(at: datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
