"""The work-injury fund has paid the same bill: the medical settlement falls away, and who got the money twice owes it (B10, F11).

社会保险法 art. 88; 医疗保障基金使用监督管理条例 art. 41. Per book Dr 1125(P) / Cr 5001.01, 5001.02; a hospital that was paid by both funds
owes 1122(H), met at its clearing. Year and account are as if the settlement had never been made; later settlements follow.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from claims.application.late.corrections import MANUAL, Cause, gone
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.ports import Journals, Settlements, StoredSettlement
from claims.application.settlement.reverse_debt import reverse_debt
from claims.application.settlement.take_claim_back import standing_or_refused
from claims.domain.taking_back import charged_back
from shared.clock import Clock
from shared.contracts.claims import ClaimChargedBack
from shared.ids import IdFactory
from shared.ledger import Book, Entry
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeBack:
    """What the bridge asks for when two people have confirmed a double payment."""

    settlement_id: str
    double_bill_id: str
    case_id: str
    paid_to_person: bool
    """The work-injury fund has paid the person; otherwise it has paid the hospital."""
    maker: str
    checker: str


class ChargeClaimBack:
    """Refuses unless the settlement is valid and the medical funds pay it."""

    def __init__(
        self, once: Once, settlements: Settlements, journals: Journals, clock: Clock, ids: IdFactory, redecide: RedecideYear
    ) -> None:
        self._once = once
        self._settlements = settlements
        self._journals = journals
        self._clock = clock
        self._ids = ids
        self._redecide = redecide

    async def __call__(self, command: ChargeBack, key: OnceKey) -> dict[str, Any]:
        """Who owes what to each book: the person who has the money of both funds, or the hospital."""

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = standing_or_refused(await self._settlements.lock(tx, command.settlement_id))
            debtor = _debtor(settlement, command)
            owed_fen = await reverse_debt(tx, self._journals, settlement, self._ids.new(), self._clock.today())
            await self._settlements.undo(tx, settlement, "charged-back", owed_fen)
            await self._journals.append(tx, self._entries(settlement, command, debtor))
            tx.emit(
                ClaimChargedBack(
                    settlement_id=settlement.settlement_id,
                    double_bill_id=command.double_bill_id,
                    visit_id=settlement.visit_id,
                    person_id=settlement.person_id,
                    charged_back_at=self._clock.now(),
                    debtor=debtor,
                    payments=list(settlement.payments),
                    total_fen=settlement.total_fen,
                )
            )
            balance = await self._settlements.balance(tx, settlement.person_id)
            cause = Cause(reason="reversal", trigger_id=settlement.settlement_id, maker=command.maker, checker=command.checker)
            ripples = await self._redecide(tx, settlement.year, gone(settlement), cause, balance_fen=balance)
            return {
                "settlement_id": settlement.settlement_id,
                "debtor": debtor,
                "owed": [asdict(p) for p in settlement.payments],
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }

        return (await self._once.run(key, work))[0]

    def _entries(self, settlement: StoredSettlement, command: ChargeBack, debtor: str) -> list[Entry]:
        today = self._clock.today()
        closed_year = settlement.settled_at.year if settlement.settled_at.year != today.year else None
        return [
            Entry(
                entry_id=self._ids.new(),
                book=Book(book),
                booked_on=today,
                kind="charge-back",
                lines=tuple(charged_back([p for p in settlement.payments if p.book == book], debtor, closed_year)),
                memo="同一费用工伤保险基金已支付，追回医保支付",
                person_id=settlement.person_id,
                settlement_id=settlement.settlement_id,
                case_id=command.case_id,
                maker=command.maker,
                checker=command.checker,
            )
            for book in sorted({p.book for p in settlement.payments})
        ]


def _debtor(settlement: StoredSettlement, command: ChargeBack) -> str:
    """A paper claim was paid to the person by the medical fund; else the hospital was, and the person has it from the other fund."""
    if command.paid_to_person or settlement.infno == MANUAL:
        return f"P:{settlement.person_id}"
    return f"H:{settlement.institution_code}"
