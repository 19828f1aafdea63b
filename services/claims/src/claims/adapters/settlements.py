"""Stored settlements and recalls, one at a time (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.accounts import sharing_of
from claims.adapters.corrections import corrections_of, last_correction, lock_accounts
from claims.adapters.his_messages import exclude_recall
from claims.adapters.settlement_groups import SETTLEMENT_COLUMNS, identity, settlement_row
from claims.adapters.tables.accounts import ACCOUNT_SHARING
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import (
    ACCOUNT,
    ACCOUNT_MOVEMENT,
    PERSON_YEAR,
    REVERSED_MESSAGE,
    SETTLEMENT,
)
from claims.adapters.tables.visits import FEE_BATCH, FEE_LINE, VISIT
from claims.application.header import HisHeader
from claims.application.late.corrections import MANUAL
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.ports import Correction, NewSettlement, StoredSettlement, YearKey
from claims.application.settlement.stored_facts import KEPT_LINES, decision_to_json
from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import YearState
from claims.domain.kept_part import lines_of_version
from shared.contracts.claims import FundPayment
from shared.crypto import Sealer
from shared.db.database import opened
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

    async def beside(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """See ``Settlements``."""
        s = SETTLEMENT.c
        found: str | None = await opened(tx).scalar(select(s.settlement_id).where(s.beside == settlement_id))
        return None if found is None else await self.find(tx, found)

    async def columns(self, tx: Tx, settlement_id: str) -> Mapping[str, int]:
        """See ``Settlements``."""
        amounts = [column for column in SETTLEMENT.c if column.name.endswith("_fen")]
        row = await opened(tx).first(select(*amounts).where(SETTLEMENT.c.settlement_id == settlement_id))
        assert row is not None
        return dict(row._mapping)

    async def lock(self, tx: Tx, settlement_id: str) -> StoredSettlement | None:
        """See ``Settlements``. Read only when all is locked: a correction needs no more than the person-year."""
        s, year = SETTLEMENT.c, PERSON_YEAR.c
        rows = await opened(tx).all(
            select(s.visit_id, s.person_id, s.scheme, s.benefit_year).where(
                (s.settlement_id == settlement_id) | (s.beside == settlement_id)
            )
        )
        if not rows:
            return None
        of = rows[0]
        await opened(tx).execute(select(VISIT.c.visit_id).where(VISIT.c.visit_id == of.visit_id).with_for_update())
        await opened(tx).execute(
            select(year.version)
            .where(
                year.person_id == of.person_id,
                or_(*((year.scheme == row.scheme) & (year.benefit_year >= row.benefit_year) for row in rows)),
            )
            .order_by(year.scheme, year.benefit_year)
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

    async def claimed_on_paper(self, tx: Tx, settlement: StoredSettlement, paid_fen: int) -> bool:
        """See ``Settlements``."""
        s, of = SETTLEMENT.c, settlement.answer
        same = [
            (s.institution_code == settlement.institution_code)
            & (s.begun_on == of.begun_on)
            & (s.ended_on == of.ended_on)
            & s.total_fen.in_((settlement.total_fen, paid_fen))
        ]
        if of.invoice_no:
            same.append(s.answer["invoice_no"].as_string() == of.invoice_no)
        found = select(s.settlement_id).where(
            s.person_id == settlement.person_id, s.state == "valid", s.infno == MANUAL, or_(*same)
        )
        return await opened(tx).first(found) is not None

    async def give_over(self, tx: Tx, settlement: StoredSettlement) -> None:
        """See ``Settlements``."""
        await self._set_state(tx, settlement.settlement_id, "taken-over")

    async def free_batches(self, tx: Tx, settlement_id: str) -> None:
        """See ``Settlements``. A number that was used again meanwhile keeps its newer generation beside this one."""
        await opened(tx).execute(update(FEE_BATCH).where(_settled_by(settlement_id)).values(settlement_id=None))

    async def add_reversal(
        self, tx: Tx, original: StoredSettlement, answer: SettlementAnswer, header: HisHeader, beside: str | None = None
    ) -> None:
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
                beside=beside,
                rule_digest=original.rule_digest,
                facts={},
                decision={"deductible_fen": answer.deductible_fen, "contribution": {}, "layers": [], "payments": []},
                answer=stored_answer(answer),
            )
        )

    async def lines(self, tx: Tx, settlement_id: str) -> list[dict[str, Any]]:
        """See ``Settlements``."""
        line, s = FEE_LINE.c, SETTLEMENT.c
        own = await opened(tx).first(
            select(s.settlement_id, s.beside, s.facts[KEPT_LINES].label("kept")).where(
                s.beside.is_not(None), (s.settlement_id == settlement_id) | (s.beside == settlement_id)
            )
        )
        rows = await opened(tx).all(
            select(FEE_LINE)
            .join(FEE_BATCH, FEE_BATCH.c.batch_id == line.batch_id)
            .where(_settled_by(settlement_id if own is None else own.beside))
            .order_by(line.line_no)
        )
        lines = [dict(row._mapping) for row in rows]
        return lines if own is None else lines_of_version(lines, own.kept, own=own.settlement_id == settlement_id)

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
            beside=row.beside,
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
