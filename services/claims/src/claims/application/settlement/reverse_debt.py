"""What a person owes a medical fund because the account was spent when a settlement was restored (B3), and how it falls away."""

from __future__ import annotations

from datetime import date

from claims.application.settlement.ports import Journals, StoredSettlement
from shared.ledger import Entry, credit, debit
from shared.ledger.books import ACCOUNT_BENEFIT, DUE_FROM_PERSON
from shared.transactions import Tx


async def reverse_debt(tx: Tx, journals: Journals, settlement: StoredSettlement, entry_id: str, booked_on: date) -> int:
    """Before a settlement is undone: Dr 5001.02 / Cr 1125 for what is still owed for it; returns that, in fen.

    The fund then gets back the whole account part, and the account only what was really taken from it.
    """
    entries = await journals.entries(tx, settlement_id=settlement.settlement_id)
    debts = [
        (e.book, line)
        for e in entries
        if e.kind in ("conversion", "set-off")
        for line in e.lines
        if line.account == DUE_FROM_PERSON
    ]
    owed_fen = sum(line.debit_fen - line.credit_fen for _, line in debts)
    if owed_fen:
        book, line = debts[0]
        entry = Entry(
            entry_id=entry_id,
            book=book,
            booked_on=booked_on,
            kind="set-off",
            lines=(debit(ACCOUNT_BENEFIT, owed_fen), credit(DUE_FROM_PERSON, owed_fen, line.dim)),
            memo="个人账户应收款随结算撤销冲抵",
            person_id=settlement.person_id,
            settlement_id=settlement.settlement_id,
        )
        await journals.append(tx, [entry])
    return owed_fen
