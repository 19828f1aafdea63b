"""Month-end clearing on PostgreSQL: F12 to the fen, races, closed periods, REST and worklist."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.clock import FixedClock
from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.store import LedgerStore
from shared.money import fen
from tests.factories.workinjury_bridge.examples import F1_BILL, MONTH_END
from tests.factories.workinjury_bridge.fake_claims import away
from tests.integration.workinjury_bridge.conftest import House
from tests.integration.workinjury_bridge.test_database import DAY, column_of, grant, key, open_case, settlement_of
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.advance_conversion import AdvanceConversion
from workinjury_bridge.application.clearing.advance_clearing import AdvanceClearing
from workinjury_bridge.application.clearing.replenish_fund import Replenishment
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.clearing import Remedy
from workinjury_bridge.domain.figures import MedicalBill

MONTH = "2026-11"
F10_BILL = MedicalBill(
    begun_on=date(2026, 3, 2),
    ended_on=date(2026, 3, 14),
    total_fen=fen("68000"),
    cash_fen=fen("9000"),
    payments=(
        FundPayment(book="EMP", account="5001.01", fund_pay_type="310100", amount_fen=fen("20866.47")),
        FundPayment(book="LARGE", account="5001.01", fund_pay_type="330100", amount_fen=fen("38133.53")),
    ),
    lines=(BillLine(line_id="A", amount_fen=fen("68000"), in_catalogue=True),),
)


class Office:
    """A bridge whose funds pay each other at the month's end."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.bridge = house.bridge
        self.clock = cast(FixedClock, house.bridge.month_end.advance.clock)
        shipped = house.bridge.advance
        pay = replace(shipped.pay, cash=replace(shipped.pay.cash, policies=MONTH_END))
        self.convert: AdvanceConversion = replace(shipped, policies=MONTH_END, pay=pay)
        self.clear: AdvanceClearing = house.bridge.month_end.advance

    async def converted(self, person_id: str, bill: MedicalBill = F1_BILL) -> str:
        """A conversion that is booked, and whose person is paid when there is money."""
        case_id = await open_case(self.house, person_id)
        await self.house.hear(self.house.claims.settle(settlement_of(person_id), bill))
        (conversion_id,) = await grant(self.house, case_id)
        await self.convert.run(conversion_id)
        await self.bridge.review.check(key(), conversion_id, "lijing", None)
        await self.bridge.review.approve(key(), conversion_id, "zhaoming", None)
        await self.convert.run(conversion_id)
        return conversion_id

    async def replenish(self, yuan: str) -> Any:
        command = Replenishment(
            amount_fen=fen(yuan), source=Remedy.FISCAL_ACCOUNT, reference="拨款1", maker="lijing", checker="zhaoming"
        )
        return await self.bridge.month_end.replenish.run(key(), command)

    async def frozen(self, payer: Book = Book.WI, month: str = MONTH) -> str:
        """A run that two have agreed on."""
        run = await self.bridge.month_end.decide.propose(key(), payer, month, "lijing")
        await self.bridge.month_end.decide.approve(key(), run["clearing_id"], "zhaoming")
        return str(run["clearing_id"])

    async def show(self, clearing_id: str) -> dict[str, Any]:
        found = await self.bridge.month_end.views.clearing(clearing_id)
        assert found is not None
        return found

    async def wi(self, account: str, dim: str | None = None) -> int:
        async with self.bridge.db.reading() as tx:
            rows = await LedgerStore(t.LEDGER).trial_balance(tx, Book.WI)
        return sum(r["balance_fen"] for r in rows if r["account"] == account and dim in (None, r["dim"]))

    async def sound(self) -> None:
        await self.house.go_on()
        found = await self.bridge.check.run()
        assert (found["inter_fund"], found["breaches"]) == ("equal", [])

    async def book(self, *lines: Any, on: date | None = None) -> None:
        entry = Entry(entry_id=self.clear.ids.new(), book=Book.WI, booked_on=on or self.clock.today(), kind="test", lines=lines)
        async with self.bridge.db.transaction() as tx:
            await self.bridge.advance.ledger.append(tx, [entry])

    def to(self, day: date) -> None:
        self.clock.advance(timedelta(days=(day - self.clock.today()).days))


