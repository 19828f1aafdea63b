"""A settlement charged back as a double payment, and the charge-back undone (B10): twice over, and after the year."""

from __future__ import annotations

from datetime import datetime

from claims.application.settlement.charge_back import ChargeBack
from claims.application.settlement.undo_charge_back import UndoChargeBack
from shared.clock import CHINA
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk
from tests.factories.his_messages import INSTITUTION


async def settled(desk: ClaimsDesk) -> tuple[str, str]:
    """Person and settlement: 16,000.00, of it 1,000.00 from the account."""
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, [("A1", "16000.00")], scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    return person, str((await desk.call("2304", asked))["setlinfo"]["setl_id"])


async def charge(desk: ClaimsDesk, settlement_id: str, bill: str) -> None:
    command = ChargeBack(
        settlement_id=settlement_id, double_bill_id=bill, case_id="CASE", paid_to_person=True, maker="a", checker="b"
    )
    await desk.claims.charge_claim_back(command, OnceKey("test", f"charge {bill}", ""))


async def undo(desk: ClaimsDesk, settlement_id: str, bill: str) -> int:
    """What of the account is spent by now."""
    command = UndoChargeBack(settlement_id=settlement_id, double_bill_id=bill, case_id="CASE", maker="a", checker="b")
    answer = await desk.claims.undo_charge_back(command, OnceKey("test", f"undo {bill}", ""))
    short: int = answer["short_fen"]
    return short


async def test_charged_and_undone_twice_the_books_are_as_before(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk)
    before = await desk.balances("EMP")
    for bill in ("D1", "D2"):
        await charge(desk, settlement, bill)
        books = await desk.balances("EMP")
        paid = before[("5001.01", "")] + before[("5001.02", "")]
        assert books == {("1125", f"P:{person}"): paid, ("2201", f"H:{INSTITUTION}"): before[("2201", f"H:{INSTITUTION}")]}
        assert await undo(desk, settlement, bill) == 0
        assert await desk.balances("EMP") == before
    assert await desk.count("journal", "kind = 'charge-back'") == 4


async def test_undone_in_a_later_year_when_the_account_is_spent(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk)
    before = await desk.balances("EMP")
    pool, account = before[("5001.01", "")], before[("5001.02", "")]
    assert account == 100_000
    desk.clock.set(datetime(2027, 1, 4, 9, tzinfo=CHINA))
    await charge(desk, settlement, "D1")
    assert (await desk.balances("EMP"))[("5001.91", "2026")] == -(pool + account)
    other = await desk.stay(person, [("C1", "1000.00")], scheme="310", begun="2026-12-28", ended="2026-12-30")
    await desk.call("2304", desk.stay_input(other, person, "1000.00", scheme="310", account="1"))
    assert await undo(desk, settlement, "D1") == 100_000
    books = await desk.balances("EMP")
    # the account pays once: of the year that is over nothing but the account part stands open, as the person's debt
    assert (books[("5001.91", "2026")], books[("1125", f"P:{person}")]) == (-account, account)
