"""Kernel against the oracle, and columns against the kernel, on many generated books and claims: ``python tests/load/oracle_bench.py --claims 1000000``.

Each piece of work is one generated book and ten persons' years of 25 claims, with reversals; every amount of every claim is
compared (``tests/oracle/comparing.py``), and every counter of each year. As many claims of the book again go through the kernel as
columns and one at a time (``tests/unit/claims/vector``). A piece is known by its number, so that a disagreement can
be run again: ``--first N --claims 1``. Exits 1 when there was any.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from claims.domain.adjudication import RuleBooks
from tests.factories.fact_columns import claim_columns
from tests.oracle import policies
from tests.oracle.comparing import DisagreementError, Year, live_through_a_year
from tests.unit.claims.vector.test_columns_equal_scalar import compare

PERSONS, CLAIMS_A_YEAR = 10, 25


class Piece(NamedTuple):
    """What one book came to."""

    number: int
    claims: int
    as_columns: int
    payments: int
    reversed: int
    disagreements: tuple[str, ...]


def piece(number: int) -> Piece:
    """Live through ten years under one book."""
    random = Random(number)
    book = policies.book(random)
    version = book["versions"][0]
    books = RuleBooks.read({"generated": policies.text(book)})
    rules, near = books.on(policies.REGION, policies.SCHEME, policies.DAY), policies.figures(version)
    counts: Counter[str] = Counter()
    disagreements = []
    for person in range(PERSONS):
        year = Year(rules, version)
        try:
            counts["claims"] += live_through_a_year(year, near, random, CLAIMS_A_YEAR, policies.CARES)
        except DisagreementError as error:
            disagreements.append(f"book {number}, person {person}: {error}")
        counts["payments"] += year.payments
        counts["reversed"] += year.reversed
    many = claim_columns(
        *(PERSONS * CLAIMS_A_YEAR, PERSONS, number),
        region=policies.REGION,
        schemes=(policies.SCHEME,),
        cares=tuple(policies.CARES),
        near=tuple(near),
        diseases=("", *policies.DISEASES),
    )
    try:
        counts["as_columns"] += compare(books, many)[0]
    except AssertionError as error:
        disagreements.append(f"book {number}, columns: {error}")
    return Piece(number, counts["claims"], counts["as_columns"], counts["payments"], counts["reversed"], tuple(disagreements))


def pieces(first: int, claims: int, processes: int) -> Iterator[Piece]:
    """Pieces until there are so many claims."""
    numbers = range(first, first + -(-claims // (PERSONS * CLAIMS_A_YEAR)))
    with Pool(processes) as pool:
        yield from pool.imap_unordered(piece, numbers)


def main() -> int:
    """Print the counts, and the disagreements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first book")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    begun, total, books, wrong = time.monotonic(), Counter[str](), 0, 0
    for done in pieces(asked.first, asked.claims, asked.processes):
        books += 1
        total.update(claims=done.claims, as_columns=done.as_columns, payments=done.payments, reversed=done.reversed)
        for text in done.disagreements:
            wrong += 1
            print(f"\n{text}", flush=True)
        if books % 10 == 0:
            speed = total["claims"] / (time.monotonic() - begun)
            left = (asked.claims - total["claims"]) / speed
            print(
                f"\r{total['claims']:,} claims, {wrong} disagreements, {speed:,.0f}/s, {left:,.0f} s left ", end="", flush=True
            )
    print(
        f"\n{books:,} books, {total['claims']:,} claims before the oracle, {total['as_columns']:,} as columns, {total['payments']:,} payments above 0, {total['reversed']:,} reversed, "
        f"{wrong} disagreements, {time.monotonic() - begun:,.0f} s"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
