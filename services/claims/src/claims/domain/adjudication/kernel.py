"""The benefit kernel: one claim under one plan, exact integers, every intermediate amount kept.

Rules are resolved beforehand to plans of numbers (``plan.py``). What is left, ``pay``, is one body of straight arithmetic with
smaller-of, larger-of, products and whole quotients, without a branch on an amount: with Python's ``min`` and ``max`` it decides
one claim, with a library's for columns it decides a column of claims that share a plan. Every payment is rounded half up to the
fen, and the next layer starts from the rounded remainder (benefit policies, section 8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import getitem, sub
from typing import Any, NamedTuple, TypeAlias

from claims.domain.adjudication.circumstances import STAYS_OF_CARE, Circumstances
from claims.domain.adjudication.plan import PRE_SELFPAY, Plan, Step
from claims.domain.adjudication.rule_book import NO_LIMIT
from claims.domain.adjudication.rule_set import RuleSet
from claims.domain.adjudication.split import PARTS, Split, whole
from claims.domain.adjudication.year_state import STAYS, YearState
from shared.errors import invalid
from shared.ledger import Book
from shared.money import RATE_ONE

_HALF = RATE_ONE // 2

Number: TypeAlias = Any
"""A whole number, or a column of them."""


class Ops(NamedTuple):
    """The three operations that differ between a number and a column."""

    lo: Callable[[Number, Number], Number]
    """The smaller of two."""
    hi: Callable[[Number, Number], Number]
    """The larger of two."""
    at: Callable[[tuple[int, ...], Number], Number]
    """The element of a tuple at an index."""


SCALAR = Ops(min, max, getitem)


class Amounts(NamedTuple):
    """A claim's figures, or columns of them: fen, and counts."""

    total: Number
    in_scope: Number
    parts: tuple[Number, Number, Number]
    """Pre-selfpay, over the limit, self-funded."""
    lines: tuple[Number, Number]
    """Of what is in scope: class B, traditional medicine."""
    flat: Number
    turn: Number
    """Stays of the year before this one."""
    charged: Number
    """Deductible already charged for this stay."""
    sessions: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """One settlement as the rules see it.

    Raises Refusal when the split does not add up or an amount is negative.
    """

    split: Split
    circumstances: Circumstances
    account_fen: int = 0
    """What the personal account may pay at most: its balance if the person wants it used, else 0."""
    family_account_fen: int = 0
    """What relatives' accounts may pay at most, after the person's own (家庭共济)."""
    continues_stay: bool = False
    """An earlier part of the same stay is already settled and counted (中途结算, 跨年结算)."""
    stay_deductible_fen: int = 0
    """Deductible that earlier parts of the same stay have been charged."""
    transferred: bool = False
    """The stay follows another of the same episode (转院); the rules say whether it is a stay of its own."""
    episode_deductible_fen: int = 0
    """Deductible that the episode's stays at other facilities have been charged."""
    sessions: int = 1
    """Treatments in the claim (透析次数), where an amount counts for each."""

    def __post_init__(self) -> None:
        whole(self.split)
        if min(self.account_fen, self.family_account_fen, self.stay_deductible_fen, self.episode_deductible_fen) < 0:
            raise invalid("claims.bill.account", "个人账户可用金额和本次住院已扣起付线不能为负数", field="acct_pay")
        if self.sessions < 1:
            raise invalid("claims.bill.sessions", "治疗次数至少为1", field="sessions")


