"""Read what many settlements stand at, with their fee lines: what the work-injury fund computes its figures from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from claims.application.late.corrections import with_corrections
from claims.application.settlement.describe_settlement import describe_line
from claims.domain.refusals import settlement_unknown
from shared.errors import Refusal
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingBill:
    """A settlement with every correction; fen."""

    settlement_id: str
    state: str
    begun_on: date
    ended_on: date
    total_fen: int
    cash_fen: int
    hospital_fen: int
    overpaid_fen: int
    """Cash that the institution took beyond the bill as audits have put it right."""
    payments: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    corrected_lines: Mapping[str, Mapping[str, Any]]


class Bills(Protocol):
    """Stored settlements, as far as a bill needs them."""

    async def among(self, tx: Tx, settlement_ids: Sequence[str]) -> Mapping[str, StandingBill]:
        """Those that there are."""
        ...


@dataclass(frozen=True, slots=True)
class ReadBills:
    """Reads only."""

    uow: UnitOfWork
    bills: Bills

    async def __call__(self, settlement_ids: Sequence[str]) -> list[dict[str, Any] | Refusal]:
        """Each in order, as it stands, or that it is unknown. Its state is the caller's to judge."""
        async with self.uow.transaction() as tx:
            found = await self.bills.among(tx, settlement_ids)
        return [_shown(found[each]) if each in found else settlement_unknown("settlement_id") for each in settlement_ids]


def _shown(bill: StandingBill) -> dict[str, Any]:
    charged = [describe_line(line) for line in bill.lines]
    standing = [describe_line(line) for line in with_corrections(bill.lines, bill.corrected_lines)]
    return {
        "settlement_id": bill.settlement_id,
        "state": bill.state,
        "begun_on": bill.begun_on.isoformat(),
        "ended_on": bill.ended_on.isoformat(),
        "total_fen": bill.total_fen,
        "cash_fen": bill.cash_fen,
        "hospital_fen": bill.hospital_fen,
        "overpaid_fen": bill.overpaid_fen,
        "payments": [dict(payment) for payment in bill.payments],
        "lines": standing,
        "audited_lines": [now["line_id"] for now, then in zip(standing, charged, strict=True) if now != then],
    }
