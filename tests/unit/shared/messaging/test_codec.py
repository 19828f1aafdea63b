"""What is not an event of ours, and how it is told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.codec import DecodeError, Record, decode
from tests.factories.platform import FACT, START, fact, record

GOOD = record("E1", "A", "1", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def without(*names: str) -> Record:
    return replace(GOOD, headers={name: value for name, value in GOOD.headers.items() if name not in names})


def test_a_good_record_is_an_envelope() -> None:
    envelope = decode(GOOD)
    assert envelope is not None
    assert envelope.data == fact("A", "1")
    assert (envelope.id, envelope.type, envelope.subject, envelope.time) == ("E1", FACT, "A", START)
    assert envelope.traceparent == GOOD.headers["traceparent"]


def test_what_is_optional_may_be_absent() -> None:
    envelope = decode(without("ce_source", "ce_subject", "traceparent", "content-type", "ce_specversion"))
    assert envelope is not None
    assert (envelope.source, envelope.subject, envelope.traceparent) == ("", "A", None)


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_time"])
def test_what_is_needed_is_named(name: str) -> None:
    with pytest.raises(DecodeError, match=f"no CloudEvents attributes: '{name}'"):
        decode(without(name))


def test_an_unknown_type_is_none_whatever_it_carries() -> None:
    assert decode(replace(GOOD, headers=GOOD.headers | {"ce_type": "claims.newer-fact.v7"}, value=b"\xff")) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"", f"{FACT}: : json_invalid"),
        (b"null", f"{FACT}: : dataclass_type"),
        (b'"text"', f"{FACT}: : dataclass_type"),
        (GOOD.value.replace(b'"M1"', b"1"), f"{FACT}: matter_id: string_type"),
        (GOOD.value.replace(b'"M1"', b"null"), f"{FACT}: matter_id: string_type"),
        (GOOD.value.replace(b'"matter_id"', b'"matterId"'), f"{FACT}: matter_id: missing"),
        (GOOD.value.replace(b"2026-03-02T01", b"2026-13-02T01"), f"{FACT}: changed_at: datetime_from_date_parsing"),
    ],
)
def test_the_place_of_a_fault_is_told_and_no_value(value: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as broken:
        decode(replace(GOOD, value=value))
    assert str(broken.value) == message


def test_of_many_faults_five_are_told() -> None:
    with pytest.raises(DecodeError) as broken:
        decode(replace(GOOD, value=b"{}"))
    assert str(broken.value).count("missing") == 5


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(replace(GOOD, value=value))


@given(st.dictionaries(st.sampled_from(["ce_id", "ce_type", "ce_time", "ce_source", "x"]), st.text(max_size=40)))
def test_no_headers_do_more_than_be_refused_or_unknown(headers: dict[str, str]) -> None:
    with suppress(DecodeError):
        assert decode(replace(GOOD, headers=headers)) is None
