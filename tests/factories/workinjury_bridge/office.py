"""One injured person, one stay, and everybody who acts on it: the worked cases of the reference on fakes."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest

from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ledger import Book, Entry
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import SETTLED, sides
from tests.factories.workinjury_bridge.fake_claims import settled_fact
from tests.factories.workinjury_bridge.memory import MemoryBridge
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.conversion import Conversion, ConversionState
from workinjury_bridge.domain.figures import MedicalBill
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Recovery
from workinjury_bridge.domain.terms import CaseFacts

INJURED = date(2026, 3, 1)
_keys = count()


def key() -> OnceKey:
    return OnceKey("case", str(next(_keys)), "d")


async def refused(act: Awaitable[Any], bridge: MemoryBridge) -> str:
    """The code of a refusal, without its service; it has changed and told nothing."""
    before, events = bridge.state.snapshot(), list(bridge.store.events)
    with pytest.raises(Refusal) as caught:
        await act
    assert (bridge.state, bridge.store.events) == (before, events)
    return caught.value.code.removeprefix("workinjury-bridge.")


class Office:
    """One injured person, one stay, and everybody who acts on it."""

    def __init__(self, bill: MedicalBill, *, cleared: bool = True) -> None:
        self.bridge = MemoryBridge()
        self.bridge.claims.cleared = cleared
        self.bill = bill
        self.fact = settled_fact(bill, SETTLED)
        self.bridge.claims.settle(self.fact, bill)
        self.settled = len(self.bridge.claims.entries)
        self.case_id = ""

    async def recognise(self, *, employer: str | None = "E1", accident: date = INJURED, facts: CaseFacts | None = None) -> None:
        report = Accident(person_id="P1", accident_on=accident, body_parts=("hand",), description="press", employer_id=employer)
        self.case_id = (await self.bridge.open_case.run(key(), report))["case_id"]
        if facts is not None:
            await self.bridge.state_facts.of_case(key(), self.case_id, facts, "clerk")
        await self.bridge.hear(self.fact)
        granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=accident, decided_by="office")
        await self.bridge.decide.run(key(), self.case_id, granted)
        await self.bridge.go_on()

    @property
    def conversion(self) -> Conversion:
        (conversion,) = self.bridge.state.conversions.values()
        return conversion

    async def approve(self) -> None:
        await self.bridge.go_on()
        await self.bridge.review.check(key(), self.conversion.conversion_id, "maker", None)
        await self.bridge.review.approve(key(), self.conversion.conversion_id, "checker", None)
        await self.bridge.go_on()
        assert self.conversion.state is ConversionState.SETTLED, self.bridge.state.hindrances
        await self.sound()

    async def revoke(self) -> None:
        await self.bridge.revoke.run(key(), self.case_id, "J1", INJURED, "court", "clerk")
        await self.bridge.go_on()
        assert self.conversion.state is ConversionState.REVERTED
        await self.sound()

    async def sound(self) -> None:
        found = await self.bridge.check.run()
        assert (found["inter_fund"], found["breaches"]) == ("equal", [])

    def wi(self) -> list[tuple[str, tuple[dict[str, int], dict[str, int]]]]:
        return [(e.kind, sides(e)) for e in self.bridge.state.entries.values()]

    def funds(self) -> Sequence[Entry]:
        """Journals of the medical books since the stay was settled."""
        return self.bridge.claims.entries[self.settled :]

    def debt(self, book: Book, debtor: str) -> Recovery:
        (found,) = [d for d in self.bridge.state.recoveries.values() if (d.book, d.debtor) == (book, debtor)]
        return found


def bill(days: tuple[date, date], lines: Sequence[BillLine], cash: str, **paid: str) -> MedicalBill:
    names = {
        "pool": ("EMP", "5001.01"),
        "res": ("RES", "5001.01"),
        "account": ("EMP", "5001.02"),
        "large": ("LARGE", "5001.01"),
    }
    return MedicalBill(
        begun_on=days[0],
        ended_on=days[1],
        total_fen=sum(line.amount_fen for line in lines),
        cash_fen=fen(cash),
        payments=tuple(
            FundPayment(book=names[n][0], account=names[n][1], fund_pay_type="", amount_fen=fen(a)) for n, a in paid.items()
        ),
        lines=tuple(lines),
    )


def line(line_id: str, amount: str, **more: Any) -> BillLine:
    return BillLine(line_id=line_id, amount_fen=fen(amount), in_catalogue=more.pop("in_catalogue", True), **more)


NINE_DAYS = (date(2026, 3, 2), date(2026, 3, 11))
