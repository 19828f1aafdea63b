"""The rules of one place, scheme and day, and the books they are taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from claims.domain.adjudication.circumstances import Circumstances
from claims.domain.adjudication.rule_book import Layer, RuleBook, RuleVersion, Terms, adjusted, limit
from shared.errors import invalid, not_found
from shared.rules import Origin, digest_of, in_force, in_order, read_rules

BOOK_SUFFIX = ".book.yaml"
"""How a rule book's file name ends, so that its cases can lie beside it."""


class Step(NamedTuple):
    """One layer's numbers for one kind of claim: all that the kernel needs, and the terms they come from."""

    layer: Layer
    terms: Terms
    on_beyond_cap: bool
    """Pays on what the cap of the layer before left, not on what is left of the in-scope amount."""
    passes_on: bool
    """The next layer pays on what the cap of this one leaves."""
    without_deductible: bool
    yearly: bool
    """Deductible and bands count over the year's accumulated base."""
    deductibles: tuple[int, ...]
    """Of the first, second, … stay of the year."""
    deductible_total: int | None
    rates: tuple[int, ...]
    """Of each band; the first begins at the deductible."""
    later_bands: tuple[tuple[int, int], ...]
    """Where the second and later bands begin, and by how much their rate is above the one before."""
    shift: int
    """Whether they begin at that amount (0) or that much above the deductible (1)."""
    cap: int
    cost_cap: int | None
    base_counter: str
    deductible_counter: str
    cost_counter: str
    paid_counter: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a book. Equal rules have equal digests; a decision names the digest it was made under."""

    region: str
    place: str
    scheme: str
    version: RuleVersion
    digest: str
    _plans: dict[Circumstances, tuple[Step, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def effective_from(self) -> date:
        """First day in force."""
        return self.version.effective_from

    @property
    def effective_to(self) -> date | None:
        """Last day in force, None while open."""
        return self.version.effective_to

    @property
    def origin(self) -> Origin:
        """Where the version stands."""
        return self.version.origin

    def plan(self, circumstances: Circumstances) -> tuple[Step, ...]:
        """The layers that apply, in order. Resolved once per combination and remembered.

        Raises Refusal ``claims.rules.uncovered`` when no layer applies, or one applies but none of its terms fits, unless
        its terms are all for assistance classes, which the person then simply does not hold.
        """
        plan = self._plans.get(circumstances)
        if plan is None:
            plan = self._plans[circumstances] = _plan(self.version.layers, circumstances)
        return plan

    def benefit_year(self, day: date) -> int:
        """The policy year (待遇年度) that a day belongs to."""
        return day.year

    def day(self, *, discharged_on: date, settled_on: date) -> date:
        """Of a claim's two days the one that chooses the version and the benefit year."""
        return discharged_on if self.version.dated_by == "discharge" else settled_on


class RuleBooks:
    """All books in force at a place of work."""

    def __init__(self, books: list[RuleBook]) -> None:
        """Raises RuleError when two books of one place and scheme overlap in time or leave a gap."""
        by_key: dict[tuple[str, str], list[RuleSet]] = {}
        for book in books:
            by_key.setdefault((book.region, book.scheme), []).extend(_rule_set(book, version) for version in book.versions)
        self._sets = {key: in_order(sets) for key, sets in sorted(by_key.items())}

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> RuleBooks:
        """Books from file texts by file name (``shared.rules.rule_texts(path, BOOK_SUFFIX)``). Raises RuleError."""
        return cls([read_rules(text, name, RuleBook) for name, text in texts.items()])

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """The rules of that day: of the region itself, else of its city, else of its province.

        Raises Refusal ``claims.rules.no-book`` when there is no book, ``claims.rules.no-version`` when none is in force.
        """
        for area in (region, region[:4] + "00", region[:2] + "0000"):
            if sets := self._sets.get((area, scheme)):
                if rules := in_force(sets, day):
                    return rules
                raise not_found(
                    "claims.rules.no-version", f"统筹区{area}险种{scheme}在{day}没有生效的待遇规则", field="insutype"
                )
        raise not_found("claims.rules.no-book", f"统筹区{region}没有险种{scheme}的待遇规则", field="insutype")

    def all(self) -> list[RuleSet]:
        """Every version of every book, by place, scheme and date."""
        return [rules for sets in self._sets.values() for rules in sets]


def _rule_set(book: RuleBook, version: RuleVersion) -> RuleSet:
    digest = digest_of({"region": book.region, "scheme": book.scheme, "place": book.place, "version": version})
    return RuleSet(book.region, book.place, book.scheme, version, digest)


def _plan(layers: tuple[Layer, ...], circumstances: Circumstances) -> tuple[Step, ...]:
    applying = [(layer, terms) for layer in layers if (terms := _terms(layer, circumstances)) is not None]
    if not applying:
        care = {"inpatient": "住院", "outpatient": "门诊"}[circumstances.care]
        raise invalid("claims.rules.uncovered", f"待遇规则没有规定{care}待遇", field="med_type")
    followers = [layer.base for layer, _ in applying[1:]] + [None]
    return tuple(
        _step(layer, terms, circumstances, passes_on=follower == "beyond_cap")
        for (layer, terms), follower in zip(applying, followers, strict=True)
    )


def _terms(layer: Layer, circumstances: Circumstances) -> Terms | None:
    if not layer.when.holds(circumstances):
        return None
    for terms in layer.terms:
        if terms.when.holds(circumstances):
            return terms
    if all(terms.when.classes is not None for terms in layer.terms):
        return None
    raise invalid(
        "claims.rules.uncovered",
        f"待遇规则“{layer.name}”没有规定{circumstances.level}级医疗机构、人员状态{circumstances.status}的待遇标准",
        field="hosp_lv",
    )


def _step(layer: Layer, terms: Terms, circumstances: Circumstances, *, passes_on: bool) -> Step:
    points = sum(change.points for change in layer.adjustments if change.when.holds(circumstances))
    rates = tuple(adjusted(band.rate, points) for band in terms.bands)
    begins = [limit(band.up_to) for band in terms.bands[:-1]]
    return Step(
        layer=layer,
        terms=terms,
        on_beyond_cap=layer.base == "beyond_cap",
        passes_on=passes_on,
        without_deductible=layer.without_deductible,
        yearly=layer.per == "year",
        deductibles=terms.deductible,
        deductible_total=layer.deductible_year_total,
        rates=rates,
        later_bands=tuple((begin, rate - below) for begin, (below, rate) in zip(begins, pairwise(rates), strict=True)),
        shift=int(layer.bounds == "excess"),
        cap=min(limit(layer.cap), limit(terms.cap)),
        cost_cap=terms.cost_cap,
        base_counter=f"{layer.code}.base",
        deductible_counter=f"{layer.code}.deductible",
        cost_counter=f"{layer.code}.cost",
        paid_counter=f"{layer.code}.paid",
    )
