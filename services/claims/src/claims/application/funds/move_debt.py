"""Money that came in on a debt to a medical fund, or a debt that is given up (社会保险法 41, 63; reference B0.6, B7, B10). The bridge leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from claims.application.settlement.ports import Journals
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import BANK, DUE_FROM_EMPLOYER, DUE_FROM_FUND, DUE_FROM_PERSON, OTHER_INCOME, WRITTEN_OFF
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtMovement:
    """One movement on what an employer or a person owes a book for a settlement."""

    movement_id: str
    kind: Literal["receipt", "write-off", "set-off"]
    book: Book
    debtor: str
    """``E:<employer>`` or ``P:<person>``."""
    amount_fen: int
    interest_fen: int
    """Interest and costs on top (4007)."""
    case_id: str
    settlement_id: str
    conversion_id: str | None
    reference: str
    maker: str
    checker: str | None


@dataclass(frozen=True, slots=True)
class MoveDebt:
    """Refuses more than the debtor still owes the book for the settlement."""

    once: Once
    journals: Journals
    clock: Clock
    ids: IdFactory

    async def __call__(self, command: DebtMovement, key: OnceKey) -> dict[str, Any]:
        """Dr 1003 / Cr 1123 or 1125, Cr 4007; given up: Dr 5001.30 / Cr 1123 or 1125; met from what the work-injury
        fund owes the person: Dr 1121(WI) / Cr 1125(P). Answers what is still open."""
        account = DUE_FROM_EMPLOYER if command.debtor.startswith("E:") else DUE_FROM_PERSON

        async def work(tx: Tx) -> dict[str, Any]:
            about = await self.journals.entries(tx, settlement_id=command.settlement_id, book=command.book.value)
            open_fen = sum(
                line.debit_fen - line.credit_fen
                for entry in about
                for line in entry.lines
                if (line.account, line.dim) == (account, command.debtor)
            )
            if not 0 < command.amount_fen <= open_fen:
                raise conflict(
                    "claims.debt.beyond", "金额超过该结算尚欠金额", "more than is owed", field="amount_fen", open_fen=open_fen
                )
            gone = credit(account, command.amount_fen, command.debtor)
            if command.kind == "receipt":
                lines = [debit(BANK, command.amount_fen + command.interest_fen), gone]
                if command.interest_fen:
                    lines.append(credit(OTHER_INCOME, command.interest_fen))
            elif command.kind == "set-off":
                lines = [debit(DUE_FROM_FUND, command.amount_fen, Book.WI.value), gone]
            else:
                lines = [debit(WRITTEN_OFF, command.amount_fen), gone]
            entry = Entry(
                entry_id=self.ids.new(),
                book=command.book,
                booked_on=self.clock.today(),
                kind="fund-set-off" if command.kind == "set-off" else command.kind,
                lines=tuple(lines),
                memo=f"追偿：{command.reference}",
                settlement_id=command.settlement_id,
                case_id=command.case_id,
                conversion_id=command.conversion_id,
                maker=command.maker,
                checker=command.checker,
            )
            await self.journals.append(tx, [entry])
            return {"movement_id": command.movement_id, "open_fen": open_fen - command.amount_fen}

        return (await self.once.run(key, work))[0]
