"""The bridge and the real claims, each on its own database, talking HTTP and events: what the fake only promises, holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest

from claims.adapters.settlement_groups import AsyncpgGroupTx
from claims.application.funds.replenish_fund import Replenishment
from claims.bootstrap import assemble as assemble_claims
from claims.entrypoints.service import SERVICE as CLAIMS
from claims.entrypoints.service import build as build_claims
from claims.entrypoints.service import his_endpoint
from shared.auth.wiring import build_verifier
from shared.clock import FixedClock
from shared.db.migrate import migrate
from shared.errors import Refusal
from shared.http.app import create_app
from shared.ledger import Book
from shared.messaging.memory import MemoryBus
from shared.messaging.relay import Relay
from shared.messaging.runner import Runner
from shared.money import fen
from shared.runtime import Runtime
from shared.service import Service
from shared.transactions import OnceKey
from tests.factories.claims_desk import CATALOGUE, ClaimsDesk, claims_settings
from tests.factories.his_messages import INSTITUTION, fee_line, inputs
from tests.fixtures_stack import FreshDatabase
from tests.integration.workinjury_bridge.conftest import Client, House, settings_for
from workinjury_bridge.bootstrap import assemble
from workinjury_bridge.entrypoints.service import SERVICE, runtime_of

F1 = [("A1", "9200.00"), ("B1", "6000.00"), ("C1", "300.00"), ("W1", "500.00")]
WORK_INJURY_ONLY = "W1,限工伤药品,C,,,,,2024-01-01,1\n"
"""F1's class C drug that only work-injury insurance pays."""
ACCIDENT = {"accident_on": "2026-03-01", "body_parts": ["hand"], "description": "被冲床压伤"}
GRANTED = {"decision_no": "N1", "outcome": "granted", "decided_on": "2026-03-20", "decided_by": "office"}


class Wire(httpx.AsyncBaseTransport):
    """A network cable: plugged in when both ends exist."""

    app: Any = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await httpx.ASGITransport(self.app).handle_async_request(request)


def serve(service: Service, runtime: Runtime) -> Any:
    app = create_app(service.name, service.description, runtime)
    app.state.verifier = build_verifier(runtime.settings)
    return app


class Two:
    """Both services and the bus between them."""

    def __init__(self, desk: ClaimsDesk, claims_url: str, house: House) -> None:
        self.desk = desk
        self.house = house
        self.client: Client = house.client()
        self._claims_url = claims_url
        self._bus = MemoryBus()
        runtime = runtime_of(house.bridge)
        self._subscriber = self._bus.subscriber(SERVICE.topics(runtime), SERVICE.name)
        self._runner = Runner(runtime.db, self._subscriber, runtime.handlers, SERVICE.name)

    async def flush(self) -> None:
        """Everything that claims has published arrives."""
        if self._subscriber not in self._bus.members[SERVICE.name]:
            await self._subscriber.start()
        conn = await asyncpg.connect(self._claims_url)
        relay = Relay(self._claims_url, self._bus.publisher(), "claims", self.desk.clock)
        try:
            while await relay.publish_once(conn):
                pass
        finally:
            await conn.close()
        while await self._runner.step():
            pass
        await self.house.go_on()

    async def worker_dies(self) -> None:
        """Its successor begins where the offsets were committed."""
        await self._subscriber.stop()

    async def proposed(self, case_id: str) -> str:
        """The path of the one conversion of a case, its figures computed."""
        await self.flush()
        (found,) = (await self.client.get("/v1/conversions", case_id=case_id))["items"]
        return f"/v1/conversions/{found['conversion_id']}"

    async def approve(self, path: str) -> dict[str, Any]:
        """Two persons; the conversion as it is then."""
        await self.client.post(f"{path}/check", {"actor": "lijing"})
        await self.client.post(f"{path}/approve", {"actor": "zhaoming"})
        found: dict[str, Any] = await self.client.get(path)
        assert (found["state"], found["hindrance"]) == ("settled", None)
        return found

    async def wi(self) -> dict[str, int]:
        """Balances of the work-injury book as ``account(dim)``."""
        rows = (await self.client.get("/v1/ledger/trial-balance", book="WI"))["rows"]
        return {f"{r['account']}({r['dim']})": r["balance_fen"] for r in rows if r["balance_fen"]}

    async def sound(self) -> None:
        """Every invariant holds and the funds agree."""
        found = await self.client.get("/v1/invariants")
        assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])

    async def books(self, *accounts: str) -> list[int]:
        """Balances of the employees' fund, all dimensions."""
        balances = await self.desk.balances("EMP")
        return [sum(v for (account, _), v in balances.items() if account == wanted) for wanted in accounts]


@asynccontextmanager
async def open_two(fresh_database: FreshDatabase, migrated_url: str, wire: type[Wire] = Wire) -> AsyncIterator[Two]:
    """Both services on fresh databases, with a hospital and a catalogue."""
    claims_url = await fresh_database()
    await asyncio.to_thread(migrate, "claims", claims_url)
    to_claims, to_bridge = wire(), wire()
    settings = claims_settings(claims_url)
    network = {"workinjury-bridge": to_bridge}
    claims, claims_runtime = assemble_claims(settings, network), build_claims(settings, network)
    bridge = assemble(settings_for(await fresh_database(template=migrated_url)), to_claims)
    runtime = runtime_of(bridge)
    to_claims.app, to_bridge.app = serve(CLAIMS, claims_runtime), serve(SERVICE, runtime)
    desk = ClaimsDesk(claims, his_endpoint(claims))
    await desk.hospital(INSTITUTION)
    head, *rows = CATALOGUE.splitlines()
    catalogue = "\n".join([f"{head},in_work_injury_catalogue", *(f"{row},0" for row in rows), WORK_INJURY_ONLY])
    await claims.import_catalogue(catalogue.encode(), None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(to_bridge.app), base_url="http://bridge") as http:
        yield Two(desk, claims_url, House(bridge, None, http))  # type: ignore[arg-type]  # the fake's place stays empty
    await runtime.stop()
    await claims_runtime.stop()
    await desk.close()


