"""The county behind the fake gateway: people, settlements, books and matters as the API would tell them.

The stay of 张建国 is the worked example F1 of the reference: total 16,000.00, employee fund 11,985.00, account 1,000.00,
cash 3,015.00; as a work injury the fund bears 15,700.00, the person 300.00, meals 12 x 30.00.
"""

from __future__ import annotations

from datetime import date
from typing import Any

Json = dict[str, Any]

TODAY = date(2026, 11, 22)

ZHANG, LI, WANG_ELDER, WANG_YOUNGER = "01PERSONZHANG", "01PERSONLI", "01PERSONWANGA", "01PERSONWANGB"
STAY, RESIDENT_STAY = "01SETTLEMENTZHANG", "01SETTLEMENTLI"
CONVERSION, CASE = "01CONVERSIONZHANG", "01CASEZHANG"
INJURY_MATTER, ENROL_MATTER, LATE_MATTER = "01MATTERINJURY", "01MATTERENROL", "01MATTERLATE"
HOSPITAL = "H99010100001"

_NUMBERS = {
    ZHANG: ("张建国", "990101198503121234", "1", "1985-03-12", "13800001234"),
    LI: ("李秀英", "990101195808085668", "2", "1958-08-08", "13900005668"),
    WANG_ELDER: ("王伟", "990101196601011212", "1", "1966-01-01", None),
    WANG_YOUNGER: ("王伟", "990101200005052929", "1", "2000-05-05", None),
}

ROLES: dict[str, Json] = {
    "wangfang": {
        "name": "王芳",
        "role": "clerk",
        "role_name": "综合窗口",
        "scopes": "matters:read matters:accept matters:act persons:read persons:identify settlements:read conversions:read "
        "injury-cases:read premiums:pay rules:read filings:read filings:write benefits:read recoveries:read recoveries:apply "
        "conversions:split audits:object documents:attach partner-documents:read recurrences:apply out-of-area:apply "
        "stay-credits:write",
    },
    "lijing": {
        "name": "李静",
        "role": "reviewer",
        "role_name": "审核",
        "scopes": "matters:read matters:act matters:decide persons:read persons:identify settlements:read conversions:read "
        "conversions:check conversions:send-back injury-cases:read injury-cases:decide ledger:read rules:read rules:write "
        "filings:read filings:write benefits:read benefits:propose recoveries:read recoveries:write audits:propose documents:attach "
        "partner-documents:read clearing:read out-of-area:check settlements:correct settlements:manual stay-credits:write",
    },
    "zhaoming": {
        "name": "赵明",
        "role": "approver",
        "role_name": "复核",
        "scopes": "matters:read matters:act matters:decide persons:read persons:identify settlements:read conversions:read "
        "conversions:approve conversions:send-back injury-cases:read ledger:read rules:read rules:approve "
        "benefits:read benefits:approve recoveries:read recoveries:approve audits:approve documents:attach "
        "partner-documents:read clearing:read clearing:approve ledger:close settlements:approve",
    },
    "chenhui": {
        "name": "陈慧",
        "role": "accountant",
        "role_name": "财务",
        "scopes": "matters:read persons:read settlements:read conversions:read ledger:read premiums:pay rules:read "
        "rules:simulate injury-cases:read benefits:read benefits:pay recoveries:read recoveries:receive "
        "partner-documents:read clearing:read clearing:propose ledger:propose",
    },
    "zhouqiang": {
        "name": "周强",
        "role": "director",
        "role_name": "主任",
        "scopes": "matters:read persons:read settlements:read conversions:read conversions:approve conversions:send-back injury-cases:read "
        "ledger:read access-log:read rules:read rules:approve rules:simulate benefits:read benefits:approve recoveries:read recoveries:approve audits:approve "
        "partner-documents:read clearing:read clearing:approve ledger:close",
    },
}


