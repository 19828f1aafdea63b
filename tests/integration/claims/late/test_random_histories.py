"""Random lives of one person on the real database; after every step what stands is what an oracle decides afresh, in order."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date, timedelta

import pytest

from claims.application.settlement.take_claim_back import TakeBack
from shared.errors import Refusal
from tests.factories.claims_desk import ClaimsDesk, read
from tests.factories.late_facts import LateDesk, once

CLASSES = ("tekun", "dibao", "monitored", "marginal")
STEPS = 14


class Life:
    """One person and the dice."""

    def __init__(self, late: LateDesk, person: str, scheme: str, seed: int) -> None:
        self.late, self.person, self.scheme = late, person, scheme
        self.dice = random.Random(seed)
        self.version = 1
        self.said: list[str] = []

    async def step(self) -> None:
        """Something happens; refusals are part of life."""
        act = self.dice.choice(
            (
                self.stay,
                self.stay,
                self.visit,
                self.visit,
                self.parts,
                self.reverse,
                self.reverse,
                self.reclass,
                self.paper,
                self.line,
            )
        )
        self.said.append(act.__name__)
        await act()
        await self.late.work()

    def yuan(self, most: int) -> str:
        return f"{self.dice.randint(1, most)}.{self.dice.randint(0, 99):02d}"

    def day(self) -> str:
        return (date(2026, 1, 5) + timedelta(days=self.dice.randrange(70))).isoformat()

    async def valid(self) -> str | None:
        rows = await self.late.rows(
            "SELECT settlement_id FROM settlement WHERE person_id = $1 AND state = 'valid' ORDER BY 1", self.person
        )
        return self.dice.choice(rows)["settlement_id"] if rows else None

    async def stay(self) -> None:
        account = self.dice.choice("01") if self.scheme == "310" else "0"
        yuan = self.yuan(self.dice.choice((900, 9_000, 150_000)))
        await self.late.stay(self.person, yuan, ended=self.day(), scheme=self.scheme, account=account)

    async def visit(self) -> None:
        yuan, desk = self.yuan(self.dice.choice((200, 2_500))), self.late.desk
        visit = await desk.registration(self.person, [("A1", yuan)], scheme=self.scheme)
        asked = desk.visit_input(visit, self.person, yuan, scheme=self.scheme)
        assert read(await desk.raw("2207", asked))["infcode"] == "0"

    async def parts(self) -> None:
        desk, day = self.late.desk, self.day()
        one, two = self.yuan(800), self.yuan(4_000)
        visit = await desk.stay(self.person, [("A1", one)], scheme=self.scheme, begun=day, discharged=False)
        asked = desk.stay_input(visit, self.person, one, scheme=self.scheme, mid_setl_flag="1")
        await desk.call("2304", asked)
        await desk.fees(visit, self.person, [("A1", two)], inpatient=True, on=day)
        await desk.discharge(visit, self.person, scheme=self.scheme, ended=day)
        await desk.call("2304", desk.stay_input(visit, self.person, two, scheme=self.scheme))

    async def reverse(self) -> None:
        if settlement := await self.valid():
            await self.late.reversal(settlement)

    async def reclass(self) -> None:
        self.version += 1
        held = self.dice.sample(CLASSES, self.dice.randint(0, 2))
        begins = date.fromisoformat(self.day())
        await self.late.classes(self.person, self.version, [(code, begins, None) for code in held])

    async def paper(self) -> None:
        invoice = f"{self.person}-{len(self.said)}"
        await self.late.paper_claim(self.person, self.yuan(6_000), self.day(), invoice, scheme=self.scheme)

    async def line(self) -> None:
        settlement = await self.valid()
        if settlement is None:
            return
        line = self.dice.choice(await self.late.lines(settlement))
        right = self.dice.choice(({"charge_class": "C"}, {"charge_class": "B"}, {"amount_fen": self.dice.randint(0, 500_000)}))
        with suppress(Refusal):  # it may be right as it is
            await self.late.correction(settlement, line, **right)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_the_year_is_what_deciding_afresh_gives(desk: ClaimsDesk, seed: int) -> None:
    scheme = "310" if seed % 3 == 0 else "390"
    late = LateDesk(desk)
    person = await desk.person(
        scheme=scheme, category="11" if scheme == "310" else "15", account_fen=400_000 if scheme == "310" else 0
    )
    life = Life(late, person, scheme, seed)
    for _ in range(STEPS):
        await life.step()
        try:
            await late.check(person)
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed} after {life.said}: {wrong}") from wrong
    for row in await late.rows("SELECT settlement_id FROM settlement WHERE state = 'valid' AND infno <> 'MANUAL'"):
        await late.reversal(row["settlement_id"])
    await late.check(person)
    await untouched(late)


async def untouched(late: LateDesk) -> None:
    """Every book balances by itself, and hospitals are owed exactly what stands of what they were answered and audited."""
    off = await late.rows("SELECT book FROM journal_line GROUP BY book HAVING sum(debit_fen) <> sum(credit_fen)")
    assert off == []
    owed = await late.row(
        "SELECT coalesce(sum(credit_fen - debit_fen), 0) AS fen FROM journal_line WHERE account IN ('2201', '1122')"
    )
    assert owed["fen"] == 0


async def test_taken_back_restored_and_reversed_with_corrections_between(desk: ClaimsDesk) -> None:
    late = LateDesk(desk)
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    first = await late.stay(person, "3000.00", scheme="310")
    second = await late.stay(person, "3000.00", scheme="310", account="1")
    command = TakeBack(
        settlement_id=second, conversion_id="C1", case_id="X", decision_id="D", decision_version=1, maker="a", checker="b"
    )
    await desk.claims.take_claim_back.take_back(command, once())
    spent = await desk.stay(person, [("C1", "1000.00")], scheme="310")
    await desk.call("2304", desk.stay_input(spent, person, "1000.00", scheme="310", account="1"))
    restored = await desk.claims.take_claim_back.restore(command, once())
    assert restored["short_fen"] > 0
    await late.check(person)
    # less for the account to pay: the debt goes first
    await late.classes(person, 2, [("tekun", date(2026, 1, 1), None)])
    await late.work()
    await late.check(person)
    await late.reversal(first)
    await late.check(person)
    await late.reversal(second)
    await late.check(person)
    # the claims between the funds, never netted, are even; of the stay nothing else is left
    between = {k: v for k, v in (await late.booked(person)).items() if k[1] in ("1121", "2202")}
    assert len(between) == 2
    assert sum(between.values()) == 0
