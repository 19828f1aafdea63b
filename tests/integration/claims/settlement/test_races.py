"""Two things at the same instant, fifty times over: limits hold, one message is one settlement, locks do not deadlock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from claims.entrypoints.service import his_endpoint
from tests.factories.claims_desk import ClaimsDesk, read
from tests.fixtures_stack import FreshDatabase

ROUNDS = 50


@pytest.fixture(scope="module")
async def two_desks(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[tuple[ClaimsDesk, ClaimsDesk]]:
    """Two processes' worth of objects on one database: their groups do not know of each other."""
    from claims.bootstrap import assemble
    from tests.factories.claims_desk import claims_settings

    url = await fresh_database(template=claims_template)
    first = await ClaimsDesk.open(url)
    claims = assemble(claims_settings(url))
    second = ClaimsDesk(claims, his_endpoint(claims), first.numbers)
    yield first, second
    await second.close()
    await first.close()


async def test_two_settlements_of_one_person_never_overspend_a_limit(two_desks: tuple[ClaimsDesk, ClaimsDesk]) -> None:
    first, second = two_desks
    for round_ in range(ROUNDS):
        person = await first.person(1000 + round_)
        # Each alone would draw more than half of the yearly outpatient cap of 1,500 yuan.
        visits = [await first.registration(person, [("A1", "2400.00")]) for _ in range(2)]
        answers = await asyncio.gather(
            *(d.raw("2207", d.visit_input(v, person, "2400.00")) for d, v in zip((first, second), visits, strict=True))
        )
        infos = [read(a)["output"]["setlinfo"] for a in answers]
        paid = sorted(int(i["hifp_pay"] * 100) for i in infos)
        assert sum(paid) == 150_000, (round_, paid)
        assert (await first.year(person))["outpatient.paid"] == 150_000
    assert await first.count("settlement") == 2 * ROUNDS


async def test_the_same_message_twice_at_once_is_one_settlement(two_desks: tuple[ClaimsDesk, ClaimsDesk]) -> None:
    first, second = two_desks
    for round_ in range(ROUNDS):
        person = await first.person(2000 + round_)
        visit = await first.registration(person, [("A1", "100.00"), ("B1", "50.00")])
        asked = first.visit_input(visit, person, "150.00")
        one, two, three = await asyncio.gather(*(d.raw("2207", asked, msgid=f"SAME{round_}") for d in (first, second, first)))
        assert read(one)["infcode"] == "0", one
        assert one == two == three
        assert await first.count("settlement", f"person_id = '{person}'") == 1
        assert await first.count("journal", f"person_id = '{person}'") == 1


async def test_settlement_and_reversal_crossing_leave_books_and_year_in_step(two_desks: tuple[ClaimsDesk, ClaimsDesk]) -> None:
    first, second = two_desks
    for round_ in range(ROUNDS):
        person = await first.person(3000 + round_)
        visit = await first.registration(person, [("A1", "400.00")])
        other = await first.registration(person, [("A1", "300.00")])
        settled = (await first.call("2207", first.visit_input(visit, person, "400.00")))["setlinfo"]
        reversal = {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settled["setl_id"]}}
        answers = await asyncio.gather(
            first.raw("2208", reversal),
            second.raw("2207", second.visit_input(other, person, "300.00")),
            second.raw("2208", reversal),
        )
        codes = [read(a)["infcode"] for a in answers]
        assert codes[1] == "0"
        assert sorted((codes[0], codes[2])) == ["-1", "0"]
        pool = await first.claims.db.pool()
        booked = await pool.fetchval(
            "SELECT sum(l.debit_fen - l.credit_fen) FROM journal_line l JOIN journal j USING (entry_id)"
            " WHERE j.person_id = $1 AND l.account = '5001.01'",
            person,
        )
        # whether the other came first or last: alone, it bears the deductible of 100.00 and is paid 50 % of the rest
        assert booked == (await first.year(person))["outpatient.paid"] == 10_000


async def test_the_same_reversal_twice_at_once_is_one_reversal_with_one_answer(
    two_desks: tuple[ClaimsDesk, ClaimsDesk],
) -> None:
    first, second = two_desks
    for round_ in range(ROUNDS):
        person = await first.person(4000 + round_)
        visit = await first.registration(person, [("A1", "400.00")])
        settled = (await first.call("2207", first.visit_input(visit, person, "400.00")))["setlinfo"]
        reversal = {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settled["setl_id"]}}
        one, two, three = await asyncio.gather(
            *(d.raw("2208", reversal, msgid=f"BACK{round_}") for d in (first, second, first))
        )
        assert read(one)["infcode"] == "0", one
        assert read(one)["output"] == read(two)["output"] == read(three)["output"]
        assert await first.count("settlement", f"person_id = '{person}' AND reverses IS NOT NULL") == 1


async def test_one_msgid_for_two_settlements_at_once_serves_one_of_them(two_desks: tuple[ClaimsDesk, ClaimsDesk]) -> None:
    first, second = two_desks
    for round_ in range(ROUNDS):
        people = [await first.person(9000 + 2 * round_ + n) for n in range(2)]
        visits = [await first.registration(person, [("A1", "100.00")]) for person in people]
        answers = await asyncio.gather(
            *(
                d.raw("2207", d.visit_input(v, p, "100.00"), msgid=f"TWICE{round_}")
                for d, v, p in zip((first, second), visits, people, strict=True)
            )
        )
        texts = sorted(read(a)["err_msg"] for a in answers)
        assert texts == ["", "报文ID(msgid)已用于内容不同的交易，请更换报文ID"]
        assert await first.count("settlement", f"person_id IN ('{people[0]}', '{people[1]}')") == 1
