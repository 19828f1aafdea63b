"""Injury cases with their decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, update

from shared.db.arrays import any_of
from shared.db.database import SqlTx, opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import PERSON_LOCK, lock_person
from workinjury_bridge.domain.recognition import CaseAct, Decision, InjuryCase, Outcome
from workinjury_bridge.domain.terms import CaseFacts


class SqlCases:
    """Implements ``Cases``."""

    async def lock_persons(self, tx: Tx, person_ids: Collection[str]) -> None:
        """See the port."""
        await opened(tx).execute(
            text(
                "SELECT pg_advisory_xact_lock(:space, h) FROM (SELECT DISTINCT hashtext(p) AS h FROM unnest(CAST(:persons AS text[])) p ORDER BY 1) q"
            ),
            {"space": PERSON_LOCK, "persons": list(person_ids)},
        )

    async def add(self, tx: Tx, case: InjuryCase, opened_at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            insert(t.injury_case).values(
                case_id=case.case_id,
                person_id=case.person_id,
                employer_id=case.employer_id,
                accident_on=case.accident_on,
                body_parts=list(case.body_parts),
                description=case.description,
                matter_id=case.matter_id,
                region=case.region,
                contested_on=case.contested_on,
                opened_at=opened_at,
                **asdict(case.facts),
            )
        )

    async def get(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """See the port."""
        row = await opened(tx).first(select(t.injury_case).where(t.injury_case.c.case_id == case_id))
        return None if row is None else (await cases_of(opened(tx), [row]))[0]

    async def locked(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """See the port."""
        case = await self.get(tx, case_id)
        if case is not None:
            await lock_person(tx, case.person_id)
        return await self.get(tx, case_id)

    async def many(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        return await cases_of(
            opened(tx), await opened(tx).all(select(t.injury_case).where(any_of(t.injury_case.c.case_id, case_ids)))
        )

    async def locked_all(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        persons = select(t.injury_case.c.person_id).where(any_of(t.injury_case.c.case_id, case_ids))
        await self.lock_persons(tx, {row.person_id for row in await opened(tx).all(persons)})
        return await self.many(tx, case_ids)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[InjuryCase]:
        """See the port."""
        return await self.of_persons(tx, [person_id])

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        found = await opened(tx).all(
            select(t.injury_case)
            .where(any_of(t.injury_case.c.person_id, person_ids))
            .order_by(t.injury_case.c.accident_on.desc(), t.injury_case.c.case_id.desc())
        )
        return await cases_of(opened(tx), found)

    async def add_decisions(self, tx: Tx, decisions: Sequence[tuple[str, Decision]], recorded_at: datetime) -> None:
        """See the port."""
        rows = [{"case_id": case_id, "recorded_at": recorded_at, **asdict(decision)} for case_id, decision in decisions]
        if rows:
            await opened(tx).execute(insert(t.decision), rows)

    async def state_facts(self, tx: Tx, case_id: str, facts: CaseFacts) -> None:
        """See the port."""
        await opened(tx).execute(update(t.injury_case).where(t.injury_case.c.case_id == case_id).values(**asdict(facts)))

    async def mark_contested(self, tx: Tx, case_id: str, contested_on: date | None) -> None:
        """See the port."""
        await opened(tx).execute(
            update(t.injury_case).where(t.injury_case.c.case_id == case_id).values(contested_on=contested_on)
        )

    async def record(self, tx: Tx, act: CaseAct, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.case_act).values(recorded_at=at, **asdict(act)))


async def cases_of(tx: SqlTx, found: Sequence[Row[Any]]) -> list[InjuryCase]:
    """Rows of ``injury_case`` as cases with their decisions."""
    decisions: dict[str, list[Decision]] = {row.case_id: [] for row in found}
    if found:
        mine = t.decision.c.case_id.in_(decisions) & t.decision.c.recurrence_id.is_(None)
        statement = select(t.decision).where(mine).order_by(t.decision.c.version)
        for row in await tx.all(statement):
            decisions[row.case_id].append(
                Decision(
                    decision_id=row.decision_id,
                    decision_no=row.decision_no,
                    version=row.version,
                    outcome=Outcome(row.outcome),
                    decided_on=row.decided_on,
                    decided_by=row.decided_by,
                )
            )
    return [
        InjuryCase(
            case_id=row.case_id,
            person_id=row.person_id,
            accident_on=row.accident_on,
            body_parts=tuple(row.body_parts),
            description=row.description,
            employer_id=row.employer_id,
            matter_id=row.matter_id,
            region=row.region,
            decisions=tuple(decisions[row.case_id]),
            facts=CaseFacts(
                filed_on=row.filed_on,
                accepted_on=row.accepted_on,
                employer_insured=row.employer_insured,
                insured_from=row.insured_from,
                insured_proof=row.insured_proof,
                third_party=row.third_party,
            ),
            contested_on=row.contested_on,
        )
        for row in found
    ]
