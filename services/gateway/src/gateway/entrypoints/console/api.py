"""Calls to the gateway in the name of one signed-in person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from shared.errors import Refusal, unavailable
from shared.http.problems import to_refusal

_LOST = (httpx.HTTPError, httpx.InvalidURL)


class Api:
    """One person's access to the gateway; ``token`` empty before sign-in."""

    def __init__(self, http: httpx.AsyncClient, token: str = "") -> None:
        self._http = http
        self._token = token

    async def get(self, path: str, **params: Any) -> Any:
        """A resource. Raises the gateway's Refusal, or one of kind UNAVAILABLE when it is away."""
        given = {name: value for name, value in params.items() if value is not None}
        # Empty parameters would cut off those that stand in the path already.
        return await self._call("GET", path, params=given or None)

    async def look(self, path: str, **params: Any) -> Any:
        """As ``get``, but a refusal comes back as the value: for a part of a page that may be missing."""
        try:
            return await self.get(path, **params)
        except Refusal as refusal:
            return refusal

    async def together(self, *paths: str) -> list[Any]:
        """Several resources at once, each its value or its refusal."""
        return await asyncio.gather(*(self.look(path) for path in paths))

    async def every(self, path: str, *, pages: int, size: int, **params: Any) -> tuple[list[Any], bool]:
        """The items of a list over all its pages; False beside them when so many pages do not hold them. Raises like ``get``."""
        items: list[Any] = []
        after: str | None = None
        for _ in range(pages):
            found = await self.get(path, **params, limit=size, after=after)
            items += found["items"]
            after = found["next"]
            if after is None:
                return items, True
        return items, False

    async def document(self, path: str) -> bytes:
        """A document that is no JSON, such as a PDF. Raises like ``get``."""
        return (await self._send("GET", path)).content

    async def command(self, path: str, body: Mapping[str, Any], key: str, *, method: str = "POST") -> Any:
        """A command. The same ``key`` again, after a lost answer or a second click, has no second effect."""
        return await self._call(method, path, json=dict(body), headers={"Idempotency-Key": key})

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        return (await self._send(method, path, **request)).json()

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {self._token}"} if self._token else {})}
        try:
            response = await self._http.request(method, path, headers=headers, **request)
        except _LOST as lost:
            raise unavailable("gateway.console.away", "业务服务暂时连不上，请稍后重试", type(lost).__name__) from None
        if response.is_success:
            return response
        try:
            body = response.json()
        except ValueError:
            body = None
        raise to_refusal(response.status_code, body, upstream="gateway")
