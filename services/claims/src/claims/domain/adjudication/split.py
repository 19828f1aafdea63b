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


PARTS: Final = 5
"""How many figures of a split are the total and its parts; what follows is contained in the last of them."""


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
    class_b_fen: int = 0
    """Of what is in scope and not flat: class B, where a layer has a rate of its own for it."""
    traditional_fen: int = 0
    """Of what is in scope and not flat: traditional medicine (中医药)."""
    flat_fen: int = 0
    """Of what is in scope: lines whose share is settled by the line alone, without deductible and rate (implants)."""


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
    line_class: str = ""
    """A class of lines that the rule book treats in its own way (放宽项目, 人工器官 …); empty: none."""
    traditional: bool = False
    """Traditional medicine: a herb, a preparation or a treatment of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShare:
    """What a rule book says of a class of lines. ``flat``: nothing more is taken off the rest (no deductible, no rate)."""

    rate: int
    """Share paid first, millionths."""
    flat: bool = False


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


def split_line(
    line: FeeLine, entry: CatalogueEntry, level: int, class_b_rate: int, line_share: LineShare | None = None
) -> Split:
    """Divide one line at a facility of ``level`` (1-3); ``class_b_rate`` is the rule book's share for class B, ``line_share``
    what it says of the item's class of lines, which goes before the item's own share.

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
    rate = line_share.rate if line_share else entry.pre_selfpay_rate
    if rate is None:
        rate = class_b_rate if entry.charge_class == "B" else 0
    first = share(amount - over, rate)
    rest = sign * (amount - over - first)
    flat = line_share is not None and line_share.flat
    return Split(
        total_fen=sign * amount,
        self_funded_fen=0,
        over_limit_fen=sign * over,
        pre_selfpay_fen=sign * first,
        in_scope_fen=rest,
        class_b_fen=rest if entry.charge_class == "B" and not flat else 0,
        traditional_fen=rest if entry.traditional and not flat else 0,
        flat_fen=rest if flat else 0,
    )


def add_up(splits: Iterable[Split]) -> Split:
    """The split of a bill: its lines added up."""
    return Split(*map(sum, zip(Split(0, 0, 0, 0, 0), *splits, strict=True)))


def whole(split: Split) -> Split:
    """The split itself. Raises Refusal ``claims.bill.split`` when its parts do not add up or one is negative."""
    if split.total_fen != sum(split[1:PARTS]):
        raise invalid("claims.bill.split", "全自费、超限价、先行自付与政策范围内金额之和不等于费用总额", field="medfee_sumamt")
    if min(split) < 0 or max(split[PARTS:]) > split.in_scope_fen:
        raise invalid("claims.bill.negative", "退费大于原收费：结算金额的某一部分为负数", field="medfee_sumamt")
    return split


def _excess_fen(line: FeeLine, limit: Decimal) -> int:
    excess = max(line.price - limit, Decimal(0)) * abs(line.quantity) * _FEN
    return int(excess.quantize(_ONE, ROUND_HALF_UP))
