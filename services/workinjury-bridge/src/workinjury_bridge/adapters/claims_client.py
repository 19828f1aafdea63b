"""Claims over HTTP (implements ``ClaimsGateway``). The key of every command names its effect, so a repeat is the same command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from shared.clock import local
from shared.contracts.claims import FundPayment
from shared.errors import Kind, Refusal
from shared.http.client import ServiceClient
from shared.http.problems import to_refusal
from shared.ledger import Book
from shared.ledger.books import (
    BANK,
    DUE_FROM_FUND,
    DUE_OUT_OF_AREA,
    DUE_TO_EMPLOYER,
    DUE_TO_FUND,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
)
from workinjury_bridge.application.ports import ChargedBack, Mutual, TakenBack, TakenOver
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer, Purse
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.double_bill import BillMark, DoubleBill
from workinjury_bridge.domain.figures import Kept, MedicalBill
from workinjury_bridge.domain.recovery import Movement, Recovery
from workinjury_bridge.domain.refusals import settlement_not_standing
from workinjury_bridge.domain.split import KeptLine
from workinjury_bridge.domain.transfer import Direction, Transfer, TwoPhase

_AT_ONCE = 200
"""Commands in one request."""


class HttpClaims:
    """Implements ``ClaimsGateway``."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def read_bill(self, settlement_id: str) -> MedicalBill:
        """See the port. Refuses a settlement that does not stand."""
        answer = await self._client.get(f"/v1/settlements/{settlement_id}")
        if answer["state"] != "valid":
            raise settlement_not_standing(answer["state"])
        # what stands with every correction, not what was once answered to the hospital
        charged = {line["line_id"]: line for line in answer["lines"]}
        audited = [line["line_id"] for line in answer["standing"]["lines"] if line != charged.get(line["line_id"])]
        return _bill({**answer, **answer["standing"]}, tuple(audited))

    async def read_bills(self, settlement_ids: Sequence[str]) -> Sequence[MedicalBill | Refusal]:
        """See the port. Refuses a settlement that does not stand."""
        answers = await self._many("/v1/settlement-bills", [{"settlement_id": each} for each in settlement_ids])
        return [answer if isinstance(answer, Refusal) else _standing_bill(answer) for answer in answers]

    async def decide_kept(self, settlement_id: str, lines: Sequence[KeptLine]) -> Kept:
        """See the port."""
        body = {"keep_lines": [asdict(line) for line in lines]}
        # a question: nothing is kept under the key, so any will do
        answer = await self._client.command(f"/v1/settlements/{settlement_id}/take-back/trial", body, settlement_id)
        return Kept(
            owed=_payments(answer["owed"]),
            cash_fen=answer["kept_cash_fen"],
            hospital_fen=answer["kept_hospital_fen"],
        )

    async def take_back(self, conversions: Sequence[Conversion], *, net: bool) -> Sequence[TakenBack | Refusal]:
        """See the port."""
        mode = {"mode": "net" if net else "inter-fund"}
        answers = await self._many("/v1/take-backs", [_take_back(conversion) | mode for conversion in conversions])
        return [answer if isinstance(answer, Refusal) else _taken(answer) for answer in answers]

    async def restore(self, conversion: Conversion) -> Sequence[FundPayment]:
        """See the port."""
        answer = await self._client.command(
            f"/v1/settlements/{conversion.settlement_id}/restore",
            _command(conversion),
            f"restore:{conversion.conversion_id}",
        )
        return _payments(answer["owed"])

    async def direct_lines(self, settlement_id: str) -> Sequence[BillLine]:
        """See the port."""
        answer = await self._client.get(f"/v1/settlements/{settlement_id}/work-injury-lines")
        return [
            BillLine(
                line_id=line["line_id"],
                amount_fen=line["amount_fen"],
                in_catalogue=line["in_wi_catalogue"],
                cap_fen=line["cap_fen"],
                consent=line["consent"],
                emergency=line["emergency"],
            )
            for line in answer["items"]
        ]

    async def take_over(self, settlement: DirectSettlement, paid_fen: int, lines: Sequence[KeptLine]) -> TakenOver:
        """See the port."""
        body = {
            "case_id": settlement.case_id,
            "decision_version": settlement.decision_version,
            "paid_fen": paid_fen,
            "lines": [asdict(line) for line in lines],
        }
        path, key = f"/v1/settlements/{settlement.settlement_id}/take-over", f"take-over:{settlement.settlement_id}"
        answer = await self._client.command(path, body, key)
        return TakenOver(
            settlement_id=answer["settlement_id"],
            owed={Book(part["book"]): part["amount_fen"] for part in answer["owed"]},
        )

    async def bills_of(self, person_id: str) -> Mapping[str, BillMark]:
        """See the port."""
        bills: dict[str, BillMark] = {}
        after: str | None = None
        while True:
            page = await self._client.get("/v1/settlements", {"person_id": person_id, "limit": 200, "after": after})
            for row in page["items"]:
                if row["state"] == "valid":
                    bills[row["settlement_id"]] = BillMark(
                        institution_code=row["institution_code"],
                        invoice_no=row["invoice_no"] or None,
                        begun_on=date.fromisoformat(row["begun_on"]),
                        ended_on=date.fromisoformat(row["ended_on"]),
                        total_fen=row["total_fen"],
                        visit_id=row["visit_id"],
                    )
            after = page["next"]
            if after is None:
                return bills

    async def charge_back(self, clue: DoubleBill) -> ChargedBack:
        """See the port."""
        body = {
            "double_bill_id": clue.double_bill_id,
            "case_id": clue.case_id,
            "paid_to_person": clue.paid_to_person,
            "maker": clue.maker,
            "checker": clue.checker,
        }
        path, key = f"/v1/settlements/{clue.settlement_id}/charge-back", f"charge-back:{clue.double_bill_id}"
        answer = await self._client.command(path, body, key)
        return ChargedBack(debtor=answer["debtor"], owed=_payments(answer["owed"]))

    async def undo_charge_back(self, clue: DoubleBill) -> None:
        """See the port."""
        body = {
            "double_bill_id": clue.double_bill_id,
            "case_id": clue.case_id,
            "maker": clue.undo_maker,
            "checker": clue.undo_checker,
        }
        path, key = f"/v1/settlements/{clue.settlement_id}/charge-back/undo", f"undo-charge-back:{clue.double_bill_id}"
        await self._client.command(path, body, key)

    async def reserve_clearing(self, clearing: Clearing, transfer: ClearingTransfer) -> None:
        """See the port."""
        body = _sides(transfer) | {
            "clearing_id": clearing.clearing_id,
            "maker": clearing.maker,
            "checker": clearing.checker,
        }
        await self._client.command("/v1/transfers", body, f"reserve:{transfer.transfer_id}")

    async def reserve(self, transfers: Sequence[tuple[Conversion, Transfer]]) -> Sequence[Refusal | None]:
        """See the port."""
        answers = await self._many("/v1/transfer-reservations", [_reservation(*each) for each in transfers])
        return [answer if isinstance(answer, Refusal) else None for answer in answers]

    async def post(self, transfers: Sequence[TwoPhase]) -> Sequence[Refusal | None]:
        """See the port."""
        answers = await self._many("/v1/transfer-postings", [{"transfer_id": each.transfer_id} for each in transfers])
        return [answer if isinstance(answer, Refusal) else None for answer in answers]

    async def void(self, transfer: TwoPhase) -> None:
        """See the port. What claims never reserved is void already."""
        try:
            await self._client.command(f"/v1/transfers/{transfer.transfer_id}/void", {}, f"void:{transfer.transfer_id}")
        except Refusal as refusal:
            if refusal.kind is not Kind.NOT_FOUND:
                raise

    async def move_debt(self, debt: Recovery, movement: Movement) -> None:
        """See the port."""
        body = {
            "movement_id": movement.movement_id,
            "kind": movement.kind.value,
            "book": debt.book.value,
            "debtor": debt.debtor,
            "amount_fen": movement.amount_fen,
            "interest_fen": movement.interest_fen,
            "case_id": debt.case_id,
            "settlement_id": debt.settlement_id,
            "conversion_id": debt.conversion_id,
            "reference": movement.reference,
            "maker": movement.maker,
            "checker": movement.checker,
        }
        await self._client.command("/v1/debt-movements", body, f"debt:{movement.movement_id}")

    async def has_posted(self, transfer: TwoPhase) -> bool:
        """See the port."""
        try:
            answer = await self._client.get(f"/v1/transfers/{transfer.transfer_id}")
        except Refusal as refusal:
            if refusal.kind is Kind.NOT_FOUND:
                return False
            raise
        return bool(answer == _sides(transfer) | {"state": "posted"})

    async def purse_of(self, book: Book, cut_off: date) -> Purse:
        """See the port. What is due by the cut-off is what was booked by then less everything paid since, first in, first out."""
        now = await self._rows(book)
        then = await self._rows(book, cut_off)
        first = (DUE_TO_INSTITUTION, DUE_TO_PERSON, DUE_TO_EMPLOYER, DUE_OUT_OF_AREA)
        paid = {(row["account"], row["dim"]): row["debit_fen"] for row in now}
        return Purse(
            bank_fen=sum(row["balance_fen"] for row in now if row["account"] == BANK),
            set_aside_fen=sum(
                max(0, row["credit_fen"] - paid[(row["account"], row["dim"])]) for row in then if row["account"] in first
            ),
        )

    async def owed_with_us(self, books: Sequence[Book]) -> Mapping[Book, Mutual]:
        """See the port."""
        found: dict[Book, Mutual] = {}
        for book in books:
            sums = {row["account"]: row["balance_fen"] for row in await self._rows(book) if row["dim"] == Book.WI.value}
            found[book] = Mutual(-sums.get(DUE_TO_FUND, 0), sums.get(DUE_FROM_FUND, 0))
        return found

    async def _many(self, path: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Refusal]:
        """Commands that each name their own effect, in one request; the answers in order, refusals among them."""
        answers: list[dict[str, Any] | Refusal] = []
        for first in range(0, len(items), _AT_ONCE):
            # each item is known by its own id, so the key of the request says nothing
            answer = await self._client.command(path, {"items": items[first : first + _AT_ONCE]}, "items")
            for item in answer["items"]:
                problem = item.get("problem")
                answers.append(item if problem is None else to_refusal(problem["status"], problem, upstream="claims"))
        return answers

    async def _rows(self, book: Book, on: date | None = None) -> list[dict[str, Any]]:
        asked = {"book": book.value} | ({} if on is None else {"on": on.isoformat()})
        return list((await self._client.get("/v1/ledger/trial-balance", asked))["rows"])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _take_back(conversion: Conversion) -> dict[str, Any]:
    body = _command(conversion) | {"settlement_id": conversion.settlement_id}
    figures = conversion.figures
    if figures is not None:
        body["keep_lines"] = [asdict(line) for line in figures.keep_lines]
        body["expected"] = {
            "owed": [asdict(payment) for payment in figures.owed],
            "total_fen": figures.total_fen,
            "cash_fen": figures.cash_fen,
            "kept_cash_fen": figures.kept_cash_fen,
        }
        if figures.employer is not None and figures.employer_owed:
            by_book = {book.value: amount for book, amount in figures.employer_owed_by_book().items()}
            body["employer"] = {"employer_id": figures.employer.removeprefix("E:"), "by_book": by_book}
    return body


