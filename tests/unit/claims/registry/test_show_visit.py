"""A visit with the lines that its next settlement would take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest

from claims.application.visits.list_visits import ListedVisit
from claims.application.visits.show_visit import ListedLine, ShowVisit
from shared.errors import Kind, Refusal

VISIT = ListedVisit(
    visit_id="V1",
    person_id="P1",
    institution_code="H1",
    institution_name="县人民医院",
    inpatient=True,
    scheme="310",
    med_type="21",
    hospital_no="ZY1",
    state="open",
    begun_on=date(2026, 3, 2),
    ended_on=None,
    injury_suspect=True,
    work_injury=False,
    total_fen=0,
    settled_fen=0,
)


def line(line_id: str, amount_fen: int, returns: str | None = None) -> ListedLine:
    return ListedLine(
        line_id=line_id,
        returns_line_id=returns,
        item_code="A1",
        item_name="床位费",
        charge_class="A",
        occurred_on=date(2026, 3, 2),
        amount_fen=amount_fen,
    )


class Stored:
    """One visit with its lines."""

    def __init__(self, lines: Sequence[ListedLine]) -> None:
        self._lines = lines

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        yield self

    async def one(self, tx: Any, visit_id: str) -> ListedVisit | None:
        return VISIT if visit_id == VISIT.visit_id else None

    async def unsettled(self, tx: Any, visit_id: str) -> Sequence[ListedLine]:
        return self._lines


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], []),
        ([line("1", 500), line("2", 0)], ["1", "2"]),
        ([line("1", 500), line("2", -500, "1"), line("3", 70)], ["3"]),
        ([line("2", -200, "1"), line("1", 500), line("3", -300, "1")], []),
        ([line("1", 500), line("2", -200, "1"), line("3", -200, "1")], ["1", "2", "3"]),
        # what it gives back was settled before
        ([line("2", -200, "1"), line("3", 200)], ["2", "3"]),
    ],
)
async def test_what_was_given_back_wholly_is_left_out(lines: list[ListedLine], shown: list[str]) -> None:
    stored = Stored(lines)
    found = await ShowVisit(stored, stored)("V1")
    assert found.visit == VISIT
    assert [line.line_id for line in found.lines] == shown


async def test_an_unknown_visit_is_refused() -> None:
    stored = Stored([line("1", 500)])
    with pytest.raises(Refusal) as refused:
        await ShowVisit(stored, stored)("V2")
    assert (refused.value.kind, refused.value.code) == (Kind.NOT_FOUND, "claims.visit.unknown")
