"""A county out of a seed: persons, cover, institutions and a catalogue, lawful in every number and real in none.

Region code 990101 is given to no place, so no resident id made with it belongs to anybody; its rule books are the demo county's.
The same seed and day give the same folder, byte for byte. Format: docs/test-counties.md.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from devstack import county_words as words
from shared.ids import credit_code_check_digit, resident_id_check_digit

REGION: Final = "990101"
NAME: Final = "演示县"

Row = dict[str, str]

_CLASSES: Final = (
    ("tekun", 5),
    ("orphan", 1),
    ("dibao", 30),
    ("returned_poor", 3),
    ("monitored", 8),
    ("marginal", 10),
    ("illness_poor", 3),
)
"""Assistance classes and how many of 1,000 residents hold them."""
_WORKING: Final = range(18, 60)
_EMPLOYED_OF_100: Final = 32
_UNCOVERED_OF_100: Final = 4


@dataclass(frozen=True, slots=True)
class County:
    """The tables of a county folder, by file name without ``.csv``; see docs/test-counties.md for the columns."""

    name: str
    region: str
    tables: Mapping[str, list[Row]] = field(default_factory=dict)


def generate(*, persons: int = 20_000, seed: int = 2026, today: date) -> County:
    """A county of ``persons`` people as it stands on ``today``: cover runs from the start of the previous year."""
    dice = random.Random(seed)
    employers = list(_employers())
    people = list(_people(dice, persons, today))
    tables: dict[str, list[Row]] = {
        "institutions": list(_institutions(seed)),
        "employers": employers,
        "persons": people,
        "coverage": [],
        "classes": [],
        "accounts": [],
        "catalogue": list(_catalogue(dice, date(today.year - 1, 1, 1))),
    }
    for person in people:
        _insure(dice, person, employers, today, tables)
    return County(NAME, REGION, tables)


def write_county(county: County, folder: Path, rule_books: Path) -> None:
    """Write the folder that ``python -m devstack load`` reads; ``rule_books`` are copied into it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in county.tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    shutil.copytree(rule_books, folder / "rule-books", dirs_exist_ok=True)
    (folder / "county.toml").write_text(f'name = "{county.name}"\nregion = "{county.region}"\nclock = ""\n', "utf-8")


def resident_id(region: str, born_on: date, sequence: int) -> str:
    """A well-formed resident id (GB 11643): region, birth day, three digits (odd for men), check digit."""
    first = f"{region}{born_on:%Y%m%d}{sequence:03d}"
    return first + resident_id_check_digit(first)


def credit_code(region: str, serial: int) -> str:
    """A well-formed unified social credit code of a company (GB 32100)."""
    first = f"91{region}MA{serial:07d}"
    return first + credit_code_check_digit(first)


def _institutions(seed: int) -> Iterator[Row]:
    secrets = random.Random(f"secrets of {seed}")
    for number, hospital in enumerate(words.HOSPITALS, 1):
        yield {
            "code": f"H{REGION}{number:05d}",
            "name": hospital.name,
            "kind": "1",
            "level": str(hospital.level),
            "region": REGION,
            "signature": hospital.signature,
            "access_key": f"{hospital.signature}-{number:03d}",
            "secret": f"{secrets.getrandbits(128):032x}",
            "infcode_number": "1" if hospital.infcode_number else "0",
        }


def _employers() -> Iterator[Row]:
    for number, name in enumerate(words.EMPLOYERS, 1):
        yield {"credit_code": credit_code(REGION, number), "name": name, "region": REGION}


def _people(dice: random.Random, count: int, today: date) -> Iterator[Row]:
    """Households: a couple or a single adult, their children, sometimes an elder; children bear a parent's surname."""
    taken: set[str] = set()
    made = 0
    while made < count:
        surname, other = dice.choice(words.SURNAMES), dice.choice(words.SURNAMES)
        adult = dice.choices((range(20, 36), range(36, 60), range(60, 92)), (30, 43, 27))[0]
        age = dice.choice(adult)
        members = [(surname, "1", age)]
        if dice.random() < 0.8:
            members.append((other, "2", max(18, age + dice.randint(-5, 3))))
        for _ in range(dice.choices((0, 1, 2, 3), (30, 40, 25, 5))[0] if 22 <= age <= 58 else 0):
            members.append((surname, dice.choice("12"), min(age - 21, dice.randint(0, 30))))
        if 25 <= age <= 62 and dice.random() < 0.3:
            members.append((dice.choice((surname, other)), dice.choice("12"), age + dice.randint(22, 32)))
        for family_name, sex, years in members[: count - made]:
            yield _person(dice, family_name, sex, years, today, taken)
            made += 1


