"""Reading a county folder: every fault names file, line and column; loading one: what goes where, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from devstack.county import generate, write_county
from devstack.county_folder import CountyFolder, FolderError
from devstack.load import Loader, LoadError
from shared.ids import CountingIds

TODAY = date(2026, 11, 22)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    books = tmp_path / "books"
    books.mkdir()
    path = tmp_path / "county"
    write_county(generate(persons=200, today=TODAY), path, books)
    return path


def test_persons_carry_their_cover_and_classes(folder: Path) -> None:
    county = CountyFolder.read(folder)
    persons = list(county.persons())
    assert (county.name, county.region, county.clock, len(persons)) == ("演示县", "990101", "", 200)
    assert sum(len(person["coverages"]) for person in persons) == len(county.tables["coverage"])
    assert sum(len(person["classes"]) for person in persons) == len(county.tables["classes"])
    employed = next(person for person in persons if len(person["coverages"]) == 2)
    assert [cover["scheme"] for cover in employed["coverages"]] == ["310", "WI"]
    assert employed["coverages"][0]["ends_on"] is None


def test_the_reference_price_stays_with_the_hospital(folder: Path) -> None:
    count, text = CountyFolder.read(folder).catalogue_csv()
    header, *rows = text.splitlines()
    assert count == len(rows)
    assert "reference_price" not in header
    assert "in_work_injury_catalogue" in header


def _append(name: str, line: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return spoil


def _write(name: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_text(text, "utf-8")

    return spoil


SPOILT = {
    "unknown person": (
        _append("classes.csv", "110101199001011234,dibao,2026-01-01,"),
        r"classes\.csv:\d+: certno: no such person",
    ),
    "short row": (_append("persons.csv", "01,990101"), r"persons\.csv:\d+: 8 columns expected"),
    "long row": (_append("employers.csv", "91,a,990101,more"), r"employers\.csv:\d+: 3 columns expected"),
    "missing column": (_write("employers.csv", "credit_code,name\n"), r"employers\.csv:1: column missing: region"),
    "no county": (_write("county.toml", 'name = "x"\n'), r"county\.toml: region: missing"),
    "broken county": (_write("county.toml", "name = \n"), r"county\.toml: "),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_fault_names_file_and_line(folder: Path, name: str) -> None:
    spoil, expected = SPOILT[name]
    spoil(folder)
    with pytest.raises(FolderError, match=expected):
        CountyFolder.read(folder)


def test_an_amount_finer_than_a_fen_is_refused(folder: Path) -> None:
    certno = CountyFolder.read(folder).tables["persons"][0]["certno"]
    _append("accounts.csv", f"{certno},1.001,opening")(folder)
    with pytest.raises(FolderError, match=r"accounts\.csv:\d+: amount_yuan: 1\.001 is finer than a fen"):
        CountyFolder.read(folder)


class Services:
    """Enrollment and claims in one: remember what came, know every person after the first time, refuse line 3 of every roll."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.known: dict[str, str] = {}
        self.credited: dict[tuple[str, str], int] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer t"
        self.keys.append(request.headers["Idempotency-Key"])
        if request.url.path == "/v1/imports/persons":
            return self._roll([json.loads(line) for line in request.content.decode().splitlines()])
        if request.url.path == "/v1/imports/accounts":
            credits = json.loads(request.content)["credits"]
            new = [row for row in credits if (row["person_id"], row["reference"]) not in self.credited]
            self.credited |= {(row["person_id"], row["reference"]): row["amount_fen"] for row in new}
            return httpx.Response(200, json={"received": len(credits), "credited": len(new)})
        if request.url.path == "/v1/institutions":
            return httpx.Response(201, json={"code": json.loads(request.content)["code"]})
        return httpx.Response(201, json={"created": True, "added": 0, "changed": 0, "unchanged": 0})

    def _roll(self, rows: list[dict[str, str]]) -> httpx.Response:
        persons = []
        for line, row in enumerate(rows, 1):
            if line != 3:
                new = row["certno"] not in self.known
                self.known.setdefault(row["certno"], f"P{len(self.known)}")
                persons.append({"line": line, "person_id": self.known[row["certno"]], "created": new})
        created = sum(person["created"] is True for person in persons)
        errors = [{"line": 3, "code": "enrollment.person.x", "title": "证件号码错误", "field": "certno"}]
        answer = {"created": created, "existing": len(persons) - created, "persons": persons, "errors": errors}
        return httpx.Response(200, json=answer)


def loader(services: object, steps: list[tuple[str, int, int]]) -> Loader:
    http = httpx.AsyncClient(transport=httpx.MockTransport(services), base_url="http://x")  # type: ignore[arg-type]  # a callable object
    return Loader(http, http, lambda: "Bearer t", CountingIds(), lambda *step: steps.append(step))


async def test_loading_twice_adds_nothing_the_second_time(folder: Path) -> None:
    services, steps = Services(), list[tuple[str, int, int]]()
    county = CountyFolder.read(folder)
    first = await loader(services, steps).load(county)
    held = dict(services.credited)
    second = await loader(services, steps).load(county)
    assert first.counts["persons"] == {"created": 199, "existing": 0, "changed": 0, "stated": 0, "refused": 1}
    assert second.counts["persons"] == {"created": 0, "existing": 199, "changed": 0, "stated": 0, "refused": 1}
    assert first.faults == second.faults == ["persons.csv:4: certno: 证件号码错误"]
    balances = [row for row in county.tables["accounts"] if row["certno"] in services.known]
    assert first.counts["accounts"]["created"] == len(held) == len(balances)
    assert second.counts["accounts"] == {"created": 0, "existing": len(balances), "changed": 0, "stated": 0, "refused": 0}
    assert services.credited == held
    assert ("persons", 200, 200) in steps


async def test_a_service_that_is_away_is_named(folder: Path) -> None:
    async def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(LoadError, match=r"http://x/v1/.*is the stack running"):
        await loader(away, []).load(CountyFolder.read(folder))
