"""Work-injury business of the county beside the plain conversion: an uninsured employer, a third party, an audit, a mixed stay, pensions."""

from __future__ import annotations

from typing import Any

from shared.errors import conflict, invalid
from tests.browser import county
from tests.browser.county import CASE, CONVERSION, HOSPITAL, LI, TODAY, WANG_ELDER, ZHANG

Json = dict[str, Any]

UNINSURED, ADVANCE, DEBT, THIRD_DEBT, TWICE_PAID = (
    "01CASEWANG",
    "01ADVANCEWANG",
    "01RECOVERYWANG",
    "01RECOVERYTHIRD",
    "01RECOVERYTWICE",
)
DEDUCTION, PROPOSAL, MIXED = "01DEDUCTION", "01PROPOSAL", "01CONVERSIONMIXED"
PENSION, ITEM = "01ENTITLEMENT", "01BENEFIT"


class Injuries:
    """State that the pages change."""

    def __init__(self) -> None:
        self.advance = _advance()
        self.debts = {d["recovery_id"]: d for d in (_debt(), _third_debt(), _twice_paid())}
        self.deduction = _deduction()
        self.proposals = {p["proposal_id"]: p for p in (_proposal(),)}
        self.documents = [_document()]
        self.item = _item()
        self.proposed: list[Json] = []
        self.wage: Json | None = {"amount_fen": 620_000, "calculation": [_step(_WAGE, 620_000, "工伤保险条例", "64")]}
        self.paper_claims: dict[str, Json] = {}
        self.insured_from: Json = {}
        self.acts: list[Json] = [_act("facts", "lijing", "2026-11-10T09:20:00+08:00")]

    def case(self) -> Json:
        """The case of the uninsured employer."""
        plain = county.case()
        return {
            **plain,
            "case_id": UNINSURED,
            "person_id": WANG_ELDER,
            "matter_id": None,
            "accident_on": "2026-05-11",
            "body_parts": ["右足", "腰部"],
            "description": "在工地卸货时从车上坠落，右足骨折、腰部扭伤。",
            "opened_at": "2026-05-20T09:00:00+08:00",
            "facts": {"filed_on": "2026-05-20", "accepted_on": "2026-05-25", "employer_insured": False, "third_party": None}
            | self.insured_from,
            "decisions": [
                {
                    **plain["decisions"][0],
                    "decision_no": "河人社工认〔2026〕61号",
                    "decided_on": "2026-07-10",
                },
            ],
            "conversions": [],
        }

    def file(self, case_id: str, conversion: Json) -> Json:
        """What hangs on a case."""
        empty: Json = {
            "advances": [],
            "recoveries": [],
            "deductions": [],
            "payments": [],
            "direct_settlements": [],
            "transfers": [],
            "acts": [act for act in self.acts if act["case_id"] == case_id],
            "paper_claims": [claim for claim in self.paper_claims.values() if claim["case_id"] == case_id],
        }
        about = {"case_id": case_id, "region": "990101"}
        if case_id == UNINSURED:
            return {**empty, **about, "person_id": WANG_ELDER, "advances": [self.advance]}
        settled = conversion["state"] == "settled"
        paid = {"payee": f"P:{ZHANG}", "returned_at": None, "repaid_at": None, "conversion_id": CONVERSION}
        payments = [{**p, **paid, "payment_id": f"01PAY{p['kind']}"} for p in conversion["payments"]]
        return {
            **empty,
            **about,
            "person_id": ZHANG,
            "transfers": conversion["transfers"],
            "payments": payments,
            "deductions": [self.deduction] if settled else [],
        }

    def deduction_journal(self) -> Json:
        """What the deduction has booked."""
        lines = [
            county.side("1122", "应收机构", debit=42_000, dim=f"H:{HOSPITAL}"),
            county.side("5001.11", "待遇支出—工伤医疗", credit=42_000),
        ]
        signed = {"case_id": CASE, "decision_version": 1, "maker": "lijing", "checker": "zhaoming"}
        memo = "审核扣款：超标准收取护理费"
        return county.journal("WI", "2026-11-22", "deduction", memo, lines, voucher_no="JZ2026112200003", **signed)

    def ages(self) -> Json:
        """Open debts by age."""
        sums = [(0, 30, 0, 0), (31, 90, 0, 0), (91, 180, 1, 307_500), (181, 365, 1, 1_830_000), (366, None, 0, 0)]
        names = ("from_days", "to_days", "debts", "open_fen")
        return {
            "on": TODAY.isoformat(),
            "ages": [dict(zip(names, row, strict=True)) for row in sums],
            "debts": 2,
            "open_fen": 2_137_500,
        }

    def worklist(self, kind: str, since: str | None) -> list[Json]:
        """One list."""
        place = {"institution_name": "河湾县人民医院", "region": "990101"}
        stay = {"begun_on": "2026-10-08", "ends_on": None, "ended_on": "2026-10-21"}
        if kind == "recoveries":
            return [d for d in self.debts.values() if d["open_fen"] and (not since or d["opened_at"][:10] >= since)]
        if kind == "advances":
            return [self.advance] if self.advance["state"] in ("applied", "noticed") else []
        if kind == "deductions":
            return [{**self.deduction, **place}]
        if kind == "splits":
            split = {
                "conversion_id": MIXED,
                "case_id": UNINSURED,
                "person_id": WANG_ELDER,
                "settlement_id": "01SETTLEMENTMIXED",
                "split_state": "proposed",
                "proposed_by": "wangfang",
                "note": None,
                "ratio": {"numerator": 2, "denominator": 3},
                "lines": {"own-disease": 4, "shared": 2},
                "due_at": "2026-11-24T16:00:00Z",
            }
            return [{**split, **stay, **place}]
        return [
            {
                "kind": "transfer",
                "pair_id": "01T9",
                "state": "committed",
                "since": "2026-11-16",
                "cause": "医保结算暂时连不上",
                "book": "EMP",
                "voucher_no": "JZ2026111600012",
                "amount_fen": 842_160,
                "conversion_id": CONVERSION,
                "case_id": CASE,
                "person_id": ZHANG,
                "region": "990101",
                "working_days": 4,
                "limit_days": 2,
                "remedy": "工伤账已记账，对方账套未记账：请恢复对方账套的服务，系统用同一凭证号补记；不得手工另开凭证。",
            }
        ]

    def returns(self) -> Json:
        """The director's figures."""
        months = [
            ("2026-01", "EMP", "out", 3, 4_120_050),
            ("2026-02", "EMP", "out", 2, 1_873_000),
            ("2026-03", "EMP", "out", 4, 5_310_275),
            ("2026-03", "RES", "out", 1, 642_300),
            ("2026-04", "EMP", "out", 2, 2_204_800),
            ("2026-05", "EMP", "out", 5, 7_415_900),
            ("2026-06", "EMP", "out", 3, 3_930_000),
            ("2026-06", "MAF", "out", 1, 118_260),
            ("2026-07", "EMP", "out", 3, 2_760_150),
            ("2026-07", "RES", "out", 2, 1_035_500),
            ("2026-08", "EMP", "out", 4, 4_488_720),
            ("2026-09", "EMP", "out", 2, 1_998_000),
            ("2026-09", "EMP", "back", 1, 512_000),
            ("2026-10", "EMP", "out", 6, 8_120_600),
            ("2026-10", "RES", "out", 1, 390_000),
            ("2026-11", "EMP", "out", 3, 3_684_410),
        ]
        names = ("month", "book", "direction", "transfers", "amount_fen")
        days = {1: 6, 2: 11, 3: 9, 4: 7, 5: 3, 6: 1, 7: 1, 12: 1}
        return {
            "since": "2025-12-01",
            "until": TODAY.isoformat(),
            "months": [dict(zip(names, row, strict=True)) for row in months],
            "within": 5,
            "days": [{"working_days": n, "refunds": count} for n, count in days.items()],
            "refunds": sum(days.values()),
            "in_time": sum(count for n, count in days.items() if n <= 5),
            "open": [
                {"book": "RES", "debtor_kind": "E", "debts": 1, "open_fen": 1_830_000},
                {"book": "WI", "debtor_kind": "T", "debts": 1, "open_fen": 307_500},
            ],
        }

    def benefits(self) -> Json:
        """Benefits of 张建国's injury."""
        wage = _step(_WAGE, 620_000, "工伤保险条例", "64")
        allowance = [wage, _step("四级按本人工资的 75%", 465_000, "工伤保险条例", "35")]
        pension: Json = {
            "entitlement_id": PENSION,
            "awaits_money": False,
            "awaits_heirs": False,
            "case_id": CASE,
            "person_id": ZHANG,
            "kind": "disability-allowance",
            "name": "伤残津贴",
            "state": "running",
            "begins": "2026-09-01",
            "until": None,
            "ended": None,
            "certified_on": "2026-08-20",
            "maker": "lijing",
            "checker": "zhaoming",
            "month": "2026-11-01",
            "amount_fen": 465_000,
            "calculation": allowance,
            "hindrance": None,
            "postings": [
                {
                    "month": month,
                    "run_month": run,
                    "amount_fen": 465_000,
                    "reason": "due",
                    "paid": True,
                    "calculation": allowance,
                }
                for month, run in (("2026-09-01", "2026-10-01"), ("2026-10-01", "2026-10-01"), ("2026-11-01", "2026-11-01"))
            ],
        }
        return {
            "case_id": CASE,
            "person_id": ZHANG,
            "region": "990101",
            "rule_book": "DEMO",
            "own_wage": self.wage,
            "appraisals": [
                {
                    "appraisal_id": "01A",
                    "version": 1,
                    "conclusion_no": "河劳鉴〔2026〕33号",
                    "kind": "initial",
                    "concluded_on": "2026-08-18",
                    "decided_by": "河湾市劳动能力鉴定委员会",
                    "grade": 4,
                    "nursing": None,
                    "recheck_due_on": "2027-08-18",
                    "counts_from": "2026-08-18",
                }
            ],
            "items": [self.item, *self.proposed],
            "entitlements": [pension],
            "owed_by_employer": [
                {
                    "name": "停工留薪期工资",
                    "amount_fen": 612_000,
                    "calculation": [_step("停工留薪期内原工资（按月，原工资福利待遇不变）", 612_000, "工伤保险条例", "33")],
                }
            ],
            "loss": None,
        }

    def told(self, case_id: str, act: str, actor: str, subject_id: str | None = None) -> None:
        """Kept in the case file."""
        number = {"act_id": f"01ACT{len(self.acts)}", "case_id": case_id}
        self.acts.append({**_act(act, actor, NOW), **number, "subject_id": subject_id})

    def back_paid(self, case_id: str, body: Json, actor: str) -> Json:
        """The employer has paid; a day that is not after the accident is refused as the bridge does."""
        if body["effective_on"] <= self.case()["accident_on"]:
            raise invalid("workinjury-bridge.facts.invalid", "补缴生效日期应晚于事故日期", field="effective_on")
        self.insured_from = {"insured_from": body["effective_on"], "insured_proof": body["proof"]}
        self.told(case_id, "back-paid", actor)
        return {"case_id": case_id, "insured_from": body["effective_on"], "conversions": []}

    def claim_on_paper(self, case_id: str, body: Json, actor: str) -> Json:
        """A bill with its lines; an invoice is claimed once."""
        if any(c["invoice_no"] == body["invoice_no"] for c in self.paper_claims.values()):
            raise conflict(
                "workinjury-bridge.paper-claim.same-bill",
                "同一费用已在工伤保险基金报销或正在办理，不能重复支付，请核查",
                field="invoice_no",
            )
        lines = [
            {
                "line_id": line["line_id"],
                "amount_fen": line["amount_fen"],
                "in_catalogue": line["in_wi_catalogue"],
                "cap_fen": line.get("cap_fen"),
                "consent": line.get("consent"),
                "emergency": line.get("emergency", False),
                "charged_on": line.get("occurred_on"),
            }
            for line in body["lines"]
        ]
        borne = sum(line["amount_fen"] for line in lines if line["in_catalogue"])
        person = sum(line["amount_fen"] for line in lines if line["consent"])
        claim = {
            **{key: value for key, value in body.items() if key != "lines"},
            "paper_claim_id": "01PAPERNEW",
            "case_id": case_id,
            "person_id": ZHANG,
            "region": "990101",
            "work_injury_fen": borne,
            "person_fen": person,
            "hospital_fen": sum(line["amount_fen"] for line in lines) - borne - person,
            "unrelated_fen": 0,
            "meals_fen": 0,
            "lines": lines,
            "state": "proposed",
            "maker": actor,
            "checker": None,
            "note": None,
            "due_on": "2026-12-18",
        }
        self.paper_claims["01PAPERNEW"] = claim
        return claim

    def propose(self, kind: str, actor: str) -> Json:
        """A one-off item."""
        new = {
            **_item(),
            "benefit_id": "01BENEFITNEW",
            "kind": kind,
            "name": {"device": "辅助器具配置费", "travel": "统筹地区以外就医交通食宿费"}[kind],
        }
        self.proposed.append({**new, "amount_fen": 120_000, "calculation": [], "maker": actor})
        return self.proposed[-1]

    def run(self, month: str) -> Json:
        """The monthly run."""
        return {
            "month": month,
            "entitlements": 214,
            "done": 209,
            "hindered": 2,
            "granted_fen": 68_412_500,
            "recovered_fen": 96_000,
            "arrears_fen": 930_000,
            "waiting_fen": 465_000,
        }

    def reviews(self) -> list[Json]:
        """Who must look at what."""
        return [
            {
                "entitlement_id": PENSION,
                "case_id": CASE,
                "person_id": ZHANG,
                "kind": "disability-allowance",
                "state": "running",
                "certified_on": "2025-08-20",
                "recheck_due_on": None,
                "hindrance": None,
                "region": "990101",
                "reasons": ["certificate-due"],
            },
            {
                "case_id": UNINSURED,
                "person_id": LI,
                "occurred_on": "2026-10-30",
                "notice_due_on": "2026-11-30",
                "notified_on": "2026-11-02",
                "region": "990101",
                "reasons": ["heirs-unproven"],
            },
        ]


