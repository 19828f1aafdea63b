"""A version of a rule book resolved for one kind of claim: the numbers that the kernel works with, and nothing else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from claims.domain.adjudication.circumstances import Circumstances, Range, When
from claims.domain.adjudication.rule_book import NO_LIMIT, Adjustment, Cap, Layer, RuleVersion, Terms, adjusted, limit
from shared.errors import invalid
from shared.money import RATE_ONE, share

BASE: Final = 0
DEDUCTIBLE: Final = 1
COST: Final = 2
PAID: Final = 3
EXCESS: Final = 4
"""What a counter adds up of a layer's result: its base, what of it fell under the deductible, the cost that was paid for, the
payment, the cost above the deductible whether paid for or not."""
_CAPPED: Final = {"paid": PAID, "cost": COST, "base": BASE}

PRE_SELFPAY: Final = 0
OVER_LIMIT: Final = 1
SELF_FUNDED: Final = 2
"""The parts of a bill outside the scope, in the order in which a layer that looks at them pays them."""
_PARTS: Final = ("pre_selfpay", "over_limit", "self_funded")
LINES: Final = ("class_b", "traditional")
"""Kinds of lines that may have a rate of their own."""
CARE_NAMES: Final = {
    "inpatient": "住院",
    "outpatient": "门诊",
    "chronic": "门诊慢特病",
    "two_diseases": "两病门诊",
    "maternity": "生育",
    "day_surgery": "日间手术",
}


class Limit(NamedTuple):
    """A limit as a number."""

    amount: int
    counter: str | None
    """What has been used of it; None: within the claim."""
    by_session: bool = False
    """The amount counts for each session."""
    on_base: bool = False
    """The deductible counts against it too."""
    shared: str | None = None
    """A name: what earlier layers paid of this claim under limits of this name counts too."""


class Step(NamedTuple):
    """One layer's numbers for one kind of claim, and the terms they come from. Branch on these, never on an amount."""

    layer: Layer
    terms: Terms
    adjustments: tuple[Adjustment, ...]
    """Those of the layer that are in these numbers."""
    beyond: int
    """The step whose cap left the cost that this one pays on; -1: pays on what is left of the in-scope amount."""
    keeps_beyond: bool
    """A later step pays on what the cap of this one leaves."""
    gate: int
    """The step that must have reached its cap; -1: none."""
    parts: tuple[int, ...]
    """Parts outside the scope that belong to the base."""
    without_deductible: bool
    takes_flat: bool
    """Pays the lines that are settled by themselves."""
    package_price: int | None
    highest: bool
    """The deductible is charged once a year, at the highest amount that applied."""
    accumulated: bool
    """The deductible is charged once on the base accumulated over the month or year."""
    bill_share: tuple[int, bool, int, int] | None
    """Deductible as a share of the bill: rate, of the total (else of what is in scope), least, most."""
    bill_changes: tuple[tuple[int, int, int], ...]
    """What adjustments make of it, one after the other: times the first over the second, less the third."""
    deductibles: tuple[int, ...]
    """Of the first, second, … stay of the year."""
    deductible_total: int | None
    by_session: bool
    """The deductible counts for each session."""
    after_rate: bool
    """The deductible comes off the payment."""
    position: str | None
    """Counter of where the bands stand at the beginning of the claim; None: they begin anew."""
    from_cost: bool
    """Bands are measured on accumulated cost above deductibles, whether it was paid for or not."""
    rates: tuple[int, ...]
    """Of each band; the first begins at the deductible."""
    later_bands: tuple[tuple[int, int], ...]
    """Where the second and later bands begin, and by how much their rate is above the one before."""
    shift: int
    """Whether they begin at that amount (0) or that much above the deductible (1)."""
    line_points: tuple[tuple[int, int], ...]
    """Index of the kind of lines in ``Amounts.lines``, and the points on it."""
    guarantee: int
    """Least share of the base; 0: none."""
    paid_limits: tuple[Limit, ...]
    cost_limits: tuple[Limit, ...]
    shares: tuple[str, ...]
    """Names of the shared limits that hold."""
    base_counter: str
    deductible_counter: str
    adds: tuple[tuple[str, int], ...]
    """Counters, and which figure of the result goes into each."""

    @property
    def cap(self) -> int:
        """The smallest limit on the year's payments; NO_LIMIT when there is none."""
        return min((n.amount for n in self.paid_limits if n.counter == f"{self.layer.code}.paid"), default=NO_LIMIT)


class Plan(NamedTuple):
    """All that is asked of a claim's rules."""

    first_share: int
    """Share of what is in scope that the person bears before any layer."""
    steps: tuple[Step, ...]


