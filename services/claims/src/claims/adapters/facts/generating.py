"""A synthetic county year: claims that look like a county's, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.random import PCG64, Generator

from claims.adapters.facts.reading import complete
from claims.adapters.facts.schema import FORMAT, FORMAT_KEY
from claims.adapters.vector.columns import Ints

_PERSONS_AT_ONCE: Final = 65_536
_TOWNS: Final = (
    "东风镇",
    "城关镇",
    "河口镇",
    "龙泉镇",
    "青山镇",
    "石桥镇",
    "双河镇",
    "太平镇",
    "新店镇",
    "杨柳镇",
    "永安镇",
    "中和镇",
)
_CLASSES: Final = ("", "dibao", "tekun", "monitored", "marginal", "dibao|monitored", "illness_poor")
_CLASS_SHARES: Final = (0.935, 0.03, 0.006, 0.01, 0.012, 0.004, 0.003)


def county_year(persons: int, visits: int, seed: int, *, year: int = 2025, region: str = "990101") -> Iterator[pa.Table]:
    """About ``visits`` claims of ``persons`` persons, sorted by person; one visit in ten a stay, one person in five an employee.

    The persons come in groups of their own seeds, so the county does not depend on how much is made at once.
    """
    for number, first in enumerate(range(0, persons, _PERSONS_AT_ONCE)):
        count = min(_PERSONS_AT_ONCE, persons - first)
        draw = Generator(PCG64([seed, number]))
        yield _group(draw, first, count, visits / persons, year, region)


def _group(draw: Generator, first: int, count: int, mean: float, year: int, region: str) -> pa.Table:
    visits = draw.poisson(draw.gamma(1.6, mean / 1.6, count))
    n = int(visits.sum())
    who = np.repeat(np.arange(count), visits)
    employee = draw.random(count) < 0.2
    age = np.clip(draw.gamma(4.5, 10.5, count).astype(np.int64), 0, 99)
    retired = employee & (age >= 60)
    status = np.where(retired, "retired", np.where(employee, "active", "resident"))
    classes = np.where(employee, 0, draw.choice(len(_CLASSES), count, p=_CLASS_SHARES))
    town = draw.integers(0, len(_TOWNS), count)
    tenure = draw.integers(0, 240, count)

    stay = draw.random(n) < 0.1
    level = np.where(stay, draw.choice([1, 2, 3], n, p=[0.3, 0.5, 0.2]), draw.choice([1, 2, 3], n, p=[0.7, 0.25, 0.05]))
    away = draw.choice([0, 1, 2], n, p=[0.93, 0.05, 0.02])
    total = np.where(stay, draw.lognormal(13.0, 0.9, n), draw.lognormal(9.2, 0.8, n))
    total = np.clip(total, 100, 80_000_000).astype(np.int64) * np.where(stay, level, 1)
    self_funded = _part(total, draw.integers(0, 120_000, n))
    class_b = _part(total - self_funded, draw.integers(200_000, 600_000, n))
    over_limit = _part(class_b, np.where(draw.random(n) < 0.1, 50_000, 0))
    pre_selfpay = _part(class_b - over_limit, 100_000)
    in_scope = total - self_funded - over_limit - pre_selfpay
    traditional = _part(in_scope, np.where(draw.random(n) < 0.15, draw.integers(0, 500_000, n), 0))
    account = np.where(employee[who], draw.integers(0, 40_000, n), 0)

    day = draw.integers(0, 365, n)
    by_day = np.lexsort((day, who))
    day = day[by_day]
    first_day = (date(year, 1, 1) - date(1970, 1, 1)).days
    ended = (first_day + day).astype(np.int32)
    length = np.where(stay, draw.integers(1, 15, n), 0)

    def of_person(values: Any) -> pa.Array:
        return pa.array(np.asarray(values)[who])

    columns = {
        "person": pa.array(first + who + 1),
        "scheme": of_person(np.where(employee, "310", "390")),
        "region": pa.repeat(region, n),
        "town": of_person(np.array(_TOWNS)[town]),
        "begun_on": pa.array((ended - length).astype(np.int32)).cast(pa.date32()),
        "ended_on": pa.array(ended).cast(pa.date32()),
        "settled_on": pa.array(ended).cast(pa.date32()),
        "care": pa.array(np.where(stay, "inpatient", "outpatient")),
        "level": pa.array(level.astype(np.int8)),
        "status": of_person(status),
        "classes": of_person(np.array(_CLASSES)[classes]),
        "place": pa.array(np.array(["local", "in_province", "out_of_province"])[away]),
        "referred": pa.array((away < 2) | (draw.random(n) < 0.6)),
        "age": of_person(age.astype(np.int16)),
        "tenure_months": of_person(tenure.astype(np.int16)),
        "total_fen": pa.array(total),
        "self_funded_fen": pa.array(self_funded),
        "over_limit_fen": pa.array(over_limit),
        "pre_selfpay_fen": pa.array(pre_selfpay),
        "in_scope_fen": pa.array(in_scope),
        "class_b_fen": pa.array(class_b - over_limit - pre_selfpay),
        "traditional_fen": pa.array(traditional),
        "account_fen": pa.array(account),
    }
    table = pa.table(columns).replace_schema_metadata({FORMAT_KEY: FORMAT.encode()})
    return complete(table)


def _part(amounts: Ints, millionths: Any) -> Ints:
    """A share of each amount, half up."""
    result: Ints = (amounts * millionths + 500_000) // 1_000_000
    return result
