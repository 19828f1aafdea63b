"""Visits, charge batches and fee lines in SQL. Every method costs one or two statements, however many lines there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import delete, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.visits import DIAGNOSIS, FEE_BATCH, FEE_LINE, VISIT
from claims.application.visits.ports import NewLine
from claims.application.visits.upload_fees import CHARGE_LEVELS
from claims.domain.adjudication.split import Split
from claims.domain.visit import Batch, Batches, Diagnosis, StoredLine, Visit
from shared.clock import local
from shared.db.database import opened
from shared.transactions import Tx

_CLASSES: Final = {level: charge_class for charge_class, level in CHARGE_LEVELS.items()}

_ADD_LINES: Final = text("""
    INSERT INTO fee_line (visit_id, line_no, batch_id, returns_line_no, item_code, institution_item_code, item_name,
        charge_class, fee_category, occurred_at, quantity, price, price_limit, pre_selfpay_rate, amount_fen,
        self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen, class_b_fen, traditional_fen, flat_fen,
        sessions, in_work_injury_catalogue, details, msgid)
    SELECT :visit_id, n.*, :msgid FROM unnest(
        CAST(:line_no AS text[]), CAST(:batch_id AS text[]), CAST(:returns_line_no AS text[]), CAST(:item_code AS text[]),
        CAST(:institution_item_code AS text[]), CAST(:item_name AS text[]), CAST(:charge_class AS text[]),
        CAST(:fee_category AS text[]), CAST(:occurred_at AS timestamptz[]), CAST(:quantity AS numeric[]),
        CAST(:price AS numeric[]), CAST(:price_limit AS numeric[]), CAST(:pre_selfpay_rate AS int[]),
        CAST(:amount_fen AS bigint[]), CAST(:self_funded_fen AS bigint[]), CAST(:over_limit_fen AS bigint[]),
        CAST(:pre_selfpay_fen AS bigint[]), CAST(:in_scope_fen AS bigint[]), CAST(:class_b_fen AS bigint[]),
        CAST(:traditional_fen AS bigint[]), CAST(:flat_fen AS bigint[]), CAST(:sessions AS numeric[]), CAST(:in_work_injury_catalogue AS boolean[]),
        CAST(:details AS jsonb[])) AS n
