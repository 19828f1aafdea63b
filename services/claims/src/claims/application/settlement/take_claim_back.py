"""Take a settlement back for the work-injury fund (B0.5), and restore it after a final revocation (B3).

Taking back posts, in each book that paid, Dr 1121(WI) / Cr expenditure for what it is owed; the person's year and account are as
if the stay had never been settled, but for the part that the medical funds keep (B5), which is decided anew in the same
transaction. Restoring posts the contrary against 2202(WI): the money goes back under its own voucher, never netted.
Later settlements of the person-year are listed, or decided again, as the policy says (switch ``ripple``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

from claims.application.funds.clear_institution import Clearings, month_of
from claims.application.late.corrections import Cause, gone, owes_institution, with_corrections
from claims.application.late.redecide_year import RedecideYear
from claims.application.rule_books.load_books import LiveBooks
from claims.application.settlement.describe_settlement import describe_line
from claims.application.settlement.ports import Journals, Settlements, StoredSettlement
from claims.application.settlement.reverse_debt import reverse_debt
from claims.application.settlement.stored_facts import decision_to_json, facts_from_json
from claims.domain.adjudication import Decision, YearState
from claims.domain.kept_part import KeptLine, decide_kept, kept_split, owed_after
from claims.domain.late_facts import Reason
from claims.domain.refusals import settlement_not_valid, settlement_unknown
from claims.domain.settlement import fund_payments
from claims.domain.taking_back import EmployerDebt, EmployerShare, OfBook
from shared.clock import Clock
from shared.contracts.claims import ClaimRestored, ClaimTakenBack, FundPayment
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Entry, Line
from shared.transactions import Once, OnceKey, Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What two people have approved; an audit or a late fact may have changed it since (B12)."""

    owed: tuple[FundPayment, ...]
    total_fen: int
    cash_fen: int
    kept_cash_fen: int


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
    keep_lines: tuple[KeptLine, ...] = ()
    """What of the bill is no work injury: decided again alone, in the same transaction (v2, B5)."""
    employer: EmployerShare | None = None
    """What of the amounts due the employer owes the books itself."""
    net: bool = False
    """Same-month net, in the books that have not paid the institution yet; otherwise inter-fund everywhere."""
    expected: Expected | None = None
    """What was approved; None: whatever stands."""


class Taken(NamedTuple):
    """A take-back as it is stored."""

    settlement_id: str
    state: str
    answer: Mapping[str, Any]
    kept: Mapping[str, Any] | None


