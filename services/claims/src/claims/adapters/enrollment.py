"""The enrollment service over HTTP."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from shared.contracts.enrollment import IdentityClass, PersonStated
from shared.errors import Kind, Refusal, unavailable
from shared.http.client import ServiceClient

_facts = TypeAdapter(PersonStated)


class HttpEnrollment:
    """Implements ``Enrollment`` (GET /v1/person-states) and ``Classes`` (POST /v1/persons/{id}/classes)."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def state_of(self, *, person_id: str | None = None, certno_index: str | None = None) -> PersonStated | None:
        """See ``Enrollment``."""
        try:
            body = await self._client.get("/v1/person-states", {"person_id": person_id, "certno_index": certno_index})
            return _facts.validate_python(body)
        except Refusal as refusal:
            if refusal.kind is Kind.NOT_FOUND:
                return None
            raise
        except ValidationError as broken:
            raise _broken("enrollment's answer is no PersonStated") from broken

    async def assign_class(self, person_id: str, given: IdentityClass, key: str) -> int | Refusal:
        """See ``Classes``."""
        body = {"code": given.code, "begins_on": given.begins_on.isoformat()}
        if given.ends_on is not None:
            body["ends_on"] = given.ends_on.isoformat()
        try:
            return int((await self._client.command(f"/v1/persons/{person_id}/classes", body, key))["version"])
        except Refusal as refusal:
            return refusal
        except (KeyError, TypeError, ValueError):
            return _broken("enrollment's answer has no version")


def _broken(problem: str) -> Refusal:
    return unavailable("claims.enrollment.answer-broken", "参保信息服务应答有误，请稍后重试", problem)
