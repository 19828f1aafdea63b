"""What the work-injury pages work out from the gateway's answers: where a case stands, who owes whom, which journals are pairs.

Pure; amounts are fen. Nothing here decides anything: the services have, and these are readings of their answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from gateway.entrypoints.console.words import BOOKS, day, party

Json = Mapping[str, Any]

WI: Final = "WI"
_TO_FUND: Final = "2202"
_FROM_FUND: Final = "1121"


SIGNATURES: Final = {
    "proposed": ("conversions:check", "check", "初审"),
    "checked": ("conversions:approve", "approve", "复核"),
    "endorsed": ("conversions:approve", "approve", "审批"),
}
"""Of a conversion by its state: what the next signature takes, the command and the name."""


def may_sign(conversion: Json, user_id: str) -> bool:
    """Whether somebody has not signed it yet: nobody signs twice."""
    return user_id not in (conversion["maker"], conversion["checker"])


@dataclass(frozen=True, slots=True)
class Step:
    """One station of a case."""

    name: str
    on: str
    """The day, empty while it has not been reached."""
    state: str
    """``done``, ``now``, ``todo`` or ``no``: it ended here."""
    note: str = ""


def steps_of(case: Json, file: Json, journals: Sequence[Json]) -> list[Step]:
    """From the accident to the money, in order; the first that is not reached is where the case stands.

    ``journals``: of the case, as far as the caller may see them: they say when it was booked.
    """
    facts = case.get("facts") or {}
    decisions = case["decisions"]
    last = decisions[-1] if decisions else None
    granted = last is not None and last["outcome"] == "granted"
    steps = [
        Step("受伤", day(case["accident_on"]), "done"),
        Step("申请认定", day(facts.get("filed_on") or case["opened_at"]), "done"),
    ]
    if facts.get("accepted_on"):
        steps.append(Step("受理", day(facts["accepted_on"]), "done"))
    if last is None:
        return _stand([*steps, *_ahead("认定决定", "费用转换", "复核入账", "基金到账", "退付个人")])
    outcome = {"granted": "认定为工伤", "denied": "不予认定", "revoked": "认定已撤销"}[last["outcome"]]
    version = f"第 {last['version']} 版" if last["version"] > 1 else ""
    steps.append(Step(outcome, day(last["decided_on"]), "done" if granted else "no", version))
    if case.get("contested_on"):
        steps.append(Step("复议或诉讼", day(case["contested_on"]), "done", "待遇照付，终局后再定"))
    if not granted:
        return steps
    going = [c for c in case["conversions"] if c["state"] not in ("failed", "reverted")]
    if not going:
        direct = [d for d in file["direct_settlements"] if d["settlement_id"]]
        if direct:
            return [*steps, Step("医院直接结算", day(direct[-1]["changed_at"]), "done", f"{len(direct)} 次")]
        return _stand([*steps, *_ahead("费用转换", "复核入账", "基金到账", "退付个人")])
    booked = [c for c in going if c["state"] in ("posted", "transferring", "settled", "reverting")]
    moved = [t for t in file["transfers"] if t["state"] != "voided" and t["direction"] == "out"]
    arrived = [t for t in moved if t["state"] == "confirmed"]
    owed = sum(1 for c in going if c["total_fen"] is None or c["refund_fen"] > 0)
    paid = [p for p in file["payments"] if p["kind"] == "refund"]
    steps.append(Step("费用转换", day(min(c["proposed_at"] for c in going)), "done", f"{len(going)} 次住院"))
    entries = [j["booked_on"] for j in journals if j["kind"] == "conversion" and j["book"] == WI and not j["reverses"]]
    steps.append(_part("复核入账", booked, going, max(entries, default=None)))
    if moved or not booked:
        steps.append(_part("基金到账", arrived, moved or going, max((t["changed_at"] for t in arrived), default=None)))
    if owed or paid:
        steps.append(_part("退付个人", paid, [None] * max(owed, len(paid)), max((p["paid_at"] for p in paid), default=None)))
    return _stand(steps)


def _part(name: str, done: Sequence[Any], all_: Sequence[Any], at: str | None) -> Step:
    whole = bool(all_) and len(done) == len(all_)
    note = "" if whole or not done else f"{len(done)} / {len(all_)}"
    return Step(name, day(at) if whole else "", "done" if whole else "todo", note)


def _ahead(*names: str) -> list[Step]:
    return [Step(name, "", "todo") for name in names]


def _stand(steps: list[Step]) -> list[Step]:
    """The first station that is not reached is the present one."""
    first = next((n for n, step in enumerate(steps) if step.state == "todo"), None)
    return [Step(s.name, s.on, "now", s.note) if n == first else s for n, s in enumerate(steps)]


@dataclass(frozen=True, slots=True)
class Owing:
    """One debt as it stands: who, whom, how much, why."""

    debtor: str
    creditor: str
    amount_fen: int
    why: str
    booked: bool = True
    """False: as soon as the conversion is approved."""


_DUE_FROM: Final = {
    "1122": "审核扣款或未经同意的目录外费用，医院月结时抵扣",
    "1123": "基金先行支付或单位逾期申请，向用人单位追偿",
    "1124": "第三人侵权，基金先行支付，向第三人追偿",
    "1125": "应由个人负担或退回的部分",
}
_DUE_TO: Final = {
    "2201": "应付医疗机构，按月结算",
    "2203": "退还个人垫付和住院伙食补助",
    "2204": "退还用人单位垫付",
}


def owings(case: Json, journals: Sequence[Json]) -> list[Owing]:
    """What is open by the books of the case, and what an approval would add. A debt between funds stands in both books: shown once."""
    sums: dict[tuple[str, str, str], int] = {}
    for journal in journals:
        for line in journal["lines"]:
            if line["account"] in (_FROM_FUND, _TO_FUND, *_DUE_FROM, *_DUE_TO):
                key = (journal["book"], line["account"], line["dim"])
                sums[key] = sums.get(key, 0) + line["debit_fen"] - line["credit_fen"]
    found = []
    for (book, account, dim), balance in sums.items():
        if not balance or (account == _TO_FUND and sums.get((dim, _FROM_FUND, book)) == -balance):
            continue
        name = BOOKS.get(book, book)
        if account in (_FROM_FUND, _TO_FUND):
            why = "归还已付的统筹和个人账户支出" if WI in (dim, book) and account == _FROM_FUND else "基金间往来"
            owes = account == _FROM_FUND
            found.append(Owing(party(dim) if owes else name, name if owes else party(dim), abs(balance), why))
        elif account in _DUE_FROM:
            found.append(Owing(party(dim), name, balance, _DUE_FROM[account]))
        elif book == WI or account != "2201":
            # What a medical fund owes a hospital for a month is not this case's.
            found.append(Owing(name, party(dim), -balance, _DUE_TO[account]))
    return [*found, *(owing for c in case["conversions"] for owing in _coming(c))]


def _coming(conversion: Json) -> list[Owing]:
    if conversion["state"] not in (*SIGNATURES, "approved") or conversion["total_fen"] is None:
        return []
    books: dict[str, int] = {}
    for part in conversion["owed"]:
        books[part["book"]] = books.get(part["book"], 0) + part["amount_fen"]
    fund, person = BOOKS[WI], "个人"
    found = [
        Owing(fund, BOOKS.get(book, book), amount, "归还已付的统筹和个人账户支出", booked=False)
        for book, amount in books.items()
        if amount
    ]
    refund, meals = conversion["refund_fen"], conversion["meals_fen"] or 0
    if refund > 0:
        found.append(Owing(fund, person, refund, "退还个人垫付的现金", booked=False))
    elif refund < 0:
        found.append(Owing(person, fund, -refund, "目录外费用已由账户支付，应由个人补交", booked=False))
    if meals:
        found.append(Owing(fund, person, meals, "住院伙食补助", booked=False))
    if conversion["hospital_fen"]:
        found.append(Owing("医疗机构", fund, conversion["hospital_fen"], _DUE_FROM["1122"], booked=False))
    return found


@dataclass(slots=True)
class Pair:
    """The journals of one voucher: left those of the medical books, right those of the work-injury book."""

    voucher_no: str | None
    kind: str
    booked_on: str
    left: list[Json] = field(default_factory=list)
    right: list[Json] = field(default_factory=list)


def pairs_of(journals: Sequence[Json]) -> list[Pair]:
    """One row per voucher number, and per conversion where the first journals of both books have numbers of their own."""
    rows: dict[tuple[Any, ...], Pair] = {}
    for journal in sorted(journals, key=lambda j: (j["booked_on"], j.get("recorded_at") or "")):
        number, red = journal["voucher_no"], journal["reverses"] is not None
        twin = journal["kind"] in ("conversion", "contra") and journal["conversion_id"]
        key = ("c", journal["conversion_id"], journal["kind"], red) if twin else ("v", number or journal["entry_id"])
        row = rows.setdefault(key, Pair(number, journal["kind"], journal["booked_on"]))
        row.voucher_no = row.voucher_no or number
        (row.right if journal["book"] == WI else row.left).append(journal)
    return list(rows.values())


def totals(journals: Sequence[Json]) -> tuple[int, int]:
    """Debit and credit of journals."""
    lines = [line for journal in journals for line in journal["lines"]]
    return sum(line["debit_fen"] for line in lines), sum(line["credit_fen"] for line in lines)


@dataclass(frozen=True, slots=True)
class Term:
    """Something that has to happen by a day."""

    what: str
    until: date
    address: str | None = None


def terms_of(file: Json) -> list[Term]:
    """Every open deadline of a case, the nearest first."""
    terms = [
        Term(
            {"applied": "先行支付：送达催告或作出决定", "noticed": "先行支付：用人单位支付期限"}[a["state"]], _day(a["due_on"])
        )
        for a in file["advances"]
        if a["state"] in ("applied", "noticed")
    ]
    terms += [
        Term(
            f"追偿：{party(r['debtor'])}" + ("应催收" if r["state"] == "open" else "应偿还"),
            _day(r["due_on"]),
            f"/recoveries/{r['recovery_id']}",
        )
        for r in file["recoveries"]
        if r["due_on"] and r["open_fen"]
    ]
    terms += [
        Term(f"追偿：{party(r['debtor'])}的诉讼时效届满", _day(r["limitation_on"]), f"/recoveries/{r['recovery_id']}")
        for r in file["recoveries"]
        if r["limitation_on"] and r["open_fen"]
    ]
    terms += [
        Term("审核扣款：医院提出异议的期限", _day(d["object_until"])) for d in file["deductions"] if d["state"] == "deducted"
    ]
    return sorted(terms, key=lambda term: term.until)


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def next_step(debt: Json) -> str:
    """What comes next for a debt."""
    if debt["debtor"].startswith("T:") and debt["liability"] is None and debt["open_fen"]:
        return "确定第三人责任比例"
    return {
        "open": "发出书面催收",
        "partial": "再次催收或签分期协议",
        "demanded": "登记到账；逾期的申请划拨",
        "agreement": "按协议登记到账",
        "enforced": "登记到账，或报批核销",
    }.get(debt["state"], "—")
