"""Person-years as sequences of standing settlements, their corrections, and re-decisions left over (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import LateralFromClause

from claims.adapters.accounts import sharing_of
from claims.adapters.tables import LEDGER
from claims.adapters.tables.accounts import ACCOUNT_SHARING
from claims.adapters.tables.corrections import REDECISION, SETTLEMENT_CORRECTION
from claims.adapters.tables.settlement import ACCOUNT, ACCOUNT_MOVEMENT, PERSON_YEAR, SETTLEMENT, TAKE_BACK
from claims.application.late.corrections import MANUAL, Left, NewCorrection, StandingSettlement
from claims.application.settlement.ports import Correction, YearKey
from claims.application.settlement.stored_decision import outcome_as_stored
from claims.application.settlement.stored_facts import decision_to_json, facts_from_json, stay_from_json
from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import YearState
from claims.domain.redecision import Change, Position, Relatives, Standing
from claims.domain.rule_books.in_force import RulesByDay
from shared.clock import local
from shared.db.database import opened
from shared.ledger.books import DUE_FROM_PERSON
from shared.transactions import Tx


def last_correction() -> LateralFromClause:
    """The correction that stands, to be joined to SETTLEMENT; columns c_facts, c_decision, c_lines, c_*_fen, c_sequence."""
    c = SETTLEMENT_CORRECTION.c
    return (
        select(
            c.sequence.label("c_sequence"),
            c.facts.label("c_facts"),
            c.decision.label("c_decision"),
            c.lines.label("c_lines"),
            c.total_fen.label("c_total_fen"),
            c.account_fen.label("c_account_fen"),
            c.cash_fen.label("c_cash_fen"),
            c.hospital_fen.label("c_hospital_fen"),
        )
        .where(c.settlement_id == SETTLEMENT.c.settlement_id)
        .order_by(c.sequence.desc())
        .limit(1)
        .lateral("last_correction")
    )


class SqlPersonYears:
    """Implements ``PersonYears``."""

    async def lock(self, tx: Tx, key: YearKey, *, begin: int | None = None) -> int:
        """See ``PersonYears``."""
        year = PERSON_YEAR.c
        if begin is not None:
            rows = [
                {"person_id": key.person_id, "scheme": key.scheme, "benefit_year": each, "state": {}}
                for each in range(key.benefit_year, max(begin, key.benefit_year) + 1)
            ]
            await opened(tx).execute(upsert(PERSON_YEAR).values(rows).on_conflict_do_nothing())
        await opened(tx).execute(
            select(year.version)
            .where(year.person_id == key.person_id, year.scheme == key.scheme, year.benefit_year >= key.benefit_year)
            .order_by(year.benefit_year)
            .with_for_update()
        )
        return await lock_accounts(tx, key.person_id)

    async def mark(self, tx: Tx, key: YearKey, person_version: int) -> None:
        """See ``PersonYears``."""
        year = PERSON_YEAR.c
        await opened(tx).execute(
            update(PERSON_YEAR)
            .where(
                year.person_id == key.person_id,
                year.scheme == key.scheme,
                year.benefit_year >= key.benefit_year,
                year.person_version < person_version,
            )
            .values(person_version=person_version)
        )

    async def standing(self, tx: Tx, key: YearKey, books: RulesByDay) -> list[StandingSettlement]:
        """See ``PersonYears``."""
        s, last = SETTLEMENT.c, last_correction()
        rows = await opened(tx).all(
            select(
                s.settlement_id, s.visit_id, s.institution_code, s.infno, s.benefit_year, s.year_no, s.placed_on, s.settled_at, s.inpatient, s.begun_on, s.ended_on,
                s.total_fen, s.account_fen, s.cash_fen, s.hospital_fen, s.rule_digest, s.facts, s.decision,
                s.answer["institution_name"].as_string().label("institution_name"), TAKE_BACK.c.kept, *last.c,
            )
            .select_from(
                SETTLEMENT.outerjoin(
                    TAKE_BACK, (TAKE_BACK.c.settlement_id == s.settlement_id) & (TAKE_BACK.c.state == "taken-back")
                ).outerjoin(last, true())
            )
            .where(
                s.person_id == key.person_id, s.scheme == key.scheme, s.benefit_year >= key.benefit_year,
                (s.state == "valid") | TAKE_BACK.c.kept.is_not(None), s.work_injury_key.is_(None),
            )
            .order_by(s.benefit_year, s.year_no, s.placed_on.asc().nulls_last(), s.settled_at, s.settlement_id)
        )  # fmt: skip
        return [_standing(row, books) for row in rows]

    async def parts_before(self, tx: Tx, key: YearKey, visit_ids: Sequence[str]) -> dict[str, int]:
        """See ``PersonYears``."""
        if not visit_ids:
            return {}
        s, last = SETTLEMENT.c, last_correction()
        rows = await opened(tx).all(
            select(s.visit_id, s.decision, last.c.c_decision)
            .outerjoin(last, true())
            .where(
                s.visit_id.in_(visit_ids), s.state == "valid", s.inpatient, s.benefit_year < key.benefit_year,
                s.work_injury_key.is_(None), s.facts["defers_deductible"].as_string().is_(None),
            )
        )  # fmt: skip
        charged: dict[str, int] = {}
        for row in rows:
            charged[row.visit_id] = charged.get(row.visit_id, 0) + int((row.c_decision or row.decision)["deductible_fen"])
        return charged

    async def debts(self, tx: Tx, settlement_ids: Sequence[str]) -> dict[str, int]:
        """See ``PersonYears``."""
        if not settlement_ids:
            return {}
        j, line = LEDGER.journal.c, LEDGER.line.c
        owed = func.sum(line.debit_fen - line.credit_fen)
        rows = await opened(tx).all(
            select(j.settlement_id, owed.label("owed"))
            .join(LEDGER.line, line.entry_id == j.entry_id)
            .where(
                j.settlement_id.in_(settlement_ids),
                j.kind.in_(("conversion", "set-off")),
                line.account == DUE_FROM_PERSON,
            )
            .group_by(j.settlement_id)
        )
        return {row.settlement_id: int(row.owed) for row in rows if row.owed}

    async def relatives(self, tx: Tx, person_id: str, settlement_ids: Sequence[str]) -> Relatives:
        """See ``PersonYears``."""
        if not settlement_ids:
            return Relatives()
        m, s = ACCOUNT_MOVEMENT.c, ACCOUNT_SHARING.c
        sharings = await opened(tx).all(select(ACCOUNT_SHARING).where(s.beneficiary_id == person_id).order_by(s.sharing_id))
        holders = sorted({row.holder_id for row in sharings})
        paid: dict[str, list[Share]] = {}
        for row in await opened(tx).all(
            select(m.settlement_id, m.sharing_id, m.person_id, (-func.sum(m.amount_fen)).label("net_fen"))
            .where(m.person_id.in_(holders), m.settlement_id.in_(settlement_ids))
            .group_by(m.settlement_id, m.sharing_id, m.person_id)
            .order_by(m.settlement_id, m.sharing_id)
        ):
            paid.setdefault(row.settlement_id, []).append(Share(row.sharing_id, row.person_id, int(row.net_fen)))
        balances = await opened(tx).all(select(ACCOUNT).where(ACCOUNT.c.person_id.in_(holders)))
        today = opened(tx).clock.today()
        return Relatives(
            paid=paid,
            sharings={row.sharing_id: _paying(row, today) for row in sharings},
            balances={row.person_id: row.balance_fen for row in balances},
        )

    async def correct(
        self, tx: Tx, key: YearKey, corrections: Sequence[NewCorrection], states: Mapping[int, YearState]
    ) -> None:
        """See ``PersonYears``."""
        if not corrections:
            return
        now = opened(tx).clock.now()
        await opened(tx).execute(insert(SETTLEMENT_CORRECTION), [_correction_row(c, now) for c in corrections])
        year = PERSON_YEAR.c
        for benefit_year in sorted({c.difference.standing.year for c in corrections}):
            await opened(tx).execute(
                update(PERSON_YEAR)
                .where(
                    year.person_id == key.person_id, year.scheme == key.scheme, year.benefit_year == benefit_year
                )
                .values(state=dict(states[benefit_year].counters), version=year.version + 1)
            )  # fmt: skip
        await self._move(tx, key.person_id, corrections, now)
        await self._move_relatives(tx, corrections, now)

    @staticmethod
    async def _move(tx: Tx, person_id: str, corrections: Sequence[NewCorrection], now: datetime) -> None:
        moving = [c for c in corrections if c.difference.movement_fen]
        if not moving:
            return
        balance = int(await opened(tx).scalar(select(ACCOUNT.c.balance_fen).where(ACCOUNT.c.person_id == person_id)) or 0)
        rows = []
        for c in moving:
            balance += c.difference.movement_fen
            rows.append(
                {
                    "movement_id": opened(tx).ids.new(),
                    "person_id": person_id,
                    "amount_fen": c.difference.movement_fen,
                    "balance_fen": balance,
                    "reason": "correction",
                    "reference": f"{c.settlement_id}:{c.sequence}",
                    "recorded_at": now,
                }
            )
        await opened(tx).execute(insert(ACCOUNT_MOVEMENT), rows)
        await opened(tx).execute(update(ACCOUNT).where(ACCOUNT.c.person_id == person_id).values(balance_fen=balance))

    @staticmethod
    async def _move_relatives(tx: Tx, corrections: Sequence[NewCorrection], now: datetime) -> None:
        moves = [(c, share) for c in corrections for share in c.difference.relatives]
        if not moves:
            return
        payers = sorted({share.payer_id for _, share in moves})
        rows = await opened(tx).all(select(ACCOUNT).where(ACCOUNT.c.person_id.in_(payers)))
        balances = {row.person_id: row.balance_fen for row in rows}
        movements = []
        for c, share in moves:
            balances[share.payer_id] -= share.amount_fen
            movements.append(
                {
                    "movement_id": opened(tx).ids.new(),
                    "person_id": share.payer_id,
                    "amount_fen": -share.amount_fen,
                    "balance_fen": balances[share.payer_id],
                    "reason": "correction",
                    "reference": f"{c.settlement_id}:{c.sequence}",
                    "recorded_at": now,
                    "sharing_id": share.sharing_id,
                    "settlement_id": c.settlement_id,
                }
            )
            sharing = ACCOUNT_SHARING.c
            await opened(tx).execute(
                update(ACCOUNT_SHARING)
                .where(sharing.sharing_id == share.sharing_id)
                .values(used_fen=sharing.used_fen + share.amount_fen)
            )
        await opened(tx).execute(insert(ACCOUNT_MOVEMENT), movements)
        for payer, balance in balances.items():
            await opened(tx).execute(update(ACCOUNT).where(ACCOUNT.c.person_id == payer).values(balance_fen=balance))


class SqlRedecisions:
    """Implements ``Redecisions``."""

    async def leave(self, tx: Tx, work: Sequence[Left]) -> None:
        """See ``Redecisions``."""
        now = opened(tx).clock.now()
        rows = [
            {
                "redecision_id": left.redecision_id,
                "person_id": left.key.person_id,
                "scheme": left.key.scheme,
                "benefit_year": left.key.benefit_year,
                "reason": left.reason,
                "trigger_id": left.trigger_id,
                "rest": _rest_json(left.rest),
                "recorded_at": now,
            }
            for left in work
        ]
        await opened(tx).execute(insert(REDECISION), rows)

    async def take(self, tx: Tx) -> Left | None:
        """See ``Redecisions``."""
        row = await opened(tx).first(
            select(REDECISION)
            .where(REDECISION.c.finished_at.is_(None))
            .order_by(REDECISION.c.redecision_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        return Left(
            redecision_id=row.redecision_id,
            key=YearKey(row.person_id, row.scheme, row.benefit_year),
            reason=row.reason,
            trigger_id=row.trigger_id,
            rest=_rest(row.rest),
        )

    async def go_on(self, tx: Tx, redecision_id: str, *, decided: int, corrected: int, rest: Change | None) -> None:
        """See ``Redecisions``."""
        c = REDECISION.c
        values: dict[str, Any] = {"decided": c.decided + decided, "corrected": c.corrected + corrected}
        values |= {"finished_at": opened(tx).clock.now()} if rest is None else {"rest": _rest_json(rest)}
        await opened(tx).execute(update(REDECISION).where(c.redecision_id == redecision_id).values(values))


async def lock_accounts(tx: Tx, person_id: str) -> int:
    """Lock the authorisations that a person may use, then his account and those of the relatives, in the order of all locks;
    the balance of his own in fen, 0 without one."""
    sharing, account = ACCOUNT_SHARING.c, ACCOUNT.c
    holders = await opened(tx).all(
        select(sharing.holder_id).where(sharing.beneficiary_id == person_id).order_by(sharing.sharing_id).with_for_update()
    )
    payers = [person_id, *(row.holder_id for row in holders)]
    rows = await opened(tx).all(
        select(account.person_id, account.balance_fen)
        .where(account.person_id.in_(payers))
        .order_by(account.person_id)
        .with_for_update()
    )
    return next((int(row.balance_fen) for row in rows if row.person_id == person_id), 0)


async def corrections_of(tx: Tx, settlement_id: str) -> list[Correction]:
    """The corrections of a settlement, oldest first."""
    c = SETTLEMENT_CORRECTION.c
    rows = await opened(tx).all(
        select(
            c.sequence, c.reason, c.reason_text, c.trigger_id, c.counterparty, c.difference, c.booked_on, c.recorded_at
        )
        .where(c.settlement_id == settlement_id)
        .order_by(c.sequence)
    )  # fmt: skip
    return [
        Correction(
            sequence=row.sequence,
            reason=row.reason,
            reason_text=row.reason_text,
            trigger_id=row.trigger_id,
            counterparty=row.counterparty,
            booked_on=row.booked_on,
            recorded_at=row.recorded_at,
            **row.difference,
        )
        for row in rows
    ]


async def overpaid_of(tx: Tx, settlement_ids: Collection[str]) -> dict[str, int]:
    """By settlement the cash that the institution took beyond the bill as audits have put it right; only where there is any."""
    if not settlement_ids:
        return {}
    c = SETTLEMENT_CORRECTION.c
    taken = -func.sum(c.difference["cash_fen"].as_integer())
    rows = await opened(tx).all(
        select(c.settlement_id, taken.label("taken"))
        .where(c.settlement_id.in_(settlement_ids), c.counterparty == "institution")
        .group_by(c.settlement_id)
    )
    return {row.settlement_id: int(row.taken) for row in rows if row.taken > 0}


def _standing(row: Row[Any], books: RulesByDay) -> StandingSettlement:
    corrected = row.c_sequence is not None
    facts, decision = (row.c_facts, row.c_decision) if corrected else (row.facts, row.decision)
    rules = books.under(row.rule_digest)
    outcome = outcome_as_stored(
        decision,
        total_fen=row.c_total_fen if corrected else row.total_fen,
        account_fen=row.c_account_fen if corrected else row.account_fen,
        cash_fen=row.c_cash_fen if corrected else row.cash_fen,
        hospital_fen=row.c_hospital_fen if corrected else row.hospital_fen,
    )
    if row.kept is not None:
        kept = {name: row.kept[name] for name in ("total_fen", "account_fen", "cash_fen")}
        outcome = outcome_as_stored(row.kept, hospital_fen=0, **kept)
    settled_on = local(row.settled_at).date()
    stay = stay_from_json(facts)
    return StandingSettlement(
        standing=Standing(
            position=Position(row.benefit_year, row.year_no, row.placed_on or date.max, row.settled_at, row.settlement_id),
            visit_id=row.visit_id,
            counts_on=rules.day(begun_on=row.begun_on, discharged_on=row.ended_on, settled_on=settled_on)
            if rules
            else row.ended_on,
            # what is kept of a taken-back bill uses the year, and is settled with the work-injury fund: it is not decided again
            rules=rules if row.kept is None else None,
            inpatient=row.inpatient,
            facts=facts_from_json(facts)[0],
            outcome=outcome,
            follows=stay.follows,
            defers_deductible=stay.defers_deductible,
        ),
        visit_id=row.visit_id,
        institution_code=row.institution_code,
        institution_name=row.institution_name or "",
        paid_to_person=row.infno == MANUAL,
        facts=facts,
        corrections=row.c_sequence or 0,
        lines=row.c_lines or {},
    )


def _paying(row: Row[Any], today: date) -> Sharing:
    """The authorisation as it can be charged today: one that holds no more pays nothing."""
    found = sharing_of(row)
    holds = row.withdrawn_at is None and found.begins_on <= today <= (found.ends_on or date.max)
    return found if holds else replace(found, limit_fen=0)


def _correction_row(c: NewCorrection, now: datetime) -> dict[str, Any]:
    difference = c.difference
    return {
        "settlement_id": c.settlement_id,
        "sequence": c.sequence,
        "reason": c.reason,
        "reason_text": c.reason_text,
        "trigger_id": c.trigger_id,
        "counterparty": c.counterparty,
        "facts": dict(c.facts),
        "decision": decision_to_json(difference.decision),
        "difference": {
            "payments": [asdict(p) for p in difference.payments],
            "total_fen": difference.total_fen,
            "account_fen": difference.account_fen,
            "cash_fen": difference.cash_fen,
            "hospital_fen": difference.hospital_fen,
        },
        "lines": {line_no: dict(line) for line_no, line in c.lines.items()},
        "total_fen": difference.new.total_fen,
        "account_fen": difference.new.account_fen,
        "cash_fen": difference.new.cash_fen,
        "hospital_fen": difference.new.hospital_fen,
        "booked_on": c.booked_on,
        "maker": c.maker,
        "checker": c.checker,
        "recorded_at": now,
    }


def _rest_json(rest: Change) -> dict[str, Any]:
    at = rest.since
    since = at and [at.year, at.year_no, at.day.isoformat(), at.settled_at.isoformat(), at.settlement_id]
    return {"since": since, "years": sorted(rest.years), "visits": sorted(rest.visits)}


def _rest(stored: Mapping[str, Any]) -> Change:
    since = stored["since"]
    return Change(
        since=since and Position(since[0], since[1], date.fromisoformat(since[2]), datetime.fromisoformat(since[3]), since[4]),
        years=frozenset(stored["years"]),
        visits=frozenset(stored["visits"]),
    )
