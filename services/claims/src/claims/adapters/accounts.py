"""Personal accounts, their years, family sharings and closures (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Row, Table, and_, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.registry import person_of
from claims.adapters.tables.accounts import ACCOUNT_CLOSURE, ACCOUNT_SHARING, ACCOUNT_YEAR, ACCOUNT_YEAR_RUN
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import ACCOUNT, ACCOUNT_MOVEMENT
from claims.application.accounts.ports import Closure, Holder, LockedAccount, OpenYear, Run
from claims.domain.accounts.interest import AccountYear, Moved
from claims.domain.accounts.sharing import Sharing
from shared.clock import CHINA, local
from shared.db.database import opened
from shared.transactions import Tx

_GIVEN_BACK: Final = ("reversal", "take-back", "correction")
"""Reasons of money in that is no new income."""


class SqlHolders:
    """Implements ``Holders``."""

    async def of(self, tx: Tx, person_ids: Sequence[str]) -> Mapping[str, Holder]:
        """See ``Holders``."""
        rows = await opened(tx).all(
            select(INSURED_PERSON, ACCOUNT.c.closed_at)
            .outerjoin(ACCOUNT, ACCOUNT.c.person_id == INSURED_PERSON.c.person_id)
            .where(INSURED_PERSON.c.person_id.in_(person_ids))
        )
        return {row.person_id: Holder(person_of(row), row.closed_at is not None) for row in rows}


class SqlAccountYears:
    """Implements ``Accounts`` of the accounts' own use cases."""

    async def lock(self, tx: Tx, person_id: str) -> LockedAccount | None:
        """See ``Accounts``."""
        row = await opened(tx).first(select(ACCOUNT).where(ACCOUNT.c.person_id == person_id).with_for_update())
        return None if row is None else LockedAccount(row.person_id, row.balance_fen, row.closed_at)

    async def lock_after(self, tx: Tx, person_id: str, limit: int) -> Sequence[LockedAccount]:
        """See ``Accounts``."""
        rows = await opened(tx).all(
            select(ACCOUNT).where(ACCOUNT.c.person_id > person_id).order_by(ACCOUNT.c.person_id).limit(limit).with_for_update()
        )
        return [LockedAccount(row.person_id, row.balance_fen, row.closed_at) for row in rows]

    async def open_years(self, tx: Tx, person_ids: Sequence[str], year: int) -> Mapping[str, OpenYear]:
        """See ``Accounts``. The interest of the year before is part of the opening, whenever it was booked."""
        begin, end = _midnight(year), _midnight(year + 1)
        closed = ACCOUNT_YEAR.c
        years = {
            (row.person_id, row.year): row.closing_fen
            for row in await opened(tx).all(
                select(closed.person_id, closed.year, closed.closing_fen).where(
                    closed.person_id.in_(person_ids), closed.year.in_((year - 1, year))
                )
            )
        }
        wanted = [p for p in person_ids if (p, year) not in years]
        first = [p for p in wanted if (p, year - 1) not in years]
        movement = ACCOUNT_MOVEMENT.c
        opening = {p: years[p, year - 1] for p in wanted if (p, year - 1) in years}
        opening |= {
            row.person_id: int(row.sum)
            for row in await opened(tx).all(
                select(movement.person_id, func.sum(movement.amount_fen).label("sum"))
                .where(movement.person_id.in_(first), movement.recorded_at < begin)
                .group_by(movement.person_id)
            )
        }
        moved: dict[str, list[Moved]] = {}
        rows = await opened(tx).all(
            select(movement.person_id, movement.amount_fen, movement.reason, movement.recorded_at)
            .where(
                movement.person_id.in_(wanted),
                movement.recorded_at >= begin,
                movement.recorded_at < end,
                ~and_(movement.reason == "interest", movement.reference == str(year - 1)),
            )
            .order_by(movement.recorded_at, movement.movement_id)
        )
        for row in rows:
            back = row.reason in _GIVEN_BACK
            moved.setdefault(row.person_id, []).append(Moved(local(row.recorded_at).date(), row.amount_fen, back))
        return {p: OpenYear(opening.get(p, 0), tuple(moved.get(p, ()))) for p in wanted if opening.get(p) or moved.get(p)}

    async def close_years(self, tx: Tx, year: int, closed: Mapping[str, AccountYear], balances: Mapping[str, int]) -> None:
        """See ``Accounts``."""
        if not closed:
            return
        now = opened(tx).clock.now()
        await opened(tx).execute(
            insert(ACCOUNT_YEAR),
            [{"person_id": p, "year": year, "recorded_at": now, **asdict(one)} for p, one in closed.items()],
        )
        earning = {p: one.interest_fen for p, one in closed.items() if one.interest_fen}
        if not earning:
            return
        await opened(tx).execute(
            insert(ACCOUNT_MOVEMENT),
            [
                {
                    "movement_id": opened(tx).ids.new(),
                    "person_id": p,
                    "amount_fen": interest_fen,
                    "balance_fen": balances[p] + interest_fen,
                    "reason": "interest",
                    "reference": str(year),
                    "recorded_at": now,
                }
                for p, interest_fen in earning.items()
            ],
        )
        statement = upsert(ACCOUNT).values([{"person_id": p, "balance_fen": balances[p] + f} for p, f in earning.items()])
        await opened(tx).execute(
            statement.on_conflict_do_update(index_elements=["person_id"], set_={"balance_fen": statement.excluded.balance_fen})
        )

    async def pay_out(self, tx: Tx, account: LockedAccount, closure_id: str) -> None:
        """See ``Accounts``."""
        now = opened(tx).clock.now()
        if account.balance_fen:
            await opened(tx).execute(
                insert(ACCOUNT_MOVEMENT).values(
                    movement_id=opened(tx).ids.new(),
                    person_id=account.person_id,
                    amount_fen=-account.balance_fen,
                    balance_fen=0,
                    reason="payout",
                    reference=closure_id,
                    recorded_at=now,
                )
            )
        await opened(tx).execute(
            update(ACCOUNT)
            .where(ACCOUNT.c.person_id == account.person_id)
            .values(balance_fen=0, closed_at=account.closed_at or now)
        )


