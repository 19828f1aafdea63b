"""Credit a personal account (个人账户划入): one by one, or a list of them from a county's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import invalid
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Money for an account. ``reference`` makes it happen once."""

    person_id: str
    amount_fen: int
    reference: str

    def __post_init__(self) -> None:
        if not 0 < self.amount_fen <= 100_000_000:
            raise invalid("claims.account.amount", "划入金额(amount_fen)应大于0且不超过100万元", field="amount_fen")


class Accounts(Protocol):
    """Personal accounts."""

    async def credit(self, tx: Tx, credits: Sequence[Credit]) -> int:
        """Book the credits whose reference is new; returns how many. Accounts are opened as needed; refuses a closed one."""
        ...


class CreditAccount:
    """Credits accounts, each reference once."""

    def __init__(self, uow: UnitOfWork, accounts: Accounts) -> None:
        self._uow = uow
        self._accounts = accounts

    async def __call__(self, credits: Sequence[Credit]) -> int:
        """How many of the credits were new."""
        async with self._uow.transaction() as tx:
            return await self._accounts.credit(tx, credits)
