"""Say what was done about a burden over a line, in the caller's name."""

from __future__ import annotations

from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal


class ActOnCrossing:
    """Contacted, applied, or dismissed with a reason; the order of states is claims' affair."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(self, caller: Principal, crossing_id: str, handling: str, note: str | None, key: str) -> Any:
        """Scope ``burdens:act`` in the region of the crossing."""
        caller.require("burdens:act")
        path = f"/v1/burden-watch/{crossing_id}"
        await self._check_region(caller, "burdens:act", await self._owners.get("claims", path))
        body = {"actor": caller.subject, **({"note": note} if note else {})}
        return await self._owners.command("claims", f"{path}/{handling}", body, f"{caller.subject}:{key}")
