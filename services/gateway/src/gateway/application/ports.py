"""What the use cases need from the outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from gateway.application.his_credentials import Scheme, Signatory
from gateway.domain.acceptance import HeldMaterial
from gateway.domain.deadline import Light
from gateway.domain.document import Document
from gateway.domain.matter import Matter
from gateway.domain.partner_document import PartnerDocument
from gateway.domain.proposal import Proposal
from gateway.domain.timeline import Entry
from gateway.domain.webhook import Call, Outcome, Webhook
from shared.calendar import Due
from shared.contracts.claims import InstitutionStated
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was computed of a matter on a day, kept beside it for lists."""

    light: Light | None
    due: Due
    checked_as: str
    """The day and the announced years that it was computed with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of a matter's log."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterFilter:
    """Which matters a list shows; None does not restrict."""

    regions: frozenset[str]
    state: str | None = None
    light: str | None = None
    matter_code: str | None = None
    person_id: str | None = None
    receipt_no: str | None = None
    owner: str | None = None
    """Matters with a running task of this service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterLine:
    """One matter in a list, as its standing was last computed."""

    matter_id: str
    receipt_no: str
    matter_code: str
    matter_name: str
    person_id: str
    region: str
    state: str
    light: str | None
    accepted_at: datetime
    due_on: date
    closed_at: datetime | None
    running: list[str]
    """Names of the running tasks."""
    cursor: list[Any]
    """Sort key of the line."""


class Store(UnitOfWork, Protocol):
    """The service's database."""

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """A read-only snapshot."""
        ...


class Matters(Protocol):
    """The matters with their logs, serials and papers."""

    async def find(self, tx: Tx, matter_id: str, *, for_update: bool = False) -> Matter | None:
        """The matter, None when there is none."""
        ...

    async def get(self, tx: Tx, matter_id: str, *, for_update: bool = False) -> Matter:
        """The matter. Refusal ``gateway.matter.id-unknown`` when there is none."""
        ...

    async def id_by_case(self, tx: Tx, case_id: str) -> str | None:
        """The open matter that refers to an injury case."""
        ...

    async def open_cases(self, tx: Tx, case_ids: Collection[str]) -> set[str]:
        """Those of these injury cases to which an open matter refers."""
        ...

    async def id_by_receipt(self, tx: Tx, receipt_no: str) -> str | None:
        """The matter with that receipt number."""
        ...

    async def add(self, tx: Tx, matter: Matter, standing: Standing) -> None:
        """Store a new matter."""
        ...

    async def save(self, tx: Tx, matter: Matter, standing: Standing) -> None:
        """Store a changed matter, loaded for update in the same transaction."""
        ...

    async def next_serial(self, tx: Tx, matter_number: str, day: date) -> int:
        """The next serial of a matter on a day, from 1."""
        ...

    async def note(self, tx: Tx, matter_id: str, note: Note) -> None:
        """Append to the log."""
        ...

    async def notes(self, tx: Tx, matter_id: str) -> list[Note]:
        """The log, oldest first."""
        ...

    async def held(self, tx: Tx, person_id: str) -> list[HeldMaterial]:
        """Papers that the person handed in with matters so far."""
        ...

    async def page(self, tx: Tx, which: MatterFilter, limit: int, after: list[Any] | None) -> list[MatterLine]:
        """Matters, the most urgent light first, then by due day."""
        ...

    async def counts(self, tx: Tx, regions: frozenset[str], today: date) -> dict[str, int]:
        """How many are open, by light, and how many were closed today."""
        ...

    async def standing(self, tx: Tx, matter_id: str) -> tuple[str | None, date]:
        """Light and due day as stored."""
        ...

    async def ids_to_start(self, tx: Tx, limit: int) -> list[str]:
        """Matters with a running task whose start command has not been answered."""
        ...

    async def ids_to_check(self, tx: Tx, checked_as: str, limit: int) -> list[str]:
        """Open matters whose standing was computed on another day or with other announced years."""
        ...


