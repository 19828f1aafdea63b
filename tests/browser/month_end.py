"""The month's end of the county, and its rarer cases: runs, clues of double bills, partners' documents, dues, treatment elsewhere."""

from __future__ import annotations

from typing import Any

from shared.errors import invalid
from tests.browser import county
from tests.browser.county import CASE, CONVERSION, LI, WANG_ELDER, ZHANG
from tests.browser.injuries import THIRD_DEBT, UNINSURED

Json = dict[str, Any]

SHORT, OPEN, CARRIED = "01CLEARINGSHORT", "01CLEARINGOPEN", "01CLEARINGCARRIED"
CLUE, NEAR_CLUE = "01DOUBLEBILL", "01DOUBLEBILLNEAR"
LIABILITY, RECEIPT = "01STATEMENTLIABILITY", "01STATEMENTRECEIPT"
PAYOUT, REGISTRATION = "01PAYOUT", "01REGISTRATION"
RECURRENCE, STAY = "01RECURRENCE", "01STAY"


class MonthEnd:
    """State that the pages change."""

    def __init__(self) -> None:
        self.runs = {run["clearing_id"]: run for run in (_short(), _open(), _carried())}
        self.double_bills = [_clue(), _near_clue()]
        self.documents = {d["document_id"]: d for d in (_liability(), _receipt())}
        self.dues: list[Json] = [
            {"person_id": LI, "dues": [{"book": "RES", "amount_fen": 32_400}], "amount_fen": 32_400},
            {
                "person_id": ZHANG,
                "dues": [{"book": "EMP", "amount_fen": 120_000}, {"book": "LARGE", "amount_fen": 8_050}],
                "amount_fen": 128_050,
            },
        ]
        self.payouts: dict[str, Json] = {PAYOUT: _payout(ZHANG, self.dues[1])}
        self.registrations = [_registration(), {**_registration(), **_registered()}]
        self.recurrences = [_recurrence()]
        self.stays = [_stay(), _audited_stay()]
        self.quarters = [_quarter()]

    def waiting(self) -> list[Json]:
        """What waits for a person, as the bridge says it."""
        if self.runs[SHORT]["state"] != "partial":
            return []
        return [
            {
                "kind": "shortage",
                "subject_id": SHORT,
                "since": "2026-10-30",
                "cause": "工伤保险基金2026-10月末清算资金不足，尚缺66,540.00，其中应付其他基金66,540.00",
                "fix": "向财政专户申请拨款，到账后登记补足资金，系统续付",
            },
            {
                "kind": "to-approve",
                "subject_id": OPEN,
                "since": "2026-11-20",
                "cause": "职工基本医疗保险基金2026-11月末清算待复核",
                "fix": "由提出人以外的人复核",
            },
        ]

    def propose(self, body: Json, user: str) -> Json:
        """Another run."""
        new = {**_open(), "clearing_id": "01CLEARINGNEW", "maker": user, **body}
        self.runs = {"01CLEARINGNEW": new, **self.runs}
        return new

    def on_run(self, clearing_id: str, act: str, user: str) -> Json:
        """Approved or resumed."""
        run = self.runs[clearing_id]
        run |= {"state": "frozen", **({"checker": user} if act == "approve" else {})}
        return run

    def propose_payout(self, person_id: str, user: str) -> Json:
        """Another payment."""
        due = next(d for d in self.dues if d["person_id"] == person_id)
        self.payouts["01PAYOUTNEW"] = {**_payout(person_id, due), "payout_id": "01PAYOUTNEW", "maker": user}
        return self.payouts["01PAYOUTNEW"]

    def on_payout(self, payout_id: str, act: str, user: str) -> Json:
        """Approved or rejected."""
        payout = self.payouts[payout_id]
        payout |= {"state": {"approve": "paid", "reject": "rejected"}[act], "checker": user}
        if act == "approve":
            payout["dues"] = [{**d, "voucher_no": f"{payout_id}-{d['book']}"} for d in payout["dues"]]
        return payout

    def recur(self, body: Json) -> Json:
        """Another application; other parts of the body are refused as the bridge does."""
        foreign = [part for part in body["body_parts"] if part not in ("左前臂",)]
        if foreign:
            zh = f"复发部位{'、'.join(foreign)}不在原工伤部位之内"
            raise invalid("workinjury-bridge.facts.invalid", zh, field="body_parts")
        said = ("case_id", "applied_on", "treated_from", "diagnosis_name", "body_parts")
        new = {**_recurrence(), "recurrence_id": "01RECURRENCENEW", "person_id": ZHANG, **{key: body[key] for key in said}}
        self.recurrences = [new, *self.recurrences]
        return new

    def on_recurrence(self, recurrence_id: str, act: str, body: Json) -> Json:
        """Extended, concluded, objected to, withdrawn."""
        (found,) = [r for r in self.recurrences if r["recurrence_id"] == recurrence_id]
        if act == "conclusion":
            made = {"version": 2, "decision_no": body["decision_no"], "decided_on": body["decided_on"]}
            found |= {"state": "confirmed" if body["confirmed"] else "refused", "decisions": [*found["decisions"], made]}
            found["treated_until"] = body.get("treated_until")
        elif act == "extension":
            found |= {"extended": True, "due_on": "2027-01-31"}
        elif act == "objection":
            found |= {"state": "objected", "objected_on": body["on"], "due_on": "2027-01-21"}
        else:
            found["state"] = "withdrawn"
        return found

    def register(self, body: Json, user: str) -> Json:
        """Another registration; a referral without its certificate is refused as the bridge does."""
        if body["kind"] == "referral" and not body.get("certificate_no"):
            zh = "转诊转院须有协议医疗机构出具的证明"
            raise invalid("workinjury-bridge.out-of-area.filing-invalid", zh, field="certificate_no")
        new = {**_registration(), "institution_code": None, **body, "registration_id": "01REGISTRATIONNEW", "maker": user}
        self.registrations = [new, *self.registrations]
        return new

    def on_stay(self, stay_id: str, act: str, body: Json) -> Json:
        """Audited, objected to, allowances claimed."""
        (stay,) = [s for s in self.stays if s["stay_id"] == stay_id]
        if act == "audit":
            stay["state"] = "audited"
        elif act == "objection":
            stay["objection"] = body["reason"]
        return stay


