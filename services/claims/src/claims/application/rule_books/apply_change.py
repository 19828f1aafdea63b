"""Put a change of what is in force into the register: nothing that was settled may then stand under other rules than it names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.rule_books.ports import Act, Books, Register, SettledUnder
from claims.domain.rule_books.in_force import Change, InForce
from claims.domain.settlement import rules_on
from shared.clock import Clock
from shared.errors import Refusal, conflict
from shared.transactions import Tx


class ApplyChange:
    """Runs inside the transaction of the act, which has locked the register."""

    def __init__(self, books: Books, register: Register, clock: Clock) -> None:
        self._books = books
        self._register = register
        self._clock = clock

    async def check(self, tx: Tx, change: Change, *, first: bool = False) -> None:
        """``first``: nothing was registered before, so what was settled was settled under these files.

        Raises RuleError when the versions in force would not fit together, Refusal ``claims.rule-book.already-settled``.
        """
        after = InForce(change.in_force, edition="")
        since, today = change.since, self._clock.today()
        if first or since > today:  # a day in the future was not settled yet
            return
        # Settlements are held up until the change is committed, and those that were decided before are decided again
        # (``GroupTx.write``): none can slip through in between.
        scheme = (*change.added, *change.ended)[0].book.scheme
        for settled in await self._register.settled(tx, scheme, since, exclude_others=True):
            if _digest(after, scheme, settled) != settled.digest:
                raise conflict(
                    "claims.rule-book.already-settled",
                    f"{settled.ended_on}的费用已按原规则结算，新规则不能溯及",
                    f"claims of {settled.ended_on} were settled under other rules",
                    field="effective_from",
                    region=settled.region,
                )

    async def __call__(self, tx: Tx, change: Change, book_id: str, by: str) -> None:
        """Write a change that was checked; books that thereby have their last day are retired."""
        await self._register.apply(tx, change)
        closed = {e.book_id for e in change.ended} - {e.book_id for e in change.in_force if e.effective_to is None} - {book_id}
        for ended in sorted(closed):
            book = await self._books.lock(tx, ended)
            if book.life.state != "effective":
                continue
            last = max(e.effective_to for e in change.in_force if e.book_id == ended and e.effective_to is not None)
            life = book.life.superseded()
            act = Act(
                act="supersede",
                by=by,
                at=self._clock.now(),
                state=life.state,
                details={"by_book_id": book_id, "ends_on": last.isoformat()},
            )
            await self._books.save(tx, replace(book, life=life), act)


def details_of(change: Change) -> dict[str, Any]:
    """What an act changed, for the history."""
    return {
        "versions": [
            {"version": e.version.version, "digest": e.digest, "effective_from": e.effective_from.isoformat()}
            for e in change.added
        ],
        "ended": [
            {
                "version": e.version.version,
                "digest": e.digest,
                "ends_on": e.effective_to.isoformat() if e.effective_to else None,
            }
            for e in change.ended
        ],
    }


def _digest(books: InForce, scheme: str, settled: SettledUnder) -> str | None:
    days = {"begun_on": settled.begun_on, "ended_on": settled.ended_on, "settled_on": settled.settled_on}
    try:
        return rules_on(books, settled.region, scheme, **days)[0].digest
    except Refusal:
        return None
