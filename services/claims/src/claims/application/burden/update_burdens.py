"""Update burdens after settlements came, went or changed, or persons moved: compute anew, compare with the lines, tell.

What an event says besides whom it concerns is not looked at: the settlements that stand are, in this service's own tables. So
an event twice, or late, or in another order, leaves the same burdens behind.
"""

from __future__ import annotations

from collections.abc import Collection

from claims.application.burden.ports import Burdens, Crossings, KnownCrossing
from claims.domain.burden.lines import BurdenLines
from claims.domain.burden.watch import Burden, Crossing, Moved, Subject, crossed
from shared.clock import Clock
from shared.contracts.claims import BurdenBackUnder, BurdenLineCrossed
from shared.transactions import Tx


class UpdateBurdens:
    """Runs in the consumer's transaction."""

    def __init__(self, burdens: Burdens, crossings: Crossings, lines: BurdenLines, clock: Clock) -> None:
        self._burdens = burdens
        self._crossings = crossings
        self._lines = lines
        self._clock = clock

    async def after_settlements(self, tx: Tx, settlement_ids: Collection[str]) -> None:
        """These settlements came, went or changed."""
        await self._update(tx, await self._burdens.of_settlements(tx, settlement_ids))

    async def after_moves(self, tx: Tx, moved: Collection[Moved]) -> None:
        """Burdens, members, and the desk that watches change, in every year that has burdens."""
        if moved:
            persons = sorted({each.person_id for each in moved})
            touched = sorted({household for each in moved for household in each.household_ids})
            await self._update(tx, await self._burdens.known_years(tx, persons, touched))

    async def _update(self, tx: Tx, subjects: Collection[Subject]) -> None:
        if not subjects:
            return
        burdens = await self._burdens.compute(tx, subjects)
        known = {(k.subject, k.line): k for k in await self._crossings.of(tx, [b.subject for b in burdens])}
        over = [(b, crossing) for b in burdens for crossing in crossed(b, self._lines.on(b.region, b.subject.year))]
        standing = {(burden.subject, crossing.line) for burden, crossing in over}
        under = [k for key, k in known.items() if k.is_over and key not in standing]
        if changed := [(b, c) for b, c in over if not _stands(known.get((b.subject, c.line)), b, c)]:
            await self._crossings.put(tx, changed)
        if under:
            await self._crossings.withdraw(tx, [(k.subject, k.line) for k in under])
        now = self._clock.now()
        for burden, crossing in changed:
            stored = known.get((burden.subject, crossing.line))
            if stored is None or not stored.is_over:
                tx.emit(
                    BurdenLineCrossed(
                        person_id=burden.person_id,
                        subject_kind=burden.subject.kind,
                        subject_id=burden.subject.subject_id,
                        benefit_year=burden.subject.year,
                        line=crossing.line,
                        line_name=crossing.name,
                        amount_fen=crossing.amount_fen,
                        line_fen=crossing.line_fen,
                        crossed_at=now,
                    )
                )
        for stored in under:
            tx.emit(
                BurdenBackUnder(
                    person_id=stored.person_id,
                    subject_kind=stored.subject.kind,
                    subject_id=stored.subject.subject_id,
                    benefit_year=stored.subject.year,
                    line=stored.line,
                    line_name=stored.line_name,
                    at=now,
                )
            )


def _stands(stored: KnownCrossing | None, burden: Burden, crossing: Crossing) -> bool:
    return stored is not None and stored == KnownCrossing(
        subject=burden.subject,
        line=crossing.line,
        line_name=crossing.name,
        is_over=True,
        amount_fen=crossing.amount_fen,
        line_fen=crossing.line_fen,
        person_id=burden.person_id,
        region=burden.region,
    )
