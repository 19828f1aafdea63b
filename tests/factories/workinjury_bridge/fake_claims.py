"""Claims as the bridge sees it: settlements that are taken back and restored, transfers in two phases, books of its own.

It keeps its contract strictly: a key has one effect, what is not allowed is refused. On request it is away, or it acts and
loses the answer, or dies around the effect, so that the bridge's saga can be tested against the worst.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import httpx

from shared.contracts.claims import ClaimReversed, ClaimSettled, FundPayment
from shared.errors import Refusal, conflict, not_found, unavailable
from shared.ids import CountingIds
from shared.ledger import Book, Entry, Line, credit, debit
from workinjury_bridge.domain.conversion import Conversion, MedicalBill
from workinjury_bridge.domain.transfer import Direction, Transfer


@dataclass
class FakeSettlement:
    """One settlement in claims."""

    fact: ClaimSettled
    bill: MedicalBill
    taken_by: str | None = None
    reversed: bool = False


@dataclass
class FakeClaims:
    """Implements ``ClaimsGateway``; ``transport()`` puts the same behaviour behind HTTP."""

    settlements: dict[str, FakeSettlement] = field(default_factory=dict)
    transfers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    vouchers: dict[str, str] = field(default_factory=dict)
    around: Callable[[str, str], None] = lambda when, key: None
    """Called with ``before`` and ``after`` every effect and its key; raise from it to be away, or to lose the answer."""
    refuse_take_back: bool = False
    refuse_reserve: int = 0
    """So many reservations are refused."""
    _ids: CountingIds = field(default_factory=lambda: CountingIds("M"))
    _answers: dict[str, Any] = field(default_factory=dict)

    def settle(self, fact: ClaimSettled, bill: MedicalBill) -> ClaimSettled:
        """A settlement happens: Dr 5001.0x / Cr 2201 per book, paid at once (Dr 2201 / Cr 1003)."""
        self.settlements[fact.settlement_id] = FakeSettlement(fact, bill)
        for payment in bill.payments:
            if payment.amount_fen:
                self._book(payment.book, [debit(payment.account, payment.amount_fen), credit("1003", payment.amount_fen)])
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
        self.around("before", f"read:{settlement_id}")
        bill = self._standing(settlement_id).bill
        self.around("after", f"read:{settlement_id}")
        return bill

    async def take_back(self, conversion: Conversion) -> MedicalBill:
        def effect() -> MedicalBill:
            if self.refuse_take_back:
                raise conflict("claims.settlement.in-audit", "结算正在稽核，不能收回")
            found = self._standing(conversion.settlement_id)
            found.taken_by = conversion.conversion_id
            for payment in found.bill.payments:
                if payment.amount_fen:
                    lines = [debit("1121", payment.amount_fen, "WI"), credit(payment.account, payment.amount_fen)]
                    self._book(payment.book, lines)
            return found.bill

        return self._once(f"take-back:{conversion.conversion_id}", effect)  # type: ignore[no-any-return]  # answers of any kind are kept

    async def restore(self, conversion: Conversion) -> Sequence[FundPayment]:
        def effect() -> Sequence[FundPayment]:
            found = self.settlements[conversion.settlement_id]
            if found.taken_by != conversion.conversion_id:
                raise conflict("claims.settlement.not-taken-back", "结算未被该转换业务收回")
            found.taken_by = None
            for payment in found.bill.payments:
                if payment.amount_fen:
                    lines = [debit(payment.account, payment.amount_fen), credit("2202", payment.amount_fen, "WI")]
                    self._book(payment.book, lines)
            return found.bill.payments

        return self._once(f"restore:{conversion.conversion_id}", effect)  # type: ignore[no-any-return]  # see take_back

    async def reserve(self, conversion: Conversion, transfer: Transfer) -> None:
        self._reserve(
            {
                "transfer_id": transfer.transfer_id,
                "voucher_no": transfer.voucher_no,
                "book": transfer.book.value,
                "direction": "in" if transfer.direction is Direction.OUT else "out",
                "amount_fen": transfer.amount_fen,
            }
        )

    async def post(self, transfer: Transfer) -> None:
        self._post(transfer.transfer_id)

    async def void(self, transfer: Transfer) -> None:
        self._void(transfer.transfer_id)

    async def balances_with_us(self, books: Sequence[Book]) -> Mapping[Book, int]:
        return {book: -self.balance(book, "1121") - self.balance(book, "2202") for book in books}

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
            case ["settlements", settlement_id]:
                return _statement(await self.read_bill(settlement_id), "payments")
            case ["settlements", settlement_id, "take-back"]:
                assert (body["mode"], body["maker"] != body["checker"]) == ("inter-fund", True)
                return _statement(await self.take_back(_conversion(settlement_id, body)), "owed")
            case ["settlements", settlement_id, "restore"]:
                return {"owed": [asdict(p) for p in await self.restore(_conversion(settlement_id, body))]}
            case ["transfers"]:
                assert body["counter_book"] == "WI"
                self._reserve(body)
                return {}
            case ["transfers", transfer_id, "post"]:
                self._post(transfer_id)
                return {}
            case ["transfers", transfer_id, "void"]:
                if transfer_id not in self.transfers:
                    raise not_found("claims.transfer.unknown", "划转不存在")
                self._void(transfer_id)
                return {}
            case ["ledger", "trial-balance"]:
                book = Book(request.url.params["book"])
                rows = [
                    {"account": account, "dim": "WI", "balance_fen": self.balance(book, account)}
                    for account in ("1121", "2202")
                ]
                return {"rows": rows}
        raise not_found("http.404", "没有这个地址")

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

    def _once(self, key: str, effect: Callable[[], Any]) -> Any:
        self.around("before", key)
        if key not in self._answers:
            self._answers[key] = effect()
        self.around("after", key)
        return self._answers[key]

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


def _statement(bill: MedicalBill, payments: str) -> dict[str, Any]:
    return _amounts(bill, payments) | {"state": "valid", "standing": _amounts(bill, payments)}


def _amounts(bill: MedicalBill, payments: str) -> dict[str, Any]:
    return {
        "begun_on": str(bill.begun_on),
        "ended_on": str(bill.ended_on),
        "total_fen": bill.total_fen,
        "cash_fen": bill.cash_fen,
        payments: [asdict(p) for p in bill.payments],
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
