"""A rule book from draft to retired, over REST, while another process settles."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from tests.factories.claims_desk import ClaimsDesk
from tests.factories.rule_books import county_book
from tests.integration.claims.rule_books.conftest import Office

BOOKS = "/v1/rule-books"
NEXT_DAY = datetime.fromisoformat("2026-03-21T09:00:00+08:00")


async def settle(desk: ClaimsDesk, number: int, on: str) -> tuple[str, int, str]:
    """An outpatient claim of 500 yuan: its id, what the pool paid, and the digest it names."""
    person = await desk.person(number)
    visit = await desk.registration(person, [("A1", "500.00")], on=on)
    info = (await desk.call("2207", desk.visit_input(visit, person, "500.00")))["setlinfo"]
    pool = await desk.claims.db.pool()
    row = await pool.fetchrow(
        "SELECT settlement_id, fund_fen, rule_digest FROM settlement WHERE settlement_id = $1", info["setl_id"]
    )
    assert row is not None
    return row[0], row[1], row[2]


async def test_a_book_from_draft_to_retired(office: Office) -> None:
    desk = office.desk
    old_id, paid, old_digest = await settle(desk, 1, "2026-03-20")
    assert paid == 20_000  # (500 - 100) x 50 %

    draft = await office.done(
        "wang", "POST", BOOKS, {"text": county_book(), "file": "2026.book.yaml", "note": "县医保发〔2026〕3号"}
    )
    path = f"{BOOKS}/{draft['book_id']}"
    assert (draft["state"], draft["submitted_by"], draft["revision"]) == ("draft", "wang", 1)
    assert await office.refused("wang", "POST", f"{path}/approve") == (409, "claims.rule-book.wrong-state")
    trial = {"from_on": "2026-03-01", "to_on": "2026-03-20"}
    assert await office.refused("wang", "POST", f"{path}/shadow-run", trial) == (409, "claims.rule-book.wrong-state")

    assert (await office.done("wang", "GET", f"{path}/lint"))["lint"] is None
    lint = (await office.done("wang", "POST", f"{path}/lint"))["lint"]
    assert (lint["errors"], {finding["severity"] for finding in lint["findings"]}) == (0, {"note"})
    assert await office.refused("li", "POST", f"{path}/approve") == (409, "claims.rule-book.wrong-state")

    job = await office.done("wang", "POST", f"{path}/shadow-run", trial)
    assert (job["state"], job["done"], job["result"]) == ("queued", 0, None)
    assert await office.refused("wang", "POST", f"{path}/shadow-run", trial) == (409, "claims.rule-book.trial-running")
    await office.work()
    job = await office.done("wang", "GET", f"/v1/rule-book-jobs/{job['job_id']}")
    assert (job["state"], job["done"], job["total"]) == ("done", 1, 1)
    assert job["result"] == {
        "count": 1, "same": 0, "winners": 1, "losers": 0, "uncovered": 0, "refusals": {},
        "funds": {"RES": {"before_fen": 20_000, "after_fen": 24_000}},
        "person_before_fen": 30_000, "person_after_fen": 26_000,
        "largest": [{"settlement_id": old_id, "before_fen": 20_000, "after_fen": 24_000}],
    }  # fmt: skip

    assert (await office.done("li", "POST", f"{path}/approve"))["maker"] == "li"
    assert await office.refused("li", "POST", f"{path}/approve") == (403, "claims.rule-book.same-person")
    assert await office.refused("wang", "POST", f"{path}/approve") == (403, "claims.rule-book.own-book")
    assert await office.refused("li", "POST", f"{path}/make-effective") == (409, "claims.rule-book.wrong-state")
    approved = await office.done("zhao", "POST", f"{path}/approve")
    assert (approved["state"], approved["maker"], approved["checker"]) == ("approved", "li", "zhao")
    assert await office.refused("wang", "PUT", path, county_book(rate="0.70")) == (409, "claims.rule-book.wrong-state")

    effective = await office.done("zhao", "POST", f"{path}/make-effective", {"note": "自3月21日起"})
    (new,) = effective["versions"]
    assert (effective["state"], new["effective_from"], new["effective_to"], new["registered"]) == (
        "effective",
        "2026-03-21",
        None,
        True,
    )
    (before,) = [b for b in (await office.done("li", "GET", f"{BOOKS}?region=990101"))["items"] if b["origin"] == "file"]
    assert (before["state"], before["versions"][0]["effective_to"], before["versions"][0]["digest"]) == (
        "retired",
        "2026-03-20",
        old_digest,
    )

    # The process at the desk was told nothing.
    assert (await settle(desk, 2, "2026-03-20"))[1:] == (20_000, old_digest)
    desk.clock.set(NEXT_DAY)
    assert (await settle(desk, 3, "2026-03-21"))[1:] == (24_000, new["digest"])
    assert (await settle(desk, 4, "2026-03-20"))[1:] == (20_000, old_digest)  # a late claim of a day before

    shown = await office.done("li", "GET", path)
    assert [(act["act"], act["by"], act["state"]) for act in shown["acts"]] == [
        ("submit", "wang", "draft"),
        ("lint", "wang", "linted"),
        ("ask-shadow-run", "wang", "linted"),
        ("shadow-run", "wang", "shadow-run"),
        ("propose", "li", "shadow-run"),
        ("approve", "zhao", "approved"),
        ("make-effective", "zhao", "effective"),
    ]
    assert shown["text"] == county_book()
    assert shown["parsed"]["versions"][0]["layers"][1]["terms"][1]["bands"] == [{"rate": 600_000}]
    assert shown["sources"][0] == {
        "version": "demo-2",
        "name": "demo",
        "title": "synthetic (demo county)",
        "grade": "synthetic",
    }

    ends = {"ends_on": "2026-12-31"}
    assert await office.refused("li", "POST", f"{path}/retire", {"ends_on": "2026-03-19"}) == (422, "claims.rule-book.end-day")
    assert (await office.done("li", "POST", f"{path}/retire", ends))["ending"] == {"by": "li", "ends_on": "2026-12-31"}
    assert await office.refused("li", "POST", f"{path}/retire", ends) == (403, "claims.rule-book.same-person-ends")
    retired = await office.done("zhao", "POST", f"{path}/retire", ends)
    assert (retired["state"], retired["versions"][0]["effective_to"]) == ("retired", "2026-12-31")
    assert (await settle(desk, 5, "2026-03-21"))[1:] == (24_000, new["digest"])


async def test_a_wrong_text_is_refused_with_file_line_and_reason(office: Office) -> None:
    wrong = county_book().replace("policy_year: calendar", "policy_yaer: calendar")
    answer = await office.call("wang", "POST", BOOKS, {"text": wrong, "file": "a.book.yaml"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "claims.rule-book.unreadable")
    (error,) = problem["errors"]
    assert error["field"] == "a.book.yaml:11"
    assert error["rule"].startswith("没有键'policy_yaer'；此处可用：")
    assert problem["detail"].startswith(f"{error['field']}: unknown key 'policy_yaer'; known here: ")
    assert await office.refused("wang", "POST", BOOKS, "\t") == (422, "claims.rule-book.unreadable")
    assert await office.refused("wang", "POST", BOOKS, {"file": "x"}) == (422, "request.invalid")
    elsewhere = county_book().replace('region: "990101"', 'region: "420101"')
    assert await office.refused("wang", "POST", BOOKS, elsewhere) == (403, "auth.region-not-granted")


async def test_a_draft_that_does_not_fit_stays_one_until_it_is_changed(office: Office) -> None:
    book_id = (await office.done("wang", "POST", BOOKS, county_book(begins="2023-01-01")))["book_id"]
    path = f"{BOOKS}/{book_id}"
    linted = await office.done("wang", "POST", f"{path}/lint")
    assert (linted["state"], linted["lint"]["errors"]) == ("draft", 1)
    (finding,) = linted["lint"]["findings"]
    assert (finding["code"], finding["severity"]) == ("does-not-fit", "error")
    assert "自2024-01-01起有效" in finding["zh"]
    unsound = await office.done("wang", "PUT", path, county_book().replace("poorer-paid-less: 依据如此", "cliff: 依据如此"))
    assert unsound["state"] == "draft"
    linted = await office.done("wang", "POST", f"{path}/lint")
    assert linted["state"] == "draft"
    assert {f["code"] for f in linted["lint"]["findings"] if f["severity"] == "error"} == {"poorer-paid-less"}
    assert linted["lint"]["findings"][0]["example"]["region"] == "990101"
    changed = await office.done("sun", "PUT", path, county_book())
    assert (changed["state"], changed["revision"], changed["submitted_by"]) == ("draft", 3, "sun")
    assert (await office.done("sun", "GET", f"{path}/lint"))["lint"] is None
    assert (await office.done("sun", "POST", f"{path}/lint"))["state"] == "linted"
    other = county_book().replace('scheme: "390"', 'scheme: "310"')
    assert await office.refused("sun", "PUT", path, other) == (409, "claims.rule-book.other-place")


async def test_a_change_while_a_trial_waits_makes_the_trial_fail(office: Office) -> None:
    path = f"{BOOKS}/{(await office.done('wang', 'POST', BOOKS, county_book()))['book_id']}"
    await office.done("wang", "POST", f"{path}/lint")
    await office.done("wang", "POST", f"{path}/shadow-run", {"from_on": "2026-03-01", "to_on": "2026-03-20"})
    await office.done("wang", "PUT", path, county_book(rate="0.55"))
    await office.work()
    (job,) = (await office.done("wang", "GET", f"{path}/jobs"))["items"]
    assert (job["state"], job["cause"]) == ("failed", "the text was changed, or the book given up")
    assert (await office.done("wang", "GET", path))["state"] == "draft"


async def test_days_that_were_settled_keep_their_rules(office: Office) -> None:
    await settle(office.desk, 1, "2026-03-20")
    book_id = await office.approved(county_book(begins="2026-03-15"))
    assert await office.refused("zhao", "POST", f"{BOOKS}/{book_id}/make-effective") == (
        409,
        "claims.rule-book.already-settled",
    )
    given_up = await office.done("wang", "POST", f"{BOOKS}/{book_id}/retire", {"note": "改为次日起"})
    assert given_up["state"] == "retired"


async def test_rules_may_begin_in_the_past_where_nothing_was_settled(office: Office) -> None:
    await settle(office.desk, 1, "2026-03-10")
    book_id = await office.approved(county_book(begins="2026-03-15"))
    effective = await office.done("zhao", "POST", f"{BOOKS}/{book_id}/make-effective")
    assert (await settle(office.desk, 2, "2026-03-16"))[1:] == (24_000, effective["versions"][0]["digest"])


async def test_what_differs_between_two_books(office: Office) -> None:
    book_id = (await office.done("wang", "POST", BOOKS, county_book()))["book_id"]
    (first,) = [b for b in (await office.done("li", "GET", f"{BOOKS}?region=990101"))["items"] if b["origin"] == "file"]
    diff = await office.done("li", "GET", f"{BOOKS}/{book_id}/diff?against={first['book_id']}")
    assert (diff["before"]["version"], diff["after"]["version"]) == ("demo-1", "demo-2")
    assert [d for d in diff["differences"] if not d["path"].startswith("accepted_findings")] == [
        {"path": "version", "before": "demo-1", "after": "demo-2"},
        {"path": "effective_from", "before": "2024-01-01", "after": "2026-03-21"},
        {"path": "layers[outpatient].terms[level_2].bands[0].rate", "before": 500_000, "after": 600_000},
    ]
    assert await office.refused("li", "GET", f"{BOOKS}/{book_id}/diff?version=none") == (
        422,
        "claims.rule-book.diff-version-unknown",
    )


async def test_a_command_sent_twice_is_done_once(office: Office) -> None:
    first, again = [await office.done("wang", "POST", BOOKS, county_book(), **{"Idempotency-Key": "SAME"}) for _ in range(2)]
    assert first == again
    assert await office.desk.count("rule_book", "origin = 'submitted'") == 1
    assert await office.refused("wang", "POST", BOOKS, county_book(rate="0.7"), **{"Idempotency-Key": "SAME"}) == (
        409,
        "request.idempotency-key-reused",
    )


async def test_pages_of_a_list(office: Office) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await office.done("li", "GET", f"{BOOKS}?limit=3" + (f"&after={after}" if after else ""))
        seen += [book["book_id"] for book in page["items"]]
        after = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == await office.desk.count("rule_book") == 12
    assert (await office.done("li", "GET", f"{BOOKS}?state=draft"))["items"] == []


async def ready_for(office: Office, approvals: list[str]) -> str:
    """A book that was tried, with these approvals so far; its path."""
    text = county_book(begins="2026-04-01")
    path = f"{BOOKS}/{(await office.done('wang', 'POST', BOOKS, text))['book_id']}"
    await office.done("wang", "POST", f"{path}/lint")
    await office.done("wang", "POST", f"{path}/shadow-run", {"from_on": "2026-03-20", "to_on": "2026-03-20"})
    await office.work()
    for who in approvals:
        await office.done(who, "POST", f"{path}/approve")
    return path


async def both(office: Office, path: str, *who: str) -> list[tuple[int, Any]]:
    """Approvals at the same instant: status and what came of it, in order of status."""
    answers = await asyncio.gather(*(office.call(name, "POST", f"{path}/approve") for name in who))
    return sorted((a.status_code, a.json().get("code") or a.json()["state"]) for a in answers)


async def test_two_approvals_at_the_same_instant(office: Office) -> None:
    for _ in range(3):
        path = await ready_for(office, [])
        assert await both(office, path, "li", "zhao") == [(200, "approved"), (200, "shadow-run")]
        path = await ready_for(office, [])
        assert await both(office, path, "li", "li") == [(200, "shadow-run"), (403, "claims.rule-book.same-person")]
        path = await ready_for(office, ["li"])
        assert await both(office, path, "zhao", "sun") == [(200, "approved"), (409, "claims.rule-book.wrong-state")]
        shown = await office.done("li", "GET", path)
        assert [act["act"] for act in shown["acts"][-2:]] == ["propose", "approve"]


async def test_two_books_for_the_same_days_made_effective_at_the_same_instant(office: Office) -> None:
    paths = [f"{BOOKS}/{await office.approved(county_book(version=f'v{n}', rate=f'0.6{n}'))}" for n in range(2)]
    answers = await asyncio.gather(*(office.call("zhao", "POST", f"{path}/make-effective") for path in paths))
    assert sorted((a.status_code, a.json().get("code") or a.json()["state"]) for a in answers) == [
        (200, "effective"),
        (409, "claims.rule-book.does-not-fit"),
    ]
    assert await office.desk.count("rule_book_version", "region = '990101' AND effective_from = '2026-03-21'") == 1


async def test_settling_while_rules_of_today_are_made_effective(office: Office) -> None:
    """Either the claim was first, and the rules are refused; or the rules were, and the claim is decided by them."""
    desk = office.desk
    outcomes = set()
    for round_ in range(5):
        day = f"2026-03-{20 + round_}"
        desk.clock.set(datetime.fromisoformat(f"{day}T09:00:00+08:00"))
        office.runtime.db.clock.set(desk.clock.now())  # type: ignore[attr-defined]  # claims_settings fix the clock
        book_id = await office.approved(county_book(version=f"v{round_}", begins=day, rate=f"0.6{round_}"))
        people = [await desk.person(100 * round_ + n) for n in range(1, 5)]
        visits = [await desk.registration(person, [("A1", "500.00")], on=day) for person in people]

        async def late(path: str, turns: int) -> Any:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await office.call("zhao", "POST", path)

        answer, *_ = await asyncio.gather(
            late(f"{BOOKS}/{book_id}/make-effective", 3 * round_),
            *(desk.call("2207", desk.visit_input(v, p, "500.00")) for v, p in zip(visits, people, strict=True)),
        )
        pool = await desk.claims.db.pool()
        used = {
            row[0] for row in await pool.fetch("SELECT rule_digest FROM settlement WHERE visit_id = ANY($1::text[])", visits)
        }
        in_force = await pool.fetchval(
            "SELECT digest FROM rule_book_version WHERE region = '990101' AND effective_from <= $1"
            " ORDER BY effective_from DESC LIMIT 1",
            desk.clock.today(),
        )
        assert used == {in_force}
        outcomes.add(answer.status_code)
    assert outcomes <= {200, 409}
