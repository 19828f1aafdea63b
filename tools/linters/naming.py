"""Names: no drawer modules, and every use case says in its file's name what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.linters.source import Finding, Source, dotted

_DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc", "tools", "lib", "core"}
_VERBS = """
    accept act activate adjudicate admit advance answer apply approve ask assign book build calculate cancel change charge check
    classify clear close collect complete confirm contest convert correct count cover create credit deactivate decide deliver deny describe discharge enrol escalate export
    file find finish forward get grant identify import issue judge link lint list load lookup match move open parse pay pick plan post pre preview print propose publish
    query queue read receive recognise reconcile record recover redecide refer refund refuse register reject release remind renew replay replace replenish
    report reserve reset restore resume retire retry return reveal reverse revert review revoke route run search seal send settle show sign simulate
    split start state stop submit suspend sync take track transfer trial undo update upload verify void wait withdraw write
"""
# What use cases run on, rather than use cases: ports, the group that shares a commit, the memory of answered messages.
_MACHINERY = {"ports", "grouping", "his_messages"}
_TYPE_BASES = {"Protocol", "Enum", "StrEnum", "IntEnum", "TypedDict", "NamedTuple", "Exception"}


def banned_names(source: Source) -> Iterator[Finding]:
    """No module or package is called utils, helpers, common, base, manager or the like."""
    for part in source.parts or PurePosixPath(source.path).with_suffix("").parts[1:]:
        if source.path.endswith(".py") and part in _DRAWERS:
            yield source.finding(1, "banned-name", f"{part!r} says nothing; name the module after what it is about")


def use_cases(source: Source) -> Iterator[Finding]:
    """What awaits is a use case: one a file, and the file is named by a verb phrase or ``on_<event>``.

    Other modules of the application room (commands, answers) hold types and pure functions only; ``_MACHINERY`` is excepted.
    """
    name = source.parts[-1] if source.parts else ""
    if source.room != "application" or source.tree is None or source.path.endswith("__init__.py") or name in _MACHINERY:
        return
    named = [n for n in source.tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    public = [node for node in named if not node.name.startswith("_") and not _is_type(node)]
    awaiting = [node for node in public if any(isinstance(inner, ast.AsyncFunctionDef) for inner in ast.walk(node))]
    if len(awaiting) > 1:
        yield source.finding(awaiting[1], "use-case", f"one use case a file; here: {', '.join(n.name for n in awaiting)}")
    if awaiting and name.split("_")[0] not in _VERBS.split() and not name.startswith("on_"):
        yield source.finding(awaiting[0], "use-case", f"{name!r} is no verb phrase, but this awaits, so it is a use case")


def _is_type(node: ast.stmt) -> bool:
    """A class that only carries data or a contract: dataclass without awaiting methods, Protocol, Enum, exception."""
    if not isinstance(node, ast.ClassDef):
        return False
    if {dotted(base).rpartition(".")[2] for base in node.bases} & _TYPE_BASES:
        return True
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    awaits = any(isinstance(inner, ast.AsyncFunctionDef) for inner in ast.walk(node))
    return not awaits and any(dotted(d).rpartition(".")[2] == "dataclass" for d in decorators)
