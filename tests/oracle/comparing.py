"""A claim before the kernel and before the oracle, and their answers figure by figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from claims.domain.adjudication import Circumstances, ClaimFacts, Decision, RuleSet, Split, YearState, adjudicate
from claims.domain.adjudication.rule_book import NO_LIMIT
from shared.errors import Refusal
from tests.oracle import benefit_oracle, policies

SPLIT = ("self_funded", "over_limit", "pre_selfpay", "in_scope", "class_b", "traditional", "flat")
WHO = tuple(Circumstances._fields)
AMOUNTS = {*SPLIT, "account", "family_account", "stay_deductible", "episode_deductible"}
Claim = dict[str, Any]


class DisagreementError(AssertionError):
    """Kernel and oracle differ; says where."""


def in_fen(amount: Fraction) -> int:
    """A whole number of fen."""
    assert 100 % amount.denominator == 0
    return amount.numerator * (100 // amount.denominator)


def kernel_facts(claim: Claim) -> ClaimFacts:
    """The claim as the kernel takes it."""
    parts = [claim[name] for name in SPLIT]
    return ClaimFacts(
        split=Split(sum(parts[:4]), *parts),
        circumstances=Circumstances(**{name: claim[name] for name in WHO}),
        account_fen=claim["account"],
        family_account_fen=claim["family_account"],
        continues_stay=claim["continues_stay"],
        stay_deductible_fen=claim["stay_deductible"],
        transferred=claim["transferred"],
        episode_deductible_fen=claim["episode_deductible"],
        sessions=claim["sessions"],
    )


def oracle_claim(claim: Claim) -> benefit_oracle.Claim:
    """The claim as the oracle takes it."""
    facts: dict[str, Any] = {name: Fraction(value, 100) if name in AMOUNTS else value for name, value in claim.items()}
    return benefit_oracle.Claim(**facts)


@dataclass
class Year:
    """A person's year under both: the kernel's counters, the oracle's list."""

    rules: RuleSet
    version: dict[str, Any]
    state: YearState = field(default_factory=YearState)
    standing: list[tuple[Decision, benefit_oracle.Outcome]] = field(default_factory=list)
    refused: int = 0
    payments: int = 0
    reversed: int = 0

    def settle(self, claim: Claim) -> tuple[Decision, benefit_oracle.Outcome] | None:
        """Both decide it; None when both refuse. Raises DisagreementError."""
        got = self._kernel(claim)
        want = self._oracle(claim)
        if got is None or want is None:
            if (got is None) != (want is None):
                raise DisagreementError(f"refused by the {'kernel' if got is None else 'oracle'} only")
            self.refused += 1
            return None
        for name, left, right in differences(got, want):
            raise DisagreementError(f"{name}: kernel {left}, oracle {right}")
        self.state = got.after
        self.payments += sum(done.payment_fen > 0 for done in got.layers)
        self.standing.append((got, want))
        return got, want

    def reverse(self, position: int) -> None:
        """Take back one that stands."""
        self.reversed += 1
        decision, _ = self.standing.pop(position)
        self.state = self.state.minus(decision.contribution)

    def counted(self, name: str) -> int:
        """What the oracle's list says of a counter, by its name."""
        if name == "stays":
            return sum(outcome.counts_as_stay for _, outcome in self.standing)
        plain, *only = name.split("@")
        code, what = plain.rsplit(".", 1)
        month = int(only[0][1:]) if only and re.fullmatch(r"m[0-9]{2}", only[0]) else None
        diseases = only[month is not None :]
        figure = {"paid": "payment"}.get(what, what)
        return in_fen(
            sum(
                (
                    getattr(layer, figure)
                    for _, outcome in self.standing
                    for layer_code, layer in outcome.layers.items()
                    if (code.removeprefix("shared.") in layer.sharing if code.startswith("shared.") else code == layer_code)
                    if month in (None, layer.month) and (not diseases or diseases == [layer.disease])
                ),
                Fraction(0),
            )
        )

    def _kernel(self, claim: Claim) -> Decision | None:
        try:
            return adjudicate(self.rules, kernel_facts(claim), self.state)
        except Refusal as refusal:
            if refusal.code != "claims.rules.uncovered":
                raise
            return None

    def _oracle(self, claim: Claim) -> benefit_oracle.Outcome | None:
        try:
            return benefit_oracle.decide(self.version, oracle_claim(claim), [outcome for _, outcome in self.standing])
        except benefit_oracle.UncoveredError:
            return None


def differences(got: Decision, want: benefit_oracle.Outcome) -> Iterator[tuple[str, object, object]]:
    """Every amount in which the two differ, in the order of the calculation."""
    for name, left, right in pairs(got, want):
        if str(left) != str(right):  # so that 1.0 differs from 1
            yield name, left, right


def pairs(got: Decision, want: benefit_oracle.Outcome) -> Iterator[tuple[str, object, object]]:
    """Every amount by name, as the kernel and as the oracle has it."""
    yield "in_scope", got.split.in_scope_fen, in_fen(want.in_scope)
    yield "pre_selfpay", got.split.pre_selfpay_fen, in_fen(want.pre_selfpay)
    yield "layers", [done.step.layer.code for done in got.layers], list(want.layers)
    for done, (code, layer) in zip(got.layers, want.layers.items(), strict=True):
        yield f"{code}.hospital", done.hospital_fen, in_fen(layer.hospital)
        yield f"{code}.base", done.base_fen, in_fen(layer.base)
        yield f"{code}.before", done.before_fen, in_fen(layer.before)
        yield f"{code}.deductible", done.deductible_fen, in_fen(layer.deductible)
        yield f"{code}.over_cost", done.over_cost_fen, in_fen(layer.over_cost)
        yield f"{code}.bands", list(done.bands_fen), [in_fen(width) for width in layer.bands]
        yield f"{code}.lines", list(done.lines_fen), [in_fen(part) for part in layer.lines]
        yield f"{code}.flat", done.flat_fen, in_fen(layer.flat)
        yield f"{code}.uncapped", done.uncapped_fen, in_fen(layer.uncapped)
        room = done.room_fen if done.room_fen < NO_LIMIT // 2 else None
        yield f"{code}.room", room, None if layer.room is None else in_fen(layer.room)
        yield f"{code}.payment", done.payment_fen, in_fen(layer.payment)
        yield f"{code}.beyond_cap", done.beyond_cap_fen(), in_fen(layer.beyond_cap)
    yield "hospital", got.hospital_fen, in_fen(want.hospital)
    yield "person", got.person_fen, in_fen(want.person)
    yield "account", got.account_fen, in_fen(want.account)
    yield "family", got.family_fen, in_fen(want.family)
    yield "cash", got.cash_fen, in_fen(want.cash)


def live_through_a_year(year: Year, near: list[int], random: Random, claims: int, cares: list[str]) -> int:
    """Settle claims and reverse some, comparing every amount; at the end reverse all the rest in a random order."""
    person = policies.Person.drawn(random, cares)
    compared = 0
    for _ in range(claims):
        person.lives_on(random)
        compared += year.settle(policies.claim(random, near, person)) is not None
        if year.standing and random.random() < 0.2:
            year.reverse(random.randrange(len(year.standing)))
    for name, value in year.state.counters.items():
        if value != year.counted(name):
            raise DisagreementError(f"{name}: kernel {value}, oracle {year.counted(name)}")
    while year.standing:
        year.reverse(random.randrange(len(year.standing)))
    if year.state != YearState():
        raise DisagreementError(f"left over after all is reversed: {year.state}")
    return compared
