"""Conversions and when they are taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.contracts.claims import FundPayment
from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain import party
from workinjury_bridge.domain.conversion import Conversion, ConversionState
from workinjury_bridge.domain.figures import Figures, KeptLine
from workinjury_bridge.domain.policy import Circumstance
from workinjury_bridge.domain.split import Split, SplitState, flags_of
from workinjury_bridge.domain.terms import StayFacts


class SqlConversions:
    """Implements ``Conversions``."""

    async def add(self, tx: Tx, conversion: Conversion, at: datetime) -> bool:
        """See the port."""
        statement = (
            upsert(t.conversion)
            .values(proposed_at=at, changed_at=at, next_try_at=at, **_conversion_values(conversion))
            .on_conflict_do_nothing()
            .returning(t.conversion.c.conversion_id)
        )
        return (await opened(tx).execute(statement)).first() is not None

    async def get(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        found = await self._where(tx, t.conversion.c.conversion_id == conversion_id)
        return found[0] if found else None

    async def locked(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        conversion = await self.get(tx, conversion_id)
        if conversion is not None:
            await lock_person(tx, conversion.person_id)
        return await self.get(tx, conversion_id)

    async def save(self, tx: Tx, conversion: Conversion, at: datetime) -> None:
        """See the port."""
        values = _conversion_values(conversion)
        await opened(tx).execute(
            update(t.conversion)
            .where(t.conversion.c.conversion_id == conversion.conversion_id)
            .values(changed_at=at, next_try_at=at, tries=0, hindrance=None, **values)
        )

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.case_id == case_id)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.settlement_id == settlement_id)

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """See the port."""
        going = ("proposed", "approved", "posted", "transferring", "reverting")
        statement = (
            select(t.conversion.c.conversion_id)
            .where(
                t.conversion.c.next_try_at <= now,
                t.conversion.c.state.in_(going),
                (t.conversion.c.state != "proposed") | t.conversion.c.total_fen.is_(None),
            )
            .order_by(t.conversion.c.next_try_at)
            .limit(limit)
        )
        return [row.conversion_id for row in await opened(tx).all(statement)]

    async def put_off(self, tx: Tx, conversion_id: str, now: datetime, hindrance: str) -> None:
        """See the port."""
        seconds = func.least(3600, func.power(2, func.least(t.conversion.c.tries, 12)))
        await opened(tx).execute(
            update(t.conversion)
            .where(t.conversion.c.conversion_id == conversion_id)
            .values(
                hindrance=hindrance[:2000],
                tries=t.conversion.c.tries + 1,
                next_try_at=literal(now) + seconds * literal(timedelta(seconds=1)),
            )
        )

    async def rest(self, tx: Tx, conversion_id: str, until: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            update(t.conversion).where(t.conversion.c.conversion_id == conversion_id).values(next_try_at=until)
        )

    async def after(self, tx: Tx, conversion_id: str, limit: int) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.conversion_id > conversion_id, limit)

    async def _where(self, tx: Tx, condition: Any, limit: int = MAX_ROWS) -> list[Conversion]:
        statement = select(t.conversion).where(condition).order_by(t.conversion.c.conversion_id).limit(limit)
        return [_conversion(row) for row in await opened(tx).all(statement)]


def _stay_facts(stored: Mapping[str, Any] | None) -> StayFacts:
    if stored is None:
        return StayFacts()
    return StayFacts(
        payer=stored["payer"],
        prepaid_fen=stored["prepaid_fen"],
        circumstances=tuple((line_id, Circumstance(c)) for line_id, c in stored["circumstances"]),
    )


def _split(stored: Mapping[str, Any] | None) -> Split | None:
    if stored is None:
        return None
    flags = stored["flags"]
    ratio = flags["ratio"]
    return Split(
        flags=flags_of(flags["lines"], None if ratio is None else (ratio["numerator"], ratio["denominator"])),
        proposed_by=stored["proposed_by"],
        state=SplitState(stored["state"]),
        decided_by=stored["decided_by"],
        note=stored["note"],
    )


def _conversion_values(conversion: Conversion) -> dict[str, Any]:
    values = asdict(conversion)
    del values["figures"]
    figures = conversion.figures
    if figures is not None:
        values |= asdict(figures) | {"owed_fen": figures.owed_fen}
    elif conversion.state is ConversionState.PROPOSED:
        values |= dict.fromkeys((f.name for f in fields(Figures)), None) | {
            "owed_fen": None,
            "kept_cash_fen": 0,
            "hospital_due_fen": 0,
        }
    return values


def _conversion(row: Row[Any]) -> Conversion:
    figures = None
    if row.total_fen is not None:
        figures = Figures(
            total_fen=row.total_fen,
            work_injury_fen=row.work_injury_fen,
            person_fen=row.person_fen,
            hospital_fen=row.hospital_fen,
            cash_fen=row.cash_fen,
            meals_fen=row.meals_fen,
            owed=tuple(FundPayment(**payment) for payment in row.owed),
            payer=row.payer or party.person(row.person_id),
            beneficiary=row.beneficiary or party.person(row.person_id),
            unrelated_fen=row.unrelated_fen or 0,
            kept_cash_fen=row.kept_cash_fen,
            keep_lines=tuple(KeptLine(**line) for line in row.keep_lines or ()),
            employer=row.employer,
            employer_owed=tuple(FundPayment(**payment) for payment in row.employer_owed or ()),
            employer_cost_fen=row.employer_cost_fen or 0,
            employer_meals_fen=row.employer_meals_fen or 0,
            debtor=row.debtor,
            prepaid_fen=row.prepaid_fen or 0,
            uninsured=row.uninsured,
            new_cost_fen=row.new_cost_fen or 0,
            new_meals_fen=row.new_meals_fen or 0,
            hospital_due_fen=row.hospital_due_fen,
            overpaid_fen=row.overpaid_fen or 0,
            audited_lines=tuple(row.audited_lines or ()),
        )
    return Conversion(
        conversion_id=row.conversion_id,
        case_id=row.case_id,
        person_id=row.person_id,
        settlement_id=row.settlement_id,
        visit_id=row.visit_id,
        institution_code=row.institution_code,
        decision_id=row.decision_id,
        decision_version=row.decision_version,
        matter_id=row.matter_id,
        state=ConversionState(row.state),
        figures=figures,
        maker=row.maker,
        checker=row.checker,
        note=row.note,
        cause=row.cause,
        facts=_stay_facts(row.facts),
        split=_split(row.split),
        netted=tuple(row.netted or ()),
        begun=row.begun,
        revoked=row.revoked,
        restored=row.restored,
        paid=row.paid,
    )