def _recurrence() -> Json:
    """One that the committee has before it."""
    return {
        "recurrence_id": RECURRENCE,
        "case_id": UNINSURED,
        "person_id": WANG_ELDER,
        "region": "990101",
        "applied_on": "2026-11-02",
        "treated_from": "2026-10-28",
        "treated_until": None,
        "diagnosis_name": "跟骨骨折后创伤性关节炎",
        "body_parts": ["右足"],
        "state": "confirming",
        "extended": False,
        "objected_on": None,
        "due_on": "2027-01-01",
        "decisions": [],
    }


def _stay() -> Json:
    """One whose monthly data wait for the audit."""
    return {
        "stay_id": STAY,
        "case_id": CASE,
        "person_id": ZHANG,
        "region": "990101",
        "institution_name": "江城康复医院",
        "place": "420100",
        "province": "420000",
        "service": "rehabilitation",
        "admitted_on": "2026-09-03",
        "discharged_on": "2026-09-24",
        "state": "received",
        "work_injury_fen": 2_190_000,
        "person_fen": 130_050,
        "adjusted_fen": 42_000,
        "period": "2026-10-01",
        "quarter": "2026-10-01",
        "check_until": "2026-11-25",
        "object_until": "2026-12-15",
        "objection": None,
    }


def _audited_stay() -> Json:
    """One that waits for its quarter."""
    quarter = {"period": "2026-08-01", "quarter": "2026-07-01", "check_until": "2026-09-10"}
    sums = {"work_injury_fen": 860_000, "person_fen": 12_000, "adjusted_fen": 0}
    stay = {"stay_id": "01STAYAUDITED", "state": "audited", "person_id": LI, "institution_name": "宁城手外科医院"}
    days = {"admitted_on": "2026-07-20", "discharged_on": "2026-08-11", "service": "inpatient"}
    return {**_stay(), **stay, "place": "320100", "province": "320000", **quarter, **sums, **days}


def _quarter() -> Json:
    """One that was paid."""
    return {
        "clearing_id": "01QUARTER",
        "province": "420000",
        "quarter": "2026-04-01",
        "bill_no": "GJ2026Q2-420000",
        "amount_fen": 1_264_030,
        "cleared_on": "2026-08-14",
        "maker": "chenhui",
        "checker": "zhaoming",
        "region": None,
    }


def _short() -> Json:
    """Reference F12: 66,540.00 stay open."""
    cases = [{"case_id": CASE, "conversion_id": CONVERSION, "amount_fen": 544_500}]
    return {
        "clearing_id": SHORT,
        "payer": "WI",
        "month": "2026-10",
        "cut_off": "2026-10-30",
        "pay_by": "2026-11-20",
        "maker": "chenhui",
        "checker": "zhaoming",
        "state": "partial",
        "short_fen": 6_654_000,
        "remedy": "fiscal-account",
        "asked_on": "2026-11-18",
        "asked_until": "2026-11-23",
        "set_aside_fen": 307_500,
        "queue": _queue(),
        "cause": None,
        "carried_fen": 0,
        "hindrance": None,
        "region": None,
        "pairs": [
            {"payer": "WI", "payee": "EMP", "amount_fen": 1_298_500, "paid_fen": 544_500, "open_fen": 754_000},
            {"payer": "WI", "payee": "RES", "amount_fen": 5_900_000, "paid_fen": 0, "open_fen": 5_900_000},
        ],
        "transfers": [
            {
                "transfer_id": "01T",
                "voucher_no": "JZ2026111800007",
                "book": "EMP",
                "direction": "out",
                "amount_fen": 544_500,
                "state": "confirmed",
                "cause": None,
                "changed_at": "2026-11-18T10:05:00+08:00",
                "cases": cases,
            }
        ],
    }