""")
_SUM_UP: Final = text("""
    UPDATE fee_batch b SET line_count = s.line_count, total_fen = s.total_fen, self_funded_fen = s.self_funded_fen,
        over_limit_fen = s.over_limit_fen, pre_selfpay_fen = s.pre_selfpay_fen, in_scope_fen = s.in_scope_fen,
        class_b_fen = s.class_b_fen, traditional_fen = s.traditional_fen, flat_fen = s.flat_fen,
        sessions = s.sessions, first_on = s.first_on, last_on = s.last_on
    FROM (SELECT k.batch_id, count(l.line_no) AS line_count, coalesce(sum(l.amount_fen), 0) AS total_fen,
              coalesce(sum(l.self_funded_fen), 0) AS self_funded_fen, coalesce(sum(l.over_limit_fen), 0) AS over_limit_fen,
              coalesce(sum(l.pre_selfpay_fen), 0) AS pre_selfpay_fen, coalesce(sum(l.in_scope_fen), 0) AS in_scope_fen,
              coalesce(sum(l.class_b_fen), 0) AS class_b_fen, coalesce(sum(l.traditional_fen), 0) AS traditional_fen,
              coalesce(sum(l.flat_fen), 0) AS flat_fen,
              coalesce(sum(l.sessions), 0) AS sessions,
              min(CAST(l.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS first_on,
              max(CAST(l.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS last_on
          FROM unnest(CAST(:batch_ids AS text[])) AS k(batch_id) LEFT JOIN fee_line l USING (batch_id)
          GROUP BY k.batch_id) s
    WHERE b.batch_id = s.batch_id
""")


class SqlVisits:
    """Implements ``Visits``."""

    async def add(self, tx: Tx, visit: Visit, recorded_at: datetime) -> None:
        """See ``Visits``."""
        await opened(tx).execute(insert(VISIT).values(**_visit_row(visit), recorded_at=recorded_at))

    async def lock(self, tx: Tx, visit_id: str) -> Visit | None:
        """See ``Visits``."""
        row = await opened(tx).first(select(VISIT).where(VISIT.c.visit_id == visit_id).with_for_update())
        return None if row is None else _visit(row)

    async def change(self, tx: Tx, visit: Visit) -> None:
        """See ``Visits``."""
        row = _visit_row(visit)
        await opened(tx).execute(update(VISIT).where(VISIT.c.visit_id == row.pop("visit_id")).values(row))

    async def merge_diagnoses(self, tx: Tx, visit_id: str, diagnoses: Sequence[Diagnosis]) -> None:
        """See ``Visits``."""
        if not diagnoses:
            return
        sort_nos = sorted({diagnosis.sort_no for diagnosis in diagnoses})
        c = DIAGNOSIS.c
        await opened(tx).execute(delete(DIAGNOSIS).where(c.visit_id == visit_id, c.sort_no.in_(sort_nos)))
        # One message may number a western and a TCM diagnosis alike; of two that are quite the same the last counts.
        rows = {(d.sort_no, d.kind): _diagnosis_row(visit_id, d) for d in diagnoses if d.valid}
        if rows:
            await opened(tx).execute(insert(DIAGNOSIS).values(list(rows.values())))


def _visit_row(visit: Visit) -> dict[str, Any]:
    return {
        "visit_id": visit.visit_id,
        "person_id": visit.person_id,
        "institution_code": visit.institution_code,
        "inpatient": visit.inpatient,
        "scheme": visit.scheme,
        "med_type": visit.med_type,
        "hospital_no": visit.hospital_no,
        "state": visit.state,
        "begun_on": local(visit.begun_at).date(),
        "begun_at": visit.begun_at,
        "ended_on": local(visit.ended_at).date() if visit.ended_at else None,
        "ended_at": visit.ended_at,
        "insured_region": visit.insured_region,
        "work_injury": visit.work_injury,
        "injury_suspect": visit.injury_suspect,
        "credit_id": visit.credit_id,
        "disease_code": visit.disease_code,
        "disease_name": visit.disease_name,
        "details": dict(visit.details),
    }


def _visit(row: Any) -> Visit:
    return Visit(
        visit_id=row.visit_id,
        person_id=row.person_id,
        institution_code=row.institution_code,
        inpatient=row.inpatient,
        scheme=row.scheme,
        med_type=row.med_type,
        hospital_no=row.hospital_no,
        state=row.state,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        insured_region=row.insured_region,
        work_injury=row.work_injury,
        injury_suspect=row.injury_suspect,
        credit_id=row.credit_id,
        disease_code=row.disease_code,
        disease_name=row.disease_name,
        details=row.details,
    )


def _diagnosis_row(visit_id: str, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "visit_id": visit_id,
        "sort_no": diagnosis.sort_no,
        "kind": diagnosis.kind,
        "code": diagnosis.code,
        "name": diagnosis.name,
        "main": diagnosis.main,
        "details": {
            "diag_dept": diagnosis.department,
            "dise_dor_no": diagnosis.doctor_no,
            "dise_dor_name": diagnosis.doctor_name,
            "diag_time": diagnosis.diagnosed_at.isoformat() if diagnosis.diagnosed_at else "",
            "adm_cond": diagnosis.condition,
        },
    }


class SqlFees:
    """Implements ``Fees``."""

    async def batches(self, tx: Tx, visit_id: str) -> Batches:
        """See ``Fees``."""
        c = FEE_BATCH.c
        rows = await opened(tx).all(
            select(c.batch_id, c.batch_no, c.generation, c.settlement_id, c.line_count)
            .where(c.visit_id == visit_id)
            .order_by(c.batch_no, c.generation)
        )
        return Batches(
            tuple(
                Batch(
                    batch_id=row.batch_id,
                    batch_no=row.batch_no,
                    generation=row.generation,
                    settlement_id=row.settlement_id,
                    line_count=row.line_count,
                )
                for row in rows
            )
        )

    async def lines(self, tx: Tx, visit_id: str, line_nos: Sequence[str]) -> dict[str, StoredLine]:
        """See ``Fees``."""
        c, b = FEE_LINE.c, FEE_BATCH.c
        rows = await opened(tx).all(
            select(FEE_LINE, b.settlement_id.is_not(None).label("settled"))
            .join(FEE_BATCH, b.batch_id == c.batch_id)
            .where(c.visit_id == visit_id, or_(c.line_no.in_(line_nos), c.returns_line_no.in_(line_nos)))
        )
        return {
            row.line_no: StoredLine(
                line_no=row.line_no,
                returns_line_no=row.returns_line_no,
                item_code=row.item_code,
                quantity=row.quantity,
                split=Split(
                    row.amount_fen,
                    row.self_funded_fen,
                    row.over_limit_fen,
                    row.pre_selfpay_fen,
                    row.in_scope_fen,
                    row.class_b_fen,
                    row.traditional_fen,
                    row.flat_fen,
                ),
                settled=row.settled,
            )
            for row in rows
        }

    async def open_batch(self, tx: Tx, visit_id: str, batch: Batch) -> None:
        """See ``Fees``."""
        await opened(tx).execute(
            upsert(FEE_BATCH).values(
                batch_id=batch.batch_id, visit_id=visit_id, batch_no=batch.batch_no, generation=batch.generation
            )
        )

    async def add(self, tx: Tx, visit_id: str, msgid: str, batch_ids: Sequence[str], lines: Sequence[NewLine]) -> None:
        """See ``Fees``."""
        rows = [_line_row(line, batch_id) for line, batch_id in zip(lines, batch_ids, strict=True)]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        await opened(tx).execute(_ADD_LINES, {"visit_id": visit_id, "msgid": msgid, **columns})
        await self._sum_up(tx, sorted(set(batch_ids)))

    async def remove(
        self, tx: Tx, visit_id: str, *, batch_nos: Sequence[str] | None, line_nos: Sequence[str] | None
    ) -> list[str]:
        """See ``Fees``."""
        c, b = FEE_LINE.c, FEE_BATCH.c
        unsettled = select(b.batch_id).where(b.visit_id == visit_id, b.settlement_id.is_(None))
        if batch_nos is not None:
            unsettled = unsettled.where(b.batch_no.in_(batch_nos))
        statement = delete(FEE_LINE).where(c.visit_id == visit_id, c.batch_id.in_(unsettled))
        if line_nos is not None:
            statement = statement.where(c.line_no.in_(line_nos))
        gone = (await opened(tx).execute(statement.returning(c.batch_id, c.msgid))).all()
        if gone:
            batch_ids = sorted({row.batch_id for row in gone})
            await self._sum_up(tx, batch_ids)
            await opened(tx).execute(delete(FEE_BATCH).where(b.batch_id.in_(batch_ids), b.line_count == 0))
        return sorted({row.msgid for row in gone})

    @staticmethod
    async def _sum_up(tx: Tx, batch_ids: list[str]) -> None:
        await opened(tx).execute(_SUM_UP, {"batch_ids": batch_ids})


def _line_row(new: NewLine, batch_id: str) -> dict[str, Any]:
    line, stated = new.line, new.stated
    details = {**new.details, "hosp_appr_flag": line.hospital_approval} if line.hospital_approval else new.details
    return {
        "line_no": line.line_no,
        "batch_id": batch_id,
        "returns_line_no": line.returns_line_no,
        "item_code": line.item_code,
        "institution_item_code": line.institution_item_code,
        "item_name": new.item_name,
        "charge_class": _CLASSES[stated.charge_class],
        "fee_category": stated.fee_category,
        "occurred_at": line.occurred_at,
        "quantity": line.quantity,
        "price": line.price,
        "price_limit": stated.cap,
        "pre_selfpay_rate": stated.selfpay_rate,
        "amount_fen": stated.amount_fen,
        "self_funded_fen": stated.self_funded_fen,
        "over_limit_fen": stated.over_limit_fen,
        "pre_selfpay_fen": stated.pre_selfpay_fen,
        "in_scope_fen": stated.in_scope_fen,
        "class_b_fen": new.split.class_b_fen,
        "traditional_fen": new.split.traditional_fen,
        "flat_fen": new.split.flat_fen,
        "sessions": new.sessions,
        "in_work_injury_catalogue": new.in_work_injury_catalogue,
        "details": orjson.dumps(dict(details)).decode(),
    }
