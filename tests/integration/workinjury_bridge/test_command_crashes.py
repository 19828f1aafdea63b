"""Death before any statement and any commit of the commands around a conversion, on PostgreSQL: split, advance, audit, cash benefits, the monthly run, a returned payment, a loss and its heirs. Told again with the same keys, the story ends the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, select

from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL
from tests.integration.workinjury_bridge.conftest import House
from tests.integration.workinjury_bridge.test_database import settlement_of
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters import tables_benefits as b
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.benefits.propose_pension import PensionRequest
from workinjury_bridge.application.benefits.report_loss import LossReport
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.benefits.appraisal import AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Source
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.split import Belonging, Flags
from workinjury_bridge.domain.terms import CaseFacts

ACCIDENT = date(2026, 2, 1)
Command = Callable[..., Awaitable[Any]]


class Death(BaseException):
    """The process is gone."""


class Teller:
    """Tells the story of one person; every caller repeats itself with the same key."""

    def __init__(self, house: House, person_id: str) -> None:
        self.house = house
        self.person = person_id

    async def do(self, name: str, command: Command, *arguments: Any) -> Any:
        return await command(OnceKey("story", f"{self.person} {name}", "d"), *arguments)

    async def convert(self) -> str:
        """An own disease in the stay: a part of it remains with the medical fund."""
        bridge = self.house.bridge
        accident = Accident(
            person_id=self.person,
            accident_on=ACCIDENT,
            body_parts=("hand",),
            description="press",
            employer_id=f"E{self.person}",
        )
        case_id = str((await self.do("open", bridge.open_case.run, accident))["case_id"])
        fact = settlement_of(self.person)
        if fact.settlement_id not in self.house.claims.settlements:
            self.house.claims.settle(fact, F1_BILL)
        await self.house.hear(fact)
        granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=ACCIDENT, decided_by="office")
        await self.do("decide", bridge.decide.run, case_id, granted)
        await self.house.go_on()
        conversion_id = (await self.rows(select(t.conversion).where(t.conversion.c.person_id == self.person)))[0].conversion_id
        flags = Flags(lines=(("C1", Belonging.OWN_DISEASE),))
        await self.do("split", bridge.split.propose, conversion_id, flags, "hospital")
        await self.do("agree", bridge.split.agree, conversion_id, "reviewer")
        await self.house.go_on()
        await self.do("check", bridge.review.check, conversion_id, "maker", None)
        await self.do("approve", bridge.review.approve, conversion_id, "checker", None)
        await self.house.go_on()
        return case_id

    async def tell(self) -> None:
        bridge, benefits = self.house.bridge, self.house.bridge.benefits
        case_id = await self.convert()
        later = Accident(
            person_id=self.person,
            accident_on=date(2026, 6, 1),
            body_parts=("leg",),
            description="fall",
            employer_id=f"E{self.person}",
        )
        second = (await self.do("open second", bridge.open_case.run, later))["case_id"]
        granted = NewDecision(decision_no="N2", outcome=Outcome.GRANTED, decided_on=date(2026, 7, 1), decided_by="office")
        await self.do("decide second", bridge.decide.run, second, granted)
        await self.do("uninsured", bridge.state_facts.of_case, second, CaseFacts(employer_insured=False), "clerk")
        advance = await self.do("apply", bridge.advances.apply, second, date(2026, 7, 2), "clerk")
        await self.do("serve", bridge.advances.serve, advance["advance_id"], date(2026, 7, 6), "clerk")
        await self.do("advance", bridge.advances.approve, advance["advance_id"], "checker", None)
        finding = Finding(
            settlement_id=settlement_of(self.person).settlement_id,
            line_id="A",
            amount_fen=500,
            reason="R04",
            maker="a",
            checker="b",
        )
        cut = await self.do("deduct", bridge.deduct.deduct, finding)
        await self.do("object", bridge.deduct.hear, cut["deduction_id"], None, "clerk")
        await self.do("withdraw", bridge.deduct.withdraw, cut["deduction_id"], None, "clerk")
        await self.do("wage", benefits.record_wage.run, case_id, [fen("7200")] * 12, "clerk")
        said = Conclusion(
            conclusion_no="J1", kind=AppraisalKind.INITIAL, concluded_on=date(2026, 9, 10), decided_by="city", grade=4, nursing=NursingGrade.LARGE
        )  # fmt: skip
        await self.do("appraise", benefits.record_appraisal.run, case_id, said, "clerk")
        asked = ItemRequest(kind=BenefitKind.ONE_OFF_DISABILITY, on=date(2026, 9, 10), materials=("M1",))
        item = await self.do("item", benefits.propose.run, case_id, asked, "maker")
        for signer in ("checker", "director"):
            if await self.rows(
                select(b.item).where(b.item.c.item_id == item["benefit_id"], b.item.c.state.in_(("proposed", "checked")))
            ):
                await self.do(f"sign {signer}", benefits.approve.approve, item["benefit_id"], signer)
        pension = PensionRequest(kind=BenefitKind.DISABILITY_ALLOWANCE, materials=("M1",))
        granted = await self.do("pension", benefits.propose_pension.run, case_id, pension, "maker")
        await self.do("grant", benefits.change.approve, granted["entitlement_id"], "checker")
        assert await benefits.run.run(granted["entitlement_id"]) is None
        paid = await self.rows(
            select(t.payment.c.payment_id).where(
                t.payment.c.person_id == self.person, t.payment.c.kind == "disability-allowance", t.payment.c.repays.is_(None)
            )
        )
        await self.do("back", benefits.return_payment.run, paid[0].payment_id, "account closed", "clerk")
        await self.do("repay", benefits.return_payment.repay, paid[0].payment_id, "clerk")
        report = LossReport(circumstance=Circumstance.AFTER_TIME_OFF, occurred_on=date(2026, 10, 2), source=Source.FAMILY)
        await self.do("loss", benefits.report_loss.report, case_id, report, "clerk")
        assert await benefits.run.run(granted["entitlement_id"]) is None
        funeral = await self.do(
            "funeral",
            benefits.propose.run,
            case_id,
            ItemRequest(kind=BenefitKind.FUNERAL, on=date(2026, 10, 2), materials=("M2",)),
            "maker",
        )
        await self.do("bury", benefits.approve.approve, funeral["benefit_id"], "checker")
        await self.do("heirs", benefits.confirm_succession.run, self.person, ("proof",), "clerk")

    async def outcome(self) -> Any:
        """Everything that was written, without ids."""
        journals = (
            select(t.LEDGER.journal.c.kind, t.LEDGER.line)
            .join(t.LEDGER.line, t.LEDGER.line.c.entry_id == t.LEDGER.journal.c.entry_id)
            .where(t.LEDGER.journal.c.person_id == self.person)
        )
        outbox = self.house.bridge.db.platform.outbox
        return [
            Counter(
                (r.kind, r.account, r.dim.replace(self.person, "P"), r.debit_fen, r.credit_fen)
                for r in await self.rows(journals)
            ),
            Counter((r.kind, r.amount_fen, r.payee.replace(self.person, "P")) for r in await self.rows(self.mine(t.payment))),
            Counter((r.state, r.paid) for r in await self.rows(self.mine(t.conversion))),
            Counter((r.debtor.replace(self.person, "P"), r.state) for r in await self.rows(self.mine(t.advance))),
            Counter((r.state, r.amount_fen) for r in await self.rows(self.mine(t.audit_deduction))),
            Counter((r.kind, r.state, r.amount_fen) for r in await self.rows(self.mine(b.item))),
            Counter((r.kind, r.state, r.ended) for r in await self.rows(self.mine(b.entitlement))),
            Counter((r.month, r.amount_fen, r.paid) for r in await self.rows(self.mine(b.posting))),
            Counter(
                r.type for r in await self.rows(select(outbox.c.type).where(outbox.c.payload.contains(f'"{self.person}"')))
            ),
        ]

    def mine(self, table: Any) -> Any:
        return select(table).where(table.c.person_id == self.person)

    async def rows(self, statement: Any) -> Any:
        async with self.house.bridge.db.reading() as tx:
            return await tx.all(statement)


@contextmanager
def dying_at(house: House, strike: int) -> Iterator[Callable[[], int]]:
    """Death at the n-th statement or commit, 0 never; what is yielded tells how many there were."""
    seen = 0
    engine = house.bridge.db._engine.sync_engine  # the only way to stand between two statements

    def strikes(*_: Any, **__: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == strike:
            raise Death

    points = ("before_cursor_execute", "commit")
    for point in points:
        event.listen(engine, point, strikes)
    try:
        yield lambda: seen
    finally:
        for point in points:
            event.remove(engine, point, strikes)


async def test_death_in_any_command_leaves_the_same_story(house: House) -> None:
    numbers = count()
    teller = Teller(house, f"P{next(numbers)}")
    with dying_at(house, 0) as seen:
        await teller.tell()
        points = seen()
    expected = await teller.outcome()
    assert expected[5] == {("one-off-disability", "paid", fen("151200")): 1, ("funeral", "paid", fen("39000")): 1}
    assert points > 300
    # Every sixty-first point; another set in every run would not be told again when it fails.
    for strike in range(1, points + 1, 61):
        teller = Teller(house, f"P{next(numbers)}")
        with pytest.raises(Death), dying_at(house, strike):
            await teller.tell()
        await teller.tell()
        assert await teller.outcome() == expected, f"died at point {strike} of {points}"
    found = await house.bridge.check.run()
    assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])
