"""Splits of mixed stays as the pages read them, whether the stay is settled already or not (工伤保险条例 30).

Pure; amounts are fen. Nothing here decides anything: the bridge does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.entrypoints.console.words import day
from shared.money import format_yuan

Json = Mapping[str, Any]

_OVER: Final = ("agreed", "decided")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a bill, without what was given back of it."""

    line_id: str
    name: str
    on: str
    amount_fen: int
    returned_by: tuple[str, ...] = ()
    """Lines that give part of it back: what it treats, they treat."""

    @property
    def label(self) -> str:
        """What it is called in a list."""
        return f"{self.name}　{self.on}　{format_yuan(self.amount_fen)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which lines somebody says treat what, and who has agreed."""

    state: str
    flags: tuple[tuple[str, str], ...]
    ratio: tuple[int, int] | None
    proposed_by: str
    disputed_by: str | None
    decided_by: str | None
    note: str | None

    @property
    def over(self) -> bool:
        """Whether it was agreed or decided, so that another may be proposed."""
        return self.state in _OVER


def settled_lines(settlement: Json) -> list[Line]:
    """The lines of a settlement."""
    return [
        Line(line_id=x["line_id"], name=x["item_name"], on=day(x["occurred_at"]), amount_fen=x["amount_fen"])
        for x in settlement["lines"]
    ]


def unsettled_lines(visit: Json) -> list[Line]:
    """The lines of a stay that is not settled, each with what was given back of it."""
    known = {x["line_id"] for x in visit["lines"]}
    back: dict[str, list[Json]] = {}
    for x in visit["lines"]:
        if x["returns_line_id"] in known:
            back.setdefault(x["returns_line_id"], []).append(x)
    return [
        Line(
            line_id=x["line_id"],
            name=x["item_name"],
            on=day(x["occurred_on"]),
            amount_fen=x["amount_fen"] + sum(r["amount_fen"] for r in back.get(x["line_id"], ())),
            returned_by=tuple(r["line_id"] for r in back.get(x["line_id"], ())),
        )
        for x in visit["lines"]
        if x["returns_line_id"] not in known
    ]


def split_of_conversion(conversion: Json) -> Split | None:
    """The split of a stay that is converted."""
    split = conversion.get("split")
    if split is None:
        return None
    ratio = split["flags"]["ratio"]
    return Split(
        state=split["state"],
        flags=tuple((line_id, belongs) for line_id, belongs in split["flags"]["lines"]),
        ratio=(ratio["numerator"], ratio["denominator"]) if ratio else None,
        proposed_by=split["proposed_by"],
        disputed_by=split.get("disputed_by"),
        decided_by=split["decided_by"],
        note=split["note"],
    )


def split_of_stay(found: Json) -> Split:
    """The split of a stay that is not settled yet."""
    return Split(
        state=found["split"],
        flags=tuple((flag["line_id"], flag["belongs"]) for flag in found["lines"]),
        ratio=(found["numerator"], found["denominator"]) if found["denominator"] else None,
        proposed_by=found["proposed_by"],
        disputed_by=found["disputed_by"],
        decided_by=found["decided_by"],
        note=found["note"],
    )


def flagged(split: Split, lines: Iterable[Line]) -> list[tuple[str, Line | None, str]]:
    """What is not plainly injury: number, line and what it treats. A line that is not in the bill any more is None."""
    known = {line.line_id: line for line in lines}
    given_back = {line_id for line in known.values() for line_id in line.returned_by}
    return [(line_id, known.get(line_id), belongs) for line_id, belongs in split.flags if line_id not in given_back]


def flags_of(chosen: Mapping[str, str], lines: Sequence[Line]) -> list[dict[str, str]]:
    """What is sent of a choice: a line and whatever gives part of it back are flagged alike."""
    return [
        {"line_id": line_id, "belongs": chosen[line.line_id]}
        for line in lines
        if line.line_id in chosen
        for line_id in (line.line_id, *line.returned_by)
    ]


def unsettled_stays(case: Json, visits: Iterable[Json], *states: str) -> list[Json]:
    """Stays in these states since the accident of which nothing is settled, the newest first."""
    return [
        v
        for v in visits
        if v["inpatient"]
        and v["state"] in states
        and v["total_fen"]
        and not v["settled_fen"]
        and day(v["begun_on"]) >= day(case["accident_on"])
    ]
