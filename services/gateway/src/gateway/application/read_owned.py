"""Read what another service owns, after the caller's permissions were checked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Owners
from gateway.domain.books import book_owner
from shared.auth import Principal


class ReadOwned:
    """The owner's answer unchanged, or without what lies in regions that the caller may not see."""

    def __init__(self, owners: Owners, check_region: CheckRegion) -> None:
        self._owners = owners
        self._check_region = check_region

    async def __call__(
        self,
        caller: Principal,
        scope: str,
        service: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        masked: bool = False,
    ) -> Any:
        """Refusals: the caller's missing scope or region, then those of the owner."""
        caller.require(scope)
        answer = await self._owners.get(service, path, params, masked=masked)
        return await self._check_region(caller, scope, answer)

    async def ledger(self, caller: Principal, query: str, book: str | None, params: Mapping[str, Any]) -> Any:
        """A ledger query at the service that owns the book; journals of a case or settlement without a book: of both."""
        if book is not None:
            return await self(caller, "ledger:read", book_owner(book), f"/v1/ledger/{query}", {"book": book, **params})
        parts = [
            await self(caller, "ledger:read", service, f"/v1/ledger/{query}", params)
            for service in ("claims", "workinjury-bridge")
        ]
        return {"items": [item for part in parts for item in part["items"]], "next": None}