class Proposals(Protocol):
    """Acts that wait for a second person."""

    async def add(self, tx: Tx, proposal: Proposal) -> None:
        """Store a new one. Refusal ``gateway.proposal.pending`` while another about the same thing is open."""
        ...

    async def get(self, tx: Tx, proposal_id: str) -> Proposal:
        """One proposal. Refusal ``gateway.proposal.unknown``."""
        ...

    async def locked(self, tx: Tx, proposal_id: str) -> Proposal:
        """As ``get``, and nobody else changes it until the transaction ends."""
        ...

    async def save(self, tx: Tx, proposal: Proposal) -> None:
        """Store what became of it."""
        ...

    async def page(self, tx: Tx, state: str | None, subject_id: str | None, limit: int, after: str | None) -> list[Proposal]:
        """Proposals, the oldest first."""
        ...


class Documents(Protocol):
    """Documents attached to decisions."""

    async def add(self, tx: Tx, document: Document) -> None:
        """Attach. Refusal ``gateway.document.attached`` for the same paper twice."""
        ...

    async def of(self, tx: Tx, subject_kind: str, subject_id: str) -> list[Document]:
        """What is attached to one thing, the oldest first."""
        ...


class Papers(Protocol):
    """Sets papers."""

    async def pdf(self, template: str, content: Mapping[str, Any]) -> bytes:
        """The paper as PDF; ``content`` is what its template shows, text only."""
        ...


class Owners(Protocol):
    """The services that own what matters are about."""

    async def get(self, service: str, path: str, params: Mapping[str, Any] | None = None, *, masked: bool = False) -> Any:
        """A resource. ``masked``: identities as ``3301**********1234``. Raises the owner's Refusal, UNAVAILABLE when away."""
        ...

    async def command(self, service: str, path: str, body: Mapping[str, Any], key: str, *, method: str = "POST") -> Any:
        """A command under an idempotency key. Raises like ``get``."""
        ...


class Timeline(Protocol):
    """Every person's timeline."""

    async def add(self, tx: Tx, entries: Mapping[str, Entry]) -> None:
        """Add lines by event id; the same event adds nothing twice."""
        ...

    async def page(self, tx: Tx, person_id: str, limit: int, after: list[Any] | None) -> list[tuple[Entry, list[Any]]]:
        """A person's lines with their sort keys, newest first."""
        ...


class AccessLog(Protocol):
    """Who viewed whom in clear."""

    async def record(self, tx: Tx, *, at: datetime, by: str, by_name: str, person_id: str, what: str) -> None:
        """Append one line."""
        ...

    async def page(self, tx: Tx, person_id: str | None, limit: int, after: list[Any] | None) -> list[dict[str, Any]]:
        """Lines, newest first; each with its sort key under ``cursor``."""
        ...


class Institutions(Protocol):
    """Who may send HIS messages."""

    async def find(self, scheme: Scheme, access_key: str) -> Signatory | None:
        """By the credential in the headers."""
        ...

    async def find_by_code(self, institution_code: str) -> Signatory | None:
        """By fixmedins_code, for institutions that do not sign."""
        ...

    async def refresh(self) -> bool:
        """Read again what has changed; False when that was done a moment ago."""
        ...


class InstitutionRegister(Protocol):
    """The stored projection of institutions."""

    async def state(self, tx: Tx, event: InstitutionStated) -> None:
        """Take over a state unless a newer version is known."""
        ...


class ReplayGuard(Protocol):
    """Remembers what must not come twice."""

    async def first_time(self, key: str, keep_s: int) -> bool:
        """Whether ``key`` was not seen in the last ``keep_s`` seconds; from now on it was."""
        ...


class RateLimit(Protocol):
    """How often something may be asked."""

    def allows(self, key: str) -> bool:
        """Count once more for ``key``; False when it is once too often."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of claims, word for word."""

    body: bytes
    media_type: str


