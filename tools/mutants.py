"""Mutants of the benefit kernel before the oracle: run by ``mutants.sh`` in .mutants/, where mutmut has written them.

mutmut asks pytest about one mutant at a time; most are dead after a few claims. So each is first put before claims that the oracle
has decided already, all in one process. Prints the names of those that no claim tells from the kernel.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

BOOKS, PERSONS, CLAIMS, SECONDS = 150, 2, 12, 30
UNDER_TEST = "MUTANT_UNDER_TEST"


class Story(NamedTuple):
    """A person's year under a book, and what the oracle says of each claim (None: refuses) and of the counters in the end."""

    book: Any
    events: tuple[tuple[Any, Any, int | None], ...]
    """Claim, oracle's outcome, position of the decision that is then taken back."""
    counters: dict[str, int]


def main() -> None:
    """Print the names, one a line; progress goes to standard error."""
    os.environ[UNDER_TEST] = ""
    stories = list(_stories())
    if any(_noticed(story) for story in stories):
        sys.exit("kernel and oracle differ without any mutant")
    names = [
        name
        for meta in sorted(Path("mutants/src").rglob("*.py.meta"))
        for name in json.loads(meta.read_text())["exit_code_by_key"]
    ]
    left = 0
    for n, name in enumerate(names, 1):
        os.environ[UNDER_TEST] = name
        if not any(_noticed(story) for story in stories):
            left += 1
            print(name, flush=True)
        print(f"\r{n}/{len(names)}, {left} left", end="", file=sys.stderr, flush=True)


def _stories() -> Iterator[Story]:
    from claims.domain.adjudication import RuleBooks
    from claims.domain.adjudication.rule_book import RuleBook
    from shared.rules import read_rules
    from tests.oracle import policies
    from tests.oracle.comparing import Year, kernel_facts

    for seed in range(BOOKS):
        random = Random(f"mutants {seed}")
        data = policies.book(random)
        version = data["versions"][0]
        if seed % 5 == 0:
            version["layers"][0]["terms"] = version["layers"][0]["terms"][:1]
        book = read_rules(policies.text(data), "generated", RuleBook)
        rules = RuleBooks([book]).on(policies.REGION, policies.SCHEME, policies.DAY)
        for _ in range(PERSONS):
            year, person, events = Year(rules, version), policies.Person.drawn(random, policies.CARES), []
            for _ in range(CLAIMS):
                person.lives_on(random)
                claim = policies.claim(random, policies.figures(version), person)
                settled = year.settle(claim)
                back = random.randrange(len(year.standing)) if year.standing and random.random() < 0.15 else None
                if back is not None:
                    year.reverse(back)
                events.append((kernel_facts(claim), settled and settled[1], back))
            yield Story(book, tuple(events), dict(year.state.counters))


def _noticed(story: Story) -> bool:
    """Whether anything but the kernel's own answer comes out."""
    previous = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        return not _holds(story)
    except Exception:
        return True
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _holds(story: Story) -> bool:
    from claims.domain.adjudication import RuleBooks, YearState, adjudicate
    from shared.errors import Refusal
    from tests.oracle import policies
    from tests.oracle.comparing import differences

    rules = RuleBooks([story.book]).on(policies.REGION, policies.SCHEME, policies.DAY)
    state, standing = YearState(), []
    for facts, want, back in story.events:
        try:
            got = adjudicate(rules, facts, state)
        except Refusal:
            if want is not None:
                return False
        else:
            if want is None or any(differences(got, want)):
                return False
            state = got.after
            standing.append(got)
        if back is not None:
            state = state.minus(standing.pop(back).contribution)
    return dict(state.counters) == story.counters


def _too_long(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
