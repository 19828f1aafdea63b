"""Take a settlement back for the work-injury fund (B0.5, inter-fund mode), and restore it after a final revocation (B3).

Taking back posts, in each book that paid, Dr 1121(WI) / Cr expenditure; the person's year and account are as if the stay had
never been settled. Restoring posts the contrary against 2202(WI): the money goes back under its own voucher, never netted.
Later settlements of the person-year are listed, or decided again, as the policy says (switch ``ripple``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from claims.application.late.corrections import Cause, gone, with_corrections
from claims.application.late.redecide_year import RedecideYear
from claims.application.settlement.ports import Journals, Settlements, StoredSettlement
from claims.application.settlement.reverse_debt import reverse_debt
from claims.domain.late_facts import Reason
from claims.domain.refusals import settlement_not_valid, settlement_unknown
from shared.clock import Clock
from shared.contracts.claims import ClaimRestored, ClaimTakenBack, FundPayment
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import DUE_FROM_FUND, DUE_FROM_PERSON, DUE_TO_FUND, PRIOR_YEAR_BENEFIT
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """What the bridge asks for, with the decision it rests on and the two people who answer for it."""

    settlement_id: str
    conversion_id: str
    case_id: str
    decision_id: str
    decision_version: int
    maker: str
    checker: str


class TakeBacks(Protocol):
    """Which conversion has taken which settlement back."""

    async def put(self, tx: Tx, command: TakeBack, answer: dict[str, Any]) -> None:
        """Remember a take-back."""
        ...

    async def lock(self, tx: Tx, conversion_id: str) -> tuple[str, str] | None:
        """(settlement id, state) of a conversion."""
        ...

    async def set_state(self, tx: Tx, conversion_id: str, state: str) -> None:
        """``taken-back`` or ``restored``."""
        ...


class TakeClaimBack:
    """Both directions."""

    def __init__(
        self,
        once: Once,
        settlements: Settlements,
        journals: Journals,
        takebacks: TakeBacks,
        clock: Clock,
        ids: IdFactory,
        redecide: RedecideYear,
    ) -> None:
        self._redecide = redecide
        self._once = once
        self._settlements = settlements
        self._journals = journals
        self._takebacks = takebacks
        self._clock = clock
        self._ids = ids

    async def take_back(self, command: TakeBack, key: OnceKey) -> dict[str, Any]:
        """What each book is owed, the cash, and the lines. Refuses unless the settlement is valid."""

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = await self._settlements.lock(tx, command.settlement_id)
            if settlement is None:
                raise settlement_unknown("settlement_id")
            if settlement.state != "valid" or settlement.work_injury_key is not None:
                state = "work-injury" if settlement.work_injury_key else settlement.state
                raise settlement_not_valid(state, "settlement_id")
            lines = await self._settlements.lines(tx, settlement.settlement_id)
            owed_fen = await reverse_debt(tx, self._journals, settlement, self._ids.new(), self._clock.today())
            balance = await self._settlements.undo(tx, settlement, "taken-back", owed_fen)
            await self._journals.append(tx, self._entries(settlement, command, back=True))
            tx.emit(
                ClaimTakenBack(
                    settlement_id=settlement.settlement_id,
                    conversion_id=command.conversion_id,
                    visit_id=settlement.visit_id,
                    person_id=settlement.person_id,
                    taken_back_at=self._clock.now(),
                    owed=list(settlement.payments),
                    cash_fen=settlement.cash_fen,
                    total_fen=settlement.total_fen,
                )
            )
            ripples = await self._redecide(
                tx, settlement.year, gone(settlement), _cause("take-back", command), balance_fen=balance
            )
            answer = {
                "settlement_id": settlement.settlement_id,
                "person_id": settlement.person_id,
                "institution_code": settlement.institution_code,
                "begun_on": settlement.answer.begun_on.isoformat(),
                "ended_on": settlement.answer.ended_on.isoformat(),
                "owed": [asdict(p) for p in settlement.payments],
                "cash_fen": settlement.cash_fen,
                "total_fen": settlement.total_fen,
                "lines": [
                    {
                        "line_id": line["line_no"],
                        "item_code": line["item_code"],
                        "class": line["charge_class"],
                        "amount_fen": line["amount_fen"],
                        "in_catalogue": line["in_work_injury_catalogue"],
                    }
                    for line in with_corrections(lines, settlement.corrected_lines)
                ],
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }
            await self._takebacks.put(tx, command, answer)
            return answer

        return (await self._once.run(key, work))[0]

    async def restore(self, command: TakeBack, key: OnceKey) -> dict[str, Any]:
        """What each book owes the work-injury fund again. Refuses unless this conversion has the settlement taken back."""

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = await self._settlements.lock(tx, command.settlement_id)
            taken = await self._takebacks.lock(tx, command.conversion_id)
            if settlement is None or taken is None or taken != (command.settlement_id, "taken-back"):
                raise conflict(
                    "claims.conversion.not-taken-back", "该转换没有处于收回状态的结算，不能恢复", field="conversion_id"
                )
            short, balance = await self._settlements.redo(tx, settlement)
            await self._journals.append(tx, self._entries(settlement, command, back=False, short=short))
            await self._takebacks.set_state(tx, command.conversion_id, "restored")
            tx.emit(
                ClaimRestored(
                    settlement_id=settlement.settlement_id,
                    conversion_id=command.conversion_id,
                    person_id=settlement.person_id,
                    restored_at=self._clock.now(),
                    owed=list(settlement.payments),
                )
            )
            ripples = await self._redecide(
                tx, settlement.year, gone(settlement), _cause("restore", command), balance_fen=balance
            )
            return {
                "settlement_id": settlement.settlement_id,
                "owed": [asdict(p) for p in settlement.payments],
                "short_fen": short,
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }

        return (await self._once.run(key, work))[0]

    def _entries(self, settlement: StoredSettlement, command: TakeBack, *, back: bool, short: int = 0) -> list[Entry]:
        """One journal per book that paid. ``short``: account money that is gone and becomes the person's debt (B3)."""
        today = self._clock.today()
        entries = []
        for book in sorted({p.book for p in settlement.payments}):
            paid = [p for p in settlement.payments if p.book == book]
            lines = _taken(paid, settlement, today) if back else _restored(paid, settlement, today, short)
            entries.append(
                Entry(
                    entry_id=self._ids.new(),
                    book=Book(book),
                    booked_on=today,
                    kind="conversion",
                    lines=tuple(lines),
                    memo="转工伤基金：收回医保支付" if back else "工伤认定撤销：恢复医保支付",
                    person_id=settlement.person_id,
                    settlement_id=settlement.settlement_id,
                    case_id=command.case_id,
                    conversion_id=command.conversion_id,
                    decision_version=command.decision_version,
                    maker=command.maker,
                    checker=command.checker,
                )
            )
        return entries


