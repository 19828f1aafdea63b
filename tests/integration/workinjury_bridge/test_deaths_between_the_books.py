"""Death at every point between the books, with the real claims, each service on its own PostgreSQL database.

A story is told undisturbed and every point is noted at which a process talks to its database or to the other service. Then it is
told of another person for each point that differs, and somebody dies there: the caller and all in it, or the other side alone,
whose line is cut and which is up again at the next try. Then everybody who did not get an answer says again what he had said,
with the same keys. In the end every row of every table about each person, in both databases, is as if nobody had died.
"""

from __future__ import annotations

import json
import math
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any, ClassVar

import asyncpg
import httpx
import pytest
from sqlalchemy import select

from claims.adapters.registry import InstitutionDirectory
from shared.clock import FixedClock
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.deaths import Life, aside, lived, mortal_connections
from tests.factories.his_messages import INSTITUTION
from tests.factories.whole_database import row_counts, rows_about
from tests.fixtures_stack import FreshDatabase
from tests.integration.workinjury_bridge.two_services import F1, PAPERS, Two, Wire, open_two
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.clearing.replenish_fund import Replenishment
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.clearing import Remedy
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.split import Belonging, Flags
from workinjury_bridge.domain.terms import CaseFacts

__all__ = ["mortal_connections"]  # a fixture

BRIDGE, CLAIMS = "workinjury-bridge", "claims"
DAY = date(2026, 3, 20)
GRANTED = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
WRITTEN = ("seq", "recorded_at", "received_at", "published_at")
"""Order and time of writing, and whether a relay has run since."""
SEALED = ("certno_index", "sealed", "digest", f"{CLAIMS}.his_message.answer")
"""Of which nothing can be seen but that they differ."""
NAMED = ("hospital_no", "invoice_no", "line_no", "line_id", "msgid", "coverage_id")
"""By the hospital, or here, in words of its own for each person."""
_numbers = count(1001)


class MortalWire(Wire):
    """A network cable at both ends of which somebody can die."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        life, ordinary = lived(), super().handle_async_request
        if life is None:
            return await ordinary(request)
        callee = self.app.service
        return await life.calls(CLAIMS if callee == BRIDGE else BRIDGE, callee, lambda: ordinary(request))


@asynccontextmanager
async def open_county(processes: dict[str, str], fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[Two]:
    """Both services, with connections that can be struck; how long a life takes puts no statement into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InstitutionDirectory.__init__, "__kwdefaults__", {"fresh_s": math.inf, "monotonic": time.monotonic})
        async with open_two(fresh_database, migrated_url, MortalWire) as two:
            for name, url in databases(two).items():
                processes[url.rpartition("/")[2]] = name
            two.desk.numbers = count(100_001)  # no name of a line is an account or a code of a list
            yield two


def databases(two: Two) -> dict[str, str]:
    return {BRIDGE: two.house.bridge.db.url, CLAIMS: two.desk.claims.db.url}


