"""Premiums: national frame and the published examples of 广元 and 周口 (benefit policies, worked examples D13, D14)."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from enrollment.adapters.tariff_files import load_tariffs
from enrollment.domain.coverage import Coverage, State
from enrollment.domain.tariff import Quote
from shared.errors import Refusal
from shared.rules import RuleError

TARIFFS = load_tariffs()
RESIDENT = Coverage(
    coverage_id="C1",
    person_id="P1",
    scheme="390",
    person_category="15",
    region="420502",
    begins_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    state=State.PENDING,
)
EMPLOYEE = replace(RESIDENT, scheme="310", person_category="11", employer_id="E1", ends_on=None)


def quote(coverage: Coverage, year: int, *classes: str, **more: Any) -> Quote:
    return TARIFFS.quote(coverage, year, frozenset(classes), **more)


def resident(year: int, region: str = "420502") -> Coverage:
    return replace(RESIDENT, begins_on=date(year, 1, 1), ends_on=date(year, 12, 31), region=region)


@pytest.mark.parametrize(("year", "fen"), [(2023, 350_00), (2024, 380_00), (2025, 400_00), (2026, 400_00)])
def test_national_frame_of_residents(year: int, fen: int) -> None:
    found = quote(resident(year), year, "tekun")
    assert (found.amount_fen, found.subsidy_fen, found.subsidy_class) == (fen, 0, None)
    assert found.source.startswith(f"{year} 年")


@pytest.mark.parametrize(
    ("classes", "pays", "subsidy", "by"),
    [
        (["tekun"], 0, 380_00, "tekun"),
        (["dibao"], 95_00, 285_00, "dibao"),
        (["dibao", "tekun"], 0, 380_00, "tekun"),
        (["severe_disability"], 0, 380_00, "severe_disability"),
        (["lifted"], 285_00, 95_00, "lifted"),
        (["disability"], 280_00, 100_00, "disability"),
        (["lifted", "disability"], 280_00, 100_00, "disability"),
        (["marginal"], 380_00, 0, None),
        ([], 380_00, 0, None),
    ],
)
def test_guangyuan_2024_pays_the_highest_subsidy_only(classes: list[str], pays: int, subsidy: int, by: str | None) -> None:
    found = quote(resident(2024, "510802"), 2024, *classes)
    assert (found.amount_fen, found.subsidy_fen, found.subsidy_class) == (pays, subsidy, by)


@pytest.mark.parametrize(
    ("classes", "refund", "by"),
    [
        (["dibao", "aids_patient"], 30_00, {"dibao", "aids_patient"}),
        (["tekun", "dibao"], 250_00, {"tekun"}),
        (["hardship_child"], 250_00, {"hardship_child"}),
        (["lifted"], 0, {None}),
    ],
)
def test_zhoukou_2020_collects_in_full_and_refunds_the_highest_subsidy(
    classes: list[str], refund: int, by: set[str | None]
) -> None:
    """D14: 250 collected, 30 or 250 refunded; the fund has 250 + 520 a head."""
    found = quote(resident(2020, "411627"), 2020, *classes)
    assert (found.amount_fen, found.subsidy_fen) == (250_00, refund)
    assert found.subsidy_class in by
    [year] = next(t for t in TARIFFS.places if t.place == "周口市").residents
    assert year.fiscal is not None
    assert year.personal + year.fiscal == 770_00


def test_a_place_without_the_year_falls_back_to_the_national_frame() -> None:
    assert quote(resident(2025, "510802"), 2025, "tekun").amount_fen == 400_00


def test_employees_pay_months_times_the_shares() -> None:
    # 5,000.55 x 6 % = 300.033, x 2 % = 100.011; twelve months
    assert quote(EMPLOYEE, 2026, monthly_base_fen=5_000_55).amount_fen == 12 * (300_03 + 100_01)
    assert quote(replace(EMPLOYEE, begins_on=date(2026, 11, 15)), 2026, monthly_base_fen=5_000_00).amount_fen == 2 * 400_00
    until = replace(EMPLOYEE, begins_on=date(2026, 3, 1), ends_on=date(2026, 5, 31))
    assert quote(until, 2026, monthly_base_fen=5_000_00).amount_fen == 3 * 400_00
    over = replace(EMPLOYEE, begins_on=date(2026, 12, 1), ends_on=date(2027, 5, 31))
    assert quote(over, 2026, monthly_base_fen=5_000_00).amount_fen == 400_00


def test_the_retired_pay_nothing() -> None:
    assert quote(replace(EMPLOYEE, person_category="12"), 2026) == Quote(amount_fen=0, source="社会保险法 27")


def test_work_injury_goes_by_industry_class() -> None:
    injury = replace(EMPLOYEE, scheme="WI")
    assert quote(injury, 2026, monthly_base_fen=5_000_00, industry_class=1).amount_fen == 12 * 10_00
    assert quote(injury, 2026, monthly_base_fen=5_000_00, industry_class=8).amount_fen == 12 * 95_00


@pytest.mark.parametrize(
    ("coverage", "year", "more", "code"),
    [
        (RESIDENT, 2025, {}, "year-differs"),
        (resident(2099), 2099, {}, "year-unknown"),
        (EMPLOYEE, 2026, {}, "base-missing"),
        (EMPLOYEE, 2026, {"monthly_base_fen": 0}, "base-missing"),
        (replace(EMPLOYEE, begins_on=date(1998, 1, 1)), 1998, {"monthly_base_fen": 1}, "year-unknown"),
        (replace(EMPLOYEE, scheme="WI"), 2026, {"monthly_base_fen": 1_00}, "industry-class-missing"),
    ],
)
def test_what_cannot_be_priced(coverage: Coverage, year: int, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        quote(coverage, year, **more)
    assert caught.value.code == f"enrollment.premium.{code}"


BASE = """region: "4205"
place: 某市
employees:
  - {effective_from: 2026-01-01, employer_rate: "0.07", personal_rate: "0.02", base_floor: 4000, base_cap: 20000, source: x}
"""


def test_floor_and_cap_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "a.premiums.yaml").write_text(BASE, "utf-8")
    tariffs = load_tariffs(tmp_path)
    day = replace(EMPLOYEE, begins_on=date(2026, 12, 1))
    for base, counted in ((3_000_00, 4_000_00), (5_000_00, 5_000_00), (30_000_00, 20_000_00)):
        assert tariffs.quote(day, 2026, frozenset(), monthly_base_fen=base).amount_fen == counted * 9 // 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "place: x\nresidents:\n  - {year: 2024, personal: 380, source: a}\n  - {year: 2024, personal: 1, source: b}\n",
            "stands twice",
        ),
        ("place: x\nresidents:\n  - {year: 2024, personal: 380.5, source: a}\n", ":3: 380.5 is a float"),
        ("place: x\nresidents:\n  - {year: 2024, personal: 380}\n", "'source' is missing"),
        ("place: x\nextra: 1\n", "unknown key 'extra'"),
        (BASE + BASE.splitlines()[-1] + "\n", "in force from 2026-01-01, but so is"),
    ],
)
def test_wrong_tariff_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.premiums.yaml").write_text(text, "utf-8")
    with pytest.raises(RuleError) as caught:
        load_tariffs(tmp_path)
    assert message in str(caught.value)
