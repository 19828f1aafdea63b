"""The routes: read the request, call one use case, answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from enrollment.application.enrol_person import EnrolPersonCommand
from enrollment.application.register_employer import RegisterEmployerCommand
from enrollment.bootstrap import Enrollment
from enrollment.domain.premium import Payment
from enrollment.entrypoints.http.bodies import (
    PRINTABLE,
    ClassBody,
    CoverageBody,
    EmployerBody,
    HouseholdBody,
    PaymentBody,
    PersonBody,
    StopBody,
)
from enrollment.entrypoints.http.ndjson import MAX_BYTES, read_roll
from shared.contracts.enrollment import PersonStated
from shared.db.once import digest_of
from shared.http.auth import Caller, IdempotencyKey
from shared.http.pagination import After, Limit, decode_cursor, encode_cursor, page
from shared.transactions import OnceKey

PathId = Annotated[str, Path(max_length=30, pattern=PRINTABLE)]
Masked = Annotated[bool, Query(description="ask for the masked form even when the caller may see the clear one")]


def enrollment_router(enrollment: Enrollment) -> APIRouter:
    """All routes of the service."""
    router = APIRouter(prefix="/v1")
    _persons(router, enrollment)
    _employers(router, enrollment)
    _coverage(router, enrollment)
    return router


def _persons(router: APIRouter, enrollment: Enrollment) -> None:
    @router.post(
        "/persons", status_code=201, tags=["persons"], summary="Register a person; the same document is the same person"
    )
    async def register_person(body: PersonBody, caller: Caller, key: IdempotencyKey, response: Response) -> dict[str, Any]:
        answer = await enrollment.register_person(caller, body.command(), _once(caller, "register-person", key, body))
        response.status_code = 201 if answer["created"] else 200
        return answer

    @router.get("/persons", tags=["persons"], summary="Find persons by document number or whole name")
    async def find_persons(
        caller: Caller,
        certno: Annotated[str | None, Query(min_length=4, max_length=60)] = None,
        cert_type: Annotated[str, Query(pattern=r"^\d{2}$")] = "01",
        name: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
        masked: Masked = False,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        items = await enrollment.find_persons(
            caller, certno=certno, cert_type=cert_type, name=name, after=_start(after), limit=limit + 1, masked=masked
        )
        return _page(items, "person_id", limit)

    @router.get("/persons/{person_id}", tags=["persons"], summary="One person with cover, classes and premiums")
    async def show_person(caller: Caller, person_id: PathId, masked: Masked = False) -> dict[str, Any]:
        return await enrollment.show_person(caller, person_id, masked=masked)

    @router.get("/person-states", tags=["persons"], summary="A person's state as the event PersonStated has it")
    async def state_person(
        caller: Caller,
        person_id: Annotated[str | None, Query(max_length=30, pattern=PRINTABLE)] = None,
        certno_index: Annotated[str | None, Query(max_length=64, pattern=PRINTABLE)] = None,
    ) -> PersonStated:
        return await enrollment.state_person(caller, person_id=person_id, certno_index=certno_index)

    @router.post("/persons/{person_id}/classes", tags=["persons"], summary="Record an identity class, or its end")
    async def assign_class(body: ClassBody, caller: Caller, person_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        once = _once(caller, f"assign-class:{person_id}", key, body)
        return await enrollment.assign_class(caller, person_id, body.identity_class(), once)

    @router.post("/persons/{person_id}/household", tags=["persons"], summary="Assign a person to a household, or to none")
    async def assign_household(body: HouseholdBody, caller: Caller, person_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        once = _once(caller, f"assign-household:{person_id}", key, body)
        return await enrollment.assign_household(caller, person_id, body.household_id, once)

    @router.post(
        "/imports/persons",
        tags=["persons"],
        summary="Import a roll of persons, one JSON object a line; rows that are wrong are reported and left out",
        openapi_extra={"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
    )
    async def import_county(request: Request, caller: Caller, key: IdempotencyKey) -> dict[str, Any]:
        body = await _body(request)
        rows, errors = read_roll(body)
        answer = await enrollment.import_county(
            caller, rows, _once(caller, "import-county", key, body.decode("utf-8", "replace"))
        )
        return {**answer, "errors": sorted([*answer["errors"], *errors], key=lambda error: error["line"])}


def _employers(router: APIRouter, enrollment: Enrollment) -> None:
    @router.post("/employers", status_code=201, tags=["employers"], summary="Register an employer by its credit code")
    async def register_employer(body: EmployerBody, caller: Caller, key: IdempotencyKey, response: Response) -> dict[str, Any]:
        command = RegisterEmployerCommand(**body.model_dump())
        answer = await enrollment.register_employer(caller, command, _once(caller, "register-employer", key, body))
        response.status_code = 201 if answer["created"] else 200
        return answer

    @router.get("/employers", tags=["employers"], summary="Find employers")
    async def find_employers(
        caller: Caller,
        credit_code: Annotated[str | None, Query(max_length=30)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> dict[str, Any]:
        found = await enrollment.find_employers(caller, code=credit_code, after=_start(after), limit=limit + 1)
        return _page([asdict(employer) for employer in found], "employer_id", limit)


def _coverage(router: APIRouter, enrollment: Enrollment) -> None:
    @router.post("/persons/{person_id}/coverages", status_code=201, tags=["coverage"], summary="Enrol a person in a scheme")
    async def enrol_person(body: CoverageBody, caller: Caller, person_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        command = EnrolPersonCommand(person_id=person_id, **body.model_dump())
        return await enrollment.enrol_person(caller, command, _once(caller, f"enrol-person:{person_id}", key, body))

    @router.post("/coverages/{coverage_id}/stop", tags=["coverage"], summary="Stop a cover on a day")
    async def stop_coverage(body: StopBody, caller: Caller, coverage_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        once = _once(caller, f"stop-coverage:{coverage_id}", key, body)
        return await enrollment.stop_coverage(caller, coverage_id, body.ends_on, once)

    @router.post("/coverages/{coverage_id}/withdrawal", tags=["coverage"], summary="Give up a declared cover before it is paid")
    async def withdraw_coverage(caller: Caller, coverage_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        return await enrollment.withdraw_coverage(
            caller, coverage_id, _once(caller, f"withdraw-coverage:{coverage_id}", key, "")
        )

    @router.post("/premiums/{premium_id}/payments", tags=["coverage"], summary="A premium was paid; the cover counts")
    async def pay_premium(body: PaymentBody, caller: Caller, premium_id: PathId, key: IdempotencyKey) -> dict[str, Any]:
        payment = Payment(premium_id=premium_id, **body.model_dump())
        return await enrollment.pay_premium(caller, payment, _once(caller, f"pay-premium:{premium_id}", key, body))


def _once(caller: Caller, command: str, key: str, body: Any) -> OnceKey:
    """The same caller, command, key and body make the same request."""
    content = body if isinstance(body, str) else body.model_dump(mode="json")
    return OnceKey(f"{command}:{caller.subject}", key, digest_of(content))


async def _body(request: Request) -> bytes:
    """The body, read no further than its limit."""
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            break
    return b"".join(chunks)


def _start(after: str | None) -> str | None:
    return str(decode_cursor(after, 1)[0]) if after else None


def _page(items: list[dict[str, Any]], id_field: str, limit: int) -> dict[str, Any]:
    return page(items, limit, encode_cursor(items[limit - 1][id_field]) if len(items) > limit else None)
