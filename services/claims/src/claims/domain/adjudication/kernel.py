"""The benefit kernel: one claim under one rule set, exact integers, every intermediate amount kept.

Rules are resolved beforehand to plans of numbers (``RuleSet.plan``); what is left is straight arithmetic with ``min``,
``max`` and products, without a branch on an amount, so that the same body can run on columns of claims. Every payment
is rounded half up to the fen, and the next layer starts from the rounded remainder (benefit policies, section 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import sub
from typing import NamedTuple

from claims.domain.adjudication.circumstances import Circumstances
from claims.domain.adjudication.rule_set import RuleSet, Step
from claims.domain.adjudication.split import Split, whole
from claims.domain.adjudication.year_state import STAYS, YearState
from shared.errors import invalid
from shared.ledger import Book
from shared.money import RATE_ONE

_HALF = RATE_ONE // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """One settlement as the rules see it.

    Raises Refusal when the split does not add up or an amount is negative.
    """

    split: Split
    circumstances: Circumstances
    account_fen: int = 0
    """What the personal account may pay at most: its balance if the person wants it used, else 0."""
    continues_stay: bool = False
    """An earlier part of the same stay is already settled and counted (中途结算, 跨年结算)."""
    stay_deductible_fen: int = 0
    """Deductible that earlier parts of the same stay have been charged."""

    def __post_init__(self) -> None:
        whole(self.split)
        if self.account_fen < 0 or self.stay_deductible_fen < 0:
            raise invalid("claims.bill.account", "个人账户可用金额和本次住院已扣起付线不能为负数", field="acct_pay")


class LayerResult(NamedTuple):
    """What one layer did, in fen: base = deductible + over_cost + sum(bands)."""

    step: Step
    base_fen: int
    before_fen: int
    """Base accumulated in the year before this claim; 0 for a layer that counts by the claim."""
    deductible_fen: int
    over_cost_fen: int
    """Above the deductible, but beyond the limit on cost."""
    above_fen: tuple[int, ...]
    """How much of the base lies above the beginning of each band, the first beginning at the deductible."""
    uncapped_fen: int
    room_fen: int
    """What the cap left before this claim."""
    payment_fen: int

    @property
    def bands_fen(self) -> tuple[int, ...]:
        """How much of the base lies in each band."""
        return tuple(map(sub, self.above_fen, (*self.above_fen[1:], 0)))

    @property
    def beyond_cap_fen(self) -> int:
        """Cost above the deductible that a reached limit left: what the paid amount does not stand for, band by band from
        below, payment / rate rounded half up where the money ends (work-injury reference B0.2)."""
        covered, rest, reached = 0, self.payment_fen * RATE_ONE, True
        for cost, rate in zip(self.bands_fen, self.step.rates, strict=True):
            spent = min(rest, cost * rate)
            covered += (spent + rate // 2) // rate if rate else reached * cost
            reached = reached and spent == cost * rate
            rest -= spent
        capped = self.payment_fen < self.uncapped_fen
        return self.over_cost_fen + capped * (self.above_fen[0] - covered)


class Payment(NamedTuple):
    """What one fund or the account pays, with everything a voucher and an answer need to know."""

    layer: str
    """Layer code, or ``account``."""
    name: str
    book: Book
    account: str
    fund: str
    """fund_pay_type."""
    his_field: str
    amount_fen: int


class Decision(NamedTuple):
    """The outcome of one claim. total = sum of layer payments + person; person = account + cash."""

    rules: RuleSet
    facts: ClaimFacts
    before: YearState
    layers: tuple[LayerResult, ...]
    person_fen: int
    account_fen: int
    cash_fen: int

    @property
    def deductible_fen(self) -> int:
        """act_pay_dedc: the deductible of the first layer, charged in this claim."""
        return self.layers[0].deductible_fen if self.layers else 0

    @property
    def funds_fen(self) -> int:
        """fund_pay_sumamt: what the layers pay together, the account not included."""
        return self.facts.split.total_fen - self.person_fen

    @property
    def pool_rate(self) -> int:
        """pool_prop_selfpay: the rate of the highest band the first layer paid in, millionths; 0 when it paid nothing."""
        if not self.layers or not self.layers[0].payment_fen:
            return 0
        first = self.layers[0]
        return next((r for r, cost in zip(reversed(first.step.rates), reversed(first.bands_fen), strict=True) if cost), 0)

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every payment above 0: the layers in their order, then the account."""
        result = [
            Payment(layer.code, layer.name, layer.book, layer.account, layer.fund, layer.his_field, done.payment_fen)
            for done in self.layers
            if done.payment_fen and (layer := done.step.layer)
        ]
        if self.account_fen:
            account = self.rules.version.account
            result.append(
                Payment("account", "个人账户", account.book, account.account, account.fund, "acct_pay", self.account_fen)
            )
        return tuple(result)

    @property
    def contribution(self) -> YearState:
        """What this decision adds to the year; taking it back subtracts the same."""
        counters = {STAYS: int(self.facts.circumstances.care == "inpatient" and not self.facts.continues_stay)}
        for done in self.layers:
            step = done.step
            counters[step.base_counter] = done.base_fen
            counters[step.deductible_counter] = done.deductible_fen
            counters[step.cost_counter] = done.above_fen[0]
            counters[step.paid_counter] = done.payment_fen
        return YearState.of(counters)

    @property
    def after(self) -> YearState:
        """The year's state with this decision in it."""
        return self.before.plus(self.contribution)


