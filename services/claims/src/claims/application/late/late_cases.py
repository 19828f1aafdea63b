"""Late facts that wait for a second pair of eyes: paper claims and audited lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol, cast

from claims.domain.adjudication.split import ChargeClass, Split
from claims.domain.line_audit import ChargedLine, LineAudit
from shared.transactions import Tx

Kind = Literal["manual-claim", "line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """One line of a paper claim."""

    item_code: str
    item_name: str
    amount_fen: int
    quantity: Decimal
    price: Decimal
    """Yuan."""
    occurred_on: date
    approved_use: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualClaim:
    """A visit or stay that the person has paid in cash and claims with invoice and papers (零星报销, 手工报销)."""

    person_id: str
    scheme: str
    inpatient: bool
    med_type: str
    begun_on: date
    ended_on: date
    institution_code: str | None
    """None or unknown here: an institution outside the network, described by the next three."""
    institution_name: str
    institution_level: int | None
    institution_region: str | None
    invoice_no: str
    disease_code: str
    disease_name: str
    lines: tuple[ManualLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCorrection:
    """Lines of a settlement that an audit found wrong."""

    settlement_id: str
    lines: tuple[LineAudit, ...]
    reason: str
    """What was found, in the auditor's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCase:
    """A late fact on its way."""

    late_fact_id: str
    kind: Kind
    person_id: str
    settlement_id: str | None
    invoice_no: str | None
    state: Literal["proposed", "approved", "rejected"]
    body: Mapping[str, Any]
    maker: str
    checker: str | None = None


class LateCases(Protocol):
    """Keeps them."""

    async def add(self, tx: Tx, case: LateCase) -> bool:
        """Put a new one down; False when its invoice number is in use."""
        ...

    async def invoice_used(self, tx: Tx, person_id: str, invoice_no: str) -> bool:
        """Whether a standing settlement of the person states this invoice."""
        ...

    async def lock(self, tx: Tx, late_fact_id: str) -> LateCase | None:
        """One, locked."""
        ...

    async def decide(self, tx: Tx, case: LateCase) -> None:
        """Write state, checker and settlement back."""
        ...

    async def find(self, tx: Tx, late_fact_id: str) -> LateCase | None:
        """One, not locked."""
        ...

    async def listed(self, tx: Tx, state: str, after: str, limit: int) -> Sequence[LateCase]:
        """Those in a state, oldest first."""
        ...


class PaidElsewhere(Protocol):
    """What the work-injury fund has paid or is asked to pay (B10)."""

    async def same_bill(self, claim: ManualClaim) -> bool:
        """Whether it has this very bill. False when it cannot be reached: it hears of the settlement, and compares then."""
        ...


def claim_of(body: Mapping[str, Any]) -> ManualClaim:
    """A paper claim from its JSON."""
    return ManualClaim(
        **{name: body[name] for name in ManualClaim.__slots__ if name not in ("begun_on", "ended_on", "lines")},
        begun_on=date.fromisoformat(body["begun_on"]),
        ended_on=date.fromisoformat(body["ended_on"]),
        lines=tuple(
            ManualLine(
                item_code=line["item_code"],
                item_name=line["item_name"],
                amount_fen=line["amount_fen"],
                quantity=Decimal(line["quantity"]),
                price=Decimal(line["price"]),
                occurred_on=date.fromisoformat(line["occurred_on"]),
                approved_use=line["approved_use"],
            )
            for line in body["lines"]
        ),
    )


def correction_of(settlement_id: str, body: Mapping[str, Any]) -> LineCorrection:
    """A correction of lines from its JSON."""
    return LineCorrection(
        settlement_id=settlement_id,
        reason=body["reason"],
        lines=tuple(
            LineAudit(
                line_no=line["line_id"],
                charge_class=cast("ChargeClass | None", line["charge_class"]),
                amount_fen=line["amount_fen"],
                quantity=None if line["quantity"] is None else Decimal(line["quantity"]),
                price=None if line["price"] is None else Decimal(line["price"]),
            )
            for line in body["lines"]
        ),
    )


def charged_line(line: Mapping[str, Any]) -> ChargedLine:
    """A stored fee line as audits see it."""
    return ChargedLine(
        line_no=line["line_no"],
        returns_line_no=line["returns_line_no"],
        charge_class=line["charge_class"],
        pre_selfpay_rate=line["pre_selfpay_rate"],
        price_limit=line["price_limit"],
        quantity=line["quantity"],
        price=line["price"],
        split=Split(
            line["amount_fen"],
            line["self_funded_fen"],
            line["over_limit_fen"],
            line["pre_selfpay_fen"],
            line["in_scope_fen"],
            line["class_b_fen"],
            line["traditional_fen"],
            line["flat_fen"],
        ),
    )


def corrected_fields(line: ChargedLine) -> dict[str, Any]:
    """What of a fee line a correction replaces, as it is stored."""
    return {
        "charge_class": line.charge_class,
        "pre_selfpay_rate": line.pre_selfpay_rate,
        "quantity": str(line.quantity),
        "price": str(line.price),
        "amount_fen": line.split.total_fen,
        "self_funded_fen": line.split.self_funded_fen,
        "over_limit_fen": line.split.over_limit_fen,
        "pre_selfpay_fen": line.split.pre_selfpay_fen,
        "in_scope_fen": line.split.in_scope_fen,
        "class_b_fen": line.split.class_b_fen,
        "traditional_fen": line.split.traditional_fen,
        "flat_fen": line.split.flat_fen,
    }


def shown(case: LateCase) -> dict[str, Any]:
    """A late fact for an answer."""
    return {name: getattr(case, name) for name in LateCase.__slots__}
