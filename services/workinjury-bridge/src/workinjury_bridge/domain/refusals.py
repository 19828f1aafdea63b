"""What the bridge refuses, in one place: stable codes with the text that the clerk reads."""

from __future__ import annotations

from datetime import date

from shared.errors import Refusal, conflict, invalid, not_found
from shared.money import format_yuan

PREFIX = "workinjury-bridge"


def unknown(subject: str, zh: str) -> Refusal:
    """The id names nothing here."""
    return not_found(f"{PREFIX}.{subject}.unknown", f"{zh}不存在", f"no such {subject}")


def out_of_turn(subject: str, wanted: str, state: str, zh: str) -> Refusal:
    """The step is not allowed in the present state."""
    return conflict(f"{PREFIX}.{subject}.wrong-state", zh, f"{subject} is {state}, cannot {wanted}", state=state, wanted=wanted)


def same_hand() -> Refusal:
    """Maker and checker are one person (B0.6, 社会保险经办条例 art. 37)."""
    return conflict(
        f"{PREFIX}.conversion.same-hand", "经办人与复核人不能是同一人", "maker and checker must be two persons", field="actor"
    )


def figures_do_not_close(work_injury_fen: int, hospital_fen: int, owed_fen: int, refund_fen: int) -> Refusal:
    """The identity E + X_h = sum of t_f + refund fails (B0.5); nothing may be posted."""
    return conflict(
        f"{PREFIX}.conversion.figures-do-not-close",
        f"转换金额不平：工伤基金承担 {format_yuan(work_injury_fen)} + 医疗机构承担 {format_yuan(hospital_fen)} "
        f"应等于归还各医保基金 {format_yuan(owed_fen)} + 退还个人 {format_yuan(refund_fen)}",
        "E + X_h must equal what is owed to the funds plus the refund",
        work_injury_fen=work_injury_fen,
        hospital_fen=hospital_fen,
        owed_fen=owed_fen,
        refund_fen=refund_fen,
    )


def in_the_future(field: str, zh: str) -> Refusal:
    """A day that has not come yet."""
    return invalid(f"{PREFIX}.day.in-the-future", f"{zh}不能晚于今天", f"{field} is in the future", field=field)


def claims_disagrees(conversion_id: str) -> Refusal:
    """What claims took back or restored is not what was approved; nothing is booked until a person has looked."""
    return conflict(
        f"{PREFIX}.conversion.claims-disagrees",
        "医保结算系统收回的金额与复核金额不一致，已暂停，待人工核查",
        "claims and the approved figures differ",
        conversion_id=conversion_id,
    )


def key_reused(key: str) -> Refusal:
    """The key of a direct settlement stands for another bill already."""
    return conflict(
        f"{PREFIX}.settlement.key-reused",
        "该工伤结算键已用于内容不同的费用",
        "this key holds another bill",
        field="key",
        key=key,
    )


def total_differs(key: str, settled_fen: int, adjudicated_fen: int) -> Refusal:
    """Claims settled another total than the bridge adjudicated under the key."""
    return conflict(
        f"{PREFIX}.settlement.total-differs",
        f"结算总额 {format_yuan(settled_fen)} 与工伤核算总额 {format_yuan(adjudicated_fen)} 不一致",
        "the settled total is not the adjudicated one",
        key=key,
        settled_fen=settled_fen,
        adjudicated_fen=adjudicated_fen,
    )


def no_policy(day: date) -> Refusal:
    """The rule book has no version for that day."""
    return conflict(
        f"{PREFIX}.policy.not-in-force", f"{day} 没有有效的工伤保险政策参数", f"no policy is in force on {day}", day=str(day)
    )


def nothing_to_convert() -> Refusal:
    """No amount would move: the work-injury fund pays nothing of this bill and nobody paid for it."""
    return conflict(f"{PREFIX}.conversion.nothing-to-convert", "本次结算没有可转由工伤保险基金承担的费用", "nothing to convert")


def returns_too_much() -> Refusal:
    """The returned lines of a bill exceed what it holds."""
    return conflict(f"{PREFIX}.bill.returns-too-much", "退费明细超过原费用", "returns exceed the bill", field="lines")


def settlement_not_standing(state: str) -> Refusal:
    """The settlement that was to be converted is reversed or taken back by another."""
    return conflict(
        f"{PREFIX}.conversion.settlement-not-standing",
        "医保结算已撤销或已被收回，不能转换",
        f"settlement is {state}",
        state=state,
    )


def mixed_stay() -> Refusal:
    """Lines of an own disease are in the bill (B5): one settlement cannot take it as a whole."""
    return conflict(
        f"{PREFIX}.settlement.mixed-stay",
        "本次费用含非工伤项目，不能整单由工伤保险基金结算",
        "the bill has unrelated lines; a mixed stay is not settled as a whole",
        field="lines",
    )


def not_entitled(reason: str, zh: str) -> Refusal:
    """The work-injury fund does not pay for this person on that day (B4)."""
    return conflict(f"{PREFIX}.settlement.not-entitled", zh, f"not entitled: {reason}", reason=reason)