@pytest.fixture(scope="module")
async def county(mortal_connections: dict[str, str], fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[Two]:
    async with open_county(mortal_connections, fresh_database, migrated_url) as two:
        yield two


Journal = tuple[str, dict[str, int]]
"""Kind, and by account and dimension what is debited, less what is credited."""


class Story(ABC):
    """What happens to one person; every caller repeats himself with the same key."""

    every = 1
    """Which of the points at which death differs: all, or every so manieth."""
    strikes: int
    """At so many points at least death differs."""
    ends: tuple[str, str]
    """A table of the bridge, and the state in it."""
    books: ClassVar[dict[str, list[Journal]]]
    """By book the journals that it leaves when nobody dies, of the hospital ``H`` and the person ``P``."""

    def __init__(self, two: Two) -> None:
        self.two = two
        self.bridge = two.house.bridge
        self.number = next(_numbers)
        self.person = ""
        self.case_id = ""
        self.booked: dict[str, int] = {}
        """By process the last journal before."""

    @abstractmethod
    async def prepare(self) -> None:
        """Before anybody dies."""

    @abstractmethod
    async def tell(self) -> None:
        """What death may interrupt, from its beginning; what is done already changes nothing."""

    async def ended(self) -> None:
        """What nobody disturbed has left in the books, in figures."""
        told: dict[str, list[Journal]] = {"WI": [], "EMP": []}
        for process, url in databases(self.two).items():
            for book, kind, lines in await booked_since(url, self.booked[process]):
                plain = {name.replace(self.person, "P").replace(INSTITUTION, "H"): amount for name, amount in lines}
                told[book].append((kind, plain))
        assert told == self.books

    def key(self, name: str) -> OnceKey:
        return OnceKey("story", f"{self.person} {name}", "d")

    async def injured(self, **accident: Any) -> None:
        """An insured person whose accident is reported."""
        self.person = await self.two.desk.person(self.number, scheme="310", category="11", account_fen=100_000)
        about = {"accident_on": date(2026, 3, 1)} | accident
        told = Accident(person_id=self.person, body_parts=("hand",), description="press", **about)
        self.case_id = (await self.bridge.open_case.run(self.key("open"), told))["case_id"]

    async def stay(self, lines: list[tuple[str, str]], total: str, **envelope: Any) -> dict[str, Any]:
        """A stay in hospital that is not settled; its settlement message."""
        desk = self.two.desk
        visit = await desk.stay(self.person, lines, scheme="310", **envelope)
        return desk.stay_input(visit, self.person, total, scheme="310", account="1")

    async def go_on(self) -> None:
        """What the worker's jobs do."""
        for conversion_id in await self.bridge.advance.due():
            assert await self.bridge.advance.run(conversion_id) is None
        for movement_id in await self.bridge.book_movements.due():
            assert await self.bridge.book_movements.run(movement_id) is None
        for double_bill_id in await self.bridge.double_bills.due():
            assert await self.bridge.double_bills.charge(double_bill_id) is None

    async def one(self, column: Any, *conditions: Any) -> str:
        """A column of the person's one row."""
        with aside():
            async with self.bridge.db.reading() as tx:
                (row,) = await tx.all(select(column).where(column.table.c.person_id == self.person, *conditions))
        return str(row[0])


F1_IN_WI: Journal = (
    "conversion",
    {"5001.11()": fen("15700"), "5001.13()": fen("360"), "2202(EMP)": -fen("12985"), "2203(P:P)": -fen("3075")},
)


class Converted(Story):
    """F1 and F9: a settled stay goes over to the work-injury fund, is paid between the funds and to the person, and comes back."""

    strikes = 50
    books: ClassVar = {
        "EMP": [
            ("settlement", {"5001.01()": fen("11985"), "5001.02()": fen("1000"), "2201(H:H)": -fen("12985")}),
            ("conversion", {"1121(WI)": fen("12985"), "5001.01()": -fen("11985"), "5001.02()": -fen("1000")}),
            ("transfer", {"1003()": fen("12985"), "1121(WI)": -fen("12985")}),
            ("conversion", {"5001.01()": fen("11985"), "5001.02()": fen("1000"), "2202(WI)": -fen("12985")}),
            ("transfer", {"2202(WI)": fen("12985"), "1003()": -fen("12985")}),
        ],
        "WI": [
            F1_IN_WI,
            ("transfer", {"2202(EMP)": fen("12985"), "1003()": -fen("12985")}),
            ("payment", {"2203(P:P)": fen("3075"), "1003()": -fen("3075")}),
            (
                "contra",
                {"1121(EMP)": fen("12985"), "1125(P:P)": fen("3075"), "5001.11()": -fen("15700"), "5001.13()": -fen("360")},
            ),
            ("transfer", {"1003()": fen("12985"), "1121(EMP)": -fen("12985")}),
        ],
    }
    ends = ("conversion", "reverted")

    async def prepare(self) -> None:
        await self.injured()
        await self.two.desk.call("2304", await self.stay(F1, "16000.00"))

    async def convert(self) -> None:
        bridge = self.bridge
        await bridge.decide.run(self.key("decide"), self.case_id, GRANTED)
        await self.go_on()
        conversion_id = await self.one(t.conversion.c.conversion_id)
        await bridge.review.check(self.key("check"), conversion_id, "lijing", None)
        await bridge.review.approve(self.key("approve"), conversion_id, "zhaoming", None)
        await self.go_on()

    async def tell(self) -> None:
        await self.convert()
        await self.bridge.revoke.run(self.key("revoke"), self.case_id, "J1", DAY, "court", "clerk")
        await self.go_on()


class Mixed(Story):
    """F5 and F8: a part of the stay remains with the medical fund, and the employer that filed late pays it back."""

    strikes = 45
    # pool 2125 of 3000 and 425 of the 1000 that stay, the rest by the account; all of it before the acceptance, 12 days after it
    books: ClassVar = {
        "EMP": [
            ("settlement", {"5001.01()": fen("2125"), "5001.02()": fen("875"), "2201(H:H)": -fen("3000")}),
            ("conversion", {"1123(E:E1)": fen("2000"), "5001.01()": -fen("1700"), "5001.02()": -fen("300")}),
            ("receipt", {"1003()": 107, "1123(E:E1)": -100, "4007()": -7}),
            ("conversion", {"5001.01()": fen("1700"), "5001.02()": fen("300"), "1123(E:E1)": -fen("1999"), "2204(E:E1)": -100}),
        ],
        "WI": [
            ("conversion", {"5001.13()": fen("360"), "2203(P:P)": -fen("360")}),
            ("payment", {"2203(P:P)": fen("360"), "1003()": -fen("360")}),
            ("contra", {"1125(P:P)": fen("360"), "5001.13()": -fen("360")}),
        ],
    }
    every = 3
    ends = ("conversion", "reverted")

    async def prepare(self) -> None:
        await self.injured(employer_id="E1", accident_on=date(2026, 1, 9))
        asked = await self.stay([("A1", "2000.00"), ("A1", "1000.00")], "3000.00", begun="2026-01-10")
        await self.two.desk.call("2304", asked)
        pool = await self.two.desk.claims.db.pool()
        self.last_line = str(await pool.fetchval("SELECT max(line_no::int) FROM fee_line"))
        late = CaseFacts(filed_on=date(2026, 3, 1), accepted_on=date(2026, 3, 2))
        await self.bridge.state_facts.of_case(self.key("facts"), self.case_id, late, "clerk")

    async def tell(self) -> None:
        bridge = self.bridge
        await bridge.decide.run(self.key("decide"), self.case_id, GRANTED)
        await self.go_on()
        conversion_id = await self.one(t.conversion.c.conversion_id)
        flags = Flags(lines=((self.last_line, Belonging.OWN_DISEASE),))
        await bridge.split.propose(self.key("split"), conversion_id, flags, "hospital")
        await bridge.split.agree(self.key("agree"), conversion_id, "reviewer")
        await self.go_on()
        await bridge.review.check(self.key("check"), conversion_id, "lijing", None)
        await bridge.review.approve(self.key("approve"), conversion_id, "zhaoming", None)
        await self.go_on()
        debt = await self.one(t.recovery.c.recovery_id, t.recovery.c.debtor == "E:E1")
        await bridge.debts.receive(self.key("receipt"), debt, 100, 7, "B1", "clerk")
        await self.go_on()
        await bridge.revoke.run(self.key("revoke"), self.case_id, "J1", DAY, "court", "clerk")
        await self.go_on()


class PaidTwice(Story):
    """F11: the same bill at both funds, and the medical fund charges it back."""

    strikes = 8
    books: ClassVar = {
        "EMP": [
            ("settlement", {"5001.01()": fen("9605"), "5001.02()": fen("1000"), "2201(H:H)": -fen("10605")}),
            ("charge-back", {"1125(P:P)": fen("10605"), "5001.01()": -fen("9605"), "5001.02()": -fen("1000")}),
        ],
        "WI": [
            ("paper-claim", {"5001.11()": fen("12000"), "2203(P:P)": -fen("12000")}),
            ("payment", {"2203(P:P)": fen("12000"), "1003()": -fen("12000")}),
        ],
    }
    ends = ("double_bill", "charged")

    async def prepare(self) -> None:
        await self.injured()
        await self.bridge.decide.run(self.key("decide"), self.case_id, GRANTED)
        papers = PAPERS | {"invoice_no": f"FP{self.number}"}
        claim = await self.two.client.post(f"/v1/injury-cases/{self.case_id}/paper-claims", papers, key=self.person)
        await self.bridge.papers.approve(self.key("papers"), claim["paper_claim_id"], "zhaoming")
        await self.two.desk.call("2304", await self.stay([("A1", "10000.00"), ("B1", "2000.00")], "12000.00"))

    async def tell(self) -> None:
        clue = await self.one(t.double_bill.c.double_bill_id)
        await self.bridge.double_bills.confirm(self.key("confirm"), clue, "lijing", "zhaoming", None)
        await self.go_on()


class SettledDirectly(Story):
    """The hospital settles with the work-injury fund at once, and takes it back: a call from claims, and facts over the bus."""

    strikes = 16
    books: ClassVar = {
        "EMP": [],
        "WI": [
            ("settlement", {"5001.11()": fen("15700"), "2201(H:H)": -fen("15700")}),
            ("benefit", {"5001.13()": fen("360"), "2203(P:P)": -fen("360")}),
            ("contra", {"2201(H:H)": fen("15700"), "5001.11()": -fen("15700")}),
            ("contra", {"2203(P:P)": fen("360"), "5001.13()": -fen("360")}),
        ],
    }
    ends = ("direct_settlement", "reversed")

    async def prepare(self) -> None:
        await self.injured()
        await self.bridge.decide.run(self.key("decide"), self.case_id, GRANTED)
        self.asked = await self.stay(F1, "16000.00", recer_sys_code="GSXT")
        self.answered: dict[str, Any] = {}

    async def tell(self) -> None:
        if lived() is None:
            await self.two.worker_dies()
        settled = (await self.say("2304", self.asked))["setlinfo"]
        await self.two.flush()
        visit = self.asked["data"]["mdtrt_id"]
        await self.say("2305", {"data": {"mdtrt_id": visit, "psn_no": self.person, "setl_id": settled["setl_id"]}})
        await self.two.flush()

    async def say(self, infno: str, message: Any) -> Any:
        """Until it is answered."""
        if infno not in self.answered:
            msgid = f"{infno}{self.person}"
            self.answered[infno] = await self.two.desk.call(infno, message, msgid=msgid, recer_sys_code="GSXT")
        return self.answered[infno]


class ClearedMonth(Converted):
    """B13: what the funds owe each other is cleared at the month's end, in part and then wholly; every person has a month."""

    strikes = 45
    books: ClassVar = {
        "EMP": [
            *Converted.books["EMP"][:2],
            ("transfer", {"1003()": fen("5000"), "1121(WI)": -fen("5000")}),
            ("transfer", {"1003()": fen("7985"), "1121(WI)": -fen("7985")}),
        ],
        "WI": [
            ("replenishment", {"1003()": fen("8075"), "1004()": -fen("8075")}),
            F1_IN_WI,
            ("payment", {"2203(P:P)": fen("3075"), "1003()": -fen("3075")}),
            ("transfer", {"2202(EMP)": fen("5000"), "1003()": -fen("5000")}),
            ("replenishment", {"1003()": fen("7985"), "1004()": -fen("7985")}),
            ("transfer", {"2202(EMP)": fen("7985"), "1003()": -fen("7985")}),
        ],
    }
    every = 3
    ends = ("conversion", "settled")

    async def prepare(self) -> None:
        await super().prepare()
        await self.two.flush()
        clock = self.bridge.month_end.advance.clock
        assert isinstance(clock, FixedClock)
        await self.replenish("8075")
        await self.convert()
        self.month = f"{clock.today():%Y-%m}"
        while f"{clock.today():%Y-%m}" == self.month:
            clock.advance(timedelta(days=1))

    async def tell(self) -> None:
        month_end = self.bridge.month_end
        run = await month_end.decide.propose(self.key("propose"), Book.WI, self.month, "lijing")
        await month_end.decide.approve(self.key("freeze"), run["clearing_id"], "zhaoming")
        await self.clear()
        await self.replenish("7985")
        await self.clear()
        await self.go_on()

    async def clear(self) -> None:
        """What the worker's job does."""
        advance = self.bridge.month_end.advance
        for clearing_id in await advance.due():
            assert await advance.run(clearing_id) is None

    async def replenish(self, yuan: str) -> None:
        money = Replenishment(
            amount_fen=fen(yuan), source=Remedy.FISCAL_ACCOUNT, reference=self.person, maker="lijing", checker="zhaoming"
        )
        await self.bridge.month_end.replenish.run(self.key(f"money {yuan}"), money)


async def last_journal(url: str) -> int:
    conn = await asyncpg.connect(url)
    try:
        return int(await conn.fetchval("SELECT coalesce(max(seq), 0) FROM journal"))
    finally:
        await conn.close()


async def booked_since(url: str, last: int) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """Book, kind and lines of every journal after ``last``."""
    conn = await asyncpg.connect(url)
    try:
        found = await conn.fetch(
            "SELECT j.book, j.kind, json_agg(json_build_array(l.account || '(' || l.dim || ')', l.debit_fen - l.credit_fen)"
            " ORDER BY l.line_no)::text AS lines FROM journal j JOIN journal_line l USING (entry_id) WHERE j.seq > $1"
            " GROUP BY j.seq, j.book, j.kind ORDER BY j.seq",
            last,
        )
    finally:
        await conn.close()
    return [(row["book"], row["kind"], json.loads(row["lines"])) for row in found]


async def told(story: Story, strike: int = 0) -> Life:
    """Once as a life that may end early, and once more from the beginning."""
    story.booked = {process: await last_journal(url) for process, url in databases(story.two).items()}
    await story.prepare()
    await story.two.flush()
    life = Life(strike)
    await life.live(story.tell())
    await story.tell()
    return life


async def expect_same_rows_wherever_it_dies(county: Two, kind: type[Story], blurred: str = r"(?!)") -> None:
    """A person for every point of the story at which death differs; in the end the rows about them are the same."""
    dice = random.Random(kind.__name__)
    first, plain = kind(county), kind(county)
    await told(first)  # what is prepared and opened once
    more: dict[str, Counter[str]] = {}

    async def lived_by(story: Story, strike: int = 0) -> Life:
        before = await row_counts(databases(county))
        life = await told(story, strike)
        more[story.person] = await row_counts(databases(county)) - before
        return life

    undisturbed = await lived_by(plain)
    assert undisturbed.broken == []
    await plain.ended()
    strikes = undisturbed.strikes(dice)
    struck = [undisturbed.points[strike - 1] for strike in strikes]
    assert {point.process for point in struck} == {BRIDGE, CLAIMS}
    assert {point.what for point in struck} >= {"statement", "committed", "call", "answered"}
    assert len(struck) >= kind.strikes
    where = {first.person: "undisturbed"}
    for strike in strikes[dice.randrange(kind.every) :: kind.every]:
        story = kind(county)
        life = await lived_by(story, strike)
        where[story.person] = f"died at {life.points[strike - 1]}, {strike} of {len(undisturbed.points)}"
        assert life.points[:strike] == undisturbed.points[:strike]
    await county.flush()
    rows = await rows_about(
        databases(county),
        [plain.person, *where],
        volatile=(*WRITTEN, *SEALED),
        numbered=NAMED,
        blurred=f"W[0-9a-f]{{25}}|{blurred}",
    )
    expected = rows[plain.person]
    table, state = kind.ends
    ends = [row for place, row in expected.elements() if place == f"{BRIDGE}.{table}"]
    assert [f'"state": "{state}"' in row for row in ends] == [True]
    for person, place in where.items():
        assert (rows[person] - expected, expected - rows[person]) == (Counter(), Counter()), place
        assert more.get(person, more[plain.person]) == more[plain.person], place
    await county.sound()


@pytest.mark.parametrize("kind", [Converted, Mixed, PaidTwice, SettledDirectly])
async def test_death_at_any_point_leaves_the_same_rows(county: Two, kind: type[Story]) -> None:
    await expect_same_rows_wherever_it_dies(county, kind)


async def test_death_in_a_month_end_clearing_leaves_the_same_rows(
    month_end_rules: None, mortal_connections: dict[str, str], fresh_database: FreshDatabase, migrated_url: str
) -> None:
    async with open_county(mortal_connections, fresh_database, migrated_url) as two:
        await expect_same_rows_wherever_it_dies(two, ClearedMonth, r"20\d\d-\d\d(-\d\d)?(T[\d:.]+(Z|\+\d\d:\d\d))?")