@pytest.fixture
async def two(fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[Two]:
    async with open_two(fresh_database, migrated_url) as opened:
        yield opened


async def test_f1_and_f9_between_the_real_books(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    settled = (await desk.call("2304", asked, msgid="F1"))["setlinfo"]
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    (proposed,) = (await client.get("/v1/conversions", case_id=case_id))["items"]
    names = ("state", "settlement_id", "work_injury_fen", "owed_fen", "person_fen", "refund_fen", "meals_fen")
    assert [proposed[name] for name in names] == [
        "proposed",
        settled["setl_id"],
        fen("15700"),
        fen("12985"),
        fen("300"),
        fen("2715"),
        fen("360"),
    ]
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    conversion = await client.get(path)
    assert (conversion["state"], conversion["hindrance"]) == ("settled", None)
    assert await two.books("5001.01", "5001.02", "1121", "1003") == [0, 0, 0, fen("12985")]
    assert await desk.count("account", "balance_fen = 100000") == 1
    assert await desk.year(person) == {}
    invariants = {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}
    assert await client.get("/v1/invariants") == invariants

    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert (await client.get(path))["state"] == "reverted"
    assert await two.books("5001.01", "5001.02", "1121", "2202", "1003") == [fen("11985"), fen("1000"), 0, 0, 0]
    assert (await desk.year(person))["stays"] == 1
    trial = (await client.get("/v1/ledger/trial-balance", book=Book.WI.value))["rows"]
    assert {r["account"]: r["balance_fen"] for r in trial if r["balance_fen"]} == {"1003": -fen("3075"), "1125": fen("3075")}
    await two.flush()
    assert await client.get("/v1/invariants") == invariants


async def test_a_settlement_that_the_hospital_reversed_is_not_converted(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, F1, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310")))["setlinfo"]
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    (proposed,) = (await client.get("/v1/conversions", case_id=case_id))["items"]
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    # Reversed in claims, and the event is still on its way when the second person approves.
    await desk.call("2305", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settled["setl_id"]}})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    failed = await client.get(path)
    assert (failed["state"], failed["cause"].split(":")[0]) == ("failed", "claims.settlement.not-valid")
    await two.flush()
    assert await two.books("5001.01", "1121") == [0, 0]
    assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []


async def test_a_stay_that_was_corrected_is_converted_as_it_stands(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    other = await desk.stay(person, [("A1", "2000.00")], scheme="310")
    first = (await desk.call("2304", desk.stay_input(other, person, "2000.00", scheme="310")))["setlinfo"]
    visit = await desk.stay(person, F1, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310")))["setlinfo"]
    await desk.call("2305", {"data": {"mdtrt_id": other, "psn_no": person, "setl_id": first["setl_id"]}})
    standing = (await desk.claims.describe_settlement(settled["setl_id"]))["standing"]
    # the first stay of the year now: its deductible is higher, F1's figures without the account
    assert fen(str(settled["hifp_pay"])) > standing["fund_fen"] == fen("11985")
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    conversions = (await client.get("/v1/conversions", case_id=case_id))["items"]
    (proposed,) = (c for c in conversions if c["settlement_id"] == settled["setl_id"])
    assert (proposed["owed_fen"], proposed["refund_fen"]) == (fen("11985"), fen("3715"))
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    assert (await client.get(path))["state"] == "settled"
    # the person was asked for what the correction took from the pool, and the work-injury fund gives it back
    difference = fen(str(settled["hifp_pay"])) - fen("11985")
    assert await two.books("5001.01", "1121", "1003", "1125") == [0, 0, fen("11985"), difference]
    assert await desk.year(person) == {}


async def test_direct_settlement_reversed_and_settled_again_with_the_same_message(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    visit = await desk.stay(person, F1, scheme="310", recer_sys_code="GSXT")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310")
    refused = await desk.refused("2304", asked, msgid="G1", recer_sys_code="GSXT")
    assert refused == "不能按工伤结算：工伤认定尚未作出、未予认定或已撤销"
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)

    async def wi() -> dict[str, int]:
        rows = (await client.get("/v1/ledger/trial-balance", book="WI"))["rows"]
        return {r["account"]: r["balance_fen"] for r in rows if r["balance_fen"]}

    expected = {"5001.11": fen("15700"), "5001.13": fen("360"), "2201": -fen("15700"), "2203": -fen("360")}
    for _ in range(2):
        info = (await desk.call("2304", asked, msgid="G1", recer_sys_code="GSXT"))["setlinfo"]
        assert (info["oth_pay"], info["psn_cash_pay"]) == (Decimal("15700.00"), Decimal("0.00"))
        await two.flush()
        assert await wi() == expected
        reversal = {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": info["setl_id"]}}
        await desk.call("2305", reversal, recer_sys_code="GSXT")
        await two.flush()
        assert await wi() == {}
    assert await desk.balances("EMP") == {}


async def test_month_end_between_the_real_books(month_end_rules: None, two: Two) -> None:
    """B13: one voucher per pair, both ways, and a medical fund that is short first keeps what institutions are owed."""
    desk, client = two.desk, two.client
    money = {"amount_fen": fen("16060"), "source": "fiscal-account", "reference": "B1", "maker": "lijing", "checker": "zhao"}
    await client.post("/v1/fund-replenishments", money)
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310", account="1"), msgid="F1")
    case_id = await injured(two, person)
    path = await two.proposed(case_id)
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    assert (await client.get(path))["state"] == "transferring"
    assert await two.books("5001.01", "5001.02", "1121", "1003") == [0, 0, fen("12985"), 0]
    assert await two.wi() == {
        "5001.11()": fen("15700"),
        "5001.13()": fen("360"),
        "2202(EMP)": -fen("12985"),
        "1003()": fen("12985"),
        "1004()": -fen("16060"),
    }
    await two.sound()
    clock = two.house.bridge.month_end.advance.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime.fromisoformat("2026-11-30T10:00:00+08:00"))

    async def clear(payer: str) -> dict[str, Any]:
        body = {"payer": payer, "month": "2026-11", "actor": "lijing"}
        run = await client.post("/v1/interfund-clearings", body)
        one = f"/v1/interfund-clearings/{run['clearing_id']}"
        await client.post(f"{one}/approve", {"actor": "zhaoming"})
        return dict(await client.get(one))

    assert (await clear("WI"))["state"] == "closed"
    await two.house.go_on()
    assert (await client.get(path))["state"] == "settled"
    assert await two.books("1121", "1003") == [0, fen("12985")]
    await two.sound()

    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert (await client.get(path))["state"] == "reverting"
    back = await clear("EMP")
    assert (back["state"], back["short_fen"], back["transfers"]) == ("partial", fen("12985"), [])
    filled = Replenishment(book=Book.EMP, amount_fen=fen("12985"), reference="B2", maker="lijing", checker="zhaoming")
    for _ in range(2):
        await desk.claims.replenish_fund(OnceKey("t", "fill", "d"), filled)
    with pytest.raises(Refusal) as alone:
        await desk.claims.replenish_fund(OnceKey("t", "alone", "d"), replace(filled, checker="lijing"))
    assert alone.value.code == "claims.fund.same-hand"
    await client.post(f"/v1/interfund-clearings/{back['clearing_id']}/resume", {"actor": "zhaoming"})
    back = await client.get(f"/v1/interfund-clearings/{back['clearing_id']}")
    assert (back["state"], [(v["direction"], v["amount_fen"]) for v in back["transfers"]]) == (
        "closed",
        [("back", fen("12985"))],
    )
    await two.house.go_on()
    assert (await client.get(path))["state"] == "reverted"
    assert await two.books("2202", "1003") == [0, fen("12985")]
    await two.sound()
    async with desk.claims.db.transaction() as tx:
        await desk.claims.ledger.close_period(tx, Book.EMP, "2026-01", maker="lijing", checker="zhaoming")
        (period,) = await desk.claims.ledger.closed_periods(tx, Book.EMP)
    assert (period["month"], period["maker"], period["checker"]) == ("2026-01", "lijing", "zhaoming")


async def test_a_visit_in_the_words_of_the_jiangsu_interface(two: Two) -> None:
    desk = two.desk
    js: dict[str, Any] = {"idfi_mode": "1", "opter_type": 1, "recer_sys_code": "H420501"}
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    assert (await desk.call("9001", {}, **js)).keys() == {"sign_no", "sign_time"}
    card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "990101197404100001", "begntime": "2026-03-20 08:00:00"}
    known = await desk.call("1101", card, **js)
    assert (known["exam_ccls"], known["brdy"], known["psn_no"]) == (case_id, "19740410", 1000000001)
    asked = {
        "ipt_otp_no": "MZ1",
        "med_type": "11",
        "adm_time": "20260320083000",
        "adm_diag_dscr": "T92.601",
        "adm_dept_codg": "03",
        "atddr_no": "D1",
        "psn_no": known["psn_no"],
        "qualification_id": known["exam_ccls"],
    }
    visits = await desk.count("visit")
    for wrong in ({"qualification_id": "K9"}, {"psn_no": 1000000002}, {"med_type": "41"}):
        await desk.refused("2201", asked | wrong, **js)
    assert await desk.count("visit") == visits
    opened = await desk.call("2201", asked, **js)
    assert (opened["psn_no"], opened["ipt_otp_no"]) == (1000000001, "MZ1")
    visit = opened["mdtrt_id"]
    assert await desk.count("visit", "scheme = 'WI' AND med_type = 'mohrss-js:med_type|11' AND work_injury") == 1
    await desk.fees(visit, str(known["psn_no"]), [("A1", "100.00")], inpatient=False, **js)
    unknown = await desk.refused("2207", {"psn_no": known["psn_no"]}, **js)
    assert unknown.startswith("江苏型工伤接口交易2207的报文内容未公布")
    settle = desk.visit_input(visit, person, "100.00", scheme="310")
    info = (await desk.call("2207", settle, recer_sys_code="GSXT"))["setlinfo"]
    assert (info["oth_pay"], info["psn_cash_pay"], info["med_type"]) == (Decimal("100.00"), Decimal("0.00"), "11")
    await two.flush()
    assert await two.wi() == {"2201(H:H42050100001)": -fen("100"), "5001.11()": fen("100")}


@pytest.mark.parametrize(
    ("more", "start"), [({"recer_sys_code": "GSXT"}, "险种类型(insutype)410"), ({}, "险种类型(insutype)410")]
)
async def test_410_in_a_national_message_is_long_term_care(two: Two, more: dict[str, str], start: str) -> None:
    person = await two.desk.person(scheme="310", category="11")
    admission = inputs(person=person)["2401"]
    admission["mdtrtinfo"]["insutype"] = "410"
    assert (await two.desk.refused("2401", admission, **more)).startswith(start)
    assert await two.desk.count("visit") == 0


async def injured(two: Two, person: str, **accident: Any) -> str:
    """A recognised case of a person."""
    case_id = (await two.client.post("/v1/injury-cases", ACCIDENT | {"person_id": person} | accident))["case_id"]
    await two.client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    return str(case_id)


async def test_f5_mixed_stay_with_the_real_second_version(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    lines = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]
    visit = await desk.stay(person, lines, scheme="310")
    await desk.call("2304", desk.stay_input(visit, person, "20000.00", scheme="310"))
    path = await two.proposed(await injured(two, person))
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    belongs = ["own-disease", "own-disease", "shared"]
    flags = [{"line_id": row[0], "belongs": b} for row, b in zip(rows[2:], belongs, strict=True)]
    await client.post(f"{path}/split", {"actor": "hospital", "lines": flags})
    await client.post(f"{path}/split/agree", {"actor": "reviewer"})
    conversion = await two.approve(path)
    names = ("work_injury_fen", "unrelated_fen", "owed_fen", "kept_cash_fen", "refund_fen")
    assert [conversion[n] for n in names] == [
        fen("14666.67"),
        fen("5333.33"),
        fen("12126.67"),
        fen("1395"),
        fen("2540"),
    ]
    assert await two.books("5001.01", "1121", "1003") == [fen("3938.33"), 0, fen("12126.67")]
    assert await two.wi() == {
        "5001.11()": fen("14666.67"),
        "5001.13()": fen("360"),
        "1003()": -fen("15026.67"),
    }
    assert (await desk.year(person))["pool.paid"] == fen("3938.33")
    await two.sound()


async def test_f8_late_filing_and_the_employer_pays_the_medical_fund(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, [("A1", "1000.00")], scheme="310", begun="2026-01-10", ended="2026-03-14")
    await desk.call("2304", desk.stay_input(visit, person, "1000.00", scheme="310"))
    case_id = await injured(two, person, accident_on="2026-01-09", employer_id="E1")
    facts = {"filed_on": "2026-03-01", "accepted_on": "2026-03-02"}
    await client.post(f"/v1/injury-cases/{case_id}/facts", facts)
    conversion = await two.approve(await two.proposed(case_id))
    # Everything was charged before the acceptance: the fund owes nothing but the allowance of the last twelve days.
    assert await two.books("5001.01", "1123", "1121") == [0, fen("425"), 0]
    assert await two.wi() == {"5001.13()": fen("360"), "1003()": -fen("360")}
    (debt,) = conversion["recoveries"]
    assert (debt["book"], debt["debtor"], debt["cause"], debt["advanced_fen"]) == ("EMP", "E:E1", "late-filing", fen("425"))
    debts = f"/v1/recoveries/{debt['recovery_id']}"
    await client.post(f"{debts}/demand", {"actor": "clerk"})
    receipt = {"actor": "clerk", "amount_fen": fen("425"), "interest_fen": 500, "reference": "B1"}
    paid = await client.post(f"{debts}/receipts", receipt, key="once")
    assert await client.post(f"{debts}/receipts", receipt, key="once") == paid
    for movement_id in await two.house.bridge.book_movements.due():
        assert await two.house.bridge.book_movements.run(movement_id) is None
    assert await two.books("1123", "1003", "4007") == [0, fen("430"), -500]
    found = await client.get(debts)
    assert (found["state"], found["open_fen"], [m["booked"] for m in found["movements"]]) == ("recovered", 0, [True])
    await two.sound()
    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert await two.books("5001.01", "2204", "1123") == [fen("425"), -fen("425"), 0]
    await two.sound()


BILL = [("A1", "10000.00"), ("B1", "2000.00")]
PAPERS = {
    "institution_code": INSTITUTION,
    "institution_name": "县人民医院",
    "invoice_no": "FP001",
    "inpatient": False,
    "begun_on": "2026-03-02",
    "ended_on": "2026-03-14",
    "actor": "lijing",
    "lines": [
        {"line_id": "1", "amount_fen": fen("10000"), "in_wi_catalogue": True},
        {"line_id": "2", "amount_fen": fen("2000"), "in_wi_catalogue": True},
    ],
}


async def test_f11_the_same_bill_at_both_funds_in_one_instant(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    visit = await desk.stay(person, BILL, scheme="310")
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", PAPERS)
    asked = desk.stay_input(visit, person, "12000.00", scheme="310")
    approve = client.try_post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    _, approved = await asyncio.gather(desk.call("2304", asked), approve)
    await two.flush()
    # Either the medical settlement was seen and nothing was paid, or both have paid and the clue is there.
    (clue,) = (await client.get("/v1/double-bills", state="raised"))["items"]
    assert (clue["match"], clue["against"]) == ("same", f"paper:{claim['paper_claim_id']}")
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    confirm = {"maker": "lijing", "checker": "zhaoming"}
    if not approved.is_success:
        assert approved.json()["code"] == "workinjury-bridge.paper-claim.same-bill"
        assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []
        await client.post(f"{path}/clear", {"actor": "chief", "note": "误判"})
        await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
        return
    assert await two.wi() == {"5001.11()": fen("12000"), "1003()": -fen("12000")}
    assert await two.books("5001.01", "1125") == [fen("9605"), 0]
    await client.post(f"{path}/confirm", confirm)
    for _ in range(2):
        for double_bill_id in await two.house.bridge.double_bills.due():
            assert await two.house.bridge.double_bills.charge(double_bill_id) is None
    assert await two.books("5001.01", "1125") == [0, fen("9605")]
    assert await desk.year(person) == {}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["book"], debt["cause"], debt["open_fen"]) == ("EMP", "double-payment", fen("9605"))
    await two.sound()


async def test_the_medical_fund_asks_before_it_pays_a_paper_claim(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", PAPERS)
    await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    medical = {
        "person_id": person,
        "scheme": "310",
        "inpatient": True,
        "med_type": "21",
        "begun_on": "2026-03-02",
        "ended_on": "2026-03-14",
        "institution_code": INSTITUTION,
        "institution_name": "",
        "institution_level": None,
        "institution_region": None,
        "invoice_no": "FP001",
        "disease_code": "",
        "disease_name": "",
        "lines": [
            {
                "item_code": "A1",
                "item_name": "",
                "amount_fen": fen("12000"),
                "quantity": "1",
                "price": "12000",
                "occurred_on": "2026-03-02",
                "approved_use": False,
            }
        ],
    }
    before = await desk.balances("EMP")
    with pytest.raises(Refusal) as caught:
        await desk.claims.propose_late_fact.manual_claim(medical, "maker", OnceKey("t", "1", "d"))
    assert caught.value.code == "claims.manual-claim.paid-by-work-injury"
    assert (await desk.balances("EMP"), await desk.count("late_fact", "true")) == (before, 0)


async def test_an_audit_that_overtakes_the_take_back_is_converted_as_it_stands(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, BILL, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "12000.00", scheme="310")))["setlinfo"]
    path = await two.proposed(await injured(two, person))
    await client.post(f"{path}/check", {"actor": "lijing"})
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    body = {
        "reason": "超标准收费",
        "lines": [{"line_id": rows[0][0], "charge_class": None, "amount_fen": fen("9000"), "quantity": None, "price": "9000"}],
    }
    case = await desk.claims.propose_late_fact.correction(settled["setl_id"], body, "auditor", OnceKey("t", "1", "d"))
    await desk.claims.approve_late_fact.approve(case["late_fact_id"], "chief", OnceKey("t", "2", "d"))
    # approved on the old figures: claims refuses, and the conversion is computed again
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    again = await client.get(path)
    assert (again["state"], again["note"].split(":")[0]) == ("proposed", "claims.conversion.changed")
    await two.flush()
    conversion = await two.approve(path)
    names = ("work_injury_fen", "owed_fen", "refund_fen", "overpaid_fen")
    assert [conversion[n] for n in names] == [fen("11000"), fen("8755"), fen("2395"), fen("150")]
    assert await two.wi() == {
        "5001.11()": fen("11000"),
        "5001.13()": fen("360"),
        f"1122(H:{INSTITUTION})": fen("150"),
        "1003()": -fen("11510"),
    }
    # the medical fund has its money back: 850 from the hospital, 8 755 from the work-injury fund
    assert await two.books("5001.01", "1122", "1003") == [0, fen("850"), fen("8755")]
    await two.sound()


F5_BEFORE = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]
GSXT: dict[str, Any] = {"recer_sys_code": "GSXT"}


