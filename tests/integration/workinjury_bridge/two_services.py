"""The bridge and the real claims, each on its own database, talking HTTP and events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from claims.bootstrap import assemble as assemble_claims
from claims.entrypoints.service import SERVICE as CLAIMS
from claims.entrypoints.service import build as build_claims
from claims.entrypoints.service import his_endpoint
from shared.auth.wiring import build_verifier
from shared.db.migrate import migrate
from shared.http.app import create_app
from shared.messaging.memory import MemoryBus
from shared.messaging.relay import Relay
from shared.messaging.runner import Runner
from shared.money import fen
from shared.runtime import Runtime
from shared.service import Service
from tests.factories.claims_desk import CATALOGUE, ClaimsDesk, claims_settings
from tests.factories.his_messages import INSTITUTION
from tests.fixtures_stack import FreshDatabase
from tests.integration.workinjury_bridge.conftest import Bureau, Client, settings_for
from workinjury_bridge.bootstrap import assemble
from workinjury_bridge.entrypoints.service import SERVICE, runtime_of

F1 = [("A1", "9200.00"), ("B1", "6000.00"), ("C1", "300.00"), ("W1", "500.00")]
WORK_INJURY_ONLY = "W1,限工伤药品,C,,,,,2024-01-01,1\n"
"""F1's class C drug that only work-injury insurance pays."""
ACCIDENT = {"accident_on": "2026-03-01", "body_parts": ["hand"], "description": "被冲床压伤"}
GRANTED = {"decision_no": "N1", "outcome": "granted", "decided_on": "2026-03-20", "decided_by": "office"}
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

    def __init__(self, desk: ClaimsDesk, claims_url: str, house: Bureau) -> None:
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
        yield Two(desk, claims_url, Bureau(bridge, http))
    await runtime.stop()
    await claims_runtime.stop()
    await desk.close()


@pytest.fixture
async def two(fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[Two]:
    async with open_two(fresh_database, migrated_url) as opened:
        yield opened


async def injured(two: Two, person: str, **accident: Any) -> str:
    """A recognised case of a person."""
    case_id = (await two.client.post("/v1/injury-cases", ACCIDENT | {"person_id": person} | accident))["case_id"]
    await two.client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    return str(case_id)
