"""The four services on databases of their own, in one process, joined to each other as in production."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import schemathesis

import claims.entrypoints.service as claims_service
import enrollment.entrypoints.service as enrollment_service
import gateway.entrypoints.service as gateway_service
import workinjury_bridge.entrypoints.service as bridge_service
from gateway.bootstrap import Network
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.db.migrate import migrate
from shared.service import Service
from shared.settings import Settings, read_settings
from tests.fixtures_stack import FreshDatabase
from workinjury_bridge.bootstrap import assemble as assemble_bridge

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
schemathesis.serializer.alias("text/csv", "text/plain")

SERVICES: Mapping[str, Service] = {
    module.SERVICE.name: module.SERVICE for module in (enrollment_service, claims_service, bridge_service, gateway_service)
}


class Door(httpx.AsyncBaseTransport):
    """A service's address: whoever calls it, as ASGI or over httpx, reaches the application that is behind it now."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # it would be begun and ended for every operation; what is closed stays closed
            return
        await self.app(scope, receive, send)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await httpx.ASGITransport(self.app).handle_async_request(request)


DOORS = {name: Door() for name in SERVICES}


def wired(name: str) -> Service:
    """The service with its lines to the others laid inside this process."""
    if name == "claims":
        return replace(SERVICES[name], bootstrap=lambda settings: claims_service.build(settings, DOORS))
    if name == "gateway":
        return replace(SERVICES[name], bootstrap=lambda settings: gateway_service.build(settings, Network(services=DOORS), {}))
    if name == "workinjury-bridge":
        return replace(
            SERVICES[name],
            bootstrap=lambda settings: bridge_service.runtime_of(assemble_bridge(settings, DOORS["claims"])),
        )
    return SERVICES[name]


@dataclass(frozen=True)
class World:
    """The services, and the token of one who may do everything."""

    token: str


@pytest.fixture(scope="session")
async def world(fresh_database: FreshDatabase) -> World:
    """Monday, 2 March 2026, nothing there yet."""
    settings: Settings | None = None
    for name, service in SERVICES.items():
        url = await fresh_database()
        await asyncio.to_thread(migrate, service.package, url)
        database = f"ONEWINDOW_{name.upper().replace('-', '_')}_DATABASE_URL"
        settings = read_settings(
            name,
            {
                "ONEWINDOW_ENV": "test",
                "ONEWINDOW_CLOCK": "fixed:2026-03-02T09:30:00",
                database: url,
                "ONEWINDOW_POOL_SIZE": "2",
            },
        )
        DOORS[name].app = wired(name).app(settings)
    assert settings is not None
    clerk = Principal("clerk", "王芳", frozenset({"*"}), frozenset({"*"}))
    return World(build_signer(settings).sign(clerk, audience=AUDIENCE, ttl_s=3600))