@pytest.fixture
async def office(house: House) -> Office:
    return Office(house)


async def two_hospitals(office: Office) -> None:
    """F4 and another: what the fund owes hospitals directly."""
    await office.book(debit("5001.11", fen("21900")), credit("2201", fen("21900"), "H:F4"))
    await office.book(debit("1122", fen("420"), "H:F4"), credit("5001.11", fen("420")))
    office.clock.advance(timedelta(days=1))
    await office.book(debit("5001.11", fen("30000")), credit("2201", fen("30000"), "H:H2"))


async def test_f12_month_end_shortage(office: Office) -> None:
    """Reference B13, worked example F12."""
    await office.replenish("60000")
    await two_hospitals(office)
    f1 = await office.converted("P1")
    office.clock.advance(timedelta(days=1))
    f10 = await office.converted("P2", F10_BILL)
    # F10's refund and meals are no items of F12: their money comes besides
    assert await office.wi("1003") == fen("60000") - fen("3075") - fen("9360")
    await office.replenish("9360")
    office.to(date(2026, 11, 30))
    before = await office.wi("1003")
    assert before == fen("60000") - fen("3075")
    clearing_id = await office.frozen()
    assert await office.clear.run(clearing_id) is None
    run = await office.show(clearing_id)
    assert (run["state"], run["short_fen"], run["remedy"]) == ("partial", fen("66540"), "fiscal-account")
    assert (run["asked_on"], run["asked_until"], run["set_aside_fen"]) == (date(2026, 11, 30), date(2026, 12, 3), 0)
    named = ("priority", "party", "amount_fen", "offset_fen", "paid_fen", "open_fen")
    assert [tuple(item[name] for name in named) for item in run["queue"]] == [
        (2, "F4", fen("21900"), fen("420"), fen("21480"), 0),
        (2, "H2", fen("30000"), 0, fen("30000"), 0),
        (3, "EMP", fen("12985"), 0, fen("5445"), fen("7540")),
        (3, "LARGE", fen("38133.53"), 0, 0, fen("38133.53")),
        (3, "EMP", fen("20866.47"), 0, 0, fen("20866.47")),
    ]
    assert [(p["payee"], p["open_fen"]) for p in run["pairs"]] == [
        ("EMP", fen("28406.47")),
        ("LARGE", fen("38133.53")),
    ]
    (voucher,) = run["transfers"]
    assert [(c["conversion_id"], c["amount_fen"]) for c in voucher["cases"]] == [(f1, fen("5445"))]
    assert (voucher["book"], voucher["amount_fen"], voucher["state"]) == ("EMP", fen("5445"), "confirmed")
    assert await office.wi("1003") == 0
    assert (await office.wi("2201"), await office.wi("1122"), await office.wi("2202")) == (0, 0, -fen("66540"))
    emp = office.house.claims.entries[-1]
    assert [(x.account, x.dim, x.debit_fen, x.credit_fen) for x in emp.lines] == [
        ("1003", "", fen("5445"), 0),
        ("1121", "WI", 0, fen("5445")),
    ]
    await office.sound()
    assert await column_of(office.house, "state", f1) == "transferring"
    assert (await office.house.events()).count("workinjury-bridge.shortage-raised.v1") == 1

    await office.replenish("66540")
    assert await office.clear.run(clearing_id) is None
    for conversion_id in (f1, f10):
        await office.convert.run(conversion_id)
        assert await column_of(office.house, "state", conversion_id) == "settled"
    run = await office.show(clearing_id)
    assert (run["state"], run["short_fen"], run["remedy"]) == ("closed", 0, None)
    assert (run["asked_on"], run["asked_until"], run["set_aside_fen"]) == (None, None, 0)
    assert [(i["party"], i["open_fen"]) for i in run["queue"]] == [
        ("F4", 0),
        ("H2", 0),
        ("EMP", 0),
        ("LARGE", 0),
        ("EMP", 0),
    ]
    assert sorted((v["book"], v["amount_fen"]) for v in run["transfers"]) == [
        ("EMP", fen("5445")),
        ("EMP", fen("28406.47")),
        ("LARGE", fen("38133.53")),
    ]
    assert (await office.wi("1003"), await office.wi("2202")) == (0, 0)
    await office.sound()


