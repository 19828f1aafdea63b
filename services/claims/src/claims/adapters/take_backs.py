"""Settlements that the work-injury fund takes over: many at a time, their bills, and which conversion took which (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Text,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.sql.selectable import TableValuedAlias

from claims.adapters.corrections import last_correction, overpaid_of
from claims.adapters.settlements import SqlSettlements
from claims.adapters.tables import LEDGER
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import (
    ACCOUNT,
    ACCOUNT_MOVEMENT,
    PERSON_YEAR,
    SETTLEMENT,
    TAKE_BACK,
)
from claims.adapters.tables.visits import FEE_BATCH, FEE_LINE, VISIT
from claims.application.settlement.ports import StoredSettlement, YearKey
from claims.application.settlement.read_bills import StandingBill
from claims.application.settlement.take_claim_back import TakeBack, Taken
from claims.domain.adjudication import YearState
from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger.books import DUE_FROM_PERSON
from shared.transactions import Tx


class SqlSettlementGroup(SqlSettlements):
    """Implements ``SettlementGroup``."""

    async def lock_all(self, tx: Tx, settlement_ids: Sequence[str]) -> Mapping[str, StoredSettlement]:
        """See ``SettlementGroup``. Read only when all is locked."""
        s, year, these = SETTLEMENT.c, PERSON_YEAR.c, any_of(SETTLEMENT.c.settlement_id, settlement_ids)
        of = await opened(tx).all(select(s.visit_id, s.person_id, s.scheme, s.benefit_year).where(these))
        if not of:
            return {}
        await opened(tx).execute(
            select(VISIT.c.visit_id)
            .where(any_of(VISIT.c.visit_id, [row.visit_id for row in of]))
            .order_by(VISIT.c.visit_id)
            .with_for_update()
        )
        first: dict[tuple[str, str], int] = {}
        for row in of:
            key = (row.person_id, row.scheme)
            first[key] = min(row.benefit_year, first.get(key, row.benefit_year))
        # each with its own first year: in the order of the keys, as everybody locks
        wanted = _unnested([(*key, benefit_year) for key, benefit_year in first.items()])
        await opened(tx).execute(
            select(year.version)
            .join(wanted, (year.person_id == wanted.c.person_id) & (year.scheme == wanted.c.scheme))
            .where(year.benefit_year >= wanted.c.benefit_year)
            .order_by(year.person_id, year.scheme, year.benefit_year)
            .with_for_update(of=PERSON_YEAR)
        )
        persons = sorted({row.person_id for row in of})
        await opened(tx).execute(
            select(ACCOUNT.c.balance_fen)
            .where(any_of(ACCOUNT.c.person_id, persons))
            .order_by(ACCOUNT.c.person_id)
            .with_for_update()
        )
        last = last_correction()
        rows = await opened(tx).all(
            select(SETTLEMENT, INSURED_PERSON.c.sealed, *last.c)
            .join(INSURED_PERSON, INSURED_PERSON.c.person_id == SETTLEMENT.c.person_id)
            .outerjoin(last, true())
            .where(these)
        )
        return {row.settlement_id: self._stored(row) for row in rows}

    async def take_back_all(self, tx: Tx, settlements: Sequence[StoredSettlement]) -> Mapping[str, int]:
        """See ``SettlementGroup``."""
        ids = [settlement.settlement_id for settlement in settlements]
        await opened(tx).execute(update(SETTLEMENT).where(any_of(SETTLEMENT.c.settlement_id, ids)).values(state="taken-back"))
        year, wanted = PERSON_YEAR.c, _unnested([settlement.year for settlement in settlements])
        used = {
            YearKey(row.person_id, row.scheme, row.benefit_year): YearState.of(row.state)
            for row in await opened(tx).all(
                select(year.person_id, year.scheme, year.benefit_year, year.state).join(
                    wanted,
                    (year.person_id == wanted.c.person_id)
                    & (year.scheme == wanted.c.scheme)
                    & (year.benefit_year == wanted.c.benefit_year),
                )
            )
        }
        await opened(tx).execute(
            update(PERSON_YEAR)
            .where(year.person_id == bindparam("p"), year.scheme == bindparam("s"), year.benefit_year == bindparam("y"))
            .values(state=bindparam("left"), version=year.version + 1),
            [
                {
                    "p": settlement.year.person_id,
                    "s": settlement.year.scheme,
                    "y": settlement.year.benefit_year,
                    "left": dict(used[settlement.year].minus(settlement.contribution).counters),
                }
                for settlement in settlements
                if settlement.year in used
            ],
        )
        persons = [settlement.person_id for settlement in settlements]
        account = ACCOUNT.c
        held = await opened(tx).all(select(account.person_id, account.balance_fen).where(any_of(account.person_id, persons)))
        balances = {row.person_id: int(row.balance_fen) for row in held}
        movements = []
        for settlement in settlements:
            if not settlement.account_fen:
                continue
            balances[settlement.person_id] = balances.get(settlement.person_id, 0) + settlement.account_fen
            movement_id = opened(tx).ids.new()
            movements.append(
                {
                    "movement_id": movement_id,
                    "person_id": settlement.person_id,
                    "amount_fen": settlement.account_fen,
                    "balance_fen": balances[settlement.person_id],
                    "reason": "take-back",
                    "reference": f"{settlement.settlement_id}:{movement_id}",
                    "recorded_at": opened(tx).clock.now(),
                }
            )
        if movements:
            await opened(tx).execute(
                update(ACCOUNT).where(account.person_id == bindparam("p")).values(balance_fen=bindparam("left")),
                [{"p": row["person_id"], "left": row["balance_fen"]} for row in movements],
            )
            await opened(tx).execute(insert(ACCOUNT_MOVEMENT), movements)
        return balances

    async def in_debt(self, tx: Tx, settlement_ids: Sequence[str]) -> set[str]:
        """See ``SettlementGroup``."""
        if not settlement_ids:
            return set()
        j, line = LEDGER.journal.c, LEDGER.line.c
        rows = await opened(tx).all(
            select(j.settlement_id)
            .join(LEDGER.line, line.entry_id == j.entry_id)
            .where(
                any_of(j.settlement_id, settlement_ids),
                j.kind.in_(("conversion", "set-off")),
                line.account == DUE_FROM_PERSON,
            )
            .group_by(j.settlement_id)
            .having(func.sum(line.debit_fen - line.credit_fen) != 0)
        )
        return {row.settlement_id for row in rows}

    async def in_company(self, tx: Tx, keys: Sequence[YearKey]) -> set[YearKey]:
        """See ``SettlementGroup``."""
        s, wanted = SETTLEMENT.c, _unnested(keys)
        rows = await opened(tx).all(
            select(wanted.c.person_id, wanted.c.scheme, wanted.c.benefit_year)
            .distinct()
            .select_from(wanted)
            .join(
                SETTLEMENT,
                (s.person_id == wanted.c.person_id) & (s.scheme == wanted.c.scheme) & (s.benefit_year >= wanted.c.benefit_year),
            )
            .outerjoin(TAKE_BACK, (TAKE_BACK.c.settlement_id == s.settlement_id) & (TAKE_BACK.c.state == "taken-back"))
            .where((s.state == "valid") | TAKE_BACK.c.kept.is_not(None), s.work_injury_key.is_(None))
        )
        return {YearKey(row.person_id, row.scheme, row.benefit_year) for row in rows}


class SqlBills:
    """Implements ``Bills``."""

    async def among(self, tx: Tx, settlement_ids: Sequence[str]) -> Mapping[str, StandingBill]:
        """See ``Bills``."""
        s, line, last = SETTLEMENT.c, FEE_LINE.c, last_correction()
        found = await opened(tx).all(
            select(
                s.settlement_id, s.visit_id, s.state, s.begun_on, s.ended_on,
                func.coalesce(last.c.c_total_fen, s.total_fen).label("total_fen"),
                func.coalesce(last.c.c_cash_fen, s.cash_fen).label("cash_fen"),
                func.coalesce(last.c.c_hospital_fen, s.hospital_fen).label("hospital_fen"),
                func.coalesce(last.c.c_decision["payments"], s.decision["payments"]).label("payments"),
                last.c.c_lines, last.c.c_sequence,
            )
            .outerjoin(last, true())
            .where(any_of(s.settlement_id, settlement_ids))
        )  # fmt: skip
        rows = await opened(tx).all(
            select(
                FEE_BATCH.c.settlement_id, line.line_no, line.item_code, line.item_name, line.charge_class, line.occurred_at,
                line.quantity, line.price, line.amount_fen, line.self_funded_fen, line.over_limit_fen, line.pre_selfpay_fen,
                line.in_scope_fen, line.in_work_injury_catalogue,
            )
            .join(FEE_BATCH, FEE_BATCH.c.batch_id == line.batch_id)
            .where(
                # by visit: there is no index on the settlement's id, on purpose
                any_of(FEE_BATCH.c.visit_id, [row.visit_id for row in found]),
                any_of(FEE_BATCH.c.settlement_id, settlement_ids),
            )
            .order_by(line.line_no)
        )  # fmt: skip
        overpaid = await overpaid_of(tx, [row.settlement_id for row in found if row.c_sequence is not None])
        lines: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            lines.setdefault(row.settlement_id, []).append(dict(row._mapping))
        return {
            row.settlement_id: StandingBill(
                settlement_id=row.settlement_id,
                state=row.state,
                begun_on=row.begun_on,
                ended_on=row.ended_on,
                total_fen=row.total_fen,
                cash_fen=row.cash_fen,
                hospital_fen=row.hospital_fen,
                overpaid_fen=overpaid.get(row.settlement_id, 0),
                payments=row.payments,
                lines=lines.get(row.settlement_id, ()),
                corrected_lines=row.c_lines or {},
            )
            for row in found
        }


class SqlTakeBacks:
    """Implements ``TakeBacks``."""

    async def put_all(self, tx: Tx, taken: Sequence[tuple[TakeBack, Mapping[str, Any]]]) -> None:
        """See ``TakeBacks``."""
        now = opened(tx).clock.now()
        rows = [
            {
                "conversion_id": command.conversion_id,
                "settlement_id": command.settlement_id,
                "case_id": command.case_id,
                "decision_id": command.decision_id,
                "decision_version": command.decision_version,
                "state": "taken-back",
                "answer": answer,
                "recorded_at": now,
            }
            for command, answer in taken
        ]
        await opened(tx).execute(insert(TAKE_BACK), rows)

    async def known(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, Taken]:
        """See ``TakeBacks``."""
        rows = await opened(tx).all(select(TAKE_BACK).where(any_of(TAKE_BACK.c.conversion_id, conversion_ids)))
        return {row.conversion_id: Taken(row.settlement_id, row.state, row.answer, row.kept) for row in rows}

    async def put(self, tx: Tx, command: TakeBack, answer: dict[str, Any], kept: Mapping[str, Any] | None) -> None:
        """See ``TakeBacks``."""
        await opened(tx).execute(
            insert(TAKE_BACK).values(
                conversion_id=command.conversion_id,
                settlement_id=command.settlement_id,
                case_id=command.case_id,
                decision_id=command.decision_id,
                decision_version=command.decision_version,
                state="taken-back",
                answer=answer,
                kept=kept,
                recorded_at=opened(tx).clock.now(),
            )
        )

    async def lock(self, tx: Tx, conversion_id: str) -> Taken | None:
        """See ``TakeBacks``."""
        row = await opened(tx).first(select(TAKE_BACK).where(TAKE_BACK.c.conversion_id == conversion_id).with_for_update())
        return None if row is None else Taken(row.settlement_id, row.state, row.answer, row.kept)

    async def set_state(self, tx: Tx, conversion_id: str, state: str) -> None:
        """See ``TakeBacks``."""
        await opened(tx).execute(update(TAKE_BACK).where(TAKE_BACK.c.conversion_id == conversion_id).values(state=state))


def _unnested(keys: Sequence[tuple[str, str, int]]) -> TableValuedAlias:
    """Person-years as rows of a query."""
    persons, schemes, years = zip(*keys, strict=True)
    columns = (literal(list(persons), ARRAY(Text)), literal(list(schemes), ARRAY(Text)), literal(list(years), ARRAY(Integer)))
    return func.unnest(*columns).table_valued("person_id", "scheme", "benefit_year", name="wanted").render_derived()
