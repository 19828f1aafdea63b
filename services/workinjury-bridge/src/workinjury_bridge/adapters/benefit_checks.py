"""What must hold between benefits, payments and the book, asked of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Date, case, cast, func, literal, select

from shared.db.database import opened
from shared.ledger import Book
from shared.ledger.books import DUE_FROM_PERSON, DUE_TO_EMPLOYER, DUE_TO_PERSON
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_benefits as t
from workinjury_bridge.domain.benefits.item import STANDS
from workinjury_bridge.domain.benefits.kinds import ACCOUNTS, OF_A_STAY, BenefitKind
from workinjury_bridge.domain.out_of_area.journals import STAY_RECOVERY

_AT_MOST = 1000
_BENEFITS = {
    kind.value: account for kind, account in ACCOUNTS.items() if kind not in {BenefitKind.ESTATE_WRITE_OFF, *OF_A_STAY}
}
_REMOTE_STAYS = ("out-of-area", "adjustment", STAY_RECOVERY)
"""Journals of stays elsewhere, which use the account of devices too."""
"""A debt written off shares its account with other write-offs."""


class SqlBenefitChecks:
    """Implements ``BenefitChecks``."""

    async def misbooked(self, tx: Tx) -> Sequence[tuple[str, str, int, int]]:
        """See the port."""
        journal, line = base.LEDGER.journal.c, base.LEDGER.line.c
        items = select(t.item.c.case_id, t.item.c.kind, t.item.c.amount_fen).where(
            t.item.c.state.in_(STANDS), t.item.c.kind.in_(_BENEFITS), t.item.c.debtor.is_(None)
        )
        postings = (
            select(t.entitlement.c.case_id, t.entitlement.c.kind, t.posting.c.amount_fen)
            .join(t.posting, t.posting.c.entitlement_id == t.entitlement.c.entitlement_id)
            .where(t.posting.c.debtor.is_(None))
        )
        each = items.union_all(postings).subquery()
        account = case(_BENEFITS, value=each.c.kind)
        granted = (
            select(each.c.case_id, account.label("account"), func.sum(each.c.amount_fen).label("fen"))
            .group_by(each.c.case_id, account)
            .subquery()
        )
        booked = (
            select(journal.case_id, line.account, func.sum(line.debit_fen - line.credit_fen).label("fen"))
            .join_from(base.LEDGER.line, base.LEDGER.journal, line.entry_id == journal.entry_id)
            .where(line.book == Book.WI.value, line.account.in_(_BENEFITS.values()), journal.kind.not_in(_REMOTE_STAYS))
            .group_by(journal.case_id, line.account)
            .subquery()
        )
        same = (granted.c.case_id == booked.c.case_id) & (granted.c.account == booked.c.account)
        ours, theirs = func.coalesce(granted.c.fen, 0), func.coalesce(booked.c.fen, 0)
        rows = await opened(tx).all(
            select(
                func.coalesce(granted.c.case_id, booked.c.case_id).label("case_id"),
                func.coalesce(granted.c.account, booked.c.account).label("account"),
                ours.label("ours"),
                theirs.label("theirs"),
            )
            .select_from(granted.join(booked, same, full=True))
            .where(ours != theirs)
            .limit(_AT_MOST)
        )
        return [(row.case_id, row.account, int(row.ours), int(row.theirs)) for row in rows]

    async def misadvanced(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        """See the port."""
        debt = base.recovery.c
        items = select(t.item.c.item_id.label("benefit_id"), t.item.c.amount_fen).where(
            t.item.c.state.in_(STANDS), t.item.c.debtor.is_not(None)
        )
        postings = select(t.posting.c.entitlement_id.label("benefit_id"), t.posting.c.amount_fen).where(
            t.posting.c.debtor.is_not(None)
        )
        each = items.union_all(postings).subquery()
        granted = select(each.c.benefit_id, func.sum(each.c.amount_fen).label("fen")).group_by(each.c.benefit_id).subquery()
        benefits = select(t.item.c.item_id).union_all(select(t.entitlement.c.entitlement_id))
        held = (
            select(
                debt.settlement_id.label("benefit_id"),
                func.sum(debt.advanced_fen - debt.moved_fen - debt.expensed_fen).label("fen"),
            )
            .where(debt.settlement_id.in_(benefits))
            .group_by(debt.settlement_id)
            .subquery()
        )
        ours, theirs = func.coalesce(granted.c.fen, 0), func.coalesce(held.c.fen, 0)
        rows = await opened(tx).all(
            select(
                func.coalesce(granted.c.benefit_id, held.c.benefit_id).label("benefit_id"),
                ours.label("ours"),
                theirs.label("theirs"),
            )
            .select_from(granted.join(held, granted.c.benefit_id == held.c.benefit_id, full=True))
            .where(ours != theirs)
            .limit(_AT_MOST)
        )
        return [(row.benefit_id, int(row.ours), int(row.theirs)) for row in rows]

    async def paid_while_gone(self, tx: Tx) -> Sequence[str]:
        """See the port."""
        paid, loss = base.payment.c, t.person_loss.c
        day = cast(func.timezone("Asia/Shanghai", paid.paid_at), Date)
        rows = await opened(tx).all(
            select(paid.payment_id)
            .join(t.person_loss, paid.payee.in_((literal("P:") + loss.person_id, literal("DEP:") + loss.person_id)))
            .where(day > loss.reported_on, loss.returned_on.is_(None))
            .limit(_AT_MOST)
        )
        return [row.payment_id for row in rows]

    async def overdrawn(self, tx: Tx) -> Sequence[tuple[str, int]]:
        """See the port."""
        line = base.LEDGER.line.c
        left = func.sum(line.debit_fen - line.credit_fen)
        side = case((line.account == DUE_FROM_PERSON, -left), else_=left)
        rows = await opened(tx).all(
            select(line.dim, side.label("fen"))
            .where(line.book == Book.WI.value, line.account.in_((DUE_TO_PERSON, DUE_TO_EMPLOYER, DUE_FROM_PERSON)))
            .group_by(line.account, line.dim)
            .having(side > 0)
            .limit(_AT_MOST)
        )
        return [(row.dim, int(row.fen)) for row in rows]

    async def dependants_beyond_wage(self, tx: Tx) -> Sequence[tuple[str, date, int, int]]:
        """See the port."""
        e, p, wage = t.entitlement.c, t.posting.c, t.own_wage.c
        total = func.sum(p.amount_fen)
        stale = select(e.case_id).where(e.stale)
        rows = await opened(tx).all(
            select(e.case_id, p.month, total.label("fen"), wage.own_wage_fen)
            .join_from(t.posting, t.entitlement, p.entitlement_id == e.entitlement_id)
            .join(t.own_wage, wage.case_id == e.case_id)
            .where(e.kind == BenefitKind.DEPENDANT.value, e.case_id.not_in(stale))
            .group_by(e.case_id, p.month, wage.own_wage_fen)
            .having(total > wage.own_wage_fen)
            .limit(_AT_MOST)
        )
        return [(row.case_id, row.month, int(row.fen), row.own_wage_fen) for row in rows]
