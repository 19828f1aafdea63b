"""Worklists of the cash benefits, straight from the tables to JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from shared.db.database import Database
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_benefits as t

_INTERNAL = frozenset({"request", "tries", "next_try_at", "stale"})
_LIVE = ("granted", "running", "suspended")


class SqlBenefitViews:
    """Implements ``BenefitViews`` on read-only snapshots."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reviews(self, certified_before: date, on: date, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        e, a, loss = t.entitlement.c, t.appraisal.c, t.person_loss.c
        newest = select(a.case_id, func.max(a.version).label("version")).group_by(a.case_id).subquery()
        region = base.injury_case.c.region
        overdue = (
            select(
                e.entitlement_id, e.case_id, e.person_id, e.kind, e.state, e.certified_on, a.recheck_due_on, e.hindrance, region
            )
            .join(base.injury_case, base.injury_case.c.case_id == e.case_id)
            .outerjoin(newest, newest.c.case_id == e.case_id)
            .outerjoin(t.appraisal, and_(a.case_id == newest.c.case_id, a.version == newest.c.version))
            .where(
                e.state.in_(_LIVE),
                or_(
                    e.certified_on < certified_before,
                    and_(a.recheck_due_on <= on, e.kind != "dependant"),
                    e.hindrance.is_not(None),
                ),
            )
            .order_by(e.certified_on, e.entitlement_id)
            .limit(limit)
        )
        unproven = (
            select(loss.case_id, loss.person_id, loss.occurred_on, loss.notice_due_on, loss.notified_on, region)
            .join(base.injury_case, base.injury_case.c.case_id == loss.case_id)
            .where(
                loss.returned_on.is_(None),
                or_(func.cardinality(loss.heirs_proof) == 0, and_(loss.notified_on.is_(None), loss.notice_due_on < on)),
            )
            .order_by(loss.occurred_on, loss.person_id)
            .limit(limit)
        )
        found: list[dict[str, Any]] = []
        async with self._db.reading() as tx:
            for row in await tx.all(overdue):
                reasons = [
                    reason
                    for reason, holds in (
                        ("certificate-due", row.certified_on < certified_before),
                        (
                            "recheck-due",
                            row.kind != "dependant" and row.recheck_due_on is not None and row.recheck_due_on <= on,
                        ),
                        ("hindered", row.hindrance is not None),
                    )
                    if holds
                ]
                found.append(dict(row._mapping) | {"reasons": reasons})
            for row in await tx.all(unproven):
                late = row.notified_on is None and row.notice_due_on < on
                found.append(dict(row._mapping) | {"reasons": ["heirs-unproven", *(["notice-late"] if late else [])]})
        return found

    async def one(self, subject: str, subject_id: str) -> dict[str, Any] | None:
        """See the port."""
        table, key = {
            "benefit": (t.item, t.item.c.item_id),
            "entitlement": (t.entitlement, t.entitlement.c.entitlement_id),
            "payment": (base.payment, base.payment.c.payment_id),
        }[subject]
        statement = (
            select(table, base.injury_case.c.region)
            .join(base.injury_case, base.injury_case.c.case_id == table.c.case_id)
            .where(key == subject_id)
        )
        async with self._db.reading() as tx:
            row = await tx.first(statement)
        return None if row is None else {k: v for k, v in row._mapping.items() if k not in _INTERNAL}

    async def run(self, month: date) -> dict[str, Any]:
        """See the port."""
        e, p = t.entitlement.c, t.posting.c
        done = and_(e.run_through >= month, ~e.stale)
        entitlements = select(
            func.count().label("entitlements"),
            func.count(case((done, 1))).label("done"),
            func.count(case((and_(~done, e.hindrance.is_not(None)), 1))).label("hindered"),
        ).where(e.state.in_(_LIVE), e.begins <= month)
        booked = select(
            func.coalesce(func.sum(case((p.amount_fen > 0, p.amount_fen))), 0).label("granted_fen"),
            func.coalesce(func.sum(case((p.amount_fen < 0, -p.amount_fen))), 0).label("recovered_fen"),
            func.coalesce(func.sum(case((and_(p.month < p.run_month, p.amount_fen > 0), p.amount_fen))), 0).label(
                "arrears_fen"
            ),
            func.coalesce(func.sum(case((~p.paid, p.amount_fen))), 0).label("waiting_fen"),
        ).where(p.run_month == month)
        async with self._db.reading() as tx:
            row, sums = await tx.first(entitlements), await tx.first(booked)
        if row is None or sums is None:
            raise AssertionError("an aggregate has one row")
        return {"month": month, **row._mapping, **{name: int(value) for name, value in sums._mapping.items()}}
