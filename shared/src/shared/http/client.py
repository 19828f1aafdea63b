"""Calls from one service to another: base address, service token, time-out, trace, refusals as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from shared.errors import Kind, Refusal, unavailable
from shared.http.problems import to_refusal
from shared.telemetry import current_traceparent


class ServiceClient:
    """A client of one service. Every command carries an Idempotency-Key, so a retry after a lost answer is safe."""

    def __init__(
        self,
        name: str,
        base_url: str,
        authorization: Callable[[], str],
        *,
        timeout_s: float = 10.0,
        tries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self._authorization = authorization
        self._tries = tries
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout_s,
            transport=transport,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=100),
            trust_env=False,
        )

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON of a resource. Raises the Refusal of the other side, or one of kind UNAVAILABLE."""
        return await self._call("GET", path, params=params)

    async def command(self, path: str, body: Any, key: str, *, method: str = "POST") -> Any:
        """Send a command under an idempotency key; retried on a lost connection. Raises like ``get``."""
        return await self._call(method, path, json=body, headers={"Idempotency-Key": key})

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        headers = {"Authorization": self._authorization(), **request.pop("headers", {})}
        trace = current_traceparent()
        if trace:
            headers["traceparent"] = trace
        params = {k: v for k, v in (request.pop("params", None) or {}).items() if v is not None}
        last: Refusal | None = None
        for attempt in range(self._tries):
            if attempt:
                await asyncio.sleep(0.1 * 2**attempt)
            try:
                response = await self._http.request(method, path, headers=headers, params=params, **request)
            except httpx.HTTPError as lost:
                last = unavailable(f"{self.name}.away", "系统繁忙，请稍后重试", f"{self.name}: {type(lost).__name__}")
                continue
            if response.is_success:
                if not response.content:
                    return None
                try:
                    return response.json()
                except ValueError:  # cut off on the way: whether it was done is not known
                    last = unavailable(f"{self.name}.away", "系统繁忙，请稍后重试", f"{self.name}: answer is no JSON")
                    continue
            last = to_refusal(response.status_code, _json(response), upstream=self.name)
            if last.kind is not Kind.UNAVAILABLE:
                raise last
        assert last is not None
        raise last

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