def person(person_id: str, *, clear: bool) -> Json:
    """A person as enrollment gives it."""
    name, number, sex, born_on, phone = _NUMBERS[person_id]
    return {
        "person_id": person_id,
        "version": 1,
        "masked": not clear,
        "cert_type": "01",
        "certno": number if clear else number[:4] + "*" * 10 + number[-4:],
        "name": name if clear else name[0] + "*" * (len(name) - 1),
        "sex": sex,
        "born_on": born_on if clear else None,
        "birth_year": int(born_on[:4]),
        "naty": "01",
        "region": "990101",
        "phone": phone if clear or phone is None else phone[:3] + "****" + phone[-4:],
        "coverages": _covers(person_id),
        "classes": [{"code": "dibao", "begins_on": "2025-01-01", "ends_on": None}] if person_id == LI else [],
        "premiums": _premiums(person_id),
    }


def _covers(person_id: str) -> list[Json]:
    cover = {"begins_on": "2026-01-01", "ends_on": "2026-12-31", "state": "active", "region": "990101", "civil_servant": False}
    if person_id == ZHANG:
        employer = {"employer_id": "01EMPLOYER", "employer_name": "河湾县宏远机械制造有限责任公司"}
        return [{**cover, **employer, "coverage_id": "01COVERZ", "scheme": "310", "person_category": "11"}]
    if person_id == LI:
        nobody = {"employer_id": None, "employer_name": None}
        return [{**cover, **nobody, "coverage_id": "01COVERL", "scheme": "390", "person_category": "16"}]
    return []


def _premiums(person_id: str) -> list[Json]:
    if person_id != LI:
        return []
    return [
        {
            "premium_id": "01PREMIUML",
            "coverage_id": "01COVERL",
            "scheme": "390",
            "year": 2026,
            "amount_fen": 20_000,
            "subsidy_fen": 20_000,
            "subsidy_class": "dibao",
            "source": "医疗救助资助参保",
            "paid_on": "2025-11-18",
            "channel": "bank",
            "receipt_no": "20251118000231",
        }
    ]


def filings(person_id: str) -> list[Json]:
    """What a person has filed, oldest first, as claims gives it."""
    if person_id != LI:
        return []
    filed = {"scheme": "390", "filed_by": HOSPITAL, "filed_at": "2026-03-01T10:00:00+08:00"}
    return [
        {**filed, "filing_id": "01FILINGOLD", "kind": "long_term", "code": "110105", "begins_on": "2025-01-01", "ends_on": "2025-12-31", "state": "valid"},
        {**filed, "filing_id": "01FILINGCHRONIC", "kind": "chronic", "code": "M03900", "begins_on": "2026-03-01", "ends_on": None, "state": "valid"},
    ]  # fmt: skip


def persons_named(text: str) -> list[str]:
    """Who is found by a number or a whole name."""
    return [key for key, (name, number, *_) in _NUMBERS.items() if text.upper() in (name, number)]


def year(person_id: str) -> Json:
    """The person's benefit year as claims gives it."""
    if person_id == ZHANG:
        layers = [
            _layer("统筹基金", 1_198_500, 50_000, 30_000, 15_000_000),
            _layer("大额医疗费用补助", 0, 0, 0, 30_000_000),
        ]
        return {
            "person_id": person_id,
            "year": 2026,
            "schemes": [{"scheme": "310", "stays": 1, "layers": layers}],
            "account_balance_fen": 263_718,
        }
    layers = [
        _layer("基本医疗保险统筹基金", 5_586_000, 60_000, 60_000, 12_000_000),
        _layer("大病保险", 1_233_330, 700_000, 700_000, 40_000_000),
        _layer("医疗救助", 462_336, 0, 0, 5_000_000),
    ]
    schemes = [{"scheme": "390", "stays": 2, "layers": layers}] if person_id == LI else []
    return {"person_id": person_id, "year": 2026, "schemes": schemes, "account_balance_fen": None}


def _layer(name: str, paid: int, deductible_used: int, deductible: int, cap: int) -> Json:
    return {
        "layer": name,
        "name": name,
        "paid_fen": paid,
        "base_fen": paid,
        "deductible_used_fen": deductible_used,
        "deductible_fen": deductible,
        "cap_fen": cap,
        "room_fen": cap - paid,
    }


