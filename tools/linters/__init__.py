"""The house rules that neither ruff nor import-linter can say, one small function each.

A rule gets one source file and yields findings; a tree rule gets all of them. ``python -m tools.linters`` runs every rule over
every file that git knows or would add. Each rule has a good and a bad sample in tests/unit/linters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tools.linters.exactness import clocks_and_chance, exact_money
from tools.linters.language import events_in_contracts, refusal_codes
from tools.linters.naming import banned_names, use_cases
from tools.linters.rooms import domain_imports, no_print, sql_in_adapters
from tools.linters.source import Finding, Source
from tools.linters.wording import docstrings, foreign_addresses, reasons, unfinished

FILE_RULES: Sequence[Callable[[Source], Iterator[Finding]]] = (
    banned_names,
    clocks_and_chance,
    docstrings,
    domain_imports,
    events_in_contracts,
    exact_money,
    foreign_addresses,
    no_print,
    reasons,
    sql_in_adapters,
    unfinished,
    use_cases,
)
TREE_RULES: Sequence[Callable[[Sequence[Source]], Iterator[Finding]]] = (refusal_codes,)


def check(sources: Sequence[Source]) -> list[Finding]:
    """Every finding of every rule, by file and line."""
    found = [finding for source in sources for rule in FILE_RULES for finding in rule(source)]
    found += [finding for rule in TREE_RULES for finding in rule(sources)]
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.rule))
