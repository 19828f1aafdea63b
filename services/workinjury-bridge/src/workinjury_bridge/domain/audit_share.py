"""Who is relieved when an audit cuts what the fund has only advanced (B6, B7, B12): a pure calculation.

What was cut the hospital owes (Dr 1122(H)); the other side follows where the cost stands (B12: "in the book that bears the cost at that
time", and on the account that bears it). The line cost the debtor, not the fund: δ falls out of its debt, Cr 1124(T) or 1123(E).

* Third party, liability not fixed: A = E − K is claimed whole, so δ reduces the claim by δ.
* Third party, liability q fixed: the claim is R = min(A, round(q·E − K)) with A and E less what is cut. So it falls by R(E) − R(E − δ)
  only; the rest of δ the fund had borne, Cr 5001.11, or beside an uninsured employer that employer, Cr 1123(E).
* Uninsured employer: δ reduces its debt, but for a line charged since its back-payment took effect, which the fund bears (Cr 5001.11).

Of a debt first what is open falls away, then what was given up (5001.30), then what came in, which is owed back to whom it came from
(``relief``). The person is never charged. A withdrawn deduction is the same calculation backwards, with what is known by then; so the
books are the same as if the line had never been cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workinjury_bridge.domain import party
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.recovery import Cause, Recovery
from workinjury_bridge.domain.relief import Relief, owe_again, relieve


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What one deduction, or its withdrawal, changes."""

    expense_fen: int
    """Of it, 5001.11."""
    relief: Relief
    """What the debtors owe less; of a withdrawal ``open`` is what they owe again."""


def cut(figures: Figures, debts: Sequence[Recovery], amount_fen: int, cut_fen: int, *, new: bool) -> Shared:
    """Take ``amount_fen`` from who bears the line. ``cut_fen``: cut of the stay before. ``new``: charged since a back-payment.

    ``debts``: the fund's, about this advance, oldest first.
    """
    expense, of_employer = _parts(figures, debts, amount_fen, cut_fen, new=new)
    now = _with_expense(debts, expense)
    reliefs: list[Relief] = []
    left = amount_fen - expense
    # whoever is not there any more leaves it to the others of the same advance
    for employer, at_most in ((True, of_employer), (False, left - of_employer), (True, left), (False, left)):
        relief = relieve(_of(now, figures, employer=employer), min(left, at_most))
        reliefs.append(relief)
        left -= relief.amount_fen
        now |= {debt.recovery_id: debt for debt in relief.debts}
    return Shared(
        expense_fen=expense,
        relief=Relief(
            debts=_changed(debts, now),
            open=_sums(pair for relief in reliefs for pair in relief.open),
            written_off_fen=sum(relief.written_off_fen for relief in reliefs),
            paid_in=_sums(pair for relief in reliefs for pair in relief.paid_in),
        ),
    )


def uncut(figures: Figures, debts: Sequence[Recovery], amount_fen: int, cut_fen: int, *, new: bool) -> Shared:
    """The deduction is withdrawn; ``cut_fen``: what of the stay stays cut."""
    expense, of_employer = _parts(figures, debts, amount_fen, cut_fen, new=new, back=True)
    now = _with_expense(debts, -expense)
    owed: list[tuple[str, int]] = []
    for employer, amount in ((True, of_employer), (False, amount_fen - expense - of_employer)):
        mine = _of(now, figures, employer=employer) or list(now.values())
        for debt in owe_again(mine, amount) if amount else ():
            owed.append((debt.debtor, debt.open_fen - now[debt.recovery_id].open_fen))
            now[debt.recovery_id] = debt
    return Shared(expense_fen=expense, relief=Relief(debts=_changed(debts, now), open=_sums(owed)))


def _parts(
    figures: Figures, debts: Sequence[Recovery], amount_fen: int, cut_fen: int, *, new: bool, back: bool = False
) -> tuple[int, int]:
    """(the fund's part, an uninsured employer's part) of a deduction; the rest is a third party's."""
    if figures.debtor is None:
        return amount_fen, 0
    if party.is_employer(figures.debtor):
        return (amount_fen, 0) if new else (0, amount_fen)
    third = _third_party(debts)
    if third is None or third.liability is None:
        return 0, 0
    borne = figures.work_injury_fen - figures.employer_cost_fen
    claims = [third.recoverable_fen(third.liability, borne, figures.prepaid_fen, n) for n in (cut_fen, cut_fen + amount_fen)]
    rest = amount_fen - (claims[0] - claims[1])
    if figures.uninsured is not None and not new:
        return 0, rest
    # what came in beyond the claim before its share was fixed was never expense
    return min(rest, third.moved_fen if back else third.expensed_fen), 0


def _third_party(debts: Iterable[Recovery]) -> Recovery | None:
    return next((debt for debt in debts if party.is_third_party(debt.debtor)), None)


def _with_expense(debts: Sequence[Recovery], expense_fen: int) -> dict[str, Recovery]:
    """By id; of a third party's debt the fund bears ``expense_fen`` less."""
    now = {debt.recovery_id: debt for debt in debts}
    third = _third_party(debts)
    if third is not None and expense_fen:
        now[third.recovery_id] = third.bearing(expense_fen)
    return now


def _of(debts: Mapping[str, Recovery], figures: Figures, *, employer: bool) -> list[Recovery]:
    """What an uninsured employer owes, or what a third party owes, or owed before it moved to the person."""
    if figures.debtor is not None and party.is_employer(figures.debtor):
        return list(debts.values())
    return [debt for debt in debts.values() if (debt.cause is Cause.UNINSURED) is employer]


def _changed(debts: Sequence[Recovery], now: Mapping[str, Recovery]) -> tuple[Recovery, ...]:
    return tuple(now[debt.recovery_id] for debt in debts if now[debt.recovery_id] != debt)


def _sums(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for who, amount in pairs:
        sums[who] = sums.get(who, 0) + amount
    return tuple(sums.items())
