"""The bridge on a real database of its own; claims is the fake, behind HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.auth import Principal
from shared.auth.wiring import build_signer, build_verifier
from shared.db.migrate import migrate
from shared.http.app import create_app
from shared.settings import Settings, read_settings
from tests.factories.workinjury_bridge.fake_claims import FakeClaims
from tests.fixtures_stack import FreshDatabase
from workinjury_bridge.bootstrap import Bridge, assemble
from workinjury_bridge.entrypoints.service import SERVICE, runtime_of
from workinjury_bridge.settings import policy_path

_keys = count()


@pytest.fixture(scope="session")
async def migrated_url(fresh_database: FreshDatabase) -> str:
    """A migrated database to copy."""
    url = await fresh_database()
    await asyncio.to_thread(migrate, "workinjury_bridge", url)
    return url


def _other_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, instead: str) -> None:
    text = policy_path({}).read_text(encoding="utf-8")
    assert text.count(f"\n      {line}\n") == 1
    book = tmp_path / "rules.yaml"
    book.write_text(text.replace(f"\n      {line}\n", f"\n      {instead}\n"), encoding="utf-8")
    monkeypatch.setenv("ONEWINDOW_WORKINJURY_BRIDGE_POLICY", str(book))


@pytest.fixture
def month_end_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The county's rule book, but the funds pay each other at the month's end."""
    _other_rules(tmp_path, monkeypatch, "transfers: at-once", "transfers: month-end")


@pytest.fixture
def third_level_from_f1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The county's rule book, but a third person agrees from the cost of F1 on."""
    _other_rules(tmp_path, monkeypatch, "third_level_from: 200000", "third_level_from: 15700")


def settings_for(url: str) -> Settings:
    """Settings of a test process on 22 November 2026."""
    environ = {
        "ONEWINDOW_ENV": "test",
        "ONEWINDOW_CLOCK": "fixed:2026-11-22T10:00:00+08:00",
        "ONEWINDOW_WORKINJURY_BRIDGE_DATABASE_URL": url,
    }
    return read_settings("workinjury-bridge", environ)


class Client:
    """Calls the REST interface as one principal."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **params: Any) -> Any:
        response = await self._http.get(path, params=params, headers=self._headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        response = await self.try_post(path, body, key=key)
        assert response.is_success, response.text
        return response.json()

    async def try_post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = self._headers | {"Idempotency-Key": key or f"k{next(_keys)}"}
        return await self._http.post(path, json={} if body is None else body, headers=headers)

    async def try_get(self, path: str, **params: Any) -> httpx.Response:
        return await self._http.get(path, params=params, headers=self._headers)


class Bureau:
    """The bridge, and whoever calls it."""

    def __init__(self, bridge: Bridge, http: httpx.AsyncClient) -> None:
        self.bridge = bridge
        self.http = http

    def client(self, *scopes: str, subject: str = "gateway", service: bool = True, regions: Sequence[str] = ("*",)) -> Client:
        """A caller with these scopes; all scopes when none is named."""
        principal = Principal(subject, subject, frozenset(scopes or ("*",)), frozenset(regions), service=service)
        return Client(self.http, build_signer(self.bridge.settings).sign(principal, audience="onewindow", ttl_s=600))

    async def hear(self, fact: Any) -> None:
        """An event of claims arrives."""
        handlers: dict[str, Callable[..., Awaitable[None]]] = {
            "ClaimSettled": lambda tx, fact: self.bridge.on_settled.run(tx, [fact]),
            "ClaimReversed": self.bridge.on_reversed.run,
        }
        async with self.bridge.db.transaction() as tx:
            await handlers[type(fact).__name__](tx, fact)

    async def go_on(self) -> None:
        """What the worker's job does."""
        await self.bridge.advance.run_all(await self.bridge.advance.due())

    async def events(self) -> list[str]:
        """Types in the outbox, in order."""
        outbox = self.bridge.db.platform.outbox
        async with self.bridge.db.reading() as tx:
            return [row.type for row in await tx.all(outbox.select().order_by(outbox.c.seq))]


class House(Bureau):
    """A bureau whose claims are a fake."""

    def __init__(self, bridge: Bridge, claims: FakeClaims, http: httpx.AsyncClient) -> None:
        super().__init__(bridge, http)
        self.claims = claims


@asynccontextmanager
async def open_house(url: str) -> AsyncIterator[House]:
    """A running bridge on the database ``url``."""
    claims = FakeClaims()
    bridge = assemble(settings_for(url), claims.transport())
    runtime = runtime_of(bridge)
    app = create_app(SERVICE.name, SERVICE.description, runtime)
    app.state.verifier = build_verifier(bridge.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bridge") as http:
        yield House(bridge, claims, http)
    await runtime.stop()


@pytest.fixture
async def house(fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[House]:
    """A bridge on a fresh database."""
    async with open_house(await fresh_database(template=migrated_url)) as opened:
        yield opened
