"""Generated rule books, as YAML data, and generated years of claims with boundary amounts and reversals."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from hypothesis import strategies as st

CLASSES = ["tekun", "orphan", "dibao", "returned_poor", "monitored", "marginal", "illness_poor"]
DAY = date(2026, 6, 1)


def money_text(fen: int) -> int | str:
    """Fen as a book writes yuan."""
    whole, cents = divmod(fen, 100)
    return f"{whole}.{cents:02d}" if cents else whole


def rate_text(millionths: int) -> str:
    """Millionths as a book writes a rate."""
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"


_amounts = st.integers(0, 3_000_000) | st.sampled_from([0, 1, 50_000, 100_000, 1_200_000])
_rates = st.integers(0, 1_000_000) | st.sampled_from([0, 500_000, 600_000, 750_000, 850_000, 1_000_000])


@st.composite
def _bands(draw: st.DrawFn, above: int) -> list[dict[str, Any]]:
    widths = draw(st.lists(st.integers(1, 4_000_000), max_size=3))
    bands, bound = [], above
    for width in widths:
        bound += width
        bands.append({"up_to": money_text(bound), "rate": rate_text(draw(_rates))})
    return [*bands, {"rate": rate_text(draw(_rates))}]


@st.composite
def _terms(draw: st.DrawFn, code: str, when: dict[str, Any], per: str) -> dict[str, Any]:
    ladder = draw(st.lists(_amounts, min_size=1, max_size=1 if per == "year" else 3))
    terms: dict[str, Any] = {"code": code, "name": code, "deductible": [money_text(a) for a in ladder]}
    if when:
        terms["when"] = when
    terms["bands"] = draw(_bands(max(ladder)))
    if draw(st.booleans()):
        terms["cap"] = money_text(draw(st.integers(0, 8_000_000)))
    if draw(st.integers(0, 3)) == 0:
        terms["cost_cap"] = money_text(draw(st.integers(0, 8_000_000)))
    return terms


def _better(terms: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    """Terms that pay more at every amount."""
    better = {key: value for key, value in terms.items() if key not in ("cap", "cost_cap", "when")}
    better |= {"code": "better", "name": "better", "when": {"classes": classes}}
    better["bands"] = [
        {**b, "rate": rate_text(min(1_000_000, int(b["rate"].replace(".", "")) + 50_000))} for b in terms["bands"]
    ]
    return better


@st.composite
def _layer(draw: st.DrawFn, code: str, fund: tuple[str, str, str], care: str | None, *, by_class: bool) -> dict[str, Any]:
    per = draw(st.sampled_from(["claim", "year"]))
    layer: dict[str, Any] = {
        "code": code,
        "name": code,
        "book": fund[0],
        "fund": fund[1],
        "his_field": fund[2],
        "per": per,
        "bounds": draw(st.sampled_from(["absolute", "excess"])),
        "source": "generated",
    }
    if care:
        layer["when"] = {"care": [care]}
    if draw(st.booleans()):
        layer["cap"] = money_text(draw(st.integers(0, 20_000_000)))
    if per == "claim" and draw(st.booleans()):
        layer["deductible_year_total"] = money_text(draw(_amounts))
    if by_class:
        ordinary = draw(_terms("ordinary", {}, per))
        classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3, unique=True))
        layer["terms"] = [_better(ordinary, classes), ordinary]
    else:
        layer["terms"] = [draw(_terms(f"level_{n}", {"levels": [n]}, per)) for n in (1, 2, 3)]
    if draw(st.booleans()):
        points = draw(st.integers(-1_000_000, 1_000_000))
        sign = "-" if points < 0 else ""
        layer["adjustments"] = [
            {"code": "away", "name": "away", "when": {"places": ["out_of_province"]}, "points": sign + rate_text(abs(points))}
        ]
    return layer


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """A book of two to six layers with one version in force on DAY."""
    layers = [draw(_layer("pool", ("EMP", "310100", "hifp_pay"), "inpatient", by_class=False))]
    if draw(st.booleans()):
        layers.append(
            draw(_layer("large", ("LARGE", "330100", "hifob_pay"), draw(st.sampled_from(["inpatient", None])), by_class=True))
            | {"base": "beyond_cap"}
        )
    layers.append(draw(_layer("outpatient", ("EMP", "310100", "hifp_pay"), "outpatient", by_class=False)))
    for code, fund in (("catastrophic", ("CII", "390200", "hifmi_pay")), ("assistance", ("MAF", "610100", "maf_pay"))):
        if draw(st.booleans()):
            layer = draw(_layer(code, fund, None, by_class=True))
            layers.append(layer | ({"without_deductible": True} if draw(st.booleans()) else {}))
    if draw(st.booleans()):
        layers.append(draw(_layer("tilt", ("MAF", "610100", "maf_pay"), "inpatient", by_class=True)))
    version = {
        "version": "generated",
        "effective_from": date(2026, 1, 1),
        "dated_by": "discharge",
        "policy_year": "calendar",
        "sources": {"generated": {"title": "generated", "grade": "synthetic"}},
        "class_b": {"rate": "0.10", "source": "generated"},
        "account": {"pays": draw(st.sampled_from(["nothing", "self_pay", "whole_share"])), "source": "generated"},
        "layers": layers,
    }
    return {
        "format": "onewindow-rule-book/1",
        "region": "990200",
        "place": "generated",
        "scheme": "310",
        "title": "generated",
        "versions": [version],
    }


def figures(book: dict[str, Any]) -> list[int]:
    """Every amount that the book names, in fen: where mistakes live."""
    found: list[int] = []

    def walk(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                walk(item, name)
        elif isinstance(value, list):
            for item in value:
                walk(item, key)
        elif key in ("deductible", "up_to", "cap", "cost_cap", "deductible_year_total"):
            whole, _, cents = str(value).partition(".")
            found.append(int(whole) * 100 + int(cents or 0))

    walk(book["versions"], "")
    return found


def amount(random: Random, near: list[int]) -> int:
    """An amount in fen: ordinary, large, or within a fen of a figure of the book."""
    kind = random.randrange(4)
    if kind == 0 and near:
        return max(0, random.choice(near) + random.randint(-1, 1))
    return random.randrange([100, 300_000, 3_000_000, 30_000_000][kind])


def claim(random: Random, near: list[int], cares: list[str]) -> dict[str, Any]:
    """The facts of one claim of one of these kinds of care, amounts in fen."""
    continues = random.random() < 0.1
    return {
        "care": random.choice(cares),
        "level": random.choice([1, 2, 3]),
        "status": random.choice(["active", "retired"]),
        "classes": frozenset(random.sample(CLASSES, random.choice([0, 0, 0, 1, 2]))),
        "place": random.choice(["local", "local", "in_province", "out_of_province"]),
        "referred": random.random() < 0.7,
        "self_funded": amount(random, []),
        "over_limit": random.choice([0, amount(random, [])]),
        "pre_selfpay": random.choice([0, amount(random, [])]),
        "in_scope": amount(random, near),
        "account": random.choice([0, amount(random, near)]),
        "continues_stay": continues,
        "stay_deductible": random.choice([0, amount(random, near)]) if continues else 0,
    }
