"""Many settlements taken back in one transaction: what one by one would give, each answered for itself, once per conversion."""

from __future__ import annotations

from typing import Any

from claims.application.funds.move_transfer import Transfer
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk
from tests.integration.claims.settlement.test_take_back import F5, command, f5_kept, settled

F2 = [("A1", "5480.00"), ("B1", "3260.00")]


def asked(settlement_id: str, number: int, **changes: Any) -> tuple[Any, OnceKey]:
    return command(settlement_id, conversion_id=f"K{number}", **changes), OnceKey("t", f"K{number}", "")


async def journals_of(desk: ClaimsDesk, conversion_id: str) -> list[Any]:
    async with desk.claims.db.transaction() as tx:
        entries = await desk.claims.ledger.entries(tx, conversion_id=conversion_id)
    return [[(x.account, x.dim, x.debit_fen, x.credit_fen) for x in entry.lines] for entry in entries]


async def test_together_is_what_one_by_one_would_be(desk: ClaimsDesk) -> None:
    _, alone = await settled(desk, F2, "8740.00", account_fen=fen("500"))
    person, other = await settled(desk, F2, "8740.00", number=2, account_fen=fen("500"))
    one = await desk.claims.take_claim_back.take_back(*asked(alone, 1))
    (both,) = await desk.claims.take_claims_back([asked(other, 2)])
    assert not isinstance(both, Refusal)
    names = ("settlement_id", "person_id", "lines")
    assert {k: v for k, v in one.items() if k not in names} == {k: v for k, v in both.items() if k not in names}
    assert await journals_of(desk, "K1") == await journals_of(desk, "K2")
    assert await desk.count("account", "balance_fen = 50000") == 2
    assert await desk.count("settlement", "state = 'taken-back'") == 2
    assert await desk.count("account_movement", "reason = 'take-back' AND amount_fen = 50000") == 2
    year = await desk.year(person)
    assert (year.get("stays", 0), year.get("pool.paid", 0), year.get("pool.deductible", 0)) == (0, 0, 0)
    assert await desk.count("outbox", "type = 'claims.claim-taken-back.v1'") == 2


async def test_each_is_answered_for_itself_and_once(desk: ClaimsDesk) -> None:
    _, plain = await settled(desk, F2, "8740.00")
    _, mixed = await settled(desk, F5, "20000.00", number=2)
    kept = await f5_kept(desk, mixed)
    group = [asked(plain, 1, net=True), asked(mixed, 2, keep_lines=kept), asked("unknown", 3), asked(plain, 4)]
    first = await desk.claims.take_claims_back(group)
    assert [a.code if isinstance(a, Refusal) else a["settlement_id"] for a in first] == [
        plain,
        mixed,
        "claims.settlement.unknown",
        "claims.settlement.not-valid",
    ]
    assert not isinstance(first[0], Refusal)
    assert not isinstance(first[1], Refusal)
    assert (first[0]["netted"], first[1]["kept_cash_fen"]) == (["EMP"], fen("1395"))
    books = await desk.balances("EMP")
    again = await desk.claims.take_claims_back(group)
    assert again[:2] == first[:2]
    assert await desk.balances("EMP") == books
    assert await journals_of(desk, "K4") == []


async def test_a_later_stay_is_listed_and_goes_by_itself(desk: ClaimsDesk) -> None:
    """The second stay of the year had the smaller deductible; the switch ripple says to list it."""
    who, first = await settled(desk, F2, "8740.00")
    visit = await desk.stay(who, F2, scheme="310")
    answer = await desk.call("2304", desk.stay_input(visit, who, "8740.00", scheme="310", account="0"))
    second = str(answer["setlinfo"]["setl_id"])
    # both stays of one person in one request: the second goes by itself, after the first
    taken = await desk.claims.take_claims_back([asked(first, 1), asked(second, 2)])
    assert not any(isinstance(each, Refusal) for each in taken)
    assert not isinstance(taken[0], Refusal)
    assert [each["settlement_id"] for each in taken[0]["listed"]] == [second]
    books = await desk.balances("EMP")
    assert books.get(("5001.01", ""), 0) == 0
    assert await desk.year(who) == {} or set((await desk.year(who)).values()) == {0}


async def test_transfers_together(desk: ClaimsDesk) -> None:
    _, settlement = await settled(desk, F2, "8740.00")
    await desk.claims.take_claims_back([asked(settlement, 1)])
    body: dict[str, Any] = {
        "book": Book.EMP, "counter_book": Book.WI, "direction": "in", "case_id": "CASE", "settlement_id": settlement,
        "conversion_id": "K1", "maker": "a", "checker": "b",
    }  # fmt: skip
    wanted = [Transfer(transfer_id=f"T{n}", voucher_no=f"V{n}", amount_fen=fen("100") * n, **body) for n in (1, 2)]
    twin = Transfer(transfer_id="T3", voucher_no="V1", amount_fen=1, **body)
    move = desk.claims.move_transfer
    answers = await move.reserve_all([*wanted, twin])
    assert [a.code if isinstance(a, Refusal) else a for a in answers] == ["reserved", "reserved", "claims.transfer.differs"]
    assert await move.void("T2") == "void"
    for _ in range(2):
        posted = await move.post_all(["T1", "T2", "T3"])
        assert [a.code if isinstance(a, Refusal) else a for a in posted] == [
            "posted",
            "claims.transfer.void",
            "claims.transfer.unknown",
        ]
    assert (await desk.balances("EMP"))[("1003", "")] == fen("100")
