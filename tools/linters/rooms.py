"""What a room may contain, beyond the import contracts of .importlinter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.linters.source import SERVICES, Finding, Source, dotted, imported

_PURE_STANDARD = """
    __future__ abc base64 bisect collections copy dataclasses datetime decimal enum fractions functools graphlib hashlib heapq hmac itertools json
    math numbers operator re string types typing unicodedata
"""
_PURE_MODULES = ("urllib.parse",)
_KERNEL = {"money", "ids", "clock", "codes", "errors", "calendar", "rules", "ledger", "contracts"}
_SQL = re.compile(r"^\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS\s*\()", re.I | re.S)


def domain_imports(source: Source) -> Iterator[Finding]:
    """A domain imports the pure standard library, the kernel of ``shared`` and itself, and never awaits."""
    if source.room != "domain":
        return
    for node in source.nodes:
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield source.finding(node, "pure-domain", "a domain does not await; do the I/O in the use case")
        for name in imported(node):
            first, _, rest = name.partition(".")
            kernel = first == "shared" and rest.split(".")[0] in _KERNEL
            own = name.startswith(f"{source.package}.domain")
            pure = first in _PURE_STANDARD.split() or name.startswith(_PURE_MODULES)
            if not (pure or kernel or own):
                yield source.finding(node, "pure-domain", f"a domain may not import {name}")


def no_print(source: Source) -> Iterator[Finding]:
    """Services and ``shared`` log or answer; commands write with typer.echo."""
    if source.package not in (*SERVICES, "shared"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted(node.func) == "print":
            yield source.finding(node, "no-print", "use the logger, or typer.echo in a command")


def sql_in_adapters(source: Source) -> Iterator[Finding]:
    """In a service, SQL and SQLAlchemy live in adapters and migrations only."""
    if source.package not in SERVICES or source.room in ("adapters", "migrations"):
        return
    for node in source.nodes:
        if any(name.split(".")[0] in ("sqlalchemy", "asyncpg", "alembic") for name in imported(node)):
            yield source.finding(node, "sql-in-adapters", "database libraries belong to adapters")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value):
            yield source.finding(node, "sql-in-adapters", "SQL text belongs to adapters")
