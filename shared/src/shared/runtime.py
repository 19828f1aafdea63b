"""What one process of a service is made of: the slots that its entry points fill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.routing import BaseRoute

from shared.auth import TokenVerifier
from shared.db.database import Database
from shared.db.deadlines import DeadlineHandler
from shared.messaging.runner import BatchHandler, Handler
from shared.settings import Settings


@dataclass(slots=True, kw_only=True)
class Job:
    """Something the worker does again and again. It must be safe to run twice at once and to die in the middle."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Runtime:
    """One process's objects, built by the service's ``bootstrap``; nothing is connected before ``start``."""

    settings: Settings
    db: Database
    routers: Sequence[APIRouter] = ()
    raw_routes: Sequence[BaseRoute] = ()
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """Event wire name to reaction. The topics to consume follow from it."""
    batch_handlers: Mapping[str, BatchHandler] = field(default_factory=dict)
    """For some of these, a reaction to many facts at once."""
    deadlines: Mapping[str, DeadlineHandler] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    on_start: Sequence[Callable[[], Awaitable[None]]] = ()
    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()
    verifier: TokenVerifier | None = None

    async def start(self) -> None:
        """Run what must run before the first request."""
        for step in self.on_start:
            await step()

    async def stop(self) -> None:
        """Close everything, the database last."""
        for step in self.on_stop:
            await step()
        await self.db.close()
