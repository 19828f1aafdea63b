"""The tables of the cash benefits, read and written with SQLAlchemy Core inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Row, and_, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.arrays import any_of
from shared.db.database import SqlTx
from shared.ledger import Book
from shared.ledger.books import DUE_TO_PERSON
from shared.ledger.store import LedgerStore
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_benefits as t
from workinjury_bridge.adapters.repositories.cases import SqlCases
from workinjury_bridge.application.benefits.ports import Posting
from workinjury_bridge.application.ports import Payment
from workinjury_bridge.domain.benefits.appraisal import Appraisal, AppraisalKind, Conclusion, NursingGrade
from workinjury_bridge.domain.benefits.calculation import calculation_of
from workinjury_bridge.domain.benefits.entitlement import (
    Break,
    BreakReason,
    EndReason,
    Entitlement,
    EntitlementState,
    Pension,
    Relation,
)
from workinjury_bridge.domain.benefits.item import Item, ItemState
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import Circumstance, Loss, Source
from workinjury_bridge.domain.benefits.monthly import Booked
from workinjury_bridge.domain.benefits.one_off import ItemRequest
from workinjury_bridge.domain.benefits.wage import OwnWage

_MAX_ROWS = 1000
"""No injury has so many appraisals, items or entitlements; a limit on every list."""
_MAX_POSTINGS = 5000
"""A century of months, each corrected several times."""
_LIVE = ("granted", "running", "suspended")


def _sql(tx: Tx) -> SqlTx:
    """The platform's transaction behind the protocol that use cases see."""
    return cast(SqlTx, tx)


class SqlWages:
    """Implements ``Wages``."""

    async def of_case(self, tx: Tx, case_id: str) -> OwnWage | None:
        """See the port."""
        row = await _sql(tx).first(select(t.own_wage).where(t.own_wage.c.case_id == case_id))
        if row is None:
            return None
        return OwnWage(
            case_id=row.case_id,
            monthly_wages_fen=tuple(row.monthly_wages_fen),
            average_fen=row.average_fen,
            calculation=calculation_of(row.calculation),
        )

    async def save(self, tx: Tx, wage: OwnWage, at: datetime) -> None:
        """See the port."""
        values = {
            "monthly_wages_fen": list(wage.monthly_wages_fen),
            "average_fen": wage.average_fen,
            "own_wage_fen": wage.own_wage_fen,
            "calculation": wage.calculation.plain(),
            "recorded_at": at,
        }
        statement = upsert(t.own_wage).values(case_id=wage.case_id, **values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))


class SqlAppraisals:
    """Implements ``Appraisals``."""

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Appraisal]:
        """See the port."""
        statement = select(t.appraisal).where(t.appraisal.c.case_id == case_id).order_by(t.appraisal.c.version).limit(_MAX_ROWS)
        return [
            Appraisal(
                appraisal_id=row.appraisal_id,
                case_id=row.case_id,
                version=row.version,
                conclusion=Conclusion(
                    conclusion_no=row.conclusion_no,
                    kind=AppraisalKind(row.kind),
                    concluded_on=row.concluded_on,
                    decided_by=row.decided_by,
                    grade=row.grade,
                    nursing=NursingGrade(row.nursing) if row.nursing else None,
                    recheck_due_on=row.recheck_due_on,
                ),
                counts_from=row.counts_from,
            )
            for row in await _sql(tx).all(statement)
        ]

    async def add(self, tx: Tx, appraisal: Appraisal, person_id: str, at: datetime) -> None:
        """See the port."""
        await _sql(tx).execute(
            insert(t.appraisal).values(
                appraisal_id=appraisal.appraisal_id,
                case_id=appraisal.case_id,
                person_id=person_id,
                version=appraisal.version,
                counts_from=appraisal.counts_from,
                recorded_at=at,
                **asdict(appraisal.conclusion),
            )
        )


class SqlLosses:
    """Implements ``Losses``."""

    async def of(self, tx: Tx, person_id: str) -> Loss | None:
        """See the port."""
        return (await self.among(tx, [person_id])).get(person_id)

    async def among(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, Loss]:
        """See the port."""
        these = any_of(t.person_loss.c.person_id, person_ids)
        return {row.person_id: _loss(row) for row in await _sql(tx).all(select(t.person_loss).where(these))}

    async def save(self, tx: Tx, loss: Loss, at: datetime) -> None:
        """See the port."""
        values = asdict(loss) | {"heirs_proof": list(loss.heirs_proof), "changed_at": at}
        statement = upsert(t.person_loss).values(**values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))