def timeline(person_id: str) -> list[Json]:
    """The gateway's lines, newest first."""
    if person_id != ZHANG:
        return [_line("2026-01-01T00:10:00+08:00", "coverage", "城乡居民基本医疗保险参保生效", "2026-01-01 至 2026-12-31")]
    return [
        _line("2026-11-20T09:12:00+08:00", "conversion", "医保转工伤：待初审", "应退医保 12,985.00 元，退个人 2,715.00 元", 1_570_000, conversion_id=CONVERSION),
        _line("2026-11-19T16:40:00+08:00", "injury", "认定为工伤", "决定书 河人社工认〔2026〕118号，2026-11-19", case_id=CASE, matter_id=INJURY_MATTER),
        _line("2026-11-09T10:02:00+08:00", "matter", "受理：工伤一件事", "办件编号 GS0120261109000023，承诺 2026-11-30 前办结", matter_id=INJURY_MATTER),
        _line("2026-03-14T11:25:00+08:00", "settlement", "住院结算：河湾县人民医院", "基金支付 11,985.00 元，个人现金 3,015.00 元", 1_600_000, settlement_id=STAY),
        _line("2026-03-02T08:31:00+08:00", "visit", "入院登记：河湾县人民医院", "2026-03-02 入院，疑似工伤"),
        _line("2026-01-01T00:10:00+08:00", "coverage", "职工基本医疗保险参保生效", "2026-01-01 至 2026-12-31"),
    ]  # fmt: skip


def _line(at: str, kind: str, title: str, detail: str = "", amount_fen: int | None = None, **links: str) -> Json:
    return {"at": at, "kind": kind, "title": title, "detail": detail, "amount_fen": amount_fen, "links": links}


def settlement(settlement_id: str) -> Json:
    """A settlement as claims describes it."""
    return _stay() if settlement_id == STAY else _resident_stay()


def _stay() -> Json:
    lines = [
        _fee(1, "床位费（三人间）", "A", "12", "35.00", 42_000),
        _fee(2, "切开复位内固定术（尺桡骨）", "A", "1", "3860.00", 386_000),
        _fee(3, "全身麻醉", "A", "1", "1280.00", 128_000),
        _fee(4, "头孢呋辛钠注射剂", "A", "48", "28.5000", 136_800),
        _fee(5, "护理、换药、检验等", "A", "1", "2272.00", 227_200),
        _fee(6, "锁定接骨板系统（钛）", "B", "1", "6000.00", 600_000, first=60_000),
        _fee(7, "重组人骨形态发生蛋白（工伤目录内）", "C", "1", "500.00", 50_000, self_=50_000),
        _fee(8, "陪护及营养餐", "C", "12", "25.00", 30_000, self_=30_000),
    ]
    return {
        "settlement_id": STAY,
        "visit_id": "01VISIT",
        "person_id": ZHANG,
        "institution_code": HOSPITAL,
        "institution_name": "河湾县人民医院",
        "state": "valid",
        "reverses": None,
        "scheme": "310",
        "person_category": "11",
        "med_type": "21",
        "inpatient": True,
        "begun_on": "2026-03-02",
        "ended_on": "2026-03-14",
        "settled_at": "2026-03-14T11:25:00+08:00",
        "benefit_year": 2026,
        "medins_setl_id": "H20260314",
        "total_fen": 1_600_000,
        "self_funded_fen": 80_000,
        "over_limit_fen": 0,
        "pre_selfpay_fen": 60_000,
        "in_scope_fen": 1_460_000,
        "deductible_fen": 50_000,
        "fund_fen": 1_198_500,
        "account_fen": 100_000,
        "cash_fen": 301_500,
        "hospital_fen": 0,
        "payments": [
            _payment("pool", "职工医保统筹基金", "EMP", "5001.01", "310100", 1_198_500),
            _payment("account", "个人账户", "EMP", "5001.02", "310200", 100_000),
        ],
        "check_code": "A12A 1BE9 81F0 2E24",
        "work_injury_key": None,
        "rule_digest": "d1",
        "explained": True,
        "explanation": [
            _reason("", "", 1_460_000, "医疗费总额16,000.00 = 全自费800.00 + 先行自付600.00 + 政策范围内14,600.00。"),
            _reason(
                "示范市职工基本医疗保险办法",
                "第十八条、第十九条",
                1_198_500,
                "统筹基金（二级医院，在职）：计入14,600.00，扣除起付线500.00（本年度第1次住院）；14,100.00×85% = 11,985.00；"
                "未超过本年度封顶线余额150,000.00，支付11,985.00。",
            ),
            _reason(
                "示范市职工基本医疗保险办法",
                "第二十三条",
                301_500,
                "个人负担16,000.00 − 11,985.00 = 4,015.00，个人账户支付1,000.00，现金支付3,015.00。",
            ),
        ],
        "lines": lines,
    }


