"""The published schemas hold for every file of the repository, and the documentation names every key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from claims.domain.adjudication import BOOK_SUFFIX, CASE_SUFFIX, Case, RuleBook
from shared.rules import json_schema, rule_texts

POLICY = Path("services/claims/src/claims/policy")
CONTRACTS = Path("docs/contracts")
BOOK_SCHEMA = json_schema(RuleBook, "urn:onewindow:rule-book")
FACTS_SCHEMA = json_schema(Case, "urn:onewindow:facts")


class Texts(yaml.SafeLoader):
    """Days and unquoted ``on`` stay text, as in JSON."""


Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] not in ("timestamp", "bool")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Texts.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def instance(text: str) -> Any:
    return yaml.load(text, Loader=Texts)  # a safe loader with fewer implicit types


def keys(schema: dict[str, Any]) -> set[str]:
    objects = [schema, *schema["$defs"].values()]
    return {key for found in objects for key in found.get("properties", {})}


@pytest.mark.parametrize(("name", "schema"), [("rule-book", BOOK_SCHEMA), ("facts", FACTS_SCHEMA)])
def test_the_committed_schema_is_that_of_the_code(name: str, schema: dict[str, Any]) -> None:
    assert json.loads((CONTRACTS / f"{name}.schema.json").read_text("utf-8")) == json.loads(json.dumps(schema))


@pytest.mark.parametrize(
    ("suffix", "schema", "least"), [(BOOK_SUFFIX, BOOK_SCHEMA, 74), (CASE_SUFFIX, FACTS_SCHEMA, 224)], ids=["books", "cases"]
)
def test_every_file_is_valid(suffix: str, schema: dict[str, Any], least: int) -> None:
    validator = jsonschema_rs.validator_for(schema)
    texts = rule_texts(POLICY, suffix)
    assert len(texts) >= least
    wrong = {name: [e.message for e in validator.iter_errors(instance(text))] for name, text in texts.items()}
    assert {name: errors for name, errors in wrong.items() if errors} == {}


def test_a_wrong_book_is_not_valid() -> None:
    validator = jsonschema_rs.validator_for(BOOK_SCHEMA)
    text = (POLICY / "books/420500-yichang-residents.book.yaml").read_text("utf-8")
    for old, new in (
        ('rate: "0.90"', "rate: 0.90"),
        ("effective_from", "effective_form"),
        ("book: RES", "book: WIND"),
        ("cap: 150000", "cap: -1"),
    ):
        assert not validator.is_valid(instance(text.replace(old, new, 1)))


@pytest.mark.parametrize("page", ["rule-books.md", "rule-books.zh-CN.md"])
def test_the_documentation_names_every_key_and_no_other(page: str) -> None:
    text = re.sub(r"```.*?```", "", (Path("docs") / page).read_text("utf-8"), flags=re.S)
    text = re.sub(r"\n## (Late facts|迟到的事实).*?(?=\n## )", "", text, flags=re.S)  # its policy is a file of its own
    known = keys(BOOK_SCHEMA) | keys(FACTS_SCHEMA)
    named = {word for span in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", span)}
    assert known - named == set()
    conditions = BOOK_SCHEMA["$defs"]["When"]["properties"].values()
    values = {
        value for key in conditions for option in key.get("anyOf", []) for value in option.get("items", {}).get("enum", [])
    }
    assert len(values) > 40
    assert values - named == set()
    tables = re.split(r"\n\n", text)
    rows = [row for table in tables if re.match(r"\| (key|键) \|", table) for row in table.splitlines()[2:]]
    first_cells = [re.findall(r"`([^`]+)`", row.split(" | ")[0]) for row in rows]
    assert len(rows) > 90
    assert {key for cell in first_cells for key in cell} - known == set()


def test_both_languages_have_the_same_tables() -> None:
    english, chinese = ((Path("docs") / page).read_text("utf-8") for page in ("rule-books.md", "rule-books.zh-CN.md"))
    first = [re.findall(r"^\| (`[^|]+`) \|", text, re.M) for text in (english, chinese)]
    spans = [[re.findall(r"`([^`]+)`", cell) for cell in cells] for cells in first]
    assert len(spans[0]) == len(spans[1])
    assert [a for a, b in zip(*spans, strict=True) if a != b and not a[0].startswith(("shared.", "<layer>"))] == []
