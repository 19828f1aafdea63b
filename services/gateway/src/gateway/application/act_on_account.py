"""Act on a person's account in the caller's name: authorise a relative, withdraw, close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal


class ActOnAccount:
    """Claims owns accounts and keeps maker and checker apart; its refusals come through as they are."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(self, caller: Principal, scope: str, person_id: str, act: str, body: Mapping[str, Any], key: str) -> Any:
        """``act``: the path below the account. The scope is needed in the person's region."""
        caller.require(scope)
        await self._check_region(caller, scope, {"person_id": person_id})
        asked = {**{name: value for name, value in body.items() if value is not None}, "actor": caller.subject}
        path = f"/v1/accounts/{person_id}/{act}"
        return await self._owners.command("claims", path, asked, f"{caller.subject}:{key}")
