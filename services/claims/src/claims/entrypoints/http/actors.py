"""Who answers for a command."""

from __future__ import annotations

from shared.auth import Principal
from shared.errors import invalid


def actor_of(caller: Principal, named: str | None) -> str:
    """Who acts: a service says for whom it calls, a person acts for himself alone. Refuses a service that does not say."""
    if not caller.service:
        return caller.subject
    if named is None:
        raise invalid("claims.actor.missing", "缺少经办人（actor）", "a service names the person it acts for", field="actor")
    return named
