"""Withdraw an authorisation of family sharing (解除共济): it pays nothing from now on; what it paid stays paid."""

from __future__ import annotations

from typing import Any

from claims.application.accounts.ports import Sharings
from shared.errors import not_found
from shared.transactions import Once, OnceKey, Tx


class WithdrawSharing:
    """The use case. A settlement that uses the authorisation at this instant is waited for, or finds it withdrawn."""

    def __init__(self, once: Once, sharings: Sharings) -> None:
        self._once = once
        self._sharings = sharings

    async def __call__(self, holder_id: str, sharing_id: str, by: str, key: OnceKey) -> dict[str, Any]:
        """``withdrawn``: False when it was withdrawn already. Refuses one that is not the holder's."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self._sharings.lock(tx, sharing_id)
            if found is None or found[0].holder_id != holder_id:
                raise not_found("claims.sharing.unknown", "共济授权不存在", field="sharing_id")
            if found[1] is None:
                await self._sharings.withdraw(tx, [sharing_id], by)
            return {"sharing_id": sharing_id, "withdrawn": found[1] is None}

        return (await self._once.run(key, work))[0]
