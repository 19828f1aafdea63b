"""Pay what the class has brought (支付): one voucher a book, after every settlement concerned is decided again."""

from __future__ import annotations

from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.ports import Applications, Dues
from claims.application.settlement.ports import Journals
from claims.domain.assistance import payment_of, vouchers_of
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Once, OnceKey, Tx


class PayAssistance:
    """Refuses like ``Application.payable_by``, and while settlements are still to be decided again."""

    def __init__(
        self,
        once: Once,
        applications: Applications,
        dues: Dues,
        journals: Journals,
        calendar: WorkCalendar,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._once = once
        self._applications = applications
        self._dues = dues
        self._journals = journals
        self._calendar = calendar
        self._clock = clock
        self._ids = ids

    async def __call__(self, application_id: str, payer: str, key: OnceKey) -> dict[str, Any]:
        """The application with its vouchers; without any when the class has brought nothing."""

        async def work(tx: Tx) -> dict[str, Any]:
            application = await self._applications.lock(tx, application_id)
            application.payable_by(payer)
            assert application.decided_at is not None
            version = await self._dues.lock_person(tx, application.person_id)
            if version < application.person_version or await self._dues.undecided(tx, application.person_id):
                raise conflict(
                    "claims.assistance.undecided", "相关结算正在按新身份重新核定，请稍后办理支付", field="application_id"
                )
            balances = await self._dues.balances(tx, application.person_id, application.decided_at)
            vouchers = vouchers_of(application, balances)
            today = self._clock.today()
            entries = []
            for voucher in vouchers:
                day = await self._journals.open_day(tx, Book(voucher.book), today)
                entries.append(payment_of(application, voucher, day, maker=payer, ids=self._ids))
            await self._journals.append(tx, entries)
            application = application.paid(payer, vouchers, today)
            await self._applications.store(tx, application)
            return shown(application, self._calendar)

        return (await self._once.run(key, work))[0]
