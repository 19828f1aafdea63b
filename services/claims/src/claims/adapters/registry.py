"""Institutions, catalogue, insured persons and sign-ins in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.registry import CATALOGUE_ITEM, INSTITUTION, INSURED_PERSON, SIGN_IN
from claims.adapters.tables.settlement import ACCOUNT
from claims.domain.catalogue import CatalogueItem
from claims.domain.filing import Filing
from claims.domain.institution import Institution, Switches
from claims.domain.person import InsuredPerson
from shared.clock import Clock
from shared.contracts.enrollment import CoveragePeriod, IdentityClass
from shared.db.database import Database, opened
from shared.transactions import Tx

_coverages = TypeAdapter(tuple[CoveragePeriod, ...])
_classes = TypeAdapter(tuple[IdentityClass, ...])
_filings = TypeAdapter(tuple[Filing, ...])
_CHUNK = 1000
"""Rows per statement of a bulk write; PostgreSQL takes at most 32,767 parameters."""


class SqlInstitutions:
    """Implements ``Institutions``."""

    async def find(self, tx: Tx, code: str) -> Institution | None:
        """See ``Institutions``."""
        row = await opened(tx).first(select(INSTITUTION).where(INSTITUTION.c.code == code))
        return None if row is None else institution_of(row)

    async def lock(self, tx: Tx, code: str) -> Institution | None:
        """See ``Institutions``."""
        row = await opened(tx).first(select(INSTITUTION).where(INSTITUTION.c.code == code).with_for_update())
        return None if row is None else institution_of(row)

    async def store(self, tx: Tx, institution: Institution) -> None:
        """See ``Institutions``."""
        values = {column.name: getattr(institution, column.name) for column in INSTITUTION.c}
        values |= {"switches": asdict(institution.switches), "marks": list(institution.marks)}
        changed = {name: value for name, value in values.items() if name != "code"}
        await opened(tx).execute(
            upsert(INSTITUTION).values(values).on_conflict_do_update(index_elements=["code"], set_=changed)
        )


def institution_of(row: Any) -> Institution:
    """An institution from its row."""
    fields = {column.name: getattr(row, column.name) for column in INSTITUTION.c}
    return Institution(**{**fields, "switches": Switches(**fields["switches"]), "marks": tuple(fields["marks"])})


class InstitutionDirectory:
    """Institutions by code for the HIS entry, remembered for some seconds: every message asks."""

    def __init__(self, db: Database, *, fresh_s: float = 2.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Institution]] = {}

    async def __call__(self, code: str) -> Institution | None:
        """The institution, at most ``fresh_s`` old; None when there is none. Unknown codes are not remembered."""
        now = self._monotonic()
        found = self._known.get(code)
        if found is not None and now - found[0] < self._fresh_s:
            return found[1]
        async with self._db.transaction() as tx:
            row = await tx.first(select(INSTITUTION).where(INSTITUTION.c.code == code))
        if row is None:
            return None
        institution = institution_of(row)
        self._known[code] = (now, institution)
        return institution


class SqlCatalogue:
    """Implements ``Catalogue``."""

    async def versions(self, tx: Tx, codes: Sequence[str]) -> dict[str, list[CatalogueItem]]:
        """See ``Catalogue``."""
        found: dict[str, list[CatalogueItem]] = {}
        for start in range(0, len(codes), _CHUNK):
            wanted = codes[start : start + _CHUNK]
            for row in await opened(tx).all(select(CATALOGUE_ITEM).where(CATALOGUE_ITEM.c.code.in_(wanted))):
                found.setdefault(row.code, []).append(item_of(row))
        return found

    async def store(self, tx: Tx, items: Sequence[CatalogueItem]) -> None:
        """See ``Catalogue``."""
        for start in range(0, len(items), _CHUNK):
            statement = upsert(CATALOGUE_ITEM).values([_item_row(item) for item in items[start : start + _CHUNK]])
            changed = {c.name: statement.excluded[c.name] for c in CATALOGUE_ITEM.c if not c.primary_key}
            await opened(tx).execute(statement.on_conflict_do_update(index_elements=["code", "valid_from"], set_=changed))


def item_of(row: Any) -> CatalogueItem:
    """A catalogue item from its row."""
    return CatalogueItem(
        code=row.code,
        name=row.name,
        charge_class=row.charge_class,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        kind=row.kind,
        fee_category=row.fee_category,
        pre_selfpay_rate=row.pre_selfpay_rate,
        price_limits=(row.price_limit_1, row.price_limit_2, row.price_limit_3),
        limited_use=row.limited_use,
        in_work_injury_catalogue=row.in_work_injury_catalogue,
        line_class=row.line_class,
        traditional=row.traditional,
        per_session=row.per_session,
    )


def _item_row(item: CatalogueItem) -> dict[str, Any]:
    row = asdict(item)
    row["price_limit_1"], row["price_limit_2"], row["price_limit_3"] = row.pop("price_limits")
    return row


class SqlPersons:
    """Implements ``Persons``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def by_id(self, tx: Tx, person_id: str) -> InsuredPerson | None:
        """See ``Persons``."""
        row = await opened(tx).first(select(INSURED_PERSON).where(INSURED_PERSON.c.person_id == person_id))
        return None if row is None else person_of(row)

    async def by_ids(self, tx: Tx, person_ids: Sequence[str]) -> dict[str, InsuredPerson]:
        """See ``Persons``."""
        rows = await opened(tx).all(select(INSURED_PERSON).where(INSURED_PERSON.c.person_id.in_(person_ids)))
        return {row.person_id: person_of(row) for row in rows}

    async def filings(self, tx: Tx, person_id: str) -> tuple[Filing, ...]:
        """See ``Persons``."""
        stored = await opened(tx).scalar(select(INSURED_PERSON.c.filings).where(INSURED_PERSON.c.person_id == person_id))
        return _filings.validate_python(stored or [])

    async def by_certno(self, tx: Tx, certno_index: str) -> InsuredPerson | None:
        """See ``Persons``."""
        row = await opened(tx).first(select(INSURED_PERSON).where(INSURED_PERSON.c.certno_index == certno_index))
        return None if row is None else person_of(row)

    async def store(self, tx: Tx, persons: Sequence[InsuredPerson]) -> None:
        """See ``Persons``."""
        statement = upsert(INSURED_PERSON)
        now = self._clock.now()
        rows = [
            {
                "person_id": person.person_id,
                "version": person.version,
                "sealed": person.sealed,
                "certno_index": person.certno_index,
                "sex": person.sex,
                "born_on": person.born_on,
                "coverages": _coverages.dump_python(person.coverages, mode="json"),
                "classes": _classes.dump_python(person.classes, mode="json"),
                "household_id": person.household_id,
                "stated_at": now,
            }
            for person in persons
        ]
        await opened(tx).execute(
            statement.on_conflict_do_update(
                index_elements=["person_id"],
                set_={name: statement.excluded[name] for name in rows[0] if name != "person_id"},
                where=INSURED_PERSON.c.version < statement.excluded.version,
            ),
            rows,
        )


