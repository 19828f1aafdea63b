"""Which lines of a mixed stay treat the injury and which an own disease (B5; 工伤保险条例 art. 30 para. 5).

The hospital flags the lines, a reviewer agrees or an expert decides; shared lines are divided by one ratio. Until then nothing of the
stay is converted; what stays undecided remains with the medical version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.refusals import same_split_hand, split_invalid, wrong_state


class Belonging(StrEnum):
    """What a line treats."""

    INJURY = "injury"
    OWN_DISEASE = "own-disease"
    SHARED = "shared"
    UNDECIDED = "undecided"
    """Stays with the medical version."""


class SplitState(StrEnum):
    """B5: proposed by the hospital, agreed by the reviewer, or disputed and decided by an expert."""

    PROPOSED = "proposed"
    DISPUTED = "disputed"
    AGREED = "agreed"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Part of the shared lines that treats the injury."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator or self.denominator == 0:
            raise split_invalid("ratio", "共用费用分摊比例应在0与1之间")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What one party says of the bill. A line that is not named treats the injury (public precedent: 非工伤费用标志)."""

    lines: tuple[tuple[str, Belonging], ...]
    ratio: Ratio | None = None
    """None: by direct cost."""

    def belonging(self, line_id: str) -> Belonging:
        """What a line treats."""
        return dict(self.lines).get(line_id, Belonging.INJURY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A proposal and what became of it."""

    flags: Flags
    proposed_by: str
    state: SplitState = SplitState.PROPOSED
    disputed_by: str | None = None
    decided_by: str | None = None
    note: str | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has agreed or decided yet."""
        return self.state in (SplitState.PROPOSED, SplitState.DISPUTED)

    def plain(self) -> dict[str, str | None]:
        """How far it is, and by whom."""
        return {
            "split": self.state.value,
            "proposed_by": self.proposed_by,
            "disputed_by": self.disputed_by,
            "decided_by": self.decided_by,
        }

    def agreed(self, actor: str) -> Split:
        """The reviewer agrees. Refuses the hand that proposed."""
        self._expect("agree", SplitState.PROPOSED)
        if actor == self.proposed_by:
            raise same_split_hand()
        return replace(self, state=SplitState.AGREED, decided_by=actor)

    def disputed(self, actor: str, note: str | None) -> Split:
        """The reviewer does not agree, or did not answer in time: an expert is asked."""
        self._expect("dispute", SplitState.PROPOSED)
        if actor == self.proposed_by:
            raise same_split_hand()
        return replace(self, state=SplitState.DISPUTED, disputed_by=actor, note=note)

    def decided(self, actor: str, flags: Flags, note: str | None) -> Split:
        """The expert opinion, which may differ from both. Refuses the hands that proposed and disputed: an expert is a third."""
        self._expect("decide", SplitState.DISPUTED)
        if actor in (self.proposed_by, self.disputed_by):
            raise same_split_hand()
        return replace(self, state=SplitState.DECIDED, flags=flags, decided_by=actor, note=note)

    def unanswered(self) -> Split:
        """The reviewer did not answer in time: an expert is asked. The expert did not: what is shared stays with the medical version."""
        if self.state is SplitState.PROPOSED:
            return self.disputed("system", "审核逾期")
        self._expect("lapse", SplitState.DISPUTED)
        lines = tuple((line_id, Belonging.UNDECIDED if b is Belonging.SHARED else b) for line_id, b in self.flags.lines)
        return replace(self, state=SplitState.DECIDED, flags=replace(self.flags, lines=lines), decided_by="system")

    def _expect(self, wanted: str, state: SplitState) -> None:
        if self.state is not state:
            raise wrong_state("split", wanted, self.state, "费用拆分")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaySplit:
    """The split of a stay that is not settled yet, because the injury was recognised before the discharge."""

    visit_id: str
    case_id: str
    person_id: str
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """A line, or the part of it, that stays with the medical funds."""

    line_id: str
    amount_fen: int


Parts = Sequence[tuple[BillLine, BillLine]]
"""Every line of a bill, and what of it treats the injury."""


def parts_of(lines: Sequence[BillLine], flags: Flags | None) -> Parts:
    """Divide a bill; a cap goes with its line in proportion. Without flags everything treats the injury."""
    amounts = {} if flags is None else related_amounts(flags, [(line.line_id, line.amount_fen) for line in lines])
    parts = []
    for line in lines:
        part, cap = amounts.get(line.line_id, line.amount_fen), line.cap_fen
        if cap is not None and part != line.amount_fen and line.amount_fen:
            cap = (2 * abs(cap) * abs(part) + abs(line.amount_fen)) // (2 * abs(line.amount_fen))
        parts.append((line, replace(line, amount_fen=part, cap_fen=cap, related=True)))
    return parts


def kept_of(parts: Parts) -> tuple[KeptLine, ...]:
    """What of a bill is no work injury: with what treats the injury it adds up to each line (B15.7)."""
    return tuple(
        KeptLine(line_id=line.line_id, amount_fen=line.amount_fen - related.amount_fen)
        for line, related in parts
        if line.amount_fen != related.amount_fen
    )


def flags_at_settlement(lines: Sequence[BillLine], agreed: Flags | None) -> Flags | None:
    """What leads when a stay is settled directly: the split that was agreed; a line that only the hospital has flagged is
    undecided and stays with the medical version (B5). None: nothing was flagged."""
    named = dict(agreed.lines) if agreed is not None else {}
    alone = tuple((x.line_id, Belonging.UNDECIDED) for x in lines if not x.related and x.line_id not in named)
    if agreed is not None:
        return replace(agreed, lines=agreed.lines + alone)
    return Flags(lines=alone) if alone else None


def related_amounts(flags: Flags, amounts: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Per line id: how much of it treats the injury, fen. ``amounts``: every line of the bill in order.

    Shared lines: target = round(sum x ratio), each share floored, the rest one fen at a time to the largest remainders, ties by
    line order (B0.2). Refuses flags on lines that are not in the bill, and a direct-cost ratio without direct cost.
    """
    known = {line_id for line_id, _ in amounts}
    named = [line_id for line_id, _ in flags.lines]
    if len(set(named)) != len(named) or not set(named) <= known:
        raise split_invalid("lines", "拆分明细不在本次费用中或重复")
    sums = {b: sum(a for line_id, a in amounts if flags.belonging(line_id) is b) for b in Belonging}
    related = {line_id: a if flags.belonging(line_id) is Belonging.INJURY else 0 for line_id, a in amounts}
    shared = [(line_id, a) for line_id, a in amounts if flags.belonging(line_id) is Belonging.SHARED]
    if shared:
        ratio = flags.ratio or _direct_cost(sums)
        related |= zip((line_id for line_id, _ in shared), by_ratio([a for _, a in shared], ratio), strict=True)
    return related


def by_ratio(amounts: Sequence[int], ratio: Ratio) -> list[int]:
    """Allocation of shared amounts (B0.2); a return is allocated like the line that it returns, with its sign."""
    n, d = ratio.numerator, ratio.denominator
    sizes = [abs(a) * n for a in amounts]
    shares = [size // d for size in sizes]
    signed = [-s if a < 0 else s for s, a in zip(shares, amounts, strict=True)]
    target = (2 * sum(amounts) * n + d) // (2 * d)
    rest = target - sum(signed)
    step = 1 if rest > 0 else -1
    candidates = [i for i, a in enumerate(amounts) if sizes[i] % d and (a > 0) == (step > 0)]
    for i in sorted(candidates, key=lambda i: (-(sizes[i] % d), i))[: abs(rest)]:
        signed[i] += step
    return signed


def _direct_cost(sums: Mapping[Belonging, int]) -> Ratio:
    direct = sums[Belonging.INJURY] + sums[Belonging.OWN_DISEASE]
    if direct <= 0:
        raise split_invalid("ratio", "没有可据以分摊的直接费用，请填写分摊比例")
    return Ratio(numerator=sums[Belonging.INJURY], denominator=direct)


def flags_of(lines: Iterable[tuple[str, str]], ratio: tuple[int, int] | None) -> Flags:
    """Flags from plain values."""
    return Flags(
        lines=tuple((line_id, Belonging(b)) for line_id, b in lines),
        ratio=None if ratio is None else Ratio(numerator=ratio[0], denominator=ratio[1]),
    )
