"""Field types and small translations that the routes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.auth import Principal
from shared.codes import Code, code_of
from shared.db.once import digest_of
from shared.errors import invalid
from shared.http.pagination import decode_cursor, encode_cursor, page
from shared.money import MAX_FEN
from shared.transactions import OnceKey

NO_CONTROL = r"^[^\x00-\x1f]+$"
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_CONTROL)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
Actor = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=NO_CONTROL)]
Amount = Annotated[int, Field(ge=-MAX_FEN, le=MAX_FEN, description="fen; negative for a returned line")]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class CodeBody(Body):
    """A code with the list it is from; a code alone is refused."""

    code_system: Short | None = None
    code: Short | None = None

    def code_for(self, field: str) -> Code:
        """The pair. Refuses when either is missing or the list is unknown."""
        return code_of(self.code_system, self.code, field)


def once_key(caller: Principal, act: str, key: str, body: BaseModel | None = None) -> OnceKey:
    """The caller's Idempotency-Key for this act, with the digest of what was asked."""
    asked: Any = body.model_dump(mode="json") if body is not None else None
    return OnceKey(scope=f"{caller.subject} {act}", key=key, digest=digest_of(asked))


def actor_of(caller: Principal, named: str | None) -> str:
    """Who acts: a service says for whom it calls, a person acts for himself alone. Refuses a service that does not say."""
    if not caller.service:
        return caller.subject
    if named is None:
        raise invalid(
            "workinjury-bridge.actor.missing", "缺少经办人（actor）", "a service names the person it acts for", field="actor"
        )
    return named


def recorder_of(caller: Principal, named: str | None) -> str:
    """Who is kept beside a record: as ``actor_of``, but a service that names nobody is kept itself."""
    return actor_of(caller, named or caller.subject)


def start_of(after: str | None) -> str | None:
    """The id that a list continues behind."""
    return str(decode_cursor(after, 1)[0]) if after else None


def page_of(caller: Principal, rows: list[dict[str, Any]], limit: int, id_field: str) -> Mapping[str, Any]:
    """A page of rows that were fetched with ``limit + 1``, without those of regions that the caller may not see."""
    found = page(rows, limit, encode_cursor(rows[limit - 1][id_field]) if len(rows) > limit else None)
    visible = [row for row in found["items"] if row["region"] is None or caller.covers(row["region"])]
    return {**found, "items": visible}
