"""Close the account of someone who died and pay it out to the heirs (个人账户一次性支取): one proposes, another approves.

Interest runs until the day of approval. What a take-back restores later is inheritable too (B14): it is paid out by a second
closure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from claims.application.accounts.ports import Accounts, Closure, Closures, Journals, LockedAccount, Sharings
from claims.domain.accounts.interest import close_year
from claims.domain.accounts.journals import interest_entry, payout_entry
from claims.domain.accounts.rules import InterestRules
from claims.domain.refusals import account_none
from shared.clock import Clock
from shared.errors import conflict, invalid, not_found
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


class CloseAccount:
    """Propose, approve, reject."""

    def __init__(
        self,
        once: Once,
        accounts: Accounts,
        sharings: Sharings,
        closures: Closures,
        journals: Journals,
        rules: InterestRules,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._accounts = accounts
        self._sharings = sharings
        self._closures = closures
        self._journals = journals
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def propose(self, person_id: str, died_on: date, reference: str, maker: str, key: OnceKey) -> dict[str, Any]:
        """``closure_id``. Refuses a person without account, a death in the future, a second open proposal."""

        async def work(tx: Tx) -> dict[str, Any]:
            if await self._accounts.lock(tx, person_id) is None:
                raise account_none()
            if died_on > self._clock.today():
                raise invalid("claims.closure.death", "死亡日期不能晚于今天", field="died_on")
            closure = Closure(
                closure_id=self._ids.new(),
                person_id=person_id,
                state="proposed",
                died_on=died_on,
                reference=reference,
                maker=maker,
            )
            if not await self._closures.add(tx, closure):
                raise conflict("claims.closure.open", "该账户已有待复核的注销申请", field="person_id")
            return {"closure_id": closure.closure_id, "state": closure.state}

        return (await self._once.run(key, work))[0]

    async def approve(self, person_id: str, closure_id: str, checker: str, key: OnceKey) -> dict[str, Any]:
        """What the heirs get, in fen. Refuses the maker himself, and what is decided already."""

        async def work(tx: Tx) -> dict[str, Any]:
            closure = await self._open(tx, person_id, closure_id, checker)
            withdrawn = await self._sharings.lock_of_holder(tx, person_id)
            account = await self._accounts.lock(tx, person_id)
            assert account is not None, "accounts are never deleted"
            today = self._clock.today()
            account = await self._with_interest(tx, account, today)
            await self._sharings.withdraw(tx, withdrawn, checker)
            await self._accounts.pay_out(tx, account, closure_id)
            if account.balance_fen:
                entry = payout_entry(
                    self._ids.new(),
                    today,
                    account.balance_fen,
                    person_id=person_id,
                    voucher_no=closure_id,
                    maker=closure.maker,
                    checker=checker,
                )
                await self._journals.append(tx, [entry])
            await self._closures.decide(tx, replace(closure, state="paid", checker=checker, amount_fen=account.balance_fen))
            return {"closure_id": closure_id, "state": "paid", "amount_fen": account.balance_fen}

        return (await self._once.run(key, work))[0]

    async def reject(self, person_id: str, closure_id: str, checker: str, note: str, key: OnceKey) -> dict[str, Any]:
        """Give the proposal up. Refuses like ``approve``."""

        async def work(tx: Tx) -> dict[str, Any]:
            closure = await self._open(tx, person_id, closure_id, checker)
            await self._closures.decide(tx, replace(closure, state="rejected", checker=checker, note=note))
            return {"closure_id": closure_id, "state": "rejected"}

        return (await self._once.run(key, work))[0]

    async def _open(self, tx: Tx, person_id: str, closure_id: str, checker: str) -> Closure:
        closure = await self._closures.lock(tx, closure_id)
        if closure is None or closure.person_id != person_id:
            raise not_found("claims.closure.unknown", "账户注销申请不存在", field="closure_id")
        if closure.state != "proposed":
            raise conflict("claims.closure.decided", "该注销申请已办结", field="closure_id")
        if closure.maker == checker:
            raise conflict("claims.closure.same-person", "经办与复核不能是同一人", field="actor")
        return closure

    async def _with_interest(self, tx: Tx, account: LockedAccount, today: date) -> LockedAccount:
        """Close this year, and the last one if its run has not come to this account yet."""
        for year in (today.year - 1, today.year):
            opened = (await self._accounts.open_years(tx, [account.person_id], year)).get(account.person_id)
            if opened is None:
                continue
            until = min(date(year + 1, 1, 1), today)
            closed = close_year(opened.opening_fen, opened.movements, year, self._rules, until=until)
            await self._accounts.close_years(tx, year, {account.person_id: closed}, {account.person_id: account.balance_fen})
            if closed.interest_fen:
                memo = f"{year}年个人账户计息（注销）"
                entry = interest_entry(self._ids.new(), today, closed.interest_fen, memo, account.person_id)
                await self._journals.append(tx, [entry])
            account = account._replace(balance_fen=account.balance_fen + closed.interest_fen)
        return account
