"""Loading a county folder into a running stack, through the services' own interfaces and nothing else.

Every step may be repeated: what is already there and the same is counted as unchanged. A row that a service refuses does not
stop the others; it is reported with its file, line and the service's words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from devstack.county_folder import CountyFolder
from shared.ids import IdFactory
from shared.money import fen

CHUNK: Final = 1000
"""Rows in one import request."""
_AT_ONCE: Final = 2
_TALLY: Final = ("created", "changed", "existing", "stated", "refused")
"""``stated``: brought to a service that does not say whether it changed anything."""

Advance = Callable[[str, int, int], None]
"""Told (file, rows done, rows in all) after every request."""


class LoadError(Exception):
    """A service did not take a whole request; the message is what it said."""


@dataclass(slots=True)
class Outcome:
    """What loading did: counts by file and by what happened, and the refused rows."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    person_ids: dict[str, str] = field(default_factory=dict)
    """Resident id number to person_id."""

    def add(self, file: str, answer: Mapping[str, Any], first_line: int) -> None:
        """Take in the answer of one import request whose first row stood at ``first_line`` of the file."""
        tally = self.counts.setdefault(file, dict.fromkeys(_TALLY, 0))
        for what in _TALLY[:-1]:
            tally[what] += int(answer.get(what, 0))
        for error in answer.get("errors", ()):
            tally["refused"] += 1
            where = f"{file}.csv:{first_line + int(error['line']) - 1}"
            self.faults.append(f"{where}: {error.get('field') or error['code']}: {error['title']}")


class Loader:
    """Brings the tables of one county folder to the services that own them."""

    def __init__(
        self,
        enrollment: httpx.AsyncClient,
        claims: httpx.AsyncClient,
        bearer: Callable[[], str],
        ids: IdFactory,
        advance: Advance,
    ) -> None:
        self._enrollment = enrollment
        self._claims = claims
        self._bearer = bearer
        self._ids = ids
        self._advance = advance

    async def load(self, folder: CountyFolder) -> Outcome:
        """Load everything. Raises LoadError when a service refuses a request as a whole or is away."""
        outcome = Outcome()
        await asyncio.gather(
            self._institutions(folder, outcome), self._catalogue(folder, outcome), self._people(folder, outcome)
        )
        return outcome

    async def _institutions(self, folder: CountyFolder, outcome: Outcome) -> None:
        rows = folder.tables["institutions"]
        for number, row in enumerate(rows, 1):
            switches = {"infcode_number": row["infcode_number"] == "1"}
            body: dict[str, Any] = {key: value for key, value in row.items() if key not in ("infcode_number", "rank", "marks")}
            body |= {"level": int(row["level"]), "switches": switches}
            body |= {"rank": row.get("rank") or "county", "marks": row.get("marks", "").split()}
            answer = await self._post(self._claims, "/v1/institutions", body)
            outcome.add("institutions", {"stated": int(answer["code"] == row["code"])}, number + 1)
            self._advance("institutions", number, len(rows))

    async def _catalogue(self, folder: CountyFolder, outcome: Outcome) -> None:
        count, text = folder.catalogue_csv()
        if count:
            answer = await self._post(self._claims, "/v1/catalogue/imports", text, "text/csv")
            outcome.add(
                "catalogue", {"created": answer["added"], "changed": answer["changed"], "existing": answer["unchanged"]}, 2
            )
            self._advance("catalogue", count, count)

    async def _people(self, folder: CountyFolder, outcome: Outcome) -> None:
        for number, row in enumerate(folder.tables["employers"], 1):
            answer = await self._post(self._enrollment, "/v1/employers", row)
            outcome.add("employers", {"created" if answer["created"] else "existing": 1}, number + 1)
            self._advance("employers", number, len(folder.tables["employers"]))
        persons = list(folder.persons())

        def note(start: int, answer: Mapping[str, Any]) -> None:
            for person in answer["persons"]:
                outcome.person_ids[persons[start + person["line"] - 1]["certno"]] = person["person_id"]

        await self._import(self._enrollment, "/v1/imports/persons", "persons", persons, outcome, note)
        credits = [
            {
                "person_id": outcome.person_ids[row["certno"]],
                "amount_fen": fen(row["amount_yuan"]),
                "reference": f"{folder.region}/{row['reference']}",
            }
            for row in folder.tables["accounts"]
            if row["certno"] in outcome.person_ids
        ]
        for start in range(0, len(credits), CHUNK):
            part = credits[start : start + CHUNK]
            answer = await self._post(self._claims, "/v1/imports/accounts", {"credits": part})
            existing = answer["received"] - answer["credited"]
            outcome.add("accounts", {"created": answer["credited"], "existing": existing}, start + 2)
            self._advance("accounts", start + len(part), len(credits))

    async def _import(
        self,
        service: httpx.AsyncClient,
        path: str,
        file: str,
        rows: Sequence[Mapping[str, Any]],
        outcome: Outcome,
        note: Callable[[int, Mapping[str, Any]], None] | None = None,
    ) -> None:
        """Send rows as newline-delimited JSON, ``_AT_ONCE`` requests side by side; ``note`` gets every answer."""
        limit = asyncio.Semaphore(_AT_ONCE)
        done = 0

        async def send(start: int) -> None:
            nonlocal done
            part = rows[start : start + CHUNK]
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
            async with limit:
                answer = await self._post(service, path, text, "application/x-ndjson")
            outcome.add(file, answer, start + 2)
            if note:
                note(start, answer)
            done += len(part)
            self._advance(file, done, len(rows))

        await asyncio.gather(*(send(start) for start in range(0, len(rows), CHUNK)))

    async def _post(
        self, service: httpx.AsyncClient, path: str, body: str | Mapping[str, Any], kind: str = "application/json"
    ) -> dict[str, Any]:
        headers = {"Authorization": self._bearer(), "Content-Type": kind, "Idempotency-Key": self._ids.new()}
        content = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        try:
            reply = await service.post(path, content=content.encode(), headers=headers)
        except httpx.TransportError as cause:
            raise LoadError(f"{service.base_url}{path}: {type(cause).__name__}: is the stack running?") from cause
        if reply.status_code >= 300:
            raise LoadError(f"{service.base_url}{path}: {reply.status_code}: {reply.text[:500]}")
        answer: dict[str, Any] = reply.json()
        return answer


@asynccontextmanager
async def service_clients(urls: Mapping[str, str], *names: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    """HTTP clients of the named services, closed on leaving."""
    clients = [httpx.AsyncClient(base_url=urls[name], timeout=60, trust_env=False) for name in names]
    try:
        yield clients
    finally:
        for client in clients:
            await client.aclose()
