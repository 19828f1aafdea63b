"""Answers in the words of the interface: exact decimals, ids as text, the identities of section 6.2 on every answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.application.settlement.find_settlement import Found
from claims.application.visits.answers import (
    CoverStated,
    FeesUploaded,
    IdentityStated,
    LineStated,
    PersonIdentified,
    SignedIn,
    VisitOpened,
)
from claims.domain.institution import Switches
from claims.entrypoints.his import answers
from claims.entrypoints.his.answers import HisAnswers
from claims.entrypoints.his.envelope import read_request
from shared.clock import FixedClock
from tests.factories.his_messages import inputs, message
from tests.factories.settlements import SETTLED

RECEIVED = datetime(2026, 3, 5, 0, 7, 0, 120_000, tzinfo=UTC)
ANSWERED = datetime(2026, 3, 5, 0, 7, 1, 345_678, tzinfo=UTC)
HEADER = read_request(message("1101", inputs()["1101"]), "/CSB", RECEIVED).header


def envelope() -> HisAnswers:
    return HisAnswers(FixedClock(ANSWERED), first_serial=41)


def wire(output: object) -> Any:
    """The output as a client sees it, numbers as written."""
    return json.loads(envelope().success(HEADER, Switches(), output), parse_float=str, parse_int=str)["output"]  # type: ignore[arg-type] # any output


def test_the_envelope_of_success() -> None:
    assert json.loads(envelope().success(HEADER, Switches(), {})) == {
        "infcode": "0",
        "inf_refmsgid": "420500202603050807010000000041",
        "refmsg_time": "20260305080700120",
        "respond_time": "20260305080701345",
        "err_msg": "",
        "warn_msg": "",
        "output": {},
    }


def test_the_envelope_of_failure() -> None:
    answer = json.loads(envelope().refusal("错" * 300, received_at=RECEIVED))
    assert answer["infcode"] == "-1"
    assert answer["err_msg"] == "错" * 200
    assert answer["output"] == {}
    assert answer["inf_refmsgid"] == "000000202603050807010000000041"


def test_infcode_as_a_number_where_the_institution_wants_it() -> None:
    switches = Switches(infcode_number=True)
    assert json.loads(envelope().success(HEADER, switches, {}))["infcode"] == 0
    assert json.loads(envelope().refusal("x", received_at=RECEIVED, switches=switches))["infcode"] == -1


def test_two_answers_have_two_ids() -> None:
    one = envelope()
    ids = [json.loads(one.success(HEADER, Switches(), {}))["inf_refmsgid"] for _ in range(2)]
    assert ids == ["420500202603050807010000000041", "420500202603050807010000000042"]


def test_sign_in_under_both_names() -> None:
    both = {"sign_time": "2026-03-05", "sign_no": "N1"}
    assert wire(answers.signed_in(SignedIn(sign_no="N1", signed_on=date(2026, 3, 5)))) == {"signinoutb": both, "result": both}


def test_registration_and_admission_under_both_names() -> None:
    both = {"mdtrt_id": "V1", "psn_no": "P1", "ipt_otp_no": "MZ1", "exp_content": ""}
    assert wire(answers.visit_opened(VisitOpened(visit_id="V1", person_id="P1", hospital_no="MZ1"))) == {
        "data": both,
        "result": both,
    }


PERSON = PersonIdentified(
    person_id="P1",
    cert_type="01",
    certno="420502197404100014",
    name="张三",
    sex="1",
    naty="01",
    born_on=date(1974, 4, 10),
    as_of=date(2026, 3, 5),
    covers=(
        CoverStated(
            balance_fen=12_345,
            scheme="310",
            person_category="11",
            status="1",
            begins_on=date(2020, 1, 1),
            paused_on=None,
            civil_servant=True,
            region="420500",
            employer_name="一厂",
        ),
        CoverStated(
            balance_fen=0,
            scheme="390",
            person_category="15",
            status="4",
            begins_on=date(2019, 1, 1),
            paused_on=date(2020, 1, 1),
            civil_servant=False,
            region="420500",
            employer_name="",
        ),
    ),
    identities=(IdentityStated(identity_type="2303", memo="低保对象", begins_on=date(2024, 1, 1), ends_on=None),),
)


def test_a_person() -> None:
    assert wire(answers.person_identified(Switches())(PERSON)) == {
        "baseinfo": {
            "psn_no": "P1",
            "psn_cert_type": "01",
            "certno": "420502197404100014",
            "psn_name": "张三",
            "gend": "1",
            "naty": "01",
            "brdy": "1974-04-10",
            "age": "51.9",
            "exp_content": "",
        },
        "insuinfo": [
            {
                "balc": "123.45",
                "insutype": "310",
                "psn_type": "11",
                "psn_insu_stas": "1",
                "psn_insu_date": "2020-01-01",
                "cvlserv_flag": "1",
                "insuplc_admdvs": "420500",
                "emp_name": "一厂",
            },
            {
                "balc": "0.00",
                "insutype": "390",
                "psn_type": "15",
                "psn_insu_stas": "4",
                "psn_insu_date": "2019-01-01",
                "paus_insu_date": "2020-01-01",
                "cvlserv_flag": "0",
                "insuplc_admdvs": "420500",
                "emp_name": "",
            },
        ],
        "idetinfo": [{"psn_idet_type": "2303", "psn_type_lv": "", "memo": "低保对象", "begntime": "2024-01-01 00:00:00"}],
    }


def test_a_person_as_a_list_of_one_where_the_institution_wants_it() -> None:
    (person,) = wire(answers.person_identified(Switches(person_output_list=True))(replace(PERSON, covers=(), identities=())))
    assert (person["insuinfo"], person["idetinfo"]) == ([], [])


LINE = LineStated(
    line_no="yp570",
    amount_fen=452,
    quantity=Decimal("3"),
    price=Decimal("1.506667"),
    cap=None,
    selfpay_rate=50_000,
    self_funded_fen=0,
    over_limit_fen=0,
    pre_selfpay_fen=23,
    in_scope_fen=429,
    charge_class="02",
    fee_category="09",
    limited_use=True,
)


def test_a_fee_line() -> None:
    assert wire(answers.fees_uploaded(FeesUploaded(lines=(LINE,)))) == {
        "result": [
            {
                "feedetl_sn": "yp570",
                "det_item_fee_sumamt": "4.52",
                "cnt": "3",
                "pric": "1.506667",
                "pric_uplmt_amt": "999999",
                "selfpay_prop": "0.0500",
                "fulamt_ownpay_amt": "0.00",
                "overlmt_amt": "0.00",
                "preselfpay_amt": "0.23",
                "inscp_scp_amt": "4.29",
                "chrgitm_lv": "02",
                "med_chrgitm_type": "09",
                "bas_medn_flag": "0",
                "hi_nego_drug_flag": "0",
                "chld_medc_flag": "0",
                "list_sp_item_flag": "0",
                "lmt_used_flag": "1",
                "drt_reim_flag": "0",
                "memo": "",
                "exp_content": "",
            }
        ]
    }


def test_no_line_is_still_a_list() -> None:
    assert wire(answers.fees_uploaded(FeesUploaded(lines=()))) == {"result": []}


def money_of(info: dict[str, str], *names: str) -> list[str]:
    return [info[name] for name in names]


def test_a_settlement() -> None:
    output = wire(answers.settlement(Switches())(SETTLED))
    info = output["setlinfo"]
    assert money_of(info, "medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "hosp_part_amt") == [
        "23442.46",
        "18785.39",
        "4152.06",
        "505.01",
    ]
    assert money_of(
        info, "hifp_pay", "hifob_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "maf_pay", "hifdm_pay", "oth_pay"
    ) == [
        "18000.00",
        "785.39",
        *["0.00"] * 6,
    ]
    assert money_of(info, "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc", "act_pay_dedc", "pool_prop_selfpay") == [
        "170.04",
        "0.00",
        "3982.02",
        "10.00",
        "500.00",
        "0.8500",
    ]
    assert (info["setl_id"], info["medins_setl_id"], info["setl_time"], info["brdy"]) == (
        "S1",
        "M1",
        "2026-03-05 08:07:01",
        "1974-04-10",
    )
    assert "psn_part_am" not in info
    assert [row["fund_payamt"] for row in output["setldetail"]] == ["18000.00", "785.39", "170.04", "505.01"]
    assert output["setldetail"][0]["crt_payb_lmt_amt"] == "99999.99"


def test_a_pre_settlement_has_no_setl_id_but_a_time() -> None:
    output = wire(answers.settlement(Switches())(replace(SETTLED, settlement_id=None)))
    assert "setl_id" not in output["setlinfo"]
    assert output["setlinfo"]["setl_time"] == "2026-03-05 08:07:01"


def test_the_misspelled_person_share_where_the_institution_wants_it() -> None:
    info = wire(answers.settlement(Switches(psn_part_am=True))(SETTLED))["setlinfo"]
    assert (info["psn_part_am"], info["psn_part_amt"]) == ("4152.06", "4152.06")


def test_a_reversal_is_negative_under_both_names_of_cash() -> None:
    back = SETTLED.reversal(settlement_id="S2", medins_setl_id="M2", settled_at=ANSWERED, balance_fen=18_004)
    output = wire(answers.reversal(Switches())(back))
    info = output["setlinfo"]
    assert money_of(info, "medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "psn_pay", "hosp_part_amt") == [
        "-23442.46",
        "-18785.39",
        "-4152.06",
        "-4152.06",
        "-505.01",
    ]
    assert money_of(info, "pdn_cash_pay", "psn_cash_pay", "acct_pay", "balc") == ["-3982.02", "-3982.02", "-170.04", "180.04"]
    assert (info["setl_id"], info["medins_setl_id"]) == ("S2", "M2")
    assert [row["fund_payamt"] for row in output["setldetail"]] == ["-18000.00", "-785.39", "-170.04", "-505.01"]


def test_the_query_has_names_of_its_own() -> None:
    info = wire(answers.settlement_queried(Found(replace(SETTLED, reversed=True, benefit_year=2026, institution_code="H1"))))[
        "setlinfo"
    ]
    assert money_of(info, "psn_pay", "cash_payamt", "refd_setl_flag", "year", "fixmedins_code", "begndate", "enddate") == [
        "4152.06",
        "3982.02",
        "1",
        "2026",
        "H1",
        "2026-03-01",
        "2026-03-05",
    ]
    assert not {"psn_part_amt", "psn_cash_pay"} & info.keys()


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"in_scope_fen": 1}, 1),
        ({"cash_fen": 1}, 2),
        ({"pool_fen": 1, "cash_fen": 398_202 + 1_799_999}, 5),
        ({"account_fen": 17_005, "cash_fen": 398_201}, 5),
        ({"hospital_fen": 50_500, "cash_fen": 398_203}, 5),
        ({"deductible_fen": 1_880_817}, 6),
        ({"family_account_fen": 17_005}, 7),
    ],
)
def test_an_answer_that_breaks_an_identity_cannot_be_made(change: dict[str, Any], number: int) -> None:
    with pytest.raises(ValueError, match=f"identity {number} of"):
        replace(SETTLED, **change)


@given(st.integers(-(10**14), 10**14))
def test_money_is_exact(amount_fen: int) -> None:
    text = orjson.dumps(answers.money(amount_fen)).decode()
    assert Decimal(text) == Decimal(amount_fen).scaleb(-2)
    assert text[-3] == "."


@given(st.decimals(-(10**9), 10**9, places=8))
def test_numbers_have_at_most_the_documented_decimals(value: Decimal) -> None:
    text = orjson.dumps(answers.number(value, 6)).decode()
    assert abs(Decimal(text) - value) <= Decimal("0.0000005")
    assert len(text.partition(".")[2]) <= 6
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("born_on", "on", "expected"),
    [
        (date(1974, 4, 10), date(2026, 4, 9), "51.9"),
        (date(1974, 4, 10), date(2026, 4, 10), "52.0"),
        (date(2024, 2, 29), date(2025, 2, 28), "0.9"),
        (date(2024, 2, 29), date(2025, 3, 1), "1.0"),
        (date(2024, 2, 29), date(2028, 2, 29), "4.0"),
        (date(2026, 3, 5), date(2026, 3, 5), "0.0"),
        (date(2026, 3, 6), date(2026, 3, 5), "0.0"),
    ],
)
def test_age_in_years_with_one_decimal(born_on: date, on: date, expected: str) -> None:
    assert orjson.dumps(answers.age(born_on, on)).decode() == expected
