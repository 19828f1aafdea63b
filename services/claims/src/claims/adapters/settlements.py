"""Stored settlements, take-backs and recalls, one at a time (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Row,
    Text,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import TableValuedAlias

from claims.adapters.accounts import sharing_of
from claims.adapters.corrections import corrections_of, last_correction, lock_accounts, overpaid_of
from claims.adapters.his_messages import exclude_recall
from claims.adapters.settlement_groups import SETTLEMENT_COLUMNS, identity, settlement_row
from claims.adapters.tables import LEDGER
from claims.adapters.tables.accounts import ACCOUNT_SHARING
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import (
    ACCOUNT,
    ACCOUNT_MOVEMENT,
    PERSON_YEAR,
    REVERSED_MESSAGE,
    SETTLEMENT,
    TAKE_BACK,
)
from claims.adapters.tables.visits import FEE_BATCH, FEE_LINE, VISIT
from claims.application.header import HisHeader
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.ports import Correction, NewSettlement, StoredSettlement, YearKey
from claims.application.settlement.read_bills import StandingBill
from claims.application.settlement.stored_facts import decision_to_json
from claims.application.settlement.take_claim_back import TakeBack, Taken
from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import YearState
from shared.contracts.claims import FundPayment
from shared.crypto import Sealer
from shared.db.database import opened
from shared.ledger.books import DUE_FROM_PERSON
from shared.transactions import Tx

_answer = TypeAdapter(SettlementAnswer)
_stored_answer = TypeAdapter(dict[str, Any])


class SqlSettlements:
    """Implements ``Settlements``."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def find(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """See ``Settlements``."""
        last = last_correction()
        row = await opened(tx).first(
            select(SETTLEMENT, INSURED_PERSON.c.sealed, *last.c)
            .join(INSURED_PERSON, INSURED_PERSON.c.person_id == SETTLEMENT.c.person_id)
            .outerjoin(last, true())
            .where(SETTLEMENT.c.settlement_id == settlement_id)
        )
        return None if row is None else self._stored(row)

    async def columns(self, tx: Tx, settlement_id: str) -> Mapping[str, int]:
        """See ``Settlements``."""
        amounts = [column for column in SETTLEMENT.c if column.name.endswith("_fen")]
        row = await opened(tx).first(select(*amounts).where(SETTLEMENT.c.settlement_id == settlement_id))
        assert row is not None
        return dict(row._mapping)

    async def lock(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """See ``Settlements``. Read only when all is locked: a correction needs no more than the person-year."""
        s, year = SETTLEMENT.c, PERSON_YEAR.c
        of = await opened(tx).first(
            select(s.visit_id, s.person_id, s.scheme, s.benefit_year).where(s.settlement_id == settlement_id)
        )
        if of is None:
            return None
        await opened(tx).execute(select(VISIT.c.visit_id).where(VISIT.c.visit_id == of.visit_id).with_for_update())
        await opened(tx).execute(
            select(year.version)
            .where(year.person_id == of.person_id, year.scheme == of.scheme, year.benefit_year >= of.benefit_year)
            .order_by(year.benefit_year)
            .with_for_update()
        )
        await lock_accounts(tx, of.person_id)
        return await self.find(tx, settlement_id)

    async def balance(self, tx: Tx, person_id: str) -> int:
        """See ``Settlements``."""
        return await self._balance(tx, person_id)

    async def add(self, tx: Tx, new: NewSettlement, placed_on: date | None) -> None:
        """See ``Settlements``."""
        values = dict(zip(SETTLEMENT_COLUMNS, settlement_row(new), strict=True))
        values |= {
            "facts": dict(new.facts),
            "decision": decision_to_json(new.decision),
            "answer": stored_answer(new.answer),
            "placed_on": placed_on,
        }
        await opened(tx).execute(insert(SETTLEMENT).values(values))
        await opened(tx).execute(
            update(FEE_BATCH).where(FEE_BATCH.c.batch_id.in_(new.batch_ids)).values(settlement_id=new.settlement_id)
        )
        if new.decision is not None:
            used = await self._year(tx, new.year)
            await self._write_year(tx, new.year, used.plus(new.decision.contribution))

    async def corrections(self, tx: Tx, settlement_id: str) -> list[Correction]:
        """See ``Settlements``."""
        return await corrections_of(tx, settlement_id)

    async def undo(self, tx: Tx, settlement: StoredSettlement, state: str, owed_fen: int) -> int:
        """See ``Settlements``."""
        await self._set_state(tx, settlement.settlement_id, state)
        used = await self._year(tx, settlement.year)
        await self._write_year(tx, settlement.year, used.minus(settlement.contribution))
        reason = "reversal" if state == "reversed" else "take-back"
        own_fen = settlement.account_fen - owed_fen
        for share in await self._relatives(tx, settlement, standing=True):
            own_fen -= share.amount_fen
            await self._use_sharing(tx, share, -share.amount_fen)
            await self._move(tx, settlement, share.amount_fen, reason, share)
        return await self._move(tx, settlement, own_fen, reason)

    async def redo(self, tx: Tx, settlement: StoredSettlement) -> tuple[int, int]:
        """See ``Settlements``."""
        await self._set_state(tx, settlement.settlement_id, "valid")
        used = await self._year(tx, settlement.year)
        await self._write_year(tx, settlement.year, used.plus(settlement.contribution))
        short_fen = settlement.account_fen
        wanted = short_fen - settlement.family_fen
        for share in await self._relatives(tx, settlement, standing=False):
            sharing = await self._sharing(tx, share.sharing_id)
            paid = min(share.amount_fen, sharing.available(await self._balance(tx, share.payer_id)))
            short_fen -= paid
            await self._use_sharing(tx, share, paid)
            await self._move(tx, settlement, -paid, "restore", share)
        own_fen = min(wanted, await self._balance(tx, settlement.person_id))
        left = await self._move(tx, settlement, -own_fen, "restore")
        return short_fen - own_fen, left

    async def year(self, tx: Tx, settlement: StoredSettlement) -> YearState:
        """See ``Settlements``."""
        return await self._year(tx, settlement.year)

    async def keep(
        self, tx: Tx, settlement: StoredSettlement, contribution: YearState, account_fen: int, family_fen: int
    ) -> None:
        """See ``Settlements``."""
        used = await self._year(tx, settlement.year)
        await self._write_year(tx, settlement.year, used.plus(contribution))
        await self._move(tx, settlement, -account_fen, "settlement")
        for share in await self._relatives(tx, settlement, standing=False):
            paid = min(share.amount_fen, family_fen)
            family_fen -= paid
            await self._use_sharing(tx, share, paid)
            # Not "settlement": what a relative paid at first stays readable.
            await self._move(tx, settlement, -paid, "restore", share)

    async def release(self, tx: Tx, settlement: StoredSettlement, contribution: YearState, account_fen: int) -> None:
        """See ``Settlements``."""
        used = await self._year(tx, settlement.year)
        await self._write_year(tx, settlement.year, used.minus(contribution))
        await self._move(tx, settlement, account_fen, "take-back")
        for share in await self._relatives(tx, settlement, standing=True):
            await self._use_sharing(tx, share, -share.amount_fen)
            await self._move(tx, settlement, share.amount_fen, "take-back", share)

    async def free_batches(self, tx: Tx, settlement_id: str) -> None:
        """See ``Settlements``. A number that was used again meanwhile keeps its newer generation beside this one."""
        await opened(tx).execute(update(FEE_BATCH).where(_settled_by(settlement_id)).values(settlement_id=None))

    async def add_reversal(self, tx: Tx, original: StoredSettlement, answer: SettlementAnswer, header: HisHeader) -> None:
        """See ``Settlements``."""
        await opened(tx).execute(
            insert(SETTLEMENT).values(
                settlement_id=answer.settlement_id,
                visit_id=original.visit_id,
                person_id=original.person_id,
                institution_code=original.institution_code,
                reverses=original.settlement_id,
                state="reversal",
                scheme=answer.scheme,
                benefit_year=original.year.benefit_year,
                inpatient=original.inpatient,
                med_type=answer.med_type,
                begun_on=answer.begun_on,
                ended_on=answer.ended_on,
                settled_at=answer.settled_at,
                infno=header.infno,
                msgid=header.msgid,
                total_fen=answer.total_fen,
                self_funded_fen=answer.self_funded_fen,
                over_limit_fen=answer.over_limit_fen,
                pre_selfpay_fen=answer.pre_selfpay_fen,
                in_scope_fen=answer.in_scope_fen,
                fund_fen=answer.fund_total_fen,
                account_fen=answer.account_fen,
                cash_fen=answer.cash_fen,
                hospital_fen=answer.hospital_fen,
                rule_digest=original.rule_digest,
                facts={},
                decision={"deductible_fen": answer.deductible_fen, "contribution": {}, "layers": [], "payments": []},
                answer=stored_answer(answer),
            )
        )

    async def lines(self, tx: Tx, settlement_id: str) -> list[dict[str, Any]]:
        """See ``Settlements``."""
        line = FEE_LINE.c
        rows = await opened(tx).all(
            select(FEE_LINE)
            .join(FEE_BATCH, FEE_BATCH.c.batch_id == line.batch_id)
            .where(_settled_by(settlement_id))
            .order_by(line.line_no)
        )
        return [dict(row._mapping) for row in rows]

    def _stored(self, row: Row[Any]) -> StoredSettlement:
        who = identity(self._sealer, row.sealed)
        answer = _answer.validate_python(
            {**row.answer, "person_name": who.name, "cert_type": who.cert_type, "certno": who.certno, "naty": who.naty}
        )
        corrected = row.c_sequence is not None
        standing = row.c_decision if corrected else row.decision
        return StoredSettlement(
            settlement_id=row.settlement_id,
            visit_id=row.visit_id,
            person_id=row.person_id,
            institution_code=row.institution_code,
            inpatient=row.inpatient,
            state=row.state,
            reverses=row.reverses,
            year=YearKey(row.person_id, row.scheme, row.benefit_year),
            contribution=YearState.of(standing["contribution"]),
            payments=tuple(
                FundPayment(book=p["book"], account=p["account"], fund_pay_type=p["fund_pay_type"], amount_fen=p["amount_fen"])
                for p in standing["payments"]
            ),
            total_fen=row.c_total_fen if corrected else row.total_fen,
            account_fen=row.c_account_fen if corrected else row.account_fen,
            cash_fen=row.c_cash_fen if corrected else row.cash_fen,
            hospital_fen=row.c_hospital_fen if corrected else row.hospital_fen,
            standing_facts=row.c_facts if corrected else row.facts,
            family_fen=sum(p["amount_fen"] for p in standing["payments"] if p["layer"] == "family"),
            corrected_lines=row.c_lines or {},
            year_no=row.year_no,
            placed_on=row.placed_on,
            answer=replace(answer, funds=tuple(answer.funds)),
            infno=row.infno,
            settled_at=row.settled_at,
            work_injury_key=row.work_injury_key,
            rule_digest=row.rule_digest,
            decision=row.decision,
            facts=row.facts,
        )

    @staticmethod
    async def _set_state(tx: Tx, settlement_id: str, state: str) -> None:
        await opened(tx).execute(update(SETTLEMENT).where(SETTLEMENT.c.settlement_id == settlement_id).values(state=state))

    @staticmethod
    async def _year(tx: Tx, key: YearKey) -> YearState:
        year = PERSON_YEAR.c
        state: Mapping[str, int] | None = await opened(tx).scalar(
            select(year.state).where(
                year.person_id == key.person_id, year.scheme == key.scheme, year.benefit_year == key.benefit_year
            )
        )
        return YearState.of(state or {})

    @staticmethod
    async def _write_year(tx: Tx, key: YearKey, state: YearState) -> None:
        year = PERSON_YEAR.c
        await opened(tx).execute(
            update(PERSON_YEAR)
            .where(year.person_id == key.person_id, year.scheme == key.scheme, year.benefit_year == key.benefit_year)
            .values(state=dict(state.counters), version=year.version + 1)
        )

    @staticmethod
    async def _balance(tx: Tx, person_id: str) -> int:
        return int(await opened(tx).scalar(select(ACCOUNT.c.balance_fen).where(ACCOUNT.c.person_id == person_id)) or 0)

    async def _move(
        self, tx: Tx, settlement: StoredSettlement, amount_fen: int, reason: str, share: Share | None = None
    ) -> int:
        """Book a movement on the person's account, or on a relative's; returns the balance."""
        person_id = share.payer_id if share else settlement.person_id
        balance = await self._balance(tx, person_id) + amount_fen
        if amount_fen:
            await opened(tx).execute(update(ACCOUNT).where(ACCOUNT.c.person_id == person_id).values(balance_fen=balance))
            movement_id = opened(tx).ids.new()
            await opened(tx).execute(
                insert(ACCOUNT_MOVEMENT).values(
                    movement_id=movement_id,
                    person_id=person_id,
                    amount_fen=amount_fen,
                    balance_fen=balance,
                    reason=reason,
                    reference=settlement.settlement_id if reason == "reversal" else f"{settlement.settlement_id}:{movement_id}",
                    recorded_at=opened(tx).clock.now(),
                    sharing_id=share.sharing_id if share else None,
                    settlement_id=settlement.settlement_id if share else None,
                )
            )
        return balance

    async def _relatives(self, tx: Tx, settlement: StoredSettlement, *, standing: bool) -> list[Share]:
        if not settlement.answer.family_account_fen:
            return []
        return await self._shares(tx, settlement.person_id, settlement.settlement_id, standing=standing)

    @staticmethod
    async def _shares(tx: Tx, person_id: str, settlement_id: str, *, standing: bool) -> list[Share]:
        """What relatives' accounts paid for it: net of what came back (``standing``), or at first, as corrected. By authorisation."""
        movement, sharing = ACCOUNT_MOVEMENT.c, ACCOUNT_SHARING.c
        net = (-func.sum(movement.amount_fen)).label("net_fen")
        statement = (
            select(movement.sharing_id, movement.person_id, net)
            .where(
                movement.person_id.in_(select(sharing.holder_id).where(sharing.beneficiary_id == person_id)),
                movement.settlement_id == settlement_id,
            )
            .group_by(movement.sharing_id, movement.person_id)
            .order_by(movement.sharing_id)
        )
        if not standing:
            statement = statement.where(movement.reason.in_(("settlement", "correction")))
        return [Share(row.sharing_id, row.person_id, int(row.net_fen)) for row in await opened(tx).all(statement)]

    @staticmethod
    async def _sharing(tx: Tx, sharing_id: str) -> Sharing:
        row = await opened(tx).first(select(ACCOUNT_SHARING).where(ACCOUNT_SHARING.c.sharing_id == sharing_id))
        assert row is not None, "movements name authorisations that exist"
        return sharing_of(row)

    @staticmethod
    async def _use_sharing(tx: Tx, share: Share, amount_fen: int) -> None:
        sharing = ACCOUNT_SHARING.c
        await opened(tx).execute(
            update(ACCOUNT_SHARING).where(sharing.sharing_id == share.sharing_id).values(used_fen=sharing.used_fen + amount_fen)
        )


