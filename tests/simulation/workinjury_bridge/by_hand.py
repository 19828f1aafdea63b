"""What a converted stay costs whom, worked out anew from its bill and what was stated of it: no figure of the bridge is read.

Bills have neither caps nor days of charge here, so that a line counts as charged on the first day of the stay.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from shared.money import allocate
from workinjury_bridge.domain.figures import MedicalBill
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.split import Belonging, Split

LATE_AFTER = 30
"""Days in which somebody has to file (条例 art. 17)."""


def treats_the_injury(bill: MedicalBill, split: Split | None) -> list[int]:
    """Of every line, fen. Of shared lines the stated ratio, each floored, the rest to the largest remainders (B0.2, B5)."""
    amounts = [line.amount_fen for line in bill.lines]
    if split is None:
        return amounts
    assert split.flags.ratio is not None
    ratio = Fraction(split.flags.ratio.numerator, split.flags.ratio.denominator)
    said = dict(split.flags.lines)
    belongs = [said.get(line.line_id, Belonging.INJURY) for line in bill.lines]
    exact = [a * ratio if b is Belonging.SHARED else Fraction(0) for a, b in zip(amounts, belongs, strict=True)]
    rest = floor(sum(exact) + Fraction(1, 2)) - sum(floor(x) for x in exact)
    more = sorted(range(len(exact)), key=lambda n: floor(exact[n]) - exact[n])[:rest]
    shared = [floor(x) + (n in more) for n, x in enumerate(exact)]
    return [a if b is Belonging.INJURY else s for a, b, s in zip(amounts, belongs, shared, strict=True)]


def only_advances(case: InjuryCase, bill: MedicalBill) -> bool:
    """Whether the fund's money for the treatment is owed back: by a third party, or an employer that was not insured (B6, B7)."""
    facts = case.facts
    insured = facts.employer_insured or (facts.insured_from is not None and facts.insured_from <= bill.begun_on)
    return facts.third_party is not None or not insured


def fund_bears(case: InjuryCase, bill: MedicalBill, split: Split | None) -> int:
    """Cost of the treatment in the work-injury book, fen: what of the catalogue treats the injury (B0.3), unless it is only advanced,
    or is the employer's because it filed late (B0.5)."""
    if only_advances(case, bill) or _employer_bears(case, bill):
        return 0
    return sum(a for a, line in zip(treats_the_injury(bill, split), bill.lines, strict=True) if line.in_catalogue)


def _employer_bears(case: InjuryCase, bill: MedicalBill) -> bool:
    filed, accepted = case.facts.filed_on, case.facts.accepted_on
    if filed is None or accepted is None or not case.facts.employer_insured:
        return False
    return (filed - case.accident_on).days > LATE_AFTER and bill.begun_on < accepted


def payers_keep(bill: MedicalBill, split: Split | None) -> list[int]:
    """By payment of the bill, fen that stay with it: its part of what does not treat the injury (B0.5: p(v2))."""
    parts = [*(payment.amount_fen for payment in bill.payments), bill.cash_fen]
    kept = sum(line.amount_fen for line in bill.lines) - sum(treats_the_injury(bill, split))
    return allocate(kept, parts)[:-1] if kept else [0 for _ in bill.payments]
