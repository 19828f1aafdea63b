"""Print the voucher of one number: a pair of two books, or the entry of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.application.ports import Papers
from gateway.application.read_owned import ReadOwned
from gateway.domain.voucher import voucher
from shared.auth import Principal
from shared.clock import Clock

_ALL: Final = 200


class PrintVoucher:
    """Reads both ledgers, sets the paper. ``hands``: names of the people who sign, as far as this house knows them."""

    def __init__(self, read: ReadOwned, papers: Papers, hands: Mapping[str, str], clock: Clock) -> None:
        self._read = read
        self._papers = papers
        self._hands = hands
        self._clock = clock

    async def __call__(self, caller: Principal, case_id: str, number: str) -> bytes:
        """The PDF. Scope ``ledger:read``; refusals: the caller's region, the owners', ``gateway.voucher.unknown``."""
        case = await self._read(caller, "ledger:read", "workinjury-bridge", f"/v1/injury-cases/{case_id}")
        journals: list[Any] = []
        for book in ("claims", "workinjury-bridge"):
            after: str | None = None
            while True:
                asked = {"case_id": case_id, "limit": _ALL, "after": after}
                page = await self._read(caller, "ledger:read", book, "/v1/ledger/journals", asked)
                journals += page["items"]
                after = page["next"]
                if after is None:
                    break
        content = voucher(number, journals, case, self._hands, printed_on=self._clock.today())
        return await self._papers.pdf("voucher", content)
