"""Deciding again, in order: exact differences, places, limits and journals, on the demo county's rules (P1, level 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, ClaimFacts, RuleBooks, Split, YearState, adjudicate
from claims.domain.claim_history import DEFERRED_FEN
from claims.domain.late_facts import Area, LateFacts, months_after
from claims.domain.redecision import (
    Change,
    Difference,
    Position,
    Relatives,
    Standing,
    journals_of,
    outcome_of,
    place_of_claim,
    redecide,
    state_before,
)
from claims.settings import read_claims_settings
from shared.ids import CountingIds
from shared.rules import RuleError, read_rules, rule_texts

BOOKS = RuleBooks.read(rule_texts(read_claims_settings({}).rule_books, BOOK_SUFFIX))
RESIDENTS = BOOKS.on("990101", "390", date(2026, 3, 1))
EMPLOYEES = BOOKS.on("990101", "310", date(2026, 3, 1))
NOW = datetime(2026, 3, 20, tzinfo=UTC)


def stay(yuan: int, classes: frozenset[str] = frozenset(), account: int = 0, status: str = "resident") -> ClaimFacts:
    fen = yuan * 100
    care = Circumstances(care="inpatient", level=2, status=status, classes=classes)  # type: ignore[arg-type]  # text of a test
    return ClaimFacts(split=Split(fen, 0, 0, 0, fen), circumstances=care, account_fen=account)


def sequence(*claims: tuple[str, ClaimFacts], year: int = 2026, rules: object = RESIDENTS, numbers: int = 1) -> list[Standing]:
    """Stays decided one after the other; those of one visit name are parts of one stay."""
    state, standing, charged = YearState(), [], dict[str, int]()
    for n, (visit, facts) in enumerate(claims, numbers):
        part = replace(facts, continues_stay=visit in charged, stay_deductible_fen=charged.get(visit, 0))
        decision = adjudicate(rules, part, state)  # type: ignore[arg-type]  # a rule set
        state = decision.after
        charged[visit] = charged.get(visit, 0) + decision.deductible_fen
        standing.append(
            Standing(
                position=Position(year, n, date.max, NOW, f"S{n}"),
                visit_id=visit,
                inpatient=True,
                counts_on=date(year, 3, n),
                rules=decision.rules,
                facts=part,
                outcome=outcome_of(decision),
            )
        )
    return standing


def after(standing: list[Standing], position: Position, **more: object) -> tuple[Difference, ...]:
    change = Change(since=position, years=frozenset({position.year}), **more)  # type: ignore[arg-type]  # fields of Change
    return redecide(standing, change, balance_fen=0, limit=100).differences


def test_what_nothing_reaches_stays() -> None:
    standing = sequence(("A", stay(2000)), ("B", stay(2000)), ("C", stay(900)))
    result = redecide(standing, Change(since=standing[0].position, years=frozenset({2026})), balance_fen=0, limit=100)
    assert (result.differences, result.decided, result.kept, result.rest) == ((), 3, (), None)
    assert result.states[2026] == state_before(standing, Position(2026, 9, date.max, NOW, ""))
    assert result.states[2026].stays == 3


def test_the_first_falls_away() -> None:
    standing = sequence(("A", stay(2000)), ("B", stay(2000)), ("C", stay(2000)))
    (second,) = after(standing[1:], standing[0].position)
    assert second.standing.settlement_id == "S2"
    assert [(p.book, p.account, p.amount_fen) for p in second.payments] == [("RES", "5001.01", -18_750)]
    assert (second.cash_fen, second.account_fen, second.total_fen, second.movement_fen) == (18_750, 0, 0, 0)
    assert second.moves_money


def test_nothing_before_the_position_is_touched() -> None:
    standing = sequence(("A", stay(2000)), ("B", stay(2000)))
    # the first was decided as if it were the second: whatever the reason, it is not ours to touch
    wrong = replace(standing[0], outcome=standing[1].outcome)
    assert after([wrong, standing[1]], standing[1].position) == ()


def test_new_facts_of_one_reach_the_later_ones_unless_alone() -> None:
    dibao = frozenset({"dibao"})
    standing = sequence(("A", stay(30_000)), ("B", stay(30_000, dibao)))
    changed = {"S1": stay(30_000, dibao)}
    both = redecide(standing, Change(facts=changed), balance_fen=0, limit=100).differences
    assert [d.standing.settlement_id for d in both] == ["S1", "S2"]
    alone = redecide(standing, Change(facts=changed, alone=True), balance_fen=0, limit=100).differences
    assert [d.standing.settlement_id for d in alone] == ["S1"]


def test_a_limit_leaves_a_rest_that_goes_on_where_it_stopped() -> None:
    standing = sequence(*((name, stay(2000)) for name in "ABCDE"))[1:]
    first = redecide(standing, Change(since=standing[0].position, years=frozenset({2026})), balance_fen=0, limit=2)
    assert (first.decided, [d.standing.settlement_id for d in first.differences]) == (2, ["S2"])
    assert first.rest == Change(since=standing[2].position, years=frozenset({2026}), visits=frozenset({"B"}))
    assert first.states[2026].stays == 4
    corrected = [replace(standing[0], outcome=first.differences[0].new), *standing[1:]]
    second = redecide(corrected, first.rest, balance_fen=0, limit=2)
    assert (second.decided, second.differences, second.rest) == (2, (), None)


def test_a_part_of_a_stay_in_the_next_year_follows_when_its_first_part_goes() -> None:
    (first,) = sequence(("A", stay(1000)), year=2025)
    rest = adjudicate(RESIDENTS, replace(stay(2000), continues_stay=True, stay_deductible_fen=50_000), YearState())
    second = Standing(
        position=Position(2026, 1, date.max, NOW, "T1"),
        visit_id="A",
        inpatient=True,
        counts_on=date(2026, 1, 3),
        rules=RESIDENTS,
        facts=rest.facts,
        outcome=outcome_of(rest),
    )
    assert after([first, second], first.position) == ()
    (gone,) = after([second], first.position, visits=frozenset({"A"}))
    assert (gone.cash_fen, gone.decision.deductible_fen) == (37_500, 50_000)
    # and with what years before have charged, nothing is different
    change = Change(since=second.position, years=frozenset({2026}))
    assert redecide([second], change, balance_fen=0, parts={"A": 50_000}, limit=9).differences == ()


def test_rules_that_are_gone_keep_their_decision() -> None:
    standing = sequence(("A", stay(2000)), ("B", stay(2000)))
    lost = replace(standing[1], rules=None)
    result = redecide([lost], Change(since=lost.position, years=frozenset({2026})), balance_fen=0, limit=9)
    assert (result.differences, result.kept) == ((), ("S2",))
    assert result.states[2026] == lost.outcome.contribution


@pytest.mark.parametrize("balance", [0, 10_000, 10**9])
def test_the_account_pays_what_it_paid_and_what_is_in_it(balance: int) -> None:
    claims = (("A", stay(3000, status="active")), ("B", stay(3000, account=10**9, status="active")))
    standing = sequence(*claims, rules=EMPLOYEES)
    (first, second) = standing
    more = second.facts.split._replace(total_fen=800_000, in_scope_fen=800_000)
    change = Change(facts={"S2": replace(second.facts, split=more)})
    (difference,) = redecide([first, second], change, balance_fen=balance, limit=9).differences
    assert difference.account_fen + difference.cash_fen == difference.total_fen - sum(
        p.amount_fen for p in difference.payments if p.account != "5001.02"
    )
    assert difference.account_fen == min(balance, difference.account_fen + difference.cash_fen)
    assert difference.movement_fen == -difference.account_fen


def test_less_for_the_account_pays_off_a_debt_first() -> None:
    standing = sequence(("A", stay(3000, account=10**9, status="active")), rules=EMPLOYEES)
    less = standing[0].facts.split._replace(total_fen=200_000, in_scope_fen=200_000)
    change = Change(facts={"S1": replace(standing[0].facts, split=less)})
    (difference,) = redecide(standing, change, balance_fen=0, debts={"S1": 5_000}, limit=9).differences
    assert difference.account_fen < -5_000
    assert difference.movement_fen == -difference.account_fen - 5_000
    correction, set_off = journals_of(
        difference, person_id="P", institution_code=None, settled_in=2026, booked_on={"EMP": date(2026, 4, 1)}, memo="m", ids=CountingIds()
    )  # fmt: skip
    assert (correction.kind, set_off.kind) == ("correction", "set-off")
    assert [(x.account, x.dim, x.debit_fen, x.credit_fen) for x in set_off.lines] == [
        ("5001.02", "", 5_000, 0),
        ("1125", "P:P", 0, 5_000),
    ]


def test_journals_are_per_book_against_person_or_institution_and_of_a_past_year_on_the_adjustment_account() -> None:
    standing = sequence(("A", stay(20_000)))
    change = Change(facts={"S1": stay(20_000, frozenset({"dibao"}))})
    (difference,) = redecide(standing, change, balance_fen=0, limit=9).differences
    days = {"CII": date(2026, 4, 1), "MAF": date(2026, 5, 1)}

    def booked(institution: str | None, settled_in: int) -> list[tuple[str, date, list[tuple[str, str, int]]]]:
        entries = journals_of(
            difference, person_id="P", institution_code=institution, settled_in=settled_in, booked_on=days, memo="m", ids=CountingIds()
        )  # fmt: skip
        return [(e.book, e.booked_on, [(x.account, x.dim, x.debit_fen - x.credit_fen) for x in e.lines]) for e in entries]

    (paid,) = {p.book: p.amount_fen for p in difference.payments if p.book == "MAF"}.values()
    assert booked(None, 2026) == [
        ("MAF", date(2026, 5, 1), [("5001.01", "", paid), ("2203", "P:P", -paid)]),
    ]
    assert booked("H1", 2025) == [
        ("MAF", date(2026, 5, 1), [("5001.91", "2025", paid), ("2201", "H:H1", -paid)]),
    ]


def test_the_place_of_a_late_claim() -> None:
    standing = sequence(("A", stay(100)), ("B", stay(100)), ("C", stay(100)))  # of 1, 2 and 3 March

    def place(day: date | None, among: list[Standing] = standing) -> Position:
        return place_of_claim(among, 2026, day, settled_at=NOW, settlement_id="L")

    assert place(date(2026, 3, 1)) == Position(2026, 2, date(2026, 3, 1), NOW, "L")
    assert standing[0].position < place(date(2026, 3, 1)) < standing[1].position
    assert place(date(2026, 2, 1)) < standing[0].position
    assert place(date(2026, 3, 3)) == place(None) == Position(2026, 4, date.max, NOW, "L")
    assert place(date(2026, 3, 3), []) == Position(2026, 1, date.max, NOW, "L")
    # two late claims before the same settlement stand by their days
    assert place(date(2026, 2, 1)) < place(date(2026, 2, 2)) < standing[0].position
    assert state_before(standing, place(date(2026, 3, 1))) == standing[0].outcome.contribution


POLICY = """
format: onewindow-late-facts/1
areas:
  - region: "000000"
    policies:
      - effective_from: 2024-01-01
        source: {title: t, grade: synthetic}
        ripple: {reversal: redecide, conversion: list, class_change: redecide, manual_claim: redecide, line: redecide}
  - region: "990100"
    policies:
      - effective_from: 2024-01-01
        effective_to: 2025-12-31
        source: {title: t, grade: synthetic}
        ripple: {reversal: list, conversion: list, class_change: list, manual_claim: list, line: list}
        manual_claim_months: 3
      - effective_from: 2026-01-01
        source: {title: t, grade: synthetic}
        ripple: {reversal: redecide, conversion: redecide, class_change: list, manual_claim: list, line: list}
