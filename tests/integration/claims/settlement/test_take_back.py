"""Taking back what is only partly a work injury, from funds that have paid the hospital or not, and from closed years."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from claims.application.settlement.take_claim_back import TakeBack
from claims.domain.kept_part import KeptLine
from claims.domain.taking_back import EmployerShare
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk
from tests.factories.his_messages import INSTITUTION

F5 = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]


def command(settlement_id: str, **changes: Any) -> TakeBack:
    plain = TakeBack(
        settlement_id=settlement_id,
        conversion_id="K1",
        case_id="CASE",
        decision_id="D1",
        decision_version=1,
        maker="a",
        checker="b",
    )
    return replace(plain, **changes)


async def settled(desk: ClaimsDesk, lines: list[tuple[str, str]], total: str, **person: Any) -> tuple[str, str]:
    """Person and settlement of one stay."""
    who = await desk.person(scheme="310", category="11", **person)
    visit = await desk.stay(who, lines, scheme="310")
    account = "1" if person else "0"
    answer = await desk.call("2304", desk.stay_input(visit, who, total, scheme="310", account=account))
    return who, str(answer["setlinfo"]["setl_id"])


async def f5_kept(desk: ClaimsDesk, settlement_id: str) -> tuple[KeptLine, ...]:
    """The diabetes lines and 1,333.33 of what both diseases shared."""
    rows = await (await desk.claims.db.pool()).fetch(
        "SELECT l.line_no FROM fee_line l JOIN settlement s USING (visit_id) WHERE s.settlement_id = $1 ORDER BY l.line_no::int",
        settlement_id,
    )
    numbers = [row[0] for row in rows]
    amounts = (fen("2000"), fen("2000"), fen("1333.33"))
    return tuple(KeptLine(line_id=n, amount_fen=a) for n, a in zip(numbers[2:], amounts, strict=True))


async def test_f5_the_kept_part_is_decided_anew_and_given_up_on_restoring(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk, F5, "20000.00")
    before = await desk.year(person)
    kept = await f5_kept(desk, settlement)
    trial = await desk.claims.take_claim_back.trial(settlement, kept)
    assert await desk.year(person) == before
    taken = await desk.claims.take_claim_back.take_back(command(settlement, keep_lines=kept), OnceKey("t", "1", ""))
    for answer in (trial, taken):
        assert [(p["book"], p["account"], p["amount_fen"]) for p in answer["owed"]] == [("EMP", "5001.01", fen("12126.67"))]
        assert [p["amount_fen"] for p in answer["kept"]] == [fen("3938.33")]
        assert (answer["cash_fen"], answer["kept_cash_fen"]) == (fen("3935"), fen("1395"))
    books = await desk.balances("EMP")
    assert (books[("5001.01", "")], books[("1121", "WI")]) == (fen("3938.33"), fen("12126.67"))
    year = await desk.year(person)
    assert (year["stays"], year["pool.paid"], year["pool.deductible"]) == (1, fen("3938.33"), fen("500"))

    await desk.claims.take_claim_back.restore(command(settlement), OnceKey("t", "2", ""))
    books = await desk.balances("EMP")
    assert (books[("5001.01", "")], books[("1121", "WI")], books[("2202", "WI")]) == (
        fen("16065"),
        fen("12126.67"),
        -fen("12126.67"),
    )
    assert await desk.year(person) == before


async def test_account_money_of_the_kept_part_stays_spent(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk, F5, "20000.00", account_fen=fen("3000"))
    kept = await f5_kept(desk, settlement)
    taken = await desk.claims.take_claim_back.take_back(command(settlement, keep_lines=kept), OnceKey("t", "1", ""))
    # v1: 3,000.00 of the person's 3,935.00 from the account; v2: all of the 1,395.00
    assert (taken["cash_fen"], taken["kept_cash_fen"]) == (fen("935"), 0)
    assert {p["account"]: p["amount_fen"] for p in taken["owed"]} == {"5001.01": fen("12126.67"), "5001.02": fen("1605")}
    assert await desk.count("account", "balance_fen = 160500") == 1
    await desk.claims.take_claim_back.restore(command(settlement), OnceKey("t", "2", ""))
    assert await desk.count("account", "balance_fen = 0") == 1
    assert (await desk.balances("EMP"))[("5001.02", "")] == fen("3000")
    assert (await desk.year(person))["pool.paid"] == fen("16065")


@pytest.mark.parametrize(
    ("line", "amount", "code"),
    [
        ("nope", 1, "claims.kept.unknown-line"),
        (None, fen("2000.01"), "claims.kept.beyond-line"),
        (None, -1, "claims.kept.beyond-line"),
    ],
)
async def test_kept_lines_that_are_not_of_the_bill_are_refused(
    desk: ClaimsDesk, line: str | None, amount: int, code: str
) -> None:
    person, settlement = await settled(desk, F5, "20000.00")
    kept = await f5_kept(desk, settlement)
    before = (await desk.balances("EMP"), await desk.year(person))
    wrong = KeptLine(line_id=line or kept[0].line_id, amount_fen=amount)
    with pytest.raises(Refusal) as caught:
        await desk.claims.take_claim_back.take_back(command(settlement, keep_lines=(wrong,)), OnceKey("t", "1", ""))
    assert caught.value.code == code
    assert (await desk.balances("EMP"), await desk.year(person)) == before


async def test_f2_net_when_the_hospital_is_not_paid_yet_and_between_the_funds_when_it_is(desk: ClaimsDesk) -> None:
    _, settlement = await settled(desk, [("A1", "5480.00"), ("B1", "3260.00")], "8740.00")
    hospital = f"H:{INSTITUTION}"
    taken = await desk.claims.take_claim_back.take_back(command(settlement, net=True), OnceKey("t", "1", ""))
    assert taken["netted"] == ["EMP"]
    assert await desk.balances("EMP") == {}
    async with desk.claims.db.transaction() as tx:
        (journal,) = await desk.claims.ledger.entries(tx, conversion_id="K1")
    assert [(x.account, x.dim, x.debit_fen, x.credit_fen) for x in journal.lines] == [
        ("2201", hospital, fen("6726.90"), 0),
        ("5001.01", "", 0, fen("6726.90")),
    ]
    # Restored: the work-injury fund has taken the debt to the hospital over, so the money goes back to it.
    await desk.claims.take_claim_back.restore(command(settlement), OnceKey("t", "2", ""))
    assert await desk.balances("EMP") == {("5001.01", ""): fen("6726.90"), ("2202", "WI"): -fen("6726.90")}

    other = await desk.person(2, scheme="310", category="11")
    visit = await desk.stay(other, [("A1", "5480.00"), ("B1", "3260.00")], scheme="310")
    second = (await desk.call("2304", desk.stay_input(visit, other, "8740.00", scheme="310")))["setlinfo"]["setl_id"]
    desk.clock.advance(timedelta(days=15))
    key = OnceKey("t", "clear", "")
    paid = await desk.claims.clear_institution(key, Book.EMP, INSTITUTION, "2026-03")
    assert (paid["paid_fen"], paid["offset_fen"]) == (fen("6726.90"), 0)
    assert await desk.claims.clear_institution(key, Book.EMP, INSTITUTION, "2026-03") == paid
    with pytest.raises(Refusal, match="已清算"):
        await desk.claims.clear_institution(OnceKey("t", "again", ""), Book.EMP, INSTITUTION, "2026-03")
    taken = await desk.claims.take_claim_back.take_back(command(second, conversion_id="K2", net=True), OnceKey("t", "3", ""))
    assert taken["netted"] == []
    assert (await desk.balances("EMP"))[("1121", "WI")] == fen("6726.90")


async def test_f8_what_the_employer_owes_the_fund_itself(desk: ClaimsDesk) -> None:
    _, settlement = await settled(desk, [("A1", "38500.00"), ("B1", "14000.00")], "52500.00")
    share = EmployerShare(employer_id="E1", by_book=(("EMP", fen("34408")),))
    await desk.claims.take_claim_back.take_back(command(settlement, employer=share), OnceKey("t", "1", ""))
    books = await desk.balances("EMP")
    assert (books[("1121", "WI")], books[("1123", "E:E1")], books.get(("5001.01", ""))) == (fen("8602"), fen("34408"), None)
    await desk.claims.take_claim_back.restore(command(settlement), OnceKey("t", "2", ""))
    books = await desk.balances("EMP")
    assert (books[("2202", "WI")], books.get(("1123", "E:E1")), books[("5001.01", "")]) == (-fen("8602"), None, fen("43010"))


async def test_f10_a_closed_year_is_adjusted_and_its_counters_are_given_back(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk, [("A1", "1000.00")], "1000.00")
    desk.clock.advance(timedelta(days=365))
    await desk.claims.take_claim_back.take_back(command(settlement), OnceKey("t", "1", ""))
    assert (await desk.balances("EMP"))[("5001.91", "2026")] == -fen("425")
    assert await desk.year(person) == {}


async def test_a_kept_part_goes_on_using_the_year_when_settlements_around_it_are_decided_again(desk: ClaimsDesk) -> None:
    person, settlement = await settled(desk, F5, "20000.00")
    first = await desk.stay(person, [("A1", "1000.00")], scheme="310", begun="2026-03-15", ended="2026-03-16")
    earlier = (await desk.call("2304", desk.stay_input(first, person, "1000.00", scheme="310")))["setlinfo"]
    later = await desk.stay(person, [("A1", "2000.00")], scheme="310", begun="2026-03-17", ended="2026-03-18")
    third = (await desk.call("2304", desk.stay_input(later, person, "2000.00", scheme="310")))["setlinfo"]
    kept = await f5_kept(desk, settlement)
    taken = await desk.claims.take_claim_back.take_back(command(settlement, keep_lines=kept), OnceKey("t", "1", ""))
    await desk.call("2305", {"data": {"setl_id": earlier["setl_id"], "mdtrt_id": first, "psn_no": person}})
    standing = (await desk.claims.describe_settlement(third["setl_id"]))["standing"]
    year = await desk.year(person)
    paid = sum(p["amount_fen"] for p in (*taken["kept"], *standing["payments"]))
    assert (year["stays"], year["pool.paid"]) == (2, paid)
    assert (await desk.balances("EMP"))[("5001.01", "")] == paid
