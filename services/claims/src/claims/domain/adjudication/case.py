"""A facts file: one claim to be decided, with what is expected of it, if anything (docs/rule-books.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from claims.domain.adjudication.circumstances import Care, Circumstances, PersonClass, Place, Status
from claims.domain.adjudication.kernel import ClaimFacts
from claims.domain.adjudication.split import CatalogueEntry, ChargeClass, FeeLine, Split, add_up, split_line
from claims.domain.adjudication.year_state import STAYS, YearState
from shared.money import fen
from shared.rules import Fen, Origin, Rate

CASE_SUFFIX = ".case.yaml"
"""How a facts file's name ends when it lies in a folder."""


NOTHING: Final = Fen(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill already divided; what is in scope is the rest."""

    total: Fen
    self_funded: Fen = NOTHING
    over_limit: Fen = NOTHING
    pre_selfpay: Fen = NOTHING

    def __post_init__(self) -> None:
        if self.in_scope < 0:
            raise ValueError("self_funded, over_limit and pre_selfpay are more than the total")

    @property
    def in_scope(self) -> int:
        """What is left of the total."""
        return self.total - self.self_funded - self.over_limit - self.pre_selfpay

    def split(self) -> Split:
        """The bill as the kernel takes it."""
        return Split(self.total, self.self_funded, self.over_limit, self.pre_selfpay, self.in_scope)


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

    def __post_init__(self) -> None:
        fen(self.amount)
        if self.price is None and self.quantity != 1:
            raise ValueError("a line of more than one unit needs its price")

    def split(self, level: int, class_b_rate: int) -> Split:
        """The line divided."""
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
        )
        return split_line(line, entry, level, class_b_rate)


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
    bill: Bill | None = None
    lines: tuple[CaseLine, ...] = ()
    account: Fen = NOTHING
    """What the personal account may pay at most."""
    continues_stay: bool = False
    stay_deductible: Fen = NOTHING
    used: Used = Used()
    expected: Mapping[str, Fen] = field(default_factory=dict)
    """Amounts by name that the outcome must have."""
    origin: Origin

    def __post_init__(self) -> None:
        if (self.bill is None) == (not self.lines):
            raise ValueError("a claim has either a bill or lines")
        if self.level not in (1, 2, 3):
            raise ValueError("the level is 1, 2 or 3")

    def facts(self, class_b_rate: int) -> ClaimFacts:
        """The claim as the kernel takes it. Raises Refusal when the lines do not make a bill."""
        lines = (line.split(self.level, class_b_rate) for line in self.lines)
        return ClaimFacts(
            split=self.bill.split() if self.bill else add_up(lines),
            circumstances=Circumstances(
                care=self.care,
                level=self.level,
                status=self.status,
                classes=frozenset(self.classes),
                place=self.place,
                referred=self.referred,
            ),
            account_fen=self.account,
            continues_stay=self.continues_stay,
            stay_deductible_fen=self.stay_deductible,
        )
