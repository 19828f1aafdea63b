"""The states of a rule book and who may move it on (不相容岗位分离).

draft 草稿 → linted 已检查 → shadow-run 已试算 → approved 已批准 → effective 生效 → retired 退役. Before it is approved a book may be
changed, which makes it a draft again. Two people approve: the maker 经办, who may be who submitted the book, and the checker
复核, who is neither. Two people also end a book that is in force; a book that never was is given up by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from claims.domain.policy_lint import Finding, Severity
from shared.errors import Refusal, conflict, forbidden, invalid

State = Literal["draft", "linted", "shadow-run", "approved", "effective", "retired"]

NAMES: Final[dict[State, str]] = {
    "draft": "草稿",
    "linted": "已检查",
    "shadow-run": "已试算",
    "approved": "已批准",
    "effective": "生效",
    "retired": "退役",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a book stands. Every act gives the next ``Life`` or raises Refusal."""

    state: State = "draft"
    submitted_by: str
    maker: str | None = None
    checker: str | None = None
    ending_by: str | None = None
    """Who asked that a book in force end."""
    ending_on: date | None = None
    """The last day that was asked for."""

    def changed(self, by: str) -> Life:
        """Another text: everything before it counts for nothing. ``by`` is who submitted it now."""
        self._expect("修改", "draft", "linted", "shadow-run")
        return Life(submitted_by=by)

    def linted(self, findings: Sequence[Finding]) -> Life:
        """Checked. With an error among the findings it is a draft (again)."""
        self._expect("检查", "draft", "linted")
        wrong = any(finding.severity is Severity.ERROR for finding in findings)
        return replace(self, state="draft" if wrong else "linted")

    def may_shadow_run(self) -> None:
        """Refuses a trial on past settlements before the book is checked, and once approval has begun."""
        self._expect("试算", "linted", "shadow-run")
        if self.maker is not None:
            raise conflict("claims.rule-book.approval-begun", "复核已开始，不能再试算", "approval has begun", field="state")

    def shadow_run(self) -> Life:
        """Tried on past settlements."""
        self.may_shadow_run()
        return replace(self, state="shadow-run")

    def approved(self, by: str) -> Life:
        """The first approval makes the maker, the second, by another who did not submit the book, approves it."""
        self._expect("批准", "shadow-run")
        if self.maker is None:
            return replace(self, maker=by)
        if by == self.maker:
            raise forbidden("claims.rule-book.same-person", "经办与复核不能为同一人", "maker and checker must differ")
        if by == self.submitted_by:
            raise forbidden("claims.rule-book.own-book", "不能复核本人提交的规则集", "the checker must not have submitted it")
        return replace(self, state="approved", checker=by)

    def made_effective(self) -> Life:
        """In force from the days its versions say."""
        self._expect("生效", "approved")
        return replace(self, state="effective")

    def given_up(self) -> Life:
        """Retired without ever having been in force."""
        self._expect("作废", "draft", "linted", "shadow-run", "approved")
        return replace(self, state="retired")

    def ended(self, by: str, on: date) -> Life:
        """The first call asks that ``on`` be the last day, the second, by another and of the same day, makes it so."""
        self._expect("退役", "effective")
        if self.ending_by is None:
            return replace(self, ending_by=by, ending_on=on)
        if by == self.ending_by:
            raise forbidden(
                "claims.rule-book.same-person-ends", "提出退役与确认退役不能为同一人", "another person must confirm"
            )
        if on != self.ending_on:
            raise invalid(
                "claims.rule-book.other-end",
                f"与提出的失效日期{self.ending_on}不一致",
                "not the day asked for",
                field="ends_on",
            )
        return replace(self, state="retired")

    def superseded(self) -> Life:
        """Every version has its last day, by a later book."""
        return replace(self, state="retired", ending_by=None, ending_on=None)

    def _expect(self, act: str, *states: State) -> None:
        if self.state not in states:
            raise _wrong_state(act, self.state, states)


def _wrong_state(act: str, state: State, needed: Sequence[State]) -> Refusal:
    return conflict(
        "claims.rule-book.wrong-state",
        f"规则集当前为“{NAMES[state]}”，不能{act}，须为{'或'.join(f'“{NAMES[s]}”' for s in needed)}",
        f"the book is {state}, and not {' or '.join(needed)}",
        field="state",
        state=state,
    )
