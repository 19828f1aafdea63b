"""2501 referral, 2503 chronic disease, 2505 chosen institution; at the counter also long-term residence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from claims.application.filings.ports import Filings, StoredFiling
from claims.application.header import HisHeader
from claims.application.his_messages import AnswerOnce, Effect
from claims.application.registry.find_person import FindPerson
from claims.domain.filing import Filing, FilingKind
from claims.domain.institution import Institution
from claims.domain.person import InsuredPerson, cover_status
from shared.clock import Clock
from shared.errors import invalid
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCare:
    """What is declared for a person; ``scheme`` empty: whatever cover the person has."""

    person_id: str
    kind: FilingKind
    code: str
    begins_on: date
    ends_on: date | None = None
    scheme: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    header: HisHeader | None = None
    """Of the message; None at the counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The filing's serial (trt_dcla_detl_sn)."""

    filing_id: str


class FileForCare:
    """A filing that says what one that stands says already, for days in common, is that one: its serial is returned.

    Refuses an unknown person and one without cover in the scheme on the first day.
    """

    def __init__(
        self, answers: AnswerOnce, once: Once, filings: Filings, find_person: FindPerson, clock: Clock, ids: IdFactory
    ) -> None:
        self._answers = answers
        self._once = once
        self._filings = filings
        self._find_person = find_person
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: FileCare, institution: Institution, render: Callable[[Filed], bytes]) -> bytes:
        """By message."""
        person = await self._find_person.by_id(command.person_id)
        if command.header is None:
            raise ValueError("a message has a header")

        async def work(tx: Tx) -> Effect:
            filed = await self._file(tx, command, person, institution.code)
            return Effect(answer=render(filed), person_id=person.person_id, subject_id=filed.filing_id)

        return await self._answers.run(command.header, institution, work)

    async def at_counter(self, command: FileCare, by: str, key: OnceKey) -> dict[str, Any]:
        """By a clerk."""
        person = await self._find_person.by_id(command.person_id)

        async def work(tx: Tx) -> dict[str, Any]:
            filed = await self._file(tx, command, person, by)
            return {"filing_id": filed.filing_id}

        return (await self._once.run(key, work))[0]

    async def _file(self, tx: Tx, command: FileCare, person: InsuredPerson, by: str) -> Filed:
        present = await self._filings.of_person(tx, person.person_id, lock=True)
        day = command.begins_on
        covered = [c.scheme for c in person.medical_covers_on(day) if cover_status(c, day) == "active"]
        if not covered or (command.scheme and command.scheme not in covered):
            raise invalid("claims.filing.not-covered", f"该人员{day}没有有效的医疗保险参保，不能备案", field="psn_no")
        filing = Filing(
            filing_id=self._ids.new(),
            kind=command.kind,
            code=command.code,
            begins_on=command.begins_on,
            ends_on=command.ends_on,
        )
        for stored in present:
            if stored.state == "valid" and stored.filing.same_as(filing):
                return Filed(filing_id=stored.filing.filing_id)
        await self._filings.add(
            tx,
            StoredFiling(
                filing=filing,
                person_id=person.person_id,
                scheme=command.scheme or covered[0],
                filed_by=by,
                state="valid",
                filed_at=self._clock.now(),
                details=command.details,
            ),
        )
        return Filed(filing_id=filing.filing_id)