class TakeBacks(Protocol):
    """Which conversion has taken which settlement back."""

    async def put(self, tx: Tx, command: TakeBack, answer: dict[str, Any], kept: Mapping[str, Any] | None) -> None:
        """Remember a take-back, and the decision on what is kept."""
        ...

    async def put_all(self, tx: Tx, taken: Sequence[tuple[TakeBack, Mapping[str, Any]]]) -> None:
        """Remember take-backs of which nothing is kept."""
        ...

    async def known(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, Taken]:
        """The take-backs of these conversions, whatever became of them."""
        ...

    async def lock(self, tx: Tx, conversion_id: str) -> Taken | None:
        """The take-back of a conversion, locked."""
        ...

    async def set_state(self, tx: Tx, conversion_id: str, state: str) -> None:
        """``taken-back`` or ``restored``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """What is owed and what is kept of a settlement."""

    owed: Sequence[FundPayment]
    kept: Sequence[FundPayment] = ()
    kept_cash_fen: int = 0
    decision: Decision | None = None


class TakeClaimBack:
    """Both directions, and what taking back would give."""

    def __init__(
        self,
        uow: UnitOfWork,
        once: Once,
        settlements: Settlements,
        journals: Journals,
        takebacks: TakeBacks,
        clearings: Clearings,
        books: LiveBooks,
        clock: Clock,
        ids: IdFactory,
        redecide: RedecideYear,
    ) -> None:
        self._redecide = redecide
        self._uow = uow
        self._once = once
        self._settlements = settlements
        self._journals = journals
        self._takebacks = takebacks
        self._clearings = clearings
        self._books = books
        self._clock = clock
        self._ids = ids

    async def trial(self, settlement_id: str, keep_lines: tuple[KeptLine, ...]) -> dict[str, Any]:
        """What taking back would answer now; nothing changes. Refuses what taking back refuses."""
        await self._know_rules(settlement_id, keep_lines)
        async with self._uow.transaction() as tx:
            settlement = standing_or_refused(await self._settlements.find(tx, settlement_id))
            lines = with_corrections(await self._settlements.lines(tx, settlement_id), settlement.corrected_lines)
            divided = await self._divide(tx, settlement, lines, keep_lines)
            cleared = await self._clearings.cleared(tx, settlement.institution_code, month_of(settlement.settled_at))
            uncleared = [b for b in books_of(divided.owed) if b not in cleared] if owes_institution(settlement) else []
            return self.answer(settlement, lines, divided, uncleared, None)

    async def take_back(self, command: TakeBack, key: OnceKey) -> dict[str, Any]:
        """What each book is owed, what is kept, the cash, and the lines. Refuses unless the settlement is valid, and as expected."""

        await self._know_rules(command.settlement_id, command.keep_lines)

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = standing_or_refused(await self._settlements.lock(tx, command.settlement_id))
            lines = with_corrections(await self._settlements.lines(tx, settlement.settlement_id), settlement.corrected_lines)
            divided = await self._divide(tx, settlement, lines, command.keep_lines)
            check_expected(command, settlement, divided)
            netted = await self._netted(tx, settlement, divided.owed) if command.net else []
            owed_fen = await reverse_debt(tx, self._journals, settlement, self._ids.new(), self._clock.today())
            await self._settlements.undo(tx, settlement, "taken-back", owed_fen)
            kept = None
            if divided.decision is not None:
                contribution = divided.decision.contribution
                account_fen, family_fen = divided.decision.account_fen, divided.decision.family_fen
                await self._settlements.keep(tx, settlement, contribution, account_fen, family_fen)
                kept = decision_to_json(divided.decision) | {
                    "total_fen": divided.decision.facts.split.total_fen,
                    "in_scope_fen": divided.decision.split.in_scope_fen,
                    "fund_fen": divided.decision.funds_fen,
                    "account_fen": account_fen,
                    "family_fen": family_fen,
                    "cash_fen": divided.decision.cash_fen,
                }
            await self._journals.append(tx, self.entries(settlement, command, divided.owed, netted))
            tx.emit(self.told(settlement, command, divided))
            balance = await self._settlements.balance(tx, settlement.person_id)
            ripples = await self._redecide(
                tx, settlement.year, gone(settlement), cause_of("take-back", command), balance_fen=balance
            )
            answer = self.answer(settlement, lines, divided, netted, command.employer) | {
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }
            await self._takebacks.put(tx, command, answer, kept)
            return answer

        return (await self._once.run(key, work))[0]

    async def restore(self, command: TakeBack, key: OnceKey) -> dict[str, Any]:
        """What each book owes the work-injury fund again. Refuses unless this conversion has the settlement taken back."""

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = await self._settlements.lock(tx, command.settlement_id)
            taken = await self._takebacks.lock(tx, command.conversion_id)
            if settlement is None or taken is None or taken[:2] != (command.settlement_id, "taken-back"):
                raise conflict(
                    "claims.conversion.not-taken-back", "该转换没有处于收回状态的结算，不能恢复", field="conversion_id"
                )
            if taken.kept is not None:
                contribution = YearState.of(taken.kept["contribution"])
                await self._settlements.release(tx, settlement, contribution, taken.kept["account_fen"])
            short, balance = await self._settlements.redo(tx, settlement)
            await self._journals.append(tx, await self._restored(tx, settlement, command, taken.answer, short))
            await self._takebacks.set_state(tx, command.conversion_id, "restored")
            owed = [FundPayment(**p) for p in taken.answer["owed"]]
            tx.emit(
                ClaimRestored(
                    settlement_id=settlement.settlement_id,
                    conversion_id=command.conversion_id,
                    person_id=settlement.person_id,
                    restored_at=self._clock.now(),
                    owed=owed,
                )
            )
            ripples = await self._redecide(
                tx, settlement.year, gone(settlement), cause_of("restore", command), balance_fen=balance
            )
            return {
                "settlement_id": settlement.settlement_id,
                "owed": [asdict(p) for p in owed],
                "short_fen": short,
                "corrected": list(ripples.corrected),
                "listed": list(ripples.listed),
            }

        return (await self._once.run(key, work))[0]

    async def _know_rules(self, settlement_id: str, keep: tuple[KeptLine, ...]) -> None:
        """Another process may have registered the rules of v1: read the register before anything is locked."""
        if not keep:
            return
        async with self._uow.transaction() as tx:
            settlement = await self._settlements.find(tx, settlement_id)
        if settlement is not None and self._books.under(settlement.rule_digest) is None:
            await self._books.refresh()

    async def _divide(
        self, tx: Tx, settlement: StoredSettlement, lines: Sequence[Mapping[str, Any]], keep: tuple[KeptLine, ...]
    ) -> Division:
        """v2 on the kept lines, with the year as it is without v1; without kept lines everything is owed."""
        split = kept_split(lines, keep)
        if not split.total_fen:
            return Division(owed=settlement.payments)
        rules = self._books.under(settlement.rule_digest)
        if rules is None:
            raise conflict(
                "claims.kept.rules-gone", "原结算所依据的待遇政策版本已不可用，不能拆分", "the rules of v1 are not at hand"
            )
        state = (await self._settlements.year(tx, settlement)).minus(settlement.contribution)
        family_fen = settlement.family_fen
        decision = decide_kept(
            rules,
            facts_from_json(settlement.standing_facts)[0],
            split,
            state,
            account_fen=settlement.account_fen - family_fen,
            family_fen=family_fen,
        )
        kept = fund_payments(decision)
        return Division(
            owed=owed_after(settlement.payments, kept), kept=kept, kept_cash_fen=decision.cash_fen, decision=decision
        )

    async def _netted(self, tx: Tx, settlement: StoredSettlement, owed: Sequence[FundPayment]) -> list[str]:
        """The books that have not paid the institution for the month of the settlement; nobody can pay meanwhile."""
        if not owes_institution(settlement):
            return []
        await self._clearings.lock(tx, settlement.institution_code)
        cleared = await self._clearings.cleared(tx, settlement.institution_code, month_of(settlement.settled_at))
        return [book for book in books_of(owed) if book not in cleared]

    def answer(
        self,
        settlement: StoredSettlement,
        lines: Sequence[Mapping[str, Any]],
        divided: Division,
        netted: Sequence[str],
        employer: EmployerShare | None,
    ) -> dict[str, Any]:
        """What the bridge is answered."""
        answer = settlement.answer
        return {
            "settlement_id": settlement.settlement_id,
            "person_id": settlement.person_id,
            "institution_code": settlement.institution_code,
            "begun_on": answer.begun_on.isoformat(),
            "ended_on": answer.ended_on.isoformat(),
            "owed": [asdict(p) for p in divided.owed],
            "kept": [asdict(p) for p in divided.kept],
            "cash_fen": settlement.cash_fen,
            "kept_cash_fen": divided.kept_cash_fen,
            "kept_hospital_fen": 0 if divided.decision is None else divided.decision.hospital_fen,
            "total_fen": settlement.total_fen,
            "netted": list(netted),
            "employer": None if employer is None else asdict(employer),
            "lines": [describe_line(line) for line in lines],
        }

    def told(self, settlement: StoredSettlement, command: TakeBack, divided: Division) -> ClaimTakenBack:
        """The fact."""
        return ClaimTakenBack(
            settlement_id=settlement.settlement_id,
            conversion_id=command.conversion_id,
            visit_id=settlement.visit_id,
            person_id=settlement.person_id,
            taken_back_at=self._clock.now(),
            owed=list(divided.owed),
            cash_fen=settlement.cash_fen,
            total_fen=settlement.total_fen,
            hospital_fen=settlement.hospital_fen,
            kept=list(divided.kept),
            kept_cash_fen=divided.kept_cash_fen,
        )

    def entries(
        self, settlement: StoredSettlement, command: TakeBack, owed: Sequence[FundPayment], netted: Sequence[str]
    ) -> list[Entry]:
        """One journal per book. Refuses an employer's share that is more than the book is owed."""
        return [
            self._entry(
                settlement,
                command,
                book,
                self._of_book(settlement, owed, book, command.employer, netted=book in netted).taken(),
                "转工伤基金：收回医保支付",
            )
            for book in books_of(owed)
        ]

    async def _restored(
        self, tx: Tx, settlement: StoredSettlement, command: TakeBack, taken: Mapping[str, Any], short: int
    ) -> list[Entry]:
        owed = [FundPayment(**p) for p in taken["owed"]]
        stated = taken.get("employer")
        employer = stated and EmployerShare(
            employer_id=stated["employer_id"], by_book=tuple((book, amount) for book, amount in stated["by_book"])
        )
        about = await self._journals.entries(tx, settlement_id=settlement.settlement_id)
        mine = [entry for entry in about if entry.conversion_id == command.conversion_id]
        return [
            self._entry(
                settlement,
                command,
                book,
                self._of_book(settlement, owed, book, employer, netted=False).restored(
                    short, f"P:{settlement.person_id}", EmployerDebt.of(mine, book)
                ),
                "工伤认定撤销：恢复医保支付",
            )
            for book in books_of(owed)
        ]

    def _of_book(
        self,
        settlement: StoredSettlement,
        owed: Sequence[FundPayment],
        book: str,
        employer: EmployerShare | None,
        *,
        netted: bool,
    ) -> OfBook:
        of_book = OfBook(
            owed=[p for p in owed if p.book == book],
            employer_fen=employer.of(book) if employer else 0,
            employer_dim=f"E:{employer.employer_id}" if employer else "",
            institution_dim=f"H:{settlement.institution_code}",
            netted=netted,
            closed_year=settlement.settled_at.year if settlement.settled_at.year != self._clock.today().year else None,
        )
        if not 0 <= of_book.employer_fen <= of_book.owed_fen:
            raise conflict("claims.conversion.employer-share", "用人单位承担金额超出该基金应收回金额", field="employer")
        return of_book

    def _entry(self, settlement: StoredSettlement, command: TakeBack, book: str, lines: list[Line], memo: str) -> Entry:
        return Entry(
            entry_id=self._ids.new(),
            book=Book(book),
            booked_on=self._clock.today(),
            kind="conversion",
            lines=tuple(lines),
            memo=memo,
            person_id=settlement.person_id,
            settlement_id=settlement.settlement_id,
            case_id=command.case_id,
            conversion_id=command.conversion_id,
            decision_version=command.decision_version,
            maker=command.maker,
            checker=command.checker,
        )


