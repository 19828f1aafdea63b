"""Credit the interest of a year that is over and carry every account over (计息结转): the worker's yearly run, batch by batch."""

from __future__ import annotations

from datetime import date
from typing import Final

from claims.application.accounts.ports import Accounts, Journals, YearRuns
from claims.domain.accounts.interest import close_year
from claims.domain.accounts.journals import interest_entry
from claims.domain.accounts.rules import InterestRules
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import UnitOfWork

AT_ONCE: Final = 500


class CreditInterest:
    """One batch a call. Dies and runs beside itself without harm: batch, progress and journal are one transaction."""

    def __init__(
        self,
        uow: UnitOfWork,
        accounts: Accounts,
        runs: YearRuns,
        journals: Journals,
        rules: InterestRules,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._uow = uow
        self._accounts = accounts
        self._runs = runs
        self._journals = journals
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def __call__(self) -> bool:
        """Whether there may be more to do. Begins on 2 January: by then whatever bears a date of the year is committed."""
        today = self._clock.today()
        if today == date(today.year, 1, 1):
            return False
        year = today.year - 1
        async with self._uow.transaction() as tx:
            run = await self._runs.take(tx, year)
            if run is None:
                return False
            locked = await self._accounts.lock_after(tx, run.after_person_id, AT_ONCE)
            if not locked:
                await self._runs.finish(tx, year)
                return False
            years = await self._accounts.open_years(tx, [account.person_id for account in locked], year)
            until = date(year + 1, 1, 1)
            closed = {
                person_id: close_year(opened.opening_fen, opened.movements, year, self._rules, until=until)
                for person_id, opened in years.items()
            }
            await self._accounts.close_years(tx, year, closed, {a.person_id: a.balance_fen for a in locked})
            interest_fen = sum(one.interest_fen for one in closed.values())
            if interest_fen:
                memo = f"{year}年个人账户计息（{len(closed)}户）"
                await self._journals.append(tx, [interest_entry(self._ids.new(), today, interest_fen, memo)])
            await self._runs.go_on(tx, year, locked[-1].person_id, len(closed), interest_fen)
        return True
