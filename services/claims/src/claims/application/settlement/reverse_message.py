"""Reverse by message: 2601. The institution does not know whether its message had an effect, and wants none.

The first 2601 on a message decides and is remembered; a repeat finds that and does nothing. The message itself is marked
recalled even if it never arrived, so that a delayed original is refused when it comes (chs-interface, 2601 and section 10).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from claims.application.his_messages import HisMessages, StoredMessage
from claims.application.settlement.commands import ReverseByMessage
from claims.application.settlement.ports import Recalls, Settlements
from claims.application.settlement.reverse_claim import SETTLING, ReverseClaim
from claims.application.visits.answers import Done
from claims.domain.institution import Institution
from claims.domain.refusals import settlement_not_valid
from shared.errors import invalid
from shared.transactions import Tx, UnitOfWork

ADMITTING: Final = ("2401",)
_RECALLABLE: Final = (*SETTLING, *ADMITTING)

CancelStay = Callable[[Tx, str], Awaitable[None]]
"""(tx, visit_id): cancel an admission; refuses while a valid settlement stands."""


class ReverseMessage:
    """Undoes what a message did, at most once."""

    def __init__(
        self,
        uow: UnitOfWork,
        messages: HisMessages,
        recalls: Recalls,
        settlements: Settlements,
        reverse: ReverseClaim,
        cancel_stay: CancelStay,
    ) -> None:
        self._uow = uow
        self._messages = messages
        self._recalls = recalls
        self._settlements = settlements
        self._reverse = reverse
        self._cancel_stay = cancel_stay

    async def __call__(self, command: ReverseByMessage, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """The rendered (empty) answer. Refuses a transaction that cannot be recalled, and what no longer can be undone."""
        if command.original_infno not in _RECALLABLE:
            raise invalid(
                "claims.recall.infno",
                f"原交易编号(oinfno){command.original_infno}不支持冲正，可冲正2207、2304、2401",
                field="oinfno",
            )
        key = (institution.code, command.original_infno, command.original_msgid, command.person_id)
        async with self._uow.transaction() as tx:
            # Taking the mark first makes a second 2601 wait here for the first one's commit.
            if await self._recalls.put(tx, *key):
                done = [await self._undo(tx, message, command) for message in await self._messages.originals(tx, *key)]
                await self._recalls.settle(tx, *key, "; ".join(done) or "nothing")
        return render(Done())

    async def _undo(self, tx: Tx, message: StoredMessage, command: ReverseByMessage) -> str:
        if command.original_infno in ADMITTING:
            await self._cancel_stay(tx, message.visit_id)
            return f"cancelled {message.visit_id}"
        settlement = await self._settlements.lock(tx, message.subject_id)
        if settlement is None or settlement.state == "reversed":
            return "nothing"
        if settlement.state == "taken-back":
            raise settlement_not_valid(settlement.state, "omsgid")
        await self._reverse.reverse(tx, settlement, command.header)
        return f"reversed {settlement.settlement_id}"
