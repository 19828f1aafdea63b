"""What stands in the files: docstrings, reasons for exceptions, nothing unfinished, no address of a machine or a registry."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tools.linters.source import Finding, Source, dotted

_SILENCER = re.compile(r"#\s*(type:\s*ignore|noqa|pragma:\s*no cover)(\[[^\]]*\]|:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?(.*)")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
_REGISTRY = re.compile(
    r"https?://[^\s\"')]*(pypi|pythonhosted|npmjs|crates\.io|maven2|mirror)|--(extra-)?index-url|--find-links", re.I
)
_MACHINE_PATH = re.compile(r"(?<![\w./~$}-])/(root|home|work|farm|Users)/\w")


def docstrings(source: Source) -> Iterator[Finding]:
    """Every module, public class, public function and public method of the shipped packages says what it means."""
    if not source.package or source.is_migration or source.tree is None:
        return
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield source.finding(1, "docstring", "the module has no docstring")
    yield from _undocumented(source, source.tree)


def _undocumented(source: Source, parent: ast.Module | ast.ClassDef) -> Iterator[Finding]:
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield source.finding(node, "docstring", f"{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(source, node)


def reasons(source: Source) -> Iterator[Finding]:
    """A silenced check names what it silences and why: ``# noqa: E402  # Chinese fonts must be set first``."""
    for line, comment in _comments(source):
        if match := _SILENCER.search(comment):
            if not match.group(2) and "no cover" not in match.group(1):
                yield source.finding(line, "reason", "name the silenced code, as in type: ignore[arg-type]")
            if not re.search(r"[^\W\d_]{3}", match.group(4)):
                yield source.finding(line, "reason", "say why, in a second comment on the same line")


def unfinished(source: Source) -> Iterator[Finding]:
    """Nothing is left for later: no such comments, no stubs, no skipped tests."""
    for line, comment in _comments(source):
        if _UNFINISHED.search(comment):
            yield source.finding(line, "unfinished", "finish it, or file it where work is planned")
    for node in source.nodes:
        name = dotted(node) if isinstance(node, ast.Attribute | ast.Name) else ""
        if name == "NotImplementedError" or name.startswith(("pytest.mark.skip", "pytest.mark.xfail", "pytest.skip")):
            yield source.finding(
                node, "unfinished", f"{name}: what is not built refuses with a clear error; tests run or do not exist"
            )


def foreign_addresses(source: Source) -> Iterator[Finding]:
    """No package registry's address and no path of somebody's machine in any file."""
    if source.path.startswith(("tests/unit/linters/", "tools/linters/", "Makefile")):
        return  # they speak of the patterns themselves
    for number, line in enumerate(source.text.splitlines(), 1):
        if _REGISTRY.search(line):
            yield source.finding(number, "address", "a registry's address; every machine has its own configuration")
        if _MACHINE_PATH.search(line):
            yield source.finding(number, "address", "a path of one machine; make it relative or a setting")


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    if source.tree is None:
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