class NotDelivered(Exception):
    """Claims was not reached: nothing was done."""


class OutcomeUnknown(Exception):
    """Claims was reached and did not answer: what was done is not known."""


class ClaimsDesk(Protocol):
    """Where HIS messages are understood."""

    async def post(self, path: str, body: bytes, media_type: str, institution_code: str) -> Answer:
        """Pass a message on. Raises NotDelivered or OutcomeUnknown."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of the local identity provider."""

    username: str
    name: str
    password: str
    role: str
    regions: frozenset[str]


class Users(Protocol):
    """The local identity provider's users; empty outside development."""

    def find(self, username: str) -> User | None:
        """The user of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Which documents a list shows; None does not restrict."""

    regions: tuple[str, ...]
    """Beginnings of division codes."""
    partner: str | None = None
    state: str | None = None
    document: str | None = None


class PartnerDocuments(Protocol):
    """What partners sent."""

    async def add(self, tx: Tx, document: PartnerDocument) -> PartnerDocument | None:
        """Store it; or the one that the partner sent before as the same kind under the same number."""
        ...

    async def get(self, tx: Tx, document_id: str, *, for_update: bool = False) -> PartnerDocument:
        """Refusal ``gateway.partner-document.id-unknown`` when there is none."""
        ...

    async def save(self, tx: Tx, document: PartnerDocument) -> None:
        """Store what became of it."""
        ...

    async def page(self, tx: Tx, which: DocumentFilter, limit: int, after: str | None) -> list[PartnerDocument]:
        """Newest first."""
        ...

    async def undecided(self, tx: Tx, automatic: Sequence[str], limit: int) -> list[str]:
        """Those on their way to an owner, and those of these kinds that wait without a hindrance."""
        ...

    async def about(self, tx: Tx, case_ids: Collection[str]) -> set[tuple[str, str]]:
        """(partner, case id) of the cases that partners sent documents about."""
        ...


class Webhooks(Protocol):
    """Subscriptions and their deliveries."""

    async def add(self, tx: Tx, webhook: Webhook) -> None:
        """Store a new subscription."""
        ...

    async def get(self, tx: Tx, webhook_id: str, partner: str, *, for_update: bool = False) -> Webhook:
        """Refusal ``gateway.webhook.id-unknown`` when the partner has none of that id."""
        ...

    async def save(self, tx: Tx, webhook: Webhook) -> None:
        """Store a changed subscription."""
        ...

    async def remove(self, tx: Tx, webhook_id: str) -> None:
        """Delete it with what it has to deliver."""
        ...

    async def of(self, tx: Tx, partner: str) -> list[Webhook]:
        """A partner's subscriptions, oldest first."""
        ...

    async def subscribed(self, tx: Tx, events: Collection[str]) -> list[Webhook]:
        """Those that hear of any of these events."""
        ...

    async def queue(self, tx: Tx, deliveries: Sequence[tuple[str, str, str, datetime, str]], due_at: datetime) -> None:
        """(webhook, event id, event name, occurred at, body); the same event is queued once."""
        ...

    async def lease(self, tx: Tx, now: datetime, until: datetime, of_each: int) -> list[Call]:
        """Calls that are due, at most so many of each webhook; nobody else gets them until then."""
        ...

    async def record(self, tx: Tx, call: Call, outcome: Outcome, at: datetime, next_at: datetime | None) -> None:
        """How a call went; without ``next_at`` it was the last."""
        ...

    async def deliveries(
        self, tx: Tx, webhook_id: str, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        """Newest event first."""
        ...

    async def replay(self, tx: Tx, webhook_id: str, due_at: datetime, *, since: datetime | None, event_id: str | None) -> int:
        """Make deliveries due again from their first attempt; returns how many."""
        ...

    async def forget(self, tx: Tx, before: datetime) -> int:
        """Delete deliveries of events older than that; returns how many."""
        ...


class PartnerCalls(Protocol):
    """The line to partners."""

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Outcome:
        """One POST; never raises."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
