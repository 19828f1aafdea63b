"""Why a decision came out as it did: one step per rule that spoke, read off the result. Nothing is computed anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from claims.domain.adjudication.kernel import Decision, LayerResult
from claims.domain.adjudication.rule_book import NO_LIMIT, Cited
from claims.domain.adjudication.split import PARTS
from shared.money import format_yuan

_POINT: Final = 10_000
"""A percentage point in millionths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationStep:
    """What one rule took in and gave out."""

    rule_id: str
    """``<region>/<scheme>/<version>/<layer>/<terms>``; the last two are ``bill`` or ``person`` for the frame."""
    source: str
    """Title of the document; empty for the frame."""
    article: str
    inputs: dict[str, int | str]
    """Figures the rule worked on; names ending in ``_fen`` are amounts, in ``_rate`` millionths."""
    output_fen: int
    zh: str
    """The sentence for the clerk and the insured person, with the arithmetic."""


def explain(decision: Decision) -> list[ExplanationStep]:
    """The steps from the bill to the cash, in the order of the calculation; a layer with nothing to look at has none."""
    layers = [_layer(decision, done) for done in decision.layers if done.base_fen or done.flat_fen or done.hospital_fen]
    return [_bill(decision), *layers, _person(decision)]


def percent(rate: int) -> str:
    """A rate as people read it: 650000 -> ``65%``, 719400 -> ``71.94%``."""
    whole, rest = divmod(rate, _POINT)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"


def _bill(decision: Decision) -> ExplanationStep:
    split = decision.split
    names = ("全自费", "超限价自费", "先行自付", "政策范围内")
    parts = [f"{name}{format_yuan(amount)}" for name, amount in zip(names, split[1:PARTS], strict=True) if amount]
    return ExplanationStep(
        rule_id=_rule_id(decision, "bill"),
        source="",
        article="",
        inputs=split._asdict(),
        output_fen=split.in_scope_fen,
        zh=f"医疗费总额{format_yuan(split.total_fen)} = {' + '.join(parts) or '0.00'}。",
    )


def _layer(decision: Decision, done: LayerResult) -> ExplanationStep:
    layer, terms = done.step.layer, done.step.terms
    changes = done.step.adjustments
    inputs: dict[str, int | str] = {
        "base_fen": done.base_fen,
        "before_fen": done.before_fen,
        "deductible_fen": done.deductible_fen,
        "over_cost_fen": done.over_cost_fen,
        "uncapped_fen": done.uncapped_fen,
        "room_fen": done.room_fen,
        "terms": terms.name,
    }
    for i, (cost, rate) in enumerate(zip(done.bands_fen, done.step.rates, strict=True), 1):
        inputs |= {f"band_{i}_fen": cost, f"band_{i}_rate": rate}
    return ExplanationStep(
        rule_id=_rule_id(decision, layer.code, terms.code),
        source=_source(decision, layer, terms),
        article=terms.article or layer.article or "",
        inputs=inputs,
        output_fen=done.payment_fen,
        zh="".join(
            (
                f"{layer.name}（{'，'.join([terms.name, *(change.name for change in changes)])}）：",
                _base_text(decision, done),
                _bands_text(done),
                _cap_text(done),
            )
        ),
    )


def _base_text(decision: Decision, done: LayerResult) -> str:
    kind = "超过封顶线部分" if done.step.beyond >= 0 else "计入"
    text = f"{kind}{format_yuan(done.base_fen)}"
    if done.step.position and done.before_fen:
        text += f"（本年度此前已累计{format_yuan(done.before_fen)}）"
    if done.deductible_fen:
        stay = ""
        if len(done.step.deductibles) > 1:
            turn = decision.before.stays + (0 if decision.facts.continues_stay else 1)
            stay = f"（本年度第{turn}次住院）"
        text += f"，扣除起付线{format_yuan(done.deductible_fen)}{stay}"
    if done.over_cost_fen:
        text += f"，超过费用限额{format_yuan(done.over_cost_fen)}不计"
    return text + "；"


def _bands_text(done: LayerResult) -> str:
    parts = [f"{format_yuan(cost)}×{percent(rate)}" for cost, rate in zip(done.bands_fen, done.step.rates, strict=True) if cost]
    return f"{' + '.join(parts)} = {format_yuan(done.uncapped_fen)}；" if parts else ""


def _cap_text(done: LayerResult) -> str:
    if done.payment_fen < done.uncapped_fen:
        return f"本年度封顶线余额{format_yuan(done.room_fen)}，支付{format_yuan(done.payment_fen)}。"
    within = (
        f"未超过本年度封顶线余额{format_yuan(done.room_fen)}，" if done.room_fen < NO_LIMIT // 2 and done.payment_fen else ""
    )
    return f"{within}支付{format_yuan(done.payment_fen)}。"


def _person(decision: Decision) -> ExplanationStep:
    split = decision.facts.split
    from_account = f"个人账户支付{format_yuan(decision.account_fen)}，" if decision.account_fen else ""
    return ExplanationStep(
        rule_id=_rule_id(decision, "person"),
        source=_source(decision, decision.rules.version.account),
        article=decision.rules.version.account.article or "",
        inputs={
            "total_fen": split.total_fen,
            "funds_fen": decision.funds_fen,
            "account_fen": decision.account_fen,
            "account_limit_fen": decision.facts.account_fen,
        },
        output_fen=decision.cash_fen,
        zh=f"个人负担{format_yuan(split.total_fen)} − {format_yuan(decision.funds_fen)} = {format_yuan(decision.person_fen)}，"
        f"{from_account}现金支付{format_yuan(decision.cash_fen)}。",
    )


def _rule_id(decision: Decision, *parts: str) -> str:
    rules = decision.rules
    return "/".join((rules.region, rules.scheme, rules.version.version, *parts))


def _source(decision: Decision, *cited: Cited) -> str:
    """The title of the last one's source that names one: terms before their layer."""
    keys = [rule.source for rule in cited if rule.source is not None]
    return decision.rules.version.sources[keys[-1]].title
