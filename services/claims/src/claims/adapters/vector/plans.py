"""Which rules, which plan, which benefit year and which turn each claim of a block has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from claims.adapters.vector.columns import CIRCUMSTANCES, ClaimColumns, Coded, Codes, Ints, is_throughout, throughout
from claims.domain.adjudication import Circumstances, RuleSet
from claims.domain.adjudication.plan import Plan
from shared.errors import Refusal

_EPOCH: Final = date(1970, 1, 1)
_ANY: Final = Circumstances("inpatient", 2, "resident")
_COMPRESS: Final = 1 << 20
"""Above so many possible combinations the ones that occur are numbered anew."""


class Rules(Protocol):
    """Where the rules of a place, scheme and day come from; ``RuleBooks`` is one."""

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """Raises Refusal when there are none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """For each claim of a block what decides how it is calculated."""

    plans: tuple[tuple[RuleSet, Plan], ...]
    plan: Codes
    """Index into ``plans``; -1 for a claim that the rules refuse."""
    refusals: tuple[Refusal, ...]
    refusal: Codes
    """Index into ``refusals``; -1 for a claim that is decided."""
    row: Ints
    """The person-year of the claim, as an index of counters."""
    rows: int
    turn: Codes
    """How many claims of the person-year stand before it."""


def assign(rules: Rules, claims: ClaimColumns) -> Assigned:
    """Resolve the rules for every claim, each combination that occurs once."""
    refusals: dict[tuple[str, str], int] = {}
    kept: list[Refusal] = []

    def refused(refusal: Refusal) -> int:
        number = refusals.setdefault((refusal.code, refusal.zh), len(kept))
        if number == len(kept):
            kept.append(refusal)
        return number

    sets, which, year, month, refusal = _rule_sets(rules, claims, refused)
    plans: list[tuple[RuleSet, Plan]] = []
    plan = throughout(-1, len(claims))
    if len(sets) > 1 or refusal.max(initial=-1) >= 0:
        plan, refusal = plan.copy(), refusal.copy()
    for number, rule_set in enumerate(sets):
        mine = np.flatnonzero(which == number) if len(sets) > 1 or which.min() < 0 else None
        code, examples = _combinations(rule_set, claims, month, mine)
        resolved = np.empty(len(examples), np.int32)
        refusing = np.full(len(examples), -1, np.int32)
        known: dict[object, int] = {}
        for i, circumstances in enumerate(examples):
            try:
                found = rule_set.plan(circumstances)
            except Refusal as error:
                resolved[i], refusing[i] = -1, refused(error)
                continue
            resolved[i] = known.setdefault(_figures(found), len(plans))
            if resolved[i] == len(plans):
                plans.append((rule_set, found))
        if mine is None:
            every = np.arange(len(examples))
            plan, refusal = _chosen(resolved, code, every), _chosen(refusing, code, every)
        else:
            plan[mine], refusal[mine] = resolved[code], refusing[code]
    row, rows = _rows(claims, year)
    return Assigned(plans=tuple(plans), plan=plan, refusals=tuple(kept), refusal=refusal, row=row, rows=rows, turn=_turns(row))


def _figures(plan: Plan) -> object:
    """Equal for plans that calculate the same, whatever terms the numbers come from."""
    return plan.first_share, tuple((id(step.layer), step[3:]) for step in plan.steps)


def _rule_sets(rules: Rules, claims: ClaimColumns, refused: Any) -> tuple[list[RuleSet], Codes, Codes, Codes, Codes]:
    """The rule sets, and for each claim its set (-1: refused), benefit year, month of the year and refusal."""
    sets: dict[int, int] = {}
    found: list[RuleSet] = []

    def number_of(rule_set: RuleSet) -> int:
        if id(rule_set) not in sets:
            sets[id(rule_set)] = len(found)
            found.append(rule_set)
        return sets[id(rule_set)]

    n = len(claims)
    regions, schemes = claims.region, claims.scheme
    place: Codes = throughout(0, n)
    places = [(regions.at(0), schemes.at(0))] if n else []
    if not (regions.single and schemes.single):
        place = regions.codes * np.int32(len(schemes.values)) + schemes.codes
        places = [(region, scheme) for region in regions.values for scheme in schemes.values]

    def look_up(days: NDArray[np.int32]) -> tuple[Codes, Codes]:
        first, span, key = _keys(place, days)
        which, why = np.full(len(places) * span, -1, np.int32), np.full(len(places) * span, -1, np.int32)
        occurring = _occurring(key, len(places) * span)
        for k in occurring:
            p, d = divmod(int(k), span)
            try:
                which[k] = number_of(rules.on(*places[p], _EPOCH + timedelta(days=first + d)))
            except Refusal as refusal:
                why[k] = refused(refusal)
        return _chosen(which, key, occurring), _chosen(why, key, occurring)

    days = claims.days["ended_on"]
    which, refusal = look_up(days)
    for dated_by in ("service", "settlement"):
        if any(rule_set.version.dated_by == dated_by for rule_set in found):
            other = np.array([s.version.dated_by == dated_by for s in found] + [False])[which]
            wanted = claims.days["begun_on" if dated_by == "service" else "settled_on"]
            again, why = look_up(wanted)
            which, refusal = np.where(other, again, which), np.where(other, why, refusal)
            days = np.where(other, wanted, days)
    first, span, key = _keys(which + np.int32(1) if len(found) != 1 or which.min() < 0 else throughout(1, n), days)
    years, months = np.zeros((len(found) + 1) * span, np.int32), np.zeros((len(found) + 1) * span, np.int32)
    occurring = _occurring(key, len(years))
    for k in occurring:
        s, d = divmod(int(k), span)
        if s:
            day = _EPOCH + timedelta(days=first + d)
            years[k], months[k] = found[s - 1].benefit_year(day), day.month
    return found, which, _chosen(years, key, occurring), _chosen(months, key, occurring), refusal


