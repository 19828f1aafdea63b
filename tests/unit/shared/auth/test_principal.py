import pytest

from shared.auth import Principal
from shared.errors import Kind, Refusal

CLERK = Principal("u1", "王芳", frozenset({"persons:read"}), frozenset({"420502"}))


def test_a_granted_scope_in_a_granted_region_passes() -> None:
    CLERK.require("persons:read")
    for region in ("420502", "420502001004"):
        CLERK.require("persons:read", region)
        assert CLERK.has("persons:read")
        assert CLERK.covers(region)


def test_a_missing_scope_is_refused_by_name() -> None:
    with pytest.raises(Refusal) as caught:
        CLERK.require("persons:write", "420502")
    assert (caught.value.kind, caught.value.code) == (Kind.FORBIDDEN, "auth.scope-missing")
    assert caught.value.facts == {"scope": "persons:write"}
    assert caught.value.zh == "您没有该操作的权限（persons:write）"


def test_a_foreign_region_is_refused_by_code() -> None:
    with pytest.raises(Refusal) as caught:
        CLERK.require("persons:read", "420503")
    assert (caught.value.kind, caught.value.code) == (Kind.FORBIDDEN, "auth.region-not-granted")
    assert caught.value.facts == {"region": "420503"}


@pytest.mark.parametrize(
    ("granted", "region", "expected"),
    [
        ("420500", "420502", True),
        ("420500", "420600", False),
        ("420000", "420502", True),
        ("420000", "430502", False),
        ("420502", "420500", False),
        ("420502", "42050", False),
        ("*", "110101", True),
        ("", "110101", False),
        ("420502001", "420502001004", True),
        ("420502001", "420502", False),
    ],
)
def test_regions_cover_what_lies_below(granted: str, region: str, expected: bool) -> None:
    assert Principal("u", "n", frozenset(), frozenset({granted})).covers(region) is expected


def test_nobody_may_anything_by_default_and_a_star_may_all() -> None:
    assert not Principal("u", "n").has("persons:read")
    assert not Principal("u", "n").covers("420502")
    Principal("u", "n", frozenset({"*"}), frozenset({"*"})).require("anything:at-all", "420502")
