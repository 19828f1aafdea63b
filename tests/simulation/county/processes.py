"""The four services in one process, each on its own database, with death and bad lines between them.

A service *dies* at a commit: before it (the transaction is rolled back) or right after it (it stands, and nobody is told). From
then on nothing of that life commits any more; the next request or turn finds the service started again on what is stored.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx

import claims.entrypoints.service as claims_
import enrollment.entrypoints.service as enrollment_
import gateway.entrypoints.service as gateway_
import workinjury_bridge.entrypoints.service as bridge_
from gateway.application.ports import Answer, OutcomeUnknown
from gateway.bootstrap import Network
from shared.auth.wiring import build_service_tokens
from shared.clock import FixedClock
from shared.db.deadlines import DeadlineRunner
from shared.messaging.codec import Record
from shared.messaging.memory import MemoryBus, MemorySubscriber
from shared.messaging.relay import Relay
from shared.messaging.runner import Runner
from shared.runtime import Runtime
from shared.service import Service
from shared.settings import Settings, read_settings
from workinjury_bridge.bootstrap import assemble as assemble_bridge

NAMES: Final = ("enrollment", "claims", "workinjury-bridge", "gateway")

_UNDER_WAY: Final = """
    SELECT 1 FROM conversion WHERE state IN ('approved', 'posted', 'transferring', 'reverting')
       OR (state = 'proposed' AND work_injury_fen IS NULL)
    UNION ALL SELECT 1 FROM direct_settlement WHERE state = 'reverting'
"""


class Death(BaseException):
    """The process is gone. No code of a service can catch it."""


@dataclass(slots=True, eq=False)
class Life:
    """One run of a service's processes. ``commits_left``: at which commit from now it dies; None: it goes on living."""

    service: str
    commits_left: int | None = None
    after: bool = False
    """It dies after that commit, not before it."""
    dead: bool = False

    def reaches_commit(self) -> bool:
        """Whether the commit at hand goes through. Raises Death for one that must not."""
        if self.dead:
            raise Death(self.service)
        if self.commits_left is None:
            return False
        self.commits_left -= 1
        if self.commits_left:
            return False
        self.dead = True
        if not self.after:
            raise Death(self.service)
        return True


_alive: ContextVar[Life | None] = ContextVar("life", default=None)
_execute = asyncpg.Connection.execute


async def mortal_execute(self: Any, query: str, *args: Any, timeout: float | None = None) -> Any:
    """``asyncpg.Connection.execute`` of a process that can die at a COMMIT."""
    life = _alive.get()
    if life is None or query != "COMMIT;":
        return await _execute(self, query, *args, timeout=timeout)
    try:
        dies_after = life.reaches_commit()
    except Death:
        await _execute(self, "ROLLBACK;")
        raise
    status = await _execute(self, query, timeout=timeout)
    if dies_after:
        raise Death(life.service)
    return status


class Line(httpx.AsyncBaseTransport):
    """The network to one service: requests get lost or arrive twice at once, answers get lost on the way back."""

    def __init__(self, county: Processes, service: str) -> None:
        self._county = county
        self._service = service

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        if self._county.happens(self._county.losses):
            raise httpx.ConnectError("request lost", request=request)
        service = self._county.services[self._service]
        signed = {"x-tif-nonce", "_api_signature"} & set(request.headers)  # a hospital signs every message for one use
        try:
            if not signed and self._county.happens(self._county.repeats):
                _, response = await asyncio.gather(service.answer(request), service.answer(request))
            else:
                response = await service.answer(request)
        except Death:
            raise httpx.ReadError("died while answering", request=request) from None
        if self._county.happens(self._county.losses):
            raise httpx.ReadTimeout("answer lost", request=request)
        return response


class Desk:
    """The gateway's line to claims for HIS messages (``gateway.application.ports.ClaimsDesk``)."""

    def __init__(self, county: Processes) -> None:
        self._http = httpx.AsyncClient(transport=Line(county, "claims"), base_url="http://claims")
        self._tokens = build_service_tokens(read_settings("gateway", {"ONEWINDOW_ENV": "test"}))

    async def post(self, path: str, body: bytes, media_type: str, institution_code: str) -> Answer:
        """See the port."""
        headers = {
            "content-type": media_type,
            "x-onewindow-institution": institution_code,
            "authorization": self._tokens.bearer(),
        }
        try:
            reply = await self._http.post(path, content=body, headers=headers)
        except httpx.TransportError:
            raise OutcomeUnknown from None
        return Answer(body=reply.content, media_type=reply.headers["content-type"])

    async def close(self) -> None:
        """Nothing to do: the next life of the gateway goes on with it."""