def _queue() -> list[Json]:
    """Two hospitals that are paid, then the other funds as far as the money goes."""
    names = ("priority", "party", "since", "amount_fen", "offset_fen", "paid_fen", "open_fen", "conversion_id", "case_id")
    rows = [
        (2, county.HOSPITAL, "2026-10-09", 2_190_000, 42_000, 2_148_000, 0, None, None),
        (2, "H99010100002", "2026-10-14", 3_000_000, 0, 3_000_000, 0, None, None),
        (3, "EMP", "2026-10-16", 1_298_500, 0, 544_500, 754_000, CONVERSION, CASE),
        (3, "RES", "2026-10-22", 5_900_000, 0, 0, 5_900_000, "01CONVERSIONLI", "01CASELI"),
    ]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _open() -> Json:
    return {
        **_short(),
        "clearing_id": OPEN,
        "payer": "EMP",
        "month": "2026-11",
        "cut_off": "2026-11-20",
        "pay_by": "2026-12-10",
        "checker": None,
        "state": "open",
        "short_fen": 0,
        "remedy": None,
        "asked_on": None,
        "asked_until": None,
        "set_aside_fen": 0,
        "queue": [],
        "pairs": [],
        "transfers": [],
    }


def _carried() -> Json:
    pair = {"payer": "WI", "payee": "EMP", "amount_fen": 900_000, "paid_fen": 600_000, "open_fen": 300_000}
    closed = {"state": "closed", "short_fen": 0, "remedy": None, "carried_fen": 300_000, "pairs": [pair]}
    closed |= {"asked_on": None, "asked_until": None, "set_aside_fen": 0, "queue": []}
    return {**_short(), "clearing_id": CARRIED, "month": "2026-09", "cut_off": "2026-09-30", "pay_by": "2026-10-20", **closed}


def _clue() -> Json:
    return {
        "double_bill_id": CLUE,
        "case_id": CASE,
        "person_id": ZHANG,
        "region": "990101",
        "settlement_id": county.STAY,
        "against": "paper:01PAPER",
        "decision_version": 1,
        "match": "same",
        "due_on": "2026-11-20",
        "state": "raised",
        "maker": None,
        "checker": None,
        "note": None,
        "raised_at": "2026-11-13T09:00:00+08:00",
    }


def _near_clue() -> Json:
    against = f"conversion:{CONVERSION}"
    return {
        **_clue(),
        "double_bill_id": NEAR_CLUE,
        "person_id": LI,
        "match": "near",
        "due_on": "2026-11-27",
        "against": against,
    }


def _liability() -> Json:
    return {
        "document_id": LIABILITY,
        "partner": "traffic-police",
        "partner_name": "县公安局交通警察大队",
        "document": "liability-determination",
        "document_name": "道路交通事故认定书",
        "document_no": "河公交认字〔2026〕第214号",
        "digest": "ab" * 32,
        "about": "recoveries",
        "scope": "recoveries:write",
        "about_id": THIRD_DEBT,
        "case_id": CASE,
        "region": "990101",
        "fields": {"share": 705_000, "third_party_id": "T0071"},
        "received_at": "2026-11-21T15:20:00+08:00",
        "state": "received",
        "decided_by": None,
        "decided_at": None,
        "reason": "",
    }


def _receipt() -> Json:
    return {
        **_liability(),
        "document_id": RECEIPT,
        "partner": "bank",
        "partner_name": "合作银行",
        "document": "bank-receipt",
        "document_name": "银行到账回单",
        "document_no": "20261120-0031",
        "digest": None,
        "scope": "recoveries:receive",
        "fields": {"amount_fen": 500_000, "reference": "20261120-0031"},
        "state": "accepted",
        "decided_by": "bank",
        "decided_at": "2026-11-20T16:00:00+08:00",
    }


def _payout(person_id: str, due: Json) -> Json:
    return {
        "payout_id": PAYOUT,
        "person_id": person_id,
        "dues": due["dues"],
        "amount_fen": due["amount_fen"],
        "state": "proposed",
        "maker": "lijing",
        "checker": None,
    }


def _registration() -> Json:
    return {
        "registration_id": REGISTRATION,
        "case_id": CASE,
        "person_id": ZHANG,
        "region": "990101",
        "kind": "referral",
        "place": "420100",
        "institution_code": "H42010001",
        "certificate_no": "转2026-88",
        "admit_until": None,
        "begins_on": "2026-11-25",
        "ends_on": None,
        "due_on": "2026-11-24",
        "maker": "wangfang",
        "checker": None,
        "state": "applied",
        "note": None,
    }


def _registered() -> Json:
    dates = {"begins_on": "2026-06-01", "due_on": "2026-05-29", "institution_code": None}
    return {
        "registration_id": "01REGISTERED",
        "person_id": LI,
        "kind": "posted",
        "state": "registered",
        "checker": "lijing",
        **dates,
    }
