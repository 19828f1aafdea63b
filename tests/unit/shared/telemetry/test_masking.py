from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import resident_id_check_digit
from shared.telemetry import mask, mask_text

ID = "420502199001011232"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"person {ID} not found", "person [number] not found"),
        ("42050219900101123X", "[number]"),
        ("42050219900101123x,", "[number],"),
        (f"id{ID}号", "id[number]号"),
        ("420502900101123", "[number]"),
        ("card 6222021234567890", "card [number]"),
        ("card 6222021234567890123", "card [number]"),
        ("card 6222 0212 3456 7890 123", "card [number]"),
        ("card 6222-0212-3456-7890", "card [number]"),
        ("call 13812345678.", "call [mobile]."),
        ("call +86 138 1234 5678", "call [mobile]"),
        ("8613812345678", "[mobile]"),
        ("４２０５０２１９９００１０１１２３２", "[number]"),
        ("psn_name=张三 failed", "psn_name=[name] failed"),
        ("{'psn_name': '张三', 'age': 3}", "{'psn_name': [name], 'age': 3}"),
        ('{"psn_name":"张 \\"三\\"","age":3}', '{"psn_name":[name],"age":3}'),
        ('{\\"psn_name\\": \\"张三\\", \\"x\\": 1}', '{\\"psn_name\\": [name], \\"x\\": 1}'),
        ("Authorization: Bearer eyJhbGciOi.x.y", "Authorization: [secret]"),
        ("certno='G1234567'", "certno=[number]"),
    ],
)
def test_identities_in_text(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "amount_fen=13812345",
        "2026-11-22T07:21:52.123456Z",
        "01KAN5Z8Q3F7M2X9V4T6B1C0DE",
        "H42050200001202611220001",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "claims.claim-settled.v1",
        "username=clerk",
        "420502",
        "12812345678",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert mask_text(text) == text


@dataclass
class Patient:
    psn_name: str
    certno: str


def test_events_are_masked_at_any_depth_and_by_key() -> None:
    event: dict[str, Any] = {
        "event": f"person {ID} refused",
        "psn_name": "张三",
        "Mobile": 13812345678,
        "certno": "G1234567",
        "nested": {"list": [{"name": "李四", "ok": 1}, (ID, "x")], "raw": f"<{ID}>".encode()},
        "object": Patient("王五", ID),
        "error": ValueError(f"bad id {ID}"),
        ID: "as a key",
        "empty": {"name": "", "secret": None},
    }
    assert mask(event) == {
        "event": "person [number] refused",
        "psn_name": "[name]",
        "Mobile": "[number]",
        "certno": "[number]",
        "nested": {"list": [{"name": "[name]", "ok": 1}, ["[number]", "x"]], "raw": "<[number]>"},
        "object": "Patient(psn_name=[name], certno=[number])",
        "error": "ValueError('bad id [number]')",
        "[number]": "as a key",
        "empty": {"name": "", "secret": None},
    }


def test_amounts_dates_and_flags_pass_and_long_numbers_do_not() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    plain = [None, True, 1.5, Decimal("1.23"), date(2026, 3, 2), at, 13812345678, 99_999_999_999_999]
    assert mask(plain) == plain
    assert mask(int(ID)) == "[number]"


def test_endless_structures_end() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert "[too deep]" in str(mask(loop))


@given(st.integers(10**16, 10**17 - 1), st.text(max_size=20), st.text(max_size=20))
def test_no_resident_id_passes_in_any_surroundings(first17: int, before: str, after: str) -> None:
    number = f"{first17}{resident_id_check_digit(str(first17))}"
    text = f"{before} {number} {after}"
    assert number not in mask_text(text)
    assert number not in str(mask({"a": [text]}))
