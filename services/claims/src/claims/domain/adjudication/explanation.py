"""Why a decision came out as it did: one record per rule that spoke, and its reading in Chinese with the arithmetic line by line.

A record holds what the rule took in and gave out, so it is stored with the decision and read back years later without the book;
nothing is computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from claims.domain.adjudication.kernel import Decision, LayerResult, continues
from claims.domain.adjudication.plan import LINES
from claims.domain.adjudication.rule_book import NO_LIMIT, Cited
from claims.domain.adjudication.split import PARTS
from shared.money import RATE_ONE, format_yuan

_POINT: Final = 10_000
"""A percentage point in millionths."""
_LINE_NAMES: Final = {"class_b": "乙类费用", "traditional": "中医药费用"}
_SPLIT_NAMES: Final = ("全自费", "超限价自费", "先行自付", "政策范围内")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRecord:
    """What one rule took in and gave out."""

    rule_id: str
    """``<region>/<scheme>/<version>/<layer>/<terms>``; the last two are ``bill`` or ``person`` for the frame."""
    name: str
    """Name of the layer; empty for the frame."""
    terms: str = ""
    """Name of the terms that applied."""
    changes: tuple[str, ...] = ()
    """Names of the adjustments that are in the numbers."""
    source: str
    """Title of the document; empty for the frame."""
    article: str
    inputs: dict[str, int]
    """Figures the rule worked on; names ending in ``_fen`` are amounts, in ``_rate`` millionths, the rest counts. Zeros are left
    out but for the frame's."""
    output_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationStep:
    """A record and its reading."""

    rule_id: str
    source: str
    article: str
    inputs: dict[str, int | str]
    output_fen: int
    zh: str
    """The sentence for the clerk and the insured person, with the arithmetic."""
    lines: tuple[str, ...]
    """The same, a line for each operation, as the settlement sheet prints it."""


def records(decision: Decision) -> list[RuleRecord]:
    """The rules that spoke, from the bill to the cash, in the order of the calculation; a layer with nothing to look at is silent."""
    layers = [_layer(decision, done) for done in decision.layers if done.base_fen or done.flat_fen or done.hospital_fen]
    return [_bill(decision), *layers, _person(decision)]


def record_of(stored: Mapping[str, Any]) -> RuleRecord:
    """A record as it was stored by ``asdict``."""
    return RuleRecord(**{**stored, "changes": tuple(stored["changes"])})


def explain(decision: Decision) -> list[ExplanationStep]:
    """The reading of a decision, in the order of the calculation."""
    return [read(record) for record in records(decision)]


def read(record: RuleRecord) -> ExplanationStep:
    """A record read back as Chinese text."""
    if record.name:
        head, lines, between = *_layer_lines(record), "；"
    else:
        lines = _bill_lines(record) if record.rule_id.endswith("/bill") else _person_lines(record)
        head, between = "", "，"
    return ExplanationStep(
        rule_id=record.rule_id,
        source=record.source,
        article=record.article,
        inputs={**record.inputs, **({"terms": record.terms} if record.terms else {})},
        output_fen=record.output_fen,
        zh=head + between.join(lines) + "。",
        lines=tuple(lines),
    )


def percent(rate: int) -> str:
    """A rate as people read it: 650000 -> ``65%``, 719400 -> ``71.94%``, -50000 -> ``-5%``."""
    whole, rest = divmod(abs(rate), _POINT)
    return ("-" if rate < 0 else "") + f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"


# ---- records ---------------------------------------------------------------------------------------------------------


def _bill(decision: Decision) -> RuleRecord:
    split = decision.split
    first = split.pre_selfpay_fen - decision.facts.split.pre_selfpay_fen
    changes = [
        rule for rule in decision.rules.version.bill_adjustments if first and rule.when.holds(decision.facts.circumstances)
    ]
    return RuleRecord(
        rule_id=_rule_id(decision, "bill"),
        name="",
        changes=tuple(rule.name for rule in changes),
        source=_source(decision, *changes) if changes else "",
        article=changes[-1].article or "" if changes else "",
        inputs={
            **{name: amount for i, (name, amount) in enumerate(split._asdict().items()) if i < PARTS or amount},
            **({"first_fen": first} if first else {}),
        },
        output_fen=split.in_scope_fen,
    )


