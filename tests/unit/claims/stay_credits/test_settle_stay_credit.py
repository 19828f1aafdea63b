"""The worker's side of a stay on credit, on fakes: who is asked, what is put off until when, and what is left to others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from claims.application.settlement.asked import Asked
from claims.application.stay_credits.ports import Seen
from claims.application.stay_credits.settle_stay_credit import SettleStayCredit
from claims.domain.adjudication import Split
from claims.domain.institution import Institution
from claims.domain.settlement import Batch, Identity, VisitToSettle
from claims.domain.stay_credit import InjuryStanding, StayCredit
from shared.clock import FixedClock
from shared.errors import Refusal, conflict
from shared.ledger import Book

NOW = datetime(2026, 3, 20, 1, tzinfo=UTC)
CREDIT = StayCredit(
    credit_id="G1",
    visit_id="V1",
    person_id="P1",
    institution_code="H42050100001",
    opened_by="wangfang",
    until=date(2026, 6, 12),
)
HOSPITAL = Institution(
    code="H42050100001", version=1, name="县人民医院", kind="1", level=2, region="990101", active=True, signature="none", access_key="", secret_sealed="",
)  # fmt: skip
UNDECIDED = InjuryStanding(stands="undecided")
DENIED = InjuryStanding(stands="denied", decided_on=date(2026, 3, 18))


def batch(batch_id: str, total_fen: int, settlement_id: str | None) -> Batch:
    return Batch(batch_id=batch_id, batch_no="", settlement_id=settlement_id, split=Split(total_fen, 0, 0, 0, total_fen))


VISIT = VisitToSettle(
    visit_id="V1",
    person_id="P1",
    institution_code="H42050100001",
    inpatient=True,
    scheme="310",
    med_type="22",
    state="discharged",
    begun_on=date(2026, 3, 2),
    ended_on=date(2026, 3, 14),
    work_injury=False,
    injury_suspect=True,
    credit_id="G1",
    disease_code="",
    disease_name="",
    identity=Identity(name="张三", cert_type="01", certno="1", naty="01"),
    sex="1",
    born_on=date(1974, 4, 10),
    coverages=(),
    classes=(),
    filings=(),
    batches=(batch("B1", 5_000, "S1"), batch("B2", 864_000, None)),
)


@dataclass
class House:
    """Everything that the use case asks; what it did is kept."""

    credit: StayCredit = CREDIT
    stands: InjuryStanding | Refusal = UNDECIDED
    refuses: Refusal | None = None
    ends_meanwhile: bool = False
    closed: dict[Book, date] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    rested: list[datetime] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        yield self

    async def find(self, tx: Any, credit_id: str) -> Seen | None:
        return Seen(self.credit, 3) if credit_id == self.credit.credit_id else None

    async def rest(self, tx: Any, seen: Seen, until: datetime) -> None:
        assert seen.wakes == 3
        self.rested.append(until)

    async def put_off(self, tx: Any, seen: Seen, now: datetime, hindrance: str) -> None:
        assert (seen.wakes, now) == (3, NOW)
        self.hindered.append(hindrance)

    async def standing(self, person_id: str, begun_on: date) -> InjuryStanding:
        assert (person_id, begun_on) == ("P1", date(2026, 3, 2))
        if isinstance(self.stands, Refusal):
            raise self.stands
        return self.stands

    async def visit(self, visit_id: str) -> VisitToSettle:
        return VISIT

    async def institution(self, code: str) -> Institution:
        return HOSPITAL

    async def open_day(self, tx: Any, book: Book, day: date) -> date:
        return max(day, self.closed.get(book, day))

    async def run(self, asked: Asked) -> bytes:
        self.asked.append(asked)
        if self.ends_meanwhile:
            self.credit = replace(self.credit, state="settled", ended_by="hospital", settlement_id="S2")
        if self.refuses is not None:
            raise self.refuses
        return b"S2"

    def use_case(self, books: Sequence[Book] = (Book.EMP, Book.LARGE)) -> SettleStayCredit:
        me: Any = self
        return SettleStayCredit(me, me, me, me, self.institution, me, me, books, FixedClock(NOW))


async def test_undecided_it_rests_until_the_day_after_the_limit() -> None:
    house = House()
    assert await house.use_case().run("G1") is None
    assert (house.rested, house.asked) == ([datetime(2026, 6, 12, 16, tzinfo=UTC)], [])


async def test_denied_it_is_a_2304_of_the_agency_for_what_is_unsettled() -> None:
    house = House(stands=DENIED)
    assert await house.use_case().run("G1") is None
    (asked,) = house.asked
    assert asked.message[:3] == ("H42050100001", "2304", "G1")
    command = asked.command
    assert (command.total_fen, command.scheme, command.account_use, command.interim) == (864_000, "310", "0", False)
    assert asked.credit is not None
    assert (asked.credit.ended_by, asked.credit.rules_on, asked.credit.booked_on) == (
        "denied",
        date(2026, 3, 14),
        date(2026, 3, 18),
    )
    assert house.rested == house.hindered == []


async def test_a_closed_month_is_not_booked_into() -> None:
    house = House(stands=DENIED, closed={Book.LARGE: date(2026, 4, 1)})
    await house.use_case().run("G1")
    assert house.asked[0].credit is not None
    assert house.asked[0].credit.booked_on == date(2026, 4, 1)


@pytest.mark.parametrize("credit", [replace(CREDIT, credit_id="G2"), CREDIT.withdrawn("stayed-on")])
async def test_what_is_over_is_left_alone(credit: StayCredit) -> None:
    house = House(credit=credit, stands=DENIED)
    assert await house.use_case().run("G1") is None
    assert (house.asked, house.rested) == ([], [])


@pytest.mark.parametrize("where", ["stands", "refuses"])
async def test_what_hinders_is_shown_and_tried_again(where: str) -> None:
    refusal = conflict("claims.x.y", "该人员没有有效参保", field="psn_no")
    house = House(stands=refusal) if where == "stands" else House(stands=DENIED, refuses=refusal)
    assert await house.use_case().run("G1") == "claims.x.y"
    assert (house.hindered, house.rested) == (["该人员没有有效参保"], [])


async def test_who_finds_it_ended_by_another_in_the_same_instant_says_nothing() -> None:
    house = House(stands=DENIED, refuses=conflict("claims.stay-credit.over", "", field="x"), ends_meanwhile=True)
    assert await house.use_case().run("G1") is None
    assert [asked.command.total_fen for asked in house.asked] == [864_000]
    assert house.rested == house.hindered == []
