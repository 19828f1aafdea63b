"""Refusals: what a use case answers when it will not do what was asked.

One class, because every edge translates it the same way: REST into an RFC 9457 problem, the HIS dialect into infcode -1
with the Chinese text, an event consumer into a parked record. ``code`` is stable and documented; texts may be improved.
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class Kind(Enum):
    """The sort of refusal; the value is the HTTP status that REST answers."""

    INVALID = 422
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    TOO_MANY = 429
    UNAVAILABLE = 503
    """Something we need is away; the same request may succeed later. Never parked by a consumer, always retried."""


class Refusal(Exception):
    """Nothing was done, and this is why.

    ``code``: stable dotted name, ``<service>.<subject>.<reason>``; ``zh``: text for the clerk, names field and rule;
    ``en``: the same for engineers; ``field``: the caller's name of the offending field, if one; ``facts``: figures for the
    problem document (never personal data).
    """

    def __init__(
        self, kind: Kind, code: str, zh: str, en: str = "", *, field: str | None = None, facts: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {en or zh}")
        self.kind = kind
        self.code = code
        self.zh = zh
        self.en = en or zh
        self.field = field
        self.facts = facts or {}

    @property
    def retriable(self) -> bool:
        """Between services: it says nothing about what was asked for, so the call is made again. A service's own token that is
        refused is for us to mend."""
        return self.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.UNAUTHENTICATED, Kind.FORBIDDEN)

    def as_problem(self) -> dict[str, Any]:
        """The refusal as a problem document (RFC 9457)."""
        named = {} if self.field is None else {"field": self.field}
        return self.facts | {
            "type": f"urn:onewindow:problem:{self.code}",
            "status": self.kind.value,
            "code": self.code,
            "title": self.zh,
            "detail": self.en,
            **named,
        }


def invalid(code: str, zh: str, en: str = "", *, field: str | None = None, **facts: Any) -> Refusal:
    """The input breaks a rule."""
    return Refusal(Kind.INVALID, code, zh, en, field=field, facts=facts)


def not_found(code: str, zh: str, en: str = "", *, field: str | None = None, **facts: Any) -> Refusal:
    """What the input names does not exist, or not for this caller."""
    return Refusal(Kind.NOT_FOUND, code, zh, en, field=field, facts=facts)


def conflict(code: str, zh: str, en: str = "", *, field: str | None = None, **facts: Any) -> Refusal:
    """The state of the thing does not allow it."""
    return Refusal(Kind.CONFLICT, code, zh, en, field=field, facts=facts)


def forbidden(code: str, zh: str, en: str = "", **facts: Any) -> Refusal:
    """This caller may not."""
    return Refusal(Kind.FORBIDDEN, code, zh, en, facts=facts)


def unauthenticated(code: str, zh: str, en: str = "", **facts: Any) -> Refusal:
    """We do not know this caller."""
    return Refusal(Kind.UNAUTHENTICATED, code, zh, en, facts=facts)


def unavailable(code: str, zh: str, en: str = "", **facts: Any) -> Refusal:
    """Try again later; nothing was done."""
    return Refusal(Kind.UNAVAILABLE, code, zh, en, facts=facts)