def _taken(answer: Mapping[str, Any]) -> TakenBack:
    return TakenBack(
        owed=_payments(answer["owed"]),
        cash_fen=answer["cash_fen"],
        kept_cash_fen=answer.get("kept_cash_fen", 0),
        netted=tuple(answer.get("netted", ())),
    )


def _sides(transfer: TwoPhase) -> dict[str, Any]:
    """A voucher as the medical book sees it."""
    return {
        "transfer_id": transfer.transfer_id,
        "voucher_no": transfer.voucher_no,
        "book": transfer.book.value,
        "counter_book": Book.WI.value,
        "direction": "in" if transfer.direction is Direction.OUT else "out",
        "amount_fen": transfer.amount_fen,
    }


def _reservation(conversion: Conversion, transfer: Transfer) -> dict[str, Any]:
    return _sides(transfer) | {
        "case_id": conversion.case_id,
        "settlement_id": conversion.settlement_id,
        "conversion_id": conversion.conversion_id,
        "maker": conversion.maker,
        "checker": conversion.checker,
    }


def _command(conversion: Conversion) -> dict[str, Any]:
    return {
        "conversion_id": conversion.conversion_id,
        "case_id": conversion.case_id,
        "decision_id": conversion.decision_id,
        "decision_version": conversion.decision_version,
        "maker": conversion.maker,
        "checker": conversion.checker,
    }


