"""The services that own what matters are about, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from shared.http.client import ServiceClient

NAMES = ("enrollment", "claims", "workinjury-bridge")
TIMEOUT_S = 8.0


class HttpOwners:
    """Implements ``ports.Owners``: the caller's permissions were checked here, so a service token goes onward."""

    def __init__(
        self, urls: Mapping[str, str], authorization: Callable[[], str], transports: Mapping[str, httpx.AsyncBaseTransport]
    ) -> None:
        self._clients = {
            name: ServiceClient(name, urls[name], authorization, timeout_s=TIMEOUT_S, tries=2, transport=transports.get(name))
            for name in NAMES
        }

    async def get(self, service: str, path: str, params: Mapping[str, Any] | None = None, *, masked: bool = False) -> Any:
        """See the port."""
        asked = {**(params or {}), **({"masked": "true"} if masked else {})}
        return await self._clients[service].get(path, asked)

    async def command(self, service: str, path: str, body: Mapping[str, Any], key: str, *, method: str = "POST") -> Any:
        """See the port."""
        return await self._clients[service].command(path, dict(body), key, method=method)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()
