"""Decide a block of claims: the k-th claims of all person-years together, those of one plan as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from claims.adapters.vector.columns import MOST_SESSIONS, NUMBERS, SPLIT, ClaimColumns, Column, Ints, is_throughout
from claims.adapters.vector.plans import Assigned
from claims.domain.adjudication import RuleSet, Split
from claims.domain.adjudication.circumstances import STAYS_OF_CARE
from claims.domain.adjudication.kernel import SCALAR, Amounts, Ops, bear_first, pay, payable
from claims.domain.adjudication.plan import Plan
from claims.domain.adjudication.rule_book import Layer
from claims.domain.adjudication.year_state import STAYS
from shared.errors import conflict

AT_ONCE: Final = 8_192
"""Claims that go through the kernel together: a column is 64 KiB, so all of a step's stay in the second cache, and the columns
of intermediate results come from the allocator's own store instead of fresh pages."""


@lru_cache(maxsize=4096)
def _table(numbers: tuple[int, ...]) -> Ints:
    return np.array(numbers, np.int64)


def _at(numbers: tuple[int, ...], index: Any) -> Any:
    return _table(numbers)[index]


COLUMNS: Final = Ops(np.minimum, np.maximum, _at)
"""The kernel's operations on columns."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What the rules make of a block. Columns stand in the order of ``order``; amounts in fen."""

    order: Ints
    """The rows of the block that were decided, in the order of the columns here."""
    moved: bool
    """Whether that is another order than the block's."""
    layers: tuple[Layer, ...]
    payments: tuple[Ints, ...]
    """What each layer pays."""
    person: Ints
    account: Ints
    family: Ints
    hospital: Ints
    self_pay: Ints
    """Of the person's share what lies in scope or is pre-selfpay."""
    counters: Mapping[str, Ints]
    """The state of the person-years afterwards, as far as it was kept: by name, a number for each row."""

    def placed(self, column: Ints, n: int) -> Ints:
        """A column here in the order of the block, with zeros for claims that were not decided."""
        if not self.moved:
            return column
        result = np.zeros(n, np.int64)
        result[self.order] = column
        return result


def decide(claims: ClaimColumns, assigned: Assigned, *, leave_out: Any = None, whole_state: bool = False) -> Decided:
    """Decide all claims but the refused and those that ``leave_out`` marks.

    ``whole_state``: keep every counter, not only those that some rule of the block reads. Refuses
    (``claims.facts.too-many``) more than ``MOST_SESSIONS`` claims of one person-year.
    """
    if len(claims) and int(assigned.turn.max()) >= MOST_SESSIONS:
        raise conflict("claims.facts.too-many", f"一人一年超过{MOST_SESSIONS}次就诊", field="facts")
    order, bounds = _grouped(assigned, leave_out)
    n = len(claims) if order is None else len(order)
    layers, index = _layers(assigned)
    kept = None if whole_state else frozenset[str]().union(*(_reads(plan) for _, plan in assigned.plans))
    columns = {name: _ordered(claims.numbers[name], order) for name in NUMBERS}
    care = claims.circumstances["care"].mapped(lambda value: value in STAYS_OF_CARE)
    stay: Column = int(care.at(0)) if care.single and n else np.array(care.values, np.int64)[_taken(care.codes, order)]
    rows = _taken(assigned.row, order)
    payments = tuple(np.zeros(n, np.int64) for _ in layers)
    person, account, family, hospital, self_pay = (np.zeros(n, np.int64) for _ in range(5))
    counters: dict[str, Ints] = {}
    for turn, number, begin, end in bounds:
        rules, plan = assigned.plans[number]
        into = [payments[i] for i in index[number]]
        for i in range(begin, end, AT_ONCE):
            part = slice(i, min(i + AT_ONCE, end))
            here = rows[part]
            read: dict[str, Any] = {}
            used = _reader(counters, here, read) if turn else _nothing
            take = {name: column if isinstance(column, int) else column[part] for name, column in columns.items()}
            is_stay = stay if isinstance(stay, int) else stay[part]
            amounts, goes_on = _amounts(rules, plan, take, used)
            paid = pay(plan, amounts, used, COLUMNS)
            left = paid.parts[0] + paid.left
            share = paid.parts[1] + paid.parts[2] + left
            person[part], self_pay[part] = share, left
            if _some(paid.hospital):
                hospital[part] = paid.hospital
            rule = rules.version.account
            own = COLUMNS.lo(take["account"], payable(rule.pays, paid)) if _some(take["account"]) else 0
            if _some(own):
                account[part] = own
            if _some(take["family_account"]):
                family[part] = COLUMNS.lo(take["family_account"], COLUMNS.hi(payable(rule.family, paid) - own, 0))
            added: dict[str, Any] = {}
            if kept is None or STAYS in kept:
                added[STAYS] = is_stay * (1 - goes_on)
            for done, column in zip(paid.layers, into, strict=True):
                column[part] = done.payment_fen
                counted = done.counted()
                for name, what in done.step.adds:
                    if kept is None or name in kept:
                        added[name] = added[name] + counted[what] if name in added else counted[what]
            for name, delta in added.items():
                if name not in counters:
                    counters[name] = np.zeros(assigned.rows, np.int64)
                counter = counters[name]
                counter[here] = delta + (0 if not turn else read[name] if name in read else counter[here])
    return Decided(
        order=np.arange(n) if order is None else order,
        moved=order is not None,
        layers=layers,
        payments=payments,
        person=person,
        account=account,
        family=family,
        hospital=hospital,
        self_pay=self_pay,
        counters=counters,
    )


