"""The published language: events are registered in one place, refusal codes are stable and never shared by two meanings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from tools.linters.source import SERVICES, Finding, Source, dotted

_REFUSERS = {"invalid", "not_found", "conflict", "forbidden", "unauthenticated", "unavailable"}
_CODE = re.compile(r"^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9_-]*){1,3}$")


def events_in_contracts(source: Source) -> Iterator[Finding]:
    """Only ``shared.contracts`` registers events."""
    if not source.package or source.parts[:2] == ("shared", "contracts"):
        return
    for node in source.nodes:
        decorated = isinstance(node, ast.ClassDef) and any(
            isinstance(d, ast.Call) and dotted(d.func).rpartition(".")[2] == "event" for d in node.decorator_list
        )
        if decorated or (isinstance(node, ast.Call) and dotted(node.func).endswith("REGISTRY.add")):
            yield source.finding(node, "events", "register events in shared.contracts, where every service can read them")


def refusal_codes(sources: Sequence[Source]) -> Iterator[Finding]:
    """A code is ``<service>.<subject>.<reason>``, raised from one module only, and no service uses another's prefix."""
    home: dict[str, str] = {}
    for source in sources:
        if source.package not in (*SERVICES, "shared"):
            continue
        for node, code in _codes(source):
            prefix = code.split(".")[0]
            own = source.package.replace("_", "-")
            taken = prefix in {service.replace("_", "-") for service in SERVICES}
            if not _CODE.match(code):
                yield source.finding(node, "refusal-code", f"{code!r}: write <service>.<subject>.<reason> in lower case")
            elif (own == "shared" and taken) or (own != "shared" and prefix != own):
                yield source.finding(node, "refusal-code", f"{code!r} does not belong to {own}")
            elif home.setdefault(code, source.path) != source.path:
                yield source.finding(node, "refusal-code", f"{code!r} is raised in {home[code]} too: one code, one meaning")


def _codes(source: Source) -> Iterator[tuple[ast.AST, str]]:
    names = {
        alias.asname or alias.name: alias.name
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and node.module == "shared.errors"
        for alias in node.names
    }
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func)
        original = called.removeprefix("errors.") if called.startswith("errors.") else names.get(called)
        position = 0 if original in _REFUSERS else 1 if original == "Refusal" else None
        if position is None or len(node.args) <= position:
            continue
        code = node.args[position]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield node, code.value
