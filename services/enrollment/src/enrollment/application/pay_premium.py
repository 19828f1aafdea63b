"""A premium is paid: the cover counts. The same receipt twice is one payment."""

from __future__ import annotations

from typing import Any

from enrollment.application.ports import Covers, Persons, Premiums
from enrollment.domain.coverage import State
from enrollment.domain.premium import Payment, Premium, check_payment, check_same_payment, refuse_second_payment
from shared.auth import Principal
from shared.clock import Clock
from shared.contracts.enrollment import PremiumPaid
from shared.transactions import Once, OnceKey, Tx


class PayPremium:
    """The use case. Scope ``premium:write`` in the region of the cover."""

    def __init__(self, once: Once, persons: Persons, covers: Covers, premiums: Premiums, clock: Clock) -> None:
        self._once = once
        self._persons = persons
        self._covers = covers
        self._premiums = premiums
        self._clock = clock

    async def __call__(self, caller: Principal, payment: Payment, key: OnceKey) -> dict[str, Any]:
        """The payment, and the period that it activated.

        Refuses what ``check_payment`` and ``check_same_payment`` refuse, ``enrollment.premium.already-paid`` (CONFLICT) for a second
        receipt, ``enrollment.premium.unknown``.
        """
        caller.require("premium:write")

        async def work(tx: Tx) -> dict[str, Any]:
            premium = await self._premiums.get(tx, payment.premium_id)
            file = await self._persons.lock(tx, premium.person_id)
            coverage = file.coverage(premium.coverage_id)
            caller.require("premium:write", coverage.region)
            answer = {
                "premium_id": premium.premium_id,
                "coverage_id": coverage.coverage_id,
                "person_id": premium.person_id,
                "amount_fen": premium.amount_fen,
                "paid_on": payment.paid_on.isoformat(),
                "channel": payment.channel,
                "receipt_no": payment.receipt_no,
                "state": State.ACTIVE.value,
            }
            if await self._is_repeated(tx, premium, payment):
                return answer
            check_payment(premium, payment, coverage.state is State.WITHDRAWN, self._clock.today())
            if not await self._premiums.add_payment(tx, payment):
                # Another premium was paid under this receipt in this very moment; now it can be seen.
                await self._is_repeated(tx, premium, payment)
            active = coverage.activated()
            changed = file.with_coverage(active)
            await self._covers.change(tx, active)
            await self._persons.set_version(tx, changed)
            tx.emit(
                PremiumPaid(
                    premium_id=premium.premium_id,
                    person_id=premium.person_id,
                    scheme=premium.scheme,
                    year=premium.year,
                    amount_fen=premium.amount_fen,
                    paid_at=self._clock.now(),
                    matter_id=premium.matter_id,
                )
            )
            tx.emit(active.activation())
            tx.emit(changed.stated())
            return answer

        return (await self._once.run(key, work))[0]

    async def _is_repeated(self, tx: Tx, premium: Premium, payment: Payment) -> bool:
        by_receipt = await self._premiums.payment_by_receipt(tx, payment.channel, payment.receipt_no)
        if by_receipt is not None:
            check_same_payment(by_receipt, payment)
            return True
        paid = await self._premiums.payment_of(tx, premium.premium_id)
        if paid is not None:
            refuse_second_payment(premium, paid)
        return False
