"""Part of an advance turns out not to be the debtor's: the debts about it fall by that part (B7, B12; B15.9).

What is open falls away first. What was given up already comes out of the expense of the write-off (5001.30). Only then what came in is
owed back to whom it came from. So nobody is paid back while it owes the same book for the same advance (B15.11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workinjury_bridge.domain.recovery import Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What was taken from where, fen; one list entry per debtor."""

    debts: tuple[Recovery, ...] = ()
    """Those that changed, as they are now."""
    open: tuple[tuple[str, int], ...] = ()
    written_off_fen: int = 0
    paid_in: tuple[tuple[str, int], ...] = ()
    """Owed back to whom it came from."""

    @property
    def amount_fen(self) -> int:
        """All together."""
        return sum(n for _, n in self.open) + self.written_off_fen + sum(n for _, n in self.paid_in)


def relieve(debts: Sequence[Recovery], amount_fen: int, *, borne: bool = False) -> Relief:
    """Take ``amount_fen`` from these debts, in this order. ``borne``: the fund bears it now; otherwise another debtor owes it.

    Takes less when there is less; nothing of what the fund bears, or another debtor owes, already.
    """
    now = {debt.recovery_id: debt for debt in debts}
    sums: dict[str, dict[str, int]] = {"open": {}, "given_up": {}, "paid_in": {}}
    left = amount_fen
    for source, by_party in sums.items():
        for recovery_id, debt in now.items():
            there = {"open": debt.open_fen, "given_up": debt.written_off_fen, "paid_in": debt.recovered_fen}[source]
            taken = min(left, there)
            if taken:
                now[recovery_id] = debt.relieved(
                    taken,
                    given_up_fen=taken if source == "given_up" else 0,
                    paid_in_fen=taken if source == "paid_in" else 0,
                    borne=borne,
                )
                by_party[debt.debtor] = by_party.get(debt.debtor, 0) + taken
                left -= taken
    return Relief(
        debts=tuple(now[debt.recovery_id] for debt in debts if now[debt.recovery_id] != debt),
        open=tuple(sums["open"].items()),
        written_off_fen=sum(sums["given_up"].values()),
        paid_in=tuple(sums["paid_in"].items()),
    )


def owe_again(debts: Sequence[Recovery], amount_fen: int) -> tuple[Recovery, ...]:
    """Nobody else owes it after all: the debts that changed. What they were relieved of comes first, the first of them has the rest."""
    now, left = list(debts), amount_fen
    for n, debt in enumerate(debts):
        back = min(left, debt.moved_fen)
        now[n], left = debt.owed_again(back, grown_fen=0) if back else debt, left - back
    if left:
        now[0] = now[0].owed_again(0, grown_fen=left)
    return tuple(after for before, after in zip(debts, now, strict=True) if after != before)
