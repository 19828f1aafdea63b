"""A county folder as read from disk (docs/test-counties.md): typed enough to be loaded, with file and line for every fault."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.money import MoneyError, fen

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "institutions": (
        "code",
        "name",
        "kind",
        "level",
        "region",
        "signature",
        "access_key",
        "secret",
        "infcode_number",
    ),
    "employers": ("credit_code", "name", "region"),
    "persons": ("cert_type", "certno", "name", "sex", "born_on", "naty", "region", "phone"),
    "coverage": ("certno", "scheme", "person_category", "employer_credit_code", "begins_on", "ends_on", "civil_servant"),
    "classes": ("certno", "code", "begins_on", "ends_on"),
    "accounts": ("certno", "amount_yuan", "reference"),
    "catalogue": ("code", "name", "charge_class", "valid_from"),
}
"""The columns that each file must have; the catalogue may have more (docs/test-counties.md)."""
NOT_LOADED: Final = "reference_price"
"""The one catalogue column that is the mock hospital's and not the bureau's."""

Row = dict[str, str]


class FolderError(Exception):
    """The folder is not what docs/test-counties.md describes; the message names file, line and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyFolder:
    """What a folder says, rows as text; ``rule_books`` is its folder of rule books, None when it brings none."""

    path: Path
    name: str
    region: str
    clock: str
    tables: Mapping[str, list[Row]]
    rule_books: Path | None

    @classmethod
    def read(cls, path: Path) -> CountyFolder:
        """Read and check a folder. Raises FolderError."""
        county = _county(path / "county.toml")
        tables = {name: _table(path / f"{name}.csv", columns) for name, columns in COLUMNS.items()}
        folder = cls(
            path=path,
            name=county["name"],
            region=county["region"],
            clock=county.get("clock", ""),
            tables=tables,
            rule_books=path / "rule-books" if (path / "rule-books").is_dir() else None,
        )
        folder._check_references()
        return folder

    def environment(self) -> dict[str, str]:
        """What the services must be started with to work by this county's own rule books and clock."""
        given = {}
        if self.rule_books is not None:
            given["ONEWINDOW_CLAIMS_RULE_BOOKS"] = str(self.rule_books.resolve())
        if self.clock:
            given["ONEWINDOW_CLOCK"] = self.clock
        return given

    def persons(self) -> Iterator[dict[str, Any]]:
        """Every person with cover and classes inside, as enrollment's import takes them."""
        covers = _by_certno(self.tables["coverage"])
        classes = _by_certno(self.tables["classes"])
        for row in self.tables["persons"]:
            yield {
                **row,
                "coverages": [_coverage(cover) for cover in covers.get(row["certno"], ())],
                "classes": [
                    {"code": held["code"], "begins_on": held["begins_on"], "ends_on": held["ends_on"] or None}
                    for held in classes.get(row["certno"], ())
                ],
            }

    def catalogue_csv(self) -> tuple[int, str]:
        """Number of items, and the catalogue as claims imports it."""
        rows = [{key: value for key, value in row.items() if key != NOT_LOADED} for row in self.tables["catalogue"]]
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return len(rows), text.getvalue()

    def _check_references(self) -> None:
        certnos = [row["certno"] for row in self.tables["persons"]]
        known = set(certnos)
        if len(known) < len(certnos):
            raise FolderError(f"{self.path / 'persons.csv'}: a certno stands twice")
        employers = {row["credit_code"] for row in self.tables["employers"]}
        for name in ("coverage", "classes", "accounts"):
            for number, row in enumerate(self.tables[name], 2):
                if row["certno"] not in known:
                    raise FolderError(f"{self.path / name}.csv:{number}: certno: no such person in persons.csv")
                if row.get("employer_credit_code") and row["employer_credit_code"] not in employers:
                    raise FolderError(
                        f"{self.path / name}.csv:{number}: employer_credit_code: no such employer in employers.csv"
                    )
        for number, row in enumerate(self.tables["accounts"], 2):
            try:
                fen(row["amount_yuan"])
            except MoneyError as cause:
                raise FolderError(f"{self.path / 'accounts.csv'}:{number}: amount_yuan: {cause}") from None


def _county(file: Path) -> dict[str, str]:
    try:
        county = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise FolderError(f"{file}: {cause}") from None
    for key in ("name", "region"):
        if not isinstance(county.get(key), str):
            raise FolderError(f"{file}: {key}: missing, or no text")
    return county


def _table(file: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of a CSV file; a missing file is an empty table, a missing column or a row of another length is an error."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, restkey="", strict=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise FolderError(f"{file}:1: column missing: {', '.join(missing)}")
        rows = []
        for row in reader:
            if "" in row or None in row.values():
                raise FolderError(f"{file}:{reader.line_num}: {len(reader.fieldnames or ())} columns expected")
            rows.append({key: value.strip() for key, value in row.items()})
        return rows


def _by_certno(rows: Sequence[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["certno"], []).append(row)
    return grouped


def _coverage(row: Row) -> dict[str, Any]:
    return {
        "scheme": row["scheme"],
        "person_category": row["person_category"],
        "employer_credit_code": row["employer_credit_code"] or None,
        "begins_on": row["begins_on"],
        "ends_on": row["ends_on"] or None,
        "civil_servant": row["civil_servant"] == "1",
    }