class SqlYearRuns:
    """Implements ``YearRuns``."""

    async def take(self, tx: Tx, year: int) -> Run | None:
        """See ``YearRuns``."""
        run = ACCOUNT_YEAR_RUN.c
        await opened(tx).execute(
            upsert(ACCOUNT_YEAR_RUN)
            .values(year=year, after_person_id="", accounts=0, interest_fen=0, begun_at=opened(tx).clock.now())
            .on_conflict_do_nothing()
        )
        row = await opened(tx).first(
            select(ACCOUNT_YEAR_RUN).where(run.year == year, run.finished_at.is_(None)).with_for_update(skip_locked=True)
        )
        return None if row is None else Run(row.year, row.after_person_id)

    async def go_on(self, tx: Tx, year: int, after_person_id: str, accounts: int, interest_fen: int) -> None:
        """See ``YearRuns``."""
        run = ACCOUNT_YEAR_RUN.c
        await opened(tx).execute(
            update(ACCOUNT_YEAR_RUN)
            .where(run.year == year)
            .values(
                after_person_id=after_person_id, accounts=run.accounts + accounts, interest_fen=run.interest_fen + interest_fen
            )
        )

    async def finish(self, tx: Tx, year: int) -> None:
        """See ``YearRuns``."""
        run = ACCOUNT_YEAR_RUN.c
        await opened(tx).execute(update(ACCOUNT_YEAR_RUN).where(run.year == year).values(finished_at=opened(tx).clock.now()))


class SqlSharings:
    """Implements ``Sharings``."""

    async def of_holder(self, tx: Tx, holder_id: str) -> Sequence[Sharing]:
        """See ``Sharings``."""
        sharing = ACCOUNT_SHARING.c
        rows = await opened(tx).all(
            select(ACCOUNT_SHARING)
            .where(sharing.holder_id == holder_id, sharing.withdrawn_at.is_(None))
            .order_by(sharing.sharing_id)
        )
        return [sharing_of(row) for row in rows]

    async def add(self, tx: Tx, sharing: Sharing, by: str) -> None:
        """See ``Sharings``."""
        await opened(tx).execute(
            insert(ACCOUNT_SHARING).values(**asdict(sharing), granted_by=by, granted_at=opened(tx).clock.now())
        )

    async def lock(self, tx: Tx, sharing_id: str) -> tuple[Sharing, datetime | None] | None:
        """See ``Sharings``."""
        row = await opened(tx).first(
            select(ACCOUNT_SHARING).where(ACCOUNT_SHARING.c.sharing_id == sharing_id).with_for_update()
        )
        return None if row is None else (sharing_of(row), row.withdrawn_at)

    async def withdraw(self, tx: Tx, sharing_ids: Sequence[str], by: str) -> None:
        """See ``Sharings``."""
        if sharing_ids:
            await opened(tx).execute(
                update(ACCOUNT_SHARING)
                .where(ACCOUNT_SHARING.c.sharing_id.in_(sharing_ids))
                .values(withdrawn_by=by, withdrawn_at=opened(tx).clock.now())
            )

    async def lock_of_holder(self, tx: Tx, holder_id: str) -> Sequence[str]:
        """See ``Sharings``."""
        sharing = ACCOUNT_SHARING.c
        rows = await opened(tx).all(
            select(sharing.sharing_id)
            .where(sharing.holder_id == holder_id, sharing.withdrawn_at.is_(None))
            .order_by(sharing.sharing_id)
            .with_for_update()
        )
        return [row.sharing_id for row in rows]


