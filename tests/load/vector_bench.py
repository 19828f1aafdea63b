"""Benefits of columns of claims: ``python tests/load/vector_bench.py [--quick]``.

``python -m tests.load.vector_bench --prove 1000000`` instead decides so many claims of every kind of rule, and of the books here,
as columns and one at a time, compares every amount and every counter, and takes minutes.

Three figures, each on one core. **Deepest**: the plan with the most layers of all books here, four claims to a person-year, the
year's counters carried on; from columns to payments, with checks, grouping and state. **Simple**: deductible, three bands and a
cap, against OpenFisca-core in the same run, both from an array of costs to an array of payments, in turns, warm, the best of
several rounds in processor time; and how many of OpenFisca's payments (32-bit floats) are off by half a fen or more.
**County year**: a generated county, read from Parquet, two books, all tables and the spreadsheet, in a process of its own.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from itertools import cycle, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator
from openfisca_core.entities import Entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from claims.adapters.facts.generating import county_year
from claims.adapters.facts.writing import write
from claims.adapters.vector.columns import CIRCUMSTANCES, NUMBERS, ClaimColumns, Coded
from claims.adapters.vector.decide import Decided, decide
from claims.adapters.vector.plans import assign
from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, ClaimFacts, RuleBooks, RuleSet, Split, YearState, adjudicate
from claims.domain.simulation import ChosenRules
from shared.errors import Refusal
from shared.rules import rule_texts

QUICK = "--quick" in sys.argv
CLAIMS = 100_000 if QUICK else 1_000_000
ROUNDS = 3 if QUICK else 9
PERSONS, VISITS = (20_000, 80_000) if QUICK else (500_000, 2_000_000)
POLICY = Path("services/claims/src/claims/policy")
DAY = date(2026, 6, 1)

SIMPLE = """
format: onewindow-rule-book/1
region: "990400"
place: bench
scheme: "390"
title: deductible, three bands, cap
versions:
  - version: bench
    effective_from: 2026-01-01
    dated_by: discharge
    policy_year: calendar
    sources: {bench: {title: bench, grade: synthetic}}
    class_b: {rate: "0.10", source: bench}
    account: {pays: nothing, source: bench}
    layers:
      - code: pool
        name: pool
        book: RES
        fund: "390100"
        his_field: hifp_pay
        per: claim
        bounds: excess
        cap: 150000
        source: bench
        terms:
          - code: all
            name: all
            deductible: [1200]
            bands: [{up_to: 10000, rate: "0.70"}, {up_to: 50000, rate: "0.80"}, {rate: "0.90"}]