class LosingPublisher:
    """A producer that may die after its records are on the bus, before the relay marks them as published."""

    def __init__(self, county: Processes, life: Life) -> None:
        self._county = county
        self._life = life

    async def start(self) -> None:
        """Nothing to do."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Append, and perhaps die."""
        await self._county.bus.publisher().publish(records)
        if self._county.deadly and self._county.happens(0.03):
            self._life.dead = True
            raise Death(self._life.service)

    async def stop(self) -> None:
        """Nothing to do."""


class Running:
    """One service: its API, its worker, and the life they lead now."""

    def __init__(self, county: Processes, service: Service, url: str, build: Callable[[Settings], Runtime]) -> None:
        self.name = service.name
        self.url = url
        self.lives = 0
        self._county = county
        self._service = replace(service, bootstrap=build)
        self._start()

    def _start(self) -> None:
        variable = self.name.upper().replace("-", "_")
        settings = read_settings(
            self.name,
            {
                "ONEWINDOW_ENV": "test",
                f"ONEWINDOW_{variable}_DATABASE_URL": self.url,
                "ONEWINDOW_CLOCK": f"fixed:{self._county.now.isoformat()}",
                "ONEWINDOW_POOL_SIZE": "4",
            },
        )
        self.lives += 1
        self.life = Life(self.name)
        app = self._service.app(settings)
        self.runtime: Runtime = app.state.runtime
        self._http = httpx.ASGITransport(app)
        self._subscriber: MemorySubscriber | None = None
        self._relay_connection: Any = None

    @property
    def clock(self) -> FixedClock:
        """The service's clock."""
        clock = self.runtime.db.clock
        assert isinstance(clock, FixedClock)
        return clock

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Its API's answer. Raises Death."""
        await self.revive()
        with self._living():
            return await self._http.handle_async_request(request)

    async def turn(self, part: str) -> bool:
        """One turn of a part of its worker: ``relay``, ``consumer``, ``deadlines`` or a job; whether it had work to do."""
        await self.revive()
        try:
            with self._living():
                return await self._part(part)
        except Death:
            return True  # what else this life still has under way dies at its own next commit

    async def _part(self, part: str) -> bool:
        if part == "relay":
            if self._relay_connection is None:
                self._relay_connection = await asyncpg.connect(self.url)
            relay = Relay(self.url, LosingPublisher(self._county, self.life), self.name, self.clock)
            return await relay.publish_once(self._relay_connection) > 0
        if part == "consumer":
            topics = self._service.topics(self.runtime)
            if self._subscriber is None and topics:
                self._subscriber = self._county.bus.subscriber(topics, self.name)
                await self._subscriber.start()
            return self._subscriber is not None and await self.runner(self._subscriber).step() > 0
        if part == "deadlines":
            return await DeadlineRunner(self.runtime.db, self.runtime.deadlines).fire_one()
        await next(job for job in self.runtime.jobs if job.name == part).run()
        return False

    def runner(self, subscriber: MemorySubscriber) -> Runner:
        """A consumer of this service."""
        return Runner(
            self.runtime.db,
            subscriber,
            self.runtime.handlers,
            self.name,
            batches=self.runtime.batch_handlers,
            rng=self._county.rng,
            pause_s=0.01,
        )

    @property
    def parts(self) -> list[str]:
        """What its worker consists of; of jobs those that run more often than by the hour."""
        parts = ["relay", *(["consumer"] if self.runtime.handlers else []), *(["deadlines"] if self.runtime.deadlines else [])]
        return parts + [job.name for job in self.runtime.jobs if job.every_s < 3600]

    @property
    def behind(self) -> bool:
        """Whether facts for it are on the bus that it has not worked off: a fetch that brings nothing may be a delay."""
        topics, bus = set(self._service.topics(self.runtime)), self._county.bus
        return any(
            bus.committed.get((self.name, position), 0) < len(log)
            for position, log in bus.logs.items()
            if position.topic in topics
        )

    async def revive(self) -> None:
        """Start again after a death; does nothing while it lives."""
        if not self.life.dead:
            return
        self._county.buried.append((self.runtime, self._relay_connection))
        subscriber = self._subscriber
        self._start()
        if subscriber is not None:
            await subscriber.stop()

    async def close(self) -> None:
        """Stop it."""
        self._county.buried.append((self.runtime, self._relay_connection))

    @contextmanager
    def _living(self) -> Iterator[None]:
        token = _alive.set(self.life)
        try:
            yield
        finally:
            _alive.reset(token)