def _loss(row: Row[Any]) -> Loss:
    values = {name: row._mapping[name] for name in (field.name for field in fields(Loss))}
    values |= {"circumstance": Circumstance(row.circumstance), "source": Source(row.source)}
    return Loss(**values | {"heirs_proof": tuple(row.heirs_proof)})


class SqlEntitlements:
    """Implements ``Entitlements``."""

    def __init__(self, cases: SqlCases) -> None:
        self._cases = cases

    async def add(self, tx: Tx, entitlement: Entitlement, at: datetime) -> bool:
        """See the port."""
        statement = (
            upsert(t.entitlement)
            .values(proposed_at=at, changed_at=at, next_try_at=at, **_entitlement_values(entitlement))
            .on_conflict_do_nothing()
            .returning(t.entitlement.c.entitlement_id)
        )
        return (await _sql(tx).execute(statement)).first() is not None

    async def locked(self, tx: Tx, entitlement_id: str) -> Entitlement | None:
        """See the port."""
        mine = t.entitlement.c.entitlement_id == entitlement_id
        found = await self._where(tx, mine)
        if not found:
            return None
        case = await self._cases.get(tx, found[0].case_id)
        persons = {found[0].person_id} | ({case.person_id} if case is not None else set())
        await self._cases.lock_persons(tx, persons)
        return (await self._where(tx, mine))[0]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Entitlement]:
        """See the port."""
        return await self._where(tx, t.entitlement.c.case_id == case_id)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Entitlement]:
        """See the port."""
        return await self._where(tx, t.entitlement.c.person_id == person_id)

    async def save(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        """See the port."""
        await self._save(tx, entitlement, at, stale=True)

    async def save_run(self, tx: Tx, entitlement: Entitlement, at: datetime) -> None:
        """See the port."""
        await self._save(tx, entitlement, at, stale=False)

    async def look_again(self, tx: Tx, case_id: str) -> None:
        """See the port."""
        await _sql(tx).execute(
            update(t.entitlement)
            .where(t.entitlement.c.case_id == case_id)
            .values(stale=True, hindrance=None, tries=0, next_try_at=t.entitlement.c.changed_at)
        )

    async def due(self, tx: Tx, month: date, now: datetime, limit: int) -> Sequence[str]:
        """See the port."""
        statement = (
            select(t.entitlement.c.entitlement_id)
            .where(t.entitlement.c.next_try_at <= now, _waits_for(month))
            .order_by(t.entitlement.c.next_try_at, t.entitlement.c.entitlement_id)
            .limit(limit)
        )
        return [row.entitlement_id for row in await _sql(tx).all(statement)]

    async def is_due(self, tx: Tx, entitlement_id: str, month: date) -> bool:
        """See the port."""
        statement = select(t.entitlement.c.entitlement_id).where(
            t.entitlement.c.entitlement_id == entitlement_id, _waits_for(month)
        )
        return await _sql(tx).first(statement) is not None

    async def put_off(self, tx: Tx, entitlement_id: str, now: datetime, hindrance: str) -> None:
        """See the port."""
        seconds = func.least(3600, func.power(2, func.least(t.entitlement.c.tries, 12)))
        pause = seconds * literal(timedelta(seconds=1))
        await _sql(tx).execute(
            update(t.entitlement)
            .where(t.entitlement.c.entitlement_id == entitlement_id)
            .values(hindrance=hindrance[:2000], tries=t.entitlement.c.tries + 1, next_try_at=literal(now) + pause)
        )

    async def _save(self, tx: Tx, entitlement: Entitlement, at: datetime, *, stale: bool) -> None:
        await _sql(tx).execute(
            update(t.entitlement)
            .where(t.entitlement.c.entitlement_id == entitlement.entitlement_id)
            .values(changed_at=at, next_try_at=at, tries=0, hindrance=None, stale=stale, **_entitlement_values(entitlement))
        )

    async def _where(self, tx: Tx, condition: Any) -> list[Entitlement]:
        statement = select(t.entitlement).where(condition).order_by(t.entitlement.c.entitlement_id).limit(_MAX_ROWS)
        return [_entitlement(row) for row in await _sql(tx).all(statement)]


class SqlPostings:
    """Implements ``Postings``."""

    async def of(self, tx: Tx, entitlement_id: str) -> Mapping[date, Booked]:
        """See the port."""
        found: dict[date, Booked] = {}
        for posting in await self.list_of(tx, entitlement_id):
            before = found.get(posting.month)
            found[posting.month] = Booked(
                amount_fen=posting.amount_fen + (before.amount_fen if before else 0),
                calculation=posting.calculation,
                debtor=posting.debtor,
            )
        return found

    async def list_of(self, tx: Tx, entitlement_id: str) -> Sequence[Posting]:
        """See the port."""
        order = (t.posting.c.month, t.posting.c.number)
        return await self._where(tx, t.posting.c.entitlement_id == entitlement_id, order)

    async def add(self, tx: Tx, postings: Sequence[Posting], at: datetime) -> None:
        """See the port."""
        for posting in postings:
            number = (
                select(func.count())
                .where(t.posting.c.entitlement_id == posting.entitlement_id, t.posting.c.month == posting.month)
                .scalar_subquery()
            )
            values = asdict(posting) | {"calculation": posting.calculation.plain()}
            await _sql(tx).execute(insert(t.posting).values(number=number, posted_at=at, **values))

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Posting]:
        """See the port."""
        order = (t.posting.c.run_month, t.posting.c.posting_id)
        return await self._where(tx, and_(t.posting.c.person_id == person_id, ~t.posting.c.paid), order)

    async def mark_paid(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        """See the port."""
        await _sql(tx).execute(update(t.posting).where(t.posting.c.posting_id.in_(posting_ids)).values(paid=True))

    async def bear(self, tx: Tx, posting_ids: Sequence[str]) -> None:
        """See the port."""
        await _sql(tx).execute(update(t.posting).where(t.posting.c.posting_id.in_(posting_ids)).values(debtor=None))

    async def _where(self, tx: Tx, condition: Any, order: Sequence[Any]) -> list[Posting]:
        statement = select(t.posting).where(condition).order_by(*order).limit(_MAX_POSTINGS)
        return [
            Posting(
                posting_id=row.posting_id,
                entitlement_id=row.entitlement_id,
                person_id=row.person_id,
                month=row.month,
                run_month=row.run_month,
                amount_fen=row.amount_fen,
                reason=row.reason,
                calculation=calculation_of(row.calculation),
                entry_id=row.entry_id,
                paid=row.paid,
                debtor=row.debtor,
            )
            for row in await _sql(tx).all(statement)
        ]


class SqlItems:
    """Implements ``Items``."""

    def __init__(self, cases: SqlCases) -> None:
        self._cases = cases

    async def add(self, tx: Tx, item: Item, at: datetime) -> bool:
        """See the port."""
        statement = (
            upsert(t.item)
            .values(proposed_at=at, changed_at=at, **_item_values(item))
            .on_conflict_do_nothing()
            .returning(t.item.c.item_id)
        )
        return (await _sql(tx).execute(statement)).first() is not None

    async def locked(self, tx: Tx, item_id: str) -> Item | None:
        """See the port."""
        mine = t.item.c.item_id == item_id
        found = await self._where(tx, mine)
        if not found:
            return None
        await self._cases.lock_persons(tx, [found[0].person_id])
        return (await self._where(tx, mine))[0]

    async def save(self, tx: Tx, item: Item, at: datetime) -> None:
        """See the port."""
        await _sql(tx).execute(
            update(t.item)
            .where(t.item.c.item_id == item.item_id)
            .values(
                state=item.state,
                checker=item.checker,
                approver=item.approver,
                note=item.note,
                debtor=item.debtor,
                changed_at=at,
            )
        )

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Item]:
        """See the port."""
        return await self._where(tx, t.item.c.case_id == case_id)

    async def unpaid(self, tx: Tx, person_id: str) -> Sequence[Item]:
        """See the port."""
        return await self._where(tx, and_(t.item.c.person_id == person_id, t.item.c.state == "posted"))

    async def _where(self, tx: Tx, condition: Any) -> list[Item]:
        statement = select(t.item).where(condition).order_by(t.item.c.item_id).limit(_MAX_ROWS)
        return [
            Item(
                item_id=row.item_id,
                case_id=row.case_id,
                person_id=row.person_id,
                request=_request(row.request),
                reference=row.reference,
                calculation=calculation_of(row.calculation),
                maker=row.maker,
                state=ItemState(row.state),
                checker=row.checker,
                approver=row.approver,
                note=row.note,
                debtor=row.debtor,
            )
            for row in await _sql(tx).all(statement)
        ]


