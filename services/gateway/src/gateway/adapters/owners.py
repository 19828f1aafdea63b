"""The services that own what matters are about, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.auth import ServiceTokens
from shared.http.client import ServiceClient

NAMES = ("enrollment", "claims", "workinjury-bridge")
TIMEOUT_S = 8.0


class HttpOwners:
    """Implements ``ports.Owners``: the caller's permissions were checked here, so a service token goes onward.

    What is asked masked goes with a token that may read persons but not identify them.
    """

    def __init__(self, clients: Mapping[str, ServiceClient], masked: Mapping[str, ServiceClient]) -> None:
        self._clients = clients
        self._masked = masked

    async def get(self, service: str, path: str, params: Mapping[str, Any] | None = None, *, masked: bool = False) -> Any:
        """See the port."""
        return await (self._masked if masked else self._clients)[service].get(path, params)

    async def command(self, service: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """See the port."""
        return await self._clients[service].command(path, dict(body), key)

    async def close(self) -> None:
        """Close the connections."""
        for client in (*self._clients.values(), *self._masked.values()):
            await client.close()


def connect(
    urls: Mapping[str, str], tokens: ServiceTokens, masking: ServiceTokens, transports: Mapping[str, Any]
) -> HttpOwners:
    """Clients of every owner; ``transports`` replaces the network in tests."""

    def clients(of: ServiceTokens) -> dict[str, ServiceClient]:
        return {
            name: ServiceClient(name, urls[name], of.bearer, timeout_s=TIMEOUT_S, tries=2, transport=transports.get(name))
            for name in NAMES
        }

    return HttpOwners(clients(tokens), clients(masking))