class LayerResult(NamedTuple):
    """What one layer did, in fen: base = deductible + over_cost + sum(bands); a deductible after the rate is none of the base."""

    step: Step
    base_fen: Number
    before_fen: Number
    """Where the bands stood before this claim; 0 for a layer whose bands begin anew."""
    deductible_fen: Number
    over_cost_fen: Number
    """Above the deductible, but beyond a limit on cost."""
    above_fen: tuple[Number, ...]
    """How much of the base lies above the beginning of each band, the first beginning at the deductible."""
    flat_fen: Number
    """Lines settled by themselves, paid as they are."""
    lines_fen: tuple[Number, ...]
    """Of the cost above the deductible what is class B or traditional medicine, for each rate of its own."""
    uncapped_fen: Number
    room_fen: Number
    """What the caps left before this claim."""
    payment_fen: Number
    hospital_fen: Number
    """Beyond the price of a package."""
    cost_room_fen: Number
    """What the limits on cost left before this claim, the deductible taken off where it counts against them."""

    @property
    def bands_fen(self) -> tuple[Number, ...]:
        """How much of the base lies in each band."""
        return tuple(map(sub, self.above_fen, (*self.above_fen[1:], 0)))

    @property
    def reached(self) -> Number:
        """Whether a cap is reached after this claim, 0 or 1."""
        return (self.room_fen <= self.payment_fen) * 1 | (self.cost_room_fen <= self.above_fen[0]) * 1

    def beyond_cap_fen(self, ops: Ops = SCALAR) -> Number:
        """Cost above the deductible that a reached limit left: what the paid amount does not stand for, lines settled by
        themselves first, then band by band from below, payment / rate rounded half up where the money ends (work-injury
        reference B0.2). A deductible after the rate is added to the payment before."""
        after_rate = self.deductible_fen if self.step.after_rate else 0
        rest = (ops.hi(self.payment_fen - self.flat_fen, 0) + after_rate) * RATE_ONE
        covered, reached = 0, 1
        for cost, rate in zip(self.bands_fen, self.step.rates, strict=True):
            spent = ops.lo(rest, cost * rate)
            covered = covered + ((spent + rate // 2) // rate if rate else reached * cost)
            reached = reached * (spent == cost * rate)
            rest = rest - spent
        capped = (self.payment_fen < self.uncapped_fen) * 1
        flat = ops.hi(self.flat_fen - self.payment_fen, 0)
        return self.over_cost_fen + capped * (self.above_fen[0] - covered) + flat

    def counted(self) -> tuple[Number, Number, Number, Number, Number]:
        """What counters add up: base, deductible, cost, payment, cost above the deductible (``plan.BASE`` …)."""
        cost = self.above_fen[0]
        return self.base_fen, self.deductible_fen, cost, self.payment_fen, cost + self.over_cost_fen


class Paid(NamedTuple):
    """What all layers did with a claim."""

    layers: tuple[LayerResult, ...]
    left: Number
    """In scope and not paid."""
    parts: tuple[Number, ...]
    """Outside the scope and not paid: pre-selfpay, over the limit, self-funded."""
    hospital: Number


class Payment(NamedTuple):
    """What one fund or an account pays, with everything a voucher and an answer need to know."""

    layer: str
    """Layer code, ``account`` or ``family``."""
    name: str
    book: Book
    account: str
    fund: str
    """fund_pay_type."""
    his_field: str
    amount_fen: int


class Decision(NamedTuple):
    """The outcome of one claim. total = sum of layer payments + person + hospital; person = account + family + cash."""

    rules: RuleSet
    facts: ClaimFacts
    before: YearState
    split: Split
    """The bill after what the person bears first by place or referral; equal to the facts' where there is no such rule."""
    layers: tuple[LayerResult, ...]
    person_fen: int
    account_fen: int
    family_fen: int
    cash_fen: int
    hospital_fen: int

    @property
    def deductible_fen(self) -> int:
        """act_pay_dedc: the deductible of the first layer, charged in this claim."""
        return self.layers[0].deductible_fen if self.layers else 0

    @property
    def funds_fen(self) -> int:
        """fund_pay_sumamt: what the layers pay together, the account not included."""
        return self.facts.split.total_fen - self.person_fen - self.hospital_fen

    @property
    def pool_rate(self) -> int:
        """pool_prop_selfpay: the rate of the highest band the first layer paid in, millionths; 0 when it paid nothing."""
        if not self.layers or not self.layers[0].payment_fen:
            return 0
        first = self.layers[0]
        return next((r for r, cost in zip(reversed(first.step.rates), reversed(first.bands_fen), strict=True) if cost), 0)

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every payment above 0: the layers in their order, then the accounts."""
        result = [
            Payment(layer.code, layer.name, layer.book, layer.account, layer.fund, layer.his_field, done.payment_fen)
            for done in self.layers
            if done.payment_fen and (layer := done.step.layer)
        ]
        rule = self.rules.version.account
        for code, name, fund, field, amount in (
            ("account", "个人账户", rule.fund, "acct_pay", self.account_fen),
            ("family", "家庭共济账户", rule.family_fund, "acct_mulaid_pay", self.family_fen),
        ):
            if amount:
                result.append(Payment(code, name, rule.book, rule.account, fund, field, amount))
        return tuple(result)

    @property
    def contribution(self) -> YearState:
        """What this decision adds to the year; taking it back subtracts the same."""
        facts = self.facts
        stay = facts.circumstances.care in STAYS_OF_CARE and not continues(self.rules, facts)
        counters = {STAYS: int(stay)}
        for done in self.layers:
            counted = done.counted()
            for name, what in done.step.adds:
                counters[name] = counters.get(name, 0) + counted[what]
        return YearState.of(counters)

    @property
    def after(self) -> YearState:
        """The year's state with this decision in it."""
        return self.before.plus(self.contribution)


def continues(rules: RuleSet, facts: ClaimFacts) -> bool:
    """Whether the claim belongs to a stay that is already counted."""
    return facts.continues_stay or (facts.transferred and rules.version.stays.transfer == "difference")


def adjudicate(rules: RuleSet, facts: ClaimFacts, state: YearState) -> Decision:
    """Decide one claim, given what the person has used up in the benefit year.

    Raises Refusal ``claims.rules.uncovered`` when the rules say nothing on such a claim.
    """
    plan = rules.plan(facts.circumstances)
    split = bear_first(facts.split, plan.first_share)
    used = state.counters.get
    total, self_funded, over_limit, pre_selfpay, in_scope, class_b, traditional, flat = split
    charged = facts.stay_deductible_fen
    goes_on = facts.continues_stay
    if facts.transferred and continues(rules, facts):
        goes_on = True
        charged += facts.episode_deductible_fen
    amounts = Amounts(
        total,
        in_scope,
        (pre_selfpay, over_limit, self_funded),
        (class_b, traditional),
        flat,
        max(used(STAYS, 0) - goes_on, 0),
        charged,
        facts.sessions,
    )
    paid = pay(plan, amounts, used, SCALAR)
    person = sum(paid.parts) + paid.left
    rule = rules.version.account
    account = min(facts.account_fen, payable(rule.pays, paid))
    family = min(facts.family_account_fen, max(payable(rule.family, paid) - account, 0))
    return Decision(rules, facts, state, split, paid.layers, person, account, family, person - account - family, paid.hospital)


def bear_first(split: Split, rate: int) -> Split:
    """The bill after the person has borne a share of what is in scope, half up; what is contained in it loses the same share."""
    if not rate:
        return split
    kept = tuple(amount - (amount * rate + _HALF) // RATE_ONE for amount in split[PARTS - 1 :])
    first = split.in_scope_fen - kept[0]
    return Split._make((*split[: PARTS - 2], split.pre_selfpay_fen + first, *kept))


def pay(plan: Plan, amounts: Amounts, used: Callable[[str, int], Number], ops: Ops) -> Paid:
    """What each layer pays. ``used``: a counter of the year by name, or the default.

    One flat loop, and a step's numbers as locals: a call for each layer would halve the claims per second.
    """
    lo, hi, at = ops
    left = amounts.in_scope
    parts: tuple[Number, ...] = amounts.parts
    hospital: Number = 0
    basic_deductible: Number = 0
    shared: dict[str, Number] = {}
    results: list[LayerResult] = []
    for step in plan.steps:
        (_, _, _, beyond, _, gate, extra, without_deductible, takes_flat, package_price, highest, accumulated, bill_share,
         bill_changes, deductibles, deductible_total, by_session, after_rate, position, from_cost, rates, later_bands, shift,
         line_points, guarantee, paid_limits, cost_limits, shares, base_used, deductible_used, _) = step  # fmt: skip

        # What the layer looks at.
        base = left if beyond < 0 else lo(results[beyond].beyond_cap_fen(ops), left)
        for part in extra:
            base = base + parts[part]
        if without_deductible:
            base = hi(base - basic_deductible, 0)
        if gate >= 0:
            base = base * results[gate].reached
        excess: Number = 0
        if package_price is not None:
            excess = lo(hi(amounts.total - hospital - package_price, 0), lo(base, left))
            base = base - excess
        flat: Number = 0
        if takes_flat:
            flat = lo(amounts.flat, base)
            base = base - flat

        # The deductible on it.
        before: Number = used(position, 0) if position else 0
        if bill_share:
            rate, of_total, least, most = bill_share
            full = hi(least, lo(most, ((amounts.total if of_total else amounts.in_scope) * rate + _HALF) // RATE_ONE))
            for times, over, less in bill_changes:
                full = hi((full * times + over // 2) // over - less, 0)
        elif len(deductibles) > 1:
            full = at(deductibles, lo(amounts.turn, len(deductibles) - 1))
        else:
            full = deductibles[0]
        if by_session:
            full = full * amounts.sessions
        if accumulated:
            owed = hi(full - used(deductible_used if after_rate else base_used, 0), 0)
        else:
            owed = hi(full - (used(deductible_used, 0) if highest else amounts.charged), 0)
            if deductible_total is not None:
                owed = lo(owed, hi(deductible_total - used(deductible_used, 0), 0))
            full = owed
        deductible: Number = 0 if after_rate else lo(owed, base)
        cost = base - deductible

        # What lies above the beginning of each band. A band's rate is paid on all above it, less the rate of the band below.
        cost_room: Number = NO_LIMIT
        for amount, counter, each_session, on_base, _ in cost_limits:
            if each_session:
                amount = amount * amounts.sessions
            if counter:
                amount = amount - used(counter, 0)
            cost_room = lo(cost_room, hi(amount - deductible if on_base else amount, 0))
        over_cost: Number = hi(cost - cost_room, 0) if cost_limits else 0
        above: tuple[Number, ...] = (cost - over_cost,)
        due = above[0] * rates[0]
        if later_bands:
            begins_at = before if from_cost else before + deductible
            ends_at = begins_at + above[0]
            for begin, gain in later_bands:
                if shift:
                    begin = begin + full
                reach = hi(ends_at - begin, 0) - hi(begins_at - begin, 0)
                above += (reach,)
                due = due + reach * gain
        lines: tuple[Number, ...] = ()
        for kind, points in line_points:
            line = lo(amounts.lines[kind], above[0])
            lines += (line,)
            due = due + line * points
        if line_points:
            due = lo(hi(due, 0), above[0] * RATE_ONE)

        # Half up to the fen, within the room that the caps leave.
        uncapped = (due + _HALF) // RATE_ONE
        if after_rate:
            deductible = lo(owed, uncapped)
            uncapped = uncapped - deductible
        if guarantee:
            uncapped = hi(uncapped, (base * guarantee + _HALF) // RATE_ONE)
        if takes_flat:
            uncapped = uncapped + flat
        room: Number = NO_LIMIT
        for amount, counter, each_session, _, name in paid_limits:
            if each_session:
                amount = amount * amounts.sessions
            if counter:
                amount = hi(amount - used(counter, 0), 0)
            if name in shared:
                amount = hi(amount - shared[name], 0)
            room = lo(room, amount)
        payment = lo(uncapped, room)
        for name in shares:
            shared[name] = shared.get(name, 0) + payment
        if not results:
            basic_deductible = deductible
        results.append(
            LayerResult(
                step, base, before, deductible, over_cost, above, flat, lines, uncapped, room, payment, excess, cost_room
            )
        )

        # What is left for the next layer.
        hospital = hospital + excess
        left = left - excess
        if extra:
            from_scope = lo(payment, left)
            left = left - from_scope
            rest = payment - from_scope
            for part in extra:
                taken = lo(rest, parts[part])
                parts = (*parts[:part], parts[part] - taken, *parts[part + 1 :])
                rest = rest - taken
        else:
            left = left - payment
    return Paid(tuple(results), left, parts, hospital)


def payable(rule: str, paid: Paid) -> Number:
    """The part of the person's share that an account with this rule may pay (``PersonalAccount.pays``)."""
    if rule == "nothing":
        return 0
    if rule == "self_pay":
        return paid.parts[PRE_SELFPAY] + paid.left
    return sum(paid.parts) + paid.left