def _standing_bill(answer: Mapping[str, Any]) -> MedicalBill | Refusal:
    if answer["state"] != "valid":
        return settlement_not_standing(answer["state"])
    return _bill(answer, tuple(answer["audited_lines"]))


def _bill(answer: Mapping[str, Any], audited_lines: tuple[str, ...]) -> MedicalBill:
    return MedicalBill(
        begun_on=date.fromisoformat(answer["begun_on"]),
        ended_on=date.fromisoformat(answer["ended_on"]),
        total_fen=answer["total_fen"],
        cash_fen=answer["cash_fen"],
        payments=_payments(answer["payments"]),
        hospital_fen=answer["hospital_fen"],
        overpaid_fen=answer["overpaid_fen"],
        audited_lines=audited_lines,
        lines=tuple(
            BillLine(
                line_id=line["line_id"],
                amount_fen=line["amount_fen"],
                # classes A and B are payable by work injury; class C only when the catalogue marks it (限工伤保险)
                in_catalogue=line["in_catalogue"] or line["class"] in ("A", "B"),
                cap_fen=line.get("cap_fen"),
                consent=line.get("consent"),
                emergency=line.get("emergency") is True,
                charged_on=_day(line.get("occurred_at")),
            )
            for line in answer["lines"]
        ),
    )


def _day(instant: str | None) -> date | None:
    """The day in China of an instant."""
    return None if instant is None else local(datetime.fromisoformat(instant)).date()


def _payments(rows: Sequence[Mapping[str, Any]]) -> tuple[FundPayment, ...]:
    return tuple(
        FundPayment(book=row["book"], account=row["account"], fund_pay_type=row["fund_pay_type"], amount_fen=row["amount_fen"])
        for row in rows
    )
