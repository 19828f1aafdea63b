"""A rule book as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from claims.application.rule_books.ports import Act, ShadowJob, StoredBook
from claims.domain.adjudication import RuleBooks
from claims.domain.policy_lint import Finding, Severity
from claims.domain.rule_books.in_force import Enacted, read_book
from claims.domain.rule_books.life import NAMES
from shared.rules import plain


def summary(book: StoredBook, enacted: Sequence[Enacted] = ()) -> dict[str, Any]:
    """A line of a list. ``enacted``: what of the book was made effective, with its last days as decided."""
    life = book.life
    ends = {e.digest: e.effective_to for e in enacted}
    return {
        "book_id": book.book_id,
        "region": book.region,
        "place": book.place,
        "scheme": book.scheme,
        "title": book.title,
        "file": book.file,
        "revision": book.revision,
        "origin": book.origin,
        "state": life.state,
        "state_name": NAMES[life.state],
        "submitted_by": life.submitted_by,
        "submitted_at": book.submitted_at.isoformat(),
        "maker": life.maker,
        "checker": life.checker,
        "ending": None if life.ending_on is None else {"by": life.ending_by, "ends_on": life.ending_on.isoformat()},
        "versions": [
            {
                "version": rules.version.version,
                "digest": rules.digest,
                "effective_from": rules.effective_from.isoformat(),
                "effective_to": None if (last := ends.get(rules.digest, rules.effective_to)) is None else last.isoformat(),
                "registered": rules.digest in ends,
            }
            for rules in RuleBooks([read_book(book.text, book.file)]).all()
        ],
    }


def document(book: StoredBook, enacted: Sequence[Enacted], acts: Sequence[Act]) -> dict[str, Any]:
    """The book in full. Amounts of ``parsed`` are fen, rates millionths; what has its default is left out."""
    read = read_book(book.text, book.file)
    return {
        **summary(book, enacted),
        "text": book.text,
        "parsed": plain(read),
        "sources": [
            {"version": version.version, "name": name, **plain(source)}
            for version in read.versions
            for name, source in version.sources.items()
        ],
        "lint": lint_result(book.findings),
        "shadow_run": book.shadow,
        "acts": [{**asdict(act), "at": act.at.isoformat()} for act in acts],
    }


def lint_result(findings: Sequence[Finding] | None) -> dict[str, Any] | None:
    """The findings of the last check; None: this text was not checked yet."""
    if findings is None:
        return None
    return {
        "errors": sum(f.severity is Severity.ERROR for f in findings),
        "warnings": sum(f.severity is Severity.WARNING for f in findings),
        "findings": [asdict(f) for f in findings],
    }


def job_shown(job: ShadowJob) -> dict[str, Any]:
    """A trial with its progress."""
    return {
        "job_id": job.job_id,
        "book_id": job.book_id,
        "kind": "shadow-run",
        "revision": job.revision,
        "version": job.version,
        "from_on": job.from_on.isoformat(),
        "to_on": job.to_on.isoformat(),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "result": job.tally or None,
        "cause": job.cause or None,
        "asked_by": job.asked_by,
        "asked_at": job.asked_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
