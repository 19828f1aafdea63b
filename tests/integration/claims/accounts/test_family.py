"""Family sharing (acct_used_flag 2): who pays, what the answer says, and that every payer gets back exactly what he paid."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from claims.application.accounts.open_sharing import OpenSharingCommand
from claims.application.settlement.take_claim_back import TakeBack
from claims.bootstrap import assemble
from claims.domain.kept_part import KeptLine
from claims.entrypoints.service import his_endpoint
from shared.errors import Refusal
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk, claims_settings, read
from tests.factories.his_messages import INSTITUTION
from tests.fixtures_stack import FreshDatabase

KEYS = iter(range(10**6))


async def authorise(desk: ClaimsDesk, holder: str, beneficiary: str, relation: str = "child", **more: Any) -> str:
    """The holder's account may pay for the beneficiary."""
    command = OpenSharingCommand(
        holder_id=holder,
        beneficiary_id=beneficiary,
        relation=relation,  # type: ignore[arg-type]  # one of the four, as the tests write it
        by="柜员",
        **more,
    )
    answer = await desk.claims.accounts.open_sharing(command, OnceKey("test", f"{next(KEYS)}", ""))
    return str(answer["sharing_id"])


async def balances(desk: ClaimsDesk) -> dict[str, int]:
    """Balance by person; fails unless each is the sum of its movements, and every authorisation's use is what stands."""
    pool = await desk.claims.db.pool()
    rows = await pool.fetch(
        "SELECT a.person_id, a.balance_fen, coalesce(sum(m.amount_fen), 0)::bigint AS moved FROM account a"
        " LEFT JOIN account_movement m USING (person_id) GROUP BY a.person_id, a.balance_fen"
    )
    assert [r["balance_fen"] for r in rows] == [r["moved"] for r in rows]
    used = await pool.fetch(
        "SELECT s.used_fen, coalesce(-sum(m.amount_fen), 0)::bigint AS moved FROM account_sharing s"
        " LEFT JOIN account_movement m USING (sharing_id) GROUP BY s.sharing_id, s.used_fen"
    )
    assert [r["used_fen"] for r in used] == [r["moved"] for r in used]
    return {r["person_id"]: r["balance_fen"] for r in rows}


def take_back(settlement_id: str, number: int) -> tuple[TakeBack, OnceKey]:
    """A command of the bridge."""
    command = TakeBack(
        settlement_id=settlement_id, conversion_id=f"C{number}", case_id="K", decision_id=f"D{number}", decision_version=1, maker="a",
        checker="b",
    )  # fmt: skip
    return command, OnceKey("back", f"{number}", "")