_WAGE = "本人工资（12 个月平均缴费工资）"
NOW = "2026-11-22T09:31:00+08:00"


def _act(act: str, actor: str, at: str) -> Json:
    return {"act_id": "01ACT", "case_id": CASE, "act": act, "actor": actor, "subject_id": None, "recorded_at": at}


def _step(label: str, amount: int, source: str, article: str) -> Json:
    return {"label": label, "amount_fen": amount, "source": source, "article": article}


def _advance() -> Json:
    return {
        "advance_id": ADVANCE,
        "case_id": UNINSURED,
        "person_id": WANG_ELDER,
        "region": "990101",
        "debtor": "E:01EMPLOYERB",
        "applied_on": "2026-11-09",
        "due_on": "2026-11-19",
        "state": "noticed",
        "served_on": "2026-11-12",
        "maker": "lijing",
        "checker": None,
        "note": None,
    }


def _debt() -> Json:
    return {
        "recovery_id": DEBT,
        "case_id": "01CASELI",
        "person_id": LI,
        "region": "990101",
        "settlement_id": "01SETTLEMENTWANG",
        "conversion_id": None,
        "book": "RES",
        "debtor": "E:01EMPLOYERB",
        "cause": "uninsured",
        "advanced_fen": 2_330_000,
        "recovered_fen": 500_000,
        "expensed_fen": 0,
        "written_off_fen": 0,
        "moved_fen": 0,
        "interest_fen": 0,
        "open_fen": 1_830_000,
        "state": "partial",
        "due_on": "2026-11-16",
        "liability": None,
        "limitation_on": None,
        "in_court": False,
        "interruptions": [],
        "set_offs": [],
        "opened_at": "2026-05-18T10:00:00+08:00",
        "movements": [
            {
                "movement_id": "01M",
                "kind": "receipt",
                "amount_fen": 500_000,
                "interest_fen": 0,
                "reference": "农商行 20260902-7731",
                "maker": "chenhui",
                "checker": None,
                "booked": True,
                "recorded_at": "2026-09-02T15:10:00+08:00",
            }
        ],
    }


