"""The burden watch on claims' own events: once over, back under, households, two members at the same instant."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from claims.application.burden.ports import WatchFilter
from claims.entrypoints.events import batch_handlers, handlers
from shared.contracts import Envelope
from shared.contracts.enrollment import CoveragePeriod, PersonStated
from shared.errors import Refusal
from shared.messaging.codec import decode, encode_data, to_record
from shared.transactions import OnceKey
from tests.factories.claims_desk import REGION, ClaimsDesk

EVERYWHERE = WatchFilter(regions=[""])


async def envelopes(desk: ClaimsDesk, after: int = 0) -> list[Envelope]:
    """What claims has published, as its own worker gets it."""
    rows = await (await desk.claims.db.pool()).fetch("SELECT * FROM outbox WHERE seq > $1 ORDER BY seq", after)
    found = [
        decode(
            to_record(
                event_id=r["event_id"], type_=r["type"], topic=r["topic"], key=r["key"], payload=r["payload"],
                occurred_at=r["occurred_at"], traceparent=None,
            )
        )
        for r in rows
    ]  # fmt: skip
    return [envelope for envelope in found if envelope is not None]


async def consume(desk: ClaimsDesk, *, together: bool = True) -> None:
    """Run the reactions to everything published so far, again: nothing may come of what was seen before."""
    claims = desk.claims
    reactions = handlers(claims.on_person_stated, claims.update_burdens, claims.stay_credits.settle)
    batches = batch_handlers(claims.on_person_stated, claims.update_burdens, claims.stay_credits.settle)
    mine = [envelope for envelope in await envelopes(desk) if envelope.type in reactions]
    if together and mine and len({envelope.type for envelope in mine}) == 1:
        async with claims.db.transaction() as tx:
            await batches[mine[0].type](tx, mine)
        return
    for envelope in mine:
        async with claims.db.transaction() as tx:
            await reactions[envelope.type](tx, envelope)


async def told(desk: ClaimsDesk) -> list[tuple[str, str, int | None]]:
    """(what, line, amount) of the events on burdens."""
    rows = await (await desk.claims.db.pool()).fetch(
        "SELECT type, payload FROM outbox WHERE type LIKE 'claims.burden-%' ORDER BY seq"
    )
    return [(r["type"], (data := orjson.loads(r["payload"]))["line"], data.get("amount_fen")) for r in rows]


async def settle(desk: ClaimsDesk, person: str, code: str, yuan: str) -> tuple[str, str]:
    """A settled stay: visit and settlement."""
    visit = await desk.stay(person, [(code, yuan)])
    info = (await desk.call("2304", desk.stay_input(visit, person, yuan)))["setlinfo"]
    return visit, str(info["setl_id"])


async def state(desk: ClaimsDesk, person: str, version: int, household: str | None, region: str = REGION) -> None:
    """Enrollment states the person again, living elsewhere."""
    known = await (await desk.claims.db.pool()).fetchrow("SELECT * FROM insured_person WHERE person_id = $1", person)
    assert known is not None
    cover = CoveragePeriod(
        coverage_id="C",
        scheme="390",
        person_category="15",
        begins_on=date(2024, 1, 1),
        ends_on=None,
        status="active",
        region=region,
    )
    fact = PersonStated(
        person_id=person, version=version, sealed=known["sealed"], certno_index=known["certno_index"], sex="1",
        born_on=date(1974, 4, 10), coverages=[cover], household_id=household,
    )  # fmt: skip
    record = to_record(
        event_id=f"{person}:{version}",
        type_="enrollment.person-stated.v1",
        topic="enrollment.person.v1",
        key=person,
        payload=encode_data(fact),
        occurred_at=desk.clock.now(),
        traceparent=None,
    )
    envelope = decode(record)
    assert envelope is not None
    async with desk.claims.db.transaction() as tx:
        await handlers(desk.claims.on_person_stated, desk.claims.update_burdens, desk.claims.stay_credits.settle)[
            envelope.type
        ](tx, envelope)


async def test_a_line_is_told_once_when_exceeded_and_taken_back_by_a_reversal(desk: ClaimsDesk) -> None:
    person = await desk.person(1)
    # Level 2: 500 and 25 % of the rest: 2,400.00 on 8,100.00, which is the line and not over it.
    await settle(desk, person, "A1", "8100.00")
    await consume(desk)
    assert await told(desk) == []
    visit, settlement = await settle(desk, person, "A1", "100.00")
    await consume(desk)
    await consume(desk, together=False)
    crossed = ("claims.burden-line-crossed.v1", "tenth", 250_000)
    assert await told(desk) == [crossed]
    (line,) = await desk.claims.list_burden_watch(EVERYWHERE, None, 10)
    shown = ("subject_kind", "subject_id", "benefit_year", "line", "amount_fen", "line_fen", "region", "state")
    assert [line.values[name] for name in shown] == ["person", person, 2026, "tenth", 250_000, 240_000, REGION, "open"]
    for where in (WatchFilter(regions=["9902"]), replace(EVERYWHERE, state="applied"), replace(EVERYWHERE, line="quarter")):
        assert await desk.claims.list_burden_watch(where, None, 10) == []
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    await consume(desk)
    assert await told(desk) == [crossed, ("claims.burden-back-under.v1", "tenth", None)]
    assert await desk.claims.list_burden_watch(EVERYWHERE, None, 10) == []
    await settle(desk, person, "A1", "100.00")
    await consume(desk)
    assert (await told(desk))[2:] == [crossed]
    assert await desk.count("burden_crossing") == 1


async def test_a_corrected_settlement_counts_as_it_stands(desk: ClaimsDesk) -> None:
    person = await desk.person(1)
    visit, settlement = await settle(desk, person, "A1", "1000.00")
    await settle(desk, person, "A1", "1000.00")
    await consume(desk)
    burden = "SELECT in_scope_self_pay_fen, out_of_pocket_fen FROM burden"
    # 500 and 250 of deductible, 25 % of what is above: 625.00 and 437.50.
    assert tuple(await (await desk.claims.db.pool()).fetchrow(burden) or ()) == (106_250, 106_250)
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    assert await desk.count("settlement_correction") == 1
    await consume(desk)
    # The second stay is the first of the year now.
    assert tuple(await (await desk.claims.db.pool()).fetchrow(burden) or ()) == (62_500, 62_500)


async def test_a_household_counts_together_and_its_line_moves_with_its_members(desk: ClaimsDesk) -> None:
    mother = await desk.person(1, household="H1")
    child = await desk.person(2, household="H1")
    third = await desk.person(3)
    await settle(desk, mother, "C1", "13000.00")
    await settle(desk, child, "C1", "11000.00")
    await consume(desk)
    assert await told(desk) == []
    await settle(desk, child, "C1", "0.01")
    await consume(desk)
    over = ("claims.burden-line-crossed.v1", "household_half", 2_400_001)
    assert await told(desk) == [over]
    await state(desk, third, 2, "H1")
    under = ("claims.burden-back-under.v1", "household_half", None)
    assert await told(desk) == [over, under]
    await state(desk, third, 3, None)
    assert await told(desk) == [over, under, over]
    await state(desk, child, 2, "H2")
    # The mother alone: 13,000 over a line of 12,000, which is no news; the child alone: 11,000.01 under it.
    assert await told(desk) == [over, under, over]
    (line,) = await desk.claims.list_burden_watch(EVERYWHERE, None, 10)
    assert (line.values["subject_id"], line.values["amount_fen"], line.values["line_fen"]) == ("H1", 1_300_000, 1_200_000)
    rows = await (await desk.claims.db.pool()).fetch("SELECT * FROM burden ORDER BY subject_kind, subject_id")
    assert [(r["subject_kind"], r["subject_id"], r["out_of_pocket_fen"], r["members"]) for r in rows] == [
        ("household", "H1", 1_300_000, 1),
        ("household", "H2", 1_100_001, 1),
        ("person", mother, 1_300_000, 1),
        ("person", child, 1_100_001, 1),
    ]


async def test_members_at_the_same_instant_are_summed_up_right(desk: ClaimsDesk) -> None:
    claims = desk.claims
    for round_ in range(15):
        people = [await desk.person(10 * round_ + n, household=f"H{round_}") for n in (1, 2, 3)]
        settled = [(await settle(desk, person, "C1", "100.00"))[1] for person in people]

        async def react(settlement: str) -> None:
            async with claims.db.transaction() as tx:
                await claims.update_burdens.after_settlements(tx, {settlement})

        await asyncio.gather(*(react(settlement) for settlement in settled))
        sums = "out_of_pocket_fen = 30000 AND members = 3"
        assert await desk.count("burden", f"subject_kind = 'household' AND subject_id = 'H{round_}' AND {sums}") == 1


async def test_what_the_desk_does_goes_forward_only(desk: ClaimsDesk) -> None:
    person = await desk.person(1)
    visit, settlement = await settle(desk, person, "A1", "9000.00")
    await consume(desk)
    (line,) = await desk.claims.list_burden_watch(EVERYWHERE, None, 10)
    record = desk.claims.record_handling

    async def act(handling: Any, note: str | None = None) -> str:
        key = OnceKey("test", f"{handling}{note}", "")
        try:
            return str((await record(line.crossing_id, handling, "柜员", note, key))["state"])
        except Refusal as refusal:
            return refusal.code

    assert await act("dismissed") == "claims.burden.reason"
    assert (await desk.claims.list_burden_watch.one(line.crossing_id))["state"] == "open"
    assert await act("contacted", "电话联系") == "contacted"
    assert await act("applied") == "applied"
    assert await act("contacted") == "claims.burden.handled"
    assert (await desk.claims.list_burden_watch.one(line.crossing_id))["handled_by"] == "柜员"
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    await consume(desk)
    assert await act("dismissed", "已撤销") == "claims.burden.back-under"
    with pytest.raises(Refusal) as refused:
        await desk.claims.list_burden_watch.one("NONE")
    assert refused.value.code == "claims.burden.unknown"


async def test_who_is_insured_elsewhere_is_watched_there(desk: ClaimsDesk) -> None:
    person = await desk.person(1)
    await settle(desk, person, "A1", "8200.00")
    await consume(desk)
    before = await told(desk)
    assert [what for what, _, _ in before] == ["claims.burden-line-crossed.v1"]
    await state(desk, person, 2, None, region="990102")
    there, here = WatchFilter(regions=["990102"]), WatchFilter(regions=[REGION])
    assert [line.values["subject_id"] for line in await desk.claims.list_burden_watch(there, None, 10)] == [person]
    assert await desk.claims.list_burden_watch(here, None, 10) == []
    assert await told(desk) == before