def cause_of(reason: Reason, command: TakeBack) -> Cause:
    """Why the later settlements of the person-year are decided again."""
    return Cause(reason=reason, trigger_id=command.settlement_id, maker=command.maker, checker=command.checker)


def standing_or_refused(settlement: StoredSettlement | None) -> StoredSettlement:
    """Refuses what is unknown, does not stand, or was settled with the work-injury fund from the first, in whole or in part."""
    if settlement is None:
        raise settlement_unknown("settlement_id")
    if settlement.state != "valid" or settlement.work_injury_key is not None:
        raise settlement_not_valid("work-injury" if settlement.work_injury_key else settlement.state, "settlement_id")
    if settlement.beside is not None:
        raise settlement_not_valid("beside", "settlement_id", instead=settlement.beside)
    return settlement


def check_expected(command: TakeBack, settlement: StoredSettlement, divided: Division) -> None:
    """Refuses (``claims.conversion.changed``) what is not what was approved."""
    if command.expected is not None and _shown(settlement, divided) != _amounts(command.expected):
        raise conflict(
            "claims.conversion.changed",
            "结算金额在转换复核后发生变化，请重新核算并复核",
            "the settlement is not what was approved",
            field="expected",
        )


def _shown(settlement: StoredSettlement, divided: Division) -> tuple[Any, ...]:
    stands = (settlement.total_fen, settlement.cash_fen, divided.kept_cash_fen)
    return (_sums(divided.owed), *stands)


def _amounts(expected: Expected) -> tuple[Any, ...]:
    return (_sums(expected.owed), expected.total_fen, expected.cash_fen, expected.kept_cash_fen)


def _sums(payments: Sequence[FundPayment]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for p in payments:
        sums[p.book, p.account] = sums.get((p.book, p.account), 0) + p.amount_fen
    return {key: amount for key, amount in sums.items() if amount}


def books_of(owed: Sequence[FundPayment]) -> list[str]:
    """Books with something to be moved, in one order."""
    return sorted({p.book for p in owed})
