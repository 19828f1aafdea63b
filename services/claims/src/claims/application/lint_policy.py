"""Lint rule books: every file by itself, then all together, so that one wrong file does not hide what is wrong in the others."""

from __future__ import annotations

from collections.abc import Mapping

from claims.domain.adjudication import RuleBooks
from claims.domain.adjudication.rule_book import RuleBook
from claims.domain.policy_lint import Finding, LintOptions, Severity, lint, lint_times
from claims.domain.rule_books.wording import in_chinese
from shared.rules import RuleError, read_rules


def lint_policy(texts: Mapping[str, str], options: LintOptions | None = None) -> list[Finding]:
    """Everything found in books by file name. A file that cannot be read is a finding ``unreadable``; books of a place and scheme
    that do not follow each other in time are found (``time-overlap``, ``time-gap``) and each still looked at by itself."""
    found: list[Finding] = []
    books: list[RuleBook] = []
    for name, text in texts.items():
        try:
            books.append(read_rules(text, name, RuleBook))
        except RuleError as error:
            found.append(_unreadable(error))
    times = lint_times(books)
    found += times
    faulty = {(finding.region, finding.scheme) for finding in times}
    for book in books:
        if (book.region, book.scheme) in faulty:
            found += lint(RuleBooks([book]), options)
    sound = [book for book in books if (book.region, book.scheme) not in faulty]
    return [*found, *lint(RuleBooks(sound), options)]


def _unreadable(error: RuleError) -> Finding:
    return Finding(
        code="unreadable",
        severity=Severity.ERROR,
        region="",
        scheme="",
        version="",
        place=str(error.origin),
        subject=error.origin.file,
        zh=f"文件不符合规则书格式：{in_chinese(error.problem)}",
    )
