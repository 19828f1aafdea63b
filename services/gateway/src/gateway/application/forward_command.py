"""Forward a command about a thing that another service owns, in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal


class ForwardCommand:
    """The owner validates the command and keeps its signers apart; its refusals come through as they are."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(
        self,
        caller: Principal,
        scope: str,
        service: str,
        thing: str,
        act: str,
        body: Mapping[str, Any],
        key: str,
    ) -> Any:
        """Command ``<thing>/<act>``; ``thing`` is the path of what it is about, whose region the caller must cover."""
        caller.require(scope)
        await self._check_region(caller, scope, await self._owners.get(service, thing))
        return await self._send(caller, service, f"{thing}/{act}", body, key)

    async def into(
        self,
        caller: Principal,
        scope: str,
        service: str,
        path: str,
        body: Mapping[str, Any],
        key: str,
        *,
        about: str | None,
    ) -> Any:
        """Command ``path``, a collection. ``about``: the thing whose region the caller must cover; None: a fund's affair, which lies in no region."""
        caller.require(scope)
        if about is not None:
            await self._check_region(caller, scope, await self._owners.get(service, about))
        return await self._send(caller, service, path, body, key)

    async def about_person(
        self, caller: Principal, scope: str, service: str, path: str, person_id: str, body: Mapping[str, Any], key: str
    ) -> Any:
        """Command ``path`` about a person, whose region the caller must cover."""
        caller.require(scope)
        await self._check_region(caller, scope, {"person_id": person_id})
        return await self._send(caller, service, path, body, key)

    async def _send(self, caller: Principal, service: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """Whoever the body names, it is the caller who acts."""
        return await self._owners.command(service, path, {**body, "actor": caller.subject}, f"{caller.subject}:{key}")
