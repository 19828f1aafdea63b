"""Every check on every version of every book."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise
from math import ceil
from typing import Any, get_args

from claims.domain.adjudication import Circumstances, RuleBooks, RuleSet
from claims.domain.adjudication.circumstances import Care, PersonClass
from claims.domain.adjudication.kernel import Paid
from claims.domain.adjudication.plan import CARE_NAMES, Plan, points_of, step_of
from claims.domain.adjudication.rule_book import Layer, RuleBook, Terms
from claims.domain.person import CLASS_NAMES
from claims.domain.policy_lint.curve import Curve, as_curve
from claims.domain.policy_lint.findings import Finding, Severity
from claims.domain.policy_lint.kinds import RANK_NAMES, STATUS_NAMES, all_conditions, kinds, layer_conditions, single_classes
from claims.domain.policy_lint.options import NEED, LintOptions
from claims.domain.policy_lint.solver import Solver, claim_of, first_below, solve
from shared.errors import Refusal
from shared.money import RATE_ONE, format_yuan
from shared.rules import Origin

_ROUNDED = 1
"""Fen by which each layer's payment may be off its curve."""
_SHOWN = 3
"""How many of a kind are named in one finding."""


def lint(books: RuleBooks, options: LintOptions | None = None) -> list[Finding]:
    """What is wrong or doubtful in books that can be read, errors first within each version."""
    options = options or LintOptions()
    found: list[Finding] = []
    for rules in books.all():
        accepted = rules.version.accepted_findings
        checked = [_accepted(finding, accepted) for finding in VersionLint(rules, options).findings()]
        found += sorted(checked, key=lambda f: (list(Severity).index(f.severity), f.code))
    return found


def _accepted(finding: Finding, accepted: Mapping[str, str]) -> Finding:
    """A finding that the version accepts is a note, with the reason."""
    reason = accepted.get(f"{finding.code}/{finding.subject}") or accepted.get(finding.code)
    if reason is None:
        return finding
    return replace(finding, severity=Severity.NOTE, zh=f"{finding.zh}（已知并接受：{reason}）")


def lint_times(books: Iterable[RuleBook]) -> list[Finding]:
    """Days on which a place and scheme has two versions, or, between versions, none."""
    by_key: dict[tuple[str, str], list[Any]] = {}
    for book in books:
        by_key.setdefault((book.region, book.scheme), []).extend(book.versions)
    found = []
    for (region, scheme), versions in sorted(by_key.items()):
        for earlier, later in pairwise(sorted(versions, key=lambda v: v.effective_from)):
            day, last = later.effective_from, earlier.effective_to
            if last is None or last >= day:
                code, zh = "time-overlap", f"{day}同时有版本{earlier.version}和{later.version}生效"
            elif last + timedelta(days=1) < day:
                code, zh, day = (
                    "time-gap",
                    f"{last + timedelta(days=1)}至{day - timedelta(days=1)}没有生效的版本",
                    last + timedelta(days=1),
                )
            else:
                continue
            found.append(
                Finding(
                    code=code,
                    severity=Severity.ERROR,
                    region=region,
                    scheme=scheme,
                    version=later.version,
                    place=str(later.origin),
                    subject=later.version,
                    zh=zh,
                    example={"region": region, "scheme": scheme, "day": day.isoformat()},
                )
            )  # fmt: skip
    return found


def _where(c: Circumstances) -> str:
    """Facility and person in words, with the codes that the book writes."""
    return f"{c.level}级{RANK_NAMES[c.rank]}机构、{STATUS_NAMES[c.status]}（{c.rank}、{c.status}）"


