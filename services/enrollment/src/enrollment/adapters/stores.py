"""The stores of the use cases on SQLAlchemy Core. They run in the transaction they are given and never commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, false, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from enrollment.adapters.tables import COVERAGE, EMPLOYER, IDENTITY_CLASS, PAYMENT, PERSON, PREMIUM
from enrollment.application.ports import SealedIdentity
from enrollment.domain.coverage import Coverage, State
from enrollment.domain.employer import Employer
from enrollment.domain.person import PersonFile
from enrollment.domain.premium import Payment, Premium
from shared.contracts.enrollment import IdentityClass
from shared.db.database import SqlTx
from shared.errors import not_found
from shared.transactions import Tx


class PersonStore:
    """Implements ``Persons``."""

    async def add(self, tx: Tx, files: Sequence[tuple[PersonFile, SealedIdentity]]) -> set[str]:
        """See ``Persons``."""
        if not files:
            return set()
        rows = [
            {
                "person_id": file.person_id,
                "version": file.version,
                "sealed": file.sealed,
                "certno_index": file.certno_index,
                "name_index": sealed.name_index,
                "sex": file.sex,
                "born_on": file.born_on,
                "region": file.region,
                "household_id": file.household_id,
                "phone_sealed": file.phone_sealed,
            }
            for file, sealed in files
        ]
        statement = insert(PERSON).on_conflict_do_nothing(index_elements=["certno_index"]).returning(PERSON.c.person_id)
        stored = set((await _sql(tx).execute(statement, rows)).scalars())
        new = [file for file, _ in files if file.person_id in stored]
        if covers := [_coverage_row(c) for file in new for c in file.coverages]:
            await _sql(tx).execute(insert(COVERAGE), covers)
        if classes := [_class_row(file.person_id, c) for file in new for c in file.classes]:
            await _sql(tx).execute(insert(IDENTITY_CLASS), classes)
        return stored

    async def ids_by_index(self, tx: Tx, indexes: Sequence[str]) -> Mapping[str, str]:
        """See ``Persons``."""
        found: dict[str, str] = {}
        for start in range(0, len(indexes), 5000):
            part = PERSON.c.certno_index.in_(indexes[start : start + 5000])
            rows = await _sql(tx).all(select(PERSON.c.certno_index, PERSON.c.person_id).where(part))
            found.update((row.certno_index, row.person_id) for row in rows)
        return found

    async def lock(self, tx: Tx, person_id: str) -> PersonFile:
        """See ``Persons``."""
        row = await _sql(tx).first(select(PERSON).where(PERSON.c.person_id == person_id).with_for_update())
        return await self._whole(tx, row)

    async def find(self, tx: Tx, *, person_id: str | None = None, certno_index: str | None = None) -> PersonFile:
        """See ``Persons``."""
        key = PERSON.c.person_id == person_id if person_id is not None else PERSON.c.certno_index == certno_index
        return await self._whole(tx, await _sql(tx).first(select(PERSON).where(key)))

    async def page(
        self,
        tx: Tx,
        *,
        prefixes: Sequence[str],
        certno_index: str | None,
        name_index: str | None,
        after: str | None,
        limit: int,
    ) -> Sequence[PersonFile]:
        """See ``Persons``."""
        query = select(PERSON).where(_in_regions(PERSON.c.region, prefixes)).order_by(PERSON.c.person_id).limit(limit)
        if certno_index is not None:
            query = query.where(PERSON.c.certno_index == certno_index)
        if name_index is not None:
            query = query.where(PERSON.c.name_index == name_index)
        if after is not None:
            query = query.where(PERSON.c.person_id > after)
        return await self._files(tx, await _sql(tx).all(query))

    async def set_household(self, tx: Tx, file: PersonFile) -> None:
        """See ``Persons``."""
        changed = update(PERSON).where(PERSON.c.person_id == file.person_id)
        await _sql(tx).execute(changed.values(version=file.version, household_id=file.household_id))

    async def set_version(self, tx: Tx, file: PersonFile) -> None:
        """See ``Persons``."""
        await _sql(tx).execute(update(PERSON).where(PERSON.c.person_id == file.person_id).values(version=file.version))

    async def _whole(self, tx: Tx, row: Row[Any] | None) -> PersonFile:
        if row is None:
            raise not_found("enrollment.person.unknown", "没有该人员的登记信息", "no such person", field="person_id")
        return (await self._files(tx, [row]))[0]

    async def _files(self, tx: Tx, rows: Sequence[Row[Any]]) -> list[PersonFile]:
        ids = [row.person_id for row in rows]
        covers: dict[str, list[Coverage]] = {person_id: [] for person_id in ids}
        classes: dict[str, list[IdentityClass]] = {person_id: [] for person_id in ids}
        if ids:
            for row in await _sql(tx).all(_coverages().where(COVERAGE.c.person_id.in_(ids))):
                covers[row.person_id].append(_coverage(row))
            of_persons = select(IDENTITY_CLASS).where(IDENTITY_CLASS.c.person_id.in_(ids))
            for row in await _sql(tx).all(of_persons.order_by(IDENTITY_CLASS.c.begins_on, IDENTITY_CLASS.c.code)):
                classes[row.person_id].append(IdentityClass(code=row.code, begins_on=row.begins_on, ends_on=row.ends_on))
        return [
            PersonFile(
                person_id=row.person_id,
                version=row.version,
                sealed=row.sealed,
                certno_index=row.certno_index,
                sex=row.sex,
                born_on=row.born_on,
                region=row.region,
                household_id=row.household_id,
                phone_sealed=row.phone_sealed,
                coverages=tuple(covers[row.person_id]),
                classes=tuple(classes[row.person_id]),
            )
            for row in rows
        ]


class CoverStore:
    """Implements ``Covers``."""

    async def add(self, tx: Tx, coverage: Coverage) -> None:
        """See ``Covers``."""
        await _sql(tx).execute(insert(COVERAGE).values(_coverage_row(coverage)))

    async def change(self, tx: Tx, coverage: Coverage) -> None:
        """See ``Covers``."""
        changed = {"state": coverage.state.value, "ends_on": coverage.ends_on}
        await _sql(tx).execute(update(COVERAGE).where(COVERAGE.c.coverage_id == coverage.coverage_id).values(changed))

    async def person_of(self, tx: Tx, coverage_id: str) -> str:
        """See ``Covers``."""
        found = await _sql(tx).scalar(select(COVERAGE.c.person_id).where(COVERAGE.c.coverage_id == coverage_id))
        if found is None:
            raise not_found("enrollment.coverage.unknown", "没有该参保关系", "no such coverage", field="coverage_id")
        return str(found)

    async def put_class(self, tx: Tx, person_id: str, given: IdentityClass) -> None:
        """See ``Covers``."""
        statement = insert(IDENTITY_CLASS).values(_class_row(person_id, given))
        key = ["person_id", "code", "begins_on"]
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=key, set_={"ends_on": given.ends_on}))


class PremiumStore:
    """Implements ``Premiums``."""

    async def add(self, tx: Tx, premium: Premium) -> None:
        """See ``Premiums``."""
        await _sql(tx).execute(insert(PREMIUM).values({column.name: getattr(premium, column.name) for column in PREMIUM.c}))

    async def get(self, tx: Tx, premium_id: str) -> Premium:
        """See ``Premiums``."""
        row = await _sql(tx).first(select(PREMIUM).where(PREMIUM.c.premium_id == premium_id))
        if row is None:
            raise not_found("enrollment.premium.unknown", "没有该笔应缴保费", "no such premium", field="premium_id")
        return Premium(**row._mapping)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[tuple[Premium, Payment | None]]:
        """See ``Premiums``."""
        due = select(PREMIUM).where(PREMIUM.c.person_id == person_id).order_by(PREMIUM.c.premium_id)
        premiums = [Premium(**row._mapping) for row in await _sql(tx).all(due)]
        paid = _payments().where(PAYMENT.c.premium_id.in_([premium.premium_id for premium in premiums]))
        payments = {row.premium_id: Payment(**row._mapping) for row in await _sql(tx).all(paid)}
        return [(premium, payments.get(premium.premium_id)) for premium in premiums]

    async def payment_of(self, tx: Tx, premium_id: str) -> Payment | None:
        """See ``Premiums``."""
        row = await _sql(tx).first(_payments().where(PAYMENT.c.premium_id == premium_id))
        return Payment(**row._mapping) if row else None

    async def payment_by_receipt(self, tx: Tx, channel: str, receipt_no: str) -> Payment | None:
        """See ``Premiums``."""
        row = await _sql(tx).first(_payments().where(PAYMENT.c.channel == channel, PAYMENT.c.receipt_no == receipt_no))
        return Payment(**row._mapping) if row else None

    async def add_payment(self, tx: Tx, payment: Payment) -> bool:
        """See ``Premiums``."""
        statement = insert(PAYMENT).values({name: getattr(payment, name) for name in Payment.__slots__})
        done = await _sql(tx).execute(statement.on_conflict_do_nothing(index_elements=["channel", "receipt_no"]))
        return done.rowcount == 1


class EmployerStore:
    """Implements ``Employers``."""

    async def add(self, tx: Tx, employer: Employer) -> bool:
        """See ``Employers``."""
        statement = insert(EMPLOYER).values({column.name: getattr(employer, column.name) for column in EMPLOYER.c})
        done = await _sql(tx).execute(statement.on_conflict_do_nothing(index_elements=["credit_code"]))
        return done.rowcount == 1

    async def by_code(self, tx: Tx, codes: Sequence[str]) -> Mapping[str, Employer]:
        """See ``Employers``."""
        rows = await _sql(tx).all(select(EMPLOYER).where(EMPLOYER.c.credit_code.in_(codes)))
        return {row.credit_code: Employer(**row._mapping) for row in rows}

    async def get(self, tx: Tx, employer_id: str) -> Employer:
        """See ``Employers``."""
        row = await _sql(tx).first(select(EMPLOYER).where(EMPLOYER.c.employer_id == employer_id))
        if row is None:
            raise not_found("enrollment.employer.unknown", "没有该参保单位", "no such employer", field="employer_id")
        return Employer(**row._mapping)

    async def page(self, tx: Tx, *, prefixes: Sequence[str], after: str | None, limit: int) -> Sequence[Employer]:
        """See ``Employers``."""
        query = select(EMPLOYER).where(_in_regions(EMPLOYER.c.region, prefixes)).order_by(EMPLOYER.c.employer_id).limit(limit)
        if after is not None:
            query = query.where(EMPLOYER.c.employer_id > after)
        return [Employer(**row._mapping) for row in await _sql(tx).all(query)]


def _sql(tx: Tx) -> SqlTx:
    """The transaction behind the port; bootstrap gives the use cases a database that opens no other."""
    return cast(SqlTx, tx)


def _in_regions(column: ColumnElement[str], prefixes: Sequence[str]) -> ColumnElement[bool]:
    return or_(false(), *(column.startswith(prefix, autoescape=True) for prefix in prefixes))


def _coverages() -> Select[Any]:
    joined = COVERAGE.outerjoin(EMPLOYER, COVERAGE.c.employer_id == EMPLOYER.c.employer_id)
    named = select(COVERAGE, EMPLOYER.c.name.label("employer_name")).select_from(joined)
    return named.order_by(COVERAGE.c.begins_on, COVERAGE.c.coverage_id)


def _coverage(row: Row[Any]) -> Coverage:
    return Coverage(**{**row._mapping, "state": State(row.state)})


def _coverage_row(coverage: Coverage) -> dict[str, Any]:
    return {column.name: getattr(coverage, column.name) for column in COVERAGE.c} | {"state": coverage.state.value}


def _class_row(person_id: str, given: IdentityClass) -> dict[str, Any]:
    return {"person_id": person_id, "code": given.code, "begins_on": given.begins_on, "ends_on": given.ends_on}


def _payments() -> Select[Any]:
    return select(*(PAYMENT.c[name] for name in Payment.__slots__))
