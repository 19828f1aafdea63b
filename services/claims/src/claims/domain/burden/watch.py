"""What a burden crosses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claims.domain.burden.lines import LinesOfYear, Measure, SubjectKind
from claims.domain.person import WORK_INJURY, InsuredPerson


class Subject(NamedTuple):
    """Whose burden of which year; sorted subjects are the order in which their rows are locked."""

    kind: SubjectKind
    subject_id: str
    year: int


def region_of(person: InsuredPerson) -> str:
    """Where a person is insured: the latest medical cover counts. Empty without one."""
    covers = [c for c in person.coverages if c.scheme != WORK_INJURY]
    return max(covers, key=lambda c: (c.begins_on, c.coverage_id)).region if covers else ""


class Moved(NamedTuple):
    """A person who left a household, joined one, or is insured elsewhere."""

    person_id: str
    household_ids: frozenset[str]
    """Left or joined, or both; the same one when only the place of insurance is another."""

    @classmethod
    def between(cls, before: InsuredPerson | None, after: InsuredPerson) -> Moved | None:
        """None for who counts where he counted; also for somebody new without a household, who has no burden yet."""
        households = {person.household_id for person in (before, after) if person is not None}
        if before is None:
            moved = after.household_id is not None
        else:
            moved = len(households) > 1 or region_of(before) != region_of(after)
        return cls(after.person_id, frozenset(h for h in households if h is not None)) if moved else None


class Burden(NamedTuple):
    """What a person, or the persons of a household together, bear in a benefit year; fen."""

    subject: Subject
    person_id: str
    """The person, or of the household one whose claim counts."""
    region: str
    in_scope_self_pay_fen: int
    out_of_pocket_fen: int
    members: int = 1
    household_id: str | None = None
    """Of a person: where his burden counts too."""

    def amount_fen(self, measure: Measure) -> int:
        """By the name of the measure."""
        return self.in_scope_self_pay_fen if measure == "in_scope_self_pay" else self.out_of_pocket_fen


class Crossing(NamedTuple):
    """A line that is crossed; fen."""

    line: str
    name: str
    amount_fen: int
    line_fen: int


def crossed(burden: Burden, lines: LinesOfYear | None) -> Sequence[Crossing]:
    """The lines that the burden exceeds."""
    if lines is None:
        return ()
    found = []
    for line in lines.lines:
        amount, height = burden.amount_fen(line.measure), line.height_fen(lines.income_per_head, burden.members)
        if line.subject == burden.subject.kind and amount > height:
            found.append(Crossing(line.code, line.name, amount, height))
    return found