def _resident_stay() -> Json:
    """Three layers: 79,800 x 70 % = 55,860; 17,540 x 60 % = 10,524; 14,016 x 60 % = 8,409.60; cash is what is left."""
    law = "示范市城乡居民基本医疗保险办法"
    return {
        **_stay(),
        "settlement_id": RESIDENT_STAY,
        "person_id": LI,
        "scheme": "390",
        "person_category": "16",
        "total_fen": 9_000_000,
        "self_funded_fen": 660_000,
        "over_limit_fen": 100_000,
        "pre_selfpay_fen": 200_000,
        "in_scope_fen": 8_040_000,
        "deductible_fen": 60_000,
        "fund_fen": 7_479_360,
        "account_fen": 0,
        "cash_fen": 1_520_640,
        "payments": [
            _payment("pool", "城乡居民基本医疗保险统筹基金", "RES", "5001.01", "390100", 5_586_000),
            _payment("cii", "城乡居民大病保险", "CII", "5001.01", "390200", 1_052_400),
            _payment("maf", "医疗救助（低保对象）", "MAF", "5001.01", "610100", 840_960),
        ],
        "explanation": [
            _reason("", "", 8_040_000, "医疗费总额90,000.00 = 全自费6,600.00 + 超限价自费1,000.00 + 先行自付2,000.00 + 政策范围内80,400.00。"),
            _reason(law, "第十二条", 5_586_000, "统筹基金（二级医院）：计入80,400.00，扣除起付线600.00（本年度第2次住院）；79,800.00×70% = 55,860.00；支付55,860.00。"),
            _reason("示范市城乡居民大病保险实施办法", "第七条", 1_052_400, "大病保险（一般人员）：计入24,540.00，扣除起付线7,000.00；17,540.00×60% = 10,524.00；支付10,524.00。"),
            _reason("示范市城乡医疗救助办法", "第九条第（二）项", 840_960, "医疗救助（低保对象）：计入14,016.00；14,016.00×60% = 8,409.60；支付8,409.60。"),
            _reason(law, "第三十条", 1_520_640, "个人负担90,000.00 − 74,793.60 = 15,206.40，现金支付15,206.40。"),
        ],
        "lines": [
            _fee(1, "西药费（抗肿瘤靶向药，乙类）", "B", "20", "1000.00", 2_000_000, first=200_000),
            _fee(2, "腹腔镜下结肠癌根治术", "A", "1", "18600.00", 1_860_000),
            _fee(3, "一次性使用吻合器（超限价部分自费）", "A", "1", "9400.00", 940_000, over=100_000),
            _fee(4, "重症监护、护理、检验、影像等", "A", "1", "35400.00", 3_540_000),
            _fee(5, "营养支持及自选耗材", "C", "1", "6600.00", 660_000, self_=660_000),
        ],
    }  # fmt: skip


def _payment(layer: str, name: str, book: str, account: str, kind: str, amount: int) -> Json:
    return {"layer": layer, "name": name, "book": book, "account": account, "fund_pay_type": kind, "amount_fen": amount}


def _reason(source: str, article: str, output: int, zh: str) -> Json:
    return {"rule": "990100/310/2026/pool", "source": source, "article": article, "inputs": {}, "output_fen": output, "zh": zh}