class VersionLint:
    """The checks of one version."""

    def __init__(self, rules: RuleSet, options: LintOptions, solver: type[Solver] = Solver) -> None:
        self._rules = rules
        self._version = rules.version
        self._options = options
        self._solver = solver(rules)

    def findings(self) -> Iterator[Finding]:
        """Everything found, in the order of the book."""
        for layer in self._version.layers:
            yield from self._layer_terms(layer)
            yield from self._ladders(layer)
        yield from self._names()
        conditions = all_conditions(self._version)
        every = kinds(self._rules.scheme, self._version, conditions, single_classes(conditions))
        if every.count > self._options.most_kinds:
            yield self._finding(
                "too-many-kinds",
                Severity.ERROR,
                self._version.origin,
                f"规则区分{every.count}种情形，超过求解上限{self._options.most_kinds}，断崖、倒挂等未检查",
            )
            return
        covered = yield from self._covered(every)
        yield from self._solved(covered)
        yield from self._poorer(covered)

    # ---- terms of one layer ------------------------------------------------------------------------------------------

    def _layer_terms(self, layer: Layer) -> Iterator[Finding]:
        conditions = layer_conditions(layer)
        singles = single_classes(conditions)
        pairs = [a | b for a, b in combinations(singles[1:], 2)]
        without: list[Circumstances] = []
        reached: set[str] = set()
        answers: set[tuple[str, str]] = set()
        for c in kinds(self._rules.scheme, self._version, conditions, [*singles, *pairs]):
            if not layer.when.holds(c):
                continue
            fitting = [terms for terms in layer.terms if terms.when.holds(c)]
            reached |= {terms.code for terms in fitting[:1]}
            if not fitting and not all(terms.when.classes is not None for terms in layer.terms):
                without.append(c)
            for rival in fitting[1:]:
                if (fitting[0].code, rival.code) not in answers and not (fitting[0].plain and rival.plain):
                    found = self._two_answers(layer, fitting[0], rival, c)
                    if found:
                        answers.add((fitting[0].code, rival.code))
                        yield found
        if without:
            named = dict.fromkeys(_where(c) for c in without)
            yield self._finding(
                "uncovered",
                Severity.ERROR,
                layer.origin,
                f"“{layer.name}”没有规定{'、'.join(list(named)[:_SHOWN])}{'等' if len(named) > _SHOWN else ''}的待遇标准，结算将被拒绝",
                claim_of(self._rules, without[0], 1),
                subject=layer.code,
            )
        for terms in layer.terms:
            if terms.code not in reached:
                yield self._finding(
                    "terms-unreached",
                    Severity.WARNING,
                    terms.origin,
                    f"“{layer.name}”的“{terms.name}”永远不会适用：前面的标准已覆盖其全部情形",
                    subject=f"{layer.code}/{terms.code}",
                )

    def _two_answers(self, layer: Layer, first: Terms, rival: Terms, c: Circumstances) -> Finding | None:
        curves = [self._alone(layer, terms, c) for terms in (first, rival)]
        cost = first_below(curves[0] - curves[1], -_ROUNDED, self._options.top_fen)
        if cost is None:
            return None
        got, other = (int(curve.at(cost)) for curve in curves)
        return self._finding(
            "two-answers",
            Severity.ERROR,
            rival.origin,
            f"“{layer.name}”对同一笔费用有两个答案：“{first.name}”支付{format_yuan(got)}，“{rival.name}”支付{format_yuan(other)}，"
            "而排在前面的较低",
            claim_of(self._rules, c, cost, **{first.code: got, rival.code: other}),
            subject=f"{layer.code}/{first.code}<{rival.code}",
        )

    def _alone(self, layer: Layer, terms: Terms, c: Circumstances) -> Curve:
        step = step_of(self._version, layer, terms, c)
        return as_curve(solve(Plan(0, (step,))).layers[0].payment_fen)

    def _ladders(self, layer: Layer) -> Iterator[Finding]:
        for terms in layer.terms:
            if any(later > earlier for earlier, later in pairwise(terms.deductible)):
                yield self._finding(
                    "ladder-rises",
                    Severity.WARNING,
                    terms.origin,
                    f"“{layer.name}”的“{terms.name}”：后一次住院的起付线高于前一次",
                    subject=f"{layer.code}/{terms.code}",
                )

    # ---- names -------------------------------------------------------------------------------------------------------

    def _names(self) -> Iterator[Finding]:
        conditions = all_conditions(self._version)
        named = {code for w in conditions for code in w.classes or ()}
        for code, where in sorted(self._options.premium_classes.items()):
            if code not in named:
                yield self._finding(
                    "premium-without-benefit",
                    Severity.WARNING,
                    self._version.origin,
                    f"缴费政策（{where}）有人员类别{CLASS_NAMES.get(code, code)}，待遇规则没有任何一条提到",
                    subject=code,
                )
        unnamed = [code for code in CLASS_NAMES if code not in named and code in get_args(PersonClass)]
        if named and unnamed:
            names = "、".join(CLASS_NAMES[code] for code in unnamed)
            yield self._finding(
                "class-unnamed",
                Severity.NOTE,
                self._version.origin,
                f"没有任何一条规则提到的人员类别（按普通参保人员处理）：{names}",
            )
        offered = {care for w in conditions for care in w.care or ()}
        missing = [CARE_NAMES[care] for care in get_args(Care) if care not in offered]
        if offered and missing and not any(layer.when.care is None for layer in self._version.layers):
            yield self._finding(
                "care-unnamed", Severity.NOTE, self._version.origin, f"没有规定的就医方式（结算将被拒绝）：{'、'.join(missing)}"
            )

    # ---- whole plans -------------------------------------------------------------------------------------------------

    def _covered(self, every: Iterable[Circumstances]) -> Generator[Finding, None, list[Circumstances]]:
        """The kinds that have a plan; a finding for those that have none although no layer of theirs is at fault."""
        covered: dict[tuple[object, ...], Circumstances] = {}
        nothing: list[Circumstances] = []
        for c in every:
            key = self._rules.plan_key(c)
            if key in covered:
                continue
            try:
                self._rules.plan(c)
            except Refusal:
                if not any(layer.when.holds(c) for layer in self._version.layers):
                    nothing.append(c)
                continue
            covered[key] = c
        if nothing:
            c = nothing[0]
            yield self._finding(
                "uncovered",
                Severity.ERROR,
                self._version.origin,
                f"没有任何层次适用：{CARE_NAMES[c.care]}、{_where(c)}等{len(nothing)}种情形",
                claim_of(self._rules, c, 1),
                subject=c.care,
            )
        return list(covered.values())

    def _solved(self, covered: list[Circumstances]) -> Iterator[Finding]:
        bands: dict[tuple[str, str, int], tuple[Terms, str, bool]] = {}
        told: set[tuple[str, ...]] = set()
        for c in covered:
            last = max((len(step.deductibles) for step in self._rules.plan(c).steps), default=1) - 1
            for turn in sorted({0, last}):
                paid = self._solver.paid(c, turn)
                self._mark_bands(c, paid, bands)
                yield from self._clamped(c, told)
                yield from self.cliffs(c, turn, told)
        for (layer, _, number), (terms, name, reached) in bands.items():
            if not reached:
                yield self._finding(
                    "band-unreached",
                    Severity.WARNING,
                    terms.origin,
                    f"“{name}”的“{terms.name}”第{number + 1}段永远没有支付：之前已达封顶线或没有费用",
                    subject=f"{layer}/{terms.code}/{number + 1}",
                )

    def _mark_bands(self, c: Circumstances, paid: Paid, bands: dict[tuple[str, str, int], tuple[Terms, str, bool]]) -> None:
        for step, done in zip(self._rules.plan(c).steps, paid.layers, strict=True):
            payment = as_curve(done.payment_fen)
            for number, cost in enumerate(map(as_curve, done.bands_fen)):
                key = (step.layer.code, step.terms.code, number)
                if key in bands and bands[key][2]:
                    continue
                pays = step.rates[number] == 0
                reached = any(
                    start <= self._options.top_fen and cost_line[1] > 0 and (pays or pay_line[1] > 0)
                    for start, cost_line, pay_line in cost._with(payment)
                )
                bands[key] = (step.terms, step.layer.name, reached)

    def _clamped(self, c: Circumstances, told: set[tuple[str, ...]]) -> Iterator[Finding]:
        for step in self._rules.plan(c).steps:
            points = sum(points_of(change, c) for change in step.adjustments)
            raw = [band.rate + points for band in step.terms.bands]
            key = ("clamped", step.layer.code, step.terms.code)
            if points and key not in told and not all(0 <= rate <= RATE_ONE for rate in raw):
                told.add(key)
                yield self._finding(
                    "rate-outside",
                    Severity.ERROR,
                    step.terms.origin,
                    f"“{step.layer.name}”的“{step.terms.name}”加减百分点后比例超出0—100%，已按边界计算："
                    + "、".join(change.name for change in step.adjustments),
                    claim_of(self._rules, c, 1),
                    subject=f"{step.layer.code}/{step.terms.code}",
                )

    def cliffs(self, c: Circumstances, turn: int, told: set[tuple[str, ...]]) -> Iterator[Finding]:
        """Costs at which one fen more or less changes the benefit by more than the stated amount, or benefit falls with cost."""
        funds = self._solver.funds(c, turn)
        for cost in funds.breaks():
            if cost > self._options.top_fen:
                break
            change = funds.at(cost) - funds.before(cost)
            for code, loss in (("cliff", -change), ("jump", change)):
                if loss > self._options.cliff_fen and (code, c.care) not in told:
                    told.add((code, c.care))
                    yield self._cliff(code, c, turn, ceil(cost))
        falling = funds.first(lambda _value, gain: gain < 0, self._options.top_fen)
        if falling is not None and ("falling", c.care) not in told:
            told.add(("falling", c.care))
            at = ceil(falling) + 100
            less, more = (self._solver.funds_at(c, cost, turn) for cost in (at, at + 10_000))
            yield self._finding(
                "falling",
                Severity.ERROR,
                self._version.origin,
                f"费用越高支付越少：政策范围内费用{format_yuan(at)}支付{format_yuan(less)}，再多100.00元支付{format_yuan(more)}",
                claim_of(self._rules, c, at, funds=less, with_100_more=more),
                subject=c.care,
            )

    def _cliff(self, code: str, c: Circumstances, turn: int, near: int) -> Finding:
        """The fen at which it happens, asked of the kernel."""
        steps = {
            n: self._solver.funds_at(c, n, turn) - self._solver.funds_at(c, n - 1, turn)
            for n in range(max(near - 2, 1), near + 3)
        }
        at = (min if code == "cliff" else max)(steps, key=lambda n: steps[n])
        before, after = self._solver.funds_at(c, at - 1, turn), self._solver.funds_at(c, at, turn)
        text = {
            "cliff": f"断崖：费用从{format_yuan(at - 1)}增加一分，基金支付从{format_yuan(before)}减少到{format_yuan(after)}",
            "jump": f"跳升：费用从{format_yuan(at - 1)}增加一分，基金支付从{format_yuan(before)}增加到{format_yuan(after)}；少一分的人少得这么多",
        }[code]
        severity = Severity.ERROR if code == "cliff" else Severity.WARNING
        return self._finding(
            code,
            severity,
            self._version.origin,
            text,
            claim_of(self._rules, c, at, funds=after, a_fen_less_cost=before),
            subject=c.care,
        )

    def _poorer(self, covered: list[Circumstances]) -> Iterator[Finding]:
        """Of two persons alike but for their class the one in greater need must not be paid less."""
        worst: dict[tuple[str, str], tuple[int, Circumstances]] = {}
        plain = dict.fromkeys(c for c in covered if not c.classes)  # in order: the same claim is named on every run
        by_class = {(c._replace(classes=frozenset()), next(iter(c.classes))): c for c in covered if len(c.classes) == 1}
        for c in plain:
            ranked = [(n, by_class.get((c, code), c), code) for n, group in enumerate(NEED) for code in sorted(group)]
            ranked = [entry for entry in ranked if entry[1] is not c]
            ranked.append((len(NEED) - 1, c, ""))
            for (need, poorer, poor), (other, richer, rich) in combinations(ranked, 2):
                if need == other:
                    continue
                tolerance = _ROUNDED * len(self._rules.plan(poorer).steps) + _ROUNDED * len(self._rules.plan(richer).steps)
                difference = self._solver.funds(poorer) - self._solver.funds(richer)
                cost = first_below(difference, -tolerance, self._options.top_fen)
                if cost is not None and ((poor, rich) not in worst or cost < worst[poor, rich][0]):
                    worst[poor, rich] = (cost, c)
        for (poor, rich), (cost, c) in sorted(worst.items()):
            pair = [c._replace(classes=frozenset({code}) if code else frozenset()) for code in (poor, rich)]
            got = [self._solver.funds_at(person, cost) for person in pair]
            names = [CLASS_NAMES.get(code, code) if code else "普通参保人员" for code in (poor, rich)]
            yield self._finding(
                "poorer-paid-less",
                Severity.ERROR,
                self._version.origin,
                f"待遇倒挂：同一笔费用{format_yuan(cost)}，{names[0]}得{format_yuan(got[0])}，{names[1]}得{format_yuan(got[1])}",
                claim_of(self._rules, pair[0], cost, **{poor: got[0], rich or "ordinary": got[1]}),
                subject=f"{poor}<{rich or 'ordinary'}",
            )

    def _finding(
        self,
        code: str,
        severity: Severity,
        origin: Origin,
        zh: str,
        example: dict[str, Any] | None = None,
        *,
        subject: str = "",
    ) -> Finding:
        rules = self._rules
        return Finding(
            code=code,
            severity=severity,
            region=rules.region,
            scheme=rules.scheme,
            version=rules.version.version,
            place=str(origin),
            subject=subject,
            zh=zh,
            example=example or {},
        )
