"""Claims as columns, drawn at random over everything that a rule may ask for, and the same claims one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, get_args

import numpy as np
from numpy.random import PCG64, Generator

from claims.adapters.vector.columns import CIRCUMSTANCES, DAYS, NUMBERS, SPLIT, ClaimColumns, Coded
from claims.adapters.vector.plans import Rules
from claims.domain.adjudication import Circumstances, ClaimFacts, Decision, PersonClass, Split, YearState, adjudicate
from claims.domain.adjudication.circumstances import Facility
from shared.errors import Refusal

EPOCH = date(1970, 1, 1)


def claim_columns(
    n: int,
    persons: int,
    seed: int,
    *,
    region: str,
    schemes: tuple[str, ...],
    cares: tuple[str, ...] = ("inpatient", "outpatient"),
    near: tuple[int, ...] = (100_000,),
    first: date = date(2026, 1, 1),
    days: int = 365,
    diseases: tuple[str, ...] = ("",),
) -> ClaimColumns:
    """``near``: figures of the book, around which some amounts lie."""
    draw = Generator(PCG64(seed))

    def pick(values: Any, p: Any = None) -> Coded:
        return Coded(draw.choice(len(values), n, p=p).astype(np.int32), tuple(values))

    def amounts() -> Any:
        ordinary = draw.integers(0, 10 ** draw.integers(2, 8, n))
        edge = np.maximum(np.array(near)[draw.integers(0, len(near), n)] + draw.integers(-1, 2, n), 0)
        return np.where(draw.random(n) < 0.3, edge, ordinary)

    classes = [frozenset[str](), frozenset[str](), *(frozenset({name}) for name in get_args(PersonClass))]
    classes.append(frozenset({"dibao", "monitored"}))
    person = np.sort(draw.integers(0, persons, n)) * 1_000_003 + 17
    drawn = draw.integers(0, days, n)
    day = (drawn[np.lexsort((drawn, person))] + (first - EPOCH).days).astype(np.int32)
    in_scope = amounts()
    parts = {name: np.where(draw.random(n) < 0.5, amounts(), 0) for name in ("self_funded", "over_limit", "pre_selfpay")}
    continues = (draw.random(n) < 0.1).astype(np.int64)
    transferred = (draw.random(n) < 0.1).astype(np.int64)
    numbers: dict[str, Any] = {
        **parts,
        "in_scope": in_scope,
        "total": in_scope + sum(parts.values()),
        "class_b": in_scope * draw.integers(0, 11, n) // 10,
        "traditional": in_scope * draw.integers(0, 11, n) // 10,
        "flat": np.where(draw.random(n) < 0.2, in_scope // 3, 0),
        "account": np.where(draw.random(n) < 0.5, amounts(), 0),
        "family_account": np.where(draw.random(n) < 0.3, amounts(), 0),
        "stay_deductible": continues * amounts(),
        "episode_deductible": transferred * amounts(),
        "continues_stay": continues,
        "transferred": transferred,
        "sessions": draw.integers(1, 15, n),
    }
    facility = [frozenset[str](), *(frozenset({name}) for name in get_args(Facility)), frozenset({"traditional", "chosen"})]
    certified = [
        frozenset[str](),
        *(frozenset({disease}) for disease in diseases if disease),
        frozenset(filter(None, diseases)),
    ]
    circumstances = {
        "care": pick(cares),
        "level": pick([1, 2, 3]),
        "status": pick(["active", "retired", "resident"]),
        "classes": pick(classes),
        "place": pick(["local", "in_province", "out_of_province"], [0.7, 0.15, 0.15]),
        "referred": pick([True, False]),
        "emergency": pick([False, True]),
        "long_term": pick([False, True]),
        "rank": pick(["village", "community", "township", "county", "city", "province"]),
        "facility": pick(facility),
        "age": Coded(draw.integers(0, 100, n).astype(np.int32), tuple(range(100))),
        "tenure_months": Coded(draw.integers(0, 240, n).astype(np.int32), tuple(range(240))),
        "zero_claim_years": pick(range(6)),
        "disease": pick(diseases),
        "enrolled": pick(certified),
        "tier": pick(["", "one", "two"]),
    }
    return ClaimColumns(
        person=person,
        scheme=pick(schemes),
        region=Coded.constant(region, n),
        circumstances=circumstances,
        days={"begun_on": day - draw.integers(0, 20, n, dtype=np.int32), "ended_on": day, "settled_on": day + np.int32(3)},
        numbers=numbers,
        labels={"town": pick(["东镇", "西镇"])},
    )


def one_at_a_time(rules: Rules, claims: ClaimColumns) -> Iterator[tuple[int, tuple[int, str, int], Decision | Refusal]]:
    """Row, person-year and decision of each claim, by the scalar kernel with the year's state carried on."""
    states: dict[tuple[int, str, int], YearState] = {}
    for i in range(len(claims)):
        days = {name: EPOCH + timedelta(days=int(claims.days[name][i])) for name in DAYS}
        scheme, region = claims.scheme.at(i), claims.region.at(i)
        try:
            rule_set = rules.on(region, scheme, days["ended_on"])
            if rule_set.version.dated_by != "discharge":
                day = rule_set.day(begun_on=days["begun_on"], discharged_on=days["ended_on"], settled_on=days["settled_on"])
                rule_set = rules.on(region, scheme, day)
            day = rule_set.day(begun_on=days["begun_on"], discharged_on=days["ended_on"], settled_on=days["settled_on"])
            key = (int(claims.person[i]), scheme, rule_set.benefit_year(day))
            decision = adjudicate(rule_set, facts_at(claims, i, day.month), states.get(key, YearState()))
        except Refusal as refusal:
            yield i, (int(claims.person[i]), scheme, 0), refusal
            continue
        states[key] = decision.after
        yield i, key, decision


def facts_at(claims: ClaimColumns, i: int, month: int) -> ClaimFacts:
    """A row as the scalar kernel takes it."""
    number = {name: value if isinstance(value := claims.numbers[name], int) else int(value[i]) for name in NUMBERS}
    return ClaimFacts(
        split=Split(*(number[name] for name in SPLIT)),
        circumstances=Circumstances(**{name: claims.circumstances[name].at(i) for name in CIRCUMSTANCES}, month=month),
        account_fen=number["account"],
        family_account_fen=number["family_account"],
        continues_stay=bool(number["continues_stay"]),
        stay_deductible_fen=number["stay_deductible"],
        transferred=bool(number["transferred"]),
        episode_deductible_fen=number["episode_deductible"],
        sessions=number["sessions"],
    )
