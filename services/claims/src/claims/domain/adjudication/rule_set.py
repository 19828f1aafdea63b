"""The rules of one place, scheme and day, and the books they are taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from claims.domain.adjudication.circumstances import Care, Circumstances
from claims.domain.adjudication.plan import Attention, Plan, resolve
from claims.domain.adjudication.rule_book import RuleBook, RuleVersion
from shared.errors import not_found
from shared.rules import Origin, digest_of, in_force, in_order, read_rules

BOOK_SUFFIX = ".book.yaml"
"""How a rule book's file name ends, so that its cases can lie beside it."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a book. Equal rules have equal digests; a decision names the digest it was made under."""

    region: str
    place: str
    scheme: str
    version: RuleVersion
    digest: str
    _attention: Attention = field(compare=False, repr=False)
    _plans: dict[tuple[object, ...], Plan] = field(default_factory=dict, compare=False, repr=False)

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

    def plan(self, circumstances: Circumstances) -> Plan:
        """The layers that apply, in order. Resolved once per combination that the rules tell apart, and remembered.

        Raises Refusal ``claims.rules.uncovered`` when no layer applies, or one applies but none of its terms fits, unless
        its terms are all for identity classes, which the person then simply does not hold.
        """
        key = self._attention.key(circumstances)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = resolve(self.version, circumstances)
        return plan

    def plan_key(self, circumstances: Circumstances) -> tuple[object, ...]:
        """Equal for circumstances that share a plan."""
        return self._attention.key(circumstances)

    def care(self, wanted: Care, otherwise: Care) -> Care:
        """The kind of care that the rules treat a claim as: the special one where some rule names it, else the general one."""
        return wanted if wanted in self._attention.care else otherwise

    @property
    def tiers(self) -> frozenset[str]:
        """Tiers of the scheme (档次) that some rule names; empty where there is but one."""
        return self._attention.tiers

    def first_day(self, year: int) -> date:
        """The first day of a benefit year."""
        return date(year, *self.version.year_begins)

    def benefit_year(self, day: date) -> int:
        """The benefit year (待遇年度) that a day belongs to, named by the calendar year it begins in."""
        return self.version.benefit_year(day)

    def day(self, *, begun_on: date | None = None, discharged_on: date, settled_on: date) -> date:
        """Of a claim's days the one that chooses the version and the benefit year. ``begun_on`` None: begun and ended in one."""
        dated_by = self.version.dated_by
        if dated_by == "service":
            return begun_on or discharged_on
        return discharged_on if dated_by == "discharge" else settled_on


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

    def under(self, digest: str) -> RuleSet | None:
        """The rules that a decision names; None when they are not among these."""
        return next((rules for rules in self.all() if rules.digest == digest), None)

    def all(self) -> list[RuleSet]:
        """Every version of every book, by place, scheme and date."""
        return [rules for sets in self._sets.values() for rules in sets]


def _rule_set(book: RuleBook, version: RuleVersion) -> RuleSet:
    digest = digest_of({"region": book.region, "scheme": book.scheme, "place": book.place, "version": version})
    return RuleSet(book.region, book.place, book.scheme, version, digest, Attention(version))
