"""Stored answers of HIS messages. The answers hold personal data, so they lie sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.settlement import REVERSED_MESSAGE
from claims.adapters.tables.visits import HIS_MESSAGE
from claims.application.header import HisHeader
from claims.application.his_messages import Effect, MessageRaced, StoredMessage
from claims.domain.institution import Institution
from claims.domain.refusals import message_recalled, msgid_reused
from shared.crypto import Sealer
from shared.db.database import opened
from shared.transactions import Tx

RECALLABLE: Final = frozenset({"2401"})
"""Transactions of ours that a 2601 may undo; those that settle are the settlement groups' matter."""


async def exclude_recall(tx: Tx, institution_code: str, infno: str, msgid: str) -> None:
    """Keep a message and the 2601 that names it apart until one of them has committed, so that one sees the other."""
    name = "|".join((institution_code, infno, msgid))
    await opened(tx).execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


class SqlHisMessages:
    """Implements ``HisMessages``."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def find(self, tx: Tx, header: HisHeader, institution: Institution) -> bytes | None:
        """See ``HisMessages``; also refuses a message that a 2601 has named and that arrives only now."""
        if header.infno in RECALLABLE:
            await exclude_recall(tx, header.institution_code, header.infno, header.msgid)
        # One round trip for both: the stored answer, and the tombstone of a reversal by message.
        m, r = HIS_MESSAGE.c, REVERSED_MESSAGE.c
        recalled = (
            select(r.msgid)
            .where(r.institution_code == header.institution_code, r.infno == header.infno, r.msgid == header.msgid)
            .exists()
        )
        row = await opened(tx).first(
            select(
                select(m.digest).where(_key(header, institution)).scalar_subquery().label("digest"),
                select(m.answer).where(_key(header, institution)).scalar_subquery().label("answer"),
                recalled.label("recalled"),
            )
        )
        if row is None or (row.digest is None and not row.recalled):
            return None
        if row.digest is None:
            raise message_recalled()
        if row.digest != header.input_digest:
            raise msgid_reused()
        return self._sealer.open(row.answer)

    async def remember(self, tx: Tx, header: HisHeader, institution: Institution, effect: Effect) -> None:
        """See ``HisMessages``."""
        stored = await opened(tx).execute(
            upsert(HIS_MESSAGE)
            .values(
                institution_code=header.institution_code,
                infno=header.infno,
                msgid=header.msgid,
                variant=_variant(header, institution),
                digest=header.input_digest,
                person_id=effect.person_id,
                visit_id=effect.visit_id,
                subject_id=effect.subject_id,
                answer=self._sealer.seal(effect.answer),
                answered_at=header.received_at,
            )
            .on_conflict_do_nothing()
            .returning(HIS_MESSAGE.c.msgid)
        )
        if stored.first() is None:
            raise MessageRaced

    async def void(
        self, tx: Tx, visit_id: str, *, infnos: Sequence[str] | None = None, msgids: Sequence[str] | None = None
    ) -> None:
        """See ``HisMessages``."""
        statement = delete(HIS_MESSAGE).where(HIS_MESSAGE.c.visit_id == visit_id)
        if infnos is not None:
            statement = statement.where(HIS_MESSAGE.c.infno.in_(infnos))
        if msgids is not None:
            statement = statement.where(HIS_MESSAGE.c.msgid.in_(msgids))
        await opened(tx).execute(statement)

    async def originals(self, tx: Tx, institution_code: str, infno: str, msgid: str, person_id: str) -> list[StoredMessage]:
        """See ``HisMessages``."""
        c = HIS_MESSAGE.c
        rows = await opened(tx).all(
            select(HIS_MESSAGE).where(
                c.institution_code == institution_code, c.infno == infno, c.msgid == msgid, c.person_id == person_id
            )
        )
        return [self._message(row) for row in rows]

    def _message(self, row: Any) -> StoredMessage:
        return StoredMessage(
            institution_code=row.institution_code,
            infno=row.infno,
            msgid=row.msgid,
            person_id=row.person_id,
            visit_id=row.visit_id,
            subject_id=row.subject_id,
            answer=self._sealer.open(row.answer),
        )


def _variant(header: HisHeader, institution: Institution) -> str:
    return header.input_digest if institution.switches.msgid_reused else ""


def _key(header: HisHeader, institution: Institution) -> ColumnElement[bool]:
    c = HIS_MESSAGE.c
    return and_(
        c.institution_code == header.institution_code,
        c.infno == header.infno,
        c.msgid == header.msgid,
        c.variant == _variant(header, institution),
    )
