"""A bill divided into what the rules may look at (canonical steps 1-5; chs-interface 6.2 identity 1 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

from shared.errors import invalid
from shared.money import share

ChargeClass = Literal["A", "B", "C"]
"""甲 乙 丙 (chrgitm_lv 01 02 03)."""

_FEN: Final = Decimal(100)
_ONE: Final = Decimal(1)


class Split(NamedTuple):
    """total = self_funded + over_limit + pre_selfpay + in_scope, in fen; all of one sign."""

    total_fen: int
    self_funded_fen: int
    """全自费: outside the catalogue."""
    over_limit_fen: int
    """超限价: above the payment standard."""
    pre_selfpay_fen: int
    """先行自付: the first share of class B and the like."""
    in_scope_fen: int
    """符合政策范围: the rest, which deductible, rates and caps apply to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What the catalogue says of an item."""

    charge_class: ChargeClass
    pre_selfpay_rate: int | None = None
    """Millionths; None: as the class says (A 0, B the rule book's share)."""
    price_limits: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)
    """Highest price the funds accept, yuan per unit, at facilities of level 1, 2, 3; None: no limit."""
    limited_use: bool = False
    """lmt_used_flag: in the catalogue only for stated uses, which the hospital must approve."""


OUTSIDE: Final = CatalogueEntry(charge_class="C")
"""An item that is in no catalogue: all of it self-funded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A fee line as the hospital sent it. A return line has a negative amount and quantity."""

    amount_fen: int
    """det_item_fee_sumamt; it rules, not quantity x price."""
    quantity: Decimal
    """cnt, at most 4 decimals."""
    price: Decimal
    """pric, yuan, at most 6 decimals."""
    approved_use: bool = False
    """hosp_appr_flag is 1."""


def split_line(line: FeeLine, entry: CatalogueEntry, level: int, class_b_rate: int) -> Split:
    """Divide one line at a facility of ``level`` (1-3); ``class_b_rate`` is the rule book's share for class B.

    Self-funded: class C, and limited use without approval. Over the limit: (price - limit) x quantity, half up, at most
    the line. Pre-selfpay: the item's share of the rest, half up. In scope: what remains, by subtraction, so that the parts
    always add up. A return line gives the negatives of the same division.
    """
    sign = -1 if line.amount_fen < 0 else 1
    amount = abs(line.amount_fen)
    if entry.charge_class == "C" or (entry.limited_use and not line.approved_use):
        return Split(sign * amount, sign * amount, 0, 0, 0)
    limit = entry.price_limits[level - 1]
    over = 0 if limit is None else min(_excess_fen(line, limit), amount)
    rate = entry.pre_selfpay_rate
    if rate is None:
        rate = class_b_rate if entry.charge_class == "B" else 0
    first = share(amount - over, rate)
    return Split(sign * amount, 0, sign * over, sign * first, sign * (amount - over - first))


def add_up(splits: Iterable[Split]) -> Split:
    """The split of a bill: its lines added up."""
    total = self_funded = over_limit = pre_selfpay = in_scope = 0
    for part in splits:
        total += part.total_fen
        self_funded += part.self_funded_fen
        over_limit += part.over_limit_fen
        pre_selfpay += part.pre_selfpay_fen
        in_scope += part.in_scope_fen
    return Split(total, self_funded, over_limit, pre_selfpay, in_scope)


def whole(split: Split) -> Split:
    """The split itself. Raises Refusal ``claims.bill.split`` when its parts do not add up or one is negative."""
    if split.total_fen != sum(split[1:]):
        raise invalid("claims.bill.split", "全自费、超限价、先行自付与政策范围内金额之和不等于费用总额", field="medfee_sumamt")
    if min(split) < 0:
        raise invalid("claims.bill.negative", "退费大于原收费：结算金额的某一部分为负数", field="medfee_sumamt")
    return split


def _excess_fen(line: FeeLine, limit: Decimal) -> int:
    excess = max(line.price - limit, Decimal(0)) * abs(line.quantity) * _FEN
    return int(excess.quantize(_ONE, ROUND_HALF_UP))
