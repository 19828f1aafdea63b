"""Import persons in bulk with cover and classes that count already: a county's roll, at the start or from an old system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from enrollment.application.ports import Employers, IdentitySeals, Persons, SealedIdentity
from enrollment.application.register_person import RegisterPersonCommand
from enrollment.domain.coverage import Coverage, State, check_coverage
from enrollment.domain.employer import Employer
from enrollment.domain.identity import division_code, household_number, identify, mobile_number
from enrollment.domain.person import PersonFile, check_class
from shared.auth import Principal
from shared.clock import Clock
from shared.contracts.enrollment import IdentityClass
from shared.errors import Refusal, invalid
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCoverage:
    """A period of cover that is paid. ``region``: the person's unless stated."""

    scheme: str
    person_category: str
    begins_on: date
    ends_on: date | None = None
    region: str | None = None
    employer_credit_code: str | None = None
    civil_servant: bool = False
    tier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One line of the roll."""

    line: int
    person: RegisterPersonCommand
    coverages: Sequence[ImportedCoverage] = ()
    classes: Sequence[IdentityClass] = ()


class ImportCounty:
    """The use case. Scopes ``persons:write`` and ``coverage:write`` in the region of every row.

    Good rows are stored together, bad ones reported by line. A person who is known already is left exactly as he is, so the
    same roll can be imported again.
    """

    def __init__(
        self, once: Once, persons: Persons, employers: Employers, seals: IdentitySeals, clock: Clock, ids: IdFactory
    ) -> None:
        self._once = once
        self._persons = persons
        self._employers = employers
        self._seals = seals
        self._clock = clock
        self._ids = ids

    async def __call__(self, caller: Principal, rows: Sequence[ImportRow], key: OnceKey) -> dict[str, Any]:
        """``created``, ``existing``, ``persons`` (line, person_id, created) and ``errors`` (line, code, title, field)."""
        for region in {row.person.region for row in rows}:
            caller.require("persons:write", region)
            caller.require("coverage:write", region)

        async def work(tx: Tx) -> dict[str, Any]:
            codes = {c.employer_credit_code for row in rows for c in row.coverages if c.employer_credit_code}
            employers = await self._employers.by_code(tx, sorted(codes))
            files, errors = self._read(rows, employers)
            # Always in the same order, so that two imports that overlap wait for each other and never cross.
            stored = await self._persons.add(tx, sorted((f for _, f in files), key=lambda f: f[0].certno_index))
            for _, (file, _) in files:
                if file.person_id in stored:
                    tx.emit(file.stated())
            known = await self._persons.ids_by_index(
                tx, [file.certno_index for _, (file, _) in files if file.person_id not in stored]
            )
            return {
                "created": len(stored),
                "existing": len(files) - len(stored),
                "persons": [
                    {
                        "line": line,
                        "person_id": known.get(file.certno_index, file.person_id),
                        "created": file.person_id in stored,
                    }
                    for line, (file, _) in files
                ],
                "errors": errors,
            }

        return (await self._once.run(key, work))[0]

    def _read(
        self, rows: Iterable[ImportRow], employers: Mapping[str, Employer]
    ) -> tuple[list[tuple[int, tuple[PersonFile, SealedIdentity]]], list[dict[str, Any]]]:
        files: list[tuple[int, tuple[PersonFile, SealedIdentity]]] = []
        errors: list[dict[str, Any]] = []
        lines: dict[str, int] = {}
        for row in rows:
            try:
                file, sealed = self._file(row, employers)
                first = lines.setdefault(file.certno_index, row.line)
                if first != row.line:
                    raise invalid(
                        "enrollment.import.line-repeated",
                        f"与第 {first} 行证件号码相同",
                        f"the same document as in line {first}",
                        field="certno",
                    )
            except Refusal as refusal:
                errors.append({"line": row.line, "code": refusal.code, "title": refusal.zh, "field": refusal.field})
            else:
                files.append((row.line, (file, sealed)))
        return files, errors

    def _file(self, row: ImportRow, employers: Mapping[str, Employer]) -> tuple[PersonFile, SealedIdentity]:
        person = row.person
        identity = identify(
            cert_type=person.cert_type,
            certno=person.certno,
            name=person.name,
            today=self._clock.today(),
            sex=person.sex,
            born_on=person.born_on,
            naty=person.naty,
        )
        person_id, region = self._ids.new(), division_code(person.region)
        coverages: list[Coverage] = []
        for given in row.coverages:
            coverage = self._coverage(person_id, region, given, employers)
            check_coverage(coverage, identity.born_on, coverages)
            coverages.append(coverage)
        for position, given_class in enumerate(row.classes):
            check_class(given_class, row.classes[:position])
        sealed = self._seals.seal(identity, mobile_number(person.phone))
        file = PersonFile(
            person_id=person_id,
            version=1,
            sealed=sealed.sealed,
            certno_index=sealed.certno_index,
            sex=identity.sex,
            born_on=identity.born_on,
            region=region,
            household_id=household_number(person.household_id),
            phone_sealed=sealed.phone_sealed,
            coverages=tuple(coverages),
            classes=tuple(row.classes),
        )
        return file, sealed

    def _coverage(self, person_id: str, region: str, given: ImportedCoverage, employers: Mapping[str, Employer]) -> Coverage:
        employer = employers.get(given.employer_credit_code) if given.employer_credit_code else None
        if given.employer_credit_code and employer is None:
            raise invalid(
                "enrollment.import.employer-unknown",
                f"参保单位 {given.employer_credit_code} 未登记",
                "no employer with this credit code",
                field="employer_credit_code",
            )
        return Coverage(
            coverage_id=self._ids.new(),
            person_id=person_id,
            scheme=given.scheme,
            person_category=given.person_category,
            region=division_code(given.region) if given.region else region,
            begins_on=given.begins_on,
            ends_on=given.ends_on,
            state=State.ACTIVE,
            employer_id=employer.employer_id if employer else None,
            employer_name=employer.name if employer else None,
            civil_servant=given.civil_servant,
            tier=given.tier,
        )