def _settled_by(settlement_id: str) -> ColumnElement[bool]:
    """The charge batches of a settlement, found by its visit: there is no index on the settlement's id, on purpose."""
    visit = select(SETTLEMENT.c.visit_id).where(SETTLEMENT.c.settlement_id == settlement_id).scalar_subquery()
    return and_(FEE_BATCH.c.visit_id == visit, FEE_BATCH.c.settlement_id == settlement_id)


def stored_answer(answer: SettlementAnswer) -> dict[str, Any]:
    """An answer as it is kept: without the fields that identify a person."""
    plain = orjson.loads(_answer.dump_json(answer, exclude={"person_name", "cert_type", "certno", "naty"}))
    return _stored_answer.validate_python(plain)


class SqlSettlementGroup(SqlSettlements):
    """Implements ``SettlementGroup``."""

    async def lock_all(self, tx: Tx, settlement_ids: Sequence[str]) -> Mapping[str, StoredSettlement]:
        """See ``SettlementGroup``. Read only when all is locked."""
        s, year, these = SETTLEMENT.c, PERSON_YEAR.c, _any_of(SETTLEMENT.c.settlement_id, settlement_ids)
        of = await opened(tx).all(select(s.visit_id, s.person_id, s.scheme, s.benefit_year).where(these))
        if not of:
            return {}
        await opened(tx).execute(
            select(VISIT.c.visit_id)
            .where(_any_of(VISIT.c.visit_id, [row.visit_id for row in of]))
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
            .where(_any_of(ACCOUNT.c.person_id, persons))
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
        await opened(tx).execute(update(SETTLEMENT).where(_any_of(SETTLEMENT.c.settlement_id, ids)).values(state="taken-back"))
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
        held = await opened(tx).all(select(account.person_id, account.balance_fen).where(_any_of(account.person_id, persons)))
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
                _any_of(j.settlement_id, settlement_ids),
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
            .where(_any_of(s.settlement_id, settlement_ids))
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
                _any_of(FEE_BATCH.c.visit_id, [row.visit_id for row in found]),
                _any_of(FEE_BATCH.c.settlement_id, settlement_ids),
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


def _any_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    return column == any_(literal(list(values), ARRAY(Text)))


def _unnested(keys: Sequence[tuple[str, str, int]]) -> TableValuedAlias:
    """Person-years as rows of a query."""
    persons, schemes, years = zip(*keys, strict=True)
    columns = (literal(list(persons), ARRAY(Text)), literal(list(schemes), ARRAY(Text)), literal(list(years), ARRAY(Integer)))
    return func.unnest(*columns).table_valued("person_id", "scheme", "benefit_year", name="wanted").render_derived()


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
        rows = await opened(tx).all(select(TAKE_BACK).where(_any_of(TAKE_BACK.c.conversion_id, conversion_ids)))
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


class SqlRecalls:
    """Implements ``Recalls``."""

    async def put(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str) -> bool:
        """See ``Recalls``. A message still in flight is waited for: an admission by its name, a settlement by its visit's lock;
        so either its effect is seen here, or it sees the mark."""
        await exclude_recall(tx, institution_code, infno, msgid)
        await opened(tx).execute(
            select(VISIT.c.visit_id)
            .where(VISIT.c.person_id == person_id, VISIT.c.institution_code == institution_code)
            .order_by(VISIT.c.visit_id)
            .with_for_update()
        )
        inserted = await opened(tx).execute(
            upsert(REVERSED_MESSAGE)
            .values(
                institution_code=institution_code,
                infno=infno,
                msgid=msgid,
                person_id=person_id,
                outcome="",
                recorded_at=opened(tx).clock.now(),
            )
            .on_conflict_do_nothing()
            .returning(REVERSED_MESSAGE.c.msgid)
        )
        return inserted.first() is not None

    async def settle(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str, outcome: str) -> None:
        """See ``Recalls``."""
        mark = REVERSED_MESSAGE.c
        await opened(tx).execute(
            update(REVERSED_MESSAGE)
            .where(
                mark.institution_code == institution_code, mark.infno == infno, mark.msgid == msgid, mark.person_id == person_id
            )
            .values(outcome=outcome)
        )
