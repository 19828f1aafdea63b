"""Apply for medical assistance, or move an application on, in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal

Act = Literal["review", "publish", "object", "withdraw", "approve", "reject", "pay"]
SCOPES: Final[dict[Act, str]] = {
    "review": "assistance:review",
    "publish": "assistance:review",
    "object": "assistance:review",
    "withdraw": "assistance:apply",
    "approve": "assistance:approve",
    "reject": "assistance:approve",
    "pay": "assistance:pay",
}
PATH: Final = "/v1/assistance-applications"


class ActOnAssistance:
    """Claims keeps clerk, reviewer, approver and payer apart; its refusals come through as they are."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(self, caller: Principal, application_id: str, act: Act, body: Mapping[str, Any], key: str) -> Any:
        """The scope of the act, in the region of the person."""
        scope = SCOPES[act]
        caller.require(scope)
        path = f"{PATH}/{application_id}"
        await self._check_region(caller, scope, await self._owners.get("claims", path))
        return await self._send(caller, f"{path}/{act}", body, key)

    async def apply(self, caller: Principal, body: Mapping[str, Any], key: str) -> Any:
        """A new application; scope ``assistance:apply`` in the region of everybody in the household."""
        caller.require("assistance:apply")
        for person_id in dict.fromkeys([body["person_id"], *body["household"]]):
            await self._check_region(caller, "assistance:apply", {"person_id": person_id})
        return await self._send(caller, PATH, body, key)

    async def _send(self, caller: Principal, path: str, body: Mapping[str, Any], key: str) -> Any:
        asked = {**body, "actor": caller.subject}
        return await self._owners.command("claims", path, asked, f"{caller.subject}:{key}")
