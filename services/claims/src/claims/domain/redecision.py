"""Deciding again, in order: what a late fact changes in the settlements after it (benefit policies, 7.7).

A person-year is a sequence of standing decisions, each made from what the ones before it had used up. When one of them goes,
comes or changes, every later one is decided again from its own facts under the rules it was decided by; what comes out
differently is a *difference*. Pure, and independent of what set it off.

The order is the order of deciding; a claim that comes late takes its place by its day (``place_of_claim``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from claims.domain.accounts.sharing import Share, Sharing
from claims.domain.adjudication import ClaimFacts, Decision, Payment, RuleSet, YearState, adjudicate
from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import DUE_FROM_INSTITUTION, DUE_FROM_PERSON, DUE_TO_INSTITUTION, DUE_TO_PERSON, PRIOR_YEAR_BENEFIT


class Position(NamedTuple):
    """Where a settlement stands among those of its person and scheme. Compares."""

    year: int
    """Its benefit year."""
    year_no: int
    """Its number in the order of deciding, counted under the lock of the year; clocks of several machines could not tell. Of a
    late claim: the number of the settlement that it precedes."""
    day: date
    """Of a late claim that precedes one: its day. ``date.max`` for all others, which come after it."""
    settled_at: datetime
    settlement_id: str


class Outcome(NamedTuple):
    """What a decision comes to: all that books, counters and the person see of it. Money in fen."""

    payments: tuple[Payment, ...]
    """Above 0, layers in their order, the accounts last."""
    contribution: YearState
    deductible_fen: int
    """act_pay_dedc: what a later part of the same stay need not pay again."""
    total_fen: int
    account_fen: int
    """What accounts pay together, relatives' included."""
    cash_fen: int
    hospital_fen: int

    @property
    def family_fen(self) -> int:
        """What of it relatives' accounts pay (家庭共济)."""
        return sum(p.amount_fen for p in self.payments if p.layer == "family")


