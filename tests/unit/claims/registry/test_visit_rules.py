"""Suspicion of a work injury, and which institutions may be designated."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from claims.domain.institution import Institution
from claims.domain.visit import Diagnosis, FeeLine, injury_suspected
from shared.errors import Refusal


def diagnosis(code: str, *, valid: bool = True) -> Diagnosis:
    return Diagnosis(kind="1", sort_no="1", code=code, name="x", valid=valid)


@pytest.mark.parametrize(
    ("med_type", "diagnoses", "codes", "cause", "flag", "suspected"),
    [
        ("21", [diagnosis("J18.900")], ["J18.900"], "肺炎", "", False),
        ("22", [], [], "", "", True),
        ("81", [], [], "", "", True),
        ("21", [diagnosis("S82.100")], [], "", "", True),
        ("21", [diagnosis("T14.900")], [], "", "", True),
        ("21", [diagnosis("S82.100", valid=False)], [], "", "", False),
        ("21", [diagnosis("TA1")], [], "", "", False),
        ("21", [], ["S06.000"], "", "", True),
        ("21", [], [], "上班途中车祸", "", True),
        ("21", [], [], "疑似工伤", "", True),
        ("21", [], [], "", "1", True),
        ("21", [], [], "", "0", False),
    ],
)
def test_suspicion_of_a_work_injury(
    med_type: str, diagnoses: list[Diagnosis], codes: list[str], cause: str, flag: str, suspected: bool
) -> None:
    assert injury_suspected(med_type, diagnoses, codes, cause, flag) is suspected


@pytest.mark.parametrize(
    ("amount_fen", "quantity", "price", "gap"),
    [
        (452, "3", "1.506667", 0),
        (452, "3", "1.50", 2),
        (-452, "-3", "1.506667", 0),
        (3, "0.5", "0.05", 0),
        (2, "0.5", "0.05", 1),
    ],
)
def test_how_far_an_amount_is_from_quantity_times_price(amount_fen: int, quantity: str, price: str, gap: int) -> None:
    line = FeeLine(
        line_no="1",
        item_code="X",
        institution_item_code="x",
        amount_fen=amount_fen,
        quantity=Decimal(quantity),
        price=Decimal(price),
        occurred_at=datetime(2026, 3, 5, tzinfo=UTC),
    )
    assert line.product_gap_fen() == gap


INSTITUTION: dict[str, Any] = {
    "code": "H42050100001",
    "version": 1,
    "name": "医院",
    "kind": "1",
    "level": 3,
    "region": "420500",
    "active": True,
    "signature": "x-tif",
    "access_key": "k",
    "secret_sealed": "s",
}


def test_a_lawful_institution() -> None:
    assert Institution(**INSTITUTION).switches.line_tolerance_fen == 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "X42050100001"}, "code"),
        ({"code": "H4205010000"}, "code"),
        ({"code": "H4205010000中"}, "code"),
        ({"level": 4}, "level"),
        ({"region": "42050"}, "region"),
        ({"signature": "md5"}, "signature"),
        ({"secret_sealed": ""}, "secret"),
    ],
)
def test_unlawful_institutions(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        Institution(**INSTITUTION | change)
    assert caught.value.field == field