def _fee(
    no: int, name: str, cls: str, quantity: str, price: str, amount: int, *, self_: int = 0, over: int = 0, first: int = 0
) -> Json:
    return {
        "line_id": f"95336236731001500{no}",
        "item_code": f"X{no:04}",
        "item_name": name,
        "class": cls,
        "occurred_at": "2026-03-02T23:30:00+00:00",
        "quantity": quantity,
        "price": price,
        "amount_fen": amount,
        "self_funded_fen": self_,
        "over_limit_fen": over,
        "pre_selfpay_fen": first,
        "in_scope_fen": amount - self_ - over - first,
        "in_catalogue": cls != "C" or no == 7,
    }


def conversion() -> Json:
    """The conversion of the stay, proposed."""
    return {
        "conversion_id": CONVERSION,
        "case_id": CASE,
        "person_id": ZHANG,
        "settlement_id": STAY,
        "visit_id": "01VISIT",
        "institution_code": HOSPITAL,
        "decision_id": "01DECISION",
        "decision_version": 1,
        "matter_id": INJURY_MATTER,
        "state": "proposed",
        "total_fen": 1_600_000,
        "work_injury_fen": 1_570_000,
        "person_fen": 30_000,
        "hospital_fen": 0,
        "cash_fen": 301_500,
        "meals_fen": 36_000,
        "owed_fen": 1_298_500,
        "refund_fen": 271_500,
        "owed": [
            {"book": "EMP", "account": "5001.01", "fund_pay_type": "310100", "amount_fen": 1_198_500},
            {"book": "EMP", "account": "5001.02", "fund_pay_type": "310200", "amount_fen": 100_000},
        ],
        "maker": None,
        "checker": None,
        "approver": None,
        "note": None,
        "cause": None,
        "revoked": False,
        "paid": False,
        "proposed_at": "2026-11-20T09:12:00+08:00",
        "changed_at": "2026-11-20T09:12:00+08:00",
        "hindrance": None,
        "accident_on": "2026-03-02",
        "region": "990101",
        "decision_no": "河人社工认〔2026〕118号",
        "institution_name": "河湾县人民医院",
        "begun_on": "2026-03-02",
        "ended_on": "2026-03-14",
        "transfers": [],
        "payments": [],
    }


def case() -> Json:
    """The injury case."""
    return {
        "case_id": CASE,
        "person_id": ZHANG,
        "accident_on": "2026-03-02",
        "body_parts": ["左前臂"],
        "description": "在车间操作冲床时左前臂被压伤，工友送县医院急诊。",
        "employer_id": "01EMPLOYER",
        "matter_id": INJURY_MATTER,
        "region": "990101",
        "state": "recognised",
        "contested_on": None,
        "opened_at": "2026-11-09T10:02:00+08:00",
        "decisions": [
            {
                "decision_id": "01DECISION",
                "decision_no": "河人社工认〔2026〕118号",
                "version": 1,
                "outcome": "granted",
                "decided_on": "2026-11-19",
                "decided_by": "lijing",
            }
        ],
        "conversions": [conversion()],
    }


def journal(book: str, on: str, kind: str, memo: str, lines: list[Json], **more: Any) -> Json:
    """A journal as the ledgers describe it."""
    return {
        "entry_id": f"{book}-{kind}-{more.get('voucher_no') or on}",
        "book": book,
        "booked_on": on,
        "kind": kind,
        "memo": memo,
        "person_id": ZHANG,
        "settlement_id": STAY,
        "case_id": None,
        "conversion_id": None,
        "decision_version": None,
        "voucher_no": None,
        "maker": "system",
        "checker": None,
        "reverses": None,
        "recorded_at": f"{on}T11:25:00+08:00",
        "lines": lines,
        **more,
    }


def side(account: str, name: str, *, debit: int = 0, credit: int = 0, dim: str = "") -> Json:
    """A line of a journal."""
    return {"account": account, "name": name, "dim": dim, "debit_fen": debit, "credit_fen": credit}


