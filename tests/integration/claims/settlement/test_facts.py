"""What rules ask of a person's past and cover, as the service fills it in: each fact with its amounts, and decided again alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import claims
from claims.bootstrap import assemble
from claims.entrypoints.service import his_endpoint
from tests.factories.claims_desk import CATALOGUE, START, ClaimsDesk, claims_settings
from tests.factories.his_messages import INSTITUTION, Json
from tests.fixtures_stack import FreshDatabase

BOOKS = Path(claims.__file__).parent / "policy" / "books"
DEMO = (BOOKS / "990101-demo-county-residents.book.yaml").read_text()
TRANSFER, SECOND, FIRST, INCENTIVE, TIERS = "990111", "990112", "990113", "990114", "990115"
NEXT_DOOR = "H42050100002"


def book(region: str, *changes: tuple[str, str]) -> str:
    """The demo county's book for another county."""
    text = DEMO.replace('region: "990101"', f'region: "{region}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def stays(rule: str) -> tuple[str, str]:
    return ("    class_b:", f"    stays: {{{rule}, source: stay}}\n    class_b:")


TEXTS = {
    TRANSFER: book(TRANSFER, stays("transfer: difference")),
    SECOND: book(SECOND, stays("year_end: split, split_deductible_in: second")),
    FIRST: book(FIRST, stays("year_end: split, split_deductible_in: first")),
    INCENTIVE: book(
        INCENTIVE,
        ("    class_b:", "    incentive: {per_year: 1000, per_zero_claim_year: 1000, source: stay}\n    class_b:"),
        ("        cap: 150000\n", "        caps: [{amount: 5000, with_incentive: true}]\n"),
    ),
    TIERS: book(
        TIERS,
        (
            "when: {levels: [2]}, deductible: [500, 250], bands",
            "when: {levels: [2], tiers: [high]}, deductible: [500, 250], bands",
        ),
        (
            "          - {code: level_3, name: 三级医疗机构, when: {levels: [3]}, deductible: [1000, 500]",
            '          - {code: level_2_low, name: 二级低档, when: {levels: [2], tiers: [low]}, deductible: [500], bands: [{rate: "0.50"}]}\n'
            "          - {code: level_3, name: 三级医疗机构, when: {levels: [3]}, deductible: [1000, 500]",
        ),
    ),
}


@pytest.fixture
async def county(
    fresh_database: FreshDatabase, claims_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ClaimsDesk]:
    """A level-2 hospital, a level-3 one next door, and counties that have each a rule of their own."""
    for region, text in {"990101": DEMO, **TEXTS}.items():
        (tmp_path / f"{region}.book.yaml").write_text(text)
    monkeypatch.setenv("ONEWINDOW_CLAIMS_RULE_BOOKS", str(tmp_path))
    process = assemble(claims_settings(await fresh_database(template=claims_template)))
    desk = ClaimsDesk(process, his_endpoint(process))
    desk.clock.set(datetime.fromisoformat(START))
    await desk.hospital(INSTITUTION)
    await desk.hospital(NEXT_DOOR, level=3)
    catalogue = CATALOGUE.replace("price_limit_3,", "price_limit_3,per_session,").replace(",2024-01-01", ",0,2024-01-01")
    await process.import_catalogue(f"{catalogue}D1,血液透析,A,,,,,1,2024-01-01\n".encode(), None)
    yield desk
    await desk.close()


async def settled(desk: ClaimsDesk, visit: str, person: str, total: str, **more: Any) -> Json:
    """2304, and a replay that finds no difference."""
    institution = more.pop("institution", INSTITUTION)
    answer = await desk.call("2304", desk.stay_input(visit, person, total, **more), institution=institution)
    info: Json = answer["setlinfo"]
    await identical(desk, str(info["setl_id"]))
    return info


async def identical(desk: ClaimsDesk, settlement_id: str) -> None:
    replayed = await desk.claims.replay(settlement_id)
    assert (replayed["identical"], replayed["differences"]) == (True, [])


async def stored(desk: ClaimsDesk, settlement_id: str, *names: str) -> tuple[Any, ...]:
    """Facts of a settlement as they were stored."""
    import json

    facts = json.loads(
        await (await desk.claims.db.pool()).fetchval("SELECT facts FROM settlement WHERE settlement_id = $1", settlement_id)
    )
    return tuple(facts.get(name) for name in names)


def paid(info: Json) -> tuple[Decimal, Decimal]:
    """Deductible and what the funds pay."""
    return Decimal(info["act_pay_dedc"]), Decimal(info["fund_pay_sumamt"])


# Tiers ------------------------------------------------------------------------------------------------------------------------


async def test_the_tier_of_the_premium_decides(county: ClaimsDesk) -> None:
    """(2,000 - 500) at 75 % or at 50 %."""
    for number, tier, fund in ((1, "high", "1125.00"), (2, "low", "750.00")):
        person = await county.person(number, region=TIERS, tier=tier)
        visit = await county.stay(person, [("A1", "2000.00")])
        info = await settled(county, visit, person, "2000.00")
        assert paid(info) == (Decimal("500.00"), Decimal(fund))
        assert await stored(county, str(info["setl_id"]), "tier") == (tier,)


@pytest.mark.parametrize(("tier", "said"), [(None, "没有登记缴费档次"), ("middle", "登记的档次middle待遇规则没有规定")])
async def test_without_a_tier_that_the_rules_know_nothing_is_settled(county: ClaimsDesk, tier: str | None, said: str) -> None:
    person = await county.person(1, region=TIERS, tier=tier)
    visit = await county.stay(person, [("A1", "2000.00")])
    for infno in ("2303", "2304"):
        assert said in await county.refused(infno, county.stay_input(visit, person, "2000.00"))
    assert await county.count("settlement") == 0


async def test_a_tier_matters_only_where_the_rules_name_one(county: ClaimsDesk) -> None:
    """Outpatient care has one set of terms: (300 - 100) at 50 %."""
    person = await county.person(1, region=TIERS)
    visit = await county.registration(person, [("A1", "300.00")])
    info = (await county.call("2207", county.visit_input(visit, person, "300.00")))["setlinfo"]
    assert Decimal(info["fund_pay_sumamt"]) == Decimal("100.00")


# Sessions ---------------------------------------------------------------------------------------------------------------------


async def dialysis(desk: ClaimsDesk, person: str, lines: list[tuple[str, str]]) -> str:
    visit = await desk.registration(person, [])
    await desk.call(
        "2203",
        {
            "mdtrtinfo": {
                "mdtrt_id": visit, "psn_no": person, "med_type": "14", "begntime": "2026-03-20 08:00:00",
                "dise_codg": "M07800", "dise_name": "透析",
            },
            "diseinfo": [],
        },
    )  # fmt: skip
    await desk.fees(visit, person, lines, inpatient=False)
    return visit


async def test_sessions_are_counted_from_the_lines(county: ClaimsDesk) -> None:
    """Three sessions of 400 and 60 of drugs: (1,260 - 3 x 20) at 90 %."""
    person = await county.person()
    visit = await dialysis(county, person, [("D1", "400.00"), ("D1", "400.00"), ("D1", "400.00"), ("A1", "60.00")])
    asked = county.visit_input(visit, person, "1260.00", med_type="14")
    assert Decimal((await county.call("2206", asked))["setlinfo"]["fund_pay_sumamt"]) == Decimal("1080.00")
    info = (await county.call("2207", asked))["setlinfo"]
    assert paid(info) == (Decimal("60.00"), Decimal("1080.00"))
    await identical(county, str(info["setl_id"]))
    assert await stored(county, str(info["setl_id"]), "sessions") == (3,)


async def test_a_claim_by_session_without_one_is_refused(county: ClaimsDesk) -> None:
    person = await county.person()
    visit = await dialysis(county, person, [("A1", "60.00")])
    text = await county.refused("2207", county.visit_input(visit, person, "60.00", med_type="14"))
    assert "该费用按治疗次数结算" in text
    assert "合计为0" in text
    assert await county.count("settlement") == 0


# Years without a payment --------------------------------------------------------------------------------------------------------


async def test_a_year_without_a_payment_raises_the_cap(county: ClaimsDesk) -> None:
    """Cap 5,000, at most 20 % more: 1,000 for 2025; who was paid in 2025, or not covered throughout, has none."""
    rested = await county.person(1, region=INCENTIVE)
    ill = await county.person(2, region=INCENTIVE)
    new = await county.person(3, region=INCENTIVE, begins_on=date(2025, 1, 2))
    county.clock.set(datetime.fromisoformat("2025-06-20T09:00:00+08:00"))
    visit = await county.stay(ill, [("A1", "2000.00")], begun="2025-06-02", ended="2025-06-14")
    first = await settled(county, visit, ill, "2000.00")
    county.clock.set(datetime.fromisoformat(START))
    for person, years, fund in ((rested, 1, "6000.00"), (ill, 0, "5000.00"), (new, 0, "5000.00")):
        visit = await county.stay(person, [("A1", "9000.00")])
        info = await settled(county, visit, person, "9000.00")
        assert await stored(county, str(info["setl_id"]), "zero_claim_years") == (years,)
        assert paid(info)[1] == Decimal(fund)
    # A reversal takes the payment away: what is settled from now on counts 2025.
    await county.call("2305", {"data": {"setl_id": str(first["setl_id"]), "mdtrt_id": first["mdtrt_id"], "psn_no": ill}})
    visit = await county.stay(ill, [("A1", "9000.00")], begun="2026-03-15", ended="2026-03-19")
    info = await settled(county, visit, ill, "9000.00")
    assert await stored(county, str(info["setl_id"]), "zero_claim_years") == (1,)


# Transfers ----------------------------------------------------------------------------------------------------------------------


async def transferred(desk: ClaimsDesk, person: str, *, begun: str = "2026-03-14", way: str = "2") -> tuple[Json, Json]:
    """2,000 at level 2 until 14 March, then 3,000 at level 3 next door."""
    here = await desk.stay(person, [("A1", "2000.00")], way=way)
    first = await settled(desk, here, person, "2000.00")
    there = await desk.stay(person, [("A1", "3000.00")], begun=begun, ended="2026-03-19", institution=NEXT_DOOR)
    return first, await settled(desk, there, person, "3000.00", institution=NEXT_DOOR)


async def test_a_transfer_owes_the_difference_of_the_deductibles(county: ClaimsDesk) -> None:
    """500 first; next door 1,000 less the 500: (3,000 - 500) at 60 %. One stay of the year."""
    person = await county.person(region=TRANSFER)
    first, second = await transferred(county, person)
    assert (paid(first), paid(second)) == ((Decimal("500.00"), Decimal("1125.00")), (Decimal("500.00"), Decimal("1500.00")))
    assert await stored(county, str(second["setl_id"]), "transferred", "episode_deductible_fen", "follows") == (
        True, 50_000, [first["mdtrt_id"]],
    )  # fmt: skip
    assert (await county.year(person))["stays"] == 1


@pytest.mark.parametrize(
    ("region", "begun", "way"),
    [(TRANSFER, "2026-03-16", "2"), (TRANSFER, "2026-03-14", "1"), ("990101", "2026-03-14", "2")],
    ids=["too late", "no transfer", "each stay its own"],
)
async def test_other_stays_stand_alone(county: ClaimsDesk, region: str, begun: str, way: str) -> None:
    """The year's second stay: its own deductible of 500 at level 3."""
    person = await county.person(region=region)
    _, second = await transferred(county, person, begun=begun, way=way)
    assert paid(second) == (Decimal("500.00"), Decimal("1500.00"))
    assert await stored(county, str(second["setl_id"]), "transferred") == (False,)
    assert (await county.year(person))["stays"] == 2


async def test_a_referral_makes_a_transfer_too(county: ClaimsDesk) -> None:
    person = await county.person(region=TRANSFER)
    await (await county.claims.db.pool()).execute(
        "INSERT INTO filing (filing_id, person_id, kind, code, begins_on, scheme, filed_by, state, filed_at)"
        " VALUES ('F1', $1, 'referral', $2, '2026-03-13', '390', 'H', 'valid', now())",
        person,
        NEXT_DOOR,
    )
    _, second = await transferred(county, person, way="1")
    assert await stored(county, str(second["setl_id"]), "transferred") == (True,)


async def test_when_the_first_stay_falls_away_the_second_owes_its_own_deductible(county: ClaimsDesk) -> None:
    """1,000 instead of 500 at 60 %: 300 less, which the person owes; and the stay counts."""
    person = await county.person(region=TRANSFER)
    first, second = await transferred(county, person)
    await county.call("2305", {"data": {"setl_id": str(first["setl_id"]), "mdtrt_id": first["mdtrt_id"], "psn_no": person}})
    rows = await (await county.claims.db.pool()).fetch("SELECT settlement_id, cash_fen FROM settlement_correction")
    assert [tuple(row) for row in rows] == [(str(second["setl_id"]), 180_000)]
    assert (await county.balances("RES"))[("1125", f"P:{person}")] == 30_000
    assert (await county.year(person))["stays"] == 1


# The year's end -----------------------------------------------------------------------------------------------------------------


async def over_new_year(desk: ClaimsDesk, region: str) -> tuple[str, str]:
    """In hospital from 20 December 2025, 2,000 so far; today is 5 January."""
    person = await desk.person(region=region)
    desk.clock.set(datetime.fromisoformat("2026-01-05T09:00:00+08:00"))
    visit = await desk.stay(person, [("A1", "2000.00")], begun="2025-12-20", discharged=False)
    return person, visit


async def by_year(desk: ClaimsDesk, person: str) -> dict[int, int]:
    rows = await (await desk.claims.db.pool()).fetch(
        "SELECT benefit_year, coalesce((state->>'stays')::int, 0) AS stays FROM person_year WHERE person_id = $1", person
    )
    return {row["benefit_year"]: row["stays"] for row in rows}


@pytest.mark.parametrize(
    ("region", "old", "new", "counted"),
    [
        (SECOND, ("0.00", "1500.00"), ("500.00", "1875.00"), {2025: 0, 2026: 1}),
        (FIRST, ("500.00", "1125.00"), ("0.00", "2250.00"), {2025: 1, 2026: 0}),
    ],
)
async def test_a_stay_is_split_at_the_end_of_the_year(
    county: ClaimsDesk, region: str, old: tuple[str, str], new: tuple[str, str], counted: dict[int, int]
) -> None:
    """2,000 in the old year and 3,000 in the new at 75 %; the deductible of 500 in the part that the book says."""
    person, visit = await over_new_year(county, region)
    part = await settled(county, visit, person, "2000.00", mid_setl_flag="1")
    assert paid(part) == (Decimal(old[0]), Decimal(old[1]))
    await county.fees(visit, person, [("A1", "3000.00")], inpatient=True, on="2026-01-03")
    await county.discharge(visit, person, ended="2026-01-05")
    rest = await settled(county, visit, person, "3000.00")
    assert paid(rest) == (Decimal(new[0]), Decimal(new[1]))
    assert await by_year(county, person) == counted
    rows = await (await county.claims.db.pool()).fetch(
        "SELECT benefit_year, ended_on FROM settlement ORDER BY settled_at, settlement_id"
    )
    assert [tuple(row) for row in rows] == [(2025, date(2025, 12, 31)), (2026, date(2026, 1, 5))]


async def test_charges_of_two_years_are_not_settled_together(county: ClaimsDesk) -> None:
    person, visit = await over_new_year(county, SECOND)
    await county.fees(visit, person, [("A1", "3000.00")], inpatient=True, on="2026-01-03")
    for flag in ("1", "0"):
        if flag == "0":
            await county.discharge(visit, person, ended="2026-01-05")
        text = await county.refused("2304", county.stay_input(visit, person, "5000.00", mid_setl_flag=flag))
        assert "该次住院跨待遇年度，须先将2025-12-31及以前的费用单独办理中途结算" in text
    assert await county.count("settlement") == 0


async def test_under_other_rules_all_of_a_stay_is_of_the_year_of_discharge(county: ClaimsDesk) -> None:
    person, visit = await over_new_year(county, "990101")
    await county.fees(visit, person, [("A1", "3000.00")], inpatient=True, on="2026-01-03")
    await county.discharge(visit, person, ended="2026-01-05")
    assert paid(await settled(county, visit, person, "5000.00")) == (Decimal("500.00"), Decimal("3375.00"))
    assert await by_year(county, person) == {2026: 1}
