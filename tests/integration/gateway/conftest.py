"""The gateway with a real database, beside owners and a claims desk that are played."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.bootstrap import Network
from gateway.entrypoints.service import SERVICE, build
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.clock import CHINA, FixedClock
from shared.contracts import REGISTRY
from shared.crypto import Sealer
from shared.db.migrate import migrate
from shared.messaging.codec import encode_data, to_record
from shared.messaging.memory import MemoryBus
from shared.messaging.runner import Runner
from shared.runtime import Runtime
from shared.settings import read_settings
from tests.fixtures_stack import FreshDatabase

PERSON = "P" + "0" * 25
MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=CHINA)
SECRET = "hospital-secret"


CONTRACTS = Path(__file__).parents[3] / "docs" / "contracts" / "openapi"


def routes(service: str) -> list[tuple[str, re.Pattern[str]]]:
    """Method and path of everything that a service offers, as its contract says."""
    paths = json.loads((CONTRACTS / f"{service}.json").read_text())["paths"]
    return [
        (method.upper(), re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))))
        for path, operations in paths.items()
        for method in operations
    ]


@dataclass
class Owner:
    """A service that answers as it is told and keeps what it was sent. A door that leads to no route of its contract is a fault."""

    service: str
    answers: dict[str, Any] = field(default_factory=dict)
    """``METHOD path`` to JSON, to a (status, JSON) pair, or to a function of the body."""
    sent: list[tuple[str, str, Any, str]] = field(default_factory=list)
    """Method, path, body, idempotency key."""
    away: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else dict(request.url.params)
        offered = any(m == request.method and path.fullmatch(request.url.path) for m, path in routes_of[self.service])
        assert offered, f"{self.service} offers no {request.method} {request.url.path}"
        self.sent.append((request.method, request.url.path, body, request.headers.get("Idempotency-Key", "")))
        if self.away:
            raise httpx.ConnectError("away", request=request)
        answer = self.answers.get(f"{request.method} {request.url.path}")
        if answer is None:
            return httpx.Response(404, json={"code": "owner.thing.unknown", "title": "没有", "detail": "none"})
        if callable(answer):
            answer = answer(body)
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, json=document)

    def commands(self) -> list[tuple[str, Any]]:
        """Path and body of every POST."""
        return [(path, body) for method, path, body, _ in self.sent if method == "POST"]


routes_of = {service: routes(service) for service in ("enrollment", "claims", "workinjury-bridge")}


@dataclass
class PartnerSite:
    """Where a partner takes webhooks; answers each call with the next status, the last one for ever; 0 is a lost connection."""

    statuses: list[int] = field(default_factory=lambda: [204])
    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    """URL, headers, body."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((str(request.url), dict(request.headers), request.content.decode()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 0:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)


