"""Query a settlement: 5203."""

from __future__ import annotations

from dataclasses import dataclass, replace

from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.commands import QuerySettlement
from claims.application.settlement.ports import Correction, Settlements
from claims.domain.institution import Institution
from claims.domain.refusals import settlement_unknown
from shared.transactions import UnitOfWork


@dataclass(frozen=True, slots=True)
class Found:
    """A settlement as it was answered, and what was corrected since."""

    answer: SettlementAnswer
    corrections: tuple[Correction, ...] = ()


class FindSettlement:
    """Reads one settlement of an institution."""

    def __init__(self, uow: UnitOfWork, settlements: Settlements) -> None:
        self._uow = uow
        self._settlements = settlements

    async def __call__(self, command: QuerySettlement, institution: Institution) -> Found:
        """The settlement, marked when it was reversed or is a reversal, and its corrections. Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            found = await self._settlements.find(tx, command.settlement_id)
            beside = await self._settlements.beside(tx, command.settlement_id) if found and found.may_be_mixed else None
            corrections = await self._settlements.corrections(tx, command.settlement_id) if found else []
            corrections += await self._settlements.corrections(tx, beside.settlement_id) if beside else []
        if (
            found is None
            or found.institution_code != institution.code
            or found.person_id != command.person_id
            or (command.visit_id and found.visit_id != command.visit_id)
        ):
            raise settlement_unknown()
        answer = found.answer if beside is None else found.answer.joined(beside.answer)
        answer = replace(answer, reversed=found.state in ("reversed", "reversal"))
        return Found(answer, tuple(corrections))
