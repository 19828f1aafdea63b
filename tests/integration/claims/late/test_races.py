"""Late facts beside settlements, at the same instant, on two processes: limits hold and what stands is what was decided in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date

import pytest

from claims.adapters.settlement_groups import AsyncpgGroupTx
from claims.application.settlement.ports import LockedYear, YearKey
from claims.bootstrap import assemble
from claims.entrypoints.service import his_endpoint
from tests.factories.claims_desk import ClaimsDesk, claims_settings, no_other_bills, read
from tests.factories.late_facts import LateDesk, once, paper
from tests.fixtures_stack import FreshDatabase

ROUNDS = 25
GRANTED = date(2026, 1, 1)


@pytest.fixture(scope="module")
async def two_desks(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[tuple[LateDesk, ClaimsDesk]]:
    """Two processes' worth of objects on one database."""
    url = await fresh_database(template=claims_template)
    first = await ClaimsDesk.open(url)
    claims = assemble(claims_settings(url), no_other_bills())
    second = ClaimsDesk(claims, his_endpoint(claims), first.numbers)
    yield LateDesk(first), second
    await second.close()
    await first.close()


async def test_many_at_once_against_a_cap_and_one_of_them_falls_away(two_desks: tuple[LateDesk, ClaimsDesk]) -> None:
    late, second = two_desks
    for round_ in range(ROUNDS):
        person = await late.desk.person(1000 + round_)
        old = await late.visit(person, "2000.00")
        visits = [await late.desk.registration(person, [("A1", "1500.00")]) for _ in range(4)]
        asked = [late.desk.visit_input(visit, person, "1500.00") for visit in visits]
        await asyncio.gather(
            *((late.desk, second)[n % 2].raw("2207", a) for n, a in enumerate(asked)), late.reversal(old, second)
        )
        assert (await late.desk.year(person))["outpatient.paid"] == 150_000
        await late.check(person)


async def test_a_reversal_beside_settlements(two_desks: tuple[LateDesk, ClaimsDesk]) -> None:
    late, second = two_desks
    for round_ in range(ROUNDS):
        person = await late.desk.person(2000 + round_)
        first = await late.stay(person, "2000.00")
        visit = await late.desk.stay(person, [("A1", "1800.00")])
        one, settled, two = await asyncio.gather(
            late.reversal(first), second.raw("2304", second.stay_input(visit, person, "1800.00")), late.reversal(first, second)
        )
        assert read(settled)["infcode"] == "0"
        assert sorted(str(answer["infcode"]) for answer in (one, two)) == ["-1", "0"]
        assert (await late.desk.year(person))["pool.deductible"] == 50_000
        await late.check(person)


async def test_a_class_granted_beside_a_first_settlement(two_desks: tuple[LateDesk, ClaimsDesk]) -> None:
    late, second = two_desks
    helped = 0
    for round_ in range(2 * ROUNDS):
        person = await late.desk.person(3000 + round_)
        visit = await late.desk.stay(person, [("A1", "2000.00")])

        async def state_and_work(person: str = person) -> None:
            await late.classes(person, 2, [("dibao", GRANTED, None)], second)
            await late.work(second)

        answer, _ = await asyncio.gather(
            late.desk.raw("2304", late.desk.stay_input(visit, person, "2000.00")), state_and_work()
        )
        settlement = str(read(answer)["output"]["setlinfo"]["setl_id"])
        # whether the settlement saw the class or was corrected for it, it ends the same
        assert await late.outcome(settlement) == {"pool": 112_500, "assistance": 61_250, "cash": 26_250}
        helped += await late.desk.count("settlement_correction", f"settlement_id = '{settlement}'")
        await late.check(person)
    assert 0 <= helped <= 2 * ROUNDS


async def test_who_read_the_person_before_the_class_begins_anew(
    two_desks: tuple[LateDesk, ClaimsDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    late, second = two_desks
    person = await late.desk.person(3999)
    visit = await late.desk.stay(person, [("A1", "2000.00")])
    lock_years, went = AsyncpgGroupTx.lock_years, 0

    async def between(tx: AsyncpgGroupTx, keys: Sequence[YearKey]) -> Mapping[YearKey, LockedYear]:
        nonlocal went
        went += 1
        if went == 1:
            await late.classes(person, 2, [("dibao", GRANTED, None)], second)
            await late.work(second)
        return await lock_years(tx, keys)

    monkeypatch.setattr(AsyncpgGroupTx, "lock_years", between)
    answer = await late.desk.call("2304", late.desk.stay_input(visit, person, "2000.00"))
    assert went == 2
    assert str(answer["setlinfo"]["maf_pay"]) == "612.50"
    await late.check(person)


async def test_paper_claims_settlements_and_reversals_all_at_once(two_desks: tuple[LateDesk, ClaimsDesk]) -> None:
    late, second = two_desks
    for round_ in range(ROUNDS):
        person = await late.desk.person(4000 + round_)
        first = await late.stay(person, "2000.00", ended="2026-03-10")
        visit = await late.desk.stay(person, [("A1", "1800.00")], begun="2026-03-12", ended="2026-03-14")
        claims = late.desk.claims
        proposed = [
            await claims.propose_late_fact.manual_claim(paper(person, "1500.00", day, f"FP{round_}-{day}"), "maker", once())
            for day in ("2026-03-01", "2026-03-11")
        ]
        await asyncio.gather(
            claims.approve_late_fact.approve(proposed[0]["late_fact_id"], "checker", once()),
            second.claims.approve_late_fact.approve(proposed[1]["late_fact_id"], "checker", once()),
            second.raw("2304", second.stay_input(visit, person, "1800.00")),
            late.reversal(first),
        )
        assert (await late.desk.year(person))["stays"] == 3
        await late.check(person)


async def test_one_invoice_proposed_twice_at_once_is_taken_once(two_desks: tuple[LateDesk, ClaimsDesk]) -> None:
    late, second = two_desks
    for round_ in range(ROUNDS):
        person = await late.desk.person(5000 + round_)
        body = paper(person, "900.00", "2026-03-02", f"ONE{round_}")
        results = await asyncio.gather(
            *(d.claims.propose_late_fact.manual_claim(body, "maker", once()) for d in (late.desk, second)),
            return_exceptions=True,
        )
        assert sorted(isinstance(r, Exception) for r in results) == [False, True], results
        assert await late.desk.count("late_fact", f"invoice_no = 'ONE{round_}'") == 1
