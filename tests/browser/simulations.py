"""Simulations behind the fake gateway, in the form of the API (docs/simulation.md); small whole numbers that add up."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

DONE, GOING, LOST = "01SIMDONE", "01SIMGOING", "01SIMLOST"
_DIGEST: Final = "sha256:" + "a" * 64


def simulations() -> dict[str, Json]:
    """One of each state, newest first."""
    going = {
        **_job(GOING, "三级医院起付线提高到一千二百元", "running"),
        "progress": {"done": 1_200_000, "total": 2_000_000},
        "finished_at": None,
    }
    done = {**_job(DONE, "二级医院支付比例提高五个百分点，统筹基金年度封顶线提高到十八万元", "done"), "result": result()}
    lost = {
        **_job(LOST, "取消省外未转诊扣减", "failed"),
        "cause": {"code": "claims.simulation.lost", "text": "测算三次中断，请缩小日期范围后重新提出"},
    }
    return {s["simulation_id"]: s for s in (going, done, lost)}


def _job(simulation_id: str, title: str, state: str) -> Json:
    return {
        "simulation_id": simulation_id,
        "title": title,
        "state": state,
        "asked_by": "zhouqiang",
        "asked_at": "2026-11-21T16:20:00+08:00",
        "finished_at": "2026-11-21T16:24:00+08:00",
        "facts": {"folder": None, "begins_on": "2025-01-01", "ends_on": "2025-12-31"},
        "book_a": {"files": ["a.book.yaml"], "digests": [_DIGEST]},
        "book_b": {"files": ["b.book.yaml"], "digests": [_DIGEST]},
        "income_fen": 2_875_300,
        "shares": [100_000, 250_000],
        "seed": 1,
        "progress": {"done": 2_000_000, "total": 2_000_000},
        "cause": None,
        "result": None,
    }


def _sums(claims: int, total: int, a: int, b: int, people: tuple[int, int, int] | None) -> Json:
    """Sums of a group: ``a`` and ``b`` are what the persons bear."""
    counted = {} if people is None else dict(zip(("persons", "winners", "losers"), people, strict=True))
    return {
        "claims": claims,
        "total_fen": total,
        "in_scope_fen": total * 9 // 10,
        "funds_a_fen": total - a,
        "funds_b_fen": total - b,
        "person_a_fen": a,
        "person_b_fen": b,
        "self_pay_a_fen": a * 7 // 10,
        "self_pay_b_fen": b * 7 // 10,
        "account_a_fen": 0,
        "account_b_fen": 0,
        "family_a_fen": 0,
        "family_b_fen": 0,
        "hospital_a_fen": 0,
        "hospital_b_fen": 0,
        **counted,
    }


def result() -> Json:
    """A county year of 2,000,000 claims."""
    version = {"region": "420500", "place": "宜昌市", "scheme": "390", "digest": _DIGEST}
    inpatient = _sums(180_000, 198_000_000_000, 62_000_000_000, 58_400_000_000, (120_000, 61_000, 1_500))
    outpatient = _sums(1_820_000, 42_000_000_000, 24_000_000_000, 24_000_000_000, (380_000, 0, 0))
    everything = _sums(2_000_000, 240_000_000_000, 86_000_000_000, 82_400_000_000, (500_000, 61_000, 1_500))
    return {
        "format": "onewindow-simulation/1",
        "books": {
            "a": {"day": None, "versions": [{**version, "version": "2024"}]},
            "b": {"day": None, "versions": [{**version, "version": "2027"}]},
        },
        "totals": everything,
        "funds": [
            _fund("RES", "城乡居民基本医疗保险基金", 128_000_000_000, 132_100_000_000, (120_000, 61_000, 0)),
            _fund("CII", "居民大病保险资金", 19_000_000_000, 18_600_000_000, (40_000, 0, 9_000)),
            {
                **_fund("MAF", "医疗救助基金", 7_000_000_000, 6_900_000_000, (12_000, 300, 2_100)),
                "layers": [
                    {"layer": "assistance", "name": "医疗救助", "a_fen": 5_000_000_000, "b_fen": 4_850_000_000},
                    {"layer": "tilt", "name": "倾斜救助", "a_fen": 2_000_000_000, "b_fen": 2_050_000_000},
                ],
            },
        ],
        "care": [{"care": "inpatient", **inpatient}, {"care": "outpatient", **outpatient}],
        "levels": [
            {"level": level, **_sums(claims, total, a, b, people)}
            for level, claims, total, a, b, people in (
                (1, 900_000, 40_000_000_000, 14_000_000_000, 14_000_000_000, (300_000, 0, 0)),
                (2, 800_000, 120_000_000_000, 40_000_000_000, 36_400_000_000, (180_000, 61_000, 0)),
                (3, 300_000, 80_000_000_000, 32_000_000_000, 32_000_000_000, (90_000, 0, 1_500)),
            )
        ],
        "schemes": [{"scheme": "390", **everything}],
        "classes": [
            {"class": code, **_sums(claims, total, a, b, people)}
            for code, claims, total, a, b, people in (
                ("none", 1_860_000, 222_000_000_000, 83_100_000_000, 79_700_000_000, (468_000, 57_000, 1_500)),
                ("dibao", 110_000, 14_000_000_000, 2_300_000_000, 2_140_000_000, (24_000, 3_400, 0)),
                ("monitored", 30_000, 4_000_000_000, 600_000_000, 560_000_000, (8_000, 600, 0)),
            )
        ],
        "towns": [
            {"town": town, **_sums(400_000, 48_000_000_000, 17_200_000_000, b, (100_000, winners, losers))}
            for town, b, winners, losers in (
                ("夷陵区小溪塔街道", 16_500_000_000, 12_100, 300),
                ("长阳土家族自治县龙舟坪镇", 16_400_000_000, 12_300, 250),
                ("五峰土家族自治县渔洋关镇", 16_450_000_000, 12_200, 350),
                ("兴山县古夫镇", 16_500_000_000, 12_000, 400),
                ("", 16_550_000_000, 12_400, 200),
            )
        ],
        "months": [],
        "fund_months": [],
        "deciles": [_decile(k) for k in range(1, 11)],
        "lines": [
            {"share": 100_000, "line_fen": 287_530, "above_a": 41_200, "above_b": 38_050, "newly_above": 120, "no_longer_above": 3_270},
            {"share": 250_000, "line_fen": 718_825, "above_a": 9_800, "above_b": 8_640, "newly_above": 0, "no_longer_above": 1_160},
        ],
        "solvency": [_month(book, number) for book in "ab" for number in range(24)],
        "largest": {
            "winners": [_person(n, 9_800_000 - n * 1_000, -2_000_000 + n * 1_000) for n in range(3)],
            "losers": [_person(n, 1_200_000, 86_000 - n * 1_000) for n in range(2)],
        },
        "refused": [{"book": "b", "code": "claims.rules.uncovered", "text": "没有规定门诊慢特病的待遇", "claims": 820, "total_fen": 61_200_000}],
    }  # fmt: skip


def _fund(code: str, name: str, a: int, b: int, people: tuple[int, int, int]) -> Json:
    counted = dict(zip(("persons", "winners", "losers"), people, strict=True))
    layer = {"layer": code.lower(), "name": name, "a_fen": a, "b_fen": b}
    return {"fund": code, "name": name, "a_fen": a, "b_fen": b, **counted, "layers": [layer]}


def _decile(k: int) -> Json:
    a = k * k * 200_000_000
    return {
        "decile": k,
        "up_to_fen": None if k == 10 else k * 60_000,
        "persons": 50_000,
        "winners": k * 1_100,
        "losers": 150,
        "total_fen": a * 3,
        "person_a_fen": a,
        "person_b_fen": a * 96 // 100,
    }


def _month(book: str, number: int) -> Json:
    payment = 11_000_000_000 if book == "a" else 11_350_000_000
    balance = 12_000_000_000 + (number + 1) * (10_700_000_000 - payment)
    spread = (number + 1) * 60_000_000
    return {
        "fund": "RES",
        "book": book,
        "month": f"{2026 + number // 12}-{number % 12 + 1:02d}",
        "income_fen": 10_700_000_000,
        "payment_fen": payment,
        "payment_low_fen": payment - 60_000_000,
        "payment_high_fen": payment + 60_000_000,
        "balance_fen": balance,
        "balance_low_fen": balance - spread,
        "balance_high_fen": balance + spread,
        "draws_empty": 0 if balance > spread else 634,
        "draws": 1_000,
    }


def _person(number: int, a: int, change: int) -> Json:
    return {
        "person": 1_000 + number,
        "year": 2025,
        "town": "长阳土家族自治县龙舟坪镇",
        "class": "none",
        "scheme": "390",
        "total_fen": a * 2,
        "person_a_fen": a,
        "person_b_fen": a + change,
        "change_fen": change,
    }
