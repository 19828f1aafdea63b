"""Ask the person for what the work-injury fund has borne and no longer has to (B3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.domain import party
from workinjury_bridge.domain.journals import Concern, Stamp, ask_back_entry
from workinjury_bridge.domain.recovery import Cause


@dataclass(frozen=True, slots=True)
class AskBack:
    """In the transaction of whatever took the ground away, under the person's lock; the caller's state keeps it from happening twice."""

    ledger: Ledger
    open_debt: OpenDebt
    clock: Clock
    ids: IdFactory

    async def run(
        self,
        tx: Tx,
        concern: Concern,
        about: str,
        costs: Mapping[str, int],
        memo: str,
        *,
        kind: str = "recovery",
        unpaid_fen: int = 0,
    ) -> None:
        """Dr 1125(P) / Cr each account of ``costs`` (fen), and the debt with the day by which its demand goes out.

        ``about``: the settlement, stay or claim that was paid; ``unpaid_fen`` of it nobody has got, and it is only not payable any more.
        Nothing to take back books nothing.
        """
        owed = sum(costs.values()) - unpaid_fen
        if not owed + unpaid_fen:
            return
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        await self.ledger.append(tx, [ask_back_entry(concern, costs, stamp, kind, memo, unpaid_fen)])
        if not owed:
            return
        grounds = Grounds(
            case_id=concern.case_id,
            person_id=concern.person_id,
            settlement_id=about,
            decision_version=concern.decision_version,
        )
        await self.open_debt.run(tx, grounds, Book.WI, party.person(concern.person_id), Cause.REVOKED, owed)