def adjudicate(rules: RuleSet, facts: ClaimFacts, state: YearState) -> Decision:
    """Decide one claim, given what the person has used up in the benefit year.

    Raises Refusal ``claims.rules.uncovered`` when the rules say nothing on such a claim.

    One flat loop, and a step's numbers as locals: a call for each layer would halve the claims per second.
    """
    split = facts.split
    used = state.counters.get
    turn = max(used(STAYS, 0) - facts.continues_stay, 0)
    left = split.in_scope_fen
    basic_deductible = beyond_cap = 0
    results: list[LayerResult] = []
    for step in rules.plan(facts.circumstances):
        (_, _, on_beyond_cap, passes_on, without_deductible, yearly, deductibles, deductible_total, rates, later_bands, shift,
         cap, cost_cap, base_used, deductible_used, cost_used, paid) = step  # fmt: skip

        # What the layer looks at, and the deductible on it.
        base = beyond_cap if on_beyond_cap else left
        if without_deductible:
            base = max(base - basic_deductible, 0)
        if yearly:
            before = used(base_used, 0)
            deductible = deductibles[0]
            cost = max(before + base - deductible, 0) - max(before - deductible, 0)
        else:
            before = 0
            deductible = max(deductibles[min(turn, len(deductibles) - 1)] - facts.stay_deductible_fen, 0)
            if deductible_total is not None:
                deductible = min(deductible, max(deductible_total - used(deductible_used, 0), 0))
            cost = max(base - deductible, 0)

        # What lies above the beginning of each band. A band's rate is paid on all above it, less the rate of the band below.
        over_cost = 0 if cost_cap is None else max(cost - max(cost_cap - used(cost_used, 0), 0), 0)
        above: tuple[int, ...] = (cost - over_cost,)
        due = above[0] * rates[0]
        if later_bands:
            after = before + base - over_cost
            for begin, gain in later_bands:
                begin += shift * deductible
                part = max(after - begin, 0) - max(before - begin, 0)
                above += (part,)
                due += part * gain

        # Half up to the fen, within the room that the year's cap leaves.
        uncapped = (due + _HALF) // RATE_ONE
        room = max(cap - used(paid, 0), 0)
        payment = min(uncapped, room)
        result = LayerResult(step, base, before, base - cost, over_cost, above, uncapped, room, payment)
        if not results:
            basic_deductible = base - cost
        if passes_on:
            beyond_cap = result.beyond_cap_fen
        left -= payment
        results.append(result)
    person = split.total_fen - split.in_scope_fen + left
    account = min(facts.account_fen, _payable_by_account(rules, split, left))
    return Decision(rules, facts, state, tuple(results), person, account, person - account)


def _payable_by_account(rules: RuleSet, split: Split, left: int) -> int:
    """The part of the person's share that the personal account may pay."""
    pays = rules.version.account.pays
    if pays == "nothing":
        return 0
    if pays == "self_pay":
        return split.pre_selfpay_fen + left
    return split.total_fen - split.in_scope_fen + left
