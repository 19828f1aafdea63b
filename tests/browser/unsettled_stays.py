"""Stays that are not settled: on credit, split beforehand, or simply waiting for their hospital."""

from __future__ import annotations

from typing import Any, Final

from shared.errors import conflict, forbidden, not_found
from tests.browser.county import HOSPITAL, WANG_ELDER

Json = dict[str, Any]

CREDIT, ON_CREDIT, DISCHARGED, INSIDE = "01CREDITWANG", "01VISITWANG", "01VISITWANGOUT", "01VISITWANGIN"
NOW: Final = "2026-11-22T09:31:00+08:00"
LINES: Final = (
    ("7001", None, "切开复位内固定术", "2026-11-18", 680_000),
    ("7002", None, "二甲双胍缓释片", "2026-11-18", 4_860),
    ("7003", None, "糖化血红蛋白测定", "2026-11-19", 7_000),
    ("7004", None, "床位费", "2026-11-19", 15_000),
    ("7005", "7004", "床位费", "2026-11-20", -5_000),
    ("7006", None, "胰岛素泵持续皮下注射胰岛素（含耗材，按日收取，内分泌科会诊医嘱）", "2026-11-20", 12_345_600),
)


class UnsettledStays:
    """State that the pages change."""

    def __init__(self) -> None:
        self.visits = [
            _visit(INSIDE, "open", "2026-11-18", None, sum(line[4] for line in LINES)),
            _visit(DISCHARGED, "discharged", "2026-11-02", "2026-11-12", 1_286_000),
            _visit(ON_CREDIT, "discharged", "2026-10-08", "2026-10-21", 864_000),
            _visit("01SETTLED", "discharged", "2026-06-01", "2026-06-09", 500_000) | {"settled_fen": 500_000},
            _visit("01CLINIC", "discharged", "2026-07-01", "2026-07-01", 8_000) | {"inpatient": False},
            _visit("01EARLIER", "discharged", "2026-02-01", "2026-02-08", 300_000),
        ]
        self.credits = [_credit(CREDIT, ON_CREDIT, "2026-10-08", "2026-10-21", 864_000)]
        self.splits: dict[str, Json] = {}

    def of_person(self, person_id: str) -> list[Json]:
        """The visits of a person, newest first."""
        return [v for v in self.visits if v["person_id"] == person_id]

    def visit(self, visit_id: str) -> Json:
        """One with the lines that are not settled."""
        found = next((v for v in self.visits if v["visit_id"] == visit_id), None)
        if found is None:
            raise not_found("claims.visit.unknown", "就诊ID(mdtrt_id)不存在或不属于本机构", field="mdtrt_id")
        names = ("line_id", "returns_line_id", "item_name", "occurred_on", "amount_fen")
        lines = [dict(zip(names, line, strict=True)) for line in LINES] if visit_id == INSIDE else []
        return {**found, "lines": [{**line, "item_code": "X", "charge_class": "A"} for line in lines]}

    def credits_in(self, state: str, person_id: str | None) -> list[Json]:
        """Credits in a state, of everybody or one."""
        return [c for c in self.credits if c["state"] == state and person_id in (None, c["person_id"])]

    def give_credit(self, body: Json, user: str) -> Json:
        """A stay waits for the recognition; without a suspicion of an injury it is refused as claims does."""
        visit = self.visit(body["visit_id"])
        if not visit["injury_suspect"]:
            text = "该次住院没有工伤线索（外伤诊断、外伤类别或工作原因说明），不能挂账等待工伤认定"
            raise conflict("claims.stay-credit.not-suspected", text, field="visit_id")
        new = _credit("01CREDITNEW", visit["visit_id"], visit["begun_on"], visit["ended_on"], visit["total_fen"])
        self.credits.append({**new, "until": "2027-02-10", "days_left": 80, "opened_by": user})
        return self.credits[-1]

    def end_credit(self, credit_id: str, user: str) -> Json:
        """Without a settlement."""
        credit = next(c for c in self.credits if c["credit_id"] == credit_id)
        if credit["state"] != "open":
            raise conflict("claims.stay-credit.over", "该次住院的挂账已经结束", field="credit_id")
        ended = {"ended_by": "withdrawn", "ended_text": "经办人撤销挂账", "withdrawn_by": user, "ended_at": NOW}
        credit |= {"state": "withdrawn", "days_left": None, **ended}
        return {"credit_id": credit_id, "state": "withdrawn"}

    def split(self, visit_id: str) -> Json:
        """The newest split of a stay."""
        if visit_id not in self.splits:
            raise not_found("workinjury-bridge.split.unknown", "没有这项费用拆分")
        return self.splits[visit_id]

    def propose(self, case_id: str, body: Json, user: str) -> Json:
        """The hospital's flags."""
        parts = {"lines": body["lines"], "numerator": body.get("numerator"), "denominator": body.get("denominator")}
        about = {"visit_id": body["visit_id"], "case_id": case_id, "person_id": WANG_ELDER, "region": "990101"}
        hands = {"proposed_by": user, "disputed_by": None, "decided_by": None}
        self.splits[body["visit_id"]] = {**about, **parts, **hands, "split": "proposed", "note": None}
        return self.splits[body["visit_id"]]

    def review(self, visit_id: str, act: str, body: Json, user: str) -> Json:
        """Agreed, disputed or decided, by another than proposed it."""
        split = self.splits[visit_id]
        if user in (split["proposed_by"], split["disputed_by"]):
            raise forbidden("workinjury-bridge.split.same-hand", "拆分的提出、异议和专家意见须由不同的人登记")
        said: dict[str, Json] = {
            "agree": {"split": "agreed", "decided_by": user},
            "dispute": {"split": "disputed", "disputed_by": user, "note": body.get("note")},
            "opinion": {"split": "decided", "decided_by": user, "lines": body.get("lines"), "note": body.get("note")},
        }
        split |= said[act]
        return split

    def worklist(self) -> list[Json]:
        """Those that wait for somebody."""
        counts: list[Json] = []
        for split in self.splits.values():
            flags = [flag["belongs"] for flag in split["lines"]]
            lines = {belongs: flags.count(belongs) for belongs in dict.fromkeys(flags)}
            about = {name: split[name] for name in ("visit_id", "case_id", "person_id", "region", "proposed_by", "note")}
            ratio = split["denominator"] and {"numerator": split["numerator"], "denominator": split["denominator"]}
            if split["split"] in ("proposed", "disputed"):
                due = {"due_at": "2026-11-24T16:00:00Z", "split_state": split["split"]}
                counts.append({**about, **due, "lines": lines, "ratio": ratio})
        return counts


