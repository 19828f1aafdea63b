"""Generated rule books, as YAML data, and generated years of claims with boundary amounts and reversals.

Everything is drawn from a ``Random``: a seeded one for many, hypothesis' own for few that shrink (``st.randoms()``). Books use
every key of the format in combination (``test_generator.py`` counts them) and are accepted by the reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from hypothesis import strategies as st

Rules = dict[str, Any]

CLASSES = ["tekun", "orphan", "dibao", "returned_poor", "monitored", "marginal", "illness_poor", "student", "newborn"]
CARES = ["inpatient", "day_surgery", "maternity", "outpatient", "chronic", "two_diseases"]
RANKS = ["village", "community", "township", "county", "city", "province"]
MARKS = ["traditional", "chosen", "linked", "outside_seat", "psychiatric", "own_county", "pharmacy"]
DISEASES = ["hypertension", "diabetes", "dialysis", "tumour"]
PLACES = ["local", "in_province", "out_of_province"]
TIERS = ["one", "two"]
SHARED = ["common", "all"]
DAY = date(2026, 6, 1)
REGION, SCHEME = "990200", "310"
FUNDS = {
    "pool": ("EMP", "310100", "hifp_pay"),
    "outpatient": ("EMP", "310100", "hifp_pay"),
    "large": ("LARGE", "330100", "hifob_pay"),
    "catastrophic": ("CII", "390200", "hifmi_pay"),
    "second": ("CVL", "320100", "cvlserv_pay"),
    "supplement": ("CII", "390200", "hifdm_pay"),
    "assistance": ("MAF", "610100", "maf_pay"),
    "tilt": ("MAF", "610100", "oth_pay"),
}
AMOUNTS = frozenset(
    [
        "deductible",
        "up_to",
        "cap",
        "cost_cap",
        "deductible_year_total",
        "amount",
        "at_least",
        "at_most",
        "floor",
        "less_each",
        "package_price",
        "per_extra_disease",
        "per_year",
        "per_zero_claim_year",
        "deductible_less",
    ]
)
"""Keys whose values are amounts wherever they hold a number of yuan."""


def money_text(fen: int) -> int | str:
    """Fen as a book writes yuan."""
    whole, cents = divmod(fen, 100)
    return f"{whole}.{cents:02d}" if cents else whole


def fen_of(value: int | str) -> int:
    """An amount of a book in fen."""
    whole, _, cents = str(value).partition(".")
    return int(whole) * 100 + int((cents + "00")[:2])


def rate_text(millionths: int) -> str:
    """Millionths as a book writes a rate or points."""
    sign = "-" if millionths < 0 else ""
    return f"{sign}{abs(millionths) // 1_000_000}.{abs(millionths) % 1_000_000:06d}"


def text(book: Rules) -> str:
    """The book as a file; JSON is YAML, and quick to write."""
    return json.dumps(book, default=str, ensure_ascii=False)


def figures(version: Rules) -> list[int]:
    """Every amount that the version names, in fen: where mistakes live."""
    return sorted({fen for key, fen in _numbers(version, "") if key in AMOUNTS})


def _numbers(value: Any, key: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item, key)
    elif isinstance(value, int | str) and str(value).replace(".", "", 1).isdecimal():
        yield key, fen_of(value)


def book(random: Random) -> Rules:
    """A book of two to eight layers with one version in force on DAY."""
    return {
        "format": "onewindow-rule-book/1",
        "region": REGION,
        "place": "generated",
        "scheme": SCHEME,
        "title": "generated",
        "versions": [_Version(random).rules()],
    }


def books() -> st.SearchStrategy[Rules]:
    """The same for hypothesis."""
    return st.integers(0, 2**32).map(lambda seed: book(Random(seed)))


class _Version:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.incentive = self.chance(0.4)
        self.by_session = False

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def amount(self, most: int) -> int | str:
        """Whole hundreds of yuan as a rule, any fen at times."""
        fen = self.random.randrange(most + 1)
        return money_text(fen // 10_000 * 10_000 if self.chance(0.6) else fen)

    def rate(self, least: int = 0, most: int = 1_000_000) -> str:
        if self.chance(0.1):
            return rate_text(self.random.choice([least, most]))
        exact = self.random.randint(least, most)
        return rate_text(exact if self.chance(0.3) else max(least, exact // 10_000 * 10_000))

    def points(self) -> str:
        return rate_text(self.random.choice([-1, 1]) * self.random.choice([0, 10_000, 50_000, 200_000, 123_457, 700_000]))

    def some(self, values: list[Any]) -> list[Any]:
        return self.random.sample(values, self.random.randint(1, max(1, len(values) - 1)))

    def rules(self) -> Rules:
        version: Rules = {
            "version": "generated",
            "effective_from": "2024-01-01",
            "dated_by": self.random.choice(["service", "discharge", "settlement"]),
            "policy_year": self.random.choice(["calendar", "07-01"]),
            "sources": {"generated": {"title": "generated", "grade": "synthetic"}},
            "bases": {"wage": {"amount": self.amount(10_000_000), "source": "generated"}},
            "class_b": {"rate": self.rate(), "source": "generated"},
            "account": {"pays": self._pays(), "family": self._pays(), "source": "generated"},
            "stays": {"source": "generated", "transfer": self.random.choice(["each", "difference"])},
            "bill_adjustments": [
                {
                    "code": f"first_{n}",
                    "name": f"first {n}",
                    "when": self.condition(),
                    "pre_selfpay": self.rate(),
                    "source": "generated",
                }
                for n in range(self.random.choice([0, 0, 1, 2]))
            ],
        }
        if self.incentive:
            version["incentive"] = {"per_year": self.amount(500_000), "source": "generated"}
            self._perhaps(version["incentive"], "after_years", lambda: self.random.randrange(6))
            self._perhaps(version["incentive"], "per_zero_claim_year", lambda: self.amount(500_000))
            self._perhaps(version["incentive"], "at_most_share", self.rate)
            self._perhaps(version["incentive"], "at_most", lambda: self.amount(2_000_000))
        version["layers"] = self._layers()
        return version

    def _perhaps(self, rules: Rules, key: str, value: Any, probability: float = 0.4) -> None:
        if self.chance(probability):
            rules[key] = value()

    def _pays(self) -> str:
        return self.random.choice(["nothing", "self_pay", "whole_share"])

    # ---- layers ----------------------------------------------------------------------------------------------------

    def _layers(self) -> list[Rules]:
        layers = [self._layer("pool", {"care": CARES[:3]}, package=True)]
        if self.chance(0.5):
            layers.append(self._layer("outpatient", {"care": CARES[3:]}, package=True))
        else:
            layers[0]["when"] = {}
        if self.chance(0.4):
            large = self._layer("large", {}) | {"base": "beyond_cap"}
            layers.append(large | ({"beyond": "pool"} if self.chance(0.5) else {}))
        if self.chance(0.5):
            layers.append(self._layer("catastrophic", {}) | ({"without_deductible": True} if self.chance(0.4) else {}))
        if self.chance(0.3):
            layers.append(self._layer("second", {}) | {"after_cap_of": self.random.choice([one["code"] for one in layers])})
        if self.chance(0.3):
            layers.append(self._layer("supplement", self.condition()))
            layers[-1]["with_parts"] = self.some(["pre_selfpay", "over_limit", "self_funded"])
            self._perhaps(layers[-1], "without_deductible", lambda: True, 0.2)
        if self.chance(0.3):
            layers.append(self._layer("assistance", {}, only_classes=True))
        if self.chance(0.2):
            layers.append(self._layer("tilt", {"care": CARES[:2]}) | {"base": "beyond_cap"})
            self._perhaps(layers[-1], "beyond", lambda: self.random.choice(layers[:-1])["code"])
        return layers

    def _layer(self, code: str, when: Rules, *, package: bool = False, only_classes: bool = False) -> Rules:
        book, fund, his_field = FUNDS[code]
        per = self.random.choice(["claim", "claim", "month", "year"])
        charged = self.random.choice([None, "claim", "highest", None if per == "claim" else per])
        bounds = self.random.choice(["absolute", "excess"])
        layer: Rules = {"code": code, "name": code, "book": book, "fund": fund, "his_field": his_field, "per": per}
        layer |= {"bounds": bounds, "source": "generated", "when": when}
        self._perhaps(layer, "base", lambda: "left", 0.2)
        self._perhaps(layer, "without_deductible", lambda: True, 0.1)
        if charged:
            layer["deductible_per"] = charged
        by = charged or per
        self._perhaps(layer, "per_disease", lambda: True, 0.25)
        self._perhaps(layer, "cap", lambda: self.amount(20_000_000), 0.25)
        if by == "claim":
            self._perhaps(layer, "deductible_year_total", lambda: self.amount(500_000), 0.25)
        layer["caps"] = [self._cap() for _ in range(self.random.choice([0, 0, 0, 1, 2]))]
        if self.chance(0.25):
            layer["guarantee"] = {"share": self.rate(0, 600_000), "source": "generated"}
            self._perhaps(layer["guarantee"], "when", self.condition)
        layer["lines"] = [self._line_points() for _ in range(self.random.choice([0, 0, 0, 1, 2]))]
        layer["adjustments"] = [self._adjustment(n) for n in range(self.random.choice([0, 0, 1, 2, 4]))]
        stay = by in ("claim", "highest")
        self.by_session = by == "claim"  # an amount for each session is charged in each settlement
        special = [{"classes": self.some(CLASSES)}] if only_classes else self._special()
        layer["terms"] = []
        for n, condition in enumerate(special):
            layer["terms"].append(self._terms(f"special_{n}", condition, bounds, stay=stay, package=package, plain=False))
        for n, condition in enumerate([] if only_classes else self.random.choice(self._partitions())):
            layer["terms"].append(self._terms(f"terms_{n}", condition, bounds, stay=stay, package=package, plain=True))
        return layer

    def _special(self) -> list[Rules]:
        candidates: list[Rules] = [
            {"classes": self.some(CLASSES)},
            {"facility": self.some(MARKS)},
            {"enrolled": self.random.sample(DISEASES, 2)},
            {"diseases": self.some(DISEASES)},
            {"emergency": True},
            {"long_term": True},
            {"tiers": ["one"]},
        ]
        return self.random.sample(candidates, self.random.choice([0, 0, 1, 2]))

    def _partitions(self) -> list[list[Rules]]:
        """Conditions of which every claim meets exactly one."""
        cut, late = self.random.randint(1, 40), self.random.randint(41, 80)
        months = self.random.randint(1, 60)
        return [
            [{}],
            [{"levels": [n]} for n in (1, 2, 3)],
            [{"levels": [1, 2]}, {"levels": [3]}],
            [{"statuses": ["active"]}, {"statuses": ["retired"]}, {"statuses": ["resident"]}],
            [{"places": PLACES[:2]}, {"places": PLACES[2:]}],
            [{"referred": True}, {"referred": False}],
            [{"ranks": RANKS[:3]}, {"ranks": RANKS[3:4]}, {"ranks": RANKS[4:]}],
            [{"age": {"below": cut}}, {"age": {"at_least": cut, "below": late}}, {"age": {"at_least": late}}],
            [{"tenure_months": {"below": months}}, {"tenure_months": {"at_least": months}}],
        ]

    def condition(self) -> Rules:
        """One or two parts."""
        parts: list[Rules] = [
            *({"care": self.some(CARES)}, {"levels": self.some([1, 2, 3])}, {"statuses": self.some(["active", "retired"])}),
            *({"classes": self.some(CLASSES)}, {"places": self.some(PLACES)}, {"referred": self.chance(0.5)}),
            *({"emergency": self.chance(0.5)}, {"long_term": self.chance(0.5)}, {"ranks": self.some(RANKS)}),
            *({"facility": self.some(MARKS)}, {"diseases": self.some(DISEASES)}, {"enrolled": self.some(DISEASES)[:2]}),
            *(
                {"tiers": ["one"]},
                {"age": {"at_least": self.random.randrange(70)}},
                {"age": {"below": self.random.randint(1, 70)}},
            ),
            *({"tenure_months": {"at_least": 12, "below": 60}}, {"except_diseases": self.some(DISEASES)}, {}),
        ]
        return self.random.choice(parts) | (self.random.choice(parts) if self.chance(0.2) else {})

    # ---- terms -----------------------------------------------------------------------------------------------------

    def _terms(self, code: str, when: Rules, bounds: str, *, stay: bool, package: bool, plain: bool) -> Rules:
        rule = self._deductible_rule(bounds, stay=stay)
        amounts = [self.random.randrange(300_000) for _ in range(self.random.randint(1, 3 if stay else 1))]
        if "ladder" in rule or "less_each" in rule:
            amounts = amounts[:1]
        if "wage" in rule or "bill" in rule:
            amounts = [0]
        if self.chance(0.6):
            amounts = [fen // 10_000 * 10_000 for fen in amounts]
        terms: Rules = {"code": code, "name": code, "bands": self._bands(max(amounts))}
        terms["caps"] = [self._cap() for _ in range(self.random.choice([0, 0, 0, 1, 2]))]
        if when:
            terms["when"] = when
        if amounts != [0]:
            terms["deductible"] = [money_text(fen) for fen in amounts]
        if rule:
            terms["deductible_rule"] = rule
        self._perhaps(terms, "cap", lambda: self.amount(8_000_000), 0.25)
        self._perhaps(terms, "cost_cap", lambda: self.amount(8_000_000), 0.2)
        self._perhaps(terms, "package_price", lambda: self.amount(5_000_000), 0.1 if package else 0.04)
        if not plain and not rule and not terms["caps"] and "package_price" not in terms:
            terms["caps"] = [self._cap()]
        return terms

    def _deductible_rule(self, bounds: str, *, stay: bool) -> Rules:
        rule: Rules = {}
        kind = self.random.choice(
            [None, None, None, "bill", "wage", "ladder", "less_each"] if stay else [None, None, None, "wage"]
        )
        if kind == "bill":
            bill: Rules = {"share": self.rate(0, 400_000), "of": self.random.choice(["total", "in_scope"])}
            least = self.random.randrange(300_000)
            self._perhaps(bill, "at_least", lambda: money_text(least))
            self._perhaps(bill, "at_most", lambda: money_text(least + self.random.randrange(1_000_000)))
            return {"bill": bill} | ({"after_rate": True} if bounds == "absolute" and self.chance(0.15) else {})
        if kind == "wage":
            rule["wage"] = {"share": self.rate(0, 200_000), "of": "wage", "source": "generated"}
        if kind == "ladder" or (kind == "wage" and stay and self.chance(0.4)):
            rule["ladder"] = [self.rate() for _ in range(self.random.randint(1, 3))]
        if kind == "less_each":
            rule["less_each"] = self.random.choice([0, money_text(self.random.randint(1_000, 60_000))])
        if "ladder" in rule or "less_each" in rule:
            self._perhaps(rule, "floor", lambda: self.amount(60_000))
        if self.by_session:
            self._perhaps(rule, "per_session", lambda: True, 0.12)
        if bounds == "absolute":
            self._perhaps(rule, "after_rate", lambda: True, 0.15)
        return rule

    def _bands(self, above: int) -> list[Rules]:
        bands, bound = [], above
        for _ in range(self.random.choice([0, 0, 1, 2, 3])):
            bound += self.random.randint(1, self.random.choice([3, 400_000, 4_000_000]))
            bands.append({"up_to": money_text(bound), "rate": self.rate()})
        return [*bands, {"rate": self.rate(300_000)}]

    def _cap(self) -> Rules:
        on = self.random.choice(["paid", "paid", "cost", "base"])
        per = self.random.choice(["month", "year"] if on == "base" else ["claim", "session", "month", "year"])
        most = {"claim": 3_000_000, "session": 500_000, "month": 5_000_000, "year": 10_000_000}[per]
        cap: Rules = {"on": on, "per": per, "amount": self.amount(most)}
        self._perhaps(cap, "when", self.condition, 0.3)
        if per in ("month", "year"):
            self._perhaps(cap, "per_disease", lambda: True, 0.3)
        if on == "paid":
            self._perhaps(cap, "shared", lambda: self.random.choice(SHARED), 0.4)
        if self.chance(0.2):
            cap["per_extra_disease"] = self.amount(300_000)
            self._perhaps(cap, "at_most", lambda: self.amount(5_000_000))
        if self.incentive:
            self._perhaps(cap, "with_incentive", lambda: True, 0.4)
        return cap

    def _line_points(self) -> Rules:
        rule: Rules = {"lines": self.random.choice(["class_b", "traditional"]), "points": self.points()}
        self._perhaps(rule, "when", self.condition, 0.3)
        return rule

    def _adjustment(self, n: int) -> Rules:
        change: Rules = {"code": f"change_{n}", "name": f"change {n}", "when": self.condition()}
        kinds = self.some(["points", "points", "each", "factor", "deductible_factor", "deductible_less", "group"])
        if "group" in kinds:
            kinds = ["group", "points", self.random.choice(["points", "each"])]
            change["group"] = self.random.choice(["disease", "age"])
        if "points" in kinds:
            change["points"] = self.points()
        if "each" in kinds:
            points = self.random.choice([-2000, -10_000, 2000, 10_000, 20_000])
            change["each"] = {"of": self.random.choice(["age", "tenure_years"]), "points": rate_text(points)}
            self._perhaps(change["each"], "above", lambda: self.random.randrange(60))
            self._perhaps(change["each"], "step", lambda: self.random.randint(1, 10))
            self._perhaps(change["each"], "at_most", lambda: rate_text(self.random.randint(1, 10) * points))
        if "factor" in kinds:
            change["factor"] = self.rate()
        if "deductible_factor" in kinds:
            change["deductible_factor"] = self.random.choice(["0.5", "2", "1.2", "0", "0.333"])
        if "deductible_less" in kinds:
            change["deductible_less"] = self.amount(50_000)
        return change


# ---- claims --------------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Who claims: what stays the same for a while."""

    status: str
    age: int
    tenure_months: int
    zero_claim_years: int
    tier: str
    classes: frozenset[str]
    enrolled: frozenset[str]
    month: int = 1
    habits: list[str] = field(default_factory=lambda: list(CARES))

    @classmethod
    def drawn(cls, random: Random, cares: list[str]) -> Person:
        """Anybody."""
        return cls(
            status=random.choice(["active", "retired", "resident"]),
            age=random.choice([0, 13, 14, 40, 59, 60, 61, random.randrange(100)]),
            tenure_months=random.choice([0, 11, 12, 59, 60, random.randrange(400)]),
            zero_claim_years=random.choice([0, 0, 1, 5]),
            tier=random.choice(TIERS),
            classes=_classes(random),
            enrolled=_enrolled(random),
            habits=random.sample(cares, random.randint(1, len(cares))),
        )

    def lives_on(self, random: Random) -> None:
        """Time passes: a class is granted or lost, a disease certified, a birthday, another month."""
        if random.random() < 0.5:
            self.month = min(12, self.month + random.choice([0, 1, 1, 3]))
            self.tenure_months += 1
        if random.random() < 0.1:
            self.classes = _classes(random)
        if random.random() < 0.1:
            self.enrolled = _enrolled(random)
        if random.random() < 0.05:
            self.age += 1
        if random.random() < 0.03:
            self.status = random.choice(["active", "retired", "resident"])