def _grouped(assigned: Assigned, leave_out: Any) -> tuple[Ints | None, list[tuple[int, int, int, int]]]:
    """Rows sorted by turn and plan (None: they are already), and the groups: turn, plan, first and last + 1."""
    plans, n = len(assigned.plans), len(assigned.plan)
    if n and plans == 1 and leave_out is None and all(map(is_throughout, (assigned.plan, assigned.turn))):
        return None, [(0, 0, 0, n)]
    key = assigned.turn * np.int32(plans) + assigned.plan
    out = assigned.plan < 0 if leave_out is None else (assigned.plan < 0) | leave_out
    mine = np.flatnonzero(~out) if out.any() else None
    if mine is not None:
        key = key[mine]
    if not len(key):
        return np.zeros(0, np.int64), []
    few = int(key.max()) < 1 << 16
    order = np.argsort(key.astype(np.uint16) if few else key, kind="stable")
    key = key[order]
    begins = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    ends = np.r_[begins[1:], len(key)]
    groups = [(int(key[b]) // plans, int(key[b]) % plans, int(b), int(e)) for b, e in zip(begins, ends, strict=True)]
    return (order if mine is None else mine[order]), groups


def _layers(assigned: Assigned) -> tuple[tuple[Layer, ...], list[list[int]]]:
    """All layers of the plans, each code once in the order of the books, and for each plan the index of its steps' layers."""
    found: dict[str, Layer] = {}
    for rules in dict.fromkeys(id(rules) for rules, _ in assigned.plans):
        for layer in next(r for r, _ in assigned.plans if id(r) == rules).version.layers:
            found.setdefault(_name(layer), layer)
    number = {name: i for i, name in enumerate(found)}
    return tuple(found.values()), [[number[_name(step.layer)] for step in plan.steps] for _, plan in assigned.plans]


def _name(layer: Layer) -> str:
    return f"{layer.book}.{layer.code}"


def _reads(plan: Plan) -> frozenset[str]:
    """The counters that a plan looks at."""
    names: set[str] = set()

    def used(name: str, default: int) -> int:
        names.add(name)
        return default

    pay(plan, Amounts(0, 0, (0, 0, 0), (0, 0), 0, 0, 0, 1), used, SCALAR)
    if any(len(step.deductibles) > 1 for step in plan.steps):
        names.add(STAYS)
    return frozenset(names)


def _taken(column: Any, order: Ints | None) -> Any:
    return column if order is None else column[order]


def _ordered(column: Column, order: Ints | None) -> Column:
    if isinstance(column, int):
        return column
    if len(column) and column[0] == column[-1] and column.min() == column.max():
        return int(column[0])
    result: Ints = _taken(column, order)
    return result


def _some(column: Column) -> bool:
    return not isinstance(column, int) or column != 0


def _nothing(_name: str, default: Any) -> Any:
    return default


def _reader(counters: Mapping[str, Ints], here: Ints, read: dict[str, Any]) -> Callable[[str, Any], Any]:
    """A counter at these rows, fetched once."""

    def used(name: str, default: Any) -> Any:
        if name not in read:
            counter = counters.get(name)
            read[name] = default if counter is None else counter[here]
        return read[name]

    return used


def _amounts(rules: RuleSet, plan: Plan, take: Mapping[str, Any], used: Callable[[str, Any], Any]) -> tuple[Amounts, Any]:
    """The kernel's amounts, as ``adjudicate`` makes them for one claim, and whether the stay is already counted."""
    split = bear_first(Split(*(take[name] for name in SPLIT)), plan.first_share)
    goes_on, charged = take["continues_stay"], take["stay_deductible"]
    transferred = take["transferred"]
    if _some(transferred):
        if rules.version.stays.transfer == "difference":
            goes_on = COLUMNS.hi(goes_on, transferred)
        charged = charged + transferred * goes_on * take["episode_deductible"]
    stays = used(STAYS, 0)
    amounts = Amounts(
        split.total_fen,
        split.in_scope_fen,
        (split.pre_selfpay_fen, split.over_limit_fen, split.self_funded_fen),
        (split.class_b_fen, split.traditional_fen),
        split.flat_fen,
        COLUMNS.hi(stays - goes_on, 0),
        charged,
        take["sessions"],
    )
    return amounts, goes_on
