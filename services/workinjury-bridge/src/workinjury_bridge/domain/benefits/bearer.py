"""Who bears a cash benefit: the fund, or an employer that was not insured, for which the fund only advances it (B7).

社会保险法 41; 先行支付办法 6-8: of an employer that was not insured the fund advances what the fund pays in law (社会保险法 38). After the
employer has joined and paid back, what arises anew is the fund's (条例 62; 人社部发〔2016〕29号 item 3). A third party changes nothing: only
the costs of treatment are offset (法释〔2014〕9号 art. 8).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from workinjury_bridge.domain import party
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.recognition import InjuryCase

NEWLY_ARISING: Final = frozenset(
    {
        BenefitKind.STAY_MEALS,
        BenefitKind.TRAVEL,
        BenefitKind.DEVICE,
        BenefitKind.NURSING,
        BenefitKind.DISABILITY_ALLOWANCE,
        BenefitKind.CONTRACT_END_MEDICAL,
        BenefitKind.DEPENDANT,
    }
)
"""What the notice names; never the one-off disability or death benefit, nor what it does not name (funeral, appraisal fee)."""


def debtor_of(case: InjuryCase, kind: BenefitKind, on: date) -> str | None:
    """The employer that owes the fund what it pays (``E:<id>``); None where the fund bears it.

    ``on``: the day an item arises, or the first day of a month, which so belongs to one bearer whole.
    """
    insured = case.facts.employer_insured or (kind in NEWLY_ARISING and case.facts.insured_on(on))
    if insured or case.employer_id is None or kind is BenefitKind.ESTATE_WRITE_OFF:
        return None
    return party.employer(case.employer_id)
