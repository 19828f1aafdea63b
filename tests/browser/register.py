"""The rule books behind the fake gateway: real books of this repository, read, checked and compared by the code of claims.

In force: 宜昌 residents 2024, with its last day taken off. Submitted: the same for 2027 with other rates, and a book of 演示市.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import claims
from claims.application.rule_books.describing import document, summary
from claims.application.rule_books.ports import Act, StoredBook
from claims.application.rule_books.submit_book import readable
from claims.domain.adjudication import RuleBooks
from claims.domain.policy_lint import Finding, lint
from claims.domain.rule_books.diff import differences
from claims.domain.rule_books.in_force import read_book
from claims.domain.rule_books.life import Life
from shared.clock import CHINA
from shared.errors import Refusal
from shared.rules import plain

Json = dict[str, Any]

IN_FORCE, DRAFT, EMPLOYEES = "01BOOKINFORCE", "01BOOKDRAFT", "01BOOKEMPLOYEES"
JOB: Final = "01JOBTRIAL"
NOW: Final = datetime(2026, 11, 22, 9, 30, tzinfo=CHINA)
_BOOKS: Final = Path(claims.__file__).parent / "policy" / "books"
_FILE: Final = "420500-yichang-residents.book.yaml"

YICHANG: Final = (_BOOKS / _FILE).read_text("utf-8").replace("    effective_to: 2024-12-31\n", "")
DRAFT_TEXT: Final = (
    YICHANG.replace('version: "2024"', 'version: "2027"')
    .replace("effective_from: 2024-01-01", "effective_from: 2027-01-01")
    .replace('deductible: [500, 250], bands: [{rate: "0.75"}]', 'deductible: [400, 200], bands: [{rate: "0.80"}]')
    .replace("cap: 150000", "cap: 180000")
    .replace(
        "{code: tekun, name: 特困人员, when: {classes: [tekun]}, deductible: [5000]",
        "{code: tekun, name: 特困人员, when: {classes: [tekun]}, deductible: [3000]",
    )
)


@cache
def findings(text: str) -> tuple[Finding, ...]:
    """What the linter says of a text; solving takes seconds, so it is done once."""
    return tuple(lint(RuleBooks([read_book(text, _FILE)])))


def accepted(text: str) -> str:
    """The text with its errors accepted by the place, so that it goes on."""
    return text.replace(
        "    class_b:",
        "    accepted_findings: {poorer-paid-less: 孤儿和返贫致贫人口的倾斜待遇待省里统一后补齐}\n    class_b:",
        1,
    )


class Register:
    """Books with their lives, and a trial that moves each time it is looked at."""

    def __init__(self) -> None:
        in_force = _stored(IN_FORCE, YICHANG, _FILE, Life(state="effective", submitted_by="file"), origin="file")
        draft = _stored(DRAFT, accepted(DRAFT_TEXT), "宜昌2027.book.yaml", Life(submitted_by="lijing"))
        employees = (_BOOKS / "990100-demo-city-employees.book.yaml").read_text("utf-8")
        demo = _stored(EMPLOYEES, employees, "employees.book.yaml", Life(state="effective", submitted_by="file"), origin="file")
        self.books = {book.book_id: book for book in (in_force, draft, demo)}
        self.acts: dict[str, list[Act]] = {key: [self._act("import", "file", "effective")] for key in (IN_FORCE, EMPLOYEES)}
        self.acts[DRAFT] = [self._act("submit", "lijing", "draft", note="提高二级医院待遇", revision=1)]
        self.job: Json | None = None

    def _act(self, act: str, by: str, state: str, note: str = "", **details: Any) -> Act:
        return Act(act=act, by=by, at=NOW, state=state, note=note, details=details)

    def page(self, **wanted: str | None) -> list[Json]:
        """Summaries of the books that are wanted."""
        shown = [summary(book) for book in self.books.values()]
        return [b for b in shown if all(value is None or b[name] == value for name, value in wanted.items())]

    def show(self, book_id: str) -> Json:
        """One in full."""
        return document(self.books[book_id], [], self.acts[book_id])

    def diff(self, book_id: str, against: str) -> Json:
        """What a book says otherwise than another."""
        before, after = (self._stated(key) for key in (against, book_id))
        return {"differences": [asdict(d) for d in differences(before, after)]}

    def _stated(self, book_id: str) -> Json:
        stored = self.books[book_id]
        book = read_book(stored.text, stored.file)
        return {
            "region": book.region,
            "place": book.place,
            "scheme": book.scheme,
            "title": book.title,
            **plain(book.versions[-1]),
        }

    def submit(self, book_id: str | None, text: str, file: str, by: str, note: str) -> Json:
        """A new draft, or another text of one."""
        readable(text, file)
        key = book_id or "01BOOKNEW"
        self.books[key] = _stored(key, text, file, Life(submitted_by=by))
        self.acts.setdefault(key, []).append(
            self._act("change" if book_id else "submit", by, "draft", note, revision=len(self.acts.get(key, [])) + 1)
        )
        return summary(self.books[key])

    def act(self, book_id: str, act: str, by: str, body: Json) -> Json:
        """Check, try, approve, make effective, retire."""
        book, note = self.books[book_id], str(body.get("note", ""))
        moves: dict[str, Callable[[Life], Life]] = {
            "lint": lambda life: life.linted(findings(book.text)),
            "approve": lambda life: life.approved(by),
            "make-effective": lambda life: life.made_effective(),
            "retire": lambda life: (
                life.given_up() if life.state != "effective" else life.ended(by, date.fromisoformat(body["ends_on"]))
            ),
        }
        if act == "shadow-run":
            book.life.may_shadow_run()
            self.job = _job(book_id, body, by)
            self.acts[book_id].append(self._act("ask-shadow-run", by, book.life.state, "", **body))
            return self.job
        life = moves[act](book.life)
        self.books[book_id] = replace(book, life=life, findings=findings(book.text) if act == "lint" else book.findings)
        named = {"approve": "approve" if life.state == "approved" else "propose", "retire": "retire"}.get(act, act)
        if act == "retire":
            named = "give-up" if book.life.state != "effective" else "retire" if life.state == "retired" else "ask-end"
        self.acts[book_id].append(self._act(named, by, life.state, note))
        return summary(self.books[book_id])

    def jobs(self) -> list[Json]:
        """The trials."""
        return [self.job] if self.job else []

    def look_at_job(self) -> Json:
        """A trial that goes on by a step whenever somebody looks."""
        assert self.job is not None
        job = self.job
        if job["state"] == "queued":
            job |= {"state": "running", "done": 500, "total": 1_283}
        elif job["done"] < job["total"]:
            job |= {"done": 1_283, "state": "done", "finished_at": NOW.isoformat()}
            book = self.books[job["book_id"]]
            result = {"job_id": JOB, **{k: job[k] for k in ("version", "from_on", "to_on")}, **_TALLY}
            self.books[book.book_id] = replace(book, life=book.life.shadow_run(), shadow=result)
            self.acts[book.book_id].append(self._act("shadow-run", job["asked_by"], "shadow-run", "", count=1_283))
        return job


_TALLY: Final[Json] = {
    "count": 1_283,
    "same": 671,
    "winners": 604,
    "losers": 0,
    "uncovered": 8,
    "funds": {
        "RES": {"before_fen": 684_120_355, "after_fen": 711_904_280},
        "CII": {"before_fen": 91_300_512, "after_fen": 86_277_105},
        "MAF": {"before_fen": 40_118_890, "after_fen": 38_907_441},
    },
    "person_before_fen": 271_604_118,
    "person_after_fen": 250_055_049,
    "refusals": {"claims.rules.uncovered": 8},
    "largest": [
        {"settlement_id": "01SETTLEMENTLI", "before_fen": 7_479_360, "after_fen": 7_899_360},
        {"settlement_id": "01SETTLEMENTZHANG", "before_fen": 1_198_500, "after_fen": 1_148_500},
    ],
}


def _job(book_id: str, body: Json, by: str) -> Json:
    return {
        "job_id": JOB,
        "book_id": book_id,
        "kind": "shadow-run",
        "revision": 1,
        "version": "2027",
        "from_on": body["from_on"],
        "to_on": body["to_on"],
        "state": "queued",
        "done": 0,
        "total": None,
        "result": None,
        "cause": None,
        "asked_by": by,
        "asked_at": NOW.isoformat(),
        "finished_at": None,
    }


def _stored(book_id: str, text: str, file: str, life: Life, *, origin: Any = "submitted") -> StoredBook:
    book = read_book(text, file)
    return StoredBook(
        book_id=book_id,
        region=book.region,
        place=book.place,
        scheme=book.scheme,
        title=book.title,
        file=file,
        text=text,
        revision=1,
        origin=origin,
        life=life,
        submitted_at=NOW,
    )


def problem(refusal: Refusal) -> tuple[int, str, str, Json]:
    """A refusal of claims as the fake gateway tells it."""
    return int(refusal.kind.value), refusal.code, refusal.zh, dict(refusal.facts)
