"""Readings of a mixed stay: what a line is after returns, what is flagged, what is sent, which stays may wait."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from claims.domain.stay_credit import CreditState
from claims.domain.visit import VisitState
from gateway.entrypoints.console.splits import (
    Line,
    Split,
    flagged,
    flags_of,
    settled_lines,
    split_of_conversion,
    split_of_stay,
    unsettled_lines,
    unsettled_stays,
)
from gateway.entrypoints.console.words import BELONGINGS, CREDIT_STATES, SPLIT_STATES, VISIT_STATES, stay_name
from workinjury_bridge.domain.split import Belonging, SplitState

Json = dict[str, Any]


def line(line_id: str, amount_fen: int, returned_by: tuple[str, ...] = ()) -> Line:
    return Line(line_id=line_id, name="床位费", on="2026-11-19", amount_fen=amount_fen, returned_by=returned_by)


def charge(line_id: str, amount_fen: int, returns: str | None = None) -> Json:
    about = {"item_name": "床位费", "occurred_on": "2026-11-19"}
    return {"line_id": line_id, "returns_line_id": returns, "amount_fen": amount_fen, **about}


def split(**changes: Any) -> Split:
    plain: Json = {"state": "proposed", "flags": (), "ratio": None, "proposed_by": "wangfang", "disputed_by": None}
    return Split(**{**plain, "decided_by": None, "note": None, **changes})


def test_a_line_is_what_is_left_of_it() -> None:
    visit = {"lines": [charge("2", -40, "1"), charge("1", 150), charge("3", -10, "1"), charge("5", -7, "4"), charge("6", 9)]}
    assert unsettled_lines(visit) == [line("1", 100, ("2", "3")), line("5", -7), line("6", 9)]
    assert unsettled_lines({"lines": []}) == []


def test_a_settled_line_is_known_by_name_day_and_amount() -> None:
    settlement = {
        "lines": [{"line_id": "1", "item_name": "床位费", "occurred_at": "2026-11-18T16:30:00Z", "amount_fen": 123_450}]
    }
    (found,) = settled_lines(settlement)
    assert found == line("1", 123_450)
    assert found.label == "床位费　2026-11-19　1,234.50"


def test_both_kinds_of_split_are_read_alike() -> None:
    ratio = {"numerator": 0, "denominator": 3}
    flags = {"lines": [["1", "shared"]], "ratio": ratio}
    hands = {"proposed_by": "wangfang", "disputed_by": "lijing", "decided_by": "zhaoming", "note": "旧病"}
    converted = {"split": {"state": "decided", "flags": flags, **hands}}
    stay = {"split": "decided", "lines": [{"line_id": "1", "belongs": "shared"}], **ratio, **hands}
    expected = split(state="decided", flags=(("1", "shared"),), ratio=(0, 3), **hands)
    assert split_of_conversion(converted) == split_of_stay(stay) == expected
    bare = {**stay, "numerator": None, "denominator": None}
    converted["split"]["flags"] = {**flags, "ratio": None}
    assert (
        split_of_conversion(converted) == split_of_stay(bare) == split(**{**hands, "state": "decided", "flags": expected.flags})
    )
    assert split_of_conversion({}) is None
    assert split_of_conversion({"split": None}) is None


@pytest.mark.parametrize(("state", "over"), [("proposed", False), ("disputed", False), ("agreed", True), ("decided", True)])
def test_another_split_is_proposed_only_when_the_last_is_over(state: str, *, over: bool) -> None:
    assert split(state=state).over is over


def test_returns_are_flagged_with_their_line_and_not_shown_beside_it() -> None:
    lines = [line("1", 100, ("2", "3")), line("4", 50), line("5", 9)]
    sent = flags_of({"4": "shared", "1": "own-disease"}, lines)
    assert sent == [
        {"line_id": "1", "belongs": "own-disease"},
        {"line_id": "2", "belongs": "own-disease"},
        {"line_id": "3", "belongs": "own-disease"},
        {"line_id": "4", "belongs": "shared"},
    ]
    kept = split(flags=(*((flag["line_id"], flag["belongs"]) for flag in sent), ("9", "undecided")))
    assert flagged(kept, lines) == [
        ("1", lines[0], "own-disease"),
        ("4", lines[1], "shared"),
        ("9", None, "undecided"),
    ]


def test_stays_since_the_accident_of_which_nothing_is_settled() -> None:
    def visit(name: str, **changes: Any) -> Json:
        plain: Json = {"inpatient": True, "state": "discharged", "total_fen": 5, "settled_fen": 0, "begun_on": "2026-05-11"}
        return {"visit_id": name, **plain, **changes}

    visits = [
        visit("same day"),
        visit("inside", state="open"),
        visit("clinic", inpatient=False),
        visit("cancelled", state="cancelled"),
        visit("nothing charged", total_fen=0),
        visit("settled in part", settled_fen=1),
        visit("before", begun_on="2026-05-10"),
    ]
    case = {"accident_on": "2026-05-11"}
    assert [v["visit_id"] for v in unsettled_stays(case, visits, "discharged")] == ["same day"]
    assert [v["visit_id"] for v in unsettled_stays(case, visits, "open", "discharged")] == ["same day", "inside"]


def test_every_state_has_a_word() -> None:
    assert set(CREDIT_STATES) == set(get_args(CreditState))
    assert set(VISIT_STATES) == set(get_args(VisitState))
    assert set(SPLIT_STATES) == set(SplitState)
    assert set(BELONGINGS) == set(Belonging)
    stay = {"institution_name": "县人民医院", "begun_on": "2026-11-18", "ended_on": None, "total_fen": 1_286_000}
    assert stay_name(stay) == "县人民医院　2026-11-18 起　12,860.00 元"
