"""The gateway's REST API as somebody at the one window uses it: signed in as a demo user, waiting for what events bring."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from shared.ids import IdFactory

DEMO_PASSWORD: Final = "onewindow"
"""Of every demo user of the local identity provider, which production refuses to start with."""

Json = dict[str, Any]


class WindowError(Exception):
    """The gateway refused, or what was waited for did not come; the message is what a person would be shown."""


class Window:
    """One signed-in person."""

    def __init__(self, http: httpx.AsyncClient, ids: IdFactory, username: str) -> None:
        self._http = http
        self._ids = ids
        self._username = username
        self._token = ""

    async def sign_in(self) -> None:
        """Get a token from the local identity provider."""
        answer = await self._call("POST", "/v1/auth/login", json={"username": self._username, "password": DEMO_PASSWORD})
        self._token = answer["access_token"]

    async def get(self, path: str, **params: str) -> Json:
        """A resource. Raises WindowError."""
        return await self._call("GET", path, params=params)

    async def command(self, path: str, body: Mapping[str, Any]) -> Json:
        """A command under a fresh idempotency key. Raises WindowError."""
        return await self._call("POST", path, json=body, headers={"Idempotency-Key": self._ids.new()})

    async def act(self, matter_id: str, task: str, action: str, **fields: Any) -> Json:
        """An action on a task of a matter."""
        return await self.command(f"/v1/matters/{matter_id}/tasks/{task}/actions", {"action": action, **fields})

    async def until(self, path: str, wanted: Callable[[Json], bool], what: str, within_s: float = 60) -> Json:
        """Read a resource again and again until it is as wanted. Raises WindowError naming ``what`` did not come."""
        end = time.monotonic() + within_s
        while True:
            answer = await self.get(path)
            if wanted(answer):
                return answer
            if time.monotonic() > end:
                raise WindowError(f"{what}: not within {within_s:.0f} s; last seen: {_brief(answer)}")
            await asyncio.sleep(0.1)

    async def _call(self, method: str, path: str, **request: Any) -> Json:
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {self._token}"} if self._token else {})}
        reply = await self._http.request(method, path, headers=headers, **request)
        if reply.status_code >= 400:
            raise WindowError(f"{method} {path}: {reply.status_code} {_problem(reply)}")
        answer: Json = reply.json()
        return answer


def _problem(reply: httpx.Response) -> str:
    try:
        problem = reply.json()
    except ValueError:
        return reply.text[:200]
    return f"{problem.get('code', '')} {problem.get('title', '')} {problem.get('detail', '')}".strip()


def _brief(answer: Json) -> str:
    tasks = {task["code"]: (task["state"], task.get("hindrance")) for task in answer.get("tasks", ())}
    return f"state {answer.get('state')} {tasks}" if tasks else str(answer)[:300]
