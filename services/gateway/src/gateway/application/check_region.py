"""Whether a caller may see what concerns a person: the person's region counts, whichever service holds the thing."""

from __future__ import annotations

from typing import Any

from gateway.application.ports import Owners
from shared.auth import Principal
from shared.auth.principal import EVERY
from shared.errors import Kind, Refusal


class CheckRegion:
    """Callers for the whole country are let through without a question."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def __call__(self, caller: Principal, scope: str, thing: Any) -> Any:
        """``thing`` itself, a list (``items``) without what is out of reach, or Refusal ``auth.region-not-granted``.

        A thing bears a ``region``, or belongs to the region of its ``person_id``; what has neither concerns nobody.
        """
        if EVERY in caller.regions or not isinstance(thing, dict):
            return thing
        known: dict[str, str] = {}
        if not isinstance(thing.get("items"), list):
            region = await self._region(thing, known)
            if region is not None:
                caller.require(scope, region)
            return thing
        items = []
        for item in thing["items"]:
            region = await self._region(item, known)
            if region is None or caller.covers(region):
                items.append(item)
        return {**thing, "items": items}

    async def _region(self, thing: Any, known: dict[str, str]) -> str | None:
        if not isinstance(thing, dict):
            return None
        if thing.get("region"):
            return str(thing["region"])
        person_id = thing.get("person_id")
        if not person_id:
            return None
        if person_id not in known:
            known[person_id] = await self._region_of_person(str(person_id))
        return known[person_id]

    async def _region_of_person(self, person_id: str) -> str:
        try:
            person = await self._owners.get("enrollment", f"/v1/persons/{person_id}", masked=True)
        except Refusal as refusal:
            if refusal.kind is not Kind.NOT_FOUND:
                raise
            return ""  # nobody knows where: for callers of the whole country only
        return str(person.get("region") or "")
