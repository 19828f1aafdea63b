"""The desk's process, and a second one behind REST on the same database, which has no part in settling."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from claims.bootstrap import Claims
from claims.entrypoints.service import SERVICE
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.clock import FixedClock
from shared.runtime import Runtime
from tests.factories.claims_desk import ClaimsDesk, claims_settings

SCOPES = frozenset({"rules:read", "rules:write", "rules:approve", "settlements:read"})


@dataclass
class Office:
    """The rule books' desk over HTTP, and the people at it."""

    client: httpx.AsyncClient
    runtime: Runtime
    desk: ClaimsDesk

    async def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request in somebody's name; commands get a key of their own unless one is given."""
        settings = self.runtime.settings
        token = build_signer(settings).sign(Principal(who, who, SCOPES, frozenset({"9901"})), audience=AUDIENCE, ttl_s=600)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"K{next(self.desk.numbers)}"} | headers
        if isinstance(body, str):
            return await self.client.request(
                method, path, content=body.encode(), headers={**headers, "Content-Type": "text/yaml"}
            )
        return await self.client.request(method, path, json=body, headers=headers)

    async def done(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request that must succeed; its JSON."""
        answer = await self.call(who, method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def refused(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """A request that must be refused and must change nothing; status and code."""
        before = await everything(self.desk)
        answer = await self.call(who, method, path, body, **headers)
        assert not answer.is_success, answer.text
        assert await everything(self.desk) == before
        return answer.status_code, answer.json()["code"]

    async def work(self) -> None:
        """What the worker does about trials."""
        (job,) = [job for job in self.runtime.jobs if job.name == "shadow runs"]
        await job.run()

    async def approved(self, text: str) -> str:
        """A book that went all the way to approved; its id."""
        book_id = str((await self.done("wang", "POST", "/v1/rule-books", text))["book_id"])
        path = f"/v1/rule-books/{book_id}"
        linted = await self.done("wang", "POST", f"{path}/lint")
        assert linted["state"] == "linted", linted["lint"]
        await self.done("wang", "POST", f"{path}/shadow-run", {"from_on": "2026-03-01", "to_on": "2026-03-20"})
        await self.work()
        await self.done("li", "POST", f"{path}/approve")
        assert (await self.done("zhao", "POST", f"{path}/approve"))["state"] == "approved"
        return book_id


@pytest.fixture
async def office(desk: ClaimsDesk) -> AsyncIterator[Office]:
    """A second process on the desk's database."""
    app = SERVICE.app(claims_settings(desk.claims.db.url))
    runtime: Runtime = app.state.runtime
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://claims") as client,
    ):
        yield Office(client=client, runtime=runtime, desk=desk)


async def everything(desk: ClaimsDesk) -> list[tuple[Any, ...]]:
    """All that is stored about rule books."""
    pool = await desk.claims.db.pool()
    tables = ("rule_book", "rule_book_act", "rule_book_version", "rule_book_register", "rule_book_job", "once")
    return [(table, *row) for table in tables for row in await pool.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]


def clock_of(claims: Claims) -> FixedClock:
    """A process's clock."""
    assert isinstance(claims.clock, FixedClock)
    return claims.clock