def _layer(decision: Decision, done: LayerResult) -> RuleRecord:
    step = done.step
    layer, terms = step.layer, step.terms
    facts = decision.facts
    inputs = {
        "base_fen": done.base_fen,
        "before_fen": done.before_fen,
        "deductible_fen": done.deductible_fen,
        "over_cost_fen": done.over_cost_fen,
        "hospital_fen": done.hospital_fen,
        "flat_fen": done.flat_fen,
        "uncapped_fen": done.uncapped_fen,
        "room_fen": done.room_fen if done.room_fen < NO_LIMIT // 2 else 0,
        "capped": int(done.payment_fen < done.uncapped_fen),
        "by_year": int(all(n.counter and "@" not in n.counter for n in step.paid_limits)),
        "beyond": int(step.beyond >= 0),
        "after_rate": int(step.after_rate),
        "sessions": facts.sessions if step.by_session else 0,
        "turn": decision.before.stays + (0 if continues(decision.rules, facts) else 1) if len(step.deductibles) > 1 else 0,
    }
    for i, (cost, rate) in enumerate(zip(done.bands_fen, step.rates, strict=True), 1):
        if cost:
            inputs |= {f"band_{i}_fen": cost, f"band_{i}_rate": rate}
    for (kind, points), cost in zip(step.line_points, done.lines_fen, strict=True):
        if cost:
            inputs |= {f"{LINES[kind]}_fen": cost, f"{LINES[kind]}_rate": points}
    if step.guarantee and _guaranteed(done):
        inputs["guarantee_rate"] = step.guarantee
    return RuleRecord(
        rule_id=_rule_id(decision, layer.code, terms.code),
        name=layer.name,
        terms=terms.name,
        changes=tuple(change.name for change in step.adjustments),
        source=_source(decision, layer, terms),
        article=terms.article or layer.article or "",
        inputs={name: figure for name, figure in inputs.items() if figure},
        output_fen=done.payment_fen,
    )


def _guaranteed(done: LayerResult) -> bool:
    """Whether the least share is what was paid, and not bands and lines."""
    step = done.step
    due = sum(cost * rate for cost, rate in zip(done.bands_fen, step.rates, strict=True))
    due += sum(cost * points for cost, (_, points) in zip(done.lines_fen, step.line_points, strict=True))
    due -= done.deductible_fen * RATE_ONE if step.after_rate else 0
    return bool(due < done.base_fen * step.guarantee)


def _person(decision: Decision) -> RuleRecord:
    account = decision.rules.version.account
    inputs = {
        "total_fen": decision.split.total_fen,
        "funds_fen": decision.funds_fen,
        "person_fen": decision.person_fen,
        "hospital_fen": decision.hospital_fen,
        "account_fen": decision.account_fen,
        "account_limit_fen": decision.facts.account_fen,
        "family_fen": decision.family_fen,
    }
    return RuleRecord(
        rule_id=_rule_id(decision, "person"),
        name="",
        source=_source(decision, account),
        article=account.article or "",
        inputs={name: amount for name, amount in inputs.items() if amount or name in ("total_fen", "funds_fen", "person_fen")},
        output_fen=decision.cash_fen,
    )


def _rule_id(decision: Decision, *parts: str) -> str:
    rules = decision.rules
    return "/".join((rules.region, rules.scheme, rules.version.version, *parts))


def _source(decision: Decision, *cited: Cited) -> str:
    """The title of the last one's source that names one: terms before their layer."""
    keys = [rule.source for rule in cited if rule.source is not None]
    return decision.rules.version.sources[keys[-1]].title


# ---- reading ---------------------------------------------------------------------------------------------------------


