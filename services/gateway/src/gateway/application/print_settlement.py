"""Print a settlement as a sheet of paper, with every reason and its arithmetic."""

from __future__ import annotations

from gateway.application.ports import Owners, Papers
from gateway.application.read_owned import ReadOwned
from gateway.domain.settlement_sheet import settlement_sheet
from shared.auth import Principal
from shared.clock import Clock


class PrintSettlement:
    """Reads the owners, sets the paper. The person appears masked, as on every paper that leaves the window unasked."""

    def __init__(self, read: ReadOwned, owners: Owners, papers: Papers, clock: Clock) -> None:
        self._read = read
        self._owners = owners
        self._papers = papers
        self._clock = clock

    async def __call__(self, caller: Principal, settlement_id: str) -> bytes:
        """The PDF. Refusals: the caller's missing scope or region, and those of the owner."""
        settlement = await self._read(caller, "settlements:read", "claims", f"/v1/settlements/{settlement_id}")
        person = await self._owners.get("enrollment", f"/v1/persons/{settlement['person_id']}", masked=True)
        content = settlement_sheet(settlement, person, operator=caller.name, printed_on=self._clock.today())
        return await self._papers.pdf("settlement-sheet", content)
