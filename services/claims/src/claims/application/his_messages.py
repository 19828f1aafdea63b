"""Every HIS command runs once: the same message gets the stored answer, word for word, as long as its effect stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from claims.application.header import HisHeader
from claims.application.visits.ports import Visits
from claims.domain.institution import Institution
from claims.domain.refusals import visit_of_other_person, visit_unknown
from claims.domain.visit import Visit
from shared.errors import Refusal, unavailable
from shared.transactions import Tx, UnitOfWork

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a command did: the answer as it leaves, and what it belongs to."""

    answer: bytes
    person_id: str = ""
    visit_id: str = ""
    subject_id: str = ""
    """What the command made: a settlement, a visit; empty if nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message that was answered and whose effect stands."""

    institution_code: str
    infno: str
    msgid: str
    person_id: str
    visit_id: str
    subject_id: str
    answer: bytes


class MessageRaced(Exception):
    """The same message committed in another transaction meanwhile: roll back and look again."""


class HisMessages(Protocol):
    """The store of answers; see ``chs-interface`` 2.3 for what makes two messages the same."""

    async def find(self, tx: Tx, header: HisHeader, institution: Institution) -> bytes | None:
        """The stored answer. Refuses ``claims.his.msgid-reused`` when the msgid came with other input, unless allowed."""
        ...

    async def remember(self, tx: Tx, header: HisHeader, institution: Institution, effect: Effect) -> None:
        """Store the answer. Raises MessageRaced."""
        ...

    async def void(
        self, tx: Tx, visit_id: str, *, infnos: Sequence[str] | None = None, msgids: Sequence[str] | None = None
    ) -> None:
        """Forget answers of a visit whose effect is undone: all, those of some transactions, those to some messages."""
        ...

    async def originals(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str) -> list[StoredMessage]:
        """The messages that a reversal by message (2601) may mean."""
        ...


class AnswerOnce:
    """Runs the work of a HIS command in one transaction together with its stored answer."""

    def __init__(self, uow: UnitOfWork, messages: HisMessages, visits: Visits) -> None:
        self._uow = uow
        self._messages = messages
        self._visits = visits

    async def run(self, header: HisHeader, institution: Institution, work: Callable[[Tx], Awaitable[Effect]]) -> bytes:
        """Run ``work``, or return the stored answer. The answer is handed out only after the commit."""

        async def look_then_work(tx: Tx) -> bytes:
            return await self._answer(tx, header, institution, lambda: work(tx))

        return await self._try(look_then_work, header, institution)

    async def run_on_visit(
        self,
        header: HisHeader,
        institution: Institution,
        visit_id: str,
        person_id: str,
        work: Callable[[Tx, Visit], Awaitable[Effect]],
    ) -> bytes:
        """As ``run``, with the visit locked first, so that calls on one visit follow one another and none is refused for it.

        Refuses a visit that does not exist at this institution or is another person's.
        """

        async def lock_look_then_work(tx: Tx) -> bytes:
            visit = await self._visits.lock(tx, visit_id)
            if visit is None or visit.institution_code != institution.code:
                raise visit_unknown()
            if visit.person_id != person_id:
                raise visit_of_other_person()
            return await self._answer(tx, header, institution, lambda: work(tx, visit))

        return await self._try(lock_look_then_work, header, institution)

    async def _answer(
        self, tx: Tx, header: HisHeader, institution: Institution, work: Callable[[], Awaitable[Effect]]
    ) -> bytes:
        stored = await self._messages.find(tx, header, institution)
        if stored is not None:
            return stored
        effect = await work()
        await self._messages.remember(tx, header, institution, effect)
        return effect.answer

    async def _try(self, attempt: Callable[[Tx], Awaitable[bytes]], header: HisHeader, institution: Institution) -> bytes:
        for _ in range(_TRIES):
            try:
                async with self._uow.transaction() as tx:
                    return await attempt(tx)
            except MessageRaced:
                continue
            except Refusal:
                # The same message may have been answered while this attempt waited for a lock; then that answer stands.
                async with self._uow.transaction() as tx:
                    stored = await self._messages.find(tx, header, institution)
                if stored is None:
                    raise
                return stored
        raise unavailable("claims.his.message-raced", "同一报文正在处理，请稍后重发", "the same message is being processed")