class Attention:
    """What of a claim's circumstances a version looks at: claims alike in that share a plan."""

    def __init__(self, version: RuleVersion) -> None:
        conditions = list(_conditions(version))
        self.care = frozenset[str]().union(*(w.care or () for w in conditions))
        """Kinds of care that some rule names."""
        numbers = [c.each for layer in version.layers for c in layer.adjustments if c.each]
        self._age = _Cuts((w.age for w in conditions), exact=any(e.of == "age" for e in numbers))
        incentive = version.incentive is not None
        self._tenure = _Cuts(
            (w.tenure_months for w in conditions), exact=incentive or any(e.of == "tenure_years" for e in numbers)
        )
        self._incentive = incentive
        self._classes = frozenset[str]().union(*(w.classes or () for w in conditions))
        self._facility = frozenset[str]().union(*(w.facility or () for w in conditions))
        self._diseases = frozenset[str]().union(
            *((w.diseases or frozenset()) | (w.except_diseases or frozenset()) for w in conditions)
        )
        self.tiers = frozenset[str]().union(*(w.tiers or () for w in conditions))
        """Tiers of the scheme that some rule names."""
        caps = [cap for layer in version.layers for cap in _caps(layer)]
        self._any_disease = any(layer.per_disease for layer in version.layers) or any(cap.per_disease for cap in caps)
        self._enrolled = frozenset[str]().union(*(w.enrolled or () for w in conditions))
        self._count_enrolled = any(cap.per_extra_disease is not None for cap in caps)
        self._monthly = any(layer.per == "month" for layer in version.layers) or any(cap.per == "month" for cap in caps)

    def key(self, c: Circumstances) -> tuple[object, ...]:
        """Equal for claims that no rule tells apart."""
        return (
            c.care,
            c.level,
            c.status,
            c.classes & self._classes,
            c.place,
            c.referred,
            c.emergency,
            c.long_term,
            c.rank,
            c.facility & self._facility,
            self._age(c.age),
            self._tenure(c.tenure_months),
            c.zero_claim_years if self._incentive else 0,
            c.disease if self._any_disease or c.disease in self._diseases else "",
            len(c.enrolled) if self._count_enrolled else c.enrolled & self._enrolled,
            c.enrolled & self._enrolled,
            c.tier if c.tier in self.tiers else "",
            c.month if self._monthly else 0,
        )


class _Cuts:
    """A number seen as precisely as the rules see it."""

    def __init__(self, ranges: Iterable[Range | None], *, exact: bool) -> None:
        self._exact = exact
        self._bounds = sorted({bound for range_ in ranges if range_ for bound in range_.bounds()})

    def __call__(self, number: int) -> int:
        return number if self._exact else bisect_right(self._bounds, number)


def resolve(version: RuleVersion, c: Circumstances) -> Plan:
    """The plan for one kind of claim.

    Raises Refusal ``claims.rules.uncovered`` when no layer applies, or one applies but none of its terms fits, unless its
    terms are all for identity classes, which the person then simply does not hold.
    """
    applying: list[tuple[Layer, Terms]] = []
    for layer in version.layers:
        codes = [done.code for done, _ in applying]
        if any(named is not None and named not in codes for named in (layer.beyond, layer.after_cap_of)):
            continue
        if layer.base == "beyond_cap" and not applying:
            continue
        if (terms := _terms(layer, c)) is not None:
            applying.append((layer, terms))
    if not applying:
        raise invalid("claims.rules.uncovered", f"待遇规则没有规定{CARE_NAMES[c.care]}待遇", field="med_type")
    codes = [layer.code for layer, _ in applying]
    beyond = [
        -1 if layer.base == "left" else codes.index(layer.beyond) if layer.beyond else i - 1
        for i, (layer, _) in enumerate(applying)
    ]
    steps = tuple(
        step_of(
            version,
            layer,
            terms,
            c,
            beyond=beyond[i],
            keeps_beyond=i in beyond,
            gate=codes.index(layer.after_cap_of) if layer.after_cap_of else -1,
            takes_flat=i == 0,
        )
        for i, (layer, terms) in enumerate(applying)
    )
    first = min(sum(rule.pre_selfpay for rule in version.bill_adjustments if rule.when.holds(c)), RATE_ONE)
    return Plan(first, steps)