@dataclass
class ClaimsDouble:
    """Claims as the HIS ingress sees it: an HTTP server that keeps the raw requests and answers as told."""

    answer: bytes = b'{"infcode":"0","output":{}}'
    status: int = 200
    hold: bool = False
    """Take the message and never answer."""
    drop_first: int = 0
    """Close the connection on so many messages without an answer."""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append((first.split(" ")[1], headers, body))
                if self.drop_first:
                    self.drop_first -= 1
                    break
                if self.hold:
                    await asyncio.sleep(3600)
                head_out = f"HTTP/1.1 {self.status} X\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: {len(self.answer)}\r\n\r\n"
                writer.write(head_out.encode() + self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        writer.close()


@dataclass
class House:
    """One gateway under test."""

    runtime: Runtime
    client: httpx.AsyncClient
    clock: FixedClock
    enrollment: Owner
    claims: Owner
    bridge: Owner
    partner_site: PartnerSite
    desk: ClaimsDouble
    sign: Callable[[Principal], str]
    bus: MemoryBus
    runner: Runner
    sealer: Sealer
    _events: int = 0

    async def login(self, username: str) -> dict[str, str]:
        """Headers of a demonstration user."""
        answer = await self.client.post("/v1/auth/login", json={"username": username, "password": "onewindow"})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def post(self, path: str, body: Any, headers: dict[str, str], key: str) -> httpx.Response:
        """A command under a key."""
        return await self.client.post(path, json=body, headers={**headers, "Idempotency-Key": key})

    async def tell(self, *events: Any, at: datetime = MORNING, event_id: str = "") -> None:
        """Facts arrive over the bus and are consumed."""
        for event in events:
            self._events += 1
            entry = REGISTRY.of(type(event))
            record = to_record(
                event_id=event_id or f"E{self._events:025d}",
                type_=entry.name,
                topic=entry.topic,
                key=getattr(event, entry.key_field),
                payload=encode_data(event),
                occurred_at=at,
                traceparent=None,
            )
            await self.bus.publisher().publish([record])
        while await self.runner.step():
            pass

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query, for looking at what was stored."""
        pool = await self.runtime.db.pool()
        return [tuple(row) for row in await pool.fetch(query)]

    async def run_job(self, name: str) -> None:
        """One round of a job of the worker."""
        (job,) = [job for job in self.runtime.jobs if job.name == name]
        await job.run()


@pytest.fixture(scope="session")
async def migrated(fresh_database: FreshDatabase) -> str:
    """A database at the newest schema."""
    url = await fresh_database()
    await asyncio.to_thread(migrate, "gateway", url)
    return url


@pytest.fixture
async def house(migrated: str, fresh_database: FreshDatabase, environment: dict[str, str]) -> AsyncIterator[House]:
    """A gateway on Monday 2 March 2026, 9:30."""
    enrollment, claims, bridge = Owner("enrollment"), Owner("claims"), Owner("workinjury-bridge")
    desk = ClaimsDouble()
    partner_site = PartnerSite()
    await desk.start()
    enrollment.answers[f"GET /v1/persons/{PERSON}"] = {
        "person_id": PERSON,
        "certno": "4205**********123X",
        "region": "420502",
        "masked": True,
    }
    settings = read_settings(
        "gateway",
        {
            "ONEWINDOW_ENV": "test",
            "ONEWINDOW_CLOCK": f"fixed:{MORNING.isoformat()}",
            "ONEWINDOW_GATEWAY_DATABASE_URL": await fresh_database(template=migrated),
            "ONEWINDOW_CLAIMS_URL": f"http://127.0.0.1:{desk.port}",
            **environment,
        },
    )
    network = Network(
        services={
            "enrollment": httpx.MockTransport(enrollment),
            "claims": httpx.MockTransport(claims),
            "workinjury-bridge": httpx.MockTransport(bridge),
        },
        partners=httpx.MockTransport(partner_site),
    )
    app: ASGIApp = replace(SERVICE, bootstrap=lambda given: build(given, network, environment)).app(settings)
    runtime: Runtime = app.state.runtime  # type: ignore[attr-defined]  # a FastAPI application, as Service.app says
    assert isinstance(runtime.db.clock, FixedClock)
    bus = MemoryBus()
    runner = Runner(runtime.db, bus.subscriber(SERVICE.topics(runtime), "gateway"), runtime.handlers, "gateway")
    await runner._subscriber.start()
    signer = build_signer(settings)
    async with (
        app.router.lifespan_context(app),  # type: ignore[attr-defined]  # the same
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
    ):
        yield House(
            runtime=runtime,
            client=client,
            clock=runtime.db.clock,
            enrollment=enrollment,
            claims=claims,
            bridge=bridge,
            partner_site=partner_site,
            desk=desk,
            sign=lambda principal: signer.sign(principal, audience=AUDIENCE, ttl_s=600),
            bus=bus,
            runner=runner,
            sealer=Sealer(settings.data_key.encode()),
        )
    await desk.stop()


@pytest.fixture
def environment() -> dict[str, str]:
    """Further settings; a test module may say otherwise."""
    return {}
