"""A rule book: the benefit rules of one place and scheme, as read from YAML (docs/rule-books.md).

A book has versions by date; a version has layers (统筹, 大额, 大病, 救助, 倾斜救助 …) that pay one after the other; a layer has
terms (待遇标准), the first of which that fits the claim applies. All objects are frozen; all amounts fen, rates millionths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from claims.domain.adjudication.circumstances import ALWAYS, When
from shared.ledger import Book
from shared.money import RATE_ONE
from shared.rules import Fen, Origin, Points, Rate, RuleError, in_order

Scheme = Literal["310", "390"]
"""insutype: employees, residents."""
HisField = Literal["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay"]
"""The field of the settlement answer that a layer's payment goes into (chs-interface 6.1)."""

NO_LIMIT: Final = 10**15
"""Beyond every amount of a person's year, and small enough to add and subtract in 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The document a value comes from."""

    title: str
    grade: Literal["A", "B", "C", "D", "synthetic"]
    """A government, B press or hospital quoting it, C re-publication, D unattributed; synthetic: made for the demo county."""
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Where a rule stands: a key of the version's ``sources`` and the article in it. Terms inherit their layer's."""

    source: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of cost and the share of it that is paid. Only the last band has no ``up_to``."""

    rate: Rate
    up_to: Fen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Cited):
    """What a layer pays to claims of one kind (一项待遇标准)."""

    code: str
    name: str
    bands: tuple[Band, ...]
    when: When = ALWAYS
    deductible: tuple[Fen, ...] = (Fen(0),)
    """起付线: of the first, second, … stay of the year; the last holds for all later ones."""
    cap: Fen | None = None
    """封顶线 on the year's payments."""
    cost_cap: Fen | None = None
    """Limit on the year's cost above the deductible that is paid for (按费用封顶)."""
    origin: Origin

    def __post_init__(self) -> None:
        if not self.bands or not self.deductible:
            raise ValueError("at least one band and one deductible are needed")
        if self.bands[-1].up_to is not None or any(band.up_to is None for band in self.bands[:-1]):
            raise ValueError("every band but the last needs up_to, and the last must not have it")
        bounds = [band.up_to or 0 for band in self.bands[:-1]]
        if any(later <= earlier for earlier, later in pairwise([0, *bounds])):
            raise ValueError("the bands' up_to must rise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Cited):
    """A change of all rates of a layer under a condition, e.g. 20 points less without referral."""

    code: str
    name: str
    when: When
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(Cited):
    """One fund's payment, in its turn."""

    code: str
    name: str
    book: Book
    fund: str
    """fund_pay_type, the national fund code."""
    his_field: HisField
    account: str = "5001.01"
    """Expenditure account of the book."""
    base: Literal["left", "beyond_cap"] = "left"
    """``left``: what no earlier layer paid of the in-scope amount, so for the first layer all of it; ``beyond_cap``: the cost
    above the deductible that the layer before left because its cap was reached."""
    without_deductible: bool = False
    """Take the deductible of the first layer off the base (清远)."""
    per: Literal["claim", "year"]
    """Whether deductible and bands count within one settlement or over the benefit year's accumulated base."""
    bounds: Literal["absolute", "excess"] = "absolute"
    """Whether band bounds are measured on the base or on what exceeds the deductible."""
    when: When = ALWAYS
    cap: Fen | None = None
    """封顶线 on the year's payments, whatever the terms."""
    deductible_year_total: Fen | None = None
    """Most that the deductibles of a year add up to."""
    terms: tuple[Terms, ...]
    adjustments: tuple[Adjustment, ...] = ()
    origin: Origin

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError(f"layer {self.code} has no terms")
        if self.per == "year" and (self.deductible_year_total is not None or any(len(t.deductible) > 1 for t in self.terms)):
            raise ValueError(f"layer {self.code} counts by the year: it has one deductible and no total of deductibles")
        for terms in self.terms:
            bound = terms.bands[0].up_to
            if self.bounds == "absolute" and bound is not None and bound <= max(terms.deductible):
                raise RuleError(terms.origin, f"the first band of {terms.code} ends within its deductible")
        for i, earlier in enumerate(self.terms):
            for later in self.terms[i + 1 :]:
                self._check_order(earlier, later)

    def thresholds(self, terms: Terms, deductible: int) -> tuple[int, ...]:
        """The base at which each band begins; the first begins at the deductible."""
        shift = deductible if self.bounds == "excess" else 0
        return (deductible, *(shift + (band.up_to or 0) for band in terms.bands[:-1]))

    def _check_order(self, earlier: Terms, later: Terms) -> None:
        """A person who fits several terms gets the first, so the first must be the highest benefit at every amount."""
        if earlier.code == later.code:
            raise RuleError(later.origin, f"the code {later.code} is used twice in layer {self.code}")
        if not earlier.when.may_hold_with(later.when):
            return
        if earlier.when.covers(later.when):
            raise RuleError(later.origin, f"{later.code} is never reached: {earlier.code} before it fits every such claim")
        if not self._pays_at_least(earlier, later):
            raise RuleError(
                later.origin,
                f"a claim may fit {earlier.code} and {later.code}, but the first does not pay at least as much at every amount: "
                "order them by benefit, or make their conditions exclude each other",
            )

    def _pays_at_least(self, earlier: Terms, later: Terms) -> bool:
        if limit(earlier.cap) < limit(later.cap) or limit(earlier.cost_cap) < limit(later.cost_cap):
            return False
        for turn in range(max(len(earlier.deductible), len(later.deductible))):
            steps = [self._rates_by_bound(terms, turn) for terms in (earlier, later)]
            for bound in sorted(steps[0] | steps[1]):
                if _rate_at(steps[0], bound) < _rate_at(steps[1], bound):
                    return False
        return True

    def _rates_by_bound(self, terms: Terms, turn: int) -> dict[int, int]:
        deductible = terms.deductible[min(turn, len(terms.deductible) - 1)]
        return dict(zip(self.thresholds(terms, deductible), (band.rate for band in terms.bands), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccount(Cited):
    """个人账户: what of the person's share it may pay."""

    pays: Literal["nothing", "self_pay", "whole_share"]
    """``self_pay``: pre-selfpay and in-scope self-pay; ``whole_share``: any part of the person's share."""
    book: Book = Book.EMP
    account: str = "5001.02"
    fund: str = "310200"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassB(Cited):
    """乙类先行自付 for items whose catalogue entry states no share of its own."""

    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """The rules in force from one day to another."""

    version: str
    effective_from: date
    effective_to: date | None = None
    dated_by: Literal["discharge", "settlement"]
    """Which day of a claim chooses the version: its last day of care, or the day of settlement."""
    policy_year: Literal["calendar"]
    sources: Mapping[str, Source]
    readings: tuple[str, ...] = ()
    """How open points of the sources were decided, for the reader."""
    class_b: ClassB
    account: PersonalAccount
    layers: tuple[Layer, ...]
    origin: Origin

    def __post_init__(self) -> None:
        codes = [layer.code for layer in self.layers]
        for i, layer in enumerate(self.layers):
            if layer.code in codes[:i]:
                raise RuleError(layer.origin, f"the layer {layer.code} stands twice")
            if layer.source is None:
                raise RuleError(layer.origin, f"layer {layer.code} names no source")
            rules: tuple[Cited, ...] = (layer, *layer.terms, *layer.adjustments)
            for source in {rule.source for rule in rules} - {None, *self.sources}:
                raise RuleError(layer.origin, f"layer {layer.code}: {source!r} is not among the version's sources")
        for name, cited in (("class_b", self.class_b), ("account", self.account)):
            if cited.source not in self.sources:
                raise RuleError(self.origin, f"{name} needs one of the version's sources, not {cited.source!r}")
        if self.layers and self.layers[0].base == "beyond_cap":
            raise RuleError(self.layers[0].origin, "no layer before this one has a cap to go beyond")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """A file: rules of one place and scheme."""

    format: Literal["onewindow-rule-book/1"]
    region: str
    """Six digits: the pooling area (统筹区). A city's book holds for its counties, a province's for its cities."""
    place: str
    scheme: Scheme
    title: str
    versions: tuple[RuleVersion, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if len(self.region) != 6 or not self.region.isdecimal():
            raise ValueError(f"region {self.region!r} is no six-digit code")
        if not self.versions:
            raise ValueError("the book has no version")
        in_order(self.versions)


def _rate_at(rates_by_bound: dict[int, int], amount: int) -> int:
    reached = [bound for bound in rates_by_bound if bound <= amount]
    return rates_by_bound[max(reached)] if reached else 0


def limit(amount: int | None) -> int:
    """A cap as a number the kernel can compare with: NO_LIMIT when there is none."""
    return NO_LIMIT if amount is None else amount


def adjusted(rate: int, points: int) -> int:
    """A rate changed by points, kept within 0..100 %."""
    return max(0, min(rate + points, RATE_ONE))
