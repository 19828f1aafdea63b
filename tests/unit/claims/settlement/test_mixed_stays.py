"""What of a mixed stay is no work injury as a claim of its own, and the one answer of both versions (B5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.application.header import HisHeader
from claims.application.settlement.answer import FundRow
from claims.application.settlement.commands import Settle, StatedSplit
from claims.application.settlement.settle_work_injury import own_claim
from claims.domain.adjudication import Split, add_up
from claims.domain.kept_part import KeptLine, kept_split, lines_of_version, part_of
from claims.domain.settlement import Batch, Identity, VisitToSettle
from shared.errors import Refusal
from tests.factories.settlements import SETTLED


def line(number: str, amount_fen: int, charge_class: str = "A", **more: Any) -> dict[str, Any]:
    first = amount_fen // 10 if charge_class == "B" else 0
    own = amount_fen if charge_class == "C" else 0
    scope = amount_fen - first - own
    return {
        "line_no": number,
        "charge_class": charge_class,
        "occurred_at": datetime(2026, 3, 2, 1, tzinfo=UTC),
        "amount_fen": amount_fen,
        "pre_selfpay_rate": 100_000 if charge_class == "B" else 0,
        "self_funded_fen": own,
        "over_limit_fen": 0,
        "pre_selfpay_fen": first,
        "in_scope_fen": scope,
        "class_b_fen": scope if charge_class == "B" else 0,
        "traditional_fen": 0,
        "flat_fen": 0,
        "sessions": Decimal(0),
        **more,
    }


F5 = [line("1", 700_000), line("2", 400_000, "B"), line("3", 200_000), line("4", 200_000, "B"), line("5", 500_000)]
KEPT = (
    KeptLine(line_id="3", amount_fen=200_000),
    KeptLine(line_id="4", amount_fen=200_000),
    KeptLine(line_id="5", amount_fen=133_333),
)


def split_of(lines: list[dict[str, Any]]) -> Split:
    return add_up(part_of(x, x["amount_fen"]) for x in lines)


def test_f5_every_line_is_in_one_version_or_its_parts_add_up_to_it() -> None:
    kept = {k.line_id: k.amount_fen for k in KEPT}
    injury, own = (lines_of_version(F5, kept, own=side) for side in (False, True))
    assert [(x["line_no"], x["amount_fen"], x.get("whole_fen")) for x in injury] == [
        ("1", 700_000, None),
        ("2", 400_000, None),
        ("5", 366_667, 500_000),
    ]
    assert [(x["line_no"], x["amount_fen"], x.get("whole_fen")) for x in own] == [
        ("3", 200_000, None),
        ("4", 200_000, None),
        ("5", 133_333, 500_000),
    ]
    assert split_of(own) == kept_split(F5, KEPT) == Split(533_333, 0, 0, 20_000, 513_333, 180_000, 0, 0)


lines = st.lists(
    st.tuples(st.integers(1, 10_000_000), st.sampled_from("ABC"), st.integers(0, 10), st.booleans()), min_size=1, max_size=10
)


@given(lines)
def test_the_versions_add_up_to_the_bill(drawn: list[tuple[int, str, int, bool]]) -> None:
    sign = [-1 if back else 1 for *_, back in drawn]
    bill = [line(str(i), s * amount, c) for i, ((amount, c, _, _), s) in enumerate(zip(drawn, sign, strict=True))]
    kept = {str(i): s * (amount * tenths // 10) for i, ((amount, _, tenths, _), s) in enumerate(zip(drawn, sign, strict=True))}
    kept = {number: amount for number, amount in kept.items() if amount}
    injury, own = (lines_of_version(bill, kept, own=side) for side in (False, True))
    for charged in bill:
        parts = [x for x in (*injury, *own) if x["line_no"] == charged["line_no"]]
        assert sum(x["amount_fen"] for x in parts) == charged["amount_fen"]
        assert [x.get("whole_fen") for x in parts] in ([None], [charged["amount_fen"]] * 2)
        for part in parts:
            names = ("self_funded_fen", "over_limit_fen", "pre_selfpay_fen", "in_scope_fen")
            assert sum(part[name] for name in names) == part["amount_fen"]


VISIT = VisitToSettle(
    visit_id="V1",
    person_id="P1",
    institution_code="H1",
    inpatient=True,
    scheme="310",
    med_type="21",
    state="discharged",
    begun_on=date(2026, 3, 2),
    ended_on=date(2026, 3, 14),
    work_injury=True,
    injury_suspect=True,
    disease_code="",
    disease_name="",
    identity=Identity(name="", cert_type="", certno="", naty=""),
    sex="1",
    born_on=date(1980, 1, 1),
    coverages=(),
    classes=(),
    filings=(),
    batches=(Batch(batch_id="B", batch_no="", settlement_id=None, split=split_of(F5)),),
)
HEADER = HisHeader(
    infno="2304", msgid="M1", institution_code="H1", input_digest="d", received_at=datetime(2026, 3, 14, tzinfo=UTC)
)
COMMAND = Settle(
    header=HEADER,
    inpatient=True,
    person_id="P1",
    visit_id="V1",
    scheme="310",
    total_fen=2_000_000,
    batch_no="B1",
    stated=StatedSplit(in_scope_fen=1),
)


def test_the_own_disease_is_a_claim_of_its_own() -> None:
    charged = [*F5[:3], line("4", 200_000, "B", occurred_at=datetime(2026, 3, 4, 17, tzinfo=UTC), sessions=Decimal(2)), F5[4]]
    command, visit = own_claim(COMMAND, VISIT, charged, KEPT)
    (batch,) = visit.batches
    assert (batch.split, batch.sessions) == (Split(533_333, 0, 0, 20_000, 513_333, 180_000, 0, 0), Decimal(2))
    assert (batch.first_on, batch.last_on) == (date(2026, 3, 2), date(2026, 3, 5))
    assert (visit.work_injury, visit.scheme, visit.med_type) == (False, "310", "21")
    assert (command.total_fen, command.batch_no, command.stated) == (533_333, None, StatedSplit())


def test_a_visit_of_the_other_dialect_takes_scheme_and_category_of_the_national_message() -> None:
    _, visit = own_claim(COMMAND, replace(VISIT, scheme="WI", med_type="mohrss-js:med_type|21"), F5, KEPT)
    assert (visit.scheme, visit.med_type) == ("310", "21")


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ((KEPT[0], KEPT[0]), "claims.kept.twice"),
        ((KeptLine(line_id="9", amount_fen=1),), "claims.kept.unknown-line"),
        ((KeptLine(line_id="1", amount_fen=700_001),), "claims.kept.beyond-line"),
    ],
)
def test_what_does_not_fit_the_bill_is_refused(kept: tuple[KeptLine, ...], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        own_claim(COMMAND, VISIT, F5, kept)
    assert caught.value.code == code


def test_the_hospital_gets_one_answer_of_both_versions() -> None:
    injury = replace(
        SETTLED,
        settlement_id="W",
        person_category="",
        total_fen=100_000,
        self_funded_fen=1_000,
        over_limit_fen=0,
        pre_selfpay_fen=0,
        in_scope_fen=99_000,
        deductible_fen=0,
        pool_fen=0,
        pool_rate=0,
        large_amount_fen=0,
        other_fund_fen=99_000,
        account_fen=0,
        cash_fen=1_000,
        hospital_fen=0,
        balance_fen=0,
        funds=(FundRow(fund_pay_type="410100", name="工伤保险基金", amount_fen=99_000),),
    )
    joined = injury.joined(SETTLED)
    assert (joined.settlement_id, joined.total_fen, joined.cash_fen) == (
        "W",
        SETTLED.total_fen + 100_000,
        SETTLED.cash_fen + 1_000,
    )
    assert (joined.fund_total_fen, joined.other_fund_fen) == (SETTLED.fund_total_fen + 99_000, 99_000)
    assert joined.funds == (*injury.funds, *SETTLED.funds)
    said = (joined.person_category, joined.pool_rate, joined.deductible_fen, joined.balance_fen)
    assert said == ("11", 850_000, 50_000, 1_000)
    back = joined.reversal(settlement_id="R", medins_setl_id="M", settled_at=SETTLED.settled_at, balance_fen=0)
    assert (back.total_fen, back.fund_total_fen) == (-joined.total_fen, -joined.fund_total_fen)