def _cause(reason: Reason, command: TakeBack) -> Cause:
    return Cause(reason=reason, trigger_id=command.settlement_id, maker=command.maker, checker=command.checker)


def _taken(paid: Iterable[FundPayment], settlement: StoredSettlement, today: date) -> list[Line]:
    paid = list(paid)
    return [
        debit(DUE_FROM_FUND, sum(p.amount_fen for p in paid), Book.WI.value),
        *(credit(_expense(p, settlement, today), p.amount_fen, _year(settlement, today)) for p in paid),
    ]


def _restored(paid: Iterable[FundPayment], settlement: StoredSettlement, today: date, short: int) -> list[Line]:
    lines = []
    paid = list(paid)
    for p in paid:
        gone = min(short, p.amount_fen) if p.account == "5001.02" else 0
        if p.amount_fen - gone:
            lines.append(debit(_expense(p, settlement, today), p.amount_fen - gone, _year(settlement, today)))
        if gone:
            lines.append(debit(DUE_FROM_PERSON, gone, f"P:{settlement.person_id}"))
    return [*lines, credit(DUE_TO_FUND, sum(p.amount_fen for p in paid), Book.WI.value)]


def _expense(payment: FundPayment, settlement: StoredSettlement, today: date) -> str:
    """The expenditure account; for a settlement of an earlier year the adjustment account (B0.5, 5001.91)."""
    return payment.account if settlement.settled_at.year == today.year else PRIOR_YEAR_BENEFIT


def _year(settlement: StoredSettlement, today: date) -> str:
    return "" if settlement.settled_at.year == today.year else str(settlement.settled_at.year)