def _classes(random: Random) -> frozenset[str]:
    return frozenset(random.sample(CLASSES, random.choice([0, 0, 1, 2])))


def _enrolled(random: Random) -> frozenset[str]:
    return frozenset(random.sample(DISEASES, random.choice([0, 0, 1, 2, 3])))


def amount(random: Random, near: list[int]) -> int:
    """An amount in fen: ordinary, large, or within a fen of a figure of the book, of a sum or a difference of two."""
    kind = random.randrange(6)
    if kind < 3 and near:
        figure = random.choice(near)
        if kind > 0:
            figure = abs(figure + random.choice([-1, 1]) * random.choice(near))
        return max(0, figure + random.randint(-1, 1))
    return random.randrange([100, 300_000, 3_000_000, 30_000_000][random.randrange(4)])


def claim(random: Random, near: list[int], person: Person, outside: float = 1.0) -> dict[str, Any]:
    """The facts of one claim of the person, amounts in fen; ``outside``: how often something lies outside the scope."""
    in_scope = amount(random, near)
    flat = random.choice([0, 0, 0, in_scope, random.randint(0, in_scope)])
    continues = random.random() < 0.12
    transferred = random.random() < 0.12
    rest = [amount(random, near) // 4 if random.random() < 0.5 * outside else 0 for _ in range(3)]
    return {
        "care": random.choice(person.habits),
        "level": random.choice([1, 2, 3]),
        "status": person.status,
        "classes": person.classes,
        "place": random.choice(["local", "local", "in_province", "out_of_province"]),
        "referred": random.random() < 0.7,
        "emergency": random.random() < 0.2,
        "long_term": random.random() < 0.2,
        "rank": random.choice(RANKS),
        "facility": frozenset(random.sample(MARKS, random.choice([0, 1, 2]))),
        "age": person.age,
        "tenure_months": person.tenure_months,
        "zero_claim_years": person.zero_claim_years,
        "disease": random.choice(["", *DISEASES]),
        "enrolled": person.enrolled,
        "tier": person.tier,
        "month": person.month if random.random() < 0.9 else random.randint(1, 12),
        "self_funded": rest[0],
        "over_limit": rest[1],
        "pre_selfpay": rest[2],
        "in_scope": in_scope,
        "class_b": random.choice([0, in_scope - flat, random.randint(0, in_scope - flat)]),
        "traditional": random.choice([0, in_scope - flat, random.randint(0, in_scope - flat)]),
        "flat": flat,
        "account": random.choice([0, amount(random, near)]),
        "family_account": random.choice([0, amount(random, near)]),
        "continues_stay": continues,
        "stay_deductible": random.choice([0, amount(random, near)]) if continues else 0,
        "transferred": transferred,
        "episode_deductible": random.choice([0, amount(random, near)]) if transferred else 0,
        "sessions": random.choice([1, 1, 2, 13]),
    }
