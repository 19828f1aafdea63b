from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.errors import Kind, Refusal, conflict, forbidden, invalid, not_found, unauthenticated, unavailable


@pytest.mark.parametrize(
    ("make", "kind", "status"),
    [
        (invalid, Kind.INVALID, 422),
        (unauthenticated, Kind.UNAUTHENTICATED, 401),
        (forbidden, Kind.FORBIDDEN, 403),
        (not_found, Kind.NOT_FOUND, 404),
        (conflict, Kind.CONFLICT, 409),
        (unavailable, Kind.UNAVAILABLE, 503),
    ],
)
def test_a_refusal_says_what_kind_and_why(make: Callable[..., Refusal], kind: Kind, status: int) -> None:
    refusal = make("claims.visit.closed", "就诊已结束", "the visit is closed", days=3)
    assert (refusal.kind, refusal.kind.value) == (kind, status)
    assert (refusal.code, refusal.zh, refusal.en) == ("claims.visit.closed", "就诊已结束", "the visit is closed")
    assert refusal.facts == {"days": 3}
    assert str(refusal) == "claims.visit.closed: the visit is closed"


def test_without_english_the_chinese_text_serves() -> None:
    refusal = invalid("a.b", "不行", field="psn_no")
    assert (refusal.en, refusal.field, str(refusal)) == ("不行", "psn_no", "a.b: 不行")


def test_every_kind_has_a_status_of_its_own() -> None:
    assert len({kind.value for kind in Kind}) == len(Kind) == 7
