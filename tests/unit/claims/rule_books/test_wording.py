"""Every problem that a rule file can have is said in Chinese."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import claims
import shared
from claims.domain.rule_books.wording import SLOT, WORDS, in_chinese

SOURCES = (
    Path(claims.__file__).parent / "domain/adjudication/rule_book.py",
    Path(claims.__file__).parent / "domain/adjudication/circumstances.py",
    Path(claims.__file__).parent / "domain/rule_books/in_force.py",
    Path(shared.__file__).parent / "rules/reading.py",
    Path(shared.__file__).parent / "rules/dated.py",
)


def template(node: ast.expr) -> str | None:
    """A text of the source, its values as slots; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else SLOT for part in node.values)
    return None


def problems() -> Iterator[str]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and node.args:
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                said = template(node.args[-1]) if name in ("RuleError", "ValueError", "_error") else None
                if said is not None:
                    yield said


def test_every_problem_of_the_format_is_worded() -> None:
    found = set(problems())
    assert len(found) > 50
    assert found - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("layer more: 't' is not among the version's sources", "层次more：本版本没有依据't'"),
        ("expected a whole number, found str '1.5'", "应为整数，现为str '1.5'"),
        ('expected a quoted share from "0" to "1": rate 2 is outside 0..1', '应为加引号的比例（"0"到"1"）：比例2不在0到1之间'),
        ("no version is in force from 2024-01-01 to 2024-02-01", "2024-01-01至2024-02-01没有有效的版本"),
        ("a line class stands twice", "费用类别重复出现"),
        ("something new", "格式有误（something new）"),
    ],
)
def test_names_and_values_stay(problem: str, words: str) -> None:
    assert in_chinese(problem) == words