class SqlClosures:
    """Implements ``Closures``."""

    async def add(self, tx: Tx, closure: Closure) -> bool:
        """See ``Closures``."""
        added = await opened(tx).execute(
            upsert(ACCOUNT_CLOSURE)
            .values(**asdict(closure), proposed_at=opened(tx).clock.now())
            .on_conflict_do_nothing()
            .returning(ACCOUNT_CLOSURE.c.closure_id)
        )
        return added.first() is not None

    async def lock(self, tx: Tx, closure_id: str) -> Closure | None:
        """See ``Closures``."""
        row = await opened(tx).first(
            select(ACCOUNT_CLOSURE).where(ACCOUNT_CLOSURE.c.closure_id == closure_id).with_for_update()
        )
        return None if row is None else Closure(**_columns(row, Closure.__dataclass_fields__))

    async def decide(self, tx: Tx, closure: Closure) -> None:
        """See ``Closures``."""
        await opened(tx).execute(
            update(ACCOUNT_CLOSURE)
            .where(ACCOUNT_CLOSURE.c.closure_id == closure.closure_id)
            .values(
                state=closure.state,
                checker=closure.checker,
                note=closure.note,
                amount_fen=closure.amount_fen,
                decided_at=opened(tx).clock.now(),
            )
        )


class SqlStatements:
    """Implements ``Statements``."""

    async def head(self, tx: Tx, person_id: str) -> dict[str, Any] | None:
        """See ``Statements``."""
        account = await opened(tx).first(select(ACCOUNT).where(ACCOUNT.c.person_id == person_id))
        sharing, year, closure = ACCOUNT_SHARING.c, ACCOUNT_YEAR.c, ACCOUNT_CLOSURE.c
        sharings = await opened(tx).all(
            select(ACCOUNT_SHARING)
            .where(or_(sharing.holder_id == person_id, sharing.beneficiary_id == person_id))
            .order_by(sharing.sharing_id)
        )
        if account is None and not sharings:
            return None
        years = await opened(tx).all(select(ACCOUNT_YEAR).where(year.person_id == person_id).order_by(year.year.desc()))
        closures = await opened(tx).all(
            select(ACCOUNT_CLOSURE).where(closure.person_id == person_id).order_by(closure.closure_id)
        )
        return {
            "person_id": person_id,
            "balance_fen": account.balance_fen if account else 0,
            "closed_at": _iso(account.closed_at) if account else None,
            "given": [_shown(row, ACCOUNT_SHARING) for row in sharings if row.holder_id == person_id],
            "received": [_shown(row, ACCOUNT_SHARING) for row in sharings if row.beneficiary_id == person_id],
            "years": [_shown(row, ACCOUNT_YEAR) for row in years],
            "closures": [_shown(row, ACCOUNT_CLOSURE) for row in closures],
        }

    async def movements(self, tx: Tx, person_id: str, before: str | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """See ``Statements``."""
        movement = ACCOUNT_MOVEMENT.c
        statement = (
            select(ACCOUNT_MOVEMENT, ACCOUNT_SHARING.c.beneficiary_id)
            .outerjoin(ACCOUNT_SHARING, ACCOUNT_SHARING.c.sharing_id == movement.sharing_id)
            .where(movement.person_id == person_id)
            .order_by(movement.movement_id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(movement.movement_id < before)
        return [
            {**_shown(row, ACCOUNT_MOVEMENT), "beneficiary_id": row.beneficiary_id} for row in await opened(tx).all(statement)
        ]


def sharing_of(row: Row[Any]) -> Sharing:
    """An authorisation from its row."""
    return Sharing(**_columns(row, Sharing.__dataclass_fields__))


def _columns(row: Row[Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _shown(row: Row[Any], table: Table) -> dict[str, Any]:
    values = ((column.name, getattr(row, column.name)) for column in table.c)
    return {name: _iso(value) if isinstance(value, date) else value for name, value in values}


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _midnight(year: int) -> datetime:
    return datetime.combine(date(year, 1, 1), time(), CHINA)
