"""A rule book: the benefit rules of one place and scheme, as read from YAML (docs/rule-books.md).

A book has versions by date; a version has layers (统筹, 大额, 大病, 救助, 倾斜救助 …) that pay one after the other; a layer has
terms (待遇标准), the first of which that fits the claim applies. All objects are frozen; all amounts fen, rates millionths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

from claims.domain.adjudication.circumstances import ALWAYS, PersonClass, Place, When
from claims.domain.adjudication.split import LineShare
from shared.errors import invalid
from shared.ledger import Book
from shared.money import RATE_ONE, share
from shared.rules import Fen, Origin, Points, Rate, RuleError, in_order

Scheme = Literal["310", "390"]
"""insutype: employees, residents."""
HisField = Literal["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay"]
"""The field of the settlement answer that a layer's payment goes into (chs-interface 6.1)."""

NOTHING: Final = Fen(0)
NO_POINTS: Final = Points(0)
FIFTH: Final = Rate(200_000)
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
class BillShare:
    """A deductible as a share of a bill, within bounds (安徽: 20 % of the bill, at least 2,000, at most 10,000)."""

    share: Rate
    of: Literal["total", "in_scope"] = "total"
    at_least: Fen = NOTHING
    at_most: Fen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WageShare(Cited):
    """A deductible as a share of a wage or income that the version names among its ``bases`` (成都 2012: 12 % of 8,084)."""

    share: Rate
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductibleRule:
    """How a deductible differs from a plain amount for each stay."""

    bill: BillShare | None = None
    wage: WageShare | None = None
    ladder: tuple[Rate, ...] = ()
    """Of the first amount, for the first, second, … stay of the year; the last holds for all later ones."""
    less_each: Fen | None = None
    """Less by this at each further stay."""
    floor: Fen = NOTHING
    """What ladder and ``less_each`` never go below."""
    per_session: bool = False
    """The amount counts for each session (透析每次自付)."""
    after_rate: bool = False
    """Taken from the payment, after the rate, instead of from the cost (南宁)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Cited):
    """A limit (封顶线, 限额) on what a layer pays or on the cost it pays for."""

    on: Literal["paid", "cost", "base"] = "paid"
    """``paid``: payments; ``cost``: cost above the deductible; ``base``: cost with the deductible in it."""
    amount: Fen
    per: Literal["claim", "session", "month", "year"] = "year"
    when: When = ALWAYS
    shared: str | None = None
    """A name: every cap of this name, in whatever layer, counts the same money."""
    per_disease: bool = False
    """Counted for each disease by itself."""
    per_extra_disease: Fen | None = None
    """More for each certified disease beyond the first (无为: 300)."""
    at_most: Fen | None = None
    """What ``per_extra_disease`` never goes above."""
    with_incentive: bool = False
    """The version's incentive (连续参保、零报销激励) raises it."""

    def __post_init__(self) -> None:
        if self.on == "base" and self.per != "year" and self.per != "month":
            raise ValueError("a cap on the base counts by the month or the year")
        if self.shared and self.on != "paid":
            raise ValueError("only caps on payments can be shared")
        if self.at_most is not None and self.per_extra_disease is None:
            raise ValueError("at_most goes with per_extra_disease")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Cited):
    """What a layer pays to claims of one kind (一项待遇标准)."""

    code: str
    name: str
    bands: tuple[Band, ...]
    when: When = ALWAYS
    deductible: tuple[Fen, ...] = (NOTHING,)
    """起付线: of the first, second, … stay of the year; the last holds for all later ones."""
    deductible_rule: DeductibleRule = DeductibleRule()
    cap: Fen | None = None
    """封顶线 on the year's payments."""
    cost_cap: Fen | None = None
    """Limit on the year's cost above the deductible that is paid for (按费用封顶)."""
    caps: tuple[Cap, ...] = ()
    package_price: Fen | None = None
    """Price of a package (按病种定额): what the bill has beyond it is borne by the hospital."""
    origin: Origin

    def __post_init__(self) -> None:
        if not self.bands or not self.deductible:
            raise ValueError("at least one band and one deductible are needed")
        if self.bands[-1].up_to is not None or any(band.up_to is None for band in self.bands[:-1]):
            raise ValueError("every band but the last needs up_to, and the last must not have it")
        bounds = [band.up_to or 0 for band in self.bands[:-1]]
        if any(later <= earlier for earlier, later in pairwise([0, *bounds])):
            raise ValueError("the bands' up_to must rise")
        rule = self.deductible_rule
        if (rule.bill or rule.wage) and self.deductible != (0,):
            raise ValueError("the deductible is a share of a bill or a wage, or an amount, not both")
        if rule.bill and (rule.wage or rule.ladder or rule.less_each is not None or rule.per_session):
            raise ValueError("a deductible that is a share of the bill has no wage, ladder or session")
        if (rule.ladder or rule.less_each is not None) and len(self.deductible) > 1:
            raise ValueError("a ladder begins at one amount")

    @property
    def plain(self) -> bool:
        """Whether bands, amounts and the two yearly caps are all there is to it."""
        return self.deductible_rule == DeductibleRule() and not self.caps and self.package_price is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """So much for each step of a number (75 % + 0.2 points a year of age; one point a year of tenure, at most ten)."""

    of: Literal["age", "tenure_years"]
    above: int = 0
    step: int = 1
    points: Points
    at_most: Points | None = None
    """Most that it comes to, in points."""

    def __post_init__(self) -> None:
        if self.step < 1:
            raise ValueError("step must be 1 or more")

    def of_number(self, number: int) -> int:
        """The points that a number brings."""
        total = max(number - self.above, 0) // self.step * self.points
        if self.at_most is None:
            return total
        return min(total, self.at_most) if self.points > 0 else max(total, self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Cited):
    """A change of a layer under a condition, e.g. 20 points less without referral, a deductible halved up to the age of 14."""

    code: str
    name: str
    when: When = ALWAYS
    points: Points = NO_POINTS
    """Added to every rate of the layer, which stays within 0..100 %."""
    each: Each | None = None
    factor: Rate | None = None
    """Every rate, after points, times this (付款打折)."""
    deductible_factor: Decimal | None = None
    """Every deductible times this; half up to the fen."""
    deductible_less: Fen = NOTHING
    """Every deductible less by this, not below 0 (日间手术)."""
    group: str | None = None
    """Of the adjustments of one group only the one with the most points counts (不重复享受)."""

    def __post_init__(self) -> None:
        if self.deductible_factor is not None and not 0 <= self.deductible_factor <= 100:
            raise ValueError("deductible_factor is not within 0..100")
        if self.group is not None and (self.factor or self.deductible_factor is not None or self.deductible_less):
            raise ValueError("only adjustments by points form a group")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePoints(Cited):
    """Another rate for a kind of lines: so many points on their part of the cost above the deductible, the deductible being
    taken from the other lines first (class B at a lower rate, traditional medicine at a higher one)."""

    lines: Literal["class_b", "traditional"]
    points: Points
    when: When = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee(Cited):
    """保底: the layer pays at least this share of its base."""

    share: Rate
    when: When = ALWAYS


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
    above the deductible that an earlier layer left because its cap was reached."""
    beyond: str | None = None
    """The layer whose cap is meant; None: the one before."""
    with_parts: frozenset[Literal["pre_selfpay", "over_limit", "self_funded"]] = frozenset()
    """What the person bears outside the scope and this layer looks at all the same (自付和自理)."""
    without_deductible: bool = False
    """Take the deductible of the first layer off the base (清远)."""
    after_cap_of: str | None = None
    """Pays only when that layer has reached a cap in the year (白云: second compensation)."""
    per: Literal["claim", "month", "year"]
    """Whether bands count within one settlement or over the base accumulated in the month or the benefit year."""
    deductible_per: Literal["claim", "month", "year", "highest"] | None = None
    """Whether the deductible is charged in each settlement, once a month or year of the accumulated base, or once a year at
    the highest amount that applied (萧山); None: as ``per``."""
    per_disease: bool = False
    """Deductible and bands count for each disease by itself."""
    bounds: Literal["absolute", "excess"] = "absolute"
    """Whether band bounds are measured on the base or on what exceeds the deductible."""
    when: When = ALWAYS
    cap: Fen | None = None
    """封顶线 on the year's payments, whatever the terms."""
    caps: tuple[Cap, ...] = ()
    deductible_year_total: Fen | None = None
    """Most that the deductibles of a year add up to."""
    guarantee: Guarantee | None = None
    lines: tuple[LinePoints, ...] = ()
    terms: tuple[Terms, ...]
    adjustments: tuple[Adjustment, ...] = ()
    origin: Origin

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError(f"layer {self.code} has no terms")
        charged = self.deductible_per or self.per
        by_stay = charged in ("claim", "highest")
        if charged in ("month", "year") and charged != self.per:
            raise ValueError(f"layer {self.code}: a deductible by the {charged} goes with bands by the {charged}")
        if self.beyond is not None and self.base != "beyond_cap":
            raise ValueError(f"layer {self.code}: beyond goes with base: beyond_cap")
        if self.deductible_year_total is not None and charged != "claim":
            raise ValueError(f"layer {self.code}: a total of deductibles goes with deductibles charged in each settlement")
        for terms in self.terms:
            rule = terms.deductible_rule
            if not by_stay and (len(terms.deductible) > 1 or rule.ladder or rule.less_each is not None or rule.bill):
                raise RuleError(
                    terms.origin, f"layer {self.code} charges one deductible by the {charged}: no ladder, no share of a bill"
                )
            if rule.per_session and charged != "claim":
                raise RuleError(terms.origin, f"layer {self.code}: an amount for each session is charged in each settlement")
            if rule.after_rate and self.bounds == "excess":
                raise RuleError(terms.origin, f"{terms.code}: a deductible after the rate leaves no excess to measure bands on")
            bound = terms.bands[0].up_to
            if self.bounds == "absolute" and bound is not None and not rule.after_rate and bound <= max(terms.deductible):
                raise RuleError(terms.origin, f"the first band of {terms.code} ends within its deductible")
        for i, earlier in enumerate(self.terms):
            for later in self.terms[i + 1 :]:
                self._check_order(earlier, later)

    def thresholds(self, terms: Terms, deductible: int) -> tuple[int, ...]:
        """The base at which each band begins; the first begins at the deductible."""
        shift = deductible if self.bounds == "excess" else 0
        return (deductible, *(shift + (band.up_to or 0) for band in terms.bands[:-1]))

    def _check_order(self, earlier: Terms, later: Terms) -> None:
        """A person who fits several terms gets the first, so the first must be the highest benefit at every amount.

        Terms that are more than amounts, bands and yearly caps are compared by ``lint-policy``, which solves for a claim.
        """
        if earlier.code == later.code:
            raise RuleError(later.origin, f"the code {later.code} is used twice in layer {self.code}")
        if not earlier.when.may_hold_with(later.when):
            return
        if earlier.when.covers(later.when):
            raise RuleError(later.origin, f"{later.code} is never reached: {earlier.code} before it fits every such claim")
        if earlier.plain and later.plain and not self._pays_at_least(earlier, later):
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
    family: Literal["nothing", "self_pay", "whole_share"] = "nothing"
    """The same of relatives' accounts (家庭共济), after the person's own."""
    book: Book = Book.EMP
    account: str = "5001.02"
    fund: str = "310200"
    family_fund: str = "310201"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassB(Cited):
    """乙类先行自付 for items whose catalogue entry states no share of its own."""

    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LineClass(Cited):
    """A class of lines with a share of its own (放宽项目, 人工器官, 特殊检查); the catalogue names the class of an item."""

    code: str
    name: str
    pre_selfpay: Rate
    flat: bool = False
    """The rest is paid as it is: no deductible, no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillAdjustment(Cited):
    """A share of what is in scope that the person bears first, before any layer (异地就医先行自付)."""

    code: str
    name: str
    when: When
    pre_selfpay: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Base(Cited):
    """A published figure that rules take shares of (社会平均工资, 人均可支配收入), yuan a year or a month as its name says."""

    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Incentive(Cited):
    """激励机制 on caps marked ``with_incentive`` (国办发〔2024〕38号): so much for each year of continuous enrolment beyond
    ``after_years`` and for each year without a payment, together at most a share of the cap and an amount."""

    after_years: int = 4
    per_year: Fen
    per_zero_claim_year: Fen = NOTHING
    at_most_share: Rate = FIFTH
    at_most: Fen | None = None

    def of(self, cap: int, tenure_months: int, zero_claim_years: int) -> int:
        """The fen that the cap is raised by."""
        earned = max(tenure_months // 12 - self.after_years, 0) * self.per_year + zero_claim_years * self.per_zero_claim_year
        return min(earned, share(cap, self.at_most_share), limit(self.at_most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Cited):
    """等待期 after late or interrupted enrolment (国办发〔2024〕38号)."""

    fixed_months: int
    per_missed_year_months: int = 0
    """For each missed year beyond the first."""
    repairable: bool = False
    """Paying one more year at the current personal rate takes away one variable month; never the fixed part."""
    long_gap_years: int | None = None
    long_gap_least_months: int = 0
    """After so many missed years in a row: at least so many months, repaired or not."""
    exempt_classes: frozenset[PersonClass] = frozenset()

    def months(self, missed_years: int, repaired_years: int = 0, *, classes: frozenset[str] = frozenset()) -> int:
        """Months from the first day of cover to the first day of benefits. Raises ValueError for repairs that are not offered."""
        if missed_years < 0 or not 0 <= repaired_years <= (missed_years if self.repairable else 0):
            raise ValueError("more years repaired than missed, or repair is not offered")
        if not self.exempt_classes.isdisjoint(classes):
            return 0
        variable = max(max(missed_years - 1, 0) * self.per_missed_year_months - repaired_years, 0)
        least = self.long_gap_least_months if self.long_gap_years is not None and missed_years >= self.long_gap_years else 0
        return max(self.fixed_months + variable, least)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRules(Cited):
    """What counts as one stay (住院次数), and how one ends at the year's end (7.2, 7.3 of the benefit policies)."""

    year_end: Literal["discharge", "split"] = "discharge"
    """``discharge``: all of a stay belongs to the year of discharge; ``split``: what was charged up to the last day of the
    benefit year must be settled by itself (跨年度分割结算)."""
    split_deductible_in: Literal["first", "second"] = "first"
    """Of a stay split at the year's end, the part that is charged the deductible and counted as the stay."""
    transfer: Literal["each", "difference"] = "each"
    """A transfer to another facility in one episode: a stay of its own, or the same stay, which owes the difference to a higher
    deductible only."""
    transfer_days: int = 1
    """A stay that begins at most so many days after the other ended, on a transfer, is of the same episode."""
    longest_days: int | None = None
    """A longer stay must be settled after so many days; what follows is a new stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """The rules in force from one day to another."""

    version: str
    effective_from: date
    effective_to: date | None = None
    dated_by: Literal["service", "discharge", "settlement"]
    """Which day of a claim chooses the version: its first day of care, its last, or the day of settlement (payment)."""
    policy_year: str
    """``calendar``, or the month and day on which the benefit year begins, ``07-01``; it is named by the year it begins in."""
    sources: Mapping[str, Source]
    readings: tuple[str, ...] = ()
    """How open points of the sources were decided, for the reader."""
    accepted_findings: Mapping[str, str] = field(default_factory=dict)
    """Findings of ``lint-policy`` that the place knows and wants so, as ``code`` or ``code/subject``, each with the reason."""
    bases: Mapping[str, Base] = field(default_factory=dict)
    referral_needed: frozenset[Place] = frozenset({"out_of_province"})
    """Where a person may go by the rules only with a referral, a filing or as an emergency."""
    disease_codes: Mapping[str, str] = field(default_factory=dict)
    """National codes (慢特病病种 M…, ICD-10) of the diseases that the rules name by codes of their own."""
    class_b: ClassB
    line_classes: tuple[LineClass, ...] = ()
    bill_adjustments: tuple[BillAdjustment, ...] = ()
    account: PersonalAccount
    incentive: Incentive | None = None
    waiting: Waiting | None = None
    stays: StayRules = StayRules()
    layers: tuple[Layer, ...]
    origin: Origin

    def __post_init__(self) -> None:
        self.year_begins  # noqa: B018  # refuses what is no day
        codes = [layer.code for layer in self.layers]
        for i, layer in enumerate(self.layers):
            self._check_layer(layer, codes[:i])
        cited: list[tuple[str, Cited]] = [("class_b", self.class_b), ("account", self.account)]
        cited += [(f"line class {rule.code}", rule) for rule in self.line_classes]
        cited += [(f"bill adjustment {rule.code}", rule) for rule in self.bill_adjustments]
        cited += [(f"base {name}", base) for name, base in self.bases.items()]
        cited += [(name, rule) for name in ("incentive", "waiting") if (rule := getattr(self, name)) is not None]
        cited += [("stays", self.stays)] if self.stays != StayRules() else []
        for name, rule in cited:
            if rule.source not in self.sources:
                raise RuleError(self.origin, f"{name} needs one of the version's sources, not {rule.source!r}")
        for kind, names in (("line class", self.line_classes), ("bill adjustment", self.bill_adjustments)):
            if len({rule.code for rule in names}) < len(names):
                raise RuleError(self.origin, f"a {kind} stands twice")

    @property
    def year_begins(self) -> tuple[int, int]:
        """Month and day on which the benefit year begins. Raises ValueError when the text is neither form."""
        if self.policy_year == "calendar":
            return 1, 1
        try:
            begins = date.fromisoformat(f"2023-{self.policy_year}")
        except ValueError:
            raise ValueError(f"policy_year {self.policy_year!r} is neither calendar nor MM-DD") from None
        return begins.month, begins.day

    def benefit_year(self, day: date) -> int:
        """The benefit year (待遇年度) that a day belongs to, named by the calendar year it begins in."""
        return day.year - ((day.month, day.day) < self.year_begins)

    def line_share(self, line_class: str) -> LineShare | None:
        """What is said of a class of lines; None for lines of no class. Raises Refusal ``claims.rules.line-class``."""
        if not line_class:
            return None
        for rule in self.line_classes:
            if rule.code == line_class:
                return LineShare(rate=rule.pre_selfpay, flat=rule.flat)
        raise invalid("claims.rules.line-class", f"待遇规则没有规定费用类别{line_class}", field="med_list_codg")

    def _check_layer(self, layer: Layer, before: list[str]) -> None:
        if layer.code in before:
            raise RuleError(layer.origin, f"the layer {layer.code} stands twice")
        if layer.source is None:
            raise RuleError(layer.origin, f"layer {layer.code} names no source")
        rules: list[Cited] = [layer, *layer.terms, *layer.adjustments, *layer.lines, *layer.caps]
        rules += [cap for terms in layer.terms for cap in terms.caps]
        rules += [wage for terms in layer.terms if (wage := terms.deductible_rule.wage)]
        rules += [layer.guarantee] if layer.guarantee else []
        for source in {rule.source for rule in rules} - {None, *self.sources}:
            raise RuleError(layer.origin, f"layer {layer.code}: {source!r} is not among the version's sources")
        for named in (layer.beyond, layer.after_cap_of):
            if named is not None and named not in before:
                raise RuleError(layer.origin, f"layer {layer.code}: no layer {named} stands before it")
        if layer.base == "beyond_cap" and not before:
            raise RuleError(layer.origin, "no layer before this one has a cap to go beyond")
        for terms in layer.terms:
            wage = terms.deductible_rule.wage
            if wage is not None and wage.of not in self.bases:
                raise RuleError(terms.origin, f"{wage.of!r} is not among the version's bases")
        if self.incentive is None and any(cap.with_incentive for cap in _caps(layer)):
            raise RuleError(layer.origin, f"layer {layer.code}: a cap has an incentive, the version has none")


def _caps(layer: Layer) -> list[Cap]:
    return [*layer.caps, *(cap for terms in layer.terms for cap in terms.caps)]


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