"""


def test_the_policy_is_the_region_s_else_its_city_s_else_everybody_s() -> None:
    policy = read_rules(POLICY, "p", LateFacts)
    assert policy.on("990101", date(2025, 6, 1)).manual_claim_months == 3
    assert policy.on("990101", date(2026, 6, 1)).ripple.of("restore") == "redecide"
    assert policy.on("420582", date(2026, 6, 1)).ripple.of("take-back") == "list"
    assert policy.on("990100", date(2020, 1, 1)).manual_claim_months == 3
    assert isinstance(policy.areas[0], Area)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (POLICY.replace('"990100"', '"000000"'), "a region stands twice"),
        (POLICY.replace('"000000"', '"420000"'), "000000, for everywhere else, is missing"),
        (POLICY.replace('"990100"', '"9901"'), "is no six-digit code"),
        (POLICY.replace("reversal: list", "reversal: maybe"), "'maybe' is not one of"),
        (POLICY.replace("2026-01-01", "2026-02-01"), "no version is in force"),
    ],
)
def test_wrong_policies_are_refused(wrong: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        read_rules(wrong, "p", LateFacts)


def test_months_after() -> None:
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2023, 3, 15), 12) == date(2024, 3, 15)
    assert months_after(date(2024, 11, 30), 3) == date(2025, 2, 28)


DIFFERENCE = BOOKS.on("990101", "390", date(2026, 3, 1))
"""The demo county's rules, as if a transfer owed the difference only."""
TRANSFERS = replace(
    DIFFERENCE,
    version=replace(DIFFERENCE.version, stays=replace(DIFFERENCE.version.stays, transfer="difference", source="stay")),
)


