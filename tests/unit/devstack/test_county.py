"""The generated county: lawful in every number, the same for the same seed, written and read back as the documented folder."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from devstack.county import County, generate, resident_id, write_county
from shared.ids import credit_code_is_valid, resident_id_is_valid

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def county() -> County:
    return generate(today=TODAY)


def test_the_size_that_was_asked_for(county: County) -> None:
    assert len(county.tables["persons"]) == 20_000
    assert len(county.tables["institutions"]) == 12
    assert Counter(row["level"] for row in county.tables["institutions"]) == {"1": 8, "2": 3, "3": 1}
    assert 200 <= len(county.tables["catalogue"]) <= 400


def test_every_number_is_well_formed_and_given_once(county: County) -> None:
    numbers = [row["certno"] for row in county.tables["persons"]]
    assert len(set(numbers)) == len(numbers)
    assert all(resident_id_is_valid(number) and number.startswith("990101") for number in numbers)
    assert all(credit_code_is_valid(row["credit_code"]) for row in county.tables["employers"])
    codes = [row["code"] for row in county.tables["institutions"]]
    assert len(set(codes)) == 12
    assert all(len(code) == 12 and code[0] == "H" and code[1:].isdigit() for code in codes)
    assert len({row["secret"] for row in county.tables["institutions"]}) == 12


def test_an_id_says_the_birth_day_and_the_sex(county: County) -> None:
    for row in county.tables["persons"]:
        assert row["certno"][6:14] == row["born_on"].replace("-", "")
        assert int(row["certno"][16]) % 2 == int(row["sex"]) % 2
        assert date.fromisoformat(row["born_on"]) <= TODAY


def test_cover_is_lawful(county: County) -> None:
    schemes: dict[str, set[str]] = {}
    born = {row["certno"]: date.fromisoformat(row["born_on"]) for row in county.tables["persons"]}
    for row in county.tables["coverage"]:
        assert row["scheme"] not in schemes.setdefault(row["certno"], set())
        schemes[row["certno"]].add(row["scheme"])
        assert bool(row["employer_credit_code"]) == (row["person_category"] == "11")
        assert row["begins_on"] >= born[row["certno"]].isoformat() or row["begins_on"] == "2025-01-01"
    assert set(map(frozenset, schemes.values())) == {frozenset({"310", "WI"}), frozenset({"310"}), frozenset({"390"})}
    assert 0.93 < len(schemes) / 20_000 < 0.99
    assert {row["certno"] for row in county.tables["accounts"]} == {number for number, held in schemes.items() if "310" in held}
    assert all(schemes[row["certno"]] == {"390"} for row in county.tables["classes"])


def test_the_same_seed_gives_the_same_county() -> None:
    first, second = (generate(persons=300, today=TODAY) for _ in range(2))
    other = generate(persons=300, today=TODAY, seed=7)
    assert first.tables == second.tables
    assert first.tables["persons"] != other.tables["persons"]


def test_the_folder_holds_what_was_generated(tmp_path: Path) -> None:
    county = generate(persons=50, today=TODAY)
    books = tmp_path / "books"
    books.mkdir()
    (books / "a.book.yaml").write_text("place: somewhere\n")
    write_county(county, tmp_path / "county", books)
    for name, rows in county.tables.items():
        with (tmp_path / "county" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == rows
    assert (tmp_path / "county/rule-books/a.book.yaml").read_text() == "place: somewhere\n"
    assert 'region = "990101"' in (tmp_path / "county/county.toml").read_text("utf-8")


def test_a_published_example_of_the_check_digit() -> None:
    assert resident_id("110105", date(1949, 12, 31), 2) == "11010519491231002X"
