"""What is asked of a simulation: rules against rules over past claims, lines of poverty, pools of money (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from claims.domain.adjudication import RuleBooks, RuleSet
from shared.errors import invalid, not_found
from shared.ledger import Book
from shared.money import share
from shared.rules import Fen, Origin, Points

_DIGEST_LEAST: Final = 12
_KIND: Final = "sha256:"


@dataclass(frozen=True, slots=True)
class BookChoice:
    """Which rules decide: the books at ``path``, by the day of each claim.

    With ``day``: those in force on that day, for claims of any day (a reform on last year's claims). With ``digests``: these
    versions, for claims of any day of their regions and schemes.
    """

    path: str
    day: date | None = None
    digests: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> BookChoice:
        """``PATH``, ``PATH@2026-01-01`` or ``PATH#digest,digest``, of which twelve hex digits are enough. Raises ValueError."""
        path, mark, listed = text.rpartition("#")
        if mark:
            digests = tuple(digest.removeprefix(_KIND) for digest in listed.split(","))
            if min(map(len, digests)) < _DIGEST_LEAST:
                raise ValueError(f"a digest needs at least {_DIGEST_LEAST} characters")
            return cls(path, digests=digests)
        path, mark, day = text.rpartition("@")
        return cls(path, day=date.fromisoformat(day)) if mark else cls(text)

    def among(self, texts: Mapping[str, str]) -> ChosenRules:
        """The rules meant, in book texts by file. Raises RuleError; refuses a digest that no version has."""
        if not self.digests:
            return ChosenRules(RuleBooks.read(texts), self.day, {})
        # Each file by itself: a book and a draft of its successor need not make a whole.
        sets = [rules for name, text in texts.items() for rules in RuleBooks.read({name: text}).all()]
        only = {}
        for digest in self.digests:
            found = [rules for rules in sets if rules.digest.removeprefix(_KIND).startswith(digest)]
            if not found:
                raise not_found("claims.simulation.version-unknown", f"没有摘要为{digest}的待遇规则版本", field="book")
            only[found[0].region, found[0].scheme] = found[0]
        return ChosenRules(None, None, only)


@dataclass(frozen=True, slots=True)
class ChosenRules:
    """Rules by place, scheme and day, as a ``BookChoice`` means them."""

    books: RuleBooks | None
    day: date | None
    only: Mapping[tuple[str, str], RuleSet]
    """By region and scheme, where versions were chosen one by one."""

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """The rules for a claim. Refuses as ``RuleBooks.on``, and a claim of another place or scheme than the chosen versions'."""
        if self.books is not None:
            return self.books.on(region, scheme, self.day or day)
        for area in (region, region[:4] + "00", region[:2] + "0000"):
            if rules := self.only.get((area, scheme)):
                return rules
        raise invalid("claims.simulation.other-place", f"所选规则版本不适用于统筹区{region}险种{scheme}", field="book")

    def shown(self) -> list[dict[str, str]]:
        """The versions that may decide, for the head of a result."""
        sets = self.only.values() if self.books is None else self.books.all()
        return [
            {
                "region": rules.region,
                "place": rules.place,
                "scheme": rules.scheme,
                "version": rules.version.version,
                "digest": rules.digest,
            }
            for rules in sets
            if self.day is None or (rules.effective_from <= self.day and (rules.effective_to or self.day) >= self.day)
        ]


SHARES: Final = (100_000, 250_000)


@dataclass(frozen=True, slots=True)
class BurdenLines:
    """Lines that a person's yearly burden may cross (因病致贫预警): shares of disposable income a head, 10 % where assistance for
    families near the minimum begins, 25 % for poverty through illness (九江 2023 and others, section 4 of the benefit policies)."""

    income_fen: int
    shares: tuple[int, ...] = SHARES

    def amounts(self) -> tuple[int, ...]:
        """Fen a year, half up."""
        return tuple(share(self.income_fen, rate) for rate in self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A fund's money: what it holds before the first coming month, and what comes in each month."""

    opening: Fen
    monthly_income: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """The pools whose solvency is looked at (a small YAML file)."""

    format: Literal["onewindow-pools/1"]
    months: int = 12
    """How many coming months."""
    yearly_growth: Points | None = None
    """Growth of payments from year to year; None: as two years of facts show it, else none."""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    """By fund book."""
    origin: Origin

    def __post_init__(self) -> None:
        if not 1 <= self.months <= 120:
            raise ValueError("months is 1 to 120")
        if unknown := set(self.pools) - set(Book):
            raise ValueError(f"no fund book: {', '.join(sorted(unknown))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One simulation."""

    facts: str
    """Folder of facts files."""
    book_a: BookChoice
    """The rules that are compared with; as a rule those in force."""
    book_b: BookChoice
    lines: BurdenLines | None = None
    pools: PoolPlan | None = None
    seed: int = 1
    """Of the draws that show the uncertainty."""
    block_claims: int = 500_000
    """Claims that are in memory at once in each process, as far as one person has not more."""

    def __post_init__(self) -> None:
        if self.block_claims < 1:
            raise ValueError("a block has at least one claim")


@dataclass(frozen=True, slots=True)
class WantedBook:
    """Which rules a simulation over REST asks for: exactly one of them."""

    day: date | None = None
    """What is in force on that day."""
    digest: str | None = None
    """One version that is or was in force, by the digest that decisions name."""
    book_id: str | None = None
    """The last version of a book, whatever state it is in: also of a draft."""

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.day, self.digest, self.book_id)) != 1:
            raise invalid("claims.simulation.book-choice", "请在day、digest、book_id中选择一项指定待遇规则", field="book")


@dataclass(frozen=True, slots=True)
class BookTexts:
    """Rules as they stood when the simulation was asked for: books by file, and which of their versions decide."""

    texts: Mapping[str, str]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactsSource:
    """Where past claims come from: a folder by name, or the stored settlements of a period (both days included)."""

    folder: str | None = None
    begins_on: date | None = None
    ends_on: date | None = None

    def __post_init__(self) -> None:
        period = self.begins_on is not None and self.ends_on is not None
        if period == (self.folder is not None) or (self.begins_on is None) != (self.ends_on is None):
            raise invalid("claims.simulation.facts-choice", "请指定算例文件夹，或结算起止日期", field="facts")
        if self.begins_on is not None and self.ends_on is not None and self.begins_on > self.ends_on:
            raise invalid("claims.simulation.period", "起始日期晚于截止日期", field="begins_on")


State = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationJob:
    """A simulation that somebody asked for."""

    simulation_id: str
    title: str
    asked_by: str
    asked_at: datetime
    facts: FactsSource
    book_a: BookTexts
    book_b: BookTexts
    income_fen: int | None = None
    """Disposable income a head for the lines of burden."""
    shares: tuple[int, ...] = SHARES
    pools: Mapping[str, object] | None = None
    """The plan of pools, as the command's YAML file has it."""
    seed: int = 1
    state: State = "queued"
    attempt: int = 0
    """Which worker's try this is; an earlier one that is still at it has lost the job."""
    done_claims: int = 0
    total_claims: int = 0
    cause: Mapping[str, str] | None = None
    """Why it failed: code and text."""
    finished_at: datetime | None = None