def person_of(row: Any) -> InsuredPerson:
    """An insured person from the row."""
    return InsuredPerson(
        person_id=row.person_id,
        version=row.version,
        sealed=row.sealed,
        certno_index=row.certno_index,
        sex=row.sex,
        born_on=row.born_on,
        coverages=_coverages.validate_python(row.coverages),
        classes=_classes.validate_python(row.classes),
        household_id=row.household_id,
    )


class SqlSignIns:
    """Implements ``SignIns``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def sign_in(self, tx: Tx, *, sign_no: str, institution_code: str, operator_no: str, on: date) -> str:
        """See ``SignIns``."""
        now = self._clock.now()
        statement = upsert(SIGN_IN).values(
            sign_no=sign_no, institution_code=institution_code, operator_no=operator_no, signed_on=on, signed_at=now
        )
        return str(
            await opened(tx).scalar(
                statement.on_conflict_do_update(
                    index_elements=["institution_code", "operator_no", "signed_on"], set_={"signed_at": now}
                ).returning(SIGN_IN.c.sign_no)
            )
        )

    async def holds(self, tx: Tx, *, sign_no: str, institution_code: str, on: date) -> bool:
        """See ``SignIns``."""
        c = SIGN_IN.c
        found = await opened(tx).first(
            select(c.sign_no).where(c.sign_no == sign_no, c.institution_code == institution_code, c.signed_on == on)
        )
        return found is not None


class SqlAccounts:
    """Implements ``Accounts`` of the visits."""

    async def balance_fen(self, tx: Tx, person_id: str) -> int:
        """See ``Accounts``."""
        return int(await opened(tx).scalar(select(ACCOUNT.c.balance_fen).where(ACCOUNT.c.person_id == person_id)) or 0)