def first_journals() -> list[Json]:
    """What is in the books before anything is converted."""
    return [
        journal(
            "EMP",
            "2026-03-14",
            "settlement",
            "医疗费用结算",
            [
                side("5001.01", "待遇支出—统筹", debit=1_198_500),
                side("5001.02", "待遇支出—个人账户", debit=100_000),
                side("2201", "应付定点/协议机构", credit=1_298_500, dim=f"H:{HOSPITAL}"),
            ],
        )
    ]


def conversion_journals(maker: str, checker: str) -> list[Json]:
    """What an approved conversion books in both funds (F1)."""
    signed = {"conversion_id": CONVERSION, "case_id": CASE, "decision_version": 1, "maker": maker, "checker": checker}
    on = TODAY.isoformat()
    return [
        journal("EMP", on, "conversion", "转工伤基金：收回医保支付", [
            side("1121", "应收基金间往来", debit=1_298_500, dim="WI"),
            side("5001.01", "待遇支出—统筹", credit=1_198_500),
            side("5001.02", "待遇支出—个人账户", credit=100_000),
        ], **signed),
        journal("EMP", on, "transfer", "基金间划转（工伤保险基金）", [
            side("1003", "支出户存款", debit=1_298_500),
            side("1121", "应收基金间往来", credit=1_298_500, dim="WI"),
        ], voucher_no="JZ2026112200001", **signed),
        journal("WI", on, "conversion", "医保结算转工伤保险基金", [
            side("5001.11", "待遇支出—工伤医疗", debit=1_570_000),
            side("5001.13", "待遇支出—住院伙食补助", debit=36_000),
            side("2202", "应付基金间往来", credit=1_298_500, dim="EMP"),
            side("2203", "应付个人", credit=307_500, dim=f"P:{ZHANG}"),
        ], **signed),
        journal("WI", on, "transfer", "基金间调拨", [
            side("2202", "应付基金间往来", debit=1_298_500, dim="EMP"),
            side("1003", "支出户存款", credit=1_298_500),
        ], voucher_no="JZ2026112200001", **signed),
        journal("WI", on, "payment", "支付个人", [
            side("2203", "应付个人", debit=307_500, dim=f"P:{ZHANG}"),
            side("1003", "支出户存款", credit=307_500),
        ], voucher_no="JZ2026112200002", **signed),
    ]  # fmt: skip


def matters() -> dict[str, Json]:
    """Three open matters: the injury with its conversion, an enrolment whose premium is due, and a late one."""
    injury = _matter(INJURY_MATTER, "work-injury", "工伤一件事", "GS0120261109000023", ZHANG, "green", 6, "2026-11-30")
    injury["form"] = {"accident_on": "2026-03-02", "body_parts": ["左前臂"], "description": "在车间操作冲床时左前臂被压伤。"}
    injury["references"] = {"case_id": CASE}
    injury["materials"] = [
        _paper("identity", "居民身份证", "reused", "2025-06-11"),
        _paper("injury-application", "工伤认定申请表", "provided", "2026-11-09"),
        _paper("diagnosis", "医疗诊断证明", "provided", "2026-11-09"),
        _paper("labour-relation", "劳动合同或劳动关系证明", "shared", "2026-11-09"),
        _paper("hospital-records", "住院病历与费用清单", "shared", "2026-11-09"),
        {**_paper("witness-statement", "证人证言", "deferred", None), "due_on": "2026-11-23"},
    ]
    injury["tasks"] = [
        _task("recognition", "工伤认定", "工伤保险", "done", unit="calendar_days", days=(15, 60), source="工伤保险条例第二十条",
              result=("done", "2026-11-19T16:40:00+08:00", "认定为工伤，决定书 河人社工认〔2026〕118号")),
        _task("benefit", "住院伙食补助", "工伤保险", "running", after=["recognition"], due="2026-11-26", left=4, source="社会保险经办条例第二十二条"),
        _task("conversion", "医保转工伤结算", "工伤保险", "running", after=["recognition"], due="2026-11-26", left=4, source="社会保险经办条例第二十二条",
              parts=[{"part_id": CONVERSION, "state": "proposed", "state_name": "待初审", "at": "2026-11-20T09:12:00+08:00"}]),
    ]  # fmt: skip
    enrol = _matter(ENROL_MATTER, "enrol-and-pay", "参保登记缴费", "CB0120261119000071", LI, "yellow", 1, "2026-11-23")
    enrol["form"] = {"scheme": "390", "person_category": "16", "begins_on": "2027-01-01", "year": 2027, "region": "990101"}
    enrol["references"] = {"premium_id": "01PREMIUM27", "amount_fen": "40000"}
    enrol["materials"] = [
        _paper("identity", "居民身份证", "provided", "2026-11-19"),
        _paper("household", "户口簿", "shared", "2026-11-19"),
    ]
    enrol["tasks"] = [
        _task("register-person", "人员登记", "参保登记", "done", source="社会保险经办条例第十二条", result=("done", "2026-11-19T09:00:00+08:00", "")),
        _task("declare-coverage", "参保申报", "参保登记", "done", source="社会保险经办条例第十二条", result=("done", "2026-11-19T09:00:01+08:00", "")),
        _task("pay-premium", "缴费到账", "参保登记", "running", after=["declare-coverage"], due="2026-11-23", left=1, light="yellow", source="社会保险经办条例第十二条"),
    ]  # fmt: skip
    late = _matter(LATE_MATTER, "work-injury", "工伤一件事", "GS0120261023000015", WANG_ELDER, "red", -1, "2026-11-20")
    late["tasks"] = [_task("recognition", "工伤认定", "工伤保险", "running", due="2026-11-20", left=-2, light="red", unit="calendar_days", days=(15, 60), source="工伤保险条例第二十条")]  # fmt: skip
    return {m["matter_id"]: m for m in (late, enrol, injury)}