def _third_debt() -> Json:
    return {
        **_debt(),
        "recovery_id": THIRD_DEBT,
        "case_id": CASE,
        "person_id": ZHANG,
        "book": "WI",
        "debtor": "T:UNKNOWN",
        "cause": "third-party",
        "advanced_fen": 307_500,
        "recovered_fen": 0,
        "open_fen": 307_500,
        "state": "open",
        "due_on": "2026-11-24",
        "limitation_on": "2029-03-02",
        "opened_at": "2026-08-03T10:00:00+08:00",
        "movements": [],
    }


def _twice_paid() -> Json:
    return {
        **_debt(),
        "recovery_id": TWICE_PAID,
        "case_id": CASE,
        "person_id": ZHANG,
        "book": "EMP",
        "debtor": f"P:{ZHANG}",
        "cause": "double-payment",
        "advanced_fen": 960_500,
        "recovered_fen": 0,
        "open_fen": 960_500,
        "state": "demanded",
        "due_on": "2026-12-02",
        "movements": [],
    }


def _deduction() -> Json:
    return {
        "deduction_id": DEDUCTION,
        "case_id": CASE,
        "person_id": ZHANG,
        "settlement_id": county.STAY,
        "conversion_id": CONVERSION,
        "institution_code": HOSPITAL,
        "line_id": "953362367310015001",
        "amount_fen": 42_000,
        "reason": "超标准收取护理费",
        "object_until": "2026-12-04",
        "maker": "lijing",
        "checker": "zhaoming",
        "state": "deducted",
        "note": None,
        "deducted_at": "2026-11-20T10:00:00+08:00",
    }