async def test_two_workers_on_one_run_and_two_approvals_pay_once(office: Office) -> None:
    await office.replenish("100000")
    ids = [await office.converted(f"P{n}") for n in range(3)]
    office.to(date(2026, 11, 30))
    run = await office.bridge.month_end.decide.propose(key(), Book.WI, MONTH, "lijing")
    clearing_id = run["clearing_id"]
    decide = office.bridge.month_end.decide
    answers = await asyncio.gather(*(decide.approve(key(), clearing_id, "zhaoming") for _ in range(3)), return_exceptions=True)
    assert sorted(type(a).__name__ for a in answers) == ["Refusal", "Refusal", "dict"]
    assert await asyncio.gather(*(office.clear.run(clearing_id) for _ in range(4))) == [None] * 4
    found = await office.show(clearing_id)
    assert (found["state"], [v["amount_fen"] for v in found["transfers"]]) == ("closed", [3 * fen("12985")])
    await asyncio.gather(*(office.convert.run(c) for c in ids))
    assert [await column_of(office.house, "state", c) for c in ids] == ["settled"] * 3
    await office.sound()


async def test_two_proposals_of_a_month_make_one_run(office: Office) -> None:
    office.to(date(2026, 11, 30))
    decide = office.bridge.month_end.decide
    found = await asyncio.gather(*(decide.propose(key(), Book.WI, MONTH, "lijing") for _ in range(4)), return_exceptions=True)
    assert sorted(getattr(f, "code", "run") for f in found) == [
        "run",
        *["workinjury-bridge.clearing.exists"] * 3,
    ]


async def test_money_that_waits_goes_to_the_person_first(office: Office) -> None:
    conversion_id = await office.converted("P1")
    assert "余额0.00不足以支付3,075.00" in await column_of(office.house, "hindrance", conversion_id)
    office.to(date(2026, 11, 30))
    await office.replenish("3000")
    clearing_id = await office.frozen()
    assert await office.clear.run(clearing_id) is None
    found = await office.show(clearing_id)
    assert (found["state"], found["transfers"], found["short_fen"]) == ("partial", [], fen("13060"))
    await office.replenish("100")
    assert await office.convert.run(conversion_id) is None
    assert await office.wi("1003") == fen("25")
    assert await office.clear.run(clearing_id) is None
    (voucher,) = (await office.show(clearing_id))["transfers"]
    assert voucher["amount_fen"] == fen("25")
    await office.sound()


async def test_what_is_left_belongs_to_the_next_month(office: Office) -> None:
    await office.replenish("8075")
    await office.converted("P1")
    office.to(date(2026, 11, 30))
    november = await office.frozen()
    assert await office.clear.run(november) is None
    office.to(date(2026, 12, 31))
    december = await office.frozen(month="2026-12")
    before = await office.show(november)
    assert (before["state"], before["carried_fen"], before["pairs"]) == ("closed", fen("7985"), [])
    assert (await office.show(december))["pairs"][0]["open_fen"] == fen("7985")
    await office.replenish("7985")
    assert await office.clear.run(december) is None
    assert (await office.show(december))["state"] == "closed"
    await office.sound()