def _person(dice: random.Random, surname: str, sex: str, age: int, today: date, taken: set[str]) -> Row:
    born_on = today - timedelta(days=age * 365 + age // 4 + dice.randrange(1, 364))
    certno = ""
    while not certno or certno in taken:
        certno = resident_id(REGION, born_on, dice.randrange(1, 499) * 2 + (1 if sex == "1" else 0))
    taken.add(certno)
    given = words.GIVEN_MALE if sex == "1" else words.GIVEN_FEMALE
    name = surname + "".join(dice.choice(given) for _ in range(dice.choices((1, 2), (3, 7))[0]))
    return {
        "cert_type": "01",
        "certno": certno,
        "name": name,
        "sex": sex,
        "born_on": born_on.isoformat(),
        "naty": dice.choices(("01", "15", "08"), (90, 8, 2))[0],
        "region": REGION,
        "phone": f"1{dice.choice('3578')}0{dice.randrange(10**8):08d}",
    }


def _insure(dice: random.Random, person: Row, employers: list[Row], today: date, tables: Mapping[str, list[Row]]) -> None:
    born_on = date.fromisoformat(person["born_on"])
    age = (today - born_on).days * 4 // 1461
    lot = dice.randrange(100)
    since = date(today.year - 1, 1, 1)
    if age in _WORKING and lot < _EMPLOYED_OF_100:
        number = dice.randrange(len(employers))
        for scheme in ("310", "WI"):
            tables["coverage"].append(
                _cover(person, scheme, "11", since, "", employers[number]["credit_code"], number < words.PUBLIC_EMPLOYERS)
            )
        tables["accounts"].append(_account(person, dice.randrange(20_000, 600_000)))
    elif age >= _WORKING.stop and lot < _EMPLOYED_OF_100 - 4:
        tables["coverage"].append(_cover(person, "310", "12", since, "", "", False))
        tables["accounts"].append(_account(person, dice.randrange(10_000, 900_000)))
    elif lot < 100 - _UNCOVERED_OF_100:
        ends_on = date(today.year + 1, 12, 31).isoformat()
        tables["coverage"].append(_cover(person, "390", _resident_category(age), max(since, born_on), ends_on, "", False))
        code = dice.choices(
            [name for name, _ in _CLASSES] + [""], [n for _, n in _CLASSES] + [1000 - sum(n for _, n in _CLASSES)]
        )[0]
        if code and (code != "orphan" or age < 18):
            tables["classes"].append(
                {"certno": person["certno"], "code": code, "begins_on": max(since, born_on).isoformat(), "ends_on": ""}
            )


def _resident_category(age: int) -> str:
    """psn_type of a resident (chs-interface 7.3)."""
    for limit, category in ((1, "1401"), (6, "1402"), (18, "1403"), (22, "1404"), (60, "15")):
        if age < limit:
            return category
    return "16"


def _cover(person: Row, scheme: str, category: str, begins_on: date, ends_on: str, employer: str, civil_servant: bool) -> Row:
    return {
        "certno": person["certno"],
        "scheme": scheme,
        "person_category": category,
        "employer_credit_code": employer,
        "begins_on": begins_on.isoformat(),
        "ends_on": ends_on,
        "civil_servant": "1" if civil_servant else "0",
    }


def _account(person: Row, balance_fen: int) -> Row:
    return {"certno": person["certno"], "amount_yuan": _yuan(balance_fen), "reference": "opening"}


def _catalogue(dice: random.Random, valid_from: date) -> Iterator[Row]:
    """Class A in full, class B by the rule book's share or its own, class C and unlisted items outside the medical funds."""
    number = 0
    groups: Iterable[tuple[str, str, str, tuple[str, ...], str, str, tuple[int, int]]] = (
        ("XA", "101", "09", words.DRUGS_A, "A", "", (1, 40)),
        ("XB", "101", "09", words.DRUGS_B, "B", "", (15, 400)),
        ("Z", "101", "11", words.HERBAL, "B", "", (10, 80)),
        ("F", "201", "05", words.SERVICES, "A", "", (5, 3000)),
        ("C", "301", "08", words.MATERIALS, "B", "0.2", (5, 9000)),
        ("N", "201", "14", words.OUTSIDE, "C", "", (30, 5000)),
        ("W", "201", "14", words.WORK_INJURY_ONLY, "C", "", (100, 800)),
    )
    for prefix, kind, category, names, charge_class, share, (low, high) in groups:
        for name in names:
            number += 1
            price = dice.randrange(low * 100, high * 100)
            limited = kind == "301" or (prefix == "F" and dice.random() < 0.5)
            limits = [_yuan(price * percent // 100) if limited else "" for percent in (80, 90, 100)]
            yield {
                "code": f"{prefix}{number:05d}",
                "name": name,
                "kind": kind,
                "fee_category": category,
                "charge_class": charge_class,
                "pre_selfpay_rate": share,
                "price_limit_1": limits[0],
                "price_limit_2": limits[1],
                "price_limit_3": limits[2],
                "limited_use": "0",
                "in_work_injury_catalogue": "0" if prefix == "N" else "1",
                "valid_from": valid_from.isoformat(),
                "valid_to": "",
                "reference_price": _yuan(price),
            }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