def outcome_of(decision: Decision) -> Outcome:
    """What a decision comes to."""
    return Outcome(
        decision.payments,
        decision.contribution,
        decision.deductible_fen,
        decision.facts.split.total_fen,
        decision.account_fen + decision.family_fen,
        decision.cash_fen,
        decision.hospital_fen,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """The relatives of one person whose accounts have paid for settlements, all under their lock."""

    paid: Mapping[str, Sequence[Share]] = field(default_factory=dict)
    """By settlement, in the order of the authorisations: what each has paid net of what came back, 0 included."""
    sharings: Mapping[str, Sharing] = field(default_factory=dict)
    """The authorisations by id; one that was withdrawn or has ended takes money back, but pays no more."""
    balances: Mapping[str, int] = field(default_factory=dict)
    """Of the holders, in fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A settlement that stands, with its corrections so far."""

    position: Position
    visit_id: str
    inpatient: bool
    """A stay or a part of one."""
    counts_on: date
    """The day that chose its rules and its year."""
    rules: RuleSet | None
    """None when the rules of its digest are not at hand any more: it then keeps its decision."""
    facts: ClaimFacts
    outcome: Outcome
    follows: tuple[str, ...] = ()
    """Visits of the same episode that it follows by transfer, where the rules charge a difference only."""
    defers_deductible: bool = False
    """The part before a year's end, where the one after it is charged the deductible and counted as the stay."""

    @property
    def settlement_id(self) -> str:
        """Whose standing it is."""
        return self.position.settlement_id

    @property
    def year(self) -> int:
        """Its benefit year."""
        return self.position.year


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What has changed among the standing settlements, and from where on they are to be decided again."""

    since: Position | None = None
    """Nothing before it is touched; from here on all of ``years``. None: from where the others say."""
    years: frozenset[int] = frozenset()
    facts: Mapping[str, ClaimFacts] = field(default_factory=dict)
    """New facts by settlement; that one and the later ones of its year are decided again."""
    visits: frozenset[str] = frozenset()
    """Stays of which a part came, went or changed: their other parts may owe another deductible, also in another year."""
    alone: bool = False
    """Only the settlements in ``facts``; the later ones keep their amounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A settlement that comes out differently. Amounts in fen, new minus old."""

    standing: Standing
    decision: Decision
    set_off_fen: int = 0
    """Of less account payment: what no account had paid but the person owed (B3), and owes no more."""
    relatives: tuple[Share, ...] = ()
    """What relatives' accounts pay more, or get back (below 0)."""

    @property
    def new(self) -> Outcome:
        """What it comes to now."""
        return outcome_of(self.decision)

    @property
    def payments(self) -> list[FundPayment]:
        """By book, account and fund, without those that stay the same."""
        amounts: Counter[tuple[str, str, str]] = Counter()
        for sign, outcome in ((1, self.new), (-1, self.standing.outcome)):
            for paid in outcome.payments:
                amounts[paid.book.value, paid.account, paid.fund] += sign * paid.amount_fen
        return [
            FundPayment(book=book, account=account, fund_pay_type=fund, amount_fen=amount)
            for (book, account, fund), amount in sorted(amounts.items())
            if amount
        ]

    @property
    def total_fen(self) -> int:
        """The bill itself; other than 0 only for a corrected line."""
        return self.new.total_fen - self.standing.outcome.total_fen

    @property
    def account_fen(self) -> int:
        """What accounts pay more, relatives' included."""
        return self.new.account_fen - self.standing.outcome.account_fen

    @property
    def cash_fen(self) -> int:
        """What the person bears more in cash."""
        return self.new.cash_fen - self.standing.outcome.cash_fen

    @property
    def hospital_fen(self) -> int:
        """What the hospital bears more, beyond the price of a package: a matter between it and the person."""
        return self.new.hospital_fen - self.standing.outcome.hospital_fen

    @property
    def movement_fen(self) -> int:
        """What the balance of the person's own account rises by."""
        return -self.account_fen - self.set_off_fen + sum(share.amount_fen for share in self.relatives)

    @property
    def moves_money(self) -> bool:
        """False when only the counters are shared out differently."""
        return bool(self.payments or self.total_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redecided:
    """The result: differences in order, the counters of every year afterwards, and what is still to be done."""

    differences: tuple[Difference, ...]
    states: Mapping[int, YearState]
    decided: int
    """How many were decided again."""
    kept: tuple[str, ...]
    """Settlements that could not be decided again and keep their decision: their rules are not at hand or say nothing of such a
    claim."""
    rest: Change | None
    """What the limit left over."""


def place_of_claim(
    standing: Sequence[Standing], year: int, counts_on: date | None, *, settled_at: datetime, settlement_id: str
) -> Position:
    """The place of a claim that comes late: before the first settlement of the year whose day lies after its own.

    At the end when there is none, or without a day.
    """
    of_year = [each.position for each in standing if each.year == year]
    if counts_on is not None:
        for each in standing:
            if each.year == year and each.position.day == date.max and each.counts_on > counts_on:
                return Position(year, each.position.year_no, counts_on, settled_at, settlement_id)
    last = max((position.year_no for position in of_year), default=0)
    return Position(year, last + 1, date.max, settled_at, settlement_id)


def state_before(standing: Sequence[Standing], position: Position) -> YearState:
    """What the year had used up before a position."""
    state = YearState()
    for each in standing:
        if each.year == position.year and each.position < position:
            state = state.plus(each.outcome.contribution)
    return state


def redecide(
    standing: Sequence[Standing],
    change: Change,
    *,
    balance_fen: int,
    debts: Mapping[str, int] | None = None,
    parts: Mapping[str, int] | None = None,
    relatives: Relatives | None = None,
    limit: int,
) -> Redecided:
    """Decide again what a change reaches, at most ``limit`` settlements.

    ``standing``: one person and scheme, in order, from the first year concerned on. ``balance_fen``: what the account holds;
    it pays at most what it paid and what is in it. ``debts``: what the person owes instead of the account, by settlement (B3).
    ``parts``: stays with parts in years before, and the deductible these were charged. ``relatives``: whose accounts have paid:
    they get back what they pay less, and pay more only under the authorisation under which they paid, within its limit and balance.
    """
    purses = _Purses(relatives or Relatives())
    states: dict[int, YearState] = {}
    charged = dict(parts or {})
    visits, years = set(change.visits), set[int]()
    differences: list[Difference] = []
    kept: list[str] = []
    decided, rest = 0, None
    for each in standing:
        state = states.get(each.year, YearState())
        outcome = each.outcome
        comes = change.since is None or each.position >= change.since
        reached = comes and each.settlement_id in change.facts
        if comes and not change.alone:
            at_it = change.since is not None and each.year in change.years
            if reached or at_it or (each.inpatient and not visits.isdisjoint((each.visit_id, *each.follows))):
                years.add(each.year)
            reached = each.year in years
        if reached and rest is None and decided == limit:
            rest = Change(since=each.position, years=frozenset(years), visits=frozenset(visits))
        if reached and rest is None:
            decided += 1
            facts = change.facts.get(each.settlement_id, each.facts)
            decision = _again(each, facts, state, charged, balance_fen, purses.room(each.settlement_id))
            if decision is None:
                kept.append(each.settlement_id)
            elif outcome_of(decision) != outcome:
                difference = purses.pay(each, decision, (debts or {}).get(each.settlement_id, 0))
                differences.append(difference)
                balance_fen += difference.movement_fen
                outcome = difference.new
                if each.inpatient:
                    visits.add(each.visit_id)
        states[each.year] = state.plus(outcome.contribution)
        if each.inpatient and not each.defers_deductible:
            charged[each.visit_id] = charged.get(each.visit_id, 0) + outcome.deductible_fen
    return Redecided(differences=tuple(differences), states=states, decided=decided, kept=tuple(kept), rest=rest)


def _again(
    each: Standing, facts: ClaimFacts, state: YearState, charged: Mapping[str, int], balance_fen: int, room_fen: int
) -> Decision | None:
    if each.rules is None:
        return None
    own_fen = each.outcome.account_fen - each.outcome.family_fen
    before = [charged[visit_id] for visit_id in each.follows if visit_id in charged]
    facts = replace(
        facts,
        account_fen=min(facts.account_fen, own_fen + max(balance_fen, 0)),
        family_account_fen=min(facts.family_account_fen, each.outcome.family_fen + room_fen),
        continues_stay=each.defers_deductible or (each.inpatient and each.visit_id in charged),
        stay_deductible_fen=facts.stay_deductible_fen
        if each.defers_deductible
        else charged.get(each.visit_id, 0)
        if each.inpatient
        else 0,
        transferred=bool(before),
        episode_deductible_fen=sum(before),
    )
    try:
        return adjudicate(each.rules, facts, state)
    except Refusal:
        return None


class _Purses:
    """Relatives' accounts while settlements are decided again, one after the other."""

    def __init__(self, relatives: Relatives) -> None:
        self._paid = relatives.paid
        self._sharings = dict(relatives.sharings)
        self._balances = dict(relatives.balances)

    def room(self, settlement_id: str) -> int:
        """What the relatives who have paid for a settlement could pay more."""
        return sum(self._room(share) for share in self._paid.get(settlement_id, ()))

    def pay(self, each: Standing, decision: Decision, debt_fen: int) -> Difference:
        """The difference of a settlement; the debt that stands for an unpaid account part (B3) is given up first."""
        shares, old = self._paid.get(each.settlement_id, ()), each.outcome
        more = decision.family_fen - old.family_fen
        own_less = max(old.account_fen - old.family_fen - decision.account_fen, 0)
        unpaid = old.family_fen - sum(share.amount_fen for share in shares)
        forgiven = min(max(-more, 0), unpaid)
        set_off = forgiven + max(min(own_less, debt_fen - unpaid), 0)
        moved = []
        if more > 0:
            for share in shares:
                part = min(more, self._room(share))
                more -= part
                moved.append(share._replace(amount_fen=part))
        else:
            back = -more - forgiven
            for share in reversed(shares):
                part = min(back, share.amount_fen)
                back -= part
                moved.append(share._replace(amount_fen=-part))
        for share in moved:
            self._balances[share.payer_id] = self._balances.get(share.payer_id, 0) - share.amount_fen
            self._sharings[share.sharing_id] = self._sharings[share.sharing_id].after(share)
        return Difference(
            standing=each, decision=decision, set_off_fen=set_off, relatives=tuple(s for s in moved if s.amount_fen)
        )

    def _room(self, share: Share) -> int:
        return self._sharings[share.sharing_id].available(self._balances.get(share.payer_id, 0))


def journals_of(
    difference: Difference,
    *,
    person_id: str,
    institution_code: str | None,
    settled_in: int,
    booked_on: Mapping[str, date],
    memo: str,
    ids: IdFactory,
    maker: str = "system",
    checker: str | None = None,
) -> list[Entry]:
    """One journal for each book with a difference: expenditure against the person, who has paid cash already (2203, 1125).

    With ``institution_code`` against the institution (2201, 1122): its own bill was wrong. ``settled_in``: the calendar year
    of the settlement; in a later year the adjustment account of that year is used (5001.91). ``booked_on``: by book, an open day.
    A set-off (B3) is a journal of its own.
    """
    owed, owing, party = (
        (DUE_TO_INSTITUTION, DUE_FROM_INSTITUTION, f"H:{institution_code}")
        if institution_code
        else (DUE_TO_PERSON, DUE_FROM_PERSON, f"P:{person_id}")
    )
    by_book: dict[str, Counter[tuple[str, str]]] = {}
    for paid in difference.payments:
        by_book.setdefault(paid.book, Counter())[_expense(paid.account, settled_in, booked_on[paid.book])] += paid.amount_fen
    entries = []
    for book, amounts in by_book.items():
        lines = [_line(account, amount, dim) for (account, dim), amount in amounts.items() if amount]
        net = amounts.total()
        if net:
            lines.append(credit(owed, net, party) if net > 0 else debit(owing, -net, party))
        if lines:
            entries.append(
                Entry(
                    entry_id=ids.new(),
                    book=Book(book),
                    booked_on=booked_on[book],
                    kind="correction",
                    lines=tuple(lines),
                    memo=memo,
                    person_id=person_id,
                    settlement_id=difference.standing.settlement_id,
                    maker=maker,
                    checker=checker,
                )
            )
    if difference.set_off_fen:
        account = next(p for p in difference.standing.outcome.payments if p.layer in ("account", "family"))
        expense, dim = _expense(account.account, settled_in, booked_on[account.book.value])
        entries.append(
            Entry(
                entry_id=ids.new(),
                book=account.book,
                booked_on=booked_on[account.book.value],
                kind="set-off",
                lines=(
                    debit(expense, difference.set_off_fen, dim),
                    credit(DUE_FROM_PERSON, difference.set_off_fen, f"P:{person_id}"),
                ),
                memo="个人账户应收款随结算更正冲抵",
                person_id=person_id,
                settlement_id=difference.standing.settlement_id,
                maker=maker,
                checker=checker,
            )
        )
    return entries


def _expense(account: str, settled_in: int, booked_on: date) -> tuple[str, str]:
    return (account, "") if settled_in == booked_on.year else (PRIOR_YEAR_BENEFIT, str(settled_in))


def _line(account: str, amount_fen: int, dim: str) -> Line:
    return debit(account, amount_fen, dim) if amount_fen > 0 else credit(account, -amount_fen, dim)
