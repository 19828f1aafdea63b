"""Months, years with interest, and the account of someone who died."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

import pytest

from claims.application.accounts.credit_month import MonthRow
from claims.application.funds.credit_account import Credit
from shared.errors import Refusal
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk
from tests.integration.claims.accounts.test_family import authorise, balances, take_back

MARCH = date(2026, 3, 1)


def key(name: str) -> OnceKey:
    """A key of its own."""
    return OnceKey("test", name, "")


async def run_year(desk: ClaimsDesk) -> int:
    """Run the job until nothing is left; how many calls had work."""
    calls = 0
    while await desk.claims.accounts.credit_interest():
        calls += 1
    return calls


async def test_a_month_is_credited_once_by_base_and_age_and_bad_lines_are_reported(desk: ClaimsDesk) -> None:
    worker = await desk.person(1, scheme="310", category="11")
    pensioner = await desk.person(2, scheme="310", category="12")
    resident = await desk.person(3)
    rows = [
        MonthRow(line=1, person_id=worker, month=MARCH, base_fen=523_451),
        MonthRow(line=2, person_id=pensioner, month=MARCH),
        MonthRow(line=3, person_id=resident, month=MARCH, base_fen=500_000),
        MonthRow(line=4, person_id=worker, month=date(2026, 4, 1)),
        MonthRow(line=5, person_id="NOBODY", month=MARCH, base_fen=500_000),
    ]
    answer = await desk.claims.accounts.credit_month(rows)
    assert {name: answer[name] for name in ("received", "credited", "existing")} == {
        "received": 5,
        "credited": 2,
        "existing": 0,
    }
    assert [(e["line"], e["code"]) for e in answer["errors"]] == [
        (3, "claims.account.not-covered"),
        (4, "claims.account.base"),
        (5, "claims.account.person-unknown"),
    ]
    again = await desk.claims.accounts.credit_month(rows[:2])
    assert (again["credited"], again["existing"]) == (0, 2)
    assert await balances(desk) == {worker: 10_469, pensioner: 6_400}


async def test_the_year_is_closed_once_with_interest_in_the_book_and_carried_over(desk: ClaimsDesk) -> None:
    desk.clock.set(datetime.fromisoformat("2025-07-01T10:00:00+08:00"))
    person = await desk.person(1, scheme="310", category="11", account_fen=50_000)
    idle = await desk.person(2, scheme="310", category="11", account_fen=1)
    desk.clock.set(datetime.fromisoformat("2026-01-01T10:00:00+08:00"))
    assert await run_year(desk) == 0
    desk.clock.set(datetime.fromisoformat("2026-01-02T10:00:00+08:00"))
    await desk.claims.credit_account([Credit(person_id=person, amount_fen=10_000, reference="January")])
    await asyncio.gather(run_year(desk), run_year(desk))
    assert await run_year(desk) == 0
    # 500.00 x 184 days x 0.35 % / 360 = 0.8944 yuan; a fen earns nothing.
    assert await balances(desk) == {person: 60_089, idle: 1}
    assert await desk.balances("EMP") == {("4007.01", ""): 89, ("4007.02", ""): -89}
    (year,) = (await desk.claims.accounts.show(person, None, 10))["years"]
    assert {
        name: year[name] for name in ("year", "opening_fen", "credited_fen", "spent_fen", "interest_fen", "closing_fen")
    } == {
        "year": 2025,
        "opening_fen": 0,
        "credited_fen": 50_000,
        "spent_fen": 0,
        "interest_fen": 89,
        "closing_fen": 50_089,
    }
    assert await desk.count("account_year_run", "accounts = 2 AND interest_fen = 89 AND finished_at IS NOT NULL") == 1
    desk.clock.set(datetime.fromisoformat("2027-01-02T10:00:00+08:00"))
    await run_year(desk)
    # 500.89 x 365 x 1.10 % + 100.00 x 364 x 0.35 %, / 360 = 5.5863 + 0.3539 yuan
    (latest, _) = (await desk.claims.accounts.show(person, None, 10))["years"]
    assert (latest["opening_fen"], latest["credited_fen"], latest["interest_fen"]) == (50_089, 10_000, 594)
    assert (await balances(desk))[person] == latest["closing_fen"] == 60_683


async def test_heirs_get_balance_and_interest_after_a_second_person_approves(desk: ClaimsDesk) -> None:
    desk.clock.set(datetime.fromisoformat("2025-07-01T10:00:00+08:00"))
    person = await desk.person(1, scheme="310", category="11", account_fen=100_000)
    child = await desk.person(2)
    await authorise(desk, person, child)
    close = desk.claims.accounts.close
    desk.clock.set(datetime.fromisoformat("2026-03-01T10:00:00+08:00"))
    proposed = await close.propose(person, date(2026, 2, 20), "户口注销证明、公证书", "甲", key("propose"))
    closure = str(proposed["closure_id"])
    for name, act in (
        ("claims.closure.same-person", close.approve(person, closure, "甲", key("same"))),
        ("claims.closure.open", close.propose(person, date(2026, 2, 20), "另一份", "乙", key("second"))),
        ("claims.closure.unknown", close.approve(child, closure, "乙", key("other"))),
        ("claims.closure.death", close.propose(person, date(2026, 3, 2), "错误", "乙", key("future"))),
    ):
        with pytest.raises(Refusal) as refused:
            await act
        assert refused.value.code == name
    assert await balances(desk) == {person: 100_000}
    paid = await close.approve(person, closure, "乙", key("approve"))
    # 2025: 1,000.00 x 184 x 0.35 % / 360 = 1.7889; 2026: 1,001.79 x 59 x 1.10 % / 360 = 1.8060 yuan
    assert paid == {"closure_id": closure, "state": "paid", "amount_fen": 100_000 + 179 + 181}
    assert await close.approve(person, closure, "乙", key("approve")) == paid
    assert await balances(desk) == {person: 0}
    assert await desk.balances("EMP") == {
        ("4007.01", ""): 360,
        ("4007.02", ""): -360,
        ("5001.02", ""): 100_360,
        ("2203", "HEIRS"): -100_360,
    }
    statement = await desk.claims.accounts.show(person, None, 10)
    assert statement["closed_at"] is not None
    assert statement["given"][0]["withdrawn_at"] is not None
    with pytest.raises(Refusal) as refused:
        await desk.claims.credit_account([Credit(person_id=person, amount_fen=1, reference="late")])
    assert refused.value.code == "claims.account.closed"
    answer = await desk.claims.accounts.credit_month([MonthRow(line=1, person_id=person, month=MARCH, base_fen=1)])
    assert [e["code"] for e in answer["errors"]] == ["claims.account.closed"]
    assert await run_year(desk) == 1
    assert await balances(desk) == {person: 0}


async def test_what_is_restored_after_the_payout_is_inherited_by_a_second_one(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=10_000)
    visit = await desk.stay(person, [("A1", "1000.00")], scheme="310")
    asked = desk.stay_input(visit, person, "1000.00", scheme="310", account="1")
    settlement = str((await desk.call("2304", asked))["setlinfo"]["setl_id"])
    close = desk.claims.accounts.close
    first = str((await close.propose(person, date(2026, 3, 15), "证明", "甲", key("1")))["closure_id"])
    assert (await close.approve(person, first, "乙", key("2")))["amount_fen"] == 0
    await desk.claims.take_claim_back.take_back(*take_back(settlement, 1))
    assert await balances(desk) == {person: 10_000}
    second = str((await close.propose(person, date(2026, 3, 15), "证明", "甲", key("3")))["closure_id"])
    assert (await close.approve(person, second, "乙", key("4")))["amount_fen"] == 10_000
    assert await balances(desk) == {person: 0}
    third = str((await close.propose(person, date(2026, 3, 15), "重复", "甲", key("5")))["closure_id"])
    rejected = await close.reject(person, third, "乙", "重复申请", key("6"))
    assert rejected == {"closure_id": third, "state": "rejected"}
    with pytest.raises(Refusal) as refused:
        await close.approve(person, third, "乙", key("7"))
    assert refused.value.code == "claims.closure.decided"
