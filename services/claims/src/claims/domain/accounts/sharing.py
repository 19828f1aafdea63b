"""Family sharing (家庭共济): a holder lets his account pay for a relative; the law allows it (国办发〔2021〕14号 二, 国办发〔2024〕38号)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from claims.domain.accounts.rules import RELATIONS, NationalRules, Relation
from shared.errors import conflict, invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """One authorisation. ``sharing_id`` rises with time: authorisations pay in the order in which they were given."""

    sharing_id: str
    holder_id: str
    beneficiary_id: str
    relation: Relation
    """What the beneficiary is to the holder."""
    begins_on: date
    ends_on: date | None = None
    """Last day; None while open."""
    limit_fen: int | None = None
    """Most that is paid under it altogether, less what came back; None: no limit but the balance."""
    used_fen: int = 0

    def available(self, balance_fen: int) -> int:
        """What it can pay now, given the holder's balance."""
        return balance_fen if self.limit_fen is None else max(min(balance_fen, self.limit_fen - self.used_fen), 0)

    def after(self, share: Share) -> Sharing:
        """The authorisation when a share was paid, under this or another one."""
        paid = share.amount_fen if share.sharing_id == self.sharing_id else 0
        return replace(self, used_fen=self.used_fen + paid)

    def overlaps(self, other: Sharing) -> bool:
        """Whether both would hold on one day."""
        return self.begins_on <= (other.ends_on or date.max) and other.begins_on <= (self.ends_on or date.max)


class Share(NamedTuple):
    """What one relative's account pays."""

    sharing_id: str
    payer_id: str
    amount_fen: int


def check_sharing(new: Sharing, others: Iterable[Sharing], rules: NationalRules, today: date) -> None:
    """Whether it may be given.

    ``others``: the holder's authorisations that were not withdrawn. Refuses ``claims.sharing.self``,
    ``claims.sharing.relation`` (not allowed yet), ``claims.sharing.period``, ``claims.sharing.exists`` (CONFLICT).
    """
    if new.holder_id == new.beneficiary_id:
        raise invalid("claims.sharing.self", "共济使用人不能是账户本人", field="beneficiary_id")
    if new.relation not in rules.relations_on(today):
        raise invalid("claims.sharing.relation", f"{RELATIONS[new.relation]}不在家庭共济范围内", field="relation")
    if new.begins_on < today or (new.ends_on is not None and new.ends_on < new.begins_on):
        raise invalid(
            "claims.sharing.period", "授权期间有误：起始日期不能早于今天，终止日期不能早于起始日期", field="begins_on"
        )
    if any(other.beneficiary_id == new.beneficiary_id and other.overlaps(new) for other in others):
        raise conflict("claims.sharing.exists", "已授权该家庭成员使用本人账户", field="beneficiary_id")


def family_available(sharings: Sequence[Sharing], balances: Mapping[str, int]) -> int:
    """What relatives' accounts can pay together."""
    return sum(sharing.available(balances.get(sharing.holder_id, 0)) for sharing in sharings)


def shares_of(amount_fen: int, sharings: Sequence[Sharing], balances: Mapping[str, int]) -> tuple[Share, ...]:
    """Who pays how much of an amount that is available, in the order of the authorisations."""
    shares = []
    for sharing in sharings:
        part = min(amount_fen, sharing.available(balances.get(sharing.holder_id, 0)))
        if part:
            shares.append(Share(sharing.sharing_id, sharing.holder_id, part))
            amount_fen -= part
    if amount_fen:
        raise ValueError(f"{amount_fen} fen more than relatives' accounts hold")
    return tuple(shares)