class SqlPaidOut:
    """Implements ``PaidOut`` on the payments and the shared ledger store."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def get(self, tx: Tx, payment_id: str) -> Payment | None:
        """See the port."""
        row = await self._row(tx, payment_id)
        return None if row is None else _payment(row)

    async def returned(self, tx: Tx, payment_id: str) -> bool:
        """See the port."""
        row = await self._row(tx, payment_id)
        return row is not None and row.returned_at is not None

    async def repaid(self, tx: Tx, payment_id: str) -> bool:
        """See the port."""
        row = await self._row(tx, payment_id)
        return row is not None and row.repaid_at is not None

    async def came_back(self, tx: Tx, case_id: str) -> Sequence[Payment]:
        """See the port."""
        c = base.payment.c
        statement = select(base.payment).where(c.case_id == case_id, c.returned_at.is_not(None), c.repaid_at.is_(None))
        return [_payment(row) for row in await _sql(tx).all(statement.order_by(c.payment_id).limit(_MAX_ROWS))]

    async def mark_returned(self, tx: Tx, payment_id: str, reason: str, at: datetime) -> None:
        """See the port."""
        mine = base.payment.c.payment_id == payment_id
        await _sql(tx).execute(update(base.payment).where(mine).values(returned_at=at, return_reason=reason))

    async def mark_repaid(self, tx: Tx, payment_id: str, at: datetime) -> None:
        """See the port."""
        mine = base.payment.c.payment_id == payment_id
        await _sql(tx).execute(update(base.payment).where(mine).values(repaid_at=at))

    async def payable_fen(self, tx: Tx, dim: str) -> int:
        """See the port."""
        line = base.LEDGER.line.c
        balance = await _sql(tx).scalar(
            select(func.coalesce(func.sum(line.credit_fen - line.debit_fen), 0)).where(
                line.book == Book.WI.value, line.account == DUE_TO_PERSON, line.dim == dim
            )
        )
        return int(balance)

    async def _row(self, tx: Tx, payment_id: str) -> Row[Any] | None:
        return await _sql(tx).first(select(base.payment).where(base.payment.c.payment_id == payment_id))


def _payment(row: Row[Any]) -> Payment:
    return Payment(**{field.name: row._mapping[field.name] for field in fields(Payment)})


def _waits_for(month: date) -> Any:
    """Entitlements with a month not dealt with, up to the last one of those that have ended, and any whose facts changed since."""
    e = t.entitlement.c
    alive = or_(e.state.in_(_LIVE), and_(e.state == "stopped", or_(e.run_through.is_(None), e.run_through < e.ended)))
    behind = and_(alive, or_(e.run_through.is_(None), e.run_through < month), e.begins <= month)
    changed = and_(e.state.in_((*_LIVE, "stopped")), e.stale, e.begins <= month)
    return or_(behind, changed)


def _entitlement_values(entitlement: Entitlement) -> dict[str, Any]:
    return asdict(entitlement) | {
        "materials": list(entitlement.materials),
        "breaks": [
            {
                "reason": gap.reason.value,
                "since": gap.since.isoformat(),
                "until": gap.until.isoformat() if gap.until else None,
            }
            for gap in entitlement.breaks
        ],
        "pensions": [{"since": p.since.isoformat(), "monthly_fen": p.monthly_fen} for p in entitlement.pensions],
    }


def _entitlement(row: Row[Any]) -> Entitlement:
    return Entitlement(
        entitlement_id=row.entitlement_id,
        case_id=row.case_id,
        person_id=row.person_id,
        kind=BenefitKind(row.kind),
        begins=row.begins,
        maker=row.maker,
        certified_on=row.certified_on,
        state=EntitlementState(row.state),
        checker=row.checker,
        materials=tuple(row.materials),
        relation=Relation(row.relation) if row.relation else None,
        lone=row.lone,
        until=row.until,
        breaks=tuple(
            Break(
                reason=BreakReason(gap["reason"]),
                since=date.fromisoformat(gap["since"]),
                until=date.fromisoformat(gap["until"]) if gap["until"] else None,
            )
            for gap in row.breaks
        ),
        pensions=tuple(Pension(since=date.fromisoformat(p["since"]), monthly_fen=p["monthly_fen"]) for p in row.pensions),
        ended=row.ended,
        end_reason=EndReason(row.end_reason) if row.end_reason else None,
        run_through=row.run_through,
    )


def _item_values(item: Item) -> dict[str, Any]:
    request = asdict(item.request)
    return {
        "item_id": item.item_id,
        "case_id": item.case_id,
        "person_id": item.person_id,
        "kind": item.kind,
        "reference": item.reference,
        "request": request | {"on": item.request.on.isoformat(), "materials": list(item.request.materials)},
        "amount_fen": item.amount_fen,
        "calculation": item.calculation.plain(),
        "state": item.state,
        "maker": item.maker,
        "checker": item.checker,
        "approver": item.approver,
        "note": item.note,
        "debtor": item.debtor,
    }


def _request(stored: Mapping[str, Any]) -> ItemRequest:
    typed = {
        "kind": BenefitKind(stored["kind"]),
        "on": date.fromisoformat(stored["on"]),
        "materials": tuple(stored["materials"]),
    }
    return ItemRequest(**{**stored, **typed})
