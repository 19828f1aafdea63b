"""Read rule books: the law of a place is nobody's secret, so the caller's regions do not matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.ports import Owners
from shared.auth import Principal


class ReadRuleBooks:
    """The answers of claims unchanged."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def __call__(self, caller: Principal, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Scope ``rules:read``; then the refusals of claims."""
        caller.require("rules:read")
        return await self._owners.get("claims", path, params)
