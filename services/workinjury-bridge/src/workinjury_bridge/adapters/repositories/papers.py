"""Bills that persons claim with their papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, insert, select, update

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion
from workinjury_bridge.domain.paper_claim import PaperClaim, PaperState


class SqlPaperClaims:
    """Implements ``PaperClaims``."""

    async def save(self, tx: Tx, claim: PaperClaim, lines: Sequence[BillLine] | None, at: datetime) -> None:
        """See the port."""
        values = asdict(claim)
        values |= values.pop("version") | {"changed_at": at}
        if lines is None:
            of_it = t.paper_claim.c.paper_claim_id == claim.paper_claim_id
            await opened(tx).execute(update(t.paper_claim).where(of_it).values(**values))
            return
        stored = [_line(line) for line in lines]
        await opened(tx).execute(insert(t.paper_claim).values(claimed_at=at, lines=stored, **values))

    async def locked(self, tx: Tx, paper_claim_id: str) -> PaperClaim | None:
        """See the port."""
        condition = t.paper_claim.c.paper_claim_id == paper_claim_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[PaperClaim]:
        """See the port."""
        return await self._where(tx, t.paper_claim.c.case_id == case_id)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[PaperClaim]:
        """See the port."""
        return await self._where(tx, t.paper_claim.c.person_id == person_id)

    async def invoice_used(self, tx: Tx, institution_code: str, invoice_no: str) -> bool:
        """See the port."""
        c = t.paper_claim.c
        same = (c.institution_code == institution_code) & (c.invoice_no == invoice_no)
        stands = c.state.in_((PaperState.PROPOSED.value, PaperState.PAID.value))
        return bool(await opened(tx).scalar(select(exists().where(same, stands))))

    async def _where(self, tx: Tx, condition: Any) -> list[PaperClaim]:
        statement = select(t.paper_claim).where(condition).order_by(t.paper_claim.c.paper_claim_id).limit(MAX_ROWS)
        return [_claim(row) for row in await opened(tx).all(statement)]


def _line(line: BillLine) -> dict[str, Any]:
    return asdict(line) | {"charged_on": None if line.charged_on is None else line.charged_on.isoformat()}


def _claim(row: Row[Any]) -> PaperClaim:
    return PaperClaim(
        paper_claim_id=row.paper_claim_id,
        case_id=row.case_id,
        person_id=row.person_id,
        decision_id=row.decision_id,
        decision_version=row.decision_version,
        institution_code=row.institution_code,
        institution_name=row.institution_name,
        invoice_no=row.invoice_no,
        inpatient=row.inpatient,
        begun_on=row.begun_on,
        ended_on=row.ended_on,
        version=WorkInjuryVersion(
            work_injury_fen=row.work_injury_fen,
            person_fen=row.person_fen,
            hospital_fen=row.hospital_fen,
            unrelated_fen=row.unrelated_fen,
        ),
        meals_fen=row.meals_fen,
        maker=row.maker,
        due_on=row.due_on,
        state=PaperState(row.state),
        checker=row.checker,
        note=row.note,
    )