async def test_own_account_then_relatives_in_order_then_cash_and_back_to_each_on_reversal(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=10_000)
    mother = await desk.person(2, scheme="310", category="12", account_fen=20_000)
    spouse = await desk.person(3, scheme="310", category="11", account_fen=50_000)
    await authorise(desk, mother, person, limit_fen=15_000)
    await authorise(desk, spouse, person, "spouse")
    visit = await desk.registration(person, [("A1", "1000.00"), ("C1", "50.00")], scheme="310")
    asked = desk.visit_input(visit, person, "1050.00", scheme="310", account="2")
    trial = (await desk.call("2206", asked))["setlinfo"]
    output = await desk.call("2207", asked)
    info = output["setlinfo"]
    # 1,000 in scope, 300 deductible, 55 %: 385.00; own account any part, relatives the in-scope self-pay of 615.00 less the own 100.
    figures = {name: info[name] for name in ("hifp_pay", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc")}
    assert figures == {
        "hifp_pay": Decimal("385.00"),
        "psn_part_amt": Decimal("665.00"),
        "acct_pay": Decimal("615.00"),
        "acct_mulaid_pay": Decimal("515.00"),
        "psn_cash_pay": Decimal("50.00"),
        "balc": Decimal("0.00"),
    }
    assert figures == {name: trial[name] for name in figures}
    assert {(r["fund_pay_type"], r["fund_payamt"]) for r in output["setldetail"]} == {
        ("310100", Decimal("385.00")),
        ("310200", Decimal("100.00")),
        ("310201", Decimal("515.00")),
    }
    assert await balances(desk) == {person: 0, mother: 5_000, spouse: 13_500}
    statement = await desk.claims.accounts.show(mother, None, 10)
    (paid, _) = statement["movements"]
    assert (paid["amount_fen"], paid["settlement_id"], paid["beneficiary_id"]) == (-15_000, info["setl_id"], person)
    assert await desk.balances("EMP") == {
        ("5001.01", ""): 38_500,
        ("5001.02", ""): 61_500,
        ("2201", f"H:{INSTITUTION}"): -100_000,
    }
    back = await desk.call("2208", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": info["setl_id"]}})
    assert back["setlinfo"]["acct_mulaid_pay"] == Decimal("-515.00")
    assert await balances(desk) == {person: 10_000, mother: 20_000, spouse: 50_000}
    assert await desk.balances("EMP") == {}


async def test_a_childs_bill_in_the_residents_scheme_is_paid_by_the_employees_book(desk: ClaimsDesk) -> None:
    child = await desk.person(1)
    father = await desk.person(2, scheme="310", category="11", account_fen=30_000)
    await authorise(desk, father, child)
    visit = await desk.stay(child, [("A1", "1000.00")])
    info = (await desk.call("2304", desk.stay_input(visit, child, "1000.00", account="2")))["setlinfo"]
    # 500 deductible, 75 %: 375.00; of 625.00 the father's account pays 300.00.
    assert (info["hifp_pay"], info["acct_pay"], info["acct_mulaid_pay"], info["psn_cash_pay"]) == (
        Decimal("375.00"),
        Decimal("300.00"),
        Decimal("300.00"),
        Decimal("325.00"),
    )
    assert await desk.balances("EMP") == {("5001.02", ""): 30_000, ("2201", f"H:{INSTITUTION}"): -30_000}
    assert await desk.balances("RES") == {("5001.01", ""): 37_500, ("2201", f"H:{INSTITUTION}"): -37_500}


async def test_without_authorisation_withdrawn_or_over_only_the_own_account_pays(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=1_000)
    mother = await desk.person(2, scheme="310", category="12", account_fen=20_000)
    sharing = await authorise(desk, mother, person)
    await desk.claims.accounts.withdraw_sharing(mother, sharing, "柜员", OnceKey("test", "withdraw", ""))
    visit = await desk.registration(person, [("A1", "100.00")], scheme="310")
    info = (await desk.call("2207", desk.visit_input(visit, person, "100.00", scheme="310", account="2")))["setlinfo"]
    assert (info["acct_pay"], info["acct_mulaid_pay"], info["psn_cash_pay"]) == (Decimal("10"), Decimal("0"), Decimal("90"))
    assert await balances(desk) == {person: 0, mother: 20_000}


async def test_authorisations_are_refused_without_a_trace(desk: ClaimsDesk) -> None:
    person = await desk.person(1)
    mother = await desk.person(2, scheme="310", category="12", account_fen=20_000)
    await authorise(desk, mother, person)
    codes = []
    for holder, beneficiary in ((mother, person), (person, mother), (mother, "NOBODY"), (mother, mother)):
        with pytest.raises(Refusal) as refused:
            await authorise(desk, holder, beneficiary)
        codes.append(refused.value.code)
    assert codes == [
        "claims.sharing.exists",
        "claims.account.none",
        "claims.account.person-unknown",
        "claims.sharing.self",
    ]
    with pytest.raises(Refusal) as refused:
        await desk.claims.accounts.withdraw_sharing(person, "NONE", "柜员", OnceKey("test", "none", ""))
    assert refused.value.code == "claims.sharing.unknown"
    assert await desk.count("account_sharing") == 1


async def test_restored_after_the_relative_spent_it_the_rest_is_the_patients_debt(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=10_000)
    mother = await desk.person(2, scheme="310", category="12", account_fen=20_000)
    await authorise(desk, mother, person)
    visit = await desk.stay(person, [("A1", "5000.00")], scheme="310")
    asked = desk.stay_input(visit, person, "5000.00", scheme="310", account="2")
    settlement = str((await desk.call("2304", asked))["setlinfo"]["setl_id"])
    assert await balances(desk) == {person: 0, mother: 0}
    taken = await desk.claims.take_claim_back.take_back(*take_back(settlement, 1))
    assert [p["amount_fen"] for p in taken["owed"] if p["account"] == "5001.02"] == [10_000, 20_000]
    assert await balances(desk) == {person: 10_000, mother: 20_000}
    other = await desk.registration(mother, [("C1", "150.00")], scheme="310")
    await desk.call("2207", desk.visit_input(other, mother, "150.00", scheme="310", account="1"))
    command, _ = take_back(settlement, 1)
    restored = await desk.claims.take_claim_back.restore(command, OnceKey("restore", "1", ""))
    assert restored["short_fen"] == 15_000
    assert await balances(desk) == {person: 0, mother: 0}
    books = await desk.balances("EMP")
    assert (books[("1125", f"P:{person}")], books[("5001.02", "")]) == (15_000, 10_000 + 5_000 + 15_000)
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    assert await balances(desk) == {person: 10_000, mother: 5_000}
    books = await desk.balances("EMP")
    assert (books.get(("1125", f"P:{person}"), 0), books[("5001.02", "")]) == (0, 15_000)


async def test_of_a_stay_that_is_kept_in_part_the_relative_pays_again_what_the_kept_part_needs(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=10_000)
    mother = await desk.person(2, scheme="310", category="12", account_fen=200_000)
    await authorise(desk, mother, person)
    visit = await desk.stay(person, [("A1", "5000.00"), ("A1", "1000.00")], scheme="310")
    asked = desk.stay_input(visit, person, "6000.00", scheme="310", account="2")
    settlement = str((await desk.call("2304", asked))["setlinfo"]["setl_id"])
    # 500 deductible, 85 %: 1,325.00 of the person, 100.00 own and 1,225.00 the mother's.
    assert await balances(desk) == {person: 0, mother: 77_500}
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line WHERE amount_fen = 100000")
    kept = KeptLine(line_id=rows[0]["line_no"], amount_fen=100_000)
    command, key = take_back(settlement, 1)
    taken = await desk.claims.take_claim_back.take_back(replace(command, keep_lines=(kept,)), key)
    # Of 1,000.00 kept: 425.00 the pool, 575.00 the person: 100.00 own and 475.00 the mother's.
    assert taken["kept_cash_fen"] == 0
    assert await balances(desk) == {person: 0, mother: 152_500}
    async with desk.claims.db.transaction() as tx:
        await desk.claims.update_burdens.after_settlements(tx, {settlement})
    assert await desk.count("burden", "in_scope_self_pay_fen = 57500 AND out_of_pocket_fen = 57500") == 1
    restored = await desk.claims.take_claim_back.restore(command, OnceKey("restore", "1", ""))
    assert restored["short_fen"] == 0
    assert await balances(desk) == {person: 0, mother: 77_500}
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    assert await balances(desk) == {person: 10_000, mother: 200_000}


async def test_a_late_fact_charges_and_restores_the_relatives_who_paid(desk: ClaimsDesk) -> None:
    person = await desk.person(1, scheme="310", category="11", account_fen=1_000)
    mother = await desk.person(2, scheme="310", category="12", account_fen=100_000)
    await authorise(desk, mother, person)
    first = await desk.registration(person, [("A1", "1000.00")], scheme="310")
    info = (await desk.call("2207", desk.visit_input(first, person, "1000.00", scheme="310")))["setlinfo"]
    second = await desk.registration(person, [("A1", "100.00")], scheme="310")
    await desk.call("2207", desk.visit_input(second, person, "100.00", scheme="310", account="2"))
    third = await desk.registration(person, [("A1", "100.00")], scheme="310")
    await desk.call("2207", desk.visit_input(third, person, "100.00", scheme="310", account="0"))
    # 55 % without deductible left: 45.00 of the second by accounts, 10.00 own and 35.00 the mother's.
    assert await balances(desk) == {person: 0, mother: 96_500}
    await desk.call("2208", {"data": {"mdtrt_id": first, "psn_no": person, "setl_id": str(info["setl_id"])}})
    corrected = await (await desk.claims.db.pool()).fetch("SELECT reason, cash_fen FROM settlement_correction")
    # The whole 100.00 of the second is now below the deductible: the mother pays 55.00 more; the third used no account.
    assert sorted(map(tuple, corrected)) == [("reversal", 0), ("reversal", 10_000)]
    assert await balances(desk) == {person: 0, mother: 91_000}


async def test_a_random_history_keeps_every_balance_and_limit(desk: ClaimsDesk) -> None:
    chance = random.Random(20260320)
    people = [await desk.person(n, scheme="310", category="11", account_fen=chance.randrange(1, 40_000)) for n in range(1, 5)]
    opening = await balances(desk)
    for holder in people:
        for relative in people:
            if holder != relative and chance.random() < 0.6:
                await authorise(desk, holder, relative, limit_fen=chance.choice([None, 5_000, 12_000]))
    standing: list[tuple[str, str, str]] = []
    conversions: list[tuple[int, str]] = []
    for number in range(40):
        act = chance.random()
        if act < 0.5 or not standing:
            person = chance.choice(people)
            yuan = f"{chance.randrange(10, 400)}.{chance.randrange(100):02d}"
            visit = await desk.registration(person, [("A1", yuan)], scheme="310")
            asked = desk.visit_input(visit, person, yuan, scheme="310", account=chance.choice("0122"))
            standing.append((person, visit, str((await desk.call("2207", asked))["setlinfo"]["setl_id"])))
        elif act < 0.8:
            person, visit, settlement = standing.pop(chance.randrange(len(standing)))
            await desk.call("2208", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settlement}})
        elif act < 0.9:
            *_, settlement = standing[chance.randrange(len(standing))]
            if settlement not in {s for _, s in conversions}:
                await desk.claims.take_claim_back.take_back(*take_back(settlement, number))
                conversions.append((number, settlement))
                standing = [s for s in standing if s[2] != settlement]
        elif conversions:
            conversion, settlement = conversions.pop()
            command, _ = take_back(settlement, conversion)
            await desk.claims.take_claim_back.restore(command, OnceKey("restore", f"{conversion}", ""))
            await desk.claims.take_claim_back.take_back(*take_back(settlement, 100 + number))
        await balances(desk)
    for person, visit, settlement in standing:
        await desk.call("2208", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settlement}})
    assert await balances(desk) == opening
    assert await desk.count("account_sharing", "used_fen <> 0") == 0