def at_level_3(yuan: int) -> ClaimFacts:
    facts = stay(yuan)
    return replace(facts, circumstances=facts.circumstances._replace(level=3))


def test_a_stay_after_a_transfer_owes_its_own_deductible_when_the_first_goes_and_less_when_it_comes_back() -> None:
    (first,) = sequence(("A", stay(2000)), rules=TRANSFERS)
    decision = adjudicate(
        TRANSFERS, replace(at_level_3(3000), transferred=True, episode_deductible_fen=50_000), first.outcome.contribution
    )
    second = replace(
        first, position=first.position._replace(year_no=2, settlement_id="S2"), visit_id="B", follows=("A",), facts=decision.facts,
        outcome=outcome_of(decision),
    )  # fmt: skip
    assert after([first, second], first.position) == ()
    (alone,) = after([second], first.position)
    assert (alone.decision.deductible_fen, alone.cash_fen) == (100_000, 30_000)
    assert alone.new.contribution.stays == 1
    corrected = replace(second, facts=alone.decision.facts, outcome=alone.new)
    (back,) = after([first, corrected], first.position)
    assert (back.decision.deductible_fen, back.cash_fen) == (50_000, -30_000)
    # In another year it is reached because of the stay that it follows.
    next_year = replace(second, position=second.position._replace(year=2027))
    change = Change(since=first.position, years=frozenset({2026}), visits=frozenset({"A"}))
    (reached,) = redecide([next_year], change, balance_fen=0, limit=9).differences
    assert reached.decision.deductible_fen == 100_000


