"""What a service is: one object whose slots every service fills, and the processes that are made of it.

``Service`` is static (name, metadata, how to build); ``Runtime`` is what ``bootstrap`` builds for one process. The command
line (api, worker, migrate, parked, replay, openapi) is the same for all.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import structlog
import typer
import uvicorn
import uvloop
from prometheus_client import start_http_server
from sqlalchemy import MetaData, select

from shared.auth.wiring import build_verifier
from shared.clock import CHINA
from shared.contracts import REGISTRY
from shared.db.deadlines import DeadlineRunner
from shared.db.migrate import migrate
from shared.http.app import create_app
from shared.messaging.kafka import KafkaPublisher, KafkaSubscriber
from shared.messaging.relay import Relay, republish_since
from shared.messaging.runner import Runner, replay_parked
from shared.runtime import Job, Runtime
from shared.settings import Settings, read_settings
from shared.telemetry import configure_logging, configure_tracing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service, the same slots for all."""

    name: str
    """With dashes, as in topics and addresses."""
    package: str
    description: str
    metadata: MetaData
    bootstrap: Callable[[Settings], Runtime]
    rule_formats: Mapping[str, type] = field(default_factory=dict)
    """The kinds of rule file that the service reads: file name of the schema in docs/contracts, and the dataclass."""

    def runtime(self, settings: Settings | None = None) -> Runtime:
        """Build the objects of a process."""
        settings = settings or read_settings(self.name)
        runtime = self.bootstrap(settings)
        if runtime.verifier is None:
            runtime.verifier = build_verifier(settings)
        return runtime

    def app(self, settings: Settings | None = None) -> Any:
        """The ASGI application."""
        runtime = self.runtime(settings)
        app = create_app(self.name, self.description, runtime)
        app.state.verifier = runtime.verifier
        app.state.runtime = runtime
        return app

    def topics(self, runtime: Runtime) -> list[str]:
        """The topics this service consumes."""
        return sorted({entry.topic for entry in REGISTRY.all() if entry.name in runtime.handlers})

    def cli(self) -> typer.Typer:
        """The command line of the service; a service may add commands of its own."""
        return _cli(self)


async def work(service: Service, runtime: Runtime, stop: asyncio.Event) -> None:
    """The worker: relay, consumer, deadlines and jobs, until stopped or until one of them dies."""
    settings = runtime.settings
    await runtime.start()
    relay = Relay(settings.database_url, KafkaPublisher(settings.kafka_bootstrap), service.name, runtime.db.clock)
    tasks = [asyncio.create_task(relay.run(stop), name="relay")]
    topics = service.topics(runtime)
    if topics:
        subscriber = KafkaSubscriber(settings.kafka_bootstrap, topics, service.name)
        runner = Runner(runtime.db, subscriber, runtime.handlers, service.name, batches=runtime.batch_handlers)
        tasks.append(asyncio.create_task(runner.run(stop), name="consumer"))
    if runtime.deadlines:
        tasks.append(asyncio.create_task(DeadlineRunner(runtime.db, runtime.deadlines).run(stop), name="deadlines"))
    tasks.extend(asyncio.create_task(_repeat(job, stop), name=job.name) for job in runtime.jobs)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        stop.set()
        await asyncio.wait(tasks, timeout=10)
        for task in done:
            if task.exception() is not None:
                log.error("worker.stopped", service=service.name, task=task.get_name(), exc_info=task.exception())
                raise SystemExit(1)
    finally:
        for task in tasks:
            task.cancel()
        await runtime.stop()


async def _repeat(job: Job, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await job.run()
        except Exception:
            log.exception("job.failed", job=job.name)
        try:
            await asyncio.wait_for(stop.wait(), job.every_s)
        except TimeoutError:
            continue


def _cli(service: Service) -> typer.Typer:
    cli = typer.Typer(help=service.description, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @cli.command()
    def api() -> None:
        """Serve HTTP."""
        settings = read_settings(service.name)
        _observe(settings)
        app = service.app(settings)
        _calm_collector()
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )

    @cli.command()
    def worker() -> None:
        """Publish the outbox, consume events, keep deadlines."""
        settings = read_settings(service.name)
        _observe(settings)
        if settings.metrics_port:
            start_http_server(settings.metrics_port, settings.host)
        _run(lambda stop: work(service, service.runtime(settings), stop))

    @cli.command(name="migrate")
    def migrate_() -> None:
        """Bring the database to the newest schema."""
        settings = read_settings(service.name)
        migrate(service.package, settings.database_url)

    @cli.command()
    def parked(replay: bool = typer.Option(False, help="run them again")) -> None:
        """List events that could not be applied, or run them again."""
        settings = read_settings(service.name)
        asyncio.run(_parked(service.runtime(settings), replay))

    @cli.command(name="replay")
    def replay_(since: datetime = typer.Option(..., help="instant, China time if it has no zone")) -> None:
        """Publish every event since an instant again, for a broker that lost its log."""
        asyncio.run(replay_events(read_settings(service.name), since))

    @cli.command()
    def openapi() -> None:
        """Print the OpenAPI document."""
        typer.echo(
            json.dumps(service.app(read_settings(service.name, {})).openapi(), ensure_ascii=False, indent=2, sort_keys=True)
        )

    return cli


def _calm_collector() -> None:
    """What was imported and built stays for ever: the garbage collector need not walk through it in the middle of a request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _observe(settings: Settings) -> None:
    configure_logging(settings.service, level=settings.log_level)
    configure_tracing(settings.service, settings.otlp_endpoint)


def _run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    async def guarded() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await main(stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(guarded())


async def _parked(runtime: Runtime, again: bool) -> None:
    if again:
        done, failed = await replay_parked(runtime.db, runtime.handlers)
        typer.echo(f"{done} replayed, {len(failed)} still parked")
        for event_id, cause in failed:
            typer.echo(f"  {event_id}  {cause}")
    else:
        table = runtime.db.platform.parked
        async with runtime.db.reading() as tx:
            for row in await tx.all(select(table).where(table.c.replayed_at.is_(None)).order_by(table.c.parked_at).limit(200)):
                typer.echo(f"{row.parked_at:%Y-%m-%d %H:%M:%S}  {row.event_id}  {row.type}  key={row.key}  {row.cause}")
    await runtime.db.close()


async def replay_events(settings: Settings, since: datetime) -> None:
    """Publish every event since an instant (China time if it has no zone) again, and say how many."""
    at = since if since.tzinfo else since.replace(tzinfo=CHINA)
    conn = await asyncpg.connect(settings.database_url)
    try:
        typer.echo(f"{await republish_since(conn, at)} events will be published again")
    finally:
        await conn.close()
