"""A fee line that an audit found wrong, divided anew (chs-interface 6.3; benefit policies, canonical steps 1-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from claims.domain.adjudication.split import (
    OUTSIDE,
    CatalogueEntry,
    ChargeClass,
    FeeLine,
    LineShare,
    Split,
    add_up,
    split_line,
    whole,
)
from shared.errors import invalid
from shared.money import RATE_ONE

_CLASSES: Final = {"A": "甲类", "B": "乙类", "C": "丙类"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedLine:
    """A fee line as it stands, with the numbers it was divided by."""

    line_no: str
    returns_line_no: str
    charge_class: ChargeClass
    pre_selfpay_rate: int
    """Millionths."""
    price_limit: Decimal | None
    quantity: Decimal
    price: Decimal
    split: Split

    @property
    def own_pay(self) -> bool:
        """All of it is the person's, whatever its class says (limited use without approval)."""
        return self.split.total_fen != 0 and self.split.self_funded_fen == self.split.total_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAudit:
    """What is right instead; None: as charged."""

    line_no: str
    charge_class: ChargeClass | None = None
    amount_fen: int | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    """Yuan."""

    def __post_init__(self) -> None:
        if min(self.amount_fen or 0, self.quantity or 0, self.price or 0) < 0:
            raise invalid("claims.line.negative", f"明细{self.line_no}更正后的金额、数量、单价不能为负数", field="lines")


def audited(line: ChargedLine, audit: LineAudit, *, class_b_rate: int) -> ChargedLine:
    """The line as it should have been. Refuses when nothing is different, and a line that is a return."""
    if line.returns_line_no or line.split.total_fen < 0:
        raise invalid("claims.line.return", f"明细{line.line_no}是退费明细，不能更正", field="lines")
    charge_class = audit.charge_class or line.charge_class
    if charge_class != line.charge_class:
        rate = {"A": 0, "B": class_b_rate, "C": RATE_ONE}[charge_class]
        outside = charge_class == "C"
    else:
        rate, outside = line.pre_selfpay_rate, line.own_pay or charge_class == "C"
    entry = OUTSIDE if outside else CatalogueEntry(
        charge_class=charge_class,
        pre_selfpay_rate=rate,
        price_limits=(line.price_limit, line.price_limit, line.price_limit),
        traditional=line.split.traditional_fen > 0,
    )  # fmt: skip
    same = charge_class == line.charge_class
    settled_by_itself = LineShare(rate=rate, flat=True) if same and line.split.flat_fen else None
    charged = FeeLine(
        amount_fen=line.split.total_fen if audit.amount_fen is None else audit.amount_fen,
        quantity=line.quantity if audit.quantity is None else audit.quantity,
        price=line.price if audit.price is None else audit.price,
    )
    result = ChargedLine(
        line_no=line.line_no,
        returns_line_no="",
        charge_class=charge_class,
        pre_selfpay_rate=rate,
        price_limit=line.price_limit,
        quantity=charged.quantity,
        price=charged.price,
        split=split_line(charged, entry, 1, class_b_rate, settled_by_itself),
    )
    if result == line:
        raise invalid("claims.line.same", f"明细{line.line_no}更正后与原明细相同（{_CLASSES[charge_class]}）", field="lines")
    return result


def bill_with(bill: Split, changed: Iterable[tuple[ChargedLine, ChargedLine]]) -> Split:
    """The bill with lines replaced. Raises Refusal when a part would turn negative: a later return took that much already."""
    pairs = list(changed)
    less = add_up(before.split for before, _ in pairs)
    more = add_up(after.split for _, after in pairs)
    return whole(Split(*(b - x + y for b, x, y in zip(bill, less, more, strict=True))))