async def test_a_revoked_recognition_is_paid_back_under_a_voucher_of_its_own(office: Office) -> None:
    await office.replenish("16060")
    conversion_id = await office.converted("P1")
    case_id = await column_of(office.house, "case_id", conversion_id)
    await office.bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    await office.convert.run(conversion_id)
    assert await column_of(office.house, "state", conversion_id) == "transferring"
    office.to(date(2026, 11, 30))
    out = await office.frozen()
    assert await office.clear.run(out) is None
    assert await office.convert.run(conversion_id) is None
    assert await column_of(office.house, "state", conversion_id) == "reverting"
    assert await office.wi("1121", "EMP") == fen("12985")
    back = await office.frozen(Book.EMP, MONTH)
    assert await office.clear.run(back) is None
    # the medical fund has spent the money on the hospital again
    assert [(await office.show(back))[n] for n in ("state", "short_fen")] == ["partial", fen("12985")]
    office.house.claims.replenish(Book.EMP, fen("12985"))
    await office.bridge.month_end.decide.resume(key(), back)
    assert await office.clear.run(back) is None
    assert (await office.show(back))["state"] == "closed"
    assert await office.convert.run(conversion_id) is None
    assert await column_of(office.house, "state", conversion_id) == "reverted"
    vouchers = [(await office.show(r))["transfers"][0] for r in (out, back)]
    assert [(v["direction"], v["amount_fen"]) for v in vouchers] == [("out", fen("12985")), ("back", fen("12985"))]
    assert vouchers[0]["voucher_no"] != vouchers[1]["voucher_no"]
    await office.sound()


async def test_a_voucher_that_the_other_book_refuses_comes_back_and_is_paid_anew(office: Office) -> None:
    await office.replenish("16060")
    await office.converted("P1")
    office.to(date(2026, 11, 30))
    office.house.claims.refuse_reserve = 1
    clearing_id = await office.frozen()
    assert await office.clear.run(clearing_id) is None
    found = await office.show(clearing_id)
    assert (found["state"], found["cause"]) == ("partial", "claims.transfer.refused: 医保基金账户已冻结")
    (item,) = await office.bridge.month_end.worklist.run()
    assert (item["kind"], item["cause"]) == ("returned", "claims.transfer.refused: 医保基金账户已冻结")
    await office.bridge.month_end.decide.resume(key(), clearing_id)
    assert await office.clear.run(clearing_id) is None
    found = await office.show(clearing_id)
    assert (found["state"], [v["state"] for v in found["transfers"]]) == ("closed", ["voided", "confirmed"])
    assert len({v["voucher_no"] for v in found["transfers"]}) == 2
    await office.sound()


async def test_a_voucher_that_nobody_reserves_is_looked_at_and_then_returned(office: Office) -> None:
    await office.replenish("16060")
    await office.converted("P1")
    office.to(date(2026, 11, 30))
    clearing_id = await office.frozen()
    office.house.claims.around = away
    assert "claims.away" in (await office.clear.run(clearing_id) or "")
    office.to(date(2026, 12, 3))
    kinds = [item["kind"] for item in await office.bridge.month_end.worklist.run()]
    assert kinds == ["hindered", "unconfirmed"]
    office.to(date(2026, 12, 8))
    await office.clear.run(clearing_id)
    office.house.claims.around = lambda when, key: None
    assert await office.clear.run(clearing_id) is None
    found = await office.show(clearing_id)
    assert (found["state"], found["cause"]) == ("partial", "5个工作日内未获对方确认，退回")
    assert await office.wi("2202") == -fen("12985")
    await office.sound()


