"""Conversions from the recognition to both books, while workers are killed, groups rebalance and facts come again and late.

Every blow falls when so many facts have been told as the seed says, never at a time of the clock.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from decimal import Decimal

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from devstack.stack import is_ready
from shared.clock import SystemClock
from shared.messaging.relay import republish_since
from tests.e2e.test_kill import at_rest, audit
from tests.e2e.test_thread import F1, changed, recognised, task
from tests.e2e.town import Town, until

PEOPLE = 5
VICTIMS = [
    ("claims", "worker"),
    ("workinjury-bridge", "worker"),
    ("claims", "api"),
    ("enrollment", "worker"),
    ("workinjury-bridge", "worker"),
    ("gateway", "worker"),
]
SERVICES = ("enrollment", "claims", "workinjury-bridge", "gateway")
FACTS_OF_ONE = 14
"""At least so many are told of everybody from the stay to the end of the conversion."""


async def test_every_conversion_has_its_effects_once(town: Town) -> None:
    dice = random.Random(29)
    began = SystemClock().now()
    patients = [await town.patient() for _ in range(PEOPLE)]
    emp, wi = await town.balances("EMP"), await town.balances("WI")
    before = await facts_told(town)
    conversions: list[str] = []
    seconds: list[asyncio.subprocess.Process] = []

    async def reached(facts: int) -> None:
        async def told() -> bool:
            return await facts_told(town) >= before + facts

        await until(told, f"{facts} facts", within_s=120)

    async def second_worker() -> None:
        """A member more: its group shares its partitions out again, now and when it is missed."""
        command = (sys.executable, "-m", "workinjury_bridge", "worker")
        quiet = asyncio.subprocess.DEVNULL
        environment = town.stack.environment()
        known = await members(town)
        second = await asyncio.create_subprocess_exec(*command, env=environment, stdout=quiet, stderr=quiet)
        seconds.append(second)

        async def joined() -> bool:
            assert second.returncode is None, "the second worker has died at its start"
            return not await members(town) <= known

        await until(joined, "the second worker in its group")

    async def again() -> None:
        """Every fact is published again, old ones behind newer ones."""
        for url in town.stack.database_urls.values():
            conn = await asyncpg.connect(url)
            try:
                await republish_since(conn, began)
            finally:
                await conn.close()

    async def blows() -> None:
        moments = sorted(dice.sample(range(PEOPLE * FACTS_OF_ONE), len(VICTIMS)))
        victims = dice.sample(VICTIMS, len(VICTIMS))
        for number, (moment, (service, process)) in enumerate(zip(moments, victims, strict=True)):
            await reached(moment)
            if number == 0:
                await second_worker()
            town.stack.kill(service, process)
            town.stack.launch(service, process)
            if number in (1, 4):
                await again()
            if number == 3:
                assert seconds[0].returncode is None
                seconds[0].kill()
                await seconds[0].wait()
                await second_worker()

    async def converted(number: int) -> None:
        person_id, patient = patients[number]
        settled = await town.hospitals[0].stay(patient, F1, days=12, injury=True)
        assert settled.total == Decimal(16_000)
        matter = await recognised(town, person_id)
        reviewer, approver = town.windows["lijing"], town.windows["zhaoming"]
        path = f"/v1/matters/{matter}"
        seen = await reviewer.until(path, lambda m: bool(task(m, "conversion")["parts"]), "the proposed conversion", 120)
        conversion_id = str(task(seen, "conversion")["parts"][0]["part_id"])
        await reviewer.until(f"/v1/conversions/{conversion_id}", lambda c: c["work_injury_fen"] is not None, "its figures", 120)
        await reviewer.act(matter, "conversion", "check", conversion_id=conversion_id)
        await approver.act(matter, "conversion", "approve", conversion_id=conversion_id)
        await reviewer.until(path, lambda m: m["state"] == "done", "the matter closing by itself", 120)
        conversions.append(conversion_id)

    async def answering() -> bool:
        addresses = [service.url + service.ready for service in town.stack.topology.services]
        return all(await asyncio.gather(*(asyncio.to_thread(is_ready, address) for address in addresses)))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(blows())
            for number in range(PEOPLE):
                group.create_task(converted(number))
        assert [second.returncode is None for second in seconds] == [False, True]
        await again()
        await until(answering, "every service answering again")
        await at_rest(town)
    finally:
        for second in seconds:
            if second.returncode is None:
                second.kill()
                await second.wait()
    town.stack.check()
    await audit(town)
    hospital = ("2201", f"H:{town.institutions[0].code}")
    assert changed(await town.balances("EMP"), emp) == {hospital: -1_198_500 * PEOPLE, ("1003", ""): 1_198_500 * PEOPLE}
    assert changed(await town.balances("WI"), wi) == {
        ("5001.11", ""): 1_570_000 * PEOPLE,
        ("5001.13", ""): 36_000 * PEOPLE,
        ("1003", ""): -(1_198_500 + 407_500) * PEOPLE,
    }
    of_these = "conversion_id = ANY($1::text[])"
    once = dict.fromkeys(conversions, 1)
    for service, kinds in (
        ("workinjury-bridge", ("conversion", "transfer", "payment")),
        ("claims", ("conversion", "transfer")),
    ):
        rows = await town.rows(service, f"SELECT kind, conversion_id FROM journal WHERE {of_these}", conversions)
        assert Counter(tuple(row) for row in rows) == {(kind, one): 1 for kind in kinds for one in conversions}
    for service, state in (("workinjury-bridge", "confirmed"), ("claims", "posted")):
        rows = await town.rows(service, f"SELECT conversion_id, state FROM transfer WHERE {of_these}", conversions)
        assert (Counter(row[0] for row in rows), {row[1] for row in rows}) == (once, {state})
    paid = await town.rows("workinjury-bridge", f"SELECT kind, amount_fen FROM payment WHERE {of_these}", conversions)
    assert Counter(tuple(row) for row in paid) == {("refund", 371_500): PEOPLE, ("meals", 36_000): PEOPLE}


async def members(town: Town) -> set[str]:
    """Who is in the group of the bridge's workers, or has been until lately."""
    admin = AIOKafkaAdminClient(bootstrap_servers=town.stack.kafka_bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups(["workinjury-bridge"])
    finally:
        await admin.close()
    return {member["member_id"] for group in answer.to_object()["groups"] for member in group["members"]}


async def facts_told(town: Town) -> int:
    """How many facts all services have told."""
    return sum([(await town.rows(service, "SELECT count(*) FROM outbox"))[0][0] for service in SERVICES])