async def test_two_children_on_one_parents_account_at_the_same_instant_never_overdraw(
    fresh_database: FreshDatabase, claims_template: str
) -> None:
    url = await fresh_database(template=claims_template)
    first = await ClaimsDesk.open(url)
    claims = assemble(claims_settings(url))
    second = ClaimsDesk(claims, his_endpoint(claims), first.numbers)
    for round_ in range(25):
        parent, one, two = [
            await first.person(10 * round_ + n, scheme="310", category="11", account_fen=10_000 if n == 1 else 0)
            for n in (1, 2, 3)
        ]
        for child in (one, two):
            await authorise(first, parent, child)
        visits = [await first.registration(child, [("A1", "80.00")], scheme="310") for child in (one, two)]
        own = await first.registration(parent, [("A1", "30.00")], scheme="310")
        answers = await asyncio.gather(
            first.raw("2207", first.visit_input(visits[0], one, "80.00", scheme="310", account="2")),
            second.raw("2207", second.visit_input(visits[1], two, "80.00", scheme="310", account="2")),
            second.raw("2207", second.visit_input(own, parent, "30.00", scheme="310", account="2")),
        )
        paid = [read(a)["output"]["setlinfo"]["acct_pay"] for a in answers]
        assert sum(paid) == Decimal("100.00"), (round_, paid)
        assert (await balances(first))[parent] == 0
    await second.close()
    await first.close()
