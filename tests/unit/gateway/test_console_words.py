"""The console has a word for every kind of journal that the two services write, and knows who is asked for money in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args, get_type_hints

import claims
import workinjury_bridge
from claims.application.funds.move_debt import DebtMovement
from gateway.entrypoints.console.words import JOURNAL_KINDS, REMEDIES, REMEDY_STEPS, span
from workinjury_bridge.domain.clearing import Remedy
from workinjury_bridge.domain.recovery import MovementKind

Function = ast.FunctionDef | ast.AsyncFunctionDef

DEBT_MOVEMENTS = set(get_args(get_type_hints(DebtMovement)["kind"]))
MOVEMENTS = {kind.value for kind in MovementKind}
READ_ELSEWHERE: dict[str, set[str]] = {
    "command.kind": DEBT_MOVEMENTS,
    "kind.value": MOVEMENTS,
    "booked.kind": set(),  # of a journal that is in the book already
}
"""Kinds that the source names by a variable, and what it may hold."""


@dataclass
class Sources:
    """Every function that passes the kind of a journal on, and every kind that is passed."""

    modules: dict[Path, ast.Module]
    constants: dict[str, str]
    builders: dict[tuple[str, Path | None], int | None] = field(default_factory=dict)
    """By name, and by module where the name is private: where among the arguments the kind stands."""
    kinds: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    def collect(self) -> None:
        """Until no other function passes a kind on."""
        known = -1
        while known != len(self.builders):
            known = len(self.builders)
            for path, module in self.modules.items():
                for function in (node for node in ast.walk(module) if isinstance(node, Function)):
                    for value in self._passed(path, function):
                        self._read(path, function, value)

    def _passed(self, path: Path, function: Function) -> Iterator[ast.expr]:
        """The kind of each journal that the function makes."""
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            by_name = [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
            if name == "Entry" or (name == "replace" and _mentions(self.modules[path], "shared.ledger")):
                yield from by_name
            elif name == "contra":
                yield ast.Constant("contra")
            elif _known_as(name, path) in self.builders:
                at = self.builders[_known_as(name, path)]
                yield from by_name
                if at is not None and at < len(call.args):
                    yield call.args[at]

    def _read(self, path: Path, function: Function, value: ast.expr) -> None:
        if isinstance(value, ast.IfExp):
            self._read(path, function, value.body)
            self._read(path, function, value.orelse)
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.kinds.add(value.value)
        elif isinstance(value, ast.Name) and value.id in self.constants:
            self.kinds.add(self.constants[value.id])
        elif isinstance(value, ast.Name) and value.id in _parameters(function):
            self._passes_on(path, function, value.id)
        else:
            self.unread.add(ast.unparse(value))

    def _passes_on(self, path: Path, function: Function, parameter: str) -> None:
        positional = [a.arg for a in function.args.args if a.arg != "self"]
        at = positional.index(parameter) if parameter in positional else None
        self.builders[_known_as(function.name, path)] = at
        for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
            if argument.arg == parameter and isinstance(default, ast.Constant):
                self.kinds.add(str(default.value))


def _known_as(name: str, path: Path) -> tuple[str, Path | None]:
    return name, path if name.startswith("_") else None


def _parameters(function: Function) -> set[str]:
    return {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}


def _mentions(module: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module == name for node in module.body)


def sources() -> Sources:
    """Both services as they are written."""
    folders = [Path(str(package.__file__)).parent for package in (claims, workinjury_bridge)]
    modules = {path: ast.parse(path.read_text("utf-8")) for folder in folders for path in folder.rglob("*.py")}
    constants = {
        node.target.id: node.value.value
        for module in modules.values()
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant)
        if isinstance(node.value.value, str)
    }
    return Sources(modules, constants)


def test_every_kind_of_journal_has_a_word() -> None:
    written = sources()
    written.collect()
    assert written.unread == set(READ_ELSEWHERE)
    kinds = written.kinds.union(*READ_ELSEWHERE.values())
    assert {"settlement", "charge-back", "fund-set-off", "correction", "receipt", "write-off", "stay-recovery"} <= kinds
    assert kinds == set(JOURNAL_KINDS)


def test_money_is_asked_for_in_the_order_of_the_bridge() -> None:
    assert tuple(remedy.value for remedy in Remedy) == REMEDY_STEPS
    assert set(REMEDY_STEPS) == set(REMEDIES)


def test_a_period_in_words() -> None:
    assert span("2026-07-20", "2026-08-11") == "2026-07-20 至 2026-08-11"
    assert span("2026-07-20", "2026-07-20") == "2026-07-20"
    assert span("2026-07-20", None) == "2026-07-20 起"
