"""Check, approve or send back a conversion in the caller's name."""

from __future__ import annotations

from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal


class ReviewConversion:
    """The bridge keeps maker and checker apart; its refusals come through as they are."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(self, caller: Principal, conversion_id: str, act: str, note: str | None, key: str) -> Any:
        """``act``: ``check``, ``approve`` or ``send-back``; scope ``conversions:<act>`` in the conversion's region."""
        caller.require(f"conversions:{act}")
        path = f"/v1/conversions/{conversion_id}"
        conversion = await self._owners.get("workinjury-bridge", path)
        await self._check_region(caller, f"conversions:{act}", conversion)
        body = {"actor": caller.subject, **({"note": note} if note else {})}
        return await self._owners.command("workinjury-bridge", f"{path}/{act}", body, f"{caller.subject}:{key}")
