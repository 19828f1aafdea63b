"""The part of a taken-back bill that the medical funds keep: an own disease beside the injury (medical version v2, B0.2, B5).

工伤保险条例 art. 30 para. 5: an own disease is no work-injury benefit and is handled under the basic medical rules. Those rules are
applied once more to the kept lines alone, with the year as it is without the settlement that was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from claims.domain.adjudication import ClaimFacts, Decision, RuleSet, Split, YearState, add_up, adjudicate
from claims.domain.adjudication.split import PARTS
from shared.contracts.claims import FundPayment
from shared.errors import Refusal, conflict, invalid
from shared.money import share


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """A fee line, or the part of it, that stays with the medical funds."""

    line_id: str
    amount_fen: int
    """With the sign of the line, and not beyond it."""


def kept_split(lines: Sequence[Mapping[str, Any]], kept: Sequence[KeptLine]) -> Split:
    """The bill of the kept lines. Refuses what ``kept_parts`` refuses."""
    return add_up(split for _, split in kept_parts(lines, kept))


def kept_parts(lines: Iterable[Mapping[str, Any]], kept: Sequence[KeptLine]) -> list[tuple[Mapping[str, Any], Split]]:
    """The kept lines, and what of each is kept. Refuses a line that is not in the bill, named twice, or kept beyond what it holds."""
    by_id = {line["line_no"]: line for line in lines}
    if len({k.line_id for k in kept}) != len(kept):
        raise invalid("claims.kept.twice", "同一费用明细重复列出", field="keep_lines")
    parts = []
    for k in kept:
        line = by_id.get(k.line_id)
        if line is None:
            raise invalid("claims.kept.unknown-line", f"费用明细{k.line_id}不属于该结算", field="keep_lines")
        whole = line["amount_fen"]
        if not min(0, whole) <= k.amount_fen <= max(0, whole):
            raise invalid("claims.kept.beyond-line", f"费用明细{k.line_id}保留金额超出原金额", field="keep_lines")
        parts.append((line, part_of(line, k.amount_fen)))
    return parts


def lines_of_version(lines: Sequence[Mapping[str, Any]], kept: Mapping[str, int], *, own: bool) -> list[dict[str, Any]]:
    """The fee lines of one version of a mixed stay: what was kept (``own``), or the rest. ``kept``: fen by line number.

    A line is in one of the two, or its parts add up to it (B15.7); of a part ``whole_fen`` is the line's own amount.
    """
    found = []
    for line in lines:
        number, whole = line["line_no"], line["amount_fen"]
        amount = kept.get(number, 0) if own else whole - kept.get(number, 0)
        if amount == whole and own is (number in kept):
            found.append(dict(line))
        elif amount:
            split = part_of(line, amount)
            parts = {name: getattr(split, name) for name in _AMOUNTS}
            found.append({**line, **parts, "amount_fen": amount, "whole_fen": whole})
    return found


def decide_kept(
    rules: RuleSet, facts: ClaimFacts, split: Split, state: YearState, *, account_fen: int, family_fen: int = 0
) -> Decision:
    """v2: the rules and circumstances of v1 on another bill. ``account_fen``, ``family_fen``: what the personal account and
    relatives' accounts paid in v1, at most used again."""
    return adjudicate(rules, replace(facts, split=split, account_fen=account_fen, family_account_fen=family_fen), state)


def owed_after(paid: Sequence[FundPayment], kept: Sequence[FundPayment]) -> list[FundPayment]:
    """t_f = p_f(v1) - p_f(v2) per book and account (B0.5); what is 0 is left out.

    An account of a book may be below 0, a book as a whole may not: a fund never pays the work-injury fund for a split.
    Refuses that.
    """
    left: dict[tuple[str, str, str], int] = {}
    for sign, payments in ((1, paid), (-1, kept)):
        for p in payments:
            key = (p.book, p.account, p.fund_pay_type)
            left[key] = left.get(key, 0) + sign * p.amount_fen
    for book in {b for b, _, _ in left}:
        if sum(amount for (b, _, _), amount in left.items() if b == book) < 0:
            raise _costs_more(book)
    return [
        FundPayment(book=book, account=account, fund_pay_type=fund, amount_fen=amount)
        for (book, account, fund), amount in left.items()
        if amount
    ]


def _costs_more(book: str) -> Refusal:
    return conflict(
        "claims.kept.pays-more",
        f"拆分后{book}基金应付金额高于原结算，不能按此拆分",
        "the kept part would cost a fund more",
        book=book,
    )


_AMOUNTS: Final = tuple(name for name in Split._fields if name != "total_fen")
_CONTAINED: Final = Split._fields[PARTS:]
"""Of what is in scope; a line is wholly of such a kind, or not at all."""


def part_of(line: Mapping[str, Any], amount: int) -> Split:
    """The same division as the line's own, in proportion; what remains is in scope, so that the parts always add up."""
    whole = line["amount_fen"]
    if amount == whole:
        return Split(whole, *(line[name] for name in _AMOUNTS))
    sign = -1 if amount < 0 else 1
    size, total = abs(amount), abs(whole)
    if line["self_funded_fen"]:
        return Split(amount, amount, 0, 0, 0)
    over = (2 * abs(line["over_limit_fen"]) * size + total) // (2 * total)
    first = share(size - over, line["pre_selfpay_rate"])
    scope = sign * (size - over - first)
    return Split(amount, 0, sign * over, sign * first, scope, *(scope if line[name] else 0 for name in _CONTAINED))