async def test_escalation_asks_one_after_the_other(office: Office) -> None:
    await office.replenish("4000")
    await office.converted("P1")
    office.to(date(2026, 11, 30))
    clearing_id = await office.frozen()
    assert await office.clear.run(clearing_id) is None
    asked = []
    for _ in range(5):
        found = await office.show(clearing_id)
        asked.append(found["remedy"])
        async with office.bridge.db.transaction() as tx:
            await office.bridge.month_end.escalate.run(tx, clearing_id)
    assert asked == ["fiscal-account", "reserve", "adjustment-fund", "government-advance", "government-advance"]
    (item,) = await office.bridge.month_end.worklist.run()
    assert (item["kind"], item["cause"], item["fix"]) == (
        "shortage",
        "工伤保险基金2026-11月末清算资金不足，尚缺12,060.00，其中应付其他基金12,060.00",
        "报本级人民政府垫付，到账后登记补足资金，系统续付",
    )
    office.to(date(2026, 12, 4))
    async with office.bridge.db.transaction() as tx:
        await office.bridge.month_end.escalate.run(tx, clearing_id)
    found = await office.show(clearing_id)
    assert (found["asked_on"], found["asked_until"]) == (date(2026, 12, 4), date(2026, 12, 9))


async def test_a_closed_month_takes_no_journal_and_what_takes_it_back_says_where_it_belongs(office: Office) -> None:
    await office.replenish("16060")
    conversion_id = await office.converted("P1")
    case_id = await column_of(office.house, "case_id", conversion_id)
    office.to(date(2026, 12, 1))
    client = office.house.client()
    body = {"book": "WI", "month": MONTH, "maker": "lijing", "checker": "zhaoming"}
    alone = await client.try_post("/v1/ledger/periods", body | {"checker": "lijing"})
    assert (alone.status_code, alone.json()["code"]) == (409, "ledger.same-hand")
    early = await client.try_post("/v1/ledger/periods", body | {"month": "2026-12"})
    assert (early.status_code, early.json()["code"]) == (409, "ledger.month-not-over")
    closed = await client.post("/v1/ledger/periods", body, key="close")
    assert await client.post("/v1/ledger/periods", body, key="close") == closed
    again = await client.try_post("/v1/ledger/periods", body)
    assert (again.status_code, again.json()["code"]) == (409, "ledger.period-closed")
    (period,) = (await client.get("/v1/ledger/periods", book="WI"))["items"]
    assert (period["month"], period["maker"], period["checker"]) == (MONTH, "lijing", "zhaoming")
    # straight into the closed month: the journal goes into the open one and says so
    await office.book(debit("1003", 100), credit("4007", 100), on=date(2026, 11, 22))
    async with office.bridge.db.reading() as tx:
        (late,) = await LedgerStore(t.LEDGER).entries(tx, book="WI", kind="test")
    assert (late.booked_on, late.memo) == (date(2026, 12, 1), "（原属期2026-11，已结账）")
    clearing_id = await office.frozen()
    assert await office.clear.run(clearing_id) is None
    await office.bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    await office.convert.run(conversion_id)
    async with office.bridge.db.reading() as tx:
        (contra,) = await LedgerStore(t.LEDGER).entries(tx, book="WI", kind="contra")
    assert (contra.booked_on, contra.memo) == (
        date(2026, 12, 1),
        "工伤认定撤销，恢复医保结算（原属期2026-11，已结账）",
    )


async def test_closing_waits_for_who_is_writing(office: Office) -> None:
    office.to(date(2026, 12, 1))
    store = LedgerStore(t.LEDGER)
    entry = Entry(
        entry_id="E1",
        book=Book.WI,
        booked_on=date(2026, 11, 30),
        kind="test",
        lines=(debit("1003", 1), credit("4007", 1)),
    )

    async def close() -> None:
        async with office.bridge.db.transaction() as tx:
            await store.close_period(tx, Book.WI, MONTH, maker="a", checker="b")

    async with office.bridge.db.transaction() as tx:
        await store.append(tx, [entry])
        closing = asyncio.create_task(close())
        for _ in iter(lambda: closing.done(), True):
            waiting = "SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND NOT granted"
            if await tx.scalar(text(waiting)):
                break
        assert not closing.done()
    await closing
    with pytest.raises(Refusal) as caught:
        async with office.bridge.db.transaction() as tx:
            await store.append(tx, [replace(entry, entry_id="E2")])
    assert caught.value.code == "ledger.period-closed"