def _bill_lines(record: RuleRecord) -> list[str]:
    given = record.inputs
    parts = [
        f"{name}{format_yuan(given[key])}"
        for name, key in zip(
            _SPLIT_NAMES, ("self_funded_fen", "over_limit_fen", "pre_selfpay_fen", "in_scope_fen"), strict=True
        )
        if given[key]
    ]
    lines: list[str] = []
    if "first_fen" in given:
        lines.append(f"{'、'.join(record.changes)}，先行自付{format_yuan(given['first_fen'])}")
    return [f"医疗费总额{format_yuan(given['total_fen'])} = {' + '.join(parts) or '0.00'}", *lines]


def _layer_lines(record: RuleRecord) -> tuple[str, list[str]]:
    def get(name: str) -> int:
        return record.inputs.get(name, 0)

    lines = [_base_line(get)]
    if get("flat_fen"):
        lines.append(f"按项目定比支付的费用余额{format_yuan(get('flat_fen'))}，不扣起付线、不乘比例")
    parts = []
    for i in range(1, 10):
        if get(f"band_{i}_fen"):
            parts.append(f"{format_yuan(get(f'band_{i}_fen'))}×{percent(get(f'band_{i}_rate'))}")
    for kind, name in _LINE_NAMES.items():
        if get(f"{kind}_fen"):
            parts.append(f"{name}{format_yuan(get(f'{kind}_fen'))}×{percent(get(f'{kind}_rate'))}")
    if get("flat_fen"):
        parts.append(format_yuan(get("flat_fen")))
    before_deductible = get("uncapped_fen") + (get("deductible_fen") if get("after_rate") else 0)
    if get("guarantee_rate"):
        lines.append(
            f"按比例计算低于保底，按保底{format_yuan(get('base_fen'))}×{percent(get('guarantee_rate'))} = {format_yuan(before_deductible)}"
        )
    elif parts:
        lines.append(f"{' + '.join(parts)} = {format_yuan(before_deductible)}")
    if get("after_rate") and get("deductible_fen"):
        lines.append(f"从支付额中扣除起付线{format_yuan(get('deductible_fen'))}，余{format_yuan(get('uncapped_fen'))}")
    lines.append(_cap_line(record, get))
    return f"{record.name}（{'，'.join([record.terms, *record.changes])}）：", lines


def _base_line(get: Callable[[str], int]) -> str:
    text = f"{'超过封顶线部分' if get('beyond') else '计入'}{format_yuan(get('base_fen'))}"
    if get("before_fen"):
        text += f"（本年度此前已累计{format_yuan(get('before_fen'))}）"
    if get("hospital_fen"):
        text += f"，超过病种定额的{format_yuan(get('hospital_fen'))}由医疗机构承担"
    if get("deductible_fen") and not get("after_rate"):
        stay = f"（本年度第{get('turn')}次住院）" if get("turn") else f"（{get('sessions')}次治疗）" if get("sessions") else ""
        text += f"，扣除起付线{format_yuan(get('deductible_fen'))}{stay}"
    if get("over_cost_fen"):
        text += f"，超过费用限额{format_yuan(get('over_cost_fen'))}不计"
    return text


def _cap_line(record: RuleRecord, get: Callable[[str], int]) -> str:
    paid = f"支付{format_yuan(record.output_fen)}"
    room = f"{'本年度封顶线' if get('by_year') else '限额'}余额{format_yuan(get('room_fen'))}"
    if get("capped"):
        return f"{room}，{paid}"
    return f"未超过{room}，{paid}" if get("room_fen") and record.output_fen else paid


def _person_lines(record: RuleRecord) -> list[str]:
    given = record.inputs
    hospital = given.get("hospital_fen", 0)
    borne = f" − 医疗机构承担{format_yuan(hospital)}" if hospital else ""
    lines = [
        f"个人负担{format_yuan(given['total_fen'])} − {format_yuan(given['funds_fen'])}{borne} = {format_yuan(given['person_fen'])}"
    ]
    paid = [
        f"{name}支付{format_yuan(given[key])}"
        for name, key in (("个人账户", "account_fen"), ("家庭共济账户", "family_fen"))
        if given.get(key)
    ]
    return [*lines, "，".join([*paid, f"现金支付{format_yuan(record.output_fen)}"])]
