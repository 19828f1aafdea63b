"""Medical assistance by application on PostgreSQL: the whole way, to the fen, and what dies or comes twice on it.

Book 990101 (residents), level 2. Two stays of class A, 40 000.00 and 20 000.00:
pool (40 000 - 500) x 75 % = 29 625.00, left 10 375.00; (20 000 - 250) x 75 % = 14 812.50, left 5 187.50; catastrophic insurance
(10 375.00 + 5 187.50 - 12 000) x 60 % = 2 137.50, left 3 050.00. Burden 13 425.00 against the line 24 000 x 25 % = 6 000.00.
As illness_poor the first stay gets (10 375 - 7 000) x 55 % = 1 856.25 and, of the 8 518.75 left, (8 518.75 - 7 000) x 50 % = 759.38;
the second (12 000 - 10 375) x 55 % + (13 425 - 12 000) x 60 % = 1 748.75 and 1 301.25 x 50 % = 650.63. Together 5 015.01.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import httpx
import pytest

from claims.adapters.registry import InstitutionDirectory
from claims.application.assistance.apply_assistance import Apply
from claims.application.assistance.ports import Wanted
from claims.bootstrap import AssistanceDesk, assemble
from claims.entrypoints.deadlines import deadlines
from claims.entrypoints.service import SERVICE, his_endpoint
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.db.deadlines import DeadlineRunner
from shared.errors import Refusal
from shared.ledger import Book, Entry, credit, debit
from tests.factories.claims_desk import ClaimsDesk, at, claims_settings
from tests.factories.late_facts import LateDesk, once

FIRST_FEN, SECOND_FEN = 185_625 + 75_938, 174_875 + 65_063
ALL_FEN = FIRST_FEN + SECOND_FEN
SINCE = date(2025, 3, 20)


@dataclass
class Enrollment:
    """The service that owns classes: each key once."""

    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    granted: dict[str, int] = field(default_factory=dict)
    refuses: tuple[int, str] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["Idempotency-Key"]
        self.asked.append((request.url.path, json.loads(request.content), key))
        if self.refuses is not None:
            status, code = self.refuses
            return httpx.Response(status, json={"code": code, "title": "不能认定", "detail": "no"})
        return httpx.Response(200, json={"version": self.granted.setdefault(key, 2)})


@dataclass
class Office:
    """A desk with its enrollment."""

    late: LateDesk
    enrollment: Enrollment

    @property
    def steps(self) -> AssistanceDesk:
        return self.late.desk.claims.assistance

    async def stays(self) -> str:
        """A person with the two stays."""
        person = await self.late.desk.person()
        await self.late.stay(person, "40000.00")
        await self.late.stay(person, "20000.00", ended="2026-03-16")
        return person

    async def applied(self, person: str, *household: str, class_code: str = "illness_poor") -> str:
        command = Apply(person_id=person, household=household, class_code=class_code, statement="住院费用负担重")
        return str((await self.steps.apply(command, "clerk", once()))["application_id"])

    async def on_notice(self, person: str) -> str:
        application_id = await self.applied(person)
        await self.steps.review(application_id, "reviewer", "", once())
        await self.steps.move.publish(application_id, once())
        return application_id

    async def approved(self, person: str) -> str:
        application_id = await self.on_notice(person)
        self.late.desk.clock.set(at("2026-04-01T09:00:00"))
        await self.steps.approve(application_id, "approver", once())
        return application_id

    async def granted(self, person: str) -> str:
        """Granted here and there, the fact arrived, the settlements decided again."""
        application_id = await self.approved(person)
        assert await self.steps.grant.run(application_id) is None
        await self.late.classes(person, 2, [("illness_poor", SINCE, None)])
        await self.late.work()
        return application_id

    async def row(self, application_id: str) -> str:
        """The stored row, to see that nothing changed."""
        return str(await self.late.row("SELECT * FROM assistance_application WHERE application_id = $1", application_id))

    async def deadlines(self) -> bool:
        """One deadline fired, if one was due."""
        return await DeadlineRunner(self.late.desk.claims.db, deadlines(self.late.desk.claims)).fire_one()


@pytest.fixture
async def office(desk: ClaimsDesk) -> AsyncIterator[Office]:
    enrollment = Enrollment()
    network = {"enrollment": httpx.MockTransport(enrollment)}
    claims = assemble(claims_settings(desk.claims.db.url), network)
    claims = replace(claims, institutions=InstitutionDirectory(claims.db))
    own = ClaimsDesk(claims, his_endpoint(claims))
    own.clock.set(at("2026-03-20T09:00:00"))
    yield Office(LateDesk(own), enrollment)
    await own.close()


async def refused(awaitable: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await awaitable
    return refusal.value.code


async def test_the_whole_way_to_the_fen(office: Office) -> None:
    person, steps, late = await office.stays(), office.steps, office.late
    relative = await late.desk.person(2)
    await late.stay(relative, "2000.00")
    application_id = await office.applied(person, relative)
    reviewed = await steps.review(application_id, "reviewer", "家庭三口", once())
    assert [(c["person_id"], c["counts_on"], c["burden_fen"]) for c in reviewed["review"]["counted"]] == [
        (person, "2026-03-14", 1_037_500),
        (person, "2026-03-16", 305_000),
        (relative, "2026-03-14", 87_500),
    ]
    assert (reviewed["review"]["burden_fen"], reviewed["line_fen"]) == (1_430_000, 600_000)
    assert reviewed["review"]["expected"] == [
        {"book": "MAF", "account": "5001.01", "fund_pay_type": "610100", "amount_fen": ALL_FEN}
    ]
    assert ALL_FEN == 501_501
    assert await late.desk.count("settlement_correction") == 0

    published = await steps.move.publish(application_id, once())
    assert (published["state"], published["notice_ends_on"]) == ("on_notice", "2026-03-31")
    late.desk.clock.set(at("2026-03-31T23:59:00"))
    assert not await office.deadlines()
    late.desk.clock.set(at("2026-04-01T00:00:00"))
    assert await office.deadlines()
    assert [
        a["application_id"] for a in await steps.lists.listed(Wanted(state="notice_over", person_id=None, after="", limit=9))
    ] == [application_id]

    assert (await steps.approve(application_id, "approver", once()))["state"] == "approved"
    (event,) = await late.rows("SELECT payload FROM outbox WHERE type = 'claims.assistance-decided.v1'")
    told = json.loads(event["payload"])
    assert (told["approved"], told["burden_fen"], told["expected_fen"], told["begins_on"]) == (
        True,
        1_430_000,
        ALL_FEN,
        "2025-03-20",
    )
    assert await steps.grant.due() == [application_id]
    assert await steps.grant.run(application_id) is None
    assert office.enrollment.asked == [
        (
            f"/v1/persons/{person}/classes",
            {"code": "illness_poor", "begins_on": "2025-03-20"},
            f"assistance:{application_id}",
        )
    ]
    assert await steps.grant.due() == []
    # neither before the fact of enrollment has come nor before the settlements are decided again
    before = await office.row(application_id)
    assert await refused(steps.pay(application_id, "payer", once())) == "claims.assistance.undecided"
    await late.classes(person, 2, [("illness_poor", SINCE, None)])
    assert await refused(steps.pay(application_id, "payer", once())) == "claims.assistance.undecided"
    assert await office.row(application_id) == before
    await late.work()
    booked = await late.booked(person)
    assert (booked[("MAF", "5001.01", "")], booked[("MAF", "2203", f"P:{person}")]) == (ALL_FEN, -ALL_FEN)

    paid = await steps.pay(application_id, "payer", once())
    assert (paid["state"], paid["vouchers"]) == (
        "paid",
        [{"book": "MAF", "voucher_no": f"{application_id}-MAF", "amount_fen": ALL_FEN}],
    )
    booked = await late.booked(person)
    assert ("MAF", "2203", f"P:{person}") not in booked
    assert booked[("MAF", "1003", "")] == -ALL_FEN
    await late.check(person)


async def test_the_reviewer_does_not_approve_and_nobody_before_the_notice_has_ended(office: Office) -> None:
    application_id = await office.on_notice(await office.stays())
    before = await office.row(application_id)
    assert await refused(office.steps.approve(application_id, "approver", once())) == "claims.assistance.on-notice"
    office.late.desk.clock.set(at("2026-04-01T09:00:00"))
    assert await refused(office.steps.approve(application_id, "reviewer", once())) == "claims.assistance.same-person"
    assert await office.row(application_id) == before
    assert await office.late.desk.count("outbox", "type = 'claims.assistance-decided.v1'") == 0


async def test_an_objection_stops_the_clock_of_the_notice(office: Office) -> None:
    application_id = await office.on_notice(await office.stays())
    objected = await office.steps.move.object(application_id, "名下有商铺", "reviewer", once())
    assert (objected["state"], objected["notice_ends_on"]) == ("objected", None)
    office.late.desk.clock.set(at("2026-04-01T09:00:00"))
    assert not await office.deadlines()
    assert await refused(office.steps.approve(application_id, "approver", once())) == "claims.assistance.state"
    await office.steps.review(application_id, "reviewer", "已核实", once())
    again = await office.steps.move.publish(application_id, once())
    assert again["notice_ends_on"] == "2026-04-13"
    rejected = await office.steps.move.reject(application_id, "approver", "财产超标", once())
    assert (rejected["state"], rejected["reason"]) == ("rejected", "财产超标")
    assert await office.late.desk.count("deadline") == 0


async def test_a_burden_below_the_line_goes_no_further(office: Office) -> None:
    person = await office.late.desk.person()
    await office.late.stay(person, "20000.00")
    application_id = await office.applied(person)
    reviewed = await office.steps.review(application_id, "reviewer", "", once())
    assert (reviewed["review"]["burden_fen"], reviewed["review"]["meets_line"]) == (537_500, False)
    before = await office.row(application_id)
    assert await refused(office.steps.move.publish(application_id, once())) == "claims.assistance.below-line"
    assert await office.row(application_id) == before


async def test_one_open_application_a_person_and_only_for_a_class_that_is_open_and_not_held(office: Office) -> None:
    person = await office.late.desk.person()
    held = await office.late.desk.person(2, classes=["marginal"])
    application_id = await office.applied(person)
    for awaitable, code in (
        (office.applied(person, class_code="marginal"), "claims.assistance.open"),
        (office.applied(held, class_code="marginal"), "claims.assistance.class-held"),
        (office.applied(held, class_code="dibao"), "claims.assistance.class-not-open"),
    ):
        assert await refused(awaitable) == code
    assert await office.late.desk.count("assistance_application") == 1
    await office.steps.move.withdraw(application_id, "已另行解决", once())
    await office.applied(person, class_code="marginal")


async def test_a_worker_that_dies_after_its_command_repeats_it_without_effect(office: Office) -> None:
    application_id = await office.approved(await office.stays())
    grant = office.steps.grant

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the worker died")

    stored, grant._applications.store = grant._applications.store, dies  # type: ignore[method-assign]  # death between two lines
    with pytest.raises(RuntimeError):
        await grant.run(application_id)
    grant._applications.store = stored  # type: ignore[method-assign]  # back to life
    assert (await office.steps.lists.one(application_id))["state"] == "approved"
    assert await grant.due() == [application_id]
    assert await grant.run(application_id) is None
    assert len(office.enrollment.asked) == 2
    assert len(office.enrollment.granted) == 1
    assert await grant.run(application_id) is None
    assert len(office.enrollment.asked) == 2


async def test_what_hinders_the_grant_is_shown_and_tried_again_later(office: Office) -> None:
    application_id = await office.approved(await office.stays())
    office.enrollment.refuses = (409, "enrollment.class.overlaps")
    assert await office.steps.grant.run(application_id) == "enrollment.class.overlaps"
    shown = await office.steps.lists.one(application_id)
    assert (shown["state"], shown["tries"], shown["hindrance"]) == ("approved", 1, "不能认定")
    assert await office.steps.grant.due() == []
    office.late.desk.clock.set(at("2026-04-01T09:00:01"))
    office.enrollment.refuses = None
    assert await office.steps.grant.due() == [application_id]
    assert await office.steps.grant.run(application_id) is None
    assert (await office.steps.lists.one(application_id))["state"] == "granted"


async def test_payment_after_a_death_and_twice_is_one_payment(office: Office) -> None:
    person = await office.stays()
    application_id = await office.granted(person)
    pay, key = office.steps.pay, once()

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process died")

    stored, pay._applications.store = pay._applications.store, dies  # type: ignore[method-assign]  # after the journals
    with pytest.raises(RuntimeError):
        await pay(application_id, "payer", key)
    pay._applications.store = stored  # type: ignore[method-assign]  # back to life
    assert await office.late.desk.count("journal", "kind = 'payment'") == 0
    assert await refused(pay(application_id, "approver", once())) == "claims.assistance.same-person"
    first = await pay(application_id, "payer", key)
    assert await pay(application_id, "payer", key) == first
    assert await refused(pay(application_id, "payer", once())) == "claims.assistance.state"
    assert await office.late.desk.count("journal", "kind = 'payment'") == 1
    assert (await office.late.booked(person))[("MAF", "1003", "")] == -ALL_FEN


async def test_two_payers_at_once_pay_once(office: Office) -> None:
    person = await office.stays()
    application_id = await office.granted(person)
    attempts = (office.steps.pay(application_id, who, once()) for who in ("payer", "other"))
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Refusal", "dict"]
    assert (await office.late.booked(person))[("MAF", "1003", "")] == -ALL_FEN


async def test_what_the_book_owes_for_something_else_and_debts_stay(office: Office) -> None:
    person = await office.stays()
    application_id = await office.granted(person)
    party = f"P:{person}"
    lines = ((debit("1125", 1_501, party), credit("4007", 1_501)), (debit("5001.01", 700), credit("2203", 700, party)))
    entries = [
        Entry(
            entry_id=f"E{n}",
            book=Book.MAF,
            booked_on=date(2026, 4, 1),
            kind="test",
            lines=each,
            person_id=person,
        )
        for n, each in enumerate(lines)
    ]
    async with office.late.desk.claims.db.transaction() as tx:
        await office.late.desk.claims.ledger.append(tx, entries)
    (voucher,) = (await office.steps.pay(application_id, "payer", once()))["vouchers"]
    assert voucher["amount_fen"] == ALL_FEN
    booked = await office.late.booked(person)
    assert [booked["MAF", *key] for key in (("1003", ""), ("2203", party), ("1125", party))] == [-ALL_FEN, -700, 1_501]


def as_(subject: str, *scopes: str, service: bool = False) -> dict[str, str]:
    """Headers of somebody."""
    principal = Principal(subject, subject, frozenset(scopes), frozenset({"*"}), service=service)
    token = build_signer(claims_settings("")).sign(principal, audience=AUDIENCE, ttl_s=300)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": once().key}


async def test_over_rest_with_scopes_actors_and_the_work_list(office: Office) -> None:
    person = await office.stays()
    app = SERVICE.app(claims_settings(office.late.desk.claims.db.url))
    path = "/v1/assistance-applications"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://claims") as http,
    ):
        body = {"person_id": person, "class_code": "illness_poor"}
        clerk = as_("clerk", "assistance:apply")
        applied = await http.post(path, json=body, headers=clerk)
        assert applied.status_code == 200, applied.text
        assert (await http.post(path, json=body, headers=clerk)).json() == applied.json()
        assert (applied.json()["maker"], applied.json()["household"]) == ("clerk", [person])
        one = f"{path}/{applied.json()['application_id']}"
        for headers, code in (
            (as_("lijing", "assistance:apply"), "auth.scope-missing"),
            (as_("gateway", "*", service=True), "claims.actor.missing"),
        ):
            assert (await http.post(f"{one}/review", headers=headers)).json()["code"] == code
        reviewed = await http.post(f"{one}/review", json={"actor": "lijing"}, headers=as_("gateway", "*", service=True))
        assert (reviewed.json()["review"]["reviewer"], reviewed.json()["review"]["burden_fen"]) == ("lijing", 1_342_500)
        read = as_("sunli", "assistance:read")
        listed = (await http.get(path, params={"state": "reviewed"}, headers=read)).json()
        assert listed == {"items": [reviewed.json()], "next": None}
        assert (await http.get(one, headers=read)).json() == reviewed.json()
        assert (await http.get(path, params={"state": "applied"}, headers=read)).json()["items"] == []
        unknown = await http.post(f"{path}/NONE/approve", headers=as_("zhaoming", "assistance:approve"))
        assert (unknown.status_code, unknown.json()["code"]) == (404, "claims.assistance.unknown")