def test_a_part_that_leaves_the_deductible_to_the_next_year_keeps_leaving_it() -> None:
    deferring = replace(stay(2000), continues_stay=True, stay_deductible_fen=DEFERRED_FEN)
    decision = adjudicate(RESIDENTS, deferring, YearState())
    (template,) = sequence(("A", stay(2000)), year=2025)
    old = replace(template, facts=deferring, outcome=outcome_of(decision), defers_deductible=True)
    (new,) = sequence(("A", stay(3000)))
    assert (old.outcome.deductible_fen, old.outcome.contribution.stays) == (0, 0)
    assert (
        redecide([old, new], Change(since=old.position, years=frozenset({2025, 2026})), balance_fen=0, limit=9).differences
        == ()
    )


def test_relatives_get_back_what_they_pay_less_last_first_and_pay_more_within_limit_and_balance() -> None:
    """3,000 at level 2, 625 + 500 to pay; the mother paid 700 and the father 425."""
    facts = replace(stay(3000), family_account_fen=10**9)
    (paid,) = sequence(("A", facts))
    assert paid.outcome.family_fen == 112_500
    mother, father = Share("1", "M", 70_000), Share("2", "F", 42_500)
    sharings = {
        "1": Sharing(
            sharing_id="1", holder_id="M", beneficiary_id="P", relation="child", begins_on=date(2026, 1, 1),
            limit_fen=80_000, used_fen=70_000,
        ),
        "2": Sharing(
            sharing_id="2", holder_id="F", beneficiary_id="P", relation="child", begins_on=date(2026, 1, 1), used_fen=42_500
        ),
    }  # fmt: skip
    relatives = Relatives(paid={"S1": (mother, father)}, sharings=sharings, balances={"M": 10**6, "F": 5_000})

    def decided(fen: int, debt: int = 0, of: Relatives = relatives) -> Difference:
        change = Change(facts={"S1": replace(facts, split=Split(fen, 0, 0, 0, fen))})
        (difference,) = redecide(
            [paid], change, balance_fen=0, debts={"S1": debt} if debt else None, relatives=of, limit=9
        ).differences
        return difference

    less = decided(100_000)  # (1,000 - 500) x 75 %: 625.00 to pay
    assert (less.account_fen, less.movement_fen, less.relatives) == (
        -50_000,
        0,
        (father._replace(amount_fen=-42_500), mother._replace(amount_fen=-7_500)),
    )
    more = decided(500_000)  # 1,625.00 to pay: 100.00 from the mother's limit, 50.00 from the father's balance, 350.00 in cash
    assert (more.account_fen, more.cash_fen) == (15_000, 35_000)
    assert more.relatives == (mother._replace(amount_fen=10_000), father._replace(amount_fen=5_000))
    # After a restoring the father had no money: his 425.00 are the person's debt, which is given up first.
    short = Relatives(paid={"S1": (mother, father._replace(amount_fen=0))}, sharings=sharings, balances={"M": 10**6, "F": 0})
    owed = decided(100_000, 42_500, short)
    assert (owed.set_off_fen, owed.movement_fen, owed.relatives) == (42_500, 0, (mother._replace(amount_fen=-7_500),))