def _proposal() -> Json:
    return {
        "proposal_id": PROPOSAL,
        "kind": "deduction",
        "name": "审核扣款",
        "subject_id": county.STAY,
        "person_id": ZHANG,
        "region": "990101",
        "body": {
            "settlement_id": county.STAY,
            "line_id": "953362367310015002",
            "amount_fen": 18_650,
            "reason": "重复收取床位费",
        },
        "maker": "lijing",
        "maker_name": "李静",
        "proposed_at": "2026-11-20T16:00:00+08:00",
        "state": "open",
        "checker": None,
        "decided_at": None,
    }


def _document() -> Json:
    return {
        "document_id": "01DOC",
        "subject_kind": "case",
        "subject_id": CASE,
        "name": "工伤认定决定书",
        "reference_no": "河人社工认〔2026〕118号",
        "digest": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
        "size_bytes": 183_204,
        "material": "档案 2026-118",
        "attached_by": "lijing",
        "attached_by_name": "李静",
        "attached_at": "2026-11-19T16:40:00+08:00",
    }


def _item() -> Json:
    return {
        "benefit_id": ITEM,
        "kind": "one-off-disability",
        "name": "一次性伤残补助金",
        "state": "proposed",
        "amount_fen": 13_020_000,
        "calculation": [
            _step("本人工资", 620_000, "工伤保险条例", "64"),
            _step("四级 21 个月的本人工资", 13_020_000, "工伤保险条例", "35"),
        ],
        "reference": "",
        "on": "2026-08-18",
        "materials": ["河劳鉴〔2026〕33号"],
        "maker": "lijing",
        "checker": None,
        "approver": None,
        "note": None,
        "debtor": None,
        "awaits_money": False,
        "awaits_heirs": False,
    }