def _matter(matter_id: str, code: str, name: str, receipt: str, who: str, light: str, left: int, due: str) -> Json:
    return {
        "matter_id": matter_id,
        "receipt_no": receipt,
        "matter_code": code,
        "matter_name": name,
        "kind": "bundle" if code == "work-injury" else "matter",
        "person_id": who,
        "region": "990101",
        "state": "open",
        "state_name": "办理中",
        "light": light,
        "accepted_at": f"{receipt[4:8]}-{receipt[8:10]}-{receipt[10:12]}T10:02:00+08:00",
        "accepted_by": "wangfang",
        "closed_at": None,
        "due_on": due,
        "due_provisional": False,
        "days_left": left,
        "promised_days": 15,
        "form": {},
        "references": {},
        "may_withdraw": False,
        "materials": [],
        "tasks": [],
        "log": [{"at": "2026-11-19T10:02:00+08:00", "by": "王芳", "text": "受理"}],
    }


def _paper(code: str, name: str, state: str, received_on: str | None) -> Json:
    return {"code": code, "name": name, "state": state, "reference": "", "received_on": received_on, "due_on": None}


def _task(
    code: str,
    name: str,
    owner: str,
    state: str,
    *,
    source: str,
    after: list[str] | None = None,
    due: str | None = None,
    left: int | None = None,
    light: str | None = "green",
    unit: str = "working_days",
    days: tuple[int, int] = (5, 20),
    result: tuple[str, str, str] | None = None,
    parts: list[Json] | None = None,
) -> Json:
    names = {"waiting": "等待前置环节", "running": "办理中", "done": "办结", "refused": "未予办理"}
    return {
        "code": code,
        "name": name,
        "owner": owner,
        "owner_name": owner,
        "after": after or [],
        "state": state,
        "state_name": names[state],
        "light": light if state == "running" else None,
        "paused": False,
        "ready_on": "2026-11-19",
        "due_on": due,
        "due_provisional": False,
        "days_left": left,
        "unit": unit,
        "promised": {"days": days[0], "unit": unit, "source": "承诺"},
        "legal": {"days": days[1], "unit": unit, "source": source},
        "changed_at": "2026-11-19T16:40:00+08:00",
        "result": {"outcome": result[0], "at": result[1], "note": result[2]} if result else None,
        "hindrance": None,
        "started_at": "2026-11-19T16:40:00+08:00",
        "parts": parts or [],
        "pauses": [],
        "actions": [],
    }
