"""Submit a rule book, or move one on, in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.application.ports import Owners
from shared.auth import Principal

Act = Literal["lint", "shadow-run", "approve", "make-effective", "retire"]
SCOPES: Final[dict[Act, str]] = {
    "lint": "rules:write",
    "shadow-run": "rules:write",
    "approve": "rules:approve",
    "make-effective": "rules:approve",
    "retire": "rules:approve",
}


class ActOnRuleBook:
    """Claims keeps submitter, maker and checker apart; its refusals come through as they are."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def __call__(self, caller: Principal, book_id: str, act: Act, body: Mapping[str, Any], key: str) -> Any:
        """The scope of the act, in the region of the book."""
        scope = SCOPES[act]
        caller.require(scope)
        path = f"/v1/rule-books/{book_id}"
        book = await self._owners.get("claims", path)
        caller.require(scope, str(book["region"]))
        return await self._owners.command("claims", f"{path}/{act}", _named(caller, body), f"{caller.subject}:{key}")

    async def submit(self, caller: Principal, book_id: str | None, body: Mapping[str, Any], key: str) -> Any:
        """A new book, or another text of one. Scope ``rules:write``; claims, which reads the text, looks at the region."""
        caller.require("rules:write")
        asked = {**_named(caller, body), "regions": sorted(caller.regions)}
        path, method = (f"/v1/rule-books/{book_id}", "PUT") if book_id else ("/v1/rule-books", "POST")
        return await self._owners.command("claims", path, asked, f"{caller.subject}:{key}", method=method)


def _named(caller: Principal, body: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in body.items() if value is not None}, "actor": caller.subject}
