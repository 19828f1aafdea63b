"""A settlement restored after its account part was spent elsewhere (B3), and undone again: nobody gets anything twice."""

from __future__ import annotations

from claims.application.settlement.take_claim_back import TakeBack
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk
from tests.factories.his_messages import INSTITUTION


def conversion(settlement_id: str, number: int) -> tuple[TakeBack, OnceKey]:
    """A command of the bridge."""
    command = TakeBack(
        settlement_id=settlement_id,
        conversion_id=f"C{number}",
        case_id="CASE",
        decision_id=f"D{number}",
        decision_version=number,
        maker="a",
        checker="b",
    )
    return command, OnceKey("test", f"{number}", "")


async def restored_with_a_debt(desk: ClaimsDesk) -> tuple[str, str, str]:
    """Person, visit and settlement: 1,000.00 from the account, taken back, spent on another stay, restored."""
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, [("A1", "16000.00")], scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    settlement = str((await desk.call("2304", asked))["setlinfo"]["setl_id"])
    await desk.claims.take_claim_back.take_back(*conversion(settlement, 1))
    other = await desk.stay(person, [("C1", "1000.00")], scheme="310", begun="2026-03-15", ended="2026-03-16")
    await desk.call("2304", desk.stay_input(other, person, "1000.00", scheme="310", account="1"))
    command, _ = conversion(settlement, 1)
    restored = await desk.claims.take_claim_back.restore(command, OnceKey("test", "restore", ""))
    assert restored["short_fen"] == 100_000
    books = await desk.balances("EMP")
    assert (books[("1125", f"P:{person}")], books[("5001.02", "")]) == (100_000, 100_000)
    return person, visit, settlement


async def no_debt_is_left(desk: ClaimsDesk) -> None:
    """The fund bears the account part of the other stay alone, the account is empty, the person owes nothing."""
    books = await desk.balances("EMP")
    assert books[("5001.02", "")] == 100_000
    assert {account for account, _ in books} & {"1125", "5001.01"} == set()
    assert await desk.count("account", "balance_fen = 0") == 1


async def test_taken_back_again(desk: ClaimsDesk) -> None:
    _, _, settlement = await restored_with_a_debt(desk)
    taken = await desk.claims.take_claim_back.take_back(*conversion(settlement, 2))
    assert [p["amount_fen"] for p in taken["owed"] if p["account"] == "5001.02"] == [100_000]
    await no_debt_is_left(desk)


async def test_reversed(desk: ClaimsDesk) -> None:
    person, visit, settlement = await restored_with_a_debt(desk)
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    await no_debt_is_left(desk)
    assert (await desk.balances("EMP"))[("2201", f"H:{INSTITUTION}")] == -100_000
