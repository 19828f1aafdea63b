"""A running enrollment on a database of its own, and callers with the scopes a test needs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

from enrollment.entrypoints.service import SERVICE
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.db.migrate import migrate
from shared.ids import credit_code_check_digit, resident_id_check_digit
from shared.settings import Settings, read_settings
from tests.fixtures_stack import FreshDatabase

REGION = "420502"
SCOPES = "persons:read persons:write persons:identify coverage:write premium:write"


@dataclass(slots=True)
class Api:
    """REST calls as one caller, and a look into the database behind them."""

    http: httpx.AsyncClient
    settings: Settings
    keys: itertools.count[int] = field(default_factory=itertools.count)

    def token(self, scopes: str = SCOPES, region: str = REGION, subject: str = "clerk") -> str:
        principal = Principal(subject, "王芳", frozenset(scopes.split()), frozenset({region}))
        return build_signer(self.settings).sign(principal, audience=AUDIENCE, ttl_s=600)

    async def post(self, path: str, body: Any = None, *, key: str | None = None, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token()}", "Idempotency-Key": key or f"key-{next(self.keys)}"}
        if isinstance(body, str | bytes):
            return await self.http.post(path, content=body, headers=headers | {"Content-Type": "application/x-ndjson"})
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str, *, token: str | None = None, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {token or self.token()}"})

    async def sql(self, query: str, *values: Any) -> list[Any]:
        conn = await asyncpg.connect(self.settings.database_url)
        try:
            return [tuple(row) for row in await conn.fetch(query, *values)]
        finally:
            await conn.close()

    async def events(self) -> list[str]:
        """Types of the events in the outbox, in order."""
        return [row[0] for row in await self.sql("SELECT type FROM outbox ORDER BY seq")]

    async def counts(self) -> dict[str, int]:
        """Rows of every table that a command may write."""
        tables = ("person", "employer", "coverage", "identity_class", "premium", "premium_payment", "outbox")
        return {table: (await self.sql(f"SELECT count(*) FROM {table}"))[0][0] for table in tables}

    async def person(self, **changed: Any) -> str:
        """A registered person."""
        answer = await self.post("/v1/persons", person_body(**changed))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["person_id"])

    async def employer(self, number: int = 1, industry_class: int | None = None) -> str:
        """A registered employer."""
        body = {"credit_code": credit_code(number), "name": f"第{number}厂", "region": REGION, "industry_class": industry_class}
        answer = await self.post("/v1/employers", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["employer_id"])


def certno(sequence: int = 123, born: str = "19900101", region: str = REGION) -> str:
    """A well-formed resident id."""
    first = f"{region}{born}{sequence:03d}"
    return first + resident_id_check_digit(first)


def credit_code(number: int = 1) -> str:
    """A well-formed unified social credit code."""
    first = f"91{REGION}MA{number:07d}"
    return first + credit_code_check_digit(first)


def person_body(sequence: int = 123, **changed: Any) -> dict[str, Any]:
    """A person as a counter sends him."""
    return {"cert_type": "01", "certno": certno(sequence), "name": "王芳", "region": REGION, "phone": "13812345678", **changed}


@pytest.fixture(scope="session")
async def migrated(fresh_database: FreshDatabase) -> str:
    """URL of a migrated, empty database to copy from."""
    url = await fresh_database()
    await asyncio.to_thread(migrate, "enrollment", url)
    return url


@pytest.fixture
async def api(fresh_database: FreshDatabase, migrated: str) -> AsyncIterator[Api]:
    """The service on an empty database, on 2 March 2026."""
    url = await fresh_database(template=migrated)
    settings = read_settings(
        "enrollment",
        {"ONEWINDOW_ENV": "test", "ONEWINDOW_ENROLLMENT_DATABASE_URL": url, "ONEWINDOW_CLOCK": "fixed:2026-03-02T09:00:00"},
    )
    app = SERVICE.app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://enrollment") as http,
    ):
        yield Api(http, settings)