def _visit(visit_id: str, state: str, begun_on: str, ended_on: str | None, total_fen: int) -> Json:
    return {
        "visit_id": visit_id,
        "person_id": WANG_ELDER,
        "institution_code": HOSPITAL,
        "institution_name": "河湾县人民医院",
        "inpatient": True,
        "scheme": "310",
        "med_type": "22",
        "hospital_no": f"ZY{begun_on.replace('-', '')}",
        "state": state,
        "begun_on": begun_on,
        "ended_on": ended_on,
        "injury_suspect": True,
        "work_injury": False,
        "total_fen": total_fen,
        "settled_fen": 0,
    }


def _credit(credit_id: str, visit_id: str, begun_on: str, ended_on: str, total_fen: int) -> Json:
    return {
        "credit_id": credit_id,
        "visit_id": visit_id,
        "person_id": WANG_ELDER,
        "institution_code": HOSPITAL,
        "institution_name": "河湾县人民医院",
        "hospital_no": f"ZY{begun_on.replace('-', '')}",
        "region": "990101",
        "begun_on": begun_on,
        "ended_on": ended_on,
        "total_fen": total_fen,
        "opened_by": "wangfang",
        "opened_at": "2026-10-22T09:00:00+08:00",
        "until": "2027-01-19",
        "days_left": 58,
        "state": "open",
        "ended_by": None,
        "ended_text": None,
        "withdrawn_by": None,
        "ended_at": None,
        "settlement_id": None,
        "hindrance": None,
    }
