"""Payments that the account does not cover on PostgreSQL: two of one instant never overdraw it, and each goes out once (B13, P1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from shared.money import fen
from tests.fixtures_stack import FreshDatabase
from tests.integration.workinjury_bridge.conftest import Client, House, open_house
from tests.integration.workinjury_bridge.test_benefits import MATERIALS, balances, recognised
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_clearing as tc
from workinjury_bridge.entrypoints.deadlines import deadlines, jobs

LUMP = fen("151200")


@pytest.fixture
async def house(month_end_rules: None, fresh_database: FreshDatabase, migrated_url: str) -> AsyncIterator[House]:
    """A county whose funds clear at the month's end, so that its account is watched."""
    async with open_house(await fresh_database(template=migrated_url)) as opened:
        yield opened


async def proposed(client: Client, person: str) -> str:
    case_id = await recognised(client, person)
    asked = MATERIALS | {"kind": "one-off-disability", "on": "2026-11-20"}
    return str((await client.post(f"/v1/injury-cases/{case_id}/benefits", asked))["benefit_id"])


async def replenish(client: Client, amount_fen: int) -> None:
    money = {"amount_fen": amount_fen, "source": "reserve", "reference": "B1", "maker": "lijing", "checker": "zhaoming"}
    await client.post("/v1/fund-replenishments", money)


async def work(house: House) -> None:
    (job,) = [job for job in jobs(house.bridge) if job.name == "waiting-payouts"]
    await job.run()


async def waiting(house: House) -> list[Any]:
    async with house.bridge.db.reading() as tx:
        return list(await tx.all(select(tc.waiting).order_by(tc.waiting.c.since, tc.waiting.c.payout_id)))


async def test_two_payments_of_one_instant_never_overdraw(house: House) -> None:
    client = house.client()
    items = [await proposed(client, f"P{n}") for n in range(6)]
    await replenish(client, 2 * LUMP + LUMP // 2)
    sign = {"actor": "checker"}
    answers = await asyncio.gather(*(client.post(f"/v1/benefits/{item}/approve", sign) for item in items))
    assert sorted(answer["awaits_money"] for answer in answers) == [False] * 2 + [True] * 4
    assert (await balances(client))["1003()"] == LUMP // 2
    assert [row.amount_fen for row in await waiting(house)] == [LUMP] * 4
    assert (await house.events()).count("workinjury-bridge.shortage-raised.v1") == 1
    (shown,) = (await client.get("/v1/interfund-clearings/worklist"))["items"]
    assert (shown["kind"], shown["cause"]) == (
        "payments",
        "工伤保险基金支出户余额75,600.00不足，4笔应付个人、用人单位款共604,800.00待付",
    )
    # several workers, and money for one and a half more: the oldest goes out, once
    order = [row.person_id for row in await waiting(house)]
    await replenish(client, LUMP)
    await asyncio.gather(*(work(house) for _ in range(4)))
    assert [row.person_id for row in await waiting(house)] == order[1:]
    assert (await balances(client))["1003()"] == LUMP // 2
    await replenish(client, 3 * LUMP)
    await asyncio.gather(*(work(house) for _ in range(4)))
    assert await waiting(house) == []
    assert await balances(client) == {
        "5001.16()": 6 * LUMP,
        "1004()": -(6 * LUMP + LUMP // 2),
        "1003()": LUMP // 2,
    }
    async with house.bridge.db.reading() as tx:
        paid = await tx.all(select(base.payment.c.person_id, base.payment.c.amount_fen))
        over = await tx.scalar(select(tc.payment_shortage.c.ended_on))
    assert sorted((row.person_id, row.amount_fen) for row in paid) == [(f"P{n}", LUMP) for n in range(6)]
    assert str(over) == "2026-11-22"
    assert (await client.get("/v1/invariants"))["breaches"] == []
    assert (await client.get("/v1/interfund-clearings/worklist"))["items"] == []


async def test_a_payment_that_meets_its_money_at_the_same_instant_goes_out_or_waits_but_never_both(house: House) -> None:
    client = house.client()
    for n in range(4):
        item = await proposed(client, f"P{n}")
        sign = client.post(f"/v1/benefits/{item}/approve", {"actor": "checker"})
        answer, *_ = await asyncio.gather(sign, replenish(client, LUMP), work(house))
        assert answer["state"] == "paid"
        await work(house)
        found = await balances(client)
        assert ("1003()" in found, found["1004()"]) == (False, -(n + 1) * LUMP)
    assert (await client.get("/v1/invariants"))["breaches"] == []


async def test_the_next_one_is_asked_when_the_first_does_not_answer(house: House) -> None:
    client = house.client()
    item = await proposed(client, "P1")
    await client.post(f"/v1/benefits/{item}/approve", {"actor": "checker"})
    async with house.bridge.db.reading() as tx:
        shortage_id = await tx.scalar(select(tc.payment_shortage.c.shortage_id))
    async with house.bridge.db.transaction() as tx:
        await deadlines(house.bridge)["clearing-shortage"](tx, str(shortage_id), {})
    (shown,) = (await client.get("/v1/interfund-clearings/worklist"))["items"]
    assert shown["fix"].startswith("申请动用储备金")
    assert (await house.events()).count("workinjury-bridge.shortage-raised.v1") == 2