def _keys(codes: Codes, days: NDArray[np.int32]) -> tuple[int, int, Codes | Ints]:
    """The first day, how many days there are, and code x days + day for each row."""
    if not len(codes):
        return 0, 1, np.zeros(0, np.int32)
    first = int(days.min())
    span = int(days.max()) - first + 1
    if is_throughout(codes):
        start = int(codes[0]) * span
        return first, span, throughout(start, len(codes)) if span == 1 else days + np.int32(start - first)
    return first, span, codes.astype(np.int64) * span + (days - first)


def _occurring(key: Codes | Ints, keys: int) -> Ints:
    if is_throughout(key):
        return key[:1].astype(np.int64)
    return np.flatnonzero(np.bincount(key, minlength=keys))


def _chosen(table: Codes, key: Codes | Ints, occurring: Ints) -> Codes:
    """The entry of each row."""
    entries = table[occurring]
    if len(entries) and (entries == entries[0]).all():
        return throughout(int(entries[0]), len(key))
    return table[key]


def _combinations(rules: RuleSet, claims: ClaimColumns, month: Codes, mine: Ints | None) -> tuple[Ints, list[Circumstances]]:
    """For each claim the number of its combination, as far as the rules tell circumstances apart, and one of each."""
    columns = {**claims.circumstances, "month": Coded(month, tuple(range(13)))}
    seen = []
    for name in Circumstances._fields:
        column = columns[name]
        if not column.single:
            numbers, distinct = _told_apart(rules, name, column.values)
            if distinct > 1:
                codes = column.codes if mine is None else column.codes[mine]
                seen.append(Coded(numbers[codes], tuple(range(distinct))))
    code, example = numbered(seen, len(claims) if mine is None else len(mine))
    rows = example if mine is None else mine[example]
    return code, [
        Circumstances(**{name: columns[name].at(i) for name in CIRCUMSTANCES}, month=int(month[i])) for i in map(int, rows)
    ]


def _told_apart(rules: RuleSet, name: str, values: tuple[Any, ...]) -> tuple[Codes, int]:
    """Values of one circumstance numbered so that those which the rules do not tell apart are equal.

    Each part of a plan's key looks at one circumstance alone, so the circumstances can be reduced one by one.
    """
    known: dict[Any, int] = {}
    numbers = [known.setdefault(rules.plan_key(_ANY._replace(**{name: value})), len(known)) for value in values]
    return np.array(numbers, np.int32), len(known)


def numbered(columns: Sequence[Coded], n: int) -> tuple[Ints, Ints]:
    """Combinations of columns of ``n`` rows numbered 0, 1, 2 … as far as they occur, and a row of each."""
    if not columns and n:
        return np.broadcast_to(np.int64(0), n), np.array([n - 1])
    code, size = np.zeros(n, np.int64), 1
    for column in columns:
        if not column.single:
            code *= len(column.values)
            code += column.codes
            size *= len(column.values)
            if size > _COMPRESS:
                code, size = _numbered(code, size)
    if n:
        code, size = _numbered(code, size)
    example = np.empty(size if n else 0, np.int64)
    example[code] = np.arange(n)
    return code, example


def _numbered(code: Ints, size: int) -> tuple[Ints, int]:
    """Codes that occur, numbered 0, 1, 2 … in their order."""
    if size > 8 * _COMPRESS:
        values, numbers = np.unique(code, return_inverse=True)
        return numbers, len(values)
    occurs = np.zeros(size, np.int64)
    occurs[code] = 1
    numbers = np.cumsum(occurs) - 1
    return numbers[code], int(numbers[-1]) + 1


def _rows(claims: ClaimColumns, year: Codes) -> tuple[Ints, int]:
    """The person-year of each claim: person, scheme and benefit year."""
    row, rows = claims.who, claims.persons
    if not claims.scheme.single:
        row, rows = row * len(claims.scheme.values) + claims.scheme.codes, rows * len(claims.scheme.values)
    if not is_throughout(year):
        first = int(year.min())
        years = int(year.max()) - first + 1
        row, rows = row * years + (year - first), rows * years
    return row, rows


def _turns(row: Ints) -> Codes:
    """How many claims of the same row stand before each."""
    n = len(row)
    order = None
    if (row[1:] < row[:-1]).any():
        order = np.argsort(row, kind="stable")
        row = row[order]
    again = row[1:] == row[:-1]
    if not again.any():
        return throughout(0, n)
    begins = np.flatnonzero(np.concatenate(([True], ~again)))
    turn = np.arange(n, dtype=np.int32) - np.repeat(begins.astype(np.int32), np.diff(np.append(begins, n)))
    if order is None:
        return turn
    result = np.empty(n, np.int32)
    result[order] = turn
    return result
