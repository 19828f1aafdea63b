"""A transfer belongs to one conversion or to one month-end clearing (reference B13), never to both or to none."""

from __future__ import annotations

from typing import Any

import pytest

from claims.application.funds.move_transfer import Transfer
from shared.errors import Refusal
from shared.ledger import Book

CASE = {"case_id": "C1", "settlement_id": "S1", "conversion_id": "K1"}


def transfer(**subject: Any) -> Transfer:
    return Transfer(
        transfer_id="T1",
        voucher_no="V1",
        book=Book.EMP,
        counter_book=Book.WI,
        direction="in",
        amount_fen=1,
        maker="lijing",
        checker="zhaoming",
        **subject,
    )


@pytest.mark.parametrize("subject", [CASE, {"clearing_id": "R1"}])
def test_one_subject(subject: dict[str, str]) -> None:
    found = transfer(**subject)
    assert (found.conversion_id, found.clearing_id) == (subject.get("conversion_id"), subject.get("clearing_id"))


@pytest.mark.parametrize(
    "subject", [{}, CASE | {"clearing_id": "R1"}, {"case_id": "C1"}, {"clearing_id": "R1", "case_id": "C1"}]
)
def test_none_both_or_half_a_subject_are_refused(subject: dict[str, str]) -> None:
    with pytest.raises(Refusal) as caught:
        transfer(**subject)
    assert (caught.value.code, caught.value.field) == ("claims.transfer.subject", "clearing_id")
