"""The saga on PostgreSQL and over HTTP, killed before and after commits and effects in claims, then resumed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from shared.ledger.store import LedgerStore
from shared.transactions import OnceKey, Tx, UnitOfWork
from tests.factories.workinjury_bridge.examples import F1_BILL, sides
from tests.integration.workinjury_bridge.conftest import House
from tests.integration.workinjury_bridge.test_database import DAY, approved, column_of, settlement_of
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.advance_conversion import AdvanceConversion


class Death(BaseException):
    """The process is gone."""


@dataclass
class Reaper:
    """Kills at the n-th point that it is shown; 0 never."""

    strike: int
    seen: int = 0

    def __call__(self, when: str, key: str) -> None:
        self.seen += 1
        if self.seen == self.strike:
            raise Death(f"{when} {key}")


@dataclass
class MortalWork:
    """A unit of work that may die before or after its commit."""

    work: UnitOfWork
    reaper: Reaper

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self.work.transaction() as tx:
            yield tx
            self.reaper("before", "commit")
        self.reaper("after", "commit")


async def live_once(house: House, person_id: str, reaper: Reaper) -> Any:
    """Convert and revert the stay of one person, with one death on the way; what is left in the books."""
    house.claims.around = lambda when, key: None
    conversion_id = await approved(house, person_id)
    mortal: AdvanceConversion = replace(house.bridge.advance, work=MortalWork(house.bridge.db, reaper))
    house.claims.around = reaper
    for _ in range(2):
        with suppress(Death):
            await mortal.run(conversion_id)
    assert await column_of(house, "state", conversion_id) == "settled"
    key = OnceKey("revoke", person_id, "d")
    await house.bridge.revoke.run(key, await column_of(house, "case_id", conversion_id), "J1", DAY, "court")
    for _ in range(2):
        with suppress(Death):
            await mortal.run(conversion_id)
    async with house.bridge.db.reading() as tx:
        entries = await LedgerStore(t.LEDGER).entries(tx, conversion_id=conversion_id)
        transfers = await tx.all(t.transfer.select().where(t.transfer.c.conversion_id == conversion_id))
        payments = await tx.all(t.payment.select().where(t.payment.c.conversion_id == conversion_id))
    return (
        await column_of(house, "state", conversion_id),
        [(e.kind, str(sides(e)).replace(person_id, "P")) for e in entries],
        sorted((x.direction, x.state, x.amount_fen) for x in transfers),
        [(p.kind, p.amount_fen) for p in payments],
        house.claims.settlements[settlement_of(person_id).settlement_id].taken_by,
    )


async def test_death_in_the_saga_leaves_the_same_books(house: House) -> None:
    numbers = count()
    undisturbed = Reaper(0)
    expected = await live_once(house, f"P{next(numbers)}", undisturbed)
    assert expected[0] == "reverted"
    assert undisturbed.seen > 50
    # Every third point here, before and after in turn; every point of all in tests/unit, where a life costs less.
    for strike in range(1, undisturbed.seen + 1, 3):
        reaper = Reaper(strike)
        assert await live_once(house, f"P{next(numbers)}", reaper) == expected, f"died at point {strike}"
        assert reaper.seen >= strike
    house.claims.around = lambda when, key: None
    found = await house.bridge.check.run()
    assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])
    assert sum(p.amount_fen for p in F1_BILL.payments) * -found["checked"] == sum(
        line.debit_fen - line.credit_fen for e in house.claims.entries for line in e.lines if line.account == "1003"
    )
