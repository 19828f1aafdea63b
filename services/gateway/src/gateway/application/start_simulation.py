"""Ask claims for a simulation in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.ports import Owners
from shared.auth import Principal


class StartSimulation:
    """Simulations look at all past claims of the bureau, and show sums and pseudonyms only."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def __call__(self, caller: Principal, body: Mapping[str, Any], key: str) -> Any:
        """The job as claims queued it. Scope ``rules:simulate``; the refusals of claims come through as they are."""
        caller.require("rules:simulate")
        return await self._owners.command(
            "claims", "/v1/simulations", {**body, "asked_by": caller.subject}, f"{caller.subject}:{key}"
        )