class Processes:
    """Everything that runs, and the dice of its mishaps."""

    def __init__(self, urls: Mapping[str, str], seed: int, now: datetime) -> None:
        self.rng = random.Random(f"mishaps of {seed}")
        self.now = now
        self.losses = 0.0
        """Probability that a request or an answer gets lost, each."""
        self.repeats = 0.0
        """Probability that a request arrives twice."""
        self.deadly = False
        """Whether services die."""
        self.bus = MemoryBus(partitions=3, rng=self.rng)
        self.buried: list[tuple[Runtime, Any]] = []
        lines = {name: Line(self, name) for name in NAMES}
        network = Network(services=lines, claims_desk=Desk(self))
        self.services = {
            "enrollment": Running(self, enrollment_.SERVICE, urls["enrollment"], enrollment_.build),
            "claims": Running(self, claims_.SERVICE, urls["claims"], lambda s: claims_.build(s, lines)),
            "workinjury-bridge": Running(
                self,
                bridge_.SERVICE,
                urls["workinjury-bridge"],
                lambda s: bridge_.runtime_of(assemble_bridge(s, lines["claims"])),
            ),
            "gateway": Running(self, gateway_.SERVICE, urls["gateway"], lambda s: gateway_.build(s, network, {})),
        }

    def happens(self, probability: float) -> bool:
        """Whether a mishap of this probability happens."""
        return probability > 0 and self.rng.random() < probability

    def client(self, service: str) -> httpx.AsyncClient:
        """A client on the line to a service."""
        return httpx.AsyncClient(transport=Line(self, service), base_url=f"http://{service}")

    def trouble(self, on: bool) -> None:
        """Begin or end all mishaps."""
        self.deadly = on
        self.losses, self.repeats = (0.02, 0.15) if on else (0.0, 0.0)
        self.bus.chaos, self.bus.delays, self.bus.doubles = (0.1, 0.2, 0.05) if on else (0.0, 0.0, 0.0)
        if not on:
            for service in self.services.values():
                service.life.commits_left = None

    def threaten(self) -> str:
        """One service will die at one of its next commits; what was decided, for the history."""
        service = self.services[self.rng.choice(NAMES)]
        service.life.commits_left, service.life.after = self.rng.randint(1, 4), self.rng.random() < 0.5
        return f"{service.name} dies {'after' if service.life.after else 'before'} its commit no. {service.life.commits_left}"

    def advance(self, by: timedelta) -> None:
        """Time passes everywhere."""
        self.now += by
        for service in self.services.values():
            service.clock.advance(by)

    async def some_turns(self, count: int) -> None:
        """Parts of workers get a turn, by chance; what carries facts and conversions on gets most of them."""
        for _ in range(count):
            service = self.services[self.rng.choice(NAMES)]
            often = [part for part in service.parts if part in ("relay", "consumer", "conversions")]
            part = self.rng.choice([*service.parts, *(4 * often)])
            if part == "conversions":  # two workers, and the API in the background, may be at the same saga
                await asyncio.gather(service.turn(part), service.turn(part))
            else:
                await service.turn(part)

    async def drain(self) -> None:
        """Everything that is under way arrives; retries that wait for a later second get it."""
        for _ in range(40):
            busy = False
            for service in self.services.values():
                for part in service.parts:
                    busy |= await service.turn(part)
            if not busy and not await self.rows("workinjury-bridge", _UNDER_WAY):
                return
            self.advance(timedelta(seconds=5))
        raise AssertionError("it does not come to rest")

    async def bury(self) -> None:
        """Close what dead lives have left open."""
        while self.buried:
            runtime, connection = self.buried.pop()
            if connection is not None:
                await connection.close()
            await runtime.stop()

    async def close(self) -> None:
        """Stop everything."""
        for service in self.services.values():
            await service.close()
        await self.bury()

    async def rows(self, service: str, query: str, *arguments: Any) -> list[Any]:
        """Rows of a service's database, for looking at what is stored."""
        return list(await (await self.services[service].runtime.db.pool()).fetch(query, *arguments))
