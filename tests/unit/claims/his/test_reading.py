"""What real clients send and how it is read (chs-interface sections 1 to 3): every tolerance, every refusal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import pytest

from claims.entrypoints.his.envelope import MAX_BODY_BYTES, HisRequest, read_request
from claims.entrypoints.his.nodes import Node, parse_moment, tidy
from claims.entrypoints.his.readers import fees, session, settlement, visits
from shared.errors import Refusal
from tests.factories.his_messages import CERTNO, INSTITUTION, PERSON, VISIT, envelope_of, fee_line, inputs, message

AT = datetime(2026, 3, 5, 0, 7, tzinfo=UTC)
CALL = "/fsi/api/rsfComIfsService/callService"


def read(body: bytes, path: str = CALL) -> HisRequest:
    return read_request(body, path, AT)


def request(infno: str, input_: Any, **envelope: Any) -> HisRequest:
    return read(message(infno, input_, **envelope))


def refusal(body: bytes, path: str = CALL) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(body, path)
    return caught.value


def test_the_header_is_read() -> None:
    header = request("1101", inputs()["1101"], msgid="H42050100001202603050807000001").header
    assert (header.infno, header.msgid, header.institution_code) == ("1101", "H42050100001202603050807000001", INSTITUTION)
    assert (header.care_region, header.insured_region, header.recer_sys_code) == ("420500", "420500", "YBXT")
    assert (header.operator, header.operator_name, header.operator_type, header.sign_no) == ("0001", "收费员", "1", "")
    assert header.received_at == AT


def test_real_institution_names_are_longer_than_the_table_says() -> None:
    assert request("1101", inputs()["1101"], fixmedins_name="院" * 150).header.institution_name == "院" * 150


def test_the_envelope_needs_only_what_every_client_sends() -> None:
    lean = {"infno": 9001, "msgid": 12, "fixmedins_code": INSTITUTION, "input": inputs()["9001"]}
    header = read(json.dumps(lean).encode()).header
    assert (header.infno, header.msgid, header.care_region, header.operator) == ("9001", "12", "", "")


BARE = message("1101", inputs()["1101"])


@pytest.mark.parametrize(
    "body",
    [
        BARE,
        b"\xef\xbb\xbf" + BARE,
        b"\r\n " + BARE + b"\n",
        BARE.decode().encode("gb18030"),
        json.dumps(envelope_of("1101", inputs()["1101"]), indent=2).encode(),
        b"=" + quote_plus(BARE).encode(),
        b"=" + BARE,
        b"=" + quote_plus(BARE).encode() + b"&x=1",
        message("1101", json.dumps(inputs()["1101"])),
    ],
    ids=["utf-8", "bom", "blanks", "gb18030", "indented", "form", "form-unescaped", "form-more-fields", "input-as-text"],
)
def test_every_wrapping_of_one_message_reads_alike(body: bytes) -> None:
    expected = read(BARE)
    found = read(body)
    assert found.header == expected.header
    assert session.identify_person(found) == session.identify_person(expected)


@pytest.mark.parametrize(
    ("path", "infno", "agrees"),
    [
        (CALL, "2207", True),
        (CALL + "/2207", "2207", True),
        (CALL + "/2206", "2207", False),
        ("/CSB", "2207", True),
        ("/mss/web/api/fsi/callService", "2207", True),
        ("/hsa/hgs/2207", "2207", True),
        ("/hsa/hgs/2207a", "2207A", True),
        ("/hsa/hgs/2208", "2207", False),
        ("/fsi/api/outpatientSettleService/saveSettletmentV2", "2207", True),
        ("/fsi/api/outpatientSettleService/saveSettletment", "2207A", True),
        ("/fsi/api/outpatientSettleService/preSettletment", "2207", False),
    ],
)
def test_a_path_that_names_the_transaction_must_agree(path: str, infno: str, agrees: bool) -> None:
    body = message(infno, inputs()[infno])
    if agrees:
        assert read(body, path).header.infno == infno
    else:
        assert refusal(body, path).code == "claims.his.path-disagrees"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "claims.his.no-json"),
        (b"{", "claims.his.no-json"),
        (b"[]", "claims.his.no-json"),
        (b'"text"', "claims.his.no-json"),
        (b'{"infno": NaN}', "claims.his.no-json"),
        (b"[" * 100_000, "claims.his.no-json"),
        (b"\xff\xfe\x00\xff", "claims.his.charset"),
        (b" " * (MAX_BODY_BYTES + 1), "claims.his.too-large"),
        (message("1101", "no json"), "claims.his.no-json"),
        (message("1101", [1]), "claims.his.no-json"),
        (message("1101", ""), "claims.his.field-missing"),
        (message("1101", None), "claims.his.field-missing"),
        (message("1101", {}, infno=""), "claims.his.field-missing"),
        (message("1101", {}, msgid=None), "claims.his.field-missing"),
        (message("1101", {}, fixmedins_code="null"), "claims.his.field-missing"),
        (message("1101", {}, msgid="M" * 31), "claims.his.too-long"),
        (message("1101", {"data": {"psn_name": "\x00"}}), "claims.his.no-json"),
        (b'{"infno":"1101","msgid":"1","fixmedins_code":"H1","input":{"data":{"psn_name":"\\ud800"}}}', "claims.his.no-json"),
        (message("1101", json.loads('{"a":' * 20 + "1" + "}" * 20)), "claims.his.nested-too-deeply"),
        (message("1101", {"a": json.loads("[" * 20 + "]" * 20)}), "claims.his.nested-too-deeply"),
    ],
)
def test_what_is_no_message_is_refused(body: bytes, code: str) -> None:
    assert refusal(body).code == code


def test_a_missing_field_is_named_in_chinese_with_its_code() -> None:
    found = refusal(message("1101", {}, msgid="", infno=None))
    assert found.zh == "缺少必填项：交易编号(infno)、发送方报文ID(msgid)"
    assert found.field == "infno"


def test_the_digest_is_of_what_was_meant() -> None:
    plain = request("2204", {"feedetail": [fee_line()]}).header.input_digest
    assert request("2204", {"FEEDETAIL": [{**fee_line(), "memo": None, "cnt": "2"}], "x": ""}).header.input_digest == plain
    assert request("2204", {"feedetail": [fee_line(cnt=3)]}).header.input_digest != plain
    assert len(plain) == 64


@pytest.mark.parametrize("value", [None, "", "  ", "null", "NULL"])
def test_what_counts_as_absent(value: object) -> None:
    node = Node(tidy({"psn_name": value}))
    assert node.optional_text("psn_name") == ""
    with pytest.raises(Refusal, match="field-missing"):
        node.text("psn_name")


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("dise_code", "dise_codg"),
        ("dscg_dept_code", "dscg_dept_codg"),
        ("main_cond_desc", "main_cond_dscr"),
        ("cmplct_flag", "cop_flag"),
        ("acc_used_flag", "acct_used_flag"),
        ("dscg_time", "dscgTime"),
        ("dscgTime", "dscgTime"),
        ("ipt_no", "ipt_otp_no"),
        ("cert_type", "psn_cert_type"),
        ("expContent", "exp_content"),
        ("PSN_NO", "psn_no"),
        ("psnNo", "psn_no"),
        ("rxno ", "rxno"),
    ],
)
def test_spellings_of_one_field(sent: str, name: str) -> None:
    assert Node(tidy({sent: "1"})).optional_text(name) == "1"


def test_the_snake_case_one_of_two_spellings_counts() -> None:
    for pair in ({"psnNo": "camel", "psn_no": "snake"}, {"psn_no": "snake", "psnNo": "camel"}):
        assert Node(tidy(pair)).text("psn_no") == "snake"
    assert Node(tidy({"psn_no": "", "psnNo": "camel"})).text("psn_no") == "camel"
    assert Node(tidy({"psnNo": "camel", "psn_no": None})).text("psn_no") == "camel"


@pytest.mark.parametrize(
    ("sent", "fen"),
    [("12.30", 1230), ("12.3", 1230), ("12", 1200), ("0", 0), ("-4.50", -450), ("1e3", 100_000), ("12.3400", 1234)],
)
def test_amounts_come_as_text_or_number(sent: str, fen: int) -> None:
    assert Node(tidy({"medfee_sumamt": sent})).money_fen("medfee_sumamt") == fen
    body = b'{"infno":"2206","msgid":"1","fixmedins_code":"H1","input":{"data":{"medfee_sumamt":%s}}}' % sent.encode()
    assert read(body).input.container("data").money_fen("medfee_sumamt") == fen


@pytest.mark.parametrize(
    "sent", ["12.345", "x", "1,234.00", "NaN", "Infinity", "1e99", "1_000", "１２", "9" * 40, "99999999999999.00"]
)
def test_what_is_no_amount_is_refused(sent: str) -> None:
    with pytest.raises(Refusal) as caught:
        Node(tidy({"medfee_sumamt": sent})).money_fen("medfee_sumamt")
    assert caught.value.code == "claims.his.wrong-value"
    assert caught.value.zh.startswith("医疗费总额(medfee_sumamt)应为金额，最多两位小数")


def test_quantities_and_prices_are_kept_as_sent() -> None:
    node = Node(tidy({"cnt": "0.3333333333333333", "pric": "12.345678"}))
    assert (node.quantity("cnt"), node.quantity("pric")) == (Decimal("0.3333333333333333"), Decimal("12.345678"))
    for wrong in ("x", "1e12", "NaN", "-1000000000"):
        with pytest.raises(Refusal, match="wrong-value"):
            Node(tidy({"cnt": wrong})).quantity("cnt")


def test_a_number_of_thirty_digits_stays_exact() -> None:
    body = message("2204", {"feedetail": [fee_line()]}).replace(
        b'"feedetl_sn": "1"', b'"feedetl_sn": 123456789012345678901234567890'
    )
    assert fees.upload_outpatient_fees(read(body)).lines[0].line_no == "123456789012345678901234567890"


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("2024-03-05 08:07:00", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05 08:07", "2024-03-05T08:07:00+08:00"),
        ("2024/3/5 8:07:00", "2024-03-05T08:07:00+08:00"),
        ("20240305080700", "2024-03-05T08:07:00+08:00"),
        ("20240305080700123", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05", "2024-03-05T00:00:00+08:00"),
        ("20240305", "2024-03-05T00:00:00+08:00"),
        ("2024/3/5", "2024-03-05T00:00:00+08:00"),
        ("2024-03-05T08:07:00", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05T08:07:00.123", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05T08:07:00+08:00", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05T00:07:00Z", "2024-03-05T08:07:00+08:00"),
        ("2024-03-05T01:07:00+0100", "2024-03-05T08:07:00+08:00"),
    ],
)
def test_dates_come_in_many_forms(sent: str, read_as: str) -> None:
    moment = parse_moment(sent)
    assert moment is not None
    assert moment.isoformat() == read_as


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "x",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "2024-03/05",
        "20240305 08",
        "0001-01-01",
        "9999-12-31",
        "2024115",
        "２０２４-03-05",
    ],
)
def test_what_is_no_date_is_refused(sent: str) -> None:
    assert parse_moment(sent) is None


def test_codes_are_padded_and_flags_stripped() -> None:
    node = Node(tidy({"psn_cert_type": "1", "mdtrt_cert_type": "05", "acct_used_flag": "01", "mid_setl_flag": "00"}))
    assert (node.code("psn_cert_type", 2), node.code("mdtrt_cert_type", 2)) == ("01", "05")
    assert (node.flag("acct_used_flag", "0"), node.flag("mid_setl_flag", "0"), node.flag("vali_flag", "1")) == ("1", "0", "1")


def test_local_credentials_are_kept() -> None:
    command = session.identify_person(request("1101", {"data": {"mdtrt_cert_type": 6, "mdtrt_cert_no": "4205|A1|77"}}))
    assert (command.credential_type, command.credential_no) == ("06", "4205|A1|77")


def test_med_type_may_be_a_number() -> None:
    data = {**inputs()["2206"]["data"], "med_type": 11}
    assert settlement.pre_settle_outpatient(request("2206", {"data": data})).med_type == "11"


@pytest.mark.parametrize("sent", ['{"TRUM_FLAG":"1"}', {"trum_flag": 1}, {"TRUM_FLAG ": "1"}])
def test_extension_comes_as_object_or_text(sent: object) -> None:
    input_ = inputs()["2401"]
    input_["mdtrtinfo"]["expContent"] = sent
    command = visits.admit(request("2401", input_))
    assert command.trauma_flag == "1"


@pytest.mark.parametrize("sent", ["no json", "[1]", "7", None, '{"other":1}'])
def test_an_extension_that_says_nothing_of_trauma(sent: object) -> None:
    input_ = inputs()["2401"]
    input_["mdtrtinfo"]["exp_content"] = sent
    assert visits.admit(request("2401", input_)).trauma_flag == ""


def test_absent_empty_and_zero_split_figures_mean_not_given() -> None:
    data = {**inputs()["2207"]["data"], "fulamt_ownpay_amt": "0.00", "overlmt_selfpay": "", "inscp_scp_amt": 24.68}
    stated = settlement.settle_outpatient(request("2207", {"data": data})).stated
    assert (stated.self_funded_fen, stated.over_limit_fen, stated.pre_selfpay_fen, stated.in_scope_fen) == (
        None,
        None,
        None,
        2468,
    )


def test_settlement_fields_that_one_client_never_sends() -> None:
    data = inputs()["2304"]["data"]
    for name in ("psn_setlway", "acct_used_flag", "mid_setl_flag"):
        del data[name]
    command = settlement.settle_inpatient(request("2304", {"data": data}))
    assert (command.settlement_way, command.account_use, command.interim) == ("01", "0", False)


def test_an_inpatient_settlement_is_read() -> None:
    data = {**inputs()["2304"]["data"], "mid_setl_flag": 1, "dscgTime": "2026-03-12 10:00:00", "acct_used_flag": "02"}
    command = settlement.settle_inpatient(request("2304", {"data": data}))
    assert (command.inpatient, command.interim, command.account_use, command.discharged_on) == (
        True,
        True,
        "2",
        date(2026, 3, 12),
    )
    assert (command.total_fen, command.batch_no, command.med_type, command.credential_no) == (2468, None, None, CERTNO)


@pytest.mark.parametrize(("name", "value"), [("medfee_sumamt", "-1"), ("acct_used_flag", "3"), ("medfee_sumamt", "1.001")])
def test_impossible_settlement_values_are_refused(name: str, value: str) -> None:
    data = {**inputs()["2207"]["data"], name: value}
    with pytest.raises(Refusal) as caught:
        settlement.settle_outpatient(request("2207", {"data": data}))
    assert caught.value.field == name


def test_one_object_counts_as_a_list_and_lists_as_many() -> None:
    input_ = inputs()["2203"]
    single = {"mdtrtInfo": input_["mdtrtinfo"], "diseInfo": input_["diseinfo"][0]}
    command = visits.change_visit(request("2203", single))
    assert (command.visit_id, [d.code for d in command.diagnoses]) == (VISIT, ["J18.900"])
    two = {"data": [{"mdtrt_id": VISIT, "psn_no": PERSON, "feedetl_sn": n} for n in ("1", "2")]}
    assert fees.cancel_inpatient_fees(request("2302", two)).numbers == ("1", "2")


def test_a_single_node_may_not_be_several() -> None:
    data = inputs()["2201"]["data"]
    with pytest.raises(Refusal, match="one-expected"):
        visits.register_visit(request("2201", {"data": [data, data]}))


@pytest.mark.parametrize("feedetail", [None, [], "x", [1], [[fee_line()]]])
def test_lines_must_be_objects(feedetail: object) -> None:
    with pytest.raises(Refusal) as caught:
        fees.upload_outpatient_fees(request("2204", {"feedetail": feedetail}))
    assert caught.value.field == "feedetail"


def test_lines_of_one_call_belong_to_one_visit() -> None:
    lines = [fee_line("1"), fee_line("2", visit="another")]
    with pytest.raises(Refusal, match="several-visits"):
        fees.upload_outpatient_fees(request("2204", {"feedetail": lines}))


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(Refusal, match="too-many-lines"):
        fees.upload_outpatient_fees(request("2204", {"feedetail": [fee_line(str(n)) for n in range(1001)]}))


def test_a_diagnosis_number_may_be_text_and_start_at_nought() -> None:
    input_ = inputs()["2203"]
    input_["diseinfo"][0] |= {"diag_srt_no": "0", "vali_flag": "0", "diag_type": "0"}
    (diagnosis,) = visits.change_visit(request("2203", input_)).diagnoses
    assert (diagnosis.sort_no, diagnosis.valid, diagnosis.kind) == ("0", False, "0")


def test_identity_is_not_kept_in_clear_among_the_details() -> None:
    input_ = inputs()["2401"]
    input_["mdtrtinfo"] |= {"certno": CERTNO, "psn_name": "张三", "tel": "13900000000", "coner_name": "李四", "medrcdno": "BL1"}
    details = visits.admit(request("2401", input_)).details
    assert details["medrcdno"] == "BL1"
    assert not {"certno", "psn_name", "tel", "coner_name", "mdtrt_cert_no"} & details.keys()
    assert CERTNO not in details.values()


@pytest.mark.parametrize(
    ("infno", "name", "length"),
    [("2203", "diag_srt_no", 40), ("2203", "begntime", 40), ("2204", "pric", 40), ("9001", "ip", 100)],
)
def test_nothing_is_unbounded(infno: str, name: str, length: int) -> None:
    input_ = inputs()[infno]
    target = next(node for node in (*input_.values(), *(v[0] for v in input_.values() if isinstance(v, list))) if name in node)
    target[name] = "1" * (length + 1)
    reader = {"2203": visits.change_visit, "2204": fees.upload_outpatient_fees, "9001": session.sign_in}[infno]
    with pytest.raises(Refusal) as caught:
        reader(request(infno, input_))
    assert (caught.value.code, caught.value.field) == ("claims.his.too-long", name)