class MixedStay:
    """F5 of a person whose injury was recognised before the discharge: admitted and charged under the work-injury rule set."""

    def __init__(self, two: Two, person: str, case_id: str, visit: str, lines: list[str]) -> None:
        self.two = two
        self.desk, self.client = two.desk, two.client
        self.person, self.case_id, self.visit, self.lines = person, case_id, visit, lines
        self.asked = two.desk.stay_input(visit, person, "20000.00", scheme="310")

    @property
    def split(self) -> dict[str, Any]:
        """Direct injury, diabetes, and what both share, in proportion to direct cost: 11/15."""
        belongs = ["own-disease", "own-disease", "shared"]
        flags = [{"line_id": line, "belongs": b} for line, b in zip(self.lines[2:], belongs, strict=True)]
        return {"visit_id": self.visit, "actor": "hospital", "lines": flags}

    async def agree(self) -> None:
        """The hospital's split, agreed by the reviewer."""
        await self.client.post(f"/v1/injury-cases/{self.case_id}/stay-splits", self.split)
        await self.client.post(f"/v1/stay-splits/{self.visit}/agree", {"actor": "reviewer"})

    async def settle(self, msgid: str = "G5") -> dict[str, Any]:
        """2304, told to the bridge."""
        info: dict[str, Any] = (await self.desk.call("2304", self.asked, msgid=msgid, **GSXT))["setlinfo"]
        await self.two.flush()
        return info

    async def reverse(self, settlement_id: str) -> dict[str, Any]:
        """2305, told to the bridge."""
        reversal = {"data": {"mdtrt_id": self.visit, "psn_no": self.person, "setl_id": settlement_id}}
        info: dict[str, Any] = (await self.desk.call("2305", reversal, **GSXT))["setlinfo"]
        await self.two.flush()
        return info

    async def versions(self, settlement_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The work-injury settlement and the medical one beside it, as claims shows them."""
        ours = await self.desk.claims.describe_settlement(settlement_id)
        return ours, await self.desk.claims.describe_settlement(ours["beside"])


@pytest.fixture
async def mixed(two: Two) -> MixedStay:
    desk = two.desk
    person = await desk.person(scheme="310", category="11", account_fen=fen("100"))
    case_id = await injured(two, person)
    visit = await desk.stay(person, F5_BEFORE, scheme="310", **GSXT)
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    return MixedStay(two, person, case_id, visit, [row[0] for row in rows])


F5_WI = {"5001.11()": fen("14666.67"), "5001.13()": fen("360"), f"2201(H:{INSTITUTION})": -fen("14666.67")}
F5_AMOUNTS = {
    "medfee_sumamt": Decimal("20000.00"),
    "oth_pay": Decimal("14666.67"),
    "hifp_pay": Decimal("3938.33"),
    "act_pay_dedc": Decimal("500.00"),
    "fund_pay_sumamt": Decimal("18605.00"),
    "psn_cash_pay": Decimal("1395.00"),
    "inscp_scp_amt": Decimal("19800.00"),
    "preselfpay_amt": Decimal("200.00"),
}


async def test_f5_recognised_before_discharge_each_fund_owes_the_hospital_its_own_part(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    trial = await desk.call("2303", mixed.asked, **GSXT)
    assert {name: trial["setlinfo"][name] for name in F5_AMOUNTS} == F5_AMOUNTS
    assert (await desk.count("settlement"), await two.wi(), await desk.year(mixed.person)) == (0, {}, {})
    # a HIS may repeat what the trial said; another figure is refused
    repeated = {name: str(F5_AMOUNTS[name]) for name in ("inscp_scp_amt", "preselfpay_amt")}
    mixed.asked["data"] |= repeated | {"inscp_scp_amt": "19800.01"}
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("符合政策范围金额(inscp_scp_amt)19,800.01与")
    assert (await desk.count("settlement"), await two.wi()) == (0, {})
    mixed.asked["data"] |= repeated
    first = await desk.raw("2304", mixed.asked, msgid="G5", **GSXT)
    assert await desk.raw("2304", mixed.asked, msgid="G5", **GSXT) == first
    await two.flush()
    info = await mixed.settle()
    assert {name: info[name] for name in F5_AMOUNTS} == F5_AMOUNTS
    query = {"data": {"psn_no": mixed.person, "setl_id": info["setl_id"], "mdtrt_id": mixed.visit}}
    queried = await desk.call("5203", query)
    names = F5_AMOUNTS.keys() - {"psn_cash_pay"}
    assert {name: queried["setlinfo"][name] for name in names} == {name: F5_AMOUNTS[name] for name in names}
    assert queried["setlinfo"]["cash_payamt"] == Decimal("1395.00")
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in queried["setldetail"]] == [
        ("410100", Decimal("14666.67")),
        ("310100", Decimal("3938.33")),
    ]

    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await desk.balances("EMP") == {
        ("5001.01", ""): fen("3938.33"),
        ("2201", f"H:{INSTITUTION}"): -fen("3938.33"),
    }
    year = await desk.year(mixed.person)
    assert (year["stays"], year["pool.paid"]) == (1, fen("3938.33"))
    ours, medical = await mixed.versions(info["setl_id"])
    assert (ours["total_fen"], medical["total_fen"]) == (fen("14666.67"), fen("5333.33"))
    assert (medical["in_scope_fen"], medical["cash_fen"], medical["deductible_fen"]) == (fen("5133.33"), fen("1395"), 50_000)
    assert (ours["visit_id"], medical["beside"]) == (medical["visit_id"], ours["settlement_id"])
    # B15.7: every line in exactly one version, or its two shares add up to it
    amounts = [{line["line_id"]: line["amount_fen"] for line in version["lines"]} for version in (ours, medical)]
    direct = {mixed.lines[0]: fen("7000"), mixed.lines[1]: fen("4000"), mixed.lines[4]: fen("3666.67")}
    assert amounts == [direct, {mixed.lines[2]: fen("2000"), mixed.lines[3]: fen("2000"), mixed.lines[4]: fen("1333.33")}]
    assert (await desk.claims.replay(medical["settlement_id"]))["identical"]
    assert (await two.client.get("/v1/conversions", case_id=mixed.case_id))["items"] == []
    assert (await two.client.get("/v1/double-bills"))["items"] == []
    await two.sound()


async def test_a_mixed_stay_is_reversed_as_a_whole_and_settled_again(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    mixed.asked = desk.stay_input(mixed.visit, mixed.person, "20000.00", scheme="310", account="1")
    for _ in range(2):
        info = await mixed.settle()
        assert (info["acct_pay"], info["psn_cash_pay"], info["balc"]) == (
            Decimal("100.00"),
            Decimal("1295.00"),
            Decimal("0.00"),
        )
        ours, medical = await mixed.versions(info["setl_id"])
        before = await desk.balances("EMP")
        own = {"data": {"mdtrt_id": mixed.visit, "psn_no": mixed.person, "setl_id": medical["settlement_id"]}}
        assert (await desk.refused("2305", own, **GSXT)).startswith("该结算是混合住院的非工伤部分")
        assert (await desk.balances("EMP"), await two.wi()) == (before, F5_WI | {f"2203(P:{mixed.person})": -fen("360")})
        back = await mixed.reverse(info["setl_id"])
        assert {name: back[name] for name in F5_AMOUNTS} == {
            name: -amount for name, amount in (F5_AMOUNTS | {"psn_cash_pay": Decimal("1295.00")}).items()
        }
        query = {"data": {"psn_no": mixed.person, "setl_id": back["setl_id"], "mdtrt_id": mixed.visit}}
        assert (await desk.call("5203", query))["setlinfo"]["medfee_sumamt"] == Decimal("-20000.00")
        again = {"data": {"mdtrt_id": mixed.visit, "psn_no": mixed.person, "setl_id": info["setl_id"]}}
        assert (await desk.refused("2305", again, **GSXT)).startswith("该结算已撤销")
        states = [(await desk.claims.describe_settlement(s["settlement_id"]))["state"] for s in (ours, medical)]
        assert states == ["reversed", "reversed"]
        assert (await two.wi(), await desk.balances("EMP"), await desk.year(mixed.person)) == ({}, {}, {})
        assert await desk.count("account", "balance_fen = 10000") == 1
        await two.sound()
    await desk.call("2601", {"data": {"psn_no": mixed.person, "omsgid": "G5", "oinfno": "2304"}})
    assert (await desk.refused("2304", mixed.asked, msgid="G5", **GSXT)).startswith("该报文已被冲正(2601)")


async def test_a_recalled_message_takes_both_versions_back(two: Two, mixed: MixedStay) -> None:
    await mixed.agree()
    await mixed.settle()
    await two.desk.call("2601", {"data": {"psn_no": mixed.person, "omsgid": "G5", "oinfno": "2304"}})
    await two.flush()
    assert (await two.wi(), await two.desk.balances("EMP"), await two.desk.year(mixed.person)) == ({}, {}, {})
    assert await two.desk.count("settlement", "state = 'valid'") == 0


async def test_what_is_outside_the_catalogue_in_an_emergency_the_person_bears_and_not_the_hospital(two: Two) -> None:
    desk = two.desk
    person = await desk.person(scheme="310", category="11")
    await injured(two, person)
    visit = await desk.stay(person, [("A1", "7000.00"), ("C1", "100.00")], scheme="310", discharged=False, **GSXT)
    urgent = fee_line(
        "X1", visit=visit, person=person, med_list_codg="C1", det_item_fee_sumamt="300.00", cnt=1, pric="300.00",
        fee_ocur_time="2026-03-02 09:00:00", med_type="21", er_flag="1",
    )  # fmt: skip
    await desk.call("2301", {"feedetail": [urgent]}, **GSXT)
    await desk.discharge(visit, person, scheme="310", **GSXT)
    asked = desk.stay_input(visit, person, "7400.00", scheme="310")
    info = (await desk.call("2304", asked, **GSXT))["setlinfo"]
    amounts = [info[name] for name in ("oth_pay", "psn_part_amt", "hosp_part_amt")]
    assert amounts == [Decimal("7000.00"), Decimal("300.00"), Decimal("100.00")]
    await two.flush()
    await two.sound()


async def test_what_only_the_hospital_flags_stays_with_the_medical_fund(two: Two) -> None:
    desk = two.desk
    person = await desk.person(scheme="310", category="11")
    await injured(two, person)
    visit = await desk.stay(person, [("A1", "7000.00")], scheme="310", discharged=False, **GSXT)
    own = fee_line(
        "X1", visit=visit, person=person, med_list_codg="A1", det_item_fee_sumamt="2000.00", cnt=1, pric="2000.00",
        fee_ocur_time="2026-03-03 09:00:00", med_type="21", bkm109=1,
    )  # fmt: skip
    await desk.call("2301", {"feedetail": [own]}, **GSXT)
    await desk.discharge(visit, person, scheme="310", **GSXT)
    asked = desk.stay_input(visit, person, "9000.00", scheme="310")
    info = (await desk.call("2304", asked, **GSXT))["setlinfo"]
    amounts = [info[name] for name in ("oth_pay", "hifp_pay", "psn_cash_pay")]
    assert amounts == [Decimal("7000.00"), Decimal("1275.00"), Decimal("725.00")]
    await two.flush()
    await two.sound()


async def test_an_open_split_and_a_bill_without_injury_are_refused_and_nothing_changes(two: Two, mixed: MixedStay) -> None:
    desk, client, path = two.desk, two.client, f"/v1/stay-splits/{mixed.visit}"
    propose = f"/v1/injury-cases/{mixed.case_id}/stay-splits"
    await client.post(propose, mixed.split)
    for infno in ("2303", "2304"):
        assert await desk.refused(infno, mixed.asked, **GSXT) == "费用拆分尚未确认，不能办理"
    same = await client.try_post(f"{path}/agree", {"actor": "hospital"})
    assert same.json()["code"] == "workinjury-bridge.split.same-hand"
    await client.post(f"{path}/dispute", {"actor": "reviewer", "note": "全部与工伤无关"})
    nothing = [{"line_id": line, "belongs": "own-disease"} for line in mixed.lines]
    await client.post(f"{path}/opinion", {"actor": "expert", "lines": nothing})
    read = await client.get(path)
    assert (read["split"], read["decided_by"], len(read["lines"])) == ("decided", "expert", 5)
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("本次费用全部为非工伤项目")
    await client.post(propose, mixed.split | {"lines": [{"line_id": "X9", "belongs": "own-disease"}]})
    await client.post(f"{path}/agree", {"actor": "reviewer"})
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("拆分明细不在本次费用中")
    assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})
    await mixed.agree()
    await mixed.settle()
    settled = await client.try_post(propose, mixed.split)
    assert settled.json()["code"] == "workinjury-bridge.split.wrong-state"
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}


async def test_who_has_no_medical_cover_is_refused_whole(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    await (await desk.claims.db.pool()).execute("UPDATE insured_person SET coverages = '[]'")
    assert (await desk.refused("2304", mixed.asked, **GSXT)).startswith("该人员在2026-03-02没有险种310的有效参保")
    await two.flush()
    assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})


async def test_two_settlements_of_a_mixed_stay_in_one_instant(two: Two, mixed: MixedStay) -> None:
    desk = two.desk
    await mixed.agree()
    sent = [desk.raw("2304", mixed.asked, msgid=msgid, **GSXT) for msgid in ("G5", "G5", "G6")]
    first, same, other = await asyncio.gather(*sent)
    assert first == same
    assert (b'"infcode":"0"' in first) is not (b'"infcode":"0"' in other)
    await two.flush()
    assert await desk.count("settlement", "state = 'valid'") == 2
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await two.books("5001.01", "2201") == [fen("3938.33"), -fen("3938.33")]
    await two.sound()


async def test_claims_dies_while_it_writes_a_mixed_stay(two: Two, mixed: MixedStay, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = two.desk
    await mixed.agree()
    for step in (AsyncpgGroupTx.lock_years, AsyncpgGroupTx._write_accounts):
        with monkeypatch.context() as dying:

            async def die(*_: Any, **__: Any) -> None:
                raise RuntimeError("power cut")

            dying.setattr(AsyncpgGroupTx, step.__name__, die)
            assert b'"infcode":"-1"' in await desk.raw("2304", mixed.asked, msgid="G5", **GSXT)
        await two.flush()
        assert (await desk.count("settlement"), await two.wi(), await desk.balances("EMP")) == (0, {}, {})
    await mixed.settle()
    assert await two.wi() == F5_WI | {f"2203(P:{mixed.person})": -fen("360")}
    assert await two.books("5001.01") == [fen("3938.33")]
    await two.sound()


async def test_a_revocation_asks_back_only_what_the_work_injury_fund_paid(two: Two, mixed: MixedStay) -> None:
    desk, client = two.desk, two.client
    await mixed.agree()
    info = await mixed.settle()
    before = await desk.balances("EMP")
    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{mixed.case_id}/revocations", revocation)
    revert = two.house.bridge.revert_direct
    assert [await revert.run(key) for key in await revert.due()] == [None]
    await two.flush()
    debt = {f"1125(P:{mixed.person})": fen("14666.67"), f"2201(H:{INSTITUTION})": -fen("14666.67")}
    assert (await two.wi(), await desk.balances("EMP")) == (debt, before)
    await two.sound()
    await mixed.reverse(info["setl_id"])
    assert (await two.wi(), await desk.balances("EMP"), await desk.year(mixed.person)) == ({}, {}, {})
    await two.sound()


async def test_each_line_is_audited_in_the_version_that_bears_it(two: Two, mixed: MixedStay) -> None:
    desk, client = two.desk, two.client
    await mixed.agree()
    ours, medical = await mixed.versions((await mixed.settle())["setl_id"])
    injury, own, shared = mixed.lines[0], mixed.lines[2], mixed.lines[4]

    finding = {
        "settlement_id": ours["settlement_id"],
        "line_id": injury,
        "amount_fen": fen("1000"),
        "reason": "超标准收费",
        "maker": "lijing",
        "checker": "zhaoming",
    }
    for line in (own, shared):
        refused = await client.try_post("/v1/audit-deductions", finding | {"line_id": line})
        assert refused.json()["code"] == "workinjury-bridge.deduction.line-not-ours"
    await client.post("/v1/audit-deductions", finding)
    assert (await two.wi())["5001.11()"] == fen("13666.67")

    async def propose(settlement_id: str, line: str, name: str) -> dict[str, Any]:
        audit = {"line_id": line, "charge_class": None, "amount_fen": fen("1000"), "quantity": None, "price": "1000"}
        body = {"reason": "超标准收费", "lines": [audit]}
        return await desk.claims.propose_late_fact.correction(settlement_id, body, "auditor", OnceKey("t", name, "d"))

    before = await desk.balances("EMP")
    refusals = (
        (ours, own, "claims.settlement.not-valid"),
        (medical, injury, "claims.line.unknown"),
        (medical, shared, "claims.line.shared"),
    )
    for version, line, code in refusals:
        with pytest.raises(Refusal) as caught:
            await propose(version["settlement_id"], line, code)
        assert caught.value.code == code
    assert await desk.balances("EMP") == before
    case = await propose(medical["settlement_id"], own, "own")
    await desk.claims.approve_late_fact.approve(case["late_fact_id"], "chief", OnceKey("t", "approve", "d"))
    # 1 000 less in scope: 85 % of it is asked back from the hospital
    assert await two.books("5001.01", "1122", "2201") == [fen("3088.33"), fen("850"), -fen("3938.33")]
    await two.flush()
    await two.sound()
    with pytest.raises(Refusal) as caught:
        await desk.claims.take_claim_back.trial(medical["settlement_id"], ())
    assert caught.value.code == "claims.settlement.not-valid"
