"""Credit a month to many accounts (月度划入): what the rules of the place give for the base, or for a pensioner's age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from claims.application.accounts.ports import Holder, Holders
from claims.application.funds.credit_account import Accounts, Credit
from claims.domain.accounts.rules import CreditRules, age_on
from claims.domain.refusals import account_closed, account_person_unknown
from shared.contracts.enrollment import CoveragePeriod
from shared.errors import Refusal, conflict, invalid
from shared.transactions import UnitOfWork

EMPLOYEES: Final = "310"
AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One person's month. ``base_fen``: contribution base, for persons in work; ``month``: its first day."""

    line: int
    person_id: str
    month: date
    base_fen: int | None = None


class CreditMonth:
    """Each person's month once, however often it is sent: a month that is credited stays as it is."""

    def __init__(self, uow: UnitOfWork, holders: Holders, accounts: Accounts, rules: CreditRules) -> None:
        self._uow = uow
        self._holders = holders
        self._accounts = accounts
        self._rules = rules

    async def __call__(self, rows: Sequence[MonthRow]) -> dict[str, Any]:
        """``received``, ``credited``, ``existing``, and ``errors`` by line; good rows are credited all the same.

        A thousand rows share a transaction: who is interrupted sends the rest, or all of it, again.
        """
        credited, good = 0, 0
        errors: list[dict[str, Any]] = []
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            async with self._uow.transaction() as tx:
                known = await self._holders.of(tx, sorted({row.person_id for row in part}))
                credits = []
                for row in part:
                    try:
                        credits.append(self._credit(row, known.get(row.person_id)))
                    except Refusal as refusal:
                        errors.append({"line": row.line, "code": refusal.code, "title": refusal.zh, "field": refusal.field})
                credited += await self._accounts.credit(tx, credits)
                good += len(credits)
        return {"received": len(rows), "credited": credited, "existing": good - credited, "errors": errors}

    def _credit(self, row: MonthRow, holder: Holder | None) -> Credit:
        if holder is None:
            raise account_person_unknown("person_id")
        if holder.closed:
            raise account_closed()
        last = (row.month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        cover = holder.person.cover_on(EMPLOYEES, row.month) or holder.person.cover_on(EMPLOYEES, last)
        if cover is None:
            raise conflict("claims.account.not-covered", f"{row.month:%Y年%m月}没有职工医保参保", field="month")
        amount_fen = self._amount(row, cover, holder.person.born_on)
        return Credit(person_id=row.person_id, amount_fen=amount_fen, reference=f"month:{row.month:%Y-%m}")

    def _amount(self, row: MonthRow, cover: CoveragePeriod, born_on: date) -> int:
        rules = self._rules.on(cover.region, row.month)
        if cover.person_category.startswith("12"):
            return rules.retired_fen(age_on(born_on, row.month))
        if not row.base_fen:
            raise invalid("claims.account.base", "在职人员应填写缴费基数(base_fen)", field="base_fen")
        return rules.in_work_fen(row.base_fen)
