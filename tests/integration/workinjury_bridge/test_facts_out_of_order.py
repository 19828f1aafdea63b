"""Facts of claims that come doubled and in any order: what the bridge makes of them is the same."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import asyncpg

from shared.messaging.codec import to_record
from shared.messaging.memory import MemoryBus
from shared.messaging.runner import Runner
from shared.money import fen
from tests.fixtures_stack import FreshDatabase
from tests.integration.workinjury_bridge.test_between_the_funds import journals
from tests.integration.workinjury_bridge.two_services import F1, Two, injured, open_two
from workinjury_bridge.entrypoints.service import SERVICE, runtime_of

BOOKED = [
    ("conversion", {"5001.11()": fen("15700"), "5001.13()": fen("360"), "2202(EMP)": -fen("11985"), "2203(P:P)": -fen("4075")}),
    ("transfer", {"2202(EMP)": fen("11985"), "1003()": -fen("11985")}),
    ("payment", {"2203(P:P)": fen("4075"), "1003()": -fen("4075")}),
]
"""Of the second settlement alone, in the work-injury book."""


async def settled_reversed_settled(two: Two, number: int) -> str:
    """A person with a stay that the hospital settled, took back and settled again; the id of the second settlement."""
    desk = two.desk
    person = await desk.person(number, scheme="310", category="11")
    visit = await desk.stay(person, F1, scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310")
    first = (await desk.call("2304", asked))["setlinfo"]["setl_id"]
    await desk.call("2305", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": first}})
    return str((await desk.call("2304", asked))["setlinfo"]["setl_id"])


async def test_any_order_of_doubled_facts_ends_in_one_conversion(fresh_database: FreshDatabase, migrated_url: str) -> None:
    async with open_two(fresh_database, migrated_url) as two:
        runtime = runtime_of(two.house.bridge)
        claims = await asyncpg.connect(two.desk.claims.db.url)
        orders = list(permutations(range(3)))
        for number, order in enumerate(orders, 1):
            second = await settled_reversed_settled(two, number)
            person = f"P{number:025d}"
            case_id = await injured(two, person)
            told = await claims.fetch(
                "SELECT * FROM outbox WHERE key = $1 AND type ~ 'claim-(settled|reversed)' ORDER BY seq", person
            )
            assert [row["type"].split(".")[1] for row in told] == ["claim-settled", "claim-reversed", "claim-settled"]
            bus = MemoryBus()
            for place in (*order, *reversed(order)):
                row = told[place]
                bus.append(
                    to_record(
                        event_id=row["event_id"],
                        type_=row["type"],
                        topic=row["topic"],
                        key=row["key"],
                        payload=row["payload"],
                        occurred_at=row["occurred_at"],
                        traceparent=None,
                    )
                )
            member = bus.subscriber(SERVICE.topics(runtime), SERVICE.name)
            await member.start()
            assert await Runner(runtime.db, member, runtime.handlers, SERVICE.name).step() == 6
            await two.house.go_on()
            found = (await two.client.get("/v1/conversions", case_id=case_id))["items"]
            (proposed,) = (c for c in found if c["state"] == "proposed")
            assert (proposed["settlement_id"], proposed["owed_fen"]) == (second, fen("11985"))
            await two.approve(f"/v1/conversions/{proposed['conversion_id']}")
            # the settlement that was taken back is proposed, and fails, only where its reversal is heard after it
            failed = ["failed"] if order.index(0) < order.index(1) else []
            found = (await two.client.get("/v1/conversions", case_id=case_id))["items"]
            assert sorted(c["state"] for c in found) == [*failed, "settled"], order
            assert [c["settlement_id"] for c in found if c["state"] == "settled"] == [second]
            booked = await journals(two, "WI", case_id=case_id)
            assert [
                (kind, {name.replace(person, "P"): each for name, each in lines.items()}) for kind, lines in booked
            ] == BOOKED
            paid = (await two.client.get(f"/v1/injury-cases/{case_id}/file"))["payments"]
            assert [(p["kind"], p["amount_fen"], p["settlement_id"]) for p in paid] == [
                ("refund", fen("3715"), second),
                ("meals", fen("360"), second),
            ]
        await claims.close()
        assert await two.books("5001.01", "1121", "1003") == [0, 0, len(orders) * fen("11985")]
        rows = (await two.client.get("/v1/conversions"))["items"]
        assert Counter(c["state"] for c in rows) == {"settled": len(orders), "failed": len(orders) // 2}
        await two.sound()