"""


def columns(rules: RuleSet, circumstances: dict[str, Coded], person: Any, in_scope: Any) -> ClaimColumns:
    """Claims of one place and day whose bill is in scope."""
    n = len(in_scope)
    usual = Circumstances("inpatient", 2, "resident")
    day = np.full(n, (DAY - date(1970, 1, 1)).days, np.int32)
    return ClaimColumns(
        person=person,
        scheme=Coded.constant(rules.scheme, n),
        region=Coded.constant(rules.region, n),
        circumstances={
            name: circumstances[name] if name in circumstances else Coded.constant(getattr(usual, name), n)
            for name in CIRCUMSTANCES
        },
        days={"begun_on": day, "ended_on": day, "settled_on": day},
        numbers={**{name: int(name == "sessions") for name in NUMBERS}, "total": in_scope, "in_scope": in_scope},
    )


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one go."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def only(rules: RuleSet) -> ChosenRules:
    """One version for all claims of its place and scheme."""
    return ChosenRules(None, None, {(rules.region, rules.scheme): rules})


def deepest() -> tuple[RuleSet, Circumstances]:
    """The rules and circumstances with the most layers, and of these with the most counters."""
    books = RuleBooks.read(rule_texts(POLICY, BOOK_SUFFIX))
    best: tuple[tuple[int, int], RuleSet, Circumstances] | None = None
    for rules in books.all():
        for status, classes in product(("active", "retired", "resident"), ("", "dibao", "tekun", "monitored", "marginal")):
            one = Circumstances("inpatient", 3, status, frozenset({classes} - {""}))  # type: ignore[arg-type]  # a literal
            try:
                steps = rules.plan(one).steps
            except Refusal:
                continue
            depth = len(steps), sum(len(step.adds) for step in steps)
            if best is None or depth > best[0]:
                best = depth, rules, one
    assert best is not None
    return best[1], best[2]


def bench_deepest() -> None:
    """The deepest plan."""
    rules, one = deepest()
    draw = Generator(PCG64(1))
    in_scope = draw.integers(0, 20_000_000, CLAIMS)
    person = np.repeat(np.arange(CLAIMS // 4), 4)
    levels = Coded(draw.integers(0, 3, CLAIMS).astype(np.int32), (1, 2, 3))
    circumstances = {
        "level": levels,
        "status": Coded.constant(one.status, CLAIMS),
        "classes": Coded.constant(one.classes, CLAIMS),
    }

    def go(*, whole_state: bool = False) -> Decided:
        claims = columns(rules, circumstances, person, in_scope)
        return decide(claims, assign(only(rules), claims), whole_state=whole_state)

    best = min(seconds(go) for _ in range(ROUNDS))
    whole = min(seconds(lambda: go(whole_state=True)) for _ in range(ROUNDS))
    decided = go()
    sample = [_one(rules, levels, one, person, in_scope, k) for k in range(0, CLAIMS, CLAIMS // 250)]
    placed = decided.placed(decided.person, CLAIMS)
    assert all(placed[4 * k : 4 * k + 4].tolist() == shares for k, shares in sample)
    steps = rules.plan(one).steps
    names = ", ".join(step.layer.code for step in steps)
    print(f"deepest: {rules.place} {rules.scheme}, {len(steps)} layers ({names}), {CLAIMS:,} claims, 4 to a person-year")
    print(f"  {CLAIMS / best:12,.0f} claims/s    wanted 2,000,000    ratio {CLAIMS / best / 2e6:.2f}")
    print(f"  {CLAIMS / whole:12,.0f} claims/s    with every counter kept ({len(go(whole_state=True).counters)} of them)")


def _one(rules: RuleSet, levels: Coded, one: Circumstances, person: Any, in_scope: Any, row: int) -> tuple[int, list[int]]:
    """A person-year by the scalar kernel."""
    k = int(person[row])
    state, shares = YearState(), []
    for i in range(4 * k, 4 * k + 4):
        amount = int(in_scope[i])
        facts = ClaimFacts(
            split=Split(amount, 0, 0, 0, amount), circumstances=one._replace(level=levels.at(i), month=DAY.month)
        )
        decision = adjudicate(rules, facts, state)
        state = decision.after
        shares.append(decision.person_fen)
    return k, shares


def openfisca() -> TaxBenefitSystem:
    """The same simple rule in OpenFisca-core."""
    person = Entity("person", "persons", "", "")
    system = TaxBenefitSystem([person])
    system.parameters = ParameterNode(
        "",
        data={
            "bands": {
                "brackets": [
                    {"threshold": {"2026-01-01": {"value": low}}, "rate": {"2026-01-01": {"value": rate}}}
                    for low, rate in ((0, 0.7), (10_000, 0.8), (50_000, 0.9))
                ]
            },
            "deductible": {"values": {"2026-01-01": {"value": 1_200}}},
            "cap": {"values": {"2026-01-01": {"value": 150_000}}},
        },
    )

    class cost(Variable):  # type: ignore[misc]  # noqa: N801  # untyped; OpenFisca names a variable by its class
        value_type = float
        entity = person
        definition_period = DateUnit.YEAR

    class payment(Variable):  # type: ignore[misc]  # noqa: N801  # as above
        value_type = float
        entity = person
        definition_period = DateUnit.YEAR

        def formula(person: Any, period: Any, parameters: Any) -> Any:  # noqa: N805  # OpenFisca's form
            rule = parameters(period)
            excess = np.maximum(person("cost", period) - rule.deductible, 0)
            return np.minimum(rule.bands.calc(excess), rule.cap)

    system.add_variables(cost, payment)
    return system


def bench_simple() -> None:
    """The simple rule, beside OpenFisca."""
    (rules,) = RuleBooks.read({"bench": SIMPLE}).all()
    in_scope = Generator(PCG64(2)).integers(0, 30_000_000, CLAIMS)
    person = np.arange(CLAIMS)
    cost = (in_scope / 100).astype(np.float32)
    system = openfisca()

    def ours() -> Any:
        claims = columns(rules, {}, person, in_scope)
        decided = decide(claims, assign(only(rules), claims))
        return decided.placed(decided.payments[0], CLAIMS)

    def theirs() -> Any:
        simulation = SimulationBuilder().build_default_simulation(system, CLAIMS)
        simulation.set_input("cost", "2026", cost)
        return simulation.calculate("payment", "2026")

    mine = other = 1e9
    for _ in range(ROUNDS):
        mine, other = min(mine, seconds(ours)), min(other, seconds(theirs))
    exact = ours()
    excess = np.maximum(in_scope - 120_000, 0)
    due = (
        np.minimum(excess, 1_000_000) * 70
        + np.clip(excess - 1_000_000, 0, 4_000_000) * 80
        + np.maximum(excess - 5_000_000, 0) * 90
    )
    assert (exact == np.minimum((due + 50) // 100, 15_000_000)).all()
    off = int((np.abs(theirs().astype(np.float64) * 100 - exact) >= 0.5).sum())
    print(f"simple: deductible, three bands, cap, {CLAIMS:,} claims")
    print(f"  ours      {CLAIMS / mine:12,.0f} claims/s    {mine * 1e3:7.1f} ms    exact")
    print(
        f"  OpenFisca {CLAIMS / other:12,.0f} claims/s    {other * 1e3:7.1f} ms    {off:,} payments off by half a fen or more"
    )
    print(f"  ratio {other / mine:.2f}    wanted 1.00")


def bench_county() -> None:
    """A county year from files to files."""
    with TemporaryDirectory() as folder:
        facts, reform, out = Path(folder) / "facts", Path(folder) / "reform", Path(folder) / "out"
        visits = write(facts, county_year(PERSONS, VISITS, 1))
        reform.mkdir()
        for path in (POLICY / "books").glob(f"*{BOOK_SUFFIX}"):
            text = path.read_text("utf-8").replace("deductible: [1000, 500]", "deductible: [1500, 900]")
            (reform / path.name).write_text(text, "utf-8")
        command = [sys.executable, "-m", "claims", "simulate", "--facts", str(facts), "--out", str(out), "--progress", "none"]
        command += ["--book", str(POLICY / "books"), "--book", str(reform), "--income", "28753"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        took = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"county year: {visits:,} visits of {PERSONS:,} persons, two books, from Parquet to tables and spreadsheet, one process"
    )
    print(f"  {took:6.2f} s ({cpu:.2f} s of processor)    wanted 10 s      ratio {10 / took:.2f}")
    print(f"  {after.ru_maxrss / 1024:6.0f} MiB at most    wanted 2,048 MiB ratio {2048 * 1024 / after.ru_maxrss:.2f}")


def prove(wanted: int) -> None:
    """Compare columns with the scalar kernel on so many claims."""
    from tests.factories.fact_columns import claim_columns
    from tests.unit.claims.vector.test_columns_equal_scalar import compare, everything

    real = RuleBooks.read(rule_texts(POLICY / "books", BOOK_SUFFIX))
    places: list[tuple[RuleBooks, str, tuple[str, ...]]] = [
        (real, region, ("310", "390")) for region in sorted({rules.region for rules in real.all()})
    ]
    places.append((everything(), "990300", ("310",)))
    cares = ("inpatient", "outpatient", "chronic", "two_diseases", "maternity", "day_surgery")
    compared = left_out = 0
    for seed, (books, region, schemes) in enumerate(cycle(places)):
        if compared >= wanted:
            break
        near = (5_000, 20_000, 120_000, 600_000, 1_200_000)
        mine = cares if region == "990300" else cares[:2]
        claims = claim_columns(
            10_000, 1_500, seed, region=region, schemes=schemes, cares=mine, near=near, diseases=("", "d1", "d2", "d3")
        )
        decided, refused = compare(books, claims)
        compared, left_out = compared + decided, left_out + refused
    print(f"{compared:,} claims: columns equal one at a time, every amount and counter; {left_out:,} refused by both")


def main() -> None:
    """Print the figures."""
    if "--prove" in sys.argv:
        prove(int(sys.argv[sys.argv.index("--prove") + 1]))
        return
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, one core, best of {ROUNDS}")
    bench_deepest()
    bench_simple()
    bench_county()


if __name__ == "__main__":
    main()
