"""Pay a person what the books owe him: one proposes, another approves, and the money goes out in the same transaction."""

from __future__ import annotations

from typing import Any

from claims.application.late.person_payouts import PersonPayouts, shown
from claims.application.settlement.ports import Journals
from claims.domain.person_payout import PersonPayout, nothing_due, payout_open
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Once, OnceKey, Tx


class PayPerson:
    """Refuses while settlements of the person are still to be decided again, and like ``PersonPayout``."""

    def __init__(self, once: Once, payouts: PersonPayouts, journals: Journals, clock: Clock, ids: IdFactory) -> None:
        self._once = once
        self._payouts = payouts
        self._journals = journals
        self._clock = clock
        self._ids = ids

    async def propose(self, person_id: str, maker: str, key: OnceKey) -> dict[str, Any]:
        """A payment of all that is owed now. Refuses when nothing is, and while another waits."""

        async def work(tx: Tx) -> dict[str, Any]:
            await self._refuse_undecided(tx, person_id)
            dues = await self._payouts.owed_to(tx, person_id)
            if not dues:
                raise nothing_due()
            payout = PersonPayout(payout_id=self._ids.new(), person_id=person_id, dues=dues, state="proposed", maker=maker)
            if not await self._payouts.add(tx, payout):
                raise payout_open()
            return shown(payout)

        return (await self._once.run(key, work))[0]

    async def approve(self, payout_id: str, checker: str, key: OnceKey) -> dict[str, Any]:
        """The payment with its vouchers."""

        async def work(tx: Tx) -> dict[str, Any]:
            payout = await self._payouts.lock(tx, payout_id)
            await self._payouts.lock_person(tx, payout.person_id)
            payout = payout.paid(checker, await self._payouts.owed_to(tx, payout.person_id))
            await self._refuse_undecided(tx, payout.person_id)
            today = self._clock.today()
            days = [await self._journals.open_day(tx, Book(due.book), today) for due in payout.dues]
            await self._journals.append(tx, payout.entries(days, self._ids))
            await self._payouts.decide(tx, payout)
            return shown(payout)

        return (await self._once.run(key, work))[0]

    async def reject(self, payout_id: str, checker: str, key: OnceKey) -> dict[str, Any]:
        """The payment, not made."""

        async def work(tx: Tx) -> dict[str, Any]:
            payout = (await self._payouts.lock(tx, payout_id)).rejected(checker)
            await self._payouts.decide(tx, payout)
            return shown(payout)

        return (await self._once.run(key, work))[0]

    async def _refuse_undecided(self, tx: Tx, person_id: str) -> None:
        if await self._payouts.undecided(tx, person_id):
            raise conflict("claims.payout.undecided", "相关结算正在重新核定，请稍后办理支付", field="person_id")
