"""Show a citizen how far a matter is: receipt number and the last four characters of the id number are enough."""

from __future__ import annotations

from gateway.application.ports import Matters, Owners, RateLimit, Store
from gateway.domain.matter import Matter
from gateway.domain.receipt import receipt_number_is_valid
from shared.errors import Kind, Refusal, not_found


class ShowProgress:
    """One refusal, ``gateway.progress.unknown``, whether the number or the tail is wrong: nothing can be found out by trying."""

    def __init__(self, *, store: Store, matters: Matters, owners: Owners, limit: RateLimit) -> None:
        self._limit = limit
        self._store = store
        self._matters = matters
        self._owners = owners

    async def __call__(self, receipt_no: str, certno_tail: str) -> Matter:
        """The matter. The tail is compared with what enrollment has; this service keeps no id numbers."""
        number = receipt_no.strip().upper()
        if not receipt_number_is_valid(number):
            raise _unknown()
        if not self._limit.allows(number):
            raise Refusal(Kind.TOO_MANY, "gateway.progress.too-often", "查询过于频繁，请一分钟后再试", "asked too often")
        async with self._store.reading() as tx:
            matter_id = await self._matters.id_by_receipt(tx, number)
            matter = await self._matters.find(tx, matter_id) if matter_id is not None else None
        if matter is None:
            raise _unknown()
        person = await self._owners.get("enrollment", f"/v1/persons/{matter.person_id}", masked=True)
        if str(person.get("certno", ""))[-4:].upper() != certno_tail.strip().upper():
            raise _unknown()
        return matter


def _unknown() -> Refusal:
    return not_found("gateway.progress.unknown", "办件编号或证件号后四位不正确", "no matter with that number and tail")
