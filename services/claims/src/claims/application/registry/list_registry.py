"""Lists of institutions and catalogue items for screens and partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from claims.domain.catalogue import CatalogueItem, valid_on
from claims.domain.institution import Institution
from shared.transactions import Tx, UnitOfWork


class RegistryLists(Protocol):
    """Queries over the registry."""

    async def institutions(self, tx: Tx, after: str, limit: int) -> Sequence[Institution]:
        """By code, beginning behind ``after``."""
        ...

    async def item_codes(self, tx: Tx, after: str, limit: int) -> Sequence[str]:
        """Codes of the catalogue, beginning behind ``after``."""
        ...

    async def versions(self, tx: Tx, codes: Sequence[str]) -> dict[str, list[CatalogueItem]]:
        """Every version of the items that exist."""
        ...


class ListRegistry:
    """Reads lists."""

    def __init__(self, uow: UnitOfWork, lists: RegistryLists) -> None:
        self._uow = uow
        self._lists = lists

    async def institutions(self, after: str, limit: int) -> Sequence[Institution]:
        """A page of institutions."""
        async with self._uow.transaction() as tx:
            return await self._lists.institutions(tx, after, limit)

    async def catalogue(self, code: str | None, on: date, after: str, limit: int) -> list[tuple[str, CatalogueItem | None]]:
        """Codes with the version that rules on a day, None where none does; of one code only, or a page of all."""
        async with self._uow.transaction() as tx:
            codes = [code] if code else await self._lists.item_codes(tx, after, limit)
            versions = await self._lists.versions(tx, codes)
        return [(c, valid_on(versions[c], on)) for c in codes if c in versions]
