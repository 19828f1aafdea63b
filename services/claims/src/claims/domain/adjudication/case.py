"""A facts file: one claim to be decided, with what is expected of it, if anything (docs/rule-books.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from claims.domain.adjudication.circumstances import Care, Circumstances, Facility, PersonClass, Place, Rank, Status
from claims.domain.adjudication.kernel import ClaimFacts
from claims.domain.adjudication.rule_book import NOTHING, RuleVersion
from claims.domain.adjudication.split import CatalogueEntry, ChargeClass, FeeLine, Split, add_up, split_line
from claims.domain.adjudication.year_state import STAYS, YearState
from shared.money import fen
from shared.rules import Fen, Origin, Rate

CASE_SUFFIX = ".case.yaml"
"""How a facts file's name ends when it lies in a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill already divided; what is in scope is the rest."""

    total: Fen
    self_funded: Fen = NOTHING
    over_limit: Fen = NOTHING
    pre_selfpay: Fen = NOTHING
    class_b: Fen = NOTHING
    """Of what is in scope, like the next two."""
    traditional: Fen = NOTHING
    flat: Fen = NOTHING

    def __post_init__(self) -> None:
        if self.in_scope < 0:
            raise ValueError("self_funded, over_limit and pre_selfpay are more than the total")
        if max(self.class_b, self.traditional, self.flat) > self.in_scope:
            raise ValueError("class_b, traditional or flat is more than what is in scope")

    @property
    def in_scope(self) -> int:
        """What is left of the total."""
        return self.total - self.self_funded - self.over_limit - self.pre_selfpay

    def split(self) -> Split:
        """The bill as the kernel takes it."""
        return Split(
            total_fen=self.total,
            self_funded_fen=self.self_funded,
            over_limit_fen=self.over_limit,
            pre_selfpay_fen=self.pre_selfpay,
            in_scope_fen=self.in_scope,
            class_b_fen=self.class_b,
            traditional_fen=self.traditional,
            flat_fen=self.flat,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A fee line with what the catalogue says of it. ``amount`` is negative for a return."""

    amount: Decimal
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    """Per unit; by default the amount of one unit."""
    charge_class: ChargeClass
    pre_selfpay: Rate | None = None
    price_limit: Decimal | None = None
    limited_use: bool = False
    approved_use: bool = False
    line_class: str | None = None
    """A class of lines of the rule book."""
    traditional: bool = False

    def __post_init__(self) -> None:
        fen(self.amount)
        if self.price is None and self.quantity != 1:
            raise ValueError("a line of more than one unit needs its price")

    def split(self, level: int, version: RuleVersion) -> Split:
        """The line divided. Raises Refusal for a class of lines that the version does not have."""
        line = FeeLine(
            amount_fen=fen(self.amount),
            quantity=self.quantity,
            price=abs(self.amount) if self.price is None else self.price,
            approved_use=self.approved_use,
        )
        entry = CatalogueEntry(
            charge_class=self.charge_class,
            pre_selfpay_rate=self.pre_selfpay,
            price_limits=(self.price_limit, self.price_limit, self.price_limit),
            limited_use=self.limited_use,
            line_class=self.line_class or "",
            traditional=self.traditional,
        )
        return split_line(line, entry, level, version.class_b.rate, version.line_share(entry.line_class))


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What the person had used up in the benefit year before this claim."""

    stays: int = 0
    amounts: Mapping[str, Fen] = field(default_factory=dict)
    """By counter name, e.g. ``pool.paid``."""

    def state(self) -> YearState:
        """The year's state."""
        return YearState.of({STAYS: self.stays, **self.amounts})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One claim."""

    format: Literal["onewindow-facts/1"]
    title: str
    source: str | None = None
    """Where the example was published."""
    note: str | None = None
    """How the expected amounts come about."""
    contradicts: str | None = None
    """What of its own source a published example contradicts, and why it is kept."""
    region: str
    scheme: Literal["310", "390"]
    day: date
    """The day that chooses the version: of discharge or of settlement, as the book says."""
    care: Care
    level: int
    status: Status
    classes: frozenset[PersonClass] = frozenset()
    place: Place = "local"
    referred: bool = True
    emergency: bool = False
    long_term: bool = False
    rank: Rank = "county"
    facility: frozenset[Facility] = frozenset()
    age: int = 40
    tenure_months: int = 0
    zero_claim_years: int = 0
    disease: str | None = None
    enrolled: frozenset[str] = frozenset()
    tier: str | None = None
    bill: Bill | None = None
    lines: tuple[CaseLine, ...] = ()
    account: Fen = NOTHING
    """What the personal account may pay at most."""
    family_account: Fen = NOTHING
    """What relatives' accounts may pay at most, after the person's own."""
    continues_stay: bool = False
    stay_deductible: Fen = NOTHING
    transferred: bool = False
    episode_deductible: Fen = NOTHING
    sessions: int = 1
    used: Used = Used()
    expected: Mapping[str, Fen] = field(default_factory=dict)
    """Amounts by name that the outcome must have."""
    origin: Origin

    def __post_init__(self) -> None:
        if (self.bill is None) == (not self.lines):
            raise ValueError("a claim has either a bill or lines")
        if self.level not in (1, 2, 3):
            raise ValueError("the level is 1, 2 or 3")

    def facts(self, version: RuleVersion) -> ClaimFacts:
        """The claim as the kernel takes it. Raises Refusal when the lines do not make a bill."""
        lines = (line.split(self.level, version) for line in self.lines)
        return ClaimFacts(
            split=self.bill.split() if self.bill else add_up(lines),
            circumstances=Circumstances(
                care=self.care,
                level=self.level,
                status=self.status,
                classes=frozenset(self.classes),
                place=self.place,
                referred=self.referred,
                emergency=self.emergency,
                long_term=self.long_term,
                rank=self.rank,
                facility=frozenset(self.facility),
                age=self.age,
                tenure_months=self.tenure_months,
                zero_claim_years=self.zero_claim_years,
                disease=self.disease or "",
                enrolled=self.enrolled,
                tier=self.tier or "",
                month=self.day.month,
            ),
            account_fen=self.account,
            family_account_fen=self.family_account,
            continues_stay=self.continues_stay,
            stay_deductible_fen=self.stay_deductible,
            transferred=self.transferred,
            episode_deductible_fen=self.episode_deductible,
            sessions=self.sessions,
        )
