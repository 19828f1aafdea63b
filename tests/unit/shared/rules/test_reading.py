"""A rule file is read against its dataclass, and whatever is wrong is named with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest

from shared.rules import Fen, Origin, Points, Rate, RuleError, digest_of, plain, read_rules, rule_texts

NOTHING = Fen(0)
NO_CHANGE = Points(0)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: Rate
    up_to: Fen | None = None


@dataclass(frozen=True, kw_only=True)
class Everything:
    name: str
    count: int = 0
    flag: bool = False
    day: date | None = None
    exact: Decimal = Decimal(0)
    amount: Fen = NOTHING
    points: Points = NO_CHANGE
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    inner: tuple[Inner, ...] = ()
    levels: frozenset[int] = frozenset()
    by_name: Mapping[str, Fen] = field(default_factory=dict)
    origin: Origin

    def __post_init__(self) -> None:
        if self.count > 9:
            raise ValueError("count is above 9")


FULL = """\
name: 宜昌
count: 3
flag: true
day: 2024-02-29
exact: "-12.3456"
amount: "2875.30"
points: "-0.20"
colour: green
kind: b
inner:
  - {rate: "0.65", up_to: 1200}
  - rate: "1"
levels: [1, 3]
by_name: {pool.paid: 130000}
"""


def read(text: str) -> Any:
    return read_rules(text, "a.yaml", Everything)


def test_every_type() -> None:
    assert read(FULL) == Everything(
        name="宜昌",
        count=3,
        flag=True,
        day=date(2024, 2, 29),
        exact=Decimal("-12.3456"),
        amount=Fen(287_530),
        points=Points(-200_000),
        colour=Colour.GREEN,
        kind="b",
        inner=(Inner(rate=Rate(650_000), up_to=Fen(120_000)), Inner(rate=Rate(1_000_000))),
        levels=frozenset({1, 3}),
        by_name={"pool.paid": Fen(13_000_000)},
        origin=Origin("a.yaml", 1),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml:1: the file is empty"),
        ("name: [", "a.yaml:1: no YAML: expected the node content, but found '<stream end>'"),
        ("name: a\n---\nname: b", "a.yaml:2: no YAML: but found another document"),
        ("name: a\n\x07", "a.yaml:1: no YAML: "),
        ("- name", "a.yaml:1: expected keys and values, found a list"),
        ("name: a\ncolor: red", "a.yaml:2: unknown key 'color'; known here: amount, "),
        ("name: a\ncount: 1\nname: b", "a.yaml:3: the key 'name' was already given in line 1"),
        ("name: a\norigin: x", "a.yaml:2: unknown key 'origin'"),
        ("1: a", "a.yaml:1: a key must be text, found int '1'"),
        ("count: 1", "a.yaml:1: the key 'name' is missing"),
        ("name: 420500", "a.yaml:1: expected text, found int '420500'"),
        ("name: ' '", "a.yaml:1: expected text: the text is empty"),
        ("name: a\namount: 12.5", 'a.yaml:2: 12.5 is a float, which is never exact: quote it, "12.5"'),
        ("name: a\ninner:\n  - rate: 0.65", 'a.yaml:3: 0.65 is a float, which is never exact: quote it, "0.65"'),
        ("name: a\ninner:\n  - rate: 1", 'a.yaml:3: expected a quoted share from "0" to "1", found int \'1\''),
        ('name: a\ninner:\n  - rate: "1.01"', 'a.yaml:3: expected a quoted share from "0" to "1": rate 1.01 is outside 0..1'),
        ('name: a\npoints: "-1.5"', 'a.yaml:2: expected a quoted change from "-1" to "1": rate 1.5 is outside 0..1'),
        ("name: a\namount: -5", "a.yaml:2: expected an amount in yuan (with fen: quoted): '-5' is not written that way"),
        ('name: a\namount: "0.001"', "a.yaml:2: expected an amount in yuan (with fen: quoted): 0.001 is finer than a fen"),
        ("name: a\ncount: 010", "a.yaml:2: expected a whole number: '010' is not written that way"),
        ("name: a\ncount: 1_000", "a.yaml:2: expected a whole number: '1_000' is not written that way"),
        ("name: a\ncount: 10", "a.yaml:1: count is above 9"),
        ("name: a\nflag: yes", "a.yaml:2: expected true or false: 'yes' is not written that way"),
        ("name: a\nday: 2023-02-29", "a.yaml:2: expected a day as YYYY-MM-DD: day is out of range for month"),
        ("name: a\ncolour: blue", "a.yaml:2: 'blue' is not one of red, green"),
        ("name: a\nkind: c", "a.yaml:2: 'c' is not one of a, b"),
        ("name: a\nlevels: [1, 2,\n 1]", "a.yaml:3: 1 stands twice in the list"),
        ("name: a\nlevels: 1", "a.yaml:2: expected a list, found int '1'"),
        ("name: {a: b}", "a.yaml:1: expected text, found keys and values"),
        ("name: a\nby_name: {x: 1, x: 2}", "a.yaml:2: the key 'x' was already given in line 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        read(text)
    assert str(caught.value).startswith(message)


def test_the_digest_is_of_the_content_and_not_of_the_layout() -> None:
    one = read(FULL)
    other = read("# a comment\n" + FULL.replace("levels: [1, 3]", "levels:\n- 3\n- 1"))
    assert one.origin != other.origin
    assert digest_of(one) == digest_of(other)
    assert digest_of(one) != digest_of(read(FULL.replace("0.65", "0.66")))


def test_the_digest_is_stable() -> None:
    assert digest_of({"a": 1, "b": (date(2024, 1, 1), frozenset({2, 1}), None)}) == (
        "sha256:46140110f4d64bce6a1a05f1df79bc84a402429fbcf0ad4789b49470e74d644b"
    )
    assert plain({"b": frozenset({2, 1})}) == {"b": [1, 2]}
    with pytest.raises(TypeError):
        plain(1j)


def test_files_are_found_by_their_ending(tmp_path: Any) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.book.yaml").write_text("two")
    (tmp_path / "a.book.yaml").write_text("one")
    (tmp_path / "a.case.yaml").write_text("other")
    assert list(rule_texts(tmp_path, ".book.yaml").values()) == ["one", "two"]
    assert list(rule_texts(tmp_path / "a.case.yaml", ".book.yaml").values()) == ["other"]
    with pytest.raises(RuleError, match=r"no file \*\.law\.yaml here"):
        rule_texts(tmp_path, ".law.yaml")
    (tmp_path / "c.book.yaml").write_bytes("统筹".encode("gbk"))
    with pytest.raises(RuleError, match=r"c\.book\.yaml:1: no UTF-8"):
        rule_texts(tmp_path, ".book.yaml")