async def test_the_database_refuses_one_pair_of_eyes_and_more_than_is_owed(office: Office) -> None:
    await office.converted("P1")
    for statement in (
        "UPDATE interfund_due SET paid_fen = amount_fen + 1",
        "UPDATE interfund_due SET confirmed_fen = 1",
        "UPDATE interfund_due SET payee = payer",
    ):
        with pytest.raises(IntegrityError):
            async with office.bridge.db.transaction() as tx:
                await tx.execute(text(statement))


async def test_over_http(office: Office) -> None:
    client = office.house.client()
    await office.replenish("16060")
    conversion_id = await office.converted("P1")
    path = "/v1/interfund-clearings"
    body = {"payer": "WI", "month": MONTH, "actor": "lijing"}
    early = await client.try_post(path, body)
    assert (early.status_code, early.json()["code"]) == (409, "workinjury-bridge.clearing.before-cut-off")
    office.to(date(2026, 12, 2))
    (item,) = (await client.get(f"{path}/worklist"))["items"]
    assert (item["kind"], item["subject_id"]) == ("not-proposed", "WI")
    # the conversion only waits for the month's end: nothing of it is missing in either book
    assert (await client.get("/v1/worklists/mismatches"))["items"] == []
    run = await client.post(path, body, key="once")
    assert await client.post(path, body, key="once") == run
    assert (run["state"], run["cut_off"], run["pay_by"]) == ("open", "2026-11-30", "2026-12-10")
    one = f"{path}/{run['clearing_id']}"
    same = await client.try_post(f"{one}/approve", {"actor": "lijing"})
    assert (same.status_code, same.json()["code"]) == (409, "workinjury-bridge.clearing.same-hand")
    assert (await client.get(one))["state"] == "open"
    assert (await client.post(f"{one}/approve", {"actor": "zhaoming"}))["state"] == "frozen"
    assert await office.clear.run(run["clearing_id"]) is None
    found = await client.get(one)
    assert (found["state"], found["maker"], found["checker"]) == ("closed", "lijing", "zhaoming")
    (case,) = found["transfers"][0]["cases"]
    assert case["conversion_id"] == conversion_id
    assert [c["clearing_id"] for c in (await client.get(path, payer="WI", state="closed"))["items"]] == [run["clearing_id"]]
    (back,) = (await client.get("/v1/fund-returns", since="2026-12-01", until="2026-12-31"))["months"]
    assert (back["month"], back["book"], back["transfers"], back["amount_fen"]) == ("2026-12", "EMP", 1, fen("12985"))
    late = await client.try_post(f"{one}/resume", {"actor": "zhaoming"})
    assert (late.status_code, late.json()["code"]) == (409, "workinjury-bridge.clearing.wrong-state")
    money = {"amount_fen": 100, "source": "reserve", "reference": "B", "maker": "lijing", "checker": "lijing"}
    alone = await client.try_post("/v1/fund-replenishments", money)
    assert (alone.status_code, alone.json()["code"]) == (409, "workinjury-bridge.fund.same-hand")
    assert (await client.post("/v1/fund-replenishments", money | {"checker": "zhaoming"}))["resumed"] == []
    unknown = await client.try_get(f"{path}/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "workinjury-bridge.clearing.unknown")
    stranger = await office.house.client("cases:read").try_get(path)
    assert stranger.status_code == 403
    (due,) = (await client.get(f"/v1/conversions/{conversion_id}"))["interfund_dues"]
    assert (due["payer"], due["payee"], due["amount_fen"], due["confirmed_fen"]) == ("WI", "EMP", fen("12985"), fen("12985"))
