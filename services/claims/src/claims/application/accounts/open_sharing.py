"""Open an account to a relative (家庭共济授权): the holder's authorisation, from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from claims.application.accounts.ports import Accounts, Holders, Sharings
from claims.domain.accounts.rules import NationalRules, Relation
from claims.domain.accounts.sharing import Sharing, check_sharing
from claims.domain.refusals import account_closed, account_none, account_person_unknown
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSharingCommand:
    """Who authorises whom. ``begins_on`` None: today; ``limit_fen`` None: as far as the balance goes."""

    holder_id: str
    beneficiary_id: str
    relation: Relation
    by: str
    begins_on: date | None = None
    ends_on: date | None = None
    limit_fen: int | None = None


class OpenSharing:
    """The use case."""

    def __init__(
        self,
        once: Once,
        accounts: Accounts,
        holders: Holders,
        sharings: Sharings,
        rules: NationalRules,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._accounts = accounts
        self._holders = holders
        self._sharings = sharings
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: OpenSharingCommand, key: OnceKey) -> dict[str, Any]:
        """``sharing_id``. Refuses what ``check_sharing`` refuses, a holder without account, a closed one, an unknown relative."""

        async def work(tx: Tx) -> dict[str, Any]:
            known = await self._holders.of(tx, [command.beneficiary_id])
            if command.beneficiary_id not in known:
                raise account_person_unknown("beneficiary_id")
            # The holder's account is locked: of two authorisations for one relative at the same instant the second is refused.
            account = await self._accounts.lock(tx, command.holder_id)
            if account is None:
                raise account_none()
            if account.closed_at is not None:
                raise account_closed()
            today = self._clock.today()
            sharing = Sharing(
                sharing_id=self._ids.new(),
                holder_id=command.holder_id,
                beneficiary_id=command.beneficiary_id,
                relation=command.relation,
                begins_on=command.begins_on or today,
                ends_on=command.ends_on,
                limit_fen=command.limit_fen,
            )
            check_sharing(sharing, await self._sharings.of_holder(tx, command.holder_id), self._rules, today)
            await self._sharings.add(tx, sharing, command.by)
            return {"sharing_id": sharing.sharing_id, "begins_on": sharing.begins_on.isoformat()}

        return (await self._once.run(key, work))[0]
