"""File something before care for a person (备案), or withdraw it, in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from shared.auth import Principal


class ActOnFiling:
    """Claims keeps filings; its refusals come through as they are."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def file(self, caller: Principal, person_id: str, filing: Mapping[str, Any], key: str) -> Any:
        """The filing's serial. Scope ``filings:write`` in the person's region."""
        return await self._command(
            caller, person_id, f"/v1/persons/{person_id}/filings", {**filing, "actor": caller.subject}, key
        )

    async def cancel(self, caller: Principal, person_id: str, filing_id: str, key: str) -> Any:
        """The filing, cancelled. What was settled under it keeps its amounts. Scope ``filings:write`` in the person's region."""
        return await self._command(caller, person_id, f"/v1/persons/{person_id}/filings/{filing_id}/cancel", {}, key)

    async def _command(self, caller: Principal, person_id: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        caller.require("filings:write")
        await self._check_region(caller, "filings:write", {"person_id": person_id})
        return await self._owners.command("claims", path, body, f"{caller.subject}:{key}")