def _terms(layer: Layer, c: Circumstances) -> Terms | None:
    if not layer.when.holds(c):
        return None
    for terms in layer.terms:
        if terms.when.holds(c):
            return terms
    if all(terms.when.classes is not None for terms in layer.terms):
        return None
    raise invalid(
        "claims.rules.uncovered",
        f"待遇规则“{layer.name}”没有规定{c.level}级医疗机构、人员状态{c.status}的待遇标准",
        field="hosp_lv",
    )


def _adjustments(layer: Layer, c: Circumstances) -> tuple[Adjustment, ...]:
    """Those that apply; of a group only the one with the most points, the first of equals."""
    holding = [change for change in layer.adjustments if change.when.holds(c)]
    best: dict[str, Adjustment] = {}
    for change in holding:
        if change.group is not None:
            rival = best.setdefault(change.group, change)
            if points_of(change, c) > points_of(rival, c):
                best[change.group] = change
    return tuple(change for change in holding if change.group is None or best[change.group] is change)


def points_of(change: Adjustment, c: Circumstances) -> int:
    """The points of an adjustment for one kind of claim."""
    each = change.each
    if each is None:
        return change.points
    return change.points + each.of_number(c.age if each.of == "age" else c.tenure_months // 12)


def step_of(
    version: RuleVersion,
    layer: Layer,
    terms: Terms,
    c: Circumstances,
    *,
    beyond: int = -1,
    keeps_beyond: bool = False,
    gate: int = -1,
    takes_flat: bool = False,
) -> Step:
    """A layer's numbers under these terms; by default of a layer that stands alone."""
    taken = _adjustments(layer, c)
    rates = _rates(terms, taken, c)
    begins = [limit(band.up_to) for band in terms.bands[:-1]]
    month = f"@m{c.month:02d}"
    disease = f"@{c.disease}"
    where = (month if layer.per == "month" else "") + (disease if layer.per_disease else "")
    names = [f"{layer.code}.{what}{where}" for what in ("base", "deductible", "cost", "paid")]
    adds = {name: what for what, name in enumerate(names)}
    charged = layer.deductible_per or layer.per
    accumulates = layer.per != "claim"
    from_cost = accumulates and charged in ("claim", "highest") and layer.bounds == "excess"
    position = (f"{layer.code}.excess{where}" if from_cost else names[BASE]) if accumulates else None
    if from_cost and position:
        adds[position] = EXCESS
    charged_counter = names[DEDUCTIBLE]
    if charged == "highest" or layer.deductible_year_total is not None:
        charged_counter = f"{layer.code}.deductible" + (disease if layer.per_disease else "")
        adds[charged_counter] = DEDUCTIBLE
    paid, cost = _limits(version, layer, terms, c, adds)
    rule = terms.deductible_rule
    bill = rule.bill
    return Step(
        layer=layer,
        terms=terms,
        adjustments=taken,
        beyond=beyond,
        keeps_beyond=keeps_beyond,
        gate=gate,
        parts=tuple(i for i, part in enumerate(_PARTS) if part in layer.with_parts),
        without_deductible=layer.without_deductible,
        takes_flat=takes_flat,
        package_price=terms.package_price,
        highest=charged == "highest",
        accumulated=charged in ("month", "year"),
        bill_share=(bill.share, bill.of == "total", bill.at_least, limit(bill.at_most)) if bill else None,
        bill_changes=tuple(_bill_changes(taken)) if bill else (),
        deductibles=_deductibles(version, terms, taken),
        deductible_total=layer.deductible_year_total,
        by_session=rule.per_session,
        after_rate=rule.after_rate,
        position=position,
        from_cost=from_cost,
        rates=rates,
        later_bands=tuple((begin, rate - below) for begin, (below, rate) in zip(begins, pairwise(rates), strict=True)),
        shift=int(layer.bounds == "excess" and not from_cost),
        line_points=tuple((LINES.index(p.lines), p.points) for p in layer.lines if p.when.holds(c)),
        guarantee=layer.guarantee.share if layer.guarantee and layer.guarantee.when.holds(c) else 0,
        paid_limits=paid,
        cost_limits=cost,
        shares=tuple(sorted({one.shared for one in paid if one.shared})),
        base_counter=names[BASE],
        deductible_counter=charged_counter,
        adds=tuple(adds.items()),
    )


def _rates(terms: Terms, taken: tuple[Adjustment, ...], c: Circumstances) -> tuple[int, ...]:
    points = sum(points_of(change, c) for change in taken)
    rates = [adjusted(band.rate, points) for band in terms.bands]
    for change in taken:
        if change.factor is not None:
            rates = [share(rate, change.factor) for rate in rates]
    return tuple(rates)


def _deductibles(version: RuleVersion, terms: Terms, taken: tuple[Adjustment, ...]) -> tuple[int, ...]:
    rule = terms.deductible_rule
    amounts: list[int] = list(terms.deductible)
    if rule.wage:
        amounts = [share(version.bases[rule.wage.of].amount, rule.wage.share)]
    if rule.ladder:
        amounts = [max(share(amounts[0], factor), rule.floor) for factor in rule.ladder]
    if rule.less_each is not None:
        first = amounts[0]
        turns = max((first - rule.floor) // rule.less_each + 2, 1) if rule.less_each else 1
        amounts = [max(first - n * rule.less_each, rule.floor) for n in range(turns)]
    for change in taken:
        if change.deductible_factor is not None:
            amounts = [_times(amount, change.deductible_factor) for amount in amounts]
        amounts = [max(amount - change.deductible_less, 0) for amount in amounts]
    return tuple(amounts)


def _bill_changes(taken: tuple[Adjustment, ...]) -> Iterator[tuple[int, int, int]]:
    for change in taken:
        if change.deductible_factor is not None or change.deductible_less:
            factor = Decimal(1) if change.deductible_factor is None else change.deductible_factor
            yield (*factor.as_integer_ratio(), change.deductible_less)


def _times(amount: int, factor: Decimal) -> int:
    return int((amount * factor).quantize(Decimal(1), ROUND_HALF_UP))


def _limits(
    version: RuleVersion, layer: Layer, terms: Terms, c: Circumstances, adds: dict[str, int]
) -> tuple[tuple[Limit, ...], tuple[Limit, ...]]:
    """Limits on payments and on cost.

    Counters are added to ``adds`` for every limit of the layer, whether it holds for this claim or not, for it counts what the
    layer pays; and for every limit that has the name of a shared one that holds.
    """
    paid: list[Limit] = []
    cost: list[Limit] = []
    simple = min(limit(layer.cap), limit(terms.cap))
    if simple < NO_LIMIT:
        paid.append(Limit(simple, f"{layer.code}.paid"))
    if terms.cost_cap is not None:
        cost.append(Limit(terms.cost_cap, f"{layer.code}.cost"))
    for cap in (*layer.caps, *terms.caps):
        if cap.when.holds(c):
            (paid if cap.on == "paid" else cost).append(
                Limit(
                    _cap_amount(version, cap, c),
                    _cap_counter(layer, cap, c),
                    by_session=cap.per == "session",
                    on_base=cap.on == "base",
                    shared=cap.shared,
                )
            )
    if layer.cap is not None or any(other.cap is not None for other in layer.terms):
        adds[f"{layer.code}.paid"] = PAID
    if any(other.cost_cap is not None for other in layer.terms):
        adds[f"{layer.code}.cost"] = COST
    of_layer = [cap for cap in _caps(layer) if cap.shared is None]
    shared = {one.shared for one in paid if one.shared}
    of_name = [cap for other in version.layers for cap in _caps(other) if cap.shared in shared]
    for cap in (*of_layer, *of_name):
        if (counter := _cap_counter(layer, cap, c)) is not None:
            adds[counter] = _CAPPED[cap.on]
    return tuple(paid), tuple(cost)


def _cap_amount(version: RuleVersion, cap: Cap, c: Circumstances) -> int:
    amount: int = cap.amount
    if cap.per_extra_disease is not None:
        amount = min(amount + cap.per_extra_disease * max(len(c.enrolled) - 1, 0), limit(cap.at_most))
    if cap.with_incentive and version.incentive is not None:
        amount += version.incentive.of(amount, c.tenure_months, c.zero_claim_years)
    return amount


def _cap_counter(layer: Layer, cap: Cap, c: Circumstances) -> str | None:
    if cap.per in ("claim", "session"):
        return None
    name = f"shared.{cap.shared}.paid" if cap.shared else f"{layer.code}.{cap.on}"
    return name + (f"@m{c.month:02d}" if cap.per == "month" else "") + (f"@{c.disease}" if cap.per_disease else "")


def _caps(layer: Layer) -> Iterator[Cap]:
    yield from layer.caps
    for terms in layer.terms:
        yield from terms.caps


def _conditions(version: RuleVersion) -> Iterator[When]:
    for rule in version.bill_adjustments:
        yield rule.when
    for layer in version.layers:
        yield layer.when
        yield from (terms.when for terms in layer.terms)
        yield from (change.when for change in layer.adjustments)
        yield from (points.when for points in layer.lines)
        yield from (cap.when for cap in _caps(layer))
        if layer.guarantee:
            yield layer.guarantee.when
