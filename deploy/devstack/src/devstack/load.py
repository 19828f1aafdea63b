"""Loading a county folder into a running stack, through the services' own interfaces and nothing else.

Every step may be repeated: what is already there and the same is counted as unchanged. A row that a service refuses does not
stop the others; it is reported with its file, line and the service's words.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from devstack.county_folder import CountyFolder, Row
from shared.ids import IdFactory
from shared.money import fen

CHUNK: Final = 1000
"""Rows in one import request."""
_AT_ONCE: Final = 2

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
        tally = self.counts.setdefault(file, dict.fromkeys(("created", "updated", "unchanged", "refused"), 0))
        for what in ("created", "updated", "unchanged"):
            tally[what] += int(answer.get(what, 0))
        for error in answer.get("errors", ()):
            tally["refused"] += 1
            where = f"{file}.csv:{first_line + int(error['line']) - 1}"
            self.faults.append(f"{where}: {error.get('field') or error.get('code') or ''}: {error['detail']}")


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
            body = {
                **row,
                "level": int(row["level"]),
                "switches": {"infcode_number": row["infcode_number"] == "1"},
            }
            del body["infcode_number"]
            status, _ = await self._post(self._claims, "/v1/institutions", json.dumps(body), "application/json")
            outcome.add("institutions", {"created" if status == 201 else "unchanged": 1}, number + 1)
            self._advance("institutions", number, len(rows))

    async def _catalogue(self, folder: CountyFolder, outcome: Outcome) -> None:
        rows = folder.tables["catalogue"]
        _, answer = await self._post(self._claims, "/v1/catalogue/imports", _csv(rows), "text/csv")
        outcome.add("catalogue", answer, 2)
        self._advance("catalogue", len(rows), len(rows))

    async def _people(self, folder: CountyFolder, outcome: Outcome) -> None:
        await self._import(self._enrollment, "/v1/imports/employers", "employers", folder.tables["employers"], outcome)
        await self._import(self._enrollment, "/v1/imports/persons", "persons", list(folder.persons()), outcome)
        known = outcome.person_ids
        credits = [
            {
                "person_id": known[row["certno"]],
                "amount_fen": fen(row["amount_yuan"]),
                "reason": "期初余额",
                "reference": f"{folder.region}/{row['certno']}/{row['reference']}",
            }
            for row in folder.tables["accounts"]
            if row["certno"] in known
        ]
        await self._import(self._claims, "/v1/imports/account-credits", "accounts", credits, outcome)

    async def _import(
        self, service: httpx.AsyncClient, path: str, file: str, rows: Sequence[Mapping[str, Any]], outcome: Outcome
    ) -> None:
        """Send rows as newline-delimited JSON, ``_AT_ONCE`` requests side by side."""
        limit = asyncio.Semaphore(_AT_ONCE)
        done = 0

        async def send(start: int) -> None:
            nonlocal done
            part = rows[start : start + CHUNK]
            async with limit:
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
                _, answer = await self._post(service, path, text, "application/x-ndjson")
            outcome.add(file, answer, start + 2)
            outcome.person_ids.update(answer.get("persons", {}))
            done += len(part)
            self._advance(file, done, len(rows))

        await asyncio.gather(*(send(start) for start in range(0, len(rows), CHUNK)))

    async def _post(self, service: httpx.AsyncClient, path: str, body: str, kind: str) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": self._bearer(),
            "Content-Type": f"{kind}; charset=utf-8",
            "Idempotency-Key": self._ids.new(),
        }
        try:
            reply = await service.post(path, content=body.encode(), headers=headers)
        except httpx.TransportError as cause:
            raise LoadError(f"{service.base_url}{path}: {type(cause).__name__}: is the stack running?") from cause
        if reply.status_code >= 300:
            raise LoadError(f"{service.base_url}{path}: {reply.status_code}: {reply.text[:500]}")
        return reply.status_code, reply.json()


@asynccontextmanager
async def service_clients(urls: Mapping[str, str], *names: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    """HTTP clients of the named services, closed on leaving."""
    clients = [httpx.AsyncClient(base_url=urls[name], timeout=60, trust_env=False) for name in names]
    try:
        yield clients
    finally:
        for client in clients:
            await client.aclose()


def _csv(rows: Iterable[Row]) -> str:
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["code"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
