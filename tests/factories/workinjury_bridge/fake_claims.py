"""Claims as the bridge sees it: settlements that are taken back and restored, transfers in two phases, books of its own.

It keeps its contract strictly: a key has one effect, what is not allowed is refused. On request it is away, or it acts and
loses the answer, or dies around the effect, so that the bridge's saga can be tested against the worst.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

import httpx

from shared.contracts.claims import ClaimReversed, ClaimSettled, FundPayment
from shared.errors import Kind, Refusal, conflict, not_found, unavailable
from shared.ids import CountingIds
from shared.ledger import Book, Entry, Line, credit, debit
from shared.money import allocate
from workinjury_bridge.application.ports import ChargedBack, Mutual, TakenBack, TakenOver
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer, Purse
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.double_bill import BillMark, DoubleBill
from workinjury_bridge.domain.figures import Kept, MedicalBill
from workinjury_bridge.domain.recovery import Movement, MovementKind, Recovery
from workinjury_bridge.domain.split import KeptLine
from workinjury_bridge.domain.transfer import Direction, Transfer, TwoPhase

Answer = TypeVar("Answer")


@dataclass
class FakeSettlement:
    """One settlement in claims."""

    fact: ClaimSettled
    bill: MedicalBill
    taken_by: str | None = None
    reversed: bool = False
    owed: tuple[FundPayment, ...] = ()
    """t_f, while it is taken back."""
    employer: str | None = None
    by_book: dict[str, int] = field(default_factory=dict)
    """What the employer owes each book."""


@dataclass
class FakeClaims:
    """Implements ``ClaimsGateway``; ``transport()`` puts the same behaviour behind HTTP."""

    settlements: dict[str, FakeSettlement] = field(default_factory=dict)
    transfers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    vouchers: dict[str, str] = field(default_factory=dict)
    around: Callable[[str, str], None] = lambda when, key: None
    """Called with ``before`` and ``after`` every effect and its key; raise from it to be away, or to lose the answer."""
    cleared: bool = True
    """Whether the books have paid the hospital."""
    kept: dict[str, Kept] = field(default_factory=dict)
    """v2 by settlement, where it matters; otherwise every payer keeps his part in proportion."""
    manual: set[str] = field(default_factory=set)
    """Settlements that came of a paper claim at the medical fund."""
    directs: dict[str, tuple[Sequence[BillLine], Sequence[FundPayment]]] = field(default_factory=dict)
    """By direct settlement: its lines, and what the medical funds would pay of it; without, the person has no cover."""
    moved: dict[tuple[Book, str, str], int] = field(default_factory=dict)
    """Paid in or given up, by book, debtor and settlement."""
    asked: list[tuple[int, tuple[KeptLine, ...]]] = field(default_factory=list)
    """What was asked to be taken over."""
    refuse_take_back: bool = False
    refuse_reserve: int = 0
    """So many reservations are refused."""
    _ids: CountingIds = field(default_factory=lambda: CountingIds("M"))
    _answers: dict[str, Any] = field(default_factory=dict)

    def settle(self, fact: ClaimSettled, bill: MedicalBill) -> ClaimSettled:
        """A settlement happens: Dr 5001.0x / Cr 2201 per book, when ``cleared`` paid at once (Dr 2201 / Cr 1003)."""
        self.settlements[fact.settlement_id] = FakeSettlement(fact, bill)
        to = "1003" if self.cleared else "2201"
        for payment in bill.payments:
            if payment.amount_fen:
                self._book(payment.book, [debit(payment.account, payment.amount_fen), credit(to, payment.amount_fen)])
        return fact

    def reverse(self, settlement_id: str) -> ClaimReversed:
        """The hospital reverses. Refuses a settlement that is taken back or reversed."""
        found = self.settlements[settlement_id]
        if found.taken_by is not None or found.reversed:
            raise conflict("claims.settlement.not-standing", "结算已收回或已撤销")
        found.reversed = True
        for payment in found.bill.payments:
            if payment.amount_fen:
                self._book(payment.book, [debit("1003", payment.amount_fen), credit(payment.account, payment.amount_fen)])
        fact = found.fact
        return ClaimReversed(
            settlement_id=f"R{settlement_id}",
            original_settlement_id=settlement_id,
            visit_id=fact.visit_id,
            person_id=fact.person_id,
            institution_code=fact.institution_code,
            institution_name=fact.institution_name,
            reversed_at=fact.settled_at,
            total_fen=fact.total_fen,
            payments=fact.payments,
            cash_fen=fact.cash_fen,
            work_injury_key=fact.work_injury_key,
        )

    def balance(self, book: Book, account: str) -> int:
        """Debit minus credit of one account, all dimensions."""
        lines = (line for entry in self.entries if entry.book is book for line in entry.lines)
        return sum(line.debit_fen - line.credit_fen for line in lines if line.account == account)

    # What the bridge calls

    async def read_bill(self, settlement_id: str) -> MedicalBill:
        return self._read_bill(settlement_id)

    def _read_bill(self, settlement_id: str) -> MedicalBill:
        self.around("before", f"read:{settlement_id}")
        bill = self._standing(settlement_id).bill
        self.around("after", f"read:{settlement_id}")
        return bill

    async def read_bills(self, settlement_ids: Sequence[str]) -> Sequence[MedicalBill | Refusal]:
        return [_tried(partial(self._read_bill, settlement_id)) for settlement_id in settlement_ids]

    async def decide_kept(self, settlement_id: str, lines: Sequence[KeptLine]) -> Kept:
        self.around("before", f"kept:{settlement_id}")
        found = self._decide_kept(self._standing(settlement_id).bill, settlement_id, lines)
        self.around("after", f"kept:{settlement_id}")
        return found

    def _decide_kept(self, bill: MedicalBill, settlement_id: str, lines: Sequence[KeptLine]) -> Kept:
        if settlement_id in self.kept or not lines:
            return self.kept.get(settlement_id, Kept(owed=bill.payments, cash_fen=0))
        kept = sum(line.amount_fen for line in lines)
        parts = [*(p.amount_fen for p in bill.payments), bill.cash_fen]
        *funds, cash = allocate(kept, parts) if sum(parts) else [0] * len(parts)
        owed = tuple(replace(p, amount_fen=p.amount_fen - k) for p, k in zip(bill.payments, funds, strict=True))
        return Kept(owed=tuple(p for p in owed if p.amount_fen), cash_fen=cash)

    async def take_back(self, conversions: Sequence[Conversion], *, net: bool) -> Sequence[TakenBack | Refusal]:
        return [_tried(partial(self._asked, c, net=net)) for c in conversions]

    def _asked(self, conversion: Conversion, *, net: bool) -> TakenBack:
        figures = conversion.figures
        keep = figures.keep_lines if figures else ()
        by_book = {b.value: n for b, n in figures.employer_owed_by_book().items()} if figures else {}
        return self._take_back(
            conversion,
            keep,
            figures.employer if figures and by_book else None,
            by_book,
            net=net and not self.cleared,
            expected=(figures.owed, figures.total_fen, figures.cash_fen) if figures else None,
        )

    def _take_back(
        self,
        conversion: Conversion,
        keep: Sequence[KeptLine],
        employer: str | None,
        by_book: dict[str, int],
        *,
        net: bool,
        expected: tuple[Sequence[FundPayment], int, int] | None,
    ) -> TakenBack:
        def effect() -> TakenBack:
            if self.refuse_take_back:
                raise conflict("claims.settlement.in-audit", "结算正在稽核，不能收回")
            found = self._standing(conversion.settlement_id)
            kept = self._decide_kept(found.bill, conversion.settlement_id, keep)
            stands = (tuple(kept.owed), found.bill.total_fen, found.bill.cash_fen)
            if expected is not None and (tuple(expected[0]), *expected[1:]) != stands:
                raise conflict("claims.conversion.changed", "结算金额在转换复核后发生变化，请重新核算并复核")
            found.taken_by, found.owed = conversion.conversion_id, kept.owed
            found.employer, found.by_book = employer, by_book
            books = {p.book: sum(x.amount_fen for x in kept.owed if x.book == p.book) for p in kept.owed}
            for book, total in books.items():
                theirs = by_book.get(book, 0)
                lines = [credit(p.account, p.amount_fen) for p in kept.owed if p.book == book and p.amount_fen]
                if total - theirs:
                    lines.append(debit("2201", total - theirs) if net else debit("1121", total - theirs, "WI"))
                if theirs:
                    lines.append(debit("1123", theirs, employer or ""))
                if lines:
                    self._book(book, lines)
            return TakenBack(
                owed=kept.owed,
                cash_fen=found.bill.cash_fen,
                kept_cash_fen=kept.cash_fen,
                netted=tuple(sorted(books)) if net else (),
            )

        return self._once(f"take-back:{conversion.conversion_id}", effect)

    async def restore(self, conversion: Conversion) -> Sequence[FundPayment]:
        def effect() -> Sequence[FundPayment]:
            found = self.settlements[conversion.settlement_id]
            if found.taken_by != conversion.conversion_id:
                raise conflict("claims.settlement.not-taken-back", "结算未被该转换业务收回")
            found.taken_by = None
            for book in dict.fromkeys(p.book for p in found.owed):
                owed = [p for p in found.owed if p.book == book and p.amount_fen]
                lines = [debit(p.account, p.amount_fen) for p in owed]
                theirs = found.by_book.get(book, 0)
                still = self.debt(book, found.employer or "", conversion.settlement_id) if theirs else 0
                ours = sum(p.amount_fen for p in owed) - theirs
                if ours:
                    lines.append(credit("2202", ours, "WI"))
                if still:
                    lines.append(credit("1123", still, found.employer or ""))
                if theirs - still:
                    lines.append(credit("2204", theirs - still, found.employer or ""))
                if lines:
                    self._book(book, lines)
                # what came in is owed to the employer again: a later conversion begins anew
                self.moved.pop((Book(book), found.employer or "", conversion.settlement_id), None)
            return found.owed

        return self._once(f"restore:{conversion.conversion_id}", effect)

    async def move_debt(self, debt: Recovery, movement: Movement) -> None:
        self._move_debt(
            {
                "movement_id": movement.movement_id,
                "kind": movement.kind.value,
                "book": debt.book.value,
                "debtor": debt.debtor,
                "settlement_id": debt.settlement_id,
                "amount_fen": movement.amount_fen,
                "interest_fen": movement.interest_fen,
            }
        )

    def _move_debt(self, body: dict[str, Any]) -> None:
        book, debtor, settlement_id, amount = Book(body["book"]), body["debtor"], body["settlement_id"], body["amount_fen"]

        def effect() -> None:
            if amount > self.debt(book, debtor, settlement_id):
                raise conflict("claims.debt.beyond", "金额超过尚欠")
            paid = [debit("1003", amount + body["interest_fen"])]
            if body["interest_fen"]:
                paid.append(credit("4007", body["interest_fen"]))
            if body["kind"] == MovementKind.WRITE_OFF:
                paid = [debit("5001.30", amount)]
            if body["kind"] == MovementKind.SET_OFF:
                paid = [debit("1121", amount, "WI")]
            at = (book, debtor, settlement_id)
            self.moved[at] = self.moved.get(at, 0) + amount
            self._book(book, [*paid, credit("1123" if debtor.startswith("E:") else "1125", amount, debtor)])

        self._once(f"debt:{body['movement_id']}", effect)

    def debt(self, book: str, debtor: str, settlement_id: str) -> int:
        """What an employer or a person still owes a book for a settlement that fell away."""
        charged = self.settlements[settlement_id].by_book.get(book, 0)
        return charged - self.moved.get((Book(book), debtor, settlement_id), 0)

    async def bills_of(self, person_id: str) -> Mapping[str, BillMark]:
        self.around("before", f"bills:{person_id}")
        return {
            key: BillMark(
                institution_code=s.fact.institution_code,
                invoice_no=s.fact.invoice_no,
                begun_on=s.fact.begun_on,
                ended_on=s.fact.ended_on,
                total_fen=s.fact.total_fen,
                visit_id=s.fact.visit_id,
            )
            for key, s in self.settlements.items()
            if s.fact.person_id == person_id and s.taken_by is None and not s.reversed
        }

    async def direct_lines(self, settlement_id: str) -> Sequence[BillLine]:
        self.around("before", f"lines:{settlement_id}")
        if settlement_id not in self.directs:
            raise conflict("claims.coverage.none", "该人员没有有效参保，不享受待遇")
        return self.directs[settlement_id][0]

    async def take_over(self, settlement: DirectSettlement, paid_fen: int, lines: Sequence[KeptLine]) -> TakenOver:
        def effect() -> TakenOver:
            left, owed = paid_fen, {}
            for payment in self.directs[settlement.settlement_id or ""][1]:
                back = min(left, payment.amount_fen)
                left -= back
                owed[Book(payment.book)] = back
                rest = payment.amount_fen - back
                journal = [debit(payment.account, payment.amount_fen), credit("2202", back, "WI")]
                self._book(payment.book, [*journal, *([credit("2203", rest, f"P:{settlement.person_id}")] if rest else [])])
            self.asked.append((paid_fen, tuple(lines)))
            return TakenOver(settlement_id=f"M{settlement.settlement_id}", owed=owed)

        return self._once(f"take-over:{settlement.settlement_id}", effect)

    async def charge_back(self, clue: DoubleBill) -> ChargedBack:
        return self._charge_back(clue.settlement_id, clue.double_bill_id, paid_to_person=clue.paid_to_person)

    def _charge_back(self, settlement_id: str, double_bill_id: str, *, paid_to_person: bool) -> ChargedBack:
        def effect() -> ChargedBack:
            found = self.settlements[settlement_id]
            if found.taken_by is not None or found.reversed:
                raise conflict("claims.settlement.not-valid", "该结算已转由工伤保险基金支付")
            found.reversed = True
            fact = found.fact
            paper = paid_to_person or settlement_id in self.manual
            debtor = f"P:{fact.person_id}" if paper else f"H:{fact.institution_code}"
            for book in dict.fromkeys(p.book for p in found.bill.payments if p.amount_fen):
                mine = [p for p in found.bill.payments if p.book == book and p.amount_fen]
                total = sum(p.amount_fen for p in mine)
                found.by_book[book] = total
                self._book(
                    book, [debit("1125" if paper else "1122", total, debtor), *(credit(p.account, p.amount_fen) for p in mine)]
                )
            return ChargedBack(debtor=debtor, owed=found.bill.payments)

        return self._once(f"charge-back:{double_bill_id}", effect)

    async def undo_charge_back(self, clue: DoubleBill) -> None:
        def effect() -> None:
            found = self.settlements[clue.settlement_id]
            debtor = f"P:{clue.person_id}"
            found.reversed = False
            for book, charged in found.by_book.items():
                still = self.debt(book, debtor, clue.settlement_id)
                lines = [debit(p.account, p.amount_fen) for p in found.bill.payments if p.book == book and p.amount_fen]
                lines += [credit("1125", still, debtor)] if still else []
                lines += [credit("2203", charged - still, debtor)] if charged > still else []
                self._book(book, lines)

        self._once(f"undo-charge-back:{clue.double_bill_id}", effect)

    async def reserve(self, transfers: Sequence[tuple[Conversion, Transfer]]) -> Sequence[Refusal | None]:
        return [_tried(partial(self._reserve, _reservation(t))) for _, t in transfers]

    async def reserve_clearing(self, clearing: Clearing, transfer: ClearingTransfer) -> None:
        self._reserve(
            {
                "transfer_id": transfer.transfer_id,
                "voucher_no": transfer.voucher_no,
                "book": transfer.book.value,
                "direction": "in" if transfer.direction is Direction.OUT else "out",
                "amount_fen": transfer.amount_fen,
            }
        )

    async def has_posted(self, transfer: TwoPhase) -> bool:
        state, body = self.transfers.get(transfer.transfer_id, ("unknown", {}))
        return state == "posted" and (body["voucher_no"], body["amount_fen"]) == (transfer.voucher_no, transfer.amount_fen)

    async def purse_of(self, book: Book, cut_off: date) -> Purse:
        return Purse(bank_fen=self.balance(book, "1003"), set_aside_fen=-self.balance(book, "2201"))

    async def post(self, transfers: Sequence[TwoPhase]) -> Sequence[Refusal | None]:
        return [_tried(partial(self._post, t.transfer_id)) for t in transfers]

    async def void(self, transfer: TwoPhase) -> None:
        self._void(transfer.transfer_id)

    async def owed_with_us(self, books: Sequence[Book]) -> Mapping[Book, Mutual]:
        return {book: Mutual(-self.balance(book, "2202"), self.balance(book, "1121")) for book in books}

    def replenish(self, book: Book, amount_fen: int) -> None:
        """Money from the fiscal account."""
        self._book(book, [debit("1003", amount_fen), credit("1004", amount_fen)])

    # The same over HTTP

    def transport(self) -> httpx.MockTransport:
        """The routes of claims that the bridge uses."""
        return httpx.MockTransport(self._serve)

    async def _serve(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.removeprefix("/v1/").split("/")
        body = json.loads(request.content) if request.content else {}
        try:
            return httpx.Response(200, json=await self._route(request, parts, body))
        except Refusal as refusal:
            problem = {"code": refusal.code, "title": refusal.zh, "detail": refusal.en}
            return httpx.Response(refusal.kind.value, json=problem)

    async def _route(self, request: httpx.Request, parts: list[str], body: dict[str, Any]) -> Any:
        match parts:
            case ["settlements", settlement_id, "charge-back"]:
                assert body["maker"] != body["checker"]
                charged = self._charge_back(settlement_id, body["double_bill_id"], paid_to_person=body["paid_to_person"])
                return {"debtor": charged.debtor, "owed": [asdict(p) for p in charged.owed]}
            case ["settlements"]:
                marks = await self.bills_of(request.url.params["person_id"])
                return {"items": [_listed(key, mark) for key, mark in marks.items()], "next": None}
            case ["settlements", settlement_id, "work-injury-lines"]:
                await self.direct_lines(settlement_id)
                raise not_found("http.404", "没有这个地址")
            case ["settlements", settlement_id]:
                return _statement(await self.read_bill(settlement_id))
            case ["settlements", settlement_id, "take-back", "trial"]:
                kept = await self.decide_kept(settlement_id, _keep(body))
                return {
                    "owed": [asdict(p) for p in kept.owed],
                    "kept_cash_fen": kept.cash_fen,
                    "kept_hospital_fen": kept.hospital_fen,
                }
            case ["settlement-bills"]:
                return _items(body, lambda item: _statement(self._read_bill(item["settlement_id"])))
            case ["take-backs"]:
                return _items(body, lambda item: asdict(self._serve_take_back(item)))
            case ["settlements", settlement_id, "restore"]:
                return {"owed": [asdict(p) for p in await self.restore(_conversion(settlement_id, body))]}
            case ["transfers"]:
                assert body["counter_book"] == "WI"
                self._reserve(body)
                return {}
            case ["transfers", transfer_id]:
                if transfer_id not in self.transfers:
                    raise not_found("claims.transfer.unknown", "划转不存在")
                state, asked = self.transfers[transfer_id]
                return {k: v for k, v in asked.items() if k in _SIDES} | {"state": state}
            case ["transfer-reservations"]:
                assert all(item["counter_book"] == "WI" for item in body["items"])
                return _items(body, self._reserve)
            case ["transfer-postings"]:
                return _items(body, lambda item: self._post(item["transfer_id"]))
            case ["transfers", transfer_id, "void"]:
                if transfer_id not in self.transfers:
                    raise not_found("claims.transfer.unknown", "划转不存在")
                self._void(transfer_id)
                return {}
            case ["debt-movements"]:
                self._move_debt(body)
                return {}
            case ["ledger", "trial-balance"]:
                book = Book(request.url.params["book"])
                return {"rows": [self._row(book, account) for account in ("1003", "1121", "2201", "2202")]}
        raise not_found("http.404", "没有这个地址")

    def _serve_take_back(self, item: dict[str, Any]) -> TakenBack:
        assert item["maker"] != item["checker"]
        employer = item.get("employer") or {"employer_id": None, "by_book": {}}
        who = employer["employer_id"] and f"E:{employer['employer_id']}"
        net = item["mode"] == "net" and not self.cleared
        asked = item["expected"]
        expected = ([FundPayment(**p) for p in asked["owed"]], asked["total_fen"], asked["cash_fen"])
        conversion = _conversion(item["settlement_id"], item)
        return self._take_back(conversion, _keep(item), who, employer["by_book"], net=net, expected=expected)

    def _reserve(self, body: dict[str, Any]) -> None:
        transfer_id = body["transfer_id"]

        def effect() -> None:
            if self.refuse_reserve:
                self.refuse_reserve -= 1
                raise conflict("claims.transfer.refused", "医保基金账户已冻结")
            if body["voucher_no"] in self.vouchers:
                raise conflict("claims.transfer.voucher-used", "凭证号已使用")
            self.vouchers[body["voucher_no"]] = transfer_id
            self.transfers[transfer_id] = ("reserved", body)

        self._once(f"reserve:{transfer_id}", effect)

    def _post(self, transfer_id: str) -> None:
        def effect() -> None:
            state, body = self.transfers[transfer_id]
            if state != "reserved":
                raise conflict("claims.transfer.not-reserved", "调拨未预留")
            self.transfers[transfer_id] = ("posted", body)
            amount = body["amount_fen"]
            if body["direction"] == "in":
                self._book(body["book"], [debit("1003", amount), credit("1121", amount, "WI")])
            else:
                self._book(body["book"], [debit("2202", amount, "WI"), credit("1003", amount)])

        self._once(f"post:{transfer_id}", effect)

    def _void(self, transfer_id: str) -> None:
        def effect() -> None:
            state, body = self.transfers.get(transfer_id, ("unknown", {}))
            if state == "posted":
                raise conflict("claims.transfer.posted", "调拨已入账")
            self.transfers[transfer_id] = ("voided", body)

        self._once(f"void:{transfer_id}", effect)

    def _once(self, key: str, effect: Callable[[], Answer]) -> Answer:
        self.around("before", key)
        if key not in self._answers:
            self._answers[key] = effect()
        self.around("after", key)
        answer: Answer = self._answers[key]
        return answer

    def _row(self, book: Book, account: str) -> dict[str, Any]:
        lines = [line for entry in self.entries if entry.book is book for line in entry.lines if line.account == account]
        debits, credits = sum(x.debit_fen for x in lines), sum(x.credit_fen for x in lines)
        dim = "WI" if account in ("1121", "2202") else ""
        return {"account": account, "dim": dim, "debit_fen": debits, "credit_fen": credits, "balance_fen": debits - credits}

    def _standing(self, settlement_id: str) -> FakeSettlement:
        found = self.settlements.get(settlement_id)
        if found is None:
            raise not_found("claims.settlement.unknown", "结算不存在")
        if found.taken_by is not None or found.reversed:
            raise conflict("claims.settlement.not-standing", "结算已收回或已撤销")
        return found

    def _book(self, book: str, lines: list[Line]) -> None:
        entry_id = self._ids.new()
        entry = Entry(entry_id=entry_id, book=Book(book), booked_on=date(2026, 1, 1), kind="test", lines=tuple(lines))
        self.entries.append(entry)


def _tried(effect: Callable[[], Any]) -> Any:
    """The effect's answer or its refusal; to be away is the whole request's."""
    try:
        return effect()
    except Refusal as refusal:
        if refusal.kind is Kind.UNAVAILABLE:
            raise
        return refusal


def _items(body: dict[str, Any], effect: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    answers = [_tried(partial(effect, item)) for item in body["items"]]
    return {"items": [{"problem": a.as_problem()} if isinstance(a, Refusal) else a or {} for a in answers]}


def _reservation(transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer_id": transfer.transfer_id,
        "voucher_no": transfer.voucher_no,
        "book": transfer.book.value,
        "direction": "in" if transfer.direction is Direction.OUT else "out",
        "amount_fen": transfer.amount_fen,
    }


_SIDES = ("transfer_id", "voucher_no", "book", "counter_book", "direction", "amount_fen")


def away(when: str, key: str) -> None:
    """An ``around`` that is always away."""
    raise unavailable("claims.away", "系统繁忙", f"{when} {key}")


def settled_fact(bill: MedicalBill, template: ClaimSettled, **changes: Any) -> ClaimSettled:
    """The event of a settlement of ``bill``."""
    return replace(
        template,
        total_fen=bill.total_fen,
        cash_fen=bill.cash_fen,
        payments=list(bill.payments),
        begun_on=bill.begun_on,
        ended_on=bill.ended_on,
        **changes,
    )


def _keep(body: dict[str, Any]) -> tuple[KeptLine, ...]:
    return tuple(KeptLine(**line) for line in body["keep_lines"])


def _statement(bill: MedicalBill) -> dict[str, Any]:
    standing = {"standing": _amounts(bill), "audited_lines": list(bill.audited_lines)}
    return _amounts(bill) | {"state": "valid"} | standing


def _listed(settlement_id: str, mark: BillMark) -> dict[str, Any]:
    shown = asdict(mark) | {"begun_on": str(mark.begun_on), "ended_on": str(mark.ended_on), "invoice_no": mark.invoice_no or ""}
    return shown | {"settlement_id": settlement_id, "state": "valid"}


def _amounts(bill: MedicalBill) -> dict[str, Any]:
    return {
        "begun_on": str(bill.begun_on),
        "ended_on": str(bill.ended_on),
        "total_fen": bill.total_fen,
        "cash_fen": bill.cash_fen,
        "hospital_fen": bill.hospital_fen,
        "overpaid_fen": bill.overpaid_fen,
        "audited_lines": list(bill.audited_lines),
        "payments": [asdict(p) for p in bill.payments],
        "lines": [asdict(line) | {"class": "A" if line.in_catalogue else "C"} for line in bill.lines],
    }


def _conversion(settlement_id: str, body: Mapping[str, Any]) -> Conversion:
    return Conversion(
        conversion_id=body["conversion_id"],
        case_id=body["case_id"],
        person_id="",
        settlement_id=settlement_id,
        visit_id="",
        institution_code="",
        decision_id=body["decision_id"],
        decision_version=body["decision_version"],
    )
